//! From the stored tensors to what the frozen network multiplies with.

#![expect(clippy::inline_always, reason = "see kernel.rs")]

use super::convolution::{Convolution, Shape};
use super::kernel::{Simd, Task, dispatch, filled};
use super::map::Map;
use crate::weights::HostTensor;
use crate::{Error, Result};

/// A batch norm at inference and the ReLU after it: `max(scale * x + shift, 0)` for each channel. Filled up with zeros.
#[derive(Debug)]
pub(super) struct Affine {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Affine {
    pub(super) fn new(mut scale: Vec<f32>, mut shift: Vec<f32>) -> Self {
        let channels = filled(scale.len());
        scale.resize(channels, 0.0);
        shift.resize(channels, 0.0);
        Self { scale, shift }
    }

    /// Writes what becomes of `from` to `to`, which has the same shape.
    pub(super) fn apply(&self, from: &Map, to: &mut Map) {
        dispatch(Normalise { norm: self, from, to });
    }
}

struct Normalise<'a> {
    norm: &'a Affine,
    from: &'a Map,
    to: &'a mut Map,
}

impl Task for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let scale = S::as_simd_f32s(&self.norm.scale).0;
        let shift = S::as_simd_f32s(&self.norm.shift).0;
        let zero = simd.splat_f32s(0.0);
        for y in 0..self.from.size() {
            let from = S::as_simd_f32s(self.from.row(y)).0.chunks_exact(scale.len());
            let to = S::as_mut_simd_f32s(self.to.row_mut(y)).0.chunks_exact_mut(scale.len());
            for (to, from) in to.zip(from) {
                for (((to, from), scale), shift) in to.iter_mut().zip(from).zip(scale).zip(shift) {
                    *to = simd.max_f32s(simd.add_f32s(simd.mul_f32s(*scale, *from), *shift), zero);
                }
            }
        }
    }
}

type Find<'a> = dyn Fn(&str) -> Option<&'a HostTensor> + 'a;

/// Looks tensors up by name and checks their length.
pub(super) struct Tensors<'a> {
    find: Box<Find<'a>>,
    epsilon: f64,
}

impl<'a> Tensors<'a> {
    pub(super) fn new(find: impl Fn(&str) -> Option<&'a HostTensor> + 'a, epsilon: f64) -> Self {
        Self { find: Box::new(find), epsilon }
    }

    /// The values of a tensor that has to hold `length` of them.
    pub(super) fn values(&self, name: &str, length: usize) -> Result<&'a [f32]> {
        match (self.find)(name) {
            Some(tensor) if tensor.values.len() == length => Ok(&tensor.values),
            Some(tensor) => Err(Error::InvalidWeights {
                reason: format!("the tensor {name} holds {} values instead of {length}", tensor.values.len()),
            }),
            None => Err(Error::InvalidWeights { reason: format!("the tensor {name} is missing") }),
        }
    }

    /// A batch norm by its running statistics.
    pub(super) fn norm(&self, path: &str, channels: usize) -> Result<Affine> {
        let [scale, shift] = self.scale_and_shift(path, channels)?;
        Ok(Affine::new(scale, shift))
    }

    /// A batch norm at inference: what each channel is multiplied with, and what is added then.
    pub(super) fn scale_and_shift(&self, path: &str, channels: usize) -> Result<[Vec<f32>; 2]> {
        let part = |name: &str| self.values(&format!("{path}.{name}"), channels);
        let (gamma, beta) = (part("weight")?, part("bias")?);
        let (mean, variance) = (part("running_mean")?, part("running_var")?);
        // In double precision: what is folded here is multiplied with everything later.
        let scale = |at: usize| f64::from(gamma[at]) / (f64::from(variance[at]) + self.epsilon).sqrt();
        let shift = |at: usize| f64::from(beta[at]) - f64::from(mean[at]) * scale(at);
        Ok([
            (0..channels).map(|at| scale(at) as f32).collect(),
            (0..channels).map(|at| shift(at) as f32).collect(),
        ])
    }

    /// A 3x3 convolution without bias, and the batch norm that follows it where one does, for maps of this `shape`.
    pub(super) fn convolution(
        &self,
        path: &str,
        [inputs, outputs]: [usize; 2],
        shape: &Shape,
        norm: Option<&str>,
    ) -> Result<Convolution> {
        let mut kernel = self.values(&format!("{path}.weight"), outputs * inputs * 9)?.to_vec();
        let mut bias = vec![0.0; outputs];
        if let Some(norm) = norm {
            let [scale, shift] = self.scale_and_shift(norm, outputs)?;
            for (kernel, scale) in kernel.chunks_exact_mut(inputs * 9).zip(scale) {
                for value in kernel {
                    *value *= scale;
                }
            }
            bias = shift;
        }
        Ok(Convolution::new(&kernel, bias, shape))
    }
}
