//! What is known of one photo.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::invalid;
use crate::{Result, catalogue::Item, hash, look::LOOK, wardrobe::thumbnail::SIDE};

/// Longest name of a photo, in characters.
const MAX_NAME: usize = 120;
/// Longest category, name or value of an attribute, in bytes.
const MAX_WORD: usize = 64;
/// Most attributes.
const MAX_ATTRIBUTES: usize = 16;
/// Longest description of a garment as JSON, in bytes: more than the longest words come to, each byte of them escaped.
pub(super) const MAX_JSON: usize = 16 << 10;

/// What is known of a photo that a person has added.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Garment {
    /// SHA-256 of the photo's file, 64 lower-case hexadecimal digits: no photo is kept twice.
    pub sha256: String,
    /// The file's name, for people.
    pub name: String,
    /// When the file was changed last, milliseconds since 1970.
    pub date: u64,
    /// When it was added, milliseconds since 1970.
    pub added: u64,
    /// [`made_by`] of the network that made vector, category, colour and attributes.
    pub made_by: String,
    /// The likeliest category; empty where unknown.
    pub category: String,
    /// The garment's main colour, `#rrggbb`.
    pub colour: String,
    /// Attributes of which the network is sure, and their values.
    pub attributes: BTreeMap<String, String>,
    /// Width of the thumbnail, pixels.
    pub width: u32,
    /// Height of the thumbnail, pixels.
    pub height: u32,
    /// [`crate::look::look`] of the thumbnail.
    pub look: Vec<u8>,
    /// SHA-256 of an earlier photo that this one hardly differs from.
    pub twin_of: Option<String>,
}

impl Garment {
    /// Reads and checks what [`Garment::to_json`] has written. Fails with [`crate::Error::InvalidWardrobe`].
    pub fn from_json(json: &str) -> Result<Self> {
        if json.len() > MAX_JSON {
            return Err(invalid("a photo's description is too long"));
        }
        // As a list of them is read: what reads them is there once.
        let garment: Self =
            serde_json::from_slice(json.as_bytes()).map_err(|error| invalid(error.to_string()))?;
        garment.check()?;
        Ok(garment)
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Maps with text keys and numbers: nothing in it can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Fails with [`crate::Error::InvalidWardrobe`] where something is out of the bounds that this program keeps to.
    pub fn check(&self) -> Result<()> {
        let is_word = |word: &str| word.len() <= MAX_WORD && !word.chars().any(char::is_control);
        let is_hash = |text: &str| hash::from_hex(text).is_some_and(|bytes| hash::to_hex(&bytes) == text);
        let is_colour = self.colour.len() == 7
            && self.colour.strip_prefix('#').is_some_and(|hex| hex.bytes().all(|c| c.is_ascii_hexdigit()));
        let faults = [
            (is_hash(&self.sha256), "a photo has no proper checksum"),
            (self.twin_of.as_deref().is_none_or(is_hash), "a photo names no proper checksum"),
            (self.name == plain_name(&self.name), "the name of a photo is no plain text"),
            (is_word(&self.category), "the category of a photo is no plain word"),
            (is_colour, "the colour of a photo is none"),
            (
                self.made_by.len() <= 2 * MAX_WORD && self.made_by.is_ascii(),
                "a photo does not say what made it",
            ),
            (self.attributes.len() <= MAX_ATTRIBUTES, "a photo has too many attributes"),
            (
                self.attributes.iter().all(|(name, value)| is_word(name) && is_word(value)),
                "an attribute of a photo is no plain word",
            ),
            (
                (1..=SIDE).contains(&self.width) && (1..=SIDE).contains(&self.height),
                "a thumbnail is too large",
            ),
            (self.look.len() == LOOK, "the look of a photo has another length"),
        ];
        match faults.into_iter().find(|(is_fine, _)| !is_fine) {
            Some((_, reason)) => Err(invalid(reason)),
            None => Ok(()),
        }
    }

    /// As an item that filters know; its picture lies elsewhere.
    #[must_use]
    pub fn item(&self) -> Item {
        let extra = self.attributes.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
        Item {
            id: self.sha256.clone(),
            image: String::new(),
            width: self.width,
            height: self.height,
            category: self.category.clone(),
            colour: Some(self.colour.clone()),
            title: None,
            price: None,
            link: None,
            extra: extra.collect(),
        }
    }
}

/// Names weights and preprocessing: vectors that others made cannot be compared.
#[must_use]
pub fn made_by(weights_sha256: [u8; 32], preprocess_id: [u8; 16]) -> String {
    format!("{}-{}", hash::to_hex(&weights_sha256), hash::to_hex(&preprocess_id))
}

/// A file's name without what plays tricks on whoever reads it (control characters, changes of direction), and not too long.
#[must_use]
pub fn plain_name(name: &str) -> String {
    let is_trick = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    name.chars().filter(|c| !is_trick(*c)).take(MAX_NAME).collect()
}

#[cfg(test)]
pub(super) fn example(number: u8) -> Garment {
    Garment {
        sha256: hash::sha256_hex(&[number]),
        name: format!("photo {number}.jpg"),
        date: 1_700_000_000_000,
        added: 1_760_000_000_000 + u64::from(number),
        made_by: made_by([7; 32], [9; 16]),
        category: "t-shirt".to_owned(),
        colour: "#2040a0".to_owned(),
        attributes: [("sleeve".to_owned(), "short".to_owned())].into(),
        width: 16,
        height: 12,
        look: vec![number; LOOK],
        twin_of: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn a_garment_comes_back_as_it_was() {
        let garment = Garment { twin_of: Some(hash::sha256_hex(b"first")), ..example(3) };
        assert_eq!(Garment::from_json(&garment.to_json()), Ok(garment.clone()));
        let item = garment.item();
        assert_eq!((item.id, item.category), (garment.sha256, garment.category));
        assert_eq!(item.extra["sleeve"], "short");
    }

    #[test]
    fn whatever_is_out_of_bounds_is_refused() {
        let long = "x".repeat(MAX_WORD + 1);
        let wrong = [
            Garment { sha256: "AB".repeat(32), ..example(1) },
            Garment { sha256: String::new(), ..example(1) },
            Garment { twin_of: Some("no".to_owned()), ..example(1) },
            Garment { name: "a\u{202e}gpj.exe".to_owned(), ..example(1) },
            Garment { name: "n".repeat(MAX_NAME + 1), ..example(1) },
            Garment { category: long.clone(), ..example(1) },
            Garment { category: "a\nb".to_owned(), ..example(1) },
            Garment { colour: "red".to_owned(), ..example(1) },
            Garment { colour: "#12345é".to_owned(), ..example(1) },
            Garment { made_by: long.repeat(2), ..example(1) },
            Garment { attributes: [(long, String::new())].into(), ..example(1) },
            Garment { attributes: (0..17).map(|n| (n.to_string(), String::new())).collect(), ..example(1) },
            Garment { width: 0, ..example(1) },
            Garment { height: SIDE + 1, ..example(1) },
            Garment { look: vec![0; 63], ..example(1) },
        ];
        for garment in wrong {
            let refused = Garment::from_json(&garment.to_json());
            assert!(matches!(refused, Err(Error::InvalidWardrobe { .. })), "{garment:?}");
        }
        assert!(Garment::from_json("{}").is_err() && Garment::from_json("").is_err());
        let padded = format!("{}{}", example(1).to_json(), " ".repeat(MAX_JSON));
        assert!(Garment::from_json(&padded).is_err());
    }

    #[test]
    fn names_lose_what_plays_tricks() {
        assert_eq!(plain_name("Kleid grün 2.jpg"), "Kleid grün 2.jpg");
        assert_eq!(plain_name("a\u{202e}\0b\u{200f}\n.png"), "ab.png");
        assert_eq!(plain_name(&"é".repeat(500)).chars().count(), MAX_NAME);
    }
}
