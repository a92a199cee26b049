//! Layers whose batch norms are settled: the running statistics in place of the batch's, as when photos are looked at.
//!
//! What a network knows was learnt with these statistics, and a batch of other pictures than it learnt from has others.

use burn::{
    nn::{BatchNorm, conv::Conv2d},
    tensor::{Tensor, activation::relu},
};
use model::resnet::{Block, Layers};

/// [`Layers`] in Burn's operations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settled;

/// What a settled batch norm does to a channel: the factor, then what is added.
pub(super) fn affine(norm: &BatchNorm) -> [Tensor<1>; 2] {
    let scale = norm.gamma.val() / (norm.running_var.value_sync() + norm.epsilon).sqrt();
    let shift = norm.beta.val() - norm.running_mean.value_sync() * scale.clone();
    [scale, shift]
}

fn normalise(norm: &BatchNorm, map: Tensor<4>) -> Tensor<4> {
    let [scale, shift] = affine(norm).map(|vector| {
        let channels = vector.dims()[0];
        vector.reshape([1, channels, 1, 1])
    });
    relu(map * scale + shift)
}

impl Layers for Settled {
    fn stem(&self, convolution: &Conv2d, norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
        normalise(norm, convolution.forward(input))
    }

    fn block(&self, block: &Block, input: Tensor<4>) -> Tensor<4> {
        let active =
            block.norm1.as_ref().map_or_else(|| input.clone(), |norm| normalise(norm, input.clone()));
        let inner = normalise(&block.norm2, block.conv1.forward(active));
        block.conv2.forward(inner) + block.shortcut(input)
    }

    fn activate(&self, norm: &BatchNorm, map: Tensor<4>) -> Tensor<4> {
        normalise(norm, map)
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module as _;
    use burn::tensor::{Device, Distribution, Tolerance};
    use model::resnet::ResNetConfig;

    use super::*;

    #[test]
    fn a_batch_is_seen_as_its_pictures_are_alone() {
        let device = Device::flex().autodiff();
        let config = ResNetConfig { input_size: 16, widths: vec![4, 8], ..ResNetConfig::default() };
        let network = config.init(&device).unwrap();
        let random =
            |shift: f64| Tensor::<4>::random([6, 3, 16, 16], Distribution::Normal(shift, 1.5), &device);
        // Statistics that are not those of the start.
        let _ = network.forward(random(0.5));
        let input = random(0.0);
        let found = network.forward_features_with(&Settled, input.clone());
        let expected = network.valid().forward_features(input.inner());
        found
            .inner()
            .into_data()
            .assert_approx_eq::<f32>(&expected.into_data(), Tolerance::rel_abs(1e-4, 1e-4));
    }
}
