//! Every word that the page shows, in one place for translators.
//!
//! The words of `index.html`, which stand before the program has arrived, repeat some of these: keep the two in step.
//! Sentences about what went wrong come from `model` and the worker; what to do about it is here.

use crate::address::Refusal;
use crate::camera::Trouble;
use crate::protocol::{Backend, FaultKind, Progress, Stage};

/// The first thing a newcomer reads.
pub const HEADLINE: &str = "Find clothes that look like the ones you love";
/// Under the headline.
pub const LEAD: &str = "Show Twill a garment and it finds its closest relatives.";
/// The promise.
pub const PRIVACY: &str = "Your photo never leaves this device.";
/// On the pocket.
pub const POCKET_TITLE: &str = "Slip a photo in here";
/// On the pocket, below its buttons.
pub const POCKET_HINT: &str = "drop it anywhere, or paste it";
/// Opens the file picker.
pub const CHOOSE_PHOTO: &str = "Choose a photo";
/// Opens the camera.
pub const TAKE_PHOTO: &str = "Take a photo";
/// Opens the file picker when there is a photo already.
pub const NEW_PHOTO: &str = "New photo";
/// Over the whole page while a file hovers over it.
pub const DROP_NOW: &str = "Let go, I’ve got it";
/// Above the samples.
pub const SAMPLES: &str = "No photo at hand? Try one of these";
/// Above the results.
pub const RESULTS: &str = "Closest relatives";
/// Above the results while they are being found.
pub const SEARCHING: &str = "Looking through the rails…";
/// On every card.
pub const MORE_LIKE_THIS: &str = "More like this";
/// Opens a shop's page.
pub const TO_SHOP: &str = "To the shop";
/// Back along the trail.
pub const BACK: &str = "Back";
/// Back to the network's own box.
pub const CROP_RESET: &str = "Find the garment for me";
/// For screen readers, on the box.
pub const CROP_BOX: &str = "The garment in your photo. Arrow keys move this frame.";
/// For screen readers, on a corner of the box.
pub const CORNER_TOP_LEFT: &str = "Top left corner of the frame. Arrow keys move it.";
/// For screen readers, on a corner of the box.
pub const CORNER_TOP_RIGHT: &str = "Top right corner of the frame. Arrow keys move it.";
/// For screen readers, on a corner of the box.
pub const CORNER_BOTTOM_LEFT: &str = "Bottom left corner of the frame. Arrow keys move it.";
/// For screen readers, on a corner of the box.
pub const CORNER_BOTTOM_RIGHT: &str = "Bottom right corner of the frame. Arrow keys move it.";
/// Repeats what failed.
pub const TRY_AGAIN: &str = "Try again";
/// Hides the message.
pub const DISMISS: &str = "Dismiss";
/// Leads to the results by keyboard.
pub const SKIP: &str = "Skip to the results";
/// For screen readers.
pub const LOADING: &str = "Loading";
/// Closes a dialog.
pub const CLOSE: &str = "Close";
/// For screen readers, on the camera's view.
pub const CAMERA: &str = "Camera";
/// While the camera starts, or the browser asks whether it may.
pub const CAMERA_WAKING: &str = "Opening the camera. Allow it if your browser asks.";
/// While the camera shows its picture.
pub const CAMERA_LIVE: &str = "Fit one garment into the picture";
/// For screen readers, on the live picture.
pub const CAMERA_PICTURE: &str = "What the camera sees";
/// For screen readers, on the shutter.
pub const CAMERA_SHUTTER: &str = "Take the photo";
/// For screen readers, on the button that lets go of the camera.
pub const CAMERA_CLOSE: &str = "Close the camera";
/// For screen readers, on the button that turns to the other camera.
pub const CAMERA_SWITCH: &str = "Use the other camera";
/// For screen readers, on the lamp's button, which says by itself whether it is on.
pub const CAMERA_TORCH: &str = "Lamp";
/// Opens the system's own camera.
pub const CAMERA_OUTSIDE: &str = "Use the camera app";
/// Lets results follow the live picture.
pub const CAMERA_FOLLOW: &str = "Live";
/// What a shot is called.
pub const SHOT: &str = "from the camera";
/// Above the field for a picture’s address.
pub const ADDRESS: &str = "Address of a picture";
/// Opens the field for a picture’s address.
pub const ADDRESS_OPEN: &str = "or give its address";
/// Under the field for a picture’s address.
pub const ADDRESS_NOTE: &str = "Twill asks that website for this one picture and looks at it on your device.";
/// Fetches the picture at the address.
pub const ADDRESS_FETCH: &str = "Find its relatives";
/// While the picture is on its way.
pub const ADDRESS_FETCHING: &str = "Fetching the picture…";
/// The clipboard held neither file nor address.
pub const NO_PICTURE_PASTED: &str = "There is no picture on the clipboard, and no address of one.";
/// What was dropped was neither file nor address.
pub const NO_PICTURE_DROPPED: &str = "What you dropped is not a picture file.";
/// A sample's picture could not be fetched.
pub const SAMPLE_LOST: &str = "The picture of this garment could not be downloaded.";
/// The worker stopped and said nothing.
pub const WORKER_DIED: &str = "The part of Twill that looks at photos has stopped unexpectedly.";
/// Page and worker are of different versions.
pub const OUTDATED: &str = "This page and the program behind it are from different versions of Twill.";
/// The browser has no web workers, or does not let this page have one.
pub const NO_WORKER: &str = "This browser does not let the page start its background program.";
/// The photo can be searched but not shown.
pub const NO_PREVIEW: &str = "This browser cannot show this photo, but Twill has read it.";

/// The worker was asked about a photo that it does not have.
pub const PHOTO_GONE: &str = "This photo is not in memory any more.";
/// The browser could not read a chosen file.
pub const FILE_UNREADABLE: &str =
    "This file could not be read. It may be a folder, or it was moved or deleted since you chose it.";
/// WebGPU was insisted upon.
pub const NO_WEBGPU: &str = "This browser offers no WebGPU on this device.";
/// WebGPU was insisted upon.
pub const WEBGPU_TOO_OLD: &str =
    "The WebGPU of this browser lacks a feature that Twill needs (timestamp-query).";
/// The check after loading failed.
pub const WEBGPU_WRONG: &str = "The graphics card of this device calculates wrong results.";

/// WebGPU could not be set up.
#[must_use]
pub fn webgpu_failed(reason: &str) -> String {
    format!("The graphics card could not be set up: {reason}.")
}

/// The connection broke, or there is none.
#[must_use]
pub fn download_interrupted(file: &str) -> String {
    format!("{file} could not be downloaded.")
}

/// The host does not have a file.
#[must_use]
pub fn file_missing(file: &str) -> String {
    format!("{file} is missing on the server.")
}

/// The host refuses to give a file.
#[must_use]
pub fn file_refused(file: &str, status: u16) -> String {
    format!("The server does not give {file} (HTTP status {status}).")
}

/// A file is longer than it should be.
#[must_use]
pub fn file_too_long(file: &str, max_bytes: u64) -> String {
    format!("{file} is not what it should be: it has more than the expected {max_bytes} bytes.")
}

/// What the person can do about a fault.
#[must_use]
pub const fn advice(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Photo => "Try another photo: a JPEG, PNG or WebP of a single garment works best.",
        FaultKind::Model | FaultKind::Catalogue => {
            "This is not your doing. Try again in a moment; if it stays, tell whoever runs this page."
        }
        FaultKind::Network => "Check your connection, then try again.",
        FaultKind::Backend => {
            "Open the page without “?backend=” in its address, and Twill picks what works here."
        }
        FaultKind::Crash => "Choose the photo again, or another one: Twill starts afresh.",
    }
}

/// Why the camera shows nothing, and what the person can do about it.
#[must_use]
pub const fn camera_trouble(trouble: Trouble) -> (&'static str, &'static str) {
    match trouble {
        Trouble::Denied => (
            "Your browser does not let Twill use the camera.",
            "Allow the camera for this page, mostly with the icon beside its address, then try again. Or choose a photo that \
             you have.",
        ),
        Trouble::Missing => (
            "No camera was found on this device.",
            "If there is one, connect it or switch it on, then try again. Or choose a photo that you have.",
        ),
        Trouble::Busy => (
            "The camera is in use by another program or page.",
            "Close what uses it, then try again. Or choose a photo that you have.",
        ),
        Trouble::Ended => (
            "The camera has stopped.",
            "It may have been disconnected, or taken by another program. Try again, or choose a photo that you have.",
        ),
        Trouble::Unknown => (
            "The camera did not start, and the browser does not say why.",
            "Try again, or choose a photo that you have.",
        ),
    }
}

/// Why an address gives no picture, and what the person can do about it.
#[must_use]
pub fn address_refusal(refusal: Refusal) -> String {
    let save = "Save the picture from there and choose the file instead.";
    match refusal {
        Refusal::NoAddress => "This is no address of a picture: it should begin with https://.".to_owned(),
        Refusal::Unreachable => format!(
            "The picture could not be fetched. Either there is no connection to that website, or it does not let other pages \
             read its pictures. {save}"
        ),
        Refusal::Status(404 | 410) => "The website has no picture at this address.".to_owned(),
        Refusal::Status(status) => {
            format!("The website does not give out this picture (HTTP status {status}). {save}")
        }
        Refusal::Page => "This is the address of a page, not of a picture. Open the picture by itself, then copy the address \
                          that it has there."
            .to_owned(),
        Refusal::TooLarge => "This file is too large for a photo.".to_owned(),
        Refusal::Slow => format!("The picture took too long to arrive. Try again in a moment. {save}"),
    }
}

/// What a picture from the web is called; `file` is empty where its address names none.
#[must_use]
pub fn picture_name(file: &str) -> String {
    if file.is_empty() { "from the web".to_owned() } else { file.to_owned() }
}

/// How alike two garments are, in plain words. `score` is a cosine similarity.
#[must_use]
pub fn likeness(score: f32) -> &'static str {
    match score {
        s if s >= 0.985 => "Practically twins",
        s if s >= 0.95 => "Very similar",
        s if s >= 0.90 => "Similar",
        s if s >= 0.80 => "Somewhat similar",
        _ => "A distant cousin",
    }
}

/// A similarity in per cent. Only the very same garment gets 100.
#[must_use]
pub fn per_cent(score: f32) -> String {
    let rounded = (score.clamp(0.0, 1.0) * 100.0).floor();
    format!("{rounded:.0}%")
}

/// What the network believes to see.
#[must_use]
pub fn guess(label: &str, probability: f32) -> String {
    if probability < 0.5 { format!("Perhaps {label}") } else { label.to_owned() }
}

/// The title above the results of "more like this".
#[must_use]
pub fn more_like(category: &str) -> String {
    format!("More like this one from {category}")
}

/// The button that shows more results.
#[must_use]
pub fn show_more(count: usize) -> String {
    format!("Show {count} more")
}

/// For screen readers, when results arrive.
#[must_use]
pub fn announce_results(count: usize) -> String {
    format!("{count} similar items found.")
}

/// A result's picture, for people who do not see it.
#[must_use]
pub fn item_alt(name: &str, rank: usize, score: f32) -> String {
    format!("Result {rank}: {name}, {}", likeness(score).to_lowercase())
}

/// The query photo, for people who do not see it.
#[must_use]
pub fn photo_alt(name: &str) -> String {
    format!("Your photo {name}")
}

/// A sample, for people who do not see it.
#[must_use]
pub fn sample_label(category: &str) -> String {
    format!("Try a sample from {category}")
}

/// What loading does right now.
#[must_use]
pub fn progress(progress: Option<Progress>, photo_waits: bool) -> String {
    let waiting = if photo_waits { "Your photo is next. " } else { "" };
    let Some(Progress { stage, received, total }) = progress else {
        return format!("{waiting}Getting ready…");
    };
    let what = match stage {
        Stage::Program => "Opening the shop",
        Stage::Data => "Filling the rails",
        Stage::WarmUp => return format!("{waiting}Switching on the lights…"),
    };
    match total {
        Some(total) => format!("{waiting}{what}, {} of {} MB", megabytes(received), megabytes(total)),
        None => format!("{waiting}{what}, {} MB", megabytes(received)),
    }
}

/// The line at the page's foot.
#[must_use]
pub fn foot(backend: Backend, count: usize, catalogue: &str) -> String {
    let place = match backend {
        Backend::WebGpu => "graphics card",
        Backend::Cpu => "processor",
    };
    format!("{} garments from {catalogue}, searched on your own {place}.", grouped(count))
}

fn megabytes(bytes: f64) -> String {
    format!("{:.1}", bytes / 1e6)
}

fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(feature = "browser-tests")]
mod tests {
    use super::{grouped, per_cent};
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn only_the_same_garment_gets_100_per_cent() {
        assert_eq!(per_cent(1.0), "100%");
        assert_eq!(per_cent(0.999), "99%");
        assert_eq!(per_cent(-0.2), "0%");
        assert_eq!(per_cent(1.000_001), "100%");
    }

    #[wasm_bindgen_test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(3000), "3,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
