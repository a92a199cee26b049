//! The network's stored tensors by name, in one place for reading, writing, averaging and counting them.
//!
//! Names and layouts are those of a PyTorch `state_dict` (a linear layer's matrix is `[out, in]`), so that the weights
//! file says nothing of the library that wrote it.

use burn::{
    module::{Param, RunningState},
    nn::{BatchNorm, Linear, conv::Conv2d},
    tensor::Tensor,
};

use super::ResNet;

/// A stored tensor in its place in the network.
#[derive(Debug)]
pub enum Slot<'a> {
    /// A convolution's kernel, `[out, in, height, width]`.
    Kernel(&'a mut Param<Tensor<4>>),
    /// A linear layer's matrix, `[in, out]` in the network and `[out, in]` in a file.
    Matrix(&'a mut Param<Tensor<2>>),
    /// A bias, or a batch norm's scale or shift.
    Vector(&'a mut Param<Tensor<1>>),
    /// A batch norm's running mean or variance.
    Running(&'a mut RunningState<Tensor<1>>),
}

/// Calls `visit` with the name and place of every stored tensor, in a fixed order, until it fails.
pub fn walk<E>(
    network: &mut ResNet,
    visit: &mut dyn FnMut(&str, Slot<'_>) -> Result<(), E>,
) -> Result<(), E> {
    conv("stem.conv", &mut network.stem, visit)?;
    batch_norm("stem.norm", &mut network.stem_norm, visit)?;
    for (index, block) in network.blocks.iter_mut().enumerate() {
        let path = format!("blocks.{index}");
        if let Some(norm1) = &mut block.norm1 {
            batch_norm(&format!("{path}.norm1"), norm1, visit)?;
        }
        conv(&format!("{path}.conv1"), &mut block.conv1, visit)?;
        batch_norm(&format!("{path}.norm2"), &mut block.norm2, visit)?;
        conv(&format!("{path}.conv2"), &mut block.conv2, visit)?;
    }
    batch_norm("head.norm", &mut network.head.norm, visit)?;
    if let Some(embedding) = &mut network.head.embedding {
        linear("head.embedding", embedding, visit)?;
    }
    linear("head.category", &mut network.head.category, visit)?;
    if let Some(attributes) = &mut network.head.attributes {
        linear("head.attributes", attributes, visit)?;
    }
    if let Some(box_map) = &mut network.head.box_map {
        conv("head.box_map", box_map, visit)?;
    }
    linear("head.boxes", &mut network.head.boxes, visit)?;
    let Some(head) = &mut network.head.instance else { return Ok(()) };
    conv("head.instance.tones", &mut head.tones, visit)?;
    conv("head.instance.colours", &mut head.colours, visit)?;
    conv("head.instance.shapes", &mut head.shapes, visit)?;
    conv("head.instance.attention", &mut head.attention, visit)?;
    batch_norm("head.instance.norm", &mut head.norm, visit)?;
    linear("head.instance.hidden", &mut head.hidden, visit)?;
    linear("head.instance.feature", &mut head.feature, visit)
}

fn conv<E>(
    path: &str,
    conv: &mut Conv2d,
    visit: &mut dyn FnMut(&str, Slot<'_>) -> Result<(), E>,
) -> Result<(), E> {
    visit(&format!("{path}.weight"), Slot::Kernel(&mut conv.weight))?;
    match &mut conv.bias {
        Some(bias) => visit(&format!("{path}.bias"), Slot::Vector(bias)),
        None => Ok(()),
    }
}

fn linear<E>(
    path: &str,
    linear: &mut Linear,
    visit: &mut dyn FnMut(&str, Slot<'_>) -> Result<(), E>,
) -> Result<(), E> {
    visit(&format!("{path}.weight"), Slot::Matrix(&mut linear.weight))?;
    match &mut linear.bias {
        Some(bias) => visit(&format!("{path}.bias"), Slot::Vector(bias)),
        None => Ok(()),
    }
}

fn batch_norm<E>(
    path: &str,
    norm: &mut BatchNorm,
    visit: &mut dyn FnMut(&str, Slot<'_>) -> Result<(), E>,
) -> Result<(), E> {
    visit(&format!("{path}.weight"), Slot::Vector(&mut norm.gamma))?;
    visit(&format!("{path}.bias"), Slot::Vector(&mut norm.beta))?;
    visit(&format!("{path}.running_mean"), Slot::Running(&mut norm.running_mean))?;
    visit(&format!("{path}.running_var"), Slot::Running(&mut norm.running_var))
}
