//! Who computes the network: the seam between what a photo is made into and where the numbers come from.
//!
//! [`Frozen`] computes it on this thread. Others may be a device of Burn, or a program that the caller talks to: they answer
//! later, which is why answers are futures.

use std::fmt::Debug;
use std::pin::Pin;

use crate::frozen::{Frozen, Output};
use crate::resnet::ResNetConfig;
use crate::{Error, Result};

/// The network's answers, one a picture, once they are there.
pub type Answers<'a> = Pin<Box<dyn Future<Output = Result<Vec<Output>>> + 'a>>;

/// Computes a network whose weights no longer change.
pub trait Network: Debug + Send + Sync {
    /// The network's answer for each of `batch` pictures, in order. Fails with [`Error::Inference`].
    ///
    /// # Shapes
    ///
    /// - `pictures`: `[batch, 3, size, size]`, preprocessed, flat
    fn forward(&self, pictures: Vec<f32>, batch: usize) -> Answers<'_>;
}

impl Network for Frozen {
    fn forward(&self, pictures: Vec<f32>, batch: usize) -> Answers<'_> {
        let one = (pictures.len() / batch.max(1)).max(1);
        let answers = pictures.chunks_exact(one).map(|picture| Frozen::forward(self, picture)).collect();
        Box::pin(std::future::ready(Ok(answers)))
    }
}

/// Numbers that the network of `config` answers for a picture, all heads together.
#[must_use]
pub fn row_length(config: &ResNetConfig) -> usize {
    4 + config.feature_length() + config.categories + config.attribute_logits() + config.instance_length()
}

/// The answers as rows of numbers: box, feature, category, attributes, instance, one picture after the other.
#[must_use]
pub fn rows_from_outputs(outputs: &[Output]) -> Vec<f32> {
    let row = |output: &Output| {
        let Output { feature, category, attributes, boxes, instance } = output;
        [&boxes[..], feature, category, attributes, instance].concat()
    };
    outputs.iter().flat_map(row).collect()
}

/// Takes rows of numbers apart: box, feature, category, attributes, instance. Fails with [`Error::Inference`] where there are too
/// few or too many.
///
/// # Shapes
///
/// - `rows`: `[batch, row_length]`, flat
pub fn outputs_from_rows(config: &ResNetConfig, rows: &[f32], batch: usize) -> Result<Vec<Output>> {
    let length = row_length(config);
    if rows.len() != batch * length {
        let reason = format!("{} numbers came back instead of {}", rows.len(), batch * length);
        return Err(Error::Inference { reason });
    }
    let take_apart = |row: &[f32]| {
        let (boxes, row) = row.split_at(4);
        let (feature, row) = row.split_at(config.feature_length());
        let (category, row) = row.split_at(config.categories);
        let (attributes, instance) = row.split_at(config.attribute_logits());
        Output {
            feature: feature.to_vec(),
            category: category.to_vec(),
            attributes: attributes.to_vec(),
            boxes: boxes.to_vec(),
            instance: instance.to_vec(),
        }
    };
    Ok(rows.chunks_exact(length).map(take_apart).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resnet::InstanceConfig;

    #[test]
    fn rows_are_taken_apart_or_refused() {
        let config = ResNetConfig {
            widths: vec![2],
            categories: 3,
            attributes: vec![1, 1],
            instance: Some(InstanceConfig { length: 3, hidden: 1, attention: 1, shapes: 1, colours: 1 }),
            ..ResNetConfig::default()
        };
        let rows: Vec<f32> = (0..28).map(|value| value as f32).collect();
        let outputs = outputs_from_rows(&config, &rows, 2).unwrap();
        let second = &outputs[1];
        assert_eq!(second.boxes, [14.0, 15.0, 16.0, 17.0]);
        assert_eq!(second.feature, [18.0, 19.0]);
        assert_eq!(second.category, [20.0, 21.0, 22.0]);
        assert_eq!(second.attributes, [23.0, 24.0]);
        assert_eq!(second.instance, [25.0, 26.0, 27.0]);
        assert_eq!(rows_from_outputs(&outputs), rows);
        assert!(outputs_from_rows(&config, &rows[1..], 2).is_err());
        assert!(outputs_from_rows(&config, &rows, 1).is_err());
    }
}
