//! The catalogue's items. Of a list in pages, those are fetched in which there is something to show.

use std::cell::{Ref, RefCell};
use std::ops::Range;

use futures::future::{Either, select, try_join_all};
use model::catalogue::{CatalogueCard, Item as Known};
use model::items::{Columns, Items};
use model::weights::{Attribute, FileReference};

use crate::worker::fetch::{Piece, Wanted, fetch_piece, pause};
use crate::worker::{fault, tell};
use twill_app::protocol::{Fault, FaultKind, Hit, Item};
use twill_app::texts;

/// How many rows are brought at once: their pages are held together.
const AT_ONCE: usize = 64;
/// How many items may have the hash of an id that is looked up.
const MOST_CANDIDATES: usize = 16;
/// Milliseconds that pages may take to come: everybody else waits meanwhile.
const PATIENCE_MS: i32 = 20_000;

/// All items of a catalogue, or as many as have been asked for.
pub(super) struct Store {
    items: RefCell<Items>,
    /// The list, where its host gives no parts of it.
    whole: RefCell<Option<Vec<u8>>>,
    file: FileReference,
    /// Address of catalogue.json, which list and pictures lie beside.
    catalogue: String,
}

impl Store {
    /// Reads what has been fetched of a list: what has to be there first, or all of it.
    pub(super) fn open(
        card: &CatalogueCard,
        catalogue: &str,
        attributes: &[Attribute],
        fetched: Vec<u8>,
    ) -> Result<Self, Fault> {
        let first = usize::try_from(card.items_bytes_first()).unwrap_or(usize::MAX).min(fetched.len());
        let items = card.open_items(&fetched[..first], attributes).map_err(|error| fault::of(&error))?;
        let whole = (items.pages().is_some() && fetched.len() > first).then_some(fetched);
        Ok(Self {
            items: RefCell::new(items),
            whole: RefCell::new(whole),
            file: card.items.clone(),
            catalogue: catalogue.to_owned(),
        })
    }

    /// Number of items.
    pub(super) fn len(&self) -> usize {
        self.items.borrow().len()
    }

    /// What all items can be told apart by.
    pub(super) fn columns(&self) -> Ref<'_, Columns> {
        Ref::map(self.items.borrow(), Items::columns)
    }

    /// Sees to it that the items in these rows can be shown, at most [`AT_ONCE`] of them. Fails where their pages cannot be had in time.
    pub(super) async fn bring(&self, rows: &[usize]) -> Result<(), Fault> {
        let missing = {
            let mut items = self.items.borrow_mut();
            // Those that are there are not to make room for the others.
            if let Some(pages) = items.pages_mut() {
                pages.use_again(rows);
            }
            items.missing(rows)
        };
        if missing.is_empty() {
            return Ok(());
        }
        let pages = try_join_all(missing.into_iter().map(|page| self.bring_page(page)));
        match select(Box::pin(pages), Box::pin(pause(PATIENCE_MS))).await {
            Either::Left((outcome, _)) => outcome.map(drop),
            Either::Right(_) => {
                Err(Fault::new(FaultKind::Network, texts::download_interrupted(&self.file.file)))
            }
        }
    }

    /// What the page shows of these hits, in their order. Fails as [`Store::bring`] does.
    pub(super) async fn show_all(&self, hits: &[model::search::Hit]) -> Result<Vec<Hit>, Fault> {
        let mut shown = Vec::with_capacity(hits.len());
        for hits in hits.chunks(AT_ONCE) {
            self.bring(&hits.iter().map(|hit| hit.row).collect::<Vec<_>>()).await?;
            let hit = |hit: &model::search::Hit| Some(Hit { item: self.show(hit.row)?, score: hit.score });
            shown.extend(hits.iter().filter_map(hit));
        }
        Ok(shown)
    }

    async fn bring_page(&self, page: usize) -> Result<(), Fault> {
        let place = self.items.borrow().pages().map(|pages| pages.place(page)).unwrap_or_default();
        self.take(place, |items, bytes| items.pages_mut().map_or(Ok(()), |pages| pages.put(page, bytes)))
            .await
    }

    /// The row of the item with this id, where there is one; the item can be shown then. Fails where it cannot be looked up.
    pub(super) async fn find(&self, id: &str) -> Result<Option<usize>, Fault> {
        let ids = {
            let items = self.items.borrow();
            items.pages().filter(|_| items.candidates(id).is_none()).map(model::items::pages::Pages::ids)
        };
        if let Some(place) = ids {
            self.take(place, |items, bytes| items.pages_mut().map_or(Ok(()), |pages| pages.put_ids(bytes)))
                .await?;
        }
        let candidates = self.items.borrow().candidates(id).unwrap_or_default();
        // Of a million ids hardly two have the same hash: a list in which many do was made to be slow.
        for row in candidates.into_iter().take(MOST_CANDIDATES) {
            self.bring(&[row]).await?;
            if self.with(row, |item| item.id == id) == Some(true) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Has a part of the list taken; where that finds it wrong, once more without the browser's cache.
    async fn take(
        &self,
        place: Range<u64>,
        take: impl Fn(&mut Items, &[u8]) -> model::Result<()>,
    ) -> Result<(), Fault> {
        let within = |whole: &[u8]| {
            let (start, end) = (usize::try_from(place.start).ok()?, usize::try_from(place.end).ok()?);
            whole.get(start..end).map(<[u8]>::to_vec)
        };
        let held = self.whole.borrow().as_deref().map(|whole| within(whole).unwrap_or_default());
        let mut outcome = Ok(());
        let mut tries = [false, true].as_slice();
        if let Some(bytes) = held {
            outcome = take(&mut self.items.borrow_mut(), &bytes);
            tries = if outcome.is_ok() { &[] } else { &[true] };
        }
        for is_retry in tries.iter().copied() {
            self.whole.take();
            let wanted = Wanted::beside(&self.catalogue, &self.file, FaultKind::Catalogue, is_retry);
            let bytes = match fetch_piece(wanted, place.clone(), &|_| {}).await? {
                Piece::Part(bytes) => bytes,
                Piece::Whole(whole) => {
                    let bytes = within(&whole).unwrap_or_default();
                    *self.whole.borrow_mut() = Some(whole);
                    bytes
                }
            };
            outcome = take(&mut self.items.borrow_mut(), &bytes);
            if outcome.is_ok() {
                break;
            }
        }
        outcome.map_err(|error| fault::of(&error))
    }

    /// Looks at the item in this row, where there is one and it is here.
    pub(super) fn with<T>(&self, row: usize, look: impl FnOnce(&Known) -> T) -> Option<T> {
        self.items.borrow().get(row).map(look)
    }

    /// What the page shows of the item in this row, where that is here.
    pub(super) fn show(&self, row: usize) -> Option<Item> {
        self.with(row, |item| tell::item(item, row, &self.catalogue))
    }
}
