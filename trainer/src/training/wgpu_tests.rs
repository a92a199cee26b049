//! A training step on the wgpu backend does what it does on the CPU. Any adapter will do, a software rasteriser too.

use burn::module::Module as _;
use burn::tensor::{Distribution, Tolerance};
use image::{Rgb, RgbImage};
use model::crop::CropBox;
use model::weights::Attribute;

use super::sources::{Picture, Source};
use super::*;
use crate::device::{DeviceChoice, select};

const SIZE: u32 = 16;

/// Eight pictures of two kinds and four items, half of them with a box.
fn sources() -> Sources {
    let picture = |number: u32| {
        let pixels = RgbImage::from_fn(SIZE, SIZE, |x, y| {
            let inside = (4..12).contains(&x) && (4..12).contains(&y);
            let ground = Rgb([(x * 9 + number * 5) as u8, (y * 7) as u8, 120]);
            if inside { Rgb([220, 30 + 20 * number as u8, 60 * (number % 2) as u8]) } else { ground }
        });
        Picture {
            pixels,
            label: (number % 2) as usize,
            bbox: CropBox::new(0.25, 0.25, 0.75, 0.75).ok().filter(|_| number < 4),
            attributes: vec![(number % 3 > 0).then_some((number % 3) as usize - 1)],
            item: Some((number / 2) as usize),
        }
    };
    let training: Vec<Picture> = (0..8).map(picture).collect();
    let groups = (0..4).map(|item| vec![2 * item, 2 * item + 1]).collect();
    Sources {
        sets: vec![Source { validation: training.clone(), training, groups }],
        labels: vec!["coat".into(), "skirt".into()],
        attributes: vec![Attribute { name: "sleeve".into(), values: vec!["long".into(), "short".into()] }],
        unreadable: Vec::new(),
    }
}

fn recipe() -> Recipe {
    let mut recipe = Recipe::find("instance").unwrap();
    (recipe.batch, recipe.steps, recipe.optimiser.warmup) = (8, 10, 0);
    recipe.shares.clear();
    recipe.attributes = [("sleeve".to_owned(), "sleeve".to_owned())].into();
    (recipe.network.widths, recipe.network.blocks, recipe.network.embedding) = (vec![4, 8], 1, Some(6));
    (recipe.network.input_size, recipe.preprocess.size) = (SIZE as usize, SIZE as usize);
    recipe
}

#[test]
fn a_step_moves_the_weights_as_on_the_cpu() {
    let folder = tempfile::tempdir().unwrap();
    let (recipe, sources) = (recipe(), sources());
    let cpu = select(DeviceChoice::Cpu).unwrap();
    // Without an adapter this fails: `make test` installs a software one.
    let wgpu = select(DeviceChoice::Wgpu).unwrap();
    let settings = |device: &Device| Settings {
        data: Vec::new(),
        recipe: recipe.clone(),
        out: folder.path().to_owned(),
        device: device.clone(),
        from: None,
        resume: false,
    };
    let file = folder.path().join(LAST);
    let mut untrained = start(&settings(&cpu), &sources).unwrap();
    // What has not been measured is infinite, which no checkpoint holds.
    untrained.progress.best_error = Some(1.0);
    untrained.save(&file).unwrap();

    let batch = loader::batch(&sources, &recipe, 0);
    let look =
        Tensor::<4>::random([2, 3, SIZE as usize, SIZE as usize], Distribution::Normal(0.0, 1.0), &cpu)
            .into_data();
    let run = |device: &Device| {
        let state = Checkpoint::load(&file, optimiser(&recipe.optimiser), device).unwrap();
        let see = |state: &Checkpoint| {
            let output = state.network.valid().forward(Tensor::from_data(look.clone(), device));
            host(Tensor::cat(vec![output.feature, output.instance.unwrap()], 1)).unwrap()
        };
        let before = see(&state);
        let (state, losses) = learn(state, &batch, &settings(device), None).unwrap();
        (losses, before, see(&state))
    };
    let (losses_cpu, before_cpu, after_cpu) = run(&cpu);
    let (losses, before, after) = run(&wgpu);

    let tensor = |values: &[f32]| TensorData::new(values.to_vec(), [values.len()]);
    let close = |name: &str, a: &[f32], b: &[f32]| {
        println!("{name}: {a:?} and {b:?}");
        tensor(a).assert_approx_eq::<f32>(&tensor(b), Tolerance::rel_abs(2e-3, 2e-3));
    };
    close("losses", &losses, &losses_cpu);
    close("features before", &before, &before_cpu);
    close("features after", &after, &after_cpu);
    let moved = before_cpu.iter().zip(&after_cpu).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(moved > 0.02, "the step changed the features by {moved} at most");
}
