//! `DeepFashion2`: a JSON file for each picture, `annos/NNNNNN.json` beside `image/NNNNNN.jpg`, in the folders `train`
//! and `validation`.
//!
//! A file says where the picture is from (`source`: shop or user) and which pictures show the same garments
//! (`pair_id`), and has an object `item1`, `item2` and so on for each garment, with its category, box in pixels and
//! `style`. Each garment becomes a row of its own; pictures of one pair stay together when a data set is split.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use super::entry::{Entry, Part, PixelBox, Reading};
use super::{Sample, boxes};
use crate::files;

/// Bytes that an annotation may have; outlines of garments make some of them long.
const MAX_BYTES: u64 = 16 << 20;
/// Categories are numbered from 1 to this.
const CATEGORIES: u32 = 13;

#[derive(Deserialize)]
struct Annotation {
    source: String,
    pair_id: i64,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Item {
    category_id: u32,
    category_name: String,
    bounding_box: Vec<f64>,
    style: i64,
}

/// Folders of annotations in `folder` with the parts that they are; none for a folder that is not divided.
pub(super) fn annotations(folder: &Path) -> Vec<(Option<Part>, PathBuf)> {
    let parts = [Some((Part::Train, "train")), Some((Part::Validation, "validation")), None];
    parts
        .into_iter()
        .map(|part| match part {
            Some((part, name)) => (Some(part), folder.join(name).join("annos")),
            None => (None, folder.join("annos")),
        })
        .filter(|(_, path)| path.is_dir())
        .collect()
}

/// Reads the data set. Fails, naming the file, where an annotation cannot be understood.
pub(super) fn read(folder: &Path) -> Result<Reading> {
    let mut reading = Reading::default();
    for (part, annos) in annotations(folder) {
        let cannot = || format!("{} cannot be listed", annos.display());
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(&annos).with_context(cannot)? {
            let path = entry.with_context(cannot)?.path();
            if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
                paths.push(path);
            }
        }
        paths.sort();
        let entries: Vec<Vec<Entry>> = paths.par_iter().map(|path| read_one(path)).collect::<Result<_>>()?;
        let without = entries.iter().filter(|items| items.is_empty()).count();
        if without > 0 {
            reading.notes.push(format!("{without} annotations in {} have no item.", annos.display()));
        }
        reading.is_divided |= part.is_some();
        reading.parts.entry(part.unwrap_or(Part::Train)).or_default().extend(entries.into_iter().flatten());
    }
    Ok(reading)
}

fn read_one(path: &Path) -> Result<Vec<Entry>> {
    let bytes = std::fs::metadata(path).with_context(|| format!("{} cannot be read", path.display()))?.len();
    ensure!(bytes <= MAX_BYTES, "{} has {bytes} bytes; at most {MAX_BYTES} are accepted", path.display());
    let annotation: Annotation = files::read_json(path)?;
    let file: Arc<Path> = path.into();
    let picture = picture(path)?;
    let mut entries = Vec::new();
    for (name, value) in annotation.rest {
        if name.strip_prefix("item").is_none_or(|number| number.parse::<u32>().is_err()) {
            continue;
        }
        let item = || -> Result<Entry> {
            let item = Item::deserialize(value)?;
            ensure!(
                (1..=CATEGORIES).contains(&item.category_id),
                "category_id is {}; it must be from 1 to {CATEGORIES}",
                item.category_id
            );
            ensure!(!item.category_name.trim().is_empty(), "category_name is empty");
            let corners = corners(&item.bounding_box)?;
            let extra = BTreeMap::from([
                ("item_id".to_owned(), annotation.pair_id.to_string()),
                ("item".to_owned(), name.clone()),
                ("style".to_owned(), item.style.to_string()),
                ("source".to_owned(), annotation.source.clone()),
            ]);
            let sample = Sample {
                path: picture.clone(),
                category: item.category_name.trim().to_owned(),
                bbox: None,
                line: 1,
                extra,
            };
            let mut entry = Entry::new(sample, Arc::clone(&file));
            entry.pixels = Some(PixelBox { corners, file: Arc::clone(&file), line: 1 });
            Ok(entry)
        };
        entries.push(item().with_context(|| format!("{}: {name} cannot be used", path.display()))?);
    }
    Ok(entries)
}

/// The picture of an annotation: the same number in the folder `image` beside `annos`.
fn picture(annotation: &Path) -> Result<PathBuf> {
    let stem = annotation.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    ensure!(
        !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_digit()),
        "{} is not named by a number, as a picture is",
        annotation.display()
    );
    let folder = annotation.parent().and_then(Path::parent).unwrap_or(Path::new(""));
    Ok(folder.join("image").join(format!("{stem}.jpg")))
}

fn corners(numbers: &[f64]) -> Result<[f32; 4]> {
    ensure!(numbers.len() == 4, "bounding_box has {} numbers instead of 4", numbers.len());
    let mut corners = [0.0; 4];
    for (corner, number) in corners.iter_mut().zip(numbers) {
        *corner = boxes::coordinate(&number.to_string(), "bounding_box")?;
    }
    Ok(corners)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::Tree;

    fn item(category: u32, name: &str, bbox: &str) -> String {
        format!(
            "{{\"category_id\":{category},\"category_name\":\"{name}\",\"bounding_box\":{bbox},\"style\":1,\
             \"scale\":3,\"segmentation\":[[1,2,3]]}}"
        )
    }

    fn annotation(items: &[(&str, String)]) -> String {
        let items: Vec<String> = items.iter().map(|(name, item)| format!(",\"{name}\":{item}")).collect();
        format!("{{\"source\":\"user\",\"pair_id\":17{}}}", items.concat())
    }

    #[test]
    fn each_item_is_a_row() {
        let tree = Tree::new();
        let two = [
            ("item1", item(1, "short sleeve top", "[1, 2, 30, 40]")),
            ("item2", item(8, "trousers", "[5, 6, 7, 8]")),
        ];
        tree.write("train/annos/000002.json", &annotation(&two));
        tree.write("train/annos/000001.json", &annotation(&two[..1]));
        tree.write("validation/annos/000001.json", &annotation(&[]));
        let reading = read(tree.path()).unwrap();
        let rows: Vec<_> = reading.parts[&Part::Train]
            .iter()
            .map(|entry| (entry.sample.path.file_name().unwrap(), entry.sample.category.as_str()))
            .collect();
        let expected = [
            ("000001.jpg", "short sleeve top"),
            ("000002.jpg", "short sleeve top"),
            ("000002.jpg", "trousers"),
        ];
        assert_eq!(rows, expected.map(|(file, category)| (std::ffi::OsStr::new(file), category)));
        let last = &reading.parts[&Part::Train][2];
        assert_eq!(last.sample.path, tree.path().join("train/image/000002.jpg"));
        let extra = |key: &str| last.sample.extra[key].as_str();
        assert_eq!((extra("item_id"), extra("item"), extra("source")), ("17", "item2", "user"));
        assert_eq!(last.pixels.as_ref().unwrap().corners.map(|corner| corner as u32), [5, 6, 7, 8]);
        assert!(reading.is_divided);
        assert!(reading.notes[0].starts_with("1 annotations in"), "{:?}", reading.notes);
    }

    #[test]
    fn faults_name_the_file_and_the_item() {
        let hat = |category, bbox| annotation(&[("item1", item(category, "hat", bbox))]);
        for (name, text, parts) in [
            ("000001.json", hat(14, "[1,2,3,4]"), ["item1", "from 1 to 13"]),
            ("000001.json", hat(1, "[1,2,3]"), ["item1", "3 numbers"]),
            ("000001.json", hat(1, "[1,2,3,1e300]"), ["item1", "bounding_box"]),
            ("000001.json", annotation(&[("item1", "{}".to_owned())]), ["item1", "category_id"]),
            ("000001.json", "{\"source\":\"shop\"}".to_owned(), ["pair_id", "line 1"]),
            ("000001.json", "[".to_owned(), ["000001.json", "line 1"]),
            ("..json", annotation(&[]), ["..json", "not named by a number"]),
        ] {
            let tree = Tree::new();
            tree.write(&format!("annos/{name}"), &text);
            let message = format!("{:#}", read(tree.path()).unwrap_err());
            assert!(message.contains(name) && parts.iter().all(|part| message.contains(part)), "{message}");
        }
    }
}
