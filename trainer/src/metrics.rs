//! How good a ranking is, as pure functions over categories numbered from 0.
//!
//! A query is a picture of known category; its ranking is the categories of all gallery pictures, most similar first.
//! Nothing here knows of vectors or files.

use std::collections::BTreeSet;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// How one query fared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// The query's category.
    pub category: usize,
    /// The category of its nearest neighbour: what a search says that it is.
    pub nearest: usize,
    /// Whether one of the three nearest has its category.
    pub in_top3: bool,
    /// Share of the five nearest that have its category.
    pub precision_at_5: f64,
    /// Average precision over the first R places, with R the number of gallery pictures of its category.
    pub average_precision_at_r: f64,
}

impl Outcome {
    /// Judges a ranking; `None` when it is empty.
    ///
    /// The average precision at R is (1/R) Σ P(i) rel(i) over the first R places, where P(i) is the share of relevant
    /// pictures among the first i, and rel(i) is 1 for a relevant picture in place i, else 0 (Musgrave et al., "A
    /// Metric Learning Reality Check", ECCV 2020). It is 0 when nothing relevant exists.
    #[must_use]
    pub fn judge(category: usize, ranking: &[usize]) -> Option<Self> {
        let nearest = *ranking.first()?;
        let is_relevant = |other: &&usize| **other == category;
        let relevant = ranking.iter().filter(is_relevant).count();
        let mut found = 0.0;
        let mut sum = 0.0;
        for (place, other) in ranking.iter().take(relevant).enumerate() {
            if *other == category {
                found += 1.0;
                sum += found / (place + 1) as f64;
            }
        }
        let five = &ranking[..ranking.len().min(5)];
        Some(Self {
            category,
            nearest,
            in_top3: ranking.iter().take(3).any(|other| *other == category),
            precision_at_5: five.iter().filter(is_relevant).count() as f64 / five.len() as f64,
            average_precision_at_r: if relevant == 0 { 0.0 } else { sum / relevant as f64 },
        })
    }
}

/// The mean; 0 of nothing.
#[must_use]
pub fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values.into_iter().fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    if count == 0.0 { 0.0 } else { sum / count }
}

/// The mean over categories of the F1 score, 2 TP / (2 TP + FP + FN), of `(truth, prediction)` pairs. Only categories
/// that occur as truth count.
#[must_use]
pub fn macro_f1(pairs: &[(usize, usize)]) -> f64 {
    let categories: BTreeSet<usize> = pairs.iter().map(|(truth, _)| *truth).collect();
    mean(categories.into_iter().map(|category| {
        let (mut hits, mut wrong) = (0.0, 0.0);
        for &(truth, prediction) in pairs {
            match (truth == category, prediction == category) {
                (true, true) => hits += 1.0,
                (true, false) | (false, true) => wrong += 1.0,
                (false, false) => {}
            }
        }
        if hits == 0.0 { 0.0 } else { 2.0 * hits / (2.0 * hits + wrong) }
    }))
}

/// A 95% interval of `statistic` over `count` samples: the 2.5th and 97.5th percentile of 1,000 resamplings with
/// replacement, each given as indices of samples. Always the same for the same input.
#[must_use]
pub fn bootstrap(count: usize, statistic: impl Fn(&[usize]) -> f64) -> [f64; 2] {
    const ROUNDS: usize = 1000;
    if count == 0 {
        return [0.0; 2];
    }
    let mut chance = ChaCha8Rng::seed_from_u64(0);
    let mut indices = vec![0; count];
    let mut values: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            indices.fill_with(|| chance.random_range(0..count));
            statistic(&indices)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    [values[ROUNDS * 25 / 1000], values[ROUNDS * 975 / 1000 - 1]]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn a_ranking_by_hand() {
        // Relevant in places 1, 3 and 6 of 7: R = 3, so places 1 and 3 count: (1/1 + 2/3) / 3 = 5/9.
        let outcome = Outcome::judge(4, &[4, 0, 4, 1, 1, 4, 2]).unwrap();
        assert_eq!((outcome.nearest, outcome.in_top3), (4, true));
        assert_near(outcome.precision_at_5, 0.4);
        assert_near(outcome.average_precision_at_r, 5.0 / 9.0);
    }

    #[test]
    fn best_and_worst_rankings() {
        let best = Outcome::judge(1, &[1, 1, 1, 0, 0]).unwrap();
        assert_near(best.average_precision_at_r, 1.0);
        assert_near(best.precision_at_5, 0.6);
        let worst = Outcome::judge(1, &[0, 0, 0, 1, 1]).unwrap();
        assert_near(worst.average_precision_at_r, 0.0);
        assert!(!worst.in_top3);
        let alone = Outcome::judge(7, &[0, 1]).unwrap();
        assert_near(alone.average_precision_at_r, 0.0);
        assert_eq!(Outcome::judge(0, &[]), None);
    }

    #[test]
    fn fewer_than_five_in_the_gallery() {
        assert_near(Outcome::judge(1, &[1, 0]).unwrap().precision_at_5, 0.5);
    }

    #[test]
    fn macro_f1_by_hand() {
        // Category 0: 2 hits, 1 missed, 0 false: 4/5. Category 1: 1 hit, 0 missed, 1 false: 2/3.
        assert_near(macro_f1(&[(0, 0), (0, 0), (0, 1), (1, 1)]), f64::midpoint(0.8, 2.0 / 3.0));
        // A category that is only ever predicted does not count by itself.
        assert_near(macro_f1(&[(0, 5)]), 0.0);
        assert_near(macro_f1(&[]), 0.0);
    }

    #[test]
    fn an_interval_holds_the_mean_and_does_not_change() {
        let values: Vec<f64> = (0..200).map(|index| f64::from(index % 4 == 0)).collect();
        let interval = || bootstrap(values.len(), |indices| mean(indices.iter().map(|&index| values[index])));
        let [low, high] = interval();
        // The standard error is sqrt(0.25 * 0.75 / 200) = 0.031.
        assert!((0.17..0.22).contains(&low) && (0.28..0.33).contains(&high), "{low} to {high}");
        assert_eq!(interval().map(f64::to_bits), [low, high].map(f64::to_bits));
    }
}
