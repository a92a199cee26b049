//! Search by itself, with the worker's code and flags: what `tests/peers/web/search.js` measures in a browser.
//!
//! `.ci/bench_search.sh` builds it and gives it to wasm-bindgen; JavaScript calls [`Index`] and [`Shards`].

use std::hint::black_box;

use model::feature_file::{FeatureFile, FeatureStream};
use model::search::{Accuracy, Hit, Kernel, Request, search_stream_with, search_with};
use wasm_bindgen::prelude::*;

#[path = "../src/worker/relaxed.rs"]
mod relaxed;

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

/// Puts the kernel for relaxed SIMD into its place, where the browser has it; the names of all kernels, the fastest first.
#[wasm_bindgen]
#[must_use]
pub fn kernels() -> Vec<String> {
    drop(relaxed::place());
    Kernel::available().iter().map(|kernel| kernel.name().to_owned()).collect()
}

fn named(kernel: &str) -> Kernel {
    Kernel::available().into_iter().find(|other| other.name() == kernel).unwrap_or_else(Kernel::best)
}

fn rows(hits: &[Hit]) -> Vec<u32> {
    hits.iter().map(|hit| hit.row as u32).collect()
}

/// A catalogue's vectors, whole.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Index(FeatureFile);

#[wasm_bindgen]
impl Index {
    /// Of a matrix, row by row, each row of length 1. Throws where it is not.
    #[wasm_bindgen(constructor)]
    pub fn new(rows: &[f32], dimension: usize) -> Result<Index, JsError> {
        Ok(Self(FeatureFile::pack_rows(rows, dimension, [0; 32], [0; 16])?))
    }

    /// The rows of the `k` best, proven or, where `is_proof` is false, by their codes.
    pub fn search(&self, query: &[f32], k: usize, is_proof: bool, kernel: &str) -> Result<Vec<u32>, JsError> {
        let accuracy = if is_proof { Accuracy::Proven } else { Accuracy::Codes };
        let request = Request { query, k, accuracy, ..Request::default() };
        let answers = search_with(&named(kernel), &self.0, &[request])?;
        Ok(answers.first().map(|answer| rows(&answer.hits)).unwrap_or_default())
    }

    /// Reads all codes once.
    #[must_use]
    pub fn read(&self) -> f64 {
        black_box(Kernel::best().read(self.0.lines())) as f64
    }

    /// The same codes `times` times, each copy a file of its own that has arrived up to its codes.
    pub fn shards(&self, times: usize) -> Result<Shards, JsError> {
        let bytes = self.0.write();
        // The vectors are last.
        let codes = &bytes[..bytes.len() - self.0.len() * self.0.dimension() * 2];
        let shard = || {
            let mut stream = FeatureStream::new();
            stream.push(codes).map(|()| stream)
        };
        Ok(Shards((0..times).map(|_| shard()).collect::<Result<_, _>>()?))
    }
}

/// Codes of many items, in files that are searched one after the other.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Shards(Vec<FeatureStream>);

#[wasm_bindgen]
impl Shards {
    /// Number of items.
    pub fn len(&self) -> usize {
        self.0.iter().map(FeatureStream::rows).sum()
    }

    /// Whether there is no item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Row and score of each of the `k` best of all, one after the other.
    pub fn search(&self, query: &[f32], k: usize, kernel: &str) -> Result<Vec<f64>, JsError> {
        let kernel = named(kernel);
        let (mut all, mut before) = (Vec::new(), 0);
        for shard in &self.0 {
            let request = Request { query, k, accuracy: Accuracy::Codes, ..Request::default() };
            for answer in search_stream_with(&kernel, shard, &[request])? {
                all.extend(answer.hits.iter().map(|hit| Hit { row: hit.row + before, ..*hit }));
            }
            before += shard.rows();
        }
        all.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
        Ok(all.iter().take(k).flat_map(|hit| [hit.row as f64, f64::from(hit.score)]).collect())
    }

    /// Reads all codes once.
    #[must_use]
    pub fn read(&self) -> f64 {
        let kernel = Kernel::best();
        self.0.iter().map(|shard| black_box(kernel.read(shard.lines())) as f64).sum()
    }
}
