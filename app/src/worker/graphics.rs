//! The graphics card, as the worker sees it: another program that computes the network.
//!
//! It is fetched only where there is a card for it, and it is believed only after it has given the processor's numbers for a known
//! picture. Whatever it does then (it dies, it hangs, the card is taken away), the worker can go on without it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::{Either, select};
use js_sys::{Array, Float32Array, Promise, Uint8Array};
use model::frozen::{Frozen, Output};
use model::network::outputs_from_rows;
use model::resnet::ResNetConfig;
use model::weights::ModelCard;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ErrorEvent, Event, MessageEvent, Worker};

use crate::worker::{check, scope};
use twill_app::protocol::Message;
use twill_app::texts;
use twill_orders::{Order, Reply, VERSION, from_js, to_js};

/// The file that starts the worker and, by this name, the program.
const LOADER: &str = "worker-loader.js#graphics";
/// Longest that an answer may take, once the first is there. Far beyond what a slow card takes for one photo.
const PATIENCE_MS: i32 = 20_000;
/// Longest that the first answer may take: the program arrives, and the card's compiler makes of it what it can.
const WARM_UP_MS: i32 = 180_000;

/// A running program with a network.
#[derive(Debug)]
pub(super) struct Graphics {
    worker: Worker,
    config: ResNetConfig,
    patience_ms: Cell<i32>,
    last_id: Cell<u32>,
    waiting: Rc<Waiting>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

type Rows = Result<Vec<f32>, Message>;

/// Who waits for the answer to the last order, if anybody does.
#[derive(Debug, Default)]
struct Waiting(RefCell<Option<(u32, oneshot::Sender<Rows>)>>);

impl Waiting {
    fn hear(&self, message: JsValue) {
        match from_js::<Reply>(message) {
            Ok(Reply::Done { id, rows })
                if self.0.borrow().as_ref().is_some_and(|(order, _)| *order == id) =>
            {
                self.end(Ok(rows.to_vec()));
            }
            // A late answer to what nobody waits for any more.
            Ok(Reply::Done { .. }) => {}
            Ok(Reply::Failed { reason }) => self.end(Err(texts::webgpu_failed(&reason))),
            Err(_) => self.end(Err(texts::OUTDATED.into())),
        }
    }

    fn end(&self, rows: Rows) {
        if let Some((_, sender)) = self.0.borrow_mut().take() {
            // Whoever has waited has given up.
            let _ = sender.send(rows);
        }
    }
}

impl Graphics {
    /// Starts the program with the network of a model.json and the weights file that it names, and compares its answer with that of
    /// `own`.
    ///
    /// Fails, in words for a person, where it does not start or does not give the same numbers.
    pub(super) async fn start(
        card: &ModelCard,
        card_json: &[u8],
        weights: &[u8],
        own: &Frozen,
    ) -> Result<Self, Message> {
        let graphics = Self::new(card).map_err(|_| texts::webgpu_failed("no worker"))?;
        let load = Order::Load {
            version: VERSION,
            card: Uint8Array::from(card_json),
            weights: Uint8Array::from(weights),
        };
        graphics.order(&load, 0, &Array::new()).await?;
        let picture = check::picture(card);
        let expected = own.forward(&picture);
        let found = graphics.forward(&picture, 1).await?;
        if !found.iter().all(|found| check::agree(found, &expected)) {
            return Err(texts::WEBGPU_WRONG.into());
        }
        graphics.patience_ms.set(PATIENCE_MS);
        Ok(graphics)
    }

    fn new(card: &ModelCard) -> Result<Self, JsValue> {
        let worker = Worker::new(LOADER)?;
        let waiting = Rc::new(Waiting::default());
        let for_messages = Rc::clone(&waiting);
        let on_message = Closure::new(move |event: MessageEvent| for_messages.hear(event.data()));
        let for_errors = Rc::clone(&waiting);
        let on_error = Closure::new(move |event: Event| {
            // It is not the worker's own death, as which the page would take it.
            event.prevent_default();
            let reason = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).unwrap_or_default();
            for_errors.end(Err(texts::webgpu_failed(&reason)));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self {
            worker,
            config: card.network.clone(),
            patience_ms: Cell::new(WARM_UP_MS),
            last_id: Cell::new(0),
            waiting,
            _on_message: on_message,
            _on_error: on_error,
        })
    }

    /// The network's answer for each picture, one call at a time.
    ///
    /// # Shapes
    ///
    /// - `pictures`: `[batch, 3, size, size]`, preprocessed, flat
    pub(super) async fn forward(&self, pictures: &[f32], batch: usize) -> Result<Vec<Output>, Message> {
        let id = self.last_id.get() + 1;
        self.last_id.set(id);
        let pictures = Float32Array::from(pictures);
        let handed_over = Array::of1(&pictures.buffer());
        let order = Order::Forward { id, batch: batch as u32, pictures };
        let rows = self.order(&order, id, &handed_over).await?;
        outputs_from_rows(&self.config, &rows, batch)
            .map_err(|error| texts::webgpu_failed(&error.to_string()))
    }

    async fn order(&self, order: &Order, id: u32, handed_over: &Array) -> Rows {
        let (sender, receiver) = oneshot::channel();
        *self.waiting.0.borrow_mut() = Some((id, sender));
        to_js(order)
            .and_then(|message| self.worker.post_message_with_transfer(&message, handed_over))
            .map_err(|_| texts::webgpu_failed("no message"))?;
        match select(receiver, sleep(self.patience_ms.get())).await {
            Either::Left((Ok(rows), _)) => rows,
            Either::Left((Err(_), _)) | Either::Right(_) => Err(texts::WEBGPU_SILENT.into()),
        }
    }
}

impl Drop for Graphics {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.set_onmessageerror(None);
        self.worker.terminate();
    }
}

fn sleep(ms: i32) -> JsFuture {
    JsFuture::from(Promise::new(&mut |resolve, _| {
        // Where it cannot be set, nobody is woken early.
        let _ = scope().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms);
    }))
}
