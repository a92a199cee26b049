//! The instance head frozen for the CPU: what tells garments of one kind apart, from picture and feature map.

#![expect(clippy::inline_always, reason = "see kernel.rs")]

use super::head::Linear;
use super::kernel::{Simd, Task, dispatch};
use super::map::Map;
use super::tensors::Tensors;
use crate::Result;
use crate::resnet::{InstanceConfig, ResNetConfig};

/// See [`crate::resnet::InstanceHead`], whose function this is.
#[derive(Debug)]
pub(super) struct Instance {
    /// Of each of a pixel's channels what it adds to all tones, which lie next to each other; and a bias.
    tones: ([[f32; TONES]; 3], [f32; TONES]),
    /// Of each tone what it adds to the colours of a block, and a bias; filled up with zeros.
    colours: Vec<([[f32; BLOCK]; TONES], [f32; BLOCK])>,
    /// Colours, not filled up.
    count: usize,
    shapes: Linear,
    attention: Linear,
    /// Of the batch norm.
    scale: Vec<f32>,
    shift: Vec<f32>,
    hidden: Linear,
    feature: Linear,
    /// Width and height of the network's input.
    size: usize,
    /// Channels of the map, not filled up.
    channels: usize,
}

const TONES: usize = InstanceConfig::TONES;
const REDUCTION: usize = InstanceConfig::REDUCTION;
/// Colours that are computed together.
const BLOCK: usize = 8;

impl Instance {
    pub(super) fn new(
        config: &ResNetConfig,
        instance: &InstanceConfig,
        tensors: &Tensors<'_>,
    ) -> Result<Self> {
        let InstanceConfig { length, hidden, attention, shapes, colours } = *instance;
        let channels = config.map_channels();
        let inputs = instance.inputs(channels);
        // A 1x1 convolution's kernel `[outputs, inputs, 1, 1]` is a matrix.
        let linear = |name: &str, inputs, outputs| {
            Linear::new(tensors, &format!("head.instance.{name}"), inputs, outputs)
        };
        // As rows of what one input adds to all outputs, which lie next to each other.
        let mut tones = ([[0.0; TONES]; 3], [0.0; TONES]);
        let weights = tensors.values("head.instance.tones.weight", 3 * TONES)?;
        for (at, weight) in weights.iter().enumerate() {
            tones.0[at % 3][at / 3] = *weight;
        }
        tones.1.copy_from_slice(tensors.values("head.instance.tones.bias", TONES)?);
        let mut blocks = vec![([[0.0; BLOCK]; TONES], [0.0; BLOCK]); colours.div_ceil(BLOCK)];
        let weights = tensors.values("head.instance.colours.weight", TONES * colours)?;
        for (at, weight) in weights.iter().enumerate() {
            let (colour, tone) = (at / TONES, at % TONES);
            blocks[colour / BLOCK].0[tone][colour % BLOCK] = *weight;
        }
        for (colour, bias) in tensors.values("head.instance.colours.bias", colours)?.iter().enumerate() {
            blocks[colour / BLOCK].1[colour % BLOCK] = *bias;
        }
        let [scale, shift] = tensors.scale_and_shift("head.instance.norm", inputs)?;
        Ok(Self {
            tones,
            colours: blocks,
            count: colours,
            shapes: linear("shapes", channels, shapes)?,
            attention: linear("attention", channels, attention)?,
            scale,
            shift,
            hidden: linear("hidden", inputs, hidden)?,
            feature: linear("feature", hidden, length)?,
            size: config.input_size,
            channels,
        })
    }

    /// # Shapes
    ///
    /// - `input`: `[3, size, size]`, preprocessed; missing values count as 0
    /// - `map`: `[height, width, channels]`, activated
    /// - `pooled`: `[channels]`
    /// - output: `[length]`, not normalised
    pub(super) fn apply(&self, input: &[f32], map: &Map, pooled: &[f32]) -> Vec<f32> {
        let colours = self.cells(input, map.size());
        let (mut seen, mut logits) = (Vec::new(), Vec::new());
        for (at, colours) in colours.chunks_exact(self.colours.len() * BLOCK).enumerate() {
            let row = map.row(at / map.size());
            let position = &row[at % map.size() * map.channels()..][..self.channels];
            seen.extend(self.shapes.apply(position));
            seen.extend_from_slice(&colours[..self.count]);
            logits.extend(self.attention.apply(position));
        }
        let positions = map.size() * map.size();
        let mut all = pooled.to_vec();
        for attention in 0..logits.len() / positions {
            let own = || logits.iter().skip(attention).step_by(logits.len() / positions);
            let most = own().copied().fold(f32::MIN, f32::max);
            let start = all.len();
            all.resize(start + seen.len() / positions, 0.0);
            let attended = &mut all[start..];
            let mut total = 0.0;
            for (logit, seen) in own().zip(seen.chunks_exact(attended.len())) {
                let weight = (logit - most).exp();
                total += weight;
                for (sum, value) in attended.iter_mut().zip(seen) {
                    *sum += weight * value;
                }
            }
            for sum in attended {
                *sum /= total;
            }
        }
        for ((value, scale), shift) in all.iter_mut().zip(&self.scale).zip(&self.shift) {
            *value = *value * scale + shift;
        }
        let mut hidden = self.hidden.apply(&all);
        for value in &mut hidden {
            *value = value.max(0.0);
        }
        self.feature.apply(&hidden)
    }

    /// What the colours of the pixels below each position of the map become, the mean of each: `[positions, colours]`, flat, the
    /// colours filled up to whole blocks.
    fn cells(&self, input: &[f32], positions: usize) -> Vec<f32> {
        let cells = Cells { head: self, small: self.reduced(input), positions };
        // In the browser one version is enough, as nothing here is spelt out in vectors.
        if cfg!(target_arch = "wasm32") { cells.with_simd(pulp::Scalar) } else { dispatch(cells) }
    }

    /// The picture at the width and height at which it is read: `[3, size / 2, size / 2]`, flat.
    fn reduced(&self, input: &[f32]) -> Vec<f32> {
        let size = self.size / REDUCTION;
        let mut small = vec![0.0; 3 * size * size];
        let share = 1.0 / (REDUCTION * REDUCTION) as f32;
        for (row, from) in input.chunks(self.size).enumerate().take(3 * self.size) {
            let to = &mut small[row / REDUCTION * size..][..size];
            for (to, from) in to.iter_mut().zip(from.chunks(REDUCTION)) {
                *to += share * from.iter().sum::<f32>();
            }
        }
        small
    }
}

/// See [`Instance::cells`].
struct Cells<'a> {
    head: &'a Instance,
    small: Vec<f32>,
    positions: usize,
}

impl Task for Cells<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<f32> {
        let Self { head, small, positions } = self;
        let size = head.size / REDUCTION;
        let cell = size / positions;
        let share = 1.0 / (cell * cell) as f32;
        let count = head.colours.len();
        let mut cells = vec![[0.0f32; BLOCK]; positions * positions * count];
        for at in 0..size * size {
            let (x, y) = (at % size, at / size);
            let mut tones = head.tones.1;
            for (plane, weights) in small.chunks_exact(size * size).zip(&head.tones.0) {
                for (tone, weight) in tones.iter_mut().zip(weights) {
                    *tone += plane[at] * weight;
                }
            }
            let tones = tones.map(|tone| tone.max(0.0));
            let sums = &mut cells[(y / cell * positions + x / cell) * count..][..count];
            for (sums, (weights, bias)) in sums.iter_mut().zip(&head.colours) {
                let mut own = *bias;
                for (tone, weights) in tones.iter().zip(weights) {
                    for (own, weight) in own.iter_mut().zip(weights) {
                        *own += tone * weight;
                    }
                }
                for (sum, own) in sums.iter_mut().zip(own) {
                    *sum += share * own.max(0.0);
                }
            }
        }
        cells.as_flattened().to_vec()
    }
}
