//! `index`: makes a catalogue that the page and `search` can search, or brings one up to date.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use model::{catalogue::CatalogueCard, items::LONG};

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
    /// that are the same not embedded again. Where nothing else is said, name and licence stay, pages and lists of items stay
    /// what they are, and what is in parts stays in parts of that length
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
        let sources = indexing::without_thumbnails(sources, &self.out, self.metadata.is_some())?;
        let old = if self.update {
            let old =
                catalogue::open(&self.out).context("--update needs a catalogue that is there already")?;
            Old::of(old.card())
        } else {
            Old { name: "Catalogue".to_owned(), ..Old::default() }
        };
        let settings = Settings {
            name: self.name.clone().unwrap_or(old.name),
            licence: self.licence.clone().unwrap_or(old.licence),
            thumbnail: self.thumbnail,
            quality: self.quality,
            update: self.update,
            skip_duplicates: self.duplicates == Duplicates::Skip,
            in_pages: self.items.map(|listing| listing == Listing::Pages).or(old.in_pages),
            longest_file: self.largest_file.map(|megabytes| megabytes * 1_000_000).or(old.longest_file),
        };
        Ok((sources, settings))
    }
}

/// What stays of a catalogue's settings when it is updated.
#[derive(Default)]
struct Old {
    name: String,
    licence: String,
    in_pages: Option<bool>,
    longest_file: Option<u64>,
}

impl Old {
    fn of(card: &CatalogueCard) -> Self {
        let is_in_pages = card.items_head.is_some();
        let is_usual = is_in_pages == (card.count >= LONG as u64);
        // All parts but the last are as long as a file may be.
        let parts = card.features.parts.iter().chain(&card.items.parts);
        Self {
            name: card.name.clone(),
            licence: card.licence.clone(),
            in_pages: (!is_usual).then_some(is_in_pages),
            longest_file: parts.map(|part| part.bytes).max(),
        }
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
    for one in summary.renamed.iter().take(NAMED) {
        println!(
            "{} cannot be called {:?}, which is taken or no id; it is {:?}.",
            one.file, one.wanted, one.id
        );
    }
    if summary.renamed.len() > NAMED {
        println!("So are {} more; --json names all.", summary.renamed.len() - NAMED);
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use model::{catalogue::FileHead, weights::FileReference};

    fn card(count: u64) -> CatalogueCard {
        let json = serde_json::json!({
            "format": "twill-catalogue", "version": 1, "name": "Shop", "licence": "CC0-1.0", "count": count, "dimension": 80,
            "items": FileReference::hashed("items", "twill", b"items"),
            "features": FileReference::hashed("features", "twill", &vec![7; 2_500_000]),
            "weights_sha256": "00".repeat(32),
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn an_update_keeps_pages_and_parts() {
        let head = FileHead { bytes: 5, sha256: "00".repeat(32) };
        let (list, pages) = (card(100), CatalogueCard { items_head: Some(head.clone()), ..card(100) });
        let long = CatalogueCard { items_head: Some(head), ..card(30_000) };
        // What is usual for so many items is left to what will be usual.
        assert_eq!(
            [&list, &pages, &long, &card(30_000)].map(|card| Old::of(card).in_pages),
            [None, Some(true), None, Some(false)]
        );
        assert_eq!(Old::of(&list).longest_file, None);
        let cut = CatalogueCard { features: list.features.clone().cut(1_000_000), ..list };
        assert_eq!(Old::of(&cut).longest_file, Some(1_000_000));
        assert_eq!((Old::of(&cut).name, Old::of(&cut).licence), ("Shop".to_owned(), "CC0-1.0".to_owned()));
    }
}
