//! The pictures of a run: labels, the validation part, and decoded pixels ready for augmentation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use image::RgbImage;
use model::crop::CropBox;
use model::hash;
use model::image::DecodeLimits;
use model::weights::Attribute;
use rayon::prelude::*;

use super::recipe::Recipe;
use crate::dataset::split::{groups, held_out};
use crate::dataset::{SEVERAL_MARGIN, Sample, format, several};
use crate::pictures::{close_up, explained};

/// A labelled picture of a run.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Pixels, scaled down to what augmentation needs.
    pub pixels: RgbImage,
    /// Index of the label.
    pub label: usize,
    /// The garment's box, where it is known.
    pub bbox: Option<CropBox>,
    /// For each attribute the index of its value, where it is known.
    pub attributes: Vec<Option<usize>>,
    /// Number of the item that is shown, where it is known.
    pub item: Option<usize>,
}

/// One data set of a run, decoded.
#[derive(Debug, Default)]
pub struct Source {
    /// Pictures to train on.
    pub training: Vec<Picture>,
    /// Pictures to measure on.
    pub validation: Vec<Picture>,
    /// The pictures to train on by what they show: those of an item together, any other alone.
    pub groups: Vec<Vec<usize>>,
}

impl Source {
    /// Groups the pictures to train on, in order.
    fn group(&mut self) {
        let mut places = BTreeMap::new();
        for (index, picture) in self.training.iter().enumerate() {
            match picture.item.map(|item| *places.entry(item).or_insert(self.groups.len())) {
                Some(place) if place < self.groups.len() => self.groups[place].push(index),
                _ => self.groups.push(vec![index]),
            }
        }
    }
}

/// Everything that a run trains on.
#[derive(Debug)]
pub struct Sources {
    /// One for each data set, in the order of the command line.
    pub sets: Vec<Source>,
    /// Names of the categories, sorted.
    pub labels: Vec<String>,
    /// The attributes that the recipe names, with the values that occur, sorted.
    pub attributes: Vec<Attribute>,
    /// Files that could not be decoded, with the reason.
    pub unreadable: Vec<(PathBuf, String)>,
}

impl Sources {
    /// Whether there is any picture to measure on.
    #[must_use]
    pub fn are_measured(&self) -> bool {
        self.sets.iter().any(|set| !set.validation.is_empty())
    }

    /// Tells these pictures and what is known of them from any others: 16 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        let mut bytes = Vec::new();
        for (set, source) in self.sets.iter().enumerate() {
            for (part, pictures) in [&source.training, &source.validation].into_iter().enumerate() {
                for picture in pictures {
                    bytes.extend(hash::sha256(&picture.pixels));
                    bytes.extend([set, part, picture.label].map(usize::to_le_bytes).as_flattened());
                    let known = picture.attributes.iter().chain([&picture.item]);
                    bytes.extend(known.flat_map(|value| value.unwrap_or(usize::MAX).to_le_bytes()));
                    let corners = picture.bbox.map(|CropBox { x1, y1, x2, y2 }| [x1, y1, x2, y2]);
                    bytes.extend(corners.unwrap_or([f32::NAN; 4]).map(f32::to_le_bytes).as_flattened());
                }
            }
        }
        hash::sha256_hex(&bytes)[..16].to_owned()
    }
}

/// Reads and decodes the data sets of `paths` as `recipe` asks.
///
/// Pictures are kept in memory at half more than the network's resolution, so that one pass of decoding serves the
/// whole run. A picture that cannot be decoded is left out and listed. Fails where a data set cannot be understood, no
/// category is left, or more than one picture in ten is unreadable.
pub fn load(paths: &[PathBuf], recipe: &Recipe) -> Result<Sources> {
    let (mut sets, mut own_parts) = (Vec::new(), Vec::new());
    for path in paths {
        let format::Material { training, validation, notes } = format::to_train_on(path)?;
        for note in notes {
            eprintln!("Note: {note}");
        }
        let [training, validation] = [training, validation].map(|mut samples| {
            samples.retain(|sample| !recipe.skip.contains(&sample.category));
            samples
        });
        ensure!(!training.is_empty(), "{} holds no labelled picture", path.display());
        // From here on, those to measure on are the last.
        own_parts.push(Some(training.len()).filter(|_| !validation.is_empty()));
        sets.push([training, validation].concat());
    }
    let name = |sample: &Sample| recipe.aliases.get(&sample.category).unwrap_or(&sample.category).clone();
    let labels: Vec<String> = sets.iter().flatten().map(name).collect::<BTreeSet<_>>().into_iter().collect();
    let index: BTreeMap<&str, usize> =
        labels.iter().enumerate().map(|(i, label)| (label.as_str(), i)).collect();

    let attributes = attributes(&sets, recipe)?;
    let columns: Vec<&String> = recipe.attributes.values().collect();
    // Only a contrastive loss asks for them; without one the pictures of an item are as far apart as any. Two data sets may give the
    // same name to different items.
    let asked = sets.iter().enumerate().filter(|_| recipe.loss.contrast.is_some());
    let items: BTreeMap<(usize, String), usize> = asked
        .flat_map(|(set, samples)| samples.iter().filter_map(move |sample| Some((set, sample.item()?))))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .enumerate()
        .map(|(number, item)| (item, number))
        .collect();

    let longest = longest_side(recipe);
    let mut sources =
        Sources { sets: Vec::new(), labels: labels.clone(), attributes, unreadable: Vec::new() };
    for (set, ((path, samples), own_part)) in paths.iter().zip(sets).zip(own_parts).enumerate() {
        let total = samples.len();
        let are_held_out: Vec<bool> = if let Some(first) = own_part {
            (0..total).map(|place| place >= first).collect()
        } else {
            let groups = groups(&samples);
            let held_out = held_out(&groups, recipe.validation, recipe.seed);
            groups.iter().map(|group| held_out.contains(group)).collect()
        };
        let several = several(&samples);
        if !several.is_empty() {
            eprintln!(
                "Note: {} pictures of {} show several garments. Each garment is cut out by its box.",
                several.len(),
                path.display()
            );
        }
        let decoded: Vec<_> = samples
            .into_par_iter()
            .zip(are_held_out)
            .map(|(sample, validation)| {
                let label = index.get(name(&sample).as_str()).copied().unwrap_or(0);
                let value = |(attribute, column): (&Attribute, &&String)| {
                    let own = sample.extra.get(*column)?;
                    attribute.values.iter().position(|value| value == own)
                };
                let attributes = sources.attributes.iter().zip(&columns).map(value).collect();
                let item = sample.item().and_then(|item| items.get(&(set, item)).copied());
                let margin = recipe.close_up.filter(|_| item.is_some());
                let margin = margin.or_else(|| several.contains(&sample.path).then_some(SEVERAL_MARGIN));
                match decode(&sample, longest, margin) {
                    Ok((pixels, bbox)) => Ok((validation, Picture { pixels, label, bbox, attributes, item })),
                    Err(error) => {
                        let error = explained(error, &sample.path);
                        Err((sample.path, format!("{error:#}")))
                    }
                }
            })
            .collect();
        let mut source = Source::default();
        for result in decoded {
            match result {
                Ok((true, picture)) => source.validation.push(picture),
                Ok((false, picture)) => source.training.push(picture),
                Err(unreadable) => sources.unreadable.push(unreadable),
            }
        }
        let read = source.training.len() + source.validation.len();
        ensure!(
            read * 10 >= total * 9 && !source.training.is_empty(),
            "Of the {total} pictures of {} only {read} can be read; {}",
            path.display(),
            sources
                .unreadable
                .first()
                .map(|(path, why)| format!("{}: {why}", path.display()))
                .unwrap_or_default()
        );
        source.group();
        sources.sets.push(source);
    }
    Ok(sources)
}

/// The recipe's attributes with the values that the data has in their columns.
fn attributes(sets: &[Vec<Sample>], recipe: &Recipe) -> Result<Vec<Attribute>> {
    let of = |(name, column): (&String, &String)| {
        let values: BTreeSet<&String> =
            sets.iter().flatten().filter_map(|sample| sample.extra.get(column)).collect();
        ensure!(
            (1..=256).contains(&values.len()),
            "The attribute {name} has {} values; the data must have from 1 to 256 in a column {column}",
            values.len()
        );
        Ok(Attribute { name: name.clone(), values: values.into_iter().cloned().collect() })
    };
    recipe.attributes.iter().map(of).collect()
}

/// Longest side that decoded pictures are kept at, pixels: enough for the closest window without visible blur.
fn longest_side(recipe: &Recipe) -> u32 {
    (recipe.preprocess.size as f32 * 1.5).ceil() as u32
}

/// The picture, cut to its box and this margin around where one is given, and where its box is in there.
fn decode(sample: &Sample, longest: u32, margin: Option<f32>) -> Result<(RgbImage, Option<CropBox>)> {
    let bytes =
        std::fs::read(&sample.path).with_context(|| format!("{} cannot be read", sample.path.display()))?;
    let mut picture = model::image::decode(&bytes, &DecodeLimits::default())?;
    let mut bbox = sample.bbox;
    if let (Some(margin), Some(garment)) = (margin, bbox) {
        let (cut, inside) = close_up(&picture, garment, margin);
        (picture, bbox) = (cut, Some(inside));
    }
    let (width, height) = picture.dimensions();
    if width.max(height) <= longest {
        return Ok((picture, bbox));
    }
    let scale = f64::from(longest) / f64::from(width.max(height));
    let short = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    let mut scaled = RgbImage::new(short(width), short(height));
    // The triangle filter with its support scaled: the same as inference uses.
    let options = fast_image_resize::ResizeOptions::new()
        .resize_alg(fast_image_resize::ResizeAlg::Convolution(fast_image_resize::FilterType::Bilinear));
    fast_image_resize::Resizer::new().resize(&picture, &mut scaled, &options)?;
    Ok((scaled, bbox))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_garment_of_a_picture_is_cut_out_and_the_set_s_own_part_is_measured_on() {
        let folder = tempfile::tempdir().unwrap();
        let two =
            RgbImage::from_fn(400, 200, |x, _| image::Rgb(if x < 200 { [200, 0, 0] } else { [0, 0, 200] }));
        two.save(folder.path().join("two.png")).unwrap();
        two.save(folder.path().join("one.png")).unwrap();
        let rows = "image_path,category,x1,y1,x2,y2\n\
                    two.png,top,0.1,0.2,0.4,0.8\ntwo.png,trousers,0.6,0.2,0.9,0.8\none.png,top,0.1,0.2,0.4,0.8\n";
        std::fs::write(folder.path().join("train.csv"), rows).unwrap();
        std::fs::write(folder.path().join("validation.csv"), "image_path,category\none.png,trousers\n")
            .unwrap();
        let recipe = Recipe { validation: 0.9, ..Recipe::find("quick").unwrap() };
        let sources = load(&[folder.path().to_owned()], &recipe).unwrap();
        let set = &sources.sets[0];
        assert_eq!((set.training.len(), set.validation.len()), (3, 1));
        let colours = |picture: &Picture| {
            let has = |place: usize| picture.pixels.pixels().any(|pixel| pixel.0[place] > 100);
            [has(0), has(2)]
        };
        let seen: Vec<_> = set.training.iter().chain(&set.validation).map(colours).collect();
        assert_eq!(seen, [[true, false], [false, true], [true, true], [true, true]]);
        // With a fifth of its sides around it.
        let bbox = set.training[1].bbox.unwrap();
        assert!((bbox.x1 - 0.2 / 1.4).abs() < 0.01 && (bbox.x2 - 1.2 / 1.4).abs() < 0.01, "{bbox:?}");
    }
}
