//! The mean of the weights of runs that went on from the same network ("Model soups", Wortsman et al. 2022): it does what each of them
//! does, and often better.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use model::weights::{HostTensor, to_host};
use serde_json::{Value, json};

use super::BEST;
use super::checkpoint::{Average, Progress};

/// Turns `tensors`, those of a run that came as far as `progress`, into the mean of them and those of the other runs' best steps, each
/// counting alike. Returns what a card says of the other runs.
///
/// Fails, naming the run, where one cannot be read, or has a network of another shape, other categories, attributes or preprocessing.
pub fn blend<S: BuildHasher>(
    tensors: &mut HashMap<String, HostTensor, S>,
    progress: &Progress,
    others: &[PathBuf],
) -> Result<Vec<Value>> {
    let mut told = Vec::new();
    for folder in others {
        let Average { progress: other, network } = Average::load(&folder.join(BEST))?;
        ensure!(
            other.network() == progress.network()
                && other.labels == progress.labels
                && other.attributes == progress.attributes
                && other.recipe.preprocess == progress.recipe.preprocess,
            "The run in {} has another network, other categories, attributes or preprocessing than the first one, so there is no \
             mean of them",
            folder.display()
        );
        for (name, tensor) in to_host(&network)? {
            add(tensors, &name, &tensor, folder)?;
        }
        told.push(json!({ "step": other.step, "started_from": other.started_from, "recipe": other.recipe }));
    }
    let count = (others.len() + 1) as f32;
    for value in tensors.values_mut().flat_map(|tensor| &mut tensor.values) {
        *value /= count;
    }
    Ok(told)
}

fn add<S: BuildHasher>(
    tensors: &mut HashMap<String, HostTensor, S>,
    name: &str,
    other: &HostTensor,
    folder: &Path,
) -> Result<()> {
    let own = tensors.get_mut(name).filter(|own| own.shape == other.shape);
    let own = own.with_context(|| format!("The run in {} has another {name}", folder.display()))?;
    for (sum, value) in own.values.iter_mut().zip(&other.values) {
        *sum += value;
    }
    Ok(())
}
