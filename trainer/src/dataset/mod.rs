//! Labelled pictures on disk: what a row of a data set says, whatever file it was read from.
//!
//! [`format`] knows the public data sets' layouts and has one file for each; [`prepare`] turns any of them into the CSV
//! files that [`csv`] reads.

mod boxes;
mod categories;
mod consumer2shop;
pub mod csv;
mod deepfashion;
mod deepfashion2;
mod deepfashion_fine;
pub mod download;
pub mod drawn;
mod entry;
mod folders;
pub mod format;
mod gather;
mod inshop;
pub mod labels;
mod limit;
mod look;
pub mod prepare;
mod root;
mod seed;
pub(crate) mod split;
mod table;
#[cfg(test)]
mod testing;
mod title;
mod write;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use model::crop::CropBox;

pub(crate) use root::stays as stays_below;

/// One labelled picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Where the picture lies.
    pub path: PathBuf,
    /// The category exactly as the file writes it; [`labels`] maps it to the network's labels.
    pub category: String,
    /// The garment's box as fractions of the upright picture, where the row has one.
    pub bbox: Option<CropBox>,
    /// The line of the file that this row starts on, counted from 1; 0 where a folder names the category.
    pub line: usize,
    /// Every other column by its name, empty fields left out.
    pub extra: BTreeMap<String, String>,
}

impl Sample {
    /// What tells the item that the picture shows from others, by its column `item_id`, where that is known.
    ///
    /// `DeepFashion2` gives the same `item_id` to all garments that are worn together and numbers them by `style`; a style
    /// of 0 says that there is no other picture of the garment.
    #[must_use]
    pub fn item(&self) -> Option<String> {
        let id = self.extra.get("item_id")?;
        match self.extra.get("style").map(|style| style.parse::<u32>()) {
            Some(Ok(0)) => None,
            Some(Ok(style)) => Some(format!("{id} {style}")),
            None | Some(Err(_)) => Some(id.clone()),
        }
    }
}

/// What is kept around the box of a garment that is cut out of a picture of [`several`], as a share of its sides.
pub(crate) const SEVERAL_MARGIN: f32 = 0.2;

/// The pictures that show several of the samples' garments, each with a box of its own, as those of `DeepFashion2` do. Whole, such a
/// picture would be one of each kind at once; so each garment is looked at by itself.
pub(crate) fn several(samples: &[Sample]) -> HashSet<PathBuf> {
    let mut boxes: HashMap<&Path, CropBox> = HashMap::new();
    let mut several = HashSet::new();
    for sample in samples {
        let Some(bbox) = sample.bbox else { continue };
        if *boxes.entry(&sample.path).or_insert(bbox) != bbox {
            several.insert(sample.path.clone());
        }
    }
    several
}

/// Labelled pictures in the order of their file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dataset {
    /// The pictures, one a row.
    pub samples: Vec<Sample>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_two_boxes_shows_several_garments() {
        let sample = |path: &str, x1: Option<f32>| Sample {
            path: path.into(),
            category: "hat".to_owned(),
            bbox: x1.map(|x1| CropBox::new(x1, 0.0, 1.0, 1.0).unwrap()),
            line: 2,
            extra: BTreeMap::new(),
        };
        let samples = [
            ("two", Some(0.1)),
            ("same", Some(0.1)),
            ("one", None),
            ("two", Some(0.2)),
            ("same", Some(0.1)),
            ("one", None),
        ];
        let found = several(&samples.map(|(path, x1)| sample(path, x1)));
        assert_eq!(found, HashSet::from(["two".into()]));
    }

    #[test]
    fn items_are_told_apart() {
        let item = |extra: &[(&str, &str)]| {
            let extra = extra.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
            Sample { path: "a.jpg".into(), category: "hat".to_owned(), bbox: None, line: 2, extra }.item()
        };
        assert_eq!(item(&[("item_id", "id_7")]), Some("id_7".to_owned()));
        assert_eq!(item(&[("item_id", "id_7"), ("style", "casual")]), Some("id_7".to_owned()));
        assert_ne!(item(&[("item_id", "17"), ("style", "1")]), item(&[("item_id", "17"), ("style", "2")]));
        assert_eq!(item(&[("item_id", "17"), ("style", "0")]), None);
        assert_eq!(item(&[("item", "item1")]), None);
    }
}
