//! How the trunk's parts are computed: one seam between the network's structure and a device's own kernels.

use burn::{
    nn::{BatchNorm, conv::Conv2d},
    tensor::{Tensor, activation::relu, module::avg_pool2d, ops::AvgPoolOptions},
};

use super::Block;

/// Computes the parts of the trunk and those of the heads that look at each position, where the network's time goes.
///
/// [`Plain`] is Burn's own way, and what inference uses. Training may bring another that is faster on its device, as long as
/// it computes the same functions.
pub trait Layers {
    /// `relu(norm(convolution(input)))`.
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, 3, size, size]`
    /// - output: `[batch, channels, size / stride, size / stride]`
    fn stem(&self, convolution: &Conv2d, norm: &BatchNorm, input: Tensor<4>) -> Tensor<4>;

    /// [`Block::forward`].
    fn block(&self, block: &Block, input: Tensor<4>) -> Tensor<4>;

    /// `relu(norm(map))`, same shape, in the type of number that the heads compute with.
    fn activate(&self, norm: &BatchNorm, map: Tensor<4>) -> Tensor<4>;

    /// A 1x1 convolution of a feature map.
    ///
    /// # Shapes
    ///
    /// - `map`: `[batch, channels, height, width]`
    /// - output: `[batch, outputs, height, width]`
    fn pointwise(&self, convolution: &Conv2d, map: Tensor<4>) -> Tensor<4> {
        convolution.forward(map)
    }

    /// Two rectified 1x1 convolutions of a picture, the mean of each square of `cell` pixels.
    ///
    /// # Shapes
    ///
    /// - `picture`: `[batch, 3, size, size]`
    /// - output: `[batch, channels, size / cell, size / cell]`
    fn colours(&self, [first, second]: [&Conv2d; 2], picture: Tensor<4>, cell: usize) -> Tensor<4> {
        average(relu(second.forward(relu(first.forward(picture)))), cell)
    }
}

/// The mean of each square of this side.
pub(super) fn average(input: Tensor<4>, side: usize) -> Tensor<4> {
    if side == 1 { input } else { avg_pool2d(input, AvgPoolOptions::new([side; 2])) }
}

/// Burn's own layers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plain;

impl Layers for Plain {
    fn stem(&self, convolution: &Conv2d, norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
        relu(norm.forward(convolution.forward(input)))
    }

    fn block(&self, block: &Block, input: Tensor<4>) -> Tensor<4> {
        block.forward(input)
    }

    fn activate(&self, norm: &BatchNorm, map: Tensor<4>) -> Tensor<4> {
        relu(norm.forward(map))
    }
}
