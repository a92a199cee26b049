//! Adding up weighted codes, as fast as the machine can: one function in portable Rust, and the same sums, bit for bit, from
//! the vector units of x86, ARM and wasm in the files beside this one.
//!
//! A [`Line`] has four values of sixteen rows, so a vector register adds up rows side by side: there is nothing to add across
//! its lanes, and no vector is too short for it. Codes have seven bits and weights a sign, so a pair of products
//! fits sixteen bits and a whole sum 32: no kernel can overflow or saturate.

use std::fmt;

use crate::feature_file::{
    Line,
    format::{GROUP_ROWS, QUAD},
};

/// Sums of consecutive groups of rows; the arguments of [`Kernel::sums`]: at least one weight, none of them -128.
pub(super) type Sums = fn(lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]);

/// A way to add up weighted codes.
#[derive(Clone, Copy)]
pub struct Kernel {
    pub(super) name: &'static str,
    pub(super) sums: Sums,
    pub(super) read: fn(lines: &[Line]) -> u64,
}

impl fmt::Debug for Kernel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Kernel").field(&self.name).finish()
    }
}

impl Kernel {
    /// Portable Rust, which every machine runs.
    pub const PORTABLE: Self = Self { name: "portable", sums: portable, read };

    /// The fastest one that this machine runs.
    #[must_use]
    pub fn best() -> Self {
        Self::available().into_iter().next().unwrap_or(Self::PORTABLE)
    }

    /// All that this machine runs, the fastest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut kernels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        super::kernel_x86::add_to(&mut kernels);
        #[cfg(target_arch = "aarch64")]
        super::kernel_neon::add_to(&mut kernels);
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        super::kernel_wasm::add_to(&mut kernels);
        kernels.push(Self::PORTABLE);
        kernels
    }

    /// What to call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Overwrites `sums` with the weighted sum of each row's codes: `lines` has one line for each four weights, group of rows
    /// after group, and `sums` has sixteen numbers a group.
    pub(super) fn sums(&self, lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]) {
        if !weights.is_empty() {
            (self.sums)(lines, weights, sums);
        }
    }

    /// Reads every line and adds up its bytes as sixty-four-bit words: the least that any search can do.
    #[must_use]
    pub fn read(&self, lines: &[Line]) -> u64 {
        (self.read)(lines)
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled anew with the vector instructions of each caller")]
pub(super) fn portable(lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]) {
    let (groups, _) = sums.as_chunks_mut::<GROUP_ROWS>();
    for (sums, lines) in groups.iter_mut().zip(lines.chunks_exact(weights.len())) {
        *sums = [0; GROUP_ROWS];
        for (line, weights) in lines.iter().zip(weights) {
            // Two codes at a time, in the shape of a vector register: an even and an odd byte of each sixteen bits.
            let [even, odd] = [0, 1].map(|at| [i16::from(weights[at]), i16::from(weights[at + 2])]);
            let (halves, _) = line.0.as_chunks::<2>();
            let mut pairs = [0_i16; 2 * GROUP_ROWS];
            for (at, (pair, half)) in pairs.iter_mut().zip(halves).enumerate() {
                let half = u16::from_le_bytes(*half);
                *pair = (half & 0xff) as i16 * even[at % 2] + (half >> 8) as i16 * odd[at % 2];
            }
            for (sum, [first, last]) in sums.iter_mut().zip(pairs.as_chunks::<2>().0) {
                *sum += i32::from(*first) + i32::from(*last);
            }
        }
    }
}

/// Reading goes on in four places at once, which memory answers faster than one after the other: so many lines apart.
const APART: usize = 16;

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled anew with the vector instructions of each caller")]
pub(super) fn read(lines: &[Line]) -> u64 {
    read_after(lines, |_| {})
}

/// [`read`], where `before` is told of each line but the last few before it is read.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled anew with the vector instructions of each caller")]
pub(super) fn read_after(lines: &[Line], before: impl Fn(&Line)) -> u64 {
    let mut sums = [[0_u64; 8]; 4];
    let (chunks, rest) = lines.as_chunks::<{ 4 * APART }>();
    for chunk in chunks {
        for line in 0..APART {
            for (place, sums) in sums.iter_mut().enumerate() {
                let line = &chunk[place * APART + line];
                before(line);
                add_words(sums, line);
            }
        }
    }
    for line in rest {
        add_words(&mut sums[0], line);
    }
    sums.as_flattened().iter().fold(0, |sum, part| sum.wrapping_add(*part))
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled anew with the vector instructions of each caller")]
fn add_words(sums: &mut [u64; 8], line: &Line) {
    let (words, _) = line.0.as_chunks::<8>();
    for (sum, word) in sums.iter_mut().zip(words) {
        *sum = sum.wrapping_add(u64::from_le_bytes(*word));
    }
}
