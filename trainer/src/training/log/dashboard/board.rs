//! What Burn's dashboard is told: each figure under the name of its column, and how far the run has come.
//!
//! Burn counts epochs and items. Here an epoch is what lies between two validations, and an item is a step.

use std::collections::BTreeSet;
use std::sync::Arc;

use burn_train::metric::{
    MetricDefinition, MetricEntry, MetricId, NumericAttributes, NumericEntry, SerializedEntry,
};
use burn_train::renderer::{MetricState, MetricsRenderer};

use crate::training::log::screen::Part;

/// What the columns of validation figures begin with; Burn says so itself.
const VALIDATION: &str = "validation_";

/// Tells a renderer of a run.
pub(super) struct Board {
    steps: usize,
    /// Steps of an epoch.
    epoch: usize,
    /// Names of the figures that the renderer knows.
    known: BTreeSet<String>,
}

impl Board {
    /// For a run of so many steps.
    pub(super) fn new(steps: usize, validate_every: usize) -> Self {
        Self { steps, epoch: validate_every.min(steps).max(1), known: BTreeSet::new() }
    }

    /// How many epochs are over after `done` steps.
    pub(super) fn epochs(&self, done: usize) -> usize {
        done / self.epoch
    }

    /// Tells that `done` steps are done, which must be some.
    pub(super) fn step(&self, renderer: &mut dyn MetricsRenderer, done: usize) {
        // The last step of an epoch still belongs to it.
        let before = self.epochs(done.saturating_sub(1));
        let total = self.steps.div_ceil(self.epoch);
        // The label is the only text of ours beside the figures, and it is given when a run starts.
        let label = format!("step {done} of {}", self.steps);
        renderer.start(total, before + 1, Some(self.epoch), Some(&label));
        renderer.update_split(done - before * self.epoch);
    }

    /// Tells these figures.
    pub(super) fn note(&mut self, renderer: &mut dyn MetricsRenderer, part: Part, figures: &[(String, f32)]) {
        // A low window shows only the first few.
        let (losses, others): (Vec<_>, Vec<_>) = figures.iter().partition(|(name, _)| name.ends_with("loss"));
        for (column, value) in losses.into_iter().chain(others) {
            let state = self.state(renderer, column, *value);
            match part {
                Part::Training => renderer.update_train(state),
                Part::Validation => renderer.update_valid(state),
            }
        }
    }

    /// A figure as Burn takes it, which has to know its name before.
    fn state(&mut self, renderer: &mut dyn MetricsRenderer, column: &str, value: f32) -> MetricState {
        let name = column.strip_prefix(VALIDATION).unwrap_or(column).replace('_', " ");
        let metric_id = MetricId::new(Arc::new(name.clone()));
        if self.known.insert(name.clone()) {
            renderer.register_metric(MetricDefinition {
                metric_id: metric_id.clone(),
                name: Arc::new(name),
                description: None,
                attributes: NumericAttributes::default().into(),
            });
        }
        let text = value.to_string();
        let entry = MetricEntry::new(metric_id, SerializedEntry::new(text.clone(), text));
        MetricState::Numeric(entry, Some(NumericEntry::Value(f64::from(value))))
    }
}

#[cfg(test)]
mod tests;
