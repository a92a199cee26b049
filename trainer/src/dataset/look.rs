//! Looks at the pictures that a reader listed: whether each can be opened, and what its boxes and landmarks are as
//! fractions of it.
//!
//! Only a picture's header is read. What is wrong with one picture is noted and no reason to give up on the others.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use rayon::prelude::*;

use super::entry::{Entry, Landmark, Part};
use super::{Sample, boxes};
use crate::progress::Progress;

/// What is wrong with a picture, or with what is said of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    pub(super) picture: PathBuf,
    /// Where it is listed, or where its box is.
    pub(super) at: String,
    pub(super) why: String,
    /// Otherwise only its box is left out.
    pub(super) is_unreadable: bool,
}

/// The pictures of a data set, looked at.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Every picture, those that cannot be read without a box.
    pub(super) parts: BTreeMap<Part, Vec<(Sample, bool)>>,
    pub(super) problems: Vec<Problem>,
}

impl Looked {
    /// The pictures that can be read.
    pub(super) fn readable(self) -> (BTreeMap<Part, Vec<Sample>>, Vec<Problem>) {
        let parts = self.parts.into_iter().map(|(part, samples)| {
            (part, samples.into_iter().filter(|(_, readable)| *readable).map(|(sample, _)| sample).collect())
        });
        (parts.collect(), self.problems)
    }
}

/// Looks at every picture, on all cores, in order.
pub(super) fn look(parts: BTreeMap<Part, Vec<Entry>>) -> Looked {
    let progress = Progress::new("pictures looked at", parts.values().map(Vec::len).sum());
    let mut looked = Looked::default();
    for (part, entries) in parts {
        let seen: Vec<_> = entries
            .into_par_iter()
            .map(|entry| {
                let seen = one(entry);
                progress.increment();
                seen
            })
            .collect();
        let samples = looked.parts.entry(part).or_default();
        for (sample, problem) in seen {
            samples.push((sample, problem.as_ref().is_none_or(|problem| !problem.is_unreadable)));
            looked.problems.extend(problem);
        }
    }
    progress.finish();
    looked
}

fn one(entry: Entry) -> (Sample, Option<Problem>) {
    let at = entry.at();
    let Entry { mut sample, pixels, landmarks, .. } = entry;
    let size = match boxes::upright_size(&sample.path) {
        Ok(size) => size,
        Err(error) => {
            let problem =
                Problem { picture: sample.path.clone(), at, why: format!("{error:#}"), is_unreadable: true };
            return (sample, Some(problem));
        }
    };
    if !landmarks.is_empty() {
        sample.extra.insert("landmarks".to_owned(), fractions(&landmarks, size));
    }
    let Some(pixels) = pixels else { return (sample, None) };
    match boxes::fit(pixels.corners, size) {
        Ok(bbox) => {
            sample.bbox = Some(bbox);
            (sample, None)
        }
        Err(error) => {
            let at = format!("{}, line {}", pixels.file.display(), pixels.line);
            let problem =
                Problem { picture: sample.path.clone(), at, why: format!("{error:#}"), is_unreadable: false };
            (sample, Some(problem))
        }
    }
}

/// `x:y` or `x:y:visibility` for each point, as fractions of the picture's width and height.
fn fractions(landmarks: &[Landmark], [width, height]: [f32; 2]) -> String {
    let mut text = String::new();
    for landmark in landmarks {
        if !text.is_empty() {
            text.push(' ');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{:.5}:{:.5}", landmark.x / width, landmark.y / height);
        if let Some(visibility) = landmark.visibility {
            let _ = write!(text, ":{visibility}");
        }
    }
    text
}
