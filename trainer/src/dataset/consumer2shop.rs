//! `DeepFashion`, Consumer-to-Shop Clothes Retrieval: people's photos, each with the shop's picture of the same item.
//!
//! - `Eval/list_eval_partition.txt`: photo, shop's picture, item, part. Each picture counts once, however many pairs
//!   it is in. Test photos are the queries, the test items' shop pictures the gallery. The category is a folder of the
//!   path, `img/GROUP/CATEGORY/ITEM/PICTURE`.
//! - `Anno/list_bbox_consumer2shop.txt` and `Anno/list_landmarks_consumer2shop.txt`, where they are there.

use std::collections::HashSet;

use anyhow::{Context as _, Result, ensure};

use super::entry::{Entry, Part, Reading};
use super::gather::Gathering;
use super::root::Root;
use super::table::Table;

/// Reads the data set. Fails, naming file and line, where a file is missing, a row cannot be understood, or a picture
/// is in two parts.
pub(super) fn read(root: &mut Root) -> Result<Reading> {
    let mut gathering = Gathering::default();
    let mut pairs = HashSet::new();
    let mut repeated = 0usize;
    let mut table = Table::named(&root.require("list_eval_partition.txt")?)?;
    while let Some(row) = table.next_row()? {
        let mut add = || -> Result<()> {
            let [photo, shop, item, part] = row.exactly()?;
            let part = Part::parse(part, &[Part::Train, Part::Validation, Part::Test])?;
            repeated += usize::from(!pairs.insert((photo.to_lowercase(), shop.to_lowercase())));
            for (name, source) in [(photo, "consumer"), (shop, "shop")] {
                let part = match (part, source) {
                    (Part::Test, "consumer") => Part::Query,
                    (Part::Test, _) => Part::Gallery,
                    (part, _) => part,
                };
                if let Some((known, entry)) = gathering.get(name) {
                    let is_same = *known == Some(part)
                        && entry.sample.extra.get("source").is_some_and(|known| known == source);
                    ensure!(is_same, "The picture {name} has another part or source in {}", entry.at());
                    continue;
                }
                let sample = root.classed(name, row.line, &[("item_id", item), ("source", source)])?;
                gathering.add(name, Some(part), Entry::new(sample, table.path()))?;
            }
            Ok(())
        };
        add().with_context(|| table.at(row.line))?;
    }
    if repeated > 0 {
        let path = table.path();
        gathering.notes.push(format!("{repeated} pairs come again in {}; they count once.", path.display()));
    }
    if let Some(path) = root.find("list_bbox_consumer2shop.txt") {
        gathering.boxes(&path, None)?;
    }
    if let Some(path) = root.find("list_landmarks_consumer2shop.txt") {
        gathering.landmarks(&path)?;
    }
    Ok(gathering.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::Tree;

    const PARTITION: &str = "image_pair_name_1 image_pair_name_2 item_id evaluation_status";

    fn tree(rows: &[&str]) -> Tree {
        let tree = Tree::new();
        tree.list("Eval/list_eval_partition.txt", PARTITION, rows);
        tree.list(
            "Anno/list_bbox_consumer2shop.txt",
            "image_name  clothes_type  source_type  x_1  y_1  x_2  y_2",
            &["img/DRESSES/Lace_Dress/id_1/shop_01.jpg  3  1  001  002  100  200"],
        );
        tree
    }

    #[test]
    fn pictures_count_once_and_test_pairs_become_queries_and_gallery() {
        let tree = tree(&[
            "img/DRESSES/Lace_Dress/id_1/comsumer_01.jpg   img/DRESSES/Lace_Dress/id_1/shop_01.jpg   id_1  train",
            "img/DRESSES/Lace_Dress/id_1/comsumer_02.jpg   img/DRESSES/Lace_Dress/id_1/shop_01.jpg   id_1  train",
            "img/DRESSES/Lace_Dress/id_1/comsumer_02.jpg   img/DRESSES/Lace_Dress/id_1/shop_01.jpg   id_1  train",
            "img/TOPS/Coat/id_2/comsumer_01.jpg            img/TOPS/Coat/id_2/shop_01.jpg            id_2  val",
            "img/TOPS/Coat/id_3/comsumer_01.jpg            img/TOPS/Coat/id_3/shop_01.jpg            id_3  test",
        ]);
        let reading = read(&mut Root::open(tree.path()).unwrap()).unwrap();
        let sizes: Vec<_> =
            reading.parts.iter().map(|(part, entries)| (part.name(), entries.len())).collect();
        assert_eq!(sizes, [("train", 3), ("validation", 2), ("query", 1), ("gallery", 1)]);
        let shop = &reading.parts[&Part::Train][1];
        assert_eq!(
            (shop.sample.category.as_str(), shop.sample.extra["source"].as_str()),
            ("Lace Dress", "shop")
        );
        assert_eq!(shop.pixels.as_ref().unwrap().corners.map(|corner| corner as u32), [1, 2, 100, 200]);
        assert!(reading.notes[0].starts_with("1 pairs come again"), "{:?}", reading.notes);
    }

    #[test]
    fn a_picture_in_two_parts_is_refused() {
        let tree =
            tree(&["img/T/C/i/c1.jpg img/T/C/i/s.jpg i train", "img/T/C/i/c2.jpg img/T/C/i/s.jpg i test"]);
        let message = format!("{:#}", read(&mut Root::open(tree.path()).unwrap()).unwrap_err());
        assert!(
            message.contains("list_eval_partition.txt, line 4: The picture img/T/C/i/s.jpg"),
            "{message}"
        );
        assert!(message.ends_with("list_eval_partition.txt, line 3"), "{message}");
    }
}
