//! The page's and the worker's parts in a real worker: what only a browser can show, and the tests of `twill_app`.
//!
//! `make test STEPS=worker` runs them with wasm-bindgen's runner.

use js_sys::{Array, Uint8Array};
use model::crop::CropBox;
use model::embedder::{Embedder, freeze, unit};
use model::feature_file::FeatureFile;
use model::preprocess::Preprocess;
use model::resnet::{ResNetConfig, layout};
use model::search::{Accuracy, Kernel, Request, brute_force, search_with};
use model::weights::{self, FileReference, HostTensor, ModelCard};
use twill_app::protocol::{Fault, FaultKind};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Blob;

#[path = "../src/worker/mod.rs"]
#[expect(dead_code, reason = "the worker's entry is not called here")]
mod worker;

use worker::{check, photo};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// The runner calls the tests; the program itself has nothing to do.
fn main() {}

fn blob(bytes: &[u8]) -> Blob {
    Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes))).unwrap()
}

fn encoded(width: u32, height: u32, format: image::ImageFormat) -> Vec<u8> {
    let picture =
        image::RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 3) as u8, (y * 5) as u8, 90]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

async fn fault_of(bytes: &[u8]) -> Fault {
    photo::read(&blob(bytes)).await.unwrap_err()
}

#[wasm_bindgen_test]
async fn a_photo_is_read() {
    for format in [image::ImageFormat::Png, image::ImageFormat::Jpeg, image::ImageFormat::WebP] {
        let photo = photo::read(&blob(&encoded(40, 30, format))).await.unwrap();
        assert_eq!(photo.dimensions(), (40, 30), "{format:?}");
    }
}

#[wasm_bindgen_test]
async fn what_is_no_photo_says_why() {
    let empty = fault_of(b"").await;
    let words = fault_of(b"some words, and a name that ends in .jpg").await;
    let png = encoded(200, 200, image::ImageFormat::Png);
    let cut = fault_of(&png[..png.len() / 2]).await;
    for fault in [&empty, &words, &cut] {
        assert_eq!(fault.kind, FaultKind::Photo);
    }
    assert!(empty.message != words.message && words.message != cut.message && cut.message != empty.message);
}

/// An icon file around a PNG stands for all formats that the browser knows and `image`, as it is built here, does not.
#[wasm_bindgen_test]
async fn the_browser_decodes_what_we_do_not_know() {
    let png = encoded(32, 32, image::ImageFormat::Png);
    let mut icon = vec![0, 0, 1, 0, 1, 0, 32, 32, 0, 0, 1, 0, 24, 0];
    icon.extend((png.len() as u32).to_le_bytes());
    icon.extend(22u32.to_le_bytes());
    icon.extend(&png);
    let photo = photo::read(&blob(&icon)).await.unwrap();
    assert_eq!(photo.dimensions(), (32, 32));
    let [r, g, b] = photo.get_pixel(10, 20).0;
    assert!(r.abs_diff(30) < 4 && g.abs_diff(100) < 4 && b.abs_diff(90) < 4, "{r} {g} {b}");
}

#[wasm_bindgen_test]
async fn the_network_runs_on_the_processor() {
    let config = ResNetConfig::default();
    let labels: Vec<String> = (0..config.categories).map(|label| format!("label {label}")).collect();
    let tensors = layout(&config).into_iter().map(|(name, shape)| {
        // Any numbers, of both signs but for variances.
        let floor = if name.ends_with("running_var") { 1.0 } else { -0.1 };
        let values = (0..shape.iter().product()).map(|at: usize| floor + (at * 7919 % 101) as f32 / 500.0);
        (name, HostTensor { values: values.collect(), shape })
    });
    let weights = weights::write_safetensors(tensors.collect()).unwrap();
    let card = serde_json::json!({
        "format": weights::CARD_FORMAT, "version": weights::CARD_VERSION,
        "weights": FileReference::hashed("weights", "safetensors", &weights),
        "network": config, "preprocess": Preprocess::default(), "labels": labels,
    });
    let card = serde_json::to_vec(&card).unwrap();
    let network = Embedder::load(&card, &weights).unwrap();
    let card = ModelCard::from_json(&card).unwrap();
    let picture = check::picture(&card);
    let right = freeze(&card, &weights).unwrap().forward(&picture);
    assert!(check::agree(&right, &right));
    let mut wrong = right.clone();
    wrong.boxes[0] = -10.0;
    assert!(!check::agree(&wrong, &right));
    wrong.boxes[0] = f32::NAN;
    assert!(!check::agree(&wrong, &right));

    let photo = photo::read(&blob(&encoded(90, 120, image::ImageFormat::Jpeg))).await.unwrap();
    let embedding = network.embed(&photo, CropBox::WHOLE).await.unwrap();
    let length: f32 = embedding.vector.iter().map(|value| value * value).sum();
    assert!((length - 1.0).abs() < 1e-4, "{length}");
}

/// Only here does search run on the browser's vector unit.
#[wasm_bindgen_test]
fn every_kernel_of_search_finds_what_brute_force_finds() {
    let (rows, dimension) = (700, 83);
    let matrix: Vec<f32> = (0..rows)
        .flat_map(|row| {
            let raw: Vec<f32> = (0..dimension).map(|i| ((row * 31 + i * 17) as f32 * 0.618).sin()).collect();
            unit(&raw).unwrap()
        })
        .collect();
    let features = FeatureFile::pack_rows(&matrix, dimension, [0; 32], [0; 16]).unwrap();
    let features = FeatureFile::read(&features.write()).unwrap();
    let exact: Vec<f32> = features.rows().flatten().collect();
    let kernels = Kernel::available();
    assert!(kernels.len() > 1, "{kernels:?}");
    for query in exact.chunks_exact(dimension).step_by(50) {
        let request = |accuracy| Request { query, k: 9, accuracy, ..Request::default() };
        let requests = [request(Accuracy::Proven), request(Accuracy::Codes)];
        let answers = kernels.iter().map(|kernel| search_with(kernel, &features, &requests).unwrap());
        let answers: Vec<_> = answers.collect();
        assert_eq!(answers[0][0].hits, brute_force(&exact, query, 9));
        assert!(answers.iter().all(|answer| *answer == answers[0]));
    }
}
