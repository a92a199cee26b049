//! What shows a run to a person while it goes on: a line for each note, or on a terminal Burn's dashboard.

use std::env;
use std::ffi::OsStr;
use std::io::{IsTerminal as _, stdin, stdout};

use super::dashboard::Dashboard;
use super::interrupt::Interrupt;
use crate::training::recipe::Recipe;

/// Which pictures the figures of a note are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Training,
    Validation,
}

/// Shows a run to a person.
pub(crate) trait Screen {
    /// So many steps of the run are done.
    fn step(&mut self, done: usize);

    /// A note of the log: in words, and as figures by their names.
    fn note(&mut self, part: Part, line: &str, figures: &[(String, f32)]);

    /// Whether the person has asked the run to stop.
    fn is_stopped(&self) -> bool;
}

/// Prints each note as a line.
struct Lines(Interrupt);

impl Lines {
    fn open() -> Self {
        let on_first = || {
            eprintln!(
                "The run stops after this step, and keeps what it has learnt. Once more ends it at once."
            );
        };
        Self(Interrupt::watch(on_first, || ()))
    }
}

impl Screen for Lines {
    fn step(&mut self, _: usize) {}

    fn note(&mut self, _: Part, line: &str, _: &[(String, f32)]) {
        println!("{line}");
    }

    fn is_stopped(&self) -> bool {
        self.0.is_asked()
    }
}

/// The dashboard where a person sits at a terminal, lines anywhere else. `done` steps of the run are done.
pub(crate) fn choose(done: usize, recipe: &Recipe) -> Box<dyn Screen> {
    // Keys are read from the one, the other is drawn on.
    let is_terminal = stdin().is_terminal() && stdout().is_terminal();
    if has_screen(is_terminal, env::var_os("TERM").as_deref(), env::var_os("CI").as_deref()) {
        Box::new(Dashboard::open(done, recipe))
    } else {
        Box::new(Lines::open())
    }
}

/// Whether a terminal can be drawn on, and somebody looks at it. A dumb one prints whatever comes one below the other, and a build
/// server keeps what a terminal was sent as a file.
fn has_screen(is_terminal: bool, term: Option<&OsStr>, ci: Option<&OsStr>) -> bool {
    is_terminal && term.is_none_or(|term| term != "dumb") && ci.is_none_or(OsStr::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_person_at_a_terminal_gets_the_dashboard() {
        let (xterm, dumb, server) =
            (Some(OsStr::new("xterm")), Some(OsStr::new("dumb")), Some(OsStr::new("true")));
        assert!(has_screen(true, xterm, None));
        // As on Windows.
        assert!(has_screen(true, None, None));
        assert!(has_screen(true, xterm, Some(OsStr::new(""))));
        assert!(!has_screen(true, dumb, None));
        assert!(!has_screen(true, xterm, server));
        assert!(!has_screen(false, xterm, None));
    }
}
