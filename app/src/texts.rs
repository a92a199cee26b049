//! Every word that the page shows, by the name of its key in `app/texts`, where translators find them.
//!
//! The words of `index.html`, which stand before the program has arrived, repeat some of these; a test keeps the two in step.
//! Sentences about what went wrong come from the worker as [`Message`]s; what to do about it is here.

use crate::address::Refusal;
use crate::camera::Trouble;
use crate::language::{self, number, say, say_count, say_with};
use crate::protocol::{Amount, Backend, Comparison, FaultKind, FileKind, Message, Stage};
use crate::sort::Sort;

pub use crate::language::{name, per_cent, read};

/// A function a key: it says the words, in the page's language.
macro_rules! words {
    ($($(#[$about:meta])* $key:ident,)*) => {
        $($(#[$about])* #[must_use] pub fn $key() -> String { say(stringify!($key)) })*
    };
}

mod wardrobe;

pub use wardrobe::*;

words! {
    /// The first thing a newcomer reads.
    headline,
    /// Under the headline.
    lead,
    /// The promise.
    privacy,
    /// On the pocket.
    pocket_title,
    /// On the pocket, below its buttons.
    pocket_hint,
    /// Opens the file picker.
    choose_photo,
    /// Opens the camera.
    take_photo,
    /// Opens the file picker when there is a photo already.
    new_photo,
    /// Over the whole page while a file hovers over it.
    drop_now,
    /// Above the samples.
    samples,
    /// Above the results.
    results,
    /// Above the results while they are being found.
    searching,
    /// On every card.
    more_like_this,
    /// Opens a shop's page.
    to_shop,
    /// Back along the trail.
    back,
    /// Back to the network's own box.
    crop_reset,
    /// For screen readers, on the box.
    crop_box,
    /// For screen readers, on a corner of the box.
    corner_top_left,
    /// For screen readers, on a corner of the box.
    corner_top_right,
    /// For screen readers, on a corner of the box.
    corner_bottom_left,
    /// For screen readers, on a corner of the box.
    corner_bottom_right,
    /// Repeats what failed.
    try_again,
    /// Hides the message.
    dismiss,
    /// Leads to the results by keyboard.
    skip,
    /// For screen readers.
    loading,
    /// Closes a dialog.
    close,
    /// For screen readers, on the choice of languages.
    language,
    /// For screen readers, on the camera's view.
    camera,
    /// While the camera starts, or the browser asks whether it may.
    camera_waking,
    /// While the camera shows its picture.
    camera_live,
    /// For screen readers, on the live picture.
    camera_picture,
    /// For screen readers, on the shutter.
    camera_shutter,
    /// For screen readers, on the button that lets go of the camera.
    camera_close,
    /// For screen readers, on the button that turns to the other camera.
    camera_switch,
    /// For screen readers, on the lamp's button, which says by itself whether it is on.
    camera_torch,
    /// Opens the system's own camera.
    camera_outside,
    /// Lets results follow the live picture.
    camera_follow,
    /// What a shot is called.
    shot,
    /// Above the field for a picture’s address.
    address,
    /// Opens the field for a picture’s address.
    address_open,
    /// Under the field for a picture’s address.
    address_note,
    /// Fetches the picture at the address.
    address_fetch,
    /// While the picture is on its way.
    address_fetching,
    /// The photo can be searched but not shown.
    no_preview,
    /// For screen readers, on everything that results can be filtered by.
    filters,
    /// For screen readers, on the choice of categories.
    kind,
    /// Any category will do.
    all_kinds,
    /// For screen readers, on the choice of colours.
    colours,
    /// Takes all filters away.
    filter_clear,
    /// No item passes the filters.
    none_left,
    /// Items were found, but none that looks like the photo.
    nothing_similar,
    /// Shows them all the same.
    show_unlike,
    /// For screen readers, on the choice of an order.
    sort_by,
    /// Above two pictures side by side.
    compare_title,
    /// What the photo is called beside an item.
    your_photo,
    /// Shows what matched on two pictures.
    heat_map,
    /// Says how to read what is shown on them then.
    heat_note,
    /// While both pictures are looked at.
    heat_waits,
    /// Above what two garments have in common.
    in_common,
    /// Above what they have not.
    different,
}

/// The words of a language could not be fetched.
pub const LANGUAGE_LOST: &str = "language_lost";
/// The clipboard held neither file nor address.
pub const NO_PICTURE_PASTED: &str = "no_picture_pasted";
/// What was dropped was neither file nor address.
pub const NO_PICTURE_DROPPED: &str = "no_picture_dropped";
/// A sample's picture could not be fetched.
pub const SAMPLE_LOST: &str = "sample_lost";
/// The worker stopped and said nothing.
pub const WORKER_DIED: &str = "worker_died";
/// Page and worker are of different versions.
pub const OUTDATED: &str = "outdated";
/// The browser has no web workers, or does not let this page have one.
pub const NO_WORKER: &str = "no_worker";
/// A photo in a format that Apple's telephones write, and that few browsers read.
pub const PHOTO_HEIC: &str = "photo_heic";
/// The worker was asked about a photo that it does not have.
pub const PHOTO_GONE: &str = "photo_gone";
/// The browser could not read a chosen file.
pub const FILE_UNREADABLE: &str = "file_unreadable";
/// WebGPU was insisted upon.
pub const NO_WEBGPU: &str = "no_webgpu";
/// WebGPU was insisted upon.
pub const WEBGPU_TOO_OLD: &str = "webgpu_too_old";
/// The check after loading failed.
pub const WEBGPU_WRONG: &str = "webgpu_wrong";
/// The graphics card was asked and never answered.
pub const WEBGPU_SILENT: &str = "webgpu_silent";

/// The worker stopped, for a reason that the browser names.
#[must_use]
pub fn worker_died_of(reason: &str) -> Message {
    Message::new("worker_died_of").with("reason", reason)
}

/// WebGPU could not be set up.
#[must_use]
pub fn webgpu_failed(reason: &str) -> Message {
    Message::new("webgpu_failed").with("reason", reason)
}

/// The connection broke, or there is none.
#[must_use]
pub fn download_interrupted(file: &str) -> Message {
    Message::new("download_interrupted").with("file", file)
}

/// The host does not have a file.
#[must_use]
pub fn file_missing(file: &str) -> Message {
    Message::new("file_missing").with("file", file)
}

/// The host refuses to give a file.
#[must_use]
pub fn file_refused(file: &str, status: u16) -> Message {
    Message::new("file_refused").with("file", file).with("status", &status.to_string())
}

/// A file is longer than it should be.
#[must_use]
pub fn file_too_long(file: &str, max_bytes: u64) -> Message {
    Message::new("file_too_long").with("file", file).with_number("bytes", max_bytes as f64)
}

/// Another page asks about an item that the catalogue does not have.
#[must_use]
pub fn item_unknown(id: &str) -> Message {
    Message::new("item_unknown").with("id", id)
}

/// What the person can do about a fault.
#[must_use]
pub fn advice(kind: FaultKind) -> String {
    say(match kind {
        FaultKind::Photo | FaultKind::Wardrobe => "advice_photo",
        FaultKind::Item => "advice_item",
        FaultKind::Model | FaultKind::Catalogue => "advice_files",
        FaultKind::Network => "advice_network",
        FaultKind::Backend => "advice_backend",
        FaultKind::Crash => "advice_crash",
    })
}

/// Why the camera shows nothing, and what the person can do about it.
#[must_use]
pub fn camera_trouble(trouble: Trouble) -> (String, String) {
    let (what, advice) = match trouble {
        Trouble::Denied => ("camera_denied", "camera_denied_advice"),
        Trouble::Missing => ("camera_missing", "camera_missing_advice"),
        Trouble::Busy => ("camera_busy", "camera_busy_advice"),
        Trouble::Ended => ("camera_ended", "camera_ended_advice"),
        Trouble::Unknown => ("camera_unknown", "camera_unknown_advice"),
    };
    (say(what), say(advice))
}

/// Why an address gives no picture, and what the person can do about it.
#[must_use]
pub fn address_refusal(refusal: Refusal) -> String {
    match refusal {
        Refusal::NoAddress => say("address_none"),
        Refusal::Unreachable => say("address_unreachable"),
        Refusal::Status(404 | 410) => say("address_gone"),
        Refusal::Status(status) => say_with("address_refused", &[("status", status.to_string())]),
        Refusal::Page => say("address_page"),
        Refusal::TooLarge => say("address_too_large"),
        Refusal::Slow => say("address_slow"),
    }
}

/// What a picture from the web is called; `file` is empty where its address names none.
#[must_use]
pub fn picture_name(file: &str) -> String {
    if file.is_empty() { say("from_web") } else { file.to_owned() }
}

/// How alike two garments are, in plain words. `score` is a cosine similarity; docs/embedding.md has how those of the shipped weights lie.
#[must_use]
pub fn likeness(score: f32) -> String {
    say(match score {
        s if s >= 0.975 => "likeness_twin",
        s if s >= 0.87 => "likeness_very",
        s if s >= 0.80 => "likeness_similar",
        s if s >= 0.68 => "likeness_somewhat",
        _ => "likeness_distant",
    })
}

/// What the network believes to see.
#[must_use]
pub fn guess(label: &str, probability: f32) -> String {
    let name = name(label);
    if probability < 0.5 { say_with("perhaps", &[("name", name)]) } else { name }
}

/// An attribute of a garment; one that the words do not have is called as the model calls its value.
#[must_use]
pub fn attribute(attribute: &str, value: &str) -> String {
    let key = format!("{attribute}: {value}");
    let words = name(&key);
    if words == key { value.to_owned() } else { words }
}

/// The name of a colour family.
#[must_use]
pub fn colour(family: &str) -> String {
    attribute("colour", family)
}

/// Puts an item beside the photo.
#[must_use]
pub fn compare(name: &str) -> String {
    say_with("compare", &[("name", name.to_owned())])
}

/// An order of results.
#[must_use]
pub fn sort(sort: Sort) -> String {
    say(match sort {
        Sort::Likeness => "sort_likeness",
        Sort::Cheap => "sort_cheap",
        Sort::Dear => "sort_dear",
    })
}

/// In what two garments are alike, and what colours and details count for; nothing where neither counts.
#[must_use]
pub fn parts(known: &Comparison) -> String {
    let Comparison { features, colours, details, shares: (share, details_share), .. } = *known;
    let say = |key: &str, values: &[(&'static str, f32)]| {
        say_with(key, &values.iter().map(|(name, part)| (*name, per_cent(*part))).collect::<Vec<_>>())
    };
    let details = [("details", details), ("part", details_share)];
    match (share > 0.0, details_share > 0.0) {
        (false, false) => String::new(),
        // Then the details tell colours, too.
        (false, true) => say("alike_in_both", &[&[("features", features)], &details[..]].concat()),
        (true, with_details) => {
            let colours = say("alike_in", &[("features", features), ("colours", colours), ("share", share)]);
            if with_details { format!("{colours} {}", say("alike_in_details", &details)) } else { colours }
        }
    }
}

/// What is compared: the category, the colour, or an attribute.
#[must_use]
pub fn trait_name(name: &str) -> String {
    attribute("attribute", name)
}

/// What it is of one garment.
#[must_use]
pub fn trait_value(name: &str, value: &str) -> String {
    if name == "category" { self::name(value) } else { attribute(name, value) }
}

/// How much of a catalogue has been searched while the rest is on its way.
#[must_use]
pub fn reading(read: usize, all: usize) -> String {
    say_with("reading", &[("read", number(read as f64)), ("all", number(all as f64))])
}

/// Something that a number of items have.
#[must_use]
pub fn with_count(what: &str, count: usize) -> String {
    say_with("with_count", &[("what", what.to_owned()), ("count", number(count as f64))])
}

/// How many items there are to choose from.
#[must_use]
pub fn choice(count: usize) -> String {
    say_count("choice", count, &[])
}

/// The title above the results of "more like this".
#[must_use]
pub fn more_like(category: &str) -> String {
    say_with("more_like", &[("name", name(category))])
}

/// The button that shows more results.
#[must_use]
pub fn show_more(count: usize) -> String {
    say_count("show_more", count, &[])
}

/// For screen readers, when results arrive.
#[must_use]
pub fn announce_results(count: usize) -> String {
    say_count("announce_results", count, &[])
}

/// A result's picture, for people who do not see it.
#[must_use]
pub fn item_alt(name: &str, rank: usize, score: f32) -> String {
    let (rank, likeness) = (number(rank as f64), likeness(score));
    say_with("item_alt", &[("rank", rank), ("name", name.to_owned()), ("likeness", likeness)])
}

/// The query photo, for people who do not see it.
#[must_use]
pub fn photo_alt(name: &str) -> String {
    say_with("photo_alt", &[("name", name.to_owned())])
}

/// A sample, for people who do not see it.
#[must_use]
pub fn sample_label(category: &str) -> String {
    say_with("sample_label", &[("name", name(category))])
}

/// What loading does right now, and how far it has come with that, where there is something to count.
#[must_use]
pub fn progress(stage: Option<Stage>, amount: Option<Amount>, photo_waits: bool) -> String {
    let what = self::stage(stage);
    let what = match amount {
        Some(Amount { received, total: Some(total) }) => {
            let (received, total) = (megabytes(received), megabytes(total));
            say_with("progress_bytes", &[("what", what), ("received", received), ("total", total)])
        }
        Some(Amount { received, total: None }) => {
            say_with("progress_bytes_so_far", &[("what", what), ("received", megabytes(received))])
        }
        None => what,
    };
    if photo_waits { say_with("progress_waits", &[("what", what)]) } else { what }
}

/// That the photo is looked at as soon as everything is there.
#[must_use]
pub fn photo_waits() -> String {
    say_with("progress_waits", &[("what", String::new())])
}

/// What loading is about, without how far it has come.
#[must_use]
pub fn stage(stage: Option<Stage>) -> String {
    say(match stage {
        None => "progress_begin",
        Some(Stage::Program) => "progress_program",
        Some(Stage::Data) => "progress_data",
        Some(Stage::WarmUp) => "progress_warm_up",
    })
}

/// What is fetched while loading.
#[must_use]
pub fn file(kind: FileKind) -> String {
    say(match kind {
        FileKind::Program => "file_program",
        FileKind::Weights => "file_weights",
        FileKind::Items => "file_items",
        FileKind::Features => "file_features",
    })
}

/// How much of a file has arrived.
#[must_use]
pub fn amount(Amount { received, total }: Amount) -> String {
    let received = ("received", megabytes(received));
    match total {
        Some(total) => say_with("file_bytes", &[received, ("total", megabytes(total))]),
        None => say_with("file_bytes_so_far", &[received]),
    }
}

/// The line at the page's foot.
#[must_use]
pub fn foot(backend: Backend, count: usize, catalogue: &str) -> String {
    let key = match backend {
        Backend::WebGpu => "foot_gpu",
        Backend::Cpu => "foot_cpu",
    };
    say_count(key, count, &[("catalogue", language::name(catalogue))])
}

/// Why the graphics card is left alone, at the page's foot.
#[must_use]
pub fn graphics_unused(why: &Message) -> String {
    say_with("graphics_unused", &[("reason", read(why))])
}

fn megabytes(bytes: f64) -> String {
    number(bytes / 1e6)
}

#[cfg(feature = "browser-tests")]
mod tests {
    use super::{announce_results, foot, per_cent};
    use crate::protocol::Backend;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn only_the_same_garment_gets_100_per_cent() {
        assert_eq!(per_cent(1.0), "100%");
        assert_eq!(per_cent(0.999), "99%");
        assert_eq!(per_cent(-0.2), "0%");
        assert_eq!(per_cent(1.000_001), "100%");
    }

    #[wasm_bindgen_test]
    fn numbers_have_their_form_and_their_groups() {
        assert_eq!(announce_results(1), "1 similar item found.");
        assert_eq!(announce_results(5), "5 similar items found.");
        let line = foot(Backend::Cpu, 1_234_567, "Shop");
        assert_eq!(line, "1,234,567 garments from Shop, searched on your own processor.");
    }
}
