//! Reads `image_path,category[,x1,y1,x2,y2]` with a header line, in any order of columns.
//!
//! - Picture paths are relative to the CSV's own folder (absolute ones are taken as they are).
//! - The four box columns come together or not at all, and any row may leave all four fields empty. When every
//!   coordinate of the file is at most 1 they are fractions of the picture's width and height, otherwise pixels of
//!   the upright picture; pixels are turned into fractions with the size that the picture's header names.
//! - All other columns are kept as text, by name, in [`Sample::extra`].
//!
//! A row that cannot be understood is an error that names file and line. Whether a picture itself can be decoded is
//! found out by whoever decodes it.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use csv::StringRecord;
use image::{ImageDecoder as _, ImageReader, metadata::Orientation};
use model::crop::CropBox;

use super::{Dataset, Sample};

const CORNERS: [&str; 4] = ["x1", "y1", "x2", "y2"];

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
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let columns = reader
        .headers()
        .map_err(anyhow::Error::from)
        .and_then(|header| Columns::find(header, category))
        .with_context(|| format!("{}, line 1", path.display()))?;

    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.with_context(|| format!("{} is not well-formed CSV", path.display()))?;
        let line = record.position().map_or(0, |position| position.line() as usize);
        let row =
            columns.row(&record, folder, line).with_context(|| format!("{}, line {line}", path.display()))?;
        rows.push(row);
    }

    let fractions = rows.iter().filter_map(|row| row.corners).flatten().all(|value| value <= 1.0);
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
        let corners = match CORNERS.map(find) {
            [Some(x1), Some(y1), Some(x2), Some(y2)] => Some([x1, y1, x2, y2]),
            [None, None, None, None] => None,
            _ => bail!(
                "The header names only some of the box columns x1, y1, x2, y2; it needs all four or none"
            ),
        };
        let image_path = require("image_path")?;
        let category = match category_rule {
            Category::Required => Some(require("category")?),
            Category::Optional => find("category"),
        };
        let known = |column: usize| {
            column == image_path
                || category == Some(column)
                || corners.is_some_and(|all| all.contains(&column))
        };
        let extra = names
            .iter()
            .enumerate()
            .filter(|&(column, _)| !known(column))
            .map(|(column, name)| (column, (*name).to_owned()))
            .collect();
        Ok(Self { image_path, category, category_rule, corners, extra })
    }

    fn row(&self, record: &StringRecord, folder: &Path, line: usize) -> Result<Row> {
        let field = |column: usize| record.get(column).unwrap_or("");
        let (path, category) = (field(self.image_path), self.category.map_or("", field));
        ensure!(!path.is_empty(), "The row has an empty image_path");
        ensure!(
            !category.is_empty() || self.category_rule == Category::Optional,
            "The row has an empty category"
        );
        let corners = match self.corners {
            Some(columns) => corners(columns.map(field))?,
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

/// Four box fields: all empty, or all numbers.
fn corners(fields: [&str; 4]) -> Result<Option<[f32; 4]>> {
    if fields.iter().all(|field| field.is_empty()) {
        return Ok(None);
    }
    let mut corners = [0.0; 4];
    for ((corner, field), name) in corners.iter_mut().zip(fields).zip(CORNERS) {
        ensure!(!field.is_empty(), "The box has no {name}; give all four of x1, y1, x2, y2, or none");
        *corner = field
            .parse()
            .ok()
            .filter(|value: &f32| value.is_finite())
            .with_context(|| format!("The box's {name} is {field:?}, which is not a number"))?;
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
            Some([x1, y1, x2, y2]) => {
                let (width, height) = upright_size(&self.path)?;
                // A box may touch the border; a pixel of rounding beyond it is not worth an error.
                let fraction = |value: f32, size: f32| {
                    let beyond = value > size && value <= size + 1.0;
                    if beyond { 1.0 } else { value / size }
                };
                Some(CropBox::new(
                    fraction(x1, width),
                    fraction(y1, height),
                    fraction(x2, width),
                    fraction(y2, height),
                )?)
            }
            None => None,
        };
        Ok(Sample { path: self.path, category: self.category, bbox, line: self.line, extra: self.extra })
    }
}

/// Width and height in pixels of a picture as it is to be looked at, from its header alone.
fn upright_size(path: &Path) -> Result<(f32, f32)> {
    let unreadable =
        || format!("The box is in pixels, but the size of the picture {} cannot be read", path.display());
    let mut decoder = ImageReader::open(path)
        .with_context(unreadable)?
        .with_guessed_format()
        .with_context(unreadable)?
        .into_decoder()
        .with_context(unreadable)?;
    let (width, height) = decoder.dimensions();
    let lies_on_its_side = matches!(
        decoder.orientation().with_context(unreadable)?,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    );
    let (width, height) = if lies_on_its_side { (height, width) } else { (width, height) };
    Ok((width as f32, height as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Dataset> {
        let folder = tempfile::tempdir()?;
        image::RgbImage::new(200, 100).save(folder.path().join("a.png"))?;
        let path = folder.path().join("labels.csv");
        std::fs::write(&path, text)?;
        let mut data = read(&path)?;
        for sample in &mut data.samples {
            sample.path = sample.path.strip_prefix(folder.path())?.to_owned();
        }
        Ok(data)
    }

    fn error(text: &str) -> String {
        format!("{:#}", read_text(text).expect_err("this must be refused"))
    }

    #[test]
    fn fractions_pixels_and_missing_boxes() {
        let data =
            read_text("category,image_path,x1,y1,x2,y2,price\nhat,a.png,0.25,0,1,0.5,7\nhat,b.png,,,,,\n")
                .unwrap();
        let [first, second] = data.samples.as_slice() else { panic!("two rows") };
        assert_eq!(first.bbox, Some(CropBox { x1: 0.25, y1: 0.0, x2: 1.0, y2: 0.5 }));
        assert_eq!((first.path.as_path(), first.category.as_str()), (Path::new("a.png"), "hat"));
        assert_eq!(first.extra.get("price").map(String::as_str), Some("7"));
        assert_eq!((first.line, second.line), (2, 3));
        assert_eq!(second.bbox, None);
        assert!(second.extra.is_empty());

        let data = read_text("image_path,category,x1,y1,x2,y2\na.png,hat,50,0,200,50\n").unwrap();
        assert_eq!(data.samples[0].bbox, Some(CropBox { x1: 0.25, y1: 0.0, x2: 1.0, y2: 0.5 }));
    }

    #[test]
    fn items_need_no_category() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("items.csv");
        std::fs::write(&path, "image_path,price\na.png,7\n").unwrap();
        assert!(read(&path).is_err());
        let data = read_items(&path).unwrap();
        assert_eq!((data.samples[0].category.as_str(), data.samples[0].extra["price"].as_str()), ("", "7"));
    }

    #[test]
    fn a_byte_order_mark_and_spaces_do_not_matter() {
        let data = read_text("\u{feff}image_path, category\n a.png , long sleeve \n").unwrap();
        assert_eq!(data.samples[0].category, "long sleeve");
    }

    #[test]
    fn errors_name_file_line_and_fault() {
        for (text, line, fault) in [
            ("path,category\na.png,hat\n", "line 1", "no column \"image_path\"; it names: path, category"),
            ("image_path,category,x1\na.png,hat,0\n", "line 1", "only some of the box columns"),
            ("image_path,category\na.png,hat\nb.png,\n", "line 3", "empty category"),
            ("image_path,category\n,hat\n", "line 2", "empty image_path"),
            ("image_path,category,x1,y1,x2,y2\na.png,hat,0,,1,1\n", "line 2", "has no y1"),
            (
                "image_path,category,x1,y1,x2,y2\na.png,hat,0,left,1,1\n",
                "line 2",
                "\"left\", which is not a number",
            ),
            ("image_path,category,x1,y1,x2,y2\na.png,hat,0,NaN,1,1\n", "line 2", "not a number"),
            (
                "image_path,category,x1,y1,x2,y2\ngone.png,hat,10,10,20,20\n",
                "line 2",
                "gone.png cannot be read",
            ),
            ("image_path,category\na.png\n", "line", "labels.csv"),
        ] {
            let message = error(text);
            assert!(message.contains("labels.csv"), "{message}");
            assert!(message.contains(line), "{message}");
            assert!(message.contains(fault), "{message}");
        }
        assert!(error("image_path,category,x1,y1,x2,y2\na.png,hat,0.5,0,0.2,1\n").contains("line 2"));
    }
}
