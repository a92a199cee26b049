//! The prepacked feature file: one unit vector a catalogue item, ready to be searched.
//!
//! `docs/feature-file.md` is the specification; [`format`] has its constants, `read` and `write` the two directions, `stream` the first
//! while a file is still arriving, `codes` what a scan reads in place of the vectors (along axes of their own in `components`, which `eigen` finds),
//! and `few` what one reads that may be wrong.

mod appendix;
mod codes;
mod components;
mod eigen;
mod few;
pub mod format;
mod read;
mod rounding;
mod stream;
mod write;

#[cfg(test)]
mod hostile;
#[cfg(test)]
pub(crate) mod tests;

use half::{f16, slice::HalfFloatSliceExt as _};

use crate::{Error, Result, embedder::Embedding};
pub use codes::Line;
pub(crate) use codes::{Block, Codes};
pub use eigen::eigen;
pub use few::{Bits, FewBits};
pub use stream::{FeatureStream, Piece};
pub use write::{bytes_before_codes, bytes_before_vectors};

/// Vectors of a catalogue, in the order of its items.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureFile {
    dimension: usize,
    weights_sha256: [u8; 32],
    preprocess_id: [u8; 16],
    /// Row-major, `len * dimension` values.
    vectors: Vec<f16>,
    codes: Codes,
}

impl FeatureFile {
    /// Packs embeddings made with the weights and preprocessing that the two ids name.
    ///
    /// Values are rounded to half precision at once, so that a search before writing and after reading agree. Fails with
    /// [`Error::InvalidFeatureFile`] where the vectors differ in length or are not of length 1.
    pub fn pack(embeddings: &[Embedding], weights_sha256: [u8; 32], preprocess_id: [u8; 16]) -> Result<Self> {
        let dimension = embeddings.first().map_or(1, |first| first.vector.len());
        if embeddings.iter().any(|embedding| embedding.vector.len() != dimension) {
            return Err(invalid("its vectors differ in length"));
        }
        let rows: Vec<f16> = embeddings
            .iter()
            .flat_map(|embedding| embedding.vector.iter().map(|value| f16::from_f32(*value)))
            .collect();
        Self::from_halves(rows, dimension, Codes::quantise, None, weights_sha256, preprocess_id)
    }

    /// [`FeatureFile::pack`] for a matrix: `rows` is row-major, each row `dimension` values and of length 1.
    pub fn pack_rows(
        rows: &[f32],
        dimension: usize,
        weights_sha256: [u8; 32],
        preprocess_id: [u8; 16],
    ) -> Result<Self> {
        let rows = rows.iter().map(|value| f16::from_f32(*value)).collect();
        Self::from_halves(rows, dimension, Codes::quantise, None, weights_sha256, preprocess_id)
    }

    /// [`FeatureFile::pack_rows`] with a code a value in any case: for few rows, among which looking for a plane takes longer than it saves.
    pub fn pack_plainly(
        rows: &[f32],
        dimension: usize,
        weights_sha256: [u8; 32],
        preprocess_id: [u8; 16],
    ) -> Result<Self> {
        let rows = rows.iter().map(|value| f16::from_f32(*value)).collect();
        Self::from_halves(rows, dimension, Codes::quantise_plainly, None, weights_sha256, preprocess_id)
    }

    /// `quantise` makes the codes of vectors of a dimension in blocks of so many rows; `block_rows`, a multiple of sixteen, is chosen where `None`.
    fn from_halves(
        vectors: Vec<f16>,
        dimension: usize,
        quantise: fn(&[f16], usize, usize) -> Codes,
        block_rows: Option<usize>,
        weights_sha256: [u8; 32],
        preprocess_id: [u8; 16],
    ) -> Result<Self> {
        check_shape(vectors.len(), dimension)?;
        check_vectors(&vectors, dimension)?;
        let block_rows =
            block_rows.unwrap_or_else(|| codes::default_block_rows(vectors.len() / dimension, dimension));
        let codes = quantise(&vectors, dimension, block_rows);
        Ok(Self { dimension, weights_sha256, preprocess_id, vectors, codes })
    }

    /// Number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.vectors.len() / self.dimension
    }

    /// Whether there is no item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vectors.is_empty()
    }

    /// Values a vector.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// SHA-256 of the weights that made the vectors.
    #[must_use]
    pub fn weights_sha256(&self) -> [u8; 32] {
        self.weights_sha256
    }

    /// [`crate::preprocess::Preprocess::id`] of the preprocessing that made the vectors.
    #[must_use]
    pub fn preprocess_id(&self) -> [u8; 16] {
        self.preprocess_id
    }

    /// The vector of item `row`, or `None` past the end.
    #[must_use]
    pub fn vector(&self, row: usize) -> Option<Vec<f32>> {
        let halves = self.vectors.get(row.checked_mul(self.dimension)?..)?.get(..self.dimension)?;
        Some(halves.iter().map(|value| value.to_f32()).collect())
    }

    /// All vectors in row order.
    #[must_use]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Vec<f32>> {
        self.vectors.chunks_exact(self.dimension).map(|row| row.iter().map(|value| value.to_f32()).collect())
    }

    /// What a scan reads, in the order in which it does: [`crate::search::Kernel`] says what the lines hold.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        self.codes.lines()
    }

    pub(crate) fn codes(&self) -> &Codes {
        &self.codes
    }

    /// Overwrites `vectors` with as many rows from `row` on as it has room for; all of them must be there.
    pub(crate) fn copy_vectors(&self, row: usize, vectors: &mut [f32]) {
        let from = row * self.dimension;
        self.vectors[from..from + vectors.len()].convert_to_f32_slice(vectors);
    }
}

/// Whole rows of a length that the format allows.
fn check_shape(values: usize, dimension: usize) -> Result<()> {
    if !(1..=format::MAX_DIMENSION as usize).contains(&dimension) {
        return Err(invalid(format!("vectors of {dimension} values are out of range")));
    }
    if !values.is_multiple_of(dimension) {
        return Err(invalid("its vectors differ in length"));
    }
    Ok(())
}

/// Every vector has length 1, to what half precision allows.
fn check_vectors(vectors: &[f16], dimension: usize) -> Result<()> {
    let mut values = vec![0.0; dimension];
    for (row, vector) in vectors.chunks_exact(dimension).enumerate() {
        vector.convert_to_f32_slice(&mut values);
        let square = crate::search::dot(&values, &values);
        // Written so that a NaN fails, too.
        let is_unit = (square - 1.0).abs() < 0.01;
        if !is_unit {
            return Err(invalid(format!("the vector of item {row} does not have length 1")));
        }
    }
    Ok(())
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::InvalidFeatureFile { reason: reason.into() }
}
