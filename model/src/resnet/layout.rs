//! Names and shapes of the stored tensors, as they follow from the configuration alone.

use super::{BoxHead, InstanceConfig, ResNetConfig};

/// Name and shape of every tensor that a weights file of this network holds, in the order in which files are written.
///
/// Names and layouts are those of a PyTorch `state_dict`.
#[must_use]
pub fn layout(config: &ResNetConfig) -> Vec<(String, Vec<usize>)> {
    let mut tensors = Layout::default();
    let mut channels = config.widths[0];
    tensors.kernel("stem.conv", [channels, 3, 3, 3]);
    tensors.norm("stem.norm", channels);
    let widths = config.widths.iter().flat_map(|width| std::iter::repeat_n(*width, config.blocks));
    for (index, width) in widths.enumerate() {
        let path = format!("blocks.{index}");
        // The stem has just normalised the very first block's input.
        if index > 0 {
            tensors.norm(&format!("{path}.norm1"), channels);
        }
        tensors.kernel(&format!("{path}.conv1"), [width, channels, 3, 3]);
        tensors.norm(&format!("{path}.norm2"), width);
        tensors.kernel(&format!("{path}.conv2"), [width, width, 3, 3]);
        channels = width;
    }
    tensors.norm("head.norm", channels);
    let feature = config.feature_length();
    if let Some(length) = config.embedding {
        tensors.linear("head.embedding", channels, length);
    }
    tensors.linear("head.category", config.label_inputs(), config.categories);
    if config.attribute_logits() > 0 {
        tensors.linear("head.attributes", config.label_inputs(), config.attribute_logits());
    }
    let box_inputs = match config.box_head {
        BoxHead::Feature => feature,
        BoxHead::Map => {
            let narrow = ResNetConfig::BOX_CHANNELS;
            tensors.pointwise("head.box_map", channels, narrow);
            narrow * config.map_size() * config.map_size()
        }
    };
    tensors.linear("head.boxes", box_inputs, 4);
    if let Some(instance) = &config.instance {
        let InstanceConfig { length, hidden, attention, shapes, colours } = *instance;
        tensors.pointwise("head.instance.tones", 3, InstanceConfig::TONES);
        tensors.pointwise("head.instance.colours", InstanceConfig::TONES, colours);
        tensors.pointwise("head.instance.shapes", channels, shapes);
        tensors.pointwise("head.instance.attention", channels, attention);
        let inputs = instance.inputs(channels);
        tensors.norm("head.instance.norm", inputs);
        tensors.linear("head.instance.hidden", inputs, hidden);
        tensors.linear("head.instance.feature", hidden, length);
    }
    tensors.0
}

#[derive(Default)]
struct Layout(Vec<(String, Vec<usize>)>);

impl Layout {
    fn add(&mut self, name: &str, shape: &[usize]) {
        self.0.push((name.to_owned(), shape.to_vec()));
    }

    fn kernel(&mut self, path: &str, shape: [usize; 4]) {
        self.add(&format!("{path}.weight"), &shape);
    }

    /// A 1x1 convolution with a bias.
    fn pointwise(&mut self, path: &str, inputs: usize, outputs: usize) {
        self.kernel(path, [outputs, inputs, 1, 1]);
        self.add(&format!("{path}.bias"), &[outputs]);
    }

    fn linear(&mut self, path: &str, inputs: usize, outputs: usize) {
        self.add(&format!("{path}.weight"), &[outputs, inputs]);
        self.add(&format!("{path}.bias"), &[outputs]);
    }

    fn norm(&mut self, path: &str, channels: usize) {
        for part in ["weight", "bias", "running_mean", "running_var"] {
            self.add(&format!("{path}.{part}"), &[channels]);
        }
    }
}
