//! Catalogues as folders: `catalogue.json`, the item list and feature file that it names, and the pictures.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use model::catalogue::{Catalogue, CatalogueCard};
use model::weights::FileReference;

use crate::files;

/// The file that names all others.
pub const CARD: &str = "catalogue.json";

/// Opens the catalogue in this folder. Fails, naming the file, when one is missing or damaged.
pub fn open(folder: &Path) -> Result<Catalogue> {
    let card_path = folder.join(CARD);
    let card_json =
        files::read(&card_path).context("--catalogue takes a folder that `trainer index` wrote")?;
    let card = CatalogueCard::from_json(&card_json).with_context(|| card_path.display().to_string())?;
    let items = read(folder, &card.items)?;
    let features = read(folder, &card.features)?;
    Catalogue::open(&card_json, &items, &features).with_context(|| card_path.display().to_string())
}

/// A file of the catalogue in this folder, put together where it is in parts. Fails, naming the file, when one is missing, or a part has
/// another length than it should have.
fn read(folder: &Path, file: &FileReference) -> Result<Vec<u8>> {
    if file.parts.is_empty() {
        return files::read(&folder.join(&file.file));
    }
    let mut bytes = Vec::new();
    for (name, length) in file.files() {
        let path = folder.join(name);
        let part = files::read(&path)?;
        ensure!(
            part.len() as u64 == length,
            "{} has {} bytes instead of {length}",
            path.display(),
            part.len()
        );
        bytes.extend(part);
    }
    Ok(bytes)
}

/// Writes a file of a catalogue into this folder, in as many parts as its reference says. Fails, naming the file, when that is not possible.
pub fn write(folder: &Path, file: &FileReference, bytes: &[u8]) -> Result<()> {
    let mut rest = bytes;
    for (name, length) in file.files() {
        let (part, others) = rest.split_at(rest.len().min(usize::try_from(length).unwrap_or(usize::MAX)));
        files::write(&folder.join(name), part)?;
        rest = others;
    }
    Ok(())
}

/// Whether a file of this name, which a catalogue's card may name, is called `STEM-` and sixteen digits, or is a part of such a file.
#[must_use]
pub fn is_ours(name: &str, stem: &str, extension: &str) -> bool {
    let (prefix, suffix) = (format!("{stem}-"), format!(".{extension}"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let is_part =
        |text: &str| text.split_once('-').is_some_and(|(part, bytes)| is_number(part) && is_number(bytes));
    let whole = match name.rsplit_once('.') {
        Some((whole, part)) if is_part(part) => whole,
        _ => name,
    };
    files::is_hashed(whole, &prefix, &suffix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::catalogue::{CARD_FORMAT, CARD_VERSION, ItemList};
    use model::feature_file::FeatureFile;
    use model::hash;

    /// Writes a catalogue of 300 items whose files are at most so long, and returns its card.
    fn put(folder: &Path, longest: u64) -> CatalogueCard {
        let vectors = [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]].concat().repeat(100);
        let features = FeatureFile::pack_rows(&vectors, 2, [7; 32], [9; 16]).unwrap().write();
        let item = |row| {
            let json = format!(r#"{{"id":"{row}","image":"images/{row}.webp","width":3,"height":4}}"#);
            serde_json::from_str(&json).unwrap()
        };
        let list = ItemList::in_pages(&(0..300).map(item).collect::<Vec<_>>(), &[]).unwrap();
        let card = CatalogueCard {
            format: CARD_FORMAT.to_owned(),
            version: CARD_VERSION,
            name: "Parts".to_owned(),
            licence: String::new(),
            count: 300,
            dimension: 2,
            weights_sha256: hash::to_hex(&[7; 32]),
            features: FileReference::hashed("features", "twill", &features).cut(longest),
            items: list.file.cut(longest),
            items_head: list.head,
        };
        write(folder, &card.features, &features).unwrap();
        write(folder, &card.items, &list.bytes).unwrap();
        files::write_json(&folder.join(CARD), &card).unwrap();
        card
    }

    #[test]
    fn files_in_parts_are_read_as_one() {
        for longest in [100, 1000, 1_000_000] {
            let folder = tempfile::tempdir().unwrap();
            let card = put(folder.path(), longest);
            let names: Vec<&str> = card.features.files().map(|(name, _)| name).collect();
            assert_eq!(names.len() == 1, card.features.bytes <= longest, "{names:?}");
            for (name, bytes) in card.features.files().chain(card.items.files()) {
                assert!(
                    bytes <= longest && is_ours(name, name.split('-').next().unwrap(), "twill"),
                    "{name}"
                );
                assert_eq!(folder.path().join(name).metadata().unwrap().len(), bytes, "{name}");
            }
            let catalogue = open(folder.path()).unwrap();
            assert_eq!((catalogue.items().len(), catalogue.features().len()), (300, 300));
            assert_eq!(catalogue.card(), &card);
        }
    }

    #[test]
    fn another_cut_of_the_same_leaves_the_first_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let first = put(folder.path(), 1000);
        let card = std::fs::read(folder.path().join(CARD)).unwrap();
        put(folder.path(), 500);
        open(folder.path()).unwrap();
        std::fs::write(folder.path().join(CARD), card).unwrap();
        assert_eq!(open(folder.path()).unwrap().card(), &first);
    }

    #[test]
    fn a_part_that_is_missing_or_of_another_length_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let card = put(folder.path(), 1000);
        let part = folder.path().join(&card.features.parts[1].file);
        let good = files::read(&part).unwrap();
        std::fs::write(&part, &good[1..]).unwrap();
        let message = format!("{:#}", open(folder.path()).unwrap_err());
        assert!(
            message.contains(&card.features.parts[1].file) && message.contains("instead of"),
            "{message}"
        );
        std::fs::remove_file(&part).unwrap();
        let message = format!("{:#}", open(folder.path()).unwrap_err());
        assert!(message.contains(&card.features.parts[1].file), "{message}");
    }

    #[test]
    fn only_hashed_names_and_their_parts_are_ours() {
        let ours = |name| is_ours(name, "features", "twill");
        assert!(
            ours("features-0123456789abcdef.twill") && ours("features-0123456789abcdef.twill.12-25000000")
        );
        for name in [
            "features.twill",
            "features-0123456789abcdef.twill.",
            "features-0123456789abcdef.twill.old",
            "features-0123456789abcdef.twill.1",
            "features-0123456789abcdef.twill.1-",
            "features-0123.twill.1-5",
            "items-0123456789abcdef.twill",
            "my-features-0123456789abcdef.twill",
        ] {
            assert!(!ours(name), "{name}");
        }
    }
}
