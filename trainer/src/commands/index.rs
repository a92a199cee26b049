//! `index`: makes a catalogue that the page and `search` can search.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use super::dataset::parse_size;
use crate::indexing::{self, Settings, Source};
use crate::trained;

/// Flags of `index`, as typed.
#[derive(Debug, Args)]
pub struct Flags {
    /// The folder with the pictures
    #[arg(long, value_name = "DIR")]
    images: PathBuf,
    /// CSV of the pictures to index, in its order: `image_path`, and optionally `category`, `title`, `price`, `link`,
    /// `colour`, `id`; all other columns are kept as they are [default: every picture in the folder]
    #[arg(long, value_name = "CSV")]
    metadata: Option<PathBuf>,
    /// The network: a model.json, or the folder that holds it
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    /// The folder to write to; a catalogue that is there is replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What people call the catalogue
    #[arg(long, default_value = "Catalogue")]
    name: String,
    /// Licence of the pictures
    #[arg(long, default_value = "", hide_default_value = true)]
    licence: String,
    /// The largest width and height of a stored picture, in pixels; none is enlarged
    #[arg(long, default_value = "240x320", value_name = "WIDTHxHEIGHT", value_parser = parse_size)]
    thumbnail: (u32, u32),
    /// Quality of the stored pictures, 0 to 100
    #[arg(long, default_value_t = 75.0)]
    quality: f32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Flags {
    fn check(&self) -> Result<(Vec<Source>, Settings)> {
        ensure!(
            (0.0..=100.0).contains(&self.quality),
            "--quality is {}; it must be from 0 to 100",
            self.quality
        );
        let sources = match &self.metadata {
            Some(csv) => indexing::from_metadata(csv, &self.images)?,
            None => indexing::from_folder(&self.images)?,
        };
        let settings = Settings {
            name: self.name.clone(),
            licence: self.licence.clone(),
            thumbnail: self.thumbnail,
            quality: self.quality,
        };
        Ok((sources, settings))
    }
}

/// Indexes and says what was done.
pub fn run(flags: &Flags) -> Result<()> {
    let (sources, settings) = flags.check()?;
    let embedder = trained::load(&flags.weights)?;
    let summary = indexing::index(&embedder, sources, &flags.out, &settings)?;
    if flags.json {
        println!("{}", serde_json::to_string_pretty(&summary)?);
    } else {
        println!(
            "Indexed {} pictures at {:.0} a second into {} ({:.1} MB); {} could not be read.",
            summary.indexed,
            summary.pictures_per_second,
            flags.out.display(),
            summary.bytes as f64 / 1e6,
            summary.skipped
        );
    }
    Ok(())
}
