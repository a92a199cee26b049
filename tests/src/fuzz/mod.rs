//! A fuzzer without coverage: it changes known inputs at random and hands them to the readers of this repository.
//!
//! Coverage needs an instrumented build with a nightly compiler: `tests/fuzz` has one for the readers of `model` and takes its targets
//! and seeds from here ([`readers`]). What guides this fuzzer instead is what readers answer: an input that brings a new answer (errors
//! here are sentences that say what is wrong) is kept and changed further. Everything follows from a seed, so that whatever is
//! found can be found again.
//!
//! A finding is a panic, an input that takes more than [`SLOWEST`], or more memory than [`LARGEST`]. An input that ends the
//! process (an allocation too large, a stack too deep) is left in the file that [`Fuzzer::keep_current`] names.

mod mutate;
pub mod readers;
mod seal;
pub mod tables;
mod target;
mod targets;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result};

use crate::bad_photos::bits::Random;
pub(crate) use ::trainer::{dataset, exchange, indexing, npy, training};
pub use target::Target;
pub use targets::targets;

/// What one input may take.
pub const SLOWEST: Duration = Duration::from_secs(2);
/// What the process may have after one input, bytes.
pub const LARGEST: u64 = 700_000_000;
/// Inputs that are kept to be changed further.
const POOL: usize = 2000;

/// An input that is not answered as it should be.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What happened.
    pub what: String,
    /// The input.
    pub input: Vec<u8>,
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Inputs tried.
    pub inputs: u64,
    /// Different answers.
    pub answers: usize,
    /// What was found, each kind once.
    pub findings: Vec<Finding>,
}

/// One target that is being fuzzed.
#[derive(Debug)]
pub struct Fuzzer {
    target: &'static Target,
    scratch: tempfile::TempDir,
    pool: Vec<Vec<u8>>,
    answers: BTreeSet<String>,
    kinds: BTreeSet<String>,
    report: Report,
    random: Random,
    current: Option<PathBuf>,
}

thread_local! {
    /// Message and place of this thread's last panic.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

impl Fuzzer {
    /// Starts with the seeds and the corpus of a target, all of which it tries at once.
    pub fn new(target: &'static Target, seed: u64) -> Result<Self> {
        let memory = PathBuf::from("/dev/shm");
        let scratch = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }?;
        let mut fuzzer = Self {
            target,
            scratch,
            pool: Vec::new(),
            answers: BTreeSet::new(),
            kinds: BTreeSet::new(),
            report: Report::default(),
            random: Random::new(seed),
            current: None,
        };
        for input in target.corpus()? {
            fuzzer.try_input(&input);
            fuzzer.pool.push(input);
        }
        fuzzer.pool.first().with_context(|| format!("the target {} has no corpus", target.name))?;
        Ok(fuzzer)
    }

    /// Writes each input to this file before it is tried.
    pub fn keep_current(&mut self, file: PathBuf) {
        self.current = Some(file);
    }

    /// Tries changed inputs until `until`, or `most` of them.
    pub fn run(&mut self, until: Instant, most: u64) -> &Report {
        let mut tried = 0;
        while tried < most && Instant::now() < until {
            tried += 1;
            let input = mutate::change(&self.pool, self.target.words, &mut self.random);
            if self.try_input(&input) && self.pool.len() < POOL {
                self.pool.push(input);
            }
        }
        self.report.answers = self.answers.len();
        &self.report
    }

    /// Whether the answer is a new one.
    fn try_input(&mut self, input: &[u8]) -> bool {
        if let Some(file) = &self.current {
            // Only of use when the process ends, and then what is missing is seen.
            let _ = fs::write(file, input);
        }
        self.report.inputs += 1;
        let (target, folder) = (self.target, self.scratch.path());
        let began = Instant::now();
        let answer = catch_unwind(AssertUnwindSafe(|| (target.run)(input, folder)));
        let took = began.elapsed();
        if took > SLOWEST {
            self.note(format!("it takes {} ms", took.as_millis()), "slow", input);
        }
        if let Some(bytes) = memory_bytes().filter(|bytes| *bytes > LARGEST) {
            self.note(format!("the process has {} MB", bytes / 1_000_000), "memory", input);
            forget_peak();
        }
        if let Ok(answer) = answer {
            return self.answers.insert(kind_of(&answer));
        }
        let what = PANIC.with(|panic| panic.borrow().clone());
        self.note(format!("it panics: {what}"), &what, input);
        false
    }

    fn note(&mut self, what: String, kind: &str, input: &[u8]) {
        if self.kinds.insert(kind_of(kind)) {
            self.report.findings.push(Finding { what, input: input.to_vec() });
        }
    }
}

/// Keeps quiet about the panics that are caught, but remembers what they say.
pub fn catch_panics() {
    std::panic::set_hook(Box::new(|panic| {
        PANIC.with(|last| *last.borrow_mut() = panic.to_string());
        if thread::current().name() != Some("fuzz") {
            eprintln!("{panic}");
        }
    }));
}

/// An answer without its numbers and quotations, which are the input's.
fn kind_of(answer: &str) -> String {
    let mut kind = String::new();
    let mut is_quoted = false;
    for c in answer.chars().take(300) {
        match c {
            '"' | '`' => is_quoted = !is_quoted,
            _ if is_quoted || c.is_ascii_digit() => {}
            _ => kind.push(c),
        }
    }
    kind
}

/// Starts measuring the largest memory anew, where the system can.
pub fn forget_peak() {
    // Elsewhere than on Linux there is no such file, and memory is not measured.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The most memory that this process had since [`forget_peak`], bytes, where the system tells.
#[must_use]
pub fn memory_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart_by_their_words() {
        assert_eq!(kind_of("line 3: \"a\" has 12 fields"), kind_of("line 44: \"bc\" has 1 fields"));
        assert_ne!(kind_of("line 3: it is empty"), kind_of("line 3: it is full"));
    }

    fn careless(input: &[u8], _: &std::path::Path) -> String {
        assert!(!input.starts_with(b"ab"), "this reader cannot bear it");
        format!("{:?}", input.first())
    }

    #[test]
    fn a_panic_is_found_again_by_its_seed() {
        static CARELESS: Target =
            Target { name: "careless", words: &["ab"], seeds: |_| vec![b"xyz".to_vec()], run: careless };
        catch_panics();
        let found: Vec<Vec<u8>> = (0..2)
            .map(|_| {
                let mut fuzzer = Fuzzer::new(&CARELESS, 5).unwrap();
                let report = fuzzer.run(Instant::now() + Duration::from_mins(1), 3000).clone();
                assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
                report.findings[0].input.clone()
            })
            .collect();
        assert!(found[0].starts_with(b"ab") && found[0] == found[1]);
    }
}
