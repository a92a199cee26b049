//! A catalogue: its card (catalogue.json), its items and their vectors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Error, Result, feature_file::FeatureFile, hash, weights::FileReference};

/// `format` of every [`CatalogueCard`].
pub const CARD_FORMAT: &str = "twill-catalogue";
/// The newest `version` that this program reads.
pub const CARD_VERSION: u32 = 1;

/// catalogue.json.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CatalogueCard {
    /// Always [`CARD_FORMAT`].
    pub format: String,
    /// [`CARD_VERSION`] or lower.
    pub version: u32,
    /// What people call the catalogue.
    pub name: String,
    /// Licence of the pictures.
    #[serde(default)]
    pub licence: String,
    /// Number of items.
    pub count: u64,
    /// Values a vector.
    pub dimension: u64,
    /// SHA-256 of the weights that made the vectors, hexadecimal.
    pub weights_sha256: String,
    /// The feature file.
    pub features: FileReference,
    /// The item list.
    pub items: FileReference,
}

impl CatalogueCard {
    /// Reads and checks catalogue.json. Fails with [`Error::InvalidCatalogue`].
    pub fn from_json(json: &[u8]) -> Result<Self> {
        let card: Self = serde_json::from_slice(json).map_err(|error| invalid(error.to_string()))?;
        if card.format != CARD_FORMAT {
            return Err(invalid("it is not a Twill catalogue"));
        }
        if card.version > CARD_VERSION {
            return Err(invalid(format!("its version {} is newer than this program", card.version)));
        }
        if !card.features.is_plain_name() || !card.items.is_plain_name() {
            return Err(invalid("it names a file outside its own folder"));
        }
        if hash::from_hex(&card.weights_sha256).is_none() {
            return Err(invalid("the checksum of its weights is not a SHA-256"));
        }
        Ok(card)
    }

    /// Reads and checks the item list that this card names: its hash, its length, and where the pictures lie.
    ///
    /// Fails with [`Error::InvalidCatalogue`].
    pub fn read_items(&self, items_json: &[u8]) -> Result<Vec<Item>> {
        self.items.check(items_json).map_err(invalid)?;
        let items: Vec<Item> =
            serde_json::from_slice(items_json).map_err(|error| invalid(error.to_string()))?;
        if items.len() as u64 != self.count {
            return Err(invalid(format!("it lists {} items instead of {}", items.len(), self.count)));
        }
        check_pictures(&items)?;
        Ok(items)
    }

    /// Whether vectors of this length, so many and made with these weights, are this catalogue's. Fails as [`Catalogue::open`] does.
    pub fn check_features(&self, rows: u64, dimension: usize, weights_sha256: [u8; 32]) -> Result<()> {
        if rows != self.count {
            return Err(invalid(format!("it has {rows} vectors for {} items", self.count)));
        }
        if dimension as u64 != self.dimension && rows > 0 {
            return Err(invalid("its vectors have another length than it states"));
        }
        if hash::from_hex(&self.weights_sha256) != Some(weights_sha256) {
            return Err(Error::ModelMismatch);
        }
        Ok(())
    }
}

fn check_pictures(items: &[Item]) -> Result<()> {
    match items.iter().find(|item| !item.has_safe_image_path()) {
        Some(item) => Err(invalid(format!("the picture of item {} lies outside its folder", item.id))),
        None => Ok(()),
    }
}

/// One thing that a search can find.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Unique in the catalogue.
    pub id: String,
    /// Path of its picture, relative to catalogue.json.
    pub image: String,
    /// Width of the picture, pixels.
    pub width: u32,
    /// Height of the picture, pixels.
    pub height: u32,
    /// Kind of garment; empty where unknown.
    #[serde(default)]
    pub category: String,
    /// Dominant colour, `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// What a shop calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// As the shop writes it, with its currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Page of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Everything else that the shop keeps of it.
    #[serde(flatten)]
    pub extra: BTreeMap<String, serde_json::Value>,
}

impl Item {
    /// Whether the picture's path stays below the catalogue's folder.
    #[must_use]
    pub fn has_safe_image_path(&self) -> bool {
        !self.image.is_empty()
            && self.image.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
            && !self.image.contains(['\\', ':', '?', '#', '%'])
            && !self.image.chars().any(char::is_control)
    }
}

/// Card, items and vectors that belong together.
#[derive(Clone, Debug)]
pub struct Catalogue {
    card: CatalogueCard,
    items: Vec<Item>,
    features: FeatureFile,
}

impl Catalogue {
    /// Opens a catalogue from the contents of its three files.
    ///
    /// Fails with [`Error::InvalidCatalogue`] or [`Error::InvalidFeatureFile`] where hash, length, count or an item is wrong.
    pub fn open(card_json: &[u8], items_json: &[u8], features: &[u8]) -> Result<Self> {
        let card = CatalogueCard::from_json(card_json)?;
        let items = card.read_items(items_json)?;
        card.features.check(features).map_err(|reason| Error::InvalidFeatureFile { reason })?;
        let features = FeatureFile::read(features)?;
        Self::assemble(card, items, features)
    }

    /// Puts checked parts together; fails as [`Catalogue::open`] does.
    pub fn assemble(card: CatalogueCard, items: Vec<Item>, features: FeatureFile) -> Result<Self> {
        if items.len() as u64 != card.count {
            return Err(invalid(format!("it lists {} items instead of {}", items.len(), card.count)));
        }
        card.check_features(features.len() as u64, features.dimension(), features.weights_sha256())?;
        check_pictures(&items)?;
        Ok(Self { card, items, features })
    }

    /// catalogue.json.
    #[must_use]
    pub fn card(&self) -> &CatalogueCard {
        &self.card
    }

    /// All items, in the order of the vectors.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// All vectors.
    #[must_use]
    pub fn features(&self) -> &FeatureFile {
        &self.features
    }

    /// Row of the item with this id.
    #[must_use]
    pub fn row_of(&self, id: &str) -> Option<usize> {
        self.items.iter().position(|item| item.id == id)
    }
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::InvalidCatalogue { reason: reason.into() }
}
