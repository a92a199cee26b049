//! The layouts of data sets that can be read, and how each is recognised.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum;

use super::entry::{Entry, Part, Reading};
use super::root::Root;
use super::{
    Dataset, consumer2shop, csv, deepfashion, deepfashion_fine, deepfashion2, folders, inshop, look,
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

/// The pictures to train on of a CSV or of a folder in any known layout, and sentences about what is odd.
///
/// A picture that cannot be read stays in the list, for whoever decodes it to report. Fails, naming file and line,
/// where the data set cannot be understood.
pub fn to_train_on(path: &Path) -> Result<(Dataset, Vec<String>)> {
    let nothing = || format!("{} has no part to train on", path.display());
    if !path.is_dir() {
        return Ok((csv::read(path)?, Vec::new()));
    }
    let format = Format::detect(path)?;
    if format == Format::Csv {
        // Not one row of the other parts is read.
        let is_for_training =
            |(part, _): &(Option<Part>, PathBuf)| part.is_none_or(|part| part == Part::Train);
        let (_, table) = tables(path).into_iter().find(is_for_training).with_context(nothing)?;
        return Ok((csv::read(&table)?, Vec::new()));
    }
    let (_, mut reading) = format.read(path)?;
    let entries = reading.parts.remove(&Part::Train).filter(|entries| !entries.is_empty());
    let entries = entries.with_context(nothing)?;
    let looked = look::look([(Part::Train, entries)].into());
    let mut notes = reading.notes;
    let boxes: Vec<_> = looked.problems.iter().filter(|problem| !problem.is_unreadable).collect();
    if let Some(first) = boxes.first() {
        notes.push(format!(
            "{} boxes do not fit their pictures and are left out. The first is in {}: {}",
            boxes.len(),
            first.at,
            first.why
        ));
    }
    let samples = looked.parts.into_values().flatten().map(|(sample, _)| sample).collect();
    Ok((Dataset { samples }, notes))
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
        let file: std::sync::Arc<Path> = path.as_path().into();
        let samples = csv::read(&path)?.samples;
        let entries = samples.into_iter().map(|sample| Entry::new(sample, std::sync::Arc::clone(&file)));
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
        let (data, notes) = to_train_on(tree.path()).unwrap();
        let categories: Vec<_> = data.samples.iter().map(|sample| sample.category.as_str()).collect();
        assert_eq!((categories, notes.len()), (vec!["hat", "shoe"], 0));
    }

    #[test]
    fn only_the_part_for_training_is_read() {
        let tree = Tree::new();
        tree.write("train.csv", "image_path,category\na.png,hat\n");
        tree.write("test.csv", "not to be read");
        assert_eq!(to_train_on(tree.path()).unwrap().0.samples.len(), 1);
        std::fs::remove_file(tree.path().join("train.csv")).unwrap();
        assert!(to_train_on(tree.path()).unwrap_err().to_string().contains("no part to train on"));
    }
}
