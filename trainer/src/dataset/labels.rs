//! Names of categories: which rows carry no usable label, and which of the network's labels a name stands for.
//!
//! Data sets name the same garment differently ("dress", "Dresses"). The network learns one set of labels; an alias
//! table maps a data set's names to them. Retrieval is measured on the data set's own names, without aliases.

use std::collections::{BTreeMap, BTreeSet};

use super::{Dataset, Sample};

/// Names under which photographers file what they cannot or will not name: no category at all.
pub const UNUSABLE: [&str; 3] = ["not-sure", "other", "skip"];

/// Whether this category name says that the row has no usable category.
#[must_use]
pub fn is_unusable(category: &str) -> bool {
    UNUSABLE.contains(&category)
}

/// Maps a data set's category names to the labels of a network.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Aliases(BTreeMap<String, String>);

impl Aliases {
    /// A table of `(name in the data set, label of the network)`.
    pub fn new<A: Into<String>, B: Into<String>>(pairs: impl IntoIterator<Item = (A, B)>) -> Self {
        Self(pairs.into_iter().map(|(name, label)| (name.into(), label.into())).collect())
    }

    /// The network's label for this name: the alias where there is one, the name itself otherwise.
    #[must_use]
    pub fn label<'a>(&'a self, category: &'a str) -> &'a str {
        self.0.get(category).map_or(category, String::as_str)
    }
}

impl Dataset {
    /// The names of the `count` largest usable categories, largest first; of two equally large the alphabetically
    /// first.
    #[must_use]
    pub fn largest_categories(&self, count: usize) -> Vec<String> {
        let mut sizes = BTreeMap::<&str, usize>::new();
        for sample in &self.samples {
            if !is_unusable(&sample.category) {
                *sizes.entry(&sample.category).or_default() += 1;
            }
        }
        let mut names: Vec<_> = sizes.into_iter().collect();
        names.sort_by_key(|&(name, size)| (std::cmp::Reverse(size), name));
        names.into_iter().take(count).map(|(name, _)| name.to_owned()).collect()
    }

    /// Only the rows of these categories, in the same order.
    #[must_use]
    pub fn only(self, categories: &[String]) -> Self {
        let wanted: BTreeSet<&str> = categories.iter().map(String::as_str).collect();
        self.filter(|sample| wanted.contains(sample.category.as_str()))
    }

    /// Only the rows with a usable category, in the same order.
    #[must_use]
    pub fn usable(self) -> Self {
        self.filter(|sample| !is_unusable(&sample.category))
    }

    fn filter(mut self, keep: impl FnMut(&Sample) -> bool) -> Self {
        self.samples.retain(keep);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(categories: &[&str]) -> Dataset {
        let samples = categories
            .iter()
            .enumerate()
            .map(|(row, category)| Sample {
                path: format!("{row}.jpg").into(),
                category: (*category).to_owned(),
                bbox: None,
                line: row + 2,
                extra: BTreeMap::new(),
            })
            .collect();
        Dataset { samples }
    }

    #[test]
    fn an_alias_replaces_a_name_and_leaves_others() {
        let aliases = Aliases::new([("shirt", "Blouses Shirts")]);
        assert_eq!(aliases.label("shirt"), "Blouses Shirts");
        assert_eq!(aliases.label("hat"), "hat");
    }

    #[test]
    fn largest_categories_leave_out_the_unusable_and_break_ties_by_name() {
        let data = dataset(&["skip", "skip", "skip", "hat", "dress", "dress", "coat", "other"]);
        assert_eq!(data.largest_categories(2), ["dress", "coat"]);
        assert_eq!(data.largest_categories(10), ["dress", "coat", "hat"]);
    }

    #[test]
    fn rows_are_chosen_by_category_in_order() {
        let data = dataset(&["hat", "skip", "dress", "hat"]);
        let hats = data.clone().only(&["hat".to_owned()]);
        assert_eq!(hats.samples.iter().map(|sample| sample.line).collect::<Vec<_>>(), [2, 5]);
        assert_eq!(data.usable().samples.len(), 3);
    }
}
