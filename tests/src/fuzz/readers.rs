//! The readers of `model`: what they are fed with, and what has to be true of their answers.
//!
//! Two fuzzers take these: the one beside this file, and libFuzzer, which sees what code an input reaches (`tests/fuzz`). The latter
//! also counts what is allocated ([`GAUGE`]).

use std::path::Path;
use std::sync::{LazyLock, OnceLock};

use image::{DynamicImage, RgbImage};
use model::{
    catalogue::{self, Catalogue, CatalogueCard, FileHead, Item},
    crop::CropBox,
    embedder::Embedder,
    feature_file::{FeatureFile, FeatureStream},
    hash::{self, sha256},
    image::{DecodeLimits, decode},
    items::{Items, pages},
    look::LOOK,
    preprocess::Preprocess,
    resnet::{InstanceConfig, ResNetConfig, layout},
    search::{Accuracy, Filter, Request, brute_force, search, search_stream},
    wardrobe::{
        Garment,
        file::{KIND_GARMENTS, KIND_THUMBNAILS, read as read_wardrobe},
        made_by, thumbnail,
    },
    weights::{self, Attribute, FileReference, HostTensor, ModelCard, write_safetensors},
};

use super::seal::seal;
use super::target::{JSON, Target, answer, none};
use crate::bad_photos::{self, bits::Random};

/// Who counts allocated bytes, where somebody does.
#[derive(Debug)]
pub struct Gauge {
    /// Allocated now.
    pub now: fn() -> usize,
    /// The most that was allocated since [`Gauge::forget_peak`].
    pub peak: fn() -> usize,
    /// Starts measuring the most anew.
    pub forget_peak: fn(),
}

/// The process's own, set once.
pub static GAUGE: OnceLock<Gauge> = OnceLock::new();

/// Allocated for any input, however short it is: errors in words, tables of decoders.
pub(super) const ANYWAY: usize = 64 << 10;
/// Allocated for any photo: the metadata that a PNG may unpack, in a buffer that grows by doubling.
const FOR_ANY_PHOTO: usize = 3 * (16 << 20);
/// Allocated for each pixel: the decoder's samples, coefficients or second canvas, and what is made of them.
const FOR_A_PIXEL: usize = 24;

/// Reads, and panics where more than so many bytes were allocated at once meanwhile.
pub(super) fn within<T>(most: usize, read: impl FnOnce() -> T) -> T {
    let Some(gauge) = GAUGE.get() else { return read() };
    let before = (gauge.now)();
    (gauge.forget_peak)();
    let read = read();
    let taken = (gauge.peak)().saturating_sub(before);
    assert!(taken <= most, "it allocates {taken} bytes, more than {most}");
    read
}

/// The readers of `model`.
pub const READERS: &[Target] = &[
    Target {
        name: "photo",
        words: &["IHDR", "IDAT", "PLTE", "fcTL", "VP8X", "ANMF", "Exif\0\0", "II*\0"],
        seeds: photos,
        run: photo,
    },
    Target {
        name: "large-photo",
        words: &["\u{1}\u{11}\0", "Adobe\0d"],
        seeds: large_photos,
        run: large_photo,
    },
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
    Target { name: "item-pages", words: &["TWILLIT\u{1a}"], seeds: lists_in_pages, run: item_pages },
];

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

/// A network of a few numbers.
fn tiny_network() -> ResNetConfig {
    let instance = Some(InstanceConfig { length: 3, hidden: 4, attention: 1, shapes: 2, colours: 2 });
    let widths = vec![4, 8];
    ResNetConfig { input_size: 16, widths, blocks: 1, categories: 2, instance, ..ResNetConfig::default() }
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
        instance_share: 0.3,
        second_look: Some(0.1),
        mirror: true,
        licence: String::new(),
        training: serde_json::Value::Null,
        metrics: serde_json::Value::Null,
    };
    serde_json::to_vec(&card).unwrap_or_default()
}

fn photo(input: &[u8], _: &Path) -> String {
    decode_below(250_000, input)
}

fn large_photo(input: &[u8], _: &Path) -> String {
    decode_below(2_000_000, input)
}

/// Decodes a photo; where allocations are counted only one of fewer pixels, as a decoder that is watched needs seconds for what it
/// otherwise does in a tenth of one.
fn decode_below(pixels: u64, input: &[u8]) -> String {
    let mut limits = DecodeLimits::default();
    if GAUGE.get().is_some() {
        limits.max_pixels = pixels;
    }
    let most = FOR_ANY_PHOTO + FOR_A_PIXEL * limits.max_pixels as usize + 8 * input.len();
    let picture = within(most, || decode(input, &limits));
    answer(picture.inspect(|picture| assert!(picture.width() > 0 && picture.height() > 0)))
}

/// Names, shapes and values for [`tiny_network`], the values at random.
fn tiny_tensors() -> Vec<(String, HostTensor)> {
    let mut random = Random::new(1);
    let tensor = |(name, shape): (String, Vec<usize>)| {
        // A variance is never negative.
        let least = if name.ends_with("running_var") { 0.5 } else { -0.5 };
        let values =
            (0..shape.iter().product()).map(|_| random.below(1001) as f32 / 1000.0 + least).collect();
        (name, HostTensor { shape, values })
    };
    layout(&tiny_network()).into_iter().map(tensor).collect()
}

/// Weights for [`tiny_network`], made once.
fn tiny_weights() -> &'static [u8] {
    static WEIGHTS: LazyLock<Vec<u8>> =
        LazyLock::new(|| write_safetensors(tiny_tensors()).unwrap_or_default());
    &WEIGHTS
}

/// The same in single precision, which is read as well but not written.
fn single_precision() -> Vec<u8> {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for (name, HostTensor { shape, values }) in tiny_tensors() {
        let start = data.len();
        data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        let entry =
            serde_json::json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, data.len()] });
        header.insert(name, entry);
    }
    let header = serde_json::Value::from(header).to_string();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

fn tensors(_: &Target) -> Vec<Vec<u8>> {
    vec![tiny_weights().to_vec(), single_precision()]
}

/// The weights behind a card that names them, and a picture through the network where they fit.
fn read_weights(input: &[u8], _: &Path) -> String {
    embed(&card_for(input), input)
}

fn embed(card: &[u8], weights: &[u8]) -> String {
    // Values in single precision, and again as the frozen network keeps them, in sixteen forms of a 3x3 kernel's nine.
    let most = 4 * ANYWAY + 16 * (card.len() + weights.len());
    match within(most, || Embedder::load(card, weights)) {
        Err(error) => error.to_string(),
        Ok(embedder) => {
            let picture = RgbImage::from_fn(9, 12, |x, y| image::Rgb([(x * 20) as u8, (y * 20) as u8, 99]));
            answer(pollster::block_on(embedder.embed(&picture, CropBox::WHOLE)))
        }
    }
}

/// The card as it is; and, where it can be read, with weights whose checksum it has.
fn model_card(input: &[u8], _: &Path) -> String {
    match within(json(input), || ModelCard::from_json(input)) {
        Err(error) => error.to_string(),
        Ok(mut card) => {
            let weights = tiny_weights();
            card.weights = FileReference::hashed("weights", "safetensors", weights);
            embed(&serde_json::to_vec(&card).unwrap_or_default(), weights)
        }
    }
}

/// What a JSON of this length may become: a number of one digit is a value of 32 bytes, in a list that has grown by doubling.
fn json(input: &[u8]) -> usize {
    ANYWAY + 160 * input.len()
}

fn features(_: &Target) -> Vec<Vec<u8>> {
    let of = |rows: usize, length: usize| {
        let values: Vec<f32> = (0..rows * length)
            .map(|index| if index % length == index / length % length { 1.0 } else { 0.0 })
            .collect();
        FeatureFile::pack_rows(&values, length, [7; 32], [9; 16]).map(|file| file.write())
    };
    [of(3, 4), of(40, 16), of(1, 64), of(200, 1)].into_iter().flatten().collect()
}

/// The file as it is, and with every checksum right.
fn feature_file(input: &[u8], _: &Path) -> String {
    let mut sealed = input.to_vec();
    seal(&mut sealed, sha256);
    format!("{} {}", read_features(input), read_features(&sealed))
}

/// The whole file at once and in pieces of any size: both or neither can be read, and both are the same. Whatever can be read is
/// written and read again, and searched as comparing every vector does.
fn read_features(bytes: &[u8]) -> String {
    // Codes take up to twice what vectors do, offsets and steps of blocks what they take in the file.
    let most = ANYWAY + 8 * bytes.len();
    let whole = within(most, || FeatureFile::read(bytes));
    let in_pieces = within(most, || in_pieces(bytes));
    let file = match (whole, in_pieces) {
        (Ok(file), Ok(again)) => {
            assert!(file == again, "in pieces it is another file");
            file
        }
        (Err(error), Err(_)) => return error.to_string(),
        (whole, in_pieces) => panic!("{} at once, {} in pieces", answer(whole), answer(in_pieces)),
    };
    assert!(
        FeatureFile::read(&file.write()).is_ok_and(|again| again == file),
        "it is written as another file"
    );
    let query = vec![0.25; file.dimension()];
    let rows: Vec<f32> = file.rows().flatten().collect();
    let even = |row: usize| row.is_multiple_of(2);
    let of_all = Request { query: &query, k: 3, ..Request::default() };
    let requests = [
        of_all,
        Request { filter: Filter::Where(&even), ..of_all },
        Request { accuracy: Accuracy::Codes, ..of_all },
    ];
    match search(&file, &requests) {
        Err(error) => panic!("it cannot be searched: {error}"),
        Ok(answers) => {
            assert!(answers[0].hits == brute_force(&rows, &query, 3), "a search finds something else");
            assert!(answers[1].hits.iter().all(|hit| even(hit.row)), "a search finds what is filtered out");
            assert_eq!(answers[2].hits.len(), file.len().min(3), "a search by codes finds another number");
        }
    }
    "It can be read and searched.".to_owned()
}

/// The file as it arrives, in pieces whose sizes follow from its contents; what has arrived is searched, whatever comes after it.
fn in_pieces(bytes: &[u8]) -> model::Result<FeatureFile> {
    let seed = sha256(bytes).into_iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(byte));
    let mut random = Random::new(seed);
    let (mut stream, mut rest, mut rows) = (FeatureStream::new(), bytes, 0);
    while !rest.is_empty() {
        let most = 1 << random.below(14);
        let size = 1 + random.below(most);
        let (piece, behind) = rest.split_at(size.min(rest.len()));
        rest = behind;
        stream.push(piece)?;
        if stream.rows() != rows {
            rows = stream.rows();
            let query = vec![0.25; stream.dimension().unwrap_or(1)];
            let request = Request { query: &query, k: 3, ..Request::default() };
            let hits: usize =
                search_stream(&stream, &[request])?.iter().map(|answer| answer.hits.len()).sum();
            assert_eq!(hits, rows.min(3), "a search of what has arrived finds another number");
        }
    }
    stream.finish()
}

/// Two photos as a saved wardrobe describes them, and the whole file.
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
    let list = format!("[{},{}]", garment(1).to_json(), garment(2).to_json()).into_bytes();
    let file = wardrobe_with(&list);
    std::iter::once(list).chain(file).collect()
}

/// A saved wardrobe of these descriptions, with two vectors and two thumbnails, all checksums right.
fn wardrobe_with(garments: &[u8]) -> Option<Vec<u8>> {
    static PARTS: LazyLock<Option<(FeatureFile, Vec<u8>)>> = LazyLock::new(|| {
        let small = thumbnail(&RgbImage::from_pixel(6, 8, image::Rgb([40, 60, 90]))).ok()?;
        let features = FeatureFile::pack_rows(&[1.0, 0.0, 0.0, 1.0], 2, [7; 32], [9; 16]).ok()?;
        let length = (small.file.len() as u32).to_le_bytes();
        Some((features, [&length[..], &length, &small.file, &small.file].concat()))
    });
    let (features, thumbnails) = PARTS.as_ref()?;
    Some(features.write_with(vec![(KIND_GARMENTS, garments.to_vec()), (KIND_THUMBNAILS, thumbnails.clone())]))
}

/// Descriptions in a saved wardrobe, or a whole one with every checksum put right.
fn wardrobe(input: &[u8], _: &Path) -> String {
    let file = if input.starts_with(b"TWILL") {
        let mut file = input.to_vec();
        seal(&mut file, sha256);
        Some(file)
    } else {
        wardrobe_with(input)
    };
    let Some(file) = file else { return "There is no wardrobe.".to_owned() };
    // Each thumbnail is decoded, one after the other.
    answer(within(4 * ANYWAY + json(&file), || read_wardrobe(&file)))
}

fn catalogue_card(input: &[u8], _: &Path) -> String {
    answer(within(json(input), || CatalogueCard::from_json(input)))
}

/// None, some, and more than a page, as files; and what [`packed`] makes one of.
fn lists_in_pages(_: &Target) -> Vec<Vec<u8>> {
    let item = |row: usize| {
        serde_json::from_value::<Item>(serde_json::json!({
            "id": format!("item {row}"), "image": format!("images/{row}.webp"), "width": 3, "height": 4,
            "category": (["hat", "shoe", ""][row % 3]), "colour": "#a02030", "sleeve": (["long", "short"][row % 2]),
        }))
    };
    let sleeves =
        Attribute { name: "sleeve".to_owned(), values: vec!["long".to_owned(), "short".to_owned()] };
    let list = |count: usize| {
        let items: Vec<Item> = (0..count).filter_map(|row| item(row).ok()).collect();
        pages::write(&items, std::slice::from_ref(&sleeves)).ok().map(|(bytes, _)| bytes)
    };
    let names =
        br#"{"categories":["hat"],"colours":["red"],"attributes":[{"name":"sleeve","values":["long"]}]}"#;
    let mut loose = vec![3, 0, 2, (names.len() + 4 + 9) as u8, 0, names.len() as u8, 0, 0, 0];
    loose.extend_from_slice(names);
    loose.extend([1, 0, 1, 0, 1, 1, 1, 1, 0]);
    let one = br#"{"id":"a","image":"a.webp","width":3,"height":4}"#;
    loose.extend([&b"["[..], one, b",", one, b"]\x1e[", one, b"]"].concat());
    [0, 2, 130].into_iter().filter_map(list).chain([loose]).collect()
}

/// A list with every length and hash as it should be, whatever is in it: how many items it has and how many a page, the end of the
/// index, and pages, which a separator (1E) parts.
fn packed(input: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = input.split_first_chunk::<5>()?;
    let [rows, told] = [[head[0], head[1]], [head[3], head[4]]].map(u16::from_le_bytes);
    let (told, rest) = rest.split_at_checked(usize::from(told))?;
    let pages: Vec<Vec<u8>> = rest.split(|byte| *byte == 0x1e).map(<[u8]>::to_vec).collect();
    let ids = vec![7; 4 * usize::from(rows)];
    Some(pages::assemble([u32::from(head[2]), u32::from(rows)], &pages, &ids, told).0)
}

/// A list in pages: its head as a page reads it, every page of it, and all of it behind a card.
fn item_pages(input: &[u8], folder: &Path) -> String {
    let made = if input.starts_with(&pages::MAGIC) { None } else { packed(input) };
    let input = made.as_deref().unwrap_or(input);
    // The head's length is the card's to know: here what the file says of it.
    let length = input
        .get(32..36)
        .map_or(0, |four| four.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)));
    let head = input.get(..(pages::HEADER + length).min(input.len())).unwrap_or_default();
    let count = input
        .get(16..24)
        .map_or(0, |eight| eight.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    let Ok(mut items) = within(inflated(input), || Items::in_pages(head, count)) else {
        return items_behind(input, Some(head), folder);
    };
    let rows: Vec<usize> = (0..items.len()).collect();
    let part = |place: std::ops::Range<u64>| {
        let place = usize::try_from(place.start).ok()?..usize::try_from(place.end).ok()?;
        input.get(place)
    };
    for page in items.missing(&rows) {
        let Some(place) = items.pages().map(|pages| pages.place(page)) else { break };
        let Some(bytes) = part(place) else { continue };
        if items.pages_mut().is_some_and(|pages| pages.put(page, bytes).is_ok()) {
            assert!(!items.missing(&rows).contains(&page), "page {page} is there and missing");
        }
    }
    let ids = items.pages().and_then(|pages| part(pages.ids()));
    if let Some(ids) = ids
        && items.pages_mut().is_some_and(|pages| pages.put_ids(ids).is_ok())
    {
        let known = rows.iter().filter_map(|row| items.get(*row).map(|item| (*row, item.id.clone())));
        for (row, id) in known.take(3) {
            // An id's hash is the writer's word: a wrong one finds nothing, and nothing worse.
            assert!(items.candidates(&id).is_some(), "{row}");
        }
    }
    let columns = items.columns();
    let all: usize = columns.categories().map(|(_, count)| count).sum();
    assert!(all <= items.len(), "{all} of {} items have a category", items.len());
    for (category, count) in columns.categories() {
        let distinct = columns.categories().filter(|(other, _)| *other == category).count();
        assert!(distinct > 1 || columns.having(Some(category), None, &[]).len() == count, "{category}");
    }
    items_behind(input, Some(head), folder)
}

/// What may be allocated for an input that is unpacked: zlib makes at most 1,032 bytes of one, in a buffer that grows by doubling, and
/// columns hold two bytes for one.
fn inflated(input: &[u8]) -> usize {
    ANYWAY + 5 * 1032 * input.len()
}

/// The list of items behind a card with its checksum, and two vectors.
fn items(input: &[u8], folder: &Path) -> String {
    items_behind(input, None, folder)
}

fn items_behind(input: &[u8], head: Option<&[u8]>, _: &Path) -> String {
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
        items_head: head.map(FileHead::of),
    };
    let card = serde_json::to_vec(&card).unwrap_or_default();
    let most = if head.is_some() { inflated(input) } else { json(input) };
    answer(within(most, || Catalogue::open(&card, input, &features)))
}
