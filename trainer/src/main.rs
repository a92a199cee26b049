//! The `trainer` program: runs one command and maps its result to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    match trainer::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trainer: {error:#}");
            ExitCode::FAILURE
        }
    }
}
