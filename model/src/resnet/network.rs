//! The network in Burn: stem, blocks and heads.

use burn::{
    module::Module,
    nn::{
        BatchNorm, BatchNormConfig, Initializer, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
    },
    tensor::{Device, Tensor},
};

use super::{Block, Head, HeadOutput, Layers, Plain, ResNetConfig};
use crate::Result;

/// A pre-activation residual network with its heads.
#[derive(Module, Debug)]
pub struct ResNet {
    pub(crate) stem: Conv2d,
    pub(crate) stem_norm: BatchNorm,
    pub(crate) blocks: Vec<Block>,
    pub(crate) head: Head,
}

impl ResNetConfig {
    /// The network with random weights (He et al. 2015, fan-out) on `device`.
    ///
    /// Fails with [`crate::Error::InvalidModelCard`] where the configuration is out of bounds.
    pub fn init(&self, device: &Device) -> Result<ResNet> {
        self.validate()?;
        let first = self.widths[0];
        let mut blocks = Vec::with_capacity(self.widths.len() * self.blocks);
        let mut channels = first;
        for (stage, &width) in self.widths.iter().enumerate() {
            for index in 0..self.blocks {
                let stride = if stage > 0 && index == 0 { 2 } else { 1 };
                // The stem has just normalised the very first block's input.
                let bare = stage == 0 && index == 0;
                blocks.push(Block::new(channels, width, stride, bare, self.epsilon, device));
                channels = width;
            }
        }
        Ok(ResNet {
            stem: conv3x3(3, first, self.stem_stride, device),
            stem_norm: norm(first, self.epsilon, device),
            blocks,
            head: Head::new(self, device),
        })
    }
}

impl ResNet {
    /// The feature map before pooling, normalised and rectified.
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, 3, size, size]`, preprocessed
    /// - output: `[batch, widths.last, size / reduction, size / reduction]`
    #[must_use]
    pub fn forward_features(&self, input: Tensor<4>) -> Tensor<4> {
        self.forward_features_with(&Plain, input)
    }

    /// [`ResNet::forward_features`], its layers computed by `layers`.
    #[must_use]
    pub fn forward_features_with(&self, layers: &impl Layers, input: Tensor<4>) -> Tensor<4> {
        let x = layers.stem(&self.stem, &self.stem_norm, input);
        self.forward_features_after(layers, 0, x)
    }

    /// The rest of [`ResNet::forward_features`] from the map that leaves the first `blocks` blocks; of the stem where there are none.
    ///
    /// # Shapes
    ///
    /// - `map`: `[batch, channels, height, width]` of that block
    /// - output: as of [`ResNet::forward_features`]
    #[must_use]
    pub fn forward_features_after(&self, layers: &impl Layers, blocks: usize, map: Tensor<4>) -> Tensor<4> {
        let rest = self.blocks.iter().skip(blocks);
        layers.activate(&self.head.norm, rest.fold(map, |x, block| layers.block(block, x)))
    }

    /// The feature vector and the heads' outputs from a picture and its feature map.
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, 3, size, size]`, preprocessed
    /// - `map`: as [`ResNet::forward_features`] returns it
    /// - output: see [`HeadOutput`]
    #[must_use]
    pub fn forward_head(&self, input: Tensor<4>, map: Tensor<4>) -> HeadOutput {
        self.forward_head_with(&Plain, input, map)
    }

    /// [`ResNet::forward_head`], what it does at each position computed by `layers`.
    #[must_use]
    pub fn forward_head_with(&self, layers: &impl Layers, input: Tensor<4>, map: Tensor<4>) -> HeadOutput {
        self.head.forward(layers, input, map)
    }

    /// [`ResNet::forward_features`], then [`ResNet::forward_head`].
    #[must_use]
    pub fn forward(&self, input: Tensor<4>) -> HeadOutput {
        self.forward_head(input.clone(), self.forward_features(input))
    }
}

pub(super) fn conv3x3(channels_in: usize, channels_out: usize, stride: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new([channels_in, channels_out], [3, 3])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .with_bias(false)
        .with_initializer(Initializer::KaimingNormal { gain: std::f64::consts::SQRT_2, fan_out_only: true })
        .init(device)
}

pub(super) fn norm(channels: usize, epsilon: f64, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels).with_epsilon(epsilon).init(device)
}
