//! `DeepFashion`, Category and Attribute Prediction: its large set of annotations (`Anno` or `Anno_coarse`).
//!
//! - `list_category_cloth.txt`: names of categories, and `list_category_img.txt`: for each picture the number, from 1,
//!   of a name. Copies differ in which categories are listed, so a number means nothing but a row of its own copy.
//! - `list_attr_cloth.txt` and `list_attr_img.txt`: names of attributes, and for each picture 1 (has it), -1 (has it
//!   not) or 0 (nobody knows) for each of them.
//! - `list_bbox.txt`, `list_landmarks.txt` and `Eval/list_eval_partition.txt`.
//!
//! Only the categories have to be there. The folder of a picture is the shop's name for an item and keeps its pictures
//! on one side of a split that is made here.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};

use super::Sample;
use super::categories::Categories;
use super::entry::{Entry, Part, Reading};
use super::gather::Gathering;
use super::root::Root;
use super::table::{self, Table};

/// Reads the data set. Fails, naming file and line, where the categories are missing or a row cannot be understood.
pub(super) fn read(root: &mut Root) -> Result<Reading> {
    let mut gathering = Gathering::default();
    read_categories(root, &mut gathering)?;
    if let Some(path) = root.find("list_attr_img.txt") {
        let names = table::names(&root.require("list_attr_cloth.txt")?)?;
        let mut table = Table::named(&path)?;
        gathering.join(&mut table, |row, _, entry| {
            attributes(&row.fields()[1..], &names, Scale::Coarse, &mut entry.sample)
        })?;
    }
    if let Some(path) = root.find("list_bbox.txt") {
        gathering.boxes(&path, None)?;
    }
    if let Some(path) = root.find("list_landmarks.txt") {
        gathering.landmarks(&path)?;
    }
    if let Some(path) = root.find("list_eval_partition.txt") {
        let mut table = Table::named(&path)?;
        gathering.join(&mut table, |row, part, _| {
            let [_, word] = row.exactly()?;
            *part = Some(Part::parse(word, &[Part::Train, Part::Validation, Part::Test])?);
            Ok(())
        })?;
    }
    Ok(gathering.finish())
}

fn read_categories(root: &mut Root, gathering: &mut Gathering) -> Result<()> {
    let list = root.require("list_category_cloth.txt")?;
    let mut categories = Categories::read(&list, &mut gathering.notes)?;
    let mut table = Table::named(&root.require("list_category_img.txt")?)?;
    while let Some(row) = table.next_row()? {
        let mut add = || -> Result<()> {
            let [name, number] = row.exactly()?;
            let category = categories.add(number, name, || table.at(row.line))?;
            gathering.add(name, None, Entry::new(sample(root, name, category, row.line)?, table.path()))
        };
        add().with_context(|| table.at(row.line))?;
    }
    categories.name(gathering)
}

/// A picture with its category; its item is the folder that it lies in.
pub(super) fn sample(root: &mut Root, name: &str, category: String, line: usize) -> Result<Sample> {
    let mut extra = BTreeMap::new();
    if let Some(item) = name.rsplit('/').nth(1).filter(|item| !item.eq_ignore_ascii_case("img")) {
        extra.insert("item_id".to_owned(), item.to_owned());
    }
    Ok(Sample { path: root.picture(name)?, category, bbox: None, line, extra })
}

/// How attributes are marked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scale {
    /// 1, -1 or 0 for unknown.
    Coarse,
    /// 1 or 0.
    Fine,
}

/// Notes the names of the attributes that are marked 1, and how many are unknown.
///
/// Fails when there are more or fewer marks than names, or a mark is none of the scale's.
pub(super) fn attributes(marks: &[&str], names: &[String], scale: Scale, sample: &mut Sample) -> Result<()> {
    ensure!(
        marks.len() == names.len(),
        "The row marks {} attributes, but list_attr_cloth.txt names {}",
        marks.len(),
        names.len()
    );
    let mut has = Vec::new();
    let mut unknown = 0usize;
    for (mark, name) in marks.iter().zip(names) {
        match (*mark, scale) {
            ("1", _) => has.push(name.as_str()),
            ("-1", Scale::Coarse) | ("0", Scale::Fine) => {}
            ("0", Scale::Coarse) => unknown += 1,
            (_, Scale::Coarse) => anyhow::bail!("The attribute {name:?} is marked {mark:?}, not 1, -1 or 0"),
            (_, Scale::Fine) => anyhow::bail!("The attribute {name:?} is marked {mark:?}, not 1 or 0"),
        }
    }
    if !has.is_empty() {
        sample.extra.insert("attributes".to_owned(), has.join("; "));
    }
    if unknown > 0 {
        sample.extra.insert("attributes_unknown".to_owned(), unknown.to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
