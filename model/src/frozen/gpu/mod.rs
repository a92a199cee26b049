//! The trained network frozen for a graphics card: the trunk in one kernel, once a convolution; the heads on the CPU.
//!
//! Every batch norm is a scale and a shift for each channel, and each comes right after a convolution or a block's sum: so the
//! kernel gives a convolution's output twice, as it is for the shortcut and normalised and rectified for the next convolution, and
//! nothing else is left to launch. One kernel for all layers is one pipeline to compile, which is what a first answer waits for. The last map
//! is small: reading it back costs what reading the answers would.

mod kernel;
mod quicker;

use burn::backend::DispatchDevice;
use burn::tensor::Device;
use cubecl::client::Client;
use cubecl::ir::{ElemType, FloatKind};
use cubecl::prelude::*;
use cubecl::server::Handle;
use cubecl::std::tensor::TensorHandle;
use half::f16;
use half::slice::HalfFloatSliceExt as _;

pub use self::quicker::Choice;

use self::kernel::{COLUMNS, LANES, PlanLaunch, convolve};
use super::Output;
use super::head::Head;
use super::map::Map;
use super::tensors::Tensors;
use crate::network::{Answers, Network};
use crate::resnet::ResNetConfig;
use crate::weights::HostTensor;
use crate::{Error, Result};

/// Units of the kernel that start together.
const CUBE: u32 = 64;

/// How maps and weights are kept on the card; sums are in single precision always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits.
    Single,
    /// 16 bits, half of what has to be read. Cards may do without (in a browser: `shader-f16`).
    Half,
}

/// A network on a graphics card whose weights no longer change.
pub struct FrozenGpu {
    client: Client,
    precision: Precision,
    stem: Layer,
    /// Two a block.
    layers: Vec<Layer>,
    head: Head,
    /// Width and height of the input, pixels.
    size: usize,
    /// Stands in where a layer reads or writes nothing.
    nothing: [Buffer; 2],
}

impl std::fmt::Debug for FrozenGpu {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = formatter.debug_struct("FrozenGpu");
        fields.field("precision", &self.precision).field("layers", &self.layers).finish_non_exhaustive()
    }
}

impl Network for FrozenGpu {
    fn forward(&self, pictures: Vec<f32>, batch: usize) -> Answers<'_> {
        Box::pin(async move { Self::forward(self, &pictures, batch).await })
    }
}

/// Memory of the card, how many values it holds, and how.
#[derive(Debug, Clone)]
struct Buffer {
    handle: Handle,
    length: usize,
    precision: Precision,
}

/// A 3x3 convolution with what becomes of its output.
#[derive(Debug)]
struct Layer {
    /// `[3, 3, inputs, outputs]`.
    weight: Buffer,
    /// Of the batch norm behind it, `[outputs]` each.
    scale: Buffer,
    shift: Buffer,
    inputs: usize,
    outputs: usize,
    /// Width and height of the output.
    size: usize,
    stride: usize,
    /// Whether a block ends here, and what its shortcut does.
    shortcut: Option<Shortcut>,
}

#[derive(Debug)]
struct Shortcut {
    channels: usize,
    stride: usize,
}

impl FrozenGpu {
    /// Freezes the network of `config` with the tensors of a weights file. Nothing where the device is no graphics card or does not know
    /// this precision, or a width or a map's size does not suit the kernel: whole vectors of four are what it computes with.
    ///
    /// Fails with [`Error::InvalidWeights`] where a tensor is missing or of another length.
    pub fn new<S: std::hash::BuildHasher>(
        config: &ResNetConfig,
        tensors: &std::collections::HashMap<String, HostTensor, S>,
        device: &Device,
        precision: Precision,
    ) -> Result<Option<Self>> {
        config.validate()?;
        #[allow(
            irrefutable_let_patterns,
            reason = "in the browser there are no other devices, natively there are"
        )]
        let DispatchDevice::Cube(device) = device.as_dispatch() else { return Ok(None) };
        let suits = config.widths.iter().all(|width| width.is_multiple_of(2 * LANES))
            && config.map_size().is_multiple_of(COLUMNS);
        let client = device.client();
        if !suits || !client.properties().supports_type(precision.kind()) {
            return Ok(None);
        }
        let tensors = Tensors::new(|name| tensors.get(name), config.epsilon);
        let (stem, layers) = layers(&client, config, &tensors, precision)?;
        let nothing = [0, 1].map(|_| upload(&client, &[0.0; LANES], precision));
        let head = Head::new(config, &tensors)?;
        Ok(Some(Self { client, precision, stem, layers, head, size: config.input_size, nothing }))
    }

    /// The network's answers. Fails with [`Error::Inference`].
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, 3, size, size]`, preprocessed; missing values count as 0
    pub async fn forward(&self, input: &[f32], batch: usize) -> Result<Vec<Output>> {
        let picture = upload(&self.client, &self.channels_last(input, batch), self.precision);
        let (_, mut active) = self.apply(&self.stem, batch, &picture, &picture);
        let mut raw = active.clone();
        for layer in &self.layers {
            let (sum, next) = self.apply(layer, batch, &active, &raw);
            raw = sum.unwrap_or(raw);
            active = next;
        }
        self.heads(input, raw, batch).await
    }

    /// `[batch, size, size, 4]`.
    fn channels_last(&self, input: &[f32], batch: usize) -> Vec<f32> {
        let plane = self.size * self.size;
        let mut values = vec![0.0; batch * plane * LANES];
        for (to, from) in values.chunks_exact_mut(plane * LANES).zip(input.chunks(3 * plane)) {
            for (channel, from) in from.chunks(plane).enumerate() {
                for (pixel, value) in to.chunks_exact_mut(LANES).zip(from) {
                    pixel[channel] = *value;
                }
            }
        }
        values
    }

    /// The layer's output, where a shortcut of `side` is added to it, and what the next convolution reads.
    fn apply(&self, layer: &Layer, batch: usize, input: &Buffer, side: &Buffer) -> (Option<Buffer>, Buffer) {
        let length = batch * layer.size * layer.size * layer.outputs;
        let precision = self.precision;
        let empty = || Buffer { handle: self.client.empty(length * precision.bytes()), length, precision };
        let quads = |channels: usize| (channels / LANES) as u32;
        let units = (batch * layer.size * layer.size / COLUMNS) as u32 * quads(layer.outputs);
        let [no_side, no_sum] = &self.nothing;
        let active = empty();
        let sum = layer.shortcut.as_ref().map(|_| empty());
        let (side, side_stride, side_quads) = match &layer.shortcut {
            Some(Shortcut { channels, stride }) => (side, *stride as u32, quads(*channels)),
            None => (no_side, 0, 0),
        };
        let launch = match precision {
            Precision::Single => convolve::launch::<f32>,
            Precision::Half => convolve::launch::<f16>,
        };
        launch(
            &self.client,
            CubeCount::Static(units.div_ceil(CUBE), 1, 1),
            CubeDim::new_1d(CUBE),
            input.argument(),
            layer.weight.argument(),
            layer.scale.argument(),
            layer.shift.argument(),
            side.argument(),
            sum.as_ref().unwrap_or(no_sum).argument(),
            active.argument(),
            PlanLaunch::new(
                units,
                layer.size as u32,
                layer.stride as u32,
                quads(layer.inputs),
                quads(layer.outputs),
                side_stride,
                side_quads,
            ),
        );
        (sum, active)
    }

    /// The heads' answers to pictures and the last block's maps of them.
    async fn heads(&self, input: &[f32], maps: Buffer, batch: usize) -> Result<Vec<Output>> {
        let failed = |reason: String| Error::Inference { reason };
        let read = self.client.read_async(vec![maps.handle]).await;
        let read = read.map_err(|error| failed(error.to_string()))?;
        let values = self.precision.values(read.first().map_or(&[], |bytes| bytes));
        let Some(last) = self.layers.last() else {
            return Err(failed("the network has no layers".to_owned()));
        };
        let length = last.size * last.size * last.outputs;
        if values.len() < batch * length {
            return Err(failed("too little came back".to_owned()));
        }
        let (mut map, mut active) = (Map::default(), Map::default());
        map.reshape(last.size, last.outputs);
        let answer = |(place, values): (usize, &[f32])| {
            for (y, row) in values.chunks_exact(last.size * last.outputs).enumerate() {
                let channels = map.channels();
                let to = map.row_mut(y).chunks_exact_mut(channels);
                for (to, from) in to.zip(row.chunks_exact(last.outputs)) {
                    to[..last.outputs].copy_from_slice(from);
                }
            }
            let one = 3 * self.size * self.size;
            let picture = input.chunks(one).nth(place).unwrap_or(&[]);
            self.head.forward(picture, &map, &mut active)
        };
        Ok(values.chunks_exact(length).take(batch).enumerate().map(answer).collect())
    }
}

impl Precision {
    fn kind(self) -> ElemType {
        ElemType::Float(match self {
            Self::Single => FloatKind::F32,
            Self::Half => FloatKind::F16,
        })
    }

    /// Bytes of a value.
    const fn bytes(self) -> usize {
        match self {
            Self::Single => size_of::<f32>(),
            Self::Half => size_of::<f16>(),
        }
    }

    /// What the card's memory holds.
    fn values(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            Self::Single => bytes.as_chunks().0.iter().map(|value| f32::from_le_bytes(*value)).collect(),
            Self::Half => {
                bytes.as_chunks().0.iter().map(|value| f16::from_le_bytes(*value).to_f32()).collect()
            }
        }
    }
}

impl Buffer {
    fn argument(&self) -> BufferArg {
        let kind = self.precision.kind();
        TensorHandle::new_contiguous([self.length], self.handle.clone(), kind).binding().into_buffer_arg()
    }
}

fn upload(client: &Client, values: &[f32], precision: Precision) -> Buffer {
    let handle = match precision {
        Precision::Single => client.create_from_slice(f32::as_bytes(values)),
        Precision::Half => {
            let mut halves = vec![f16::ZERO; values.len()];
            halves.convert_from_f32_slice(values);
            client.create_from_slice(f16::as_bytes(&halves))
        }
    };
    Buffer { handle, length: values.len(), precision }
}

/// The stem, and two layers a block.
fn layers(
    client: &Client,
    config: &ResNetConfig,
    tensors: &Tensors<'_>,
    precision: Precision,
) -> Result<(Layer, Vec<Layer>)> {
    let layer = |path: &str, norm: &str, [inputs, outputs]: [usize; 2], size, stride, shortcut| {
        let kernel = tensors.values(&format!("{path}.weight"), outputs * inputs * 9)?;
        // Channels that fill up the stem's input meet zeros.
        let filled = inputs.next_multiple_of(LANES);
        let mut weight = vec![0.0; 9 * filled * outputs];
        for (at, value) in kernel.iter().enumerate() {
            let (output, input, place) = (at / (9 * inputs), at / 9 % inputs, at % 9);
            weight[(place * filled + input) * outputs + output] = *value;
        }
        let [scale, shift] = tensors.scale_and_shift(norm, outputs)?;
        let weight = upload(client, &weight, precision);
        let [scale, shift] = [&scale, &shift].map(|values| upload(client, values, Precision::Single));
        Ok(Layer { weight, scale, shift, inputs: filled, outputs, size, stride, shortcut })
    };
    let mut channels = config.widths[0];
    let mut size = config.input_size / config.stem_stride;
    let stem = layer("stem.conv", "stem.norm", [3, channels], size, config.stem_stride, None)?;
    let mut all = Vec::new();
    let blocks = config.widths.len() * config.blocks;
    for index in 0..blocks {
        let width = config.widths[index / config.blocks];
        let stride = if index > 0 && index.is_multiple_of(config.blocks) { 2 } else { 1 };
        size /= stride;
        let path = format!("blocks.{index}");
        let (first, second) = (format!("{path}.conv1"), format!("{path}.conv2"));
        all.push(layer(&first, &format!("{path}.norm2"), [channels, width], size, stride, None)?);
        let next =
            if index + 1 == blocks { "head.norm".to_owned() } else { format!("blocks.{}.norm1", index + 1) };
        let shortcut = Some(Shortcut { channels, stride });
        all.push(layer(&second, &next, [width, width], size, 1, shortcut)?);
        channels = width;
    }
    Ok((stem, all))
}
