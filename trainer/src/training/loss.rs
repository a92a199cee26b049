//! What the network is pulled towards.

use burn::tensor::{Device, Tensor, TensorData, activation::log_softmax};
use model::resnet::HeadOutput;

use super::contrast::{self, Memory};
use super::distillation;
use super::loader::Batch;
use super::recipe::Loss;
use super::teacher::Lesson;

/// The parts of the loss, each a scalar.
pub(super) struct Losses {
    /// Cross-entropy with smoothed labels, mean over the batch:
    /// `-sum_k ((1 - s) [k = label] + s / K) log p_k`.
    pub(super) category: Tensor<1>,
    /// Squared error of the corners, mean over the pictures whose box is known and the four corners; 0 without any.
    pub(super) boxes: Tensor<1>,
    /// Mean over the attributes of the cross-entropy, each a mean over the pictures whose value is known.
    pub(super) attributes: Tensor<1>,
    /// How far pictures of the same item are from each other compared with others; see [`contrast`].
    pub(super) contrast: Tensor<1>,
    /// How far the answers are from the teacher's; 0 without one. See [`distillation`].
    pub(super) distillation: Tensor<1>,
    /// `[batch, length]`, of length 1, by which items are told apart: the instance feature, or the feature where there is none; behind the
    /// teacher's feature, where there is a teacher. Only with a contrastive loss.
    pub(super) features: Option<Tensor<2>>,
}

impl Losses {
    /// # Shapes
    ///
    /// - `output`: as of a batch of `batch.labels.len()` pictures
    /// - `attributes`: the number of values of each
    /// - `lesson`: the teacher's answers, with a recipe that has a distillation
    pub(super) fn new(
        output: HeadOutput,
        batch: &Batch,
        attributes: &[usize],
        memory: &Memory,
        recipe: &Loss,
        lesson: Option<&Lesson>,
        device: &Device,
    ) -> Self {
        let [size, categories] = output.category.dims();
        let compared = contrast::unit(output.instance.clone().unwrap_or_else(|| output.feature.clone()));
        let mut distilled = Tensor::zeros([1], device);
        let mut features = recipe.contrast.as_ref().map(|_| compared.clone());
        if let (Some(recipe), Some(lesson)) = (&recipe.distillation, lesson) {
            distilled = distillation::loss(&output, &compared, batch, lesson, recipe, device);
            // The product of two such vectors is the weighted mean of both products.
            let taught = contrast::unit(lesson.feature.clone()) * recipe.share.sqrt();
            let own = compared * (1.0 - recipe.share).sqrt();
            features = features.map(|_| Tensor::cat(vec![taught, own], 1));
        }
        let contrast = match (&recipe.contrast, &features) {
            (Some(recipe), Some(features)) => {
                contrast::loss(features.clone(), &batch.items, memory, recipe.temperature, device)
            }
            _ => Tensor::zeros([1], device),
        };
        let attributes = match output.attributes {
            Some(logits) => label_loss(&logits, &batch.attributes, attributes, 0.0, device),
            None => Tensor::zeros([1], device),
        };
        let smooth = recipe.label_smoothing / categories as f32;
        let mut targets = vec![smooth; size * categories];
        for (row, (label, (other, amount))) in batch.labels.iter().zip(&batch.mixed).enumerate() {
            targets[row * categories + label] += (1.0 - recipe.label_smoothing) * (1.0 - amount);
            targets[row * categories + other] += (1.0 - recipe.label_smoothing) * amount;
        }
        let targets = Tensor::<2>::from_data(TensorData::new(targets, [size, categories]), device);
        let category = (log_softmax(output.category, 1) * targets).sum().neg() / size as f32;

        let known: f32 = batch.has_box.iter().sum();
        let corners = Tensor::<2>::from_data(TensorData::new(batch.boxes.clone(), [size, 4]), device);
        let mask = Tensor::<2>::from_data(TensorData::new(batch.has_box.clone(), [size, 1]), device);
        let error = (output.boxes - corners) * mask;
        let boxes = (error.clone() * error).sum() / (4.0 * known.max(1.0));
        Self { category, boxes, attributes, contrast, distillation: distilled, features }
    }

    /// What is minimised.
    pub(super) fn total(&self, recipe: &Loss) -> Tensor<1> {
        let contrast = recipe.contrast.as_ref().map_or(0.0, |contrast| contrast.weight);
        let labels = self.category.clone() + self.attributes.clone() * recipe.attributes;
        let contrast = self.contrast.clone() * contrast;
        match &recipe.distillation {
            // No term of nothing: a gradient of zeros would have the heads decay.
            Some(distillation) if distillation.labels <= 0.0 => contrast + self.distillation.clone(),
            Some(distillation) => contrast + self.distillation.clone() + labels * distillation.labels,
            None => labels + self.boxes.clone() * recipe.boxes + contrast,
        }
    }
}

/// Mean over several heads of the cross-entropy, each a mean over the rows whose label is known; `smoothing` as in [`Loss`].
///
/// # Shapes
///
/// - `logits`: `[batch, sum of values]`, one head after the other
/// - `labels`: `[batch, heads]`
/// - `values`: of each head
pub(super) fn label_loss(
    logits: &Tensor<2>,
    labels: &[Option<usize>],
    values: &[usize],
    smoothing: f32,
    device: &Device,
) -> Tensor<1> {
    let [size, _] = logits.dims();
    let mut sum = Tensor::zeros([1], device);
    let mut start = 0;
    for (head, &count) in values.iter().enumerate() {
        let own = labels.iter().skip(head).step_by(values.len());
        let known = own.clone().flatten().count().max(1) as f32;
        let mut targets = vec![0.0f32; size * count];
        for (row, value) in own.enumerate() {
            if let Some(value) = value {
                let targets = &mut targets[row * count..(row + 1) * count];
                targets.fill(smoothing / count as f32 / known);
                targets[*value] += (1.0 - smoothing) / known;
            }
        }
        let targets = Tensor::<2>::from_data(TensorData::new(targets, [size, count]), device);
        let part = logits.clone().slice([0..size, start..start + count]);
        sum = sum - (log_softmax(part, 1) * targets).sum();
        start += count;
    }
    sum / values.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::recipe::{Contrast, Distillation};

    #[test]
    fn by_hand() {
        let device = Device::flex();
        let output = HeadOutput {
            feature: Tensor::zeros([2, 3], &device),
            // Probabilities 1/4 and 3/4, twice.
            category: Tensor::from_data([[0.0, 3f32.ln()], [0.0, 3f32.ln()]], &device),
            // Of two attributes, the first with probabilities 1/4 and 3/4, the second with a third each.
            attributes: Some(Tensor::from_data(
                [[0.0, 3f32.ln(), 0.0, 0.0, 0.0], [0.0, 3f32.ln(), 0.0, 0.0, 0.0]],
                &device,
            )),
            boxes: Tensor::from_data([[0.0, 0.0, 1.0, 1.0], [9.0, 9.0, 9.0, 9.0]], &device),
            instance: None,
        };
        let batch = Batch {
            inputs: vec![],
            labels: vec![0, 1],
            mixed: vec![(0, 0.0), (1, 0.0)],
            boxes: vec![0.2, 0.0, 1.0, 0.8, 0.0, 0.0, 0.0, 0.0],
            has_box: vec![1.0, 0.0],
            attributes: vec![Some(0), None, None, Some(2)],
            items: vec![None, None],
            of_first: 0,
        };
        let value = |tensor: Tensor<1>| tensor.into_data().try_to_vec::<f32>().unwrap()[0];
        let plain =
            Loss { label_smoothing: 0.0, boxes: 2.0, attributes: 0.0, contrast: None, distillation: None };
        let new = |batch: &Batch, recipe: &Loss| {
            Losses::new(output.clone(), batch, &[2, 3], &Memory::new(0), recipe, None, &device)
        };
        let losses = new(&batch, &plain);
        let category = f32::midpoint(4f32.ln(), (4f32 / 3.0).ln());
        assert!((value(losses.category.clone()) - category).abs() < 1e-6);
        assert!((value(losses.boxes.clone()) - 0.02).abs() < 1e-6, "the second box is not known");
        assert!((value(losses.total(&plain)) - category - 0.04).abs() < 1e-6);

        // Smoothed by all, every category has the same target: the mean of both logarithms.
        let smooth =
            Loss { label_smoothing: 0.5, boxes: 0.0, attributes: 1.0, contrast: None, distillation: None };
        let smoothed = new(&batch, &smooth);
        assert!((value(smoothed.category.clone()) - category).abs() < 1e-6);
        // Each attribute is known of one picture: (ln 4 + ln 3) / 2.
        let attributes = f32::midpoint(4f32.ln(), 3f32.ln());
        assert!((value(smoothed.attributes.clone()) - attributes).abs() < 1e-6);
        assert!((value(smoothed.total(&smooth)) - category - attributes).abs() < 1e-6);

        // Items are told apart by the instance feature where there is one, and else by the feature, which is nothing here.
        let contrast = Contrast { weight: 1.0, temperature: 1.0, memory: 0 };
        let pulled = Loss { contrast: Some(contrast), ..plain.clone() };
        let pair = Batch { items: vec![Some(1); 2], ..batch.clone() };
        assert!(value(new(&pair, &pulled).features.unwrap().abs().sum()) < 1e-6);
        let instance = Some(Tensor::from_data([[3.0f32, 4.0], [0.0, 2.0]], &device));
        let told = HeadOutput { instance, ..output.clone() };
        let losses = Losses::new(told.clone(), &pair, &[2, 3], &Memory::new(0), &pulled, None, &device);
        let features = losses.features.unwrap().into_data().try_to_vec::<f32>().unwrap();
        assert!(features.iter().zip([0.6, 0.8, 0.0, 1.0]).all(|(a, b)| (a - b).abs() < 1e-6));

        // With a teacher its feature stands before the instance feature, and labels are not learnt.
        let lesson = Lesson {
            map: Tensor::zeros([2, 1, 1, 1], &device),
            feature: Tensor::from_data([[0.0f32, 7.0, 0.0], [0.0, 7.0, 0.0]], &device),
            boxes: Tensor::zeros([2, 4], &device),
            palettes: None,
        };
        let kept = Distillation {
            frozen_blocks: 0,
            feature: 0.0,
            boxes: 2.0,
            neighbours: 0.0,
            colour: 0.0,
            across: 0.0,
            labels: 0.0,
            temperature: 0.5,
            share: 0.36,
        };
        let labels = Distillation { labels: 0.25, ..kept.clone() };
        let kept = Loss { distillation: Some(kept), attributes: 2.0, ..pulled };
        let labelled = Loss { distillation: Some(labels), ..kept.clone() };
        let losses = Losses::new(told, &pair, &[2, 3], &Memory::new(0), &kept, Some(&lesson), &device);
        let total = value(losses.total(&kept));
        // ... unless the recipe gives them a weight.
        let labels = value(losses.category.clone()) + 2.0 * value(losses.attributes.clone());
        assert!((value(losses.total(&labelled)) - total - 0.25 * labels).abs() < 1e-4);
        let (contrast, distillation) = (value(losses.contrast), value(losses.distillation));
        // The mean square of the corners 0, 0, 1, 1 and of four times 9, twice.
        assert!((distillation - 2.0 * (2.0 + 4.0 * 81.0) / 8.0).abs() < 1e-3, "{distillation}");
        assert!(value(losses.category) > 0.1 && (total - contrast - distillation).abs() < 1e-4);
        let features = losses.features.unwrap().into_data().try_to_vec::<f32>().unwrap();
        let expected = [0.0, 0.6, 0.0, 0.48, 0.64, 0.0, 0.6, 0.0, 0.0, 0.8];
        assert!(features.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{features:?}");

        // The first picture is a quarter of the second category: -(3/4 log 1/4 + 1/4 log 3/4).
        let mixed = Batch { mixed: vec![(1, 0.25), (1, 0.0)], ..batch };
        let expected = f32::midpoint(0.75 * 4f32.ln() + 0.25 * (4f32 / 3.0).ln(), (4f32 / 3.0).ln());
        let value = value(new(&mixed, &plain).category);
        assert!((value - expected).abs() < 1e-6);
    }
}
