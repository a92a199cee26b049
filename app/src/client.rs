//! The page's end of the line to the worker.
//!
//! The worker is started when it is first needed and again after it has died. Whatever it says, and its death, reaches the
//! page as [`News`].

use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Blob, ErrorEvent, Event, MessageEvent, Worker};

use crate::protocol::{self, Answer, Ask, Chore, Filter, Item, Message, Request, Response, Setup, Side};
use crate::region::Region;
use crate::texts;

/// The file that starts the worker, beside the page.
const LOADER: &str = "worker-loader.js";

/// What the worker has to tell.
pub enum News {
    /// An answer and the id of the request that it belongs to.
    Answer(u32, Answer),
    /// The worker is gone; a sentence about why.
    Died(Message),
}

/// Sends requests; starts the worker.
pub struct Client {
    /// What the next worker is started with.
    pub setup: Setup,
    deliver: Rc<dyn Fn(News)>,
    last_id: u32,
    running: Option<Running>,
}

struct Running {
    worker: Worker,
    /// Id of the `Find` request whose photo the worker holds.
    photo: Option<u32>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

impl Client {
    /// A client without a worker yet.
    pub fn new(setup: Setup, deliver: impl Fn(News) + 'static) -> Self {
        Self { setup, deliver: Rc::new(deliver), last_id: 0, running: None }
    }

    /// Asks the worker to load everything, starting it if there is none. Asked again after a failure, it tries again.
    pub fn start(&mut self) {
        if self.running.is_some() {
            self.send(Ask::Start(self.setup.clone()));
        } else {
            self.run_worker();
        }
    }

    /// Asks what looks like the garment in `photo`. Returns the request's id.
    pub fn find(&mut self, photo: Blob, crop: Option<Region>, filter: Filter) -> u32 {
        let id = self.send(Ask::Find { photo, crop, filter });
        if let Some(running) = &mut self.running {
            running.photo = Some(id);
        }
        id
    }

    /// Searches with another part of the photo that request `photo` brought. Returns the request's id, or nothing when the
    /// worker does not hold that photo any more.
    pub fn refine(&mut self, photo: u32, crop: Option<Region>, filter: Filter) -> Option<u32> {
        let held = self.running.as_ref().is_some_and(|running| running.photo == Some(photo));
        held.then(|| self.send(Ask::Refine { photo, crop, filter }))
    }

    /// Asks what looks like an item. Returns the request's id.
    pub fn more_like(&mut self, item: &Item, filter: Filter) -> u32 {
        self.send(match item.own {
            Some(_) => Ask::Own(Chore::Like { id: item.id.clone(), filter }),
            None => Ask::MoreLike { row: item.row, filter },
        })
    }

    /// Asks anything else. Returns the request's id.
    pub fn order(&mut self, ask: Ask) -> u32 {
        self.send(ask)
    }

    /// Asks what looks like the catalogue item with this id. Returns the request's id.
    pub fn recall(&mut self, id: String, filter: Filter) -> u32 {
        self.send(Ask::Recall { id, filter })
    }

    /// Asks what a catalogue item has in common with `query`; with `heat`, where on both pictures. Returns the request's id.
    pub fn compare(&mut self, query: Side, item: Side, heat: bool) -> u32 {
        self.send(Ask::Compare { query, item, heat })
    }

    /// Ends the worker, if there is one. The next request starts another.
    pub fn stop(&mut self) {
        self.running = None;
    }

    fn send(&mut self, ask: Ask) -> u32 {
        if self.running.is_none() {
            self.run_worker();
        }
        self.last_id += 1;
        let id = self.last_id;
        let Some(running) = &self.running else { return id };
        let request = Request { version: protocol::VERSION, id, ask };
        let sent = protocol::to_js(&request)
            .map_err(Into::into)
            .and_then(|message: wasm_bindgen::JsValue| running.worker.post_message(&message));
        if sent.is_err() {
            self.report_death(texts::WORKER_DIED);
        }
        id
    }

    fn run_worker(&mut self) {
        let Ok(worker) = Worker::new(LOADER) else {
            self.report_death(texts::NO_WORKER);
            return;
        };
        let deliver = Rc::clone(&self.deliver);
        let on_message = Closure::new(move |event: MessageEvent| deliver(read(event.data())));
        let deliver = Rc::clone(&self.deliver);
        let on_error = Closure::new(move |event: Event| {
            event.prevent_default();
            let detail =
                event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).filter(|text| !text.is_empty());
            deliver(News::Died(match detail {
                Some(detail) => texts::worker_died_of(&detail),
                None => texts::WORKER_DIED.into(),
            }));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(on_error.as_ref().unchecked_ref()));
        self.running = Some(Running { worker, photo: None, _on_message: on_message, _on_error: on_error });
        self.send(Ask::Start(self.setup.clone()));
    }

    /// Tells of a death later, when whoever is calling has finished.
    fn report_death(&self, why: &str) {
        let deliver = Rc::clone(&self.deliver);
        let why = Message::new(why);
        wasm_bindgen_futures::spawn_local(async move { deliver(News::Died(why)) });
    }
}

fn read(message: wasm_bindgen::JsValue) -> News {
    match protocol::from_js::<Response>(message) {
        Ok(Response { version: protocol::VERSION, id, answer }) => match answer {
            Answer::Crashed(why) => News::Died(why),
            answer => News::Answer(id, answer),
        },
        Ok(_) | Err(_) => News::Died(texts::OUTDATED.into()),
    }
}
