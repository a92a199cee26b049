//! The worker's embedding by itself, with the same code and the same flags: what `tests/peers/web` measures.
//!
//! `.ci/bench.sh` builds it and gives it to wasm-bindgen; JavaScript calls [`Runner`].

use burn::tensor::Device;
use model::crop::CropBox;
use model::embedder::Embedder;
use model::image::{DecodeLimits, decode};
use wasm_bindgen::prelude::*;

#[expect(unsafe_code, reason = "only the linker knows this function")]
unsafe extern "C" {
    /// See `bin/worker.rs`.
    fn __wasm_call_ctors();
}

#[expect(unsafe_code, reason = "only the linker knows this function")]
fn main() {
    // SAFETY: it takes and returns nothing, and is called once, before anything else.
    unsafe { __wasm_call_ctors() };
    console_error_panic_hook::set_once();
}

/// A network that is loaded.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Runner(Embedder);

#[wasm_bindgen]
impl Runner {
    /// Loads model.json and its weights to `webgpu` or, by any other name, to the CPU. WebGPU can be had once a worker.
    ///
    /// Throws a sentence about what is wrong.
    pub async fn load(card: &[u8], weights: &[u8], backend: &str) -> Result<Runner, JsError> {
        let device = match backend {
            "webgpu" => Device::wgpu_options().init_async().await?,
            _ => Device::flex(),
        };
        Ok(Self(Embedder::load(card, weights, &device)?))
    }

    /// The network's answer for one preprocessed picture, see [`Embedder::raw`]. Throws where the network fails.
    pub async fn network(&self, input: Vec<f32>) -> Result<Vec<f32>, JsError> {
        Ok(self.0.raw(input, 1).await?.concat())
    }

    /// Decodes and embeds a photo as the page does: every look, and the colours. Throws where either fails.
    pub async fn embed(&self, photo: &[u8]) -> Result<Vec<f32>, JsError> {
        let photo = decode(photo, &DecodeLimits::default())?;
        Ok(self.0.embed(&photo, CropBox::WHOLE).await?.vector)
    }
}
