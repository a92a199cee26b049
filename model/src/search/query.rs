//! A query in the terms of a block's codes, and how far the scores that they give can be off.
//!
//! A row's score is `q . v` with `v = offset + step * c + r`, where `c` are its codes and `r` is its residual. With the weights
//! `w = q * step`, in whole numbers `Q` (a signed byte each) `w = unit * Q + e`, this is
//!
//! ```text
//! q . offset  +  e . 63.5  +  unit * (Q . c)  +  e . (c - 63.5)  +  q . r
//! ```
//!
//! The first two terms are one number for the whole block, the third is what a kernel adds up, and the last two are the error: at
//! most `|e| * spread + |q| * residual`, with the block's largest `|c - 63.5|` and `|r|`.
//!
//! Codes along axes `a` have weights `w = step * (q . a)`, and a row's finer bits add `w * p` with a part `p` of a step, from 0 to `1 - 2^-b`. A kernel does
//! not see them: it takes the middle, and the error is half of that at most, added up over all axes. [`Exact`] sees them.

use crate::feature_file::{Block, format::QUAD};
use crate::search::dot_f64;

/// The middle of the codes.
const MIDDLE: f64 = 63.5;
/// The largest weight; the same on both sides of zero.
const MAX_WEIGHT: f64 = 127.0;

/// A query in the terms of a block's codes.
#[derive(Debug)]
pub(super) struct Coded {
    /// Weights of four values each, the missing ones 0.
    pub(super) weights: Vec<[i8; QUAD]>,
    /// Score of a row whose weighted codes add up to nothing.
    base: f64,
    /// What one more in the sum of weighted codes adds to the score.
    unit: f64,
    /// By how much a score can be off, rounding in single precision included.
    pub(super) error: f64,
    /// How much of that is due to the weights and to finer bits that a kernel does not see, not to what codes lose.
    pub(super) weights_error: f64,
}

impl Coded {
    /// `length` is the query's Euclidean length.
    pub(super) fn new(query: &[f32], length: f64, block: &Block) -> Self {
        Self::around(MIDDLE, query, length, block)
    }

    /// [`Coded::new`] for codes with another middle, from which the block's spread is counted.
    pub(super) fn around(middle: f64, query: &[f32], length: f64, block: &Block) -> Self {
        let Exact { base: offset, weights: exact, .. } = Exact::new(query, block);
        let most = exact.iter().fold(0.0, |most: f64, weight| most.max(weight.abs()));
        let unit = most / MAX_WEIGHT;
        let mut weights = vec![[0; QUAD]; exact.len().div_ceil(QUAD)];
        let (mut base, mut unseen) = (offset, 0.0);
        if let Some(axes) = &block.axes {
            for (weight, bits) in exact.iter().zip(&axes.bits) {
                let half = (1.0 - 0.5_f64.powi(i32::from(*bits))) / 2.0;
                base += weight * half;
                unseen += weight.abs() * half;
            }
        }
        let mut lost = 0.0;
        for (i, weight) in exact.iter().enumerate() {
            let whole = if unit > 0.0 { (weight / unit).round().clamp(-MAX_WEIGHT, MAX_WEIGHT) } else { 0.0 };
            weights[i / QUAD][i % QUAD] = whole as i8;
            let rest = weight - whole * unit;
            base += rest * middle;
            lost += rest * rest;
        }
        let rounding = rounding(query, length);
        let weights_error = lost.sqrt() * block.spread + unseen + rounding;
        Self { weights, base, unit, error: weights_error + length * block.residual, weights_error }
    }

    /// The score that a sum of weighted codes stands for.
    pub(super) fn score(&self, sum: i32) -> f64 {
        self.base + self.unit * f64::from(sum)
    }

    /// The least sum whose score may be `least` or more; a little too low rather than too high.
    pub(super) fn cut(&self, least: f64) -> i32 {
        if self.unit > 0.0 {
            // The cast saturates. One off, because the division rounds.
            (((least - self.base) / self.unit).floor() as i32).saturating_sub(1)
        } else if least <= self.base {
            i32::MIN
        } else {
            i32::MAX
        }
    }
}

/// What single precision loses of a score, at most: a sum of n products is off by n * 2^-24 * |q| * |v|; twice that covers the rounding of
/// what it is compared with, and vectors that are a little longer than 1. `length` is the query's Euclidean length.
pub(super) fn rounding(query: &[f32], length: f64) -> f64 {
    (query.len() + 16) as f64 * f64::from(f32::EPSILON) * length
}

/// A query in the terms of a block's codes, not rounded.
#[derive(Debug)]
pub(super) struct Exact {
    /// `q . offset`.
    base: f64,
    /// What one more of each code adds to the score.
    weights: Vec<f64>,
    /// What one more of each number of finer bits adds; none without axes.
    finer: Vec<f64>,
}

impl Exact {
    pub(super) fn new(query: &[f32], block: &Block) -> Self {
        let weights: Vec<f64> = match &block.axes {
            Some(axes) => {
                let axes = axes.directions.chunks_exact(query.len());
                axes.zip(&block.steps).map(|(axis, step)| f64::from(*step) * dot_f64(query, axis)).collect()
            }
            None => {
                query.iter().zip(&block.steps).map(|(q, step)| f64::from(*q) * f64::from(*step)).collect()
            }
        };
        let bits = block.axes.iter().flat_map(|axes| &axes.bits);
        let finer =
            weights.iter().zip(bits).map(|(weight, bits)| weight / f64::from(1_u32 << bits)).collect();
        Self { base: dot_f64(query, &block.offsets), weights, finer }
    }

    /// The score of what a row's codes and finer bits stand for: off by `|q| * residual` at most.
    pub(super) fn score(&self, block: &Block, codes: &[u8], finer: u128) -> f64 {
        // Four sums, since one would make each addition wait for the one before it.
        let mut sums = [0.0; 4];
        for (codes, weights) in codes.chunks(4).zip(self.weights.chunks(4)) {
            for ((sum, code), weight) in sums.iter_mut().zip(codes).zip(weights) {
                *sum += weight * f64::from(*code);
            }
        }
        if let Some(axes) = &block.axes {
            let numbers = axes.numbers(finer);
            for (index, (number, weight)) in numbers.zip(&self.finer).enumerate() {
                sums[index % 4] += weight * f64::from(number);
            }
        }
        self.base + sums.iter().sum::<f64>()
    }
}
