//! LibTorch's own layers, for training on the CPU.
//!
//! Burn's LibTorch backend has LibTorch's convolution but composes the rest, its gradient included, from general operations. Here the
//! parts of the trunk (stem, each block, final activation) are recorded by LibTorch's own automatic differentiation and become one node each in Burn's, in
//! half precision (bfloat16) with the channels innermost, which is what its kernels are fastest at; so are the heads' parts that look at each position. Weights,
//! running statistics and everything after pooling stay in single precision.

#![allow(deprecated, reason = "LibTorch is still Burn's fastest CPU backend for training")]
#![allow(
    clippy::too_many_arguments,
    clippy::type_complexity,
    reason = "an operation names each of its tensors, and the macro repeats it where an attribute does not reach"
)]

use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{Autodiff, Backend, Dispatch, LibTorch, backend_extension, tensor::FloatTensor};
use burn::module::Param;
use burn::nn::{BatchNorm, conv::Conv2d};
use burn::tensor::Tensor;
use model::resnet::{Block, Layers};
use tch::Kind;

use super::settled::{Settled, affine};

type Primitive = FloatTensor<LibTorch>;
type Tracked<C> = FloatTensor<Autodiff<LibTorch, C>>;

/// [`Layers`] on a differentiating LibTorch device.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fused;

impl Layers for Fused {
    fn stem(&self, convolution: &Conv2d, norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
        let (input, weight) = (input.into_dispatch(), convolution.weight.val().into_dispatch());
        let (gamma, beta) = (vector(&norm.gamma), vector(&norm.beta));
        let (output, mean, variance) =
            Dispatch::stem(input, weight, gamma, beta, norm.epsilon, convolution.stride[0]);
        follow(norm, mean, variance);
        Tensor::from_dispatch(output)
    }

    fn block(&self, block: &Block, input: Tensor<4>) -> Tensor<4> {
        let input = input.into_dispatch();
        let [weight1, weight2] = [&block.conv1, &block.conv2].map(|layer| layer.weight.val().into_dispatch());
        let (gamma2, beta2) = (vector(&block.norm2.gamma), vector(&block.norm2.beta));
        let shape =
            BlockShape { epsilon: block.norm2.epsilon, stride: block.stride, widening: block.widening };
        let Some(norm1) = &block.norm1 else {
            let (output, mean, variance) =
                Dispatch::bare_block(input, weight1, gamma2, beta2, weight2, shape);
            follow(&block.norm2, mean, variance);
            return Tensor::from_dispatch(output);
        };
        let (gamma1, beta1) = (vector(&norm1.gamma), vector(&norm1.beta));
        let (output, mean1, variance1, mean2, variance2) =
            Dispatch::block(input, gamma1, beta1, weight1, gamma2, beta2, weight2, shape);
        follow(norm1, mean1, variance1);
        follow(&block.norm2, mean2, variance2);
        Tensor::from_dispatch(output)
    }

    fn activate(&self, norm: &BatchNorm, map: Tensor<4>) -> Tensor<4> {
        let (gamma, beta) = (vector(&norm.gamma), vector(&norm.beta));
        let (output, mean, variance) = Dispatch::activate(map.into_dispatch(), gamma, beta, norm.epsilon);
        follow(norm, mean, variance);
        Tensor::from_dispatch(output)
    }

    fn pointwise(&self, convolution: &Conv2d, map: Tensor<4>) -> Tensor<4> {
        pointwise(convolution, map)
    }

    fn colours(&self, convolutions: [&Conv2d; 2], picture: Tensor<4>, cell: usize) -> Tensor<4> {
        colours(convolutions, picture, cell)
    }
}

/// [`Settled`](super::settled::Settled) on a differentiating LibTorch device.
#[derive(Debug, Clone, Copy)]
pub(super) struct FusedSettled;

impl Layers for FusedSettled {
    fn stem(&self, convolution: &Conv2d, norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
        Settled.stem(convolution, norm, input)
    }

    fn block(&self, block: &Block, input: Tensor<4>) -> Tensor<4> {
        let Some(norm1) = &block.norm1 else { return Settled.block(block, input) };
        let [weight1, weight2] = [&block.conv1, &block.conv2].map(|layer| layer.weight.val().into_dispatch());
        let [scale1, shift1] = affine(norm1).map(Tensor::into_dispatch);
        let [scale2, shift2] = affine(&block.norm2).map(Tensor::into_dispatch);
        let shape =
            BlockShape { epsilon: block.norm2.epsilon, stride: block.stride, widening: block.widening };
        let input = input.into_dispatch();
        let output = Dispatch::settled_block(input, scale1, shift1, weight1, scale2, shift2, weight2, shape);
        Tensor::from_dispatch(output)
    }

    fn activate(&self, norm: &BatchNorm, map: Tensor<4>) -> Tensor<4> {
        let [scale, shift] = affine(norm).map(Tensor::into_dispatch);
        Tensor::from_dispatch(Dispatch::settled_activate(map.into_dispatch(), scale, shift))
    }

    fn pointwise(&self, convolution: &Conv2d, map: Tensor<4>) -> Tensor<4> {
        pointwise(convolution, map)
    }

    fn colours(&self, convolutions: [&Conv2d; 2], picture: Tensor<4>, cell: usize) -> Tensor<4> {
        colours(convolutions, picture, cell)
    }
}

fn pointwise(convolution: &Conv2d, map: Tensor<4>) -> Tensor<4> {
    let Some(bias) = &convolution.bias else { return convolution.forward(map) };
    let weight = convolution.weight.val().into_dispatch();
    Tensor::from_dispatch(Dispatch::pointwise(map.into_dispatch(), weight, vector(bias)))
}

fn colours([first, second]: [&Conv2d; 2], picture: Tensor<4>, cell: usize) -> Tensor<4> {
    let (Some(bias1), Some(bias2)) = (&first.bias, &second.bias) else {
        return Settled.colours([first, second], picture, cell);
    };
    let [weight1, weight2] = [first, second].map(|layer| layer.weight.val().into_dispatch());
    let picture = picture.into_dispatch();
    let output = Dispatch::colours(picture, weight1, vector(bias1), weight2, vector(bias2), cell);
    Tensor::from_dispatch(output)
}

fn vector(parameter: &Param<Tensor<1>>) -> FloatTensor<Dispatch> {
    parameter.val().into_dispatch()
}

/// Moves the running statistics of `norm` towards those of a batch.
fn follow(norm: &BatchNorm, mean: FloatTensor<Dispatch>, variance: FloatTensor<Dispatch>) {
    for (running, new) in [(&norm.running_mean, mean), (&norm.running_var, variance)] {
        let new = Tensor::<1>::from_dispatch(new).detach();
        running.update(
            running.value_sync().mul_scalar(1.0 - norm.momentum).add(new.mul_scalar(norm.momentum)).detach(),
        );
    }
}

/// What a block is besides its weights.
#[derive(Debug, Clone, Copy)]
struct BlockShape {
    epsilon: f64,
    stride: usize,
    widening: usize,
}

/// The parts of trunk and heads as operations of a backend. The mean and variance of each batch norm that is not settled are returned behind
/// the output.
#[backend_extension(LibTorch, Autodiff)]
trait TrunkOps: Backend {
    fn stem(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        stride: usize,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    fn bare_block(
        x: FloatTensor<Self>,
        weight1: FloatTensor<Self>,
        gamma2: FloatTensor<Self>,
        beta2: FloatTensor<Self>,
        weight2: FloatTensor<Self>,
        shape: BlockShape,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    fn block(
        x: FloatTensor<Self>,
        gamma1: FloatTensor<Self>,
        beta1: FloatTensor<Self>,
        weight1: FloatTensor<Self>,
        gamma2: FloatTensor<Self>,
        beta2: FloatTensor<Self>,
        weight2: FloatTensor<Self>,
        shape: BlockShape,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    fn activate(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    fn settled_block(
        x: FloatTensor<Self>,
        scale1: FloatTensor<Self>,
        shift1: FloatTensor<Self>,
        weight1: FloatTensor<Self>,
        scale2: FloatTensor<Self>,
        shift2: FloatTensor<Self>,
        weight2: FloatTensor<Self>,
        shape: BlockShape,
    ) -> FloatTensor<Self>;

    fn settled_activate(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    fn pointwise(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    fn colours(
        x: FloatTensor<Self>,
        weight1: FloatTensor<Self>,
        bias1: FloatTensor<Self>,
        weight2: FloatTensor<Self>,
        bias2: FloatTensor<Self>,
        cell: usize,
    ) -> FloatTensor<Self>;
}

impl TrunkOps for LibTorch {
    fn stem(
        x: Primitive,
        weight: Primitive,
        gamma: Primitive,
        beta: Primitive,
        epsilon: f64,
        stride: usize,
    ) -> (Primitive, Primitive, Primitive) {
        compute(&[x, weight, gamma, beta], |tensors| stem(tensors, epsilon, stride)).into()
    }

    fn bare_block(
        x: Primitive,
        weight1: Primitive,
        gamma2: Primitive,
        beta2: Primitive,
        weight2: Primitive,
        shape: BlockShape,
    ) -> (Primitive, Primitive, Primitive) {
        compute(&[x, weight1, gamma2, beta2, weight2], |tensors| bare_block(tensors, shape)).into()
    }

    fn block(
        x: Primitive,
        gamma1: Primitive,
        beta1: Primitive,
        weight1: Primitive,
        gamma2: Primitive,
        beta2: Primitive,
        weight2: Primitive,
        shape: BlockShape,
    ) -> (Primitive, Primitive, Primitive, Primitive, Primitive) {
        compute(&[x, gamma1, beta1, weight1, gamma2, beta2, weight2], |tensors| block(tensors, shape)).into()
    }

    fn activate(
        x: Primitive,
        gamma: Primitive,
        beta: Primitive,
        epsilon: f64,
    ) -> (Primitive, Primitive, Primitive) {
        compute(&[x, gamma, beta], |tensors| activate(tensors, epsilon)).into()
    }

    fn settled_block(
        x: Primitive,
        scale1: Primitive,
        shift1: Primitive,
        weight1: Primitive,
        scale2: Primitive,
        shift2: Primitive,
        weight2: Primitive,
        shape: BlockShape,
    ) -> Primitive {
        let inputs = [x, scale1, shift1, weight1, scale2, shift2, weight2];
        let [output] = compute(&inputs, |tensors| [settled_block(tensors, shape)]);
        output
    }

    fn settled_activate(x: Primitive, scale: Primitive, shift: Primitive) -> Primitive {
        let [output] = compute(&[x, scale, shift], |tensors| [settled_activate(tensors)]);
        output
    }

    fn pointwise(x: Primitive, weight: Primitive, bias: Primitive) -> Primitive {
        let [output] = compute(&[x, weight, bias], |tensors| [pointwise_of(tensors)]);
        output
    }

    fn colours(
        x: Primitive,
        weight1: Primitive,
        bias1: Primitive,
        weight2: Primitive,
        bias2: Primitive,
        cell: usize,
    ) -> Primitive {
        let inputs = [x, weight1, bias1, weight2, bias2];
        let [output] = compute(&inputs, |tensors| [colours_of(tensors, cell)]);
        output
    }
}

impl<C: CheckpointStrategy> TrunkOps for Autodiff<LibTorch, C> {
    fn stem(
        x: Tracked<C>,
        weight: Tracked<C>,
        gamma: Tracked<C>,
        beta: Tracked<C>,
        epsilon: f64,
        stride: usize,
    ) -> (Tracked<C>, Tracked<C>, Tracked<C>) {
        record::<C, 4, 3>([x, weight, gamma, beta], |tensors| stem(tensors, epsilon, stride)).into()
    }

    fn bare_block(
        x: Tracked<C>,
        weight1: Tracked<C>,
        gamma2: Tracked<C>,
        beta2: Tracked<C>,
        weight2: Tracked<C>,
        shape: BlockShape,
    ) -> (Tracked<C>, Tracked<C>, Tracked<C>) {
        record::<C, 5, 3>([x, weight1, gamma2, beta2, weight2], |tensors| bare_block(tensors, shape)).into()
    }

    fn block(
        x: Tracked<C>,
        gamma1: Tracked<C>,
        beta1: Tracked<C>,
        weight1: Tracked<C>,
        gamma2: Tracked<C>,
        beta2: Tracked<C>,
        weight2: Tracked<C>,
        shape: BlockShape,
    ) -> (Tracked<C>, Tracked<C>, Tracked<C>, Tracked<C>, Tracked<C>) {
        let inputs = [x, gamma1, beta1, weight1, gamma2, beta2, weight2];
        record::<C, 7, 5>(inputs, |tensors| block(tensors, shape)).into()
    }

    fn activate(
        x: Tracked<C>,
        gamma: Tracked<C>,
        beta: Tracked<C>,
        epsilon: f64,
    ) -> (Tracked<C>, Tracked<C>, Tracked<C>) {
        record::<C, 3, 3>([x, gamma, beta], |tensors| activate(tensors, epsilon)).into()
    }

    fn settled_block(
        x: Tracked<C>,
        scale1: Tracked<C>,
        shift1: Tracked<C>,
        weight1: Tracked<C>,
        scale2: Tracked<C>,
        shift2: Tracked<C>,
        weight2: Tracked<C>,
        shape: BlockShape,
    ) -> Tracked<C> {
        let inputs = [x, scale1, shift1, weight1, scale2, shift2, weight2];
        let [output] = record::<C, 7, 1>(inputs, |tensors| [settled_block(tensors, shape)]);
        output
    }

    fn settled_activate(x: Tracked<C>, scale: Tracked<C>, shift: Tracked<C>) -> Tracked<C> {
        let [output] = record::<C, 3, 1>([x, scale, shift], |tensors| [settled_activate(tensors)]);
        output
    }

    fn pointwise(x: Tracked<C>, weight: Tracked<C>, bias: Tracked<C>) -> Tracked<C> {
        let [output] = record::<C, 3, 1>([x, weight, bias], |tensors| [pointwise_of(tensors)]);
        output
    }

    fn colours(
        x: Tracked<C>,
        weight1: Tracked<C>,
        bias1: Tracked<C>,
        weight2: Tracked<C>,
        bias2: Tracked<C>,
        cell: usize,
    ) -> Tracked<C> {
        let inputs = [x, weight1, bias1, weight2, bias2];
        let [output] = record::<C, 5, 1>(inputs, |tensors| [colours_of(tensors, cell)]);
        output
    }
}

/// Computes `part` of `inputs` without a record.
fn compute<const N: usize, const M: usize>(
    inputs: &[Primitive; N],
    part: impl Fn([&tch::Tensor; N]) -> [tch::Tensor; M],
) -> [Primitive; M] {
    part(inputs.each_ref().map(|input| &input.tensor)).map(Primitive::new)
}

/// Computes `part` of `inputs`, recorded by LibTorch so that the first output's gradient can be asked for later. The
/// others are not differentiated.
fn record<C: CheckpointStrategy, const N: usize, const M: usize>(
    inputs: [Tracked<C>; N],
    part: impl Fn([&tch::Tensor; N]) -> [tch::Tensor; M],
) -> [Tracked<C>; M] {
    let guards = inputs.each_ref().map(Tracked::<C>::node);
    let inputs = inputs.map(Tracked::<C>::into_primitive);
    let (mut first, outputs) = match Replay.prepare::<C>(guards).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => {
            let leaves = inputs.each_ref().map(|input| input.tensor.detach().set_requires_grad(true));
            let recorded = tch::with_grad(|| part(leaves.each_ref()));
            let outputs = recorded.each_ref().map(|output| Primitive::new(output.detach()));
            // What LibTorch has recorded shares its memory with these; while they are held, Burn does not write into it.
            let held = inputs.into_iter().chain(outputs.iter().cloned()).collect();
            let output = recorded[0].shallow_clone();
            let state = Recorded { leaves: leaves.into(), output, held };
            (Some(prepared.finish(state, outputs[0].clone())), outputs)
        }
        OpsKind::UnTracked(prepared) => {
            let outputs = compute(&inputs, part);
            (Some(prepared.finish(outputs[0].clone())), outputs)
        }
    };
    outputs.map(|other| first.take().unwrap_or_else(|| Tracked::<C>::new(other)))
}

/// A part's inputs and output in LibTorch's record.
#[derive(Debug)]
struct Recorded {
    leaves: Vec<tch::Tensor>,
    output: tch::Tensor,
    held: Vec<Primitive>,
}

impl Clone for Recorded {
    fn clone(&self) -> Self {
        Self {
            leaves: self.leaves.iter().map(tch::Tensor::shallow_clone).collect(),
            output: self.output.shallow_clone(),
            held: self.held.clone(),
        }
    }
}

/// The gradient of a recorded part.
#[derive(Debug)]
struct Replay;

impl<const N: usize> Backward<LibTorch, N> for Replay {
    type State = Recorded;

    fn backward(self, ops: Ops<Recorded, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<LibTorch>(&ops.node);
        let Recorded { leaves, output, held: _held } = ops.state;
        let wanted: Vec<_> =
            ops.parents.into_iter().zip(&leaves).filter_map(|(node, leaf)| Some((node?, leaf))).collect();
        // LibTorch starts from ones: times the gradient that arrives here, it starts from that.
        let start = tch::with_grad(|| &output * &gradient.tensor);
        let inputs: Vec<_> = wanted.iter().map(|(_, leaf)| *leaf).collect();
        let found = tch::Tensor::run_backward(&[start], &inputs, false, false);
        for ((node, _), gradient) in wanted.into_iter().zip(found) {
            grads.register::<LibTorch>(node.id, Primitive::new(gradient));
        }
    }
}

fn stem([x, weight, gamma, beta]: [&tch::Tensor; 4], epsilon: f64, stride: usize) -> [tch::Tensor; 3] {
    normalise(&convolve(x, weight, stride), gamma, beta, epsilon)
}

fn bare_block(
    [x, weight1, gamma2, beta2, weight2]: [&tch::Tensor; 5],
    shape: BlockShape,
) -> [tch::Tensor; 3] {
    let inner = convolve(x, weight1, shape.stride);
    let [inner, mean, variance] = normalise(&inner, gamma2, beta2, shape.epsilon);
    [convolve(&inner, weight2, 1) + shortcut(x, shape), mean, variance]
}

fn block(
    [x, gamma1, beta1, weight1, gamma2, beta2, weight2]: [&tch::Tensor; 7],
    shape: BlockShape,
) -> [tch::Tensor; 5] {
    let [inner, mean1, variance1] = normalise(x, gamma1, beta1, shape.epsilon);
    let inner = convolve(&inner, weight1, shape.stride);
    let [inner, mean2, variance2] = normalise(&inner, gamma2, beta2, shape.epsilon);
    [convolve(&inner, weight2, 1) + shortcut(x, shape), mean1, variance1, mean2, variance2]
}

fn activate([x, gamma, beta]: [&tch::Tensor; 3], epsilon: f64) -> [tch::Tensor; 3] {
    let [output, mean, variance] = normalise(x, gamma, beta, epsilon);
    [output.to_kind(Kind::Float), mean, variance]
}

fn settled_block(
    [x, scale1, shift1, weight1, scale2, shift2, weight2]: [&tch::Tensor; 7],
    shape: BlockShape,
) -> tch::Tensor {
    let x = channels_innermost(&x.to_kind(Kind::BFloat16));
    let inner = convolve(&settle(&x, scale1, shift1), weight1, shape.stride);
    convolve(&settle(&inner, scale2, shift2), weight2, 1) + shortcut(&x, shape)
}

fn settled_activate([x, scale, shift]: [&tch::Tensor; 3]) -> tch::Tensor {
    settle(x, scale, shift).to_kind(Kind::Float)
}

fn pointwise_of([x, weight, bias]: [&tch::Tensor; 3]) -> tch::Tensor {
    seen(x, weight, bias).to_kind(Kind::Float)
}

fn colours_of([x, weight1, bias1, weight2, bias2]: [&tch::Tensor; 5], cell: usize) -> tch::Tensor {
    let x = seen(&seen(x, weight1, bias1).relu(), weight2, bias2).relu();
    let cell = cell as i64;
    x.avg_pool2d([cell, cell], [cell, cell], [0, 0], false, true, None::<i64>).to_kind(Kind::Float)
}

/// A 1x1 convolution.
fn seen(x: &tch::Tensor, weight: &tch::Tensor, bias: &tch::Tensor) -> tch::Tensor {
    let x = channels_innermost(&x.to_kind(Kind::BFloat16));
    let [weight, bias] = [weight, bias].map(|tensor| tensor.to_kind(Kind::BFloat16));
    x.conv2d(&weight, Some(&bias), [1, 1], [0, 0], [1, 1], 1)
}

/// A batch norm that knows its statistics, which are in `scale` and `shift` already.
fn settle(x: &tch::Tensor, scale: &tch::Tensor, shift: &tch::Tensor) -> tch::Tensor {
    let (mean, variance) = (scale.zeros_like(), scale.ones_like());
    x.batch_norm(Some(scale), Some(shift), Some(&mean), Some(&variance), false, 0.0, 0.0, false).relu()
}

fn shortcut(x: &tch::Tensor, shape: BlockShape) -> tch::Tensor {
    let (stride, widening) = (shape.stride as i64, shape.widening as i64);
    let x = match stride {
        1 => x.shallow_clone(),
        _ => x.avg_pool2d([stride, stride], [stride, stride], [0, 0], false, true, None::<i64>),
    };
    match widening {
        0 => x,
        _ => x.constant_pad_nd([0, 0, 0, 0, widening, widening]),
    }
}

fn convolve(x: &tch::Tensor, weight: &tch::Tensor, stride: usize) -> tch::Tensor {
    let x = channels_innermost(&x.to_kind(Kind::BFloat16));
    let stride = stride as i64;
    x.conv2d(&weight.to_kind(Kind::BFloat16), None::<&tch::Tensor>, [stride, stride], [1, 1], [1, 1], 1)
}

fn normalise(x: &tch::Tensor, gamma: &tch::Tensor, beta: &tch::Tensor, epsilon: f64) -> [tch::Tensor; 3] {
    let nothing = None::<&tch::Tensor>;
    let (output, mean, deviation) =
        tch::Tensor::native_batch_norm(x, Some(gamma), Some(beta), nothing, nothing, true, 0.1, epsilon);
    // The inverse of the standard deviation is what LibTorch keeps.
    let variance = deviation.detach().pow_tensor_scalar(-2.0) - epsilon;
    [output.relu(), mean, variance]
}

/// The same `[batch, channels, height, width]` with a pixel's channels next to each other in memory.
fn channels_innermost(x: &tch::Tensor) -> tch::Tensor {
    if x.stride()[1] == 1 {
        return x.shallow_clone();
    }
    x.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::{Module as _, ParamId};
    use burn::optim::GradientsParams;
    use burn::tensor::{Distribution, Tolerance};
    use model::resnet::{BoxHead, InstanceConfig, Plain, ResNet, ResNetConfig, Slot, walk};

    /// Direction and length of `a` are those of `b` but for the rounding of half precision.
    fn alike(name: &str, a: &[f32], b: &[f32]) {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        let (aa, bb) = (dot(a, a).sqrt(), dot(b, b).sqrt());
        let cosine = dot(a, b) / (aa * bb).max(1e-20);
        assert!(
            cosine > 0.99 && (aa / bb - 1.0).abs() < 0.05,
            "{name}: cosine {cosine}, lengths {aa} and {bb}"
        );
    }

    /// Names and identities of a network's convolutions.
    fn kernels(network: &ResNet) -> Vec<(String, ParamId)> {
        let mut ids = Vec::new();
        let _: Result<(), std::convert::Infallible> = walk(&mut network.clone(), &mut |name, slot| {
            if let Slot::Kernel(param) = slot {
                ids.push((name.to_owned(), param.id));
            }
            Ok(())
        });
        ids
    }

    /// Compares the gradients of two networks' convolutions; returns how many have one.
    fn compare(
        (kernels_a, gradients_a): (Vec<(String, ParamId)>, GradientsParams),
        (kernels_b, gradients_b): (Vec<(String, ParamId)>, GradientsParams),
    ) -> usize {
        let values = |tensor: Tensor<4>| tensor.into_data().try_to_vec::<f32>().unwrap();
        let mut compared = 0;
        for ((name, a), (_, b)) in kernels_a.into_iter().zip(kernels_b) {
            let (Some(a), Some(b)) = (gradients_a.get::<4>(a), gradients_b.get::<4>(b)) else { continue };
            alike(&name, &values(a), &values(b));
            compared += 1;
        }
        compared
    }

    #[test]
    fn computes_what_burn_computes_with_settled_norms_and_in_heads() {
        let device = burn::tensor::Device::libtorch().autodiff();
        device.seed(1);
        let config = ResNetConfig {
            input_size: 32,
            stem_stride: 2,
            widths: vec![16, 32],
            blocks: 1,
            box_head: BoxHead::Map,
            instance: Some(InstanceConfig { length: 6, hidden: 16, attention: 2, shapes: 8, colours: 8 }),
            ..ResNetConfig::default()
        };
        let network = config.init(&device).unwrap();
        let random = || Tensor::<4>::random([8, 3, 32, 32], Distribution::Normal(0.2, 1.0), &device);
        // Statistics that are not those of the start.
        let _ = network.forward(random());
        let input = random();
        let run = |fused: bool| {
            let network = network.clone();
            let output = if fused {
                let map = network.forward_features_with(&FusedSettled, input.clone());
                network.forward_head_with(&FusedSettled, input.clone(), map)
            } else {
                let map = network.forward_features_with(&Settled, input.clone());
                network.forward_head(input.clone(), map)
            };
            let instance = output.instance.unwrap();
            let values = instance.clone().inner().into_data().try_to_vec::<f32>().unwrap();
            // Not the sum, which batch norm makes nearly constant.
            let total = (instance.clone() * instance).sum() + output.boxes.sum();
            let gradients = GradientsParams::from_grads(total.backward(), &network);
            (values, kernels(&network), gradients)
        };
        let ((a, kernels_a, gradients_a), (b, kernels_b, gradients_b)) = (run(true), run(false));
        alike("instance", &a, &b);
        let compared = compare((kernels_a, gradients_a), (kernels_b, gradients_b));
        assert_eq!(compared, 10, "every convolution of trunk and heads has a gradient");
    }

    #[test]
    fn computes_what_burn_computes() {
        let device = burn::tensor::Device::libtorch().autodiff();
        // The same network every time: with one in ten, rounding alone takes the stem's gradient a little below the bar.
        device.seed(1);
        // Few layers: each adds the rounding of half precision to the gradients before it.
        let config = ResNetConfig {
            input_size: 32,
            stem_stride: 2,
            widths: vec![16, 32],
            blocks: 1,
            ..ResNetConfig::default()
        };
        let network = config.init(&device).unwrap();
        let input = Tensor::<4>::random([8, 3, 32, 32], Distribution::Normal(0.0, 1.0), &device);
        let values = |tensor: Tensor<4>| tensor.into_data().try_to_vec::<f32>().unwrap();

        // Each from the same start, as a step changes the running statistics.
        let run = |fused: bool| {
            let network = network.clone();
            let map = if fused {
                network.forward_features_with(&Fused, input.clone())
            } else {
                network.forward_features_with(&Plain, input.clone())
            };
            let weights = Tensor::<4>::from_data(input.clone().inner().into_data(), &device).slice([
                0..8,
                0..1,
                0..map.dims()[2],
                0..map.dims()[3],
            ]);
            let gradients = (map.clone() * weights).sum().backward();
            let gradients = GradientsParams::from_grads(gradients, &network);
            (values(map.inner()), network, gradients)
        };
        let ((a, network_a, gradients_a), (b, network_b, gradients_b)) = (run(true), run(false));
        alike("map", &a, &b);

        let compared = compare((kernels(&network_a), gradients_a), (kernels(&network_b), gradients_b));
        assert_eq!(compared, 5, "every convolution of the trunk has a gradient");

        let statistics = |network: &ResNet| {
            let mean = network.valid().forward_features(input.clone().inner());
            mean.into_data()
        };
        statistics(&network_a)
            .assert_approx_eq::<f32>(&statistics(&network_b), Tolerance::rel_abs(0.05, 0.05));
    }
}
