//! The order of hits, and the best of many in a small heap.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use super::Hit;

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

/// The best `k` hits so far.
pub(super) struct Best {
    k: usize,
    /// Its top is the worst, the one to beat.
    heap: BinaryHeap<Reverse<Ranked>>,
}

impl Best {
    /// `rows` is how many will be offered at most.
    pub(super) fn new(k: usize, rows: usize) -> Self {
        Self { k, heap: BinaryHeap::with_capacity(k.min(rows) + 1) }
    }

    pub(super) fn offer(&mut self, hit: Hit) {
        let hit = Ranked(hit);
        if self.heap.len() < self.k {
            self.heap.push(Reverse(hit));
        } else if self.heap.peek().is_some_and(|worst| hit > worst.0) {
            self.heap.pop();
            self.heap.push(Reverse(hit));
        }
    }

    /// The score of the worst of `k`, or `None` while there are fewer.
    pub(super) fn least(&self) -> Option<f32> {
        if self.heap.len() < self.k { None } else { Some(self.heap.peek()?.0.0.score) }
    }

    /// Best first.
    pub(super) fn into_hits(self) -> Vec<Hit> {
        // Ascending order of `Reverse` is best first.
        self.heap.into_sorted_vec().into_iter().map(|ranked| ranked.0.0).collect()
    }
}
