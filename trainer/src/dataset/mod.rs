//! Labelled pictures on disk: what a row of a data set says, whatever file it was read from.

pub mod csv;
pub mod drawn;
pub mod labels;
mod title;

use std::collections::BTreeMap;
use std::path::PathBuf;

use model::crop::CropBox;

/// One labelled picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Where the picture lies.
    pub path: PathBuf,
    /// The category exactly as the file writes it; [`labels`] maps it to the network's labels.
    pub category: String,
    /// The garment's box as fractions of the upright picture, where the row has one.
    pub bbox: Option<CropBox>,
    /// The line of the file that this row starts on, counted from 1.
    pub line: usize,
    /// Every other column by its name, empty fields left out.
    pub extra: BTreeMap<String, String>,
}

/// Labelled pictures in the order of their file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dataset {
    /// The pictures, one a row.
    pub samples: Vec<Sample>,
}
