//! `trainer train`: from labelled pictures to a trained network.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::device::{self, DeviceChoice};
use crate::training::{self, recipe::Recipe};

/// Flags of `trainer train`.
#[derive(Debug, Args)]
pub struct Flags {
    /// A CSV of labelled pictures (`image_path,category[,x1,y1,x2,y2]`), or a folder: with a labels.csv or train.csv, a
    /// folder for each class, or a data set as `dataset prepare` reads it, whose part to train on is taken. Give it
    /// again for each further data set; the recipe's `shares` follow this order.
    #[arg(long, required = true, value_name = "DIR|CSV")]
    data: Vec<PathBuf>,

    /// What to do: `seed` (the 2018 article's recipe), `quick` (for a CPU), `best`, `finish` (from the weights of `best`),
    /// `instance` (from those of `finish`), `colour` (from those of `instance`), `labels` (from those of `colour`),
    /// `across` (from those of `labels`), or a recipe file.
    #[arg(long, default_value = "best", value_name = "NAME|FILE")]
    preset: String,

    /// Folder of the run: its log, checkpoints and recipe.
    #[arg(long, value_name = "RUN")]
    out: PathBuf,

    /// Where to compute.
    #[arg(long, value_enum, default_value_t)]
    device: DeviceChoice,

    /// Number of steps, instead of the recipe's.
    #[arg(long)]
    steps: Option<usize>,

    /// The network to start from instead of a random one: a model.json, or the folder that holds it. Heads that do not fit
    /// the data start anew. With --resume only for a recipe that keeps what this network knows (loss.distillation), and for a run without a checkpoint.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    /// Goes on where the run was stopped, with the same result as if it had not been.
    #[arg(long)]
    resume: bool,
}

/// Trains.
pub fn run(flags: Flags) -> Result<()> {
    let mut recipe = Recipe::find(&flags.preset)?;
    if let Some(steps) = flags.steps {
        recipe.set_steps(steps)?;
    }
    training::run(&training::Settings {
        data: flags.data,
        recipe,
        out: flags.out,
        device: device::select(flags.device)?,
        from: flags.from,
        resume: flags.resume,
    })
}
