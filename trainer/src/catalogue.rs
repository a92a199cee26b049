//! Catalogues as folders: `catalogue.json`, the item list and feature file that it names, and the pictures.

use std::path::Path;

use anyhow::{Context as _, Result};
use model::catalogue::{Catalogue, CatalogueCard};

use crate::files;

/// The file that names all others.
pub const CARD: &str = "catalogue.json";

/// Opens the catalogue in this folder. Fails, naming the file, when one is missing or damaged.
pub fn open(folder: &Path) -> Result<Catalogue> {
    let card_path = folder.join(CARD);
    let card_json =
        files::read(&card_path).context("--catalogue takes a folder that `trainer index` wrote")?;
    let card = CatalogueCard::from_json(&card_json).with_context(|| card_path.display().to_string())?;
    let items = files::read(&folder.join(&card.items.file))?;
    let features = files::read(&folder.join(&card.features.file))?;
    Catalogue::open(&card_json, &items, &features).with_context(|| card_path.display().to_string())
}
