//! Category and attribute heads learnt anew on a network that stays as it is: linear classifiers of what it pools from pictures.

use anyhow::{Context as _, Result, ensure};
use burn::module::{Module as _, Param};
use burn::nn::Linear;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::loss::label_loss;
use super::matrix::Tensors;

/// Pictures, each set of them counting alike however large it is.
pub(crate) struct Lessons {
    /// Of each picture its pooled map in each look, `[channels]`.
    pub(crate) pools: Vec<Vec<Vec<f32>>>,
    /// Of each picture the category and each attribute's value, where they are known.
    pub(crate) labels: Vec<Vec<Option<usize>>>,
}

/// How they learn.
const STEPS: usize = 1500;
const BATCH: usize = 2048;
const RATE: f64 = 3e-3;
const WARMUP: usize = 50;
const DECAY: f32 = 1e-3;
const SMOOTHING: f32 = 0.05;

/// Goes on from the heads that `tensors` hold, which look at the pooled map: cross-entropy with smoothed labels, the mean of all heads,
/// over random looks at random pictures of each set. The same pictures and seed give the same heads.
///
/// # Shapes
///
/// - `values`: the number of categories, then of each attribute's values
///
/// Fails where a head is missing or has another shape.
pub(crate) fn fit(tensors: &mut Tensors, values: &[usize], sets: &[Lessons], seed: u64) -> Result<()> {
    let device = Device::flex().autodiff();
    let mut head = Head::read(tensors, values, &device)?;
    let mut optimiser = ModuleOptimizer::from(AdamWConfig::new().with_weight_decay(DECAY).build());
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let sets: Vec<&Lessons> = sets.iter().filter(|set| !set.pools.is_empty()).collect();
    ensure!(!sets.is_empty(), "There is no picture to fit the heads by");
    for step in 0..STEPS {
        let mut inputs = Vec::<f32>::with_capacity(BATCH * head.channels);
        let mut labels = Vec::with_capacity(BATCH * values.len());
        for at in 0..BATCH {
            let set = sets[at % sets.len()];
            let picture = random.random_range(0..set.pools.len());
            let looks = &set.pools[picture];
            inputs.extend(&looks[random.random_range(0..looks.len())]);
            labels.extend(&set.labels[picture]);
        }
        let inputs = Tensor::<2>::from_data(TensorData::new(inputs, [BATCH, head.channels]), &device);
        let logits = head.linear.forward(inputs);
        let gradients = label_loss(&logits, &labels, values, SMOOTHING, &device).backward();
        let gradients = GradientsParams::from_grads(gradients, &head.linear);
        head.linear = optimiser.step(rate(step), head.linear, gradients);
    }
    head.write(tensors, values)
}

fn rate(step: usize) -> f64 {
    let rising = ((step + 1) as f64 / WARMUP as f64).min(1.0);
    let falling = f64::midpoint(1.0, (std::f64::consts::PI * step as f64 / STEPS as f64).cos());
    RATE * rising * falling
}

/// Of each head, the share of the pictures whose likeliest label, by the mean of all looks' probabilities, is right, and how many labels
/// are known.
pub(crate) fn measure(tensors: &Tensors, values: &[usize], sets: &[Lessons]) -> Result<Vec<(f32, usize)>> {
    let device = Device::flex();
    let head = Head::read(tensors, values, &device)?;
    let mut counts = vec![(0usize, 0usize); values.len()];
    for (pools, labels) in sets.iter().flat_map(|set| set.pools.iter().zip(&set.labels)) {
        let flat: Vec<f32> = pools.iter().flatten().copied().collect();
        let logits = head
            .linear
            .forward(Tensor::<2>::from_data(TensorData::new(flat, [pools.len(), head.channels]), &device));
        let mut start = 0;
        for ((&own, label), (right, known)) in values.iter().zip(labels).zip(&mut counts) {
            let part = logits.clone().slice([0..pools.len(), start..start + own]);
            start += own;
            let Some(label) = label else { continue };
            let chances = burn::tensor::activation::softmax(part, 1).mean_dim(0).into_data();
            let chances =
                chances.try_to_vec::<f32>().context("The device returned something else than numbers")?;
            let best = chances.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(at, _)| at);
            *known += 1;
            *right += usize::from(best == Some(*label));
        }
    }
    Ok(counts.into_iter().map(|(right, known)| (right as f32 / known.max(1) as f32, known)).collect())
}

/// All heads as one layer.
struct Head {
    linear: Linear,
    channels: usize,
}

/// The heads that a network with these labels has.
fn paths(values: &[usize]) -> &'static [&'static str] {
    if values.len() > 1 { &["head.category", "head.attributes"] } else { &["head.category"] }
}

impl Head {
    fn read(tensors: &Tensors, values: &[usize], device: &Device) -> Result<Self> {
        let (mut weights, mut biases) = (Vec::<f32>::new(), Vec::<f32>::new());
        for path in paths(values) {
            for (part, all) in [("weight", &mut weights), ("bias", &mut biases)] {
                let name = format!("{path}.{part}");
                all.extend(
                    &tensors.get(&name).with_context(|| format!("the tensor {name} is missing"))?.values,
                );
            }
        }
        let outputs: usize = values.iter().sum();
        ensure!(
            outputs > 0 && biases.len() == outputs && weights.len().is_multiple_of(outputs),
            "the heads have another shape"
        );
        let channels = weights.len() / outputs;
        // A layer's matrix is the transpose of the stored one.
        let weight =
            Tensor::<2>::from_data(TensorData::new(weights, [outputs, channels]), device).transpose();
        let bias = Tensor::<1>::from_data(TensorData::new(biases, [outputs]), device);
        Ok(Self {
            linear: Linear { weight: Param::from_tensor(weight), bias: Some(Param::from_tensor(bias)) },
            channels,
        })
    }

    fn write(self, tensors: &mut Tensors, values: &[usize]) -> Result<()> {
        let linear = self.linear.valid();
        let host = |tensor: TensorData| {
            tensor.try_into_vec_as::<f32>().context("The device returned something else than numbers")
        };
        let weights = host(linear.weight.val().transpose().into_data())?;
        let biases = linear.bias.map_or(Ok(Vec::new()), |bias| host(bias.val().into_data()))?;
        let (mut weights, mut biases) = (weights.into_iter(), biases.into_iter());
        for path in paths(values) {
            for (part, all) in [("weight", &mut weights), ("bias", &mut biases)] {
                if let Some(tensor) = tensors.get_mut(&format!("{path}.{part}")) {
                    tensor.values.iter_mut().zip(all).for_each(|(to, value)| *to = value);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use model::weights::HostTensor;

    use super::*;

    #[test]
    fn heads_learn_what_two_sets_show() {
        let tensor =
            |shape: &[usize]| HostTensor { shape: shape.to_vec(), values: vec![0.0; shape.iter().product()] };
        let mut tensors = Tensors::from([
            ("head.category.weight".to_owned(), tensor(&[3, 2])),
            ("head.category.bias".to_owned(), tensor(&[3])),
            ("head.attributes.weight".to_owned(), tensor(&[2, 2])),
            ("head.attributes.bias".to_owned(), tensor(&[2])),
        ]);
        // Three corners and two sides. The attribute is known in the second set alone, which is the smaller one and misses a corner.
        let corner = |category: usize| [[3.0, 0.0], [0.0, 3.0], [-3.0, -3.0]][category];
        let picture = |category: usize, shift: f32| {
            let [x, y] = corner(category);
            vec![vec![x + shift, y - shift], vec![x - shift, y]]
        };
        let of = |categories: &[usize], known: bool| Lessons {
            pools: categories.iter().zip(0u8..).map(|(c, at)| picture(*c, f32::from(at) * 0.1)).collect(),
            labels: categories
                .iter()
                .map(|c| vec![Some(*c), known.then_some(usize::from(*c == 1))])
                .collect(),
        };
        let sets = [of(&[0, 1, 2, 0, 1, 2, 0, 1, 2], false), of(&[0, 1], true)];
        let before = measure(&tensors, &[3, 2], &sets).unwrap();
        assert!(before[0].0 < 0.5 && before[0].1 == 11 && before[1].1 == 2, "{before:?}");
        let mut again = tensors.clone();
        fit(&mut tensors, &[3, 2], &sets, 7).unwrap();
        assert_eq!(measure(&tensors, &[3, 2], &sets).unwrap(), [(1.0, 11), (1.0, 2)]);
        fit(&mut again, &[3, 2], &sets, 7).unwrap();
        assert!(again == tensors, "the same seed gives the same heads");
        assert!(fit(&mut tensors, &[3, 2], &[], 7).is_err());
        assert!(fit(&mut tensors, &[4, 2], &sets, 7).unwrap_err().to_string().contains("shape"));
    }
}
