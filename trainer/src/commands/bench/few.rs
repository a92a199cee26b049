//! `bench few`: a first pass by few bits a value, next to search by seven.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use crate::speed::Settings;
use crate::speed::few::{self, Report};

/// Flags of `bench few`, as typed.
#[derive(Debug, Args)]
pub(super) struct Flags {
    /// How many items to search; where `--vectors` has fewer, more are drawn between them
    #[arg(long, default_value_t = 1_000_000)]
    rows: usize,
    /// Values a vector
    #[arg(long, default_value_t = 64)]
    dimension: usize,
    /// How many items to find
    #[arg(short, default_value_t = 10)]
    k: usize,
    /// How many rounds to take the median of, each with a query of its own
    #[arg(long, default_value_t = 51)]
    rounds: usize,
    /// How many rows to compare after a pass by few bits: numbers separated by commas
    #[arg(long, value_delimiter = ',', default_value = "10,30,100,300", value_name = "N,N,...")]
    depths: Vec<usize>,
    /// Search these vectors in place of drawn ones: a .npy file with a row of length 1 an item, as `convert` writes it
    #[arg(long, value_name = "FILE", conflicts_with = "dimension")]
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

/// Measures and prints.
pub(super) fn run(flags: &Flags) -> Result<()> {
    ensure!(
        (1..=4096).contains(&flags.dimension),
        "--dimension is {}; it must be from 1 to 4096",
        flags.dimension
    );
    let settings = Settings {
        rows: flags.rows,
        dimension: flags.dimension,
        k: flags.k,
        rounds: flags.rounds,
        seed: flags.seed,
    };
    let given = super::given(flags.vectors.as_ref(), flags.queries.as_ref())?;
    let report = few::measure(&settings, given, &flags.depths)?;
    if flags.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    Ok(())
}

fn print(report: &Report) {
    println!(
        "{} items of {} values ({} of them drawn between given ones), {} best, one thread, {} queries.\n",
        report.rows, report.dimension, report.added, report.k, report.rounds
    );
    println!("{:<48} {:>10} {:>10} {:>8}", "", "median, ms", "least, ms", "recall");
    for way in &report.ways {
        let recall = way.recall.map(|recall| format!("{recall:.4}")).unwrap_or_default();
        println!("{:<48} {:>10.3} {:>10.3} {recall:>8}", way.name, way.ms, way.least_ms);
    }
    for codes in &report.codes {
        println!(
            "\nCodes of {} bits are {:.1} MB and were made in {:.1} s; a row is {:.3} from what they stand for.\n\
             To prove an answer after them, {:.3}% of the rows would have to be compared, {:.3}% if each row's own \
             residual were kept.",
            codes.bits,
            codes.bytes as f64 / 1e6,
            codes.made_in_s,
            codes.residual,
            100.0 * codes.left_by_block,
            100.0 * codes.left_by_row
        );
    }
    println!("After seven bits it is {:.4}%.", 100.0 * report.compared_by_seven);
}
