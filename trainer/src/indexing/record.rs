//! What is remembered of a picture that was indexed, so that neither a restart nor an update embeds it again.
//!
//! Records stand in text files, a line each: the first sixteen digits of the SHA-256 of what follows, a space, JSON. A
//! line that was cut off, or damaged, ends what is read of a file.

use half::f16;
use model::embedder::{Embedder, Embedding};
use model::hash;
use model::look::LOOK;
use serde::{Deserialize, Serialize};

use super::{Settings, names};

/// Hexadecimal digits of a line's checksum.
const CHECKSUM: usize = 16;
/// A line longer than this is none of ours: the longest vector takes 24 KiB.
const MAX_LINE: usize = 1 << 20;

/// How pictures become vectors: the network, its preprocessing, and the thumbnails that it is shown.
pub(super) struct Recipe([u8; 32]);

impl Recipe {
    /// Counted up whenever the same picture and settings give other thumbnails or records.
    const VERSION: u32 = 1;

    pub(super) fn new(embedder: &Embedder, settings: &Settings) -> Self {
        let card = embedder.card();
        let (width, height) = settings.thumbnail;
        let mut bytes = Self::VERSION.to_le_bytes().to_vec();
        bytes.extend(card.weights_sha256());
        bytes.extend(card.preprocess_id());
        bytes.extend([width, height, settings.quality.to_bits()].map(u32::to_le_bytes).as_flattened());
        Self(hash::sha256(&bytes))
    }

    /// Names the picture of these bytes, indexed by this recipe: 64 hexadecimal digits.
    pub(super) fn key(&self, picture: &[u8]) -> String {
        hash::sha256_hex(&[self.0, hash::sha256(picture)].concat())
    }
}

/// A picture and what the network said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// [`Recipe::key`].
    pub(super) key: String,
    /// Names the item's thumbnail ([`names::Name::file`]).
    pub(super) id: String,
    /// SHA-256 of the thumbnail, hexadecimal.
    pub(super) thumbnail: String,
    /// Width of the thumbnail, pixels.
    pub(super) width: u32,
    /// Height of the thumbnail, pixels.
    pub(super) height: u32,
    /// Index of the likeliest category.
    pub(super) label: usize,
    /// The garment's dominant colour.
    pub(super) colour: [u8; 3],
    /// [`model::look::look`] of the thumbnail.
    pub(super) look: Vec<u8>,
    /// The vector, as bits of half-precision numbers: what the feature file holds. Empty where that file has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) vector: Vec<u16>,
}

impl Record {
    /// The vector that the feature file will give back.
    pub(super) fn values(&self) -> impl Iterator<Item = f32> {
        self.vector.iter().map(|bits| f16::from_bits(*bits).to_f32())
    }

    /// Whether this network can have made it; anything else would be found out when the catalogue is written.
    pub(super) fn fits(&self, embedder: &Embedder) -> bool {
        let square: f32 = self.values().map(|value| value * value).sum();
        self.vector.len() == embedder.dimension()
            && (square - 1.0).abs() < 0.009
            && (embedder.labels().is_empty() || self.label < embedder.labels().len())
            && names::is_safe(&self.id)
            && self.look.len() == LOOK
            && self.width > 0
            && self.height > 0
    }
}

/// The embedding's vector as the feature file rounds it.
pub(super) fn halves(embedding: &Embedding) -> Vec<u16> {
    vector_bits(&embedding.vector)
}

/// Bits of `values` in half precision.
pub(super) fn vector_bits(values: &[f32]) -> Vec<u16> {
    values.iter().map(|value| f16::from_f32(*value).to_bits()).collect()
}

/// One line of a file of records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    /// A picture is indexed.
    Picture(Record),
    /// Thumbnails of these ids go as soon as the new catalogue is there.
    Gone(Vec<String>),
}

impl Entry {
    /// The line, with its end. Fails only where JSON cannot be written.
    pub(super) fn line(&self) -> serde_json::Result<String> {
        let json = serde_json::to_string(self)?;
        let checksum = hash::sha256_hex(json.as_bytes());
        Ok(format!("{} {json}\n", &checksum[..CHECKSUM]))
    }

    fn parse(line: &[u8]) -> Option<Self> {
        if line.len() > MAX_LINE {
            return None;
        }
        let (checksum, json) = std::str::from_utf8(line).ok()?.split_once(' ')?;
        let is_whole = checksum.len() == CHECKSUM && hash::sha256_hex(json.as_bytes()).starts_with(checksum);
        if is_whole { serde_json::from_str(json).ok() } else { None }
    }
}

/// The entries of a file up to the first that is not whole, and how many bytes they take.
pub(super) fn read_entries(bytes: &[u8]) -> (Vec<Entry>, usize) {
    let mut entries = Vec::new();
    let mut whole = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(entry) = line.strip_suffix(b"\n").and_then(Entry::parse) else { break };
        entries.push(entry);
        whole += line.len();
    }
    (entries, whole)
}

#[cfg(test)]
pub(super) fn example(id: &str) -> Record {
    Record {
        key: hash::sha256_hex(id.as_bytes()),
        id: id.to_owned(),
        thumbnail: hash::sha256_hex(b"thumbnail"),
        width: 48,
        height: 64,
        label: 1,
        colour: [1, 2, 3],
        look: vec![0; LOOK],
        vector: vector_bits(&[0.6, -0.8]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_back_up_to_the_first_that_is_not_whole() {
        let entries = [Entry::Picture(example("a")), Entry::Gone(vec!["b".to_owned()])];
        let lines: Vec<String> = entries.iter().map(|entry| entry.line().unwrap()).collect();
        let text = lines.concat();
        assert_eq!(read_entries(text.as_bytes()), (entries.to_vec(), text.len()));
        // Wherever the file was cut off: the entries before, and nothing of that one.
        for cut in lines[0].len()..text.len() {
            assert_eq!(
                read_entries(&text.as_bytes()[..cut]),
                (entries[..1].to_vec(), lines[0].len()),
                "{cut}"
            );
        }
        // A digit that has changed is noticed, though the JSON stays valid.
        let damaged = text.replace("\"width\":48", "\"width\":49");
        assert_eq!(read_entries(damaged.as_bytes()), (vec![], 0));
        assert_eq!(read_entries(&vec![b'x'; MAX_LINE + 10]), (vec![], 0));
    }

    #[test]
    fn values_are_those_of_the_feature_file() {
        let values: Vec<f32> = example("a").values().collect();
        assert!((values[0] - 0.6).abs() < 1e-3 && (values[1] + 0.8).abs() < 1e-3);
        assert_eq!(vector_bits(&values), example("a").vector);
    }
}
