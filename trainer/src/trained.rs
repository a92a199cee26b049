//! Trained networks from disk, and how commands that measure or index use them: on all cores of the CPU, a picture a
//! core at a time. A picture embedded alone and one embedded among thousands thus give the same bits.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use image::{RgbImage, imageops};
use model::crop::CropBox;
use model::embedder::{Embedder, Embedding, unit};
use model::frozen::Frozen;
use model::weights::{self, HostTensor, ModelCard};

use crate::files;

/// Loads a network onto the CPU from its `model.json`, the folder that holds it, or the weights file beside it.
///
/// Fails, naming the file, when one is missing or they do not belong together.
pub fn load(path: &Path) -> Result<Embedder> {
    Stored::read(path, "--weights")?.embedder()
}

/// [`load`], and the network alone, without what lies before and after it. Fails as [`load`] does.
pub fn load_with_frozen(path: &Path) -> Result<(Embedder, Frozen)> {
    let stored = Stored::read(path, "--weights")?;
    let frozen = Frozen::new(&stored.card.network, &stored.tensors()?)?;
    Ok((stored.embedder()?, frozen))
}

/// The card and the tensors of the network that `flag` names. Fails as [`load`] does.
pub fn read(path: &Path, flag: &str) -> Result<(ModelCard, HashMap<String, HostTensor>)> {
    let stored = Stored::read(path, flag)?;
    let tensors = stored.tensors()?;
    Ok((stored.card, tensors))
}

/// The two files of a network.
struct Stored {
    card: ModelCard,
    card_json: Vec<u8>,
    weights_path: PathBuf,
    weights: Vec<u8>,
}

impl Stored {
    fn read(path: &Path, flag: &str) -> Result<Self> {
        let card_path = card_path(path);
        let card_json = files::read(&card_path).with_context(|| {
            format!("{flag} takes a model.json, or the folder that holds one, as `trainer export` writes it")
        })?;
        let card = ModelCard::from_json(&card_json).with_context(|| card_path.display().to_string())?;
        let weights_path = card_path.with_file_name(&card.weights.file);
        let weights = files::read(&weights_path)?;
        Ok(Self { card, card_json, weights_path, weights })
    }

    fn embedder(&self) -> Result<Embedder> {
        Embedder::load(&self.card_json, &self.weights).with_context(|| self.name())
    }

    fn tensors(&self) -> Result<HashMap<String, HostTensor>> {
        weights::read(&self.card, &self.weights).with_context(|| self.name())
    }

    fn name(&self) -> String {
        self.weights_path.display().to_string()
    }
}

fn card_path(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join("model.json")
    } else if path.extension().is_some_and(|extension| extension == "safetensors") {
        path.with_file_name("model.json")
    } else {
        path.to_owned()
    }
}

/// Embeds a whole photo; with `flip`, the mean of the photo and its mirror image. Fails when the network does.
pub fn embed(embedder: &Embedder, photo: &RgbImage, flip: bool) -> Result<Embedding> {
    let mut embedding = pollster::block_on(embedder.embed(photo, CropBox::WHOLE))?;
    if flip {
        let mirrored = imageops::flip_horizontal(photo);
        let other = pollster::block_on(embedder.embed(&mirrored, CropBox::WHOLE))?;
        let sum: Vec<f32> = embedding.vector.iter().zip(&other.vector).map(|(a, b)| a + b).collect();
        embedding.vector = unit(&sum)?;
        let mine = embedding.probabilities.iter_mut().chain(embedding.attributes.iter_mut().flatten());
        for (mine, theirs) in mine.zip(other.probabilities.iter().chain(other.attributes.iter().flatten())) {
            *mine = f32::midpoint(*mine, *theirs);
        }
    }
    Ok(embedding)
}
