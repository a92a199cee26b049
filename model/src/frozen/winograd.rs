//! Winograd's minimal filtering (Lavin and Gray 2016): a 3x3 convolution of a tile from fewer products.
//!
//! A tile of inputs is transformed, multiplied with the transformed kernel place by place, which for all tiles and channels together
//! is a product of matrices a place, and transformed back to a tile of outputs. F(2x2, 3x3) takes sixteen products where
//! the sum itself takes thirty-six, and its transforms only add; F(4x4, 3x3) takes thirty-six for a hundred and forty-four, and costs
//! a decimal of precision, which is far from what the network's answer is good for.

#![expect(clippy::inline_always, reason = "see kernel.rs")]

use std::array::from_fn;

use super::convolution::{Join, Scratch, room};
use super::kernel::{Matrix, PANEL, Simd, Task, dispatch, multiply};
use super::map::Map;

/// Tiles that are multiplied at once: enough to reuse the kernel, few enough to stay in the nearest cache.
const TILES: usize = 48;
/// Maps of at least this size are filtered in tiles of four: smaller ones have too few to reuse the larger kernel.
const LARGE: usize = 24;

/// The transformed kernel.
#[derive(Debug)]
pub(super) struct Winograd {
    /// `[inputs, outputs]` for each place of a tile of inputs, row by row.
    places: Vec<Matrix>,
}

impl Winograd {
    /// For maps of an even size. The kernel is `weight(input, output, place)`, places row by row.
    pub(super) fn new(
        weight: impl Fn(usize, usize, usize) -> f32,
        inputs: usize,
        outputs: usize,
        size: usize,
    ) -> Self {
        let places = if size >= LARGE && size.is_multiple_of(4) {
            places::<Four, 6, 4>(weight, inputs, outputs)
        } else {
            places::<Two, 4, 2>(weight, inputs, outputs)
        };
        Self { places }
    }

    /// Joins the convolution of `input`, which has the size that was said, to `output`.
    pub(super) fn apply(
        &self,
        input: &Map,
        bias: &[f32],
        output: &mut Map,
        join: Join,
        scratch: &mut Scratch,
    ) {
        dispatch(Apply { places: &self.places, input, bias, output, join, scratch });
    }
}

/// `G g G'` for every input and output.
fn places<T: Transform<IN, OUT>, const IN: usize, const OUT: usize>(
    weight: impl Fn(usize, usize, usize) -> f32,
    inputs: usize,
    outputs: usize,
) -> Vec<Matrix> {
    let transformed: Vec<[[f32; IN]; IN]> = (0..inputs * outputs)
        .map(|at| {
            // In double precision: what is rounded here is multiplied with everything later.
            let kernel: [f64; 9] = from_fn(|place| f64::from(weight(at / outputs, at % outputs, place)));
            let columns: [[f64; IN]; 3] = from_fn(|x| T::kernel(from_fn(|y| kernel[y * 3 + x])));
            from_fn(|y| T::kernel(from_fn(|x| columns[x][y])).map(|value| value as f32))
        })
        .collect();
    let value = |place: usize, at: usize| transformed[at][place / IN][place % IN];
    (0..IN * IN)
        .map(|place| Matrix::new(inputs, outputs, |input, output| value(place, input * outputs + output)))
        .collect()
}

/// The transforms of a row or a column of a tile: `IN` inputs, `OUT` outputs.
trait Transform<const IN: usize, const OUT: usize> {
    /// `G g`.
    fn kernel(kernel: [f64; 3]) -> [f64; IN];
    /// `B' d`.
    fn spread<S: Simd>(simd: S, inputs: [S::f32s; IN]) -> [S::f32s; IN];
    /// `A' m`.
    fn gather<S: Simd>(simd: S, products: [S::f32s; IN]) -> [S::f32s; OUT];
}

/// F(2, 3), from the points 0, 1, -1.
struct Two;

impl Transform<4, 2> for Two {
    fn kernel([a, b, c]: [f64; 3]) -> [f64; 4] {
        [a, f64::midpoint(a + c, b), f64::midpoint(a + c, -b), c]
    }

    #[inline(always)]
    fn spread<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 4] {
        [simd.sub_f32s(a, c), simd.add_f32s(b, c), simd.sub_f32s(c, b), simd.sub_f32s(b, d)]
    }

    #[inline(always)]
    fn gather<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 2] {
        [simd.add_f32s(simd.add_f32s(a, b), c), simd.sub_f32s(simd.sub_f32s(b, c), d)]
    }
}

/// F(4, 3), from the points 0, 1, -1, 2, -2.
struct Four;

impl Transform<6, 4> for Four {
    fn kernel([a, b, c]: [f64; 3]) -> [f64; 6] {
        let (near, far) = ((a + c) / 6.0, (a + 4.0 * c) / 24.0);
        [a / 4.0, -near - b / 6.0, -near + b / 6.0, far + b / 12.0, far - b / 12.0, c]
    }

    #[inline(always)]
    fn spread<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 6] {
        let [two, four, five] = [2.0, 4.0, 5.0].map(|factor| simd.splat_f32s(factor));
        let (near, near_odd) = (less(simd, e, four, c), less(simd, d, four, b));
        let (far, far_odd) = (simd.sub_f32s(e, c), simd.mul_f32s(two, simd.sub_f32s(d, b)));
        [
            less(simd, simd.add_f32s(simd.mul_f32s(four, a), e), five, c),
            simd.add_f32s(near, near_odd),
            simd.sub_f32s(near, near_odd),
            simd.add_f32s(far, far_odd),
            simd.sub_f32s(far, far_odd),
            less(simd, simd.add_f32s(simd.mul_f32s(four, b), f), five, d),
        ]
    }

    #[inline(always)]
    fn gather<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 4] {
        let [two, four, eight] = [2.0, 4.0, 8.0].map(|factor| simd.splat_f32s(factor));
        let (near, near_odd) = (simd.add_f32s(b, c), simd.sub_f32s(b, c));
        let (far, far_odd) = (simd.add_f32s(d, e), simd.sub_f32s(d, e));
        [
            simd.add_f32s(simd.add_f32s(a, near), far),
            simd.add_f32s(near_odd, simd.mul_f32s(two, far_odd)),
            simd.add_f32s(near, simd.mul_f32s(four, far)),
            simd.add_f32s(simd.add_f32s(near_odd, simd.mul_f32s(eight, far_odd)), f),
        ]
    }
}

/// `a - factor * b`.
#[inline(always)]
fn less<S: Simd>(simd: S, a: S::f32s, factor: S::f32s, b: S::f32s) -> S::f32s {
    simd.sub_f32s(a, simd.mul_f32s(factor, b))
}

struct Apply<'a> {
    places: &'a [Matrix],
    input: &'a Map,
    bias: &'a [f32],
    output: &'a mut Map,
    join: Join,
    scratch: &'a mut Scratch,
}

impl Task for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if self.places.len() == 36 {
            self.filter::<S, Four, 6, 4>(simd);
        } else {
            self.filter::<S, Two, 4, 2>(simd);
        }
    }
}

impl Apply<'_> {
    #[inline(always)]
    fn filter<S: Simd, T: Transform<IN, OUT>, const IN: usize, const OUT: usize>(self, simd: S) {
        let Self { places, input, bias, output, join, scratch } = self;
        let across = input.size() / OUT;
        let strip = TILES.div_ceil(across).min(across);
        for first in (0..across).step_by(strip) {
            let count = strip.min(across - first);
            let tiles = count * across;
            let before = room(&mut scratch.before, IN * IN * tiles * input.channels());
            let after = room(&mut scratch.after, IN * IN * tiles * output.channels());
            for row in 0..count {
                transform_inputs::<S, T, IN, OUT>(simd, input, first + row, row * across, before);
            }
            let from = before.chunks_exact(tiles * input.channels());
            let to = after.chunks_exact_mut(tiles * output.channels());
            for ((matrix, from), to) in places.iter().zip(from).zip(to) {
                multiply(simd, from, matrix, to);
            }
            for row in 0..count {
                let rows = output.rows_mut(OUT * (first + row));
                transform_outputs::<S, T, IN, OUT>(simd, after, row * across, bias, rows, join);
            }
        }
    }
}

/// The tiles of one row, `B' d B`.
///
/// # Shapes
///
/// - `output`: `[IN * IN, channels / PANEL, tiles, PANEL]`, of which the tiles from `offset` on are written
#[inline(always)]
fn transform_inputs<S: Simd, T: Transform<IN, OUT>, const IN: usize, const OUT: usize>(
    simd: S,
    input: &Map,
    row: usize,
    offset: usize,
    output: &mut [f32],
) {
    let vectors = input.channels() / S::F32_LANES;
    let wide = PANEL / S::F32_LANES;
    let zero = simd.splat_f32s(0.0);
    let output = S::as_mut_simd_f32s(output).0;
    let step = output.len() / (IN * IN);
    let tiles = step / vectors;
    for tile in 0..input.size() / OUT {
        let mut lines: [&[S::f32s]; IN] = [&[]; IN];
        for (y, line) in lines.iter_mut().enumerate() {
            *line = &S::as_simd_f32s(input.line(OUT * row + y)).0[OUT * tile * vectors..][..IN * vectors];
        }
        for vector in 0..vectors {
            let mut columns = [[zero; IN]; IN];
            for (x, column) in columns.iter_mut().enumerate() {
                let mut inputs = [zero; IN];
                for (input, line) in inputs.iter_mut().zip(&lines) {
                    *input = line[x * vectors + vector];
                }
                *column = T::spread(simd, inputs);
            }
            let to = ((vector / wide) * tiles + offset + tile) * wide + vector % wide;
            let to = &mut output[to..][..=(IN * IN - 1) * step];
            for y in 0..IN {
                let mut inputs = [zero; IN];
                for (input, column) in inputs.iter_mut().zip(&columns) {
                    *input = column[y];
                }
                for (x, place) in T::spread(simd, inputs).into_iter().enumerate() {
                    to[(IN * y + x) * step] = place;
                }
            }
        }
    }
}

/// The rows of outputs of a row of tiles, `A' m A + bias`.
///
/// # Shapes
///
/// - `products`: `[IN * IN, tiles, channels]`, of which the tiles from `offset` on are read
/// - `rows`: `[OUT * tiles in a row, channels]` each
#[inline(always)]
fn transform_outputs<S: Simd, T: Transform<IN, OUT>, const IN: usize, const OUT: usize>(
    simd: S,
    products: &[f32],
    offset: usize,
    bias: &[f32],
    rows: [&mut [f32]; OUT],
    join: Join,
) {
    let bias = S::as_simd_f32s(bias).0;
    let vectors = bias.len();
    let zero = simd.splat_f32s(0.0);
    let products = S::as_simd_f32s(products).0;
    let step = products.len() / (IN * IN);
    let mut rows = rows.map(|row| S::as_mut_simd_f32s(row).0);
    for tile in 0..rows[0].len() / (OUT * vectors) {
        let from = &products[(offset + tile) * vectors..][..(IN * IN - 1) * step + vectors];
        for vector in 0..vectors {
            let mut columns = [[zero; OUT]; IN];
            for (x, column) in columns.iter_mut().enumerate() {
                let mut inputs = [zero; IN];
                for (y, input) in inputs.iter_mut().enumerate() {
                    *input = from[(IN * y + x) * step + vector];
                }
                *column = T::gather(simd, inputs);
            }
            for (y, row) in rows.iter_mut().enumerate() {
                let mut inputs = [zero; IN];
                for (input, column) in inputs.iter_mut().zip(&columns) {
                    *input = column[y];
                }
                for (x, result) in T::gather(simd, inputs).into_iter().enumerate() {
                    let there = &mut row[(OUT * tile + x) * vectors + vector];
                    *there = join.apply(simd, *there, simd.add_f32s(result, bias[vector]));
                }
            }
        }
    }
}
