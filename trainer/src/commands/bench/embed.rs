//! `bench embed`: how fast photos are embedded on this machine, stage by stage.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use crate::speed::embed::{self, Report};
use crate::{pictures, trained};

/// Flags of `bench embed`, as typed.
#[derive(Debug, Args)]
pub(super) struct Flags {
    /// The network: a model.json, or the folder that holds it
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    /// The folder with the photos
    #[arg(long, value_name = "DIR")]
    photos: PathBuf,
    /// Only the first N photos
    #[arg(long, default_value_t = 200, value_name = "N")]
    limit: usize,
    /// How many rounds
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Measures and prints.
pub(super) fn run(flags: &Flags) -> Result<()> {
    for (name, value) in [("--limit", flags.limit), ("--rounds", flags.rounds)] {
        ensure!(value > 0, "{name} is 0; it must be at least 1");
    }
    let mut photos = pictures::find(&flags.photos)?;
    ensure!(!photos.is_empty(), "There is no picture in {}", flags.photos.display());
    photos.truncate(flags.limit);
    let (embedder, frozen) = trained::load_with_frozen(&flags.weights)?;
    let report = embed::measure(&embedder, &frozen, &photos, flags.rounds)?;
    if flags.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    Ok(())
}

fn print(report: &Report) {
    println!(
        "{} photos, {} rounds; a network of {:.0} million multiply-adds that looks {} times.\n",
        report.photos,
        report.rounds,
        report.multiply_adds as f64 / 1e6,
        report.looks
    );
    println!("{:<42} {:>12} {:>12}", "one thread", "median, ms", "least, ms");
    for stage in &report.stages {
        println!("{:<42} {:>12.3} {:>12.3}", stage.name, stage.ms, stage.least_ms);
    }
    println!(
        "\nRead, decoded and embedded on {} threads: {:.1} photos a second.",
        report.threads, report.photos_per_second
    );
}
