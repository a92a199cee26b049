//! The `trainer` program: runs one command and maps its result to an exit code.

use std::io::{Write as _, stderr};
use std::process::ExitCode;

fn main() -> ExitCode {
    match trainer::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody may be there to read it.
            let _ = writeln!(stderr(), "trainer: {error:#}");
            ExitCode::FAILURE
        }
    }
}
