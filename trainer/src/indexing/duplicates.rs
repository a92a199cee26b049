//! Pictures that hardly differ from an earlier one: the same photo, stored again, shrunk, or a little brighter.
//!
//! Two must be alike to the network and in their pixels. The network alone takes two white shirts on one bed sheet for
//! the same, eight by eight means of brightness alone two dresses of one cut on plain ground. Both thresholds come from
//! measurements: of 250 real photos, each stored again at JPEG quality 50, at 60% of its size, 12% brighter and with 15%
//! more contrast, 996 of 1,000 pass; of the 8.6 million pairs among 4,137 real photos only one, which is the same photo
//! twice, and of the 4.5 million among 3,000 drawn garments two. A photo that was cropped by 3% on each side is another
//! one.

use image::RgbImage;
use model::feature_file::FeatureFile;
use model::search;
use rayon::prelude::*;

use super::record::Record;

/// Least cosine of the vectors.
const SIMILARITY: f32 = 0.96;
/// Least correlation of the looks.
const CORRELATION: f64 = 0.997;
/// Side of a look.
const SIDE: usize = 8;
/// Values of a look.
pub(super) const LOOK: usize = SIDE * SIDE;
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

/// Mean brightness of eight by eight equal parts of a picture, row by row; whole numbers alone are calculated with, so
/// that every machine sees the same.
pub(super) fn look(picture: &RgbImage) -> Vec<u8> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let part = |index: usize, length: usize| {
        let start = index * length / SIDE;
        start..((index + 1) * length / SIDE).max(start + 1).min(length)
    };
    let mut means = Vec::with_capacity(LOOK);
    for row in 0..SIDE {
        for column in 0..SIDE {
            let (mut sum, mut count) = (0_u64, 0_u64);
            for y in part(row, height) {
                for x in part(column, width) {
                    let [red, green, blue] = picture.get_pixel(x as u32, y as u32).0.map(u64::from);
                    sum += 77 * red + 150 * green + 29 * blue;
                    count += 256;
                }
            }
            means.push(((sum + count / 2) / count.max(1)) as u8);
        }
    }
    means
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
            if similarity >= SIMILARITY && correlation(&rows[row].look, &rows[of].look) >= CORRELATION {
                pairs.push(Pair { row, of, similarity });
                first[row] = of;
                break;
            }
        }
    }
    Ok(pairs)
}

/// How far two looks are the same but for brightness and contrast: 1 where they are, about 0 where they have nothing in
/// common.
fn correlation(a: &[u8], b: &[u8]) -> f64 {
    if a == b {
        // Also where both are blank.
        return 1.0;
    }
    let mean = |look: &[u8]| look.iter().map(|value| f64::from(*value)).sum::<f64>() / LOOK as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (f64::from(*a) - mean_a, f64::from(*b) - mean_b);
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    if aa == 0.0 || bb == 0.0 { 0.0 } else { ab / (aa * bb).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indexing::record::{example, vector_bits};
    use image::Rgb;

    fn picture(width: u32, height: u32, brightness: f32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
            Rgb([60.0 + 90.0 * x, 40.0 + 120.0 * y * x, 150.0 - 80.0 * y]
                .map(|value| (value * brightness) as u8))
        })
    }

    #[test]
    fn looks_forget_size_and_brightness_but_not_what_is_shown() {
        let original = look(&picture(240, 320, 1.0));
        assert_eq!(original.len(), LOOK);
        assert!(correlation(&original, &look(&picture(100, 133, 1.1))) > 0.999);
        let turned = image::imageops::rotate180(&picture(240, 320, 1.0));
        assert!(correlation(&original, &look(&turned)) < 0.5);
        let (white, black) = (look(&RgbImage::from_pixel(9, 9, Rgb([255; 3]))), vec![0; LOOK]);
        assert_eq!(white, [255; LOOK]);
        assert_eq!((correlation(&white, &white), correlation(&white, &black)), (1.0, 0.0));
        // Narrower than a part is wide.
        assert_eq!(look(&picture(3, 1, 1.0)).len(), LOOK);
    }

    #[test]
    fn a_pair_is_alike_in_vector_and_look_and_names_the_first() {
        let look = |brightness| look(&picture(40, 40, brightness));
        let turned = vector_bits(&[0.8, -0.6]);
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
