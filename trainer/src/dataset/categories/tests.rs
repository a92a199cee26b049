//! Lists of fifty and of forty-six names with the numbers of either, as they go around.

use super::*;
use crate::dataset::deepfashion;
use crate::dataset::root::Root;
use crate::dataset::testing::Tree;

const FIFTY: &str = "Anorak Blazer Blouse Bomber Button-Down Cardigan Flannel Halter Henley Hoodie Jacket Jersey Parka \
    Peacoat Poncho Sweater Tank Tee Top Turtleneck Capris Chinos Culottes Cutoffs Gauchos Jeans Jeggings Jodhpurs \
    Joggers Leggings Sarong Shorts Skirt Sweatpants Sweatshorts Trunks Caftan Cape Coat Coverup Dress Jumpsuit Kaftan \
    Kimono Nightdress Onesie Robe Romper Shirtdress Sundress";

fn fifty() -> Vec<&'static str> {
    FIFTY.split_whitespace().collect()
}

fn forty_six() -> Vec<&'static str> {
    FIFTY.split_whitespace().filter(|name| !LEFT_OUT.contains(name)).collect()
}

/// A folder's name and the number of the pictures in it.
type Folder = (String, usize);

/// Six pictures of each category but those that no copy has any of, numbered by `names`; thirty of dresses.
fn folders(names: &[&str]) -> Vec<(Folder, usize)> {
    let numbered = names.iter().enumerate().filter(|(_, name)| !LEFT_OUT.contains(name));
    numbered
        .map(|(row, name)| {
            let pictures = if *name == "Dress" { 30 } else { 6 };
            ((format!("Sheer_Pleated-Front_{name}"), row + 1), pictures)
        })
        .collect()
}

/// Writes the list of names under this count, and so many pictures of each folder.
fn write(count: usize, names: &[&str], folders: &[(Folder, usize)]) -> Tree {
    let tree = Tree::new();
    let rows: Vec<String> = names.iter().map(|name| format!("{name}           1")).collect();
    let list = format!("{count}\ncategory_name  category_type\n{}\n", rows.join("\n"));
    tree.write("Anno_coarse/list_category_cloth.txt", &list);
    let mut rows = Vec::new();
    for ((folder, number), pictures) in folders {
        rows.extend(
            (1..=*pictures).map(|picture| format!("img/{folder}/img_{picture:08}.jpg        {number}")),
        );
    }
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    tree.list("Anno_coarse/list_category_img.txt", "image_name  category_label", &rows);
    tree
}

/// Each folder's category, and the notes.
fn read(tree: &Tree) -> Result<(BTreeMap<String, String>, Vec<String>)> {
    let reading = deepfashion::read(&mut Root::open(tree.path())?)?;
    let samples = reading.parts.into_values().flatten().map(|entry| entry.sample);
    let named = samples.map(|sample| (sample.extra["item_id"].clone(), sample.category));
    Ok((named.collect(), reading.notes))
}

/// Whether every folder is of the category that it is named after.
fn are_right(categories: &BTreeMap<String, String>) -> bool {
    categories.len() == 46
        && categories.iter().all(|(folder, category)| folder.ends_with(&format!("_{category}")))
}

#[test]
fn numbers_of_the_list_s_own_copy_are_its_rows() {
    for names in [fifty(), forty_six()] {
        let (categories, notes) = read(&write(names.len(), &names, &folders(&names))).unwrap();
        assert!(are_right(&categories) && notes.is_empty(), "{notes:?} {categories:?}");
    }
}

#[test]
fn forty_six_rows_under_a_count_of_fifty_are_noted() {
    let names = forty_six();
    let (categories, notes) = read(&write(50, &names, &folders(&names))).unwrap();
    assert!(are_right(&categories), "{categories:?}");
    let [note] = notes.as_slice() else { panic!("one note: {notes:?}") };
    assert!(note.contains("list_category_cloth.txt, line 1: it says that there are 50 rows"), "{note}");
    assert!(note.contains("but there are 46"), "{note}");
}

#[test]
fn fifty_names_with_the_numbers_of_forty_six_are_mapped_by_name() {
    let (categories, notes) = read(&write(50, &fifty(), &folders(&forty_six()))).unwrap();
    assert!(are_right(&categories), "{categories:?}");
    let [note] = notes.as_slice() else { panic!("one note: {notes:?}") };
    assert!(note.contains("The number 40 is \"Coverup\" in"), "{note}");
    assert!(
        note.contains("30 in folders named after \"Dress\"") && note.contains("mapped by name"),
        "{note}"
    );
}

#[test]
fn forty_six_names_with_the_numbers_of_fifty_are_mapped_by_name() {
    let (categories, notes) = read(&write(46, &forty_six(), &folders(&fifty()))).unwrap();
    assert!(are_right(&categories), "{categories:?}");
    assert!(notes.len() == 1 && notes[0].contains("mapped by name"), "{notes:?}");
    // Where folders say nothing, a number that the list does not have is an error.
    let unnamed = [(("Velvet_Thing".to_owned(), 47), 9)];
    let message = format!("{:#}", read(&write(46, &forty_six(), &unnamed)).unwrap_err());
    assert!(message.contains("list_category_img.txt, line 3: The category is 47"), "{message}");
    assert!(message.contains("from 1 to 46"), "{message}");
}

#[test]
fn a_name_that_the_list_lacks_is_known_from_folders() {
    let mut folders = folders(&fifty());
    folders.push((("Long_Sundress".to_owned(), 50), 6));
    let (categories, _) = read(&write(50, &forty_six(), &folders)).unwrap();
    assert_eq!(categories["Long_Sundress"], "Sundress");
}

#[test]
fn a_list_that_is_wrong_is_refused_with_what_it_says_and_what_the_folders_say() {
    // The pictures of two numbers are in folders of one name.
    let mut twice = folders(&fifty());
    for ((folder, number), pictures) in &mut twice {
        if *number == 33 {
            (*folder, *pictures) = ("Short_Dress".to_owned(), 40);
        }
    }
    // Those of a number are in folders of all kinds, which the other numbers are named after.
    let mut mixed = folders(&fifty());
    mixed.retain(|((_, number), _)| *number != 33);
    mixed.extend(["Dress", "Coat", "Robe"].map(|name| ((format!("Short_{name}"), 33), 10)));
    for (folders, count) in [(twice, "40 in folders named after \"Dress\""), (mixed, "10 in folders named")] {
        let message = format!("{:#}", read(&write(50, &fifty(), &folders)).unwrap_err());
        assert!(message.contains("The number 33 is \"Skirt\" in"), "{message}");
        assert!(message.contains("list_category_cloth.txt") && message.contains(count), "{message}");
        assert!(message.contains("0 lie in one named so") && message.contains("another copy"), "{message}");
    }
    // However few pictures each number has: all together tell.
    let few: Vec<_> = (1..=46).map(|number| ((format!("{number}_Dress"), number), 1)).collect();
    let message = format!("{:#}", read(&write(50, &fifty(), &few)).unwrap_err());
    assert!(message.contains("another copy"), "{message}");
}

#[test]
fn odd_folders_do_not_overturn_a_list_that_agrees() {
    // Halters: two pictures that the shop calls tops, and then more than a slip, but few.
    for (pictures, count) in [(2, 0), (9, 1)] {
        let mut folders = folders(&fifty());
        folders.retain(|((_, number), _)| *number != 8);
        folders.push((("Ribbed_Top".to_owned(), 8), pictures));
        // What is no category says nothing.
        folders.push((("Velvet_Thing".to_owned(), 3), 50));
        let (categories, notes) = read(&write(50, &fifty(), &folders)).unwrap();
        let of = |folder: &str| categories[folder].as_str();
        assert_eq!((of("Ribbed_Top"), of("Velvet_Thing")), ("Halter", "Blouse"));
        assert_eq!((of("Sheer_Pleated-Front_Top"), notes.len()), ("Top", count));
        assert!(notes.iter().all(|note| note.contains("The number 8 is \"Halter\"")), "{notes:?}");
    }
}
