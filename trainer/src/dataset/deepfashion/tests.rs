//! A small copy of the large set, and copies with faults.

use super::*;
use crate::dataset::testing::Tree;

fn tree() -> Tree {
    let tree = Tree::new();
    for name in ["Red_Blouse/img_1.png", "Red_Blouse/img_2.png", "Cut_Jeans/img_1.png"] {
        tree.picture(&format!("Img/img/{name}"), 20, 40);
    }
    tree.list(
        "Anno_coarse/list_category_cloth.txt",
        "category_name  category_type",
        &["Blouse          1", "Button-Down     1", "Jeans           2"],
    );
    tree.list(
        "Anno_coarse/list_category_img.txt",
        "image_name  category_label",
        &["img/Red_Blouse/img_1.png     1", "img/Red_Blouse/img_2.png   1", "img/Cut_Jeans/img_1.png    3"],
    );
    tree.list(
        "Anno_coarse/list_attr_cloth.txt",
        "attribute_name  attribute_type",
        &["a-line       3", "abstract chevron print    1", "red   1"],
    );
    tree.list(
        "Anno_coarse/list_attr_img.txt",
        "image_name  attribute_labels",
        &["img/Red_Blouse/img_1.png   -1  1  1", "img/Cut_Jeans/img_1.png    0 -1 -1"],
    );
    tree.list(
        "Anno_coarse/list_bbox.txt",
        "image_name  x_1  y_1  x_2  y_2",
        &["img/Red_Blouse/img_1.png  005 010  015  020", "img/gone.png   1 1 2 2"],
    );
    tree.list(
        "Anno_coarse/list_landmarks.txt",
        "image_name  clothes_type  landmark_visibility_1  landmark_location_x_1  landmark_location_y_1",
        &["img/Red_Blouse/img_1.png  1  0 010 010  1 000 020", "img/Cut_Jeans/img_1.png   2  2 000 000"],
    );
    tree.list(
        "Eval/list_eval_partition.txt",
        "image_name  evaluation_status",
        &["img/Red_Blouse/img_1.png      train", "img/Cut_Jeans/img_1.png   test"],
    );
    tree
}

fn error(tree: &Tree) -> String {
    format!("{:#}", read(&mut Root::open(tree.path()).unwrap()).unwrap_err())
}

#[test]
fn the_lists_are_put_together() {
    let tree = tree();
    let reading = read(&mut Root::open(tree.path()).unwrap()).unwrap();
    assert!(reading.is_divided);
    let [train] = reading.parts[&Part::Train].as_slice() else { panic!("one picture") };
    let [test] = reading.parts[&Part::Test].as_slice() else { panic!("one picture") };
    assert_eq!(train.sample.path, tree.path().join("Img/img/Red_Blouse/img_1.png"));
    assert_eq!((train.sample.category.as_str(), test.sample.category.as_str()), ("Blouse", "Jeans"));
    assert_eq!(train.sample.extra["attributes"], "abstract chevron print; red");
    assert_eq!(train.sample.extra["item_id"], "Red_Blouse");
    assert_eq!(test.sample.extra["attributes_unknown"], "1");
    let pixels = train.pixels.as_ref().unwrap();
    assert_eq!((pixels.corners.map(|corner| corner as u32), pixels.line), ([5, 10, 15, 20], 3));
    assert_eq!((train.landmarks.len(), test.landmarks.len()), (2, 1));
    assert_eq!(test.landmarks[0].visibility, Some(2));
    assert!(reading.notes[0].starts_with("1 rows of"), "{:?}", reading.notes);
    assert!(reading.notes[1].starts_with("1 pictures belong to no part"), "{:?}", reading.notes);
}

#[test]
fn faults_are_named_with_file_and_line() {
    for (file, columns, row, parts) in [
        ("list_category_img.txt", "image_name category_label", "img/a.png 4", ["line 3", "from 1 to 3"]),
        ("list_category_img.txt", "image_name category_label", "img/a.png 0", ["line 3", "from 1 to 3"]),
        ("list_category_img.txt", "image_name category_label", "../../a.png 1", ["line 3", "leaves"]),
        (
            "list_attr_img.txt",
            "image_name attribute_labels",
            "img/Cut_Jeans/img_1.png 1 1",
            ["line 3", "names 3"],
        ),
        (
            "list_attr_img.txt",
            "image_name attribute_labels",
            "img/Cut_Jeans/img_1.png 1 2 1",
            ["line 3", "\"2\""],
        ),
        (
            "list_bbox.txt",
            "image_name x_1 y_1 x_2 y_2",
            "img/Cut_Jeans/img_1.png 1 2 x 4",
            ["line 3", "x_2 is \"x\""],
        ),
        (
            "list_bbox.txt",
            "image_name x_1 y_1 x_2 y_2",
            "img/Cut_Jeans/img_1.png 1 2 3",
            ["line 3", "3 numbers"],
        ),
        (
            "list_bbox.txt",
            "image_name a b c d",
            "img/Cut_Jeans/img_1.png 1 2 3 4",
            ["line 2", "no column \"x_1\""],
        ),
        (
            "list_landmarks.txt",
            "image_name landmark_visibility_1",
            "img/Cut_Jeans/img_1.png 1 2",
            ["line 3", "threes"],
        ),
        (
            "list_landmarks.txt",
            "image_name landmark_visibility_1",
            "img/Cut_Jeans/img_1.png 7 2 2",
            ["line 3", "0, 1 or 2"],
        ),
    ] {
        let tree = tree();
        tree.list(&format!("Anno_coarse/{file}"), columns, &[row]);
        let message = error(&tree);
        assert!(message.contains(file), "{message}");
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
    let tree = tree();
    let twice = ["img/Cut_Jeans/img_1.png 3", "img/Cut_Jeans/img_1.png 3"];
    tree.list("Anno_coarse/list_category_img.txt", "image_name category_label", &twice);
    let message = error(&tree);
    assert!(message.contains("line 4: The picture img/Cut_Jeans/img_1.png is listed twice"), "{message}");
    assert!(message.contains("list_category_img.txt, line 3"), "{message}");
}

#[test]
fn a_list_of_other_categories_is_noticed() {
    let tree = tree();
    let names = ["Anorak 1", "Blouse 1", "Button-Down 1", "Jeans 2"];
    tree.list("Anno_coarse/list_category_cloth.txt", "category_name category_type", &names);
    let rows: Vec<String> = (0..30).map(|i| format!("img/Red_Blouse/img_{i}.png 1")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    tree.list("Anno_coarse/list_category_img.txt", "image_name category_label", &rows);
    let reading = read(&mut Root::open(tree.path()).unwrap()).unwrap();
    let note = &reading.notes[0];
    assert!(note.contains("of its 30 pictures") && note.contains("another copy"), "{note}");
    assert!(reading.parts.values().flatten().all(|entry| entry.sample.category == "Blouse"));
}
