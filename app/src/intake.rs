//! Ways of getting a photo in: the picker, a drop anywhere, the clipboard, a sample. The camera and the address of a picture
//! have views of their own in `components/`.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DataTransfer, File, FileList, HtmlInputElement, Response};

use crate::address;
use crate::protocol::{FaultKind, Item};
use crate::state::Twill;
use crate::texts;
use crate::wardrobe::is_picture;

/// Takes what an `<input type="file">` holds, and empties it so that the same file can be chosen again.
pub fn take_from_input(twill: Twill, input: &HtmlInputElement) {
    if let Some(file) = input.files().as_ref().and_then(first_picture) {
        take_file(twill, file);
    }
    input.set_value("");
}

/// Listens to drops and pastes anywhere on the page, files and addresses of pictures. The signal tells whether a file hovers
/// over it.
#[must_use]
pub fn listen(twill: Twill, on_address: impl Fn(String) + Copy + 'static) -> ReadSignal<bool> {
    let (hovers, set_hovers) = signal(false);
    let _ = window_event_listener(ev::dragover, move |event| {
        if event.data_transfer().is_some_and(|data| holds_something(&data)) {
            event.prevent_default();
            set_hovers.set(true);
        }
    });
    let _ = window_event_listener(ev::dragleave, move |event| {
        // Leaving for another element of the page has one to go to; leaving the window has none.
        if event.related_target().is_none() {
            set_hovers.set(false);
        }
    });
    let _ = window_event_listener(ev::drop, move |event| {
        set_hovers.set(false);
        event.prevent_default();
        let Some(data) = event.data_transfer() else { return };
        match given(&data, "text/uri-list") {
            Some(Given::File(file)) => {
                let pictures = data.files().as_ref().map(pictures).unwrap_or_default();
                take_file(twill, file);
                if pictures.len() > 1 {
                    twill.wardrobe.dropped.set(pictures);
                }
            }
            Some(Given::Address(address)) => on_address(address),
            None => twill.complain(FaultKind::Photo, texts::NO_PICTURE_DROPPED),
        }
    });
    let _ = window_event_listener(ev::paste, move |event| {
        let Some(data) = event.clipboard_data() else { return };
        let is_for_a_field =
            event.target().is_some_and(|target| target.dyn_into::<HtmlInputElement>().is_ok());
        match given(&data, "text/plain") {
            Some(Given::File(file)) => take_file(twill, file),
            // The field takes it by itself.
            _ if is_for_a_field => {}
            Some(Given::Address(address)) => on_address(address),
            None => twill.complain(FaultKind::Photo, texts::NO_PICTURE_PASTED),
        }
    });
    hovers
}

/// Takes a catalogue item's picture as if it were a photo.
pub async fn take_sample(twill: Twill, item: Item) {
    match fetch_picture(&item.image).await {
        Ok(blob) => twill.find(blob, item.title.unwrap_or_else(|| texts::name(&item.category))),
        Err(_) => twill.complain(FaultKind::Photo, texts::SAMPLE_LOST),
    }
}

/// What a drop or a paste holds.
enum Given {
    File(File),
    Address(String),
}

/// A file, else an address among the texts of type `kind`.
fn given(data: &DataTransfer, kind: &str) -> Option<Given> {
    if let Some(file) = data.files().as_ref().and_then(first_picture) {
        return Some(Given::File(file));
    }
    let text = data.get_data(kind).ok()?;
    let address = text.lines().map(str::trim).find(|line| address::is_address(line))?;
    Some(Given::Address(address.to_owned()))
}

fn take_file(twill: Twill, file: File) {
    let name = file.name();
    twill.find(file.into(), name);
}

/// The first picture, or else the first file: it will be told what is wrong with it.
fn first_picture(files: &FileList) -> Option<File> {
    let all = || (0..files.length()).filter_map(|index| files.get(index));
    all().find(|file| file.type_().starts_with("image/")).or_else(|| all().next())
}

/// All pictures.
fn pictures(files: &FileList) -> Vec<File> {
    (0..files.length()).filter_map(|index| files.get(index)).filter(is_picture).collect()
}

/// Whether what hovers is a file, or an address as of a picture that is dragged out of another page.
fn holds_something(data: &DataTransfer) -> bool {
    ["Files", "text/uri-list"].into_iter().any(|kind| data.types().includes(&JsValue::from_str(kind), 0))
}

async fn fetch_picture(address: &str) -> Result<Blob, JsValue> {
    let response: Response = JsFuture::from(window().fetch_with_str(address)).await?.dyn_into()?;
    if !response.ok() {
        return Err(JsValue::NULL);
    }
    JsFuture::from(response.blob()?).await?.dyn_into()
}
