//! Exact nearest neighbours by dot product, which for unit vectors is the cosine.

use std::{cmp::Ordering, collections::BinaryHeap};

use crate::{Error, Result, feature_file::FeatureFile};

/// An item of the catalogue and its similarity to the query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Position in the catalogue.
    pub row: usize,
    /// Cosine of the angle between the vectors, -1 to 1.
    pub score: f32,
}

/// Orders hits from worst to best: a lower score, and among equals a later row, is worse.
#[derive(PartialEq)]
struct Ranked(Hit);

impl Eq for Ranked {}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.score.total_cmp(&other.0.score).then(other.0.row.cmp(&self.0.row))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The `k` rows most similar to `query`, best first; among equals the earlier row. Fewer where the file has fewer.
///
/// Fails with [`Error::DimensionMismatch`], and with [`Error::Inference`] where the query is not finite.
pub fn top_k(features: &FeatureFile, query: &[f32], k: usize) -> Result<Vec<Hit>> {
    top_k_where(features, query, k, |_| true)
}

/// [`top_k`] among the rows that `keep` lets through.
pub fn top_k_where(
    features: &FeatureFile,
    query: &[f32],
    k: usize,
    keep: impl Fn(usize) -> bool,
) -> Result<Vec<Hit>> {
    if query.len() != features.dimension() {
        return Err(Error::DimensionMismatch { expected: features.dimension(), found: query.len() });
    }
    if !query.iter().all(|value| value.is_finite()) {
        return Err(Error::Inference { reason: "its feature is not a number".to_owned() });
    }
    // A min-heap of the best so far: its top is the one to beat.
    let mut best = BinaryHeap::with_capacity(k.min(features.len()) + 1);
    for (row, vector) in features.rows().enumerate() {
        if !keep(row) {
            continue;
        }
        let ranked = Ranked(Hit { row, score: dot(query, vector) });
        if best.len() < k {
            best.push(std::cmp::Reverse(ranked));
        } else if best.peek().is_some_and(|worst| ranked > worst.0) {
            best.pop();
            best.push(std::cmp::Reverse(ranked));
        }
    }
    // Ascending order of `Reverse` is best first.
    Ok(best.into_sorted_vec().into_iter().map(|ranked| ranked.0.0).collect())
}

/// Eight running sums, which compilers turn into SIMD; their order is fixed, so every platform gives the same bits.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (a_lanes, b_lanes) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail: f32 = a_lanes.remainder().iter().zip(b_lanes.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_lanes.zip(b_lanes) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + tail
}

#[cfg(test)]
mod tests;
