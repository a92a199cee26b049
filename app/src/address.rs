//! A picture by its address: fetched because a person gave it, and for no other reason.
//!
//! The server learns that somebody wants this picture, which it would of anyone who looks at it; neither where it is looked
//! at from nor who the person is to it. The answer is bounded in bytes whatever it claims to be.

use js_sys::{Array, Reflect, Uint8Array};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Blob, ReadableStreamDefaultReader, Request, RequestInit, Response, Url};

/// The most bytes that are taken; the worker would read no more either.
const MAX_BYTES: f64 = 128.0 * 1024.0 * 1024.0;
/// The longest name of a picture, in characters.
const MAX_NAME: usize = 60;

/// Why an address gives no picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// What was typed is no address.
    NoAddress,
    /// No connection, no such server, or one that does not let other pages read its pictures: browsers do not tell which.
    Unreachable,
    /// The server's answer is this HTTP status.
    Status(u16),
    /// There is a page at that address.
    Page,
    /// More bytes than any photo has.
    TooLarge,
    /// It took too long.
    Slow,
}

/// Reads what a person typed. `https://` may be left out.
#[must_use]
pub fn read(text: &str) -> Option<String> {
    let text = text.trim();
    if is_address(text) {
        return Url::new(text).ok().map(|url| url.href());
    }
    let looks_like_one = text.contains('.') && !text.contains(char::is_whitespace) && !text.contains("://");
    if !looks_like_one {
        return None;
    }
    Url::new(&format!("https://{text}")).ok().map(|url| url.href())
}

/// Whether a text that nobody called an address is one.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let text = text.trim();
    let begins = |start: &str| text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    !text.contains(char::is_whitespace) && ["http://", "https://", "data:image/"].into_iter().any(begins)
}

/// What to call the picture at `address`: its file's name, else nothing.
#[must_use]
pub fn name(address: &str) -> String {
    let url = Url::new(address).ok().filter(|url| url.protocol() != "data:");
    let path = url.map(|url| url.pathname()).unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().chars().take(MAX_NAME).collect()
}

/// Fetches the file at `address`. Whether it is a picture is for the worker to find out.
pub async fn fetch(address: &str, signal: &AbortSignal) -> Result<Blob, Refusal> {
    let broken = |_| if signal.aborted() { Refusal::Slow } else { Refusal::Unreachable };
    let response = request(address, signal).await.map_err(broken)?;
    if !response.ok() {
        return Err(Refusal::Status(response.status()));
    }
    let header = |name: &str| response.headers().get(name).ok().flatten();
    if header("content-type").is_some_and(|kind| kind.trim_start().starts_with("text/html")) {
        return Err(Refusal::Page);
    }
    let announced = header("content-length").and_then(|length| length.parse::<f64>().ok());
    if announced.is_some_and(|length| length > MAX_BYTES) {
        return Err(Refusal::TooLarge);
    }
    body(&response).await.map_err(broken)?.ok_or(Refusal::TooLarge)
}

async fn request(address: &str, signal: &AbortSignal) -> Result<Response, JsValue> {
    let options = RequestInit::new();
    options.set_signal(Some(signal));
    for (name, value) in [("referrerPolicy", "no-referrer"), ("credentials", "omit")] {
        Reflect::set(&options, &name.into(), &value.into())?;
    }
    let request = Request::new_with_str_and_init(address, &options)?;
    JsFuture::from(window().fetch_with_request(&request)).await?.dyn_into()
}

/// The answer's bytes; nothing where there are too many.
async fn body(response: &Response) -> Result<Option<Blob>, JsValue> {
    let pieces = Array::new();
    let mut bytes = 0.0;
    if let Some(body) = response.body() {
        let reader: ReadableStreamDefaultReader = body.get_reader().dyn_into()?;
        loop {
            let read = JsFuture::from(reader.read()).await?;
            if Reflect::get(&read, &"done".into())?.is_truthy() {
                break;
            }
            let piece: Uint8Array = Reflect::get(&read, &"value".into())?.dyn_into()?;
            bytes += f64::from(piece.length());
            if bytes > MAX_BYTES {
                // Nobody waits for the outcome of giving up.
                let _ = reader.cancel();
                return Ok(None);
            }
            pieces.push(&piece);
        }
    }
    Blob::new_with_u8_array_sequence(&pieces).map(Some)
}

#[cfg(feature = "browser-tests")]
mod tests {
    use super::{is_address, name, read};
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn addresses_are_told_from_other_texts() {
        assert_eq!(read(" https://shop.example/a.jpg\n").as_deref(), Some("https://shop.example/a.jpg"));
        assert_eq!(read("shop.example/a.jpg").as_deref(), Some("https://shop.example/a.jpg"));
        assert!(read("data:image/png;base64,AAAA").is_some());
        for text in ["", "a blue shirt. With stripes.", "shirt", "javascript:alert(1.5)", "file:///a.jpg"] {
            assert!(read(text).is_none_or(|address| address.starts_with("https://")), "{text}");
        }
        assert!(read("file:///etc/a.jpg").is_none());
        assert!(is_address("HTTP://shop.example/") && !is_address("shop.example/a.jpg"));
        assert!(!is_address("https://shop.example/ and more"));
        assert!(!is_address("données"));
    }

    #[wasm_bindgen_test]
    fn a_picture_is_called_by_its_file() {
        assert_eq!(name("https://shop.example/red/shirt.jpg?size=2#top"), "shirt.jpg");
        assert_eq!(name("https://shop.example/"), "");
        assert_eq!(name("data:image/png;base64,AAAA"), "");
        assert_eq!(name(&format!("https://shop.example/{}", "x".repeat(500))).len(), 60);
    }
}
