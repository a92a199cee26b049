//! Codes along principal components: fewer of them than a vector has values, and finer where it counts.
//!
//! The values of an embedding often move together: 80 of them with colours and a feature of 64 lay a thousandth beside a plane of 48 dimensions, on average. So a
//! block of rows may have axes of its own, its first principal components (Pearson 1901, from the block's covariance): a code for each is what
//! a scan reads, and [`FINER`] bytes a row, read for candidates only, say where between two codes the row lies. With code `c` and finer bits
//! `x` of `b` bits, a row stands for
//!
//! ```text
//! offset  +  sum over components  step * (c + x / 2^b) * axis
//! ```
//!
//! Which component has how many of the 128 finer bits is chosen by where a step is longest; so they all end up about as fine. A row of such 80 values
//! then is 64 bytes, of which a scan reads 48, and residuals are a third as long. Where vectors have no more than 48 values and are many, all axes are
//! components, for the finer bits' sake alone.

use half::{f16, slice::HalfFloatSliceExt as _};

use super::{
    eigen::eigen,
    format::{ALIGNMENT, FINER, FINEST, MAX_CODE, MAX_DIMENSION_ALONG, QUAD},
};

/// What is beside the axes may be so small a share of what codes of one value each would lose, in squares.
const BESIDE: f64 = 1.0 / 64.0;
/// From so many rows on, short vectors have finer bits, too, which makes them longer: a small file's vectors are there soon after its codes, and
/// prove what those say; of a large one codes have to say it alone.
pub(super) const MANY: usize = 20_000;
/// What a row of codes and finer bits may take for that, bytes.
pub(super) const ROOM: usize = 64;
/// How often a row's finer bits are moved to make its error disappear for queries that are like it.
const MOVES: usize = 2;

/// The axes of a block, and how fine the codes along each are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axes {
    /// `[components, dimension]`, row by row.
    pub(crate) directions: Vec<f32>,
    /// Finer bits of each component, [`FINEST`] at most, 128 together.
    pub(crate) bits: Vec<u8>,
}

impl Axes {
    /// Bytes of the axes in front of a block's codes: all directions, then the number of bits of each.
    pub(crate) fn bytes(components: usize, dimension: usize) -> usize {
        (components * (4 * dimension + 1)).next_multiple_of(ALIGNMENT)
    }

    /// As a block has them in front of its codes.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.directions.iter().flat_map(|value| value.to_le_bytes()).collect();
        bytes.extend(&self.bits);
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        bytes
    }

    /// From the front of a block, which is long enough. `None` where a number is out of range.
    pub(super) fn read(bytes: &[u8], components: usize, dimension: usize) -> Option<Self> {
        let (numbers, rest) = bytes.split_at(4 * components * dimension);
        let directions: Vec<f32> =
            numbers.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let bits = rest[..components].to_vec();
        let is_fine = directions.iter().all(|value| (-2.0..=2.0).contains(value))
            && bits.iter().all(|bits| *bits <= FINEST)
            && bits.iter().map(|bits| usize::from(*bits)).sum::<usize>() <= 8 * FINER;
        is_fine.then_some(Self { directions, bits })
    }

    /// The number that each component's finer bits are in a row.
    pub(crate) fn numbers(&self, mut finer: u128) -> impl Iterator<Item = u32> {
        self.bits.iter().map(move |bits| {
            let number = finer as u32 & ((1 << bits) - 1);
            finer >>= bits;
            number
        })
    }
}

/// Where the rows of a block lie.
pub(super) struct Plane {
    mean: Vec<f32>,
    /// What the rows' squared distance from the mean is along each axis, the largest first.
    variances: Vec<f64>,
    /// All axes, row by row.
    directions: Vec<f32>,
    /// What a code a value would lose, in squares, on average.
    lost: f64,
}

impl Plane {
    /// `None` where there are too few rows for axes to be worth their bytes, or vectors are too long or too short.
    pub(super) fn of(vectors: &[f16], dimension: usize) -> Option<Self> {
        let rows = vectors.len() / dimension;
        if dimension > MAX_DIMENSION_ALONG || dimension <= FINER + QUAD || rows < 2 * dimension {
            return None;
        }
        Some(Self::new(vectors, dimension))
    }

    #[inline(never)]
    pub(super) fn new(vectors: &[f16], dimension: usize) -> Self {
        let count = (vectors.len() / dimension).max(1) as f64;
        let mut mean = vec![0.0; dimension];
        let mut ends = vec![(f32::INFINITY, f32::NEG_INFINITY); dimension];
        each_row(vectors, dimension, &mut |row| {
            for ((mean, (least, most)), value) in mean.iter_mut().zip(&mut ends).zip(row) {
                *mean += f64::from(*value) / count;
                (*least, *most) = (least.min(*value), most.max(*value));
            }
        });
        let range = |(least, most): &(f32, f32)| f64::from(most - least) / f64::from(MAX_CODE);
        let lost = ends.iter().map(|ends| range(ends).powi(2) / 12.0).sum();
        let mut covariance = vec![0.0; dimension * dimension];
        let mut rest = vec![0.0; dimension];
        each_row(vectors, dimension, &mut |row| {
            for ((rest, value), mean) in rest.iter_mut().zip(row).zip(&mean) {
                *rest = f64::from(*value) - mean;
            }
            for (value, sums) in rest.iter().zip(covariance.chunks_exact_mut(dimension)) {
                for (sum, other) in sums.iter_mut().zip(&rest) {
                    *sum += value * other / count;
                }
            }
        });
        let (variances, directions) = eigen(&covariance, dimension);
        let single = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect();
        Self { mean: single(mean), variances, directions: single(directions), lost }
    }

    /// How many components are enough, a multiple of four; `None` where fewer than all are not.
    fn enough(&self) -> Option<usize> {
        let beside = |count: usize| self.variances[count..].iter().map(|value| value.max(0.0)).sum::<f64>();
        let dimension = self.mean.len();
        (QUAD..dimension).step_by(QUAD).find(|count| beside(*count) <= self.lost * BESIDE)
    }
}

/// Whether vectors of so many values have room for finer bits along all axes.
pub(super) fn has_room(rows: usize, dimension: usize) -> bool {
    rows >= MANY && (FINER + QUAD + 1..=ROOM - FINER).contains(&dimension)
}

/// How many components are enough for every block of a file of `rows` rows, a multiple of four; `None` where a code a value does as
/// well or takes fewer bytes. All of them where there is room ([`has_room`]). A last block of few rows says nothing.
pub(super) fn enough(
    planes: &[Option<Plane>],
    dimension: usize,
    rows: usize,
    block_rows: usize,
) -> Option<usize> {
    let (last, full) = planes.split_last()?;
    if has_room(rows, dimension) {
        return full.iter().all(Option::is_some).then_some(dimension);
    }
    let full = full.iter().map(|plane| plane.as_ref()?.enough());
    let last = last.iter().map(Plane::enough);
    let components = full.chain(last).try_fold(0, |most, enough| Some(most.max(enough?)))?;
    let saved = rows * (dimension.next_multiple_of(QUAD) - components).saturating_sub(FINER);
    let is_shorter = saved > rows.div_ceil(block_rows) * Axes::bytes(components, dimension);
    (components > 0 && is_shorter).then_some(components)
}

/// A block of rows along its own axes.
pub(super) struct Along {
    pub(super) axes: Axes,
    pub(super) offsets: Vec<f32>,
    pub(super) steps: Vec<f32>,
    /// Fine codes that a step is divided into, of each component.
    parts: Vec<f32>,
    /// Scratch.
    rest: Vec<f32>,
    fine: Vec<f32>,
}

impl Along {
    /// These rows, which lie as `plane` says, along its first `components` axes.
    pub(super) fn new(vectors: &[f16], plane: Plane, components: usize) -> Self {
        let Plane { mean, mut directions, .. } = plane;
        let dimension = mean.len();
        directions.truncate(components * dimension);
        let (mut least, mut most) = (vec![f32::INFINITY; components], vec![f32::NEG_INFINITY; components]);
        let mut rest = vec![0.0; dimension];
        each_row(vectors, dimension, &mut |row| {
            for ((rest, value), mean) in rest.iter_mut().zip(row).zip(&mean) {
                *rest = value - mean;
            }
            let places = directions.chunks_exact(dimension).map(|axis| crate::search::dot(axis, &rest));
            for ((least, most), place) in least.iter_mut().zip(&mut most).zip(places) {
                (*least, *most) = (least.min(place), most.max(place));
            }
        });
        if vectors.is_empty() {
            (least, most) = (vec![0.0; components], vec![0.0; components]);
        }
        let ranges: Vec<f32> = least.iter().zip(&most).map(|(least, most)| most - least).collect();
        let bits = finer_bits(&ranges);
        let parts: Vec<f32> = bits.iter().map(|bits| f32::from(1_u16 << bits)).collect();
        // The last fine code is the farthest row.
        let steps = ranges.iter().zip(&parts).map(|(range, parts)| range * parts / (128.0 * parts - 1.0));
        let steps = steps.collect();
        let mut offsets = mean;
        for (axis, least) in directions.chunks_exact(dimension).zip(&least) {
            for (offset, value) in offsets.iter_mut().zip(axis) {
                *offset += least * value;
            }
        }
        Self { axes: Axes { directions, bits }, offsets, steps, parts, rest, fine: vec![0.0; components] }
    }

    /// Overwrites `codes` with those of a row, and gives its finer bits.
    pub(super) fn choose(&mut self, row: &[f32], codes: &mut [u8]) -> u128 {
        let dimension = row.len();
        for ((rest, value), offset) in self.rest.iter_mut().zip(row).zip(&self.offsets) {
            *rest = value - offset;
        }
        let axes = || self.axes.directions.chunks_exact(dimension);
        for ((fine, axis), (step, parts)) in
            self.fine.iter_mut().zip(axes()).zip(self.steps.iter().zip(&self.parts))
        {
            let place = crate::search::dot(axis, &self.rest);
            // Where all rows are in the same place the step is 0, and so are the codes.
            let exact = if *step > 0.0 { place / step * parts } else { 0.0 };
            *fine = (exact + 0.5).floor().clamp(0.0, 128.0 * parts - 1.0);
        }
        for ((fine, axis), (step, parts)) in
            self.fine.iter().zip(axes()).zip(self.steps.iter().zip(&self.parts))
        {
            for (rest, value) in self.rest.iter_mut().zip(axis) {
                *rest -= fine * (step / parts) * value;
            }
        }
        self.balance(row);
        let (mut finer, mut shift) = (0_u128, 0);
        for (((code, fine), parts), bits) in
            codes.iter_mut().zip(&self.fine).zip(&self.parts).zip(&self.axes.bits)
        {
            let fine = *fine as u32;
            *code = (fine / *parts as u32) as u8;
            // Once all bits are given away there is nowhere to shift to.
            if *bits > 0 {
                finer |= u128::from(fine % *parts as u32) << shift;
                shift += u32::from(*bits);
            }
        }
        finer
    }

    /// Moves single codes so that the row's error vanishes in its own direction: the queries that find it are like it.
    #[inline(never)]
    fn balance(&mut self, row: &[f32]) {
        let dimension = row.len();
        for _ in 0..MOVES {
            let error = crate::search::dot(row, &self.rest);
            let mut best = (error.abs(), None);
            for (index, axis) in self.axes.directions.chunks_exact(dimension).enumerate() {
                let step = self.steps[index] / self.parts[index];
                let by = step * crate::search::dot(row, axis);
                // Towards the error, by one.
                let sign = if (error > 0.0) == (by > 0.0) { 1.0 } else { -1.0 };
                let left = (error - sign * by).abs();
                let fine = self.fine[index] + sign;
                if left < best.0 && (0.0..=128.0 * self.parts[index] - 1.0).contains(&fine) {
                    best = (left, Some((index, sign, step)));
                }
            }
            let Some((index, sign, step)) = best.1 else { return };
            self.fine[index] += sign;
            let axis = &self.axes.directions[index * dimension..(index + 1) * dimension];
            for (rest, value) in self.rest.iter_mut().zip(axis) {
                *rest -= sign * step * value;
            }
        }
    }
}

/// Which component has how many finer bits: one by one to the one whose steps are longest.
fn finer_bits(ranges: &[f32]) -> Vec<u8> {
    let mut bits = vec![0_u8; ranges.len()];
    let mut steps = ranges.to_vec();
    for _ in 0..8 * FINER {
        let mut longest: Option<usize> = None;
        for (index, step) in steps.iter().enumerate() {
            if bits[index] < FINEST && *step > 0.0 && longest.is_none_or(|best| *step > steps[best]) {
                longest = Some(index);
            }
        }
        let Some(longest) = longest else { break };
        bits[longest] += 1;
        steps[longest] /= 2.0;
    }
    bits
}

#[inline(never)]
fn each_row(vectors: &[f16], dimension: usize, look: &mut dyn FnMut(&[f32])) {
    let mut row = vec![0.0; dimension];
    for vector in vectors.chunks_exact(dimension) {
        vector.convert_to_f32_slice(&mut row);
        look(&row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature_file::FeatureFile;

    fn unit(values: &[f32]) -> Vec<f32> {
        crate::embedder::unit(values).unwrap()
    }

    /// All finer bits are given away before the last components, whose rows hardly differ.
    #[test]
    fn bits_go_where_steps_are_long() {
        let bits = finer_bits(&[8.0, 4.0, 2.0, 1.0, 0.0]);
        assert_eq!(bits, [8, 8, 8, 8, 0], "none has more than eight");
        let ranges: Vec<f32> = (0..30).map(|at| 0.7_f32.powi(at)).collect();
        let bits = finer_bits(&ranges);
        assert_eq!(bits.iter().map(|bits| usize::from(*bits)).sum::<usize>(), 128);
        assert!(bits.is_sorted_by(|a, b| a >= b) && bits[29] == 0, "{bits:?}");
        let axes = Axes { directions: vec![], bits };
        let finer = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef_u128;
        let mut again = 0_u128;
        let mut shift = 0;
        for (number, bits) in axes.numbers(finer).zip(&axes.bits).filter(|(_, bits)| **bits > 0) {
            again |= u128::from(number) << shift;
            shift += u32::from(*bits);
        }
        assert_eq!(again, finer);
    }

    /// What is far out along many axes at once has a corner that is far from any row.
    #[test]
    fn rows_far_out_along_every_axis_are_written_and_read() {
        let (dimension, rank) = (64, 44);
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 24) as f32
        };
        // Hadamard's axes, more rows along some than along others.
        let axis = |k: usize, i: usize| if (k & i).count_ones().is_multiple_of(2) { 0.125 } else { -0.125 };
        let rows: Vec<f32> = (0..6000)
            .flat_map(|row| {
                let sign = if row % 2 == 0 { 1.0 } else { -1.0 };
                let k = (next() * next() * rank as f32) as usize;
                let row: Vec<f32> =
                    (0..dimension).map(|i| sign * axis(k, i) + 1e-4 * (next() - 0.5)).collect();
                unit(&row)
            })
            .collect();
        let file = FeatureFile::pack_rows(&rows, dimension, [0; 32], [0; 16]).unwrap();
        assert!(file.codes().shape().components.is_some());
        let block = &file.codes().blocks()[0];
        assert!(block.offsets.iter().any(|offset| offset.abs() > 2.0), "{:?}", block.offsets);
        assert_eq!(FeatureFile::read(&file.write()).unwrap(), file);
    }

    /// The number of components is what the block that needs most needs.
    #[test]
    fn every_block_has_a_say() {
        let plane = |rank: usize| Plane {
            mean: vec![0.0; 80],
            variances: (0..80).map(|at| if at < rank { 0.01 } else { 0.0 }).collect(),
            directions: vec![],
            lost: 1e-4,
        };
        let planes = |ranks: &[usize]| ranks.iter().map(|rank| Some(plane(*rank))).collect::<Vec<_>>();
        let found = |planes: &[Option<Plane>]| enough(planes, 80, 20_000 * planes.len(), 20_000);
        assert_eq!(found(&planes(&[17])), Some(20));
        assert_eq!(found(&planes(&[17, 30, 5])), Some(32));
        assert_eq!(found(&planes(&[17, 80, 5])), None);
        assert_eq!(found(&planes(&[70])), None, "no shorter than a code a value");
        let mut few_last = planes(&[17, 5]);
        few_last.push(None);
        assert_eq!(found(&few_last), Some(20));
        assert_eq!(found(&[None]), None);
        assert_eq!(enough(&planes(&[17]), 80, 100, 112), None, "axes take more than they save");
        // Short vectors are along all axes where they are many.
        assert_eq!(enough(&planes(&[48]), 48, MANY, MANY), Some(48));
        assert_eq!(enough(&planes(&[48]), 48, MANY - 1, MANY), None);
        assert_eq!(enough(&planes(&[49]), 49, MANY, MANY), None);
    }
}
