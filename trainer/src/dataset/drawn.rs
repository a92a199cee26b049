//! Draws a data set to disk: `images/NNNNNN.jpg` and `labels.csv`, on all cores.
//!
//! A drawing depends on nothing but the settings and its number, so the same settings give the same bytes however
//! often the work is interrupted. `drawn.json` records the settings, and a digest of a few sample drawings, so that
//! pictures by other settings or an older drawing program are never mixed in; `labels.part` collects the labels of the
//! pictures that are done until `labels.csv` replaces it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use csv::StringRecord;
use image::RgbImage;
use image::codecs::{jpeg::JpegEncoder, png::PngEncoder};
use model::hash;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::title;
use crate::files;
use crate::progress::Progress;
use crate::synth::{self, Category, DrawRequest, Drawing, Setting};

/// Columns of `labels.csv`; box corners are fractions of the picture.
const COLUMNS: [&str; 15] = [
    "image_path",
    "category",
    "x1",
    "y1",
    "x2",
    "y2",
    "pattern",
    "sleeve",
    "neckline",
    "length",
    "fabric",
    "fit",
    "colour",
    "colour_name",
    "title",
];

/// How pictures are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PictureFormat {
    /// JPEG at quality 90
    Jpg,
    /// PNG, without loss
    Png,
    /// WebP at quality 90
    Webp,
}

impl PictureFormat {
    const ALL: [Self; 3] = [Self::Jpg, Self::Png, Self::Webp];

    fn extension(self) -> &'static str {
        match self {
            Self::Jpg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }

    fn encode(self, picture: &RgbImage) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self {
            Self::Jpg => picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 90))?,
            Self::Png => picture.write_with_encoder(PngEncoder::new(&mut bytes))?,
            Self::Webp => {
                bytes =
                    webp::Encoder::from_rgb(picture, picture.width(), picture.height()).encode(90.0).to_vec();
            }
        }
        Ok(bytes)
    }
}

/// What to draw.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many pictures.
    pub count: usize,
    /// Chooses the garments.
    pub seed: u64,
    /// The number of the first picture.
    pub start: u64,
    /// In how many scenes each garment is shown, in pictures that follow each other; at least 1.
    pub scenes: u64,
    /// Garment `i` is of category `i` modulo their number.
    pub categories: Vec<Category>,
    /// Where garments are shown.
    pub setting: Setting,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// How pictures are stored.
    pub format: PictureFormat,
}

impl Settings {
    /// The drawing with this number.
    #[must_use]
    pub fn drawing(&self, index: u64) -> Drawing {
        let garment = index / self.scenes;
        synth::draw(&DrawRequest {
            seed: self.seed,
            index: garment,
            category: self.categories[(garment % self.categories.len() as u64) as usize],
            setting: self.setting,
            scene: index % self.scenes,
            width: self.width,
            height: self.height,
        })
    }

    fn indices(&self) -> std::ops::Range<u64> {
        self.start..self.start + self.count as u64
    }

    fn picture_path(&self, index: u64) -> String {
        format!("images/{index:06}.{}", self.format.extension())
    }

    /// What must be equal for a picture to be kept: everything but how many there are.
    fn manifest(&self) -> Value {
        // Small drawings run through the same code and take no time.
        let small = Self { width: 48, height: 64, ..self.clone() };
        let mut sample = Vec::new();
        for index in 0..self.categories.len() as u64 * self.scenes {
            sample.extend_from_slice(small.drawing(index).picture.as_raw());
        }
        let mut manifest = json!({
            "format": "twill-drawn",
            "version": 1,
            "seed": self.seed,
            "categories": self.categories.iter().map(|category| category.name()).collect::<Vec<_>>(),
            "setting": match self.setting { Setting::Varied => "varied", Setting::Studio => "studio" },
            "width": self.width,
            "height": self.height,
            "stored_as": self.format.extension(),
            "sample_sha256": hash::sha256_hex(&sample),
        });
        if self.scenes > 1 {
            manifest["scenes"] = json!(self.scenes);
        }
        manifest
    }

    /// Columns of `labels.csv`. Where a garment is shown more than once, `item_id` says which it is.
    fn columns(&self) -> Vec<&'static str> {
        let item = (self.scenes > 1).then_some("item_id");
        COLUMNS.into_iter().chain(item).collect()
    }

    fn row(&self, index: u64, drawing: &Drawing) -> StringRecord {
        let mut row = row(&self.picture_path(index), drawing);
        if self.scenes > 1 {
            row.push_field(&format!("{}-{:06}", self.seed, index / self.scenes));
        }
        row
    }
}

/// Draws what is missing of this data set. Fails when the folder holds something else or cannot be written to.
pub fn draw(folder: &Path, settings: &Settings) -> Result<()> {
    files::make_folder(&folder.join("images"))?;
    files::remove_unfinished(folder)?;
    files::remove_unfinished(&folder.join("images"))?;
    prepare(folder, settings)?;
    let mut rows = finished(folder, settings)?;
    let journal_path = folder.join("labels.part");
    files::write(&journal_path, &csv_bytes(&settings.columns(), rows.values())?)?;
    let journal = File::options()
        .append(true)
        .open(&journal_path)
        .with_context(|| format!("{} cannot be written", journal_path.display()))?;
    let journal = Mutex::new(journal);

    let missing: Vec<u64> = settings.indices().filter(|index| !rows.contains_key(index)).collect();
    if !rows.is_empty() {
        eprintln!("{} of {} pictures are there already.", rows.len(), settings.count);
    }
    let progress = Progress::new("pictures drawn", missing.len());
    let drawn: Vec<(u64, StringRecord)> = missing
        .into_par_iter()
        .map(|index| {
            let drawing = settings.drawing(index);
            let path = settings.picture_path(index);
            files::write(&folder.join(&path), &settings.format.encode(&drawing.picture)?)?;
            let row = settings.row(index, &drawing);
            let line = csv_line(&row)?;
            // A poisoned lock means that another thread failed in the middle; its panic ends the work anyway.
            let mut journal = journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            journal
                .write_all(&line)
                .with_context(|| format!("{} cannot be written", journal_path.display()))?;
            drop(journal);
            progress.increment();
            Ok((index, row))
        })
        .collect::<Result<_>>()?;
    let rate = progress.finish();
    let newly = drawn.len();
    rows.extend(drawn);

    files::write(&folder.join("labels.csv"), &csv_bytes(&settings.columns(), rows.values())?)?;
    files::remove(&journal_path)?;
    eprintln!(
        "Drew {newly} pictures at {rate:.0} a second; {} and their labels are in {}.",
        rows.len(),
        folder.display()
    );
    Ok(())
}

/// Makes sure that all pictures in the folder are by these settings: clears away those that are not.
fn prepare(folder: &Path, settings: &Settings) -> Result<()> {
    let manifest_path = folder.join("drawn.json");
    let manifest = settings.manifest();
    if manifest_path.is_file() {
        if files::read_json::<Value>(&manifest_path).is_ok_and(|found| found == manifest) {
            return Ok(());
        }
        eprintln!("{} holds pictures drawn otherwise; they are replaced.", folder.display());
    } else if folder.join("labels.csv").exists() || pictures(folder)?.next().is_some() {
        bail!(
            "{} holds pictures that this command did not draw. Choose another folder, or empty it first",
            folder.display()
        );
    }
    files::remove(&folder.join("labels.csv"))?;
    files::remove(&folder.join("labels.part"))?;
    for path in pictures(folder)? {
        files::remove(&path)?;
    }
    files::write_json(&manifest_path, &manifest)
}

/// The files in the folder that are named as drawings are.
fn pictures(folder: &Path) -> Result<impl Iterator<Item = PathBuf>> {
    let folder = folder.join("images");
    let entries = fs::read_dir(&folder).with_context(|| format!("{} cannot be listed", folder.display()))?;
    Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        stem.len() >= 6
            && stem.bytes().all(|byte| byte.is_ascii_digit())
            && PictureFormat::ALL.iter().any(|format| format.extension() == extension)
    }))
}

/// Labels of the pictures that an earlier run completed. A row is written after its picture, so that a row says that
/// the picture is whole; the last row of an interrupted run may be torn and is dropped.
fn finished(folder: &Path, settings: &Settings) -> Result<BTreeMap<u64, StringRecord>> {
    let mut rows = BTreeMap::new();
    for name in ["labels.csv", "labels.part"] {
        let path = folder.join(name);
        if !path.is_file() {
            continue;
        }
        let bytes = files::read(&path)?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&bytes[..whole]);
        for record in reader.records() {
            let record = record.with_context(|| format!("{} is not well-formed CSV", path.display()))?;
            let index = record.get(0).and_then(|path| Path::new(path).file_stem()?.to_str()?.parse().ok());
            if let Some(index) = index.filter(|index| settings.indices().contains(index))
                && record.len() == settings.columns().len()
                && folder.join(settings.picture_path(index)).is_file()
            {
                rows.insert(index, record);
            }
        }
    }
    Ok(rows)
}

fn row(path: &str, drawing: &Drawing) -> StringRecord {
    let [red, green, blue] = drawing.colour;
    let attributes = &drawing.attributes;
    let mut row = StringRecord::from(vec![path, drawing.category.name()]);
    for corner in drawing.bbox {
        row.push_field(&format!("{corner:.5}"));
    }
    for attribute in [
        attributes.pattern,
        attributes.sleeve,
        attributes.neckline,
        attributes.length,
        attributes.fabric,
        attributes.fit,
    ] {
        row.push_field(attribute);
    }
    row.push_field(&format!("#{red:02x}{green:02x}{blue:02x}"));
    row.push_field(drawing.colour_name);
    row.push_field(&title::title(drawing.category, drawing.colour_name, attributes));
    row
}

fn csv_bytes<'a>(columns: &[&str], rows: impl Iterator<Item = &'a StringRecord>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns)?;
    for row in rows {
        writer.write_record(row)?;
    }
    Ok(writer.into_inner()?)
}

fn csv_line(row: &StringRecord) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(row)?;
    Ok(writer.into_inner()?)
}
