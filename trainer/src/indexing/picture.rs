//! One picture: thumbnail, vector and what else the catalogue says of it.

use std::path::Path;

use anyhow::{Context as _, Result};
use model::catalogue::Item;
use model::colour;
use model::embedder::Embedder;
use model::hash;
use model::image::{DecodeLimits, decode};
use model::look::look;

use super::record::{Entry, Recipe, Record, halves};
use super::shelf::Shelf;
use super::{Settings, Source, journal::Journal, names, thumbnail};
use crate::{files, trained};

/// What all pictures of a run have in common.
pub(super) struct Bench<'a> {
    pub(super) embedder: &'a Embedder,
    pub(super) settings: &'a Settings,
    pub(super) recipe: Recipe,
    pub(super) shelf: &'a Shelf,
    pub(super) journal: &'a Journal,
    /// The catalogue's folder.
    pub(super) out: &'a Path,
}

/// A picture whose thumbnail lies in the catalogue's folder.
pub(super) struct Done {
    pub(super) record: Record,
    /// Length of the thumbnail.
    pub(super) bytes: u64,
    /// Whether the network had to look at it.
    pub(super) is_embedded: bool,
}

/// Why a picture is not in the catalogue, or why there will be none.
pub(super) enum Failure {
    /// There is something wrong with this picture alone.
    Picture(anyhow::Error),
    /// Nothing can be written.
    Run(anyhow::Error),
}

impl Bench<'_> {
    /// Makes what is missing of this picture: everything, or nothing where it is known and its thumbnail is there.
    pub(super) fn index(&self, id: &str, source: &Source) -> Result<Done, Failure> {
        let bytes = files::read(&source.path).map_err(Failure::Picture)?;
        let key = self.recipe.key(&bytes);
        let path = self.out.join(names::thumbnail(id));
        let known = self.shelf.known(&key).map(|record| Record { id: id.to_owned(), ..record.clone() });
        if let Some(record) = &known
            && let Ok(there) = std::fs::read(&path)
            && hash::sha256_hex(&there) == record.thumbnail
        {
            return Ok(Done { record: record.clone(), bytes: there.len() as u64, is_embedded: false });
        }
        let (record, small, is_embedded) = self
            .make(id, key, &bytes, known)
            .map_err(|error| crate::pictures::explained(error, &source.path))
            .with_context(|| source.path.display().to_string())
            .map_err(Failure::Picture)?;
        // In this order, whatever lies in the folder is known to the journal.
        self.journal.append(&Entry::Picture(record.clone())).map_err(Failure::Run)?;
        // On the disk before the card is: `publish` sees to it.
        files::write_soon(&path, &small).map_err(Failure::Run)?;
        Ok(Done { record, bytes: small.len() as u64, is_embedded })
    }

    /// Record and thumbnail, and whether the network had to look: not where it has seen the same thumbnail before.
    fn make(
        &self,
        id: &str,
        key: String,
        bytes: &[u8],
        known: Option<Record>,
    ) -> Result<(Record, Vec<u8>, bool)> {
        let photo = decode(bytes, &DecodeLimits::default())?;
        let (width, height) = self.settings.thumbnail;
        let small = thumbnail::encode(&thumbnail::shrink(&photo, width, height)?, self.settings.quality)?;
        let thumbnail = hash::sha256_hex(&small);
        if let Some(record) = known
            && record.thumbnail == thumbnail
        {
            return Ok((record, small, false));
        }
        let shown = decode(&small, &DecodeLimits::default()).context("Its thumbnail cannot be read back")?;
        let embedding = trained::embed(self.embedder, &shown, false)?;
        let record = Record {
            key,
            id: id.to_owned(),
            thumbnail,
            width: shown.width(),
            height: shown.height(),
            label: embedding.category().0,
            colour: colour::dominant(&shown, embedding.garment),
            look: look(&shown),
            vector: halves(&embedding),
        };
        Ok((record, small, true))
    }
}

/// What the catalogue says of a picture: what its source says, and what the network and the pixels say where that is
/// silent.
pub(super) fn item(record: &Record, source: Source, labels: &[String]) -> Item {
    let [red, green, blue] = record.colour;
    Item {
        id: source.id.unwrap_or_else(|| record.id.clone()),
        image: names::thumbnail(&record.id),
        width: record.width,
        height: record.height,
        category: if source.category.is_empty() {
            labels.get(record.label).cloned().unwrap_or_default()
        } else {
            source.category
        },
        colour: Some(source.colour.unwrap_or_else(|| format!("#{red:02x}{green:02x}{blue:02x}"))),
        title: source.title,
        price: source.price,
        link: source.link,
        extra: source.extra,
    }
}
