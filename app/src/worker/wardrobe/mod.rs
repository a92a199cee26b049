//! The person's own photos, beside the catalogue.
//!
//! All but the pictures is held in memory, where it is searched; the browser's database keeps it for the next time. Where that
//! cannot be had, or has no room left, a photo lasts as long as this worker, and the page says so.

mod adding;
mod chores;
mod pictures;
mod store;

use std::collections::HashMap;

use js_sys::{Promise, Reflect, Uint8Array};
use model::catalogue::Item as Known;
use model::items::Columns;
use model::search::Hit as Row;
use model::wardrobe::{Garment, Kept, Place, Shelf, from_halves, made_by};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use crate::worker::engine::Engine;
use crate::worker::facets;
use crate::worker::scope;
use pictures::Pictures;
use store::{Refusal, Stamps, Store};
use twill_app::protocol::{Fault, FaultKind, Filter, Hit, Item, MOST_RESULTS, Message, Own, Stock};
use twill_app::texts;

/// What is there of the person's own.
#[derive(Default)]
pub(super) struct Wardrobe {
    /// Whether the database has been asked for; there is none where that failed.
    is_connected: bool,
    /// Whether what it holds has been read.
    is_open: bool,
    store: Option<Store>,
    /// That of the change which is in memory.
    stamp: Option<f64>,
    shelf: Shelf,
    /// The shelf's photos as filters know them; those that cannot be searched have nothing that a filter asks for.
    items: Vec<Known>,
    columns: Columns,
    /// Thumbnails of photos that no database keeps.
    loose: HashMap<String, Uint8Array>,
    pictures: Pictures,
    /// What is wrong with the database.
    trouble: Option<Message>,
}

impl Wardrobe {
    /// Whether it has been looked at: pages that know nothing of a wardrobe never open one.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Opens the database, the first time.
    pub(super) async fn connect(&mut self) {
        if !self.is_connected {
            self.is_connected = true;
            self.reopen().await;
        }
    }

    /// Reads what is kept, or looks whether another tab has changed it. Says whether anything is different now.
    pub(super) async fn sync(&mut self, engine: &Engine) -> bool {
        if !self.is_open {
            self.is_open = true;
            let card = engine.embedder().card();
            let own = made_by(card.weights_sha256(), card.preprocess_id());
            self.shelf = Shelf::new(own, engine.embedder().dimension());
            self.connect().await;
            self.load(engine).await;
            return true;
        }
        let Some(store) = &self.store else { return false };
        match store.stamp().await {
            Ok(stamp) if stamp == self.stamp => false,
            Ok(_) => self.load(engine).await,
            // Somebody has deleted the whole database, or another version of this program wants it.
            Err(_) => {
                self.reopen().await;
                self.load(engine).await
            }
        }
    }

    async fn reopen(&mut self) {
        self.store = Store::open().await.ok();
        self.trouble = self.store.is_none().then(|| texts::WARDROBE_DENIED.into());
    }

    /// Reads everything anew. Says whether that could be done.
    async fn load(&mut self, engine: &Engine) -> bool {
        let loaded = match &self.store {
            Some(store) => store.load().await,
            None => Err(Refusal::Denied),
        };
        let Ok((records, stamp)) = loaded else {
            self.index(engine);
            return false;
        };
        self.stamp = stamp;
        let loose: Vec<&String> = self.loose.keys().collect();
        self.shelf.retain(|garment| loose.contains(&&garment.sha256));
        for (garment, vector) in records {
            // What this program cannot read stays where it is, for one that can.
            if let Ok(garment) = Garment::from_json(&garment) {
                self.shelf.put(Kept { garment, vector: from_halves(&vector) });
            }
        }
        self.shelf.settle();
        self.index(engine);
        true
    }

    /// Puts filters in step with the shelf.
    fn index(&mut self, engine: &Engine) {
        let item = |kept: &Kept| {
            let item = kept.garment.item();
            if self.shelf.is_current(kept) {
                return item;
            }
            Known { category: String::new(), colour: None, extra: <_>::default(), ..item }
        };
        self.items = self.shelf.kept().iter().map(item).collect();
        self.columns = Columns::of(&self.items, &engine.embedder().card().attributes);
    }

    /// What there is, for the page.
    pub(super) fn stock(&self, engine: &Engine) -> Stock {
        let kept = self.shelf.kept();
        Stock {
            count: kept.len(),
            stale: kept.iter().filter(|kept| !self.shelf.is_current(kept)).count(),
            trouble: self.trouble.clone(),
            own: facets::offer(&[&self.columns]),
            both: facets::offer(&[&engine.columns(), &self.columns]),
        }
    }

    /// The photos nearest to a vector, without photo `but`, and how many there were to choose from.
    pub(super) fn nearest(&self, query: &[f32], but: Option<&str>, filter: &Filter) -> (Vec<Row>, usize) {
        let allowed = facets::allowed(&self.columns, filter);
        let kept = self.shelf.kept();
        let passes = |row: usize| allowed.as_ref().is_none_or(|(list, _)| list.contains(row));
        let hits = self.shelf.nearest(query, MOST_RESULTS, |row| {
            passes(row) && but.is_none_or(|but| kept[row].garment.sha256 != but)
        });
        let choice =
            kept.iter().enumerate().filter(|(row, kept)| self.shelf.is_current(kept) && passes(*row));
        (hits, choice.count())
    }

    /// The vector of a photo, which is there no more when another tab has deleted it.
    pub(super) async fn vector(&mut self, engine: &Engine, id: &str) -> Result<Vec<f32>, Fault> {
        self.sync(engine).await;
        let kept = self.shelf.find(id).filter(|kept| self.shelf.is_current(kept));
        let gone = || Fault::new(FaultKind::Photo, texts::WARDROBE_GONE);
        kept.map(|kept| kept.vector.clone()).ok_or_else(gone)
    }

    /// What is known of a photo.
    pub(super) fn item(&self, id: &str) -> Option<&Known> {
        self.items.iter().find(|item| item.id == id)
    }

    /// The thumbnail of a photo.
    pub(super) async fn file(&self, id: &str) -> Option<Uint8Array> {
        self.files(&[id]).await.pop().flatten()
    }

    /// Photos as the page shows them.
    async fn show(&mut self, ids: &[&str]) -> Vec<Item> {
        let missing: Vec<&str> =
            ids.iter().copied().filter(|id| self.pictures.address(id).is_none()).collect();
        for (id, file) in missing.iter().zip(self.files(&missing).await) {
            if let Some(file) = file {
                self.pictures.put(id, &file);
            }
        }
        let item = |id: &&str| {
            let garment = &self.shelf.find(id)?.garment;
            Some(Item {
                row: 0,
                id: garment.sha256.clone(),
                image: self.pictures.address(id).unwrap_or_default().to_owned(),
                width: garment.width,
                height: garment.height,
                category: garment.category.clone(),
                title: None,
                price: None,
                link: None,
                own: Some(Own { name: garment.name.clone(), is_twin: self.shelf.is_twin(garment) }),
            })
        };
        ids.iter().filter_map(item).collect()
    }

    /// Those photos that are among merged hits, in their order.
    async fn show_rows(&mut self, merged: &[(Place, f32)]) -> Vec<Item> {
        let id = |(place, _): &(Place, f32)| match place {
            Place::Wardrobe(row) => Some(self.shelf.kept().get(*row)?.garment.sha256.clone()),
            Place::Catalogue(_) => None,
        };
        let ids: Vec<String> = merged.iter().filter_map(id).collect();
        self.show(&ids.iter().map(String::as_str).collect::<Vec<_>>()).await
    }

    /// The thumbnails of some photos.
    async fn files(&self, ids: &[&str]) -> Vec<Option<Uint8Array>> {
        let stored = match &self.store {
            Some(store) if !ids.is_empty() => store.pictures(ids).await.unwrap_or_default(),
            _ => Vec::new(),
        };
        let stored = stored.into_iter().chain(std::iter::repeat(None));
        ids.iter().zip(stored).map(|(id, file)| self.loose.get(*id).cloned().or(file)).collect()
    }

    /// After a change of ours: whatever others have changed meanwhile comes with it.
    async fn follow(&mut self, engine: &Engine, stamps: &Stamps) {
        let is_alone = stamps.before == self.stamp;
        self.stamp = Some(stamps.after);
        if is_alone {
            self.index(engine);
        } else {
            self.load(engine).await;
        }
    }

    /// Says from now on that photos last only as long as the page.
    async fn complain(&mut self, refusal: Refusal) {
        self.trouble = Some(match refusal {
            Refusal::Full => {
                let (used, most) = room().await;
                texts::wardrobe_no_room(used, most)
            }
            Refusal::Known | Refusal::Denied => texts::WARDROBE_DENIED.into(),
        });
    }
}

/// Bytes that this site has stored, and that it may store, as far as the browser says.
async fn room() -> (f64, f64) {
    let estimate = async {
        let storage = Reflect::get(&scope().navigator(), &"storage".into()).ok()?;
        let storage: web_sys::StorageManager = storage.is_object().then(|| storage.unchecked_into())?;
        let promise: Promise = storage.estimate().ok()?;
        let estimate = JsFuture::from(promise).await.ok()?;
        let number = |name: &str| Reflect::get(&estimate, &name.into()).ok()?.as_f64();
        Some((number("usage")?, number("quota")?))
    };
    estimate.await.unwrap_or_default()
}

/// What two searches have found, for the page.
pub(super) async fn hits_of(
    engine: &Engine,
    wardrobe: Option<&mut Wardrobe>,
    merged: &[(Place, f32)],
) -> Vec<Hit> {
    let mut own = match wardrobe {
        Some(wardrobe) => wardrobe.show_rows(merged).await.into_iter(),
        None => Vec::new().into_iter(),
    };
    let hit = |(place, score): &(Place, f32)| {
        let item = match place {
            Place::Catalogue(row) => engine.items().show(*row),
            Place::Wardrobe(_) => own.next(),
        };
        Some(Hit { item: item?, score: *score })
    };
    merged.iter().filter_map(hit).collect()
}
