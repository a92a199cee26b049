//! Words about the person's own photos.

use super::name;
use crate::language::{number, say, say_count, say_with};
use crate::protocol::{Message, Own};
use crate::wardrobe::Job;

/// Most names of files that are listed.
const MOST_NAMES: usize = 20;

words! {
    /// What it is called.
    wardrobe,
    /// What it is for.
    wardrobe_lead,
    /// The same for somebody who has none yet.
    wardrobe_welcome,
    /// Opens the file picker.
    wardrobe_add,
    /// Opens the picker for folders.
    wardrobe_folder,
    /// Where photos would be.
    wardrobe_empty,
    /// Holds adding up.
    wardrobe_pause,
    /// Goes on adding.
    wardrobe_resume,
    /// Ends adding.
    wardrobe_cancel,
    /// On a photo that hardly differs from another.
    wardrobe_twin,
    /// Writes everything into a file.
    wardrobe_export,
    /// Reads such a file.
    wardrobe_import,
    /// Deletes everything, after a question.
    wardrobe_clear,
    /// Yes.
    wardrobe_clear_yes,
    /// No.
    wardrobe_clear_no,
    /// Looks again at what an earlier network has looked at.
    wardrobe_renew,
    /// Where it is kept, for good.
    wardrobe_kept,
    /// Where it is kept, as long as there is room.
    wardrobe_kept_for_now,
    /// Takes in all that was dropped.
    wardrobe_dropped_add,
    /// For screen readers, on the choice of where to search.
    scope,
    /// In the catalogue.
    scope_shop,
    /// Among the person's own photos.
    scope_wardrobe,
    /// In both.
    scope_both,
}

/// The browser stores nothing.
pub const WARDROBE_DENIED: &str = "wardrobe_denied";
/// What was to be imported is no wardrobe.
pub const WARDROBE_FILE_BAD: &str = "wardrobe_file_bad";
/// A photo has been deleted.
pub const WARDROBE_GONE: &str = "wardrobe_gone";
/// The browser's storage does not answer any more.
pub const WARDROBE_LOST: &str = "wardrobe_lost";
/// What another network has looked at cannot be written.
pub const WARDROBE_RENEW_FIRST: &str = "wardrobe_renew_first";

/// There is no room left: bytes that are taken, and that may be.
#[must_use]
pub fn wardrobe_no_room(used: f64, most: f64) -> Message {
    Message::new("wardrobe_no_room").with_number("used", used / 1e6).with_number("most", most / 1e6)
}

/// So many photos are all that a wardrobe holds.
#[must_use]
pub fn wardrobe_full(most: usize) -> Message {
    Message::new("wardrobe_full").with_number("most", most as f64)
}

/// How many photos there are.
#[must_use]
pub fn wardrobe_count(count: usize) -> String {
    say_count("wardrobe_count", count, &[])
}

/// Whether all of them are to be deleted.
#[must_use]
pub fn wardrobe_clear_ask(count: usize) -> String {
    say_count("wardrobe_clear_ask", count, &[])
}

/// So many photos cannot be searched.
#[must_use]
pub fn wardrobe_stale(count: usize) -> String {
    say_count("wardrobe_stale", count, &[])
}

/// So many photos were dropped on the page.
#[must_use]
pub fn wardrobe_dropped(count: usize) -> String {
    say_count("wardrobe_dropped", count, &[])
}

/// How far adding has come.
#[must_use]
pub fn wardrobe_progress(job: &Job) -> String {
    let key = if job.is_paused { "wardrobe_paused" } else { "wardrobe_progress" };
    say_with(key, &[("done", number(job.done as f64)), ("total", number(job.total as f64))])
}

/// What came of adding, in a few sentences.
#[must_use]
pub fn wardrobe_outcome(job: &Job) -> String {
    let mut sentences = Vec::new();
    let mut tell = |key: &str, count: usize, values: &[(&str, String)]| {
        if count > 0 {
            sentences.push(say_count(key, count, values));
        }
    };
    tell(if job.renews { "wardrobe_renewed" } else { "wardrobe_added" }, job.added, &[]);
    tell("wardrobe_known", job.known, &[]);
    let mut names = job.bad.iter().take(MOST_NAMES).cloned().collect::<Vec<_>>().join(", ");
    if job.bad.len() > MOST_NAMES {
        names.push_str(", …");
    }
    tell("wardrobe_bad", job.bad.len(), &[("names", names)]);
    sentences.join(" ")
}

/// On a result that is the person's own.
#[must_use]
pub fn wardrobe_own(file: &str) -> String {
    say_with("wardrobe_own", &[("name", file.to_owned())])
}

/// What a photo is called for people who do not see it.
#[must_use]
pub fn wardrobe_alt(category: &str, own: &Own) -> String {
    say_with("wardrobe_alt", &[("name", name(category)), ("file", own.name.clone())])
}

/// Searches with a photo.
#[must_use]
pub fn wardrobe_find(file: &str) -> String {
    say_with("wardrobe_find", &[("name", file.to_owned())])
}

/// Deletes a photo.
#[must_use]
pub fn wardrobe_remove(file: &str) -> String {
    say_with("wardrobe_remove", &[("name", file.to_owned())])
}
