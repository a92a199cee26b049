//! A 3x3 convolution with bias over a padded map.

#![expect(clippy::inline_always, reason = "see kernel.rs")]

use super::Map;
use super::kernel::{Matrix, Task, dispatch, multiply};
use super::winograd::Winograd;

/// Padded by one, of any stride.
#[derive(Debug)]
pub(super) struct Convolution {
    bias: Vec<f32>,
    stride: usize,
    /// One matrix for each row of the kernel, `[3 * inputs, outputs]`: three neighbouring pixels lie next to each other in
    /// memory and are one row of a matrix as they are.
    rows: [Matrix; 3],
    /// For stride 1 and maps of even size.
    winograd: Option<Winograd>,
}

impl Convolution {
    /// # Shapes
    ///
    /// - `kernel`: `[outputs, inputs, 3, 3]`
    /// - `bias`: `[outputs]`
    pub(super) fn new(kernel: &[f32], bias: Vec<f32>, inputs: usize, stride: usize) -> Self {
        let outputs = bias.len();
        let rows = std::array::from_fn(|dy| {
            Matrix::new(3 * inputs, outputs, |at, output| {
                let (dx, input) = (at / inputs, at % inputs);
                kernel[(output * inputs + input) * 9 + dy * 3 + dx]
            })
        });
        let winograd = (stride == 1).then(|| Winograd::new(kernel, inputs, outputs));
        Self { bias, stride, rows, winograd }
    }

    pub(super) fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// `relu(convolution)` of a padded map, itself not padded.
    pub(super) fn apply_relu(&self, padded: &Map) -> Map {
        let size = (padded.size - 2) / self.stride;
        let mut output = Map::zeros(size, self.outputs());
        self.apply(padded, |y, row| {
            output.values[y * row.len()..][..row.len()]
                .iter_mut()
                .zip(row)
                .for_each(|(to, value)| *to = value.max(0.0));
        });
        output
    }

    /// `relu(convolution)` of a padded map, itself padded.
    pub(super) fn apply_relu_padded(&self, padded: &Map) -> Map {
        let size = (padded.size - 2) / self.stride;
        let mut output = Map::padded(size, self.outputs());
        self.apply(padded, |y, row| {
            output.inner_row_mut(y).iter_mut().zip(row).for_each(|(to, value)| *to = value.max(0.0));
        });
        output
    }

    /// Adds the convolution of a padded map to `output`.
    pub(super) fn add_to(&self, padded: &Map, output: &mut Map) {
        self.apply(padded, |y, row| {
            output.values[y * row.len()..][..row.len()]
                .iter_mut()
                .zip(row)
                .for_each(|(to, value)| *to += value);
        });
    }

    /// Gives each row of the output, `[size, outputs]`, to `take` with its number.
    fn apply(&self, padded: &Map, take: impl FnMut(usize, &[f32])) {
        match &self.winograd {
            Some(winograd) if padded.size.is_multiple_of(2) => winograd.apply(padded, &self.bias, take),
            _ => dispatch(Direct { convolution: self, padded, take }),
        }
    }
}

struct Direct<'a, F> {
    convolution: &'a Convolution,
    padded: &'a Map,
    take: F,
}

impl<F: FnMut(usize, &[f32])> Task for Direct<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(mut self) {
        let Convolution { bias, stride, rows, .. } = self.convolution;
        let size = (self.padded.size - 2) / stride;
        let mut output = vec![0.0; size * bias.len()];
        for y in 0..size {
            for pixel in output.chunks_exact_mut(bias.len()) {
                pixel.copy_from_slice(bias);
            }
            for (dy, matrix) in rows.iter().enumerate() {
                let from = self.padded.row(y * stride + dy);
                multiply::<FUSED>(from, stride * self.padded.channels, matrix, &mut output, true);
            }
            (self.take)(y, &output);
        }
    }
}
