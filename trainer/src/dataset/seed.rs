//! The selection of the 2018 article that Twill starts from: six class folders of In-shop Clothes Retrieval, equally
//! many pictures of each.
//!
//! The article numbered the class folders in alphabetical order from 1; these numbers are kept as `old_label`. Here
//! held-out pictures never show an item that is trained on. Where a class has fewer pictures than wanted it gives all
//! it has, and says so.

use std::collections::{BTreeMap, BTreeSet};

use super::Sample;
use super::entry::{Entry, Part, Reading};
use super::split;

/// Number, folder and category of the article's classes.
const CLASSES: [(usize, &str, &str); 6] = [
    (10, "WOMEN/Blouses Shirts", "Blouses Shirts"),
    (13, "WOMEN/Dresses", "Dresses"),
    (8, "MEN/Sweatshirts Hoodies", "Hoodies"),
    (2, "MEN/Jackets Vests", "Jackets Vests"),
    (18, "WOMEN/Rompers Jumpsuits", "Rompers Jumpsuits"),
    (7, "MEN/Sweaters", "Sweaters"),
];

/// How many pictures to select.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Of each class.
    pub(super) per_class: usize,
    /// Of all classes together.
    pub(super) held_out: usize,
}

/// The pictures of the six classes, under the article's names, and what is odd about this copy.
pub(super) fn candidates(reading: Reading) -> (Vec<Entry>, Vec<String>) {
    let mut notes = reading.notes;
    let entries: Vec<Entry> = reading.parts.into_values().flatten().collect();
    let folders: BTreeSet<String> = entries.iter().map(|entry| folder(&entry.sample)).collect();
    for (number, name, _) in CLASSES {
        let place =
            folders.iter().position(|folder| folder.eq_ignore_ascii_case(name)).map(|place| place + 1);
        if let Some(place) = place.filter(|&place| place != number) {
            notes.push(format!(
                "{name} is class folder {place} of this copy; in the article's it was {number}. Other folders are \
                 missing or were added."
            ));
        }
    }
    let chosen = entries
        .into_iter()
        .filter_map(|mut entry| {
            let folder = folder(&entry.sample);
            let (number, _, name) =
                CLASSES.into_iter().find(|(_, known, _)| known.eq_ignore_ascii_case(&folder))?;
            name.clone_into(&mut entry.sample.category);
            entry.sample.extra.insert("old_label".to_owned(), number.to_string());
            Some(entry)
        })
        .collect();
    (chosen, notes)
}

fn folder(sample: &Sample) -> String {
    let department = sample.extra.get("department").map_or("", String::as_str);
    format!("{}/{}", department.to_uppercase(), sample.category)
}

/// Divides the candidates into [`Part::Train`] and [`Part::Test`]; the same seed makes the same choice.
pub(super) fn select(
    samples: Vec<Sample>,
    wanted: Wanted,
    seed: u64,
    notes: &mut Vec<String>,
) -> BTreeMap<Part, Vec<Sample>> {
    let mut classes: BTreeMap<String, BTreeMap<String, Vec<Sample>>> = BTreeMap::new();
    let groups = split::groups(&samples);
    for (sample, group) in samples.into_iter().zip(groups) {
        let items = classes.entry(sample.category.clone()).or_default();
        items.entry(group).or_default().push(sample);
    }
    let mut parts = BTreeMap::from([(Part::Train, Vec::new()), (Part::Test, Vec::new())]);
    for (place, (_, _, name)) in CLASSES.into_iter().enumerate() {
        let mut items = classes.remove(name).unwrap_or_default();
        let available: usize = items.values().map(Vec::len).sum();
        let mut held_out =
            wanted.held_out / CLASSES.len() + usize::from(place < wanted.held_out % CLASSES.len());
        let mut total = wanted.per_class;
        if available < total {
            held_out = held_out * available / total;
            total = available;
        }
        let mut taken = Vec::new();
        let mut order = split::shuffled(items.keys().cloned(), seed).into_iter();
        for (part, count) in [(Part::Test, held_out), (Part::Train, total - held_out)] {
            let chosen = parts.entry(part).or_default();
            let end = chosen.len() + count;
            // The last item may have more pictures than are wanted; the rest of them go nowhere.
            while chosen.len() < end
                && let Some(item) = order.next()
            {
                chosen.extend(items.remove(&item).unwrap_or_default().into_iter().take(end - chosen.len()));
            }
            taken.push(count - (end - chosen.len()));
        }
        if let [held_out, training] = taken[..]
            && available < wanted.per_class
        {
            let rest = match available - held_out - training {
                0 => String::new(),
                rest => format!("; {rest} more show an item that is held out, and are left out"),
            };
            notes.push(format!(
                "{name}: {available} pictures can be read where {} are wanted: {training} to train on, {held_out} held out{rest}.",
                wanted.per_class
            ));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The class folders of In-shop Clothes Retrieval.
    const FOLDERS: &str = "MEN/Denim MEN/Jackets_Vests MEN/Pants MEN/Shirts_Polos MEN/Shorts MEN/Suiting \
        MEN/Sweaters MEN/Sweatshirts_Hoodies MEN/Tees_Tanks WOMEN/Blouses_Shirts WOMEN/Cardigans WOMEN/Denim \
        WOMEN/Dresses WOMEN/Graphic_Tees WOMEN/Jackets_Coats WOMEN/Leggings WOMEN/Pants WOMEN/Rompers_Jumpsuits \
        WOMEN/Shorts WOMEN/Skirts WOMEN/Sweaters WOMEN/Sweatshirts_Hoodies WOMEN/Tees_Tanks";

    fn reading(pictures: usize) -> Reading {
        let mut entries = Vec::new();
        for folder in FOLDERS.split_whitespace() {
            let (department, class) = folder.split_once('/').unwrap();
            for i in 0..pictures {
                let sample = Sample {
                    path: format!("{folder}/{i}.jpg").into(),
                    category: class.replace('_', " "),
                    bbox: None,
                    line: i + 3,
                    extra: BTreeMap::from([
                        ("department".to_owned(), department.to_lowercase()),
                        ("item_id".to_owned(), format!("id_{}", i / 3)),
                    ]),
                };
                entries.push(Entry::new(sample, std::path::Path::new("list.txt").into()));
            }
        }
        Reading { parts: BTreeMap::from([(Part::Train, entries)]), ..Reading::default() }
    }

    #[test]
    fn the_old_labels_are_the_places_of_the_folders() {
        let (entries, notes) = candidates(reading(1));
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!(entries.len(), 6);
        let mut incomplete = reading(1);
        incomplete.parts.get_mut(&Part::Train).unwrap().remove(0);
        let (_, notes) = candidates(incomplete);
        assert_eq!(notes.len(), 6);
        assert!(notes[3].contains("Jackets Vests is class folder 1 of this copy"), "{notes:?}");
    }

    #[test]
    fn the_selection_is_exact_and_items_are_not_shared() {
        let samples =
            || -> Vec<Sample> { candidates(reading(100)).0.into_iter().map(|entry| entry.sample).collect() };
        let mut notes = Vec::new();
        let wanted = Wanted { per_class: 50, held_out: 62 };
        let parts = select(samples(), wanted, 1, &mut notes);
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!((parts[&Part::Train].len(), parts[&Part::Test].len()), (238, 62));
        for (_, _, name) in CLASSES {
            let items = |part: Part| -> BTreeSet<&str> {
                let of_class = parts[&part].iter().filter(|sample| sample.category == name);
                of_class.map(|sample| sample.extra["item_id"].as_str()).collect()
            };
            assert!(items(Part::Train).is_disjoint(&items(Part::Test)), "{name}");
        }
        assert_eq!(select(samples(), wanted, 1, &mut notes), parts);
        assert_ne!(select(samples(), wanted, 2, &mut notes), parts);
    }

    #[test]
    fn a_small_class_gives_what_it_has_and_says_so() {
        let samples = candidates(reading(30)).0.into_iter().map(|entry| entry.sample).collect();
        let mut notes = Vec::new();
        let parts = select(samples, Wanted { per_class: 3000, held_out: 1500 }, 1, &mut notes);
        // 250 of 3,000 are 2 of 30; the third picture of the held-out item goes nowhere.
        assert_eq!((parts[&Part::Train].len(), parts[&Part::Test].len()), (162, 12));
        assert_eq!(notes.len(), 6);
        let expected = "Blouses Shirts: 30 pictures can be read where 3000 are wanted: 27 to train on, 2 held out; 1 more show an item \
                        that is held out, and are left out.";
        assert_eq!(notes[0], expected);
    }
}
