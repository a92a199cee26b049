//! From the feature map to the feature, the category and the box.

use burn::{
    module::Module,
    nn::{
        BatchNorm, Linear, LinearConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
    },
    tensor::{Device, Tensor, activation::relu},
};

use super::network::norm;
use super::{BoxHead, InstanceHead, LabelHeads, Layers, Pool, ResNetConfig};

/// What the network says of a batch of pictures.
#[derive(Debug, Clone)]
pub struct HeadOutput {
    /// `[batch, feature_length]`, not normalised.
    pub feature: Tensor<2>,
    /// `[batch, categories]`, logits.
    pub category: Tensor<2>,
    /// `[batch, attribute_logits]`, logits of each attribute's values, one attribute after the other; none without attributes.
    pub attributes: Option<Tensor<2>>,
    /// `[batch, 4]`: x1, y1, x2, y2 as fractions of the input square, unbounded.
    pub boxes: Tensor<2>,
    /// `[batch, instance_length]`, not normalised; only with an instance head.
    pub instance: Option<Tensor<2>>,
}

/// Final activation, pooling, optional projection, category head, attribute head, box head and instance head.
#[derive(Module, Debug)]
pub struct Head {
    pub(crate) norm: BatchNorm,
    pub(crate) embedding: Option<Linear>,
    pub(crate) category: Linear,
    /// Only with attributes.
    pub(crate) attributes: Option<Linear>,
    /// Only with [`BoxHead::Map`].
    pub(crate) box_map: Option<Conv2d>,
    pub(crate) boxes: Linear,
    /// Only where the configuration has one.
    pub(crate) instance: Option<InstanceHead>,
    generalised_mean: bool,
    from_pooled: bool,
}

impl Head {
    pub(super) fn new(config: &ResNetConfig, device: &Device) -> Self {
        let (channels, feature) = (config.map_channels(), config.feature_length());
        let attributes = Some(config.attribute_logits()).filter(|logits| *logits > 0);
        let (box_map, box_inputs) = match config.box_head {
            BoxHead::Feature => (None, feature),
            BoxHead::Map => {
                let narrow = ResNetConfig::BOX_CHANNELS;
                let conv = Conv2dConfig::new([channels, narrow], [1, 1]).with_padding(PaddingConfig2d::Valid);
                (Some(conv.init(device)), narrow * config.map_size() * config.map_size())
            }
        };
        Self {
            norm: norm(channels, config.epsilon, device),
            embedding: config.embedding.map(|length| LinearConfig::new(channels, length).init(device)),
            category: LinearConfig::new(config.label_inputs(), config.categories).init(device),
            attributes: attributes
                .map(|logits| LinearConfig::new(config.label_inputs(), logits).init(device)),
            box_map,
            boxes: LinearConfig::new(box_inputs, 4).init(device),
            instance: config.instance.as_ref().map(|instance| InstanceHead::new(config, instance, device)),
            generalised_mean: config.pool == Pool::Gem,
            from_pooled: config.label_heads == LabelHeads::Pooled,
        }
    }

    /// # Shapes
    ///
    /// - `input`: `[batch, 3, size, size]`, preprocessed
    /// - `map`: `[batch, channels, height, width]`, activated
    /// - output: see [`HeadOutput`]
    pub(super) fn forward(&self, layers: &impl Layers, input: Tensor<4>, map: Tensor<4>) -> HeadOutput {
        let pooled = self.pool(map.clone());
        let instance =
            self.instance.as_ref().map(|head| head.forward(layers, input, map.clone(), pooled.clone()));
        let feature = match &self.embedding {
            Some(embedding) => embedding.forward(pooled.clone()),
            None => pooled.clone(),
        };
        let box_input = match &self.box_map {
            Some(conv) => relu(layers.pointwise(conv, map)).flatten(1, 3),
            None => feature.clone(),
        };
        let told = if self.from_pooled { pooled } else { feature.clone() };
        HeadOutput {
            category: self.category.forward(told.clone()),
            attributes: self.attributes.as_ref().map(|head| head.forward(told)),
            boxes: self.boxes.forward(box_input),
            instance,
            feature,
        }
    }

    fn pool(&self, map: Tensor<4>) -> Tensor<2> {
        let map: Tensor<3> = map.flatten(2, 3);
        if self.generalised_mean {
            let cubes = map.clone() * map.clone() * map;
            let mean: Tensor<2> = cubes.mean_dim(2).squeeze_dim(2);
            // The offset keeps the root's slope finite where a channel is silent everywhere.
            (mean + 1e-6).powf_scalar(1.0 / 3.0)
        } else {
            map.mean_dim(2).squeeze_dim(2)
        }
    }
}
