//! A [`FeatureFile`] to bytes.

use super::{
    FeatureFile,
    codes::default_block_rows,
    components::{Axes, has_room},
    format::{
        ALIGNMENT, BLOCK_HEAD, BLOCK_TABLE_HEAD, CHECKSUM_AT, CODEC_BLOCKS, CODEC_BLOCKS_OF_COMPONENTS,
        CODEC_COMPONENTS, CODEC_F16, CODEC_SEVEN_BITS, CODEC_SHA256, ENTRY, FINER, GROUP_ROWS, HASH, HEADER,
        KIND_BLOCKS, KIND_CODES, KIND_VECTOR_BLOCKS, KIND_VECTORS, LINE, MAGIC, MAJOR, MAX_DIMENSION, MINOR,
        MINOR_WITH_COMPONENTS, MINOR_WITH_VECTOR_BLOCKS, QUAD,
    },
};
use crate::hash::sha256;

/// How many bytes of a file of so many vectors of `dimension` values come before its vectors at most, where it is written as
/// [`FeatureFile::write`] writes it: with those, everything can be searched. Where codes along components take fewer than a code a value this is
/// more than there is. None where there is no such file.
#[must_use]
pub fn bytes_before_vectors(rows: u64, dimension: u64) -> Option<u64> {
    let before = bytes_before_codes(rows, dimension)?;
    let (all, values) = (usize::try_from(rows).unwrap_or(usize::MAX / 2), usize::try_from(dimension).ok()?);
    let mut quads = dimension.div_ceil(QUAD as u64);
    let mut axes = 0;
    if has_room(all, values) {
        quads += (FINER / QUAD) as u64;
        axes = rows.div_ceil(default_block_rows(all, values) as u64) * Axes::bytes(values, values) as u64;
    }
    let lines = rows.div_ceil(GROUP_ROWS as u64).checked_mul(quads)?;
    before.checked_add(axes)?.checked_add(lines.checked_mul(LINE as u64)?)
}

/// How many bytes of such a file come before its codes: with those, every block of it can be told by its hash.
#[must_use]
pub fn bytes_before_codes(rows: u64, dimension: u64) -> Option<u64> {
    // In numbers of 64 bits: where `usize` has 32, a large catalogue's file is longer than that.
    if !(1..=u64::from(MAX_DIMENSION)).contains(&dimension) || rows.checked_mul(64 * dimension).is_none() {
        return None;
    }
    let values = usize::try_from(dimension).ok()?;
    let block_rows = default_block_rows(usize::try_from(rows).unwrap_or(usize::MAX / 2), values) as u64;
    let [head, entry, hash, header, section, alignment] =
        [BLOCK_TABLE_HEAD, BLOCK_HEAD, HASH, HEADER, ENTRY, ALIGNMENT].map(|bytes| bytes as u64);
    let blocks = rows.div_ceil(block_rows);
    let table = head + blocks * (entry + 8 * dimension);
    // The hashes of a single block's vectors would be those of all vectors.
    let (sections, hashes) = if blocks > 1 { (4, blocks * hash) } else { (3, 0) };
    let end = (header + sections * section).next_multiple_of(alignment) + table;
    Some((end.next_multiple_of(alignment) + hashes).next_multiple_of(alignment))
}

/// A section before its place in the file is known.
pub(super) struct Section {
    pub(super) kind: u32,
    pub(super) codec: u32,
    pub(super) hash: [u8; 32],
    pub(super) bytes: Vec<u8>,
}

impl FeatureFile {
    /// The file's bytes; the same vectors always give the same bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        self.assemble(&self.sections())
    }

    /// The version that has all of these.
    fn minor(sections: &[Section]) -> u16 {
        let has = |is: fn(&Section) -> bool| sections.iter().any(is);
        if has(|section| section.kind == KIND_CODES && section.codec == CODEC_COMPONENTS) {
            MINOR_WITH_COMPONENTS
        } else if has(|section| section.kind == KIND_VECTOR_BLOCKS) {
            MINOR_WITH_VECTOR_BLOCKS
        } else if has(|section| section.kind == KIND_CODES) {
            MINOR
        } else {
            0
        }
    }

    /// What is needed first comes first, so that a reader can search before it has everything.
    pub(super) fn sections(&self) -> Vec<Section> {
        let hashes = self.block_hashes();
        let mut sections = vec![self.block_section(&hashes)];
        if hashes.len() > 1 {
            sections.push(self.vector_block_section());
        }
        sections.extend([self.code_section(&hashes), self.vector_section()]);
        sections
    }

    /// The hashes of the vectors of each block of rows, so that they can be kept and checked block by block.
    fn vector_block_section(&self) -> Section {
        let hash = |block: &[half::f16]| {
            let bytes: Vec<u8> = block.iter().flat_map(|value| value.to_le_bytes()).collect();
            sha256(&bytes)
        };
        let blocks = self.vectors.chunks(self.codes.block_rows() * self.dimension);
        let bytes: Vec<u8> = blocks.flat_map(hash).collect();
        Section { kind: KIND_VECTOR_BLOCKS, codec: CODEC_SHA256, hash: sha256(&bytes), bytes }
    }

    fn vector_section(&self) -> Section {
        let bytes: Vec<u8> = self.vectors.iter().flat_map(|value| value.to_le_bytes()).collect();
        Section { kind: KIND_VECTORS, codec: CODEC_F16, hash: sha256(&bytes), bytes }
    }

    fn code_section(&self, hashes: &[[u8; 32]]) -> Section {
        let bytes = self.codes.blocks().iter().flat_map(|block| self.codes.write_block(block)).collect();
        let is_plain = self.codes.shape().components.is_none();
        let codec = if is_plain { CODEC_SEVEN_BITS } else { CODEC_COMPONENTS };
        Section { kind: KIND_CODES, codec, hash: sha256(hashes.as_flattened()), bytes }
    }

    fn block_section(&self, hashes: &[[u8; 32]]) -> Section {
        let components = self.codes.shape().components;
        let mut bytes = (self.codes.block_rows() as u32).to_le_bytes().to_vec();
        bytes.extend((components.unwrap_or_default() as u32).to_le_bytes());
        bytes.resize(BLOCK_TABLE_HEAD, 0);
        for (block, hash) in self.codes.blocks().iter().zip(hashes) {
            let end = bytes.len() + BLOCK_HEAD;
            bytes.extend(hash);
            bytes.extend(rounded_up(block.residual).to_le_bytes());
            bytes.resize(end, 0);
            bytes.extend(block.offsets.iter().chain(&block.steps).flat_map(|value| value.to_le_bytes()));
            bytes.resize(end + 8 * self.dimension, 0);
        }
        let codec = if components.is_none() { CODEC_BLOCKS } else { CODEC_BLOCKS_OF_COMPONENTS };
        Section { kind: KIND_BLOCKS, codec, hash: sha256(&bytes), bytes }
    }

    fn block_hashes(&self) -> Vec<[u8; 32]> {
        self.codes.blocks().iter().map(|block| sha256(&self.codes.write_block(block))).collect()
    }

    pub(super) fn assemble(&self, sections: &[Section]) -> Vec<u8> {
        let mut table = Vec::with_capacity(sections.len() * ENTRY);
        let mut total = HEADER + sections.len() * ENTRY;
        for section in sections {
            let offset = total.next_multiple_of(ALIGNMENT);
            total = offset + section.bytes.len();
            table.extend(section.kind.to_le_bytes());
            table.extend(section.codec.to_le_bytes());
            table.extend((offset as u64).to_le_bytes());
            table.extend((section.bytes.len() as u64).to_le_bytes());
            table.extend(section.hash);
            table.extend([0; 8]);
        }

        let mut bytes = Vec::with_capacity(total);
        bytes.extend(MAGIC);
        bytes.extend(MAJOR.to_le_bytes());
        bytes.extend(Self::minor(sections).to_le_bytes());
        bytes.extend((sections.len() as u32).to_le_bytes());
        bytes.extend([0; 16]); // required and optional flags
        bytes.extend((total as u64).to_le_bytes());
        bytes.extend((self.len() as u64).to_le_bytes());
        bytes.extend((self.dimension as u32).to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(self.weights_sha256);
        bytes.extend(self.preprocess_id);
        bytes.resize(CHECKSUM_AT, 0);
        let checksum = sha256(&[bytes.as_slice(), &table].concat());
        bytes.extend(&checksum[..8]);
        bytes.extend(table);
        for section in sections {
            bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
            bytes.extend(&section.bytes);
        }
        bytes
    }

    /// The bytes as version 1.0 had them, without codes.
    #[cfg(test)]
    pub(super) fn write_without_codes(&self) -> Vec<u8> {
        self.assemble(&[self.vector_section()])
    }
}

/// In single precision, but no less.
fn rounded_up(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) < value { near.next_up() } else { near }
}
