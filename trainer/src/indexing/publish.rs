//! Puts a catalogue into its folder: what the card names first, then the card, then away with what is no longer named.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use model::catalogue::{CARD_FORMAT, CARD_VERSION, CatalogueCard, Item, ItemList};
use model::embedder::Embedder;
use model::feature_file::FeatureFile;
use model::hash;
use model::items::LONG;
use model::weights::FileReference;
use serde_json::{Value, json};

use super::record::{Entry, Record};
use super::{Settings, journal::Journal, names, state};
use crate::{catalogue, files};

/// Removed ids in a line of the journal.
const GONE_A_LINE: usize = 1000;

/// A catalogue in memory.
pub(super) struct Edition<'a> {
    pub(super) rows: &'a [&'a Record],
    /// In the order of `rows`.
    pub(super) items: &'a [Item],
    /// Near-duplicates that are not in the catalogue.
    pub(super) left_out: &'a [&'a Record],
    /// Ids whose thumbnails are to go.
    pub(super) gone: Vec<String>,
}

/// Writes everything but the thumbnails and ends the journal; returns the bytes of item list and feature file. A run
/// that is killed in here at any point is completed by the next one.
///
/// Fails when something cannot be written or removed.
pub(super) fn publish(
    edition: &Edition,
    embedder: &Embedder,
    out: &Path,
    settings: &Settings,
    journal: Journal,
) -> Result<u64> {
    let features = pack(edition.rows, embedder)?.write();
    let list = if settings.in_pages.unwrap_or(edition.items.len() >= LONG) {
        ItemList::in_pages(edition.items, &embedder.card().attributes)?
    } else {
        ItemList::whole(edition.items)?
    };
    let cut = |file: FileReference| match settings.longest_file {
        Some(longest) => file.cut(longest),
        None => file,
    };
    let new = CatalogueCard {
        format: CARD_FORMAT.to_owned(),
        version: CARD_VERSION,
        name: settings.name.clone(),
        licence: settings.licence.clone(),
        count: edition.items.len() as u64,
        dimension: embedder.dimension() as u64,
        weights_sha256: hash::to_hex(&embedder.card().weights_sha256()),
        features: cut(FileReference::hashed("features", "twill", &features)),
        items: cut(list.file),
        items_head: list.head,
    }
    .with_lowest_version();
    catalogue::write(out, &new.features, &features)?;
    catalogue::write(out, &new.items, &list.bytes)?;
    let state = state::name_for(&new.features.file);
    if let Some(name) = &state {
        files::write(&out.join(name), &state::write(edition.rows, edition.left_out)?)?;
    }
    for row in edition.rows {
        files::settle(&out.join(names::thumbnail(&row.id)))?;
    }
    // The next run would not find these names in the new catalogue. A line of the journal has a bound, so there are several.
    for ids in edition.gone.chunks(GONE_A_LINE) {
        journal.append(&Entry::Gone(ids.to_vec()))?;
    }
    journal.settle()?;
    let mut card = serde_json::to_value(&new)?;
    if let Value::Object(fields) = &mut card {
        fields.insert("images".to_owned(), json!("images/"));
    }
    files::write_json(&out.join(catalogue::CARD), &card)?;

    for id in &edition.gone {
        files::remove(&out.join(names::thumbnail(id)))?;
    }
    let named = [&new.features, &new.items].into_iter().flat_map(FileReference::files);
    let kept: Vec<&str> = named.map(|(name, _)| name).chain(state.as_deref()).collect();
    remove_other_editions(out, &kept)?;
    journal.remove()?;
    Ok((features.len() + list.bytes.len()) as u64)
}

/// The vectors of these pictures. Fails where one is none of this network's.
pub(super) fn pack(rows: &[&Record], embedder: &Embedder) -> Result<FeatureFile> {
    let values: Vec<f32> = rows.iter().flat_map(|row| row.values()).collect();
    let card = embedder.card();
    Ok(FeatureFile::pack_rows(&values, embedder.dimension(), card.weights_sha256(), card.preprocess_id())?)
}

/// Removes feature files, item lists and states of other hashes.
fn remove_other_editions(out: &Path, kept: &[&str]) -> Result<()> {
    let entries = fs::read_dir(out).with_context(|| format!("{} cannot be listed", out.display()))?;
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let ours = [("features", "twill"), ("items", "json"), ("items", "twill")]
            .into_iter()
            .any(|(stem, extension)| catalogue::is_ours(name, stem, extension))
            || files::is_hashed(name, state::PREFIX, state::SUFFIX);
        if ours && !kept.contains(&name) {
            files::remove(&path)?;
        }
    }
    Ok(())
}
