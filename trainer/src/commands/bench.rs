//! `bench`: how fast search is on this machine, as a table of ratios; `bench embed`: how fast photos are embedded;
//! `bench few`: how fast a search is that reads less and may be wrong.

mod embed;
mod few;

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand};

use crate::speed::{self, Given, Report, Settings};
use crate::{files, npy};

/// What else can be measured.
#[derive(Debug, Subcommand)]
enum Other {
    /// Measures how fast photos are embedded.
    Embed(embed::Flags),
    /// Measures a first pass by few bits a value, which may miss an item.
    Few(few::Flags),
}

/// Flags of `bench`, as typed.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Flags {
    #[command(subcommand)]
    other: Option<Other>,
    /// How many items to search
    #[arg(long, default_value_t = 1_000_000)]
    rows: usize,
    /// Values a vector
    #[arg(long, default_value_t = 64)]
    dimension: usize,
    /// How many items to find
    #[arg(short, default_value_t = 10)]
    k: usize,
    /// How many rounds to take the median of
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Search these vectors in place of drawn ones: a .npy file with a row of length 1 an item, as `convert` writes it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rows", "dimension"])]
    vectors: Option<PathBuf>,
    /// Search with these, in turn: a .npy file as wide as that of the items. Without it, queries are drawn near items
    #[arg(long, value_name = "FILE", requires = "vectors")]
    queries: Option<PathBuf>,
    /// Draws items and queries: another seed, others
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Flags {
    fn check(&self) -> Result<Settings> {
        for (name, value) in [("--rows", self.rows), ("-k", self.k), ("--rounds", self.rounds)] {
            ensure!(value > 0, "{name} is 0; it must be at least 1");
        }
        ensure!(
            (1..=4096).contains(&self.dimension),
            "--dimension is {}; it must be from 1 to 4096",
            self.dimension
        );
        Ok(Settings {
            rows: self.rows,
            dimension: self.dimension,
            k: self.k,
            rounds: self.rounds,
            seed: self.seed,
        })
    }
}

/// Measures and prints.
pub fn run(flags: &Flags) -> Result<()> {
    match &flags.other {
        Some(Other::Embed(flags)) => return embed::run(flags),
        Some(Other::Few(flags)) => return few::run(flags),
        None => {}
    }
    let given = given(flags.vectors.as_ref(), flags.queries.as_ref())?;
    let report = speed::measure(&flags.check()?, given)?;
    if flags.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    Ok(())
}

/// Reads items, and queries where there are some.
fn given(items: Option<&PathBuf>, queries: Option<&PathBuf>) -> Result<Option<Given>> {
    let read = |path: &PathBuf| {
        npy::read(&files::read(path)?).with_context(|| format!("{} cannot be used", path.display()))
    };
    let Some(items) = items else { return Ok(None) };
    Ok(Some(Given { items: read(items)?, queries: queries.map(read).transpose()? }))
}

fn print(report: &Report) {
    println!(
        "{} items of {} values, {} best, one thread, medians of {} rounds; search chooses {}.\n",
        report.rows, report.dimension, report.k, report.rounds, report.kernel
    );
    println!("{:<42} {:>10} {:>12}", "", "ms", "times a read");
    for figure in &report.figures {
        println!("{:<42} {:>10.3} {:>12.2}", figure.name, figure.ms, figure.times_a_read);
    }
    println!(
        "\nOf the {} best the codes alone find {:.4}, a proof {:.4}, for which it compares {} vectors.",
        report.k, report.recall_of_codes, report.recall_proven, report.compared
    );
    println!(
        "A search gives its first hits when {:.1}% of the feature file have arrived.",
        100.0 * report.bytes_before_first_hits
    );
}
