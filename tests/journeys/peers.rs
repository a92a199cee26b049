//! The network against an independent re-implementation in PyTorch (`tests/peers/resnet_torch.py`), and in a file of its own
//! the feature file against an independent reader.
//!
//! Both read the same safetensors file and the same input; features, categories, boxes and the feature map have to agree
//! to 1e-4. `TWILL_PYTHON` names a Python that has PyTorch; `make test` sets it.

mod feature_file;
mod item_file;
mod training;

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
};

use anyhow::{Context, Result, ensure};
use burn::tensor::{Device, Tensor, TensorData};
use e2e::{networks::random, photos::drawn_shirt, site::repository};
use image::RgbImage;
use model::{
    crop::CropBox,
    preprocess::Preprocess,
    resnet::{BoxHead, InstanceConfig, LabelHeads, Pool, ResNet, ResNetConfig},
    weights::{ModelCard, load},
};
use serde_json::json;

#[test]
fn the_seeds_network_with_random_weights() -> Result<()> {
    agrees(&ResNetConfig::default(), 1)
}

#[test]
fn its_relatives_with_random_weights() -> Result<()> {
    let wide = ResNetConfig { widths: vec![8, 12, 30], blocks: 3, categories: 3, ..ResNetConfig::default() };
    let strided = ResNetConfig {
        input_size: 96,
        stem_stride: 2,
        pool: Pool::Gem,
        embedding: Some(24),
        attributes: vec![3, 5],
        box_head: BoxHead::Map,
        label_heads: LabelHeads::Pooled,
        instance: Some(InstanceConfig { length: 10, hidden: 12, attention: 3, shapes: 7, colours: 9 }),
        ..ResNetConfig::default()
    };
    agrees(&wide, 2)?;
    agrees(&strided, 3)
}

#[test]
fn the_shipped_network_on_garments() -> Result<()> {
    let folder = repository().join("public/model");
    let Ok(card_json) = fs::read(folder.join("model.json")) else {
        println!("skipped: there are no weights in {} yet", folder.display());
        return Ok(());
    };
    let weights = folder.join(ModelCard::from_json(&card_json)?.weights.file);
    let card = ModelCard::from_json(&card_json)?;
    let network = load(&card, &fs::read(&weights)?, &Device::flex())?;
    let photos = [[60, 20, 90], [220, 220, 215], [200, 30, 40], [30, 120, 60], [20, 20, 20]].map(drawn_shirt);
    let exchanged = tempfile::tempdir()?;
    exchange(exchanged.path(), &card.network, &network, &tensor(&photos, &card.preprocess))?;
    let answer = compare(exchanged.path(), &weights)?;
    ensure!(answer.status.success(), "PyTorch disagrees with the shipped network");
    Ok(())
}

/// The comparison itself can fail: it does where one number of the input differs.
#[test]
fn a_small_difference_is_found() -> Result<()> {
    let config = ResNetConfig::default();
    let folder = tempfile::tempdir()?;
    let (network, weights) = random(&config, 4)?;
    let input = tensor(&[drawn_shirt([90, 90, 90])], &Preprocess::default());
    exchange(folder.path(), &config, &network, &input)?;
    fs::write(folder.path().join("weights.safetensors"), weights)?;
    let mut values = input.values;
    values[5000] += 0.05;
    write(folder.path(), "input", &values)?;
    let answer = compare(folder.path(), &folder.path().join("weights.safetensors"))?;
    ensure!(answer.status.code() == Some(1), "the comparison let a difference pass");
    Ok(())
}

/// A network of this shape with random weights and statistics gives the same numbers in PyTorch.
fn agrees(config: &ResNetConfig, seed: u64) -> Result<()> {
    let preprocess = Preprocess { size: config.input_size, ..Preprocess::default() };
    let photos = [[200, 40, 40], [20, 30, 90], [240, 240, 235]].map(drawn_shirt);
    let folder = tempfile::tempdir()?;
    let (network, weights) = random(config, seed)?;
    exchange(folder.path(), config, &network, &tensor(&photos, &preprocess))?;
    fs::write(folder.path().join("weights.safetensors"), weights)?;
    let answer = compare(folder.path(), &folder.path().join("weights.safetensors"))?;
    ensure!(answer.status.success(), "PyTorch disagrees with {config:?}");
    Ok(())
}

/// `[batch, 3, size, size]`, flat.
struct Input {
    shape: [usize; 4],
    values: Vec<f32>,
}

fn tensor(photos: &[RgbImage], preprocess: &Preprocess) -> Input {
    let values = photos.iter().flat_map(|photo| preprocess.apply(photo, CropBox::WHOLE)).collect();
    Input { shape: [photos.len(), 3, preprocess.size, preprocess.size], values }
}

/// Runs the Rust network and writes what went in and what came out.
fn exchange(folder: &Path, config: &ResNetConfig, network: &ResNet, input: &Input) -> Result<()> {
    let data = TensorData::new(input.values.clone(), input.shape);
    let tensor = Tensor::<4>::from_data(data, &Device::flex());
    let map = network.forward_features(tensor.clone());
    let output = network.forward_head(tensor, map.clone());
    let mut shapes = json!({ "input": input.shape });
    write(folder, "input", &input.values)?;
    let answers = [
        ("map", map.into_data()),
        ("feature", output.feature.into_data()),
        ("category", output.category.into_data()),
        ("boxes", output.boxes.into_data()),
    ];
    let attributes = output.attributes.map(|logits| ("attributes", logits.into_data()));
    let instance = output.instance.map(|feature| ("instance", feature.into_data()));
    for (name, data) in answers.into_iter().chain(attributes).chain(instance) {
        shapes[name] = json!(data.shape().to_vec());
        let values = data.try_into_vec_as::<f32>().map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
        write(folder, name, &values)?;
    }
    fs::write(folder.join("shapes.json"), shapes.to_string())?;
    fs::write(folder.join("card.json"), json!({ "network": config }).to_string())?;
    Ok(())
}

fn write(folder: &Path, name: &str, values: &[f32]) -> Result<()> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Ok(fs::write(folder.join(format!("{name}.f32")), bytes)?)
}

/// What PyTorch says of the numbers in `folder`.
fn compare(folder: &Path, weights: &Path) -> Result<Output> {
    let answer = python("resnet_torch.py", |peer| {
        peer.args(["--tolerance", "1e-4", "--card"]).arg(folder.join("card.json"));
        peer.arg("--weights").arg(weights).arg("--exchange").arg(folder);
    })?;
    print!("{}{}", String::from_utf8_lossy(&answer.stdout), String::from_utf8_lossy(&answer.stderr));
    Ok(answer)
}

/// What one of the programs in `tests/peers` says, with the arguments that `give` adds.
fn python(file: &str, give: impl FnOnce(&mut Command)) -> Result<Output> {
    let python = env::var("TWILL_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut peer = Command::new(&python);
    peer.arg(repository().join("tests/peers").join(file));
    give(&mut peer);
    let answer = peer
        .output()
        .with_context(|| format!("{python} could not be started; `make setup` installs what this needs"))?;
    // Exit status 1 is also Python's for a program that fell over: that must not pass for a found difference, or for one that refuses.
    let said = String::from_utf8_lossy(&answer.stderr);
    assert!(
        !said.contains("Traceback"),
        "{file} itself failed; does {python} have PyTorch and NumPy? {said}"
    );
    Ok(answer)
}
