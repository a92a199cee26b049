//! One error type for everything that can be wrong with what comes from outside.
//!
//! Each message is a sentence for the person in front of the page or the terminal: what is wrong, and where it helps,
//! what to do. Programs match on the variant.

use crate::crop::CropBox;

/// Result of this crate's fallible functions.
pub type Result<T> = std::result::Result<T, Error>;

/// What can be wrong with a photo, a file or a request.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No bytes at all.
    #[error("This file is empty.")]
    EmptyPhoto,

    /// More bytes than the limit, refused before decoding.
    #[error("This file is too large: {bytes} bytes, where at most {max_bytes} are accepted.")]
    PhotoTooLarge {
        /// Length of the file.
        bytes: u64,
        /// The limit.
        max_bytes: u64,
    },

    /// More pixels than the limit, refused before anything is allocated for them.
    #[error("This picture claims {width} x {height} pixels, more than can be opened safely.")]
    TooManyPixels {
        /// Claimed width, pixels.
        width: u32,
        /// Claimed height, pixels.
        height: u32,
    },

    /// No picture format that this program knows.
    #[error(
        "This file is not a picture that can be read. Photos in JPEG, PNG, WebP, GIF or BMP format work."
    )]
    NotAPicture,

    /// A known format, cut off before its end.
    #[error("This {format} picture is cut off: part of the file is missing.")]
    TruncatedPhoto {
        /// Name of the format.
        format: &'static str,
    },

    /// A known format with contents that break its rules.
    #[error("This {format} picture is damaged and cannot be read.")]
    DamagedPhoto {
        /// Name of the format.
        format: &'static str,
    },

    /// Pixel data of the wrong length or without any pixel.
    #[error("This picture has no pixels to look at.")]
    NoPixels,

    /// A crop that is not a box inside the picture.
    #[error("The selected part of the picture is not valid: {0}.")]
    InvalidCrop(CropBox),

    /// model.json cannot be used.
    #[error("The description of the model (model.json) cannot be used: {reason}.")]
    InvalidModelCard {
        /// What is wrong with it.
        reason: String,
    },

    /// The weights file cannot be used.
    #[error("The model's weights cannot be used: {reason}.")]
    InvalidWeights {
        /// What is wrong with them.
        reason: String,
    },

    /// catalogue.json or the item list cannot be used.
    #[error("The catalogue cannot be used: {reason}.")]
    InvalidCatalogue {
        /// What is wrong with it.
        reason: String,
    },

    /// The feature file cannot be used.
    #[error("The catalogue's feature file cannot be used: {reason}.")]
    InvalidFeatureFile {
        /// What is wrong with it.
        reason: String,
    },

    /// A saved wardrobe, or one of its garments, cannot be used.
    #[error("This wardrobe cannot be used: {reason}.")]
    InvalidWardrobe {
        /// What is wrong with it.
        reason: String,
    },

    /// The catalogue was embedded with other weights or other preprocessing than those loaded.
    #[error(
        "The catalogue was made with another model than the one loaded. It has to be indexed again with this model."
    )]
    ModelMismatch,

    /// A vector whose length differs from the catalogue's.
    #[error("A feature of {found} values cannot be compared with a catalogue of {expected} values an item.")]
    DimensionMismatch {
        /// Values in the catalogue's rows.
        expected: usize,
        /// Values in the query.
        found: usize,
    },

    /// A row that the catalogue does not have.
    #[error("There is no item number {row} in the catalogue.")]
    NoSuchItem {
        /// The row asked for.
        row: usize,
    },

    /// The network returned something that is not a number.
    #[error("The network gave no usable answer for this picture ({reason}).")]
    Inference {
        /// What happened.
        reason: String,
    },
}
