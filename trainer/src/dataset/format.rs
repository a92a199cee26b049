//! The layouts of data sets that can be read, and how each is recognised.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum;

use super::entry::{Part, Reading};
use super::root::Root;
use super::{
    Dataset, Sample, consumer2shop, csv, deepfashion, deepfashion_fine, deepfashion2, folders, inshop, look,
};

/// A layout of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Whichever is recognised
    Auto,
    /// A CSV, or a folder with a labels.csv, or with train.csv, validation.csv, test.csv, query.csv, gallery.csv
    Csv,
    /// A folder for each class
    Folders,
    /// DeepFashion Category and Attribute Prediction, the large set (Anno or `Anno_coarse`)
    Deepfashion,
    /// DeepFashion Category and Attribute Prediction, the careful set (`Anno_fine`)
    DeepfashionFine,
    /// DeepFashion In-shop Clothes Retrieval
    Inshop,
    /// DeepFashion Consumer-to-Shop Clothes Retrieval
    Consumer2shop,
    /// `DeepFashion2`
    Deepfashion2,
}

impl Format {
    /// The layout of `from`, a file or a folder. Fails, saying what was looked for, where there is none that is known.
    pub fn detect(from: &Path) -> Result<Self> {
        if from.is_file() {
            return Ok(Self::Csv);
        }
        let root = Root::open(from)?;
        let has = |name: &str| root.find(name).is_some();
        Ok(if has("list_bbox_consumer2shop.txt") || has("list_item_consumer2shop.txt") {
            Self::Consumer2shop
        } else if has("list_bbox_inshop.txt") || has("list_item_inshop.txt") {
            Self::Inshop
        } else if has("list_category_img.txt") {
            Self::Deepfashion
        } else if root.find_in(deepfashion_fine::MARK, |_| true).is_some() {
            Self::DeepfashionFine
        } else if !deepfashion2::annotations(from).is_empty() {
            Self::Deepfashion2
        } else if !tables(from).is_empty() {
            Self::Csv
        } else if folders::are_in(from) {
            Self::Folders
        } else {
            bail!(
                "{} holds no data set that is known: neither the lists of a DeepFashion set (list_category_img.txt, \
                 list_bbox_inshop.txt, list_bbox_consumer2shop.txt, {}), nor a folder annos, nor a labels.csv or \
                 train.csv, nor folders with pictures",
                from.display(),
                deepfashion_fine::MARK
            )
        })
    }

    /// Reads `from` in this layout, and says which it is. Fails, naming file and line, where something is missing or
    /// cannot be understood.
    pub(super) fn read(self, from: &Path) -> Result<(Self, Reading)> {
        ensure!(from.exists(), "There is no {}", from.display());
        let reading = match self {
            Self::Auto => return Self::detect(from)?.read(from),
            Self::Csv => read_tables(from)?,
            Self::Folders => folders::read(from)?,
            Self::Deepfashion => deepfashion::read(&mut Root::open(from)?)?,
            Self::DeepfashionFine => deepfashion_fine::read(&mut Root::open(from)?)?,
            Self::Inshop => inshop::read(&mut Root::open(from)?)?,
            Self::Consumer2shop => consumer2shop::read(&mut Root::open(from)?)?,
            Self::Deepfashion2 => deepfashion2::read(from)?,
        };
        ensure!(
            reading.parts.values().any(|entries| !entries.is_empty()),
            "{} lists no picture",
            from.display()
        );
        Ok((self, reading))
    }
}

/// What a network can learn from.
#[derive(Debug, Default)]
pub struct Material {
    /// The pictures to train on.
    pub training: Vec<Sample>,
    /// Those to measure on that the data set itself sets apart for it; empty where it has none.
    pub validation: Vec<Sample>,
    /// Sentences about what is odd.
    pub notes: Vec<String>,
}

/// The pictures to train on of a CSV or of a folder in any known layout, with those of its own validation part.
///
/// A picture that cannot be read stays in the list, for whoever decodes it to report. Fails, naming file and line,
/// where the data set cannot be understood.
pub fn to_train_on(path: &Path) -> Result<Material> {
    let nothing = || format!("{} has no part to train on", path.display());
    if !path.is_dir() {
        let (data, notes) = csv::read_with_notes(path)?;
        return Ok(Material { training: data.samples, notes, ..Material::default() });
    }
    let format = Format::detect(path)?;
    if format == Format::Csv {
        // Not one row of the other parts is read.
        let tables = tables(path);
        let of = |wanted: Part| tables.iter().find(|(part, _)| part.unwrap_or(Part::Train) == wanted);
        let (_, table) = of(Part::Train).with_context(nothing)?;
        let (training, mut notes) = csv::read_with_notes(table)?;
        let mut validation = Dataset::default();
        if let Some((_, table)) = of(Part::Validation) {
            let more;
            (validation, more) = csv::read_with_notes(table)?;
            notes.extend(more);
        }
        return Ok(Material { training: training.samples, validation: validation.samples, notes });
    }
    let (_, mut reading) = format.read(path)?;
    reading
        .parts
        .retain(|part, entries| matches!(part, Part::Train | Part::Validation) && !entries.is_empty());
    ensure!(reading.parts.contains_key(&Part::Train), nothing());
    let mut looked = look::look(reading.parts);
    let mut notes = reading.notes;
    notes.extend(look::notes(&looked.problems));
    let mut of = |part: Part| {
        looked.parts.remove(&part).unwrap_or_default().into_iter().map(|(sample, _)| sample).collect()
    };
    Ok(Material { training: of(Part::Train), validation: of(Part::Validation), notes })
}

/// The CSV files of a folder with the parts that they are: `labels.csv` alone, undivided, or those named after parts.
fn tables(folder: &Path) -> Vec<(Option<Part>, PathBuf)> {
    let labels = folder.join("labels.csv");
    if labels.is_file() {
        return vec![(None, labels)];
    }
    Part::ALL
        .into_iter()
        .map(|part| (Some(part), folder.join(format!("{}.csv", part.name()))))
        .filter(|(_, path)| path.is_file())
        .collect()
}

fn read_tables(from: &Path) -> Result<Reading> {
    let tables = if from.is_file() { vec![(None, from.to_owned())] } else { tables(from) };
    ensure!(!tables.is_empty(), "There is neither a labels.csv nor a train.csv in {}", from.display());
    let mut reading = Reading::default();
    for (part, path) in tables {
        reading.is_divided |= part.is_some();
        let entries = csv::read_entries(&path)?;
        reading.parts.entry(part.unwrap_or(Part::Train)).or_default().extend(entries);
    }
    Ok(reading)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::Tree;

    #[test]
    fn layouts_are_recognised() {
        for (file, format) in [
            ("labels.csv", Format::Csv),
            ("train.csv", Format::Csv),
            ("Anno_coarse/list_category_img.txt", Format::Deepfashion),
            ("anno/list_category_img.txt", Format::Deepfashion),
            ("Anno_fine/train_cate.txt", Format::DeepfashionFine),
            ("Anno/list_bbox_inshop.txt", Format::Inshop),
            ("Anno/list_item_consumer2shop.txt", Format::Consumer2shop),
            ("train/annos/000001.json", Format::Deepfashion2),
        ] {
            let tree = Tree::new();
            tree.picture("hat/1.png", 4, 4);
            tree.write(file, "");
            assert_eq!(Format::detect(tree.path()).unwrap(), format, "{file}");
        }
        let tree = Tree::new();
        assert!(Format::detect(tree.path()).unwrap_err().to_string().contains("no data set that is known"));
        tree.picture("hat/1.png", 4, 4);
        assert_eq!(Format::detect(tree.path()).unwrap(), Format::Folders);
    }

    #[test]
    fn class_folders_can_be_trained_on() {
        let tree = Tree::new();
        tree.picture("hat/1.png", 4, 4);
        tree.write("shoe/torn.png", "no picture");
        let Material { training, notes, .. } = to_train_on(tree.path()).unwrap();
        let categories: Vec<_> = training.iter().map(|sample| sample.category.as_str()).collect();
        assert_eq!((categories, notes.len()), (vec!["hat", "shoe"], 0));
    }

    #[test]
    fn pictures_of_formats_that_are_not_read_are_said_and_left_to_be_reported() {
        let tree = Tree::new();
        tree.picture("hat/1.png", 4, 4);
        let heic = tree.write("hat/2.heic", "\0\0\0\u{18}ftypheic");
        tree.write("hat/3.avif", "\0\0\0\u{1c}ftypavif\0\0\0\0avifmif1miaf");
        tree.write("hat/4.heic", "");
        std::fs::rename(tree.picture("hat/5.jpg", 4, 4), tree.path().join("hat/5.jfif")).unwrap();
        let Material { training, notes, .. } = to_train_on(tree.path()).unwrap();
        assert_eq!(training.len(), 5);
        let [note] = notes.as_slice() else { panic!("one note: {notes:?}") };
        assert!(note.starts_with("3 pictures are of formats that are not read"), "{note}");
        let first = format!("{} cannot be read: HEIC is not read; convert it to JPEG", heic.display());
        assert!(note.ends_with(&first), "{note}");
    }

    #[test]
    fn a_table_s_boxes_that_do_not_fit_are_left_out_and_said() {
        let tree = Tree::new();
        tree.picture("a.png", 20, 40);
        let rows = "image_path,category,x1,y1,x2,y2\na.png,hat,1,1,23,9\na.png,hat,5,10,15,20\n";
        let table = tree.write("labels.csv", rows);
        let Material { training, notes, .. } = to_train_on(tree.path()).unwrap();
        let boxes: Vec<bool> = training.iter().map(|sample| sample.bbox.is_some()).collect();
        assert_eq!(boxes, [false, true]);
        let [note] = notes.as_slice() else { panic!("one note: {notes:?}") };
        let first = format!("The first is in {}, line 2: The box from (1, 1) to (23, 9)", table.display());
        assert!(note.starts_with("1 boxes do not fit") && note.contains(&first), "{note}");
    }

    #[test]
    fn a_data_set_s_own_validation_part_is_measured_on() {
        let sizes = |tree: &Tree| {
            let material = to_train_on(tree.path()).unwrap();
            (material.training.len(), material.validation.len())
        };
        let tree = Tree::new();
        for name in ["train/hat/1.png", "train/hat/2.png", "val/hat/1.png", "test/hat/1.png"] {
            tree.picture(name, 4, 4);
        }
        assert_eq!(sizes(&tree), (2, 1));
        let tree = Tree::new();
        tree.write("train.csv", "image_path,category\na.png,hat\nb.png,hat\n");
        tree.write("validation.csv", "image_path,category\nc.png,hat\n");
        assert_eq!(sizes(&tree), (2, 1));
    }

    #[test]
    fn no_row_of_the_test_part_is_read() {
        let tree = Tree::new();
        tree.write("train.csv", "image_path,category\na.png,hat\n");
        tree.write("test.csv", "not to be read");
        assert_eq!(to_train_on(tree.path()).unwrap().training.len(), 1);
        std::fs::remove_file(tree.path().join("train.csv")).unwrap();
        assert!(to_train_on(tree.path()).unwrap_err().to_string().contains("no part to train on"));
    }
}
