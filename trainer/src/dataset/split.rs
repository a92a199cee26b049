//! Which pictures are held out: whole groups of pictures that belong together, in an order that a seed shuffles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use model::hash::sha256;

use super::Sample;

/// What must not be on both sides of a split, for each picture: the pictures of a sender or an item, or where neither is known the
/// picture alone, by its column `group` or its path below the folder that all of them lie in.
pub(crate) fn groups(samples: &[Sample]) -> Vec<String> {
    let folder = folder(samples);
    let own = |sample: &Sample| {
        let below = sample.path.strip_prefix(folder).unwrap_or(&sample.path);
        below.to_string_lossy().into_owned()
    };
    samples
        .iter()
        .map(|sample| {
            sender_or_item(sample).or_else(|| named(sample, "group", "group")).unwrap_or_else(|| own(sample))
        })
        .collect()
}

/// The deepest folder that all pictures lie in.
fn folder(samples: &[Sample]) -> &Path {
    let mut paths = samples.iter().map(|sample| sample.path.as_path());
    let mut folder = paths.next().and_then(Path::parent).unwrap_or(Path::new(""));
    for path in paths {
        while !path.starts_with(folder) {
            folder = folder.parent().unwrap_or(Path::new(""));
        }
    }
    folder
}

/// The sender of a picture, or else the item that it shows, where either is known.
pub(super) fn sender_or_item(sample: &Sample) -> Option<String> {
    named(sample, "sender_id", "sender").or_else(|| named(sample, "item_id", "item"))
}

fn named(sample: &Sample, column: &str, word: &str) -> Option<String> {
    sample.extra.get(column).map(|name| format!("{word} {name}"))
}

/// These names in the order that the seed gives them, whatever order they come in.
pub(super) fn shuffled(names: impl IntoIterator<Item = String>, seed: u64) -> Vec<String> {
    let mut order: Vec<_> =
        names.into_iter().map(|name| (sha256(format!("{seed} {name}").as_bytes()), name)).collect();
    order.sort();
    order.into_iter().map(|(_, name)| name).collect()
}

/// The groups held out for a share of the pictures, as [`choose`] chooses them.
pub(crate) fn held_out(groups: &[String], share: f64, seed: u64) -> BTreeSet<String> {
    choose(groups, (groups.len() as f64 * share) as usize, seed)
}

/// Groups of at most `count` pictures together, in an order that the seed shuffles; `groups` has that of each picture.
///
/// A group that alone would exceed what is left of the count is passed over.
pub(super) fn choose(groups: &[String], count: usize, seed: u64) -> BTreeSet<String> {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for group in groups {
        *sizes.entry(group).or_default() += 1;
    }
    let mut left = count;
    let mut chosen = BTreeSet::new();
    for name in shuffled(sizes.keys().map(|&name| name.to_owned()), seed) {
        let size = sizes.get(name.as_str()).copied().unwrap_or_default();
        if size <= left {
            left -= size;
            chosen.insert(name);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(column: &str) -> Vec<Sample> {
        (0..200)
            .map(|i| Sample {
                path: format!("{i}.jpg").into(),
                category: "hat".to_owned(),
                bbox: None,
                line: i,
                extra: BTreeMap::from([(column.to_owned(), (i % 23).to_string())]),
            })
            .collect()
    }

    #[test]
    fn senders_and_items_are_never_on_both_sides() {
        for column in ["sender_id", "item_id", "group"] {
            let groups = groups(&samples(column));
            let chosen = held_out(&groups, 0.2, 1);
            let count = groups.iter().filter(|group| chosen.contains(*group)).count();
            assert!((30..=40).contains(&count), "{count} of 200");
            assert_ne!(chosen, held_out(&groups, 0.2, 2));
            assert!(held_out(&groups, 0.0, 1).is_empty());
        }
        assert_eq!(groups(&samples("price"))[7], "7.jpg");
    }

    #[test]
    fn pictures_of_one_name_in_other_folders_are_told_apart_wherever_all_of_them_lie() {
        for root in ["", "/data", "data/shop"] {
            let mut samples = samples("price");
            for (number, sample) in samples.iter_mut().enumerate() {
                sample.path = Path::new(root).join(format!("item-{number}/front.jpg"));
            }
            let groups = groups(&samples);
            assert_eq!(groups[7], "item-7/front.jpg");
            assert_eq!(held_out(&groups, 0.1, 1).len(), 20);
        }
    }
}
