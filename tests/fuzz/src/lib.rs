//! The readers of `model`, fuzzed by libFuzzer, which sees what code an input reaches: `.ci/fuzz.sh`.
//!
//! What is fuzzed, and with which seeds, is what the fuzzer without coverage takes (`tests/src/fuzz/readers.rs`), compiled here without
//! Burn. An allocator counts, so that a reader which believes a length in a file is a finding.

#[path = "../../src/bad_photos/mod.rs"]
pub mod bad_photos;
#[path = "../../src/photos.rs"]
pub mod photos;
#[path = "../../src/fuzz/readers.rs"]
pub mod readers;
#[path = "../../src/fuzz/seal.rs"]
mod seal;
#[path = "../../src/fuzz/target.rs"]
pub mod target;

pub use libfuzzer_sys;

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result};
use peak_alloc::PeakAlloc;
use readers::{GAUGE, Gauge, READERS};
use target::Target;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Where things of the repository lie.
pub mod site {
    use std::path::{Path, PathBuf};

    /// The repository's root.
    #[must_use]
    pub fn repository() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }
}

/// Fuzzes the target of this name.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        $crate::libfuzzer_sys::fuzz_target!(init: $crate::start($name), |input: &[u8]| $crate::run($name, input));
    };
}

fn find(name: &str) -> &'static Target {
    READERS.iter().find(|target| target.name == name).expect("a target of this name")
}

/// Before the first input: counts memory; and writes the target's seeds and the words of its inputs where `TWILL_SEEDS` names a folder.
pub fn start(name: &str) {
    let gauge = Gauge {
        now: || ALLOCATOR.current_usage(),
        peak: || ALLOCATOR.peak_usage(),
        forget_peak: || ALLOCATOR.reset_peak_usage(),
    };
    assert!(GAUGE.set(gauge).is_ok(), "the fuzzer starts once");
    if let Some(folder) = env::var_os("TWILL_SEEDS").map(PathBuf::from) {
        write_seeds(find(name), &folder).expect("a folder that can be written to");
    }
}

/// Hands an input to the target of this name.
pub fn run(name: &str, input: &[u8]) {
    (find(name).run)(input, Path::new(""));
}

/// Everything that the target starts from to `folder/NAME`, and its words as libFuzzer's dictionary to `folder/NAME.dict`.
fn write_seeds(target: &Target, folder: &Path) -> Result<()> {
    let own = folder.join(target.name);
    fs::create_dir_all(&own).with_context(|| format!("{} cannot be made", own.display()))?;
    for (number, seed) in target.corpus()?.iter().enumerate() {
        fs::write(own.join(format!("seed-{number:04}")), seed)?;
    }
    let word = |word: &&str| {
        let bytes: String = word.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
        format!("\"{bytes}\"\n")
    };
    let words: String = target.words.iter().map(word).collect();
    fs::write(folder.join(format!("{}.dict", target.name)), words).context("the dictionary cannot be written")
}
