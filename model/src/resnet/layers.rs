//! How the trunk's parts are computed: one seam between the network's structure and a device's own kernels.

use burn::{
    nn::{BatchNorm, conv::Conv2d},
    tensor::{Tensor, activation::relu},
};

use super::Block;

/// Computes the parts of the trunk, where the network's time goes.
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
