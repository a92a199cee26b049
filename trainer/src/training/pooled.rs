//! Category and attribute heads that look at the pooled map instead of the feature, and what they see.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, ensure};
use image::RgbImage;
use model::crop::CropBox;
use model::embedder::{garment, unit};
use model::frozen::Frozen;
use model::preprocess::Preprocess;
use model::resnet::{LabelHeads, ResNetConfig};
use rayon::prelude::*;

use super::matrix::{Matrix, Tensors, multiply, rows, write};

/// Lets the category and attribute heads look at the pooled map. Their answers stay as they are: what is between map and feature is a
/// linear function, so it goes into the heads. A network whose heads do so already stays as it is.
///
/// Fails where a tensor is missing or has another shape.
pub(crate) fn look_at_pooled(tensors: &mut Tensors, config: &mut ResNetConfig) -> Result<()> {
    if config.label_heads == LabelHeads::Pooled {
        return Ok(());
    }
    config.label_heads = LabelHeads::Pooled;
    let Some(length) = config.embedding else { return Ok(()) };
    let projection = rows(tensors, "head.embedding.weight", config.map_channels())?;
    let bias = rows(tensors, "head.embedding.bias", 1)?;
    let attributes = (config.attribute_logits() > 0).then_some("head.attributes");
    for path in ["head.category"].into_iter().chain(attributes) {
        let (weight, constant) = (format!("{path}.weight"), format!("{path}.bias"));
        let head = rows(tensors, &weight, length)?;
        let mut shifted = rows(tensors, &constant, 1)?;
        for (own, more) in shifted.iter_mut().flatten().zip(multiply(&head, &bias).into_iter().flatten()) {
            *own += more;
        }
        write(tensors, &weight, &multiply(&head, &projection));
        write(tensors, &constant, &shifted);
    }
    Ok(())
}

/// What makes a feature of the pooled map.
pub(crate) struct Projection {
    pub(crate) weight: Matrix,
    /// Rows of one value.
    pub(crate) bias: Matrix,
}

impl Projection {
    /// Fails where the network has none, or a tensor is missing or has another shape.
    pub(crate) fn read(tensors: &Tensors, config: &ResNetConfig) -> Result<Self> {
        ensure!(config.embedding.is_some(), "The network's feature is no projection (network.embedding)");
        Ok(Self {
            weight: rows(tensors, "head.embedding.weight", config.map_channels())?,
            bias: rows(tensors, "head.embedding.bias", 1)?,
        })
    }

    /// `[channels]` to `[feature_length]`, of length 1. Fails where the feature has no direction.
    pub(crate) fn feature(&self, pool: &[f32]) -> Result<Vec<f32>> {
        let product = |row: &Vec<f64>| row.iter().zip(pool).map(|(a, b)| a * f64::from(*b)).sum::<f64>();
        let values =
            self.weight.iter().zip(self.bias.iter().flatten()).map(|(row, bias)| product(row) + bias);
        Ok(unit(&values.map(|value| value as f32).collect::<Vec<_>>())?)
    }
}

/// How a card asks for photos to be looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looks {
    /// As [`model::weights::ModelCard::second_look`].
    pub(crate) second_look: Option<f32>,
    /// As [`model::weights::ModelCard::mirror`].
    pub(crate) mirror: bool,
}

/// What a network sees in a picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    /// The pooled map of each look, `[channels]` each.
    pub(crate) pools: Vec<Vec<f32>>,
    /// The instance feature of the last look, `[instance_length]`, not normalised; empty without such a head.
    pub(crate) instance: Vec<f32>,
}

/// What a network pools from each picture: in one look, or in two.
pub(crate) struct Pools {
    frozen: Frozen,
    preprocess: Preprocess,
    looks: Looks,
}

impl Pools {
    /// Of a network whose label heads look at the pooled map. Fails as [`Frozen::new`] does.
    pub(crate) fn new(
        tensors: &Tensors,
        config: &ResNetConfig,
        preprocess: &Preprocess,
        looks: Looks,
    ) -> Result<Self> {
        // Without a projection the feature is the pooled map itself.
        let bare = ResNetConfig { embedding: None, ..config.clone() };
        Ok(Self { frozen: Frozen::new(&bare, tensors)?, preprocess: preprocess.clone(), looks })
    }

    /// Looks at each picture, on all cores.
    pub(crate) fn see<'a>(&self, pictures: impl Iterator<Item = &'a RgbImage>) -> Vec<Seen> {
        let pictures: Vec<&RgbImage> = pictures.collect();
        let (done, all) = (AtomicUsize::new(0), pictures.len());
        let see = |picture: &&RgbImage| {
            let seen = self.look(picture);
            let count = done.fetch_add(1, Ordering::Relaxed) + 1;
            if count.is_multiple_of(5000) {
                eprintln!("{count} of {all} pictures looked at");
            }
            seen
        };
        pictures.par_iter().map(see).collect()
    }

    /// As [`model::embedder::Embedder`] looks at photos.
    fn look(&self, picture: &RgbImage) -> Seen {
        let first = self.frozen.forward(&self.preprocess.apply(picture, CropBox::WHOLE));
        let mut seen = Seen { pools: vec![first.feature], instance: first.instance };
        if let Some(margin) = self.looks.second_look {
            let window =
                garment(&self.preprocess, picture, CropBox::WHOLE, false, &first.boxes).grown(margin);
            let mut input = self.preprocess.apply(picture, window);
            if self.looks.mirror {
                input.chunks_exact_mut(self.preprocess.size).for_each(<[f32]>::reverse);
            }
            let second = self.frozen.forward(&input);
            seen.pools.push(second.feature);
            seen.instance = second.instance;
        }
        seen
    }
}

#[cfg(test)]
pub(super) mod tests {
    use burn::tensor::{Device, Distribution, Tensor};
    use model::resnet::BoxHead;
    use model::weights::{from_host, to_host};

    use super::*;

    /// A network with a projection, and its tensors.
    pub(in crate::training) fn small() -> (ResNetConfig, Tensors) {
        let config = ResNetConfig {
            input_size: 16,
            widths: vec![8],
            blocks: 1,
            embedding: Some(6),
            box_head: BoxHead::Map,
            categories: 3,
            attributes: vec![2, 2],
            ..ResNetConfig::default()
        };
        let tensors = to_host(&config.init(&Device::flex()).unwrap()).unwrap().into_iter().collect();
        (config, tensors)
    }

    #[test]
    fn heads_that_look_at_the_pooled_map_say_the_same() {
        let device = Device::flex();
        let (config, mut tensors) = small();
        let answers = |config: &ResNetConfig, tensors: &Tensors| {
            let mut network = config.init(&device).unwrap();
            from_host(&mut network, tensors.clone(), &device).unwrap();
            device.seed(3);
            let input = Tensor::<4>::random([5, 3, 16, 16], Distribution::Normal(0.0, 1.0), &device);
            let output = network.forward(input);
            [output.category, output.attributes.unwrap(), output.feature, output.boxes]
                .map(|tensor| tensor.into_data().try_to_vec::<f32>().unwrap())
        };
        let before = answers(&config, &tensors);
        let mut pooled = config.clone();
        look_at_pooled(&mut tensors, &mut pooled).unwrap();
        assert_eq!(tensors["head.category.weight"].shape, [3, 8]);
        let after = answers(&pooled, &tensors);
        for (before, after) in before.iter().flatten().zip(after.iter().flatten()) {
            assert!((before - after).abs() < 1e-4, "{before} {after}");
        }
        let again = tensors.clone();
        look_at_pooled(&mut tensors, &mut pooled).unwrap();
        assert!(tensors == again);
    }

    #[test]
    fn pools_are_what_heads_see() {
        let (mut config, mut tensors) = small();
        look_at_pooled(&mut tensors, &mut config).unwrap();
        let preprocess = Preprocess { size: 16, ..Preprocess::default() };
        let picture = RgbImage::from_fn(20, 16, |x, y| image::Rgb([12 * x as u8, 15 * y as u8, 90]));
        let looks = |second_look| Looks { second_look, mirror: true };
        let pools = |looks| Pools::new(&tensors, &config, &preprocess, looks).unwrap();
        let seen = pools(looks(Some(0.1))).see([&picture, &picture].into_iter());
        assert!(seen.len() == 2 && seen[0] == seen[1]);
        let seen = &seen[0].pools;
        assert!(seen.len() == 2 && seen[0] != seen[1]);
        assert_eq!(pools(looks(None)).see([&picture].into_iter())[0].pools, [seen[0].clone()]);
        let answer =
            Frozen::new(&config, &tensors).unwrap().forward(&preprocess.apply(&picture, CropBox::WHOLE));
        let head = rows(&tensors, "head.category.weight", 8).unwrap();
        for ((row, bias), logit) in
            head.iter().zip(&tensors["head.category.bias"].values).zip(answer.category)
        {
            let told: f64 = row.iter().zip(&seen[0]).map(|(weight, value)| weight * f64::from(*value)).sum();
            assert!((told as f32 + bias - logit).abs() < 1e-4);
        }
    }
}
