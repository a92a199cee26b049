//! What a network keeps of what it was while it learns something else.

use burn::tensor::{Device, Tensor, TensorData, activation::log_softmax};
use model::resnet::HeadOutput;

use super::contrast::unit;
use super::loader::Batch;
use super::recipe::Distillation;
use super::teacher::Lesson;

/// What a picture's likeness to itself becomes: it is no neighbour.
const NEVER: f32 = -1e9;

/// How far the network's answers are from the teacher's ("Learning without Forgetting", Li and Hoiem, 2016), weighted: the squared
/// distance of the features as a share of the teacher's square, and the squared error of the corners, both means over the batch; and
/// by the instance feature [`neighbours`] among pictures of no known item, and [`across`] data sets.
///
/// # Shapes
///
/// - `features`: `[batch, length]`, of length 1: the instance feature
pub(super) fn loss(
    output: &HeadOutput,
    features: &Tensor<2>,
    batch: &Batch,
    lesson: &Lesson,
    recipe: &Distillation,
    device: &Device,
) -> Tensor<1> {
    let squares = |rows: Tensor<2>| -> Tensor<2> { (rows.clone() * rows).sum_dim(1) };
    let off = squares(output.feature.clone() - lesson.feature.clone());
    let feature = (off / (squares(lesson.feature.clone()) + 1e-6)).mean();
    let boxes = (output.boxes.clone() - lesson.boxes.clone()).square().mean();
    let mut kept = feature * recipe.feature + boxes * recipe.boxes;
    let taught = beside(unit(lesson.feature.clone()), lesson, recipe.colour);
    // Of one picture alone there is no telling which of the others is next to it.
    if recipe.across > 0.0 && batch.of_first > 1 && batch.items.len() > batch.of_first + 1 {
        kept = kept
            + across(features.clone(), taught.clone(), batch.of_first, recipe.temperature) * recipe.across;
    }
    let unknown: Vec<i64> =
        batch.items.iter().zip(0..).filter_map(|(item, at)| item.is_none().then_some(at)).collect();
    // Of two pictures each is the other's only neighbour, whatever they are.
    if unknown.len() < 3 {
        return kept;
    }
    let count = unknown.len();
    let at = Tensor::from_data(TensorData::new(unknown, [count]), device);
    let taught = taught.select(0, at.clone());
    let found = features.clone().select(0, at);
    kept + neighbours(found, taught, recipe.temperature, device) * recipe.neighbours
}

/// What neighbours are sought by: the teacher's features and behind them the garments' colours, whose share is `colour`.
///
/// # Shapes
///
/// - `features`: `[pictures, length]`, of length 1, as many as there are palettes
fn beside(features: Tensor<2>, lesson: &Lesson, colour: f32) -> Tensor<2> {
    match &lesson.palettes {
        Some(palettes) => {
            Tensor::cat(vec![features * (1.0 - colour).sqrt(), palettes.clone() * colour.sqrt()], 1)
        }
        None => features,
    }
}

/// Mean over the pictures of the Kullback-Leibler divergence between whom the teacher and whom the network finds next to one: a
/// softmax over its likenesses to all others, divided by the temperature (Passalis and Tefas, "Learning Deep Representations with
/// Probabilistic Knowledge Transfer", 2018, with cosines and a softmax in place of their kernel).
///
/// # Shapes
///
/// - `found`, `taught`: `[pictures, length]`, of length 1; the lengths may differ
fn neighbours(found: Tensor<2>, taught: Tensor<2>, temperature: f32, device: &Device) -> Tensor<1> {
    let [count, _] = found.dims();
    let mut own = vec![0.0f32; count * count];
    own.iter_mut().step_by(count + 1).for_each(|value| *value = NEVER);
    let own = Tensor::<2>::from_data(TensorData::new(own, [count, count]), device);
    let likenesses =
        |features: Tensor<2>| features.clone().matmul(features.transpose()) / temperature + own.clone();
    divergence(likenesses(found), likenesses(taught))
}

/// What [`neighbours`] is, of two parts that are neighbours of each other alone: mean over the pictures of the divergence between whom the
/// teacher and whom the network finds next to one in the other part, half of it from either side. Pictures of one part are mostly more
/// like each other than any of the other part, so that among all of them next to nothing would be said of those.
///
/// # Shapes
///
/// - `found`, `taught`: `[pictures, length]`, of length 1; the lengths may differ
/// - `first`: how many rows are the one part; the rest is the other
fn across(found: Tensor<2>, taught: Tensor<2>, first: usize, temperature: f32) -> Tensor<1> {
    let [count, _] = found.dims();
    let likenesses = |features: Tensor<2>| {
        let (one, other) = (features.clone().narrow(0, 0, first), features.narrow(0, first, count - first));
        one.matmul(other.transpose()) / temperature
    };
    let (found, taught) = (likenesses(found), likenesses(taught));
    (divergence(found.clone(), taught.clone()) + divergence(found.transpose(), taught.transpose())) / 2.0
}

/// Mean over the pictures of the Kullback-Leibler divergence between the softmax over what the teacher and over what the network finds.
///
/// # Shapes
///
/// - `found`, `taught`: `[pictures, others]`: likenesses, divided by the temperature
fn divergence(found: Tensor<2>, taught: Tensor<2>) -> Tensor<1> {
    let [pictures, _] = found.dims();
    let (found, taught) = (log_softmax(found, 1), log_softmax(taught, 1));
    (taught.clone().exp() * (taught - found)).sum() / pictures as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(tensor: Tensor<1>) -> f32 {
        tensor.into_data().try_to_vec::<f32>().unwrap()[0]
    }

    /// From one half for either of two others to what these likenesses say at a temperature of 0.5.
    fn from_halves(likenesses: [f32; 2]) -> f32 {
        let sum: f32 = likenesses.iter().map(|value| (value / 0.5).exp()).sum();
        let chances = likenesses.map(|value| (value / 0.5).exp() / sum);
        chances.iter().map(|chance| chance * (chance / 0.5).ln()).sum()
    }

    #[test]
    fn neighbours_by_hand() {
        let device = Device::flex();
        let taught = || Tensor::<2>::from_data([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]], &device);
        assert!(value(neighbours(taught(), taught(), 0.5, &device)).abs() < 1e-6);
        // Turned as a whole, all stay neighbours.
        let turned = Tensor::<2>::from_data([[0.0, 1.0], [-0.8, 0.6], [-1.0, 0.0]], &device);
        assert!(value(neighbours(turned, taught(), 0.5, &device)).abs() < 1e-6);
        // All the same: each of the two others with one half.
        let same = Tensor::<2>::from_data([[1.0], [1.0], [1.0]], &device);
        let expected = (from_halves([0.6, 0.0]) + from_halves([0.6, 0.8]) + from_halves([0.0, 0.8])) / 3.0;
        assert!((value(neighbours(same, taught(), 0.5, &device)) - expected).abs() < 1e-5);
    }

    #[test]
    fn across_by_hand() {
        let device = Device::flex();
        let taught = || Tensor::<2>::from_data([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [1.0, 0.0]], &device);
        assert!(value(across(taught(), taught(), 2, 0.5)).abs() < 1e-6);
        // What changes within a part alone is no matter: here the last two rows are told apart by both of the first as they were.
        let wider = Tensor::<2>::from_data(
            [[1.0, 0.0, 0.9], [0.6, 0.8, -0.9], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]],
            &device,
        );
        assert!(value(across(wider, taught(), 2, 0.5)).abs() < 1e-6);
        // All the same: one half for either of the others.
        let same = Tensor::<2>::from_data([[1.0], [1.0], [1.0], [1.0]], &device);
        // The first part's likenesses to the second are 0 and 1, and 0.8 and 0.6.
        let there = f32::midpoint(from_halves([0.0, 1.0]), from_halves([0.8, 0.6]));
        let back = f32::midpoint(from_halves([0.0, 0.8]), from_halves([1.0, 0.6]));
        let expected = f32::midpoint(there, back);
        assert!((value(across(same, taught(), 2, 0.5)) - expected).abs() < 1e-5);
    }

    #[test]
    fn by_hand() {
        let device = Device::flex();
        let rows = |values: [[f32; 2]; 4]| Tensor::<2>::from_data(values, &device);
        let taught = [[3.0, 4.0], [3.0, 4.0], [0.0, 2.0], [0.6, 0.8]];
        let lesson = Lesson {
            map: Tensor::zeros([4, 1, 1, 1], &device),
            feature: rows(taught),
            boxes: Tensor::zeros([4, 4], &device),
            palettes: None,
        };
        let recipe = Distillation {
            frozen_blocks: 0,
            feature: 2.0,
            boxes: 3.0,
            neighbours: 5.0,
            colour: 0.0,
            across: 0.0,
            labels: 0.0,
            temperature: 0.5,
            share: 0.5,
        };
        let output = |feature: [[f32; 2]; 4], corner: f32| HeadOutput {
            feature: rows(feature),
            category: Tensor::zeros([4, 2], &device),
            attributes: None,
            boxes: Tensor::full([4, 4], corner, &device),
            instance: None,
        };
        let instance = rows([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]);
        let of = |output: &HeadOutput, items: &[Option<usize>]| {
            let batch = Batch { items: items.to_vec(), of_first: 2, ..Batch::default() };
            value(loss(output, &instance, &batch, &lesson, &recipe, &device))
        };
        let known = [Some(1), Some(1), Some(2), None];
        assert!(of(&output(taught, 0.0), &known).abs() < 1e-6);
        // One feature is off by a fifth of its length, one box corner by 0.1 everywhere.
        let off = [[3.0, 3.0], [3.0, 4.0], [0.0, 2.0], [0.6, 0.8]];
        let expected = 2.0 * (1.0 / 25.0) / 4.0 + 3.0 * 0.01;
        assert!((of(&output(off, 0.1), &known) - expected).abs() < 1e-5);
        // With three of no known item, their neighbours count.
        assert!(of(&output(taught, 0.0), &[None, None, None, Some(2)]) > 0.1);
        // Across data sets all do, known or not: here the first two are as like either of the rest, and found so to 1 and to 0.
        let across = Distillation { across: 1.0, ..recipe.clone() };
        let batch = |of_first: usize| Batch { items: known.to_vec(), of_first, ..Batch::default() };
        let told = |of_first: usize| {
            value(loss(&output(taught, 0.0), &instance, &batch(of_first), &lesson, &across, &device))
        };
        assert!(told(2) > 0.1);
        assert!(
            [0, 1, 3, 4].iter().all(|of_first| told(*of_first).abs() < 1e-6),
            "there is no choice of one"
        );
        // Their colours stand behind the features by a share.
        let palettes = Some(rows([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.6, 0.8]]));
        let coloured = beside(rows(taught), &Lesson { palettes, ..lesson }, 0.25);
        let first: Vec<f32> = coloured.into_data().try_to_vec().unwrap();
        let expected = [3.0 * 0.75f32.sqrt(), 4.0 * 0.75f32.sqrt(), 0.5, 0.0];
        assert!(first.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{first:?}");
    }
}
