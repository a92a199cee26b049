//! A running average of the weights (Polyak and Juditsky 1992), which generalises better than the last step's.

use std::convert::Infallible;

use burn::module::{Module as _, Param, RunningState};
use burn::tensor::Tensor;
use model::resnet::{ResNet, Slot, walk};

enum Value {
    Kernel(Tensor<4>),
    Matrix(Tensor<2>),
    Vector(Tensor<1>),
}

/// Moves `average` towards `network`: `average = keep * average + (1 - keep) * network`, running statistics included.
///
/// Early in a run, `step` counted from 0, less is kept, so that the random start is soon forgotten.
pub(super) fn update(average: ResNet, network: &ResNet, keep: f64, step: usize) -> ResNet {
    let keep = keep.min((1.0 + step as f64) / (10.0 + step as f64));
    let mut values = collect(network).into_iter();
    let mut average = average;
    let _: Result<(), Infallible> = walk(&mut average, &mut |_, slot| {
        match (slot, values.next()) {
            (Slot::Kernel(param), Some(Value::Kernel(new))) => blend(param, new, keep),
            (Slot::Matrix(param), Some(Value::Matrix(new))) => blend(param, new, keep),
            (Slot::Vector(param), Some(Value::Vector(new))) => blend(param, new, keep),
            (Slot::Running(state), Some(Value::Vector(new))) => {
                *state = RunningState::new(towards(state.value_sync(), new, keep));
            }
            // Both are walked in the same order over the same architecture.
            _ => {}
        }
        Ok(())
    });
    average
}

fn collect(network: &ResNet) -> Vec<Value> {
    let mut values = Vec::new();
    let _: Result<(), Infallible> = walk(&mut network.valid(), &mut |_, slot| {
        values.push(match slot {
            Slot::Kernel(param) => Value::Kernel(param.val()),
            Slot::Matrix(param) => Value::Matrix(param.val()),
            Slot::Vector(param) => Value::Vector(param.val()),
            Slot::Running(state) => Value::Vector(state.value_sync()),
        });
        Ok(())
    });
    values
}

fn blend<const D: usize>(param: &mut Param<Tensor<D>>, new: Tensor<D>, keep: f64) {
    *param = param.clone().map(|old| towards(old, new, keep));
}

/// `keep * old + (1 - keep) * new`, in a form that leaves what does not change as it is, bit for bit.
fn towards<const D: usize>(old: Tensor<D>, new: Tensor<D>, keep: f64) -> Tensor<D> {
    old.clone() + (new - old) * (1.0 - keep)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use model::resnet::ResNetConfig;
    use model::weights::to_host;

    #[test]
    fn blends_every_tensor() {
        let config = ResNetConfig { input_size: 16, widths: vec![4], blocks: 1, ..ResNetConfig::default() };
        let (a, b) = (config.init(&Device::flex()).unwrap(), config.init(&Device::flex()).unwrap());
        let blended = update(a.clone(), &b, 0.75, 1_000_000);
        for (((name, a), (_, b)), (_, c)) in
            to_host(&a).unwrap().into_iter().zip(to_host(&b).unwrap()).zip(to_host(&blended).unwrap())
        {
            for ((a, b), c) in a.values.iter().zip(&b.values).zip(&c.values) {
                assert!((0.75 * a + 0.25 * b - c).abs() < 1e-6, "{name}");
            }
        }
        // At the first step nine tenths come from the network.
        let early = update(a.clone(), &b, 0.999, 0);
        let value = |network: &ResNet| to_host(network).unwrap()[0].1.values[0];
        assert!((value(&early) - 0.1 * value(&a) - 0.9 * value(&b)).abs() < 1e-6);
    }
}
