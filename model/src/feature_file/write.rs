//! A [`FeatureFile`] to bytes.

use half::f16;

use super::{
    FeatureFile,
    format::{ALIGNMENT, CHECKSUM_AT, CODEC_F16, ENTRY, HEADER, KIND_VECTORS, MAGIC, MAJOR, MINOR},
};
use crate::hash::sha256;

impl FeatureFile {
    /// The file's bytes; the same vectors always give the same bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let vectors: Vec<u8> = self.vectors.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()).collect();
        let offset = (HEADER + ENTRY).next_multiple_of(ALIGNMENT);
        let total = offset + vectors.len();

        let mut entry = Vec::with_capacity(ENTRY);
        entry.extend(KIND_VECTORS.to_le_bytes());
        entry.extend(CODEC_F16.to_le_bytes());
        entry.extend((offset as u64).to_le_bytes());
        entry.extend((vectors.len() as u64).to_le_bytes());
        entry.extend(sha256(&vectors));
        entry.resize(ENTRY, 0);

        let mut bytes = Vec::with_capacity(total);
        bytes.extend(MAGIC);
        bytes.extend(MAJOR.to_le_bytes());
        bytes.extend(MINOR.to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
        bytes.extend([0; 16]); // required and optional flags
        bytes.extend((total as u64).to_le_bytes());
        bytes.extend((self.len() as u64).to_le_bytes());
        bytes.extend((self.dimension as u32).to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(self.weights_sha256);
        bytes.extend(self.preprocess_id);
        bytes.resize(CHECKSUM_AT, 0);
        let checksum = sha256(&[bytes.as_slice(), &entry].concat());
        bytes.extend(&checksum[..8]);
        bytes.extend(entry);
        bytes.resize(offset, 0);
        bytes.extend(vectors);
        bytes
    }
}
