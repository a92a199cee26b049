//! Large feature files, of which every piece that has a hash is kept in the browser's private files (OPFS).
//!
//! What is kept is not fetched again; a new version of a catalogue has most pieces in common with the old one, and those are not
//! fetched either. A piece is believed when it has the hash that the file's head says, and the whole file is checked as any other.
//! Where the browser keeps nothing (private windows, no room left), everything is fetched as ever.

use std::collections::HashSet;

use futures::future::LocalBoxFuture;
use js_sys::{Array, Uint8Array};
use model::catalogue::CatalogueCard;
use model::feature_file::{FeatureStream, Piece, bytes_before_codes};
use model::hash::{sha256, sha256_hex, to_hex};
use wasm_bindgen::prelude::*;

use crate::worker::arrival::Arrival;
use crate::worker::fetch::{Sink, Wanted, fetch_into};
use twill_app::protocol::Fault;

#[wasm_bindgen]
extern "C" {
    // Of `blocks.js`.
    #[wasm_bindgen(js_namespace = twillBlocks, js_name = open, catch)]
    async fn open_folder(catalogue: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = twillBlocks, js_name = names, catch)]
    async fn list(folder: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = twillBlocks, catch)]
    async fn read(folder: &JsValue, name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = twillBlocks, catch)]
    async fn write(folder: &JsValue, name: &str, bytes: Uint8Array) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = twillBlocks, catch)]
    async fn remove(folder: &JsValue, name: &str) -> Result<JsValue, JsValue>;
}

/// The pieces that are kept of a catalogue.
pub(super) struct Kept {
    /// None where the browser keeps nothing.
    folder: Option<JsValue>,
    names: HashSet<String>,
    /// Those of this version of the file; none where it is not kept.
    current: HashSet<String>,
    /// The head of this version, with its name, until the whole file has been found right.
    head: Option<(String, Vec<u8>)>,
    /// Whether there is room for more.
    has_room: bool,
}

impl Kept {
    /// Looks what is there of the catalogue whose card has this address; nothing of it is used where `is_retry`.
    pub(super) async fn open(catalogue: &str, is_retry: bool) -> Self {
        let address = sha256_hex(catalogue.as_bytes());
        let (names, current) = Default::default();
        let mut kept = Self { folder: None, names, current, head: None, has_room: true };
        let Ok(folder) = open_folder(&address[..32]).await else { return kept };
        let Ok(listed) = list(&folder).await else { return kept };
        kept.names = Array::from(&listed).iter().filter_map(|name| name.as_string()).collect();
        kept.folder = Some(folder);
        if is_retry {
            kept.forget().await;
            kept.names.clear();
        }
        kept
    }

    async fn get(&self, name: &str) -> Option<Vec<u8>> {
        let folder = self.folder.as_ref().filter(|_| self.names.contains(name))?;
        let bytes = read(folder, name).await.ok()?;
        Some(bytes.dyn_into::<Uint8Array>().ok()?.to_vec())
    }

    /// Keeps a piece; where that fails, it is fetched again the next time.
    async fn put(&mut self, name: &str, bytes: &[u8]) {
        let Some(folder) = self.folder.as_ref().filter(|_| self.has_room && !self.names.contains(name))
        else {
            return;
        };
        if write(folder, name, Uint8Array::from(bytes)).await.is_ok() {
            self.names.insert(name.to_owned());
        } else {
            // Half a piece is of no use, and what has no room now will hardly have some for the next one.
            drop(remove(folder, name).await);
            self.has_room = false;
        }
    }

    /// Once all of a file has been found right: keeps its head, and lets go of what is of other versions.
    pub(super) async fn settle(mut self) {
        if let Some((name, head)) = self.head.take() {
            self.let_go(|name| !self.current.contains(name)).await;
            self.has_room = true;
            self.put(&name, &head).await;
        }
    }

    /// Once a file has been found wrong: lets go of everything.
    pub(super) async fn forget(&self) {
        self.let_go(|_| true).await;
    }

    async fn let_go(&self, is_old: impl Fn(&str) -> bool) {
        let Some(folder) = &self.folder else { return };
        for name in self.names.iter().filter(|name| is_old(name)) {
            // Another tab may have done it, or be reading it still.
            drop(remove(folder, name).await);
        }
    }
}

/// Fetches what is missing of a feature file and takes the rest from what is kept. `wanted` is the file; `on_bytes` hears of every byte,
/// once, wherever it is from.
pub(super) async fn fetch_rest(
    wanted: &dyn Fn() -> Wanted,
    card: &CatalogueCard,
    kept: &mut Kept,
    arrival: &mut Arrival<'_>,
    on_bytes: &dyn Fn(usize),
) -> Result<(), Fault> {
    if kept.folder.is_none() || !wanted().is_own() || arrival.count() > 0 {
        return fetch_into(wanted(), arrival, on_bytes).await;
    }
    let head = bytes_before_codes(card.count, card.dimension).filter(|head| *head < card.features.bytes);
    let Some(head) = head else { return fetch_into(wanted(), arrival, on_bytes).await };
    let name = format!("head-{}", card.features.sha256);
    let known = kept.get(&name).await.filter(|bytes| bytes.len() as u64 == head && is_head(bytes));
    if let Some(bytes) = known {
        on_bytes(bytes.len());
        arrival.take(&bytes).await?;
        kept.head = Some((name.clone(), bytes));
    } else {
        // Its hash is not known: it is kept once the whole file has been found right.
        let first = [Piece { start: 0, end: head, hash: [0; 32] }];
        let mut noting = Keeping { arrival, kept: None, run: &first, piece: Vec::new() };
        fetch_into(wanted().before(Some(head)), &mut noting, on_bytes).await?;
        kept.head = Some((name.clone(), noting.piece));
    }
    if arrival.count() as u64 != head {
        // The host gives no parts: what has come is used, and nothing is kept.
        kept.head = None;
        return rest_at_once(wanted, card, arrival, on_bytes).await;
    }
    kept.current.insert(name);
    let pieces = arrival.pieces();
    kept.current.extend(pieces.iter().map(|piece| to_hex(&piece.hash)));
    let mut rest = pieces.as_slice();
    while let Some((piece, others)) = rest.split_first() {
        let is_kept = |piece: &Piece| kept.names.contains(&to_hex(&piece.hash));
        if let Some(bytes) = kept.get(&to_hex(&piece.hash)).await.filter(|bytes| sha256(bytes) == piece.hash)
        {
            on_bytes(bytes.len());
            arrival.take(&bytes).await?;
            rest = others;
            continue;
        }
        // All in one request up to the next one that is there.
        let count = 1 + others.iter().take_while(|piece| !is_kept(piece)).count();
        let (run, others) = rest.split_at(count);
        rest = others;
        let end = run.last().map(|piece| piece.end);
        let mut keeping = Keeping { arrival, kept: Some(kept), run, piece: Vec::new() };
        fetch_into(wanted().before(end), &mut keeping, on_bytes).await?;
        if arrival.count() as u64 != end.unwrap_or_default() {
            // The host gave more than it was asked for.
            break;
        }
    }
    rest_at_once(wanted, card, arrival, on_bytes).await
}

/// Whatever has not arrived by now, where anything has not.
async fn rest_at_once(
    wanted: &dyn Fn() -> Wanted,
    card: &CatalogueCard,
    arrival: &mut Arrival<'_>,
    on_bytes: &dyn Fn(usize),
) -> Result<(), Fault> {
    if arrival.count() as u64 >= card.features.bytes {
        return Ok(());
    }
    fetch_into(wanted(), arrival, on_bytes).await
}

/// Whether these bytes are the start of a feature file, up to its codes.
fn is_head(bytes: &[u8]) -> bool {
    let mut stream = FeatureStream::new();
    stream.push(bytes).is_ok() && !stream.pieces().is_empty()
}

/// What arrives of some pieces, one after the other, each of which is kept when it is whole.
struct Keeping<'a, 'b> {
    arrival: &'a mut Arrival<'b>,
    /// None where the first piece is only noted.
    kept: Option<&'a mut Kept>,
    run: &'a [Piece],
    /// What has arrived of the first of them.
    piece: Vec<u8>,
}

impl Sink for Keeping<'_, '_> {
    fn restart(&mut self) {
        self.run = &[];
        self.piece.clear();
        self.arrival.restart();
    }

    fn count(&self) -> usize {
        self.arrival.count()
    }

    fn patience_ms(&self) -> Option<i32> {
        self.arrival.patience_ms()
    }

    fn wait(&mut self) -> LocalBoxFuture<'_, ()> {
        self.arrival.wait()
    }

    fn take<'a>(&'a mut self, bytes: &'a [u8]) -> LocalBoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            self.arrival.take(bytes).await?;
            let mut bytes = bytes;
            while let Some((piece, others)) = self.run.split_first() {
                let length = usize::try_from(piece.end - piece.start).unwrap_or(usize::MAX);
                let (own, further) = bytes.split_at(bytes.len().min(length - self.piece.len()));
                self.piece.extend_from_slice(own);
                bytes = further;
                if self.piece.len() < length {
                    break;
                }
                self.run = others;
                let Some(kept) = &mut self.kept else { break };
                kept.put(&to_hex(&piece.hash), &self.piece).await;
                self.piece.clear();
            }
            Ok(())
        })
    }
}
