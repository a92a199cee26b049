//! From the stored tensors to what the frozen network multiplies with.

#![expect(clippy::inline_always, reason = "see kernel.rs")]

use super::convolution::Convolution;
use crate::weights::HostTensor;
use crate::{Error, Result};

/// A batch norm at inference: `scale * x + shift` for each channel.
#[derive(Debug, Clone)]
pub(super) struct Affine {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

impl Affine {
    /// `relu(scale * from + shift)`, both `[pixels, channels]`.
    #[inline(always)]
    pub(super) fn rectified(&self, from: &[f32], to: &mut [f32]) {
        let channels = self.scale.len();
        for (to, from) in to.chunks_exact_mut(channels).zip(from.chunks_exact(channels)) {
            for (((to, from), scale), shift) in to.iter_mut().zip(from).zip(&self.scale).zip(&self.shift) {
                *to = (scale * from + shift).max(0.0);
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
        let part = |name: &str| self.values(&format!("{path}.{name}"), channels);
        let (gamma, beta) = (part("weight")?, part("bias")?);
        let (mean, variance) = (part("running_mean")?, part("running_var")?);
        // In double precision: what is folded here is multiplied with everything later.
        let scale = |at: usize| f64::from(gamma[at]) / (f64::from(variance[at]) + self.epsilon).sqrt();
        Ok(Affine {
            scale: (0..channels).map(|at| scale(at) as f32).collect(),
            shift: (0..channels)
                .map(|at| (f64::from(beta[at]) - f64::from(mean[at]) * scale(at)) as f32)
                .collect(),
        })
    }

    /// A 3x3 convolution without bias, and the batch norm that follows it where one does.
    pub(super) fn convolution(
        &self,
        path: &str,
        [inputs, outputs]: [usize; 2],
        stride: usize,
        norm: Option<&str>,
    ) -> Result<Convolution> {
        let mut kernel = self.values(&format!("{path}.weight"), outputs * inputs * 9)?.to_vec();
        let mut bias = vec![0.0; outputs];
        if let Some(norm) = norm {
            let Affine { scale, shift } = self.norm(norm, outputs)?;
            for (kernel, scale) in kernel.chunks_exact_mut(inputs * 9).zip(scale) {
                for value in kernel {
                    *value *= scale;
                }
            }
            bias = shift;
        }
        Ok(Convolution::new(&kernel, bias, inputs, stride))
    }
}
