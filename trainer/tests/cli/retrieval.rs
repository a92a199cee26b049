//! `index`, `search`, `evaluate` and `sheet` on a drawn catalogue.

use std::fs;

use serde_json::Value;

use crate::{Place, contents, names};

/// A network, twelve pictures and a catalogue of them.
fn catalogue() -> Place {
    let place = Place::new();
    place.write_network("model");
    place.draw("data", 12, 1);
    place.succeed(&index("catalogue"));
    place
}

fn index(out: &str) -> [&str; 11] {
    [
        "index",
        "--images",
        "data",
        "--metadata",
        "data/labels.csv",
        "--weights",
        "model",
        "--out",
        out,
        "--thumbnail",
        "48x64",
    ]
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_catalogue_is_the_same_bytes_every_time() {
    let place = catalogue();
    let first = contents(&place.path("catalogue"));
    assert_eq!(names(&first).len(), 12 + 4, "{:?}", names(&first));
    place.succeed(&index("again"));
    assert!(contents(&place.path("again")) == first);
    place.succeed(&index("catalogue"));
    assert!(contents(&place.path("catalogue")) == first);
}

#[test]
fn a_catalogue_picture_finds_itself() {
    let place = catalogue();
    for number in [0, 5, 11] {
        let picture = format!("catalogue/images/{number:06}.webp");
        let found = json(&place.succeed(&[
            "search",
            "--catalogue",
            "catalogue",
            "--weights",
            "model/model.json",
            &picture,
            "-k",
            "3",
            "--json",
        ]));
        let found = found.as_array().expect("an array");
        assert_eq!(found.len(), 3);
        assert_eq!(found[0]["id"], format!("{number:06}"));
        assert_eq!(found[0]["image"], format!("images/{number:06}.webp"));
        assert!(found[0]["category"].is_string());
        let scores: Vec<f64> = found.iter().filter_map(|one| one["score"].as_f64()).collect();
        assert!(scores[0] > 0.9995 && scores[0] >= scores[1] && scores[1] >= scores[2], "{scores:?}");
    }
}

#[test]
fn metadata_is_kept_and_old_files_go() {
    let place = catalogue();
    let card = json(&fs::read_to_string(place.path("catalogue/catalogue.json")).unwrap());
    assert_eq!((card["count"].as_u64(), card["images"].as_str()), (Some(12), Some("images/")));
    let items = card["items"]["file"].as_str().unwrap().to_owned();
    let items = json(&fs::read_to_string(place.path("catalogue").join(items)).unwrap());
    assert_eq!((items[0]["width"].as_u64(), items[0]["height"].as_u64()), (Some(48), Some(64)));
    assert_eq!(items[1]["category"], "Dresses");
    assert!(items[0]["title"].is_string() && items[0]["fabric"].is_string());
    assert!(items[0]["colour"].as_str().unwrap().starts_with('#'));

    // Another data set into the same folder: nothing of the old one stays.
    place.draw("data", 6, 2);
    place.succeed(&index("catalogue"));
    place.succeed(&index("fresh"));
    assert!(contents(&place.path("catalogue")) == contents(&place.path("fresh")));
}

#[test]
fn a_plain_folder_is_indexed_and_bad_pictures_are_counted() {
    let place = Place::new();
    place.write_network("model");
    place.draw("data", 6, 1);
    fs::write(place.path("data/images/letter.jpg"), b"Dear Sir or Madam").unwrap();
    let summary = json(&place.succeed(&[
        "index",
        "--images",
        "data/images",
        "--weights",
        "model",
        "--out",
        "catalogue",
        "--json",
    ]));
    assert_eq!((summary["indexed"].as_u64(), summary["skipped"].as_u64()), (Some(6), Some(1)));
    let catalogue = trainer::catalogue::open(&place.path("catalogue")).unwrap();
    // Nothing is enlarged, and the network names what no one else did.
    assert_eq!((catalogue.items()[0].width, catalogue.items()[0].height), (60, 80));
    assert!(!catalogue.items()[0].category.is_empty());
}

#[test]
fn evaluation_gives_every_figure_of_the_contract() {
    let place = Place::new();
    place.write_network("model");
    place.draw("gallery", 24, 1);
    place.draw("queries", 12, 2);
    let evaluate = |more: &[&str]| {
        let mut args = vec![
            "evaluate",
            "--weights",
            "model",
            "--gallery",
            "gallery/labels.csv",
            "--queries",
            "queries/labels.csv",
            "--json",
        ];
        args.extend(more);
        json(&place.succeed(&args))
    };
    let report = evaluate(&[]);
    for name in [
        "top1",
        "top3",
        "macro_f1",
        "precision_at_5",
        "map_at_r",
        "colour_delta_e_at_5",
        "box_iou",
        "category_top1",
        "category_top3",
        "category_top5",
    ] {
        let value = report[name].as_f64().unwrap_or_else(|| panic!("{name} is missing in {report}"));
        let [low, high] = [0, 1].map(|end| report["intervals"][name][end].as_f64().unwrap());
        assert!(low <= value && value <= high, "{name}: {value} is not from {low} to {high}");
    }
    assert_eq!((report["n"].as_u64(), report["gallery"].as_u64()), (Some(12), Some(24)));
    let report = evaluate(&["--largest", "2", "--flip"]);
    assert_eq!((report["n"].as_u64(), report["gallery"].as_u64()), (Some(4), Some(8)));
    assert_eq!(report["classes"].as_array().map(Vec::len), Some(2));
    assert!(report.get("item_recall_at_1").is_none(), "drawn garments are no items: {report}");
}

#[test]
fn pictures_of_the_same_item_are_found_again() {
    let place = Place::new();
    place.write_network("model");
    place.draw("data", 6, 1);
    let pictures = |of_item: fn(usize) -> String| {
        let rows = (0..6).map(|i| format!("data/images/{i:06}.jpg,hat,{}\n", of_item(i)));
        "image_path,category,item_id\n".to_owned() + &rows.collect::<String>()
    };
    // Pairs of items in one file; in the other the same pictures, which are not found by themselves.
    fs::write(place.path("pairs.csv"), pictures(|i| (i / 2).to_string())).unwrap();
    fs::write(place.path("own.csv"), pictures(|i| i.to_string())).unwrap();
    let evaluate = |csv| {
        let text =
            place.succeed(&["evaluate", "--weights", "model", "--gallery", csv, "--queries", csv, "--json"]);
        let report = json(&text);
        [1, 5, 10, 20].map(|k| report[format!("item_recall_at_{k}")].as_f64())
    };
    let [at_1, at_5, at_10, at_20] = evaluate("pairs.csv");
    assert!(at_1 <= at_5 && at_1.is_some(), "{at_1:?} and {at_5:?}");
    // Five other pictures are in the gallery.
    assert_eq!([at_5, at_10, at_20], [Some(1.0); 3]);
    assert_eq!(evaluate("own.csv"), [Some(0.0); 4]);
}

#[test]
fn a_gallery_that_is_the_queries_too_does_not_find_itself() {
    let place = Place::new();
    place.write_network("model");
    place.draw("data", 6, 1);
    let rows = fs::read_to_string(place.path("data/labels.csv")).unwrap();
    let whole = place.path("data/images").display().to_string();
    fs::write(place.path("elsewhere.csv"), rows.replace("images/", &format!("{whole}/"))).unwrap();
    // Under the same path, and under another one.
    for gallery in ["data/labels.csv", "elsewhere.csv"] {
        let queries = "data/labels.csv";
        let args = ["evaluate", "--weights", "model", "--gallery", gallery, "--queries", queries, "--json"];
        let output = place.run(&args);
        let report = json(&String::from_utf8(output.stdout).unwrap());
        // One picture of each category: without itself, no query has anything to find.
        assert_eq!(report["top1"].as_f64(), Some(0.0), "{gallery}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("6 of the 6 queries are in the gallery, too"), "{said}");
    }
}

#[test]
fn figures_are_printed_though_the_report_cannot_be_written() {
    let place = Place::new();
    place.write_network("model");
    place.draw("data", 12, 1);
    let list = "data/labels.csv";
    let args = [
        "evaluate",
        "--weights",
        "model",
        "--gallery",
        list,
        "--queries",
        list,
        "--report",
        "none/report.html",
    ];
    let output = place.run(&args);
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("top1"));
    assert!(String::from_utf8(output.stderr).unwrap().contains("report.html"));
}

#[test]
fn a_sheet_of_queries_and_results() {
    let place = catalogue();
    place.succeed(&[
        "sheet",
        "--catalogue",
        "catalogue",
        "--weights",
        "model",
        "--queries",
        "data/labels.csv",
        "--count",
        "4",
        "--out",
        "sheet.webp",
    ]);
    let sheet = trainer::pictures::load(&place.path("sheet.webp")).unwrap();
    assert!(sheet.width() > 1000 && sheet.height() > 300);
}
