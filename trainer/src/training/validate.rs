//! Measuring a network on the validation part.

use anyhow::{Context as _, Result};
use burn::tensor::{Device, Tensor, TensorData};
use model::crop::CropBox;
use model::resnet::ResNet;
use rayon::prelude::*;

use super::contrast;
use super::recipe::Recipe;
use super::sources::{Picture, Sources};
use crate::report::training::Seen;

/// Figures of the validation part, one entry a data set that has one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Scores {
    /// Share of pictures whose likeliest category is right, and how many there are.
    pub(super) top1: Vec<(f32, usize)>,
    /// Mean intersection over union of the boxes, where any are known.
    pub(super) box_iou: Option<f32>,
    /// Share of pictures whose likeliest value of each attribute is right, of those whose value is known; 1 without any.
    pub(super) attributes: Vec<f32>,
    /// Share of pictures of which another of the same item comes first by the instance feature, of those that have one; where the
    /// network has an instance head and items are known.
    pub(super) item_recall: Option<f32>,
    /// Of each picture the number of its category and of the one that the head finds likeliest.
    pub(super) answers: Vec<(usize, usize)>,
    /// Of each picture its feature, of length 1: together a small part of what the pictures take that are in memory anyway.
    pub(super) features: Vec<Vec<f32>>,
}

/// What is counted over all data sets.
#[derive(Default)]
struct Counts {
    overlaps: Vec<f32>,
    /// Of each attribute: how many are right, and of how many the value is known.
    attributes: Vec<(usize, usize)>,
    /// As in [`Scores`].
    answers: Vec<(usize, usize)>,
    /// As in [`Scores`].
    features: Vec<Vec<f32>>,
    /// Items and their pictures' instance features, of length 1.
    instances: Vec<(usize, Vec<f32>)>,
}

impl Scores {
    /// Embeds every validation picture without variation.
    pub(super) fn measure(
        network: &ResNet,
        sources: &Sources,
        recipe: &Recipe,
        device: &Device,
    ) -> Result<Self> {
        let mut scores = Self::default();
        let mut counts = Counts { attributes: vec![(0, 0); sources.attributes.len()], ..Counts::default() };
        for set in sources.sets.iter().filter(|set| !set.validation.is_empty()) {
            let mut right = 0;
            for pictures in set.validation.chunks(recipe.batch) {
                right += measure_batch(network, pictures, sources, recipe, device, &mut counts)?;
            }
            scores.top1.push((right as f32 / set.validation.len() as f32, set.validation.len()));
        }
        let Counts { overlaps, attributes, answers, features, instances } = counts;
        (scores.answers, scores.features) = (answers, features);
        scores.item_recall = recall(&instances);
        if !overlaps.is_empty() {
            scores.box_iou = Some(overlaps.iter().sum::<f32>() / overlaps.len() as f32);
        }
        let share =
            |(right, known): (usize, usize)| if known > 0 { right as f32 / known as f32 } else { 1.0 };
        scores.attributes = attributes.into_iter().map(share).collect();
        Ok(scores)
    }

    /// Mean share of wrong categories over the data sets, each counting alike, and where there is an instance head the mean of this
    /// and the share of items that are missed; 1 without any picture.
    #[must_use]
    pub(super) fn error(&self) -> f32 {
        if self.top1.is_empty() {
            return 1.0;
        }
        let wrong = 1.0 - self.top1.iter().map(|(share, _)| share).sum::<f32>() / self.top1.len() as f32;
        self.item_recall.map_or(wrong, |recall| f32::midpoint(wrong, 1.0 - recall))
    }

    /// Each validation picture of `sources`, which were measured, with its feature.
    #[must_use]
    pub(super) fn seen<'a>(&'a self, sources: &'a Sources) -> Vec<Seen<'a>> {
        let pictures = sources.sets.iter().flat_map(|set| &set.validation);
        pictures.zip(&self.features).map(|(picture, vector)| Seen { picture, vector }).collect()
    }
}

/// How many of `pictures` get their category right; boxes, attributes, answers and features are added to `counts`.
fn measure_batch(
    network: &ResNet,
    pictures: &[Picture],
    sources: &Sources,
    recipe: &Recipe,
    device: &Device,
    counts: &mut Counts,
) -> Result<usize> {
    let preprocess = &recipe.preprocess;
    let inputs: Vec<f32> = pictures
        .par_iter()
        .flat_map_iter(|picture| preprocess.apply(&picture.pixels, CropBox::WHOLE))
        .collect();
    let shape = [pictures.len(), 3, preprocess.size, preprocess.size];
    let output = network.forward(Tensor::<4>::from_data(TensorData::new(inputs, shape), device));
    let read = |tensor: Tensor<2>| -> Result<Vec<f32>> {
        let data = tensor.try_into_data().context("The device could not be read")?;
        data.try_into_vec_as::<f32>().context("The device returned something else than numbers")
    };
    let categories = output.category.dims()[1];
    let (logits, boxes) = (read(output.category)?, read(output.boxes)?);
    let attributes = output.attributes.map(read).transpose()?.unwrap_or_default();
    let length = output.feature.dims()[1];
    let features = read(contrast::unit(output.feature))?;
    counts.features.extend(features.chunks_exact(length).map(<[f32]>::to_vec));
    if let Some(instance) = output.instance {
        let length = instance.dims()[1];
        let items = pictures.iter().map(|picture| picture.item);
        let features = read(contrast::unit(instance))?;
        let known =
            items.zip(features.chunks_exact(length)).filter_map(|(item, f)| Some((item?, f.to_vec())));
        counts.instances.extend(known);
    }
    let mut right = 0;
    for (row, ((picture, logits), corners)) in
        pictures.iter().zip(logits.chunks_exact(categories)).zip(boxes.chunks_exact(4)).enumerate()
    {
        let best = largest(logits);
        right += usize::from(best == Some(picture.label));
        counts.answers.extend(best.map(|best| (picture.label, best)));
        let mut own = &attributes[row * attributes.len() / pictures.len()..];
        for ((attribute, value), count) in
            sources.attributes.iter().zip(&picture.attributes).zip(&mut counts.attributes)
        {
            let (logits, rest) = own.split_at(attribute.values.len());
            own = rest;
            count.0 += usize::from(value.is_some() && largest(logits) == *value);
            count.1 += usize::from(value.is_some());
        }
        if let Some(bbox) = picture.bbox {
            let corners = [corners[0], corners[1], corners[2], corners[3]];
            let found = preprocess.crop_from_input(&picture.pixels, CropBox::WHOLE, corners);
            counts.overlaps.push(bbox.iou(&CropBox::from_prediction(found, 0.01)));
        }
    }
    Ok(right)
}

/// Share of these whose nearest other is of the same item, of those that have another; nothing without any.
fn recall(instances: &[(usize, Vec<f32>)]) -> Option<f32> {
    let is_first = |place: usize| -> Option<bool> {
        let (item, own) = &instances[place];
        let others = || instances.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, one)| one);
        others().any(|(other, _)| other == item).then(|| {
            let likeness =
                |(_, other): &&(usize, Vec<f32>)| own.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
            let nearest = others().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            nearest.is_some_and(|(other, _)| other == item)
        })
    };
    let found: Vec<bool> = (0..instances.len()).into_par_iter().filter_map(is_first).collect();
    let right = found.iter().filter(|is_first| **is_first).count();
    (!found.is_empty()).then(|| right as f32 / found.len() as f32)
}

/// Index of the largest value.
fn largest(values: &[f32]) -> Option<usize> {
    values.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::training::sources::Source;

    #[test]
    fn every_picture_has_its_own_feature() {
        let mut recipe = Recipe::find("quick").unwrap();
        (recipe.network.widths, recipe.network.blocks, recipe.network.embedding) = (vec![4, 8], 1, Some(6));
        (recipe.network.input_size, recipe.preprocess.size) = (16, 16);
        (recipe.network.categories, recipe.batch) = (2, 2);
        let device = Device::flex();
        device.seed(1);
        let network = recipe.network.init(&device).unwrap();
        let picture = |number: u8| Picture {
            pixels: RgbImage::from_fn(16, 16, |x, y| {
                let inside = x > u32::from(number) && y < 3 * u32::from(number);
                Rgb(if inside { [250, 50 * number, 0] } else { [10 * x as u8, 0, 200] })
            }),
            label: usize::from(number % 2),
            bbox: None,
            attributes: Vec::new(),
            item: None,
        };
        let set = |numbers: std::ops::Range<u8>| Source {
            validation: numbers.map(picture).collect(),
            ..Source::default()
        };
        // The first is of a whole batch and a rest.
        let sources = Sources {
            sets: vec![set(0..3), set(0..0), set(3..5)],
            labels: vec!["coat".into(), "skirt".into()],
            attributes: Vec::new(),
            unreadable: Vec::new(),
        };
        let scores = Scores::measure(&network, &sources, &recipe, &device).unwrap();
        let seen = scores.seen(&sources);
        assert_eq!(seen.len(), 5);
        for (number, one) in seen.iter().enumerate() {
            let input = recipe.preprocess.apply(&one.picture.pixels, CropBox::WHOLE);
            let output =
                network.forward(Tensor::<4>::from_data(TensorData::new(input, [1, 3, 16, 16]), &device));
            let alone = contrast::unit(output.feature).into_data().try_to_vec::<f32>().unwrap();
            let apart =
                |other: &Seen| alone.iter().zip(other.vector).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(apart(one) < 1e-4, "{number}: {alone:?} and {:?}", one.vector);
            let others = || seen.iter().enumerate().filter(|(other, _)| *other != number);
            assert!(others().all(|(_, other)| apart(other) > apart(one)), "{number} is not told from others");
        }
    }

    #[test]
    fn items_are_found_by_their_nearest_other() {
        let instances = [
            (1, vec![1.0, 0.0]),
            (1, vec![0.9, 0.1]),
            (2, vec![0.0, 1.0]),
            (2, vec![0.8, 0.0]),
            (3, vec![0.1, 0.9]),
        ];
        // Both of the first find each other; nearest to the second's are one of the third and one of the first; the third is alone.
        assert_eq!(recall(&instances), Some(0.5));
        assert_eq!(recall(&instances[..1]), None);
        let mut scores = Scores { top1: vec![(0.75, 4)], ..Scores::default() };
        assert!((scores.error() - 0.25).abs() < 1e-6);
        scores.item_recall = Some(0.5);
        assert!((scores.error() - 0.375).abs() < 1e-6);
    }
}
