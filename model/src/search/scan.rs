//! One pass over the codes for any number of queries: which rows can be among the best.
//!
//! Each row's score is known up to its block's error. The `k`-th best of the lower ends so far is the threshold: a row whose upper
//! end is below it has `k` better ones, whatever the errors are. The threshold is turned into a whole number once a
//! block, so that all but a few rows cost one comparison.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use super::{Filter, kernel::Kernel, query::Coded};
use crate::feature_file::{
    Block, Codes, Line,
    format::{GROUP_ROWS, LINE, QUAD},
};

/// What is looked at for all queries before the scan moves on, in bytes; it stays in the nearest cache.
const CHUNK_BYTES: usize = 16 << 10;
/// Candidates are weeded when there are this many, and then each time they have doubled.
const FIRST_WEEDING: usize = 4096;

/// A row that may be among the best.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) row: usize,
    /// The score is not above this.
    pub(super) upper: f64,
}

/// A score in the order of numbers.
#[derive(PartialEq)]
pub(super) struct Score(pub(super) f64);

impl Eq for Score {}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What a pass is to find for one query, and what it has found so far.
pub(super) struct Scan<'a> {
    query: &'a [f32],
    /// Euclidean length of the query.
    length: f64,
    k: usize,
    filter: Filter<'a>,
    /// Whether what codes lose counts. Without it a score is that of what the codes stand for.
    is_proof: bool,
    /// The query in the current block's terms.
    coded: Option<Coded>,
    /// The best `k` lower ends.
    lower_ends: BinaryHeap<Reverse<Score>>,
    /// The least of `lower_ends`, once there are `k`.
    threshold: f64,
    /// The least sum of weighted codes that matters in the current block.
    cut: i32,
    candidates: Vec<Candidate>,
    weed_at: usize,
    /// More candidates than this are too many.
    most: usize,
    is_given_up: bool,
}

impl<'a> Scan<'a> {
    /// `k` is at least 1, the query finite and not empty, `length` its Euclidean length. More than `most` candidates are
    /// given up.
    pub(super) fn new(
        query: &'a [f32],
        length: f64,
        k: usize,
        filter: Filter<'a>,
        is_proof: bool,
        most: usize,
    ) -> Self {
        Self {
            query,
            length,
            k,
            filter,
            is_proof,
            coded: None,
            lower_ends: BinaryHeap::new(),
            threshold: f64::NEG_INFINITY,
            cut: i32::MIN,
            candidates: Vec::new(),
            weed_at: FIRST_WEEDING,
            most,
            is_given_up: false,
        }
    }

    /// The rows that can be among the best, the likeliest first; `None` where there are too many for this to help.
    pub(super) fn into_candidates(mut self) -> Option<Vec<Candidate>> {
        if self.is_given_up {
            return None;
        }
        self.weed();
        self.candidates.sort_unstable_by(|a, b| b.upper.total_cmp(&a.upper).then(a.row.cmp(&b.row)));
        Some(self.candidates)
    }

    fn enter(&mut self, block: &Block) {
        self.coded = Some(Coded::new(self.query, self.length, block));
        self.set_cut();
    }

    fn set_cut(&mut self) {
        if let Some(coded) = &self.coded {
            self.cut = coded.cut(self.threshold - self.error_of(coded));
        }
    }

    fn error_of(&self, coded: &Coded) -> f64 {
        if self.is_proof { coded.error } else { coded.weights_error }
    }

    /// Takes the sums of consecutive rows.
    fn take(&mut self, start: usize, sums: &[i32]) {
        for (index, group) in sums.chunks(GROUP_ROWS).enumerate() {
            // A maximum without branches first: almost no group has anything.
            if group.iter().fold(i32::MIN, |most, sum| most.max(*sum)) < self.cut {
                continue;
            }
            for (row, sum) in (start + index * GROUP_ROWS..).zip(group) {
                if *sum >= self.cut && self.filter.keeps(row) {
                    self.add(row, *sum);
                }
            }
        }
    }

    fn add(&mut self, row: usize, sum: i32) {
        let Some(coded) = &self.coded else { return };
        let (score, error) = (coded.score(sum), self.error_of(coded));
        self.candidates.push(Candidate { row, upper: score + error });
        let lower = score - error;
        if self.lower_ends.len() < self.k {
            self.lower_ends.push(Reverse(Score(lower)));
        } else if lower > self.threshold {
            self.lower_ends.pop();
            self.lower_ends.push(Reverse(Score(lower)));
        }
        if self.lower_ends.len() == self.k
            && let Some(Reverse(Score(least))) = self.lower_ends.peek()
            && *least > self.threshold
        {
            self.threshold = *least;
            self.set_cut();
        }
        if self.candidates.len() >= self.weed_at {
            self.weed();
            self.weed_at = FIRST_WEEDING.max(2 * self.candidates.len());
            self.is_given_up = self.candidates.len() > self.most;
        }
    }

    fn weed(&mut self) {
        let threshold = self.threshold;
        self.candidates.retain(|candidate| candidate.upper >= threshold);
    }
}

/// Reads all codes once, for all scans.
pub(super) fn run(codes: &Codes, kernel: &Kernel, scans: &mut [Scan<'_>]) {
    let quads = codes.shape().width().div_ceil(QUAD);
    let chunk_groups = (CHUNK_BYTES / (quads * LINE)).clamp(1, 64).next_multiple_of(4);
    let chunk_rows = chunk_groups * GROUP_ROWS;
    let mut sums = vec![0; chunk_rows];
    for block in codes.blocks() {
        for scan in &mut *scans {
            scan.enter(block);
        }
        let chunks: std::slice::Chunks<'_, Line> = codes.lines_of(block).chunks(chunk_groups * quads);
        for (index, chunk) in chunks.enumerate() {
            let start = block.start + index * chunk_rows;
            let rows = chunk_rows.min(block.start + block.rows - start);
            let sums = &mut sums[..rows.next_multiple_of(GROUP_ROWS)];
            for scan in &mut *scans {
                if scan.is_given_up || !scan.filter.may_keep_any(start..start + rows) {
                    continue;
                }
                if let Some(coded) = &scan.coded {
                    kernel.sums(chunk, &coded.weights, sums);
                    scan.take(start, &sums[..rows]);
                }
            }
        }
    }
}
