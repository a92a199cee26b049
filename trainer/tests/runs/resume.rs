//! A run that is killed and resumed ends with the weights of one that was not, bit for bit, on the CPU.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use model::weights::{ModelCard, read};

use crate::{data, export, finish, refused, train, weights};

#[test]
fn killed_and_resumed_equals_uninterrupted() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    finish(train(&data, &whole, false));

    kill_after_a_checkpoint(train(&data, &killed, false), &killed);
    let text = finish(train(&data, &killed, true));
    assert!(text.contains("Going on after step"), "{text}");

    // The checkpoints themselves name parameters by random identities, so the exported weights are compared.
    assert_eq!(weights(&whole), weights(&killed));
}

/// Starts a run and kills it soon after its first checkpoint, wherever it then is.
pub(crate) fn kill_after_a_checkpoint(mut command: Command, run: &Path) {
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_mins(2);
    while !run.join("last.checkpoint").exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_run_is_not_overwritten_and_not_mixed_up() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let run = folder.path().join("run");
    let text = refused(train(&data, &run, true));
    assert!(text.contains("There is no run to go on with"), "{text}");
    let mut short = train(&data, &run, false);
    short.args(["--steps", "5"]);
    finish(short);
    let report = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(report.contains("Step 5 of 5") && report.contains(" taken for "), "{report}");
    // The validation part is two items in two pictures each: each picture with the three others.
    let count = |text: &str| report.matches(text).count();
    assert!(report.contains("Map of 4 embeddings"), "{report}");
    assert_eq!((count("<figure class=\"query\">"), count("<img ")), (4, 16));
    assert_eq!(count("<figure class=\"right item\">"), 4);
    let text = refused(train(&data, &run, false));
    assert!(text.contains("already holds a run"), "{text}");
    let text = refused(train(&data, &run, true));
    assert!(text.contains("made with another recipe"), "{text}");
    fs::write(run.join("last.checkpoint"), b"nonsense").unwrap();
    let text = refused(train(&data, &run, true));
    assert!(text.contains("is damaged. Remove it"), "{text}");
    // As that says.
    fs::remove_file(run.join("last.checkpoint")).unwrap();
    let text = finish(train(&data, &run, false));
    assert!(text.contains("Done."), "{text}");
}

#[test]
fn the_mean_of_two_runs_is_between_them_and_one_of_strangers_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let runs = ["a", "b"].map(|name| folder.path().join(name));
    for (run, steps) in runs.iter().zip(["10", "40"]) {
        let mut command = train(&data, run, false);
        command.args(["--steps", steps]);
        finish(command);
    }
    let tensors = |run: &Path, name: &str, more: &[&str]| {
        let out = folder.path().join(name);
        finish(export(run, &out, more));
        let card = ModelCard::from_json(&fs::read(out.join("model.json")).unwrap()).unwrap();
        read(&card, &fs::read(out.join(&card.weights.file)).unwrap()).unwrap()
    };
    let second = runs[1].display().to_string();
    let (own, other) = (tensors(&runs[0], "own", &[]), tensors(&runs[1], "other", &[]));
    let mean = tensors(&runs[0], "mean", &["--mean-with", &second]);
    let more = tensors(&runs[0], "more", &["--mean-with", &second, "--mean-with", &second]);
    let name = "head.category.weight";
    let [own, mean, more, other] =
        [&own[name].values, &mean[name].values, &more[name].values, &other[name].values];
    assert_ne!(own, other);
    for ((own, mean), other) in own.iter().zip(mean).zip(other) {
        assert!((f32::midpoint(*own, *other) - mean).abs() < 2e-3, "{mean} is not between {own} and {other}");
    }
    for ((own, more), other) in own.iter().zip(more).zip(other) {
        assert!(
            ((own + 2.0 * other) / 3.0 - more).abs() < 2e-3,
            "{other} does not count twice beside {own} in {more}"
        );
    }
    let card = fs::read(folder.path().join("more/model.json")).unwrap();
    let card: serde_json::Value = serde_json::from_slice(&card).unwrap();
    let others = card["training"]["mean_with"].as_array().unwrap();
    assert_eq!((others.len(), &others[0]["times"]), (1, &2.into()), "told once, with how often");
    // A network of another shape.
    let text = fs::read_to_string(data.join("recipe.toml")).unwrap();
    let wide = text.replace("embedding = 6", "embedding = 7");
    fs::write(data.join("recipe.toml"), wide).unwrap();
    let stranger = folder.path().join("stranger");
    let mut command = train(&data, &stranger, false);
    command.args(["--steps", "5"]);
    finish(command);
    let stranger = stranger.display().to_string();
    let message = refused(export(&runs[0], &folder.path().join("none"), &["--mean-with", &stranger]));
    assert!(message.contains("there is no mean of them"), "{message}");
}

#[test]
fn a_run_that_was_killed_before_its_first_checkpoint_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    finish(train(&data, &whole, false));
    fs::create_dir_all(&killed).unwrap();
    fs::copy(whole.join("recipe.toml"), killed.join("recipe.toml")).unwrap();
    let mut other = train(&data, &killed, true);
    other.args(["--steps", "5"]);
    let text = refused(other);
    assert!(text.contains("made with another recipe"), "{text}");
    let begun = fs::read_to_string(whole.join("recipe.toml")).unwrap();
    fs::write(killed.join("recipe.toml"), format!("# Starts from \"best\"\n{begun}")).unwrap();
    let text = refused(train(&data, &killed, true));
    assert!(text.contains("from the network \"best\". Name that with --from"), "{text}");
    fs::write(killed.join("recipe.toml"), begun).unwrap();
    let text = finish(train(&data, &killed, true));
    assert!(text.contains("It begins anew"), "{text}");
    assert_eq!(weights(&whole), weights(&killed));
}
