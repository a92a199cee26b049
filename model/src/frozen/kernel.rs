//! Matrix products: the one loop that the network's time goes into.
//!
//! The sums of a tile of the product have to stay in vector registers, which the compiler does not see to by itself. So vectors
//! are spelt out, in the types of `pulp`: a [`Task`] is compiled for each kind of processor that the program may meet, and
//! runs with the widest vectors that this one has. Both factors lie in memory in the order in which the product reads them.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined into the version for a processor is compiled for the least of them"
)]

pub(super) use pulp::{Simd, WithSimd as Task};

/// Columns that are computed at once, and steps of the sums between two looks at where the factors lie.
pub(super) const PANEL: usize = if cfg!(target_arch = "wasm32") { 8 } else { 16 };

/// So many channels, filled up to whole panels, so that no loop over them has a rest.
pub(super) const fn filled(channels: usize) -> usize {
    channels.next_multiple_of(PANEL)
}

/// The second factor, `[depth, columns]`, both [`filled`]: a panel of columns after the other.
#[derive(Debug)]
pub(super) struct Matrix {
    depth: usize,
    columns: usize,
    panels: Vec<f32>,
}

impl Matrix {
    /// The matrix with `value(row, column)` everywhere, and zeros in what fills it up.
    pub(super) fn new(depth: usize, columns: usize, value: impl Fn(usize, usize) -> f32) -> Self {
        let mut panels = Vec::with_capacity(filled(columns) * filled(depth));
        for first in (0..columns).step_by(PANEL) {
            for row in 0..filled(depth) {
                let inside = |column: usize| row < depth && column < columns;
                let value = |column| if inside(column) { value(row, column) } else { 0.0 };
                panels.extend((first..first + PANEL).map(value));
            }
        }
        Self { depth: filled(depth), columns: filled(columns), panels }
    }
}

/// `output = a * b`.
///
/// # Shapes
///
/// - `a`: `[b.depth / PANEL, rows, PANEL]`, that is a panel of columns after the other
/// - `output`: `[rows, b.columns]`
#[inline(always)]
pub(super) fn multiply<S: Simd>(simd: S, a: &[f32], b: &Matrix, output: &mut [f32]) {
    let a = a.as_chunks().0;
    // Known when this is compiled: one arm of it is left. The sums of a tile are to fill the registers, and no more.
    match PANEL / S::F32_LANES {
        1 => Product { simd, a, b }.write::<1, 12>(output),
        2 => Product { simd, a, b }.write::<2, 6>(output),
        4 => Product { simd, a, b }.write::<4, 6>(output),
        _ => Product { simd, a, b }.write::<PANEL, 1>(output),
    }
}

/// See [`multiply`].
struct Product<'a, S> {
    simd: S,
    a: &'a [[f32; PANEL]],
    b: &'a Matrix,
}

impl<S: Simd> Product<'_, S> {
    /// In tiles of one panel, which is `VECTORS` vectors wide, by `ROWS` rows, at most 15.
    #[inline(always)]
    fn write<const VECTORS: usize, const ROWS: usize>(&self, output: &mut [f32]) {
        let rows = output.len() / self.b.columns;
        for (at, panel) in self.b.panels.chunks_exact(PANEL * self.b.depth).enumerate() {
            let panel = S::as_simd_f32s(panel).0.as_chunks::<VECTORS>().0.as_chunks().0;
            let column = at * PANEL;
            let mut row = 0;
            while row + ROWS <= rows {
                self.tile::<VECTORS, ROWS>(panel, rows, row, column, output);
                row += ROWS;
            }
            // What is left, in powers of two.
            let left = rows - row;
            if ROWS > 8 && left & 8 > 0 {
                self.tile::<VECTORS, 8>(panel, rows, row, column, output);
                row += 8;
            }
            if ROWS > 4 && left & 4 > 0 {
                self.tile::<VECTORS, 4>(panel, rows, row, column, output);
                row += 4;
            }
            if ROWS > 2 && left & 2 > 0 {
                self.tile::<VECTORS, 2>(panel, rows, row, column, output);
                row += 2;
            }
            if left & 1 > 0 {
                self.tile::<VECTORS, 1>(panel, rows, row, column, output);
            }
        }
    }

    /// `COUNT` of `rows` rows from `row` on and the columns of one panel from `column` on.
    #[inline(always)]
    fn tile<const VECTORS: usize, const COUNT: usize>(
        &self,
        panel: &[[[S::f32s; VECTORS]; PANEL]],
        rows: usize,
        row: usize,
        column: usize,
        output: &mut [f32],
    ) {
        let simd = self.simd;
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; COUNT];
        for (factors, a) in panel.iter().zip(self.a.chunks_exact(rows)) {
            let Some(a) = a[row..].first_chunk::<COUNT>() else { return };
            for (at, factors) in factors.iter().enumerate() {
                for (sums, row) in sums.iter_mut().zip(a) {
                    let value = simd.splat_f32s(row[at]);
                    for (sum, factor) in sums.iter_mut().zip(factors) {
                        *sum = multiply_add(simd, value, *factor, *sum);
                    }
                }
            }
        }
        for (at, sums) in sums.iter().enumerate() {
            let to = &mut output[(row + at) * self.b.columns + column..][..PANEL];
            S::as_mut_simd_f32s(to).0.copy_from_slice(sums);
        }
    }
}

/// `a * b + c`, in one step where there is an instruction for it.
#[inline(always)]
fn multiply_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    if S::IS_SCALAR || cfg!(target_arch = "wasm32") {
        simd.add_f32s(simd.mul_f32s(a, b), c)
    } else {
        simd.mul_add_f32s(a, b, c)
    }
}

/// Runs `task` with the widest vectors that this processor has.
pub(super) fn dispatch<T: Task>(task: T) -> T::Output {
    pulp::Arch::new().dispatch(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Work<'a>(&'a [f32], &'a Matrix, &'a mut [f32]);
    impl Task for Work<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            multiply(simd, self.0, self.1, self.2);
        }
    }

    /// Every product of this shape, by the widest vectors here and by none.
    fn check(rows: usize, depth: usize, columns: usize) {
        let noise = |seed: usize| ((seed * 7919 + 13) % 101) as f32 / 50.0 - 1.0;
        let a = |row: usize, at: usize| noise(row * depth + at);
        let b = |at: usize, column: usize| noise(1000 + at * columns + column);
        let matrix = Matrix::new(depth, columns, b);
        // What a row holds beyond its depth does not count: the matrix is zero there.
        let mut panels = vec![7.0; rows * filled(depth)];
        for (row, at) in (0..rows * depth).map(|place| (place / depth, place % depth)) {
            panels[(at / PANEL * rows + row) * PANEL + at % PANEL] = a(row, at);
        }
        let mut found = [0, 1].map(|_| vec![1.0; rows * filled(columns)]);
        dispatch(Work(&panels, &matrix, &mut found[0]));
        Work(&panels, &matrix, &mut found[1]).with_simd(pulp::Scalar);
        for found in found {
            for (at, value) in found.iter().enumerate() {
                let (row, column) = (at / filled(columns), at % filled(columns));
                let product = |k| if column < columns { a(row, k) * b(k, column) } else { 0.0 };
                let expected: f32 = (0..depth).map(product).sum();
                assert!((value - expected).abs() < 1e-4, "{rows} {depth} {columns}: {value}, {expected}");
            }
        }
    }

    #[test]
    fn equals_the_sum_of_products_for_every_shape() {
        for rows in 0..=14 {
            check(rows, 27, 20);
        }
        for (rows, depth, columns) in [(1, 1, 1), (24, 16, 16), (37, 32, 40), (48, 100, 33)] {
            check(rows, depth, columns);
        }
    }
}
