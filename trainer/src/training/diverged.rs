//! What is said when training comes to something else than numbers, and how that is noticed.

use std::fmt;

use anyhow::Result;
use model::resnet::ResNet;
use model::weights::to_host;

use super::{LAST, RECIPE, Settings};

/// A run whose numbers are none any more. Its text says why that probably is, and how to go on.
#[derive(Debug)]
pub(super) struct Diverged<'a> {
    /// The step at which it was noticed.
    pub(super) step: usize,
    /// Its learning rate.
    pub(super) rate: f64,
    /// What is no number.
    pub(super) what: &'a str,
    pub(super) settings: &'a Settings,
}

impl Diverged<'_> {
    fn reason(&self) -> String {
        match (self.step, &self.settings.from) {
            // Nothing has been learnt yet that could have gone wrong.
            (0, Some(from)) => format!("The weights of {} do not suit this recipe", from.display()),
            (0, None) => "The recipe's loss or preprocessing has a number that is far too large".to_owned(),
            _ => format!("The learning rate, {:.4} there, is probably too high", self.rate),
        }
    }

    fn way_on(&self) -> String {
        let out = &self.settings.out;
        if out.join(LAST).exists() {
            format!(
                "{} holds the last good state: write a lower optimiser.learning_rate into {} and go on from there with \
                 --resume and that file as --preset{}",
                out.join(LAST).display(),
                out.join(RECIPE).display(),
                if self.settings.recipe.loss.distillation.is_some() { ", and --from as before" } else { "" }
            )
        } else {
            "No checkpoint was saved before: start again with a lower optimiser.learning_rate".to_owned()
        }
    }
}

impl fmt::Display for Diverged<'_> {
    fn fmt(&self, text: &mut fmt::Formatter) -> fmt::Result {
        let Self { step, what, .. } = self;
        write!(text, "At step {step} {what} was no longer a number. {}. {}", self.reason(), self.way_on())
    }
}

/// Whether every stored value of the network is a finite number. Fails where the device cannot be read.
pub(super) fn is_finite(network: &ResNet) -> Result<bool> {
    Ok(to_host(network)?.iter().all(|(_, tensor)| tensor.values.iter().all(|value| value.is_finite())))
}
