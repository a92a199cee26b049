//! `trainer export`: from a run to the weights and the model card that page and trainer read.

mod refine;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use burn::tensor::Device;
use clap::Args;
use model::weights::{
    Attribute, CARD_FORMAT, CARD_VERSION, FileReference, HostTensor, ModelCard, are_shares, from_host,
    to_host, to_safetensors,
};
use serde_json::json;

use self::refine::{Wanted, refine};
use crate::files;
use crate::training::checkpoint::{Average, Progress};
use crate::training::emphasis::emphasise;
use crate::training::pooled::Looks;
use crate::training::{self, soup};

/// Flags of `trainer export`.
#[derive(Debug, Args)]
pub struct Flags {
    /// Folder of the run.
    #[arg(long, value_name = "RUN")]
    run: PathBuf,

    /// Another run that started from the same network, or from this run's: what is written is the mean of all weights. May be repeated;
    /// a run that is given twice counts twice.
    #[arg(long, value_name = "RUN")]
    mean_with: Vec<PathBuf>,

    /// Folder for model.json and the weights.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// A JSON file of measured figures to put into model.json.
    #[arg(long, value_name = "JSON")]
    metrics: Option<PathBuf>,

    /// What the weights were trained on, in a sentence.
    #[arg(long, default_value = "")]
    data: String,

    /// What share of a similarity the garment's colours have, 0 to 0.9; the rest is that of the network's features.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    colour_share: f32,

    /// What share of a similarity the instance feature has, which tells garments of one kind apart, 0 to 0.9. Without one, its head is
    /// kept for a further run (`train --from`), and no embedding holds it.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    instance_share: f32,

    /// Let categories count for more in the features: the directions that the category head looks at most grow by this factor
    /// more, others by less; with --pictures, those in which the categories of the first of them lie apart. The heads' answers stay as they
    /// are.
    #[arg(long, value_name = "FACTOR", default_value_t = 0.0)]
    emphasis: f64,

    /// Labelled pictures, as `train` takes them with --data, for --fit-heads, --feature-length, --instance-length and --emphasis; may be repeated, and each counts alike.
    #[arg(long, value_name = "DIR|CSV")]
    pictures: Vec<PathBuf>,

    /// Learn the category and attribute heads anew from what the finished network pools from --pictures in each look. The part that the recipe
    /// holds out for validation is left out, and measured before and after.
    #[arg(long, requires = "pictures")]
    fit_heads: bool,

    /// Shorten the feature to this many values: its principal components over --pictures. Category and attribute heads look at the pooled map
    /// from then on, so that their answers stay as they are.
    #[arg(long, value_name = "VALUES", requires = "pictures")]
    feature_length: Option<usize>,

    /// Shorten the instance feature likewise.
    #[arg(long, value_name = "VALUES", requires = "pictures")]
    instance_length: Option<usize>,

    /// Leave out the head of this attribute; may be repeated.
    #[arg(long, value_name = "NAME")]
    leave_out: Vec<String>,

    /// Look at a photo twice, the second time at the box that was found with this margin around it, a fraction (0 to 1) of
    /// the box's sides.
    #[arg(long, value_name = "MARGIN")]
    second_look: Option<f32>,

    /// Take the second look at the mirror image.
    #[arg(long, requires = "second_look")]
    mirror: bool,

    /// Licence of the weights.
    #[arg(long, default_value = "MIT OR Apache-2.0")]
    licence: String,
}

/// Writes the weights first and then the card that names them, so that the card is never ahead of its file.
pub fn run(flags: Flags) -> Result<()> {
    ensure!(
        are_shares(flags.colour_share, flags.instance_share),
        "--colour-share is {} and --instance-share {}; they must be from 0 to 0.9, together, too",
        flags.colour_share,
        flags.instance_share
    );
    ensure!((0.0..=100.0).contains(&flags.emphasis), "--emphasis is a factor from 0 to 100");
    ensure!(
        flags.second_look.is_none_or(|margin| (0.0..=1.0).contains(&margin)),
        "--second-look is a margin from 0 to 1"
    );
    let path = flags.run.join(training::BEST);
    ensure!(
        path.exists() || !flags.run.join(training::LAST).exists(),
        "The run in {} was stopped before its first validation, which keeps the best weights. Go on with train --resume",
        flags.run.display()
    );
    let Average { mut progress, network } = Average::load(&path)?;
    let mut tensors: HashMap<String, HostTensor> = to_host(&network)?.into_iter().collect();
    let mut network = progress.network();
    let others = soup::blend(&mut tensors, &mut network, &progress, &flags.mean_with)?;
    for name in &flags.leave_out {
        leave_out(&mut tensors, &mut progress, name)?;
    }
    network.attributes = progress.network().attributes;
    ensure!(
        flags.instance_share <= 0.0 || network.instance.is_some(),
        "--instance-share is given, but the run's network has no instance head (network.instance)"
    );
    if flags.emphasis > 0.0 && flags.pictures.is_empty() {
        emphasise(&mut tensors, &network, flags.emphasis)?;
    }
    let &Flags { fit_heads, feature_length, instance_length, emphasis, ref pictures, .. } = &flags;
    let wanted = Wanted { pictures, fit_heads, feature_length, instance_length, emphasis };
    if wanted.is_anything() {
        let looks = Looks { second_look: flags.second_look, mirror: flags.mirror };
        refine(&mut tensors, &mut network, &progress, looks, &wanted)?;
    }
    let mut changed = network.init(&Device::flex())?;
    from_host(&mut changed, tensors, &Device::flex())?;
    let weights = to_safetensors(&changed)?;
    let metrics = match &flags.metrics {
        Some(path) => files::read_json(path)?,
        None => serde_json::Value::Null,
    };
    let recipe = serde_json::to_value(&progress.recipe).context("The recipe cannot be written as JSON")?;
    let card = ModelCard {
        format: CARD_FORMAT.to_owned(),
        version: CARD_VERSION,
        weights: FileReference::hashed("weights", "safetensors", &weights),
        preprocess: progress.recipe.preprocess.clone(),
        labels: progress.labels,
        attributes: progress.attributes,
        colour_share: flags.colour_share,
        instance_share: flags.instance_share,
        second_look: flags.second_look,
        mirror: flags.mirror,
        licence: flags.licence,
        training: json!({
            "data": flags.data,
            "step": progress.step,
            "multiply_adds": network.multiply_adds(),
            "started_from": progress.started_from,
            "emphasis": flags.emphasis,
            "heads_fitted": flags.fit_heads,
            "recipe": recipe,
            "mean_with": others,
        }),
        network,
        metrics,
    };
    files::make_folder(&flags.out)?;
    files::remove_unfinished(&flags.out)?;
    files::write(&flags.out.join(&card.weights.file), &weights)?;
    files::write_json(&flags.out.join("model.json"), &card)?;
    remove_other_weights(&flags.out, &card.weights.file)?;
    println!(
        "Wrote {} ({} bytes) and model.json to {}",
        card.weights.file,
        card.weights.bytes,
        flags.out.display()
    );
    Ok(())
}

/// Removes weights of other hashes: those of the model that was there, and what a killed run left.
fn remove_other_weights(folder: &Path, kept: &str) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be listed", folder.display()))?;
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if files::is_hashed(name, "weights-", ".safetensors") && name != kept {
            files::remove(&path)?;
        }
    }
    Ok(())
}

/// Takes an attribute's rows out of the attribute head.
fn leave_out(tensors: &mut HashMap<String, HostTensor>, progress: &mut Progress, name: &str) -> Result<()> {
    let place = progress.attributes.iter().position(|attribute| attribute.name == name);
    let place = place.with_context(|| {
        let known: Vec<&str> = progress.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
        format!("--leave-out names {name:?}; the run's attributes are: {}", known.join(", "))
    })?;
    let rows =
        |attributes: &[Attribute]| attributes.iter().map(|attribute| attribute.values.len()).sum::<usize>();
    let before = rows(&progress.attributes[..place]);
    let taken = progress.attributes.remove(place).values.len();
    progress.recipe.attributes.remove(name);
    for part in ["weight", "bias"] {
        let path = format!("head.attributes.{part}");
        let Some(mut tensor) = tensors.remove(&path) else { continue };
        let width: usize = tensor.shape[1..].iter().product();
        tensor.values.drain(before * width..(before + taken) * width);
        tensor.shape[0] -= taken;
        if tensor.shape[0] > 0 {
            tensors.insert(path, tensor);
        }
    }
    Ok(())
}
