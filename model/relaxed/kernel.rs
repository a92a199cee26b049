//! The search kernel for wasm's relaxed SIMD: a module of its own, because browsers that do not know these instructions refuse a
//! module that holds them as a whole.
//!
//! It works in the memory of the program that searches, and its one function takes the place of another in that program's
//! table (`model/src/search/kernel_wasm.rs`). `build.sh` compiles it; nothing here may panic or allocate, so that nothing of
//! Rust's own comes with it.
#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "loads and stores through pointers")]

use core::arch::wasm32::{i32x4_relaxed_dot_i8x16_i7x16_add, i32x4_splat, v128};

/// Vectors of sixteen bytes in a line.
const VECTORS: usize = 4;

/// Sums of weighted codes: `groups * quads` lines of 64 bytes, `quads` weights of four bytes each, sixteen sums a group.
///
/// # Safety
///
/// The pointers lead to so much.
#[unsafe(no_mangle)]
#[target_feature(enable = "relaxed-simd")]
pub unsafe extern "C" fn sums(lines: *const v128, groups: usize, weights: *const i32, quads: usize, sums: *mut v128) {
    // SAFETY: the caller's, for every group in turn.
    unsafe {
        let length = quads * VECTORS;
        let mut group = 0;
        while group + 2 <= groups {
            together::<2>(lines.add(group * length), weights, quads, sums.add(group * VECTORS));
            group += 2;
        }
        if group < groups {
            together::<1>(lines.add(group * length), weights, quads, sums.add(group * VECTORS));
        }
    }
}

/// `N` groups, which share each load of a weight.
#[inline(always)]
unsafe fn together<const N: usize>(lines: *const v128, weights: *const i32, quads: usize, sums: *mut v128) {
    let mut totals = [[i32x4_splat(0); VECTORS]; N];
    // SAFETY: there are so many lines, weights and sums.
    unsafe {
        let mut place = 0;
        while place < quads {
            let four = i32x4_splat(weights.add(place).read_unaligned());
            let mut group = 0;
            while group < N {
                let line = lines.add((group * quads + place) * VECTORS);
                let mut vector = 0;
                while vector < VECTORS {
                    // Codes have seven bits, for which every machine gives the same sum.
                    let codes = line.add(vector).read_unaligned();
                    let total = &mut totals[group][vector];
                    *total = i32x4_relaxed_dot_i8x16_i7x16_add(four, codes, *total);
                    vector += 1;
                }
                group += 1;
            }
            place += 1;
        }
        let mut at = 0;
        while at < N * VECTORS {
            sums.add(at).write_unaligned(totals[at / VECTORS][at % VECTORS]);
            at += 1;
        }
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
