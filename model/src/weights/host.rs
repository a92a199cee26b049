//! A network's tensors from its device to the host and back.

use std::collections::HashMap;

use burn::module::{Param, RunningState};
use burn::tensor::{Device, Tensor, TensorData};

use super::{HostTensor, ModelCard, left_over, missing, read, write_safetensors};
use crate::resnet::{ResNet, Slot, walk};
use crate::{Error, Result};

/// Every stored tensor of the network by name, in a fixed order.
///
/// Reads back synchronously, which the browser's GPU cannot: for native use. Fails with [`Error::Inference`] where the
/// device does.
pub fn to_host(network: &ResNet) -> Result<Vec<(String, HostTensor)>> {
    let mut tensors = Vec::new();
    walk(&mut network.clone(), &mut |name, slot| {
        let (shape, data) = match slot {
            Slot::Kernel(param) => (param.val().dims().to_vec(), param.val().try_into_data()),
            Slot::Matrix(param) => {
                let matrix = param.val().transpose();
                (matrix.dims().to_vec(), matrix.try_into_data())
            }
            Slot::Vector(param) => (param.val().dims().to_vec(), param.val().try_into_data()),
            Slot::Running(state) => {
                let value = state.value_sync();
                (value.dims().to_vec(), value.try_into_data())
            }
        };
        let failed = |reason: String| Error::Inference { reason };
        let data = data.map_err(|error| failed(error.to_string()))?;
        let values = data.try_into_vec_as::<f32>().map_err(|error| failed(error.to_string()))?;
        tensors.push((name.to_owned(), HostTensor { shape, values }));
        Ok(())
    })?;
    Ok(tensors)
}

/// Puts `tensors` in their places in a freshly built `network`.
///
/// Fails with [`Error::InvalidWeights`] where one is missing, left over, of another shape, or not finite.
pub fn from_host<S: std::hash::BuildHasher>(
    network: &mut ResNet,
    mut tensors: HashMap<String, HostTensor, S>,
    device: &Device,
) -> Result<()> {
    walk(network, &mut |name, slot| {
        let tensor = tensors.remove(name).ok_or_else(|| missing(name))?;
        let expected = match &slot {
            Slot::Kernel(param) => param.lazy_shape().to_vec(),
            Slot::Matrix(param) => param.lazy_shape().iter().rev().copied().collect(),
            Slot::Vector(param) => param.lazy_shape().to_vec(),
            Slot::Running(state) => state.value().dims().to_vec(),
        };
        tensor.check(name, &expected)?;
        let data = TensorData::new(tensor.values, tensor.shape);
        match slot {
            Slot::Kernel(param) => *param = place(param, Tensor::from_data(data, device)),
            Slot::Matrix(param) => *param = place(param, Tensor::<2>::from_data(data, device).transpose()),
            Slot::Vector(param) => *param = place(param, Tensor::from_data(data, device)),
            // Not `update`, which inference sees only after a synchronisation.
            Slot::Running(state) => *state = RunningState::new(Tensor::from_data(data, device)),
        }
        Ok(())
    })?;
    match tensors.keys().min() {
        Some(name) => Err(left_over(name)),
        None => Ok(()),
    }
}

/// Puts those of `tensors` whose name and shape the network has into it: what one network has learnt, for another to go on
/// from. Returns the names of the network's tensors that stay as they were.
///
/// Fails with [`Error::InvalidWeights`] where a value that is taken over is not a finite number.
pub fn adopt<S: std::hash::BuildHasher>(
    network: &mut ResNet,
    mut tensors: HashMap<String, HostTensor, S>,
    device: &Device,
) -> Result<Vec<String>> {
    let mut complete = HashMap::new();
    let mut left = Vec::new();
    for (name, own) in to_host(network)? {
        let tensor = tensors.remove(&name).filter(|tensor| tensor.shape == own.shape).unwrap_or_else(|| {
            left.push(name.clone());
            own
        });
        complete.insert(name, tensor);
    }
    from_host(network, complete, device)?;
    Ok(left)
}

/// The parameter with another value; it keeps its identity, which optimisers go by.
fn place<const D: usize>(param: &Param<Tensor<D>>, value: Tensor<D>) -> Param<Tensor<D>> {
    param.clone().map(|_| value)
}

/// The network's tensors as a safetensors file in half precision.
///
/// Fails with [`Error::Inference`] where the device cannot be read and [`Error::InvalidWeights`] where a value does not fit
/// half precision.
pub fn to_safetensors(network: &ResNet) -> Result<Vec<u8>> {
    write_safetensors(to_host(network)?)
}

/// The network of `card` with the weights of `file` on `device`.
///
/// Fails with [`Error::InvalidWeights`] where length, hash or contents do not match the card.
pub fn load(card: &ModelCard, file: &[u8], device: &Device) -> Result<ResNet> {
    let mut network = card.network.init(device)?;
    from_host(&mut network, read(card, file)?, device)?;
    Ok(network)
}
