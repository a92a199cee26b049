//! The network on a device of Burn, as an [`Embedder`](crate::embedder::Embedder) asks for it.

use burn::tensor::{Device, Tensor, TensorData};

use super::{ResNet, ResNetConfig};
use crate::network::{Answers, Network, outputs_from_rows};
use crate::{Error, Result};

/// The network and the device that computes it.
#[derive(Debug)]
pub struct OnDevice {
    /// Of the network's shape.
    pub config: ResNetConfig,
    /// On the device.
    pub network: ResNet,
    /// Where it is.
    pub device: Device,
}

impl Network for OnDevice {
    fn forward(&self, pictures: Vec<f32>, batch: usize) -> Answers<'_> {
        Box::pin(async move {
            let rows = forward_flat(&self.network, &self.device, pictures, batch).await?;
            outputs_from_rows(&self.config, &rows, batch)
        })
    }
}

/// The network's answer as one row of numbers a picture: box, feature, category, attributes, instance. One read-back: each is
/// a round trip to a graphics card.
///
/// Fails with [`Error::Inference`].
///
/// # Shapes
///
/// - `pictures`: `[batch, 3, size, size]`, preprocessed, flat
/// - output: `[batch, row_length]`, flat (see [`crate::network::row_length`])
pub async fn forward_flat(
    network: &ResNet,
    device: &Device,
    pictures: Vec<f32>,
    batch: usize,
) -> Result<Vec<f32>> {
    let failed = |reason: String| Error::Inference { reason };
    let size = (pictures.len() / (3 * batch.max(1))).isqrt();
    if batch == 0 || pictures.len() != batch * 3 * size * size {
        return Err(failed("the pictures are not square".to_owned()));
    }
    let data = TensorData::new(pictures, [batch, 3, size, size]);
    let output = network.forward(Tensor::<4>::from_data(data, device));
    let mut all = vec![output.boxes, output.feature, output.category];
    all.extend(output.attributes.into_iter().chain(output.instance));
    let data = Tensor::cat(all, 1).into_data_async().await.map_err(|error| failed(error.to_string()))?;
    data.try_into_vec_as::<f32>().map_err(|error| failed(error.to_string()))
}
