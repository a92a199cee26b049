//! What is fuzzed: each reader of ours that takes what comes from outside, and the way of a photo.
//!
//! A target turns bytes into what its reader takes (a file, a folder, a card with the right checksums, so that the reader gets
//! to what is behind them) and says in words what came of it. Its corpus is what its seeds make and what lies in
//! `tests/corpus/NAME`, where findings of the past lie, too. The readers of `model` are in [`super::readers`], those of
//! tables in [`super::tables`], the trainer's others here.

use std::fs;
use std::path::{Component, Path};

use super::readers::READERS;
use super::tables::TABLES;
use super::target::{JSON, Target, answer, none};
use super::{dataset, indexing, training::recipe};

/// Every target.
pub fn targets() -> impl Iterator<Item = &'static Target> {
    READERS.iter().chain(TABLES).chain(OF_THE_TRAINER)
}

const OF_THE_TRAINER: &[Target] = &[
    Target {
        name: "csv",
        words: &["\"", ",", "\n", "\r\n", "image_path", "category", "x1,y1,x2,y2", "../", "/etc/"],
        seeds: none,
        run: csv,
    },
    Target { name: "metadata", words: JSON, seeds: none, run: metadata },
    Target {
        name: "deepfashion",
        words: &["\n", " ", "\n@@ ", "train", "val", "test", "query", "gallery", "img/", "../"],
        seeds: none,
        run: lists,
    },
    Target {
        name: "recipe",
        words: &["=", "[", "]", "\n", "\"", "{ ", "cosine", "[optimiser.schedule.steps]"],
        seeds: presets,
        run: recipe,
    },
];

/// Puts the input into a file.
fn file(input: &[u8], folder: &Path, name: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    // Where it cannot be written, the reader says so.
    let _ = fs::write(&path, input);
    path
}

fn csv(input: &[u8], folder: &Path) -> String {
    let path = file(input, folder, "labels.csv");
    format!("{} {}", answer(dataset::csv::read(&path)), answer(dataset::csv::read_items(&path)))
}

fn metadata(input: &[u8], folder: &Path) -> String {
    // A list of items is JSON or a CSV, by its name.
    let name = if input.first().is_some_and(|byte| matches!(byte, b'[' | b'{')) {
        "items.json"
    } else {
        "items.csv"
    };
    answer(indexing::from_metadata(&file(input, folder, name), None))
}

fn recipe(input: &[u8], folder: &Path) -> String {
    answer(recipe::Recipe::find(&file(input, folder, "recipe.toml").to_string_lossy()))
}

fn presets(_: &Target) -> Vec<Vec<u8>> {
    recipe::PRESETS.iter().map(|(_, text)| text.as_bytes().to_vec()).collect()
}

/// A data set's lists in one text: `@@ path`, then the file. Pictures are there under a few of the names that lists give.
fn lists(input: &[u8], folder: &Path) -> String {
    let tree = folder.join("tree");
    // What was there belongs to the last input.
    let _ = fs::remove_dir_all(&tree);
    let text = String::from_utf8_lossy(input);
    for piece in text.split("@@ ").skip(1).take(40) {
        let (name, content) = piece.split_once('\n').unwrap_or((piece, ""));
        let name = Path::new(name.trim());
        let is_inside = name.components().all(|part| matches!(part, Component::Normal(_)));
        if !is_inside || name.as_os_str().is_empty() {
            continue;
        }
        let path = tree.join(name);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        if made.and_then(|()| fs::write(&path, content)).is_err() {
            return "The lists cannot be laid out.".to_owned();
        }
    }
    let picture = tree.join("img/Red_Blouse/img_1.png");
    let made = picture.parent().map_or(Ok(()), fs::create_dir_all);
    if made.is_ok() {
        // A header is all that the readers of lists look at.
        let _ = fs::write(&picture, HEADER);
    }
    answer(dataset::format::to_train_on(&tree))
}

/// The header of a PNG of 20 by 40 pixels.
const HEADER: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x14\0\0\0\x28\x08\x02\0\0\0\x71\x53\x4d\x8c\0\0\0\0IDAT";
