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

/// A file of the catalogue in this folder, put together where it is in parts. Fails, naming the file, when one is missing or longer than
/// it should be.
fn read(folder: &Path, file: &FileReference) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for (name, length) in file.files() {
        let path = folder.join(name);
        let part = files::read(&path)?;
        ensure!(
            file.parts.is_empty() || part.len() as u64 == length,
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
    let whole = match name.rsplit_once('.') {
        Some((whole, number)) if !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()) => {
            whole
        }
        _ => name,
    };
    files::is_hashed(whole, &prefix, &suffix)
}
