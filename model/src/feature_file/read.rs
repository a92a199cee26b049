//! Bytes to a [`FeatureFile`], trusting none of them.

use half::f16;

use super::{
    FeatureFile,
    format::{
        ALIGNMENT, CHECKSUM_AT, CODEC_F16, ENTRY, HEADER, KIND_VECTORS, MAGIC, MAJOR, MAX_DIMENSION,
        MAX_SECTIONS,
    },
    invalid,
};
use crate::{Result, hash::sha256};

struct Section {
    kind: u32,
    codec: u32,
    offset: u64,
    length: u64,
    hash: [u8; 32],
}

impl FeatureFile {
    /// Reads and checks a feature file: version, length, checksums, and that every vector has length 1.
    ///
    /// Fails with [`crate::Error::InvalidFeatureFile`]. Allocates at most twice the file's own length.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        if bytes.get(..8) != Some(&MAGIC) {
            return Err(invalid("this is no Twill feature file"));
        }
        if bytes.len() < HEADER {
            return Err(invalid("it is cut off in its header"));
        }
        let major = u16_at(bytes, 8);
        if major != MAJOR {
            return Err(invalid(format!("its version {major} cannot be read by this program")));
        }
        if u64_at(bytes, 16) != 0 {
            return Err(invalid("it needs features that this program does not have"));
        }
        let total = u64_at(bytes, 32);
        if total != bytes.len() as u64 {
            return Err(invalid(format!("it has {} bytes instead of {total}", bytes.len())));
        }
        let sections = sections(bytes)?;

        let (rows, dimension) = (u64_at(bytes, 40), u32_at(bytes, 48));
        if !(1..=MAX_DIMENSION).contains(&dimension) {
            return Err(invalid(format!("vectors of {dimension} values are out of range")));
        }
        let section = sections
            .iter()
            .find(|section| section.kind == KIND_VECTORS && section.codec == CODEC_F16)
            .ok_or_else(|| invalid("it holds no vectors that this program can read"))?;
        if rows.checked_mul(u64::from(dimension)).and_then(|n| n.checked_mul(2)) != Some(section.length) {
            return Err(invalid("its vectors do not have the length that the header states"));
        }
        // `sections` has checked that offset and length lie inside `bytes`, so both fit `usize`.
        let data = &bytes[section.offset as usize..(section.offset + section.length) as usize];
        if sha256(data) != section.hash {
            return Err(invalid("its vectors are damaged, the checksum differs"));
        }
        let file = Self {
            dimension: dimension as usize,
            weights_sha256: array_at(bytes, 56),
            preprocess_id: array_at(bytes, 88),
            vectors: data.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
        };
        file.check_vectors()?;
        Ok(file)
    }
}

/// The section table, with its checksum and every section's place checked.
fn sections(bytes: &[u8]) -> Result<Vec<Section>> {
    let count = u32_at(bytes, 12);
    let end = HEADER + ENTRY * count.min(MAX_SECTIONS) as usize;
    if count == 0 || count > MAX_SECTIONS || end > bytes.len() {
        return Err(invalid("its table of sections is out of range"));
    }
    let table = &bytes[HEADER..end];
    let checksum = sha256(&[&bytes[..CHECKSUM_AT], table].concat());
    if checksum[..8] != bytes[CHECKSUM_AT..HEADER] {
        return Err(invalid("its header is damaged, the checksum differs"));
    }
    table
        .chunks_exact(ENTRY)
        .map(|entry| {
            let section = Section {
                kind: u32_at(entry, 0),
                codec: u32_at(entry, 4),
                offset: u64_at(entry, 8),
                length: u64_at(entry, 16),
                hash: array_at(entry, 24),
            };
            let inside = section.offset >= end as u64
                && section.offset.is_multiple_of(ALIGNMENT as u64)
                && section.offset.checked_add(section.length).is_some_and(|end| end <= bytes.len() as u64);
            if inside { Ok(section) } else { Err(invalid("a section lies outside the file")) }
        })
        .collect()
}

/// Callers have checked that `at + N` lies inside.
fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}
