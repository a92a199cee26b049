//! Where two pictures are alike: what each part of either gives to the similarity of their features.
//!
//! An embedding's feature is `f = (u1 + u2) / |u1 + u2|`, where each look at a picture gives `u = r / |r|`, and `r = W p + b` is the
//! network's feature of the pooled map; with one look `f = u1`. So the similarity of two features, `f . g`, is a sum over the looks
//! at the first picture of `r . g` divided by two lengths, and `r . g` is a sum over the positions of the feature map
//! ([`Frozen::shares`]). **All of them, and what the bias gives, add up to the similarity.** The same holds the other way
//! round, with the positions of the second picture's maps.
//!
//! The looks lie differently on the photo, the second one mirrored where the card says so: each position is put back where it was seen.
//! The colours' part of an embedding has no positions and is told apart. The instance feature is no linear function of what its
//! head pools; what it adds to an embedding's similarity is in none of these parts.

use ::image::RgbImage;

use crate::{
    Result, colour,
    crop::CropBox,
    embedder::{garment, prepare, unit},
    frozen::{FeatureMap, Frozen},
    search::dot,
    weights::ModelCard,
};

/// Why two pictures are alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// Cosine of the features, at most 1.
    pub features: f32,
    /// Similarity of the colours, 0 to 1, where the card gives them a share.
    pub colours: Option<f32>,
    /// What each picture gives to `features`.
    pub pictures: [Matches; 2],
}

/// What the parts of one picture give to the similarity of features.
#[derive(Clone, Debug, PartialEq)]
pub struct Matches {
    /// One or two looks at the picture.
    pub looks: Vec<Patch>,
    /// What belongs to no part of the picture.
    pub rest: f32,
}

/// What the positions of one look's feature map give.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    /// Left, top, right and bottom edge of what the network saw, as fractions of the photo; beyond the photo where that was
    /// letterboxed.
    pub place: [f32; 4],
    /// Width and height, positions.
    pub size: usize,
    /// `[size, size]`, as they lie on the photo.
    pub values: Vec<f32>,
}

/// Compares the whole of two photos, or crops of them that a person chose.
///
/// Fails with [`crate::Error::Inference`].
pub fn attribute(
    card: &ModelCard,
    network: &Frozen,
    [one, other]: [(&RgbImage, CropBox); 2],
) -> Result<Attribution> {
    let one = Views::of(card, network, one)?;
    let other = Views::of(card, network, other)?;
    Ok(Attribution {
        features: dot(&one.feature, &other.feature),
        colours: one.palette.as_deref().zip(other.palette.as_deref()).map(|(one, other)| dot(one, other)),
        pictures: [one.matches(network, &other.feature), other.matches(network, &one.feature)],
    })
}

/// A picture as the network saw it.
struct Views {
    /// Of length 1.
    feature: Vec<f32>,
    looks: Vec<Look>,
    palette: Option<Vec<f32>>,
}

struct Look {
    map: FeatureMap,
    /// What the network's feature is divided by in the picture's.
    length: f32,
    place: [f32; 4],
    is_mirrored: bool,
}

impl Views {
    /// As [`crate::embedder::Embedder::embed`] looks at it.
    fn of(card: &ModelCard, network: &Frozen, (photo, crop): (&RgbImage, CropBox)) -> Result<Self> {
        let (mut looks, mut sum) = (Vec::new(), Vec::new());
        let mut look = |crop: CropBox, is_mirrored: bool| -> Result<CropBox> {
            let sight = network.see(&prepare(card, photo, crop, is_mirrored));
            let feature = unit(&sight.output.feature)?;
            let length = length(&sight.output.feature);
            sum.resize(feature.len(), 0.0);
            sum.iter_mut().zip(&feature).for_each(|(sum, value)| *sum += value);
            let [x1, y1, x2, y2] = card.preprocess.crop_from_input(photo, crop, [0.0, 0.0, 1.0, 1.0]);
            let (width, height) = (crop.x2 - crop.x1, crop.y2 - crop.y1);
            let across = |x: f32| crop.x1 + x * width;
            let down = |y: f32| crop.y1 + y * height;
            let place = [across(x1), down(y1), across(x2), down(y2)];
            looks.push(Look { map: sight.map, length, place, is_mirrored });
            Ok(garment(&card.preprocess, photo, crop, is_mirrored, &sight.output.boxes))
        };
        let mut found = look(crop, false)?;
        if let Some(margin) = card.second_look.filter(|_| crop == CropBox::WHOLE) {
            found = look(found.grown(margin), card.mirror)?;
        }
        let both = length(&sum);
        for look in &mut looks {
            look.length *= both;
        }
        let palette = (card.colour_share > 0.0).then(|| colour::palette(photo, found).to_vec());
        Ok(Self { feature: unit(&sum)?, looks, palette })
    }

    /// What this picture gives to the product of its feature and `direction`, another one's.
    fn matches(&self, network: &Frozen, direction: &[f32]) -> Matches {
        let mut matches = Matches { looks: Vec::new(), rest: 0.0 };
        for Look { map, length, place, is_mirrored } in &self.looks {
            let (mut values, rest) = network.shares(map, direction);
            for value in &mut values {
                *value /= length;
            }
            if *is_mirrored {
                values.chunks_exact_mut(map.size.max(1)).for_each(<[f32]>::reverse);
            }
            matches.rest += rest / length;
            matches.looks.push(Patch { place: *place, size: map.size, values });
        }
        matches
    }
}

impl Matches {
    /// Everything together: the similarity of features.
    #[must_use]
    pub fn sum(&self) -> f32 {
        self.looks.iter().flat_map(|look| &look.values).sum::<f32>() + self.rest
    }

    /// How much the surroundings of each of `width * height` points of the photo give, per area of the whole photo, row by row.
    ///
    /// A position of a feature map is no square on the photo: what it gives is spread around its middle by a cubic B-spline, which is
    /// smooth, and the mean of all points is what was given but for what is spread beyond the photo's edges.
    #[must_use]
    pub fn density(&self, width: usize, height: usize) -> Vec<f32> {
        let mut density = vec![0.0; width * height];
        for Patch { place: [x1, y1, x2, y2], size, values } in &self.looks {
            let columns = spread(*x1, *x2, *size, width);
            let rows = spread(*y1, *y2, *size, height);
            for (line, row) in density.chunks_exact_mut(width.max(1)).zip(rows.chunks_exact((*size).max(1))) {
                // The map's rows as seen from this row of points, then along it.
                let mut mixed = vec![0.0; *size];
                for (weight, values) in row.iter().zip(values.chunks_exact(*size)) {
                    if *weight > 0.0 {
                        mixed.iter_mut().zip(values).for_each(|(mixed, value)| *mixed += weight * value);
                    }
                }
                for (point, column) in line.iter_mut().zip(columns.chunks_exact(*size)) {
                    *point += dot(column, &mixed);
                }
            }
        }
        density
    }
}

/// How much each of `size` positions between two edges counts at each of `points` points of the way from 0 to 1: `[points, size]`.
fn spread(from: f32, to: f32, size: usize, points: usize) -> Vec<f32> {
    let step = (to - from) / size as f32;
    let weight = |point: usize, position: usize| {
        let at = ((point as f32 + 0.5) / points as f32 - from) / step - 0.5;
        spline(at - position as f32) / step
    };
    (0..points).flat_map(|point| (0..size).map(move |position| weight(point, position))).collect()
}

/// The cubic B-spline: 0 from 2 on; its integral is 1.
fn spline(x: f32) -> f32 {
    let x = x.abs();
    if x < 1.0 {
        2.0 / 3.0 - x * x + x * x * x / 2.0
    } else if x < 2.0 {
        (2.0 - x).powi(3) / 6.0
    } else {
        0.0
    }
}

fn length(vector: &[f32]) -> f32 {
    vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt() as f32
}

#[cfg(all(test, feature = "burn"))]
mod tests {
    use std::collections::HashMap;

    use ::image::Rgb;
    use burn::tensor::{Device, Distribution, Tensor};
    use pollster::block_on;

    use super::*;
    use crate::embedder::{self, Embedder};
    use crate::preprocess::{Fit, Preprocess};
    use crate::resnet::{BoxHead, InstanceConfig, Pool, ResNetConfig};
    use crate::weights::{HostTensor, to_host};

    /// Two pictures that differ in everything, upright and lying.
    fn pictures() -> [RgbImage; 2] {
        let wave = |value: f32| (128.0 + 100.0 * value.sin()) as u8;
        [
            RgbImage::from_fn(60, 80, |x, y| Rgb([(x * 4) as u8, (y * 3) as u8, (x * y) as u8])),
            RgbImage::from_fn(90, 64, |x, y| {
                Rgb([wave(x as f32 * 0.3), wave(y as f32 * 0.2), wave((x + y) as f32 * 0.5)])
            }),
        ]
    }

    fn network(config: &ResNetConfig) -> Frozen {
        let device = Device::flex().autodiff();
        let network = config.init(&device).unwrap();
        for _ in 0..3 {
            let shape = [4, 3, config.input_size, config.input_size];
            let _ = network.forward(Tensor::<4>::random(shape, Distribution::Normal(0.3, 1.2), &device));
        }
        let network = burn::module::Module::valid(&network);
        let tensors: HashMap<String, HostTensor> = to_host(&network).unwrap().into_iter().collect();
        Frozen::new(config, &tensors).unwrap()
    }

    fn cards() -> [ModelCard; 3] {
        let small =
            ResNetConfig { widths: vec![8, 16], blocks: 1, input_size: 32, ..ResNetConfig::default() };
        let shipped =
            ResNetConfig { pool: Pool::Gem, embedding: Some(12), box_head: BoxHead::Map, ..small.clone() };
        let once = embedder::tests::card(&small);
        let letterboxed = Preprocess { size: 32, fit: Fit::Letterbox, ..Preprocess::default() };
        let twice = ModelCard {
            preprocess: letterboxed,
            colour_share: 0.15,
            second_look: Some(0.1),
            ..embedder::tests::card(&shipped)
        };
        let instance = InstanceConfig { length: 5, hidden: 6, attention: 2, shapes: 3, colours: 4 };
        let network = ResNetConfig { instance: Some(instance), ..shipped };
        let mirrored = ModelCard { mirror: true, network, instance_share: 0.3, ..twice.clone() };
        [once, twice, mirrored]
    }

    #[test]
    fn what_the_parts_give_adds_up_to_the_similarity() {
        let [one, other] = pictures();
        let chosen = CropBox::new(0.2, 0.1, 0.9, 0.8).unwrap();
        for card in cards() {
            let frozen = network(&card.network);
            for crop in [CropBox::WHOLE, chosen] {
                let found = attribute(&card, &frozen, [(&one, crop), (&other, CropBox::WHOLE)]).unwrap();
                for matches in &found.pictures {
                    let sum = matches.sum();
                    assert!((sum - found.features).abs() < 1e-4, "{sum} instead of {}", found.features);
                }
                let looks = usize::from(card.second_look.is_some() && crop == CropBox::WHOLE) + 1;
                assert_eq!(found.pictures[0].looks.len(), looks);
                assert_eq!(card.colour_share > 0.0, found.colours.is_some());
            }
        }
    }

    #[test]
    fn it_is_the_similarity_that_searches_go_by() {
        let [one, other] = pictures();
        for card in cards() {
            let frozen = network(&card.network);
            let found =
                attribute(&card, &frozen, [(&one, CropBox::WHOLE), (&other, CropBox::WHOLE)]).unwrap();
            let embedder = Embedder::new(card.clone(), frozen);
            let inputs = [(&one, CropBox::WHOLE), (&other, CropBox::WHOLE)];
            let vectors = block_on(embedder.embed_batch(&inputs)).unwrap();
            // Without the instance feature, which is told nothing of here and stands last.
            let length = embedder.dimension() - card.network.instance_length();
            let expected = dot(&vectors[0].vector[..length], &vectors[1].vector[..length]);
            let share = card.colour_share;
            let sum = (1.0 - share - card.instance_share) * found.features
                + share * found.colours.unwrap_or_default();
            assert!((sum - expected).abs() < 1e-4, "{sum} instead of {expected}");
        }
    }

    #[test]
    fn a_picture_is_its_own_twin() {
        let [one, _] = pictures();
        for card in cards() {
            let found = attribute(&card, &network(&card.network), [(&one, CropBox::WHOLE); 2]).unwrap();
            assert!((found.features - 1.0).abs() < 1e-5 && found.pictures[0] == found.pictures[1]);
            assert!(found.colours.is_none_or(|colours| (colours - 1.0).abs() < 1e-5));
        }
    }

    #[test]
    fn looks_lie_where_they_were_seen() {
        let [one, _] = pictures();
        let [.., twice, mirrored] = cards();
        let place = |card: &ModelCard| {
            let inputs = [(&one, CropBox::WHOLE); 2];
            let found = attribute(card, &network(&card.network), inputs).unwrap();
            found.pictures[0].looks.iter().map(|look| look.place).collect::<Vec<_>>()
        };
        for card in [twice, mirrored] {
            let places = place(&card);
            // An upright photo in a square: 60 of 80 parts are photo, ten on each side are not.
            for (found, wanted) in places[0].iter().zip([-1.0 / 6.0, 0.0, 7.0 / 6.0, 1.0]) {
                assert!((found - wanted).abs() < 1e-6, "{places:?}");
            }
            assert_eq!(places.len(), 2);
        }
    }

    #[test]
    fn what_is_spread_over_the_photo_is_what_was_given() {
        // In the middle of the photo, so that nothing is spread beyond its edges.
        let mut values = vec![0.0; 36];
        (values[14], values[21]) = (0.5, -0.125);
        let whole = Patch { place: [0.0, 0.0, 1.0, 1.0], size: 6, values: values.clone() };
        let close = Patch { place: [0.3, 0.3, 0.7, 0.8], size: 6, values };
        for looks in [vec![whole.clone()], vec![whole, close]] {
            let count = looks.len();
            let matches = Matches { looks, rest: 0.0 };
            let density = matches.density(96, 128);
            let mean = density.iter().sum::<f32>() / (96.0 * 128.0);
            assert!((mean - 0.375 * count as f32).abs() < 1e-3, "{mean}");
            let most = density.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
            let (x, y) = (most % 96, most / 96);
            if count == 1 {
                // The third column of six and the third row, but for what pulls the other way beside it.
                assert!((36..=42).contains(&x) && (48..=56).contains(&y), "{x} {y}");
            }
        }
    }

    #[test]
    fn a_mirrored_map_is_put_back() {
        let [one, _] = pictures();
        let mirrored_photo = ::image::imageops::flip_horizontal(&one);
        let [.., card] = cards();
        let frozen = network(&card.network);
        let straight = ModelCard { mirror: false, ..card.clone() };
        let direction: Vec<f32> = (0..12).map(|at| (at as f32).sin()).collect();
        let crop = CropBox::new(0.1, 0.2, 0.6, 0.7).unwrap();
        let other_crop = CropBox::new(0.4, 0.2, 0.9, 0.7).unwrap();
        // The same pixels, once as the mirror image of a crop, once as a crop of the mirror image.
        let see = |photo, crop, is_mirrored| {
            let sight = frozen.see(&prepare(&straight, photo, crop, is_mirrored));
            let length = length(&sight.output.feature);
            let looks = vec![Look { map: sight.map, length, place: [0.0; 4], is_mirrored }];
            Views { feature: Vec::new(), looks, palette: None }.matches(&frozen, &direction).looks.remove(0)
        };
        let (there, here) = (see(&one, crop, true), see(&mirrored_photo, other_crop, false));
        for (row, other) in there.values.chunks(there.size).zip(here.values.chunks(here.size)) {
            assert!(row.iter().rev().zip(other).all(|(a, b)| (a - b).abs() < 1e-5), "{row:?} {other:?}");
        }
    }
}
