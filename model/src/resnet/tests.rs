use std::collections::HashMap;

use burn::tensor::{Device, Distribution, Tensor, TensorData};

use super::*;
use crate::{
    Error,
    weights::{HostTensor, adopt, check, from_host, read_safetensors, to_host, to_safetensors},
};

fn input(batch: usize, size: usize, device: &Device) -> Tensor<4> {
    let values =
        (0..batch * 3 * size * size).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect::<Vec<_>>();
    Tensor::from_data(TensorData::new(values, [batch, 3, size, size]), device)
}

fn variants() -> Vec<ResNetConfig> {
    let seed = ResNetConfig::default();
    vec![
        ResNetConfig { stem_stride: 2, widths: vec![8, 16], pool: Pool::Gem, ..seed.clone() },
        ResNetConfig {
            embedding: Some(12),
            box_head: BoxHead::Map,
            label_heads: LabelHeads::Pooled,
            blocks: 1,
            attributes: vec![3, 4],
            instance: Some(InstanceConfig { length: 5, hidden: 6, attention: 2, shapes: 3, colours: 4 }),
            stem_stride: 2,
            ..seed.clone()
        },
        seed,
    ]
}

#[test]
fn shapes_are_as_documented() {
    let device = Device::flex();
    for config in variants() {
        let network = config.init(&device).unwrap();
        let map = network.forward_features(input(2, 64, &device));
        assert_eq!(map.dims(), [2, config.map_channels(), config.map_size(), config.map_size()]);
        let output = network.forward_head(input(2, 64, &device), map);
        assert_eq!(output.feature.dims(), [2, config.feature_length()]);
        assert_eq!(output.category.dims(), [2, 6]);
        assert_eq!(output.boxes.dims(), [2, 4]);
        assert_eq!(output.attributes.map_or(0, |logits| logits.dims()[1]), config.attribute_logits());
        assert_eq!(output.instance.map_or(0, |feature| feature.dims()[1]), config.instance_length());
    }
}

#[test]
fn the_layout_is_that_of_the_network() {
    for config in variants() {
        let tensors = to_host(&config.init(&Device::flex()).unwrap()).unwrap();
        let shapes: Vec<_> =
            tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shape.clone())).collect();
        assert_eq!(layout(&config), shapes);

        let whole: HashMap<_, _> = tensors.into_iter().collect();
        assert_eq!(check(&config, &whole), Ok(()));
        let refused = |change: &dyn Fn(&mut HashMap<String, HostTensor>), says: &str| {
            let mut changed = whole.clone();
            change(&mut changed);
            let message = check(&config, &changed).unwrap_err().to_string();
            assert!(message.contains(says), "{message}");
        };
        refused(&|all| drop(all.remove("head.boxes.bias")), "head.boxes.bias is missing");
        refused(
            &|all| drop(all.insert("more".to_owned(), all["stem.norm.bias"].clone())),
            "more does not belong",
        );
        refused(&|all| all.get_mut("stem.conv.weight").unwrap().shape.reverse(), "instead of");
        refused(&|all| all.get_mut("stem.conv.weight").unwrap().values[3] = f32::NAN, "not numbers");
        refused(&|all| all.get_mut("stem.norm.running_var").unwrap().values[0] = -1.0, "negative variance");
    }
}

#[test]
fn the_seed_has_the_size_of_the_article() {
    let seed = ResNetConfig::default();
    assert_eq!(seed.feature_length(), 64);
    // 105 M multiply-adds, of which the stem's are 1.8 M.
    assert_eq!(seed.multiply_adds() / 100_000, 1055);
    let mut tensors = to_host(&seed.init(&Device::flex()).unwrap()).unwrap();
    let parameters: usize = tensors
        .iter()
        .filter(|(name, _)| !name.contains("running"))
        .map(|(_, tensor)| tensor.values.len())
        .sum();
    // Convolutions 432 + 9,216 + 32,256 + 129,024; batch norms 2 x 464; heads 65 x 10.
    assert_eq!(parameters, 172_506);
    tensors.retain(|(name, _)| name.starts_with("blocks.0.") && name.contains("norm1"));
    assert!(tensors.is_empty(), "the very first block starts with a bare convolution");
}

#[test]
fn the_shortcut_pads_channels_on_both_sides() {
    let device = Device::flex();
    let mut block = Block::new(2, 6, 2, false, 0.001, &device);
    // With the last convolution silent only the shortcut is left.
    block.conv2.weight = block.conv2.weight.clone().map(|weight| weight.zeros_like());
    let x = Tensor::<4>::from_data(
        TensorData::new(vec![1.0f32, 3.0, 5.0, 7.0, 2.0, 2.0, 2.0, 6.0], [1, 2, 2, 2]),
        &device,
    );
    let y = block.forward(x).into_data().try_to_vec::<f32>().unwrap();
    assert_eq!(y, [0.0, 0.0, 4.0, 3.0, 0.0, 0.0]);
}

#[test]
fn generalised_mean_by_hand() {
    let device = Device::flex();
    let config = ResNetConfig { pool: Pool::Gem, ..ResNetConfig::default() };
    let network = config.init(&device).unwrap();
    let mut values = vec![0.0f32; 64 * 256];
    values[..256].fill(2.0);
    values[256] = 8.0;
    let map = Tensor::<4>::from_data(TensorData::new(values, [1, 64, 16, 16]), &device);
    let feature =
        network.forward_head(input(1, 64, &device), map).feature.into_data().try_to_vec::<f32>().unwrap();
    // (512 / 256)^(1/3) for the second channel.
    assert!((feature[0] - 2.0).abs() < 1e-4 && (feature[1] - 2f32.cbrt()).abs() < 1e-4);
    assert!(feature[2] < 0.011);
}

#[test]
fn weights_survive_the_file() {
    let device = Device::flex();
    for config in variants() {
        let network = config.init(&device).unwrap();
        let file = to_safetensors(&network).unwrap();
        assert_eq!(file, to_safetensors(&network).unwrap(), "same weights, same bytes");
        let mut read = config.init(&device).unwrap();
        from_host(&mut read, read_safetensors(&file).unwrap(), &device).unwrap();
        assert_eq!(file, to_safetensors(&read).unwrap());
    }
}

#[test]
fn wrong_weights_are_refused() {
    let device = Device::flex();
    let config = ResNetConfig::default();
    let file = to_safetensors(&config.init(&device).unwrap()).unwrap();
    let good = read_safetensors(&file).unwrap();
    let refuse = |change: &dyn Fn(&mut std::collections::HashMap<_, crate::weights::HostTensor>),
                  words: &str| {
        let mut tensors = good.clone();
        change(&mut tensors);
        let error = from_host(&mut config.init(&device).unwrap(), tensors, &device).unwrap_err();
        assert!(
            matches!(error, Error::InvalidWeights { .. }) && error.to_string().contains(words),
            "{error}"
        );
    };
    refuse(&|t| drop(t.remove("blocks.3.conv1.weight")), "is missing");
    refuse(&|t| drop(t.insert("extra".to_owned(), t["stem.norm.bias"].clone())), "does not belong");
    refuse(&|t| t.get_mut("stem.norm.bias").unwrap().values[0] = f32::NAN, "not numbers");
    refuse(&|t| t.get_mut("stem.norm.running_var").unwrap().values[0] = -1.0, "negative");
    refuse(&|t| t.get_mut("head.category.weight").unwrap().shape.reverse(), "instead of");
    for cut in [0, 7, 100, file.len() - 1] {
        assert!(read_safetensors(&file[..cut]).is_err());
    }
}

#[test]
fn another_network_s_tensors_are_adopted_where_they_fit() {
    let device = Device::flex();
    let old = ResNetConfig::default();
    let new = ResNetConfig { categories: 9, attributes: vec![3], ..old.clone() };
    let learnt: std::collections::HashMap<_, _> =
        to_host(&old.init(&device).unwrap()).unwrap().into_iter().collect();
    let mut network = new.init(&device).unwrap();
    let before: std::collections::HashMap<_, _> = to_host(&network).unwrap().into_iter().collect();
    let left = adopt(&mut network, learnt.clone(), &device).unwrap();
    let heads = ["head.category", "head.attributes"]
        .iter()
        .flat_map(|head| [format!("{head}.weight"), format!("{head}.bias")])
        .collect::<Vec<_>>();
    assert_eq!(left, heads);
    for (name, tensor) in to_host(&network).unwrap() {
        assert_eq!(
            tensor,
            if left.contains(&name) { &before[&name] } else { &learnt[&name] }.clone(),
            "{name}"
        );
    }
}

#[test]
fn configurations_out_of_bounds_are_refused() {
    let seed = ResNetConfig::default();
    let instance = InstanceConfig { length: 5, hidden: 6, attention: 2, shapes: 3, colours: 4 };
    for config in [
        ResNetConfig { widths: vec![], ..seed.clone() },
        ResNetConfig { widths: vec![64, 32], ..seed.clone() },
        ResNetConfig { widths: vec![1 << 40], ..seed.clone() },
        ResNetConfig { input_size: 66, ..seed.clone() },
        ResNetConfig { blocks: usize::MAX, ..seed.clone() },
        ResNetConfig { stem_stride: 0, ..seed.clone() },
        ResNetConfig { categories: 0, ..seed.clone() },
        ResNetConfig { attributes: vec![2, 0], ..seed.clone() },
        ResNetConfig { attributes: vec![usize::MAX], ..seed.clone() },
        ResNetConfig { instance: Some(InstanceConfig { hidden: 0, ..instance.clone() }), ..seed.clone() },
        ResNetConfig { instance: Some(InstanceConfig { length: 257, ..instance.clone() }), ..seed.clone() },
        ResNetConfig {
            instance: Some(InstanceConfig { shapes: 200, ..instance.clone() }),
            input_size: 512,
            widths: vec![4, 4],
            ..seed.clone()
        },
        ResNetConfig { instance: Some(instance), widths: vec![16], ..seed.clone() },
        ResNetConfig { epsilon: f64::NAN, ..seed },
    ] {
        assert!(matches!(config.init(&Device::flex()), Err(Error::InvalidModelCard { .. })), "{config:?}");
    }
}

#[test]
fn running_statistics_are_used_at_inference() {
    // The same picture alone and in a batch with others has the same feature.
    let device = Device::flex();
    let network = ResNetConfig::default().init(&device).unwrap();
    let alone = Tensor::<4>::random([1, 3, 64, 64], Distribution::Normal(0.0, 1.0), &device);
    let batch = Tensor::cat(vec![alone.clone(), input(3, 64, &device)], 0);
    let one = network.forward(alone).feature.into_data().try_to_vec::<f32>().unwrap();
    let many = network.forward(batch).feature.into_data().try_to_vec::<f32>().unwrap();
    assert!(one.iter().zip(&many).all(|(a, b)| (a - b).abs() < 1e-4));
}
