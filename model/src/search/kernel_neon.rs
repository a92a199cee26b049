//! The kernel for ARM's NEON, which every 64-bit ARM processor has.
#![expect(unsafe_code, reason = "loads and stores through pointers")]

use std::arch::aarch64::{
    int32x4_t, vdupq_n_s32, vget_low_s8, vld1q_s8, vmull_high_s8, vmull_s8, vpadalq_s16, vpaddq_s32,
    vreinterpretq_s8_s32, vst1q_s32,
};

use super::kernel::{self, Kernel};
use crate::feature_file::{
    Line,
    format::{GROUP_ROWS, QUAD},
};

/// Vectors in a line.
const VECTORS: usize = 4;

pub(super) fn add_to(kernels: &mut Vec<Kernel>) {
    kernels.push(Kernel { name: "NEON", sums, read: kernel::read });
}

fn sums(lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]) {
    // SAFETY: NEON is part of the base of 64-bit ARM.
    unsafe { with_neon(lines, weights, sums) }
}

#[target_feature(enable = "neon")]
fn with_neon(lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]) {
    for (sums, lines) in sums.chunks_exact_mut(GROUP_ROWS).zip(lines.chunks_exact(weights.len())) {
        // Two sums a row, of its first and its second pair of values, in two registers a vector.
        let zero: int32x4_t = vdupq_n_s32(0);
        let mut totals = [[zero; 2]; VECTORS];
        for (line, weights) in lines.iter().zip(weights) {
            let weights = i32::from_le_bytes(weights.map(i8::cast_unsigned));
            let weights = vreinterpretq_s8_s32(vdupq_n_s32(weights));
            for (vector, [first, last]) in totals.iter_mut().enumerate() {
                // SAFETY: a line has four times sixteen bytes, and the pointer is one to all of them; the load needs no
                // alignment. Codes are below 128, so they are the same with a sign.
                let codes = unsafe { vld1q_s8(line.0.as_ptr().add(vector * 16).cast()) };
                *first = vpadalq_s16(*first, vmull_s8(vget_low_s8(codes), vget_low_s8(weights)));
                *last = vpadalq_s16(*last, vmull_high_s8(codes, weights));
            }
        }
        for ([first, last], sums) in totals.into_iter().zip(sums.chunks_exact_mut(4)) {
            // SAFETY: `chunks_exact_mut` gives four numbers; the store needs no alignment.
            unsafe { vst1q_s32(sums.as_mut_ptr(), vpaddq_s32(first, last)) };
        }
    }
}
