//! What people get wrong, and what they are told.

use std::fs;

use crate::Place;

#[track_caller]
fn assert_says(complaint: &str, parts: &[&str]) {
    for part in parts {
        assert!(complaint.contains(part), "{part:?} is not in: {complaint}");
    }
    assert!(!complaint.contains("panicked"), "{complaint}");
}

#[test]
fn without_a_command_there_is_help() {
    let place = Place::new();
    let help = place.fail(&[]);
    for command in ["dataset", "evaluate", "index", "search"] {
        assert!(help.contains(command), "{help}");
    }
    assert!(place.succeed(&["--help"]).contains("Usage: trainer"));
    for command in ["dataset", "evaluate", "index", "search", "sheet", "convert", "bench"] {
        assert!(place.succeed(&[command, "--help"]).contains("Usage: trainer"));
    }
}

#[test]
fn missing_and_damaged_weights() {
    let place = Place::new();
    let search = ["search", "--catalogue", "catalogue", "--weights", "model", "photo.jpg"];
    assert_says(&place.fail(&search), &["--weights takes a model.json", "model cannot be read"]);

    place.write_network("model");
    assert_says(&place.fail(&search), &["--catalogue takes a folder", "catalogue.json"]);

    let weights = fs::read_dir(place.path("model"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "safetensors"))
        .unwrap();
    let mut bytes = fs::read(&weights).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&weights, bytes).unwrap();
    assert_says(&place.fail(&search), &["weights cannot be used", "damaged"]);

    fs::write(place.path("model/model.json"), "{").unwrap();
    assert_says(&place.fail(&search), &["model.json", "cannot be used"]);
}

#[test]
fn a_catalogue_of_another_network() {
    let place = Place::new();
    place.write_network("mine");
    place.write_network("theirs");
    place.draw("data", 6, 1);
    place.succeed(&["index", "--images", "data", "--weights", "theirs", "--out", "catalogue"]);
    let complaint =
        place.fail(&["search", "--catalogue", "catalogue", "--weights", "mine", "data/images/000000.jpg"]);
    assert_says(&complaint, &["another model"]);
}

#[test]
fn csv_errors_name_file_and_line() {
    let place = Place::new();
    place.write_network("model");
    fs::write(place.path("bad.csv"), "image_path,category\na.jpg,hat\nb.jpg,\n").unwrap();
    let evaluate = ["evaluate", "--weights", "model", "--gallery", "bad.csv", "--queries", "bad.csv"];
    assert_says(&place.fail(&evaluate), &["bad.csv, line 3", "empty category"]);
}

#[test]
fn flags_out_of_range() {
    let place = Place::new();
    let synth = |more: [&str; 2]| {
        let mut args = vec!["dataset", "synth", "--out", "a"];
        if more[0] != "--count" {
            args.extend(["--count", "1"]);
        }
        args.extend(more);
        place.fail(&args)
    };
    assert_says(&synth(["--count", "0"]), &["--count is 0"]);
    assert_says(&synth(["--categories", "socks"]), &["\"socks\" is not a category", "Dresses"]);
    assert_says(&synth(["--size", "300"]), &["WIDTHxHEIGHT"]);
    place.write_network("model");
    fs::create_dir_all(place.path("empty")).unwrap();
    let index = ["index", "--images", "empty", "--weights", "model", "--out", "catalogue"];
    assert_says(&place.fail(&index), &["no picture in empty"]);
}
