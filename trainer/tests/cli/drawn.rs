//! `dataset synth`: the same bytes every time, interrupted or not.

use std::fs;

use crate::{Place, contents, names};

#[test]
fn the_same_flags_give_the_same_bytes() {
    let place = Place::new();
    place.draw("a", 12, 7);
    place.draw("b", 12, 7);
    let (a, b) = (contents(&place.path("a")), contents(&place.path("b")));
    assert_eq!(names(&a).len(), 14, "{:?}", names(&a));
    assert!(a == b, "{:?} differ from {:?}", names(&a), names(&b));
}

#[test]
fn an_interrupted_run_is_completed_to_the_same_bytes() {
    let place = Place::new();
    place.draw("a", 12, 7);
    let whole = contents(&place.path("a"));

    // As after a kill: some pictures are missing, labels are unfinished, the last one is torn.
    let labels = fs::read_to_string(place.path("a/labels.csv")).unwrap();
    let torn: String =
        labels.lines().take(9).flat_map(|line| [line, "\n"]).collect::<String>() + "images/0000";
    fs::remove_file(place.path("a/labels.csv")).unwrap();
    fs::write(place.path("a/labels.part"), torn).unwrap();
    fs::remove_file(place.path("a/images/000002.jpg")).unwrap();
    fs::remove_file(place.path("a/images/000010.jpg")).unwrap();
    let kept = fs::metadata(place.path("a/images/000003.jpg")).unwrap().modified().unwrap();

    place.draw("a", 12, 7);
    assert!(contents(&place.path("a")) == whole);
    let after = fs::metadata(place.path("a/images/000003.jpg")).unwrap().modified().unwrap();
    assert_eq!(kept, after, "a finished picture is not drawn again");
}

#[test]
fn other_settings_replace_the_pictures() {
    let place = Place::new();
    place.draw("a", 12, 1);
    place.draw("a", 6, 2);
    place.draw("b", 6, 2);
    assert!(contents(&place.path("a")) == contents(&place.path("b")));
}

#[test]
fn a_later_start_continues_the_same_series() {
    let place = Place::new();
    place.draw("a", 12, 7);
    place.succeed(&[
        "dataset", "synth", "--out", "b", "--count", "6", "--seed", "7", "--size", "60x80", "--start", "6",
    ]);
    let read = |name| fs::read(place.path(name)).unwrap();
    assert!(read("a/images/000008.jpg") == read("b/images/000008.jpg"));
}

#[test]
fn labels_are_those_of_the_contract() {
    let place = Place::new();
    place.draw("a", 6, 3);
    let data = trainer::dataset::csv::read(&place.path("a/labels.csv")).unwrap();
    assert_eq!(data.samples.len(), 6);
    assert_eq!(data.samples[1].category, "Dresses");
    for sample in &data.samples {
        assert!(sample.bbox.is_some_and(|bbox| bbox.area() > 0.05), "{sample:?}");
        for name in
            ["pattern", "sleeve", "neckline", "length", "fabric", "fit", "colour", "colour_name", "title"]
        {
            assert!(sample.extra.contains_key(name), "{name} is missing in {sample:?}");
        }
    }
}

#[test]
fn pictures_of_others_are_left_alone() {
    let place = Place::new();
    fs::create_dir_all(place.path("a/images")).unwrap();
    fs::write(place.path("a/images/123456.jpg"), b"holiday").unwrap();
    let complaint = place.fail(&["dataset", "synth", "--out", "a", "--count", "1", "--seed", "1"]);
    assert!(complaint.contains("did not draw"), "{complaint}");
    assert!(place.path("a/images/123456.jpg").exists());
}
