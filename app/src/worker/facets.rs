//! What the items of a catalogue can be told apart by, and those that a filter lets through.

use std::collections::{BTreeMap, BTreeSet};

use model::catalogue::Item;
use model::colour::{FAMILIES, family_of_hex};
use model::search::AllowList;
use model::weights::Attribute;
use twill_app::protocol::{self, Filter};

/// What is kept of some items for filtering.
#[derive(Default)]
pub(super) struct Facets {
    /// For each item the place of its colour in [`FAMILIES`], where it has one.
    families: Vec<Option<u8>>,
    /// How many items each category has.
    categories: BTreeMap<String, usize>,
    /// Attributes and values that occur and that the network can see: no others are chips.
    attributes: BTreeSet<(String, String)>,
}

impl Facets {
    /// Looks through all items once; `attributes` are those that the network knows.
    pub(super) fn of(items: &[Item], attributes: &[Attribute]) -> Self {
        let families = items
            .iter()
            .map(|item| family_of_hex(item.colour.as_deref()?).and_then(|place| u8::try_from(place).ok()));
        let mut categories = BTreeMap::new();
        for item in items.iter().filter(|item| !item.category.is_empty()) {
            *categories.entry(item.category.clone()).or_insert(0) += 1;
        }
        let mut values = BTreeSet::new();
        for item in items {
            values.extend(attributes.iter().filter_map(|attribute| {
                let value = item.extra.get(&attribute.name)?.as_str()?;
                Some((
                    attribute.name.as_str(),
                    attribute.values.iter().find(|known| *known == value)?.as_str(),
                ))
            }));
        }
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self { families: families.collect(), categories, attributes: values.into_iter().map(owned).collect() }
    }

    /// What the page may offer to tell all of these items apart by.
    pub(super) fn offer(all: &[&Self]) -> protocol::Facets {
        let mut categories: BTreeMap<&String, usize> = BTreeMap::new();
        for (name, count) in all.iter().flat_map(|one| &one.categories) {
            *categories.entry(name).or_default() += count;
        }
        let families = || all.iter().flat_map(|one| &one.families);
        let count = |place| families().filter(|family| family.map(usize::from) == Some(place)).count();
        let colours = FAMILIES.iter().enumerate().map(|(place, name)| ((*name).to_owned(), count(place)));
        let attributes: BTreeSet<_> = all.iter().flat_map(|one| &one.attributes).collect();
        let telling = |all: Vec<(String, usize)>| if all.len() > 1 { all } else { Vec::new() };
        protocol::Facets {
            categories: telling(categories.into_iter().map(|(name, n)| (name.clone(), n)).collect()),
            colours: telling(colours.filter(|(_, count)| *count > 0).collect()),
            attributes: attributes.into_iter().cloned().collect(),
        }
    }

    /// The items that the filter lets through, and how many they are; none where it lets all through.
    pub(super) fn allowed(&self, items: &[Item], filter: &Filter) -> Option<(AllowList, usize)> {
        if filter.is_empty() {
            return None;
        }
        let colour = filter.colour.as_ref().map(|name| FAMILIES.iter().position(|family| family == name));
        let passes = |(item, family): (&Item, &Option<u8>)| {
            let category = filter.category.as_ref().is_none_or(|name| *name == item.category);
            let colour = colour.is_none_or(|place| place.is_some() && place == family.map(usize::from));
            let has = |(name, value): &(String, String)| {
                item.extra.get(name).and_then(|own| own.as_str()) == Some(value.as_str())
            };
            category && colour && filter.attributes.iter().all(has)
        };
        let mut count = 0;
        let rows = items.iter().zip(&self.families).enumerate().filter(|(_, pair)| passes(*pair));
        let list = rows.map(|(row, _)| row).inspect(|_| count += 1).collect();
        Some((list, count))
    }
}

#[cfg(feature = "browser-tests")]
mod tests {
    use super::{Attribute, Facets, Filter, Item, protocol};
    use wasm_bindgen_test::wasm_bindgen_test;

    fn items() -> Vec<Item> {
        let item = |category: &str, colour: &str, sleeve: &str| {
            let json = format!(
                r#"{{"id":"1","image":"a.webp","width":3,"height":4,"category":"{category}","colour":"{colour}","sleeve":"{sleeve}"}}"#
            );
            serde_json::from_str(&json).unwrap()
        };
        vec![
            item("coat", "#101010", "long"),
            item("coat", "#d02020", "short"),
            item("skirt", "#c03030", "none"),
            item("", "red", "none"),
        ]
    }

    fn rows(filter: &Filter) -> Option<(Vec<usize>, usize)> {
        let attributes = [Attribute { name: "sleeve".into(), values: vec!["long".into(), "short".into()] }];
        let items = items();
        let (list, count) = Facets::of(&items, &attributes).allowed(&items, filter)?;
        Some(((0..items.len()).filter(|row| list.contains(*row)).collect(), count))
    }

    #[wasm_bindgen_test]
    fn a_filter_lets_through_what_has_all_of_it() {
        assert_eq!(rows(&Filter::default()), None);
        let coats = Filter { category: Some("coat".into()), ..Filter::default() };
        assert_eq!(rows(&coats), Some((vec![0, 1], 2)));
        let red = Filter { colour: Some("red".into()), ..Filter::default() };
        assert_eq!(rows(&red), Some((vec![1, 2], 2)));
        let red_coats = Filter { colour: Some("red".into()), ..coats.clone() };
        assert_eq!(rows(&red_coats), Some((vec![1], 1)));
        let long = Filter { attributes: vec![("sleeve".into(), "long".into())], ..coats };
        assert_eq!(rows(&long), Some((vec![0], 1)));
        // A colour that nobody knows has no items, not those whose colour is unknown.
        let odd = Filter { colour: Some("plaid".into()), ..Filter::default() };
        assert_eq!(rows(&odd), Some((vec![], 0)));
    }

    #[wasm_bindgen_test]
    fn only_what_tells_items_apart_is_offered() {
        let attributes = [Attribute { name: "sleeve".into(), values: vec!["long".into()] }];
        let offer = Facets::offer(&[&Facets::of(&items(), &attributes)]);
        assert_eq!(offer.categories, [("coat".into(), 2), ("skirt".into(), 1)]);
        assert_eq!(offer.colours, [("black".into(), 1), ("red".into(), 2)]);
        assert_eq!(offer.attributes, [("sleeve".into(), "long".into())]);
        let alike = Facets::of(&items()[..1], &[]);
        assert_eq!(Facets::offer(&[&alike]), protocol::Facets::default());
        // What all of some and none of the others have tells them apart.
        let skirts = Facets::of(&items()[2..], &[]);
        let both = Facets::offer(&[&alike, &skirts, &alike]);
        assert_eq!(both.categories, [("coat".into(), 2), ("skirt".into(), 1)]);
        assert_eq!(both.colours, [("black".into(), 2), ("red".into(), 1)]);
    }
}
