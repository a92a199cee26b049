//! The prepacked feature file: one unit vector a catalogue item, ready to be searched.
//!
//! `docs/feature-file.md` is the specification; [`format`] has its constants, [`read`] and [`write`] the two directions.

pub mod format;
mod read;
mod write;

#[cfg(test)]
mod tests;

use crate::{Error, Result, embedder::Embedding};

/// Vectors of a catalogue, in the order of its items.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureFile {
    dimension: usize,
    weights_sha256: [u8; 32],
    preprocess_id: [u8; 16],
    /// Row-major, `len * dimension` values that half precision holds exactly.
    vectors: Vec<f32>,
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
        let vectors = embeddings
            .iter()
            .flat_map(|embedding| embedding.vector.iter().map(|value| half::f16::from_f32(*value).to_f32()))
            .collect();
        let file = Self { dimension, weights_sha256, preprocess_id, vectors };
        file.check_vectors()?;
        Ok(file)
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
    pub fn vector(&self, row: usize) -> Option<&[f32]> {
        self.vectors.get(row.checked_mul(self.dimension)?..)?.get(..self.dimension)
    }

    /// All vectors in row order.
    #[must_use]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.vectors.chunks_exact(self.dimension)
    }

    /// Every vector has length 1, to what half precision allows.
    fn check_vectors(&self) -> Result<()> {
        for (row, vector) in self.rows().enumerate() {
            let square: f32 = vector.iter().map(|v| v * v).sum();
            // Written so that a NaN fails, too.
            let is_unit = (square - 1.0).abs() < 0.01;
            if !is_unit {
                return Err(invalid(format!("the vector of item {row} does not have length 1")));
            }
        }
        Ok(())
    }
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::InvalidFeatureFile { reason: reason.into() }
}
