//! Writes the parts of a data set as CSV files that [`super::csv`] reads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use csv::Writer;
use serde_json::Value;

use super::Sample;
use super::entry::Part;
use super::look::Problem;
use crate::files;

/// Describes what a folder was prepared from; a folder without it is somebody else's.
const MANIFEST: &str = "prepared.json";
/// Lists the pictures that something is wrong with.
pub(super) const PROBLEMS: &str = "problems.csv";

const BOX: [&str; 4] = ["x1", "y1", "x2", "y2"];

/// The files that this module writes.
fn ours() -> impl Iterator<Item = String> {
    Part::ALL.into_iter().map(file_name).chain([PROBLEMS.to_owned(), "labels.csv".to_owned()])
}

fn file_name(part: Part) -> String {
    format!("{}.csv", part.name())
}

/// Makes sure that nothing but what this module wrote will be replaced in `out`. Fails, naming the file, otherwise.
pub(super) fn check_folder(out: &Path) -> Result<()> {
    if out.join(MANIFEST).is_file() {
        return Ok(());
    }
    match ours().map(|name| out.join(name)).find(|path| path.exists()) {
        Some(path) => bail!(
            "{} is there already and was not written by this command; choose another --out",
            path.display()
        ),
        None => Ok(()),
    }
}

/// Writes everything to `out`, `manifest` last, and takes away what an earlier run left there.
pub(super) fn all(
    out: &Path,
    parts: &BTreeMap<Part, Vec<Sample>>,
    problems: &[Problem],
    manifest: &Value,
) -> Result<()> {
    files::make_folder(out)?;
    check_folder(out)?;
    if out.join(MANIFEST).is_file() {
        for name in ours().filter(|name| name != "labels.csv") {
            files::remove(&out.join(name))?;
        }
    }
    let base = std::path::absolute(out).with_context(|| format!("{} cannot be found", out.display()))?;
    let extra: BTreeSet<&str> = parts
        .values()
        .flatten()
        .flat_map(|sample| sample.extra.keys().map(String::as_str))
        .filter(|name| !BOX.contains(name) && !["image_path", "category"].contains(name))
        .collect();
    // First, so that an interrupted run may be repeated.
    files::write_json(&out.join(MANIFEST), manifest)?;
    for (&part, samples) in parts.iter().filter(|(_, samples)| !samples.is_empty()) {
        files::write(&out.join(file_name(part)), &rows(samples, &extra, &base)?)?;
    }
    if !problems.is_empty() {
        let mut writer = Writer::from_writer(Vec::new());
        writer.write_record(["picture", "listed_in", "problem"])?;
        for problem in problems {
            writer.write_record([&problem.picture.display().to_string(), &problem.at, &problem.why])?;
        }
        files::write(&out.join(PROBLEMS), &writer.into_inner()?)?;
    }
    Ok(())
}

fn rows(samples: &[Sample], extra: &BTreeSet<&str>, base: &Path) -> Result<Vec<u8>> {
    let mut writer = Writer::from_writer(Vec::new());
    let header = ["image_path", "category"].into_iter().chain(BOX).chain(extra.iter().copied());
    writer.write_record(header)?;
    for sample in samples {
        let path = named_from(base, &sample.path)?;
        let path = path.to_str().unwrap_or_default();
        ensure!(!path.is_empty(), "The name of the picture {} is no text", sample.path.display());
        let mut fields = vec![path.to_owned(), sample.category.clone()];
        match sample.bbox {
            Some(bbox) => {
                fields.extend([bbox.x1, bbox.y1, bbox.x2, bbox.y2].map(|corner| corner.to_string()));
            }
            None => fields.extend(BOX.map(|_| String::new())),
        }
        fields.extend(extra.iter().map(|name| sample.extra.get(*name).cloned().unwrap_or_default()));
        writer.write_record(&fields)?;
    }
    Ok(writer.into_inner()?)
}

/// A picture below `base` by its way from there, any other by its absolute path.
fn named_from(base: &Path, path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path).with_context(|| format!("{} cannot be found", path.display()))?;
    Ok(path.strip_prefix(base).map(Path::to_owned).unwrap_or(path))
}
