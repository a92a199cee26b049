//! From the feature map to the features, the category and the box.

use super::instance::Instance;
use super::map::{FeatureMap, Map};
use super::tensors::{Affine, Tensors};
use crate::Result;
use crate::resnet::{BoxHead, LabelHeads, Pool, ResNetConfig};

/// What the network says of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// `[feature_length]`, not normalised.
    pub feature: Vec<f32>,
    /// `[categories]`, logits.
    pub category: Vec<f32>,
    /// `[attribute_logits]`, logits of each attribute's values, one attribute after the other.
    pub attributes: Vec<f32>,
    /// x1, y1, x2, y2 as fractions of the input square, unbounded.
    pub boxes: Vec<f32>,
    /// `[instance_length]`, not normalised.
    pub instance: Vec<f32>,
}

impl Output {
    /// Whether another network says the same of a picture: the cosine of each head's answers is `least` or more. Each counts for
    /// itself, since each could be wrong by itself; what is no number never agrees.
    #[must_use]
    pub fn agrees(&self, other: &Self, least: f32) -> bool {
        let heads = |output: &Self| {
            let Self { feature, category, attributes, boxes, instance } = output.clone();
            [feature, category, attributes, boxes, instance]
        };
        let mut all = heads(self).into_iter().zip(heads(other));
        all.all(|(one, other)| one.len() == other.len() && cosine(&one, &other) >= least)
    }
}

/// Of the angle between two vectors; that of nothing and nothing is 1.
fn cosine(one: &[f32], other: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    if one.is_empty() { 1.0 } else { dot(one, other) / (dot(one, one) * dot(other, other)).sqrt() }
}

/// Keeps the root's slope finite where a channel is silent everywhere.
const OFFSET: f32 = 1e-6;

#[derive(Debug)]
pub(super) struct Head {
    norm: Affine,
    channels: usize,
    pool: Pool,
    embedding: Option<Linear>,
    label_heads: LabelHeads,
    category: Linear,
    attributes: Option<Linear>,
    box_map: Option<Linear>,
    boxes: Linear,
    instance: Option<Instance>,
}

/// A matrix `[outputs, inputs]` and a bias.
#[derive(Debug)]
pub(super) struct Linear {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Linear {
    pub(super) fn new(tensors: &Tensors<'_>, path: &str, inputs: usize, outputs: usize) -> Result<Self> {
        Ok(Self {
            weight: tensors.values(&format!("{path}.weight"), inputs * outputs)?.to_vec(),
            bias: tensors.values(&format!("{path}.bias"), outputs)?.to_vec(),
        })
    }

    pub(super) fn apply(&self, input: &[f32]) -> Vec<f32> {
        let rows = self.weight.chunks_exact(input.len());
        rows.zip(&self.bias).map(|(row, bias)| dot(row, input) + bias).collect()
    }

    /// What each of `inputs` inputs counts in the product of the output and `direction`, and what the bias adds to it.
    fn turned(&self, inputs: usize, direction: &[f32]) -> (Vec<f32>, f32) {
        let mut weights = vec![0.0; inputs];
        for (row, factor) in self.weight.chunks_exact(inputs.max(1)).zip(direction) {
            for (weight, value) in weights.iter_mut().zip(row) {
                *weight += factor * value;
            }
        }
        (weights, dot(&self.bias, direction))
    }
}

/// The sum of products, in eight sums: one would make each addition wait for the one before it.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0f32; 8];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

impl Head {
    pub(super) fn new(config: &ResNetConfig, tensors: &Tensors<'_>) -> Result<Self> {
        let (channels, size) = (config.map_channels(), config.map_size());
        let linear = |path: &str, inputs, outputs| Linear::new(tensors, path, inputs, outputs);
        let attributes = Some(config.attribute_logits()).filter(|logits| *logits > 0);
        let (box_map, box_inputs) = match config.box_head {
            BoxHead::Feature => (None, config.feature_length()),
            BoxHead::Map => {
                let narrow = ResNetConfig::BOX_CHANNELS;
                // A 1x1 convolution's kernel `[outputs, inputs, 1, 1]` is such a matrix.
                (Some(linear("head.box_map", channels, narrow)?), narrow * size * size)
            }
        };
        let mut boxes = linear("head.boxes", box_inputs, 4)?;
        if box_map.is_some() {
            boxes.weight =
                boxes.weight.chunks_exact(box_inputs).flat_map(|row| by_pixel(row, size * size)).collect();
        }
        Ok(Self {
            norm: tensors.norm("head.norm", channels)?,
            channels,
            pool: config.pool,
            embedding: config
                .embedding
                .map(|length| linear("head.embedding", channels, length))
                .transpose()?,
            label_heads: config.label_heads,
            category: linear("head.category", config.label_inputs(), config.categories)?,
            attributes: attributes
                .map(|logits| linear("head.attributes", config.label_inputs(), logits))
                .transpose()?,
            box_map,
            boxes,
            instance: config
                .instance
                .as_ref()
                .map(|instance| Instance::new(config, instance, tensors))
                .transpose()?,
        })
    }

    /// Channels of the map, not filled up.
    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// See [`super::Frozen::shares`].
    pub(super) fn shares(&self, map: &FeatureMap, direction: &[f32]) -> (Vec<f32>, f32) {
        let (weights, rest) = match &self.embedding {
            Some(embedding) => embedding.turned(self.channels, direction),
            None => (direction.to_vec(), 0.0),
        };
        let is_gem = self.pool == Pool::Gem;
        // What a channel is summed of; the offset of the mean is that of each of its terms.
        let term = |value: f32| if is_gem { value * value * value + OFFSET } else { value };
        let pixels = || map.values.chunks_exact(self.channels);
        let mut sums = vec![0.0f32; self.channels];
        for pixel in pixels() {
            for (sum, value) in sums.iter_mut().zip(pixel) {
                *sum += term(*value);
            }
        }
        let count = (map.size * map.size) as f32;
        let root = |sum: f32| if is_gem { (sum / count).powf(1.0 / 3.0) / sum } else { count.recip() };
        let factors: Vec<f32> = weights.iter().zip(sums).map(|(weight, sum)| weight * root(sum)).collect();
        let share =
            |pixel: &[f32]| pixel.iter().zip(&factors).map(|(value, factor)| term(*value) * factor).sum();
        (pixels().map(share).collect(), rest)
    }

    /// The answer to a picture and the last block's map of it; `active` is memory.
    pub(super) fn forward(&self, input: &[f32], map: &Map, active: &mut Map) -> Output {
        active.reshape(map.size(), self.channels);
        self.norm.apply(map, active);
        let pixels = || (0..active.size()).flat_map(|y| active.row(y).chunks_exact(active.channels()));
        let mut sums = vec![0.0f32; self.channels];
        for pixel in pixels() {
            for (sum, value) in sums.iter_mut().zip(pixel) {
                *sum += if self.pool == Pool::Gem { value * value * value } else { *value };
            }
        }
        let count = (active.size() * active.size()) as f32;
        let root = |mean: f32| if self.pool == Pool::Gem { (mean + OFFSET).powf(1.0 / 3.0) } else { mean };
        let pooled: Vec<f32> = sums.into_iter().map(|sum| root(sum / count)).collect();
        let instance =
            self.instance.as_ref().map(|head| head.apply(input, active, &pooled)).unwrap_or_default();
        let feature = match &self.embedding {
            Some(embedding) => embedding.apply(&pooled),
            None => pooled.clone(),
        };
        let boxes = match &self.box_map {
            Some(box_map) => {
                let narrow: Vec<f32> = pixels()
                    .flat_map(|pixel| box_map.apply(&pixel[..self.channels]))
                    .map(|value| value.max(0.0))
                    .collect();
                self.boxes.apply(&narrow)
            }
            None => self.boxes.apply(&feature),
        };
        let told = match self.label_heads {
            LabelHeads::Feature => &feature,
            LabelHeads::Pooled => &pooled,
        };
        Output {
            category: self.category.apply(told),
            attributes: self.attributes.as_ref().map(|head| head.apply(told)).unwrap_or_default(),
            feature,
            boxes,
            instance,
        }
    }
}

/// `[channels, pixels]` to `[pixels, channels]`.
fn by_pixel(values: &[f32], pixels: usize) -> Vec<f32> {
    let channels = values.len() / pixels;
    (0..values.len()).map(|at| values[at % channels * pixels + at / channels]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One channel at two positions, by hand.
    #[test]
    fn answers_agree_head_by_head() {
        let output = |feature: &[f32], category: &[f32]| Output {
            feature: feature.to_vec(),
            category: category.to_vec(),
            attributes: Vec::new(),
            boxes: vec![0.1, 0.2, 0.8, 0.9],
            instance: Vec::new(),
        };
        let one = output(&[1.0, 2.0], &[3.0, -1.0]);
        assert!(one.agrees(&one, 0.999) && one.agrees(&output(&[2.0, 4.0], &[3.0, -1.0]), 0.999));
        for other in [
            output(&[1.0, 2.0], &[-1.0, 3.0]),
            output(&[1.0, 2.0, 0.0], &[3.0, -1.0]),
            output(&[f32::NAN, 2.0], &[3.0, -1.0]),
            output(&[0.0, 0.0], &[3.0, -1.0]),
        ] {
            assert!(!one.agrees(&other, 0.99), "{other:?}");
        }
    }

    #[test]
    fn a_position_has_the_share_of_its_cube() {
        let linear =
            |inputs, outputs| Linear { weight: vec![0.5; inputs * outputs], bias: vec![0.25; outputs] };
        let head = |pool, embedding| Head {
            norm: Affine::new(vec![1.0], vec![0.0]),
            channels: 1,
            pool,
            embedding,
            label_heads: LabelHeads::Feature,
            category: linear(1, 1),
            attributes: None,
            box_map: None,
            boxes: linear(1, 4),
            instance: None,
        };
        // Four positions with 1, 2, nothing and nothing: cubes 1 and 8 of 9, a mean of 9/4.
        let map = FeatureMap { size: 2, values: vec![1.0, 2.0, 0.0, 0.0] };
        let pooled = 2.25f32.cbrt();
        let (shares, rest) = head(Pool::Gem, None).shares(&map, &[3.0]);
        for (found, wanted) in shares.iter().zip([1.0 / 9.0, 8.0 / 9.0, 0.0, 0.0]) {
            assert!((found - 3.0 * pooled * wanted).abs() < 1e-4, "{shares:?}");
        }
        assert!(rest == 0.0);
        let (shares, rest) = head(Pool::Gem, Some(linear(1, 1))).shares(&map, &[3.0]);
        assert!((shares.iter().sum::<f32>() - 1.5 * pooled).abs() < 1e-5 && (rest - 0.75).abs() < 1e-6);
        let (shares, _) = head(Pool::Average, None).shares(&map, &[3.0]);
        assert_eq!(shares, [0.75, 1.5, 0.0, 0.0]);
        // A channel that is silent everywhere divides what little there is evenly.
        let silent = FeatureMap { size: 2, values: vec![0.0; 4] };
        let (shares, _) = head(Pool::Gem, None).shares(&silent, &[1.0]);
        assert!(shares.iter().all(|share| (share - 0.0025).abs() < 1e-6), "{shares:?}");
    }
}
