//! `DeepFashion`, In-shop Clothes Retrieval: a shop's pictures, several of each item, as training, query and gallery.
//!
//! - `Eval/list_eval_partition.txt`: picture, item, part. The category is a folder of the picture's path,
//!   `img/DEPARTMENT/CATEGORY/ITEM/PICTURE`.
//! - `Anno/list_bbox_inshop.txt`, where it is there: type of clothes, pose, box in pixels.
//! - `Anno/list_landmarks_inshop.txt`, where it is there.
//! - `Anno/list_item_inshop.txt`, where it is there: every item, to compare with.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::entry::{Entry, Part, Reading};
use super::gather::{Column, Gathering};
use super::root::Root;
use super::table::Table;

/// What the numbers from 1 in the column `pose_type` mean.
const POSES: [&str; 6] = ["front", "side", "back", "zoom-out", "zoom-in", "stand-alone"];

/// Reads the data set. Fails, naming file and line, where a file is missing or a row cannot be understood.
pub(super) fn read(root: &mut Root) -> Result<Reading> {
    let mut gathering = Gathering::default();
    let mut items = BTreeSet::new();
    let mut table = Table::named(&root.require("list_eval_partition.txt")?)?;
    while let Some(row) = table.next_row()? {
        let mut add = || -> Result<()> {
            let [name, item, part] = row.exactly()?;
            let part = Part::parse(part, &[Part::Train, Part::Query, Part::Gallery])?;
            items.insert(item.to_owned());
            let sample = root.classed(name, row.line, &[("item_id", item)])?;
            gathering.add(name, Some(part), Entry::new(sample, table.path()))
        };
        add().with_context(|| table.at(row.line))?;
    }
    if let Some(path) = root.find("list_bbox_inshop.txt") {
        gathering.boxes(&path, Some(&Column { name: "pose_type", key: "pose", meaning: pose }))?;
    }
    if let Some(path) = root.find("list_landmarks_inshop.txt") {
        gathering.landmarks(&path)?;
    }
    if let Some(path) = root.find("list_item_inshop.txt") {
        let unknown = items.difference(&listed_items(&path)?).count();
        if unknown > 0 {
            gathering.notes.push(format!("{unknown} items are not in {}.", path.display()));
        }
    }
    Ok(gathering.finish())
}

fn listed_items(path: &Path) -> Result<BTreeSet<String>> {
    let mut table = Table::counted(path)?;
    let mut seen = HashSet::new();
    while let Some(row) = table.next_row()? {
        let [item] = row.exactly().with_context(|| table.at(row.line))?;
        ensure!(seen.insert(item.to_owned()), "{}: the item {item} is listed twice", table.at(row.line));
    }
    Ok(seen.into_iter().collect())
}

fn pose(number: &str) -> Result<&'static str> {
    let name = number.parse().ok().and_then(|number: usize| POSES.get(number.checked_sub(1)?));
    name.copied().with_context(|| format!("The pose is {number:?}; it must be from 1 to 6"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::Tree;

    const PARTITION: &str = "image_name item_id evaluation_status";
    const BOXES: &str = "image_name  clothes_type  pose_type  x_1  y_1  x_2  y_2";

    fn tree() -> Tree {
        let tree = Tree::new();
        tree.picture("Img/MEN/Denim/id_00000080/01_1_front.png", 20, 20);
        tree.list(
            "Eval/list_eval_partition.txt",
            PARTITION,
            &[
                "img/MEN/Denim/id_00000080/01_1_front.png       id_00000080 train",
                "img/WOMEN/Blouses_Shirts/id_1/02_3_back.png    id_1 query",
                "img/WOMEN/Blouses_Shirts/id_1/02_2_side.png    id_1 gallery",
            ],
        );
        tree.list(
            "Anno/list_bbox_inshop.txt",
            BOXES,
            &["img/WOMEN/Blouses_Shirts/id_1/02_3_back.png  1  3  050  049  208  236"],
        );
        tree.list(
            "Anno/list_landmarks_inshop.txt",
            "image_name clothes_type variation_type landmark_visibility_1 landmark_location_x_1",
            &["img/MEN/Denim/id_00000080/01_1_front.png  2 1  0 10 10 0 20 10 1 5 5 2 0 0"],
        );
        tree.write("Anno/list_item_inshop.txt", "1\nid_1\n");
        tree
    }

    #[test]
    fn parts_boxes_and_poses() {
        let tree = tree();
        let reading = read(&mut Root::open(tree.path()).unwrap()).unwrap();
        let [train] = reading.parts[&Part::Train].as_slice() else { panic!("one picture") };
        let [query] = reading.parts[&Part::Query].as_slice() else { panic!("one picture") };
        assert_eq!(train.sample.path, tree.path().join("Img/MEN/Denim/id_00000080/01_1_front.png"));
        assert_eq!(train.landmarks.len(), 4);
        assert_eq!(query.sample.category, "Blouses Shirts");
        let extra = |key: &str| query.sample.extra[key].as_str();
        assert_eq!((extra("department"), extra("item_id"), extra("pose")), ("WOMEN", "id_1", "back"));
        assert_eq!(query.pixels.as_ref().unwrap().corners.map(|corner| corner as u32), [50, 49, 208, 236]);
        assert_eq!(reading.parts[&Part::Gallery].len(), 1);
        assert!(reading.notes[0].starts_with("1 items are not in"), "{:?}", reading.notes);
    }

    #[test]
    fn faults_are_named_with_file_and_line() {
        for (file, columns, row, parts) in [
            (
                "Eval/list_eval_partition.txt",
                PARTITION,
                "img/M/D/i/a.png id_1 val",
                ["line 3", "train, query, gallery"],
            ),
            (
                "Eval/list_eval_partition.txt",
                PARTITION,
                "img/M/D/i/a.png train",
                ["line 3", "2 fields instead of 3"],
            ),
            (
                "Eval/list_eval_partition.txt",
                PARTITION,
                "D/i/a.png id_1 train",
                ["line 3", "is not named img/"],
            ),
            (
                "Anno/list_bbox_inshop.txt",
                BOXES,
                "img/WOMEN/Blouses_Shirts/id_1/02_3_back.png  1  9  050  049  208  236",
                ["line 3", "The pose is \"9\""],
            ),
        ] {
            let tree = tree();
            tree.list(file, columns, &[row]);
            let message = format!("{:#}", read(&mut Root::open(tree.path()).unwrap()).unwrap_err());
            assert!(message.contains(file) && parts.iter().all(|part| message.contains(part)), "{message}");
        }
    }
}
