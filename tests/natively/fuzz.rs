//! A short run of every fuzz target: its whole corpus, findings of the past among it, and some thousand changed inputs.
//! Longer runs: the example `fuzz`.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::fuzz::{self, Fuzzer, targets};

/// Changed inputs a target, as far as they fit into the time.
const INPUTS: u64 = 3000;
const TIME: Duration = Duration::from_secs(5);

#[test]
fn no_input_makes_a_reader_panic_dawdle_or_swell() -> Result<()> {
    fuzz::catch_panics();
    let mut complaints = Vec::new();
    for target in targets() {
        fuzz::forget_peak();
        let mut fuzzer = Fuzzer::new(target, 1)?;
        let report = fuzzer.run(Instant::now() + TIME, INPUTS);
        println!("{}: {} inputs, {} different answers", target.name, report.inputs, report.answers);
        ensure!(report.answers > 1, "{} gives one answer to everything", target.name);
        complaints.extend(report.findings.iter().map(|finding| {
            let start = finding.input.iter().take(80).map(|byte| byte.escape_ascii().to_string());
            format!("{}: {}; the input begins {}", target.name, finding.what, start.collect::<String>())
        }));
    }
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}
