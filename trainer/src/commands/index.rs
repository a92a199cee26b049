//! `index`: makes a catalogue that the page and `search` can search, or brings one up to date.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};

use super::dataset::parse_size;
use crate::indexing::{self, Settings, Source, Summary};
use crate::{catalogue, trained};

/// Near-duplicates that a person reads of; `--json` has them all.
const NAMED: usize = 20;

/// Flags of `index`, as typed.
#[derive(Debug, Args)]
pub struct Flags {
    /// The folder with the pictures
    #[arg(long, value_name = "DIR", required_unless_present = "metadata")]
    images: Option<PathBuf>,
    /// The pictures to index, in its order: a CSV, or a JSON array of objects, with `image_path`, and optionally
    /// `category`, `title`, `price`, `link`, `colour`, `id`; all other fields are kept as they are [default: every
    /// picture in the folder]
    #[arg(long, value_name = "CSV|JSON")]
    metadata: Option<PathBuf>,
    /// The network: a model.json, or the folder that holds it
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    /// The folder to write to; a catalogue that is there is replaced. A run that was interrupted goes on where it
    /// stopped
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Bring the catalogue that is there up to date: new pictures are added, those that are gone removed, and those
    /// that are the same not embedded again. Name and licence stay where they are not given
    #[arg(long)]
    update: bool,
    /// What becomes of pictures that hardly differ from an earlier one
    #[arg(long, default_value = "report")]
    duplicates: Duplicates,
    /// What people call the catalogue [default: Catalogue]
    #[arg(long)]
    name: Option<String>,
    /// Licence of the pictures
    #[arg(long)]
    licence: Option<String>,
    /// The largest width and height of a stored picture, in pixels; none is enlarged
    #[arg(long, default_value = "240x320", value_name = "WIDTHxHEIGHT", value_parser = parse_size)]
    thumbnail: (u32, u32),
    /// Quality of the stored pictures, 0 to 100
    #[arg(long, default_value_t = 75.0)]
    quality: f32,
    /// How the item list is written. One list is there before the first result; of pages a browser fetches those with results in them
    /// [default: pages from 20,000 items on]
    #[arg(long)]
    items: Option<Listing>,
    /// Cut feature file and item list into parts of at most so many megabytes, for hosts that limit how long a file may be (25 to 100 are
    /// usual) [default: one file each, however long]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    largest_file: Option<u64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The `--items` choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Listing {
    /// One list of JSON
    List,
    /// Pages of compressed JSON behind a short head
    Pages,
}

/// The `--duplicates` choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Duplicates {
    /// They are named and stay in the catalogue
    Report,
    /// They are named and left out
    Skip,
}

impl Flags {
    fn check(&self) -> Result<(Vec<Source>, Settings)> {
        ensure!(
            (0.0..=100.0).contains(&self.quality),
            "--quality is {}; it must be from 0 to 100",
            self.quality
        );
        let sources = match (&self.metadata, &self.images) {
            (Some(list), images) => indexing::from_metadata(list, images.as_deref())?,
            (None, Some(images)) => indexing::from_folder(images)?,
            (None, None) => Vec::new(), // The parser does not let this pass.
        };
        let (old_name, old_licence) = if self.update {
            let old =
                catalogue::open(&self.out).context("--update needs a catalogue that is there already")?;
            (old.card().name.clone(), old.card().licence.clone())
        } else {
            ("Catalogue".to_owned(), String::new())
        };
        let settings = Settings {
            name: self.name.clone().unwrap_or(old_name),
            licence: self.licence.clone().unwrap_or(old_licence),
            thumbnail: self.thumbnail,
            quality: self.quality,
            update: self.update,
            skip_duplicates: self.duplicates == Duplicates::Skip,
            in_pages: self.items.map(|listing| listing == Listing::Pages),
            longest_file: self.largest_file.map(|megabytes| megabytes * 1_000_000),
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
        say(flags, &summary);
    }
    Ok(())
}

fn say(flags: &Flags, summary: &Summary) {
    for pair in summary.near_duplicates.iter().take(NAMED) {
        println!("{} is nearly {} ({:.3})", pair.file, pair.of_file, pair.similarity);
    }
    let count = summary.near_duplicates.len();
    if count > 0 {
        println!(
            "Near-duplicates of earlier pictures: {count}{}{}.",
            if count > NAMED { ", the first of which are named; --json names all" } else { "" },
            if summary.left_out > 0 { "; they are left out" } else { "" }
        );
    }
    println!(
        "{} pictures are in {} ({:.1} MB): {} embedded, {} reused, {:.0} a second; {} could not be read.",
        summary.indexed,
        flags.out.display(),
        summary.bytes as f64 / 1e6,
        summary.embedded,
        summary.reused,
        summary.pictures_per_second,
        summary.skipped
    );
    if flags.update {
        println!(
            "{} items are new, {} have another picture, {} are the same, {} are gone.",
            summary.added, summary.changed, summary.kept, summary.removed
        );
    }
}
