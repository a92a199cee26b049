//! Stored weights: a safetensors file (f16) and model.json, the card that says how to use it.

use std::collections::HashMap;

use half::f16;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result, hash,
    preprocess::Preprocess,
    resnet::{ResNetConfig, layout},
};

#[cfg(feature = "burn")]
mod host;
#[cfg(feature = "burn")]
pub use host::{adopt, from_host, load, to_host, to_safetensors};
mod reference;
pub use reference::{FilePart, FileReference};

/// `format` of every [`ModelCard`].
pub const CARD_FORMAT: &str = "twill-model";
/// The newest `version` that this program reads.
pub const CARD_VERSION: u32 = 1;

/// A property of a garment that the network tells, such as its pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// What it is.
    pub name: String,
    /// Names of its values, in the order of the attribute head; "none" where it does not apply.
    pub values: Vec<String>,
}

/// model.json: what the weights are and how to use them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// Always [`CARD_FORMAT`].
    pub format: String,
    /// [`CARD_VERSION`] or lower.
    pub version: u32,
    /// The safetensors file.
    pub weights: FileReference,
    /// Shape of the network.
    pub network: ResNetConfig,
    /// Constants between pixels and tensor.
    pub preprocess: Preprocess,
    /// Names of the categories, in the order of the category head.
    pub labels: Vec<String>,
    /// What the attribute head tells, in the order of the network's attributes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
    /// What share of a similarity the garment's colours have ([`crate::colour::palette`]), 0 to 0.9; the rest is that
    /// of the network's features.
    #[serde(default)]
    pub colour_share: f32,
    /// What share of a similarity the network's instance feature has, 0 to 0.9.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub instance_share: f32,
    /// Where given, the network looks at a photo twice, the second time at the box that it found with this margin around
    /// it, a fraction (0 to 1) of the box's sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_look: Option<f32>,
    /// Whether the second look is at the mirror image, which adds another view at no cost.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mirror: bool,
    /// Licence of the weights.
    #[serde(default)]
    pub licence: String,
    /// How the weights came about; for people, not read by programs.
    #[serde(default)]
    pub training: serde_json::Value,
    /// Measured figures; for people, not read by programs.
    #[serde(default)]
    pub metrics: serde_json::Value,
}

impl ModelCard {
    /// Reads and checks model.json.
    ///
    /// Fails with [`Error::InvalidModelCard`].
    pub fn from_json(json: &[u8]) -> Result<Self> {
        let invalid = |reason: String| Error::InvalidModelCard { reason };
        let card: Self = serde_json::from_slice(json).map_err(|error| invalid(error.to_string()))?;
        if card.format != CARD_FORMAT {
            return Err(invalid("it is not a Twill model".to_owned()));
        }
        if card.version > CARD_VERSION {
            return Err(invalid(format!("its version {} is newer than this program", card.version)));
        }
        card.network.validate()?;
        card.preprocess.validate()?;
        if card.labels.len() != card.network.categories {
            return Err(invalid("the number of labels differs from the network's categories".to_owned()));
        }
        if card.attributes.iter().map(|attribute| attribute.values.len()).ne(card
            .network
            .attributes
            .iter()
            .copied())
        {
            return Err(invalid("its attributes differ from the network's".to_owned()));
        }
        if card.preprocess.size != card.network.input_size {
            return Err(invalid("the preprocessing gives another size than the network takes".to_owned()));
        }
        if !are_shares(card.colour_share, card.instance_share) {
            return Err(invalid("the shares of colour and instance are not between 0 and 0.9".to_owned()));
        }
        if card.instance_share > 0.0 && card.network.instance.is_none() {
            return Err(invalid("the instance feature has a share, but the network has none".to_owned()));
        }
        if !card.second_look.is_none_or(|margin| (0.0..=1.0).contains(&margin)) {
            return Err(invalid("the margin of the second look is not between 0 and 1".to_owned()));
        }
        if card.mirror && card.second_look.is_none() {
            return Err(invalid("a second look is to be mirrored, but there is none".to_owned()));
        }
        if !card.weights.is_sound() || !card.weights.parts.is_empty() {
            return Err(invalid("the name of the weights file is not a plain file name".to_owned()));
        }
        if hash::from_hex(&card.weights.sha256).is_none() {
            return Err(invalid("the checksum of the weights file is not a SHA-256".to_owned()));
        }
        Ok(card)
    }

    /// Identifies all that a vector depends on beside the weights: the preprocessing, and the shares of colour and of the instance
    /// feature and the second look where there are any.
    #[must_use]
    pub fn preprocess_id(&self) -> [u8; 16] {
        let mut id = self.preprocess.id();
        let mut add = |name: &str, value: f32| {
            let all = [&id[..], name.as_bytes(), &value.to_le_bytes()].concat();
            id.copy_from_slice(&hash::sha256(&all)[..16]);
        };
        if self.colour_share > 0.0 {
            add("", self.colour_share);
        }
        if self.instance_share > 0.0 {
            add("instance", self.instance_share);
        }
        if let Some(margin) = self.second_look {
            add(if self.mirror { "mirrored second look" } else { "second look" }, margin);
        }
        id
    }

    /// SHA-256 of the weights file, which identifies the model.
    #[must_use]
    pub fn weights_sha256(&self) -> [u8; 32] {
        hash::from_hex(&self.weights.sha256).unwrap_or_default()
    }
}

/// Whether an embedding can give these shares to colour and to the instance feature: 0 or more, and together at most 0.9.
#[must_use]
pub fn are_shares(colour: f32, instance: f32) -> bool {
    // Two shares as they are written down may add up to a little more.
    colour >= 0.0 && instance >= 0.0 && colour + instance < 0.9 + 1e-6
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_nothing(share: &f32) -> bool {
    *share <= 0.0
}

/// A tensor on the host: shape as in a PyTorch `state_dict`, values row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct HostTensor {
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// Row-major values.
    pub values: Vec<f32>,
}

impl HostTensor {
    /// Fails with [`Error::InvalidWeights`] where the tensor of this name has another shape, or values that no trained network
    /// holds.
    fn check(&self, name: &str, shape: &[usize]) -> Result<()> {
        let invalid = |reason: String| Err(Error::InvalidWeights { reason });
        if self.shape != shape || self.values.len() != shape.iter().product::<usize>() {
            return invalid(format!("the tensor {name} is {:?} instead of {shape:?}", self.shape));
        }
        if !self.values.iter().all(|value| value.is_finite()) {
            return invalid(format!("the tensor {name} holds values that are not numbers"));
        }
        if name.ends_with("running_var") && self.values.iter().any(|value| *value < 0.0) {
            return invalid(format!("the tensor {name} holds a negative variance"));
        }
        Ok(())
    }
}

/// Tensors as a safetensors file in half precision.
///
/// Fails with [`Error::InvalidWeights`] where a value does not fit half precision.
pub fn write_safetensors(tensors: Vec<(String, HostTensor)>) -> Result<Vec<u8>> {
    let invalid = |reason: String| Error::InvalidWeights { reason };
    let mut encoded = Vec::new();
    for (name, tensor) in tensors {
        let mut bytes = Vec::with_capacity(tensor.values.len() * 2);
        for value in tensor.values {
            let half = f16::from_f32(value);
            if !half.is_finite() {
                return Err(invalid(format!(
                    "the tensor {name} holds {value}, too large for half precision"
                )));
            }
            bytes.extend(half.to_le_bytes());
        }
        encoded.push((name, tensor.shape, bytes));
    }
    let views = encoded
        .iter()
        .map(|(name, shape, bytes)| Ok((name.as_str(), TensorView::new(Dtype::F16, shape.clone(), bytes)?)))
        .collect::<std::result::Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(|error| invalid(error.to_string()))?;
    safetensors::serialize(views, None).map_err(|error| invalid(error.to_string()))
}

/// The tensors of a safetensors file (f16 or f32).
///
/// Fails with [`Error::InvalidWeights`]. Allocates at most twice the file's length.
pub fn read_safetensors(bytes: &[u8]) -> Result<HashMap<String, HostTensor>> {
    let invalid = |reason: String| Error::InvalidWeights { reason };
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| invalid(format!("this is no safetensors file, {error}")))?;
    file.iter()
        .map(|(name, view)| {
            let values = match view.dtype() {
                Dtype::F16 => {
                    view.data().chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()).collect()
                }
                Dtype::F32 => view
                    .data()
                    .chunks_exact(4)
                    .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                    .collect(),
                other => return Err(invalid(format!("the tensor {name} has the type {other:?}"))),
            };
            Ok((name.to_owned(), HostTensor { shape: view.shape().to_vec(), values }))
        })
        .collect()
}

/// The tensors of the weights file that `card` names.
///
/// Fails with [`Error::InvalidWeights`] where length or hash do not match the card, or as [`read_safetensors`] does.
pub fn read(card: &ModelCard, file: &[u8]) -> Result<HashMap<String, HostTensor>> {
    card.weights.check(file).map_err(|reason| Error::InvalidWeights { reason })?;
    read_safetensors(file)
}

/// Fails with [`Error::InvalidWeights`] where one of the network's tensors is missing, of another shape or not finite, or one is
/// left over.
pub fn check<S: std::hash::BuildHasher>(
    config: &ResNetConfig,
    tensors: &HashMap<String, HostTensor, S>,
) -> Result<()> {
    let layout = layout(config);
    for (name, shape) in &layout {
        tensors.get(name).ok_or_else(|| missing(name))?.check(name, shape)?;
    }
    let left = tensors.keys().filter(|name| layout.iter().all(|(known, _)| known != *name)).min();
    left.map_or(Ok(()), |name| Err(left_over(name)))
}

fn missing(name: &str) -> Error {
    Error::InvalidWeights { reason: format!("the tensor {name} is missing") }
}

fn left_over(name: &str) -> Error {
    Error::InvalidWeights { reason: format!("the tensor {name} does not belong to this network") }
}
