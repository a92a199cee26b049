//! Data that changes during the work or is bad in part, two runs at once, and the same again.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;

use crate::{assert_same, data, export, finish, index, refused, train, weights};

/// So many more pictures in `folder`, each of them another, from number 20 on.
fn add_pictures(folder: &Path, count: u32) {
    for number in 20..20 + count {
        let pixel = |x: u32, y: u32| {
            image::Rgb([(x * 9 + number) as u8, (y * 7 + number / 5) as u8, (number % 250) as u8])
        };
        image::RgbImage::from_fn(20, 24, pixel).save(folder.join(format!("{number}.png"))).unwrap();
    }
}

#[test]
fn a_run_that_goes_on_with_other_pictures_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let run = folder.path().join("run");
    let mut child = train(&data, &run, false).spawn().unwrap();
    while !run.join("last.checkpoint").exists() {
        assert!(child.try_wait().unwrap().is_none(), "training ended without a checkpoint");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    fs::copy(data.join("1.png"), data.join("3.png")).unwrap();
    let text = finish(train(&data, &run, true));
    assert!(text.contains("the pictures are not those that this run began with"), "{text}");
    let text = finish(train(&data, &run, true));
    assert!(!text.contains("not those that this run began with"), "it is said once: {text}");
}

#[test]
fn a_folder_that_changes_while_it_is_indexed_gives_a_whole_catalogue() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    add_pictures(&data, 60);
    let path = |name: &str| folder.path().join(name);
    let (run, model, catalogue) = (path("run"), path("model"), path("catalogue"));
    finish(train(&data, &run, false));
    finish(export(&run, &model, &[]));
    let originals: Vec<Vec<u8>> =
        (0..80).map(|number| fs::read(data.join(format!("{number}.png"))).unwrap()).collect();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // Each picture is in turn cut off, gone, another one, and itself again.
            for turn in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                let number = turn % 80;
                let file = data.join(format!("{number}.png"));
                match turn / 80 % 4 {
                    0 => fs::write(&file, &originals[number][..40]).unwrap(),
                    1 => fs::remove_file(&file).unwrap(),
                    2 => fs::write(&file, &originals[(number + 7) % 80]).unwrap(),
                    _ => fs::write(&file, &originals[number]).unwrap(),
                }
            }
        });
        for _ in 0..6 {
            let mut command = index(&data, 0..80, &model, &catalogue);
            let output = command.output().unwrap();
            let text = String::from_utf8_lossy(&output.stderr);
            // At worst no picture could be read in that moment.
            assert!(output.status.success() || text.contains("no picture that can be read"), "{text}");
            if output.status.success() {
                let found = trainer::catalogue::open(&catalogue).unwrap();
                for item in found.items() {
                    trainer::pictures::load(&catalogue.join(&item.image)).unwrap();
                }
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    for (number, bytes) in originals.iter().enumerate() {
        fs::write(data.join(format!("{number}.png")), bytes).unwrap();
    }
    finish(index(&data, 0..80, &model, &catalogue));
    finish(index(&data, 0..80, &model, &path("fresh")));
    assert_same(&catalogue, &path("fresh"));
}

#[test]
fn one_bad_picture_in_a_hundred_is_left_out_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    add_pictures(&data, 380);
    let mut csv = fs::read_to_string(data.join("labels.csv")).unwrap();
    for number in 20..400 {
        writeln!(csv, "{number}.png,{},,,,,,{number}", ["red", "blue"][number % 2]).unwrap();
    }
    fs::write(data.join("labels.csv"), csv).unwrap();
    let whole = fs::read(data.join("50.png")).unwrap();
    fs::write(data.join("50.png"), &whole[..whole.len() / 2]).unwrap();
    fs::write(data.join("150.png"), b"<!doctype html><title>Not found</title>").unwrap();
    fs::write(data.join("250.png"), b"").unwrap();
    fs::remove_file(data.join("350.png")).unwrap();
    let (run, model) = (folder.path().join("run"), folder.path().join("model"));
    let text = finish(train(&data, &run, false));
    for number in [50, 150, 250, 350] {
        assert!(text.contains(&format!("{number}.png")), "{number}.png is not named in: {text}");
    }
    finish(export(&run, &model, &[]));
    let mut command = index(&data, 0..400, &model, &folder.path().join("catalogue"));
    let output = command.arg("--json").output().unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["indexed"], &summary["skipped"]), (&Value::from(396), &Value::from(4)), "{summary}");
    let files: Vec<&str> = summary["problems"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|problem| problem["file"].as_str())
        .collect();
    for (file, number) in files.iter().zip([50, 150, 250, 350]) {
        assert!(file.ends_with(&format!("{number}.png")), "{files:?}");
    }

    // More than one in ten is no accident any more.
    for number in 20..80 {
        fs::write(data.join(format!("{number}.png")), b"").unwrap();
    }
    let text = refused(train(&data, &folder.path().join("other"), false));
    assert!(text.contains("Of the 400 pictures") && text.contains("only 337 can be read"), "{text}");
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let path = |name: &str, of: &str| folder.path().join(format!("{name}-{of}"));
    for threads in ["1", "4"] {
        let (run, model, catalogue) =
            (path("run", threads), path("model", threads), path("catalogue", threads));
        for mut command in
            [train(&data, &run, false), export(&run, &model, &[]), index(&data, 0..20, &model, &catalogue)]
        {
            command.env("RAYON_NUM_THREADS", threads);
            finish(command);
        }
    }
    assert_same(&path("model", "1"), &path("model", "4"));
    assert_same(&path("catalogue", "1"), &path("catalogue", "4"));
}

#[test]
fn two_runs_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let (alone, run) = (folder.path().join("alone"), folder.path().join("run"));
    finish(train(&data, &alone, false));
    let mut child = train(&data, &run, false).spawn().unwrap();
    while !run.join("last.checkpoint").exists() {
        assert!(child.try_wait().unwrap().is_none(), "training ended without a checkpoint");
    }
    let text = refused(train(&data, &run, true));
    assert!(text.contains("Another run is writing to"), "{text}");
    assert!(child.wait().unwrap().success());
    assert_eq!(weights(&run), weights(&alone));
}
