//! The kernel for wasm's 128-bit vectors.
//!
//! Relaxed SIMD has one instruction for what takes six here, but a module that holds it is refused as a whole by browsers that
//! do not know it.
#![expect(unsafe_code, reason = "loads and stores through pointers")]

use core::arch::wasm32::{
    i16x8, i32x4_add, i32x4_dot_i16x8, i32x4_splat, u16x8_shr, v128, v128_load, v128_store,
};

use super::kernel::{self, Kernel};
use crate::feature_file::{
    Line,
    format::{GROUP_ROWS, QUAD},
};

/// Vectors in a line.
const VECTORS: usize = 4;

pub(super) fn add_to(kernels: &mut Vec<Kernel>) {
    kernels.push(Kernel { name: "wasm SIMD128", sums, read: kernel::read });
}

fn sums(lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]) {
    const TOGETHER: usize = 2;
    let quads = weights.len();
    let (all, rest) = sums.as_chunks_mut::<{ TOGETHER * GROUP_ROWS }>();
    let many = all.len() * TOGETHER * quads;
    for (sums, lines) in all.iter_mut().zip(lines.chunks_exact(TOGETHER * quads)) {
        groups::<TOGETHER>(lines, weights, sums);
    }
    for (sums, lines) in rest.chunks_exact_mut(GROUP_ROWS).zip(lines[many..].chunks_exact(quads)) {
        groups::<1>(lines, weights, sums);
    }
}

/// `lines` has `N` groups, `sums` has `N * 16` numbers.
#[inline]
fn groups<const N: usize>(lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]) {
    let quads = weights.len();
    let mut groups = [lines; N];
    for (index, group) in groups.iter_mut().enumerate() {
        *group = &lines[index * quads..][..quads];
    }
    let mut totals = [[i32x4_splat(0); VECTORS]; N];
    for (place, [a, b, c, d]) in weights.iter().enumerate() {
        // A row's codes are two sixteen-bit lanes, `even + 256 * odd` each, so its sum is one 32-bit lane of products. The even
        // codes need no mask: what their weights make of the odd ones above them is taken off the odd ones' weights. Where
        // a long sum of these overflows it wraps, and wraps back.
        let [a, b, c, d] = [a, b, c, d].map(|weight| i16::from(*weight));
        let (whole, high) = (pairs(a, c), pairs(b - 256 * a, d - 256 * c));
        for (total, group) in totals.iter_mut().zip(&groups) {
            for (vector, total) in total.iter_mut().enumerate() {
                // SAFETY: a line has four times sixteen bytes; the load needs no alignment.
                let codes = unsafe { v128_load((&raw const group[place].0[vector * 16]).cast()) };
                let both = i32x4_dot_i16x8(codes, whole);
                let odd = i32x4_dot_i16x8(u16x8_shr(codes, 8), high);
                *total = i32x4_add(*total, i32x4_add(both, odd));
            }
        }
    }
    for (total, sums) in totals.as_flattened().iter().zip(sums.chunks_exact_mut(4)) {
        // SAFETY: `chunks_exact_mut` gives four numbers of four bytes; the store needs no alignment.
        unsafe { v128_store(sums.as_mut_ptr().cast(), *total) };
    }
}

fn pairs(a: i16, b: i16) -> v128 {
    i16x8(a, b, a, b, a, b, a, b)
}
