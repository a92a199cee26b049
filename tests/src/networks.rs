//! Networks with drawn weights, for comparisons in which it does not matter what the network has learnt.

use std::{collections::HashMap, fs, path::Path};

use anyhow::Result;
use burn::tensor::Device;
use model::{
    preprocess::Preprocess,
    resnet::{ResNet, ResNetConfig},
    weights::{
        CARD_FORMAT, CARD_VERSION, FileReference, from_host, read_safetensors, to_host, to_safetensors,
    },
};
use serde_json::json;

/// Random weights, and running statistics that are not 0 and 1, through half precision and back; and their safetensors file.
pub fn random(config: &ResNetConfig, seed: u64) -> Result<(ResNet, Vec<u8>)> {
    let device = Device::flex();
    let mut random = Random(seed);
    let mut tensors = HashMap::new();
    for (name, mut tensor) in to_host(&config.init(&device)?)? {
        let is_norm = name.contains("norm");
        let (from, to) = match name.rsplit('.').next() {
            Some("running_mean") => (-0.4, 0.4),
            Some("running_var") => (0.5, 2.0),
            Some("weight") if is_norm => (0.6, 1.4),
            Some("bias") => (-0.3, 0.3),
            _ => {
                let inputs: usize = tensor.shape[1..].iter().product();
                let bound = (3.0 / inputs as f32).sqrt();
                (-bound, bound)
            }
        };
        tensor.values.iter_mut().for_each(|value| *value = from + (to - from) * random.share());
        tensors.insert(name, tensor);
    }
    let mut exact = config.init(&device)?;
    from_host(&mut exact, tensors, &device)?;
    let file = to_safetensors(&exact)?;
    let mut rounded = config.init(&device)?;
    from_host(&mut rounded, read_safetensors(&file)?, &device)?;
    Ok((rounded, file))
}

/// Writes such a network as the trainer writes one: model.json and its weights in `folder`.
pub fn write_random(config: &ResNetConfig, seed: u64, folder: &Path) -> Result<()> {
    let (_, weights) = random(config, seed)?;
    let reference = FileReference::hashed("weights", "safetensors", &weights);
    let labels: Vec<String> = (0..config.categories).map(|label| format!("label {label}")).collect();
    fs::create_dir_all(folder)?;
    fs::write(folder.join(&reference.file), &weights)?;
    let card = json!({
        "format": CARD_FORMAT, "version": CARD_VERSION, "weights": reference, "network": config, "labels": labels,
        "preprocess": Preprocess { size: config.input_size, ..Preprocess::default() },
    });
    Ok(fs::write(folder.join("model.json"), card.to_string())?)
}

/// `SplitMix64`: enough for weights, and the same everywhere.
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// In 0 to 1.
    pub fn share(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z >> 40) as f32 / (1_u64 << 24) as f32
    }
}
