//! Training: from a recipe and labelled pictures to weights.
//!
//! [`run`] reads from top to bottom. A run folder holds `recipe.toml`, `log.csv`, the same figures for TensorBoard,
//! `report.html`, `last.checkpoint` (everything that a resumed run needs) and `best.checkpoint` (the best average on the
//! validation part, which `trainer export` takes).

pub mod augment;
mod average;
mod begun;
pub mod checkpoint;
pub mod contrast;
mod distillation;
mod diverged;
pub(crate) mod emphasis;
#[cfg(feature = "libtorch")]
mod fused;
pub(crate) mod heads;
pub mod loader;
pub(crate) mod log;
mod loss;
pub(crate) mod matrix;
pub(crate) mod pooled;
pub mod recipe;
mod settled;
pub(crate) mod shorten;
pub mod soup;
pub mod sources;
mod stopped;
mod teacher;
mod validate;
#[cfg(all(test, feature = "wgpu"))]
mod wgpu_tests;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use burn::module::{Module as _, ParamGroup};
use burn::optim::{
    AdamWConfig, GradientsParams, ModuleOptimizer, SgdConfig, decay::WeightDecayConfig,
    momentum::MomentumConfig,
};
use burn::tensor::{Device, Tensor, TensorData};
use model::resnet::{HeadOutput, LabelHeads, ResNet, ResNetConfig};
use model::weights::adopt;

use self::checkpoint::{Checkpoint, Progress, Unnoted};
use self::contrast::Memory;
use self::diverged::Diverged;
use self::loader::{Batch, Loader};
use self::log::{Log, Pace};
use self::loss::Losses;
use self::recipe::{Method, Optimiser, Recipe};
use self::settled::Settled;
use self::sources::Sources;
use self::teacher::Teacher;
use self::validate::Scores;
use crate::{files, report, trained};

/// Steps between two lines of progress.
const REPORT_EVERY: usize = 50;

/// What to train and where.
#[derive(Debug)]
pub struct Settings {
    /// CSV files of labelled pictures, or folders in any layout that [`crate::dataset::format`] knows.
    pub data: Vec<PathBuf>,
    /// What to do.
    pub recipe: Recipe,
    /// The run folder.
    pub out: PathBuf,
    /// Where to compute.
    pub device: Device,
    /// The network to start from: a model.json or the folder that holds it. Tensors that do not fit start anew. A recipe with a
    /// distillation needs it when a run goes on, too: the same that it began with.
    pub from: Option<PathBuf>,
    /// Whether to go on where the run folder's last checkpoint is.
    pub resume: bool,
}

/// Name of the checkpoint that a resumed run starts from.
pub const LAST: &str = "last.checkpoint";
/// Name of the file that says what a run does.
pub const RECIPE: &str = "recipe.toml";
/// Name of the checkpoint that is exported.
pub const BEST: &str = "best.checkpoint";

/// Trains to the recipe's last step.
///
/// Fails where a data set cannot be read, the run folder belongs to another run, the loss stops being a number, or a person or the
/// system stops it; what was saved before stays, and a run that is stopped is saved where it is.
pub fn run(settings: &Settings) -> Result<()> {
    let Settings { recipe, out, .. } = settings;
    // Asked for before pictures are read, which takes minutes.
    let distillation = recipe.loss.distillation.as_ref().map(|distillation| {
        let path = settings.from.as_deref().context(
            "A recipe with loss.distillation learns from a network, when it starts and when it goes on. Name it with --from",
        )?;
        anyhow::Ok((distillation, path))
    });
    let distillation = distillation.transpose()?;
    files::make_folder(out)?;
    let _lock = files::Lock::take(out)?;
    files::remove_unfinished(out)?;
    let goes_on = begun::look(settings)?;
    let mut sources = sources::load(&settings.data, recipe)?;
    report_sources(&sources);

    let mut state = if goes_on { resume(settings, &sources)? } else { start(settings, &sources)? };
    let teacher = distillation
        .map(|(distillation, path)| Teacher::new(path, &state.progress, distillation.frozen_blocks))
        .transpose()?;
    if let (Some(teacher), Some(margin)) = (&teacher, recipe.close_up) {
        teacher.add_close_ups(&mut sources, margin, &recipe.preprocess);
    }
    let sources = Arc::new(sources);
    let screen = log::screen::choose(state.progress.step, recipe);
    let mut log = Log::open(&out.join("log.csv"), state.progress.step, screen)?;
    let threads = available_parallelism().map_or(1, NonZero::get);
    let mut loader = Loader::start(&sources, recipe, state.progress.step, threads)?;

    let mut clock = Instant::now();
    let mut waited = Duration::ZERO;
    let mut timed = 0;
    while state.progress.step < recipe.steps && !log.is_stopped() {
        let rate = recipe.learning_rate(state.progress.step);
        let asked = Instant::now();
        let batch = loader.next_batch()?;
        waited += asked.elapsed();
        let values;
        (state, values) = learn(state, &batch, settings, teacher.as_ref())?;
        state.progress.unnoted.add(&values);
        // Not all since the last note, where the run goes on from between two.
        timed += 1;
        let done = state.progress.step;
        log.step(done);
        if done % REPORT_EVERY == 0 || done == recipe.steps {
            let steps = timed as f32;
            let seconds = clock.elapsed().as_secs_f32();
            let pace = Pace {
                speed: steps * recipe.batch as f32 / seconds,
                waiting: waited.as_secs_f32() / seconds,
            };
            log.training(done, rate, state.progress.unnoted.take(), pace)?;
            (clock, waited, timed) = (Instant::now(), Duration::ZERO, 0);
        }
        if done % recipe.validate_every == 0 || done == recipe.steps {
            validate(&mut state, &sources, settings, &mut log)?;
            clock = Instant::now();
        }
    }
    // Stopped between two validations, each of which saves: nothing of it is learnt twice.
    if state.progress.step < recipe.steps && !state.progress.step.is_multiple_of(recipe.validate_every) {
        check_weights(&state, settings)?;
        state.save(&out.join(LAST))?;
    }
    // The terminal is free for lines again.
    drop(log);
    let Progress { step, best_step, best_error, .. } = state.progress;
    ensure!(step >= recipe.steps, "{}", stopped::sentence(step, recipe));
    if let Some(error) = best_error.filter(|_| sources.are_measured()) {
        println!(
            "Done. The best step was {best_step}, with an error of {:.1}% on the validation part.",
            100.0 * error
        );
    } else {
        println!(
            "Done. No step was measured, so the weights of step {best_step}, the last, are kept as the best."
        );
    }
    Ok(())
}

/// One step: the batch's losses, and the weights moved down their gradient. Returns the losses of category, boxes, attributes,
/// contrast and distillation as they were before. Fails where the device cannot be read or a loss is not a number any more.
fn learn(
    mut state: Checkpoint,
    batch: &Batch,
    settings: &Settings,
    teacher: Option<&Teacher>,
) -> Result<(Checkpoint, Vec<f32>)> {
    let device = &settings.device;
    let recipe = &state.progress.recipe;
    let training_device = device.clone().autodiff();
    let attributes = state.progress.network().attributes;
    let step = state.progress.step;
    let losses = {
        let input = input(batch, recipe, &training_device);
        let lesson = teacher.map(|teacher| teacher.answer(batch, recipe, &training_device));
        let output = match (teacher, &lesson) {
            (Some(teacher), Some(lesson)) => {
                forward_after(&state.network, teacher.blocks, input, lesson.map.clone(), device)
            }
            _ => forward(&state.network, input, device),
        };
        let (memory, recipe) = (&state.memory, &recipe.loss);
        Losses::new(output, batch, &attributes, memory, recipe, lesson.as_ref(), &training_device)
    };
    let gradients = losses.total(&recipe.loss).backward();
    let gradients = GradientsParams::from_grads(gradients, &state.network);
    let rate = recipe.learning_rate(step);
    state.network = state.optimiser.step(rate, state.network, gradients);
    state.average = average::update(state.average, &state.network, recipe.optimiser.average, step);
    state.progress.step += 1;

    if let Some(features) = losses.features {
        state.memory.remember(&host(features.detach())?, &batch.items);
    }
    // In one piece: each reading waits for the device.
    let parts = vec![losses.category, losses.boxes, losses.attributes, losses.contrast, losses.distillation];
    let values = host(Tensor::cat(parts, 0))?;
    if !values.iter().all(|value| value.is_finite()) {
        bail!("{}", Diverged { step, rate, what: "the loss", settings });
    }
    Ok((state, values))
}

/// The network's answer, its layers computed by whatever is fastest on `device`.
fn forward(network: &ResNet, input: Tensor<4>, device: &Device) -> HeadOutput {
    #[cfg(feature = "libtorch")]
    if crate::device::is_libtorch(device) {
        let map = network.forward_features_with(&fused::Fused, input.clone());
        return network.forward_head_with(&fused::Fused, input, map);
    }
    let _ = device;
    network.forward(input)
}

/// The network's answer from the map that leaves the first `blocks` blocks, with settled batch norms in the trunk.
fn forward_after(
    network: &ResNet,
    blocks: usize,
    input: Tensor<4>,
    map: Tensor<4>,
    device: &Device,
) -> HeadOutput {
    #[cfg(feature = "libtorch")]
    if crate::device::is_libtorch(device) {
        let map = network.forward_features_after(&fused::FusedSettled, blocks, map);
        return network.forward_head_with(&fused::FusedSettled, input, map);
    }
    let _ = device;
    let map = network.forward_features_after(&Settled, blocks, map);
    network.forward_head(input, map)
}

/// # Shapes
///
/// Returns `[batch, 3, size, size]`.
fn input(batch: &Batch, recipe: &Recipe, device: &Device) -> Tensor<4> {
    let size = recipe.preprocess.size;
    let shape = [batch.labels.len(), 3, size, size];
    Tensor::from_data(TensorData::new(batch.inputs.clone(), shape), device)
}

fn host<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let data = tensor.try_into_data().context("The device could not be read")?;
    data.try_into_vec_as::<f32>().context("The device returned something else than numbers")
}

/// Measures the average, keeps it if it is the best so far, and saves the run: the last checkpoint comes last, so that
/// whatever is missing when the run is killed is made by going on from it.
///
/// Fails where the weights hold something else than numbers; the checkpoints stay as they are then.
fn validate(state: &mut Checkpoint, sources: &Sources, settings: &Settings, log: &mut Log) -> Result<()> {
    check_weights(state, settings)?;
    let scores = Scores::measure(&state.average, sources, &settings.recipe, &settings.device)?;
    log.validation(state.progress.step, &scores)?;
    let error = scores.error();
    // Of steps with the same error the later one has learnt more, and where nothing is measured, the last is taken for the best.
    if state.progress.best_error.is_none_or(|best| error <= best) || !sources.are_measured() {
        state.progress.best_error = Some(error);
        state.progress.best_step = state.progress.step;
        state.save(&settings.out.join(BEST))?;
    }
    report::training::write(&settings.out, &state.progress, &scores.answers, &scores.seen(sources))?;
    state.save(&settings.out.join(LAST))
}

/// Fails where a weight is not a number any more, which would not be worth saving: the loss of a step was that of the weights before it.
fn check_weights(state: &Checkpoint, settings: &Settings) -> Result<()> {
    if diverged::is_finite(&state.network)? && diverged::is_finite(&state.average)? {
        return Ok(());
    }
    let step = state.progress.step;
    let rate = settings.recipe.learning_rate(step.saturating_sub(1));
    bail!("{}", Diverged { step, rate, what: "a weight", settings });
}

fn start(settings: &Settings, sources: &Sources) -> Result<Checkpoint> {
    let Settings { recipe, device, .. } = settings;
    let training_device = device.clone().autodiff();
    training_device.seed(recipe.seed);
    let mut progress = Progress {
        step: 0,
        best_error: None,
        best_step: 0,
        labels: sources.labels.clone(),
        attributes: sources.attributes.clone(),
        data: sources.id(),
        started_from: None,
        unnoted: Unnoted::default(),
        recipe: recipe.clone(),
    };
    let mut network = progress.network().init(&training_device)?;
    if let Some(from) = &settings.from {
        let mut learnt = progress.network().init(device)?;
        progress.started_from = Some(start_from(&mut learnt, &progress.network(), from, device)?);
        // By way of a record, so that the parameters are still tracked by the differentiating device.
        network = network.load_record(learnt.into_record());
    }
    let memory = recipe.loss.contrast.as_ref().map_or(0, |contrast| contrast.memory);
    Ok(Checkpoint {
        progress,
        memory: Memory::new(memory),
        average: network.valid(),
        network,
        optimiser: optimiser(&recipe.optimiser),
    })
}

/// Takes over what the network of a model.json has learnt, and says what is left to learn from nothing. Returns the SHA-256
/// of its weights.
fn start_from(network: &mut ResNet, wanted: &ResNetConfig, path: &Path, device: &Device) -> Result<String> {
    let (mut card, mut tensors) = trained::read(path, "--from")?;
    if wanted.label_heads == LabelHeads::Pooled {
        pooled::look_at_pooled(&mut tensors, &mut card.network)?;
    }
    let left = adopt(network, tensors, device)?;
    println!("Starting from {}.", path.display());
    if !left.is_empty() {
        println!("These fit nothing there and start anew: {}.", left.join(", "));
    }
    Ok(card.weights.sha256)
}

fn resume(settings: &Settings, sources: &Sources) -> Result<Checkpoint> {
    let path = settings.out.join(LAST);
    let mut state = Checkpoint::load(&path, optimiser(&settings.recipe.optimiser), &settings.device)?;
    begun::check_recipe(state.progress.recipe.clone(), settings)?;
    let rate = settings.recipe.optimiser.learning_rate;
    let old_rate = std::mem::replace(&mut state.progress.recipe.optimiser.learning_rate, rate);
    ensure!(
        state.progress.labels == sources.labels && state.progress.attributes == sources.attributes,
        "The run in {} was made with data of other categories or attributes",
        settings.out.display()
    );
    if old_rate.to_bits() != rate.to_bits() {
        println!("From here on the learning rate is {rate}; it was {old_rate}.");
        begun::write_recipe(settings)?;
    }
    if state.progress.data != sources.id() {
        eprintln!(
            "Note: the pictures are not those that this run began with. It goes on with what is there now, and its result \
             is not that of a run which had them from the start."
        );
        state.progress.data = sources.id();
    }
    println!("Going on after step {}.", state.progress.step);
    Ok(state)
}

/// One method for all; decay for the matrices and kernels alone.
fn optimiser(settings: &Optimiser) -> ModuleOptimizer {
    // Every matrix and kernel is called `weight`; batch norms have `gamma` and `beta`, the rest `bias`.
    let matrices = ParamGroup::from_predicate("weight");
    let decay = settings.weight_decay as f32;
    if settings.method == Method::AdamW {
        let plain = AdamWConfig::new().with_beta_1(settings.momentum as f32).with_weight_decay(0.0);
        let decayed = plain.clone().with_weight_decay(decay);
        return ModuleOptimizer::from(plain.build()).with_group(matrices, decayed.build(), None);
    }
    let momentum = MomentumConfig::new()
        .with_momentum(settings.momentum)
        .with_dampening(0.0)
        .with_nesterov(settings.nesterov);
    let plain = SgdConfig::new().with_momentum(Some(momentum));
    let decayed = plain.clone().with_weight_decay(Some(WeightDecayConfig::new(decay)));
    ModuleOptimizer::from(plain.build()).with_group(matrices, decayed.build(), None)
}

fn report_sources(sources: &Sources) {
    for (path, reason) in sources.unreadable.iter().take(10) {
        eprintln!("left out: {} ({reason})", path.display());
    }
    if sources.unreadable.len() > 10 {
        eprintln!("... and {} more pictures that cannot be read", sources.unreadable.len() - 10);
    }
    for (index, set) in sources.sets.iter().enumerate() {
        println!(
            "Data set {}: {} pictures to train on, {} to measure on.",
            index + 1,
            set.training.len(),
            set.validation.len()
        );
        if set.validation.is_empty() {
            eprintln!(
                "Note: data set {} has no part to measure on. Parts are of whole senders, items or groups, and none of them is small \
                 enough for the recipe's validation share; its pictures do not tell which step is the best.",
                index + 1
            );
        }
    }
    println!("{} categories: {}", sources.labels.len(), sources.labels.join(", "));
}
