//! The trained network frozen for the CPU: the function of [`ResNet`](crate::resnet::ResNet) with our own kernels.
//!
//! The structure is [`ResNetConfig`]'s and the weights are the same tensors; what differs is how. A batch norm that follows a
//! convolution is folded into it, one that comes before it into the pass that copies its input; convolutions of stride 1
//! multiply in Winograd's domain; a pixel's channels lie next to each other, and nothing else is ever laid out anew.
//! One thread, no state between calls: whoever has many pictures gives each core one at a time.

mod convolution;
mod head;
mod kernel;
mod tensors;
mod winograd;

use self::convolution::Convolution;
use self::head::Head;
pub use self::head::Output;
use self::kernel::vectorised;
use self::tensors::{Affine, Tensors};
use crate::Result;
use crate::resnet::ResNetConfig;
use crate::weights::HostTensor;

/// A network whose weights no longer change.
#[derive(Debug)]
pub struct Frozen {
    stem: Convolution,
    size: usize,
    blocks: Vec<Block>,
    head: Head,
}

#[derive(Debug)]
struct Block {
    /// Absent where the input is normalised already.
    norm1: Option<Affine>,
    conv1: Convolution,
    conv2: Convolution,
    stride: usize,
}

/// A square map, `[size, size, channels]`.
#[derive(Debug, Clone)]
struct Map {
    size: usize,
    channels: usize,
    values: Vec<f32>,
}

impl Map {
    fn zeros(size: usize, channels: usize) -> Self {
        Self { size, channels, values: vec![0.0; size * size * channels] }
    }

    /// Room for a convolution's input: a map with one pixel of zeros around.
    fn padded(size: usize, channels: usize) -> Self {
        Self::zeros(size + 2, channels)
    }

    /// Row `y`, `[size, channels]`.
    fn row(&self, y: usize) -> &[f32] {
        &self.values[y * self.size * self.channels..][..self.size * self.channels]
    }

    /// Row `y` of a padded map without its border.
    fn inner_row_mut(&mut self, y: usize) -> &mut [f32] {
        let (size, channels) = (self.size, self.channels);
        &mut self.values[((y + 1) * size + 1) * channels..][..(size - 2) * channels]
    }
}

impl Frozen {
    /// Freezes the network of `config` with the tensors of a weights file.
    ///
    /// Fails with [`crate::Error::InvalidWeights`] where one is missing or of another length.
    pub fn new<S: std::hash::BuildHasher>(
        config: &ResNetConfig,
        tensors: &std::collections::HashMap<String, HostTensor, S>,
    ) -> Result<Self> {
        config.validate()?;
        let tensors = Tensors::new(|name| tensors.get(name), config.epsilon);
        let first = config.widths[0];
        let stem = tensors.convolution("stem.conv", [3, first], config.stem_stride, Some("stem.norm"))?;
        let mut blocks = Vec::new();
        let mut channels = first;
        for (stage, &width) in config.widths.iter().enumerate() {
            for place in 0..config.blocks {
                let path = format!("blocks.{}", blocks.len());
                let stride = if stage > 0 && place == 0 { 2 } else { 1 };
                let norm1 = if blocks.is_empty() {
                    None
                } else {
                    Some(tensors.norm(&format!("{path}.norm1"), channels)?)
                };
                let norm2 = format!("{path}.norm2");
                blocks.push(Block {
                    norm1,
                    conv1: tensors.convolution(
                        &format!("{path}.conv1"),
                        [channels, width],
                        stride,
                        Some(&norm2),
                    )?,
                    conv2: tensors.convolution(&format!("{path}.conv2"), [width, width], 1, None)?,
                    stride,
                });
                channels = width;
            }
        }
        Ok(Self { stem, size: config.input_size, blocks, head: Head::new(config, &tensors)? })
    }

    /// The network's answer for one picture.
    ///
    /// # Shapes
    ///
    /// - `input`: `[3, size, size]`, preprocessed; missing values count as 0
    #[must_use]
    pub fn forward(&self, input: &[f32]) -> Output {
        let mut padded = Map::padded(self.size, 3);
        for (channel, plane) in input.chunks_exact(self.size * self.size).take(3).enumerate() {
            for (y, row) in plane.chunks_exact(self.size).enumerate() {
                for (to, value) in padded.inner_row_mut(y).chunks_exact_mut(3).zip(row) {
                    to[channel] = *value;
                }
            }
        }
        let mut map = self.stem.apply_relu(&padded);
        for block in &self.blocks {
            map = block.forward(&map);
        }
        self.head.forward(&map)
    }
}

impl Block {
    fn forward(&self, input: &Map) -> Map {
        let mut padded = Map::padded(input.size, input.channels);
        activate(input, self.norm1.as_ref(), &mut padded);
        let inner = self.conv1.apply_relu_padded(&padded);
        let mut output = self.shortcut(input);
        self.conv2.add_to(&inner, &mut output);
        output
    }

    /// The input itself; where the block reduces, averaged 2x2; where it widens, with zero channels on both sides.
    fn shortcut(&self, input: &Map) -> Map {
        let channels = self.conv2.outputs();
        if self.stride == 1 && channels == input.channels {
            return input.clone();
        }
        let (size, stride, left) = (input.size / self.stride, self.stride, (channels - input.channels) / 2);
        let mut output = Map::zeros(size, channels);
        let weight = 1.0 / (stride * stride) as f32;
        for y in 0..size {
            for x in 0..size {
                let to = &mut output.values[(y * size + x) * channels + left..][..input.channels];
                for (dy, dx) in (0..stride * stride).map(|at| (at / stride, at % stride)) {
                    let from =
                        &input.row(y * stride + dy)[(x * stride + dx) * input.channels..][..input.channels];
                    for (sum, value) in to.iter_mut().zip(from) {
                        *sum += weight * value;
                    }
                }
            }
        }
        output
    }
}

/// Copies `input` into `padded`, normalised and rectified where there is a `norm`.
fn activate(input: &Map, norm: Option<&Affine>, padded: &mut Map) {
    vectorised(|| {
        for y in 0..input.size {
            let to = padded.inner_row_mut(y);
            match norm {
                None => to.copy_from_slice(input.row(y)),
                Some(norm) => norm.rectified(input.row(y), to),
            }
        }
    });
}

#[cfg(test)]
mod tests;
