//! What items can be told apart by, a column each: the category, the family of the colour, and what a network can see.

use crate::{
    catalogue::Item,
    colour::{FAMILIES, family_of_hex},
    weights::Attribute,
};

/// What items can be told apart by, a column each. A value is its place among the column's names, from 1 on; 0 is none of them.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Columns {
    rows: usize,
    pub(super) categories: Column,
    pub(super) colours: Column,
    pub(super) attributes: Vec<Column>,
}

/// One property of all items.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) values: Vec<String>,
    /// For each item the place of its value, from 1 on.
    pub(super) of: Vec<u16>,
}

impl Column {
    fn place(&self, value: &str) -> u16 {
        let place = self.values.iter().position(|known| known == value);
        place.and_then(|place| u16::try_from(place + 1).ok()).unwrap_or(0)
    }

    fn named(&self, row: usize) -> Option<&str> {
        let place = usize::from(*self.of.get(row)?).checked_sub(1)?;
        self.values.get(place).map(String::as_str)
    }

    /// Each value that occurs, and how often, in the column's order.
    fn counts(&self) -> impl Iterator<Item = (&str, usize)> {
        let mut counts = vec![0; self.values.len() + 1];
        for place in &self.of {
            if let Some(count) = counts.get_mut(usize::from(*place)) {
                *count += 1;
            }
        }
        let named = self.values.iter().map(String::as_str).zip(counts.into_iter().skip(1));
        named.filter(|(_, count)| *count > 0)
    }
}

impl Columns {
    /// Looks through all items once; `attributes` are those that a network knows, with their values. Categories beyond the 65,535th
    /// are none.
    #[must_use]
    pub fn of(items: &[Item], attributes: &[Attribute]) -> Self {
        let mut names: Vec<&str> = items.iter().map(|item| item.category.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| !name.is_empty());
        names.truncate(usize::from(u16::MAX));
        let category = |item: &Item| {
            let place = names.binary_search(&item.category.as_str());
            place.ok().and_then(|place| u16::try_from(place + 1).ok()).unwrap_or(0)
        };
        let family = |item: &Item| {
            let family = item.colour.as_deref().and_then(family_of_hex);
            family.and_then(|place| u16::try_from(place + 1).ok()).unwrap_or(0)
        };
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let attribute = |known: &Attribute| {
            let mut column =
                Column { name: known.name.clone(), values: known.values.clone(), of: Vec::new() };
            let value = |item: &Item| {
                let value = item.extra.get(&known.name).and_then(|value| value.as_str());
                value.map_or(0, |value| column.place(value))
            };
            let of = items.iter().map(value).collect();
            column.of = of;
            column
        };
        Self {
            rows: items.len(),
            categories: Column {
                name: "category".to_owned(),
                values: owned(&names),
                of: items.iter().map(category).collect(),
            },
            colours: Column {
                name: "colour".to_owned(),
                values: owned(&FAMILIES),
                of: items.iter().map(family).collect(),
            },
            attributes: attributes.iter().map(attribute).collect(),
        }
    }

    /// Columns of a file; each has as many values as there are rows.
    pub(super) fn from_parts(
        rows: usize,
        categories: Column,
        colours: Column,
        attributes: Vec<Column>,
    ) -> Self {
        Self { rows, categories, colours, attributes }
    }

    /// Number of items.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The category of the item in this row, where it has one.
    #[must_use]
    pub fn category(&self, row: usize) -> Option<&str> {
        self.categories.named(row)
    }

    /// Categories that occur, and how many items have each.
    pub fn categories(&self) -> impl Iterator<Item = (&str, usize)> {
        self.categories.counts()
    }

    /// Families of colours that occur ([`FAMILIES`]), and how many items have each.
    pub fn colours(&self) -> impl Iterator<Item = (&str, usize)> {
        self.colours.counts()
    }

    /// Attributes and their values that occur.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes
            .iter()
            .flat_map(|column| column.counts().map(|(value, _)| (column.name.as_str(), value)))
    }

    /// The rows that have all of this, in order: a category, a colour, and values of attributes. What does not occur, none has.
    #[must_use]
    pub fn having(
        &self,
        category: Option<&str>,
        colour: Option<&str>,
        attributes: &[(String, String)],
    ) -> Vec<usize> {
        let mut wanted: Vec<(&[u16], u16)> = Vec::new();
        let named = |name: &str| self.attributes.iter().find(|column| column.name == name);
        let pairs = [(Some(&self.categories), category), (Some(&self.colours), colour)];
        let pairs = pairs.into_iter().filter_map(|(column, value)| Some((column, value?)));
        for (column, value) in
            pairs.chain(attributes.iter().map(|(name, value)| (named(name), value.as_str())))
        {
            match column.map(|column| (column, column.place(value))) {
                None | Some((_, 0)) => return Vec::new(),
                Some((column, place)) => wanted.push((&column.of, place)),
            }
        }
        let has_all = |row: &usize| wanted.iter().all(|(of, place)| of.get(*row) == Some(place));
        (0..self.rows).filter(has_all).collect()
    }
}
