//! A trunk that does not learn any more, and is therefore computed as when photos are looked at: without a record of how.

use std::collections::HashMap;

use anyhow::Result;
use burn::module::Module as _;
use burn::tensor::{Device, Tensor, TensorData};
use model::frozen::Frozen;
use model::resnet::ResNetConfig;
use model::weights::to_host;
use rayon::prelude::*;

use super::checkpoint::Checkpoint;

/// Everything of a network before its heads, frozen for the CPU.
#[derive(Debug)]
pub(super) struct Trunk {
    frozen: Frozen,
    /// Channels, width and height of a feature map.
    channels: usize,
    size: usize,
}

impl Trunk {
    /// Fails where the network cannot be read from its device.
    pub(super) fn of(state: &Checkpoint) -> Result<Self> {
        let config = ResNetConfig { instance: None, ..state.progress.network() };
        let tensors: HashMap<_, _> = to_host(&state.network.valid())?.into_iter().collect();
        let frozen = Frozen::new(&config, &tensors)?;
        Ok(Self { frozen, channels: config.map_channels(), size: config.map_size() })
    }

    /// The feature maps of pictures, a picture a core.
    ///
    /// # Shapes
    ///
    /// - `pictures`: `[batch, 3, size, size]`, preprocessed, flat
    /// - output: `[batch, channels, height, width]`
    pub(super) fn maps(&self, pictures: &[f32], batch: usize, device: &Device) -> Tensor<4> {
        let one = (pictures.len() / batch.max(1)).max(1);
        let values: Vec<f32> = pictures
            .par_chunks_exact(one)
            .flat_map_iter(|picture| self.frozen.see(picture).map.values)
            .collect();
        let data = TensorData::new(values, [batch, self.size, self.size, self.channels]);
        Tensor::<4>::from_data(data, device).permute([0, 3, 1, 2])
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::training::recipe::{Method, Recipe};
    use crate::training::sources::{Picture, Source, Sources};
    use crate::training::{Settings, learn, loader, optimiser, start};

    fn sources() -> Sources {
        let picture = |number: u8| Picture {
            pixels: RgbImage::from_fn(16, 16, |x, y| Rgb([(x * 9) as u8 + 20 * number, (y * 7) as u8, 120])),
            label: usize::from(number % 2),
            bbox: None,
            attributes: Vec::new(),
            item: Some(usize::from(number / 2)),
        };
        let training: Vec<Picture> = (0..8).map(picture).collect();
        let groups = (0..4).map(|item| vec![2 * item, 2 * item + 1]).collect();
        Sources {
            sets: vec![Source { validation: training.clone(), training, groups }],
            labels: vec!["coat".into(), "skirt".into()],
            attributes: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    #[test]
    fn the_instance_head_learns_and_all_else_stays() {
        let mut recipe = Recipe::find("instance").unwrap();
        (recipe.batch, recipe.steps, recipe.optimiser.warmup) = (8, 10, 0);
        recipe.shares.clear();
        recipe.attributes.clear();
        recipe.instance_only = true;
        // Without a memory, which fills up, losses can be compared.
        (recipe.optimiser.method, recipe.optimiser.nesterov) = (Method::AdamW, false);
        recipe.optimiser.learning_rate = 0.003;
        recipe.loss.contrast.iter_mut().for_each(|contrast| contrast.memory = 0);
        (recipe.network.widths, recipe.network.blocks, recipe.network.embedding) = (vec![4, 8], 1, Some(6));
        (recipe.network.input_size, recipe.preprocess.size) = (16, 16);
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            data: Vec::new(),
            recipe,
            out: folder.path().to_owned(),
            device: Device::flex(),
            from: None,
            resume: false,
        };
        let sources = sources();
        let mut state = start(&settings, &sources).unwrap();
        let trunk = Trunk::of(&state).unwrap();
        let batch = loader::batch(&sources, &settings.recipe, 0);

        // Its maps are those of the network at inference.
        let maps = trunk.maps(&batch.inputs, 8, &settings.device);
        let input =
            Tensor::<4>::from_data(TensorData::new(batch.inputs.clone(), [8, 3, 16, 16]), &settings.device);
        let expected = state.network.valid().forward_features(input);
        let difference = (maps - expected).abs().max().into_data().try_to_vec::<f32>().unwrap()[0];
        assert!(difference < 1e-4, "{difference}");

        let before = to_host(&state.network.valid()).unwrap();
        let mut losses = Vec::new();
        for _ in 0..6 {
            let values;
            (state, values) = learn(state, &batch, &settings, Some(&trunk)).unwrap();
            losses.push(values[3]);
        }
        let mut moved = 0;
        for ((name, old), (_, new)) in before.iter().zip(to_host(&state.network.valid()).unwrap()) {
            assert!(*old == new || name.starts_with("head.instance."), "{name}");
            moved += usize::from(*old != new);
        }
        // A bias before a softmax over positions moves nothing, and is moved by nothing.
        assert!(moved >= 14 && losses[5] < losses[0], "{moved}: {losses:?}");

        // Saved and loaded, it goes on as if nothing had been. What has not been measured is infinite, which no checkpoint holds.
        let file = folder.path().join("saved");
        state.progress.best_error = 1.0;
        state.save(&file).unwrap();
        let loaded =
            Checkpoint::load(&file, optimiser(&settings.recipe.optimiser), &settings.device).unwrap();
        let after = [state, loaded].map(|state| {
            let (state, _) = learn(state, &batch, &settings, Some(&trunk)).unwrap();
            to_host(&state.network.valid()).unwrap()
        });
        assert_eq!(after[0], after[1]);
    }
}
