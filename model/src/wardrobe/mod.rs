//! A person's own photos: what is kept of each, how they are searched beside a catalogue, and the file that carries them to
//! another device.
//!
//! Of a photo stay a [`Garment`] (what is known of it), its vector and a small [`thumbnail`]; the photo itself is not kept. A
//! [`Shelf`] holds all of them in memory; where they are stored is somebody else's business. Whatever comes back from a store or
//! a [`file`] is checked as if a stranger had written it.

pub mod file;
mod garment;
mod shelf;
mod thumbnail;

pub use garment::{Garment, made_by, plain_name};
pub use shelf::{Kept, Place, Shelf, merge};
pub use thumbnail::{Thumbnail, check_thumbnail, thumbnail};

use half::f16;

use crate::Error;

/// Most photos that a wardrobe holds.
pub const MAX_GARMENTS: usize = 5000;

/// A vector as it is kept: rounded to half precision, little endian, as in a feature file.
#[must_use]
pub fn to_halves(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect()
}

/// The vector that [`to_halves`] has kept; a byte too many is left out.
#[must_use]
pub fn from_halves(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(2).map(|two| f16::from_le_bytes([two[0], two[1]]).to_f32()).collect()
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::InvalidWardrobe { reason: reason.into() }
}
