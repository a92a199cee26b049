//! A first pass by two or four bits a value, next to search by seven: how long each takes, what each finds, and what a proof would have to
//! compare.
//!
//! All figures come from one run on one thread, with the rows in memory. Every round asks one query in every way, and each way three times, of
//! which the last is timed: caches then hold what they can of what it reads, as they do for a program that does nothing else.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Result, ensure};
use model::feature_file::{Bits, FeatureFile, FewBits};
use model::search::{self, Accuracy, Answer, FewKernel, Hit, Kernel, Request};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::{Given, Settings, Times, draw, median, query};

/// The longest list of depths.
pub const MAX_DEPTHS: usize = 16;
/// Items of which a new one's neighbour is the most alike, where a catalogue is made larger.
const AMONG: usize = 32;

/// How often a query is asked before the clock runs.
const BEFORE: usize = 2;

/// One way of searching, or of reading.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Way {
    /// What was timed.
    pub name: String,
    /// Median over the rounds, milliseconds.
    pub ms: f64,
    /// The quickest round.
    pub least_ms: f64,
    /// Share of the true `k` best that it found; nothing for a read.
    pub recall: Option<f64>,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Number of items.
    pub rows: usize,
    /// How many of them were drawn between given ones.
    pub added: usize,
    /// Values a vector.
    pub dimension: usize,
    /// How many items were found.
    pub k: usize,
    /// How many rounds, each with a query of its own.
    pub rounds: usize,
    /// By seven bits, by four, by two, each after a pure read of the same.
    pub ways: Vec<Way>,
    /// Of four bits, and of two.
    pub codes: Vec<OfCodes>,
    /// Median share of rows whose vectors a proof by seven bits compares.
    pub compared_by_seven: f64,
}

/// What codes of few bits are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfCodes {
    /// Bits a value.
    pub bits: usize,
    /// Bytes of all codes.
    pub bytes: usize,
    /// Seconds that it took to make them of the vectors.
    pub made_in_s: f64,
    /// Median of how far a row is from what its codes stand for.
    pub residual: f64,
    /// Median share of rows that could still be among the best after a pass, given the furthest residual of a block.
    pub left_by_block: f64,
    /// The same, given the residual of each row.
    pub left_by_row: f64,
}

/// Draws a catalogue, or takes a given one, searches it by seven, four and two bits, and times that. `depths` says how many rows are compared
/// after a pass by few bits. Where fewer items are given than `settings.rows`, more are drawn between given ones.
///
/// Fails where a setting is out of range, or given vectors are not of length 1 or of different widths.
pub fn measure(settings: &Settings, given: Option<Given>, depths: &[usize]) -> Result<Report> {
    let Settings { k, rounds, seed, .. } = *settings;
    ensure!(k > 0 && rounds > 0, "Results and rounds must be at least 1");
    ensure!(
        !depths.is_empty() && depths.len() <= MAX_DEPTHS && depths.iter().all(|depth| *depth >= k),
        "Depths must be at least as many as results, and 1 to {MAX_DEPTHS} of them"
    );
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let (items, dimension, added, queries) = catalogue(settings, given, &mut chance)?;
    let features = FeatureFile::pack_rows(&items, dimension, [0; 32], [0; 16])?;
    // The numbers that half precision leaves, so that brute force finds what a proof has to find.
    let matrix: Vec<f32> = features.rows().flatten().collect();
    drop(items);
    let mut codes: Vec<Codes> = [Bits::Four, Bits::Two].map(|bits| Codes::new(&features, bits)).into();
    let mut measured = Measured { k, times: Times::default(), found: Vec::new() };
    let mut compared = Vec::new();
    let share = |left: usize| left as f64 / features.len() as f64;
    let mut queries = queries.iter().flat_map(|queries| queries.chunks_exact(dimension)).cycle();
    for _ in 0..rounds {
        let query = queries.next().map_or_else(|| query(&matrix, dimension, &mut chance), <[f32]>::to_vec);
        let truth = search::brute_force(&matrix, &query, k);
        compared.push(share(measured.seven(&features, &query, &truth)?));
        let least = f64::from(truth.last().map_or(0.0, |hit| hit.score));
        for codes in &mut codes {
            measured.few(&codes.few, &query, &truth, depths)?;
            let left = |residuals| search::left_by_few_bits(&codes.few, &query, least, residuals);
            codes.left_by_block.push(share(left(None)?));
            codes.left_by_row.push(share(left(Some(&codes.residuals))?));
        }
    }
    let wanted = (rounds * k.min(features.len())) as f64;
    let found = measured.found;
    let ways = measured.times.0.into_iter().map(|(name, times)| Way {
        recall: found.iter().find(|(other, _)| *other == name).map(|(_, found)| *found as f64 / wanted),
        least_ms: times.iter().copied().fold(f64::INFINITY, f64::min),
        ms: median(times),
        name,
    });
    Ok(Report {
        rows: features.len(),
        added,
        dimension,
        k,
        rounds,
        ways: ways.collect(),
        codes: codes.into_iter().map(Codes::report).collect(),
        compared_by_seven: median(compared),
    })
}

/// Codes of few bits, and what a proof after them would have to compare.
struct Codes<'a> {
    few: FewBits<'a>,
    made_in_s: f64,
    residuals: Vec<f64>,
    left_by_block: Vec<f64>,
    left_by_row: Vec<f64>,
}

impl<'a> Codes<'a> {
    fn new(features: &'a FeatureFile, bits: Bits) -> Self {
        let start = Instant::now();
        let few = FewBits::new(features, bits);
        let made_in_s = start.elapsed().as_secs_f64();
        let residuals = few.residuals();
        Self { few, made_in_s, residuals, left_by_block: Vec::new(), left_by_row: Vec::new() }
    }

    fn report(self) -> OfCodes {
        OfCodes {
            bits: self.few.bits().count(),
            bytes: size_of_val(self.few.lines()),
            made_in_s: self.made_in_s,
            residual: median(self.residuals),
            left_by_block: median(self.left_by_block),
            left_by_row: median(self.left_by_row),
        }
    }
}

/// Items, their width, how many of them are new, and what is asked, if that is given.
type Catalogue = (Vec<f32>, usize, usize, Option<Vec<f32>>);

fn catalogue(settings: &Settings, given: Option<Given>, chance: &mut ChaCha8Rng) -> Result<Catalogue> {
    let Some(Given { items, queries }) = given else {
        ensure!(settings.rows > 0, "Items must be at least 1");
        return Ok((draw(settings.rows, settings.dimension, chance), settings.dimension, 0, None));
    };
    let dimension = items.columns;
    let rows = items.values.len().checked_div(dimension).unwrap_or(0);
    ensure!(rows > 0, "Items must be at least 1");
    if let Some(queries) = &queries {
        ensure!(
            queries.columns == dimension && !queries.values.is_empty(),
            "Queries of {} values do not fit items of {dimension}",
            queries.columns
        );
    }
    let added = settings.rows.saturating_sub(rows);
    let values = enlarge(items.values, dimension, added, chance);
    Ok((values, dimension, added, queries.map(|queries| queries.values)))
}

/// Adds items between an item and another, the most alike of a few that are drawn: up to half of the way.
fn enlarge(mut items: Vec<f32>, dimension: usize, added: usize, chance: &mut ChaCha8Rng) -> Vec<f32> {
    let rows = items.len() / dimension;
    items.reserve_exact(added * dimension);
    for _ in 0..added {
        let any = chance.random_range(0..rows);
        let others: Vec<usize> = (0..AMONG).map(|_| chance.random_range(0..rows)).collect();
        let way = chance.random_range(0.0..0.5_f32);
        let row = |row: usize| &items[row * dimension..(row + 1) * dimension];
        let alike = |other: &usize| {
            row(any).iter().zip(row(*other)).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
        };
        let nearest = others.iter().max_by(|a, b| alike(a).total_cmp(&alike(b))).copied().unwrap_or(any);
        let between = row(any).iter().zip(row(nearest)).map(|(a, b)| a + way * (b - a)).collect();
        items.extend(super::unit(between));
    }
    items
}

/// What the rounds so far have given.
struct Measured {
    k: usize,
    times: Times,
    /// How many true hits each way has found.
    found: Vec<(String, usize)>,
}

impl Measured {
    /// Asks one query by seven bits, and says how many vectors a proof has compared.
    fn seven(&mut self, features: &FeatureFile, query: &[f32], truth: &[Hit]) -> Result<usize> {
        let best = Kernel::best();
        self.time("pure read of codes of seven bits", || best.read(features.lines()));
        let mut compared = 0;
        for (name, accuracy) in [("codes alone", Accuracy::Codes), ("proven", Accuracy::Proven)] {
            let name = format!("seven bits, {}, {name}", best.name());
            let request = Request { query, k: self.k, accuracy, ..Request::default() };
            let answers = self.time(&name, || search::search(features, &[request]))?;
            compared = answers.iter().map(|answer| answer.compared).sum();
            for answer in &answers {
                self.count(&name, answer, truth);
            }
        }
        Ok(compared)
    }

    /// Asks one query by few bits in every way.
    fn few(&mut self, few: &FewBits<'_>, query: &[f32], truth: &[Hit], depths: &[usize]) -> Result<()> {
        let bits = few.bits().count();
        let request = |accuracy| Request { query, k: self.k, accuracy, ..Request::default() };
        let (by_vectors, by_codes) = (request(Accuracy::Proven), request(Accuracy::Codes));
        self.time(&format!("pure read of codes of {bits} bits"), || Kernel::best().read(few.lines()));
        for kernel in FewKernel::available() {
            for depth in depths {
                let name = format!("{bits} bits, {}, {depth} vectors compared", kernel.name());
                let answer =
                    self.time(&name, || search::by_few_bits_with(kernel, few, &by_vectors, *depth))?;
                self.count(&name, &answer, truth);
            }
        }
        for depth in depths {
            let name = format!("{bits} bits, {depth} codes of seven compared");
            let answer = self.time(&name, || search::by_few_bits(few, &by_codes, *depth))?;
            self.count(&name, &answer, truth);
        }
        Ok(())
    }

    /// Does `work` as often as need be, and times the last of it.
    fn time<T>(&mut self, name: &str, mut work: impl FnMut() -> T) -> T {
        for _ in 0..BEFORE {
            black_box(work());
        }
        self.times.add(name, 1, work)
    }

    fn count(&mut self, name: &str, answer: &Answer, truth: &[Hit]) {
        let hits = answer.hits.iter().filter(|hit| super::is_among(hit, truth)).count();
        match self.found.iter_mut().find(|(other, _)| other == name) {
            Some((_, found)) => *found += hits,
            None => self.found.push((name.to_owned(), hits)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::Matrix;

    #[test]
    fn both_passes_are_measured_and_compared_with_the_truth() {
        let settings = Settings { rows: 4000, dimension: 24, k: 10, rounds: 3, seed: 1 };
        let report = measure(&settings, None, &[10, 200]).unwrap();
        assert_eq!((report.rows, report.added), (4000, 0));
        assert!(report.ways.iter().all(|way| way.ms >= way.least_ms && way.least_ms > 0.0), "{report:?}");
        let recall = |name: &str| report.ways.iter().find(|way| way.name == name).unwrap().recall.unwrap();
        let proven = format!("seven bits, {}, proven", Kernel::best().name());
        assert!((recall(&proven) - 1.0).abs() < 1e-9);
        for kernel in FewKernel::available() {
            for (bits, allowed) in [(4, 0.95), (2, 0.8)] {
                let shallow = recall(&format!("{bits} bits, {}, 10 vectors compared", kernel.name()));
                let deep = recall(&format!("{bits} bits, {}, 200 vectors compared", kernel.name()));
                assert!(deep >= shallow && shallow > 0.2 && deep > allowed, "{shallow} {deep}");
            }
        }
        let [four, two] = &report.codes[..] else { panic!("{report:?}") };
        assert_eq!((four.bytes, two.bytes), (250 * 3 * 64, 250 * 2 * 64));
        assert!(report.compared_by_seven <= four.left_by_row && four.left_by_row <= two.left_by_row);
        assert!(four.left_by_row <= four.left_by_block && two.left_by_block <= 1.0, "{report:?}");
    }

    #[test]
    fn given_items_become_more() {
        let mut chance = ChaCha8Rng::seed_from_u64(2);
        let items = Matrix { columns: 7, values: draw(300, 7, &mut chance) };
        let given = Given { items: items.clone(), queries: None };
        let settings = Settings { rows: 500, dimension: 1, k: 3, rounds: 2, seed: 1 };
        let report = measure(&settings, Some(given.clone()), &[50]).unwrap();
        assert_eq!((report.rows, report.added, report.dimension), (500, 200, 7));
        let few = Settings { rows: 1, ..settings };
        assert_eq!(measure(&few, Some(given.clone()), &[50]).unwrap().rows, 300);
        assert!(measure(&settings, Some(given.clone()), &[2]).is_err());
        assert!(measure(&settings, Some(given), &[]).is_err());
        let narrow = Some(Matrix { columns: 3, values: vec![1.0; 3] });
        assert!(measure(&settings, Some(Given { items, queries: narrow }), &[50]).is_err());
    }
}
