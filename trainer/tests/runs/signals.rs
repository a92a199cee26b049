//! Ctrl-C, and the system's request to end: the run is saved where it is, and goes on to the weights of one that was not stopped.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use crate::terminal::logged;
use crate::{data, export, finish, refused, train, weights};

/// Sends a signal by its name.
fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn a_stopped_run_is_saved_between_two_validations_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let [whole, stopped] = ["whole", "stopped"].map(|name| folder.path().join(name));
    // Validated at the end alone, so that nothing but the signal has it saved.
    let recipe = data.join("recipe.toml");
    let text = fs::read_to_string(&recipe).unwrap();
    let every = text.lines().find(|line| line.starts_with("validate_every")).unwrap();
    fs::write(&recipe, text.replace(every, "validate_every = 100000")).unwrap();
    let long = |run, resume| {
        let mut command = train(&data, run, resume);
        command.args(["--steps", "600"]);
        command
    };
    let mut resume = false;
    for (signal, after) in [("INT", "step 50 "), ("TERM", "step 150 ")] {
        let mut child = long(&stopped, resume).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().starts_with(after)), "it never came so far");
        send(signal, &child);
        let mut text = String::new();
        child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        assert!(!child.wait().unwrap().success());
        assert!(text.contains("The run stops after this step"), "{text}");
        assert!(text.contains("of 600, as you asked. With --resume, it goes on from there"), "{text}");
        resume = true;
    }
    let text = refused(export(&stopped, &folder.path().join("model"), &[]));
    assert!(text.contains("was stopped before its first validation"), "{text}");
    let text = finish(long(&stopped, true));
    assert!(text.contains("Going on after step 1"), "{text}");
    finish(long(&whole, false));
    assert_eq!(weights(&stopped), weights(&whole));
    assert_eq!(logged(&stopped), logged(&whole));
}

#[test]
fn a_second_signal_ends_the_program_by_that_signal() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let run = folder.path().join("run");
    // Steps that take so long that two signals come within one.
    let recipe = data.join("recipe.toml");
    let text = fs::read_to_string(&recipe).unwrap();
    fs::write(&recipe, text.replace("batch = 4\n", "batch = 4000\n")).unwrap();
    let mut child = train(&data, &run, false).spawn().unwrap();
    // Once the log is there, signals are caught.
    while !run.join("log.csv").exists() && child.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(1));
    }
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
    send("TERM", &child);
    assert!(errors.any(|line| line.unwrap().contains("The run stops after this step")));
    send("TERM", &child);
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    assert!(!run.join("last.checkpoint").exists());
}

#[test]
fn a_run_goes_on_though_nobody_reads_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let run = folder.path().join("run");
    let mut child = train(&data, &run, false).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert!(child.wait().unwrap().success());
    assert!(!weights(&run).is_empty());
}
