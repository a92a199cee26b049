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
        let by_output = tensors.values("head.instance.tones.weight", 3 * TONES)?;
        let by_channel =
            std::array::from_fn(|channel| std::array::from_fn(|tone| by_output[3 * tone + channel]));
        let tone_bias = tensors.values("head.instance.tones.bias", TONES)?;
        let by_colour =
            tensors.values("head.instance.colours.weight", TONES * colours)?.as_chunks::<TONES>().0;
        let colour_bias = tensors.values("head.instance.colours.bias", colours)?;
        let block = |(weights, bias): (&[[f32; TONES]], &[f32])| {
            let value = |colour: usize, tone: usize| weights.get(colour).map_or(0.0, |weights| weights[tone]);
            let by_tone = std::array::from_fn(|tone| std::array::from_fn(|colour| value(colour, tone)));
            (by_tone, std::array::from_fn(|colour| bias.get(colour).copied().unwrap_or_default()))
        };
        let blocks = by_colour.chunks(BLOCK).zip(colour_bias.chunks(BLOCK)).map(block).collect();
        let [scale, shift] = tensors.scale_and_shift("head.instance.norm", inputs)?;
        Ok(Self {
            tones: (by_channel, std::array::from_fn(|tone| tone_bias[tone])),
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
        let positions = || (0..map.size()).flat_map(|y| map.row(y).chunks_exact(map.channels()));
        let seen: Vec<Vec<f32>> = positions()
            .zip(colours.chunks_exact(self.colours.len() * BLOCK))
            .map(|(position, colours)| {
                [&self.shapes.apply(&position[..self.channels]), &colours[..self.count]].concat()
            })
            .collect();
        let logits: Vec<Vec<f32>> =
            positions().map(|position| self.attention.apply(&position[..self.channels])).collect();
        let mut all = pooled.to_vec();
        for attention in 0..logits.first().map_or(0, Vec::len) {
            let most = logits.iter().map(|logits| logits[attention]).fold(f32::MIN, f32::max);
            let mut attended = vec![0.0; seen.first().map_or(0, Vec::len)];
            let mut total = 0.0;
            for (logits, seen) in logits.iter().zip(&seen) {
                let weight = (logits[attention] - most).exp();
                total += weight;
                for (sum, value) in attended.iter_mut().zip(seen) {
                    *sum += weight * value;
                }
            }
            all.extend(attended.iter().map(|sum| sum / total));
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
        dispatch(Cells { head: self, small: self.reduced(input), positions })
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
