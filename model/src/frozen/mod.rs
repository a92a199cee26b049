//! The trained network frozen for the CPU: the function of `ResNet` in [`resnet`](crate::resnet) with our own kernels.
//!
//! The structure is [`ResNetConfig`]'s and the weights are the same tensors; what differs is how. A batch norm that follows a
//! convolution is folded into it, one that comes before it into the pass that copies its input; convolutions of stride 1
//! multiply in Winograd's domain; a pixel's channels lie next to each other, filled up with zeros to whole vectors; memory is used
//! again, layer after layer and call after call. One thread a call: whoever has many pictures gives each core one at a time.

mod convolution;
#[cfg(feature = "wgpu")]
mod gpu;
mod head;
mod instance;
mod kernel;
mod map;
mod tensors;
mod winograd;

use std::sync::Mutex;

use self::convolution::{Convolution, Join, Scratch, Shape};
#[cfg(feature = "wgpu")]
pub use self::gpu::{Choice, FrozenGpu, Precision};
use self::head::Head;
pub use self::head::Output;
use self::kernel::filled;
use self::map::Map;
pub use self::map::{FeatureMap, Sight};
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
    /// Memory of earlier calls, one for each that ran at the same time: asking for it anew costs a tenth of a call.
    memory: Mutex<Vec<Memory>>,
}

/// What one call computes in. Of what is in it nothing counts.
#[derive(Debug)]
struct Memory {
    picture: Map,
    map: Map,
    rooms: [Map; 3],
    scratch: Scratch,
}

/// Where a map is on its way through the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// This many blocks lie behind it.
    After(usize),
    /// Nothing but the heads lies before it.
    Active,
}

#[derive(Debug)]
struct Block {
    /// Absent where the input is normalised already.
    norm1: Option<Affine>,
    conv1: Convolution,
    conv2: Convolution,
    /// Channels, not filled up.
    inputs: usize,
    stride: usize,
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
        let mut channels = config.widths[0];
        let shape = Shape { size: config.input_size, channels: 3, stride: config.stem_stride };
        let stem = tensors.convolution("stem.conv", [3, channels], &shape, Some("stem.norm"))?;
        let mut size = config.input_size / config.stem_stride;
        let mut blocks = Vec::new();
        for (stage, &width) in config.widths.iter().enumerate() {
            for place in 0..config.blocks {
                let path = format!("blocks.{}", blocks.len());
                let stride = if stage > 0 && place == 0 { 2 } else { 1 };
                let norm1 = if blocks.is_empty() {
                    None
                } else {
                    Some(tensors.norm(&format!("{path}.norm1"), channels)?)
                };
                let first = Shape { size, channels: filled(channels), stride };
                size /= stride;
                let second = Shape { size, channels: filled(width), stride: 1 };
                let convolution = |name: &str, inputs, shape, norm: Option<&str>| {
                    tensors.convolution(&format!("{path}.{name}"), [inputs, width], shape, norm)
                };
                blocks.push(Block {
                    norm1,
                    conv1: convolution("conv1", channels, &first, Some(&format!("{path}.norm2")))?,
                    conv2: convolution("conv2", width, &second, None)?,
                    inputs: channels,
                    stride,
                });
                channels = width;
            }
        }
        Ok(Self {
            stem,
            size: config.input_size,
            blocks,
            head: Head::new(config, &tensors)?,
            memory: Mutex::default(),
        })
    }

    /// The network's answer for one picture.
    ///
    /// # Shapes
    ///
    /// - `input`: `[3, size, size]`, preprocessed; missing values count as 0
    #[must_use]
    pub fn forward(&self, input: &[f32]) -> Output {
        self.compute(input, &mut |_, _| {})
    }

    /// [`Frozen::forward`], with the feature map that the answer was pooled from.
    #[must_use]
    pub fn see(&self, input: &[f32]) -> Sight {
        let mut map = FeatureMap::default();
        let output = self.compute(input, &mut |stage, seen| {
            if stage == Stage::Active {
                map = FeatureMap::copy(seen, self.head.channels());
            }
        });
        Sight { output, map }
    }

    /// [`Frozen::forward`], with the map as it leaves the first `blocks` blocks: not activated, so values may be negative. All of
    /// them at most.
    #[must_use]
    pub fn see_after(&self, input: &[f32], blocks: usize) -> Sight {
        let mut map = FeatureMap::default();
        let channels = match blocks.min(self.blocks.len()).checked_sub(1) {
            Some(last) => self.blocks[last].conv2.outputs(),
            None => self.stem.outputs(),
        };
        let wanted = Stage::After(blocks.min(self.blocks.len()));
        let output = self.compute(input, &mut |stage, seen| {
            if stage == wanted {
                map = FeatureMap::copy(seen, channels);
            }
        });
        Sight { output, map }
    }

    /// What each position of a map that this network saw adds to the product of its picture's feature and `direction`, row by row,
    /// and what belongs to none of them. All of it adds up to that product.
    ///
    /// The feature is `W p + b`, where a channel's `p = (mean of v^3 + 1e-6)^(1/3)` over its values `v` ([`Pool::Gem`]). Being
    /// homogeneous in the values, `p` is the sum over positions of its slope there times the value there, which gives a position the share
    /// `(v^3 + 1e-6) / sum(v^3 + 1e-6)` of it; an average gives `v / n`. The bias belongs to no position.
    ///
    /// # Shapes
    ///
    /// - `direction`: `[feature_length]`
    ///
    /// [`Pool::Gem`]: crate::resnet::Pool::Gem
    #[must_use]
    pub fn shares(&self, map: &FeatureMap, direction: &[f32]) -> (Vec<f32>, f32) {
        self.head.shares(map, direction)
    }

    /// `look` is shown the map after the stem, after each block, and as the answer is pooled from it.
    fn compute(&self, input: &[f32], look: &mut dyn FnMut(Stage, &Map)) -> Output {
        let mut memory = self.take_memory();
        let Memory { picture, map, rooms, scratch } = &mut memory;
        for y in 0..self.size {
            let pixels = picture.row_mut(y).as_chunks_mut::<3>().0;
            pixels.fill([0.0; 3]);
            for channel in 0..3 {
                let row = input.chunks_exact(self.size).nth(channel * self.size + y).unwrap_or(&[]);
                for (to, value) in pixels.iter_mut().zip(row) {
                    to[channel] = *value;
                }
            }
        }
        map.reshape(self.size / self.stem.stride(), self.stem.outputs());
        self.stem.apply(picture, map, Join::Rectify, scratch);
        look(Stage::After(0), map);
        for (done, block) in self.blocks.iter().enumerate() {
            block.apply(map, rooms, scratch);
            look(Stage::After(done + 1), map);
        }
        let output = self.head.forward(input, map, &mut rooms[0]);
        look(Stage::Active, &rooms[0]);
        if let Ok(mut kept) = self.memory.lock() {
            kept.push(memory);
        }
        output
    }

    fn take_memory(&self) -> Memory {
        let kept = self.memory.lock().ok().and_then(|mut kept| kept.pop());
        kept.unwrap_or_else(|| Memory {
            picture: Map::bare(self.size, 3),
            map: Map::default(),
            rooms: <[Map; 3]>::default(),
            scratch: Scratch::default(),
        })
    }
}

impl Block {
    /// What becomes of `map`. What is in the other maps does not matter; they are memory.
    fn apply(&self, map: &mut Map, [active, inner, wide]: &mut [Map; 3], scratch: &mut Scratch) {
        let (size, channels) = (map.size() / self.stride, self.conv2.outputs());
        inner.reshape(size, channels);
        match &self.norm1 {
            Some(norm) => {
                active.reshape(map.size(), self.inputs);
                norm.apply(map, active);
                self.conv1.apply(active, inner, Join::Rectify, scratch);
            }
            None => self.conv1.apply(map, inner, Join::Rectify, scratch),
        }
        if (size, channels) != (map.size(), self.inputs) {
            wide.reshape(size, channels);
            self.shortcut(map, wide);
            std::mem::swap(map, wide);
        }
        self.conv2.apply(inner, map, Join::Add, scratch);
    }

    /// The input averaged where the block reduces, with zero channels on both sides where it widens.
    fn shortcut(&self, input: &Map, output: &mut Map) {
        let (stride, left) = (self.stride, (self.conv2.outputs() - self.inputs) / 2);
        let weight = 1.0 / (stride * stride) as f32;
        let channels = [input.channels(), output.channels()];
        for y in 0..output.size() {
            let row = output.row_mut(y);
            row.fill(0.0);
            for (x, to) in row.chunks_exact_mut(channels[1]).enumerate() {
                let to = &mut to[left..][..self.inputs];
                for (dy, dx) in (0..stride * stride).map(|at| (at / stride, at % stride)) {
                    let from = &input.row(y * stride + dy)[(x * stride + dx) * channels[0]..];
                    for (sum, value) in to.iter_mut().zip(from) {
                        *sum += weight * value;
                    }
                }
            }
        }
    }
}

#[cfg(all(test, feature = "burn"))]
mod tests;
