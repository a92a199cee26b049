use super::*;
use crate::{
    Error,
    catalogue::{CatalogueCard, FileHead, ItemList},
    hash::sha256_hex,
    weights::FileReference,
};

fn sleeves() -> Vec<Attribute> {
    vec![Attribute { name: "sleeve".to_owned(), values: vec!["long".to_owned(), "short".to_owned()] }]
}

fn items(count: usize) -> Vec<Item> {
    let item = |row: usize| {
        serde_json::from_value(serde_json::json!({
            "id": format!("no. {row}"), "image": format!("images/{row}.webp"), "width": 3, "height": 4,
            "category": (["coat", "skirt", "", "hat"][row % 4]), "colour": (["#101010", "#d02020", "plaid"][row % 3]),
            "sleeve": (["long", "short", "odd"][row % 3]), "shelf": row,
        }))
        .unwrap()
    };
    (0..count).map(item).collect()
}

fn put_all(items: &mut Items, file: &[u8]) {
    let rows: Vec<usize> = (0..items.len()).collect();
    for page in items.missing(&rows) {
        let pages = items.pages_mut().unwrap();
        let place = pages.place(page);
        pages.put(page, &file[place.start as usize..place.end as usize]).unwrap();
    }
    assert_eq!(items.missing(&rows), Vec::<usize>::new());
}

#[test]
fn a_list_in_pages_has_the_items_and_columns_of_a_whole_one() {
    for count in [0, 1, 127, 128, 129, 1000] {
        let all = items(count);
        let whole = Items::all(all.clone(), &sleeves());
        let (file, head) = pages::write(&all, &sleeves()).unwrap();
        let mut paged = Items::in_pages(&file[..head], count as u64).unwrap();
        assert_eq!((paged.len(), paged.columns()), (count, whole.columns()));
        assert_eq!(paged.get(0), None);
        assert_eq!(paged.candidates("no. 0"), None);
        put_all(&mut paged, &file);
        let pages = paged.pages_mut().unwrap();
        let ids = pages.ids();
        pages.put_ids(&file[ids.start as usize..ids.end as usize]).unwrap();
        for (row, item) in all.iter().enumerate() {
            assert_eq!(paged.get(row), Some(item));
            assert_eq!(whole.get(row), Some(item));
            assert_eq!(paged.candidates(&item.id), Some(vec![row]));
            assert_eq!(whole.candidates(&item.id), Some(vec![row]));
        }
        assert_eq!(paged.get(count), None);
        assert_eq!(paged.missing(&[count, usize::MAX]), Vec::<usize>::new());
        assert_eq!(paged.candidates("nobody"), Some(Vec::new()));
        assert_eq!(pages::read_all(&file, head).unwrap(), all);
    }
}

#[test]
fn only_the_pages_of_the_rows_are_missing_and_old_ones_go() {
    let all = items(40_000);
    let (file, head) = pages::write(&all, &[]).unwrap();
    let mut paged = Items::in_pages(&file[..head], 40_000).unwrap();
    assert_eq!(paged.missing(&[300, 5, 299, 4]), [0, 2]);
    let put = |paged: &mut Items, page: usize| {
        let pages = paged.pages_mut().unwrap();
        let place = pages.place(page);
        pages.put(page, &file[place.start as usize..place.end as usize]).unwrap();
    };
    put(&mut paged, 2);
    assert_eq!(paged.missing(&[300, 5, 299, 4]), [0]);
    assert_eq!(paged.get(300).unwrap().id, "no. 300");
    for page in 3..2 + 256 {
        put(&mut paged, page);
    }
    assert!(paged.get(300).is_some());
    // What is used again stays, and what came after it goes.
    paged.pages_mut().unwrap().use_again(&[301, 7]);
    put(&mut paged, 258);
    assert!(paged.get(300).is_some());
    assert_eq!((paged.get(400), paged.missing(&[400])), (None, vec![3]));
    // A few bytes an item are all that has to be there first.
    assert!(head < 40_000, "{head} bytes");
}

#[test]
fn rows_are_told_apart_by_their_columns() {
    let all = items(12);
    let items = Items::all(all, &sleeves());
    let columns = items.columns();
    assert_eq!(columns.categories().collect::<Vec<_>>(), [("coat", 3), ("hat", 3), ("skirt", 3)]);
    assert_eq!(columns.colours().collect::<Vec<_>>(), [("black", 4), ("red", 4)]);
    assert_eq!(columns.attributes().collect::<Vec<_>>(), [("sleeve", "long"), ("sleeve", "short")]);
    assert_eq!((columns.category(0), columns.category(2), columns.category(99)), (Some("coat"), None, None));
    let own = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    assert_eq!(columns.having(None, None, &[]), (0..12).collect::<Vec<_>>());
    assert_eq!(columns.having(Some("coat"), None, &[]), [0, 4, 8]);
    assert_eq!(columns.having(Some("coat"), Some("red"), &own("sleeve", "short")), [4]);
    for (category, colour, attributes) in [
        (Some("boat"), None, vec![]),
        (None, Some("plaid"), vec![]),
        (None, None, own("sleeve", "odd")),
        (None, None, own("shelf", "3")),
    ] {
        assert_eq!(columns.having(category, colour, &attributes), Vec::<usize>::new());
    }
}

#[test]
fn more_than_255_categories_have_two_bytes_each() {
    let mut all = items(700);
    for (row, item) in all.iter_mut().enumerate() {
        item.category = format!("kind {}", row % 300);
    }
    let (file, head) = pages::write(&all, &[]).unwrap();
    let paged = Items::in_pages(&file[..head], 700).unwrap();
    for (row, item) in all.iter().enumerate() {
        assert_eq!(paged.columns().category(row), Some(item.category.as_str()));
    }
}

/// A card for a list that is what it says.
fn card(file: &[u8], head: usize, count: u64) -> CatalogueCard {
    let card = serde_json::json!({
        "format": "twill-catalogue", "version": 2, "name": "Some", "count": count, "dimension": 2,
        "weights_sha256": sha256_hex(b"weights"), "features": FileReference::hashed("features", "twill", b""),
        "items": FileReference::hashed("items", "twill", file), "items_head": FileHead::of(&file[..head]),
    });
    CatalogueCard::from_json(&serde_json::to_vec(&card).unwrap()).unwrap()
}

#[test]
fn a_card_opens_what_it_names_and_nothing_else() {
    let all = items(300);
    let list = ItemList::in_pages(&all, &sleeves()).unwrap();
    let head = list.head.as_ref().unwrap().bytes as usize;
    let named = card(&list.bytes, head, 300);
    assert_eq!(named.items_bytes_first(), head as u64);
    assert_eq!(named.read_items(&list.bytes).unwrap(), all);
    assert_eq!(named.open_items(&list.bytes[..head], &[]).unwrap().len(), 300);
    let mut damaged = list.bytes[..head].to_vec();
    damaged[head - 1] ^= 1;
    for wrong in [&damaged[..], &list.bytes[..head - 1], &list.bytes] {
        let message = named.open_items(wrong, &[]).unwrap_err().to_string();
        assert!(message.contains("checksum"), "{message}");
    }
    let message = card(&list.bytes, head, 301).open_items(&list.bytes[..head], &[]).unwrap_err().to_string();
    assert!(message.contains("300 items instead of 301"), "{message}");
    // The list has bytes that its head does not know of.
    let longer = CatalogueCard {
        items: FileReference { bytes: named.items.bytes + 1, ..named.items.clone() },
        ..named.clone()
    };
    assert!(longer.open_items(&list.bytes[..head], &[]).unwrap_err().to_string().contains("another length"));
    // Attributes that the network does not know tell nothing apart.
    let unknown = named.open_items(&list.bytes[..head], &[]).unwrap();
    assert_eq!(unknown.columns().attributes().count(), 0);
    assert_eq!(named.open_items(&list.bytes[..head], &sleeves()).unwrap().columns().attributes().count(), 2);
    assert_eq!(named.clone().with_lowest_version().version, 2);
    let plain = CatalogueCard { items_head: None, ..named.clone() };
    assert_eq!(plain.clone().with_lowest_version().version, 1);
    let in_parts =
        CatalogueCard { features: FileReference::hashed("features", "twill", &[0; 9]).cut(4), ..plain };
    assert_eq!(in_parts.with_lowest_version().version, 2);
}

#[test]
fn damage_anywhere_is_an_error() {
    let all = items(140);
    let (good, head) = pages::write(&all, &sleeves()).unwrap();
    for at in 0..good.len() {
        for bit in [1, 128] {
            let mut bytes = good.clone();
            bytes[at] ^= bit;
            match pages::read_all(&bytes, head) {
                // The head's own hash is the card's: bits of it that mean nothing are not noticed here.
                Ok(read) => assert!(read == all && at < head, "byte {at}"),
                Err(error) => assert!(matches!(error, Error::InvalidCatalogue { .. }), "{error}"),
            }
        }
    }
    for length in 0..good.len() {
        assert!(pages::read_all(&good[..length], head).is_err(), "{length} bytes");
    }
    assert!(pages::read_all(&good, head - 1).is_err());
    assert!(pages::read_all(&good, usize::MAX).is_err());
}

#[test]
fn a_head_that_claims_much_gets_nothing_for_it() {
    let (good, head) = pages::write(&items(5), &sleeves()).unwrap();
    let with = |at: usize, value: &[u8]| {
        let mut bytes = good[..head].to_vec();
        bytes[at..at + value.len()].copy_from_slice(value);
        let count = u64::from_le_bytes(*bytes[16..].first_chunk().unwrap());
        Items::in_pages(&bytes, count).unwrap_err().to_string()
    };
    for (at, value, says) in [
        (8, &[2, 0][..], "version 2"),
        (12, &[0; 4], "pages of 0 items"),
        (12, &[255; 4], "pages of 4294967295 items"),
        (16, &[255; 8], "out of range"),
        (16, &[6, 0, 0, 0, 0, 0, 0, 0], "do not fill its file"),
        (24, &[0; 8], "do not fill its file"),
        (32, &[0; 4], "another length"),
        (36, &[255; 4], "out of range"),
        (36, &[0, 0, 0, 8], "cannot be unpacked"),
        (0, b"JSON", "no list in pages"),
    ] {
        let message = with(at, value);
        assert!(message.contains(says), "{at}: {message}");
    }
}

#[test]
fn pictures_outside_the_folder_are_refused_in_pages_too() {
    let mut all = items(130);
    all[129].image = "../secret.webp".to_owned();
    let (file, head) = pages::write(&all, &[]).unwrap();
    let message = pages::read_all(&file, head).unwrap_err().to_string();
    assert!(message.contains("no. 129"), "{message}");
}
