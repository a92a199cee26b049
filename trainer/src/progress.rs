//! How far a long piece of work has come: a bar on a terminal, a line every ten per cent anywhere else.
//!
//! Everything goes to standard error, so that a command's answer on standard output stays clean.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Counts finished items; shared by threads.
pub struct Progress {
    what: &'static str,
    total: u64,
    done: AtomicU64,
    start: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Starts counting towards `total`; `what` is said of the items, as in "pictures drawn".
    #[must_use]
    pub fn new(what: &'static str, total: usize) -> Self {
        let total = total as u64;
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total);
            if let Ok(style) = ProgressStyle::with_template(
                "{wide_bar:.cyan/black} {human_pos} of {human_len} {msg}, {per_sec}, {eta} left",
            ) {
                bar.set_style(style.progress_chars("━━─"));
            }
            bar.set_message(what);
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self { what, total, done: AtomicU64::new(0), start: Instant::now(), bar }
    }

    /// One more item is done.
    pub fn increment(&self) {
        self.add(1);
    }

    /// So many more items are done.
    pub fn add(&self, items: usize) {
        let items = items as u64;
        let done = self.done.fetch_add(items, Ordering::Relaxed) + items;
        match &self.bar {
            Some(bar) => bar.inc(items),
            None if tenths(done, self.total) > tenths(done - items, self.total) => {
                let seconds = self.start.elapsed().as_secs();
                eprintln!("{done} of {} {} after {seconds} s", self.total, self.what);
            }
            None => {}
        }
    }

    /// Says a line without tearing the bar.
    pub fn note(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    /// Clears the bar; returns items a second since the start.
    pub fn finish(self) -> f64 {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.done.load(Ordering::Relaxed) as f64 / self.start.elapsed().as_secs_f64().max(1e-9)
    }
}

/// How many tenths of `total` are done.
fn tenths(done: u64, total: u64) -> u64 {
    (done * 10).checked_div(total).unwrap_or(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_of_a_whole() {
        assert_eq!((tenths(0, 30), tenths(2, 30), tenths(3, 30), tenths(30, 30)), (0, 0, 1, 10));
        assert_eq!(tenths(0, 0), 10);
    }
}
