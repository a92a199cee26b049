//! Network, weights and preprocessing together: a photo and a crop in, a unit vector out.

use ::image::RgbImage;

use crate::preprocess::Preprocess;
use crate::{
    Error, Result, colour,
    crop::CropBox,
    feature_file::FeatureFile,
    frozen::{Frozen, Output},
    network::Network,
    weights::{self, ModelCard},
};

/// What the network sees in one crop of a photo.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding {
    /// The feature and, where the card gives them a share, the garment's colours and the instance feature; of Euclidean length 1.
    /// Two garments are as similar as the dot product of their vectors.
    pub vector: Vec<f32>,
    /// Probability of each category, in the order of the card's labels.
    pub probabilities: Vec<f32>,
    /// Probability of each value of each attribute, in the order of the card's attributes.
    pub attributes: Vec<Vec<f32>>,
    /// Where the garment is, as fractions of the whole photo.
    pub garment: CropBox,
}

impl Embedding {
    /// Index and probability of the likeliest category.
    #[must_use]
    pub fn category(&self) -> (usize, f32) {
        likeliest(&self.probabilities)
    }

    /// Index and probability of the likeliest value of each attribute.
    #[must_use]
    pub fn attribute_values(&self) -> Vec<(usize, f32)> {
        self.attributes.iter().map(|values| likeliest(values)).collect()
    }
}

fn likeliest(probabilities: &[f32]) -> (usize, f32) {
    let better = |best: (usize, f32), next: (usize, f32)| if next.1 > best.1 { next } else { best };
    probabilities.iter().copied().enumerate().fold((0, 0.0), better)
}

/// A network ready to embed photos.
#[derive(Debug)]
pub struct Embedder {
    card: ModelCard,
    network: Box<dyn Network>,
}

/// The narrowest box that a prediction may give, as a fraction of the picture.
pub const MINIMUM_BOX: f32 = 0.05;

/// A crop of a photo, or its mirror image, as the network of `card` takes it: `[3, size, size]`.
pub(crate) fn prepare(card: &ModelCard, photo: &RgbImage, crop: CropBox, mirrored: bool) -> Vec<f32> {
    let mut tensor = card.preprocess.apply(photo, crop);
    if mirrored {
        tensor.chunks_exact_mut(card.preprocess.size).for_each(<[f32]>::reverse);
    }
    tensor
}

/// Where in the photo the garment is that the network found in a crop, or in its mirror image.
///
/// # Shapes
///
/// - `boxes`: `[4]`, the network's answer: x1, y1, x2, y2 as fractions of the input square
#[must_use]
pub fn garment(
    preprocess: &Preprocess,
    photo: &RgbImage,
    crop: CropBox,
    mirrored: bool,
    boxes: &[f32],
) -> CropBox {
    let [x1, y1, x2, y2] = [boxes[0], boxes[1], boxes[2], boxes[3]];
    let [left, right] = if mirrored { [1.0 - x2, 1.0 - x1] } else { [x1, x2] };
    let inside = preprocess.crop_from_input(photo, crop, [left, y1, right, y2]);
    crop.whole_from_crop(&CropBox::from_prediction(inside, MINIMUM_BOX))
}

impl Embedder {
    /// Reads model.json and the weights file that it names; the network is [`Frozen`].
    ///
    /// Fails with [`Error::InvalidModelCard`] or [`Error::InvalidWeights`].
    pub fn load(card_json: &[u8], weights_file: &[u8]) -> Result<Self> {
        let card = ModelCard::from_json(card_json)?;
        let network = freeze(&card, weights_file)?;
        Ok(Self::new(card, network))
    }

    /// The network of `card`, computed by `network`.
    #[must_use]
    pub fn new(card: ModelCard, network: impl Network + 'static) -> Self {
        Self { card, network: Box::new(network) }
    }

    /// A network that is in memory already, as after training, computed by Burn.
    #[cfg(feature = "burn")]
    #[must_use]
    pub fn from_network(
        card: ModelCard,
        network: crate::resnet::ResNet,
        device: burn::tensor::Device,
    ) -> Self {
        let config = card.network.clone();
        Self::new(card, crate::resnet::OnDevice { config, network, device })
    }

    /// Architecture, labels, preprocessing.
    #[must_use]
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// Who computes the network.
    #[must_use]
    pub fn network(&self) -> &dyn Network {
        &*self.network
    }

    /// Names of the categories.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.card.labels
    }

    /// Fails with [`Error::ModelMismatch`] where these vectors were made with other weights or preprocessing.
    pub fn check_made(&self, features: &FeatureFile) -> Result<()> {
        let same_weights = features.weights_sha256() == self.card.weights_sha256();
        let same_preprocess = features.preprocess_id() == self.card.preprocess_id();
        let same_length = features.dimension() == self.dimension() || features.is_empty();
        if same_weights && same_preprocess && same_length { Ok(()) } else { Err(Error::ModelMismatch) }
    }

    /// Length of the vectors.
    #[must_use]
    pub fn dimension(&self) -> usize {
        let colours = if self.card.colour_share > 0.0 { colour::PALETTE_LENGTH } else { 0 };
        let instance = if self.card.instance_share > 0.0 { self.card.network.instance_length() } else { 0 };
        self.card.network.feature_length() + colours + instance
    }

    /// Embeds one crop of a photo. Fails with [`Error::Inference`].
    pub async fn embed(&self, photo: &RgbImage, crop: CropBox) -> Result<Embedding> {
        let mut embeddings = self.embed_batch(&[(photo, crop)]).await?;
        embeddings.pop().ok_or_else(|| Error::Inference { reason: "nothing came back".to_owned() })
    }

    /// Embeds several crops at once, in order. Fails with [`Error::Inference`].
    ///
    /// Where the card asks for a second look, a photo that comes without a crop of its own is looked at twice: as a whole,
    /// and close up where the first look found the garment.
    pub async fn embed_batch(&self, inputs: &[(&RgbImage, CropBox)]) -> Result<Vec<Embedding>> {
        let mut looks = self.look(inputs, false).await?;
        if let Some(margin) = self.card.second_look {
            let whole = |place: &usize| inputs[*place].1 == CropBox::WHOLE;
            let places: Vec<usize> = (0..inputs.len()).filter(whole).collect();
            let closer: Vec<_> =
                places.iter().map(|&place| (inputs[place].0, looks[place].garment.grown(margin))).collect();
            for (place, look) in places.into_iter().zip(self.look(&closer, self.card.mirror).await?) {
                looks[place].add(look)?;
            }
        }
        inputs
            .iter()
            .zip(looks)
            .map(|((photo, _), look)| {
                let vector = self.vector(&look, photo);
                let Look { probabilities, attributes, garment, .. } = look;
                Ok(Embedding { vector, probabilities, attributes, garment })
            })
            .collect()
    }

    /// What the network says of each crop, or of its mirror image. Fails with [`Error::Inference`].
    async fn look(&self, inputs: &[(&RgbImage, CropBox)], mirrored: bool) -> Result<Vec<Look>> {
        let each = |(photo, crop): &(&RgbImage, CropBox)| prepare(&self.card, photo, *crop, mirrored);
        let tensors = inputs.iter().map(each).collect::<Vec<_>>().concat();
        if inputs.is_empty() {
            return Ok(Vec::new());
        }
        let answers = self.network.forward(tensors, inputs.len()).await?;
        inputs
            .iter()
            .zip(answers)
            .map(|((photo, crop), answer)| {
                let Output { feature, category, attributes, boxes, instance } = answer;
                let garment = garment(&self.card.preprocess, photo, *crop, mirrored, &boxes);
                let logits = self.by_attribute(&attributes);
                let attributes = logits.iter().map(|logits| probabilities(logits).collect()).collect();
                Ok(Look {
                    feature: unit(&feature)?,
                    instance: if self.card.instance_share > 0.0 { unit(&instance)? } else { Vec::new() },
                    probabilities: probabilities(&category).collect(),
                    attributes,
                    garment,
                })
            })
            .collect()
    }

    /// Feature, colours and instance feature, each of length 1, weighted so that the dot product of two vectors is the weighted mean
    /// of the similarities of each.
    fn vector(&self, look: &Look, photo: &RgbImage) -> Vec<f32> {
        let (colour, instance) = (self.card.colour_share, self.card.instance_share);
        let rest = 1.0 - colour - instance;
        let mut vector: Vec<f32> = look.feature.iter().map(|value| value * rest.sqrt()).collect();
        if colour > 0.0 {
            vector.extend(colour::palette(photo, look.garment).map(|value| value * colour.sqrt()));
        }
        vector.extend(look.instance.iter().map(|value| value * instance.sqrt()));
        vector
    }

    /// One attribute after the other to a list of each.
    fn by_attribute(&self, mut flat: &[f32]) -> Vec<Vec<f32>> {
        let mut take = |values: &usize| {
            let (own, rest) = flat.split_at(*values);
            flat = rest;
            own.to_vec()
        };
        self.card.network.attributes.iter().map(&mut take).collect()
    }
}

/// The network of `card` with the weights of `file` for the CPU.
///
/// Fails with [`Error::InvalidWeights`] where length, hash or contents do not match the card.
pub fn freeze(card: &ModelCard, file: &[u8]) -> Result<Frozen> {
    let tensors = weights::read(card, file)?;
    weights::check(&card.network, &tensors)?;
    Frozen::new(&card.network, &tensors)
}

/// The softmax of `logits`.
fn probabilities(logits: &[f32]) -> impl Iterator<Item = f32> {
    // Less the greatest, so that nothing overflows.
    let most = logits.iter().copied().fold(f32::MIN, f32::max);
    let powers: Vec<f32> = logits.iter().map(|logit| (logit - most).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(move |power| power / sum)
}

/// The network's answer for one crop.
struct Look {
    /// Of length 1.
    feature: Vec<f32>,
    /// Likewise; empty where it has no share.
    instance: Vec<f32>,
    probabilities: Vec<f32>,
    /// Of each attribute, as in [`Embedding`].
    attributes: Vec<Vec<f32>>,
    /// As fractions of the whole photo.
    garment: CropBox,
}

impl Look {
    /// Joins a closer look: features and all probabilities are averaged; what tells one garment from the next, and where it is, are seen
    /// from close up alone. Fails with [`Error::Inference`] where two features cancel out.
    fn add(&mut self, closer: Self) -> Result<()> {
        let mean = |a: &[f32], b: &[f32]| unit(&a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<_>>());
        self.feature = mean(&self.feature, &closer.feature)?;
        self.instance = closer.instance;
        let mine = self.probabilities.iter_mut().chain(self.attributes.iter_mut().flatten());
        let theirs = closer.probabilities.into_iter().chain(closer.attributes.into_iter().flatten());
        for (mean, value) in mine.zip(theirs) {
            *mean = f32::midpoint(*mean, value);
        }
        self.garment = closer.garment;
        Ok(())
    }
}

/// `vector` scaled to Euclidean length 1.
///
/// Fails with [`Error::Inference`] where a value is not finite or all are zero.
pub fn unit(vector: &[f32]) -> Result<Vec<f32>> {
    let norm = vector.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt();
    if !norm.is_finite() || norm < 1e-12 {
        return Err(Error::Inference { reason: "its feature has no direction".to_owned() });
    }
    Ok(vector.iter().map(|v| (f64::from(*v) / norm) as f32).collect())
}

#[cfg(all(test, feature = "burn"))]
pub(crate) mod tests {
    use ::image::Rgb;
    use burn::tensor::Device;
    use pollster::block_on;

    use super::*;
    use crate::resnet::{InstanceConfig, ResNetConfig};
    use crate::weights::{CARD_FORMAT, CARD_VERSION, FileReference};

    /// A card for a network, with an input of 32 pixels.
    pub(crate) fn card(network: &ResNetConfig) -> ModelCard {
        ModelCard {
            format: CARD_FORMAT.to_owned(),
            version: CARD_VERSION,
            weights: FileReference::hashed("weights", "safetensors", &[]),
            network: network.clone(),
            preprocess: Preprocess { size: 32, ..Preprocess::default() },
            labels: (0..network.categories).map(|label| label.to_string()).collect(),
            attributes: Vec::new(),
            colour_share: 0.0,
            instance_share: 0.0,
            second_look: None,
            mirror: false,
            licence: String::new(),
            training: serde_json::Value::Null,
            metrics: serde_json::Value::Null,
        }
    }

    fn embedders(margin: f32) -> [Embedder; 2] {
        let device = Device::flex();
        let network =
            ResNetConfig { widths: vec![8, 16], blocks: 1, input_size: 32, ..ResNetConfig::default() };
        let once = card(&network);
        let twice = ModelCard { second_look: Some(margin), ..once.clone() };
        assert_ne!(once.preprocess_id(), twice.preprocess_id());
        let weights = network.init(&device).unwrap();
        [once, twice].map(|card| Embedder::from_network(card, weights.clone(), device.clone()))
    }

    #[test]
    fn the_second_look_is_at_the_garment_that_the_first_found() {
        let photo = RgbImage::from_fn(60, 80, |x, y| Rgb([(x * 4) as u8, (y * 3) as u8, (x * y) as u8]));
        let [once, twice] = embedders(0.1);
        let whole = block_on(once.embed(&photo, CropBox::WHOLE)).unwrap();
        let close = block_on(once.embed(&photo, whole.garment.grown(0.1))).unwrap();
        assert_ne!(whole.vector, close.vector);

        let both = block_on(twice.embed(&photo, CropBox::WHOLE)).unwrap();
        let sum: Vec<f32> = whole.vector.iter().zip(&close.vector).map(|(a, b)| a + b).collect();
        assert!(both.vector.iter().zip(unit(&sum).unwrap()).all(|(a, b)| (a - b).abs() < 1e-5));
        assert!(both.garment.iou(&close.garment) > 0.999);

        // A crop that a person chose is taken as it is.
        let chosen = CropBox::new(0.2, 0.1, 0.9, 0.8).unwrap();
        let inputs = [(&photo, chosen), (&photo, CropBox::WHOLE)];
        let mixed = block_on(twice.embed_batch(&inputs)).unwrap();
        let alone = block_on(once.embed(&photo, chosen)).unwrap();
        assert!(mixed[0].vector.iter().zip(&alone.vector).all(|(a, b)| (a - b).abs() < 1e-5));
        assert!(mixed[1].vector.iter().zip(&both.vector).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn the_instance_feature_stands_behind_the_colours() {
        let photo = RgbImage::from_fn(60, 80, |x, y| Rgb([(x * 4) as u8, (y * 3) as u8, (x * y) as u8]));
        let device = Device::flex();
        let instance = InstanceConfig { length: 5, hidden: 6, attention: 2, shapes: 3, colours: 4 };
        let network = ResNetConfig {
            widths: vec![8, 16],
            input_size: 32,
            stem_stride: 2,
            instance: Some(instance),
            ..ResNetConfig::default()
        };
        let weights = network.init(&device).unwrap();
        let embed = |change: &dyn Fn(&mut ModelCard)| {
            let mut card = card(&network);
            change(&mut card);
            let embedder = Embedder::from_network(card, weights.clone(), device.clone());
            let vector = block_on(embedder.embed(&photo, CropBox::WHOLE)).unwrap().vector;
            assert_eq!(vector.len(), embedder.dimension());
            (embedder.card().preprocess_id(), vector)
        };
        let plain = embed(&|_| ());
        let coloured = embed(&|card| card.colour_share = 0.2);
        let all = embed(&|card| (card.colour_share, card.instance_share) = (0.2, 0.3));
        assert!(plain.0 != coloured.0 && coloured.0 != all.0);
        let length = plain.1.len();
        assert_eq!(
            (length, coloured.1.len(), all.1.len()),
            (16, 16 + colour::PALETTE_LENGTH, length + colour::PALETTE_LENGTH + 5)
        );
        let near = |a: &[f32], b: &[f32], scale: f32| {
            a.iter().zip(b).all(|(a, b)| (a * scale.sqrt() - b).abs() < 1e-5)
        };
        assert!(near(&plain.1, &all.1[..length], 0.5));
        assert!(near(&coloured.1[length..], &all.1[length..], 1.0));
        let squares = |part: &[f32]| part.iter().map(|value| value * value).sum::<f32>();
        assert!((squares(&all.1[length + colour::PALETTE_LENGTH..]) - 0.3).abs() < 1e-5);

        // Two looks: the closer one's.
        let instance_of = |look: Option<f32>, crop: &dyn Fn(CropBox) -> CropBox| {
            let mut card = card(&network);
            (card.instance_share, card.second_look) = (0.3, look);
            let embedder = Embedder::from_network(card, weights.clone(), device.clone());
            let garment = block_on(embedder.embed(&photo, CropBox::WHOLE)).unwrap().garment;
            block_on(embedder.embed(&photo, crop(garment))).unwrap().vector[length..].to_vec()
        };
        let whole = instance_of(None, &|_| CropBox::WHOLE);
        let close = instance_of(None, &|garment| garment.grown(0.1));
        let both = instance_of(Some(0.1), &|_| CropBox::WHOLE);
        assert!(!near(&whole, &close, 1.0) && near(&close, &both, 1.0));
    }

    #[test]
    fn a_mirrored_second_look_is_at_the_mirror_image() {
        let photo = RgbImage::from_fn(64, 64, |x, y| Rgb([(x * 4) as u8, (y * 3) as u8, (x * y) as u8]));
        let mirrored = ::image::imageops::flip_horizontal(&photo);
        let [once, mut twice] = embedders(1.0);
        let straight = twice.card.preprocess_id();
        twice.card.mirror = true;
        assert_ne!(straight, twice.card.preprocess_id());

        let whole = block_on(once.embed(&photo, CropBox::WHOLE)).unwrap();
        let around = whole.garment.grown(1.0);
        let other = CropBox { x1: 1.0 - around.x2, x2: 1.0 - around.x1, ..around };
        let close = block_on(once.embed(&mirrored, other)).unwrap();
        let both = block_on(twice.embed(&photo, CropBox::WHOLE)).unwrap();
        let sum: Vec<f32> = whole.vector.iter().zip(&close.vector).map(|(a, b)| a + b).collect();
        assert!(both.vector.iter().zip(unit(&sum).unwrap()).all(|(a, b)| (a - b).abs() < 1e-4));
        // The box is told as it lies in the photo, not in its mirror image.
        assert!((both.garment.x1 - (1.0 - close.garment.x2)).abs() < 1e-4);
        assert!((both.garment.x2 - (1.0 - close.garment.x1)).abs() < 1e-4);
    }
}
