//! How fast photos are embedded: each stage alone on one thread, and all together on every core, as `index` does it.
//!
//! Every round times each stage once for each photo, one photo's stages after the other, so that whatever else the machine does
//! meets all of them alike; a figure is the median over photos and rounds. A pass over all photos on every core follows.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, ensure};
use model::colour;
use model::crop::CropBox;
use model::embedder::Embedder;
use model::frozen::Frozen;
use rayon::prelude::*;
use serde::Serialize;

use super::{Times, median};
use crate::{pictures, trained};

/// How often the network is timed with nothing in between, as other systems are.
const AGAIN: usize = 100;

/// One stage of a photo's way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stage {
    /// What was timed.
    pub name: String,
    /// Median over photos and rounds, milliseconds, on one thread.
    pub ms: f64,
    /// The quickest of them.
    pub least_ms: f64,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Number of photos.
    pub photos: usize,
    /// How many rounds.
    pub rounds: usize,
    /// Multiply-adds of one look, as the layers are defined.
    pub multiply_adds: u64,
    /// How often the network looks at a photo.
    pub looks: usize,
    /// In the order in which they were timed; an embedding is without reading.
    pub stages: Vec<Stage>,
    /// Cores of the pass over all photos.
    pub threads: usize,
    /// Photos read, decoded and embedded a second on all cores: the best of the rounds.
    pub photos_per_second: f64,
}

/// Times the stages for these photos. `frozen` is the network of `embedder`.
///
/// Fails when there is no photo or no round, a photo cannot be read, or the network fails.
pub fn measure(embedder: &Embedder, frozen: &Frozen, photos: &[PathBuf], rounds: usize) -> Result<Report> {
    ensure!(!photos.is_empty() && rounds > 0, "Photos and rounds must be at least 1");
    let card = embedder.card();
    let mut times = Times::default();
    let mut photos_per_second = 0.0_f64;
    let mut input = Vec::new();
    for _ in 0..rounds {
        for path in photos {
            let photo = times.add("read and decode", 1, || pictures::load(path))?;
            input = times.add("resample for one look", 1, || card.preprocess.apply(&photo, CropBox::WHOLE));
            times.add("network, one look", 1, || frozen.forward(&input));
            let embedding =
                times.add("embed, all looks and colours", 1, || trained::embed(embedder, &photo, false))?;
            times.add("colours", 1, || colour::palette(&photo, embedding.garment));
        }
        for _ in 0..AGAIN {
            times.add("network, again and again", 1, || frozen.forward(&input));
        }
        let start = Instant::now();
        photos
            .par_iter()
            .try_for_each(|path| trained::embed(embedder, &pictures::load(path)?, false).map(|_| ()))?;
        photos_per_second = photos_per_second.max(photos.len() as f64 / start.elapsed().as_secs_f64());
    }
    Ok(Report {
        photos: photos.len(),
        rounds,
        multiply_adds: card.network.multiply_adds(),
        looks: if card.second_look.is_some() { 2 } else { 1 },
        stages: times.0.into_iter().map(stage).collect(),
        threads: rayon::current_num_threads(),
        photos_per_second,
    })
}

fn stage((name, times): (String, Vec<f64>)) -> Stage {
    let least_ms = times.iter().copied().fold(f64::INFINITY, f64::min);
    Stage { name, ms: median(times), least_ms }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};
    use std::path::Path;

    #[test]
    fn every_stage_is_measured() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("photo.png");
        RgbImage::from_fn(90, 120, |x, y| Rgb([x as u8, y as u8, 80])).save(&path).unwrap();
        let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("../public/model");
        let (embedder, frozen) = trained::load_with_frozen(&weights).unwrap();
        let report = measure(&embedder, &frozen, &[path], 2).unwrap();
        assert_eq!(report.stages.len(), 6);
        assert!(
            report.stages.iter().all(|stage| stage.ms >= stage.least_ms && stage.least_ms > 0.0),
            "{:?}",
            report.stages
        );
        assert!(report.photos_per_second > 0.0);
        assert!(measure(&embedder, &frozen, &[], 1).is_err());
        assert!(measure(&embedder, &frozen, &[folder.path().join("none.jpg")], 1).is_err());
    }
}
