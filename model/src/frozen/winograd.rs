//! Winograd's minimal filtering F(2x2, 3x3) (Lavin and Gray 2016): four outputs of a 3x3 convolution from sixteen
//! products instead of thirty-six.
//!
//! A tile of 4x4 inputs is transformed, multiplied with the transformed kernel place by place, which for all tiles and channels together is
//! sixteen products of matrices, and transformed back to 2x2 outputs. Both transforms only add, so that precision hardly suffers.

#![expect(clippy::inline_always, reason = "see kernel.rs")]

use std::array::from_fn;

use super::Map;
use super::kernel::{Matrix, Task, dispatch, multiply};

/// Channels that are transformed at once.
const LANES: usize = if cfg!(target_arch = "wasm32") { 4 } else { 8 };
/// Tiles that are multiplied at once: enough to reuse the kernel, few enough to stay in the nearest cache.
const TILES: usize = 48;

/// The transformed kernel.
#[derive(Debug)]
pub(super) struct Winograd {
    /// `[inputs, outputs]` for each of the sixteen places.
    places: Vec<Matrix>,
    inputs: usize,
}

impl Winograd {
    /// # Shapes
    ///
    /// - `kernel`: `[outputs, inputs, 3, 3]`
    pub(super) fn new(kernel: &[f32], inputs: usize, outputs: usize) -> Self {
        let transformed: Vec<[f32; 16]> = kernel
            .as_chunks::<9>()
            .0
            .iter()
            .map(|kernel| {
                // G g G' with G = [1 0 0; 1/2 1/2 1/2; 1/2 -1/2 1/2; 0 0 1].
                let expand = |[a, b, c]: [f64; 3]| [a, f64::midpoint(a + c, b), f64::midpoint(a + c, -b), c];
                let columns: [[f64; 4]; 3] = from_fn(|x| expand(from_fn(|y| f64::from(kernel[y * 3 + x]))));
                let rows: [[f64; 4]; 4] = from_fn(|y| expand(from_fn(|x| columns[x][y])));
                from_fn(|place| rows[place / 4][place % 4] as f32)
            })
            .collect();
        let places = (0..16)
            .map(|place| {
                Matrix::new(inputs, outputs, |input, output| transformed[output * inputs + input][place])
            })
            .collect();
        Self { places, inputs }
    }

    /// Gives each row of the output, `[size, outputs]`, to `take` with its number. The map without its border has an
    /// even size.
    pub(super) fn apply(&self, padded: &Map, bias: &[f32], take: impl FnMut(usize, &[f32])) {
        dispatch(Apply { winograd: self, padded, bias, take });
    }
}

struct Apply<'a, F> {
    winograd: &'a Winograd,
    padded: &'a Map,
    bias: &'a [f32],
    take: F,
}

impl<F: FnMut(usize, &[f32])> Task for Apply<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(mut self) {
        let (inputs, outputs) = (self.winograd.inputs, self.bias.len());
        let across = (self.padded.size - 2) / 2;
        let strip = TILES.div_ceil(across).min(across);
        let mut before = vec![0.0; 16 * strip * across * inputs];
        let mut after = vec![0.0; 16 * strip * across * outputs];
        let mut rows = vec![0.0; 4 * across * outputs];
        for first in (0..across).step_by(strip) {
            let count = strip.min(across - first);
            let tiles = count * across;
            for row in 0..count {
                transform_inputs(self.padded, first + row, row * across, tiles, &mut before);
            }
            for (place, matrix) in self.winograd.places.iter().enumerate() {
                let from = &before[place * tiles * inputs..][..tiles * inputs];
                let to = &mut after[place * tiles * outputs..][..tiles * outputs];
                multiply::<FUSED>(from, inputs, matrix, to, false);
            }
            for row in 0..count {
                let (upper, lower) = rows.split_at_mut(2 * across * outputs);
                transform_outputs(&after, row * across, tiles, self.bias, upper, lower);
                (self.take)(2 * (first + row), upper);
                (self.take)(2 * (first + row) + 1, lower);
            }
        }
    }
}

/// The tiles of one row, `B' d B` with `B' = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1]`.
///
/// # Shapes
///
/// - `output`: `[16, tiles, channels]`, of which the tiles from `offset` on are written
#[inline(always)]
fn transform_inputs(padded: &Map, row: usize, offset: usize, tiles: usize, output: &mut [f32]) {
    let channels = padded.channels;
    let lines: [&[f32]; 4] = from_fn(|y| padded.row(2 * row + y));
    for tile in 0..(padded.size - 2) / 2 {
        let sources: [[&[f32]; 4]; 4] =
            from_fn(|y| from_fn(|x| &lines[y][(2 * tile + x) * channels..][..channels]));
        let mut channel = 0;
        while channel + LANES <= channels {
            transform_input::<LANES>(
                &sources,
                channel,
                (offset + tile) * channels + channel,
                tiles * channels,
                output,
            );
            channel += LANES;
        }
        while channel < channels {
            transform_input::<1>(
                &sources,
                channel,
                (offset + tile) * channels + channel,
                tiles * channels,
                output,
            );
            channel += 1;
        }
    }
}

#[inline(always)]
fn transform_input<const N: usize>(
    sources: &[[&[f32]; 4]; 4],
    channel: usize,
    at: usize,
    step: usize,
    output: &mut [f32],
) {
    let spread = |[a, b, c, d]: [[f32; N]; 4]| [minus(a, c), plus(b, c), minus(c, b), minus(b, d)];
    let columns: [[[f32; N]; 4]; 4] = from_fn(|x| spread(from_fn(|y| load(&sources[y][x][channel..]))));
    for y in 0..4 {
        let places = spread(from_fn(|x| columns[x][y]));
        for (x, values) in places.into_iter().enumerate() {
            output[(4 * y + x) * step + at..][..N].copy_from_slice(&values);
        }
    }
}

/// Both rows of outputs of a row of tiles, `A' m A + bias` with `A' = [1 1 1 0; 0 1 -1 -1]`.
///
/// # Shapes
///
/// - `products`: `[16, tiles, channels]`, of which the tiles from `offset` on are read
/// - `upper`, `lower`: `[2 * tiles in a row, channels]`
#[inline(always)]
fn transform_outputs(
    products: &[f32],
    offset: usize,
    tiles: usize,
    bias: &[f32],
    upper: &mut [f32],
    lower: &mut [f32],
) {
    let channels = bias.len();
    let pairs = upper.chunks_exact_mut(2 * channels).zip(lower.chunks_exact_mut(2 * channels));
    for (tile, (upper, lower)) in pairs.enumerate() {
        let at = (offset + tile) * channels;
        let mut channel = 0;
        while channel + LANES <= channels {
            transform_output::<LANES>(products, at, channel, tiles * channels, bias, upper, lower);
            channel += LANES;
        }
        while channel < channels {
            transform_output::<1>(products, at, channel, tiles * channels, bias, upper, lower);
            channel += 1;
        }
    }
}

#[inline(always)]
fn transform_output<const N: usize>(
    products: &[f32],
    at: usize,
    channel: usize,
    step: usize,
    bias: &[f32],
    upper: &mut [f32],
    lower: &mut [f32],
) {
    let channels = bias.len();
    let gather = |[a, b, c, d]: [[f32; N]; 4]| [plus(plus(a, b), c), minus(minus(b, c), d)];
    let columns: [[[f32; N]; 2]; 4] =
        from_fn(|x| gather(from_fn(|y| load(&products[(4 * y + x) * step + at + channel..]))));
    let bias: [f32; N] = load(&bias[channel..]);
    for (y, row) in [upper, lower].into_iter().enumerate() {
        for (x, values) in gather(from_fn(|x| columns[x][y])).into_iter().enumerate() {
            row[x * channels + channel..][..N].copy_from_slice(&plus(values, bias));
        }
    }
}

#[inline(always)]
fn load<const N: usize>(from: &[f32]) -> [f32; N] {
    let from = &from[..N];
    from_fn(|at| from[at])
}

#[inline(always)]
fn plus<const N: usize>(a: [f32; N], b: [f32; N]) -> [f32; N] {
    from_fn(|at| a[at] + b[at])
}

#[inline(always)]
fn minus<const N: usize>(a: [f32; N], b: [f32; N]) -> [f32; N] {
    from_fn(|at| a[at] - b[at])
}
