//! Codes: each value of a vector in seven bits, so that a scan reads a quarter of what single precision takes.
//!
//! A code `c` of value `i` stands for `offset[i] + step[i] * c`. Offsets and steps belong to a block of rows, not to a row:
//! a row is then nothing but codes, and whether it beats a threshold is a comparison of whole numbers. They belong to each
//! value, because the values of an embedding differ in range. Codes end at 127, because the kernels multiply bytes with signed
//! bytes and add up pairs of products in sixteen bits, which then never overflow.
//!
//! What a row loses by its codes is its residual; the length of a block's largest one bounds the error of every score in it. Which
//! codes make small errors is the matter of `rounding`.

use half::{f16, slice::HalfFloatSliceExt as _};

use super::format::{BLOCK_BYTES, GROUP_ROWS, LINE, MAX_CODE, QUAD};
use super::rounding::Rounding;

/// Four consecutive values of sixteen rows: byte `4 * row + value`. As long as a cache line, and aligned to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Line(pub [u8; LINE]);

/// Rows that share offsets and steps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Block {
    /// First row.
    pub(crate) start: usize,
    /// Number of rows.
    pub(crate) rows: usize,
    /// What code 0 stands for, a number a value.
    pub(crate) offsets: Vec<f32>,
    /// What one code is more than the one before, a number a value, none negative.
    pub(crate) steps: Vec<f32>,
    /// The largest Euclidean length of a row's residual.
    pub(crate) residual: f64,
    /// The largest Euclidean length of a row's codes, counted from the middle, 63.5.
    pub(crate) spread: f64,
}

/// The codes of all rows, in the order of the rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Codes {
    dimension: usize,
    block_rows: usize,
    blocks: Vec<Block>,
    lines: Vec<Line>,
}

/// Lines that `rows` rows of `dimension` values take.
pub(super) fn lines_of(rows: usize, dimension: usize) -> usize {
    rows.div_ceil(GROUP_ROWS) * dimension.div_ceil(QUAD)
}

/// The multiple of sixteen, at least one, that has room for `rows` rows.
pub(super) fn whole_groups(rows: usize) -> usize {
    rows.next_multiple_of(GROUP_ROWS).max(GROUP_ROWS)
}

/// Rows of a full block: the fewest whole groups that have [`BLOCK_BYTES`], or all there are.
pub(super) fn default_block_rows(rows: usize, dimension: usize) -> usize {
    let wanted = BLOCK_BYTES.div_ceil(dimension.div_ceil(QUAD) * LINE) * GROUP_ROWS;
    wanted.min(whole_groups(rows))
}

impl Codes {
    /// Codes for vectors of `dimension` values (at least 1), row-major, in blocks of `block_rows` rows, a multiple of sixteen.
    pub(super) fn quantise(vectors: &[f16], dimension: usize, block_rows: usize) -> Self {
        let rows = vectors.len() / dimension;
        let mut codes = Self { dimension, block_rows, blocks: Vec::new(), lines: Vec::new() };
        codes.lines.reserve_exact(lines_of(rows, dimension));
        for vectors in vectors.chunks(block_rows * dimension) {
            codes.push_quantised(vectors);
        }
        codes
    }

    fn push_quantised(&mut self, vectors: &[f16]) {
        let dimension = self.dimension;
        let mut row = vec![0.0; dimension];
        let (mut least, mut most) = (vec![f32::INFINITY; dimension], vec![f32::NEG_INFINITY; dimension]);
        for vector in vectors.chunks_exact(dimension) {
            vector.convert_to_f32_slice(&mut row);
            for ((least, most), value) in least.iter_mut().zip(&mut most).zip(&row) {
                *least = least.min(*value);
                *most = most.max(*value);
            }
        }
        let steps: Vec<f32> =
            least.iter().zip(&most).map(|(least, most)| (most - least) / f32::from(MAX_CODE)).collect();
        // Where all values are the same the step is 0, and so are the codes.
        let scales: Vec<f32> =
            steps.iter().map(|step| if *step > 0.0 { step.recip() } else { 0.0 }).collect();
        let quads = dimension.div_ceil(QUAD);
        let first = self.lines.len();
        let rows = vectors.len() / dimension;
        self.lines.resize(first + lines_of(rows, dimension), Line([0; LINE]));
        let mut codes = vec![0; quads * QUAD];
        let mut again = row.clone();
        let mut rounding = Rounding::new(&least, &steps, MAX_CODE, |each| {
            for vector in vectors.chunks_exact(dimension) {
                vector.convert_to_f32_slice(&mut again);
                each(&again);
            }
        });
        for (index, vector) in vectors.chunks_exact(dimension).enumerate() {
            vector.convert_to_f32_slice(&mut row);
            if let Some(rounding) = &mut rounding {
                rounding.choose(&row, &mut codes[..dimension]);
            } else {
                for (((code, value), least), scale) in codes.iter_mut().zip(&row).zip(&least).zip(&scales) {
                    // The nearest; the cast saturates.
                    *code = (((value - least) * scale + 0.5) as u8).min(MAX_CODE);
                }
            }
            let group = &mut self.lines[first + index / GROUP_ROWS * quads..][..quads];
            let at = index % GROUP_ROWS * QUAD;
            for (line, codes) in group.iter_mut().zip(codes.as_chunks::<QUAD>().0) {
                line.0[at..at + QUAD].copy_from_slice(codes);
            }
        }
        self.push(vectors, least, steps);
    }

    /// From a file: codes of all rows, and each block's offsets and steps. `None` where a code is over 127.
    ///
    /// Callers have checked that the lengths fit each other.
    pub(super) fn from_file(
        vectors: &[f16],
        dimension: usize,
        block_rows: usize,
        codes: &[u8],
        scales: impl Iterator<Item = (Vec<f32>, Vec<f32>)>,
    ) -> Option<Self> {
        // One pass without branches: a code over 127 has its highest bit set.
        if codes.iter().fold(0, |bits, code| bits | code) > MAX_CODE {
            return None;
        }
        let (lines, _) = codes.as_chunks::<LINE>();
        let lines = lines.iter().map(|line| Line(*line)).collect();
        let mut all = Self { dimension, block_rows, blocks: Vec::new(), lines };
        for (vectors, (offsets, steps)) in vectors.chunks(block_rows * dimension).zip(scales) {
            all.push(vectors, offsets, steps);
        }
        Some(all)
    }

    /// None yet, of rows of `dimension` values in blocks of `block_rows` rows, a multiple of sixteen.
    pub(super) fn none(dimension: usize, block_rows: usize) -> Self {
        Self { dimension, block_rows, blocks: Vec::new(), lines: Vec::new() }
    }

    /// Adds the codes of a block of `rows` rows whose vectors are not known, so that its residual has to be believed. `None` where a
    /// code is over 127.
    ///
    /// Callers have checked that the length of `codes` fits the rows.
    pub(super) fn push_unseen(
        &mut self,
        rows: usize,
        codes: &[u8],
        (offsets, steps): (Vec<f32>, Vec<f32>),
        residual: f64,
    ) -> Option<()> {
        if codes.iter().fold(0, |bits, code| bits | code) > MAX_CODE {
            return None;
        }
        let start = self.blocks.len() * self.block_rows;
        let lines = codes.as_chunks::<LINE>().0;
        if self.lines.capacity() - self.lines.len() < lines.len() {
            // Not twice as many, as a list that grows by itself takes.
            self.lines.reserve_exact(lines.len().max(self.lines.len() / 4));
        }
        self.lines.extend(lines.iter().map(|line| Line(*line)));
        let mut row_codes = vec![0; self.dimension.next_multiple_of(QUAD)];
        let mut spread = 0;
        for row in start..start + rows {
            self.copy_row(row, &mut row_codes);
            spread = spread.max(doubled_spread(&row_codes[..self.dimension]));
        }
        self.blocks.push(Block {
            start,
            rows,
            offsets,
            steps,
            residual,
            spread: f64::from(spread).sqrt() / 2.0,
        });
        Some(())
    }

    /// Values a row.
    pub(crate) fn dimension(&self) -> usize {
        self.dimension
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.start + block.rows)
    }

    /// Adds a block whose lines are there already, after measuring what its codes lose of its vectors.
    fn push(&mut self, vectors: &[f16], offsets: Vec<f32>, steps: Vec<f32>) {
        let start = self.blocks.len() * self.block_rows;
        let rows = vectors.len() / self.dimension;
        let mut block = Block { start, rows, offsets, steps, residual: 0.0, spread: 0.0 };
        self.measure(&mut block, vectors);
        self.blocks.push(block);
    }

    /// Measures what all codes lose, now that the vectors are there: as many as there are rows.
    pub(super) fn see(&mut self, vectors: &[f16]) {
        let mut blocks = std::mem::take(&mut self.blocks);
        for (block, vectors) in blocks.iter_mut().zip(vectors.chunks(self.block_rows * self.dimension)) {
            self.measure(block, vectors);
        }
        self.blocks = blocks;
    }

    /// Measures what the codes of a block lose of its vectors.
    fn measure(&self, block: &mut Block, vectors: &[f16]) {
        let (mut residual, mut spread) = (0.0_f64, 0_u32);
        let mut vector = vec![0.0; self.dimension];
        let mut codes = vec![0; self.dimension.next_multiple_of(QUAD)];
        for (index, row) in vectors.chunks_exact(self.dimension).enumerate() {
            row.convert_to_f32_slice(&mut vector);
            self.copy_row(block.start + index, &mut codes);
            let codes = &codes[..self.dimension];
            residual = residual.max(squared_distance(&vector, &block.offsets, &block.steps, codes));
            spread = spread.max(doubled_spread(codes));
        }
        block.residual = residual.sqrt();
        block.spread = f64::from(spread).sqrt() / 2.0;
    }

    /// Overwrites `codes` with those of one row, which there must be, in whole quads.
    pub(crate) fn copy_row(&self, row: usize, codes: &mut [u8]) {
        let quads = self.dimension.div_ceil(QUAD);
        let group = &self.lines[row / GROUP_ROWS * quads..][..quads];
        let at = row % GROUP_ROWS * QUAD;
        for (codes, line) in codes.chunks_exact_mut(QUAD).zip(group) {
            codes.copy_from_slice(&line.0[at..at + QUAD]);
        }
    }

    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Rows of every block but the last.
    pub(crate) fn block_rows(&self) -> usize {
        self.block_rows
    }

    /// All codes: sixteen rows after the other, each group as one line for every four values.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The lines of a block.
    pub(crate) fn lines_of(&self, block: &Block) -> &[Line] {
        let from = lines_of(block.start, self.dimension);
        &self.lines[from..from + lines_of(block.rows, self.dimension)]
    }
}

/// Square of the length of a row's codes, counted from the middle and doubled, so that they are whole numbers: 4096 times the
/// square of 127 at most.
fn doubled_spread(codes: &[u8]) -> u32 {
    codes.iter().map(|code| (2 * u32::from(*code)).abs_diff(u32::from(MAX_CODE)).pow(2)).sum()
}

/// Square of the distance between a vector and what its codes stand for.
pub(super) fn squared_distance(vector: &[f32], offsets: &[f32], steps: &[f32], codes: &[u8]) -> f64 {
    // Running sums, which compilers turn into SIMD; their order is fixed, so every platform gives the same bits.
    const LANES: usize = 8;
    let mut sums = [0.0_f64; LANES];
    let (vector, vector_end) = vector.as_chunks::<LANES>();
    let (offsets, offsets_end) = offsets.as_chunks::<LANES>();
    let (steps, steps_end) = steps.as_chunks::<LANES>();
    let (codes, codes_end) = codes.as_chunks::<LANES>();
    let lost = |value: f32, offset: f32, step: f32, code: u8| {
        let lost = f64::from(value) - (f64::from(offset) + f64::from(step) * f64::from(code));
        lost * lost
    };
    for (((value, offset), step), code) in vector.iter().zip(offsets).zip(steps).zip(codes) {
        for lane in 0..LANES {
            sums[lane] += lost(value[lane], offset[lane], step[lane], code[lane]);
        }
    }
    for (lane, code) in codes_end.iter().enumerate() {
        sums[lane] += lost(vector_end[lane], offsets_end[lane], steps_end[lane], *code);
    }
    sums.iter().sum()
}
