//! `sheet`: a contact sheet of queries and what they find in a catalogue.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use model::recommender::Recommender;
use rayon::prelude::*;

use super::evaluate::{aliases, parse_alias};
use crate::dataset::csv;
use crate::dataset::labels::Aliases;
use crate::sheet::{self, Cell, Row};
use crate::{catalogue, files, pictures, trained};

/// Flags of `sheet`, as typed.
#[derive(Debug, Args)]
pub struct Flags {
    /// The folder of the catalogue
    #[arg(long, value_name = "DIR")]
    catalogue: PathBuf,
    /// The network: a model.json, or the folder that holds it
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    /// A CSV of labelled pictures to choose queries from, all categories in turn
    #[arg(long, value_name = "CSV", conflicts_with = "photos", required_unless_present = "photos")]
    queries: Option<PathBuf>,
    /// Photos to search with
    photos: Vec<PathBuf>,
    /// How many queries to choose from the CSV
    #[arg(long, default_value_t = 20)]
    count: usize,
    /// Chooses the queries: another seed, other queries
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// A category of the CSV and what the catalogue calls it, such as "shirt=Blouses Shirts"; may be repeated. Those
    /// that the network was trained with are known
    #[arg(long, value_name = "NAME=LABEL", value_parser = parse_alias)]
    alias: Vec<(String, String)>,
    /// How many queries stand side by side
    #[arg(long, default_value_t = 2)]
    columns: u32,
    /// The picture to write; its ending (webp, jpg, png) says how
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// A photo, and its category where that is known.
struct Query {
    path: PathBuf,
    category: Option<String>,
}

/// Searches with every query, and writes the sheet.
pub fn run(flags: &Flags) -> Result<()> {
    ensure!(flags.count > 0, "--count is 0; it must be at least 1");
    let recommender = Recommender::new(trained::load(&flags.weights)?, catalogue::open(&flags.catalogue)?)?;
    let aliases = aliases(recommender.embedder().card(), &flags.alias);
    let queries = match &flags.queries {
        Some(csv) => choose(csv, flags.count, flags.seed)?,
        None => flags.photos.iter().map(|path| Query { path: path.clone(), category: None }).collect(),
    };
    let rows: Vec<Row> = queries
        .par_iter()
        .map(|query| row(&recommender, &flags.catalogue, query, &aliases))
        .collect::<Result<_>>()?;
    let sheet = sheet::draw(&rows, flags.columns);
    files::write(&flags.out, &encode(&sheet, &flags.out)?)?;
    println!("{} queries are in {}.", rows.len(), flags.out.display());
    Ok(())
}

fn row(recommender: &Recommender, folder: &Path, query: &Query, aliases: &Aliases) -> Result<Row> {
    let photo = pictures::load(&query.path)?;
    let found = pollster::block_on(recommender.recommend(&photo, None, 5))?;
    let items = recommender.catalogue().items();
    let expected = query.category.as_deref().map(|category| aliases.label(category));
    let results = found
        .hits
        .iter()
        .map(|hit| {
            let item = &items[hit.row];
            let picture = pictures::load(&folder.join(&item.image))?;
            Ok(Cell { picture, is_right: expected.map(|expected| expected == aliases.label(&item.category)) })
        })
        .collect::<Result<_>>()?;
    Ok(Row { query: photo, results })
}

/// One picture of each category in turn until there are enough, each category's in a random order.
fn choose(path: &Path, count: usize, seed: u64) -> Result<Vec<Query>> {
    let mut categories = BTreeMap::<String, Vec<PathBuf>>::new();
    for sample in csv::read(path)?.usable().samples {
        categories.entry(sample.category).or_default().push(sample.path);
    }
    let chosen: Vec<Query> = sheet::in_turn(categories, count, seed)
        .into_iter()
        .map(|(category, path)| Query { path, category: Some(category) })
        .collect();
    ensure!(!chosen.is_empty(), "{} has no picture of a known category", path.display());
    Ok(chosen)
}

fn encode(sheet: &RgbImage, path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("webp") => {
            bytes = webp::Encoder::from_rgb(sheet, sheet.width(), sheet.height()).encode(80.0).to_vec();
        }
        Some("jpg" | "jpeg") => sheet.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 85))?,
        Some("png") => sheet
            .write_with_encoder(image::codecs::png::PngEncoder::new(&mut bytes))
            .context("The sheet cannot be stored as PNG")?,
        _ => bail!("--out must end in .webp, .jpg or .png; {} does not", path.display()),
    }
    Ok(bytes)
}
