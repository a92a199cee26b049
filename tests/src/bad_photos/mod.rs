//! Photos that are no good, or hardly: more than three hundred of them, the same on every machine, each a few bytes of
//! description here and none in the repository.
//!
//! Some are written by hand after the shapes of known faults in decoders (huge sizes, negative lengths, indices beyond
//! palettes, codes that refer to themselves, directories that lead in circles, bombs by pixels, profiles, metadata, frames,
//! scans); others are good photos that were cut off, hit by wrong bits, or had pieces moved.

pub mod bits;
mod bmp;
mod gif;
mod jpeg;
mod png;
mod webp;

mod other;

use std::{fs, io::Cursor};

use anyhow::{Context, Result};
use image::{DynamicImage, ImageFormat, imageops};

use crate::{photos, site};
use bits::Random;

/// What may come of a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is unusual and has to open.
    Opens,
    /// It has to be refused.
    Refused,
    /// It is wrong in a way that decoders may overlook: either is fine.
    Either,
}

/// A file that someone may choose.
#[derive(Clone, Debug)]
pub struct Photo {
    /// Its name, which says what is wrong with it.
    pub name: String,
    /// Its contents.
    pub bytes: Vec<u8>,
    /// What may come of it.
    pub outcome: Outcome,
}

impl Photo {
    fn new(name: &str, bytes: Vec<u8>, outcome: Outcome) -> Self {
        Self { name: name.to_owned(), bytes, outcome }
    }
}

/// Small good photos of every format, by name, from which others are spoilt.
pub fn good() -> Result<Vec<Photo>> {
    let shirt = imageops::thumbnail(&photos::drawn_shirt([40, 90, 160]), 75, 100);
    let encode = |format| -> Result<Vec<u8>> {
        let mut file = Cursor::new(Vec::new());
        DynamicImage::from(shirt.clone()).write_to(&mut file, format)?;
        Ok(file.into_inner())
    };
    let lossy = fs::read(site::repository().join("public/catalogue/images/000000.webp"))
        .context("the repository's catalogue has no picture 000000")?;
    Ok([
        ("shirt.jpg", photos::with_orientation(&photos::jpeg(&shirt)?, 6)?),
        ("shirt.png", encode(ImageFormat::Png)?),
        ("shirt.webp", encode(ImageFormat::WebP)?),
        ("shirt.gif", encode(ImageFormat::Gif)?),
        ("shirt.bmp", encode(ImageFormat::Bmp)?),
        ("lossy.webp", lossy),
        ("blocks.jpg", jpeg::progressive()),
    ]
    .map(|(name, bytes)| Photo::new(name, bytes, Outcome::Opens))
    .into())
}

/// All of them, in a fixed order; names are unique.
pub fn all() -> Result<Vec<Photo>> {
    let good = good()?;
    let find = |name: &str| good.iter().find(|photo| photo.name == name).map(|photo| photo.bytes.as_slice());
    let (plain, lossy) = (find("shirt.webp").unwrap_or_default(), find("lossy.webp").unwrap_or_default());
    let mut photos = Vec::new();
    jpeg::photos(&mut photos);
    png::photos(&mut photos);
    gif::photos(&mut photos);
    bmp::photos(&mut photos);
    webp::photos(&mut photos, plain, [75, 100], lossy);
    other::photos(&mut photos, &jpeg::plain(), find("shirt.png").unwrap_or_default(), &gif::plain());
    for (number, photo) in good.iter().enumerate() {
        spoil(&mut photos, photo, number as u64);
    }
    Ok(photos)
}

/// A good photo cut off, hit by wrong bits, and with pieces moved.
fn spoil(photos: &mut Vec<Photo>, good: &Photo, number: u64) {
    let (bytes, length) = (&good.bytes, good.bytes.len());
    let mut add = |how: String, bytes: Vec<u8>, outcome| {
        photos.push(Photo::new(&format!("{how}-{}", good.name), bytes, outcome));
    };
    for tenth in 1..10 {
        // A picture that has lost its last bytes may still have all its pixels.
        let outcome = if tenth < 8 { Outcome::Refused } else { Outcome::Either };
        add(format!("cut-at-{tenth}0-percent"), bytes[..length * tenth / 10].to_vec(), outcome);
    }
    add("cut-after-12-bytes".to_owned(), bytes[..12].to_vec(), Outcome::Refused);
    add("cut-by-one-byte".to_owned(), bytes[..length - 1].to_vec(), Outcome::Either);
    let mut random = Random::new(number << 32);
    for turn in 0..12 {
        let mut wrong = bytes.clone();
        // The first half in the head, where every bit means something.
        let reach = if turn < 6 { length.min(200) } else { length };
        for _ in 0..=turn {
            wrong[random.below(reach)] ^= 1 << random.below(8);
        }
        add(format!("wrong-bits-{turn}"), wrong, Outcome::Either);
    }
    for turn in 0..4 {
        let (from, to) = (random.below(length), random.below(length));
        let size = random.below(length / 4).max(1);
        let piece = bytes[from..(from + size).min(length)].to_vec();
        let mut moved = bytes.clone();
        let end = if turn % 2 == 0 { to } else { (to + piece.len()).min(length) };
        moved.splice(to..end, piece);
        add(format!("moved-pieces-{turn}"), moved, Outcome::Either);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_more_than_three_hundred_the_same_each_time() {
        let photos = all().unwrap();
        assert!(photos.len() >= 400, "{}", photos.len());
        let names: BTreeSet<&str> = photos.iter().map(|photo| photo.name.as_str()).collect();
        assert_eq!(names.len(), photos.len(), "two have the same name");
        for (a, b) in photos.iter().zip(all().unwrap()) {
            assert!(a.bytes == b.bytes, "{} differs", a.name);
        }
        let largest = photos.iter().map(|photo| photo.bytes.len()).max();
        assert!(largest < Some(20 << 20), "{largest:?}");
    }
}
