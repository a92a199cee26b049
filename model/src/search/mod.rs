//! Exact nearest neighbours by dot product, which for unit vectors is the cosine.
//!
//! A first pass adds up codes (`scan`, with a SIMD `kernel`) and keeps each row that can be among the best, given how far off codes
//! can be (`query`). Where codes are along axes, their finer bits leave fewer. Those are compared by their vectors in half precision, the likeliest first, until no other
//! can be better. The answer is that of comparing everything in single precision, bit for bit, and costs little more
//! than reading the codes. Whoever may be wrong now and then reads a quarter or half of that (`few`).

mod few;
mod filter;
mod kernel;
mod kernel_few;
#[cfg(target_arch = "x86_64")]
mod kernel_few_x86;
#[cfg(target_arch = "aarch64")]
mod kernel_neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod kernel_wasm;
#[cfg(target_arch = "x86_64")]
mod kernel_x86;
mod query;
mod rank;
mod scan;

#[cfg(test)]
mod edges;
#[cfg(test)]
mod tests;

pub use few::{by_few_bits, by_few_bits_with, left_by_few_bits};
pub use filter::{AllowList, Filter};
pub use kernel::Kernel;
pub use kernel_few::FewKernel;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use kernel_wasm::{RELAXED_MODULE, relaxed_slot, use_relaxed};

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::{
    Error, Result,
    embedder::unit,
    feature_file::{Codes, FeatureFile, FeatureStream},
};
use query::Exact;
use rank::Best;
use scan::{Candidate, Scan, Score};

/// An item of the catalogue and its similarity to the query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Position in the catalogue.
    pub row: usize,
    /// Cosine of the angle between the vectors, -1 to 1.
    pub score: f32,
}

/// How good an answer has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accuracy {
    /// What comparing every vector in single precision would give: proven from the bounds on the codes' errors.
    #[default]
    Proven,
    /// What comparing what all codes stand for would give.
    Codes,
}

/// One question of several that share a pass.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// As many finite values as the catalogue's vectors have.
    pub query: &'a [f32],
    /// How many rows to find.
    pub k: usize,
    /// Which rows may be found.
    pub filter: Filter<'a>,
    /// How good the answer has to be.
    pub accuracy: Accuracy,
}

/// The answer to a [`Request`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Best first; among equals the earlier row.
    pub hits: Vec<Hit>,
    /// Rows whose vectors were compared, after their codes.
    pub compared: usize,
    /// Whether the codes told too little, so that every vector was compared.
    pub compared_all: bool,
}

/// Queries that are longer or shorter are compared with every vector: bounds on errors could over- or underflow.
const LENGTHS: std::ops::RangeInclusive<f64> = 1e-30..=1e30;
/// A longer query could give scores that are not numbers.
const MAX_LENGTH: f64 = 1e37;
/// Where more than one row in so many is a candidate, comparing all of them in order is faster.
const CANDIDATE_SHARE: usize = 8;
/// Fewer candidates than this are never too many.
const FEW_CANDIDATES: usize = 4096;

/// The `k` rows most similar to `query`, best first; among equals the earlier row. Fewer where the file has fewer.
///
/// Fails with [`Error::DimensionMismatch`], and with [`Error::Inference`] where the query is not finite.
pub fn top_k(features: &FeatureFile, query: &[f32], k: usize) -> Result<Vec<Hit>> {
    let answers = search(features, &[Request { query, k, ..Request::default() }])?;
    Ok(answers.into_iter().flat_map(|answer| answer.hits).collect())
}

/// [`top_k`] among the rows that `keep` lets through.
pub fn top_k_where(
    features: &FeatureFile,
    query: &[f32],
    k: usize,
    keep: impl Fn(usize) -> bool,
) -> Result<Vec<Hit>> {
    let filter = Filter::Where(&keep);
    let answers = search(features, &[Request { query, k, filter, ..Request::default() }])?;
    Ok(answers.into_iter().flat_map(|answer| answer.hits).collect())
}

/// Answers several requests with one pass over the codes, each as if it had been alone.
///
/// Fails as [`top_k`] does.
pub fn search(features: &FeatureFile, requests: &[Request<'_>]) -> Result<Vec<Answer>> {
    search_with(&Kernel::best(), features, requests)
}

/// [`search`] with a kernel of choice; all of them give the same answer.
pub fn search_with(kernel: &Kernel, features: &FeatureFile, requests: &[Request<'_>]) -> Result<Vec<Answer>> {
    let rows = features.len();
    let dimension = features.dimension();
    let lengths =
        requests.iter().map(|request| check(dimension, request.query)).collect::<Result<Vec<f64>>>()?;
    let mut scans = Vec::new();
    let mut is_scanned = Vec::new();
    for (request, length) in requests.iter().zip(lengths) {
        let is_proof = request.accuracy == Accuracy::Proven;
        let most = if is_proof { FEW_CANDIDATES.max(rows / CANDIDATE_SHARE) } else { usize::MAX };
        let scans_codes = request.k > 0 && request.k <= most && LENGTHS.contains(&length);
        is_scanned.push(scans_codes);
        if scans_codes {
            scans.push(Scan::new(request.query, length, request.k, request.filter, is_proof, most));
        }
    }
    scan::run(features.codes(), kernel, &mut scans);

    let mut scans = scans.into_iter();
    let answers = requests.iter().zip(is_scanned).map(|(request, is_scanned)| {
        if request.k == 0 {
            return Answer::default();
        }
        let scan = if is_scanned { scans.next() } else { None };
        match scan.and_then(Scan::into_candidates) {
            Some(candidates) => match request.accuracy {
                Accuracy::Proven => compare(features, request, &closer(features, request, candidates)),
                Accuracy::Codes => by_codes(features.codes(), request, &candidates),
            },
            None => compare_all(features, request),
        }
    });
    Ok(answers.collect())
}

/// Answers several requests, as good as codes can, from what has arrived of a file: the earlier blocks of its rows.
///
/// Nobody has seen the vectors yet, so nothing is proven, whatever accuracy a request asks for. There is no hit before the first
/// block is there. Fails as [`top_k`] does.
pub fn search_stream(stream: &FeatureStream, requests: &[Request<'_>]) -> Result<Vec<Answer>> {
    search_stream_with(&Kernel::best(), stream, requests)
}

/// [`search_stream`] with a kernel of choice; all of them give the same answer.
pub fn search_stream_with(
    kernel: &Kernel,
    stream: &FeatureStream,
    requests: &[Request<'_>],
) -> Result<Vec<Answer>> {
    let Some(codes) = stream.codes() else { return Ok(vec![Answer::default(); requests.len()]) };
    let lengths = requests.iter().map(|request| check(codes.shape().dimension, request.query));
    let lengths = lengths.collect::<Result<Vec<f64>>>()?;
    // A query that is too short or too long for bounds has the direction of one that is not.
    let usable: Vec<Option<Vec<f32>>> = requests.iter().map(|request| unit(request.query).ok()).collect();
    let mut scans: Vec<Scan> = Vec::new();
    for (request, query) in requests.iter().zip(&usable) {
        if let (Some(query), 1..) = (query, request.k) {
            scans.push(Scan::new(query, 1.0, request.k, request.filter, false, usize::MAX));
        }
    }
    scan::run(codes, kernel, &mut scans);
    let mut scans = scans.into_iter();
    let answers = requests.iter().zip(&usable).zip(lengths).map(|((request, query), length)| {
        let scan = if query.is_some() && request.k > 0 { scans.next() } else { None };
        let (Some(query), Some(candidates)) = (query, scan.and_then(Scan::into_candidates)) else {
            return Answer::default();
        };
        let mut answer = by_codes(codes, &Request { query, ..*request }, &candidates);
        for hit in &mut answer.hits {
            hit.score = (f64::from(hit.score) * length) as f32;
        }
        answer
    });
    Ok(answers.collect())
}

/// The query's length, where it can be compared with vectors of this dimension.
fn check(dimension: usize, query: &[f32]) -> Result<f64> {
    if query.len() != dimension {
        return Err(Error::DimensionMismatch { expected: dimension, found: query.len() });
    }
    let length = query.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    // Written so that a NaN fails, too.
    let is_usable = length <= MAX_LENGTH;
    if is_usable {
        Ok(length)
    } else {
        Err(Error::Inference { reason: "its feature is not a number".to_owned() })
    }
}

/// Ranks candidates by what their codes stand for, with the query as it is.
fn by_codes(codes: &Codes, request: &Request<'_>, candidates: &[Candidate]) -> Answer {
    let mut best = Best::new(request.k, candidates.len());
    let mut scores = Scores::new(codes, request.query);
    for some in candidates.chunks(AT_ONCE) {
        // They come the likeliest first.
        let is_over = |least: f32| some.iter().all(|one| one.upper < f64::from(least.next_down()));
        if best.least().is_some_and(is_over) {
            break;
        }
        for (Candidate { row, .. }, (score, _)) in some.iter().zip(scores.of(some)) {
            best.offer(Hit { row: *row, score: score as f32 });
        }
    }
    Answer { hits: best.into_hits(), ..Answer::default() }
}

/// The candidates, which come the likeliest first, by what their codes along axes stand for, the finer bits included, which a scan does not see: far
/// fewer of them then have to be compared. Others are as they were.
fn closer(features: &FeatureFile, request: &Request<'_>, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let codes = features.codes();
    if codes.shape().components.is_none() {
        return candidates;
    }
    let length = dot_f64(request.query, request.query).sqrt();
    let rounding = query::rounding(request.query, length);
    let mut scores = Scores::new(codes, request.query);
    let mut lower_ends = BinaryHeap::new();
    let mut threshold = f64::NEG_INFINITY;
    let mut seen = 0;
    for some in candidates.chunks_mut(AT_ONCE) {
        if some.iter().all(|candidate| candidate.upper < threshold) {
            break;
        }
        seen += some.len();
        let scored = scores.of(some);
        for (candidate, (score, residual)) in some.iter_mut().zip(scored) {
            let error = length * residual + rounding;
            candidate.upper = candidate.upper.min(score + error);
            lower_ends.push(Reverse(Score(score - error)));
            if lower_ends.len() > request.k {
                lower_ends.pop();
            }
            if let Some(Reverse(Score(least))) = lower_ends.peek().filter(|_| lower_ends.len() == request.k) {
                threshold = threshold.max(*least);
            }
        }
    }
    candidates.truncate(seen);
    candidates.retain(|candidate| candidate.upper >= threshold);
    candidates.sort_unstable_by(|a, b| b.upper.total_cmp(&a.upper).then(a.row.cmp(&b.row)));
    candidates
}

/// Scores of what codes stand for, with the query as it is.
struct Scores<'a> {
    codes: &'a Codes,
    query: &'a [f32],
    /// The query in each block's terms, once a row of it was asked for.
    exact: Vec<Option<Exact>>,
    /// Codes of [`AT_ONCE`] rows.
    scratch: Vec<u8>,
}

/// Candidates whose codes are fetched from memory before the first of them is scored, so that they are waited for together.
const AT_ONCE: usize = 16;

impl<'a> Scores<'a> {
    fn new(codes: &'a Codes, query: &'a [f32]) -> Self {
        let exact = codes.blocks().iter().map(|_| None).collect();
        Self { codes, query, exact, scratch: vec![0; codes.padded_width() * AT_ONCE] }
    }

    /// The scores of these rows, [`AT_ONCE`] at most, and the residuals of their blocks.
    fn of(&mut self, some: &[Candidate]) -> Vec<(f64, f64)> {
        let Self { codes, query, exact, scratch } = self;
        let width = codes.padded_width();
        let mut finer = [0; AT_ONCE];
        for ((one, finer), scratch) in some.iter().zip(&mut finer).zip(scratch.chunks_exact_mut(width)) {
            *finer = codes.finer(one.row);
            codes.copy_row(one.row, scratch);
        }
        let each = some.iter().zip(finer).zip(scratch.chunks_exact(width));
        let score = |((one, finer), own): ((&Candidate, u128), &[u8])| {
            let index = one.row / codes.block_rows();
            let block = &codes.blocks()[index];
            let exact = exact[index].get_or_insert_with(|| Exact::new(query, block));
            (exact.score(block, own, finer), block.residual)
        };
        each.map(score).collect()
    }
}

/// Compares candidates, the likeliest first, until `k` are at least as good as all others can be.
fn compare(features: &FeatureFile, request: &Request<'_>, candidates: &[Candidate]) -> Answer {
    let mut best = Best::new(request.k, candidates.len());
    let mut vector = vec![0.0; features.dimension()];
    let mut compared = 0;
    for candidate in candidates {
        // An equal score can still win by its row.
        if best.least().is_some_and(|least| candidate.upper < f64::from(least)) {
            break;
        }
        features.copy_vectors(candidate.row, &mut vector);
        best.offer(Hit { row: candidate.row, score: dot(request.query, &vector) });
        compared += 1;
    }
    Answer { hits: best.into_hits(), compared, compared_all: false }
}

/// Compares every row that the filter keeps.
fn compare_all(features: &FeatureFile, request: &Request<'_>) -> Answer {
    let mut best = Best::new(request.k, features.len());
    let mut vector = vec![0.0; features.dimension()];
    let mut compared = 0;
    for row in (0..features.len()).filter(|row| request.filter.keeps(*row)) {
        features.copy_vectors(row, &mut vector);
        best.offer(Hit { row, score: dot(request.query, &vector) });
        compared += 1;
    }
    Answer { hits: best.into_hits(), compared, compared_all: true }
}

/// The `k` best rows of a matrix, as [`top_k`] finds them, by comparing all: `rows` is row-major and as wide as the query is long.
#[must_use]
pub fn brute_force(rows: &[f32], query: &[f32], k: usize) -> Vec<Hit> {
    brute_force_among(rows.chunks_exact(query.len().max(1)).enumerate(), query, k)
}

/// [`brute_force`] among some rows with their numbers: each vector is as long as the query.
#[must_use]
pub fn brute_force_among<'a>(
    rows: impl IntoIterator<Item = (usize, &'a [f32])>,
    query: &[f32],
    k: usize,
) -> Vec<Hit> {
    let rows = rows.into_iter();
    let mut best = Best::new(k, rows.size_hint().1.unwrap_or(k));
    rows.for_each(|(row, vector)| best.offer(Hit { row, score: dot(query, vector) }));
    best.into_hits()
}

/// [`dot`] in double precision.
fn dot_f64(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0.0f64; 8];
    let ((a, a_tail), (b, b_tail)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            sums[lane] += f64::from(a[lane]) * f64::from(b[lane]);
        }
    }
    let tail: f64 = a_tail.iter().zip(b_tail).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    sums.iter().sum::<f64>() + tail
}

/// Eight running sums, which compilers turn into SIMD; their order is fixed, so every platform gives the same bits.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
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
