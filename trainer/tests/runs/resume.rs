//! A run that is killed and resumed ends with the weights of one that was not, bit for bit, on the CPU.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::{data, finish, refused, train, weights};

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
    let text = refused(train(&data, &run, false));
    assert!(text.contains("already holds a run"), "{text}");
    let text = refused(train(&data, &run, true));
    assert!(text.contains("made with another recipe"), "{text}");
    fs::write(run.join("last.checkpoint"), b"nonsense").unwrap();
    let text = refused(train(&data, &run, true));
    assert!(text.contains("is damaged"), "{text}");
}
