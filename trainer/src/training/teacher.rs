//! The network that a run starts from: what it says of a picture stays right while some of it learns something else.

use std::path::Path;

use anyhow::{Result, ensure};
use burn::tensor::{Device, Tensor, TensorData};
use image::{Rgb, RgbImage};
use model::colour::{self, PALETTE_LENGTH};
use model::crop::CropBox;
use model::embedder::{MINIMUM_BOX, garment};
use model::frozen::Frozen;
use model::preprocess::{ChannelOrder, Preprocess};
use model::resnet::{LabelHeads, ResNetConfig};
use rayon::prelude::*;

use super::checkpoint::Progress;
use super::loader::Batch;
use super::recipe::Recipe;
use super::sources::{Picture, Sources};
use crate::pictures::close_up;
use crate::trained;

/// A network that does not learn any more. It is computed as when photos are looked at, without a record of how.
#[derive(Debug)]
pub(super) struct Teacher {
    frozen: Frozen,
    /// How many of the first blocks the network that learns has in common with it.
    pub(super) blocks: usize,
}

/// What the teacher says of a batch.
#[derive(Debug)]
pub(super) struct Lesson {
    /// `[batch, channels, height, width]`: the map as it leaves the blocks that stay as they are.
    pub(super) map: Tensor<4>,
    /// `[batch, feature_length]`, not normalised.
    pub(super) feature: Tensor<2>,
    /// `[batch, 4]`: x1, y1, x2, y2 as fractions of the input square, unbounded.
    pub(super) boxes: Tensor<2>,
    /// `[batch, PALETTE_LENGTH]`, of length 1: the colours of the garment in each picture, where the recipe asks for them; zeros for those
    /// of known items unless neighbours are sought across data sets.
    pub(super) palettes: Option<Tensor<2>>,
}

impl Teacher {
    /// The network of `--from`, at `path`, which the run began with.
    ///
    /// Fails where it cannot be read, is another one, or has another trunk, other labels or other preprocessing than the run.
    pub(super) fn new(path: &Path, progress: &Progress, blocks: usize) -> Result<Self> {
        let (card, tensors) = trained::read(path, "--from")?;
        ensure!(
            progress.started_from.as_ref() == Some(&card.weights.sha256),
            "The run began with other weights than those of {}",
            path.display()
        );
        // What the label heads look at may change on the way.
        let heads_aside = |network: &ResNetConfig| ResNetConfig {
            instance: None,
            label_heads: LabelHeads::default(),
            ..network.clone()
        };
        ensure!(
            heads_aside(&card.network) == heads_aside(&progress.network())
                && card.labels == progress.labels
                && card.attributes == progress.attributes,
            "The network of {} has another shape, other categories or other attributes than the recipe and the data, so it \
             cannot be kept while something is added to it",
            path.display()
        );
        ensure!(
            card.preprocess == progress.recipe.preprocess,
            "The network of {} sees pictures preprocessed in another way than the recipe says",
            path.display()
        );
        let bare = ResNetConfig { instance: None, ..card.network };
        Ok(Self { frozen: Frozen::new(&bare, &tensors)?, blocks })
    }

    /// Adds to the pictures to train on that show no known item a close-up of each, around its box or where the network finds one, and
    /// this margin: they are looked at twice, too, and what is kept has to be right for either look.
    pub(super) fn add_close_ups(&self, sources: &mut Sources, margin: f32, preprocess: &Preprocess) {
        for set in &mut sources.sets {
            let unknown: Vec<&Picture> =
                set.training.iter().filter(|picture| picture.item.is_none()).collect();
            let closer: Vec<Picture> =
                unknown.into_par_iter().map(|picture| self.close_up(picture, margin, preprocess)).collect();
            for picture in closer {
                set.groups.push(vec![set.training.len()]);
                set.training.push(picture);
            }
        }
    }

    fn close_up(&self, picture: &Picture, margin: f32, preprocess: &Preprocess) -> Picture {
        let pixels = &picture.pixels;
        let bbox = picture.bbox.unwrap_or_else(|| {
            let boxes = self.frozen.forward(&preprocess.apply(pixels, CropBox::WHOLE)).boxes;
            garment(preprocess, pixels, CropBox::WHOLE, false, &boxes)
        });
        let (pixels, inside) = close_up(pixels, bbox, margin);
        // What the network has found is no label.
        Picture { pixels, bbox: picture.bbox.map(|_| inside), ..picture.clone() }
    }

    /// # Shapes
    ///
    /// - `batch.inputs`: `[batch, 3, size, size]`, preprocessed, flat
    pub(super) fn answer(&self, batch: &Batch, recipe: &Recipe, device: &Device) -> Lesson {
        let (pictures, items, batch) = (&batch.inputs, &batch.items, batch.labels.len());
        let one = (pictures.len() / batch.max(1)).max(1);
        // A picture a core.
        let seen: Vec<_> = pictures
            .par_chunks_exact(one)
            .map(|picture| self.frozen.see_after(picture, self.blocks))
            .collect();
        let size = seen.first().map_or(0, |sight| sight.map.size);
        let gather = |part: &dyn Fn(&model::frozen::Sight) -> &[f32]| -> Vec<f32> {
            let mut values = Vec::with_capacity(seen.first().map_or(0, |sight| part(sight).len() * batch));
            for sight in &seen {
                values.extend_from_slice(part(sight));
            }
            values
        };
        let rows = |values: Vec<f32>| {
            let width = values.len() / batch.max(1);
            Tensor::from_data(TensorData::new(values, [batch, width]), device)
        };
        let coloured = recipe.loss.distillation.as_ref().filter(|distillation| distillation.colour > 0.0);
        let palettes = coloured.map(|distillation| {
            let palette = |at: usize| -> [f32; PALETTE_LENGTH] {
                if items[at].is_some() && distillation.across <= 0.0 {
                    return [0.0; PALETTE_LENGTH];
                }
                let [x1, y1, x2, y2] = std::array::from_fn(|corner| seen[at].output.boxes[corner]);
                let garment = CropBox::from_prediction([x1, y1, x2, y2], MINIMUM_BOX);
                colour::palette(&shown(&pictures[at * one..(at + 1) * one], &recipe.preprocess), garment)
            };
            let values: Vec<f32> = (0..batch).into_par_iter().flat_map_iter(palette).collect();
            Tensor::from_data(TensorData::new(values, [batch, PALETTE_LENGTH]), device)
        });
        let maps = gather(&|sight| &sight.map.values);
        let channels = maps.len() / (batch * size * size).max(1);
        let map = Tensor::<4>::from_data(TensorData::new(maps, [batch, size, size, channels]), device);
        Lesson {
            map: map.permute([0, 3, 1, 2]),
            feature: rows(gather(&|sight| &sight.output.feature)),
            boxes: rows(gather(&|sight| &sight.output.boxes)),
            palettes,
        }
    }
}

/// The pixels that an input was made of, `[3, size, size]`: what is varied in colour is seen so.
fn shown(input: &[f32], preprocess: &Preprocess) -> RgbImage {
    let size = preprocess.size;
    RgbImage::from_fn(size as u32, size as u32, |x, y| {
        let at = y as usize * size + x as usize;
        let value = |channel: usize| {
            let value =
                input[channel * size * size + at] * preprocess.std[channel] + preprocess.mean[channel];
            value.round().clamp(0.0, 255.0) as u8
        };
        Rgb(match preprocess.order {
            ChannelOrder::Rgb => [value(0), value(1), value(2)],
            ChannelOrder::Bgr => [value(2), value(1), value(0)],
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pixels_of_an_input_are_those_of_the_picture() {
        let picture = RgbImage::from_fn(8, 8, |x, y| Rgb([30 * x as u8, 30 * y as u8, 7]));
        for order in [ChannelOrder::Rgb, ChannelOrder::Bgr] {
            let preprocess = Preprocess { size: 8, order, ..Preprocess::default() };
            assert_eq!(shown(&preprocess.apply(&picture, CropBox::WHOLE), &preprocess), picture);
        }
    }
}
