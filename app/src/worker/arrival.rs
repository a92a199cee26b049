//! A catalogue's feature file on its way: checked as it arrives, and searched for who waits.
//!
//! Of a small file the codes come first, and the vectors after the first answer; a large one comes in one piece, and is searched on its way.
//! Every block of codes has its own hash and is searched only after that was right; the rest, and the whole file's hash, are
//! checked once everything is there. Until then answers are a foretaste: they come a few times a second at most, and the
//! answer that counts follows.

use std::cell::RefCell;
use std::rc::Rc;

use ::image::RgbImage;
use futures::future::LocalBoxFuture;
use js_sys::Date;
use model::Error;
use model::catalogue::CatalogueCard;
use model::crop::CropBox;
use model::embedder::{Embedder, Embedding};
use model::feature_file::{FeatureFile, FeatureStream, Piece};
use model::hash::Hasher;
use model::search::{Filter as Rows, Request, search_stream};

use crate::worker::fetch::{Sink, pause};
use crate::worker::items::Store;
use crate::worker::{facets, fault, post, tell};
use twill_app::protocol::{Answer, Fault, Filter, MOST_RESULTS, Scope};

/// Milliseconds between two answers to the same question.
const PAUSE_MS: f64 = 400.0;
/// Milliseconds that the page has for showing the first answer, before what proves it competes for the line and the processor.
const SHOW_MS: i32 = 60;

/// A question about a photo that waits for the catalogue.
pub(super) struct Waiting {
    /// Id of the request.
    pub(super) id: u32,
    /// The photo.
    pub(super) photo: Rc<RgbImage>,
    /// The part of it that the person chose.
    pub(super) crop: Option<CropBox>,
    /// Which items may be found.
    pub(super) filter: Filter,
    /// What the network sees in it, once it has looked.
    pub(super) seen: RefCell<Option<Embedding>>,
}

/// Whoever waits now.
pub(super) type Queue = RefCell<Option<Rc<Waiting>>>;

/// What is known of a catalogue before its vectors are there.
#[derive(Clone, Copy)]
pub(super) struct Shelf<'a> {
    /// The network.
    pub(super) embedder: &'a Embedder,
    /// catalogue.json.
    pub(super) card: &'a CatalogueCard,
    /// All items.
    pub(super) items: &'a Store,
    /// Who waits.
    pub(super) queue: &'a Queue,
}

/// A feature file on its way.
#[derive(Default)]
pub(super) struct Arrival<'a> {
    stream: FeatureStream,
    hasher: Hasher,
    /// What is searched for who waits, where anything is.
    shelf: Option<Shelf<'a>>,
    last: Last,
}

/// The last answer that was given early.
#[derive(Default)]
struct Last {
    id: u32,
    rows: usize,
    ms: f64,
}

impl<'a> Arrival<'a> {
    /// Answers who waits from now on, and at once where what is there can be searched.
    pub(super) async fn serve(&mut self, shelf: Shelf<'a>) -> Result<(), Fault> {
        self.shelf = Some(shelf);
        self.look().await.map_err(|error| fault::of(&error))?;
        if self.last.rows > 0 {
            pause(SHOW_MS).await;
        }
        Ok(())
    }

    /// The file, all of which is there, checked against the hash that `card` names.
    pub(super) fn finish(self, card: &CatalogueCard) -> Result<FeatureFile, Fault> {
        let (bytes, _) = self.stream.progress();
        let check = card.features.check_hash(bytes, self.hasher.finish());
        check
            .map_err(|reason| Error::InvalidFeatureFile { reason })
            .and_then(|()| self.stream.finish())
            .map_err(|error| fault::of(&error))
    }

    /// The pieces that the rest of the file is in, where that is known.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        self.stream.pieces()
    }

    async fn push(&mut self, piece: &[u8]) -> Result<(), Error> {
        self.hasher.update(piece);
        self.stream.push(piece)?;
        self.look().await
    }

    /// Checks that what is there is this catalogue's, and answers who waits from it.
    async fn look(&mut self) -> Result<(), Error> {
        let Some(shelf) = self.shelf else { return Ok(()) };
        let Some((weights, preprocess)) = self.stream.made_with() else { return Ok(()) };
        // What can be told by the header need not wait for the rest.
        let model = shelf.embedder.card();
        let dimension = self.stream.dimension().unwrap_or_default();
        shelf.card.check_features(self.stream.total_rows().unwrap_or_default(), dimension, weights)?;
        if weights != model.weights_sha256()
            || preprocess != model.preprocess_id()
            || dimension != shelf.embedder.dimension()
        {
            return Err(Error::ModelMismatch);
        }
        self.foretell().await;
        Ok(())
    }

    /// Answers who waits from what is there, where that is more than the last time. What goes wrong is told with the answer that
    /// counts.
    async fn foretell(&mut self) {
        let Some(shelf) = self.shelf else { return };
        let Some(waiting) = shelf.queue.borrow().clone() else { return };
        let Waiting { id, photo, crop, filter, seen } = &*waiting;
        if filter.scope == Scope::Wardrobe {
            return;
        }
        let (rows, all) = (self.stream.rows(), shelf.items.len());
        let (is_new, now) = (self.last.id != *id, Date::now());
        if rows == 0 || !(is_new || rows > self.last.rows && now > self.last.ms + PAUSE_MS) {
            return;
        }
        let known = seen.borrow().clone();
        let embedding = match known {
            Some(embedding) => embedding,
            None => match shelf.embedder.embed(photo, crop.unwrap_or(CropBox::WHOLE)).await {
                Ok(embedding) => seen.borrow_mut().insert(embedding).clone(),
                Err(_) => return,
            },
        };
        let allowed = facets::allowed(&shelf.items.columns(), filter);
        let (filter, choice) = match &allowed {
            Some((list, count)) => (Rows::Allow(list), *count),
            None => (Rows::All, all),
        };
        let request = Request { query: &embedding.vector, k: MOST_RESULTS, filter, ..Request::default() };
        let Ok(answers) = search_stream(&self.stream, &[request]) else { return };
        let hits: Vec<_> = answers.into_iter().flat_map(|answer| answer.hits).collect();
        // Whatever comes of it: the same is not tried again with every piece.
        self.last = Last { id: *id, rows, ms: now };
        let Ok(hits) = shelf.items.show_all(&hits).await else { return };
        let similar = tell::similar(shelf.items, hits, choice, Some(rows));
        let found = tell::found(shelf.embedder.card(), photo, embedding, similar);
        post(*id, Answer::Found(found));
    }
}

impl Sink for Arrival<'_> {
    fn restart(&mut self) {
        (self.stream, self.hasher) = Default::default();
    }

    fn count(&self) -> usize {
        self.stream.progress().0 as usize
    }

    fn patience_ms(&self) -> Option<i32> {
        self.shelf.map(|_| PAUSE_MS as i32)
    }

    fn wait(&mut self) -> LocalBoxFuture<'_, ()> {
        Box::pin(self.foretell())
    }

    fn take<'b>(&'b mut self, piece: &'b [u8]) -> LocalBoxFuture<'b, Result<(), Fault>> {
        Box::pin(async { self.push(piece).await.map_err(|error| fault::of(&error)) })
    }
}
