//! A recipe: everything that decides what a training run does, as a TOML file.
//!
//! The presets are recipes that ship with the program; the run folder keeps a copy of the one it was made with.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use model::preprocess::Preprocess;
use model::resnet::ResNetConfig;
use serde::{Deserialize, Serialize};

use super::augment::Augment;
use crate::files;

/// The recipes that ship with the program, by name.
pub const PRESETS: [(&str, &str); 8] = [
    ("seed", include_str!("../../presets/seed.toml")),
    ("best", include_str!("../../presets/best.toml")),
    ("finish", include_str!("../../presets/finish.toml")),
    ("instance", include_str!("../../presets/instance.toml")),
    ("colour", include_str!("../../presets/colour.toml")),
    ("labels", include_str!("../../presets/labels.toml")),
    ("across", include_str!("../../presets/across.toml")),
    ("quick", include_str!("../../presets/quick.toml")),
];

/// What a training run does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Starts every random choice of the run.
    pub seed: u64,
    /// Steps of the optimiser.
    pub steps: usize,
    /// Pictures a step.
    pub batch: usize,
    /// Pictures between two validations, as a number of steps.
    pub validate_every: usize,
    /// Share of each data set that is held out for validation, whole senders at a time where they are known.
    pub validation: f64,
    /// Share of each batch that each data set gives, in the order of `--data`; by size where it is empty.
    #[serde(default)]
    pub shares: Vec<f64>,
    /// Categories that carry no usable label: their pictures are left out.
    #[serde(default)]
    pub skip: Vec<String>,
    /// Categories that go by another label's name.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// What the attribute head learns: names of attributes, and the columns of the data that hold them.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Margin around their box, as a share of it, to which pictures of known items are cut, those to measure on, too: what a second look
    /// sees. With a distillation all other pictures to train on are seen whole and close up, where the teacher finds the garment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_up: Option<f32>,
    /// How many known items of one category follow each other: those that are hard to tell apart meet in one batch. 0 leaves it to
    /// chance.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub alike: usize,
    /// How the weights move.
    pub optimiser: Optimiser,
    /// What they are pulled towards.
    pub loss: Loss,
    /// How pictures are varied.
    pub augment: Augment,
    /// How those are varied whose item is known, where it differs: all pictures of an item are mirrored in a step, or none; and shade and fit, which tell one garment from the next, must
    /// survive, and the settings of one item vary already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub augment_items: Option<Augment>,
    /// Whether pictures are mixed with each other.
    #[serde(default)]
    pub mixup: Mixup,
    /// Constants between pixels and tensor.
    pub preprocess: Preprocess,
    /// The network; the number of categories comes from the data.
    pub network: ResNetConfig,
}

/// How a gradient moves the weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Stochastic gradient descent with momentum.
    #[default]
    Momentum,
    /// Steps scaled by each weight's own gradients, and decay beside them (Loshchilov and Hutter, "Decoupled Weight Decay
    /// Regularization", 2019).
    AdamW,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_none(share: &f32) -> bool {
    *share <= 0.0
}

impl Method {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    fn is_momentum(&self) -> bool {
        *self == Self::Momentum
    }
}

/// How the weights move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Optimiser {
    /// What a gradient does.
    #[serde(default, skip_serializing_if = "Method::is_momentum")]
    pub method: Method,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// How it changes over the run.
    pub schedule: Schedule,
    /// Steps over which it rises from nothing.
    #[serde(default)]
    pub warmup: usize,
    /// Share of the last step's direction that is kept; of the mean gradient with [`Method::AdamW`].
    pub momentum: f64,
    /// Whether the gradient is taken where momentum alone would lead (Nesterov).
    #[serde(default)]
    pub nesterov: bool,
    /// Decay of convolutions' and heads' matrices, added to the gradient, or with [`Method::AdamW`] to the step; batch norms and
    /// biases have none.
    pub weight_decay: f64,
    /// Share of the old value in the running average of the weights, which is what is exported; 0 turns it off.
    #[serde(default)]
    pub average: f64,
}

/// The learning rate over a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Schedule {
    /// Falls to nothing along half a cosine (Loshchilov and Hutter 2017).
    Cosine,
    /// Is multiplied by `factor` at each of the steps `at`.
    Steps {
        /// Steps at which it changes.
        at: Vec<usize>,
        /// What it is multiplied by.
        factor: f64,
    },
}

/// Pictures and labels mixed in pairs (Zhang et al. 2018).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mixup {
    /// Probability that a picture is mixed with another.
    pub share: f64,
    /// Share of the run after which pictures stay pure.
    pub until: f64,
    /// Whether pictures whose item is known always stay pure: mixed, they would not count as pictures of that item.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spare_items: bool,
}

/// Weights of the loss's parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// Probability that the target gives to all categories alike (Szegedy et al. 2016).
    #[serde(default)]
    pub label_smoothing: f32,
    /// Weight of the mean squared error of the box's corners, against 1 for the category.
    pub boxes: f32,
    /// Weight of the mean of the attributes' cross-entropies.
    #[serde(default)]
    pub attributes: f32,
    /// Pulls pictures of the same item together, where items are known.
    #[serde(default)]
    pub contrast: Option<Contrast>,
    /// Keeps what the network knows that the run starts from. Its answers are what is learnt then, boxes are not, and labels as far as
    /// this gives them a weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distillation: Option<Distillation>,
}

/// A network is taught to tell items apart while it keeps what it was: the one that the run starts from is its teacher. Categories and
/// attributes follow from what stays, so that their heads may stay as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distillation {
    /// How many of the first blocks, and the stem with them, stay as they are.
    pub frozen_blocks: usize,
    /// Weight of the feature's distance from the teacher's, against 1 for the contrast's own weight.
    pub feature: f32,
    /// Weight of the mean squared error of the corners against the teacher's.
    pub boxes: f32,
    /// Weight of keeping neighbours: pictures of no known item that the teacher's feature finds alike are so for the instance feature.
    pub neighbours: f32,
    /// Share that the garments' colours have in that likeness: the instance feature then tells colours on photos, too.
    #[serde(default, skip_serializing_if = "is_none")]
    pub colour: f32,
    /// Weight of keeping neighbours across data sets: pictures of the first one and of all the others that the teacher finds alike by that
    /// likeness, of known items or none, are so for the instance feature. A photo then finds drawings, and a drawing photos.
    #[serde(default, skip_serializing_if = "is_none")]
    pub across: f32,
    /// Weight of category and attributes, which are learnt beside the teacher's answers.
    #[serde(default, skip_serializing_if = "is_none")]
    pub labels: f32,
    /// What likenesses of neighbours are divided by.
    pub temperature: f32,
    /// Share that the teacher's feature has in the likeness by which items are told apart; the instance feature has the rest.
    pub share: f32,
}

/// Supervised contrastive loss over items (Khosla et al. 2020), with a memory of the features of past batches to tell each
/// picture from (Wang et al. 2020).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contrast {
    /// Weight, against 1 for the category.
    pub weight: f32,
    /// What similarities are divided by.
    pub temperature: f32,
    /// Features of past batches that are kept.
    pub memory: usize,
}

impl Recipe {
    /// The preset of this name, or the recipe in this file.
    ///
    /// Fails, naming the field, where the recipe cannot be used.
    pub fn find(name_or_file: &str) -> Result<Self> {
        let preset = PRESETS.iter().find(|(name, _)| *name == name_or_file);
        let (text, origin) = match preset {
            Some((name, text)) => ((*text).to_owned(), format!("the preset {name}")),
            None if Path::new(name_or_file).exists() => {
                let bytes = files::read(Path::new(name_or_file))?;
                (
                    String::from_utf8(bytes).with_context(|| format!("{name_or_file} is not text"))?,
                    name_or_file.to_owned(),
                )
            }
            None => bail!(
                "There is no preset and no file {name_or_file}. Presets: {}",
                PRESETS.map(|(name, _)| name).join(", ")
            ),
        };
        let recipe: Self =
            toml::from_str(&text).with_context(|| format!("The recipe {origin} cannot be read"))?;
        recipe.validate().with_context(|| format!("The recipe {origin} cannot be used"))?;
        Ok(recipe)
    }

    /// Checks every range, so that a mistyped number fails at the start and not after an hour.
    fn validate(&self) -> Result<()> {
        self.network.validate()?;
        self.preprocess.validate()?;
        ensure!(
            self.preprocess.size == self.network.input_size,
            "preprocess.size differs from network.input_size"
        );
        ensure!(
            self.steps > 0 && self.batch > 1,
            "steps and batch must be positive, and a batch at least two pictures"
        );
        ensure!(self.validate_every > 0, "validate_every must be positive");
        ensure!((0.0..=0.5).contains(&self.validation), "validation must be a share from 0 to 0.5");
        ensure!(self.shares.iter().all(|share| share.is_finite() && *share > 0.0), "shares must be positive");
        ensure!(
            self.close_up.is_none_or(|margin| (0.0..=1.0).contains(&margin)),
            "close_up must be a margin from 0 to 1"
        );
        ensure!(
            self.loss.contrast.is_some() || self.close_up.is_none() && self.alike == 0,
            "close_up and alike are of items, which count only with loss.contrast"
        );
        let Optimiser { method, learning_rate, momentum, nesterov, weight_decay, average, .. } =
            self.optimiser;
        ensure!(method.is_momentum() || !nesterov, "optimiser.nesterov is of the method momentum alone");
        ensure!(learning_rate.is_finite() && learning_rate > 0.0, "optimiser.learning_rate must be positive");
        ensure!((0.0..1.0).contains(&momentum), "optimiser.momentum must be at least 0 and below 1");
        ensure!((0.0..1.0).contains(&weight_decay), "optimiser.weight_decay must be at least 0 and below 1");
        ensure!((0.0..1.0).contains(&average), "optimiser.average must be at least 0 and below 1");
        ensure!(
            (0.0..1.0).contains(&self.loss.label_smoothing),
            "loss.label_smoothing must be at least 0 and below 1"
        );
        ensure!(self.loss.boxes >= 0.0 && self.loss.boxes.is_finite(), "loss.boxes must not be negative");
        ensure!(
            self.loss.attributes >= 0.0 && self.loss.attributes.is_finite(),
            "loss.attributes must not be negative"
        );
        if let Some(Contrast { weight, temperature, memory }) = self.loss.contrast {
            ensure!(weight >= 0.0 && weight.is_finite(), "loss.contrast.weight must not be negative");
            ensure!(
                (0.01..=10.0).contains(&temperature),
                "loss.contrast.temperature must be from 0.01 to 10"
            );
            ensure!(memory <= 65_536, "loss.contrast.memory must be at most 65536");
        }
        if let Some(distillation) = &self.loss.distillation {
            self.validate_distillation(distillation)?;
        }
        let fraction = |value: f64| (0.0..=1.0).contains(&value);
        ensure!(
            fraction(self.mixup.share) && fraction(self.mixup.until),
            "mixup's share and until must be fractions"
        );
        self.augment.validate()?;
        self.augment_items.as_ref().map_or(Ok(()), Augment::validate).context("augment_items cannot be used")
    }

    fn validate_distillation(&self, distillation: &Distillation) -> Result<()> {
        let Distillation {
            frozen_blocks,
            feature,
            boxes,
            neighbours,
            colour,
            across,
            labels,
            temperature,
            share,
        } = *distillation;
        ensure!(
            self.network.instance.is_some() && self.loss.contrast.is_some(),
            "loss.distillation needs a network.instance, and loss.contrast to teach it"
        );
        ensure!(
            self.mixup.share <= 0.0 || self.mixup.spare_items,
            "loss.distillation goes with mixup.spare_items alone: a mixed picture of a known item would count as one of none"
        );
        ensure!(
            frozen_blocks <= self.network.widths.len() * self.network.blocks,
            "loss.distillation.frozen_blocks is more than the network has"
        );
        ensure!(
            [feature, boxes, neighbours, across, labels]
                .iter()
                .all(|weight| weight.is_finite() && *weight >= 0.0),
            "the weights of loss.distillation must not be negative"
        );
        ensure!(
            (0.01..=10.0).contains(&temperature),
            "loss.distillation.temperature must be from 0.01 to 10"
        );
        for (name, share) in [("share", share), ("colour", colour)] {
            ensure!((0.0..1.0).contains(&share), "loss.distillation.{name} must be at least 0 and below 1");
        }
        Ok(())
    }

    /// Makes the run longer or shorter; steps at which the learning rate changes move with it.
    pub fn set_steps(&mut self, steps: usize) -> Result<()> {
        let old = self.steps;
        let scale = |at: usize| (at as f64 * steps as f64 / old as f64).round() as usize;
        self.optimiser.warmup = scale(self.optimiser.warmup);
        if let Schedule::Steps { at, .. } = &mut self.optimiser.schedule {
            for step in at {
                *step = scale(*step);
            }
        }
        self.steps = steps;
        self.validate()
    }

    /// The learning rate of step `step`, counted from 0.
    #[must_use]
    pub fn learning_rate(&self, step: usize) -> f64 {
        let Optimiser { learning_rate, warmup, ref schedule, .. } = self.optimiser;
        if step < warmup {
            return learning_rate * (step + 1) as f64 / warmup as f64;
        }
        match schedule {
            Schedule::Cosine => {
                let done = (step - warmup) as f64 / (self.steps - warmup).max(1) as f64;
                learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos())
            }
            Schedule::Steps { at, factor } => {
                let passed = at.iter().filter(|step_at| step >= **step_at).count();
                learning_rate * factor.powi(passed as i32)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_can_be_used() {
        for (name, _) in PRESETS {
            Recipe::find(name).unwrap();
        }
        let message = Recipe::find("sed").unwrap_err().to_string();
        assert!(
            message.contains("Presets: seed, best, finish, instance, colour, labels, across, quick"),
            "{message}"
        );
    }

    #[test]
    fn the_seed_preset_is_the_article_s() {
        let seed = Recipe::find("seed").unwrap();
        assert_eq!(seed.network, ResNetConfig::default());
        assert_eq!(seed.preprocess, Preprocess::default());
        assert_eq!((seed.batch, seed.steps), (32, 30_000));
        assert!((seed.learning_rate(24_999) - 0.1).abs() < 1e-12);
        assert!((seed.learning_rate(25_000) - 0.01).abs() < 1e-12);
    }

    #[test]
    fn the_cosine_rises_and_falls() {
        let recipe = Recipe::find("best").unwrap();
        let top = recipe.optimiser.learning_rate;
        assert!(recipe.learning_rate(0) < top / 10.0);
        assert!((recipe.learning_rate(recipe.optimiser.warmup) - top).abs() < 1e-9);
        assert!(recipe.learning_rate(recipe.steps - 1) < top / 1000.0);
    }
}
