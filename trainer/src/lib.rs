//! Twill's trainer: draws data, trains the network, measures it, exports weights, indexes and searches catalogues.
//!
//! The program is [`run`]; its parts are public so that tests and benchmarks can use them.

// First: its macros take the place of the standard ones in all that follows.
#[macro_use]
mod say;

pub mod args;
pub mod catalogue;
pub mod commands;
pub mod dataset;
pub mod device;
pub mod evaluation;
pub mod exchange;
pub mod files;
pub mod http;
pub mod indexing;
pub mod metrics;
pub mod npy;
pub mod pictures;
pub mod progress;
mod ranking;
pub mod report;
pub mod sheet;
pub mod speed;
pub mod synth;
pub mod trained;
pub mod training;

/// Runs the command that the command line names.
///
/// Fails with what went wrong, where, and what to do about it; help and usage errors are printed by the parser, which
/// ends the process itself.
pub fn run() -> anyhow::Result<()> {
    let args = <args::Args as clap::Parser>::parse();
    commands::run(args.command)
}
