//! Twill's core: bytes in, values out.
//!
//! A photo is decoded ([`image`]), cropped ([`crop`]) and resampled to the network's input ([`preprocess`]); the
//! network ([`resnet`], computed by a [`network`]) with its stored weights ([`weights`]) turns it into a unit vector ([`embedder`]); the vector is
//! compared with those of a catalogue ([`feature_file`], [`search`], [`catalogue`] and its [`items`]), and [`recommender`] ties these
//! together. [`wardrobe`] is what a person adds, [`attribution`] says where two pictures are alike. The trainer and the page run the same code, so both see the same pixels and the same numbers.
//!
//! There is no file system, network, clock, thread or browser in here, and nothing that panics on what comes from
//! outside: every such failure is an [`Error`].

pub mod attribution;
pub mod catalogue;
pub mod colour;
pub mod crop;
pub mod embedder;
mod error;
pub mod feature_file;
mod four;
pub mod frozen;
pub mod hash;
pub mod image;
pub mod items;
pub mod look;
pub mod network;
pub mod preprocess;
pub mod recommender;
pub mod resnet;
pub mod search;
pub mod wardrobe;
pub mod weights;

pub use error::{Error, Result};
