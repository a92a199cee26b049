//! A run on a terminal: plain lines until it starts, then Burn's dashboard, and the terminal as it was however the run ends.
//!
//! The terminal is that of `script` (util-linux); without it these tests print `skipped` and pass.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{data, finish, train, weights};

/// What makes a terminal show its other screen, and what brings back the one that was there before.
const ENTER: &str = "\u{1b}[?1049h";
const LEAVE: &str = "\u{1b}[?1049l";
const SHOW_CURSOR: &str = "\u{1b}[?25h";

/// What was to be seen on a terminal.
struct Seen {
    before: String,
    dashboard: String,
    after: String,
    success: bool,
}

/// Runs the command on a terminal, where `keys` are pressed as soon as figures of a validation are seen. Nothing where there is no terminal
/// to be had.
fn on_terminal(command: &Command, keys: &str) -> Option<Seen> {
    let version = Command::new("script").arg("--version").output();
    if !version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("util-linux")) {
        println!("skipped: there is no `script` of util-linux here, which makes a terminal");
        return None;
    }
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let words: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command"])
        .arg(format!("stty rows 60 cols 160 && exec {}", words.join(" ")))
        .arg("/dev/null")
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm-256color")
        .env_remove("CI")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut keyboard, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut keys, mut bytes, mut buffer) = (keys.as_bytes(), Vec::new(), [0; 4096]);
    loop {
        let count = screen.read(&mut buffer).unwrap();
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(&buffer[..count]);
        if !keys.is_empty() && String::from_utf8_lossy(&bytes).contains("top1") {
            keyboard.write_all(keys).unwrap();
            keys = b"";
        }
    }
    let success = child.wait().unwrap().success();
    // Not before: where the keyboard ends, the terminal is told so by a key.
    drop(keyboard);
    let text = String::from_utf8(bytes).unwrap();
    let Some((before, rest)) = text.split_once(ENTER) else { panic!("no dashboard in: {text}") };
    let Some((dashboard, after)) = rest.rsplit_once(LEAVE) else { panic!("no end of it in: {text}") };
    assert!(rest.rsplit_once(SHOW_CURSOR).is_some_and(|(_, rest)| !rest.contains("\u{1b}[?25l")), "{text}");
    let [before, dashboard, after] = [before, dashboard, after].map(str::to_owned);
    Some(Seen { before, dashboard, after, success })
}

/// The log of a run without what depends on how quick the machine is.
pub(crate) fn logged(run: &Path) -> Vec<String> {
    let text = fs::read_to_string(run.join("log.csv")).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let row = |row: &str| {
        let fields = header.iter().zip(row.split(','));
        let own = fields.filter(|(name, _)| !["pictures_a_second", "waiting"].contains(*name));
        own.map(|(_, field)| field).collect::<Vec<_>>().join(",")
    };
    text.lines().map(row).collect()
}

#[test]
fn a_run_on_a_terminal_has_a_dashboard_and_the_same_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let [plain, shown] = ["plain", "shown"].map(|name| folder.path().join(name));
    let long = |run: &Path| {
        let mut command = train(&data, run, false);
        command.args(["--steps", "200"]);
        command
    };
    let Some(Seen { before, dashboard, after, success }) = on_terminal(&long(&shown), "") else { return };
    assert!(success, "{after}");
    assert!(before.contains("Data set 1: "), "{before}");
    assert!(!before.contains('\u{1b}'), "{before}");
    for part in ["Controls", "top1", "Valid"] {
        assert!(dashboard.contains(part), "{part} is not in: {dashboard}");
    }
    assert!(!dashboard.contains("pictures/s"), "{dashboard}");
    assert!(after.contains("Done. The best step was "), "{after}");

    let text = finish(long(&plain));
    assert!(!text.contains('\u{1b}') && text.contains("pictures/s"), "{text}");
    assert_eq!(logged(&shown), logged(&plain));
    assert_eq!(weights(&shown), weights(&plain));
}

/// Stops a run on a terminal by these keys, and lets it go on.
fn stop_and_go_on(keys: &str) {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let [whole, stopped] = ["whole", "stopped"].map(|name| folder.path().join(name));
    let long = |run: &Path, resume| {
        let mut command = train(&data, run, resume);
        command.args(["--steps", "400"]);
        command
    };
    let Some(Seen { after, success, .. }) = on_terminal(&long(&stopped, false), keys) else { return };
    assert!(!success, "{after}");
    assert!(after.contains("trainer: The run was stopped after step "), "{after}");
    assert!(after.contains("With --resume, it goes on from there"), "{after}");
    let text = finish(long(&stopped, true));
    assert!(text.contains("Going on after step "), "{text}");
    finish(long(&whole, false));
    assert_eq!(weights(&stopped), weights(&whole));
    assert_eq!(logged(&stopped), logged(&whole));
}

#[test]
fn a_run_that_is_stopped_by_a_key_goes_on() {
    stop_and_go_on("qs");
}

#[test]
fn a_run_that_is_stopped_by_ctrl_c_goes_on() {
    stop_and_go_on("\u{3}");
}

#[test]
fn an_error_is_said_when_the_terminal_is_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let recipe = data.join("recipe.toml");
    let text = fs::read_to_string(&recipe).unwrap();
    fs::write(&recipe, text.replace("std = [68.76, 68.76, 68.76]", "std = [1e-44, 1e-44, 1e-44]")).unwrap();
    let run = folder.path().join("run");
    let Some(Seen { after, success, .. }) = on_terminal(&train(&data, &run, false), "") else { return };
    assert!(!success, "{after}");
    assert!(after.contains("trainer: At step 0 "), "{after}");
}
