//! Fuzzes one target: `cargo run --release -p e2e --example fuzz -- TARGET --minutes 20 --seed 1 --out FOLDER`.
//!
//! Without a target it names them. What is found lies in the folder afterwards, and `current` is the input that was being
//! tried when the process ended.

use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use anyhow::{Context, Result, bail};
use e2e::fuzz::{self, Fuzzer, targets};

fn main() -> Result<()> {
    let mut args = env::args().skip(1);
    let names = targets().map(|target| target.name).collect::<Vec<_>>().join(", ");
    let name = args.next().with_context(|| format!("which target? There are: {names}"))?;
    let target = targets().find(|target| target.name == name);
    let target = target.with_context(|| format!("there is no target {name}; there are: {names}"))?;
    let (mut minutes, mut seed, mut out) = (1.0, 1, env::temp_dir().join("fuzz").join(&name));
    while let Some(flag) = args.next() {
        let value = args.next().with_context(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--minutes" => minutes = value.parse()?,
            "--seed" => seed = value.parse()?,
            "--out" => out = PathBuf::from(value),
            _ => bail!("there is no flag {flag}"),
        }
    }
    fs::create_dir_all(&out)?;
    fuzz::catch_panics();
    let began = Instant::now();
    let fuzzing = thread::Builder::new().name("fuzz".to_owned()).spawn(move || -> Result<bool> {
        let mut fuzzer = Fuzzer::new(target, seed)?;
        fuzzer.keep_current(out.join("current"));
        let report = fuzzer.run(began + Duration::from_secs_f64(minutes * 60.0), u64::MAX);
        println!(
            "{name}: {} inputs in {:.1} minutes from seed {seed}, {} different answers, {} findings",
            report.inputs,
            began.elapsed().as_secs_f64() / 60.0,
            report.answers,
            report.findings.len()
        );
        for (number, finding) in report.findings.iter().enumerate() {
            let file = out.join(format!("finding-{number}"));
            fs::write(&file, &finding.input)?;
            println!("{}: {}", file.display(), finding.what);
        }
        Ok(report.findings.is_empty())
    })?;
    match fuzzing.join() {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => bail!("there are findings"),
        Ok(Err(error)) => Err(error),
        Err(_) => bail!("the fuzzer itself has failed"),
    }
}
