//! Pictures that hardly differ from an earlier one, as `model::look` tells: alike to the network and in their pixels.

use model::feature_file::FeatureFile;
use model::look::{SIMILARITY, are_near_duplicates};
use model::search;
use rayon::prelude::*;

use super::record::Record;

/// How many of the most similar earlier pictures are compared.
const NEIGHBOURS: usize = 8;

/// A picture and the first that it hardly differs from, as rows.
#[derive(Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) row: usize,
    /// Itself no near-duplicate.
    pub(super) of: usize,
    /// Cosine of the vectors.
    pub(super) similarity: f32,
}

/// Every picture that hardly differs from an earlier one, in order. `features` holds their vectors.
///
/// Fails where a search does.
pub(super) fn find(rows: &[&Record], features: &FeatureFile) -> model::Result<Vec<Pair>> {
    let likely: Vec<Vec<usize>> = (0..rows.len())
        .into_par_iter()
        .map(|row| {
            let vector = features.vector(row).unwrap_or_default();
            let hits = search::top_k_where(features, &vector, NEIGHBOURS, |other| other < row)?;
            Ok(hits.into_iter().filter(|hit| hit.score >= SIMILARITY).map(|hit| hit.row).collect())
        })
        .collect::<model::Result<_>>()?;

    let mut pairs: Vec<Pair> = Vec::new();
    // The first of its kind, for each row.
    let mut first: Vec<usize> = (0..rows.len()).collect();
    for (row, likely) in likely.into_iter().enumerate() {
        let mut kinds: Vec<usize> = likely.into_iter().map(|other| first[other]).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for of in kinds {
            let similarity: f32 = rows[row].values().zip(rows[of].values()).map(|(a, b)| a * b).sum();
            if are_near_duplicates(similarity, &rows[row].look, &rows[of].look) {
                pairs.push(Pair { row, of, similarity });
                first[row] = of;
                break;
            }
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indexing::record::{example, vector_bits};
    use image::{Rgb, RgbImage};
    use model::look::{LOOK, look};

    fn picture(width: u32, height: u32, brightness: f32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
            Rgb([60.0 + 90.0 * x, 40.0 + 120.0 * y * x, 150.0 - 80.0 * y]
                .map(|value| (value * brightness) as u8))
        })
    }

    #[test]
    fn a_pair_is_alike_in_vector_and_look_and_names_the_first() {
        let look = |brightness| look(&picture(40, 40, brightness));
        let turned = vector_bits(&[0.85, -0.526_783]);
        let near = vector_bits(&[0.64, -0.768_375]);
        let records = [
            Record { look: look(1.0), ..example("first") },
            Record { look: look(1.0), vector: turned, ..example("other-vector") },
            Record { look: look(1.1), vector: near, ..example("near") },
            Record { look: (0..LOOK as u8).collect(), ..example("other-look") },
            Record { look: look(0.9), ..example("again") },
        ];
        let rows: Vec<&Record> = records.iter().collect();
        let values: Vec<f32> = rows.iter().flat_map(|row| row.values()).collect();
        let features = FeatureFile::pack_rows(&values, 2, [0; 32], [0; 16]).unwrap();
        let pairs = find(&rows, &features).unwrap();
        let found: Vec<(usize, usize)> = pairs.iter().map(|pair| (pair.row, pair.of)).collect();
        assert_eq!(found, [(2, 0), (4, 0)]);
        assert!(pairs[0].similarity > 0.99 && pairs[1].similarity > 0.999, "{pairs:?}");
    }
}
