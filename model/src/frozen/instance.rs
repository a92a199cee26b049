//! The instance head frozen for the CPU: what tells garments of one kind apart, from picture and feature map.

use super::head::Linear;
use super::map::Map;
use super::tensors::Tensors;
use crate::Result;
use crate::resnet::{InstanceConfig, ResNetConfig};

/// See [`crate::resnet::InstanceHead`], whose function this is.
#[derive(Debug)]
pub(super) struct Instance {
    /// Of each of a pixel's channels what it adds to all tones, which lie next to each other; and a bias.
    tones: ([[f32; TONES]; 3], [f32; TONES]),
    /// `[tones, colours]` likewise.
    colours: (Vec<f32>, Vec<f32>),
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
        let by_colour = tensors.values("head.instance.colours.weight", TONES * colours)?;
        let by_tone =
            (0..TONES).flat_map(|tone| by_colour.iter().skip(tone).step_by(TONES).copied()).collect();
        let bias = tensors.values("head.instance.colours.bias", colours)?.to_vec();
        let [scale, shift] = tensors.scale_and_shift("head.instance.norm", inputs)?;
        Ok(Self {
            tones: (by_channel, std::array::from_fn(|tone| tone_bias[tone])),
            colours: (by_tone, bias),
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
            .zip(colours.chunks_exact(self.colours.1.len()))
            .map(|(position, colours)| [&self.shapes.apply(&position[..self.channels]), colours].concat())
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

    /// What the colours of the pixels below each position of the map become, the mean of each: `[positions, colours]`, flat.
    fn cells(&self, input: &[f32], positions: usize) -> Vec<f32> {
        let (weights, bias) = &self.colours;
        let count = bias.len();
        let cell = self.size / REDUCTION / positions;
        let share = 1.0 / (cell * cell) as f32;
        let mut cells = vec![0.0; positions * positions * count];
        let mut own = bias.clone();
        for y in 0..self.size / REDUCTION {
            for x in 0..self.size / REDUCTION {
                own.copy_from_slice(bias);
                let tones = self.tones_of(self.pixel(input, x, y));
                for (tone, weights) in tones.iter().zip(weights.chunks_exact(count)) {
                    for (own, weight) in own.iter_mut().zip(weights) {
                        *own += tone * weight;
                    }
                }
                let at = (y / cell * positions + x / cell) * count;
                for (sum, own) in cells[at..][..count].iter_mut().zip(&own) {
                    *sum += share * own.max(0.0);
                }
            }
        }
        cells
    }

    fn tones_of(&self, pixel: [f32; 3]) -> [f32; TONES] {
        let (weights, bias) = &self.tones;
        let mut tones = *bias;
        for (value, weights) in pixel.iter().zip(weights) {
            for (tone, weight) in tones.iter_mut().zip(weights) {
                *tone += value * weight;
            }
        }
        tones.map(|tone| tone.max(0.0))
    }

    /// The mean of a square of pixels.
    fn pixel(&self, input: &[f32], x: usize, y: usize) -> [f32; 3] {
        let mut mean = [0.0; 3];
        for (channel, mean) in mean.iter_mut().enumerate() {
            for row in 0..REDUCTION {
                let start = (channel * self.size + y * REDUCTION + row) * self.size + x * REDUCTION;
                *mean += (0..REDUCTION).map(|at| input.get(start + at).copied().unwrap_or(0.0)).sum::<f32>();
            }
            *mean /= (REDUCTION * REDUCTION) as f32;
        }
        mean
    }
}
