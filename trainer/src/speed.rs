//! How fast search is, next to the least that it could cost: reading the codes once.
//!
//! All figures come from one run on one thread, with the rows in memory. Every round times each way of searching once, with a
//! query of its own, so that whatever else the machine does meets all of them alike, and reads the codes once before, so that
//! caches hold the same for all; a figure is the median of the rounds. Ratios travel from machine to machine, milliseconds do not.

pub mod embed;
pub mod few;

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Result, ensure};
use model::feature_file::{FeatureFile, FeatureStream};
use model::search::{self, Accuracy, Hit, Kernel, Request};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::npy::Matrix;

/// What to measure with.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Number of items, at least 1.
    pub rows: usize,
    /// Values a vector, at least 1.
    pub dimension: usize,
    /// How many items to find, at least 1.
    pub k: usize,
    /// How many rounds, at least 1.
    pub rounds: usize,
    /// Draws the items and the queries.
    pub seed: u64,
}

/// Items and queries of somebody's own, in place of drawn ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// A row of length 1 an item, at least one.
    pub items: Matrix,
    /// As wide as the items; without any they are drawn near items.
    pub queries: Option<Matrix>,
}

/// One way of searching, or of reading.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// What was timed.
    pub name: String,
    /// Median over the rounds, milliseconds; for several queries at once, of each.
    pub ms: f64,
    /// `ms` over that of the pure read.
    pub times_a_read: f64,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Number of items.
    pub rows: usize,
    /// Values a vector.
    pub dimension: usize,
    /// How many items were found.
    pub k: usize,
    /// How many rounds.
    pub rounds: usize,
    /// The kernel that search chooses on this machine.
    pub kernel: String,
    /// The pure read first.
    pub figures: Vec<Figure>,
    /// Share of the true `k` best that the codes alone find.
    pub recall_of_codes: f64,
    /// Share of the true `k` best, with the same scores in the same order, that a proven answer has: 1, or it is wrong.
    pub recall_proven: f64,
    /// Median number of vectors that a proof compares.
    pub compared: usize,
    /// Bytes of codes read.
    pub bytes: usize,
    /// Share of the feature file's bytes that have arrived when the first search gives hits.
    pub bytes_before_first_hits: f64,
}

/// Queries that share a pass where several are timed together.
const TOGETHER: usize = 4;

/// Draws a catalogue, or takes a given one, searches it in every way, and times that.
///
/// Fails where a setting is out of range, or given vectors are not of length 1 or of different widths.
pub fn measure(settings: &Settings, given: Option<Given>) -> Result<Report> {
    let Settings { k, rounds, seed, .. } = *settings;
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let (rows, dimension) = match &given {
        Some(Given { items, .. }) => {
            (items.values.len().checked_div(items.columns).unwrap_or(0), items.columns)
        }
        None => (settings.rows, settings.dimension),
    };
    ensure!(rows > 0 && k > 0 && rounds > 0, "Items, results and rounds must be at least 1");
    let (items, asked) = match given {
        Some(Given { items, queries }) => (items.values, queries),
        None => (draw(rows, dimension, &mut chance), None),
    };
    if let Some(queries) = &asked {
        ensure!(
            queries.columns == dimension && !queries.values.is_empty(),
            "Queries of {} values do not fit items of {dimension}",
            queries.columns
        );
    }
    let features = FeatureFile::pack_rows(&items, dimension, [0; 32], [0; 16])?;
    // The numbers that half precision leaves, so that brute force finds what a proof has to find.
    let matrix: Vec<f32> = features.rows().flatten().collect();
    drop(items);
    let mut asked = asked.iter().flat_map(|queries| queries.values.chunks_exact(dimension)).cycle();

    let best = Kernel::best();
    let mut times = Times::default();
    let (mut found, mut proven, mut compared) = (0, 0, Vec::new());
    for _ in 0..rounds {
        let mut next =
            || asked.next().map_or_else(|| query(&matrix, dimension, &mut chance), <[f32]>::to_vec);
        let queries: Vec<Vec<f32>> = (0..TOGETHER).map(|_| next()).collect();
        let request = |accuracy| Request { query: &queries[0], k, accuracy, ..Request::default() };
        let read = || best.read(features.lines());
        black_box(read());
        times.add("pure read of the codes", 1, read);
        let mut codes = Vec::new();
        for kernel in Kernel::available() {
            let name = format!("codes alone, {}", kernel.name());
            black_box(read());
            codes = times
                .add(&name, 1, || search::search_with(&kernel, &features, &[request(Accuracy::Codes)]))?;
        }
        black_box(read());
        let answer =
            times.add("proven answer", 1, || search::search(&features, &[request(Accuracy::Proven)]))?;
        let several: Vec<Request> =
            queries.iter().map(|query| Request { query, k, ..Request::default() }).collect();
        black_box(read());
        times.add("proven, four queries in one pass, each", TOGETHER, || {
            search::search(&features, &several)
        })?;
        let truth =
            times.add("brute force in single precision", 1, || search::brute_force(&matrix, &queries[0], k));
        found += codes.iter().flat_map(|answer| &answer.hits).filter(|hit| is_among(hit, &truth)).count();
        for answer in answer {
            proven += answer.hits.iter().zip(&truth).filter(|(mine, best)| mine == best).count();
            compared.push(answer.compared);
        }
    }
    compared.sort_unstable();
    let wanted = (rounds * k.min(rows)) as f64;
    Ok(Report {
        rows,
        dimension,
        k,
        rounds,
        kernel: best.name().to_owned(),
        figures: times.figures(),
        recall_of_codes: found as f64 / wanted,
        recall_proven: proven as f64 / wanted,
        compared: compared[compared.len() / 2],
        bytes: size_of_val(features.lines()),
        bytes_before_first_hits: first_hits(&features, &matrix[..dimension])?,
    })
}

/// Share of a file's bytes that a search needs for its first hits.
fn first_hits(features: &FeatureFile, query: &[f32]) -> Result<f64> {
    const PIECE: usize = 64 << 10;
    let bytes = features.write();
    let mut stream = FeatureStream::new();
    for piece in bytes.chunks(PIECE) {
        stream.push(piece)?;
        let answer = search::search_stream(&stream, &[Request { query, k: 1, ..Request::default() }])?;
        if answer.iter().any(|answer| !answer.hits.is_empty()) {
            break;
        }
    }
    Ok(stream.progress().0 as f64 / bytes.len() as f64)
}

fn is_among(hit: &Hit, truth: &[Hit]) -> bool {
    truth.iter().any(|best| best.row == hit.row)
}

/// What took how long, in milliseconds, in the order of the first round.
#[derive(Default)]
struct Times(Vec<(String, Vec<f64>)>);

impl Times {
    /// Does and times `work`, which is for so many queries.
    fn add<T>(&mut self, name: &str, queries: usize, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = black_box(work());
        let ms = start.elapsed().as_secs_f64() * 1e3 / queries as f64;
        match self.0.iter_mut().find(|(other, _)| other == name) {
            Some((_, times)) => times.push(ms),
            None => self.0.push((name.to_owned(), vec![ms])),
        }
        result
    }

    fn figures(self) -> Vec<Figure> {
        let medians: Vec<(String, f64)> =
            self.0.into_iter().map(|(name, times)| (name, median(times))).collect();
        let read = medians.first().map_or(f64::NAN, |(_, ms)| *ms);
        medians.into_iter().map(|(name, ms)| Figure { name, ms, times_a_read: ms / read }).collect()
    }
}

/// The middle one; of two, the lower.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

/// Unit vectors in clusters, as embeddings of garments are: a hundred items each on average.
fn draw(rows: usize, dimension: usize, chance: &mut ChaCha8Rng) -> Vec<f32> {
    let clusters = rows.div_ceil(100);
    let centres: Vec<f32> = (0..clusters).flat_map(|_| direction(dimension, chance)).collect();
    let mut all = Vec::with_capacity(rows * dimension);
    for _ in 0..rows {
        let centre = chance.random_range(0..clusters) * dimension;
        let noise = direction(dimension, chance);
        all.extend(near(&centres[centre..centre + dimension], &noise));
    }
    all
}

/// Something near an item that is drawn.
fn query(matrix: &[f32], dimension: usize, chance: &mut ChaCha8Rng) -> Vec<f32> {
    let row = chance.random_range(0..matrix.len() / dimension) * dimension;
    let noise = direction(dimension, chance);
    near(&matrix[row..row + dimension], &noise)
}

/// A direction at an angle of about 35 degrees from a first one, towards a second one.
fn near(first: &[f32], second: &[f32]) -> Vec<f32> {
    unit(first.iter().zip(second).map(|(first, second)| first + 0.7 * second).collect())
}

/// Any direction. Sums of three uniform numbers are near enough to normal ones.
fn direction(dimension: usize, chance: &mut ChaCha8Rng) -> Vec<f32> {
    unit((0..dimension).map(|_| (0..3).map(|_| chance.random_range(-1.0..1.0_f32)).sum()).collect())
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 1e-6 {
        for value in &mut vector {
            *value /= length;
        }
    } else {
        // Nothing that has a direction; this is one as good as any.
        vector.fill(0.0);
        vector[0] = 1.0;
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_is_measured_and_proofs_hold() {
        let report =
            measure(&Settings { rows: 5000, dimension: 21, k: 10, rounds: 4, seed: 1 }, None).unwrap();
        assert!(report.figures.len() >= 5, "{:?}", report.figures);
        assert!(report.figures.iter().all(|figure| figure.ms > 0.0), "{:?}", report.figures);
        assert!((report.figures[0].times_a_read - 1.0).abs() < 1e-9);
        assert!((report.recall_proven - 1.0).abs() < 1e-9, "{}", report.recall_proven);
        assert!(report.recall_of_codes > 0.8, "{}", report.recall_of_codes);
        assert!((10..5000).contains(&report.compared), "{}", report.compared);
        assert_eq!(report.bytes, 313 * 6 * 64);
        // The file is so small that its codes are one block.
        assert!((0.3..1.0).contains(&report.bytes_before_first_hits), "{}", report.bytes_before_first_hits);
    }

    #[test]
    fn given_items_are_searched_with_given_queries() {
        let settings = Settings { rows: 1, dimension: 1, k: 3, rounds: 2, seed: 1 };
        let mut chance = ChaCha8Rng::seed_from_u64(2);
        let items = Matrix { columns: 7, values: draw(500, 7, &mut chance) };
        let queries = Matrix { columns: 7, values: items.values[..21].to_vec() };
        let report =
            measure(&settings, Some(Given { items: items.clone(), queries: Some(queries) })).unwrap();
        assert_eq!((report.rows, report.dimension), (500, 7));
        assert!((report.recall_proven - 1.0).abs() < 1e-9);
        let narrow = Some(Matrix { columns: 3, values: vec![1.0; 3] });
        let error = measure(&settings, Some(Given { items, queries: narrow })).unwrap_err().to_string();
        assert!(error.contains("do not fit items of 7"), "{error}");
        let nothing = Matrix { columns: 7, values: vec![] };
        assert!(measure(&settings, Some(Given { items: nothing, queries: None })).is_err());
    }

    #[test]
    fn middles() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![3.0, 1.0]) - 1.0).abs() < 1e-9);
        assert!(median(vec![]).is_nan());
    }
}
