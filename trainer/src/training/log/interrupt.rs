//! Ctrl-C and the system's request to end: a run stops after the step that it is in, a second one ends the program at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// What a run knows of the signals that came since it began. Once it is dropped, they do again what they always did.
pub(super) struct Interrupt(Arc<State>);

#[derive(Default)]
struct State {
    is_asked: AtomicBool,
    is_over: AtomicBool,
}

impl State {
    /// A signal came; whether it is to do what it would without this program's say.
    fn asks_again(&self) -> bool {
        self.is_asked.swap(true, Ordering::Relaxed) || self.is_over.load(Ordering::Relaxed)
    }
}

impl Interrupt {
    /// From here on a first signal only asks, which calls `on_first`; `on_second` is called before the program ends by one.
    ///
    /// Where signals cannot be caught, or are none of Unix, they do what they always did.
    pub(super) fn watch(on_first: impl Fn() + Send + 'static, on_second: impl Fn() + Send + 'static) -> Self {
        let state = Arc::<State>::default();
        if let Err(error) = catch(Arc::clone(&state), on_first, on_second) {
            eprintln!("Ctrl-C will end the run where it is: signals cannot be caught ({error})");
        }
        Self(state)
    }

    /// Whether a signal has asked the run to stop.
    pub(super) fn is_asked(&self) -> bool {
        self.0.is_asked.load(Ordering::Relaxed)
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

/// Starts a thread that waits for signals as long as the program lives: an action that was taken away from a signal does not give the
/// default one back.
#[cfg(unix)]
fn catch(
    state: Arc<State>,
    on_first: impl Fn() + Send + 'static,
    on_second: impl Fn() + Send + 'static,
) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    // Not the one that tells of a terminal's end: `nohup` has it ignored, and would not any more.
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let wait = move || {
        for signal in signals.forever() {
            if state.asks_again() {
                on_second();
                // Nothing can be done where even that is refused, but to wait for the next one.
                let _ = emulate_default_handler(signal);
            } else {
                on_first();
            }
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop)
}

#[cfg(not(unix))]
fn catch(_: Arc<State>, _: impl Fn() + Send + 'static, _: impl Fn() + Send + 'static) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_asks_and_any_other_ends_the_program() {
        let interrupt = Interrupt(Arc::default());
        assert!(!interrupt.is_asked());
        assert!(!interrupt.0.asks_again() && interrupt.is_asked());
        assert!(interrupt.0.asks_again());
        // The first one after the run, too.
        let after = Interrupt(Arc::default());
        let state = Arc::clone(&after.0);
        drop(after);
        assert!(state.asks_again());
    }
}
