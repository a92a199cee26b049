//! Kernels of `kernel_few` for x86: AVX-512 with VNNI, and AVX2. `PARTS` is how many codes are in a byte, two or four.
#![expect(unsafe_code, reason = "vector instructions that not every machine has, and loads through pointers")]

use std::arch::x86_64::{
    _mm_cvtsi32_si128, _mm256_add_epi16, _mm256_add_epi32, _mm256_and_si256, _mm256_castsi256_ps,
    _mm256_cmpgt_epi32, _mm256_load_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_movemask_ps,
    _mm256_set1_epi8, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_srl_epi16,
    _mm256_storeu_si256, _mm512_add_epi32, _mm512_and_si512, _mm512_cmpge_epi32_mask, _mm512_dpbusd_epi32,
    _mm512_load_si512, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_srav_epi32,
    _mm512_storeu_si512,
};

use super::{
    kernel_few::FewKernel,
    kernel_x86::{ask_ahead, has_avx2, has_avx512, word},
};
use crate::feature_file::{
    Line,
    format::{GROUP_ROWS, QUAD},
};

/// Adds those that this machine runs, the faster first.
pub(super) fn add_to(kernels: &mut Vec<FewKernel>) {
    if has_avx512() {
        kernels.push(FewKernel { name: "AVX-512 VNNI", two: avx512::<4>, four: avx512::<2> });
    }
    if has_avx2() {
        kernels.push(FewKernel { name: "AVX2", two: avx2::<4>, four: avx2::<2> });
    }
}

fn avx512<const PARTS: usize>(
    lines: &[Line],
    weights: &[[i8; QUAD]],
    cut: i32,
    sums: &mut [i32],
    above: &mut [u16],
) {
    // SAFETY: only `add_to` hands this function out, after `has_avx512`.
    unsafe { with_vnni::<PARTS>(lines, weights, cut, sums, above) }
}

fn avx2<const PARTS: usize>(
    lines: &[Line],
    weights: &[[i8; QUAD]],
    cut: i32,
    sums: &mut [i32],
    above: &mut [u16],
) {
    // SAFETY: only `add_to` hands this function out, after `has_avx2`.
    unsafe { with_avx2::<PARTS>(lines, weights, cut, sums, above) }
}

/// Groups that share a load of the weights and hide the latency of each other's sums.
const TOGETHER: usize = 4;

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn with_vnni<const PARTS: usize>(
    lines: &[Line],
    weights: &[[i8; QUAD]],
    cut: i32,
    sums: &mut [i32],
    above: &mut [u16],
) {
    let (weights, _) = weights.as_chunks::<PARTS>();
    let width = weights.len();
    let (all, rest) = sums.as_chunks_mut::<{ TOGETHER * GROUP_ROWS }>();
    let (above, above_rest) = above.split_at_mut(all.len() * TOGETHER);
    let many = all.len() * TOGETHER * width;
    for ((sums, above), lines) in
        all.iter_mut().zip(above.chunks_exact_mut(TOGETHER)).zip(lines.chunks_exact(TOGETHER * width))
    {
        vnni_groups::<PARTS, TOGETHER>(lines, weights, cut, sums, above);
    }
    for ((sums, above), lines) in rest
        .chunks_exact_mut(GROUP_ROWS)
        .zip(above_rest.chunks_exact_mut(1))
        .zip(lines[many..].chunks_exact(width))
    {
        vnni_groups::<PARTS, 1>(lines, weights, cut, sums, above);
    }
}

/// `lines` has `N` groups, `sums` has `N * 16` numbers, `above` has `N`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn vnni_groups<const PARTS: usize, const N: usize>(
    lines: &[Line],
    weights: &[[[i8; QUAD]; PARTS]],
    cut: i32,
    sums: &mut [i32],
    above: &mut [u16],
) {
    let bits = 8 / PARTS;
    let width = weights.len();
    let mut groups = [lines; N];
    for (index, group) in groups.iter_mut().enumerate() {
        *group = &lines[index * width..][..width];
    }
    let mut masks = [_mm512_setzero_si512(); PARTS];
    for (part, mask) in masks.iter_mut().enumerate() {
        *mask = _mm512_set1_epi8((((1_u8 << bits) - 1) << (part * bits)).cast_signed());
    }
    // Upper parts stay where they are in their bytes, so that their sums are so many times as much.
    let mut totals = [[_mm512_setzero_si512(); PARTS]; N];
    for (place, weights) in weights.iter().enumerate() {
        for (totals, group) in totals.iter_mut().zip(&groups) {
            let line = &raw const group[place];
            ask_ahead(line);
            // SAFETY: a line is 64 bytes long and aligned to 64.
            let codes = unsafe { _mm512_load_si512(line.cast()) };
            for ((total, mask), weights) in totals.iter_mut().zip(&masks).zip(weights) {
                let weights = _mm512_set1_epi32(word(*weights));
                *total = _mm512_dpbusd_epi32(*total, _mm512_and_si512(codes, *mask), weights);
            }
        }
    }
    let cut = _mm512_set1_epi32(cut);
    for ((totals, sums), above) in totals.iter().zip(sums.chunks_exact_mut(GROUP_ROWS)).zip(above) {
        let mut sum = totals[0];
        for (part, total) in totals.iter().enumerate().skip(1) {
            sum = _mm512_add_epi32(sum, _mm512_srav_epi32(*total, _mm512_set1_epi32((part * bits) as i32)));
        }
        *above = _mm512_cmpge_epi32_mask(sum, cut);
        // SAFETY: `chunks_exact_mut` gives sixteen numbers of four bytes; the store needs no alignment.
        unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), sum) };
    }
}

#[target_feature(enable = "avx2")]
fn with_avx2<const PARTS: usize>(
    lines: &[Line],
    weights: &[[i8; QUAD]],
    cut: i32,
    sums: &mut [i32],
    above: &mut [u16],
) {
    // Of four bits, four lines give a place sixteen products of 15 * 127 at most, and of two bits 32 of 3 * 127: they fit sixteen bits.
    const LINES: usize = 4;
    let bits = 8 / PARTS;
    let mask = _mm256_set1_epi8(((1_u8 << bits) - 1).cast_signed());
    let ones = _mm256_set1_epi16(1);
    let cut = _mm256_set1_epi32(cut);
    let (weights, _) = weights.as_chunks::<PARTS>();
    let groups = sums.chunks_exact_mut(GROUP_ROWS).zip(above);
    for ((sums, above), lines) in groups.zip(lines.chunks_exact(weights.len())) {
        let mut totals = [_mm256_setzero_si256(); 2];
        for (lines, weights) in lines.chunks(LINES).zip(weights.chunks(LINES)) {
            let mut pairs = [_mm256_setzero_si256(); 2];
            for (line, weights) in lines.iter().zip(weights) {
                ask_ahead(line);
                for (half, pairs) in pairs.iter_mut().enumerate() {
                    // SAFETY: a line is 64 bytes long and aligned to 64, so each half has 32 bytes aligned to 32; the pointer is
                    // one to the whole line.
                    let codes = unsafe { _mm256_load_si256(line.0.as_ptr().add(half * 32).cast()) };
                    for (part, weights) in weights.iter().enumerate() {
                        let moved = _mm256_srl_epi16(codes, _mm_cvtsi32_si128((part * bits) as i32));
                        let weights = _mm256_set1_epi32(word(*weights));
                        let products = _mm256_maddubs_epi16(_mm256_and_si256(moved, mask), weights);
                        *pairs = _mm256_add_epi16(*pairs, products);
                    }
                }
            }
            for (total, pairs) in totals.iter_mut().zip(pairs) {
                *total = _mm256_add_epi32(*total, _mm256_madd_epi16(pairs, ones));
            }
        }
        let mut bits = 0;
        for (half, (total, sums)) in totals.into_iter().zip(sums.chunks_exact_mut(8)).enumerate() {
            let below = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(cut, total)));
            bits |= (!below & 0xff) << (8 * half);
            // SAFETY: `chunks_exact_mut` gives eight numbers of four bytes; the store needs no alignment.
            unsafe { _mm256_storeu_si256(sums.as_mut_ptr().cast(), total) };
        }
        *above = bits as u16;
    }
}
