//! One file for each command: its flags, the settings they are checked into, and what it does with them.

pub mod bench;
pub mod convert;
pub mod dataset;
pub mod evaluate;
pub mod export;
pub mod index;
pub mod search;
pub mod sheet;
pub mod train;

use anyhow::Result;
use clap::Subcommand;

/// What the trainer can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes data sets to train on.
    #[command(subcommand)]
    Dataset(dataset::Command),
    /// Trains a network on labelled pictures.
    Train(train::Flags),
    /// Measures a trained network on labelled pictures it has not learnt from.
    Evaluate(evaluate::Flags),
    /// Writes a run's weights and their description for page and trainer.
    Export(export::Flags),
    /// Makes a catalogue of a folder of pictures, for the page and for `search`.
    Index(index::Flags),
    /// Finds the items of a catalogue that look like the garment in a photo.
    Search(search::Flags),
    /// Draws a contact sheet: queries, each with the five items it finds.
    Sheet(sheet::Flags),
    /// Writes a catalogue's vectors to a file that other tools read, or reads them back.
    Convert(convert::Flags),
    /// Measures how fast search is on this machine, or embedding.
    Bench(bench::Flags),
}

/// Runs one command to its end.
pub fn run(command: Command) -> Result<()> {
    match command {
        Command::Dataset(command) => dataset::run(command),
        Command::Train(flags) => train::run(flags),
        Command::Evaluate(flags) => evaluate::run(&flags),
        Command::Export(flags) => export::run(flags),
        Command::Index(flags) => index::run(&flags),
        Command::Search(flags) => search::run(&flags),
        Command::Sheet(flags) => sheet::run(&flags),
        Command::Convert(flags) => convert::run(&flags),
        Command::Bench(flags) => bench::run(&flags),
    }
}
