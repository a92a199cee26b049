//! The mean of the weights of runs that went on from the same network ("Model soups", Wortsman et al. 2022): it does what each of them
//! does, and often better.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use model::resnet::{LabelHeads, ResNetConfig};
use model::weights::{HostTensor, to_host};
use serde_json::{Value, json};

use super::BEST;
use super::checkpoint::{Average, Progress};
use super::matrix::Tensors;
use super::pooled::look_at_pooled;

/// Turns `tensors`, those of a run that came as far as `progress`, into the mean of them and those of the other runs' best steps, each
/// counting alike, and as often as it is given. Returns what a card says of the other runs, each once. Where the label heads of any look at the pooled map, those of all do, and
/// `network` says so.
///
/// Fails, naming the run, where one cannot be read, or has a network of another shape, other categories, attributes or preprocessing.
pub(crate) fn blend(
    tensors: &mut Tensors,
    network: &mut ResNetConfig,
    progress: &Progress,
    others: &[PathBuf],
) -> Result<Vec<Value>> {
    let mut told = Vec::new();
    let heads_aside =
        |progress: &Progress| ResNetConfig { label_heads: LabelHeads::default(), ..progress.network() };
    let count = (others.len() + 1) as f32;
    let mut runs: Vec<(&PathBuf, usize, Average)> = Vec::new();
    for folder in others {
        match runs.iter_mut().find(|(known, ..)| *known == folder) {
            Some((_, times, _)) => *times += 1,
            None => runs.push((folder, 1, Average::load(&folder.join(BEST))?)),
        }
    }
    let are_pooled = |(.., run): &(_, _, Average)| run.progress.network().label_heads == LabelHeads::Pooled;
    if runs.iter().any(are_pooled) {
        look_at_pooled(tensors, network)?;
    }
    for (folder, times, Average { progress: other, network: learnt }) in runs {
        ensure!(
            heads_aside(&other) == heads_aside(progress)
                && other.labels == progress.labels
                && other.attributes == progress.attributes
                && other.recipe.preprocess == progress.recipe.preprocess,
            "The run in {} has another network, other categories, attributes or preprocessing than the first one, so there is no \
             mean of them",
            folder.display()
        );
        let mut more: Tensors = to_host(&learnt)?.into_iter().collect();
        if network.label_heads == LabelHeads::Pooled {
            look_at_pooled(&mut more, &mut other.network())?;
        }
        for (name, tensor) in more {
            add(tensors, &name, &tensor, times, folder)?;
        }
        told.push(json!({ "step": other.step, "started_from": other.started_from, "times": times, "recipe": other.recipe }));
    }
    for value in tensors.values_mut().flat_map(|tensor| &mut tensor.values) {
        *value /= count;
    }
    Ok(told)
}

fn add(tensors: &mut Tensors, name: &str, other: &HostTensor, times: usize, folder: &Path) -> Result<()> {
    let own = tensors.get_mut(name).filter(|own| own.shape == other.shape);
    let own = own.with_context(|| format!("The run in {} has another {name}", folder.display()))?;
    for (sum, value) in own.values.iter_mut().zip(&other.values) {
        for _ in 0..times {
            *sum += value;
        }
    }
    Ok(())
}
