//! What is fuzzed: each reader of ours that takes what comes from outside, and the way of a photo.
//!
//! A target turns bytes into what its reader takes (a file, a folder, a card with the right checksums, so that the reader gets
//! to what is behind them) and says in words what came of it. Its corpus is what its seeds make and what lies in
//! `tests/corpus/NAME`, where findings of the past lie, too.

use std::fs;
use std::path::{Component, Path};
use std::sync::LazyLock;

use anyhow::{Context, Result};
use burn::tensor::Device;
use image::{DynamicImage, RgbImage};
use model::{
    catalogue::{self, Catalogue, CatalogueCard},
    crop::CropBox,
    embedder::Embedder,
    feature_file::FeatureFile,
    hash,
    image::{DecodeLimits, decode},
    look::LOOK,
    preprocess::Preprocess,
    resnet::ResNetConfig,
    wardrobe::{
        Garment,
        file::{KIND_GARMENTS, KIND_THUMBNAILS, read as read_wardrobe},
        made_by, thumbnail,
    },
    weights::{self, FileReference, ModelCard},
};
use trainer::{dataset, indexing, npy, training::recipe::Recipe};

use crate::{bad_photos, site};

/// A reader and what it is fed with.
#[derive(Debug)]
pub struct Target {
    /// Its name, and that of the folder of its corpus.
    pub name: &'static str,
    /// Words that mean something in its inputs.
    pub words: &'static [&'static str],
    /// Inputs that are made rather than stored.
    pub(super) seeds: fn(&Target) -> Vec<Vec<u8>>,
    /// Hands an input to the reader; the folder is the target's own. Says what the reader answers.
    pub(super) run: fn(&[u8], &Path) -> String,
}

impl Target {
    /// Everything to start from.
    pub fn corpus(&self) -> Result<Vec<Vec<u8>>> {
        let mut inputs = (self.seeds)(self);
        let folder = site::repository().join("tests/corpus").join(self.name);
        if folder.is_dir() {
            let mut files: Vec<_> =
                fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
            files.sort();
            for file in files {
                inputs.push(fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?);
            }
        }
        Ok(inputs)
    }
}

const JSON: &[&str] =
    &["{", "}", "[", "]", ":", ",", "\"", "\\u0000", "\\ud800", "null", "true", "1e999", "-0"];

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "photo",
        words: &["IHDR", "IDAT", "PLTE", "fcTL", "VP8X", "ANMF", "Exif\0\0", "II*\0"],
        seeds: photos,
        run: photo,
    },
    Target { name: "large-photo", words: &["\u{1}\u{11}\0", "Adobe\0d"], seeds: large_photos, run: photo },
    Target { name: "model", words: JSON, seeds: none, run: model_card },
    Target {
        name: "weights",
        words: &["\"F16\"", "\"F32\"", "\"BF16\"", "\"shape\":[", "data_offsets", "__metadata__"],
        seeds: tensors,
        run: read_weights,
    },
    Target { name: "feature-file", words: &["TWILL"], seeds: features, run: feature_file },
    Target { name: "wardrobe", words: JSON, seeds: garments, run: wardrobe },
    Target { name: "catalogue", words: JSON, seeds: none, run: catalogue_card },
    Target { name: "items", words: JSON, seeds: none, run: items },
    Target {
        name: "csv",
        words: &["\"", ",", "\n", "\r\n", "image_path", "category", "x1,y1,x2,y2", "../", "/etc/"],
        seeds: none,
        run: csv,
    },
    Target { name: "metadata", words: JSON, seeds: none, run: metadata },
    Target {
        name: "deepfashion",
        words: &["\n", " ", "\n@@ ", "train", "val", "test", "query", "gallery", "img/", "../"],
        seeds: none,
        run: lists,
    },
    Target {
        name: "recipe",
        words: &["=", "[", "]", "\n", "\"", "{ ", "cosine", "[optimiser.schedule.steps]"],
        seeds: presets,
        run: recipe,
    },
    Target {
        name: "vectors",
        words: &["NUMPY", "'descr'", "'<f4'", "'>f8'", "'shape'", "fortran_order", "True"],
        seeds: arrays,
        run: vectors,
    },
];

fn none(_: &Target) -> Vec<Vec<u8>> {
    Vec::new()
}

/// What went wrong in its own words, or that nothing did.
fn answer<T>(result: Result<T, impl std::fmt::Display>) -> String {
    match result {
        Ok(_) => "It can be read.".to_owned(),
        Err(error) => format!("{error:#}"),
    }
}

fn photos(_: &Target) -> Vec<Vec<u8>> {
    let small = |photo: bad_photos::Photo| (photo.bytes.len() < 6000).then_some(photo.bytes);
    let photos = [bad_photos::all(), bad_photos::good()];
    photos.into_iter().flat_map(Result::unwrap_or_default).filter_map(small).collect()
}

/// Just large enough to be reduced while they are decoded, in colour and in grey.
fn large_photos(_: &Target) -> Vec<Vec<u8>> {
    let pixels = |x: u32, y: u32| if x.abs_diff(y) < 200 { [200, 90, 40] } else { [60, 70, 80] };
    let picture = RgbImage::from_fn(1300, 1281, |x, y| image::Rgb(pixels(x, y)));
    let grey = DynamicImage::ImageLuma8(image::imageops::grayscale(&picture));
    let encode = |picture: &DynamicImage| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, image::ImageFormat::Jpeg).ok().map(|()| bytes.into_inner())
    };
    [DynamicImage::ImageRgb8(picture), grey].iter().filter_map(encode).collect()
}

fn photo(input: &[u8], _: &Path) -> String {
    answer(
        decode(input, &DecodeLimits::default())
            .inspect(|picture| assert!(picture.width() > 0 && picture.height() > 0)),
    )
}

/// A network of a few numbers.
fn tiny_network() -> ResNetConfig {
    ResNetConfig { input_size: 16, widths: vec![4, 8], blocks: 1, categories: 2, ..ResNetConfig::default() }
}

fn card_for(weights: &[u8]) -> Vec<u8> {
    let card = ModelCard {
        format: weights::CARD_FORMAT.to_owned(),
        version: weights::CARD_VERSION,
        weights: FileReference::hashed("weights", "safetensors", weights),
        network: tiny_network(),
        preprocess: Preprocess { size: 16, ..Preprocess::default() },
        labels: vec!["hat".to_owned(), "shoe".to_owned()],
        attributes: Vec::new(),
        colour_share: 0.2,
        second_look: Some(0.1),
        mirror: true,
        licence: String::new(),
        training: serde_json::Value::Null,
        metrics: serde_json::Value::Null,
    };
    serde_json::to_vec(&card).unwrap_or_default()
}

/// Random weights for [`tiny_network`], made once.
fn tiny_weights() -> &'static [u8] {
    static WEIGHTS: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let network =
            tiny_network().init(&Device::flex()).and_then(|network| weights::to_safetensors(&network));
        network.unwrap_or_default()
    });
    &WEIGHTS
}

fn tensors(_: &Target) -> Vec<Vec<u8>> {
    vec![tiny_weights().to_vec()]
}

/// The weights behind a card that names them, and a picture through the network where they fit.
fn read_weights(input: &[u8], _: &Path) -> String {
    embed(&card_for(input), input)
}

fn embed(card: &[u8], weights: &[u8]) -> String {
    match Embedder::load(card, weights) {
        Err(error) => error.to_string(),
        Ok(embedder) => {
            let picture = RgbImage::from_fn(9, 12, |x, y| image::Rgb([(x * 20) as u8, (y * 20) as u8, 99]));
            answer(pollster::block_on(embedder.embed(&picture, CropBox::WHOLE)))
        }
    }
}

/// The card as it is; and, where it can be read, with weights whose checksum it has.
fn model_card(input: &[u8], _: &Path) -> String {
    match ModelCard::from_json(input) {
        Err(error) => error.to_string(),
        Ok(mut card) => {
            let weights = tiny_weights();
            card.weights = FileReference::hashed("weights", "safetensors", weights);
            embed(&serde_json::to_vec(&card).unwrap_or_default(), weights)
        }
    }
}

fn features(_: &Target) -> Vec<Vec<u8>> {
    let of = |rows: usize, length: usize| {
        let values: Vec<f32> = (0..rows * length)
            .map(|index| if index % length == index / length % length { 1.0 } else { 0.0 })
            .collect();
        FeatureFile::pack_rows(&values, length, [7; 32], [9; 16]).map(|file| file.write())
    };
    [of(3, 4), of(40, 16), of(1, 64)].into_iter().flatten().collect()
}

fn feature_file(input: &[u8], _: &Path) -> String {
    answer(FeatureFile::read(input))
}

/// Two photos as a saved wardrobe describes them.
fn garments(_: &Target) -> Vec<Vec<u8>> {
    let garment = |number: u8| Garment {
        sha256: hash::sha256_hex(&[number]),
        name: format!("photo {number}.jpg"),
        date: 1_700_000_000_000,
        added: u64::from(number),
        made_by: made_by([7; 32], [9; 16]),
        category: "hat".to_owned(),
        colour: "#102030".to_owned(),
        attributes: [("sleeve".to_owned(), "long".to_owned())].into(),
        width: 6,
        height: 8,
        look: vec![number; LOOK],
        twin_of: None,
    };
    vec![format!("[{},{}]", garment(1).to_json(), garment(2).to_json()).into_bytes()]
}

/// The descriptions in a saved wardrobe with two vectors and two thumbnails, all checksums right.
fn wardrobe(input: &[u8], _: &Path) -> String {
    let small = thumbnail(&RgbImage::from_pixel(6, 8, image::Rgb([40, 60, 90])));
    let features = FeatureFile::pack_rows(&[1.0, 0.0, 0.0, 1.0], 2, [7; 32], [9; 16]);
    let (Ok(small), Ok(features)) = (small, features) else { return "There is no wardrobe.".to_owned() };
    let length = (small.file.len() as u32).to_le_bytes();
    let thumbnails = [&length[..], &length, &small.file, &small.file].concat();
    let file = features.write_with(vec![(KIND_GARMENTS, input.to_vec()), (KIND_THUMBNAILS, thumbnails)]);
    answer(read_wardrobe(&file))
}

fn catalogue_card(input: &[u8], _: &Path) -> String {
    answer(CatalogueCard::from_json(input))
}

/// The list of items behind a card with its checksum, and two vectors.
fn items(input: &[u8], _: &Path) -> String {
    let Ok(features) =
        FeatureFile::pack_rows(&[1.0, 0.0, 0.0, 1.0], 2, [7; 32], [9; 16]).map(|file| file.write())
    else {
        return "There are no vectors.".to_owned();
    };
    let card = CatalogueCard {
        format: catalogue::CARD_FORMAT.to_owned(),
        version: catalogue::CARD_VERSION,
        name: "Two".to_owned(),
        licence: String::new(),
        count: 2,
        dimension: 2,
        weights_sha256: hash::to_hex(&[7; 32]),
        features: FileReference::hashed("features", "twill", &features),
        items: FileReference::hashed("items", "json", input),
    };
    answer(Catalogue::open(&serde_json::to_vec(&card).unwrap_or_default(), input, &features))
}

/// Puts the input into a file.
fn file(input: &[u8], folder: &Path, name: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    // Where it cannot be written, the reader says so.
    let _ = fs::write(&path, input);
    path
}

fn csv(input: &[u8], folder: &Path) -> String {
    let path = file(input, folder, "labels.csv");
    format!("{} {}", answer(dataset::csv::read(&path)), answer(dataset::csv::read_items(&path)))
}

fn metadata(input: &[u8], folder: &Path) -> String {
    // A list of items is JSON or a CSV, by its name.
    let name = if input.first().is_some_and(|byte| matches!(byte, b'[' | b'{')) {
        "items.json"
    } else {
        "items.csv"
    };
    answer(indexing::from_metadata(&file(input, folder, name), None))
}

fn recipe(input: &[u8], folder: &Path) -> String {
    answer(Recipe::find(&file(input, folder, "recipe.toml").to_string_lossy()))
}

fn presets(_: &Target) -> Vec<Vec<u8>> {
    trainer::training::recipe::PRESETS.iter().map(|(_, text)| text.as_bytes().to_vec()).collect()
}

fn arrays(_: &Target) -> Vec<Vec<u8>> {
    let matrix = |header: &str, values: usize| {
        let mut file = b"\x93NUMPY\x01\0".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.bytes());
        file.extend(vec![0; values]);
        file
    };
    vec![
        matrix("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }        \n", 24),
        matrix("{'descr': '<f2', 'fortran_order': False, 'shape': (1, 4), }\n", 8),
        matrix("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2), }\n", 32),
    ]
}

fn vectors(input: &[u8], _: &Path) -> String {
    answer(npy::read(input))
}

/// A data set's lists in one text: `@@ path`, then the file. Pictures are there under a few of the names that lists give.
fn lists(input: &[u8], folder: &Path) -> String {
    let tree = folder.join("tree");
    // What was there belongs to the last input.
    let _ = fs::remove_dir_all(&tree);
    let text = String::from_utf8_lossy(input);
    for piece in text.split("@@ ").skip(1).take(40) {
        let (name, content) = piece.split_once('\n').unwrap_or((piece, ""));
        let name = Path::new(name.trim());
        let is_inside = name.components().all(|part| matches!(part, Component::Normal(_)));
        if !is_inside || name.as_os_str().is_empty() {
            continue;
        }
        let path = tree.join(name);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        if made.and_then(|()| fs::write(&path, content)).is_err() {
            return "The lists cannot be laid out.".to_owned();
        }
    }
    let picture = tree.join("img/Red_Blouse/img_1.png");
    let made = picture.parent().map_or(Ok(()), fs::create_dir_all);
    if made.is_ok() {
        // A header is all that the readers of lists look at.
        let _ = fs::write(&picture, HEADER);
    }
    answer(dataset::format::to_train_on(&tree))
}

/// The header of a PNG of 20 by 40 pixels.
const HEADER: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x14\0\0\0\x28\x08\x02\0\0\0\x71\x53\x4d\x8c\0\0\0\0IDAT";
