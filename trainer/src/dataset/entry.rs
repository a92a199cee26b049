//! What a reader hands over: pictures in parts, with boxes and landmarks still in pixels, since only the picture knows
//! its size.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};

use super::Sample;

/// What the pictures of a data set are divided into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Part {
    /// To learn from.
    Train,
    /// To choose the best network by.
    Validation,
    /// To measure on.
    Test,
    /// To search for.
    Query,
    /// To search among.
    Gallery,
}

impl Part {
    /// Every part.
    pub(super) const ALL: [Self; 5] = [Self::Train, Self::Validation, Self::Test, Self::Query, Self::Gallery];

    /// Its name, which is also that of its file.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
            Self::Query => "query",
            Self::Gallery => "gallery",
        }
    }

    /// The part that a data set calls so, in whatever case.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "train" => Some(Self::Train),
            "val" | "valid" | "validation" => Some(Self::Validation),
            "test" => Some(Self::Test),
            "query" | "queries" => Some(Self::Query),
            "gallery" => Some(Self::Gallery),
            _ => None,
        }
    }

    /// As [`Self::from_word`] in a file, where the word must be one of `known`.
    pub(super) fn parse(word: &str, known: &[Self]) -> Result<Self> {
        Self::from_word(word).filter(|part| known.contains(part)).with_context(|| {
            let names: Vec<&str> = known.iter().map(|part| part.name()).collect();
            format!("The part is {word:?}; it must be one of: {}", names.join(", "))
        })
    }
}

/// A box in pixels and the row that gives it.
#[derive(Debug, Clone)]
pub(super) struct PixelBox {
    pub(super) corners: [f32; 4],
    pub(super) file: Arc<Path>,
    pub(super) line: usize,
}

/// A point on a garment, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Landmark {
    /// 0 visible, 1 hidden, 2 outside the picture; none where the data set does not say.
    pub(super) visibility: Option<u8>,
    pub(super) x: f32,
    pub(super) y: f32,
}

/// A labelled picture that nobody has looked at yet.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its box is unknown as long as it is in `pixels`.
    pub(super) sample: Sample,
    /// The file that lists it.
    pub(super) file: Arc<Path>,
    pub(super) pixels: Option<PixelBox>,
    pub(super) landmarks: Vec<Landmark>,
}

impl Entry {
    pub(super) fn new(sample: Sample, file: Arc<Path>) -> Self {
        Self { sample, file, pixels: None, landmarks: Vec::new() }
    }

    /// Where the picture is listed: "FILE, line N", or the folder alone.
    pub(super) fn at(&self) -> String {
        match self.sample.line {
            0 => self.file.display().to_string(),
            line => format!("{}, line {line}", self.file.display()),
        }
    }
}

/// A data set as it was read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Where the data set does not divide itself, everything is in [`Part::Train`].
    pub(super) parts: BTreeMap<Part, Vec<Entry>>,
    pub(super) is_divided: bool,
    /// Sentences about what was left out or looks odd.
    pub(super) notes: Vec<String>,
}
