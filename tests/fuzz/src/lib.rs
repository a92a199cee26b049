//! The readers of `model` and of the trainer, fuzzed by libFuzzer, which sees what code an input reaches: `.ci/fuzz.sh`.
//!
//! What is fuzzed, and with which seeds, is what the fuzzer without coverage takes (`tests/src/fuzz`), compiled here without Burn. An allocator counts, so that a reader which believes a length in a file is a finding.

#[path = "../../src/bad_photos/mod.rs"]
pub mod bad_photos;
#[path = "../../src/photos.rs"]
pub mod photos;
#[path = "../../src/fuzz/readers.rs"]
pub mod readers;
#[path = "../../src/fuzz/seal.rs"]
mod seal;
#[path = "../../src/fuzz/tables.rs"]
pub mod tables;
#[path = "../../src/fuzz/target.rs"]
pub mod target;
#[path = "../../src/fuzz/targets.rs"]
pub mod targets;

// Of the trainer all that reads and that does without a network.
#[path = "../../../trainer/src/dataset/mod.rs"]
pub mod dataset;
#[path = "../../../trainer/src/exchange/mod.rs"]
pub mod exchange;
#[path = "../../../trainer/src/files.rs"]
pub mod files;
#[path = "../../../trainer/src/http/mod.rs"]
pub mod http;
pub mod indexing;
#[path = "../../../trainer/src/npy.rs"]
pub mod npy;
#[path = "../../../trainer/src/pictures.rs"]
pub mod pictures;
#[path = "../../../trainer/src/progress.rs"]
pub mod progress;
#[path = "../../../trainer/src/synth/mod.rs"]
pub mod synth;
pub mod training;

pub use libfuzzer_sys;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::{env, fs, process};

use anyhow::{Context, Result};
use peak_alloc::PeakAlloc;
use readers::{GAUGE, Gauge};
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

/// Where readers of files find them: in memory, where the system has such a place.
static SCRATCH: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { memory } else { env::temp_dir() };
    let folder = folder.join(format!("fuzz-{}", process::id()));
    fs::create_dir_all(&folder).expect("a folder that can be written to");
    folder
});

fn find(name: &str) -> &'static Target {
    targets::targets().find(|target| target.name == name).expect("a target of this name")
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
    (find(name).run)(input, &SCRATCH);
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
