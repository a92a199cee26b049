//! What the worker and the program on the graphics card say to each other.
//!
//! The worker orders, the program replies, to each [`Order`] once. Pictures and answers travel as the browser's own arrays of numbers,
//! which are handed over, not copied.

use js_sys::{Float32Array, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

/// Raised whenever a message changes its shape: a browser's cache may pair a worker with another version's program.
pub const VERSION: u32 = 1;

/// From the worker to the program.
#[derive(Serialize, Deserialize)]
pub enum Order {
    /// Prepare the network; always the first order, and number 0.
    Load {
        /// [`VERSION`] of the sender.
        version: u32,
        /// model.json.
        #[serde(with = "serde_wasm_bindgen::preserve")]
        card: Uint8Array,
        /// The weights file that it names.
        #[serde(with = "serde_wasm_bindgen::preserve")]
        weights: Uint8Array,
    },
    /// Compute the network.
    Forward {
        /// The reply carries the same.
        id: u32,
        /// How many pictures.
        batch: u32,
        /// `[batch, 3, size, size]`, preprocessed, flat.
        #[serde(with = "serde_wasm_bindgen::preserve")]
        pictures: Float32Array,
    },
}

/// From the program to the worker.
#[derive(Serialize, Deserialize)]
pub enum Reply {
    /// Done.
    Done {
        /// The order's number.
        id: u32,
        /// The network's answer, one row a picture (see `model::network::outputs_from_rows`); nothing to [`Order::Load`].
        #[serde(with = "serde_wasm_bindgen::preserve")]
        rows: Float32Array,
    },
    /// The graphics card cannot be used any more.
    Failed {
        /// Why, in the words of whoever made the library or the browser.
        reason: String,
    },
}

/// Turns a message into what `postMessage` takes.
pub fn to_js(message: &impl Serialize) -> Result<JsValue, JsValue> {
    Ok(serde_wasm_bindgen::to_value(message)?)
}

/// Reads a message that arrived.
pub fn from_js<T: for<'de> Deserialize<'de>>(message: JsValue) -> Result<T, JsValue> {
    Ok(serde_wasm_bindgen::from_value(message)?)
}
