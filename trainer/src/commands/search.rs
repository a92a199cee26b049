//! `search`: finds the items of a catalogue that look like the garment in a photo.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use model::recommender::Recommender;
use serde::Serialize;

use crate::{catalogue, pictures, trained};

/// Flags of `search`, as typed.
#[derive(Debug, Args)]
pub struct Flags {
    /// The folder of the catalogue
    #[arg(long, value_name = "DIR")]
    catalogue: PathBuf,
    /// The network: a model.json, or the folder that holds it
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    /// The photo to search with
    photo: PathBuf,
    /// How many items to find
    #[arg(short, default_value_t = 5)]
    k: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One answer.
#[derive(Serialize)]
struct Found<'a> {
    id: &'a str,
    score: f32,
    category: &'a str,
    image: &'a str,
}

/// Searches and prints, best first.
pub fn run(flags: &Flags) -> Result<()> {
    ensure!(flags.k > 0, "-k is 0; it must be at least 1");
    let recommender = Recommender::new(trained::load(&flags.weights)?, catalogue::open(&flags.catalogue)?)?;
    let photo = pictures::load(&flags.photo)?;
    let answer = pollster::block_on(recommender.recommend(&photo, None, flags.k))?;
    let items = recommender.catalogue().items();
    let found: Vec<Found> = answer
        .hits
        .iter()
        .map(|hit| {
            let item = &items[hit.row];
            Found { id: &item.id, score: hit.score, category: &item.category, image: &item.image }
        })
        .collect();
    if flags.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        for one in found {
            println!("{:.4}  {:<18} {:<10} {}", one.score, one.category, one.id, one.image);
        }
    }
    Ok(())
}
