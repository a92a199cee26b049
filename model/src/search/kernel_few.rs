//! Adding up weighted codes of two or four bits (`feature_file::FewBits`), and saying at once which rows are good enough: in portable Rust,
//! and the same for x86 in the file beside this one.
//!
//! What is looked at afterwards is a bit a row, not a sum: nearly all rows are not good enough.

use std::fmt;

use crate::feature_file::{
    Bits, Line,
    format::{GROUP_ROWS, QUAD},
};

/// The arguments of [`FewKernel::sums`] without the first.
pub(super) type Sums =
    fn(lines: &[Line], weights: &[[i8; QUAD]], cut: i32, sums: &mut [i32], above: &mut [u16]);

/// A way to add up weighted codes of few bits.
#[derive(Clone, Copy)]
pub struct FewKernel {
    pub(super) name: &'static str,
    pub(super) two: Sums,
    pub(super) four: Sums,
}

impl fmt::Debug for FewKernel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("FewKernel").field(&self.name).finish()
    }
}

impl FewKernel {
    /// Portable Rust, which every machine runs.
    pub const PORTABLE: Self = Self { name: "portable", two: portable::<4>, four: portable::<2> };

    /// The fastest one that this machine runs.
    #[must_use]
    pub fn best() -> Self {
        Self::available().into_iter().next().unwrap_or(Self::PORTABLE)
    }

    /// All that this machine runs, the fastest first.
    #[must_use]
    #[cfg_attr(
        not(target_arch = "x86_64"),
        expect(clippy::vec_init_then_push, reason = "others come first where there are any")
    )]
    pub fn available() -> Vec<Self> {
        let mut kernels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        super::kernel_few_x86::add_to(&mut kernels);
        kernels.push(Self::PORTABLE);
        kernels
    }

    /// What to call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Overwrites `sums` with the weighted sum of each row's codes, and `above` with a bit for each row of a group, the lowest for the first,
    /// that is set where the sum is at least `cut`: `lines` has one line for each two (four bits) or four (two bits) of `weights`, none of
    /// them -128, group of rows after group, `sums` sixteen numbers a group and `above` one.
    pub(super) fn sums(
        &self,
        bits: Bits,
        lines: &[Line],
        weights: &[[i8; QUAD]],
        cut: i32,
        sums: &mut [i32],
        above: &mut [u16],
    ) {
        if weights.is_empty() {
            return;
        }
        match bits {
            Bits::Two => (self.two)(lines, weights, cut, sums, above),
            Bits::Four => (self.four)(lines, weights, cut, sums, above),
        }
    }
}

/// `PARTS` is how many codes are in a byte.
fn portable<const PARTS: usize>(
    lines: &[Line],
    weights: &[[i8; QUAD]],
    cut: i32,
    sums: &mut [i32],
    above: &mut [u16],
) {
    let bits = 8 / PARTS;
    let mask = (1_u8 << bits) - 1;
    let (weights, _) = weights.as_chunks::<PARTS>();
    let (groups, _) = sums.as_chunks_mut::<GROUP_ROWS>();
    for ((sums, above), lines) in groups.iter_mut().zip(above).zip(lines.chunks_exact(weights.len())) {
        *sums = [0; GROUP_ROWS];
        for (line, weights) in lines.iter().zip(weights) {
            let (rows, _) = line.0.as_chunks::<QUAD>();
            for (sum, row) in sums.iter_mut().zip(rows) {
                // Eight products of at most 15 * 127, or sixteen of at most 3 * 127, fit sixteen bits.
                let mut products = 0_i16;
                for (part, weights) in weights.iter().enumerate() {
                    for (byte, weight) in row.iter().zip(weights) {
                        products += i16::from(byte >> (part * bits) & mask) * i16::from(*weight);
                    }
                }
                *sum += i32::from(products);
            }
        }
        *above = 0;
        for (row, sum) in sums.iter().enumerate() {
            *above |= u16::from(*sum >= cut) << row;
        }
    }
}
