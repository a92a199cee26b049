//! The worker's program: takes the page's requests and answers them.
//!
//! Requests are taken up at once and wait for the engine in the order in which they came. A question that a newer one has
//! overtaken is given up where that saves work, without an answer: the page would drop it anyway.

mod arrival;
mod backend;
pub(crate) mod check;
mod compare;
mod engine;
mod facets;
mod fault;
mod fetch;
mod graphics;
mod heat;
mod items;
mod kept;
pub(crate) mod photo;
mod query;
pub(crate) mod relaxed;
mod switch;
mod tell;
mod wardrobe;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use ::image::RgbImage;
use futures::lock::Mutex;
use js_sys::Array;
use model::crop::CropBox;
use model::wardrobe::{Place, merge};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::worker::arrival::{Queue, Waiting};
use crate::worker::engine::Engine;
use crate::worker::wardrobe::{Wardrobe, hits_of};
use twill_app::protocol::{
    self, Answer, Ask, Chore, Fault, FaultKind, Filter, MOST_RESULTS, Request, Response, Scope, Setup,
    Similar,
};
use twill_app::region::Region;
use twill_app::texts;

#[wasm_bindgen]
extern "C" {
    /// Of `worker-loader.js`: the messages that came before this program listened.
    #[wasm_bindgen(js_name = takeEarlyMessages, catch)]
    fn take_early_messages() -> Result<Array, JsValue>;
}

/// Listens to the page, for ever.
pub(crate) fn run() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        // The instance is lost: the page ends this worker and starts another one.
        post(0, Answer::Crashed(texts::WORKER_DIED.into()));
    }));
    // Without it searches take a little longer, and that is all.
    drop(relaxed::place());
    let desk = Rc::new(Desk::default());
    let for_later = Rc::clone(&desk);
    let listener =
        Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| for_later.take(event.data()));
    scope().set_onmessage(Some(listener.as_ref().unchecked_ref()));
    // The listener lives as long as the worker.
    listener.forget();
    for message in take_early_messages().unwrap_or_default() {
        desk.take(message);
    }
}

/// What the worker remembers between requests.
#[derive(Default)]
struct Desk {
    /// Locked while loading or embedding, which makes requests queue.
    engine: Mutex<engine::Slot>,
    setup: RefCell<Option<Setup>>,
    /// The last photo and the id of the request that brought it.
    photo: RefCell<Option<(u32, Rc<RgbImage>)>>,
    /// Id of the newest question.
    newest: Cell<u32>,
    /// The newest question, where it is about a photo and waits.
    queue: Queue,
    /// Locked after the engine, never before.
    wardrobe: Mutex<Wardrobe>,
}

impl Desk {
    fn take(self: &Rc<Self>, message: JsValue) {
        match protocol::from_js::<Request>(message) {
            Ok(Request { version: protocol::VERSION, id, ask }) => {
                if matches!(
                    ask,
                    Ask::Find { .. }
                        | Ask::Refine { .. }
                        | Ask::MoreLike { .. }
                        | Ask::Recall { .. }
                        | Ask::Own(Chore::Like { .. })
                ) {
                    self.newest.set(id);
                    self.queue.take();
                }
                let desk = Rc::clone(self);
                spawn_local(async move {
                    match desk.answer(id, ask).await {
                        Ok(Some(answer)) => post(id, answer),
                        Ok(None) => {}
                        Err(fault) => post(id, Answer::Failed(fault)),
                    }
                    desk.improve().await;
                });
            }
            Ok(_) | Err(_) => post(0, Answer::Crashed(texts::OUTDATED.into())),
        }
    }

    /// The answer; none where a newer question has made it needless.
    async fn answer(&self, id: u32, ask: Ask) -> Result<Option<Answer>, Fault> {
        match ask {
            Ask::Start(setup) => {
                *self.setup.borrow_mut() = Some(setup);
                let mut slot = self.engine.lock().await;
                let (engine, _) = self.load(&mut slot).await?;
                Ok(Some(Answer::Ready(engine.ready().await)))
            }
            Ask::Find { photo, crop, filter } => {
                // Reading needs no network: what is wrong with a photo is told before everything has loaded.
                let photo = Rc::new(photo::read(&photo).await?);
                *self.photo.borrow_mut() = Some((id, Rc::clone(&photo)));
                self.find(id, photo, crop, filter).await
            }
            Ask::Refine { photo: request, crop, filter } => {
                let held = self.photo.borrow().clone().filter(|(id, _)| *id == request);
                let (_, photo) = held.ok_or_else(|| Fault::new(FaultKind::Photo, texts::PHOTO_GONE))?;
                self.find(id, photo, crop, filter).await
            }
            Ask::MoreLike { row, filter } => {
                let mut slot = self.engine.lock().await;
                let engine = self.loaded(&mut slot).await?;
                let like = engine.vector(row)?;
                self.similar(engine, &like, &But::Row(row), &filter).await.map(|it| Some(Answer::Similar(it)))
            }
            Ask::Recall { id, filter } => {
                let mut slot = self.engine.lock().await;
                let engine = self.loaded(&mut slot).await?;
                let item = engine.recall(&id).await?;
                let like = engine.vector(item.row)?;
                let similar = self.similar(engine, &like, &But::Row(item.row), &filter).await?;
                Ok(Some(Answer::Recalled(item, similar)))
            }
            Ask::Embed { photo, crop } => {
                let crop = crop.map(crop_box).transpose()?;
                // The photo is decoded when its turn has come: of many that wait, only one lies in memory as pixels.
                let mut slot = self.engine.lock().await;
                let engine = self.loaded(&mut slot).await?;
                engine.see(&photo::read(&photo).await?, crop).await.map(|found| Some(Answer::Found(found)))
            }
            Ask::Search(search) => {
                let mut slot = self.engine.lock().await;
                let engine = self.loaded(&mut slot).await?;
                engine.search(&search).await.map(|similar| Some(Answer::Similar(similar)))
            }
            Ask::Own(Chore::Like { id, filter }) => {
                let mut slot = self.engine.lock().await;
                let engine = self.loaded(&mut slot).await?;
                let like = self.wardrobe.lock().await.vector(engine, &id).await?;
                self.similar(engine, &like, &But::Own(id), &filter).await.map(|it| Some(Answer::Similar(it)))
            }
            Ask::Own(chore) => {
                // Before the engine is held: it may take its time.
                self.wardrobe.lock().await.connect().await;
                let mut slot = self.engine.lock().await;
                let engine = self.loaded(&mut slot).await?;
                let mut wardrobe = self.wardrobe.lock().await;
                let answer = wardrobe.perform(engine, chore).await?;
                let stock = Answer::Stock(wardrobe.stock(engine));
                let Some(answer) = answer else { return Ok(Some(stock)) };
                post(0, stock);
                Ok(Some(answer))
            }
            Ask::Compare { query, item, heat } => {
                compare::compare(self, query, item, heat).await.map(|found| Some(Answer::Compared(found)))
            }
        }
    }

    /// What looks like a vector: in the catalogue, among the person's own photos, or both.
    async fn similar(
        &self,
        engine: &Engine,
        like: &[f32],
        but: &But,
        filter: &Filter,
    ) -> Result<Similar, Fault> {
        let (row, id) = match but {
            But::Nothing => (None, None),
            But::Row(row) => (Some(*row), None),
            But::Own(id) => (None, Some(id.as_str())),
        };
        let (shop, in_shop) = match filter.scope {
            Scope::Wardrobe => (Vec::new(), 0),
            Scope::Shop | Scope::Both => engine.nearest(like, row, filter)?,
        };
        // Whoever searches the shop does not wait for a database that may never open.
        let mut wardrobe = match filter.scope {
            Scope::Shop => self.wardrobe.try_lock().filter(|wardrobe| wardrobe.is_open()),
            Scope::Wardrobe | Scope::Both => Some(self.wardrobe.lock().await),
        };
        let (mut own, mut in_wardrobe) = (Vec::new(), 0);
        if let Some(wardrobe) = &mut wardrobe {
            // Another tab may have changed it.
            if wardrobe.sync(engine).await {
                post(0, Answer::Stock(wardrobe.stock(engine)));
            }
            if filter.scope != Scope::Shop {
                (own, in_wardrobe) = wardrobe.nearest(like, id, filter);
            }
        }
        let merged = merge(&shop, &own, MOST_RESULTS);
        let rows = merged.iter().filter_map(|(place, _)| match place {
            Place::Catalogue(row) => Some(*row),
            Place::Wardrobe(_) => None,
        });
        engine.items().bring(&rows.collect::<Vec<_>>()).await?;
        let hits = hits_of(engine, wardrobe.as_deref_mut(), &merged).await;
        let all = engine.items().len();
        Ok(Similar { hits, choice: in_shop + in_wardrobe, read: all, all, is_partial: false })
    }

    async fn find(
        &self,
        id: u32,
        photo: Rc<RgbImage>,
        crop: Option<Region>,
        filter: Filter,
    ) -> Result<Option<Answer>, Fault> {
        let crop = crop.map(crop_box).transpose()?;
        let question = Rc::new(Waiting { id, photo, crop, filter, seen: RefCell::default() });
        if self.newest.get() == id {
            *self.queue.borrow_mut() = Some(Rc::clone(&question));
        }
        let mut slot = self.engine.lock().await;
        if self.newest.get() != id {
            return Ok(None);
        }
        let engine = self.loaded(&mut slot).await?;
        if self.newest.get() != id {
            return Ok(None);
        }
        self.queue.take();
        let Waiting { photo, crop, filter, seen, .. } = &*question;
        let known = seen.take();
        let looked = match known {
            Some(embedding) => Ok(engine.tell(photo, embedding)),
            None => engine.see(photo, *crop).await,
        };
        let mut found = match looked {
            Ok(found) => found,
            Err(fault) => {
                if fault.kind == FaultKind::Backend {
                    slot.clear();
                }
                return Err(fault);
            }
        };
        match self.similar(engine, &found.embedding, &But::Nothing, filter).await {
            Ok(similar) => found.similar = similar,
            Err(fault) => {
                // Its host may have another version of the catalogue by now, which the next question finds.
                if fault.kind == FaultKind::Catalogue {
                    slot.clear();
                }
                return Err(fault);
            }
        }
        Ok(Some(Answer::Found(found)))
    }

    /// Now that a question has been answered: is there a graphics card to answer the next ones?
    async fn improve(&self) {
        let setup = self.setup.borrow().clone();
        if let Some(setup) = setup {
            engine::improve(&self.engine, &setup).await;
        }
    }

    /// The engine; the page hears of it where it was loaded only now.
    async fn loaded<'a>(&self, slot: &'a mut engine::Slot) -> Result<&'a Engine, Fault> {
        let (engine, is_new) = self.load(slot).await?;
        if is_new {
            post(0, Answer::Ready(engine.ready().await));
        }
        Ok(engine)
    }

    /// The engine, and whether it was loaded only now. What failed once is tried again with every request.
    async fn load<'a>(&self, slot: &'a mut engine::Slot) -> Result<(&'a Engine, bool), Fault> {
        let setup = self.setup.borrow().clone();
        let setup = setup.ok_or_else(|| Fault::new(FaultKind::Crash, texts::OUTDATED))?;
        slot.load(&setup, &|progress| post(0, Answer::Progress(progress)), &self.queue).await
    }
}

/// What is not to be among the results: what they are to be like.
enum But {
    Nothing,
    /// An item of the catalogue.
    Row(usize),
    /// One of the person's own photos.
    Own(String),
}

/// A part of a photo that somebody has chosen.
fn crop_box(Region { x1, y1, x2, y2 }: Region) -> Result<CropBox, Fault> {
    CropBox::new(x1, y1, x2, y2).map_err(|error| fault::of(&error))
}

/// The worker's global scope.
fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

fn post(id: u32, answer: Answer) {
    let response = Response { version: protocol::VERSION, id, answer };
    let sent = protocol::to_js(&response)
        .map_err(Into::into)
        .and_then(|message: JsValue| scope().post_message(&message));
    if let Err(error) = sent {
        // Nobody is left to tell.
        wasm_bindgen::throw_val(error);
    }
}
