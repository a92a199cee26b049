//! Downloads with progress, bounds and an understandable word when they fail.
//!
//! What a network does is tried again, after longer and longer pauses and from where it broke off; what a host says for sure (a
//! file is not there, or longer than it may be) is not. Whether the bytes are the right ones is found out by their checksum.

use std::future::ready;
use std::ops::Range;

use futures::future::{Either, LocalBoxFuture, select};
use js_sys::{Promise, Reflect, Uint8Array};
use model::weights::FileReference;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, Request, RequestCache, RequestInit, Response, Url};

use crate::worker::scope;
use twill_app::protocol::{Fault, FaultKind, Message};
use twill_app::texts;

/// Milliseconds before each further attempt.
const PAUSES: [i32; 3] = [300, 1000, 3000];

/// No description of a model or a catalogue comes near this length in bytes.
const MAX_CARD: u64 = 4 << 20;

/// No picture of an item comes near this length in bytes.
const MAX_PICTURE: u64 = 32 << 20;

/// A file to download.
pub(super) struct Wanted {
    /// Absolute address.
    pub(super) address: String,
    /// Where it is cut into parts, the address of each and its length, in order.
    pub(super) parts: Vec<(String, u64)>,
    /// What it is a part of.
    pub(super) kind: FaultKind,
    /// At most so many bytes are accepted.
    pub(super) max_bytes: u64,
    /// How to use the browser's cache.
    pub(super) cache: RequestCache,
    /// Where only the bytes before this one are asked for. A host that gives no parts gives all.
    pub(super) until: Option<u64>,
}

impl Wanted {
    /// A card: small, and always the newest, for it names all other files.
    pub(super) fn card(address: &str, kind: FaultKind) -> Self {
        Self {
            address: address.to_owned(),
            parts: Vec::new(),
            kind,
            max_bytes: MAX_CARD,
            cache: RequestCache::NoCache,
            until: None,
        }
    }

    /// A file named by a card, beside it. Its name changes with its contents, so the cache may keep it; `is_retry` passes by
    /// the cache, which may hold what was wrong the last time.
    pub(super) fn beside(card: &str, file: &FileReference, kind: FaultKind, is_retry: bool) -> Self {
        let cache = if is_retry { RequestCache::Reload } else { RequestCache::Default };
        let parts = file.parts.iter().map(|part| (resolve(&part.file, card), part.bytes)).collect();
        Self { address: resolve(&file.file, card), parts, kind, max_bytes: file.bytes, cache, until: None }
    }

    /// An item's picture.
    pub(super) fn picture(address: &str) -> Self {
        let (kind, cache) = (FaultKind::Network, RequestCache::Default);
        let address = address.to_owned();
        Self { address, parts: Vec::new(), kind, max_bytes: MAX_PICTURE, cache, until: None }
    }

    /// What comes before byte `until` will do for now. Only of the page's own host: others would have to allow more than plain requests.
    pub(super) fn before(self, until: Option<u64>) -> Self {
        Self { until: until.filter(|until| self.is_own() && *until < self.max_bytes), ..self }
    }

    /// Whether the page's own host has it.
    pub(super) fn is_own(&self) -> bool {
        let origin = Url::new(&self.address).map(|url| url.origin());
        origin.is_ok_and(|origin| origin == scope().location().origin())
    }

    /// The address of what has byte `start` of the file, and which of its bytes are there.
    fn place(&self, start: u64) -> (&str, Range<u64>) {
        let mut from = 0;
        for (address, bytes) in &self.parts {
            let place = from..from + bytes;
            if place.contains(&start) {
                return (address, place);
            }
            from = place.end;
        }
        (&self.address, 0..self.max_bytes)
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

/// Where the bytes of a file go as they arrive.
pub(super) trait Sink {
    /// What is there is of no use: it all comes again.
    fn restart(&mut self);
    /// How many bytes are there.
    fn count(&self) -> usize;
    /// After how many milliseconds without a byte [`Sink::wait`] is called; none for never.
    fn patience_ms(&self) -> Option<i32> {
        None
    }
    /// Does what can be done while nothing comes.
    fn wait(&mut self) -> LocalBoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
    /// Takes the next bytes. Fails where it is clear that they are the wrong ones.
    fn take<'a>(&'a mut self, piece: &'a [u8]) -> LocalBoxFuture<'a, Result<(), Fault>>;
}

impl Sink for Vec<u8> {
    fn restart(&mut self) {
        self.clear();
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn take<'a>(&'a mut self, piece: &'a [u8]) -> LocalBoxFuture<'a, Result<(), Fault>> {
        self.extend_from_slice(piece);
        Box::pin(ready(Ok(())))
    }
}

/// Downloads one file. `on_bytes` hears the length of every piece that arrives, once.
pub(super) async fn fetch(wanted: Wanted, on_bytes: &dyn Fn(usize)) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    fetch_into(wanted, &mut bytes, on_bytes).await?;
    Ok(bytes)
}

/// What became of asking for a part of a file.
pub(super) enum Piece {
    /// Only that came.
    Part(Vec<u8>),
    /// All of the file.
    Whole(Vec<u8>),
}

/// A part of a file that is on its way.
struct Part {
    /// Bytes of the file before it.
    from: usize,
    bytes: Vec<u8>,
}

impl Sink for Part {
    fn restart(&mut self) {
        self.from = 0;
        self.bytes.clear();
    }

    fn count(&self) -> usize {
        self.from + self.bytes.len()
    }

    fn take<'a>(&'a mut self, piece: &'a [u8]) -> LocalBoxFuture<'a, Result<(), Fault>> {
        self.bytes.take(piece)
    }
}

/// Downloads these bytes of a file, where its host gives parts, and all of them where not. `on_bytes` hears the length of every piece
/// that arrives, once.
pub(super) async fn fetch_piece(
    wanted: Wanted,
    place: Range<u64>,
    on_bytes: &dyn Fn(usize),
) -> Result<Piece, Fault> {
    let [start, end] = [place.start, place.end].map(|byte| usize::try_from(byte).unwrap_or(usize::MAX));
    let mut part = Part { from: if wanted.is_own() { start } else { 0 }, bytes: Vec::new() };
    fetch_into(wanted.before(Some(place.end)), &mut part, on_bytes).await?;
    if part.from == 0 && part.count() > end {
        return Ok(Piece::Whole(part.bytes));
    }
    // Where more came than was asked for; what is missing, the hash will tell.
    let mut bytes = part.bytes;
    bytes.drain(..start.saturating_sub(part.from).min(bytes.len()));
    bytes.truncate(end - start);
    Ok(Piece::Part(bytes))
}

/// [`fetch`] for who uses the bytes as they arrive. What the sink has already is not asked for again, where the host gives parts.
pub(super) async fn fetch_into(
    wanted: Wanted,
    sink: &mut dyn Sink,
    on_bytes: &dyn Fn(usize),
) -> Result<(), Fault> {
    let told = sink.count();
    let mut download = Download { wanted, sink, is_resumable: told > 0, told };
    let mut pauses = PAUSES.into_iter();
    loop {
        let before = download.sink.count();
        match download.attempt(on_bytes).await {
            Ok(()) if download.has_further_part() && download.sink.count() != before => {}
            Ok(()) => return Ok(()),
            Err(Trouble::Final(fault)) => return Err(fault),
            Err(Trouble::Passing(fault)) => match pauses.next() {
                Some(milliseconds) => pause(milliseconds).await,
                None => return Err(fault),
            },
        }
    }
}

/// Why an attempt came to nothing.
enum Trouble {
    /// Another may succeed.
    Passing(Fault),
    /// No other will.
    Final(Fault),
}

/// A file on its way.
struct Download<'a> {
    wanted: Wanted,
    /// Has what has arrived of it, from the start.
    sink: &'a mut dyn Sink,
    /// Whether the rest can be asked for alone.
    is_resumable: bool,
    /// How many bytes the listener has heard of.
    told: usize,
}

impl Download<'_> {
    /// Whether a part has come to its end and another one is to come.
    fn has_further_part(&self) -> bool {
        let start = self.sink.count() as u64;
        let end = self.wanted.until.unwrap_or(self.wanted.max_bytes);
        !self.wanted.parts.is_empty() && start > 0 && start < end && self.wanted.place(start).1.start == start
    }

    async fn attempt(&mut self, on_bytes: &dyn Fn(usize)) -> Result<(), Trouble> {
        let passing = |fault| Err(Trouble::Passing(fault));
        let failed = |fault| Err(Trouble::Final(fault));
        // A part begins as any file does.
        let begins = |start: usize| start as u64 == self.wanted.place(start as u64).1.start;
        if !self.is_resumable && !begins(self.sink.count()) {
            self.sink.restart();
        }
        let start = self.sink.count();
        let is_all = !self.wanted.parts.is_empty() && start as u64 == self.wanted.max_bytes;
        if is_all || self.wanted.until.is_some_and(|until| start as u64 >= until) {
            return Ok(());
        }
        let place = self.wanted.place(start as u64).1;
        let until = self.wanted.until.filter(|until| *until < place.end);
        let from = (start as u64 - place.start) as usize;
        let Ok(response) = request(&self.wanted, start, until).await else {
            return passing(self.wanted.interrupted());
        };
        let headers = response.headers();
        let header = |name| headers.get(name).ok().flatten();
        // A host that answers everything with its start page means that it does not have the file.
        let is_page = header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        let status = response.status();
        if is_passing(status) {
            return passing(self.wanted.fault(texts::file_refused(self.wanted.name(), status)));
        }
        if status == 404 || is_page {
            return failed(self.wanted.fault(texts::file_missing(self.wanted.name())));
        }
        // Of a compressed answer, parts are parts of something else.
        let is_compressed = header("content-encoding").is_some_and(|encoding| encoding != "identity");
        let is_asked = !is_compressed && header("content-range").is_some_and(|range| starts_at(&range, from));
        if (from > 0 || until.is_some()) && !(status == 206 && is_asked) {
            // All of it after all, or another part than the one asked for.
            self.is_resumable = false;
            self.wanted.until = None;
            if start > 0 && (status != 200 || place.start > 0) || matches!(status, 206 | 416) {
                return passing(self.wanted.interrupted());
            }
            self.sink.restart();
        }
        if !response.ok() {
            return failed(self.wanted.fault(texts::file_refused(self.wanted.name(), status)));
        }
        self.is_resumable = !is_compressed;
        // What cannot be compressed may be announced as longer than it is.
        let announced = header("content-length").filter(|_| !is_compressed);
        let announced = announced.and_then(|length| length.parse::<u64>().ok());
        let whole = announced.map(|length| length.saturating_add(self.sink.count() as u64));
        if whole.is_some_and(|length| length > place.end) {
            return failed(
                self.wanted.fault(texts::file_too_long(self.wanted.name(), self.wanted.max_bytes)),
            );
        }
        self.read_body(&response, place.end, on_bytes).await
    }

    /// Reads an answer, which ends at byte `most` of the file or before.
    async fn read_body(
        &mut self,
        response: &Response,
        most: u64,
        on_bytes: &dyn Fn(usize),
    ) -> Result<(), Trouble> {
        let Some(body) = response.body() else { return Ok(()) };
        let interrupted = |wanted: &Wanted| Trouble::Passing(wanted.interrupted());
        let reader: ReadableStreamDefaultReader =
            body.get_reader().dyn_into().map_err(|_| interrupted(&self.wanted))?;
        loop {
            let mut piece = JsFuture::from(reader.read());
            let piece = loop {
                let Some(ms) = self.sink.patience_ms() else { break piece.await };
                match select(piece, Box::pin(pause(ms))).await {
                    Either::Left((piece, _)) => break piece,
                    Either::Right(((), late)) => piece = late,
                }
                self.sink.wait().await;
            };
            let piece = piece.map_err(|_| interrupted(&self.wanted))?;
            let is_done = Reflect::get(&piece, &"done".into()).is_ok_and(|done| done.is_truthy());
            if is_done {
                return Ok(());
            }
            let piece: Uint8Array = Reflect::get(&piece, &"value".into())
                .and_then(JsCast::dyn_into)
                .map_err(|_| interrupted(&self.wanted))?;
            let start = self.sink.count();
            let end = start + piece.length() as usize;
            if end as u64 > most {
                // Nobody waits for the outcome of giving up.
                let _ = reader.cancel();
                let message = texts::file_too_long(self.wanted.name(), self.wanted.max_bytes);
                return Err(Trouble::Final(self.wanted.fault(message)));
            }
            self.sink.take(&piece.to_vec()).await.map_err(Trouble::Final)?;
            // What comes a second time is no progress.
            if end > self.told {
                on_bytes(end - self.told.max(start));
                self.told = end;
            }
        }
    }
}

/// What a host says when it is too busy or broken for the moment.
const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// Whether a `Content-Range` begins at this byte.
fn starts_at(range: &str, byte: usize) -> bool {
    range
        .strip_prefix("bytes ")
        .and_then(|range| range.split('-').next())
        .is_some_and(|first| first.parse() == Ok(byte))
}

/// Asks for a file, or the part of it that has byte `start`, from there on and before byte `until`.
async fn request(wanted: &Wanted, start: usize, until: Option<u64>) -> Result<Response, JsValue> {
    let options = RequestInit::new();
    options.set_cache(wanted.cache);
    let (address, place) = wanted.place(start as u64);
    let request = Request::new_with_str_and_init(address, &options)?;
    let from = start as u64 - place.start;
    let last = until.map(|until| (until - place.start).saturating_sub(1).to_string());
    if from > 0 || last.is_some() {
        request.headers().set("range", &format!("bytes={from}-{}", last.unwrap_or_default()))?;
    }
    JsFuture::from(scope().fetch_with_request(&request)).await?.dyn_into()
}

/// Waits.
pub(super) async fn pause(milliseconds: i32) {
    let promise = Promise::new(&mut |resolve, _| {
        // Where no timer can be had, there is no pause.
        if scope().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds).is_err() {
            let _ = resolve.call0(&JsValue::NULL);
        }
    });
    // It is never rejected.
    let _ = JsFuture::from(promise).await;
}
