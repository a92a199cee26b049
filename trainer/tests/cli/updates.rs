//! `index` when it is interrupted, and when a catalogue is brought up to date.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{Place, contents, names};

/// A network and so many drawn pictures.
fn place(pictures: usize) -> Place {
    let place = Place::new();
    place.write_network("model");
    place.draw("data", pictures, 1);
    place
}

/// Indexes `list` into `out` and returns what is said of it.
fn index(place: &Place, list: &str, out: &str, more: &[&str]) -> Value {
    let mut args = command(list, out);
    args.extend(more);
    args.push("--json");
    serde_json::from_str(&place.succeed(&args)).expect("JSON")
}

fn command<'a>(list: &'a str, out: &'a str) -> Vec<&'a str> {
    vec!["index", "--metadata", list, "--weights", "model", "--out", out, "--thumbnail", "48x64"]
}

/// Writes a list of drawn pictures, each with a title.
fn list(place: &Place, name: &str, pictures: &[(u32, &str)]) {
    let rows: Vec<Value> = pictures
        .iter()
        .map(|(number, title)| {
            serde_json::json!({"image_path": format!("data/images/{number:06}.jpg"), "title": title})
        })
        .collect();
    fs::write(place.path(name), serde_json::to_vec(&rows).unwrap()).unwrap();
}

#[track_caller]
fn assert_counts(summary: &Value, counts: &[(&str, u64)]) {
    for (name, count) in counts {
        assert_eq!(summary[*name].as_u64(), Some(*count), "{name} in {summary:#}");
    }
}

#[track_caller]
fn assert_same_files(place: &Place, a: &str, b: &str) {
    let (a, b) = (contents(&place.path(a)), contents(&place.path(b)));
    assert_eq!(names(&a), names(&b));
    let differing: Vec<&str> = a.iter().zip(&b).filter(|(a, b)| a != b).map(|(a, _)| a.0.as_str()).collect();
    assert!(differing.is_empty(), "{differing:?} differ");
}

#[test]
fn an_update_embeds_what_is_new_and_drops_what_is_gone() {
    let place = place(12);
    list(&place, "old.json", &[(0, "a"), (1, "b"), (2, "c"), (3, "d"), (4, "e"), (5, "f")]);
    let summary = index(&place, "old.json", "catalogue", &["--name", "Shop", "--licence", "CC0-1.0"]);
    assert_counts(&summary, &[("indexed", 6), ("embedded", 6), ("added", 6), ("kept", 0), ("removed", 0)]);

    // Two are gone, two are new, one has another picture, one another title, and the order is another.
    fs::copy(place.path("data/images/000009.jpg"), place.path("data/images/000002.jpg")).unwrap();
    list(&place, "new.json", &[(7, "h"), (5, "f"), (2, "c"), (3, "D"), (6, "g"), (0, "a")]);
    let summary = index(&place, "new.json", "catalogue", &["--update"]);
    let counts = [
        ("indexed", 6),
        ("embedded", 3),
        ("reused", 3),
        ("added", 2),
        ("kept", 3),
        ("changed", 1),
        ("removed", 2),
    ];
    assert_counts(&summary, &counts);

    // The same as a catalogue that never was another one: name and licence stayed, too.
    index(&place, "new.json", "fresh", &["--name", "Shop", "--licence", "CC0-1.0"]);
    assert_same_files(&place, "catalogue", "fresh");
    let summary = index(&place, "new.json", "catalogue", &["--update"]);
    assert_counts(&summary, &[("embedded", 0), ("kept", 6), ("added", 0), ("changed", 0), ("removed", 0)]);
    assert_same_files(&place, "catalogue", "fresh");
}

#[test]
fn a_list_in_pages_is_the_same_catalogue_and_is_updated_as_any() {
    let place = place(12);
    list(&place, "old.json", &[(0, "a"), (1, "b"), (2, "c"), (3, "d")]);
    list(&place, "new.json", &[(3, "d"), (1, "B"), (7, "h")]);
    index(&place, "old.json", "list", &[]);
    index(&place, "old.json", "catalogue", &["--items", "pages"]);
    let open = |out: &str| trainer::catalogue::open(&place.path(out)).unwrap();
    assert_eq!(open("catalogue").items(), open("list").items());
    assert_eq!(open("catalogue").features(), open("list").features());
    let card = open("catalogue").card().clone();
    assert!(
        card.items_head.is_some() && trainer::catalogue::is_ours(&card.items.file, "items", "twill"),
        "{card:?}"
    );
    assert_eq!((card.version, open("list").card().version), (2, 1));

    // In pages as it was, without being told.
    let summary = index(&place, "new.json", "catalogue", &["--update"]);
    assert_counts(&summary, &[("added", 1), ("kept", 2), ("removed", 2), ("embedded", 1)]);
    index(&place, "new.json", "fresh", &["--items", "pages"]);
    assert_same_files(&place, "catalogue", "fresh");
    // Back to one list: the pages go.
    index(&place, "new.json", "catalogue", &["--update", "--items", "list"]);
    index(&place, "new.json", "listed", &[]);
    assert_same_files(&place, "catalogue", "listed");
}

#[test]
fn a_catalogue_inside_the_folder_that_is_indexed_does_not_index_itself() {
    let place = place(6);
    let run = |out: &str, more: &[&str]| -> Value {
        let mut args = vec!["index", "--images", ".", "--weights", "model", "--out", out, "--json"];
        args.extend(more);
        serde_json::from_str(&place.succeed(&args)).expect("JSON")
    };
    for more in [&[][..], &[], &["--update"]] {
        assert_counts(&run("catalogue", more), &[("indexed", 6), ("removed", 0)]);
    }
    // Where the pictures themselves lie its own would take their place.
    let before = contents(&place.path("data"));
    let message = place.fail(&["index", "--images", "data", "--weights", "model", "--out", "data"]);
    assert!(message.contains("Choose another folder for --out"), "{message}");
    assert!(before == contents(&place.path("data")), "something was written");
}

#[test]
fn an_update_trusts_no_thumbnail_and_no_other_network() {
    let place = place(6);
    index(&place, "data/labels.csv", "catalogue", &[]);
    index(&place, "data/labels.csv", "fresh", &[]);
    fs::write(place.path("catalogue/images/000001.webp"), b"a scribble").unwrap();
    fs::remove_file(place.path("catalogue/images/000002.webp")).unwrap();
    let summary = index(&place, "data/labels.csv", "catalogue", &["--update"]);
    assert_counts(&summary, &[("embedded", 0), ("reused", 6), ("kept", 6)]);
    assert_same_files(&place, "catalogue", "fresh");

    place.write_network("model");
    let summary = index(&place, "data/labels.csv", "catalogue", &["--update"]);
    assert_counts(&summary, &[("embedded", 6), ("kept", 0), ("changed", 6)]);
    // Without --update nothing of a catalogue is believed.
    assert_counts(&index(&place, "data/labels.csv", "catalogue", &[]), &[("embedded", 6), ("kept", 6)]);

    let complaint = place.fail(&[&command("data/labels.csv", "nowhere")[..], &["--update"]].concat());
    assert!(complaint.contains("--update needs a catalogue"), "{complaint}");
}

#[test]
fn a_catalogue_of_an_older_trainer_is_updated_as_well() {
    let place = place(6);
    index(&place, "data/labels.csv", "catalogue", &[]);
    index(&place, "data/labels.csv", "fresh", &[]);
    for (name, _) in contents(&place.path("catalogue")) {
        if name.starts_with("state-") {
            fs::remove_file(place.path("catalogue").join(name)).unwrap();
        }
    }
    let summary = index(&place, "data/labels.csv", "catalogue", &["--update"]);
    assert_counts(&summary, &[("embedded", 6), ("changed", 6), ("added", 0), ("removed", 0)]);
    assert_same_files(&place, "catalogue", "fresh");
}

#[test]
fn bad_pictures_are_named_with_their_reason() {
    let place = place(6);
    fs::write(place.path("data/images/000001.jpg"), b"Dear Sir or Madam").unwrap();
    let whole = fs::read(place.path("data/images/000004.jpg")).unwrap();
    fs::write(place.path("data/images/000004.jpg"), &whole[..whole.len() / 8]).unwrap();
    fs::remove_file(place.path("data/images/000003.jpg")).unwrap();
    let summary = index(&place, "data/labels.csv", "catalogue", &[]);
    assert_counts(&summary, &[("indexed", 3), ("skipped", 3)]);
    for (problem, (file, reason)) in summary["problems"].as_array().unwrap().iter().zip([
        ("000001.jpg", "not a picture"),
        ("000003.jpg", "cannot be read"),
        ("000004.jpg", "000004.jpg"),
    ]) {
        assert!(problem["file"].as_str().unwrap().ends_with(file), "{problem}");
        assert!(problem["reason"].as_str().unwrap().contains(reason), "{problem}");
    }
    for number in [0, 2, 5] {
        fs::write(place.path(&format!("data/images/{number:06}.jpg")), b"nothing").unwrap();
    }
    let complaint = place.fail(&command("data/labels.csv", "catalogue"));
    assert!(complaint.contains("no picture that can be read"), "{complaint}");
    // The catalogue that was there is untouched.
    assert_eq!(trainer::catalogue::open(&place.path("catalogue")).unwrap().items().len(), 3);
}

#[test]
fn metadata_with_ids_and_nested_values_comes_back() {
    let place = place(2);
    let text =
        r#"[{"image_path": "data/images/000000.jpg", "id": "SKU/7", "price": 19.5, "sizes": ["S", "M"]}]"#;
    fs::write(place.path("list.json"), text).unwrap();
    index(&place, "list.json", "catalogue", &[]);
    let catalogue = trainer::catalogue::open(&place.path("catalogue")).unwrap();
    let item = &catalogue.items()[0];
    assert_eq!((item.id.as_str(), item.price.as_deref()), ("SKU/7", Some("19.5")));
    assert_eq!(item.extra["sizes"], serde_json::json!(["S", "M"]));
}

/// Starts a run whose last picture is a pipe that nobody writes to, kills it when everything else is in the journal,
/// and puts the picture there.
#[cfg(unix)]
fn interrupt(place: &Place, pictures: usize, last: &Path) {
    let picture = fs::read(last).unwrap();
    fs::remove_file(last).unwrap();
    assert!(Command::new("mkfifo").arg(last).status().unwrap().success());
    let mut run = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(command("data/labels.csv", "catalogue"))
        .current_dir(place.path("."))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let journal = place.path("catalogue/.index-journal");
    let start = Instant::now();
    loop {
        let lines = fs::read(&journal).unwrap_or_default().split(|byte| *byte == b'\n').count() - 1;
        if lines == pictures - 1 {
            break;
        }
        assert!(run.try_wait().unwrap().is_none(), "the run has ended without its last picture");
        assert!(start.elapsed() < Duration::from_mins(1), "{lines} lines after a minute");
        std::thread::sleep(Duration::from_millis(10));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    fs::remove_file(last).unwrap();
    fs::write(last, picture).unwrap();
}

#[cfg(unix)]
#[test]
fn a_killed_run_is_continued_to_the_same_bytes() {
    let place = place(12);
    index(&place, "data/labels.csv", "fresh", &[]);
    interrupt(&place, 12, &place.path("data/images/000011.jpg"));
    assert!(!place.path("catalogue/catalogue.json").exists());

    // The last entry is torn, two files are half written, and a thumbnail is lost.
    let journal = place.path("catalogue/.index-journal");
    let bytes = fs::read(&journal).unwrap();
    fs::write(&journal, &bytes[..bytes.len() - 7]).unwrap();
    fs::remove_file(place.path("catalogue/images/000000.webp")).unwrap();
    fs::write(place.path("catalogue/images/.writing-Xb3"), b"half").unwrap();
    fs::write(place.path("catalogue/.writing-Xb4"), b"half").unwrap();
    let summary = index(&place, "data/labels.csv", "catalogue", &[]);
    assert_counts(&summary, &[("indexed", 12), ("embedded", 2), ("reused", 10), ("added", 12)]);
    assert_same_files(&place, "catalogue", "fresh");
}

#[cfg(unix)]
#[test]
fn a_killed_run_leaves_nothing_behind_when_the_next_one_has_other_pictures() {
    let place = place(12);
    interrupt(&place, 12, &place.path("data/images/000011.jpg"));
    list(&place, "other.json", &[(1, "a"), (3, "b")]);
    fs::copy(place.path("data/images/000009.jpg"), place.path("data/images/000003.jpg")).unwrap();
    // The picture of item 3 is now that of item 9, which is known; its thumbnail is not.
    let summary = index(&place, "other.json", "catalogue", &[]);
    assert_counts(&summary, &[("indexed", 2), ("embedded", 0), ("reused", 2)]);
    index(&place, "other.json", "fresh", &[]);
    assert_same_files(&place, "catalogue", "fresh");
}

#[test]
fn items_keep_the_ids_of_their_list() {
    let place = place(5);
    let rows = ["12.345/A", "12-345-A", "\u{88d9}\u{5b50}", "X", "X"].into_iter().enumerate();
    let rows = rows.map(|(i, id)| format!("data/images/{i:06}.jpg,{id}\n"));
    fs::write(place.path("list.csv"), "image_path,id\n".to_owned() + &rows.collect::<String>()).unwrap();
    let summary = index(&place, "list.csv", "catalogue", &[]);
    let expected = serde_json::json!([{ "file": "data/images/000004.jpg", "wanted": "X", "id": "X-2" }]);
    assert_eq!(summary["renamed"], expected);
    let found = |id: &str| {
        let picture = "data/images/000000.jpg";
        let args = ["search", "--catalogue", "catalogue", "--weights", "model", "-k", "5", "--json", picture];
        let found: Value = serde_json::from_str(&place.succeed(&args)).expect("JSON");
        let found = found.as_array().expect("a list").iter();
        found.filter(|one| one["id"] == id).map(|one| one["image"].as_str().unwrap().to_owned()).next()
    };
    for (id, file) in
        [("12.345/A", "12-345-A"), ("12-345-A", "12-345-A-2"), ("\u{88d9}\u{5b50}", "--"), ("X-2", "X-2")]
    {
        assert_eq!(found(id), Some(format!("images/{file}.webp")), "{id}");
    }
    let summary = index(&place, "list.csv", "catalogue", &["--update"]);
    assert_counts(&summary, &[("kept", 5), ("added", 0), ("changed", 0), ("removed", 0), ("embedded", 0)]);
}
