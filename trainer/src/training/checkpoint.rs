//! Everything that a run needs to go on, in one file that is replaced in one step.
//!
//! A safetensors file with four byte arrays (the network with its parameters' identities, the optimiser's state, the
//! running average, the memory of past features) and, as its metadata, how far the run is and which recipe, labels and data it belongs to.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use burn::module::Module as _;
use burn::optim::ModuleOptimizer;
use burn::store::ModuleRecord;
use burn::tensor::{Bytes, Device};
use model::resnet::{ResNet, ResNetConfig};
use model::weights::Attribute;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};

use super::contrast::Memory;
use super::recipe::Recipe;
use crate::files;

/// How far a run is, and what it is a run of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub step: usize,
    /// Validation error (share of wrong categories) of the best step so far; none before the first validation.
    pub best_error: Option<f32>,
    /// The step it belongs to.
    pub best_step: usize,
    /// Names of the categories.
    pub labels: Vec<String>,
    /// Names of the attributes and their values.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
    /// [`super::sources::Sources::id`]; empty in checkpoints that are older than it.
    #[serde(default)]
    pub data: String,
    /// SHA-256 of the weights that it started from, where it did not start from nothing.
    #[serde(default)]
    pub started_from: Option<String>,
    /// What the log is still to be told.
    #[serde(default)]
    pub unnoted: Unnoted,
    /// What the run does.
    pub recipe: Recipe,
}

/// The losses since the log's last note: a run that goes on notes what one that was not stopped would have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Unnoted {
    /// Sums of the losses of category, boxes, attributes, contrast and distillation.
    losses: [f32; 5],
    /// Of how many steps.
    steps: usize,
}

impl Unnoted {
    /// Adds those of a step.
    pub(super) fn add(&mut self, losses: &[f32]) {
        for (sum, loss) in self.losses.iter_mut().zip(losses) {
            *sum += loss;
        }
        self.steps += 1;
    }

    /// Their means; afterwards there are none.
    pub(super) fn take(&mut self) -> [f32; 5] {
        let Self { losses, steps } = std::mem::take(self);
        losses.map(|sum| sum / steps.max(1) as f32)
    }
}

impl Progress {
    /// The network that is trained, its heads as wide as the data asks for.
    #[must_use]
    pub fn network(&self) -> ResNetConfig {
        ResNetConfig {
            categories: self.labels.len(),
            attributes: self.attributes.iter().map(|attribute| attribute.values.len()).collect(),
            ..self.recipe.network.clone()
        }
    }
}

/// A run between two steps.
pub struct Checkpoint {
    /// How far it is.
    pub progress: Progress,
    /// The network as it is trained.
    pub network: ResNet,
    /// The running average of its weights.
    pub average: ResNet,
    /// The optimiser with its momentum.
    pub optimiser: ModuleOptimizer,
    /// Features of past batches.
    pub memory: Memory,
}

impl Checkpoint {
    /// Writes the checkpoint to `path`, replacing the one there in one step.
    pub fn save(&self, path: &Path) -> Result<()> {
        let context = || format!("The checkpoint {} cannot be written", path.display());
        let parts = [
            ("network", self.network.clone().into_record().into_bytes()),
            ("average", self.average.clone().into_record().into_bytes()),
            ("optimiser", self.optimiser.into_bytes()),
        ];
        let mut arrays = Vec::new();
        for (name, bytes) in parts {
            arrays.push((name, bytes.with_context(context)?));
        }
        let mut views = Vec::new();
        let memory = self.memory.to_bytes();
        let arrays = arrays.iter().map(|(name, bytes)| (*name, &bytes[..])).chain([("memory", &memory[..])]);
        for (name, bytes) in arrays {
            views.push((name, TensorView::new(Dtype::U8, vec![bytes.len()], bytes).with_context(context)?));
        }
        let progress = serde_json::to_string(&self.progress).with_context(context)?;
        let metadata = HashMap::from([("progress".to_owned(), progress)]);
        files::write(path, &safetensors::serialize(views, Some(metadata)).with_context(context)?)
    }

    /// Reads the checkpoint at `path` into modules of its own recipe's shape on `device`.
    ///
    /// `optimiser` is a fresh one as the recipe asks for. Fails, naming the file, where it is damaged.
    pub fn load(path: &Path, optimiser: ModuleOptimizer, device: &Device) -> Result<Self> {
        let file = File::read(path)?;
        Ok(Self {
            network: file.network("network", &device.clone().autodiff())?,
            average: file.network("average", device)?,
            optimiser: optimiser.from_bytes(file.part("optimiser")?).with_context(|| damaged(path))?,
            memory: Memory::from_bytes(&file.part("memory")?).with_context(|| damaged(path))?,
            progress: file.progress,
        })
    }
}

/// A finished network without what training needs.
pub struct Average {
    /// How far the run was.
    pub progress: Progress,
    /// The running average of its weights.
    pub network: ResNet,
}

impl Average {
    /// Reads the average from the checkpoint at `path` onto the CPU. Fails, naming the file, where it is damaged.
    pub fn load(path: &Path) -> Result<Self> {
        let file = File::read(path)?;
        Ok(Self { network: file.network("average", &Device::flex())?, progress: file.progress })
    }
}

fn damaged(path: &Path) -> String {
    format!(
        "The checkpoint {} is damaged. Remove it and start again without --resume, or choose another folder for --out",
        path.display()
    )
}

/// A checkpoint's bytes, with its metadata read.
struct File<'a> {
    path: &'a Path,
    bytes: Vec<u8>,
    progress: Progress,
}

impl<'a> File<'a> {
    fn read(path: &'a Path) -> Result<Self> {
        let bytes = files::read(path)?;
        let (_, header) = SafeTensors::read_metadata(&bytes).with_context(|| damaged(path))?;
        let progress = header.metadata().as_ref().and_then(|map| map.get("progress"));
        let progress =
            serde_json::from_str(progress.with_context(|| damaged(path))?).with_context(|| damaged(path))?;
        Ok(Self { path, bytes, progress })
    }

    fn part(&self, name: &str) -> Result<Bytes> {
        let arrays = SafeTensors::deserialize(&self.bytes).with_context(|| damaged(self.path))?;
        let view = arrays.tensor(name).with_context(|| damaged(self.path))?;
        ensure!(view.dtype() == Dtype::U8, damaged(self.path));
        Ok(Bytes::from_bytes_vec(view.data().to_vec()))
    }

    fn network(&self, name: &str, device: &Device) -> Result<ResNet> {
        let record = ModuleRecord::from_bytes(self.part(name)?).with_context(|| damaged(self.path))?;
        Ok(self.progress.network().init(device)?.load_record(record))
    }
}
