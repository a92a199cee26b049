//! The shape of the network, checked before anything is allocated for it.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How the feature map becomes a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pool {
    /// Global average.
    Average,
    /// Generalised mean with exponent 3 (Radenović et al. 2019), between average and maximum.
    Gem,
}

/// What the box head looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BoxHead {
    /// The feature vector, as in the seed: the vector has to carry the garment's place, too.
    Feature,
    /// The feature map, through a 1x1 convolution to [`ResNetConfig::BOX_CHANNELS`] channels: the vector is free of it.
    Map,
}

/// What the category and attribute heads look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LabelHeads {
    /// The feature vector, as in the seed: the vector has to carry all that they tell.
    #[default]
    Feature,
    /// The pooled map before the projection: the vector may be short.
    Pooled,
}

impl LabelHeads {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What the second feature is made of, which tells garments of one kind apart; see [`InstanceHead`](super::InstanceHead).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceConfig {
    /// Length of the feature.
    pub length: usize,
    /// Units of the layer before it.
    pub hidden: usize,
    /// Ways of weighing the positions of the feature map.
    pub attention: usize,
    /// Channels that the feature map is narrowed to.
    pub shapes: usize,
    /// Channels that the picture's own colours become.
    pub colours: usize,
}

impl InstanceConfig {
    /// Channels between a picture's three and its [`InstanceConfig::colours`].
    pub const TONES: usize = 16;
    /// The picture is read at a width and height this many times less than the network's input.
    pub const REDUCTION: usize = 2;

    /// Values that are known of all positions together, at most.
    const MOST_VALUES: usize = 1 << 22;

    /// What is known of a position: its shapes and its colours.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.shapes + self.colours
    }

    /// Values that the hidden layer sees, of a feature map with this many channels.
    #[must_use]
    pub fn inputs(&self, map_channels: usize) -> usize {
        map_channels + self.attention * self.channels()
    }

    /// Memory counts: what is known of every position is there at once.
    fn is_in_bounds(&self, map_size: usize) -> bool {
        let Self { length, hidden, attention, shapes, colours } = self;
        [length, hidden, shapes, colours].into_iter().all(|part| (1..=256).contains(part))
            && (1..=16).contains(attention)
            && map_size * map_size * (self.channels() + attention) <= Self::MOST_VALUES
    }

    fn multiply_adds(&self, config: &ResNetConfig) -> usize {
        let pixels = (config.input_size / Self::REDUCTION).pow(2);
        let positions = config.map_size().pow(2);
        let tones = pixels * Self::TONES * (3 + self.colours);
        let narrowed = positions * config.map_channels() * (self.shapes + self.attention);
        let pooled = positions * self.attention * self.channels();
        tones + narrowed + pooled + self.hidden * (self.inputs(config.map_channels()) + self.length)
    }
}

/// Shape of a [`ResNet`](super::ResNet). The default is the seed's network, with n = 2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResNetConfig {
    /// Width and height of the input, pixels.
    pub input_size: usize,
    /// Stride of the first convolution.
    pub stem_stride: usize,
    /// Channels of each stage; every stage after the first halves width and height.
    pub widths: Vec<usize>,
    /// Residual blocks a stage (the n of the seed).
    pub blocks: usize,
    /// Added to the variance in batch norm.
    pub epsilon: f64,
    /// How the feature map becomes a vector.
    pub pool: Pool,
    /// Length of a linear projection of the pooled vector; without one the pooled vector is the feature.
    pub embedding: Option<usize>,
    /// What the box head looks at.
    pub box_head: BoxHead,
    /// What the category and attribute heads look at.
    #[serde(default, skip_serializing_if = "LabelHeads::is_default")]
    pub label_heads: LabelHeads,
    /// Categories of the category head.
    pub categories: usize,
    /// Values that each attribute (pattern, sleeve ...) can have; without any there is no attribute head.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<usize>,
    /// A second feature that tells garments of one kind apart, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<InstanceConfig>,
}

impl Default for ResNetConfig {
    fn default() -> Self {
        Self {
            input_size: 64,
            stem_stride: 1,
            widths: vec![16, 32, 64],
            blocks: 2,
            epsilon: 0.001,
            pool: Pool::Average,
            embedding: None,
            box_head: BoxHead::Feature,
            label_heads: LabelHeads::Feature,
            categories: 6,
            attributes: Vec::new(),
            instance: None,
        }
    }
}

impl ResNetConfig {
    /// Channels between the feature map and a [`BoxHead::Map`].
    pub const BOX_CHANNELS: usize = 8;

    /// Length of the feature vector.
    #[must_use]
    pub fn feature_length(&self) -> usize {
        self.embedding.unwrap_or_else(|| self.map_channels())
    }

    /// Values that the category and attribute heads see.
    #[must_use]
    pub fn label_inputs(&self) -> usize {
        match self.label_heads {
            LabelHeads::Feature => self.feature_length(),
            LabelHeads::Pooled => self.map_channels(),
        }
    }

    /// Length of the instance feature; 0 without one.
    #[must_use]
    pub fn instance_length(&self) -> usize {
        self.instance.as_ref().map_or(0, |instance| instance.length)
    }

    /// Logits of the attribute head: the values of all attributes, one attribute after the other.
    #[must_use]
    pub fn attribute_logits(&self) -> usize {
        self.attributes.iter().sum()
    }

    /// Channels of the feature map.
    #[must_use]
    pub fn map_channels(&self) -> usize {
        self.widths.last().copied().unwrap_or(0)
    }

    /// Width and height of the feature map.
    #[must_use]
    pub fn map_size(&self) -> usize {
        self.input_size / self.reduction()
    }

    fn reduction(&self) -> usize {
        self.stem_stride << (self.widths.len() - 1)
    }

    /// Multiply-adds of one picture's way through convolutions and heads.
    #[must_use]
    pub fn multiply_adds(&self) -> u64 {
        let mut size = self.input_size / self.stem_stride;
        let mut channels = self.widths[0];
        let mut sum = size * size * 9 * 3 * channels;
        for (stage, &width) in self.widths.iter().enumerate() {
            for index in 0..self.blocks {
                if stage > 0 && index == 0 {
                    size /= 2;
                }
                sum += size * size * 9 * width * (channels + width);
                channels = width;
            }
        }
        sum += self.embedding.unwrap_or(0) * channels
            + self.label_inputs() * (self.categories + self.attribute_logits());
        sum += match self.box_head {
            BoxHead::Feature => 4 * self.feature_length(),
            BoxHead::Map => size * size * Self::BOX_CHANNELS * (channels + 4),
        };
        sum += self.instance.as_ref().map_or(0, |instance| instance.multiply_adds(self));
        sum as u64
    }

    /// Fails with [`Error::InvalidModelCard`] where a field is out of bounds or the sizes do not divide.
    pub fn validate(&self) -> Result<()> {
        let reason = if !(1..=6).contains(&self.widths.len()) {
            "it has no or too many stages"
        } else if !self.widths.iter().all(|width| (1..=1024).contains(width)) {
            "a stage's width is out of range"
        } else if self
            .widths
            .windows(2)
            .any(|pair| pair[1] < pair[0] || !(pair[1] - pair[0]).is_multiple_of(2))
        {
            "a stage is narrower than the one before it, or wider by an odd number of channels"
        } else if !(1..=32).contains(&self.blocks) {
            "the number of blocks is out of range"
        } else if !(1..=4).contains(&self.stem_stride) {
            "the first stride is out of range"
        } else if !(8..=512).contains(&self.input_size) || !self.input_size.is_multiple_of(self.reduction()) {
            "the input size is out of range or does not divide by the strides"
        } else if !(self.epsilon.is_finite() && self.epsilon > 0.0) {
            "the batch norm's epsilon is not positive"
        } else if self.embedding.is_some_and(|length| !(1..=4096).contains(&length)) {
            "the embedding's length is out of range"
        } else if !(1..=4096).contains(&self.categories) {
            "the number of categories is out of range"
        } else if self.attributes.len() > 64
            || !self.attributes.iter().all(|values| (1..=256).contains(values))
        {
            "the number of attributes or of their values is out of range"
        } else if self.instance.as_ref().is_some_and(|instance| !instance.is_in_bounds(self.map_size())) {
            "a part of the instance head is out of range"
        } else if self.instance.is_some() && !self.reduction().is_multiple_of(InstanceConfig::REDUCTION) {
            "its feature map is too fine for an instance head"
        } else {
            return Ok(());
        };
        Err(Error::InvalidModelCard { reason: format!("its network does not fit together, {reason}") })
    }
}
