//! The program on the graphics card: prepared pictures in, the network's answers out.
//!
//! It knows neither photos nor catalogues. The worker, which does, has started it, asks it one thing at a time, and gives it up at
//! the first failure.

use std::rc::Rc;

use burn::tensor::Device;
use futures::lock::Mutex;
use js_sys::{Array, Float32Array};
use model::frozen::FrozenGpu;
use model::network::rows_from_outputs;
use model::weights::{self, ModelCard};
use twill_orders::{Order, Reply, VERSION, from_js, to_js};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

#[wasm_bindgen]
extern "C" {
    /// Of `worker-loader.js`: the messages that came before this program listened.
    #[wasm_bindgen(js_name = takeEarlyMessages, catch)]
    fn take_early_messages() -> Result<Array, JsValue>;

    /// Milliseconds since the program was started.
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

#[expect(unsafe_code, reason = "only the linker knows this function")]
unsafe extern "C" {
    /// Runs what registers itself at the start of the program (Burn's GPU compiler does). Written by the linker.
    ///
    /// In a program that never calls it the linker has every exported function call it, again and again: with it, each
    /// value handed over by JavaScript cost milliseconds.
    fn __wasm_call_ctors();
}

/// Listens to the worker, for ever.
#[expect(unsafe_code, reason = "only the linker knows this function")]
fn main() {
    // SAFETY: it takes and returns nothing, and is called once, before anything else.
    unsafe { __wasm_call_ctors() };
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        // The instance is lost. The worker computes by itself from now on.
        let reason = panic.payload_as_str().unwrap_or("it stopped and does not say why").to_owned();
        post(&Reply::Failed { reason });
    }));
    // Locked while computing, which makes orders queue.
    let network = Rc::new(Mutex::new(None));
    let take = move |message: JsValue| {
        let network = Rc::clone(&network);
        spawn_local(async move {
            post(&match follow(message, &network).await {
                Ok((id, rows)) => Reply::Done { id, rows: Float32Array::from(&rows[..]) },
                Err(reason) => Reply::Failed { reason },
            });
        });
    };
    let for_later = take.clone();
    let listener =
        Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| for_later(event.data()));
    scope().set_onmessage(Some(listener.as_ref().unchecked_ref()));
    // The listener lives as long as the program.
    listener.forget();
    take_early_messages().unwrap_or_default().into_iter().for_each(take);
}

/// The network on the card.
type Loaded = Mutex<Option<FrozenGpu>>;

/// Number of the order and the rows that answer it; or what went wrong.
async fn follow(message: JsValue, network: &Loaded) -> Result<(u32, Vec<f32>), String> {
    let mut network = network.lock().await;
    match from_js::<Order>(message) {
        Ok(Order::Load { version: VERSION, card, weights }) => {
            *network = Some(load(&card.to_vec(), &weights.to_vec()).await?);
            Ok((0, Vec::new()))
        }
        Ok(Order::Forward { id, batch, pictures }) => {
            let network = network.as_ref().ok_or("it was not prepared")?;
            let outputs = network.forward(&pictures.to_vec(), batch as usize).await;
            Ok((id, rows_from_outputs(&outputs.map_err(|error| error.to_string())?)))
        }
        Ok(Order::Load { .. }) | Err(_) => Err("its program is of another version".to_owned()),
    }
}

async fn load(card: &[u8], file: &[u8]) -> Result<FrozenGpu, String> {
    let device = Device::wgpu_options().init_async().await.map_err(|error| error.to_string())?;
    let card = ModelCard::from_json(card).map_err(|error| error.to_string())?;
    let tensors = weights::read(&card, file).map_err(|error| error.to_string())?;
    let length = 3 * card.network.input_size.pow(2);
    // Anything with edges: it is only computed in two ways and timed.
    let picture: Vec<f32> = (0..length).map(|at| (at % 97) as f32 / 48.0 - 1.0).collect();
    let choice = FrozenGpu::quicker(&card.network, &tensors, &device, &picture, now).await;
    let choice = choice.map_err(|error| error.to_string())?;
    Ok(choice.ok_or("this network is computed on processors alone")?.network)
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

fn post(reply: &Reply) {
    if let Err(error) = to_js(reply).and_then(|message| scope().post_message(&message)) {
        // Nobody is left to tell.
        wasm_bindgen::throw_val(error);
    }
}
