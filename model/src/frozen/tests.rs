use std::collections::HashMap;

use burn::tensor::{Device, Distribution, Tensor, TensorData};

use super::*;
use crate::resnet::{BoxHead, InstanceConfig, Plain, Pool, ResNet};
use crate::weights::to_host;

/// A network with running statistics that are not those of the start.
fn seasoned(config: &ResNetConfig) -> ResNet {
    let device = Device::flex().autodiff();
    let network = config.init(&device).unwrap();
    for _ in 0..3 {
        let shape = [4, 3, config.input_size, config.input_size];
        let _ = network.forward(Tensor::<4>::random(shape, Distribution::Normal(0.3, 1.2), &device));
    }
    burn::module::Module::valid(&network)
}

fn compare(config: &ResNetConfig) {
    let network = seasoned(config);
    let tensors: HashMap<String, HostTensor> = to_host(&network).unwrap().into_iter().collect();
    let frozen = Frozen::new(config, &tensors).unwrap();
    let shape = [1, 3, config.input_size, config.input_size];
    let input = Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex());
    let expected = network.forward(input.clone());
    let found = frozen.forward(&input.into_data().try_to_vec::<f32>().unwrap());
    for (name, expected, found) in [
        ("feature", expected.feature, found.feature),
        ("category", expected.category, found.category),
        ("boxes", expected.boxes, found.boxes),
    ]
    .into_iter()
    .chain(expected.instance.map(|feature| ("instance", feature, found.instance)))
    .chain(expected.attributes.map(|logits| ("attributes", logits, found.attributes)))
    {
        let expected = expected.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(expected.len(), found.len(), "{name}");
        let scale = expected.iter().fold(1.0f32, |most, value| most.max(value.abs()));
        for (a, b) in expected.iter().zip(&found) {
            assert!((a - b).abs() < 1e-4 * scale, "{name} of {config:?}: {a} and {b}");
        }
    }
}

#[test]
fn equals_burn_s_network() {
    let seed = ResNetConfig::default();
    compare(&seed);
    let wide = ResNetConfig {
        input_size: 96,
        stem_stride: 2,
        widths: vec![32, 64, 128],
        pool: Pool::Gem,
        embedding: Some(64),
        box_head: BoxHead::Map,
        categories: 18,
        attributes: vec![5, 1, 9],
        instance: Some(InstanceConfig { length: 48, hidden: 96, attention: 3, shapes: 32, colours: 24 }),
        ..seed.clone()
    };
    compare(&wide);
    // Maps of odd size, widths that fill no vector, a single block, a last stage of one pixel.
    compare(&ResNetConfig { input_size: 24, widths: vec![6, 10, 14, 22], blocks: 1, ..seed.clone() });
    // A head whose parts fill no vector, and a map as fine as the picture that it reads.
    let instance = Some(InstanceConfig { length: 5, hidden: 7, attention: 2, shapes: 3, colours: 9 });
    compare(&ResNetConfig { input_size: 24, widths: vec![6, 10], blocks: 1, instance, ..seed.clone() });
    compare(&ResNetConfig { input_size: 40, stem_stride: 4, widths: vec![8, 8], blocks: 3, ..seed });
}

#[test]
fn the_map_after_some_blocks_leads_to_the_same_answer() {
    let config =
        ResNetConfig { input_size: 24, widths: vec![6, 10, 14], blocks: 2, ..ResNetConfig::default() };
    let network = seasoned(&config);
    let tensors: HashMap<String, HostTensor> = to_host(&network).unwrap().into_iter().collect();
    let frozen = Frozen::new(&config, &tensors).unwrap();
    let picture: Vec<f32> = (0..3 * 24 * 24).map(|at| (at % 23) as f32 / 9.0 - 1.0).collect();
    let whole = frozen.see(&picture);
    for (blocks, channels) in [(0, 6), (2, 6), (3, 10), (6, 14), (99, 14)] {
        let Sight { output, map } = frozen.see_after(&picture, blocks);
        assert_eq!((&output, map.values.len()), (&whole.output, map.size * map.size * channels));
        let data = TensorData::new(map.values, [1, map.size, map.size, channels]);
        let map = Tensor::<4>::from_data(data, &Device::flex()).permute([0, 3, 1, 2]);
        let rest = network.forward_features_after(&Plain, blocks, map).permute([0, 2, 3, 1]);
        let rest = rest.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(rest.len(), whole.map.values.len());
        for (a, b) in rest.iter().zip(&whole.map.values) {
            assert!((a - b).abs() < 1e-3, "after {blocks}: {a} and {b}");
        }
    }
}

#[test]
fn a_missing_tensor_is_named() {
    let config = ResNetConfig { input_size: 16, widths: vec![4], blocks: 1, ..ResNetConfig::default() };
    let mut tensors: HashMap<String, HostTensor> =
        to_host(&config.init(&Device::flex()).unwrap()).unwrap().into_iter().collect();
    tensors.remove("blocks.0.norm2.bias");
    let message = Frozen::new(&config, &tensors).unwrap_err().to_string();
    assert!(message.contains("blocks.0.norm2.bias"), "{message}");
}

#[test]
fn nothing_of_one_picture_is_in_the_answer_to_the_next() {
    for size in [16, 20] {
        let instance = Some(InstanceConfig { length: 5, hidden: 7, attention: 2, shapes: 3, colours: 9 });
        let (widths, blocks) = (vec![6, 16], 1);
        let config = ResNetConfig { input_size: size, widths, blocks, instance, ..ResNetConfig::default() };
        let tensors: HashMap<String, HostTensor> = to_host(&seasoned(&config)).unwrap().into_iter().collect();
        let frozen = Frozen::new(&config, &tensors).unwrap();
        let picture: Vec<f32> = (0..3 * size * size).map(|at| (at % 17) as f32 / 8.0 - 1.0).collect();
        let expected = frozen.forward(&picture);
        assert!(expected.feature.iter().all(|value| value.is_finite()));
        for wrong in [f32::NAN, f32::INFINITY] {
            let _ = frozen.forward(&vec![wrong; picture.len()]);
            assert_eq!(frozen.forward(&picture), expected);
        }
        let _ = frozen.forward(&picture[..picture.len() / 2]);
        assert_eq!(frozen.forward(&picture), expected);
    }
}
