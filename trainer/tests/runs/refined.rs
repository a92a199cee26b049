//! What `export` does with pictures: heads fitted to them, and a shorter feature.

use std::fs;
use std::path::{Path, PathBuf};

use model::weights::{ModelCard, read};

use crate::{assert_same, data, export, finish, index, refused, train};

/// A folder of pictures, and a run of so many steps over them.
fn trained(folder: &Path, steps: &str) -> (PathBuf, PathBuf) {
    let (data, run) = (data(folder), folder.join("run"));
    let mut command = train(&data, &run, false);
    command.args(["--steps", steps]);
    finish(command);
    (data, run)
}

#[test]
fn heads_are_fitted_and_a_feature_is_shortened() {
    let folder = tempfile::tempdir().unwrap();
    let (data, run) = trained(folder.path(), "10");
    let pictures = data.display().to_string();
    let with = ["--second-look", "0.1", "--mirror", "--pictures", &pictures];
    let to = |name: &str, more: &[&str]| {
        let out = folder.path().join(name);
        let text = finish(export(&run, &out, &[&with[..], more].concat()));
        let card = ModelCard::from_json(&fs::read(out.join("model.json")).unwrap()).unwrap();
        let tensors = read(&card, &fs::read(out.join(&card.weights.file)).unwrap()).unwrap();
        (text, card, tensors)
    };

    let (text, card, tensors) = to("both", &["--fit-heads", "--feature-length", "3"]);
    assert!(text.contains("category: ") && text.contains("3 values hold"), "{text}");
    assert_eq!(card.network.feature_length(), 3);
    assert_eq!(tensors["head.embedding.weight"].shape, [3, 8]);
    assert_eq!(tensors["head.category.weight"].shape, [2, 8]);
    // Red and blue are told apart by what is pooled, whatever the projection has learnt in ten steps.
    let shares = text.lines().find_map(|line| line.strip_prefix("category: ")).unwrap();
    assert!(shares.starts_with("1.000 of 4"), "{text}");
    finish(index(&data, 0..20, &folder.path().join("both"), &folder.path().join("catalogue")));

    // Shortened alone, the heads say what they said.
    let (_, short, moved) = to("short", &["--feature-length", "5"]);
    let (_, _, plain) = to("plain", &[]);
    assert_eq!(
        (short.network.feature_length(), plain["head.category.weight"].shape.as_slice()),
        (5, &[2, 6][..])
    );
    let folded = |row: usize, channel: usize| -> f32 {
        (0..6)
            .map(|at| {
                plain["head.category.weight"].values[row * 6 + at]
                    * plain["head.embedding.weight"].values[at * 8 + channel]
            })
            .sum()
    };
    for row in 0..2 {
        for channel in 0..8 {
            let found = moved["head.category.weight"].values[row * 8 + channel];
            assert!((found - folded(row, channel)).abs() < 5e-3, "{found} {}", folded(row, channel));
        }
    }
    to("again", &["--fit-heads", "--feature-length", "3"]);
    assert_same(&folder.path().join("both"), &folder.path().join("again"));
}

#[test]
fn what_cannot_be_fitted_or_shortened_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (data, run) = trained(folder.path(), "5");
    let out = folder.path().join("out");
    let pictures = data.display().to_string();
    let message = |more: &[&str]| refused(export(&run, &out, more));
    let said = message(&["--fit-heads"]);
    assert!(said.contains("--pictures"), "{said}");
    let said = message(&["--pictures", &pictures, "--feature-length", "6"]);
    assert!(said.contains("it must be from 1 to 5"), "{said}");

    let said = message(&["--pictures", &pictures, "--instance-length", "2"]);
    assert!(said.contains("no instance head"), "{said}");

    let csv = fs::read_to_string(data.join("labels.csv")).unwrap();
    fs::write(data.join("labels.csv"), csv.replace(",blue,", ",green,")).unwrap();
    let said = message(&["--pictures", &pictures, "--fit-heads"]);
    assert!(said.contains("the category green, which the run does not know"), "{said}");
    let without: String =
        csv.lines().map(|row| row.splitn(3, ',').take(2).collect::<Vec<_>>().join(",") + "\n").collect();
    fs::write(data.join("labels.csv"), without).unwrap();
    let said = message(&["--pictures", &pictures, "--fit-heads"]);
    assert!(said.contains("attribute sleeve"), "{said}");
    assert!(!out.exists(), "a refused export leaves nothing");
}
