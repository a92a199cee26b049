//! A large catalogue: as many items as one likes around the shipped ones' vectors, so that there is something to find.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use model::{
    catalogue::{CARD_VERSION, CatalogueCard, Item, ItemList},
    embedder::unit,
    feature_file::FeatureFile,
    search::top_k,
    weights::FileReference,
};

use crate::{page::View, site::Shipped};

/// How the files of a [`Large`] lie on a host.
#[derive(Clone, Copy, Debug, Default)]
pub struct Form {
    /// Whether the item list is in pages.
    pub in_pages: bool,
    /// The longest that a file may be, in bytes; 0 for any length.
    pub longest: u64,
}

/// A large catalogue in memory.
#[derive(Debug)]
pub struct Large {
    /// Its vectors.
    pub features: FeatureFile,
    /// Its items, all of which share a picture.
    pub items: Vec<Item>,
    /// catalogue.json.
    pub card: CatalogueCard,
    /// The feature file.
    pub bytes: Vec<u8>,
    list: ItemList,
    picture: Vec<u8>,
}

impl Large {
    /// Vectors between the shipped items', one after the other, near the plane that those lie near.
    pub fn vectors(shipped: &Shipped, count: usize) -> Result<Vec<f32>> {
        let own: Vec<Vec<f32>> = shipped.recommender().catalogue().features().rows().collect();
        let mut state = 7_u32;
        let mut noise = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (f64::from(state) / f64::from(u32::MAX) - 0.5) as f32
        };
        let mut rows = Vec::new();
        for row in 0..count {
            let (item, other) = (&own[row % own.len()], &own[(row * 7919 + row / own.len()) % own.len()]);
            // Up to a quarter of the way to another one.
            let way = 0.125 + noise() / 4.0;
            let near: Vec<f32> = item
                .iter()
                .zip(other)
                .map(|(value, other)| value + way * (other - value) + 2e-4 * noise())
                .collect();
            rows.extend(unit(&near)?);
        }
        Ok(rows)
    }

    /// A catalogue of these vectors, one an item: red and blue dresses in turn.
    pub fn of(shipped: &Shipped, vectors: &[f32], form: Form) -> Result<Self> {
        let model = shipped.embedder().card();
        let dimension = shipped.embedder().dimension();
        let features =
            FeatureFile::pack_rows(vectors, dimension, model.weights_sha256(), model.preprocess_id())?;
        let item = |row: usize| -> Result<Item> {
            let (name, colour) = if row.is_multiple_of(2) { ("Red", "#c22a30") } else { ("Blue", "#3058a6") };
            Ok(serde_json::from_value(serde_json::json!({
                "id": row.to_string(), "image": "one.webp", "width": 240, "height": 320, "category": "Dresses",
                "colour": colour, "title": format!("{name} dress no. {row}"), "price": format!("€ {}.90", 20 + row % 180),
            }))?)
        };
        let items = (0..features.len()).map(item).collect::<Result<Vec<Item>>>()?;
        let list = if form.in_pages {
            ItemList::in_pages(&items, &model.attributes)?
        } else {
            ItemList::whole(&items)?
        };
        let bytes = features.write();
        ensure!(features.len() < 2000 || bytes.get(10) == Some(&3), "there are no codes along components");
        let cut = |file: FileReference| if form.longest > 0 { file.cut(form.longest) } else { file };
        let card = CatalogueCard {
            version: CARD_VERSION,
            count: items.len() as u64,
            items: cut(list.file.clone()),
            items_head: list.head.clone(),
            features: cut(FileReference::hashed("features", "twill", &bytes)),
            ..shipped.recommender().catalogue().card().clone()
        }
        .with_lowest_version();
        let picture = fs::read(shipped.picture(&shipped.items()[0]))?;
        Ok(Self { features, items, card, bytes, list, picture })
    }

    /// Writes all of it into a folder.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        trainer::catalogue::write(folder, &self.card.items, &self.list.bytes)?;
        trainer::catalogue::write(folder, &self.card.features, &self.bytes)?;
        fs::write(folder.join("one.webp"), &self.picture)?;
        Ok(fs::write(folder.join("catalogue.json"), serde_json::to_vec(&self.card)?)?)
    }

    /// The item list, as it lies on the host.
    #[must_use]
    pub fn list(&self) -> &[u8] {
        &self.list.bytes
    }

    /// How many items are in a block, as the feature file says: at the start of its first section.
    #[must_use]
    pub fn block_rows(&self) -> usize {
        let number = |at: usize, length: usize| {
            let bytes = self.bytes.get(at..at + length).unwrap_or_default();
            bytes.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
        };
        number(number(128 + 8, 8), 4)
    }

    /// Whether the page shows what searching the whole file for what it shows finds, under its names.
    pub fn check(&self, view: &View) -> Result<()> {
        let query = &view.query.as_ref().context("the photo is not shown")?.embedding;
        let expected: Vec<(String, f32)> = top_k(&self.features, query, 5)?
            .iter()
            .map(|hit| (self.items[hit.row].id.clone(), hit.score))
            .collect();
        ensure!(view.results() == expected, "{:?} instead of {expected:?}", view.results());
        Ok(())
    }
}
