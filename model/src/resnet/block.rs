//! One pre-activation residual block.

use burn::{
    module::Module,
    nn::{BatchNorm, conv::Conv2d},
    tensor::{
        Device, Tensor,
        activation::relu,
        module::avg_pool2d,
        ops::{AvgPoolOptions, PadMode},
    },
};

use super::network::{conv3x3, norm};

/// Batch norm, ReLU, 3x3 convolution, twice, beside a shortcut.
#[derive(Module, Debug)]
pub struct Block {
    /// Absent in the very first block, whose input is normalised already.
    pub norm1: Option<BatchNorm>,
    /// Reduces and widens where the block does.
    pub conv1: Conv2d,
    /// Between the convolutions.
    pub norm2: BatchNorm,
    /// Keeps width and size.
    pub conv2: Conv2d,
    /// Zero channels that the shortcut adds on either side.
    pub widening: usize,
    /// Of the first convolution and of the shortcut.
    pub stride: usize,
}

impl Block {
    pub(super) fn new(
        channels_in: usize,
        channels_out: usize,
        stride: usize,
        bare: bool,
        epsilon: f64,
        device: &Device,
    ) -> Self {
        Self {
            norm1: (!bare).then(|| norm(channels_in, epsilon, device)),
            conv1: conv3x3(channels_in, channels_out, stride, device),
            norm2: norm(channels_out, epsilon, device),
            conv2: conv3x3(channels_out, channels_out, 1, device),
            widening: (channels_out - channels_in) / 2,
            stride,
        }
    }

    /// # Shapes
    ///
    /// - `input`: `[batch, channels_in, height, width]`
    /// - output: `[batch, channels_out, height / stride, width / stride]`
    #[must_use]
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let activated = match &self.norm1 {
            Some(norm1) => relu(norm1.forward(input.clone())),
            None => input.clone(),
        };
        let x = self.conv1.forward(activated);
        let x = self.conv2.forward(relu(self.norm2.forward(x)));
        x + self.shortcut(input)
    }

    /// The input itself; where the block reduces, averaged 2x2; where it widens, with zero channels on both sides.
    #[must_use]
    pub fn shortcut(&self, input: Tensor<4>) -> Tensor<4> {
        let mut x = input;
        if self.stride > 1 {
            let window = [self.stride, self.stride];
            x = avg_pool2d(x, AvgPoolOptions::new(window));
        }
        if self.widening > 0 {
            let sides = (self.widening, self.widening);
            x = x.pad([(0, 0), sides, (0, 0), (0, 0)], PadMode::Constant(0.0));
        }
        x
    }
}
