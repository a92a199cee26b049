//! Kernels for x86: AVX-512 with VNNI, which has one instruction for all of it, and AVX2.
#![expect(unsafe_code, reason = "vector instructions that not every machine has, and loads through pointers")]

use std::arch::x86_64::{
    _MM_HINT_T0, _mm_prefetch, _mm256_add_epi32, _mm256_load_si256, _mm256_madd_epi16, _mm256_maddubs_epi16,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_storeu_si256, _mm512_dpbusd_epi32,
    _mm512_load_si512, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_storeu_si512,
};

use super::kernel::{self, Kernel};
use crate::feature_file::{
    Line,
    format::{GROUP_ROWS, QUAD},
};

/// Codes are asked for so many lines before they are added up: the processor alone does not see several places that are read by turns as one
/// stretch, and once they come from memory, waits for them.
const AHEAD: usize = 128;

/// Adds those that this machine runs, the faster first.
pub(super) fn add_to(kernels: &mut Vec<Kernel>) {
    if has_avx512() {
        kernels.push(Kernel { name: "AVX-512 VNNI", sums: avx512, read: read_avx512 });
    }
    if has_avx2() {
        kernels.push(Kernel { name: "AVX2", sums: avx2, read: read_avx2 });
    }
}

pub(super) fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vnni")
}

pub(super) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
}

fn avx512(lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]) {
    // SAFETY: only `add_to` hands this function out, after `has_avx512`.
    unsafe { with_vnni(lines, weights, sums) }
}

fn read_avx512(lines: &[Line]) -> u64 {
    // SAFETY: only `add_to` hands this function out, after `has_avx512`.
    unsafe { read_with_avx512(lines) }
}

fn avx2(lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]) {
    // SAFETY: only `add_to` hands this function out, after `has_avx2`.
    unsafe { with_avx2(lines, weights, sums) }
}

fn read_avx2(lines: &[Line]) -> u64 {
    // SAFETY: only `add_to` hands this function out, after `has_avx2`.
    unsafe { read_with_avx2(lines) }
}

#[target_feature(enable = "avx512f")]
fn read_with_avx512(lines: &[Line]) -> u64 {
    kernel::read_after(lines, |line| ask_ahead(line))
}

#[target_feature(enable = "avx2")]
fn read_with_avx2(lines: &[Line]) -> u64 {
    kernel::read_after(lines, |line| ask_ahead(line))
}

/// Asks memory for what is added up some time after this line. It may lie beyond what there is: nothing is read.
#[inline]
pub(super) fn ask_ahead(line: *const Line) {
    // SAFETY: every processor of this architecture has SSE; the address may be any.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(line.wrapping_add(AHEAD).cast()) };
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn with_vnni(lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]) {
    // Four groups at a time share a load of the weights, and hide the latency of the sums.
    const TOGETHER: usize = 4;
    let quads = weights.len();
    let (all, rest) = sums.as_chunks_mut::<{ TOGETHER * GROUP_ROWS }>();
    let many = all.len() * TOGETHER * quads;
    for (sums, lines) in all.iter_mut().zip(lines.chunks_exact(TOGETHER * quads)) {
        vnni_groups::<TOGETHER>(lines, weights, sums);
    }
    for (sums, lines) in rest.chunks_exact_mut(GROUP_ROWS).zip(lines[many..].chunks_exact(quads)) {
        vnni_groups::<1>(lines, weights, sums);
    }
}

/// `lines` has `N` groups, `sums` has `N * 16` numbers.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn vnni_groups<const N: usize>(lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]) {
    let quads = weights.len();
    let mut groups = [lines; N];
    for (index, group) in groups.iter_mut().enumerate() {
        *group = &lines[index * quads..][..quads];
    }
    let mut totals = [_mm512_setzero_si512(); N];
    for (place, weights) in weights.iter().enumerate() {
        let weights = _mm512_set1_epi32(word(*weights));
        for (total, group) in totals.iter_mut().zip(&groups) {
            let line = &raw const group[place];
            ask_ahead(line);
            // SAFETY: a line is 64 bytes long and aligned to 64.
            let codes = unsafe { _mm512_load_si512(line.cast()) };
            *total = _mm512_dpbusd_epi32(*total, codes, weights);
        }
    }
    for (total, sums) in totals.iter().zip(sums.chunks_exact_mut(GROUP_ROWS)) {
        // SAFETY: `chunks_exact_mut` gives sixteen numbers of four bytes; the store needs no alignment.
        unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), *total) };
    }
}

#[target_feature(enable = "avx2")]
fn with_avx2(lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]) {
    const TOGETHER: usize = 2;
    let quads = weights.len();
    let (all, rest) = sums.as_chunks_mut::<{ TOGETHER * GROUP_ROWS }>();
    let many = all.len() * TOGETHER * quads;
    for (sums, lines) in all.iter_mut().zip(lines.chunks_exact(TOGETHER * quads)) {
        avx2_groups::<TOGETHER>(lines, weights, sums);
    }
    for (sums, lines) in rest.chunks_exact_mut(GROUP_ROWS).zip(lines[many..].chunks_exact(quads)) {
        avx2_groups::<1>(lines, weights, sums);
    }
}

/// `lines` has `N` groups, `sums` has `N * 16` numbers.
#[inline]
#[target_feature(enable = "avx2")]
fn avx2_groups<const N: usize>(lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]) {
    let quads = weights.len();
    let mut groups = [lines; N];
    for (index, group) in groups.iter_mut().enumerate() {
        *group = &lines[index * quads..][..quads];
    }
    let ones = _mm256_set1_epi16(1);
    let mut totals = [[_mm256_setzero_si256(); 2]; N];
    for (place, weights) in weights.iter().enumerate() {
        let weights = _mm256_set1_epi32(word(*weights));
        for (total, group) in totals.iter_mut().zip(&groups) {
            ask_ahead(&raw const group[place]);
            for (half, total) in total.iter_mut().enumerate() {
                // SAFETY: a line is 64 bytes long and aligned to 64, so each half has 32 bytes aligned to 32; the pointer is
                // one to the whole line.
                let codes = unsafe { _mm256_load_si256(group[place].0.as_ptr().add(half * 32).cast()) };
                let pairs = _mm256_maddubs_epi16(codes, weights);
                *total = _mm256_add_epi32(*total, _mm256_madd_epi16(pairs, ones));
            }
        }
    }
    for (total, sums) in totals.as_flattened().iter().zip(sums.chunks_exact_mut(8)) {
        // SAFETY: `chunks_exact_mut` gives eight numbers of four bytes; the store needs no alignment.
        unsafe { _mm256_storeu_si256(sums.as_mut_ptr().cast(), *total) };
    }
}

/// Four weights as the vector units take them.
pub(super) fn word(weights: [i8; QUAD]) -> i32 {
    i32::from_le_bytes(weights.map(i8::cast_unsigned))
}
