//! Codes of two or four bits a value, a quarter or half of what a scan reads else: for a first pass after which the vectors of a few
//! hundred rows are compared.
//!
//! Such a pass proves nothing: what few bits lose is a tenth to a third of a vector's length, and a bound on scores that allows for as much rules
//! out too few rows. But nearly always the true best are among the best few hundred. No file holds these codes: they are made of its vectors.
//!
//! As with seven bits, a code stands for `offset + step * code`, with an offset and a step for each block and value, and codes are chosen so that
//! scores come out right (`rounding`). With so few codes a value far out costs all others more than it is worth, so ranges are cut.

use half::{f16, slice::HalfFloatSliceExt as _};

use super::{
    Block, FeatureFile, Line,
    codes::squared_distance,
    format::{GROUP_ROWS, LINE, QUAD},
    rounding::Rounding,
};

/// How far from the mean a range may reach, in standard deviations; a range of none but what occurs is tried as well.
const REACHES: [f32; 12] = [1.2, 1.35, 1.5, 1.65, 1.8, 2.0, 2.2, 2.4, 2.6, 2.8, 3.0, 3.3];
/// Ranges are chosen for about so many rows of a block.
const SAMPLE: usize = 2048;

/// How many bits a code has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// Codes 0 to 3.
    Two,
    /// Codes 0 to 15.
    Four,
}

impl Bits {
    /// 2 or 4.
    #[must_use]
    pub fn count(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// Codes in a byte.
    pub(crate) fn parts(self) -> usize {
        8 / self.count()
    }

    pub(crate) fn max_code(self) -> u8 {
        (1 << self.count()) - 1
    }

    /// Values of a row in one line.
    fn width(self) -> usize {
        self.parts() * QUAD
    }
}

/// Few bits a value for all rows of a feature file.
///
/// Sixteen rows are a group, with a line for every eight values (of four bits) or sixteen (of two): byte `4 r + v` of a line has codes of the
/// group's row `r`, in its lowest bits that of the line's value `v`, then that of value `4 + v`, and so on.
#[derive(Clone, Debug)]
pub struct FewBits<'a> {
    features: &'a FeatureFile,
    bits: Bits,
    blocks: Vec<Block>,
    lines: Vec<Line>,
}

impl<'a> FewBits<'a> {
    /// Makes codes of a file's vectors.
    #[must_use]
    pub fn new(features: &'a FeatureFile, bits: Bits) -> Self {
        let block_rows = features.codes().block_rows();
        let mut few = Self { features, bits, blocks: Vec::new(), lines: Vec::new() };
        few.lines.reserve_exact(features.len().div_ceil(GROUP_ROWS) * few.width());
        for vectors in features.vectors.chunks(block_rows * features.dimension()) {
            few.push(vectors);
        }
        few
    }

    /// The file whose vectors these codes stand for.
    #[must_use]
    pub fn features(&self) -> &'a FeatureFile {
        self.features
    }

    /// How many bits a value has.
    #[must_use]
    pub fn bits(&self) -> Bits {
        self.bits
    }

    /// What a scan reads, in the order in which it does.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// How far each row is from what its codes stand for, in the order of the rows.
    #[must_use]
    pub fn residuals(&self) -> Vec<f64> {
        let dimension = self.features.dimension();
        let mut vector = vec![0.0; dimension];
        let mut codes = vec![0; self.width() * self.bits.width()];
        let mut residuals = Vec::with_capacity(self.features.len());
        for block in &self.blocks {
            for row in block.start..block.start + block.rows {
                self.features.copy_vectors(row, &mut vector);
                self.copy_row(row, &mut codes);
                let square = squared_distance(&vector, &block.offsets, &block.steps, &codes[..dimension]);
                residuals.push(square.sqrt());
            }
        }
        residuals
    }

    /// Lines of a group.
    pub(crate) fn width(&self) -> usize {
        self.features.dimension().div_ceil(self.bits.width())
    }

    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The lines of a block.
    pub(crate) fn lines_of(&self, block: &Block) -> &[Line] {
        let from = block.start / GROUP_ROWS * self.width();
        &self.lines[from..from + block.rows.div_ceil(GROUP_ROWS) * self.width()]
    }

    /// Overwrites `codes` with those of one row, which there must be, in whole lines.
    pub(crate) fn copy_row(&self, row: usize, codes: &mut [u8]) {
        let width = self.width();
        let group = &self.lines[row / GROUP_ROWS * width..][..width];
        let at = row % GROUP_ROWS * QUAD;
        for (codes, line) in codes.chunks_exact_mut(self.bits.width()).zip(group) {
            for (part, codes) in codes.chunks_exact_mut(QUAD).enumerate() {
                for (code, byte) in codes.iter_mut().zip(&line.0[at..at + QUAD]) {
                    *code = byte >> (part * self.bits.count()) & self.bits.max_code();
                }
            }
        }
    }

    /// Adds a block.
    fn push(&mut self, vectors: &[f16]) {
        let (dimension, width, max_code) = (self.features.dimension(), self.width(), self.bits.max_code());
        let start = self.blocks.last().map_or(0, |block| block.start + block.rows);
        let rows = vectors.len() / dimension;
        let (offsets, steps) = ranges(vectors, dimension, max_code);
        let mut again = vec![0.0; dimension];
        let mut rounding = Rounding::new(&offsets, &steps, max_code, |each| {
            for vector in vectors.chunks_exact(dimension) {
                vector.convert_to_f32_slice(&mut again);
                each(&again);
            }
        });
        let first = self.lines.len();
        self.lines.resize(first + rows.div_ceil(GROUP_ROWS) * width, Line([0; LINE]));
        let mut row = vec![0.0; dimension];
        let mut codes = vec![0; width * self.bits.width()];
        let (mut residual, mut spread) = (0.0_f64, 0_u32);
        for (index, vector) in vectors.chunks_exact(dimension).enumerate() {
            vector.convert_to_f32_slice(&mut row);
            let chosen = &mut codes[..dimension];
            if let Some(rounding) = &mut rounding {
                rounding.choose(&row, chosen);
            } else {
                for (((code, value), offset), step) in chosen.iter_mut().zip(&row).zip(&offsets).zip(&steps) {
                    *code = nearest(*value, *offset, *step, max_code);
                }
            }
            residual = residual.max(squared_distance(&row, &offsets, &steps, chosen));
            spread = spread.max(
                chosen.iter().map(|code| (2 * u32::from(*code)).abs_diff(u32::from(max_code)).pow(2)).sum(),
            );
            let group = &mut self.lines[first + index / GROUP_ROWS * width..][..width];
            let at = index % GROUP_ROWS * QUAD;
            for (line, codes) in group.iter_mut().zip(codes.chunks_exact(self.bits.width())) {
                for (part, codes) in codes.chunks_exact(QUAD).enumerate() {
                    for (byte, code) in line.0[at..at + QUAD].iter_mut().zip(codes) {
                        *byte |= code << (part * self.bits.count());
                    }
                }
            }
        }
        let spread = f64::from(spread).sqrt() / 2.0;
        self.blocks.push(Block {
            start,
            rows,
            offsets,
            steps,
            axes: None,
            residual: residual.sqrt(),
            spread,
        });
    }
}

/// The nearest code; the cast saturates. Where all values are the same the step is 0, and so are the codes.
fn nearest(value: f32, offset: f32, step: f32, max_code: u8) -> u8 {
    if step > 0.0 { (((value - offset) / step + 0.5) as u8).min(max_code) } else { 0 }
}

/// For each value what code 0 stands for, and the step from code to code: those of all ranges tried whose nearest codes lose the least.
fn ranges(vectors: &[f16], dimension: usize, max_code: u8) -> (Vec<f32>, Vec<f32>) {
    let every = (vectors.len() / dimension).div_ceil(SAMPLE).max(1);
    let sample: Vec<f32> = vectors
        .chunks_exact(dimension)
        .step_by(every)
        .flat_map(|row| row.iter().map(|value| value.to_f32()))
        .collect();
    let column =
        |value: usize| -> Vec<f32> { sample.iter().skip(value).step_by(dimension).copied().collect() };
    (0..dimension).map(|value| range(&column(value), max_code)).unzip()
}

fn range(values: &[f32], max_code: u8) -> (f32, f32) {
    let count = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / count;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count).sqrt();
    let least = values.iter().copied().fold(f32::INFINITY, f32::min);
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut best = (f32::INFINITY, (least, 0.0));
    for reach in REACHES.into_iter().chain([f32::INFINITY]) {
        // Where nothing deviates, infinitely far is no number, and both ends are what occurs.
        let offset = least.max(mean - reach * deviation);
        let step = (most.min(mean + reach * deviation) - offset) / f32::from(max_code);
        let lost = |value: &f32| {
            (value - offset - step * f32::from(nearest(*value, offset, step, max_code))).powi(2)
        };
        let lost = values.iter().map(lost).sum();
        if lost < best.0 {
            best = (lost, (offset, step));
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(rows: usize, dimension: usize) -> FeatureFile {
        let mut state = 7_u64;
        let values: Vec<f32> = (0..rows * dimension)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1 << 23) as f32 - 1.001
            })
            .collect();
        let rows: Vec<f32> =
            values.chunks(dimension).flat_map(|row| crate::embedder::unit(row).unwrap()).collect();
        FeatureFile::pack_rows(&rows, dimension, [0; 32], [0; 16]).unwrap()
    }

    #[test]
    fn rows_are_near_what_their_codes_stand_for() {
        let shapes = [(1, 1), (37, 5), (100, 64), (50, 81), (20, 300)];
        for ((rows, dimension), bits) in
            shapes.into_iter().flat_map(|shape| [(shape, Bits::Two), (shape, Bits::Four)])
        {
            let features = features(rows, dimension);
            let few = FewBits::new(&features, bits);
            assert_eq!(few.lines().len(), rows.div_ceil(16) * dimension.div_ceil(32 / bits.count()));
            let residuals = few.residuals();
            assert_eq!(residuals.len(), rows);
            let block = &few.blocks()[0];
            let most = residuals.iter().copied().fold(0.0, f64::max);
            assert!((most - block.residual).abs() < 1e-9, "{most} {}", block.residual);
            // Nearest codes of evenly spread values lose a step over the root of twelve: about 0.07 and 0.33 of the length.
            let mean = residuals.iter().sum::<f64>() / rows as f64;
            // Codes that make scores come out right are a little further off.
            let allowed = if bits == Bits::Four { 0.11 } else { 0.55 };
            assert!(mean < allowed, "{rows} rows of {dimension}, {bits:?}: {mean}");
            let mut codes = vec![0; few.width() * bits.width()];
            for row in 0..rows {
                few.copy_row(row, &mut codes);
                assert!(codes[dimension..].iter().all(|code| *code == 0));
                assert!(codes.iter().all(|code| *code <= bits.max_code()));
            }
        }
    }

    /// For normally distributed values the best even steps are known: 0.996 and 0.335 deviations for four and sixteen codes (J. Max, 1960).
    #[test]
    fn ranges_are_cut_where_it_is_best() {
        let mut state = 5_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 24) as f32
        };
        // Sums of twelve even numbers have a deviation of 1.
        let values: Vec<f32> = (0..2000).map(|_| (0..12).map(|_| next()).sum::<f32>() - 6.0).collect();
        for (max_code, best) in [(3, 0.996), (15, 0.335)] {
            let (offset, step) = range(&values, max_code);
            assert!((step / best - 1.0).abs() < 0.08, "{max_code}: {step}");
            let middle = offset + step * f32::from(max_code) / 2.0;
            assert!(middle.abs() < 0.1, "{max_code}: {middle}");
        }
        let (offset, step) = range(&[0.5; 4], 15);
        assert!((offset - 0.5).abs() < 1e-6 && step.abs() < 1e-6, "{offset} {step}");
    }

    #[test]
    fn a_file_without_rows_has_no_codes() {
        let features = FeatureFile::pack_rows(&[], 8, [0; 32], [0; 16]).unwrap();
        let few = FewBits::new(&features, Bits::Four);
        assert!(few.lines().is_empty() && few.blocks().is_empty() && few.residuals().is_empty());
    }
}
