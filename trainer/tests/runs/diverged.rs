//! Training whose numbers are none any more: it stops with what was good, says why, and its advice works.

use std::fs;
use std::path::Path;
use std::process::Command;

use model::weights::to_host;
use trainer::training::checkpoint::Average;

use crate::{data, finish, refused, train};

/// Changes the recipe in `folder`.
fn change(folder: &Path, from: &str, to: &str) {
    let recipe = folder.join("recipe.toml");
    let text = fs::read_to_string(&recipe).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(recipe, text.replace(from, to)).unwrap();
}

#[test]
fn an_absurd_learning_rate_leaves_the_last_good_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let run = folder.path().join("run");
    // From step 12 on, the learning rate is 5e34.
    change(&data, "schedule = \"cosine\"\n", "");
    change(&data, "[loss]\n", "[optimiser.schedule.steps]\nat = [12]\nfactor = 1e36\n\n[loss]\n");
    let text = refused(train(&data, &run, false));
    for part in ["no longer a number", "learning rate", "too high", "last good state", "--resume"] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    for name in ["last.checkpoint", "best.checkpoint"] {
        let Average { progress, network } = Average::load(&run.join(name)).unwrap();
        assert!(progress.step > 0 && progress.step <= 10, "{name} is of step {}", progress.step);
        for (tensor, values) in to_host(&network).unwrap() {
            assert!(values.values.iter().all(|value| value.is_finite()), "{tensor} of {name}");
        }
    }
    // As the message advises.
    change(&run, "learning_rate = 0.05", "learning_rate = 5e-38");
    let mut again = Command::new(env!("CARGO_BIN_EXE_trainer"));
    again.args(["train", "--resume", "--device", "cpu", "--data"]).arg(&data).arg("--preset");
    again.arg(run.join("recipe.toml")).arg("--out").arg(&run);
    let text = finish(again);
    assert!(text.contains("Going on after step 10") && text.contains("it was 0.05"), "{text}");
}

#[test]
fn a_loss_that_was_never_a_number_is_not_blamed_on_the_learning_rate() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let run = folder.path().join("run");
    change(&data, "std = [68.76, 68.76, 68.76]", "std = [1e-44, 1e-44, 1e-44]");
    let text = refused(train(&data, &run, false));
    assert!(text.contains("At step 0") && text.contains("loss or preprocessing"), "{text}");
    assert!(text.contains("No checkpoint was saved before"), "{text}");
    assert!(!run.join("last.checkpoint").exists() && !run.join("best.checkpoint").exists());
}
