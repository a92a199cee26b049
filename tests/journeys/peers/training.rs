//! The peer of training (`tests/peers/train_torch.py`) learns with the very tensors that ours does.

use std::{collections::BTreeMap, fs};

use anyhow::{Result, ensure};
use e2e::networks::random;
use model::{
    resnet::{BoxHead, Pool, ResNetConfig},
    weights::read_safetensors,
};
use serde_json::Value;

use super::python;

const RECIPE: &str = r#"
batch = 4

[optimiser]
momentum = 0.9
nesterov = true
weight_decay = 1e-3

[loss]
label_smoothing = 0.1
boxes = 5.0

[network]
input_size = 32
stem_stride = 2
widths = [8, 12, 30]
blocks = 2
epsilon = 0.001
pool = "gem"
embedding = 10
box_head = "map"
categories = 5
"#;

#[test]
fn the_peer_of_training_has_the_same_tensors() -> Result<()> {
    let config = ResNetConfig {
        input_size: 32,
        stem_stride: 2,
        widths: vec![8, 12, 30],
        blocks: 2,
        pool: Pool::Gem,
        embedding: Some(10),
        box_head: BoxHead::Map,
        categories: 5,
        ..ResNetConfig::default()
    };
    let (_, file) = random(&config, 1)?;
    let ours: BTreeMap<String, Vec<usize>> =
        read_safetensors(&file)?.into_iter().map(|(name, tensor)| (name, tensor.shape)).collect();

    let report: Value = serde_json::from_str(&peer(RECIPE)?)?;
    let theirs: BTreeMap<String, Vec<usize>> = serde_json::from_value(report["tensors"].clone())?;
    ensure!(ours == theirs, "ours has {ours:?}, the peer {theirs:?}");
    ensure!(report["pytorch"].as_f64().is_some_and(|rate| rate > 0.0), "no pictures a second in {report}");

    let more = peer(&format!("{RECIPE}\n[attributes]\nsleeve = \"sleeve\"\n"));
    ensure!(more.is_err(), "attributes are not measured, and nothing said so");
    Ok(())
}

/// What the peer reports of two steps with this recipe.
fn peer(recipe: &str) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("recipe.toml");
    fs::write(&path, recipe)?;
    let answer = python("train_torch.py", |peer| {
        peer.args(["--device", "cpu", "--steps", "2", "--rounds", "1", "--json", "--recipe"]).arg(&path);
    })?;
    let said = String::from_utf8_lossy(&answer.stderr);
    ensure!(answer.status.success(), "{said}");
    Ok(String::from_utf8(answer.stdout)?)
}
