//! Looks at the pictures that a reader listed: whether each can be opened, and what its boxes and landmarks are as
//! fractions of it.
//!
//! Only a picture's header is read. What is wrong with one picture is noted and no reason to give up on the others.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::entry::{Entry, Landmark, Part};
use super::{Sample, boxes};
use crate::pictures;
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

/// Looks at those pictures alone that have a box in pixels. The others cost nothing: their boxes are fractions, or none.
pub(super) fn look_at_boxes(entries: Vec<Entry>) -> (Vec<Sample>, Vec<Problem>) {
    let seen: Vec<_> = entries
        .into_par_iter()
        .map(|entry| if entry.pixels.is_some() { one(entry) } else { (entry.sample, None) })
        .collect();
    let mut problems = Vec::new();
    let samples = seen.into_iter().map(|(sample, problem)| {
        problems.extend(problem);
        sample
    });
    (samples.collect(), problems)
}

/// Sentences about boxes that are left out and about formats that are not read, where nobody lists the problems.
///
/// Other pictures that cannot be read are left to whoever decodes them.
pub(super) fn notes(problems: &[Problem]) -> Vec<String> {
    let mut notes = Vec::new();
    let boxes: Vec<_> = problems.iter().filter(|problem| !problem.is_unreadable).collect();
    if let Some(first) = boxes.first() {
        notes.push(format!(
            "{} boxes do not fit their pictures and are left out. The first is in {}: {}",
            boxes.len(),
            first.at,
            first.why
        ));
    }
    let is_why = |problem: &Problem| {
        pictures::advice(&problem.picture).is_some_and(|advice| problem.why.ends_with(&advice))
    };
    let formats: Vec<_> =
        problems.iter().filter(|problem| problem.is_unreadable && is_why(problem)).collect();
    if let Some(first) = formats.first() {
        notes.push(format!(
            "{} pictures are of formats that are not read and are left out. The first: {}",
            formats.len(),
            first.why
        ));
    }
    notes
}

fn one(entry: Entry) -> (Sample, Option<Problem>) {
    let at = entry.at();
    let Entry { mut sample, pixels, landmarks, .. } = entry;
    let size = match boxes::upright_size(&sample.path) {
        Ok(size) => size,
        Err(error) => {
            let why = reason(&sample.path, &error);
            let problem = Problem { picture: sample.path.clone(), at, why, is_unreadable: true };
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

/// Why a picture's size cannot be told: in the words of whoever decodes it, where that fails, too, and in one line.
fn reason(path: &Path, error: &anyhow::Error) -> String {
    // Of a format that is not read, the name has said all, and such files are long.
    let why = if path.is_file()
        && pictures::advice(path).is_none()
        && let Err(plainer) = pictures::load(path)
    {
        format!("The picture {} cannot be read: {}", path.display(), plainer.root_cause())
    } else {
        format!("{error:#}")
    };
    why.split_whitespace().collect::<Vec<_>>().join(" ")
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
