//! `DeepFashion`, Category and Attribute Prediction: its small set of careful annotations (`Anno_fine`).
//!
//! For each part (`train`, `val`, `test`) there are a list of pictures, `train.txt`, and files without any header that
//! align with it row by row: `train_cate.txt` (number of a category, from 1), `train_attr.txt` (0 or 1 for each of the
//! 26 attributes), `train_bbox.txt` (a box in pixels) and `train_landmards.txt`, spelt so (points in pixels). The
//! names are in `list_category_cloth.txt` and `list_attr_cloth.txt`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use super::boxes;
use super::categories::Categories;
use super::deepfashion::{Scale, attributes, sample};
use super::entry::{Entry, Landmark, Part, PixelBox, Reading};
use super::gather::{Gathering, MAX_LANDMARKS, corners};
use super::root::Root;
use super::table::{self, Row, Table};

/// The file by which the set is known.
pub(super) const MARK: &str = "train_cate.txt";

/// Reads the data set. Fails, naming file and line, where the categories are missing, files do not align, or a row
/// cannot be understood.
pub(super) fn read(root: &mut Root) -> Result<Reading> {
    let mark = root
        .find_in(MARK, |_| true)
        .with_context(|| format!("There is no {MARK} in {}", root.folder().display()))?;
    let folder = mark.parent().unwrap_or(Path::new("")).to_owned();
    let beside = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
    let list = match beside("list_category_cloth.txt") {
        Some(path) => path,
        None => root.require("list_category_cloth.txt")?,
    };
    let mut gathering = Gathering::default();
    let mut categories = Categories::read(&list, &mut gathering.notes)?;
    let attributes = beside("list_attr_cloth.txt").map(|path| table::names(&path)).transpose()?;
    for (part, word) in [(Part::Train, "train"), (Part::Validation, "val"), (Part::Test, "test")] {
        let Some(list) = beside(&format!("{word}.txt")) else { continue };
        let beside = |kind: &str| beside(&format!("{word}_{kind}.txt"));
        let mut files = Files {
            categories: Table::plain(
                &beside("cate")
                    .with_context(|| format!("There is no {word}_cate.txt beside {}", list.display()))?,
            )?,
            boxes: open(beside("bbox"))?,
            attributes: open(beside("attr"))?,
            landmarks: open(beside("landmards").or_else(|| beside("landmarks")))?,
        };
        ensure!(
            files.attributes.is_none() || attributes.is_some(),
            "There is no list_attr_cloth.txt beside {}",
            list.display()
        );
        let mut table = Table::plain(&list)?;
        while let Some(row) = table.next_row()? {
            let [name] = row.exactly().with_context(|| table.at(row.line))?;
            let entry = entry(root, name, &row, &mut files, attributes.as_deref(), &mut categories, &table)?;
            gathering.add(name, Some(part), entry).with_context(|| table.at(row.line))?;
        }
        files.end(&table)?;
    }
    categories.name(&mut gathering)?;
    Ok(gathering.finish())
}

/// The files that align with a list of pictures.
struct Files {
    categories: Table,
    boxes: Option<Table>,
    attributes: Option<Table>,
    landmarks: Option<Table>,
}

impl Files {
    /// All of them must be at their end when `list` is.
    fn end(&mut self, list: &Table) -> Result<()> {
        let others = [&mut self.boxes, &mut self.attributes, &mut self.landmarks].into_iter().flatten();
        for table in std::iter::once(&mut self.categories).chain(others) {
            if let Some(row) = table.next_row()? {
                bail!("{}: {} has no row for it", table.at(row.line), list.path().display());
            }
        }
        Ok(())
    }
}

fn open(path: Option<PathBuf>) -> Result<Option<Table>> {
    path.map(|path| Table::plain(&path)).transpose()
}

/// The row that aligns with a row of `list`.
fn aligned(table: &mut Table, list: &Table, line: usize) -> Result<Row> {
    table.next_row()?.with_context(|| {
        format!("{} has no row for the picture in {}; they must align", table.path().display(), list.at(line))
    })
}

fn entry(
    root: &mut Root,
    name: &str,
    row: &Row,
    files: &mut Files,
    names: Option<&[String]>,
    categories: &mut Categories,
    list: &Table,
) -> Result<Entry> {
    let number = aligned(&mut files.categories, list, row.line)?;
    let place = || files.categories.at(number.line);
    let category = categories.add(&number.text, name, place).with_context(place)?;
    let sample = sample(root, name, category, row.line).with_context(|| list.at(row.line))?;
    let mut entry = Entry::new(sample, list.path());
    if let Some(table) = &mut files.boxes {
        let row = aligned(table, list, row.line)?;
        let corners = corners(&row.fields()).with_context(|| table.at(row.line))?;
        entry.pixels = Some(PixelBox { corners, file: table.path(), line: row.line });
    }
    if let (Some(table), Some(names)) = (&mut files.attributes, names) {
        let row = aligned(table, list, row.line)?;
        attributes(&row.fields(), names, Scale::Fine, &mut entry.sample)
            .with_context(|| table.at(row.line))?;
    }
    if let Some(table) = &mut files.landmarks {
        let row = aligned(table, list, row.line)?;
        entry.landmarks = landmarks(&row).with_context(|| table.at(row.line))?;
    }
    Ok(entry)
}

/// Points as `x y x y ...`.
fn landmarks(row: &Row) -> Result<Vec<Landmark>> {
    let fields = row.fields();
    ensure!(
        fields.len().is_multiple_of(2) && fields.len() <= 2 * MAX_LANDMARKS,
        "The row has {} numbers of landmarks; they come in twos, at most {MAX_LANDMARKS} times",
        fields.len()
    );
    fields
        .chunks_exact(2)
        .map(|two| {
            let x = boxes::coordinate(two[0], "A landmark's x")?;
            let y = boxes::coordinate(two[1], "A landmark's y")?;
            Ok(Landmark { visibility: None, x, y })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::Tree;

    fn tree() -> Tree {
        let tree = Tree::new();
        tree.write(
            "Anno_fine/list_category_cloth.txt",
            "2\ncategory_name category_type\nBlouse 1\nJeans 2\n",
        );
        tree.write("Anno_fine/list_attr_cloth.txt", "floral 1\nlong sleeve 3\n");
        tree.write("Anno_fine/train.txt", "img/Red_Blouse/1.jpg\nimg/Cut_Jeans/2.jpg\n");
        tree.write("Anno_fine/train_cate.txt", "1\n2\n");
        tree.write("Anno_fine/train_attr.txt", "1 1 \n0 0 \n");
        tree.write("Anno_fine/train_bbox.txt", "1 2 3 4\n5 6 7 8\n");
        tree.write("Anno_fine/train_landmards.txt", "1 2 3 4\n5 6 7 8 9 10\n");
        tree.write("Anno_fine/val.txt", "img/Red_Blouse/3.jpg\n");
        tree.write("Anno_fine/val_cate.txt", "1\n");
        tree
    }

    #[test]
    fn files_align_row_by_row() {
        let reading = read(&mut Root::open(tree().path()).unwrap()).unwrap();
        let [blouse, jeans] = reading.parts[&Part::Train].as_slice() else { panic!("two pictures") };
        assert_eq!((blouse.sample.category.as_str(), jeans.sample.category.as_str()), ("Blouse", "Jeans"));
        assert_eq!(blouse.sample.extra["attributes"], "floral; long sleeve");
        assert!(!jeans.sample.extra.contains_key("attributes"));
        assert_eq!(jeans.pixels.as_ref().unwrap().line, 2);
        assert_eq!((blouse.landmarks.len(), jeans.landmarks.len()), (2, 3));
        assert_eq!(reading.parts[&Part::Validation].len(), 1);
    }

    #[test]
    fn what_does_not_align_is_named() {
        for (file, text, parts) in [
            ("train_cate.txt", "1\n", ["train_cate.txt has no row", "train.txt, line 2"]),
            ("train_cate.txt", "1\n2\n1\n", ["train_cate.txt, line 3", "train.txt has no row"]),
            ("train_cate.txt", "1\n3\n", ["train_cate.txt, line 2", "from 1 to 2"]),
            ("train_attr.txt", "1 1\n0 -1\n", ["train_attr.txt, line 2", "not 1 or 0"]),
            ("train_bbox.txt", "1 2 3\n5 6 7 8\n", ["train_bbox.txt, line 1", "3 numbers"]),
            ("train_landmards.txt", "1 2 3\n1 2\n", ["train_landmards.txt, line 1", "in twos"]),
            ("train.txt", "a b\nc\n", ["train.txt, line 1", "2 fields"]),
        ] {
            let tree = tree();
            tree.write(&format!("Anno_fine/{file}"), text);
            let message = format!("{:#}", read(&mut Root::open(tree.path()).unwrap()).unwrap_err());
            assert!(parts.iter().all(|part| message.contains(part)), "{message}");
        }
    }
}
