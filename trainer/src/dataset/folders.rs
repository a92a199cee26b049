//! A folder for each class: the folder's name is the category of every picture below it.
//!
//! Where the folders are named train, test and the like, each of them holds the class folders of its part.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};

use super::Sample;
use super::entry::{Entry, Part, Reading};
use crate::pictures;

/// Whether a folder has a folder with a picture in it.
pub(super) fn are_in(folder: &Path) -> bool {
    children(folder).is_ok_and(|children| {
        children.iter().any(|child| pictures::find_all(child).is_ok_and(|found| !found.is_empty()))
    })
}

/// Reads the pictures of every class, by class and path. Fails when a folder cannot be listed or has no class.
pub(super) fn read(folder: &Path) -> Result<Reading> {
    let children = children(folder)?;
    let parts: Vec<Option<Part>> = children.iter().map(|child| Part::from_word(&name(child))).collect();
    let mut reading = Reading::default();
    if !children.is_empty() && parts.iter().all(Option::is_some) {
        reading.is_divided = true;
        for (part, child) in parts.into_iter().flatten().zip(&children) {
            let entries = classes(child, &mut reading.notes)?;
            reading.parts.entry(part).or_default().extend(entries);
        }
    } else {
        let entries = classes(folder, &mut reading.notes)?;
        reading.parts.insert(Part::Train, entries);
    }
    Ok(reading)
}

fn classes(folder: &Path, notes: &mut Vec<String>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for child in children(folder)? {
        let category = child
            .file_name()
            .and_then(|name| name.to_str())
            .with_context(|| format!("The name of the folder {} is no text", child.display()))?
            .trim();
        ensure!(!category.is_empty(), "The name of the folder {} is empty", child.display());
        let found = pictures::find_all(&child)?;
        if found.is_empty() {
            notes.push(format!("The folder {} has no picture.", child.display()));
        }
        let file: Arc<Path> = child.as_path().into();
        entries.extend(found.into_iter().map(|path| {
            // File names come again in other classes; a split must not take them for the same picture.
            let group = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            let sample = Sample {
                path,
                category: category.to_owned(),
                bbox: None,
                line: 0,
                extra: BTreeMap::from([("group".to_owned(), group)]),
            };
            Entry::new(sample, Arc::clone(&file))
        }));
    }
    ensure!(!entries.is_empty(), "{} has no folder with pictures in it", folder.display());
    let all = pictures::find_all(folder)?.len();
    if all > entries.len() {
        notes.push(format!(
            "{} pictures in {} are in no class folder and are left out.",
            all - entries.len(),
            folder.display()
        ));
    }
    Ok(entries)
}

/// The folders in a folder, sorted, without hidden ones.
fn children(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || format!("{} cannot be listed", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        if path.is_dir() && !name(&path).starts_with('.') {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::Tree;

    #[test]
    fn a_folder_is_a_class() {
        let tree = Tree::new();
        for name in ["hat/2.png", "hat/1.png", "long sleeve/deep/1.png", "loose.png", ".hidden/1.png"] {
            tree.picture(name, 4, 4);
        }
        std::fs::create_dir(tree.path().join("empty")).unwrap();
        let reading = read(tree.path()).unwrap();
        let rows: Vec<_> = reading.parts[&Part::Train]
            .iter()
            .map(|entry| (entry.sample.category.as_str(), entry.sample.extra["group"].as_str()))
            .collect();
        let deep = "long sleeve/deep/1.png";
        assert_eq!(rows, [("hat", "hat/1.png"), ("hat", "hat/2.png"), ("long sleeve", deep)]);
        assert!(!reading.is_divided);
        assert!(reading.notes[0].contains("empty has no picture"), "{:?}", reading.notes);
        assert!(reading.notes[1].starts_with("1 pictures in"), "{:?}", reading.notes);
    }

    #[test]
    fn pictures_of_formats_that_are_not_read_are_listed_for_whoever_opens_them() {
        let tree = Tree::new();
        for name in ["hat/1.jfif", "hat/2.heic", "hat/3.jpg", "hat/3.heic", "hat/4.txt"] {
            tree.write(name, "");
        }
        let reading = read(tree.path()).unwrap();
        let names: Vec<_> =
            reading.parts[&Part::Train].iter().map(|entry| entry.sample.extra["group"].as_str()).collect();
        assert_eq!(names, ["hat/1.jfif", "hat/2.heic", "hat/3.jpg"]);
        assert!(reading.notes.is_empty(), "{:?}", reading.notes);
        let tree = Tree::new();
        tree.write("hat/1.heic", "");
        assert!(are_in(tree.path()));
    }

    #[test]
    fn parts_hold_classes() {
        let tree = Tree::new();
        for name in ["train/hat/1.png", "train/shoe/1.png", "Val/hat/1.png", "test/hat/1.png"] {
            tree.picture(name, 4, 4);
        }
        let reading = read(tree.path()).unwrap();
        assert!(reading.is_divided);
        let sizes: Vec<_> = reading.parts.iter().map(|(part, entries)| (*part, entries.len())).collect();
        assert_eq!(sizes, [(Part::Train, 2), (Part::Validation, 1), (Part::Test, 1)]);
    }

    #[test]
    fn no_class_at_all() {
        let tree = Tree::new();
        tree.picture("1.png", 4, 4);
        assert!(!are_in(tree.path()));
        assert!(read(tree.path()).unwrap_err().to_string().contains("no folder with pictures"));
    }
}
