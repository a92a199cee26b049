//! Codes: each value of a vector in seven bits, so that a scan reads a quarter of what single precision takes.
//!
//! A code `c` of value `i` stands for `offset[i] + step[i] * c`. Offsets and steps belong to a block of rows, not to a row:
//! a row is then nothing but codes, and whether it beats a threshold is a comparison of whole numbers. They belong to each
//! value, because the values of an embedding differ in range. Codes end at 127, because the kernels multiply bytes with signed
//! bytes and add up pairs of products in sixteen bits, which then never overflow.
//!
//! Where vectors lie near a plane of fewer dimensions, a code stands for a place along one of the plane's axes in place of a value
//! (`components`); there are fewer of them, and finer bits beside them, which only candidates need.
//!
//! What a row loses by its codes is its residual; the length of a block's largest one bounds the error of every score in it. Which
//! codes make small errors is the matter of `rounding`.

use half::{f16, slice::HalfFloatSliceExt as _};

use super::{
    components::{self, Along, Axes, Plane},
    format::{BLOCK_BYTES, FINER, GROUP_ROWS, LINE, MAX_CODE, QUAD},
    rounding::Rounding,
};

/// Four consecutive codes of sixteen rows: byte `4 * row + code`. As long as a cache line, and aligned to one.
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
    /// What code 0 everywhere stands for, a number a value.
    pub(crate) offsets: Vec<f32>,
    /// What one code is more than the one before, a number a code, none negative.
    pub(crate) steps: Vec<f32>,
    /// What codes are along, where it is not the values.
    pub(crate) axes: Option<Axes>,
    /// The largest Euclidean length of a row's residual.
    pub(crate) residual: f64,
    /// The largest Euclidean length of a row's codes, counted from the middle, 63.5.
    pub(crate) spread: f64,
}

/// How long vectors are and how many codes they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Values a vector, at least 1.
    pub(crate) dimension: usize,
    /// Components that have codes; none where each value has one.
    pub(crate) components: Option<usize>,
}

impl Shape {
    /// Codes a row.
    pub(crate) fn width(self) -> usize {
        self.components.unwrap_or(self.dimension)
    }

    /// Lines that so many rows take.
    fn lines(self, rows: usize) -> usize {
        rows.div_ceil(GROUP_ROWS) * self.width().div_ceil(QUAD)
    }

    /// Bytes of a block of so many rows in a file; it has been checked that they are there.
    pub(super) fn bytes(self, rows: usize) -> usize {
        self.long_bytes(rows as u64) as usize
    }

    /// Bytes of all blocks in a file, the full ones of `block_rows` rows, which fit 32 bits. `None` where no file is that long.
    pub(super) fn all_bytes(self, rows: u64, block_rows: usize) -> Option<u64> {
        let (full, last) = (rows / block_rows as u64, rows % block_rows as u64);
        let full = full.checked_mul(self.long_bytes(block_rows as u64))?;
        full.checked_add(if last > 0 { self.long_bytes(last) } else { 0 })
    }

    /// In numbers of 64 bits, since `usize` may have 32: `rows` has 32, all others fewer.
    fn long_bytes(self, rows: u64) -> u64 {
        let groups = rows.div_ceil(GROUP_ROWS as u64);
        let codes = groups * (self.width().div_ceil(QUAD) * LINE) as u64;
        let further = |components| {
            Axes::bytes(components, self.dimension) as u64 + groups * (GROUP_ROWS * FINER) as u64
        };
        codes + self.components.map_or(0, further)
    }
}

/// The codes of all rows, in the order of the rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Codes {
    shape: Shape,
    block_rows: usize,
    blocks: Vec<Block>,
    lines: Vec<Line>,
    /// Of each row; none where each value has a code.
    finer: Vec<u128>,
}

/// The multiple of sixteen, at least one, that has room for `rows` rows.
pub(super) fn whole_groups(rows: usize) -> usize {
    rows.next_multiple_of(GROUP_ROWS).max(GROUP_ROWS)
}

/// Rows of a full block: the fewest whole groups that have [`BLOCK_BYTES`] with a code a value, or all there are.
pub(super) fn default_block_rows(rows: usize, dimension: usize) -> usize {
    let wanted = BLOCK_BYTES.div_ceil(dimension.div_ceil(QUAD) * LINE) * GROUP_ROWS;
    wanted.min(whole_groups(rows))
}

impl Codes {
    /// Codes for vectors of `dimension` values (at least 1), row-major, in blocks of `block_rows` rows, a multiple of sixteen: a code a
    /// value, or along components where few of them are enough in every block.
    pub(super) fn quantise(vectors: &[f16], dimension: usize, block_rows: usize) -> Self {
        let blocks = vectors.chunks(block_rows * dimension);
        let planes: Vec<Option<Plane>> = blocks.map(|vectors| Plane::of(vectors, dimension)).collect();
        let components = components::enough(&planes, dimension, vectors.len() / dimension, block_rows);
        match components {
            Some(components) => Self::quantise_along(vectors, dimension, components, block_rows, planes),
            None => Self::quantise_plainly(vectors, dimension, block_rows),
        }
    }

    /// [`Codes::quantise`] with a code a value.
    pub(super) fn quantise_plainly(vectors: &[f16], dimension: usize, block_rows: usize) -> Self {
        let mut codes = Self::none(Shape { dimension, components: None }, block_rows);
        codes.reserve(vectors.len() / dimension);
        vectors.chunks(block_rows * dimension).for_each(|vectors| codes.push_quantised(vectors));
        codes
    }

    /// [`Codes::quantise`] along so many components; `planes` are those of the blocks, as far as they are known.
    pub(super) fn quantise_along(
        vectors: &[f16],
        dimension: usize,
        components: usize,
        block_rows: usize,
        planes: Vec<Option<Plane>>,
    ) -> Self {
        let mut codes = Self::none(Shape { dimension, components: Some(components) }, block_rows);
        codes.reserve(vectors.len() / dimension);
        let planes = planes.into_iter().chain(std::iter::repeat_with(|| None));
        for (vectors, plane) in vectors.chunks(block_rows * dimension).zip(planes) {
            let plane = plane.unwrap_or_else(|| Plane::new(vectors, dimension));
            codes.push_along(vectors, Along::new(vectors, plane, components));
        }
        codes
    }

    fn push_quantised(&mut self, vectors: &[f16]) {
        let dimension = self.shape.dimension;
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
        let mut again = row.clone();
        let mut rounding = Rounding::new(&least, &steps, MAX_CODE, |each| {
            for vector in vectors.chunks_exact(dimension) {
                vector.convert_to_f32_slice(&mut again);
                each(&again);
            }
        });
        self.fill(vectors, |vector, codes| {
            vector.convert_to_f32_slice(&mut row);
            if let Some(rounding) = &mut rounding {
                rounding.choose(&row, codes);
            } else {
                for (((code, value), least), scale) in codes.iter_mut().zip(&row).zip(&least).zip(&scales) {
                    // The nearest; the cast saturates.
                    *code = (((value - least) * scale + 0.5) as u8).min(MAX_CODE);
                }
            }
        });
        self.push(vectors, least, steps, None);
    }

    fn push_along(&mut self, vectors: &[f16], mut along: Along) {
        let mut row = vec![0.0; self.shape.dimension];
        let mut finer = std::mem::take(&mut self.finer);
        self.fill(vectors, |vector, codes| {
            vector.convert_to_f32_slice(&mut row);
            finer.push(along.choose(&row, codes));
        });
        self.finer = finer;
        let Along { axes, offsets, steps, .. } = along;
        self.push(vectors, offsets, steps, Some(axes));
    }

    /// Adds the lines of these rows, with the codes that `choose` makes of each.
    fn fill(&mut self, vectors: &[f16], mut choose: impl FnMut(&[f16], &mut [u8])) {
        let Shape { dimension, .. } = self.shape;
        let width = self.shape.width();
        let quads = width.div_ceil(QUAD);
        let first = self.lines.len();
        self.lines.resize(first + self.shape.lines(vectors.len() / dimension), Line([0; LINE]));
        let mut codes = vec![0; quads * QUAD];
        for (index, vector) in vectors.chunks_exact(dimension).enumerate() {
            choose(vector, &mut codes[..width]);
            let group = &mut self.lines[first + index / GROUP_ROWS * quads..][..quads];
            let at = index % GROUP_ROWS * QUAD;
            for (line, codes) in group.iter_mut().zip(codes.as_chunks::<QUAD>().0) {
                line.0[at..at + QUAD].copy_from_slice(codes);
            }
        }
    }

    /// None yet, in blocks of `block_rows` rows, a multiple of sixteen.
    pub(super) fn none(shape: Shape, block_rows: usize) -> Self {
        Self { shape, block_rows, blocks: Vec::new(), lines: Vec::new(), finer: Vec::new() }
    }

    /// Makes room for so many rows.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.lines.reserve_exact(self.shape.lines(rows));
        if self.shape.components.is_some() {
            self.finer.reserve_exact(rows);
        }
    }

    /// Adds a block of `rows` rows from a file, whose vectors are not known, so that its residual has to be believed. Fails with what is
    /// wrong with it.
    ///
    /// Callers have checked that the length of `bytes` fits the rows.
    pub(super) fn push_unseen(
        &mut self,
        rows: usize,
        bytes: &[u8],
        (offsets, steps): (Vec<f32>, Vec<f32>),
        residual: f64,
    ) -> Result<(), &'static str> {
        let Shape { dimension, components } = self.shape;
        let (axes, bytes) = match components {
            Some(components) => {
                let (front, bytes) = bytes.split_at(Axes::bytes(components, dimension));
                let axes = Axes::read(front, components, dimension).ok_or("an axis is out of range")?;
                (Some(axes), bytes)
            }
            None => (None, bytes),
        };
        let (codes, finer) = bytes.split_at(self.shape.lines(rows) * LINE);
        // One pass without branches: a code over 127 has its highest bit set.
        if codes.iter().fold(0, |bits, code| bits | code) > MAX_CODE {
            return Err("a code has more than seven bits");
        }
        let start = self.rows();
        let lines = codes.as_chunks::<LINE>().0;
        if self.lines.capacity() - self.lines.len() < lines.len() {
            // Not twice as many, as a list that grows by itself takes.
            self.lines.reserve_exact(lines.len().max(self.lines.len() / 4));
        }
        self.lines.extend(lines.iter().map(|line| Line(*line)));
        if components.is_some() {
            if self.finer.capacity() - self.finer.len() < rows {
                self.finer.reserve_exact(rows.max(self.finer.len() / 4));
            }
            let finer = finer.as_chunks::<FINER>().0.iter().map(|bytes| u128::from_le_bytes(*bytes));
            self.finer.extend(finer.take(rows));
        }
        let mut row_codes = vec![0; self.padded_width()];
        let mut spread = 0;
        for row in start..start + rows {
            self.copy_row(row, &mut row_codes);
            spread = spread.max(doubled_spread(&row_codes[..self.shape.width()]));
        }
        let spread = f64::from(spread).sqrt() / 2.0;
        self.blocks.push(Block { start, rows, offsets, steps, axes, residual, spread });
        Ok(())
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// Codes a row, in whole quads.
    pub(crate) fn padded_width(&self) -> usize {
        self.shape.width().next_multiple_of(QUAD)
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.start + block.rows)
    }

    /// Adds a block whose lines are there already, after measuring what its codes lose of its vectors.
    fn push(&mut self, vectors: &[f16], offsets: Vec<f32>, steps: Vec<f32>, axes: Option<Axes>) {
        let (start, rows) = (self.rows(), vectors.len() / self.shape.dimension);
        let mut block = Block { start, rows, offsets, steps, axes, residual: 0.0, spread: 0.0 };
        self.measure(&mut block, vectors);
        self.blocks.push(block);
    }

    /// Measures what all codes lose, now that the vectors are there: as many as there are rows.
    pub(super) fn see(&mut self, vectors: &[f16]) {
        let mut blocks = std::mem::take(&mut self.blocks);
        for (block, vectors) in blocks.iter_mut().zip(vectors.chunks(self.block_rows * self.shape.dimension))
        {
            self.measure(block, vectors);
        }
        self.blocks = blocks;
    }

    /// Measures what the codes of a block lose of its vectors.
    fn measure(&self, block: &mut Block, vectors: &[f16]) {
        let (mut residual, mut spread) = (0.0_f64, 0_u32);
        let mut vector = vec![0.0; self.shape.dimension];
        let mut codes = vec![0; self.padded_width()];
        let mut meant = Meant::new(block);
        for (index, row) in vectors.chunks_exact(self.shape.dimension).enumerate() {
            row.convert_to_f32_slice(&mut vector);
            self.copy_row(block.start + index, &mut codes);
            let codes = &codes[..self.shape.width()];
            residual = residual.max(match (&mut meant, &block.axes) {
                (Some(meant), Some(axes)) => {
                    meant.squared_distance(&vector, block, axes, codes, self.finer(block.start + index))
                }
                _ => squared_distance(&vector, &block.offsets, &block.steps, codes),
            });
            spread = spread.max(doubled_spread(codes));
        }
        block.residual = residual.sqrt();
        block.spread = f64::from(spread).sqrt() / 2.0;
    }

    /// Overwrites `codes` with those of one row, which there must be, in whole quads.
    pub(crate) fn copy_row(&self, row: usize, codes: &mut [u8]) {
        let quads = self.shape.width().div_ceil(QUAD);
        let group = &self.lines[row / GROUP_ROWS * quads..][..quads];
        let at = row % GROUP_ROWS * QUAD;
        for (codes, line) in codes.chunks_exact_mut(QUAD).zip(group) {
            codes.copy_from_slice(&line.0[at..at + QUAD]);
        }
    }

    /// The finer bits of one row; 0 where there are none.
    pub(crate) fn finer(&self, row: usize) -> u128 {
        self.finer.get(row).copied().unwrap_or_default()
    }

    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Rows of every block but the last.
    pub(crate) fn block_rows(&self) -> usize {
        self.block_rows
    }

    /// All codes: sixteen rows after the other, each group as one line for every four codes.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The lines of a block.
    pub(crate) fn lines_of(&self, block: &Block) -> &[Line] {
        let from = self.shape.lines(block.start);
        &self.lines[from..from + self.shape.lines(block.rows)]
    }

    /// A block as a file has it.
    pub(super) fn write_block(&self, block: &Block) -> Vec<u8> {
        let mut bytes = block.axes.as_ref().map(Axes::write).unwrap_or_default();
        bytes.extend(self.lines_of(block).iter().flat_map(|line| line.0));
        if block.axes.is_some() {
            let finer = &self.finer[block.start..block.start + block.rows];
            bytes.extend(finer.iter().flat_map(|finer| finer.to_le_bytes()));
            bytes.resize(self.shape.bytes(block.rows), 0);
        }
        bytes
    }
}

/// What codes along axes stand for.
struct Meant {
    /// `[components, dimension]`, row by row.
    directions: Vec<f64>,
    /// Scratch.
    value: Vec<f64>,
}

impl Meant {
    /// `None` where each value has a code.
    fn new(block: &Block) -> Option<Self> {
        let axes = block.axes.as_ref()?;
        let directions = axes.directions.iter().map(|value| f64::from(*value)).collect();
        Some(Self { directions, value: vec![0.0; block.offsets.len()] })
    }

    /// Square of the distance between a vector and what its codes stand for.
    fn squared_distance(
        &mut self,
        vector: &[f32],
        block: &Block,
        axes: &Axes,
        codes: &[u8],
        finer: u128,
    ) -> f64 {
        for ((left, value), offset) in self.value.iter_mut().zip(vector).zip(&block.offsets) {
            *left = f64::from(*value) - f64::from(*offset);
        }
        let directions = self.directions.chunks_exact(vector.len());
        let finer = axes.numbers(finer).zip(&axes.bits);
        for (((axis, code), (number, bits)), step) in directions.zip(codes).zip(finer).zip(&block.steps) {
            let part = f64::from(number) / f64::from(1_u32 << bits);
            let place = f64::from(*step) * (f64::from(*code) + part);
            for (left, value) in self.value.iter_mut().zip(axis) {
                *left -= place * value;
            }
        }
        self.value.iter().map(|left| left * left).sum()
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
