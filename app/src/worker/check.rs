//! Does the graphics card calculate right?
//!
//! Some phones return plausible but wrong numbers from WebGPU and report no error. So one small picture is embedded on the
//! card and on the processor before anybody trusts the card.

use ::image::{Rgb, RgbImage};
use model::crop::CropBox;
use model::frozen::Output;
use model::weights::ModelCard;

/// Cosine similarity below which the card's numbers are wrong. Different orders of summation cost about 1e-5.
const TRUST: f32 = 0.99;

/// Whether two networks say the same of a picture: each head for itself, since each could be wrong by itself.
pub(crate) fn agree(one: &Output, other: &Output) -> bool {
    one.agrees(other, TRUST)
}

/// The known picture, as the network takes it.
pub(crate) fn picture(card: &ModelCard) -> Vec<f32> {
    card.preprocess.apply(&shirt(), CropBox::WHOLE)
}

/// A striped shirt on a bright ground: edges, colours and flat parts, so that every layer has something to do.
fn shirt() -> RgbImage {
    RgbImage::from_fn(96, 96, |x, y| {
        let (dx, dy) = (x.abs_diff(48), y.abs_diff(52));
        let is_body = dx < 22 && dy < 34;
        let is_sleeve = dx < 40 && (22..46).contains(&y) && dx < 62u32.saturating_sub(y / 2);
        match (is_body || is_sleeve, y / 6 % 2) {
            (true, 0) => Rgb([200, 60, 50]),
            (true, _) => Rgb([30, 40, 90]),
            (false, _) => Rgb([230 - (x / 4) as u8, 225, 205 + (y / 4) as u8]),
        }
    })
}
