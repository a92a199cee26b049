//! The frozen network on a graphics card says what it says on the CPU, in either precision. Any adapter will do, a software rasteriser too.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use burn::tensor::Device;
use model::frozen::{Frozen, FrozenGpu, Output, Precision};
use model::resnet::{InstanceConfig, ResNetConfig};
use model::weights::{HostTensor, ModelCard, read, to_host};

use super::{DeviceChoice, select};

/// The shipped network and its tensors.
fn shipped() -> (ResNetConfig, HashMap<String, HostTensor>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../public/model");
    let card = ModelCard::from_json(&fs::read(folder.join("model.json")).unwrap()).unwrap();
    let tensors = read(&card, &fs::read(folder.join(&card.weights.file)).unwrap()).unwrap();
    (card.network, tensors)
}

/// Stripes of three colours, another width for each `number`.
fn picture(config: &ResNetConfig, number: usize) -> Vec<f32> {
    let size = config.input_size;
    let value = |at: usize| ((at % size / (4 + number) + at / size / size) % 3) as f32 - 1.0;
    (0..3 * size * size).map(value).collect()
}

/// The largest difference of any number, as a share of the largest number of its head.
fn difference(one: &Output, other: &Output) -> f32 {
    let heads = |output: &Output| {
        let Output { feature, category, attributes, boxes, instance } = output.clone();
        [feature, category, attributes, boxes, instance]
    };
    let largest = |values: &mut dyn Iterator<Item = f32>| values.map(f32::abs).fold(0.0, f32::max);
    let differences = heads(one).into_iter().zip(heads(other)).map(|(one, other)| {
        assert_eq!(one.len(), other.len());
        assert!(one.iter().chain(&other).all(|value| value.is_finite()));
        // A head that there is not has no numbers.
        let scale = largest(&mut other.iter().copied()).max(f32::MIN_POSITIVE);
        largest(&mut one.iter().zip(&other).map(|(one, other)| one - other)) / scale
    });
    differences.fold(0.0, f32::max)
}

/// A small network with an instance head, which reads the picture, too; its weights are random.
fn with_instances() -> (ResNetConfig, HashMap<String, HostTensor>) {
    let instance = InstanceConfig { length: 12, hidden: 24, attention: 2, shapes: 6, colours: 9 };
    let config = ResNetConfig {
        input_size: 64,
        stem_stride: 2,
        widths: vec![8, 16],
        instance: Some(instance),
        ..ResNetConfig::default()
    };
    let network = config.init(&Device::flex()).unwrap();
    (config, to_host(&network).unwrap().into_iter().collect())
}

#[test]
fn the_card_says_what_the_processor_says() {
    says_the_same(shipped());
}

#[test]
fn the_card_tells_instances_like_the_processor() {
    says_the_same(with_instances());
}

fn says_the_same((config, tensors): (ResNetConfig, HashMap<String, HostTensor>)) {
    let device = select(DeviceChoice::Wgpu).unwrap();
    let own = Frozen::new(&config, &tensors).unwrap();
    let batch = 3;
    let pictures: Vec<f32> = (0..batch).flat_map(|number| picture(&config, number)).collect();
    let expected: Vec<Output> = pictures.chunks(pictures.len() / batch).map(|one| own.forward(one)).collect();
    for (precision, bound) in [(Precision::Single, 1e-3), (Precision::Half, 2e-2)] {
        let Some(card) = FrozenGpu::new(&config, &tensors, &device, precision).unwrap() else {
            assert_eq!(precision, Precision::Half, "every card knows single precision");
            println!("skipped: this card knows no half precision");
            continue;
        };
        let found = pollster::block_on(card.forward(&pictures, batch)).unwrap();
        assert_eq!(found.len(), batch);
        for (found, expected) in found.iter().zip(&expected) {
            let off = difference(found, expected);
            println!("{precision:?}: off by {off:e} of the largest number");
            assert!(off < bound, "{precision:?}: {off}");
        }
    }
}

#[test]
fn the_quicker_precision_is_chosen_by_the_clock() {
    let device = select(DeviceChoice::Wgpu).unwrap();
    let (config, tensors) = shipped();
    let picture = picture(&config, 0);
    let began = Instant::now();
    let now = || began.elapsed().as_secs_f64() * 1000.0;
    let choice = FrozenGpu::quicker(&config, &tensors, &device, &picture, now);
    let choice = pollster::block_on(choice).unwrap().unwrap();
    match choice.ms {
        Some([single, half]) => {
            println!("single {single:.1} ms, half {half:.1} ms: {:?}", choice.network.precision());
            let is_half = choice.network.precision() == Precision::Half;
            assert_eq!(is_half, half < 0.9 * single);
        }
        None => println!("skipped: this card knows no half precision"),
    }
}
