//! Which precision a card computes in: the quicker of those that give the same answers, found out on the card itself.
//!
//! Half precision halves what is read, but a card may emulate it, and a browser's compiler may make little of it. What
//! a card says of itself does not tell; a few runs do, and nobody waits for them: meanwhile the processor answers.

use std::collections::HashMap;
use std::hash::BuildHasher;

use burn::tensor::Device;

use super::{FrozenGpu, Precision};
use crate::frozen::Output;
use crate::resnet::ResNetConfig;
use crate::weights::HostTensor;
use crate::{Error, Result};

/// Timed runs of each; the quickest counts, as whatever else a machine does only makes runs longer.
const RUNS: usize = 5;
/// Half precision has to save at least this share of the time.
const WORTH: f64 = 0.1;
/// Cosine similarity of each head's answers in either precision; rounding to half precision costs about 1e-5.
const SAME: f32 = 0.999;

/// What was found out.
#[derive(Debug)]
pub struct Choice {
    /// The network in the precision that was chosen.
    pub network: FrozenGpu,
    /// Milliseconds of a warm run in single and in half precision, where the card knows both and their answers are the same.
    pub ms: Option<[f64; 2]>,
}

impl FrozenGpu {
    /// [`FrozenGpu::new`] in whatever precision is quicker for `picture`, `[3, size, size]`; `now` tells the time in milliseconds.
    ///
    /// Fails as [`FrozenGpu::new`] and [`FrozenGpu::forward`] do.
    pub async fn quicker<S: BuildHasher>(
        config: &ResNetConfig,
        tensors: &HashMap<String, HostTensor, S>,
        device: &Device,
        picture: &[f32],
        now: impl Fn() -> f64,
    ) -> Result<Option<Choice>> {
        let Some(single) = Self::new(config, tensors, device, Precision::Single)? else { return Ok(None) };
        let Some(half) = Self::new(config, tensors, device, Precision::Half)? else {
            return Ok(Some(Choice { network: single, ms: None }));
        };
        // The first run of each compiles its kernel.
        let expected = single.one(picture).await?;
        // What only half precision cannot do is no reason to do without the card.
        if !half.one(picture).await.is_ok_and(|found| found.agrees(&expected, SAME)) {
            return Ok(Some(Choice { network: single, ms: None }));
        }
        let mut ms = [f64::INFINITY; 2];
        for _ in 0..RUNS {
            for (network, ms) in [&single, &half].into_iter().zip(&mut ms) {
                let began = now();
                network.one(picture).await?;
                *ms = ms.min(now() - began);
            }
        }
        let network = if ms[1] < ms[0] * (1.0 - WORTH) { half } else { single };
        Ok(Some(Choice { network, ms: Some(ms) }))
    }

    /// How maps and weights are kept.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    async fn one(&self, picture: &[f32]) -> Result<Output> {
        let mut outputs = self.forward(picture, 1).await?;
        outputs.pop().ok_or_else(|| Error::Inference { reason: "nothing came back".to_owned() })
    }
}
