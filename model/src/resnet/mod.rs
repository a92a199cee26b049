//! The network: a small pre-activation residual network.
//!
//! After He et al., "Identity Mappings in Deep Residual Networks" (2016): batch norm and ReLU come before each
//! convolution, so that the shortcut carries the signal through unchanged. [`ResNetConfig`]'s default is the seed's network;
//! its fields span the family around it.
//!
//! What the network is made of ([`ResNetConfig`], [`layout`]) is known everywhere; the network in Burn, which training
//! differentiates and graphics cards compute, only with the feature `burn`.

#[cfg(feature = "burn")]
mod block;
mod config;
#[cfg(feature = "burn")]
mod device;
#[cfg(feature = "burn")]
mod head;
#[cfg(feature = "burn")]
mod instance;
#[cfg(feature = "burn")]
mod layers;
mod layout;
#[cfg(feature = "burn")]
mod network;
#[cfg(feature = "burn")]
mod state;

pub use config::{BoxHead, InstanceConfig, LabelHeads, Pool, ResNetConfig};
pub use layout::layout;
#[cfg(feature = "burn")]
pub use {
    block::Block,
    device::{OnDevice, forward_flat},
    head::{Head, HeadOutput},
    instance::InstanceHead,
    layers::{Layers, Plain},
    network::ResNet,
    state::{Slot, walk},
};

#[cfg(all(test, feature = "burn"))]
mod tests;
