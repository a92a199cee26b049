//! `dataset prepare`: from the layouts of public data sets to files that the other commands read.

use std::fs;

use image::RgbImage;
use model::crop::CropBox;

use crate::{Place, contents};

impl Place {
    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn picture(&self, name: &str) {
        self.write(name, "");
        RgbImage::new(20, 40).save(self.path(name)).expect("a picture");
    }

    /// In-shop Clothes Retrieval in small: two pictures of each of ten items of each class.
    fn write_inshop(&self, name: &str) {
        let mut partition = String::new();
        let mut boxes = String::new();
        for folder in ["WOMEN/Blouses_Shirts", "WOMEN/Dresses", "MEN/Denim"] {
            for number in 0..10 {
                let item = format!("id_{}_{number}", folder.replace('/', "_"));
                let part = ["train", "query", "gallery"][number % 3];
                for side in ["front", "back"] {
                    let picture = format!("{folder}/{item}/01_{side}.png");
                    self.picture(&format!("{name}/Img/{picture}"));
                    partition.extend(["img/", &picture, "     ", &item, " ", part, "\n"]);
                    boxes.extend(["img/", &picture, "  1  1  005  010  015  020\n"]);
                }
            }
        }
        let header = "60\nimage_name item_id evaluation_status\n";
        self.write(&format!("{name}/Eval/list_eval_partition.txt"), &format!("{header}{partition}"));
        let header = "60\nimage_name  clothes_type  pose_type  x_1  y_1  x_2  y_2\n";
        self.write(&format!("{name}/Anno/list_bbox_inshop.txt"), &format!("{header}{boxes}"));
    }
}

#[test]
fn a_folder_for_each_class_is_divided_and_can_be_measured() {
    let place = Place::new();
    for class in ["Dresses", "Sweaters"] {
        for i in 0..20 {
            place.picture(&format!("photos/{class}/{i}.png"));
        }
    }
    place.write("photos/Sweaters/torn.png", "this is no picture");
    let prepare = ["dataset", "prepare", "--from", "photos", "--out", "lists"];
    let output = place.run(&prepare);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 pictures cannot be read") && said.contains("torn.png"), "{said}");
    let first = contents(&place.path("lists"));
    let names: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["prepared.json", "problems.csv", "test.csv", "train.csv", "validation.csv"]);
    let rows =
        |name: &str| trainer::dataset::csv::read(&place.path(&format!("lists/{name}.csv"))).unwrap().samples;
    assert_eq!((rows("train").len(), rows("validation").len(), rows("test").len()), (32, 4, 4));
    assert!(rows("train").iter().all(|sample| sample.path.is_file()));

    place.succeed(&prepare);
    assert!(contents(&place.path("lists")) == first, "the same again gives the same files");
    let mut other = prepare.to_vec();
    other.extend(["--seed", "2"]);
    place.succeed(&other);
    assert!(contents(&place.path("lists")) != first);

    place.write_network("model");
    let report = place.succeed(&[
        "evaluate",
        "--weights",
        "model",
        "--gallery",
        "lists/train.csv",
        "--queries",
        "lists/test.csv",
        "--json",
    ]);
    assert!(report.contains("\"n\": 4"), "{report}");
}

#[test]
fn a_retrieval_set_keeps_its_parts_and_boxes() {
    let place = Place::new();
    place.write_inshop("inshop");
    place.succeed(&["dataset", "prepare", "--from", "inshop", "--out", "lists"]);
    let text = fs::read_to_string(place.path("lists/query.csv")).unwrap();
    assert!(text.starts_with("image_path,category,x1,y1,x2,y2,department,item_id,pose\n"), "{text}");
    let queries = trainer::dataset::csv::read(&place.path("lists/query.csv")).unwrap().samples;
    assert_eq!(queries.len(), 18);
    let bbox = CropBox { x1: 0.25, y1: 0.25, x2: 0.75, y2: 0.5 };
    assert!(queries.iter().all(|sample| sample.bbox == Some(bbox)), "{text}");
    let gallery = trainer::dataset::csv::read(&place.path("lists/gallery.csv")).unwrap().samples;
    assert_eq!(gallery.len(), 18);
    assert!(!place.path("lists/test.csv").exists());
}

#[test]
fn repeated_rows_and_shared_items_are_said() {
    let place = Place::new();
    place.picture("a.png");
    place.picture("b.png");
    place.write("train.csv", "image_path,category,item_id\na.png,hat,1\nb.png,hat,2\na.png,hat,1\n");
    place.write("test.csv", "image_path,category,item_id\nb.png,hat,2\n");
    let output = place.run(&["dataset", "prepare", "--from", ".", "--format", "csv", "--out", "lists"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 rows repeat an earlier one") && said.contains("line 4 (train part)"), "{said}");
    assert!(said.contains("1 pictures are in two parts"), "{said}");
    assert!(said.contains("1 senders or items of the test part are in the train part as well"), "{said}");
    let train = trainer::dataset::csv::read(&place.path("lists/train.csv")).unwrap().samples;
    assert_eq!(train.len(), 2);
}

#[test]
fn a_box_that_does_not_fit_is_left_out_and_landmarks_become_fractions() {
    let place = Place::new();
    place.picture("d/img/Red_Dress/1.png");
    let list = |name: &str, text: &str| place.write(&format!("d/Anno/{name}.txt"), text);
    list("list_category_cloth", "1\ncategory_name category_type\nDress 3\n");
    list("list_category_img", "1\nimage_name category_label\nimg/Red_Dress/1.png 1\n");
    list("list_bbox", "1\nimage_name x_1 y_1 x_2 y_2\nimg/Red_Dress/1.png 1 1 90 9\n");
    list("list_landmarks", "1\nimage_name landmark_visibility_1\nimg/Red_Dress/1.png 0 5 10 2 0 0\n");
    let output = place.run(&["dataset", "prepare", "--from", "d", "--test", "0", "--out", "lists"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("list_bbox.txt, line 3: The box from (1, 1) to (90, 9)"), "{said}");
    assert!(said.contains("1 boxes do not fit"), "{said}");
    let train = trainer::dataset::csv::read(&place.path("lists/train.csv")).unwrap().samples;
    assert_eq!((train.len(), train[0].bbox), (1, None));
    assert_eq!(train[0].extra["landmarks"], "0.25000:0.25000:0 0.00000:0.00000:2");
}

#[test]
fn a_table_s_box_that_does_not_fit_is_left_out_and_listed() {
    let place = Place::new();
    place.picture("a.png");
    place.picture("b.png");
    let table = |rows: &str| place.write("labels.csv", &format!("image_path,category,x1,y1,x2,y2\n{rows}"));
    table("a.png,hat,1,1,23,9\nb.png,hat,5,10,15,20\n");
    let prepare = ["dataset", "prepare", "--from", "labels.csv", "--test", "0", "--out", "lists"];
    let output = place.run(&prepare);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("labels.csv, line 2: The box from (1, 1) to (23, 9)"), "{said}");
    assert!(said.contains("0 pictures cannot be read") && said.contains("1 boxes do not fit"), "{said}");
    let problems = fs::read_to_string(place.path("lists/problems.csv")).unwrap();
    assert!(problems.contains("line 2") && problems.lines().count() == 2, "{problems}");
    let train = trainer::dataset::csv::read(&place.path("lists/train.csv")).unwrap().samples;
    let boxes: Vec<_> = train.iter().map(|sample| sample.bbox).collect();
    assert_eq!(boxes, [None, Some(CropBox { x1: 0.25, y1: 0.25, x2: 0.75, y2: 0.5 })]);
    // What is no number is no box, but a slip in the file.
    table("a.png,hat,1,one,9,9\n");
    assert!(
        place.fail(&prepare).contains("labels.csv, line 2: The box's y1 is \"one\", which is not a number")
    );
}

#[test]
fn a_picture_of_a_format_that_is_not_read_is_listed_with_what_to_do() {
    let place = Place::new();
    for name in ["hat/1.png", "hat/2.png", "hat/3.png"] {
        place.picture(&format!("photos/{name}"));
    }
    place.write("photos/hat/4.heic", "no picture");
    place.write("photos/hat/1.heic", "one that has been converted");
    let output = place.run(&["dataset", "prepare", "--from", "photos", "--out", "lists"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 pictures cannot be read and are left out"), "{said}");
    assert!(said.contains("4.heic cannot be read: HEIC is not read; convert it to JPEG"), "{said}");
    let problems = fs::read_to_string(place.path("lists/problems.csv")).unwrap();
    assert!(problems.contains("4.heic") && !problems.contains("1.heic"), "{problems}");
}

#[test]
fn the_article_s_selection() {
    let place = Place::new();
    place.write_inshop("inshop");
    let mut prepare = vec!["dataset", "prepare", "--from", "inshop", "--protocol", "seed", "--out", "lists"];
    prepare.extend(["--per-class", "12", "--held-out", "18"]);
    let output = place.run(&prepare);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Hoodies: 0 pictures can be read where 12 are wanted"), "{said}");
    let read =
        |name: &str| trainer::dataset::csv::read(&place.path(&format!("lists/{name}.csv"))).unwrap().samples;
    let (train, test) = (read("train"), read("test"));
    assert_eq!((train.len(), test.len()), (18, 6));
    for sample in &test {
        let item = &sample.extra["item_id"];
        assert!(train.iter().all(|other| &other.extra["item_id"] != item), "{item}");
        let label = match sample.category.as_str() {
            "Blouses Shirts" => "10",
            "Dresses" => "13",
            other => panic!("{other} is none of the article's classes"),
        };
        assert_eq!(sample.extra["old_label"], label);
    }
}

#[test]
fn what_cannot_be_prepared() {
    let place = Place::new();
    let prepare = |from: &str, more: &[&str]| {
        let mut args = vec!["dataset", "prepare", "--from", from, "--out", "lists"];
        args.extend(more);
        place.fail(&args)
    };
    let says = |complaint: &str, part: &str| {
        assert!(complaint.contains(part) && !complaint.contains("panicked"), "{complaint}");
    };
    fs::create_dir(place.path("empty")).unwrap();
    says(&prepare("empty", &[]), "no data set that is known");
    says(&prepare("gone", &[]), "gone");
    place.write("torn/hat/1.png", "no picture");
    says(&prepare("torn", &[]), "None of the 1 pictures can be read");
    says(&prepare("torn", &["--test", "1.5"]), "--test is 1.5");
    says(&prepare("torn", &["--protocol", "seed"]), "list_eval_partition.txt");
    says(&prepare("torn", &["--protocol", "seed", "--per-class", "1"]), "leaves nothing to train on");
    place.picture("good/hat/1.png");
    place.write("lists/train.csv", "mine");
    says(&prepare("good", &[]), "train.csv is there already");
    assert_eq!(fs::read_to_string(place.path("lists/train.csv")).unwrap(), "mine");
}
