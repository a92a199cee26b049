//! A 3x3 convolution with bias.

#![expect(clippy::inline_always, reason = "see kernel.rs")]

use super::kernel::{Matrix, PANEL, Simd, Task, dispatch, filled, multiply};
use super::map::Map;
use super::winograd::Winograd;

/// Padded by one, of any stride.
#[derive(Debug)]
pub(super) struct Convolution {
    /// Filled up.
    bias: Vec<f32>,
    outputs: usize,
    stride: usize,
    way: Way,
}

/// What a convolution is given.
#[derive(Debug)]
pub(super) struct Shape {
    /// Width and height of the map without its border, pixels.
    pub(super) size: usize,
    /// Values a pixel, with what fills it up.
    pub(super) channels: usize,
    /// How many pixels of the map are one of the result, either way.
    pub(super) stride: usize,
}

/// How it is computed.
#[derive(Debug)]
enum Way {
    /// `[9 * channels, outputs]`.
    Direct(Matrix),
    /// For stride 1 and maps of even size.
    Winograd(Winograd),
}

/// What becomes of the result.
#[derive(Debug, Clone, Copy)]
pub(super) enum Join {
    /// It replaces what is there, rectified.
    Rectify,
    /// It is added to what is there.
    Add,
}

impl Join {
    /// What stands in a place afterwards.
    #[inline(always)]
    pub(super) fn apply<S: Simd>(self, simd: S, there: S::f32s, result: S::f32s) -> S::f32s {
        match self {
            Self::Rectify => simd.max_f32s(result, simd.splat_f32s(0.0)),
            Self::Add => simd.add_f32s(there, result),
        }
    }
}

/// Memory for what is computed on the way, used again by the next convolution.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) before: Vec<f32>,
    pub(super) after: Vec<f32>,
}

/// The first `length` values, which are anything.
pub(super) fn room(values: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if values.len() < length {
        values.resize(length, 0.0);
    }
    &mut values[..length]
}

impl Convolution {
    /// # Shapes
    ///
    /// - `kernel`: `[outputs, inputs, 3, 3]`
    /// - `bias`: `[outputs]`
    pub(super) fn new(kernel: &[f32], mut bias: Vec<f32>, input: &Shape) -> Self {
        let Shape { size, channels, stride } = *input;
        let outputs = bias.len();
        let inputs = kernel.len() / (9 * outputs);
        bias.resize(filled(outputs), 0.0);
        let weight = |input: usize, output: usize, place: usize| {
            if input < inputs { kernel[(output * inputs + input) * 9 + place] } else { 0.0 }
        };
        let way = if stride == 1 && size.is_multiple_of(2) && channels == filled(channels) {
            Way::Winograd(Winograd::new(weight, channels, outputs, size))
        } else {
            Way::Direct(Matrix::new(9 * channels, outputs, |at, output| {
                weight(at % channels, output, at / channels)
            }))
        };
        Self { bias, outputs, stride, way }
    }

    /// How many channels the result has, not filled up.
    pub(super) fn outputs(&self) -> usize {
        self.outputs
    }

    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// Computes the convolution of `input` and joins it to `output`, which has the result's shape.
    pub(super) fn apply(&self, input: &Map, output: &mut Map, join: Join, scratch: &mut Scratch) {
        match &self.way {
            Way::Winograd(winograd) => winograd.apply(input, &self.bias, output, join, scratch),
            Way::Direct(matrix) => {
                dispatch(Direct { convolution: self, matrix, input, output, join, scratch });
            }
        }
    }
}

struct Direct<'a> {
    convolution: &'a Convolution,
    matrix: &'a Matrix,
    input: &'a Map,
    output: &'a mut Map,
    join: Join,
    scratch: &'a mut Scratch,
}

impl Task for Direct<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { convolution: Convolution { bias, stride, .. }, matrix, input, output, join, scratch } =
            self;
        let bias = S::as_simd_f32s(bias).0;
        let size = output.size();
        let patches = room(&mut scratch.before, size * filled(9 * input.channels()));
        let result = room(&mut scratch.after, size * output.channels());
        // What fills up a patch meets zeros in the matrix, but zero times an infinity of an earlier call is none.
        patches.fill(0.0);
        for y in 0..size {
            let lines = [0, 1, 2].map(|dy| input.line(y * stride + dy));
            gather(lines, input.channels(), *stride, patches);
            multiply(simd, patches, matrix, result);
            let there = S::as_mut_simd_f32s(output.row_mut(y)).0.chunks_exact_mut(bias.len());
            for (there, result) in there.zip(S::as_simd_f32s(result).0.chunks_exact(bias.len())) {
                for ((there, result), bias) in there.iter_mut().zip(result).zip(bias) {
                    *there = join.apply(simd, *there, simd.add_f32s(*result, *bias));
                }
            }
        }
    }
}

/// The 3x3 pixels around every pixel of a row of the result, as [`multiply`] reads them.
#[inline(always)]
fn gather(lines: [&[f32]; 3], channels: usize, stride: usize, patches: &mut [f32]) {
    let rows = patches.len() / filled(9 * channels);
    let patches = patches.as_chunks_mut::<PANEL>().0;
    for (dy, line) in lines.into_iter().enumerate() {
        for row in 0..rows {
            // Three neighbouring pixels lie next to each other.
            let pixels = &line[row * stride * channels..][..3 * channels];
            let first = dy * 3 * channels;
            if channels.is_multiple_of(PANEL) {
                for (at, part) in pixels.as_chunks::<PANEL>().0.iter().enumerate() {
                    patches[(first / PANEL + at) * rows + row] = *part;
                }
            } else {
                for (at, value) in (first..).zip(pixels) {
                    patches[at / PANEL * rows + row][at % PANEL] = *value;
                }
            }
        }
    }
}
