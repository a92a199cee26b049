//! Burn's screen on a terminal, and the terminal as it was on every way out.
//!
//! Burn leaves its screen when the renderer is dropped, but not by a thread that panics: it then relies on a hook, after
//! which it may draw once more, and which leaves the cursor hidden. So another thread closes it here. And Burn has every key read as
//! a character, Ctrl-C like any other, and does nothing on it; here that one is a signal again.

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
        let renderer = TuiMetricsRendererWrapper::new(interrupter, Some(epochs));
        allow_ctrl_c();
        Self { renderer: Some(renderer), panics }
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
        // Once more, where Burn's thread came to grief.
        give_back();
        self.panics.tell();
    }
}

/// The terminal as it was before. Nothing can be done about one that is gone.
pub(super) fn give_back() {
    let _ = disable_raw_mode();
    let _ = execute!(stdout(), DisableMouseCapture, LeaveAlternateScreen, Show);
}

/// Has Ctrl-C be a signal as soon as Burn's thread has made the keys characters. [`give_back`] undoes this as it does that.
#[cfg(unix)]
fn allow_ctrl_c() {
    use std::io::stdin;
    use std::time::{Duration, Instant};

    use crossterm::terminal::is_raw_mode_enabled;
    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

    let deadline = Instant::now() + Duration::from_secs(1);
    while !is_raw_mode_enabled().unwrap_or(true) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
    // Where the terminal refuses, Burn's own key still stops the run.
    let Ok(mut modes) = tcgetattr(stdin()) else { return };
    modes.local_modes |= LocalModes::ISIG;
    // Suspended or aborted, the program would leave the terminal as it is now; no key has this code.
    for key in [SpecialCodeIndex::VSUSP, SpecialCodeIndex::VQUIT] {
        modes.special_codes[key] = 0;
    }
    let _ = tcsetattr(stdin(), OptionalActions::Now, &modes);
}

#[cfg(not(unix))]
fn allow_ctrl_c() {}
