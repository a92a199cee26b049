//! Downloads with progress, bounds and an understandable word when they fail.

use futures::future::try_join3;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, Request, RequestCache, RequestInit, Response, Url};

use crate::worker::scope;
use twill_app::protocol::{Fault, FaultKind, Message};
use twill_app::texts;

/// No description of a model or a catalogue comes near this length in bytes.
const MAX_CARD: u64 = 4 << 20;

/// A file to download.
pub(super) struct Wanted {
    /// Absolute address.
    pub(super) address: String,
    /// What it is a part of.
    pub(super) kind: FaultKind,
    /// At most so many bytes are accepted.
    pub(super) max_bytes: u64,
    /// How to use the browser's cache.
    pub(super) cache: RequestCache,
}

impl Wanted {
    /// A card: small, and always the newest, for it names all other files.
    pub(super) fn card(address: &str, kind: FaultKind) -> Self {
        Self { address: address.to_owned(), kind, max_bytes: MAX_CARD, cache: RequestCache::NoCache }
    }

    /// A file named by a card, beside it. Its name changes with its contents, so the cache may keep it; `is_retry` passes by
    /// the cache, which may hold what was wrong the last time.
    pub(super) fn beside(card: &str, file: &str, bytes: u64, kind: FaultKind, is_retry: bool) -> Self {
        let cache = if is_retry { RequestCache::Reload } else { RequestCache::Default };
        Self { address: resolve(file, card), kind, max_bytes: bytes, cache }
    }

    fn name(&self) -> &str {
        let path = self.address.split(['?', '#']).next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default()
    }

    fn fault(&self, message: Message) -> Fault {
        Fault::new(self.kind, message)
    }

    fn interrupted(&self) -> Fault {
        Fault::new(FaultKind::Network, texts::download_interrupted(self.name()))
    }
}

/// `path` as seen from the file at `base`, in full.
pub(super) fn resolve(path: &str, base: &str) -> String {
    Url::new_with_base(path, base).map_or_else(|_| path.to_owned(), |url| url.href())
}

/// Three downloads at once.
pub(super) async fn fetch_three(
    [first, second, third]: [Wanted; 3],
    on_bytes: &dyn Fn(usize),
) -> Result<(Vec<u8>, Vec<u8>, Vec<u8>), Fault> {
    try_join3(fetch(first, on_bytes), fetch(second, on_bytes), fetch(third, on_bytes)).await
}

/// Downloads one file. `on_bytes` hears the length of every piece that arrives.
pub(super) async fn fetch(wanted: Wanted, on_bytes: &dyn Fn(usize)) -> Result<Vec<u8>, Fault> {
    let response = request(&wanted).await.map_err(|_| wanted.interrupted())?;
    let headers = response.headers();
    // A host that answers everything with its start page means that it does not have the file.
    let is_page =
        headers.get("content-type").ok().flatten().is_some_and(|kind| kind.starts_with("text/html"));
    if response.status() == 404 || is_page {
        return Err(wanted.fault(texts::file_missing(wanted.name())));
    }
    if !response.ok() {
        return Err(wanted.fault(texts::file_refused(wanted.name(), response.status())));
    }
    let announced =
        headers.get("content-length").ok().flatten().and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > wanted.max_bytes) {
        return Err(wanted.fault(texts::file_too_long(wanted.name(), wanted.max_bytes)));
    }
    read_body(&response, &wanted, on_bytes).await
}

async fn request(wanted: &Wanted) -> Result<Response, JsValue> {
    let options = RequestInit::new();
    options.set_cache(wanted.cache);
    let request = Request::new_with_str_and_init(&wanted.address, &options)?;
    JsFuture::from(scope().fetch_with_request(&request)).await?.dyn_into()
}

async fn read_body(response: &Response, wanted: &Wanted, on_bytes: &dyn Fn(usize)) -> Result<Vec<u8>, Fault> {
    let Some(body) = response.body() else { return Ok(Vec::new()) };
    let reader: ReadableStreamDefaultReader =
        body.get_reader().dyn_into().map_err(|_| wanted.interrupted())?;
    let mut bytes = Vec::new();
    loop {
        let piece = JsFuture::from(reader.read()).await.map_err(|_| wanted.interrupted())?;
        let is_done = Reflect::get(&piece, &"done".into()).is_ok_and(|done| done.is_truthy());
        if is_done {
            return Ok(bytes);
        }
        let piece: Uint8Array = Reflect::get(&piece, &"value".into())
            .and_then(JsCast::dyn_into)
            .map_err(|_| wanted.interrupted())?;
        let start = bytes.len();
        let end = start + piece.length() as usize;
        if end as u64 > wanted.max_bytes {
            // Nobody waits for the outcome of giving up.
            let _ = reader.cancel();
            return Err(wanted.fault(texts::file_too_long(wanted.name(), wanted.max_bytes)));
        }
        bytes.resize(end, 0);
        piece.copy_to(&mut bytes[start..]);
        on_bytes(end - start);
    }
}
