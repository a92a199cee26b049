//! Makes a catalogue: thumbnails, their vectors, and what is known of each item.
//!
//! A picture is embedded as its own thumbnail decodes, not as the original: the page shows thumbnails, so searching
//! with one finds itself exactly. Everything is a function of pictures, metadata, weights and settings alone: the same
//! input gives the same bytes. `catalogue.json` is written last and names all other files by their hash, so that a
//! page that loads in the middle sees the old catalogue whole.

mod names;
mod source;
pub mod thumbnail;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use model::catalogue::{CARD_FORMAT, CARD_VERSION, Catalogue, CatalogueCard, Item};
use model::colour;
use model::embedder::{Embedder, Embedding};
use model::feature_file::FeatureFile;
use model::hash;
use model::image::{DecodeLimits, decode};
use model::weights::FileReference;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use crate::progress::Progress;
use crate::{catalogue, files, pictures, trained};
use names::Names;
pub use source::{Source, from_folder, from_metadata};

/// What a catalogue is called, and how its thumbnails are made.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What people call the catalogue.
    pub name: String,
    /// Licence of the pictures.
    pub licence: String,
    /// The largest width and height of a thumbnail, in pixels.
    pub thumbnail: (u32, u32),
    /// WebP quality, 0 to 100.
    pub quality: f32,
}

/// What was done.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Items in the catalogue.
    pub indexed: usize,
    /// Pictures that could not be read and are left out.
    pub skipped: usize,
    /// Bytes of thumbnails, item list and feature file together.
    pub bytes: u64,
    /// Pictures read, shrunk, stored and embedded a second.
    pub pictures_per_second: f64,
}

/// Indexes these pictures into `out`, replacing the catalogue that is there. Pictures that cannot be read are named and
/// left out.
///
/// Fails when none is left, `out` cannot be written, or the network fails.
pub fn index(embedder: &Embedder, sources: Vec<Source>, out: &Path, settings: &Settings) -> Result<Summary> {
    let total = sources.len();
    let images = out.join("images");
    files::make_folder(&images)?;
    let mut names = Names::default();
    let named: Vec<(String, Source)> =
        sources.into_iter().map(|source| (names.take(&source), source)).collect();

    let progress = Progress::new("pictures indexed", total);
    let rows: Vec<Option<Row>> = named
        .into_par_iter()
        .map(|(id, source)| {
            let row = match pictures::load(&source.path) {
                Ok(photo) => Some(row(embedder, &photo, id, source, out, settings)?),
                Err(error) => {
                    progress.note(&format!("Left out: {error:#}"));
                    None
                }
            };
            progress.increment();
            Ok(row)
        })
        .collect::<Result<_>>()?;
    let rows: Vec<Row> = rows.into_iter().flatten().collect();
    let pictures_per_second = progress.finish();
    ensure!(!rows.is_empty(), "There is no picture that can be read, so there is nothing to index");

    let indexed = rows.len();
    let image_bytes: u64 = rows.iter().map(|row| row.image_bytes).sum();
    let (embeddings, items): (Vec<Embedding>, Vec<Item>) =
        rows.into_iter().map(|row| (row.embedding, row.item)).unzip();
    let other_bytes = write(embedder, &embeddings, &items, out, settings)?;
    Ok(Summary { indexed, skipped: total - indexed, bytes: image_bytes + other_bytes, pictures_per_second })
}

/// A picture that is in the catalogue.
struct Row {
    item: Item,
    embedding: Embedding,
    image_bytes: u64,
}

fn row(
    embedder: &Embedder,
    photo: &image::RgbImage,
    id: String,
    source: Source,
    out: &Path,
    settings: &Settings,
) -> Result<Row> {
    let (width, height) = settings.thumbnail;
    let bytes = thumbnail::encode(&thumbnail::shrink(photo, width, height)?, settings.quality)?;
    let image = format!("images/{id}.webp");
    files::write(&out.join(&image), &bytes)?;
    let shown = decode(&bytes, &DecodeLimits::default())
        .with_context(|| format!("The thumbnail of {} cannot be read back", source.path.display()))?;
    let embedding = trained::embed(embedder, &shown, false)?;

    let mut extra = source.extra;
    let category = if source.category.is_empty() {
        embedder.labels().get(embedding.category().0).cloned().unwrap_or_default()
    } else {
        source.category
    };
    let colour = extra.remove("colour").unwrap_or_else(|| {
        let [red, green, blue] = colour::dominant(&shown, embedding.garment);
        format!("#{red:02x}{green:02x}{blue:02x}")
    });
    let item = Item {
        id,
        image,
        width: shown.width(),
        height: shown.height(),
        category,
        colour: Some(colour),
        title: extra.remove("title"),
        price: extra.remove("price"),
        link: extra.remove("link"),
        extra: extra.into_iter().map(|(name, value)| (name, Value::String(value))).collect(),
    };
    Ok(Row { item, embedding, image_bytes: bytes.len() as u64 })
}

/// Writes the feature file, the item list and last `catalogue.json`; then removes what only the old one named.
fn write(
    embedder: &Embedder,
    embeddings: &[Embedding],
    items: &[Item],
    out: &Path,
    settings: &Settings,
) -> Result<u64> {
    let old = catalogue::open(out).ok();
    let card = embedder.card();
    let features = FeatureFile::pack(embeddings, card.weights_sha256(), card.preprocess_id())?.write();
    let items_json = serde_json::to_vec(items)?;
    let new = CatalogueCard {
        format: CARD_FORMAT.to_owned(),
        version: CARD_VERSION,
        name: settings.name.clone(),
        licence: settings.licence.clone(),
        count: items.len() as u64,
        dimension: embedder.dimension() as u64,
        weights_sha256: hash::to_hex(&card.weights_sha256()),
        features: FileReference::hashed("features", "twill", &features),
        items: FileReference::hashed("items", "json", &items_json),
    };
    files::write(&out.join(&new.features.file), &features)?;
    files::write(&out.join(&new.items.file), &items_json)?;
    let mut card_json = serde_json::to_value(&new)?;
    if let Value::Object(fields) = &mut card_json {
        fields.insert("images".to_owned(), json!("images/"));
    }
    files::write_json(&out.join(catalogue::CARD), &card_json)?;
    remove_stale(out, &new, items, old.as_ref())?;
    Ok((features.len() + items_json.len()) as u64)
}

/// Removes feature files and item lists of other hashes, and thumbnails that only the old catalogue had.
fn remove_stale(out: &Path, new: &CatalogueCard, items: &[Item], old: Option<&Catalogue>) -> Result<()> {
    let entries = fs::read_dir(out).with_context(|| format!("{} cannot be listed", out.display()))?;
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let ours = names::is_hashed(name, "features-", ".twill") || names::is_hashed(name, "items-", ".json");
        if ours && name != new.features.file && name != new.items.file {
            files::remove(&path)?;
        }
    }
    let kept: BTreeSet<&str> = items.iter().map(|item| item.image.as_str()).collect();
    for item in old.map_or(&[][..], Catalogue::items) {
        if !kept.contains(item.image.as_str()) {
            files::remove(&out.join(&item.image))?;
        }
    }
    Ok(())
}
