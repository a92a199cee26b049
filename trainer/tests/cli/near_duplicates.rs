//! `index` on pictures that hardly differ from each other.

use std::fs;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use serde_json::Value;

use crate::{Place, contents};

/// Six drawn pictures, and the first once more: worse and smaller, as another shop would have stored it.
fn place() -> Place {
    let place = Place::new();
    place.write_network("model");
    place.succeed(&["dataset", "synth", "--out", "data", "--count", "6", "--seed", "1", "--size", "240x320"]);
    let first = trainer::pictures::load(&place.path("data/images/000000.jpg")).unwrap();
    let small = imageops::resize(&first, 180, 240, FilterType::Triangle);
    let mut bytes = Vec::new();
    small.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 70)).unwrap();
    fs::write(place.path("data/images/again.jpg"), bytes).unwrap();
    place
}

fn index(place: &Place, more: &[&str]) -> String {
    let args = ["index", "--images", "data/images", "--weights", "model", "--out", "catalogue"];
    place.succeed(&[&args[..], more].concat())
}

#[test]
fn near_duplicates_are_reported_and_stay() {
    let place = place();
    let text = index(&place, &[]);
    assert!(text.contains("again.jpg is nearly") && text.contains("earlier pictures: 1."), "{text}");
    let summary: Value = serde_json::from_str(&index(&place, &["--json"])).unwrap();
    let pairs = summary["near_duplicates"].as_array().unwrap();
    assert_eq!(pairs.len(), 1, "{pairs:#?}");
    assert_eq!((pairs[0]["id"].as_str(), pairs[0]["of"].as_str()), (Some("again"), Some("000000")));
    assert!(pairs[0]["of_file"].as_str().unwrap().ends_with("000000.jpg"));
    assert!(pairs[0]["similarity"].as_f64().unwrap() > 0.96);
    assert_eq!((summary["indexed"].as_u64(), summary["left_out"].as_u64()), (Some(7), Some(0)));
}

#[test]
fn near_duplicates_are_left_out_when_asked_for() {
    let place = place();
    let skip = ["--duplicates", "skip", "--json"];
    let summary: Value = serde_json::from_str(&index(&place, &skip)).unwrap();
    assert_eq!((summary["indexed"].as_u64(), summary["left_out"].as_u64()), (Some(6), Some(1)));
    assert!(!place.path("catalogue/images/again.webp").exists());
    let before = contents(&place.path("catalogue"));

    // An update knows it, though the catalogue does not.
    let text = index(&place, &[&["--update"], &skip[..]].concat());
    let summary: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((summary["embedded"].as_u64(), summary["kept"].as_u64()), (Some(0), Some(6)));
    assert_eq!(summary["left_out"].as_u64(), Some(1));
    assert!(contents(&place.path("catalogue")) == before);
}
