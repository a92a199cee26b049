//! Burn's dashboard: curves, the latest figures, how far the run has come, and keys that stop it.
//!
//! Burn draws it and reads the keys on a thread of its own. `board` says what it is told, `terminal` opens it and gives the
//! terminal back on every way out, `panics` keeps what would be drawn over.

mod board;
mod panics;
mod terminal;

use burn_train::Interrupter;

use self::board::Board;
use self::terminal::{Terminal, give_back};
use super::interrupt::Interrupt;
use super::screen::{Part, Screen};
use crate::training::recipe::Recipe;

/// A run on a terminal, which is as before when this is dropped.
pub(super) struct Dashboard {
    terminal: Terminal,
    board: Board,
    /// Asked by Burn's own keys.
    interrupter: Interrupter,
    /// Asked by Ctrl-C and by the system.
    interrupt: Interrupt,
}

impl Dashboard {
    /// Opens it for a run of which `done` steps are done.
    pub(super) fn open(done: usize, recipe: &Recipe) -> Self {
        let board = Board::new(recipe.steps, recipe.validate_every);
        let interrupter = Interrupter::new();
        let terminal = Terminal::open(interrupter.clone(), board.epochs(done));
        Self { terminal, board, interrupter, interrupt: Interrupt::watch(|| (), give_back) }
    }
}

impl Screen for Dashboard {
    fn step(&mut self, done: usize) {
        if let Some(renderer) = self.terminal.renderer() {
            self.board.step(renderer, done);
        }
    }

    fn note(&mut self, part: Part, _: &str, figures: &[(String, f32)]) {
        if let Some(renderer) = self.terminal.renderer() {
            self.board.note(renderer, part, figures);
        }
    }

    fn is_stopped(&self) -> bool {
        self.interrupter.should_stop() || self.interrupt.is_asked()
    }
}
