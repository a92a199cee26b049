//! The command line as it is typed. Each command's own flags stand beside the command in [`crate::commands`], where
//! they are checked and turned into settings.

use clap::Parser;

use crate::commands::Command;

/// Trains Twill's network and prepares the catalogues that its page searches.
#[derive(Debug, Parser)]
#[command(name = "trainer", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}
