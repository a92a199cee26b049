//! Matrix products: the one loop that the network's time goes into.
//!
//! Plain Rust whose innermost loops have constant lengths, so that the compiler keeps the sums in vector registers. In the browser
//! these are 128 bits wide and multiplication and addition are two instructions; natively the code is compiled twice, and the
//! version with 256 bits and fused multiply-add runs where the processor has them.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined into the version for wide vectors is compiled for narrow ones"
)]

/// Columns that are computed at once.
const PANEL: usize = if cfg!(target_arch = "wasm32") { 8 } else { 16 };
/// Rows that are computed at once: with [`PANEL`] columns, as many sums as there are registers for.
const ROWS: usize = 6;

/// `[depth, columns]`, neither of them 0, stored panel by panel in the order in which the product reads it.
#[derive(Debug, Clone)]
pub(super) struct Matrix {
    depth: usize,
    columns: usize,
    panels: Vec<f32>,
}

impl Matrix {
    /// The matrix with `value(row, column)` everywhere.
    pub(super) fn new(depth: usize, columns: usize, value: impl Fn(usize, usize) -> f32) -> Self {
        let mut panels = Vec::with_capacity(columns.next_multiple_of(PANEL) * depth);
        for first in (0..columns).step_by(PANEL) {
            for row in 0..depth {
                let column = |at: usize| if first + at < columns { value(row, first + at) } else { 0.0 };
                panels.extend((0..PANEL).map(column));
            }
        }
        Self { depth, columns, panels }
    }
}

/// `output = a * b`, or with `add` `output += a * b`.
///
/// # Shapes
///
/// - `a`: `rows` rows of `b.depth` values, each starting `stride` values after the one before
/// - `output`: `[rows, b.columns]`
#[inline(always)]
pub(super) fn multiply<const FUSED: bool>(
    a: &[f32],
    stride: usize,
    b: &Matrix,
    output: &mut [f32],
    add: bool,
) {
    let rows = output.len() / b.columns;
    for (panel, first) in b.panels.chunks_exact(PANEL * b.depth).zip((0..b.columns).step_by(PANEL)) {
        let mut row = 0;
        while row + ROWS <= rows {
            tile::<ROWS, FUSED>(a, stride, row, b, panel, first, output, add);
            row += ROWS;
        }
        while row < rows {
            tile::<1, FUSED>(a, stride, row, b, panel, first, output, add);
            row += 1;
        }
    }
}

/// `COUNT` rows from `row` on and the columns of one panel.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "an inner loop, of one caller")]
fn tile<const COUNT: usize, const FUSED: bool>(
    a: &[f32],
    stride: usize,
    row: usize,
    b: &Matrix,
    panel: &[f32],
    first: usize,
    output: &mut [f32],
    add: bool,
) {
    let depth = b.depth;
    let rows: [&[f32]; COUNT] = std::array::from_fn(|at| &a[(row + at) * stride..][..depth]);
    let mut sums = [[0.0f32; PANEL]; COUNT];
    let (panel, _) = panel.as_chunks::<PANEL>();
    let panel = &panel[..depth];
    for at in 0..depth {
        let factors = &panel[at];
        for (sums, row) in sums.iter_mut().zip(rows) {
            let value = row[at];
            for (sum, factor) in sums.iter_mut().zip(factors) {
                *sum = if FUSED { value.mul_add(*factor, *sum) } else { *sum + value * factor };
            }
        }
    }
    let width = PANEL.min(b.columns - first);
    for (at, sums) in sums.iter().enumerate() {
        let to = &mut output[(row + at) * b.columns + first..][..width];
        if add {
            to.iter_mut().zip(sums).for_each(|(to, sum)| *to += sum);
        } else {
            to.copy_from_slice(&sums[..width]);
        }
    }
}

/// A piece of work that can be compiled with and without fused multiply-add.
pub(super) trait Task {
    type Output;
    fn run<const FUSED: bool>(self) -> Self::Output;
}

/// Runs `task` with the widest vectors that this processor has.
pub(super) fn dispatch<T: Task>(task: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    if let pulp::Arch::V3(wide) = pulp::Arch::new() {
        return wide.vectorize(|| task.run::<true>());
    }
    task.run::<{ cfg!(target_arch = "aarch64") }>()
}

/// [`dispatch`] for work without products of matrices.
pub(super) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    struct Work<F>(F);
    impl<R, F: FnOnce() -> R> Task for Work<F> {
        type Output = R;
        #[inline(always)]
        fn run<const FUSED: bool>(self) -> R {
            (self.0)()
        }
    }
    dispatch(Work(work))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Product<'a>(&'a [f32], usize, &'a Matrix, &'a mut [f32], bool);
    impl Task for Product<'_> {
        type Output = ();
        #[inline(always)]
        fn run<const FUSED: bool>(self) {
            multiply::<FUSED>(self.0, self.1, self.2, self.3, self.4);
        }
    }

    #[test]
    fn equals_the_sum_of_products_for_every_shape() {
        let noise = |seed: usize| ((seed * 7919 + 13) % 101) as f32 / 50.0 - 1.0;
        for (rows, depth, columns, stride) in
            [(1, 1, 1, 1), (6, 3, 16, 3), (7, 5, 17, 9), (13, 32, 40, 32), (0, 4, 8, 4)]
        {
            let a: Vec<f32> = (0..rows * stride + depth).map(noise).collect();
            let b = |row: usize, column: usize| noise(1000 + row * columns + column);
            let matrix = Matrix::new(depth, columns, b);
            let mut output = vec![1.0; rows * columns];
            for (pass, add) in [false, true].into_iter().enumerate() {
                dispatch(Product(&a, stride, &matrix, &mut output, add));
                for (at, value) in output.iter().enumerate() {
                    let (row, column) = (at / columns, at % columns);
                    let sum: f32 = (0..depth).map(|k| a[row * stride + k] * b(k, column)).sum();
                    let expected = sum * (pass + 1) as f32;
                    assert!((value - expected).abs() < 1e-4, "{rows} {depth} {columns}: {value}, {expected}");
                }
            }
        }
    }
}
