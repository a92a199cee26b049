//! Reads `image_path,category[,x1,y1,x2,y2]` with a header line, in any order of columns.
//!
//! - Picture paths are relative to the CSV's own folder, which they must not leave; absolute ones are taken as they are.
//! - The four box columns come together or not at all, and any row may leave all four fields empty. When every
//!   coordinate of the file is at most 1 they are fractions of the picture's width and height, otherwise pixels of
//!   the upright picture; pixels are turned into fractions with the size that the picture's header names.
//! - A box in pixels that does not fit its picture is left out and said; the row stays.
//! - The columns `x1_modified` to `y2_modified` of the 2018 article are fractions and win over `x1` to `y2`.
//! - All other columns are kept as text, by name, in [`Sample::extra`].
//!
//! A list of items has no boxes: there such columns are kept as text, too.
//!
//! A row that cannot be understood is an error that names file and line. Whether a picture itself can be decoded is
//! found out by whoever decodes it; until then one whose size cannot be read has no box.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use csv::StringRecord;
use model::crop::CropBox;

use super::entry::{Entry, PixelBox};
use super::limit::Limited;
use super::{Dataset, Sample, boxes, look, root};

const CORNERS: [&str; 4] = ["x1", "y1", "x2", "y2"];
const FRACTIONS: [&str; 4] = ["x1_modified", "y1_modified", "x2_modified", "y2_modified"];
/// Whether a column of this name says where a garment is, in a data set.
pub(crate) fn is_of_boxes(name: &str) -> bool {
    CORNERS.contains(&name) || FRACTIONS.contains(&name)
}

/// How far the article's fractions reach over the border: it divided pixels that do so by one or two.
const ROUNDING: f32 = 0.01;

/// Reads every row of a CSV file. Boxes in pixels that do not fit their pictures are left out, and how many is said.
///
/// Fails, naming file and line, when the file cannot be read, lacks a column, or a row has an empty path or category,
/// or a box that is incomplete or not of numbers, or in fractions that are no box.
pub fn read(path: &Path) -> Result<Dataset> {
    let (data, notes) = read_with_notes(path)?;
    for note in notes {
        eprintln!("Note: {note}");
    }
    Ok(data)
}

/// As [`read`], with the sentences about what is left out.
pub(super) fn read_with_notes(path: &Path) -> Result<(Dataset, Vec<String>)> {
    let (samples, problems) = look::look_at_boxes(read_entries(path)?);
    Ok((Dataset { samples }, look::notes(&problems)))
}

/// As [`read`], with boxes in pixels as they are in the file, for whoever looks at the pictures.
pub(super) fn read_entries(path: &Path) -> Result<Vec<Entry>> {
    let (rows, are_fractions) = read_rows(path, Kind::Labels)?;
    let file: Arc<Path> = path.into();
    let entries = rows.into_iter().map(|row| {
        let line = row.sample.line;
        row.into_entry(&file, are_fractions).with_context(|| format!("{}, line {line}", path.display()))
    });
    entries.collect()
}

/// Reads a shop's list of items: a category may be empty, or missing altogether, and columns that are boxes elsewhere are text as
/// any other.
///
/// Fails as [`read`] does otherwise.
pub fn read_items(path: &Path) -> Result<Dataset> {
    let (rows, _) = read_rows(path, Kind::Items)?;
    Ok(Dataset { samples: rows.into_iter().map(|row| row.sample).collect() })
}

/// What a file lists.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Pictures to learn from or to measure on: each has a category, and may have a box.
    Labels,
    /// What a shop sells.
    Items,
}

/// The rows, and whether their boxes are fractions.
fn read_rows(path: &Path, kind: Kind) -> Result<(Vec<Row>, bool)> {
    let file =
        File::open(path).with_context(|| format!("The data set {} cannot be opened", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let (file, meter) = Limited::new(file);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let columns = reader
        .headers()
        .map_err(anyhow::Error::from)
        .and_then(|header| Columns::find(header, kind))
        .with_context(|| format!("{}, line 1", path.display()))?;

    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    loop {
        meter.reset();
        let line = reader.position().line();
        let more = reader.read_record(&mut record);
        if !more.with_context(|| format!("{}, line {line}, is not well-formed CSV", path.display()))? {
            break;
        }
        let line = record.position().map_or(0, |position| position.line() as usize);
        let row =
            columns.row(&record, folder, line).with_context(|| format!("{}, line {line}", path.display()))?;
        rows.push(row);
    }

    let are_fractions = columns.are_fractions
        || rows.iter().filter_map(|row: &Row| row.corners).flatten().all(|value| value <= 1.0);
    Ok((rows, are_fractions))
}

/// Where in a record each field is.
struct Columns {
    image_path: usize,
    category: Option<usize>,
    kind: Kind,
    corners: Option<[usize; 4]>,
    /// Whether the names of the box columns say that they are fractions.
    are_fractions: bool,
    extra: Vec<(usize, String)>,
}

impl Columns {
    fn find(header: &StringRecord, kind: Kind) -> Result<Self> {
        let names: Vec<&str> = header.iter().map(|name| name.trim_start_matches('\u{feff}')).collect();
        let find = |wanted: &str| names.iter().position(|name| *name == wanted);
        let require = |wanted: &str| {
            find(wanted).with_context(|| {
                format!("The header has no column {wanted:?}; it names: {}", names.join(", "))
            })
        };
        let all_of = |wanted: [&str; 4]| match wanted.map(find) {
            [Some(x1), Some(y1), Some(x2), Some(y2)] => Ok(Some([x1, y1, x2, y2])),
            [None, None, None, None] => Ok(None),
            _ => bail!(
                "The header names only some of the box columns {}; it needs all four or none",
                wanted.join(", ")
            ),
        };
        let (fractions, plain) = match kind {
            Kind::Labels => (all_of(FRACTIONS)?, all_of(CORNERS)?),
            Kind::Items => (None, None),
        };
        let corners = fractions.or(plain);
        let image_path = require("image_path")?;
        let category = match kind {
            Kind::Labels => Some(require("category")?),
            Kind::Items => find("category"),
        };
        let known = |column: usize| {
            column == image_path
                || category == Some(column)
                || [fractions, plain].iter().flatten().any(|all| all.contains(&column))
        };
        let extra = names
            .iter()
            .enumerate()
            .filter(|&(column, _)| !known(column))
            .map(|(column, name)| (column, (*name).to_owned()))
            .collect();
        let are_fractions = fractions.is_some();
        Ok(Self { image_path, category, kind, corners, are_fractions, extra })
    }

    fn row(&self, record: &StringRecord, folder: &Path, line: usize) -> Result<Row> {
        let field = |column: usize| record.get(column).unwrap_or("");
        let (path, category) = (field(self.image_path), self.category.map_or("", field));
        ensure!(!path.is_empty(), "The row has an empty image_path");
        ensure!(
            !path.contains('\n') && !category.contains('\n'),
            "The path or the category has a line end in it; perhaps a quotation mark is not closed"
        );
        ensure!(
            root::stays(Path::new(path)),
            "The picture {path} is outside the folder of the CSV; if that is meant, write its absolute path"
        );
        ensure!(!category.is_empty() || self.kind == Kind::Items, "The row has an empty category");
        let corners = match self.corners {
            Some(columns) => corners(columns.map(field), self.are_fractions)?,
            None => None,
        };
        let extra = self
            .extra
            .iter()
            .map(|(column, name)| (name.clone(), field(*column).to_owned()))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let sample =
            Sample { path: folder.join(path), category: category.to_owned(), bbox: None, line, extra };
        Ok(Row { sample, corners })
    }
}

/// Four box fields: all empty, or all numbers; where they are fractions, between 0 and 1.
fn corners(fields: [&str; 4], are_fractions: bool) -> Result<Option<[f32; 4]>> {
    if fields.iter().all(|field| field.is_empty()) {
        return Ok(None);
    }
    let mut corners = [0.0; 4];
    for ((corner, field), name) in corners.iter_mut().zip(fields).zip(CORNERS) {
        ensure!(!field.is_empty(), "The box has no {name}; give all four of x1, y1, x2, y2, or none");
        *corner = boxes::coordinate(field, &format!("The box's {name}"))?;
        if are_fractions {
            ensure!(
                (-ROUNDING..=1.0 + ROUNDING).contains(corner),
                "The box's {name}_modified is {field}; it must be a fraction from 0 to 1"
            );
            *corner = corner.clamp(0.0, 1.0);
        }
    }
    Ok(Some(corners))
}

/// A row whose box may be in pixels or in fractions: the whole file tells.
struct Row {
    /// Without its box.
    sample: Sample,
    corners: Option<[f32; 4]>,
}

impl Row {
    fn into_entry(self, file: &Arc<Path>, are_fractions: bool) -> Result<Entry> {
        let mut entry = Entry::new(self.sample, Arc::clone(file));
        match self.corners {
            Some([x1, y1, x2, y2]) if are_fractions => {
                entry.sample.bbox = Some(CropBox::new(x1, y1, x2, y2)?);
            }
            Some(corners) => {
                let line = entry.sample.line;
                entry.pixels = Some(PixelBox { corners, file: Arc::clone(file), line });
            }
            None => {}
        }
        Ok(entry)
    }
}

#[cfg(test)]
mod tests;
