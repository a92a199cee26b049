//! Kernels read and write what they are given and nothing beside it. Here buffers end exactly where what they hold ends, so that a
//! sanitizer or Miri sees one byte too many, and what lies beside the sums is looked at without either. `.ci/fuzz.sh` runs these
//! tests under `AddressSanitizer` (`kernels`), and in Miri (`miri`).

use super::{FewKernel, Kernel};
use crate::feature_file::{
    Bits, Line,
    format::{GROUP_ROWS, LINE, QUAD},
};

/// Every remainder of what kernels take at a time (four groups, two, one), and vectors from the shortest on.
const SHAPES: [(usize, usize); 12] =
    [(0, 1), (1, 1), (1, 3), (2, 1), (3, 2), (4, 1), (4, 16), (5, 3), (6, 2), (7, 1), (8, 5), (11, 1)];

/// Codes as they come, in an allocation of exactly their length.
fn lines(count: usize) -> Box<[Line]> {
    let code = |line: usize, at: usize| ((line * 31 + at * 7) % 128) as u8;
    (0..count).map(|line| Line(std::array::from_fn::<u8, LINE, _>(|at| code(line, at)))).collect()
}

fn weights(count: usize) -> Box<[[i8; QUAD]]> {
    let weight = |quad: usize, at: usize| ((quad * 53 + at * 29) % 255) as i16 - 127;
    (0..count).map(|quad| std::array::from_fn(|at| weight(quad, at) as i8)).collect()
}

fn expected(lines: &[Line], weights: &[[i8; QUAD]]) -> Vec<i32> {
    let mut sums = Vec::new();
    for group in lines.chunks_exact(weights.len()) {
        for row in 0..GROUP_ROWS {
            let products = group.iter().zip(weights).flat_map(|(line, weights)| {
                (0..QUAD).map(move |at| i32::from(line.0[row * QUAD + at]) * i32::from(weights[at]))
            });
            sums.push(products.sum());
        }
    }
    sums
}

#[test]
fn sums_are_read_and_written_to_the_last_byte_and_no_further() {
    for (groups, quads) in SHAPES {
        let (lines, weights) = (lines(groups * quads), weights(quads));
        let expected = expected(&lines, &weights);
        for kernel in Kernel::available() {
            let mut sums = vec![-1; expected.len()].into_boxed_slice();
            kernel.sums(&lines, &weights, &mut sums);
            assert_eq!(*sums, *expected, "{kernel:?}, {groups} groups of {quads}");
        }
    }
}

/// Sums that begin at any number, so that nothing about their place is taken for granted.
#[test]
fn what_lies_beside_the_sums_stays_as_it_is() {
    for (groups, quads) in SHAPES {
        let (lines, weights) = (lines(groups * quads), weights(quads));
        let expected = expected(&lines, &weights);
        for kernel in Kernel::available() {
            for before in [1, 3, 16] {
                let mut all = vec![i32::MIN; before + expected.len() + 17];
                let (_, behind) = all.split_at_mut(before);
                kernel.sums(&lines, &weights, &mut behind[..expected.len()]);
                let beside = all[..before].iter().chain(&all[before + expected.len()..]);
                assert!(beside.copied().all(|number| number == i32::MIN), "{kernel:?}, {groups} groups");
                assert_eq!(all[before..][..expected.len()], *expected, "{kernel:?}, {groups} groups");
            }
        }
    }
}

#[test]
fn reading_ends_with_the_last_line() {
    for count in [0, 1, 2, 15, 63, 64, 65, 128, 131] {
        let lines = lines(count);
        let words = lines.iter().flat_map(|line| line.0.as_chunks::<8>().0);
        let sum = words.fold(0, |sum: u64, word| sum.wrapping_add(u64::from_le_bytes(*word)));
        for kernel in Kernel::available() {
            assert_eq!(kernel.read(&lines), sum, "{kernel:?}, {count} lines");
        }
    }
}

/// What codes of few bits give for each row and group, the obvious way; a row is above where its sum is at least `cut`.
fn expected_of_few(bits: Bits, lines: &[Line], weights: &[[i8; QUAD]], cut: i32) -> (Vec<i32>, Vec<u16>) {
    let parts = 8 / bits.count();
    let (mut sums, mut above) = (Vec::new(), Vec::new());
    for group in lines.chunks_exact(weights.len() / parts) {
        let mut is_above = 0;
        for row in 0..GROUP_ROWS {
            let mut sum = 0;
            for (line, weights) in group.iter().zip(weights.chunks_exact(parts)) {
                for (at, byte) in line.0[row * QUAD..][..QUAD].iter().enumerate() {
                    let mut codes = i32::from(*byte);
                    for weights in weights {
                        sum += codes % (1 << bits.count()) * i32::from(weights[at]);
                        codes >>= bits.count();
                    }
                }
            }
            is_above |= u16::from(sum >= cut) << row;
            sums.push(sum);
        }
        above.push(is_above);
    }
    (sums, above)
}

#[test]
fn few_bits_are_added_up_to_the_last_byte_and_no_further() {
    for ((groups, width), bits) in
        SHAPES.into_iter().flat_map(|shape| [(shape, Bits::Two), (shape, Bits::Four)])
    {
        let quads = width * 8 / bits.count();
        // Bytes of all kinds, and the largest there are, with the largest weights on either side of zero.
        let any: Box<[Line]> =
            lines(groups * width).iter().map(|line| Line(line.0.map(|byte| byte.wrapping_mul(3)))).collect();
        let full: Box<[Line]> = any.iter().map(|_| Line([255; LINE])).collect();
        let same = |weight: i8| vec![[weight; QUAD]; quads].into_boxed_slice();
        for (lines, weights) in [(&any, weights(quads)), (&full, same(127)), (&full, same(-127))] {
            // The largest sum is a cut, too, which it just reaches.
            let most = expected_of_few(bits, lines, &weights, 0).0.into_iter().max().unwrap_or(0);
            for cut in [most, most.saturating_add(1), i32::MIN, 0, i32::MAX] {
                let (expected, expected_above) = expected_of_few(bits, lines, &weights, cut);
                for kernel in FewKernel::available() {
                    let mut sums = vec![-1; expected.len()].into_boxed_slice();
                    let mut above = vec![7; expected_above.len()].into_boxed_slice();
                    kernel.sums(bits, lines, &weights, cut, &mut sums, &mut above);
                    assert_eq!(*sums, *expected, "{kernel:?}, {bits:?}, {groups} groups of {width}");
                    assert_eq!(*above, *expected_above, "{kernel:?}, {bits:?}, {groups} of {width}, {cut}");
                }
                if cfg!(miri) {
                    break;
                }
            }
        }
    }
}
