//! The worker's embedding by itself, with the same code and the same flags: what `tests/peers/web` measures.
//!
//! `.ci/bench_web.sh` builds it and gives it to wasm-bindgen; JavaScript calls [`Runner`].

use model::crop::CropBox;
use model::embedder::Embedder;
use model::image::{DecodeLimits, decode};
use model::network::rows_from_outputs;
use wasm_bindgen::prelude::*;

fn main() {
    console_error_panic_hook::set_once();
}

/// A network that is loaded.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Runner(Embedder);

#[wasm_bindgen]
impl Runner {
    /// Loads model.json and its weights. Throws a sentence about what is wrong.
    #[wasm_bindgen(constructor)]
    pub fn new(card: &[u8], weights: &[u8]) -> Result<Runner, JsError> {
        Ok(Self(Embedder::load(card, weights)?))
    }

    /// The network's answer for one preprocessed picture: box, feature, category, attributes. Throws where the network fails.
    pub async fn network(&self, input: Vec<f32>) -> Result<Vec<f32>, JsError> {
        Ok(rows_from_outputs(&self.0.network().forward(input, 1).await?))
    }

    /// Decodes and embeds a photo as the page does: every look, and the colours. Throws where either fails.
    pub async fn embed(&self, photo: &[u8]) -> Result<Vec<f32>, JsError> {
        let photo = decode(photo, &DecodeLimits::default())?;
        Ok(self.0.embed(&photo, CropBox::WHOLE).await?.vector)
    }
}
