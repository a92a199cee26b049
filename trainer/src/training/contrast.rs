//! Pictures of the same item close together, others apart: the supervised contrastive loss over items.
//!
//! A batch holds few garments that are hard to tell apart, so each picture is also told from the features of past batches
//! (cross-batch memory), which change slowly enough to stand for what the network would make of those pictures now.

use anyhow::{Result, ensure};
use burn::tensor::{Device, Tensor, TensorData, activation::log_softmax};

/// What a pair that must not count adds to its logit.
const NEVER: f32 = -1e9;

/// Features of past batches, the oldest replaced first (Wang et al., "Cross-Batch Memory for Embedding Learning", 2020).
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    capacity: usize,
    /// The place that is written next.
    next: usize,
    items: Vec<usize>,
    /// `[items, length]`, flat.
    features: Vec<f32>,
}

impl Memory {
    /// Room for `capacity` features.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, next: 0, items: Vec::new(), features: Vec::new() }
    }

    /// Remembers the features of those pictures whose item is known.
    ///
    /// # Shapes
    ///
    /// - `features`: `[items, length]`, flat, of length 1
    pub fn remember(&mut self, features: &[f32], items: &[Option<usize>]) {
        if items.is_empty() || self.capacity == 0 {
            return;
        }
        let length = features.len() / items.len();
        for (feature, item) in features.chunks_exact(length).zip(items) {
            let Some(item) = *item else { continue };
            if self.items.len() < self.capacity {
                self.items.push(item);
                self.features.extend(feature);
            } else {
                self.items[self.next] = item;
                self.features[self.next * length..][..length].copy_from_slice(feature);
            }
            self.next = (self.next + 1) % self.capacity;
        }
    }

    /// Everything, little endian: capacity, next place and number of items, the items, their features.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = [self.capacity, self.next, self.items.len()];
        let numbers = numbers.iter().chain(&self.items).flat_map(|number| (*number as u64).to_le_bytes());
        numbers.chain(self.features.iter().flat_map(|value| value.to_le_bytes())).collect()
    }

    /// Reads what [`Memory::to_bytes`] wrote. Fails where the parts do not fit together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut numbers = bytes.chunks_exact(8).map(|chunk| {
            let mut number = [0; 8];
            number.copy_from_slice(chunk);
            u64::from_le_bytes(number) as usize
        });
        let mut header = || numbers.next().unwrap_or(usize::MAX);
        let (capacity, next, count) = (header(), header(), header());
        ensure!(
            capacity <= 1 << 20 && count <= capacity && next <= capacity && (count + 3) * 8 <= bytes.len(),
            "its memory of past features does not fit together"
        );
        let items: Vec<usize> = numbers.take(count).collect();
        let values = bytes[(count + 3) * 8..].chunks_exact(4);
        let features: Vec<f32> = values.map(|v| f32::from_le_bytes([v[0], v[1], v[2], v[3]])).collect();
        ensure!(
            if count == 0 { features.is_empty() } else { features.len().is_multiple_of(count) },
            "its memory of past features does not fit together"
        );
        Ok(Self { capacity, next, items, features })
    }
}

/// Each row scaled to length 1.
///
/// # Shapes
///
/// - `features`: `[batch, length]`; the output likewise
pub(super) fn unit(features: Tensor<2>) -> Tensor<2> {
    let squares: Tensor<2> = (features.clone() * features.clone()).sum_dim(1);
    features / (squares + 1e-12).sqrt()
}

/// The mean over the pictures `i` that have others of their item, `P(i)`, of
/// `-1/|P(i)| sum_(p in P(i)) log(exp(z_i z_p / t) / sum_(a != i) exp(z_i z_a / t))`,
/// where `a` and `p` run over batch and memory (Khosla et al., "Supervised Contrastive Learning", 2020, equation 2). Pictures whose
/// item is not known count nowhere; 0 where no picture has another of its item.
///
/// # Shapes
///
/// - `features`: `[batch, length]`, of length 1
pub(super) fn loss(
    features: Tensor<2>,
    items: &[Option<usize>],
    memory: &Memory,
    temperature: f32,
    device: &Device,
) -> Tensor<1> {
    let [batch, length] = features.dims();
    let mut others = features.clone();
    if !memory.items.is_empty() {
        let past = TensorData::new(memory.features.clone(), [memory.items.len(), length]);
        others = Tensor::cat(vec![others, Tensor::from_data(past, device)], 0);
    }
    let known: Vec<Option<usize>> =
        items.iter().copied().chain(memory.items.iter().copied().map(Some)).collect();
    let width = known.len();
    let mut mask = vec![0.0f32; batch * width];
    let mut targets = vec![0.0f32; batch * width];
    let mut anchors = 0;
    for (i, item) in items.iter().enumerate() {
        let counts = |a: usize| a != i && known[a].is_some();
        let row = i * width..(i + 1) * width;
        mask[row.clone()].iter_mut().enumerate().filter(|(a, _)| !counts(*a)).for_each(|(_, v)| *v = NEVER);
        let positives: Vec<usize> =
            (0..width).filter(|a| item.is_some() && counts(*a) && known[*a] == *item).collect();
        anchors += usize::from(!positives.is_empty());
        for a in &positives {
            targets[row.start + a] = 1.0 / positives.len() as f32;
        }
    }
    if anchors == 0 {
        return Tensor::zeros([1], device);
    }
    let constant = |values: Vec<f32>| Tensor::<2>::from_data(TensorData::new(values, [batch, width]), device);
    let logits = features.matmul(others.transpose()) / temperature + constant(mask);
    (log_softmax(logits, 1) * constant(targets)).sum().neg() / anchors as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let device = Device::flex();
        let value = |items: &[Option<usize>], memory: &Memory| {
            // Three pictures: two alike, one at a right angle, and one of nothing known.
            let features = Tensor::from_data([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.6, 0.8]], &device);
            loss(features, items, memory, 0.5, &device).into_data().try_to_vec::<f32>().unwrap()[0]
        };
        let e = std::f32::consts::E;
        let mut memory = Memory::new(4);
        // Each of the pair: -ln(e^2 / (e^2 + e^0)). The third has no other of its item.
        let expected = -(e * e / (e * e + 1.0)).ln();
        assert!((value(&[Some(1), Some(1), Some(2), None], &memory) - expected).abs() < 1e-5);
        assert!(value(&[Some(1), None, Some(2), Some(3)], &memory).abs() < 1e-9);
        // The memory holds one more of the third's item, in the same direction: three anchors.
        memory.remember(&[0.0, 1.0, 1.0, 0.0], &[Some(2), None]);
        let pair = -(e * e / (e * e + 2.0)).ln();
        let third = -(e * e / (e * e + 2.0)).ln();
        let expected = (2.0 * pair + third) / 3.0;
        assert!((value(&[Some(1), Some(1), Some(2), None], &memory) - expected).abs() < 1e-5);
    }

    #[test]
    fn the_oldest_features_are_forgotten_and_bytes_restore_all() {
        let mut memory = Memory::new(3);
        for item in 0..5 {
            memory.remember(&[item as f32, 0.5], &[Some(item)]);
        }
        assert_eq!(memory.items, [3, 4, 2]);
        assert_eq!(memory.features, [3.0, 0.5, 4.0, 0.5, 2.0, 0.5]);
        let bytes = memory.to_bytes();
        assert_eq!(Memory::from_bytes(&bytes).unwrap(), memory);
        assert_eq!(Memory::from_bytes(&Memory::new(7).to_bytes()).unwrap(), Memory::new(7));
        for cut in [0, 8, 23, 40, bytes.len() - 4] {
            assert!(Memory::from_bytes(&bytes[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn the_gradient_pulls_pairs_together() {
        let device = Device::flex().autodiff();
        let features = Tensor::<2>::from_data([[1.0, 0.2], [0.3, 1.0], [-1.0, 0.1]], &device).require_grad();
        let items = [Some(0), Some(0), Some(1)];
        let value = loss(unit(features.clone()), &items, &Memory::new(0), 0.5, &device);
        let gradients = value.backward();
        let gradient = features.grad(&gradients).unwrap().into_data().try_to_vec::<f32>().unwrap();
        // A step against it turns the first towards the second.
        assert!(gradient[1] < 0.0 && gradient.iter().all(|value| value.is_finite()), "{gradient:?}");
    }
}
