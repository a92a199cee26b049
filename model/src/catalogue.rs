//! A catalogue: its card (catalogue.json), its items and their vectors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    feature_file::FeatureFile,
    hash,
    items::{Items, pages},
    weights::{Attribute, FileReference},
};

/// `format` of every [`CatalogueCard`].
pub const CARD_FORMAT: &str = "twill-catalogue";
/// The newest `version` that this program reads: the first whose item list may be in pages, and files in parts.
pub const CARD_VERSION: u32 = 2;
/// The `version` of a card with neither.
pub const LISTED_VERSION: u32 = 1;

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
    /// Of an item list in pages ([`pages`]), the head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items_head: Option<FileHead>,
}

/// The first bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHead {
    /// How many they are.
    pub bytes: u64,
    /// Their SHA-256, hexadecimal.
    pub sha256: String,
}

impl FileHead {
    /// The head that has these bytes.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        Self { bytes: head.len() as u64, sha256: hash::sha256_hex(head) }
    }
}

/// An item list as a catalogue's card names it.
#[derive(Debug)]
pub struct ItemList {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What the card says of them.
    pub file: FileReference,
    /// What it says of their head, where they are pages.
    pub head: Option<FileHead>,
}

impl ItemList {
    /// One list of JSON. Fails with [`Error::InvalidCatalogue`].
    pub fn whole(items: &[Item]) -> Result<Self> {
        let bytes = serde_json::to_vec(items).map_err(|error| invalid(error.to_string()))?;
        let file = FileReference::hashed("items", "json", &bytes);
        Ok(Self { bytes, file, head: None })
    }

    /// Pages ([`pages`]); `attributes` are those that items can be told apart by.
    ///
    /// Fails with [`Error::InvalidCatalogue`] where there is too much to say of some items.
    pub fn in_pages(items: &[Item], attributes: &[Attribute]) -> Result<Self> {
        let (bytes, head) = pages::write(items, attributes)?;
        let file = FileReference::hashed("items", "twill", &bytes);
        let head = bytes.get(..head).map(FileHead::of);
        Ok(Self { bytes, file, head })
    }
}

impl CatalogueCard {
    /// The same card with the lowest `version` whose readers know all that it says.
    #[must_use]
    pub fn with_lowest_version(self) -> Self {
        let is_plain =
            self.items_head.is_none() && self.items.parts.is_empty() && self.features.parts.is_empty();
        Self { version: if is_plain { LISTED_VERSION } else { CARD_VERSION }, ..self }
    }

    /// Reads and checks catalogue.json. Fails with [`Error::InvalidCatalogue`].
    pub fn from_json(json: &[u8]) -> Result<Self> {
        let card: Self = serde_json::from_slice(json).map_err(|error| invalid(error.to_string()))?;
        if card.format != CARD_FORMAT {
            return Err(invalid("it is not a Twill catalogue"));
        }
        if card.version > CARD_VERSION {
            return Err(invalid(format!("its version {} is newer than this program", card.version)));
        }
        if !card.features.is_sound() || !card.items.is_sound() {
            return Err(invalid(
                "it names a file outside its own folder, or parts that do not make up a file",
            ));
        }
        if card.items_head.as_ref().is_some_and(|head| head.bytes > card.items.bytes) {
            return Err(invalid("the head of its item list is longer than the list"));
        }
        if hash::from_hex(&card.weights_sha256).is_none() {
            return Err(invalid("the checksum of its weights is not a SHA-256"));
        }
        Ok(card)
    }

    /// Reads and checks the item list that this card names, whole: its hash, its length, and where the pictures lie.
    ///
    /// Fails with [`Error::InvalidCatalogue`].
    pub fn read_items(&self, list: &[u8]) -> Result<Vec<Item>> {
        self.items.check(list).map_err(invalid)?;
        let items: Vec<Item> = match &self.items_head {
            Some(head) => pages::read_all(list, usize::try_from(head.bytes).unwrap_or(usize::MAX))?,
            None => serde_json::from_slice(list).map_err(|error| invalid(error.to_string()))?,
        };
        self.check_count(items.len())?;
        check_pictures(&items)?;
        Ok(items)
    }

    /// The bytes of the item list that have to be there before the first result: its head, or all of it.
    #[must_use]
    pub fn items_bytes_first(&self) -> u64 {
        self.items_head.as_ref().map_or(self.items.bytes, |head| head.bytes)
    }

    /// The items, from what has to be there of their list first; `attributes` are those that they can be told apart by.
    ///
    /// Fails with [`Error::InvalidCatalogue`].
    pub fn open_items(&self, first: &[u8], attributes: &[Attribute]) -> Result<Items> {
        let Some(head) = &self.items_head else { return Ok(Items::all(self.read_items(first)?, attributes)) };
        if first.len() as u64 != head.bytes || hash::sha256_hex(first) != head.sha256 {
            return Err(invalid("the head of its item list is damaged, its checksum differs"));
        }
        let items = Items::in_pages(first, self.count)?.knowing(attributes);
        if items.pages().is_some_and(|pages| pages.end() != self.items.bytes) {
            return Err(invalid("its item list has another length than its head says"));
        }
        Ok(items)
    }

    fn check_count(&self, count: usize) -> Result<()> {
        if count as u64 == self.count {
            return Ok(());
        }
        Err(invalid(format!("it lists {count} items instead of {}", self.count)))
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

pub(crate) fn check_pictures(items: &[Item]) -> Result<()> {
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
    pub fn open(card_json: &[u8], item_list: &[u8], features: &[u8]) -> Result<Self> {
        let card = CatalogueCard::from_json(card_json)?;
        let items = card.read_items(item_list)?;
        card.features.check(features).map_err(|reason| Error::InvalidFeatureFile { reason })?;
        let features = FeatureFile::read(features)?;
        Self::assemble(card, items, features)
    }

    /// Puts checked parts together; fails as [`Catalogue::open`] does.
    pub fn assemble(card: CatalogueCard, items: Vec<Item>, features: FeatureFile) -> Result<Self> {
        card.check_count(items.len())?;
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
