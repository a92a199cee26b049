use super::*;
use crate::{crop::CropBox, embedder::Embedding};

fn features(rows: &[Vec<f32>]) -> FeatureFile {
    let embeddings: Vec<_> = rows
        .iter()
        .map(|row| Embedding {
            vector: crate::embedder::unit(row).unwrap(),
            probabilities: vec![],
            garment: CropBox::WHOLE,
        })
        .collect();
    FeatureFile::pack(&embeddings, [0; 32], [0; 16]).unwrap()
}

/// Sorts everything: the obvious way.
fn naive(features: &FeatureFile, query: &[f32], k: usize) -> Vec<usize> {
    let mut hits: Vec<_> = features.rows().enumerate().map(|(row, v)| (row, dot(query, v))).collect();
    hits.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    hits.into_iter().take(k).map(|(row, _)| row).collect()
}

/// Numbers that look random and come again (Knuth's multiplier), so that a failure can be repeated.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn equals_sorting_everything() {
    for case in 0..300 {
        let mut numbers = Numbers(case);
        // Small whole numbers make many equal rows, so ties are common; the first row is never all zero.
        let rows: Vec<Vec<f32>> = (0..=numbers.below(60))
            .map(|_| (0..11).map(|i| if i == 0 { 1.0 } else { numbers.below(5) as f32 - 2.0 }).collect())
            .collect();
        let query: Vec<f32> = (0..11).map(|_| numbers.below(2001) as f32 / 1000.0 - 1.0).collect();
        let k = numbers.below(70) as usize;
        let file = features(&rows);
        let found: Vec<usize> = top_k(&file, &query, k).unwrap().iter().map(|hit| hit.row).collect();
        assert_eq!(found, naive(&file, &query, k), "case {case}");

        let even: Vec<usize> =
            top_k_where(&file, &query, k, |row| row % 2 == 0).unwrap().iter().map(|hit| hit.row).collect();
        let filtered: Vec<usize> =
            naive(&file, &query, rows.len()).into_iter().filter(|row| row % 2 == 0).take(k).collect();
        assert_eq!(even, filtered, "case {case}");
    }
}

#[test]
fn wrong_queries_are_errors() {
    let file = features(&[vec![1.0, 0.0], vec![0.0, 1.0]]);
    assert_eq!(top_k(&file, &[1.0], 1), Err(Error::DimensionMismatch { expected: 2, found: 1 }));
    assert!(matches!(top_k(&file, &[f32::NAN, 0.0], 1), Err(Error::Inference { .. })));
    let hits = top_k(&file, &[0.6, 0.8], 5).unwrap();
    assert_eq!(hits, [Hit { row: 1, score: 0.8 }, Hit { row: 0, score: 0.6 }]);
}
