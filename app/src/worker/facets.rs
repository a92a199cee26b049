//! What the items of a catalogue can be told apart by, and those that a filter lets through.

use std::collections::{BTreeMap, BTreeSet};

use model::colour::FAMILIES;
use model::items::Columns;
use model::search::AllowList;
use twill_app::protocol::{Facets, Filter};

/// What the page may offer to tell all of these items apart by.
pub(super) fn offer(all: &[&Columns]) -> Facets {
    let mut categories: BTreeMap<&str, usize> = BTreeMap::new();
    let mut colours: BTreeMap<&str, usize> = BTreeMap::new();
    for columns in all {
        for (name, count) in columns.categories() {
            *categories.entry(name).or_default() += count;
        }
        for (name, count) in columns.colours() {
            *colours.entry(name).or_default() += count;
        }
    }
    let attributes: BTreeSet<_> = all.iter().flat_map(|columns| columns.attributes()).collect();
    let telling = |all: Vec<(String, usize)>| if all.len() > 1 { all } else { Vec::new() };
    let known = FAMILIES.iter().filter_map(|name| Some(((*name).to_owned(), *colours.get(name)?)));
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Facets {
        categories: telling(categories.into_iter().map(|(name, n)| (name.to_owned(), n)).collect()),
        colours: telling(known.collect()),
        attributes: attributes.into_iter().map(owned).collect(),
    }
}

/// The items that the filter lets through, and how many they are; none where it lets all through.
pub(super) fn allowed(columns: &Columns, filter: &Filter) -> Option<(AllowList, usize)> {
    if filter.is_empty() {
        return None;
    }
    let rows = columns.having(filter.category.as_deref(), filter.colour.as_deref(), &filter.attributes);
    let count = rows.len();
    Some((rows.into_iter().collect(), count))
}

#[cfg(feature = "browser-tests")]
mod tests {
    use super::{Columns, Facets, Filter, allowed, offer};
    use model::catalogue::Item;
    use model::weights::Attribute;
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
        let (list, count) = allowed(&Columns::of(&items, &attributes), filter)?;
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
        let offered = offer(&[&Columns::of(&items(), &attributes)]);
        assert_eq!(offered.categories, [("coat".into(), 2), ("skirt".into(), 1)]);
        assert_eq!(offered.colours, [("black".into(), 1), ("red".into(), 2)]);
        assert_eq!(offered.attributes, [("sleeve".into(), "long".into())]);
        let alike = Columns::of(&items()[..1], &[]);
        assert_eq!(offer(&[&alike]), Facets::default());
        // What all of some and none of the others have tells them apart.
        let skirts = Columns::of(&items()[2..], &[]);
        let both = offer(&[&alike, &skirts, &alike]);
        assert_eq!(both.categories, [("coat".into(), 2), ("skirt".into(), 1)]);
        assert_eq!(both.colours, [("black".into(), 2), ("red".into(), 1)]);
    }
}
