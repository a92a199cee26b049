//! Burn's screen on a terminal, and the terminal as it was on every way out.
//!
//! Burn leaves its screen when the renderer is dropped, but not by a thread that panics: it then relies on a hook, after
//! which it may draw once more, and which leaves the cursor hidden. So another thread closes it here.

use std::io::stdout;
use std::thread;

use burn_train::Interrupter;
use burn_train::renderer::tui::TuiMetricsRendererWrapper;
use crossterm::cursor::Show;
use crossterm::event::DisableMouseCapture;
use crossterm::execute;
use crossterm::terminal::{LeaveAlternateScreen, disable_raw_mode};

use super::panics::Panics;

/// The terminal while Burn draws on it.
pub(super) struct Terminal {
    /// There until it is closed.
    renderer: Option<TuiMetricsRendererWrapper>,
    panics: Panics,
}

impl Terminal {
    /// Opens Burn's screen for a run that has done so many of what Burn calls epochs. A key stops it by way of `interrupter`.
    pub(super) fn open(interrupter: Interrupter, epochs: usize) -> Self {
        // Before Burn sets a hook of its own.
        let panics = Panics::keep();
        Self { renderer: Some(TuiMetricsRendererWrapper::new(interrupter, Some(epochs))), panics }
    }

    /// What is told goes here.
    pub(super) fn renderer(&mut self) -> Option<&mut TuiMetricsRendererWrapper> {
        self.renderer.as_mut()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let renderer = self.renderer.take();
        let close = move || {
            drop(renderer);
            Panics::let_go();
        };
        if let Ok(thread) = thread::Builder::new().spawn(close) {
            // Where a person has killed the run, Burn panics once more, and it has said so.
            let _ = thread.join();
        }
        // Once more, where Burn's thread came to grief. Nothing can be done about a terminal that is gone.
        let _ = disable_raw_mode();
        let _ = execute!(stdout(), DisableMouseCapture, LeaveAlternateScreen, Show);
        self.panics.tell();
    }
}
