//! `kill -9` at random moments: afterwards the previous or the new artefact is there whole, and a rerun finishes the job.
//!
//! A few kills a command by default; `TWILL_KILLS=200` kills as often as the promise in `docs/reliability.md` says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use model::hash;
use model::image::{DecodeLimits, decode};
use model::weights::ModelCard;
use trainer::training::checkpoint::Average;

use crate::{assert_same, contents, data, export, finish, index, train, weights};

/// How often a command is killed.
fn kills() -> usize {
    std::env::var("TWILL_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(8)
}

/// Random moments, the same in each run of the tests (though what happens at them is not).
struct Moments(u64);

impl Moments {
    /// Some time from nothing to `longest`.
    fn next(&mut self, longest: Duration) -> Duration {
        self.0 += 1;
        let digits = hash::sha256(&self.0.to_le_bytes());
        let fraction =
            f64::from(u32::from_le_bytes([digits[0], digits[1], digits[2], digits[3]])) / 2f64.powi(32);
        longest.mul_f64(fraction)
    }
}

/// Runs a command whole; says how long it took.
fn timed(command: Command) -> Duration {
    let began = Instant::now();
    finish(command);
    began.elapsed()
}

/// Starts a command and kills it after `delay`, if it has not ended by then.
fn kill(mut command: Command, delay: Duration) {
    let mut child = command.spawn().unwrap();
    thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// No file that was begun is left.
#[track_caller]
fn assert_nothing_unfinished(folder: &Path) {
    let left: Vec<PathBuf> =
        contents(folder).into_keys().filter(|name| name.to_string_lossy().contains(".writing-")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn training_goes_on_from_a_whole_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let whole = folder.path().join("whole");
    let longest = timed(train(&data, &whole, false));
    let expected = weights(&whole);
    let mut moments = Moments(0);
    let mut left = kills();
    for number in 0.. {
        let run = folder.path().join(format!("run-{number}"));
        let mut step = 0;
        while step < 60 && left > 0 {
            left -= 1;
            // Before its first checkpoint, too, a run is gone on with: from its beginning.
            let has_begun = run.join("recipe.toml").exists();
            kill(train(&data, &run, has_begun), moments.next(longest));
            for name in ["last.checkpoint", "best.checkpoint"].map(|name| run.join(name)) {
                if name.exists() {
                    let found = Average::load(&name).unwrap().progress.step;
                    assert!(found.is_multiple_of(5), "{} is of step {found}", name.display());
                }
            }
            let last = run.join("last.checkpoint");
            let now = if last.exists() { Average::load(&last).unwrap().progress.step } else { 0 };
            assert!(now >= step, "step {now} after step {step}");
            step = now;
        }
        finish(train(&data, &run, run.join("recipe.toml").exists()));
        assert_eq!(weights(&run), expected, "run {number} has other weights");
        assert_nothing_unfinished(&run);
        let report = fs::read_to_string(run.join("report.html")).unwrap();
        assert!(report.contains("Step 60 of 60"), "the report is that of another step");
        if left == 0 {
            break;
        }
    }
}

#[test]
fn an_export_is_the_old_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let run = folder.path().join("run");
    finish(train(&data, &run, false));
    let flags: [&[&str]; 2] = [&[], &["--emphasis", "2"]];
    let fresh = ["a", "b"].map(|name| folder.path().join(name));
    let mut longest = Duration::ZERO;
    for (out, flags) in fresh.iter().zip(flags) {
        longest = longest.max(timed(export(&run, out, flags)));
    }
    let editions = fresh.each_ref().map(|out| model_in(out));
    assert!(editions[0] != editions[1]);
    let out = folder.path().join("out");
    finish(export(&run, &out, flags[0]));
    let (mut moments, mut wanted) = (Moments(1 << 20), 1);
    for _ in 0..kills() {
        kill(export(&run, &out, flags[wanted]), moments.next(longest));
        let found = model_in(&out);
        assert!(editions.contains(&found), "neither the old nor the new model");
        if found == editions[wanted] {
            finish(export(&run, &out, flags[wanted]));
            assert_same(&out, &fresh[wanted]);
            wanted = 1 - wanted;
        }
    }
    finish(export(&run, &out, flags[wanted]));
    assert_same(&out, &fresh[wanted]);
}

/// Card and weights as whoever uses them reads them: the card names the weights, which have its checksum.
fn model_in(folder: &Path) -> (Vec<u8>, Vec<u8>) {
    let json = fs::read(folder.join("model.json")).unwrap();
    let card = ModelCard::from_json(&json).unwrap();
    let weights = fs::read(folder.join(&card.weights.file)).unwrap();
    card.weights.check(&weights).unwrap();
    (json, weights)
}

#[test]
fn a_catalogue_is_the_old_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let (run, model) = (folder.path().join("run"), folder.path().join("model"));
    finish(train(&data, &run, false));
    finish(export(&run, &model, &[]));
    let pictures = [0..14, 6..20];
    let fresh = ["a", "b"].map(|name| folder.path().join(name));
    let mut longest = Duration::ZERO;
    for (out, pictures) in fresh.iter().zip(&pictures) {
        longest = longest.max(timed(index(&data, pictures.clone(), &model, out)));
    }
    let editions = fresh.each_ref().map(|out| catalogue_in(out));
    assert!(editions[0] != editions[1]);
    let out = folder.path().join("out");
    finish(index(&data, pictures[0].clone(), &model, &out));
    let (mut moments, mut wanted) = (Moments(2 << 20), 1);
    for number in 0..kills() {
        let mut command = index(&data, pictures[wanted].clone(), &model, &out);
        // With what the old catalogue knows, and without.
        command.args((number % 3 == 0).then_some("--update"));
        kill(command, moments.next(longest));
        let found = catalogue_in(&out);
        assert!(editions.contains(&found), "neither the old nor the new catalogue");
        if found == editions[wanted] {
            finish(index(&data, pictures[wanted].clone(), &model, &out));
            assert_same(&out, &fresh[wanted]);
            wanted = 1 - wanted;
        }
    }
    finish(index(&data, pictures[wanted].clone(), &model, &out));
    assert_same(&out, &fresh[wanted]);
}

/// Everything that a page loads of a catalogue: the card and what it names, checked, and each item's picture.
fn catalogue_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let catalogue = trainer::catalogue::open(folder).unwrap();
    let card = catalogue.card();
    let files = ["catalogue.json", &card.items.file, &card.features.file].map(str::to_owned);
    let pictures = catalogue.items().iter().map(|item| item.image.clone());
    files
        .into_iter()
        .chain(pictures)
        .map(|name| {
            let bytes = fs::read(folder.join(&name)).unwrap();
            if name.starts_with("images/") {
                decode(&bytes, &DecodeLimits::default()).unwrap();
            }
            (name, bytes)
        })
        .collect()
}
