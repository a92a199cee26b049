use proptest::prelude::*;

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

proptest! {
    #[test]
    fn equals_sorting_everything(
        rows in prop::collection::vec(prop::collection::vec(-3i8..=3, 11), 0..60),
        query in prop::collection::vec(-1.0f32..1.0, 11),
        k in 0usize..70,
    ) {
        // Small whole numbers make many equal rows, so ties are common.
        let rows: Vec<Vec<f32>> = rows
            .into_iter()
            .map(|row| row.into_iter().map(f32::from).collect::<Vec<_>>())
            .filter(|row| row.iter().any(|v| *v != 0.0))
            .collect();
        let mut all = rows.clone();
        if all.is_empty() {
            all.push(vec![1.0; 11]);
        }
        let file = features(&all);
        let found: Vec<usize> = top_k(&file, &query, k).unwrap().iter().map(|hit| hit.row).collect();
        prop_assert_eq!(found, naive(&file, &query, k));

        let even: Vec<usize> =
            top_k_where(&file, &query, k, |row| row % 2 == 0).unwrap().iter().map(|hit| hit.row).collect();
        let filtered: Vec<usize> =
            naive(&file, &query, all.len()).into_iter().filter(|row| row % 2 == 0).take(k).collect();
        prop_assert_eq!(even, filtered);
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
