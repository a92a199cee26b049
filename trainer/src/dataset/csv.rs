//! Reads `image_path,category[,x1,y1,x2,y2]` with a header line, in any order of columns.
//!
//! - Picture paths are relative to the CSV's own folder, which they must not leave; absolute ones are taken as they are.
//! - The four box columns come together or not at all, and any row may leave all four fields empty. When every
//!   coordinate of the file is at most 1 they are fractions of the picture's width and height, otherwise pixels of
//!   the upright picture; pixels are turned into fractions with the size that the picture's header names.
//! - The columns `x1_modified` to `y2_modified` of the 2018 article are fractions and win over `x1` to `y2`.
//! - All other columns are kept as text, by name, in [`Sample::extra`].
//!
//! A row that cannot be understood is an error that names file and line. Whether a picture itself can be decoded is
//! found out by whoever decodes it; until then one whose size cannot be read has no box.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use csv::StringRecord;
use model::crop::CropBox;

use super::limit::Limited;
use super::{Dataset, Sample, boxes, root};

const CORNERS: [&str; 4] = ["x1", "y1", "x2", "y2"];
const FRACTIONS: [&str; 4] = ["x1_modified", "y1_modified", "x2_modified", "y2_modified"];
/// How far the article's fractions reach over the border: it divided pixels that do so by one or two.
const ROUNDING: f32 = 0.01;

/// Reads every row of a CSV file.
///
/// Fails, naming file and line, when the file cannot be read, lacks a column, or a row has an empty path or category,
/// or a box that is incomplete, not a number, inside out or outside the picture.
pub fn read(path: &Path) -> Result<Dataset> {
    read_rows(path, Category::Required)
}

/// Reads rows whose category may be empty, or missing altogether, as a shop's list of items may have it.
///
/// Fails as [`read`] does otherwise.
pub fn read_items(path: &Path) -> Result<Dataset> {
    read_rows(path, Category::Optional)
}

/// Whether every row must have a category.
#[derive(Clone, Copy, PartialEq)]
enum Category {
    Required,
    Optional,
}

fn read_rows(path: &Path, category: Category) -> Result<Dataset> {
    let file =
        File::open(path).with_context(|| format!("The data set {} cannot be opened", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let (file, meter) = Limited::new(file);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let columns = reader
        .headers()
        .map_err(anyhow::Error::from)
        .and_then(|header| Columns::find(header, category))
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

    let fractions = columns.are_fractions
        || rows.iter().filter_map(|row: &Row| row.corners).flatten().all(|value| value <= 1.0);
    let samples = rows
        .into_iter()
        .map(|row| {
            let line = row.line;
            row.into_sample(fractions).with_context(|| format!("{}, line {line}", path.display()))
        })
        .collect::<Result<_>>()?;
    Ok(Dataset { samples })
}

/// Where in a record each field is.
struct Columns {
    image_path: usize,
    category: Option<usize>,
    category_rule: Category,
    corners: Option<[usize; 4]>,
    /// Whether the names of the box columns say that they are fractions.
    are_fractions: bool,
    extra: Vec<(usize, String)>,
}

impl Columns {
    fn find(header: &StringRecord, category_rule: Category) -> Result<Self> {
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
        let (fractions, plain) = (all_of(FRACTIONS)?, all_of(CORNERS)?);
        let corners = fractions.or(plain);
        let image_path = require("image_path")?;
        let category = match category_rule {
            Category::Required => Some(require("category")?),
            Category::Optional => find("category"),
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
        Ok(Self { image_path, category, category_rule, corners, are_fractions, extra })
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
        ensure!(
            !category.is_empty() || self.category_rule == Category::Optional,
            "The row has an empty category"
        );
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
        Ok(Row { path: folder.join(path), category: category.to_owned(), corners, line, extra })
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

/// A row whose box may still be in pixels.
struct Row {
    path: PathBuf,
    category: String,
    corners: Option<[f32; 4]>,
    line: usize,
    extra: BTreeMap<String, String>,
}

impl Row {
    fn into_sample(self, fractions: bool) -> Result<Sample> {
        let bbox = match self.corners {
            Some([x1, y1, x2, y2]) if fractions => Some(CropBox::new(x1, y1, x2, y2)?),
            // Whoever decodes the picture will report it.
            Some(corners) => match boxes::upright_size(&self.path) {
                Ok(size) => Some(boxes::fit(corners, size)?),
                Err(_) => None,
            },
            None => None,
        };
        Ok(Sample { path: self.path, category: self.category, bbox, line: self.line, extra: self.extra })
    }
}

#[cfg(test)]
mod tests;
