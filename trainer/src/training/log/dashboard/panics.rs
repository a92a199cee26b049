//! What panics say while the dashboard is up: kept, since it would be drawn over, and told when the terminal is as before.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::mem;
use std::panic;
use std::sync::{Arc, Mutex};
use std::thread;

/// Keeps what panics say.
pub(super) struct Panics(Arc<Mutex<Vec<String>>>);

impl Panics {
    /// From here on nothing is said of a panic. Burn's own hook, which comes later, hands on to this one.
    pub(super) fn keep() -> Self {
        let kept = Arc::<Mutex<Vec<String>>>::default();
        let keeper = Arc::clone(&kept);
        panic::set_hook(Box::new(move |panic| {
            let thread = thread::current();
            let mut text = format!("thread '{}' {panic}", thread.name().unwrap_or("<unnamed>"));
            let trace = Backtrace::capture();
            if trace.status() == BacktraceStatus::Captured {
                text = format!("{text}\n{trace}");
            }
            if let Ok(mut kept) = keeper.lock() {
                kept.push(text);
            }
        }));
        Self(kept)
    }

    /// From here on a panic says of itself what it always does. The thread that asks for it must not panic.
    pub(super) fn let_go() {
        drop(panic::take_hook());
    }

    /// Says what was kept.
    pub(super) fn tell(&self) {
        let kept = self.0.lock().map(|mut kept| mem::take(&mut *kept)).unwrap_or_default();
        for text in kept {
            eprintln!("{text}");
        }
    }
}
