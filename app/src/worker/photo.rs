//! A photo's file to pixels.
//!
//! `model` decodes, so that the network sees the same pixels here and in training. Only formats that it does not know (HEIC,
//! AVIF) go through the browser's own decoder.

use ::image::RgbImage;
use js_sys::{ArrayBuffer, Uint8Array};
use model::image::{DecodeLimits, decode, from_rgba};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ImageBitmap, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use crate::worker::{fault, scope};
use twill_app::protocol::{Fault, FaultKind};
use twill_app::texts;

/// Reads and decodes a photo, upright.
pub(crate) async fn read(file: &Blob) -> Result<RgbImage, Fault> {
    pixels(file, &contents(file, DecodeLimits::default().max_bytes).await?).await
}

/// A file's bytes, of which there may be so many.
pub(crate) async fn contents(file: &Blob, max_bytes: u64) -> Result<Vec<u8>, Fault> {
    let bytes = file.size() as u64;
    if bytes > max_bytes {
        return Err(fault::of(&model::Error::PhotoTooLarge { bytes, max_bytes }));
    }
    read_bytes(file).await.map_err(|_| Fault::new(FaultKind::Photo, texts::FILE_UNREADABLE))
}

/// Decodes a photo, upright; `bytes` are the file's.
pub(crate) async fn pixels(file: &Blob, bytes: &[u8]) -> Result<RgbImage, Fault> {
    let limits = DecodeLimits::default();
    match decode(bytes, &limits) {
        Err(model::Error::NotAPicture) => match decode_in_browser(file, &limits).await {
            Ok(photo) => photo.map_err(|error| fault::of(&error)),
            Err(_) if is_heic(bytes) => Err(Fault::new(FaultKind::Photo, texts::PHOTO_HEIC)),
            Err(_) => Err(fault::of(&model::Error::NotAPicture)),
        },
        decoded => decoded.map_err(|error| fault::of(&error)),
    }
}

async fn read_bytes(file: &Blob) -> Result<Vec<u8>, JsValue> {
    let buffer: ArrayBuffer = JsFuture::from(file.array_buffer()).await?.dyn_into()?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// Whether a file calls itself HEIC: among the brands in its first box is one of those that stand for HEVC.
fn is_heic(bytes: &[u8]) -> bool {
    let Some((size, rest)) = bytes.split_first_chunk::<4>() else { return false };
    // No list of brands is as long as that.
    let length = (u32::from_be_bytes(*size) as usize).min(256).saturating_sub(4);
    let brands = rest.get(..length).unwrap_or(rest).strip_prefix(b"ftyp");
    brands.is_some_and(|brands| {
        let mut brands = brands.chunks_exact(4);
        brands.any(|brand| matches!(brand, b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx"))
    })
}

/// Pixels that are taken from the browser's own decoder at most: they come in four bytes each, and are held twice for a moment.
const MAX_PIXELS_FROM_BROWSER: u64 = 64_000_000;

/// The outer result is the browser's: it does not know the format either. It turns photos upright by itself.
async fn decode_in_browser(
    file: &Blob,
    limits: &DecodeLimits,
) -> Result<Result<RgbImage, model::Error>, JsValue> {
    let bitmap: ImageBitmap =
        JsFuture::from(scope().create_image_bitmap_with_blob(file)?).await?.dyn_into()?;
    let (width, height) = (bitmap.width(), bitmap.height());
    if u64::from(width) * u64::from(height) > limits.max_pixels.min(MAX_PIXELS_FROM_BROWSER) {
        bitmap.close();
        return Ok(Err(model::Error::TooManyPixels { width, height }));
    }
    let canvas = OffscreenCanvas::new(width, height)?;
    let context: OffscreenCanvasRenderingContext2d =
        canvas.get_context("2d")?.ok_or(JsValue::NULL)?.dyn_into()?;
    context.draw_image_with_image_bitmap(&bitmap, 0.0, 0.0)?;
    bitmap.close();
    let pixels = context.get_image_data(0.0, 0.0, f64::from(width), f64::from(height))?;
    Ok(from_rgba(width, height, &pixels.data()))
}
