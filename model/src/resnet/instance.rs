//! From feature map and picture to what tells garments of one kind apart.

use burn::{
    module::Module,
    nn::{
        BatchNorm, Linear, LinearConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
    },
    tensor::{
        Device, Tensor,
        activation::{relu, softmax},
    },
};

use super::layers::average;
use super::network::norm;
use super::{InstanceConfig, Layers, ResNetConfig};

/// A second feature, for which two pictures of one garment are alike and those of two garments are not, be they of one kind.
///
/// A trunk that has learnt kinds has learnt to overlook the light, and with it the colour. So this head reads the picture once
/// more: two 1x1 convolutions make a soft histogram of its colours at each position of the feature map. Beside it stand the map's own
/// channels, narrowed. A few attentions, each a softmax over positions of what a 1x1 convolution sees in the map, pool both (the
/// attention pooling of Lee et al., "Set Transformer", 2019, with learnt queries and no projection of keys); together with
/// the pooled map they go through one hidden layer.
#[derive(Module, Debug)]
pub struct InstanceHead {
    pub(crate) tones: Conv2d,
    pub(crate) colours: Conv2d,
    pub(crate) shapes: Conv2d,
    pub(crate) attention: Conv2d,
    pub(crate) norm: BatchNorm,
    pub(crate) hidden: Linear,
    pub(crate) feature: Linear,
}

impl InstanceHead {
    pub(super) fn new(config: &ResNetConfig, instance: &InstanceConfig, device: &Device) -> Self {
        let pointwise = |inputs: usize, outputs: usize| {
            Conv2dConfig::new([inputs, outputs], [1, 1]).with_padding(PaddingConfig2d::Valid).init(device)
        };
        let channels = config.map_channels();
        let inputs = instance.inputs(channels);
        Self {
            tones: pointwise(3, InstanceConfig::TONES),
            colours: pointwise(InstanceConfig::TONES, instance.colours),
            shapes: pointwise(channels, instance.shapes),
            attention: pointwise(channels, instance.attention),
            norm: norm(inputs, config.epsilon, device),
            hidden: LinearConfig::new(inputs, instance.hidden).init(device),
            feature: LinearConfig::new(instance.hidden, instance.length).init(device),
        }
    }

    /// # Shapes
    ///
    /// - `input`: `[batch, 3, size, size]`, preprocessed
    /// - `map`: `[batch, channels, height, width]`, activated
    /// - `pooled`: `[batch, channels]`
    /// - output: `[batch, length]`, not normalised
    pub(super) fn forward(
        &self,
        layers: &impl Layers,
        input: Tensor<4>,
        map: Tensor<4>,
        pooled: Tensor<2>,
    ) -> Tensor<2> {
        let halve = InstanceConfig::REDUCTION;
        let [_, _, size, _] = map.dims();
        let small = average(input, halve);
        let cell = small.dims()[2] / size;
        let colours = layers.colours([&self.tones, &self.colours], small, cell);
        let seen = Tensor::cat(vec![layers.pointwise(&self.shapes, map.clone()), colours], 1);
        let seen: Tensor<3> = seen.flatten(2, 3);
        let weights: Tensor<3> = layers.pointwise(&self.attention, map).flatten(2, 3);
        let attended: Tensor<2> = softmax(weights, 2).matmul(seen.transpose()).flatten(1, 2);
        let all = self.norm.forward(Tensor::cat(vec![pooled, attended], 1));
        self.feature.forward(relu(self.hidden.forward(all)))
    }
}
