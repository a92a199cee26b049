//! Where the pictures of a catalogue come from: a folder, or a list that knows more about them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::dataset::csv;
use crate::pictures;

/// A picture to be indexed, and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Where the picture lies.
    pub path: PathBuf,
    /// Its category; empty where unknown.
    pub category: String,
    /// Title, price, link and whatever else is known, by name.
    pub extra: BTreeMap<String, String>,
}

/// Every picture below a folder, by path. Fails when there is none.
pub fn from_folder(folder: &Path) -> Result<Vec<Source>> {
    ensure!(folder.is_dir(), "--images takes a folder; {} is none", folder.display());
    let found = pictures::find(folder)?;
    ensure!(!found.is_empty(), "There is no picture in {}", folder.display());
    Ok(found
        .into_iter()
        .map(|path| Source { path, category: String::new(), extra: BTreeMap::new() })
        .collect())
}

/// Every row of a CSV with a column `image_path`, in its order. A path is relative to the CSV's folder, or else to
/// `images`. Fails, naming the line, when the CSV cannot be understood.
pub fn from_metadata(csv: &Path, images: &Path) -> Result<Vec<Source>> {
    let data = csv::read_items(csv)?;
    ensure!(!data.samples.is_empty(), "{} has no rows", csv.display());
    let folder = csv.parent().unwrap_or(Path::new(""));
    Ok(data
        .samples
        .into_iter()
        .map(|sample| {
            let below_images = sample.path.strip_prefix(folder).map(|path| images.join(path));
            let path = match below_images {
                Ok(other) if !sample.path.is_file() && other.is_file() => other,
                _ => sample.path,
            };
            Source { path, category: sample.category, extra: sample.extra }
        })
        .collect())
}
