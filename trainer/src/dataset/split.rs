//! Which pictures are held out: whole groups of pictures that belong together, in an order that a seed shuffles.

use std::collections::{BTreeMap, BTreeSet};

use model::hash::sha256;

use super::Sample;

/// What must not be on both sides of a split: the pictures of a sender or an item, or where neither is known the
/// picture alone, by its column `group` or its file's name.
pub(crate) fn group(sample: &Sample) -> String {
    sender_or_item(sample)
        .or_else(|| named(sample, "group", "group"))
        .unwrap_or_else(|| sample.path.file_name().unwrap_or_default().to_string_lossy().into_owned())
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
pub(crate) fn held_out(samples: &[Sample], share: f64, seed: u64) -> BTreeSet<String> {
    choose(samples, (samples.len() as f64 * share) as usize, seed)
}

/// Groups of at most `count` pictures together, in an order that the seed shuffles.
///
/// A group that alone would exceed what is left of the count is passed over.
pub(super) fn choose(samples: &[Sample], count: usize, seed: u64) -> BTreeSet<String> {
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for sample in samples {
        *sizes.entry(group(sample)).or_default() += 1;
    }
    let mut left = count;
    let mut chosen = BTreeSet::new();
    for name in shuffled(sizes.keys().cloned(), seed) {
        let size = sizes.get(&name).copied().unwrap_or_default();
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
            let samples = samples(column);
            let chosen = held_out(&samples, 0.2, 1);
            let count = samples.iter().filter(|sample| chosen.contains(&group(sample))).count();
            assert!((30..=40).contains(&count), "{count} of 200");
            assert_ne!(chosen, held_out(&samples, 0.2, 2));
            assert!(held_out(&samples, 0.0, 1).is_empty());
        }
        assert_eq!(group(&samples("price")[7]), "7.jpg");
    }
}
