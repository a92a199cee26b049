//! What `model` finds wrong, in words that the page can translate.
//!
//! What a person can do something about has words of its own in every language. What only whoever runs the page can mend keeps
//! `model`'s sentence as the reason: it names the file and what is wrong in it.

use model::Error as E;
use twill_app::protocol::{Fault, FaultKind, Message};

/// What to say of an error.
pub(super) fn of(error: &E) -> Fault {
    let (kind, message) = match error {
        E::InvalidModelCard { .. } | E::InvalidWeights { .. } => {
            (FaultKind::Model, because("model_unusable", error))
        }
        E::InvalidCatalogue { .. }
        | E::InvalidFeatureFile { .. }
        | E::ModelMismatch
        | E::DimensionMismatch { .. }
        | E::NoSuchItem { .. } => (FaultKind::Catalogue, because("catalogue_unusable", error)),
        _ => (FaultKind::Photo, of_photo(error)),
    };
    Fault::new(kind, message)
}

fn of_photo(error: &E) -> Message {
    match error {
        E::EmptyPhoto => Message::new("photo_empty"),
        E::PhotoTooLarge { bytes, max_bytes } => Message::new("photo_too_large")
            .with_number("size", *bytes as f64 / 1e6)
            .with_number("most", *max_bytes as f64 / 1e6),
        E::TooManyPixels { width, height } => Message::new("photo_too_many_pixels")
            .with_number("width", f64::from(*width))
            .with_number("height", f64::from(*height)),
        E::NotAPicture => Message::new("photo_unknown"),
        E::TruncatedPhoto { format } => Message::new("photo_cut_off").with("format", format),
        E::DamagedPhoto { format } => Message::new("photo_damaged").with("format", format),
        E::NoPixels => Message::new("photo_no_pixels"),
        _ => because("photo_other", error),
    }
}

fn because(key: &str, error: &E) -> Message {
    Message::new(key).with("reason", &error.to_string())
}
