//! What matched, as a picture to lay over another: the brighter, the more; transparent where nothing did.
//!
//! The page shows what lies under it darker, so that bright is more in every theme, and without colours, too.

use js_sys::Uint8ClampedArray;
use model::attribution::Matches;
use wasm_bindgen::JsValue;
use web_sys::ImageData;

/// Length of the longer side, pixels. What is drawn is smooth: browsers enlarge it without steps.
const LENGTH: f32 = 112.0;
/// What gives less than this share of what the strongest part gives, per area, is not drawn.
const LEAST: f32 = 0.12;
/// From faint to strong: where on the way, red, green, blue, and how opaque.
const RAMP: [(f32, [f32; 4]); 4] = [
    (0.0, [214.0, 96.0, 30.0, 0.0]),
    (0.35, [232.0, 122.0, 44.0, 0.52]),
    (0.7, [250.0, 184.0, 84.0, 0.66]),
    (1.0, [255.0, 242.0, 200.0, 0.78]),
];

/// Paints what a picture of this width and height gives.
///
/// Fails where the browser cannot make a picture.
pub(super) fn paint(matches: &Matches, (width, height): (u32, u32)) -> Result<ImageData, JsValue> {
    let (width, height) = shape(width, height);
    let pixels: Vec<u8> = strength(&matches.density(width, height)).flat_map(colour).collect();
    // A copy: what is only lent to the browser it would read again when this memory belongs to something else.
    let pixels = Uint8ClampedArray::from(&pixels[..]);
    ImageData::new_with_js_u8_clamped_array_and_sh(&pixels, width as u32, height as u32)
}

/// Width and height in the same proportion.
fn shape(width: u32, height: u32) -> (usize, usize) {
    let (width, height) = (width as f32, height as f32);
    let scale = LENGTH / width.max(height).max(1.0);
    let fitted = |side: f32| ((side * scale).round() as usize).max(1);
    (fitted(width), fitted(height))
}

/// 0 for what gives little or speaks against, 1 for what gives most.
fn strength(density: &[f32]) -> impl Iterator<Item = f32> {
    let most = density.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    density.iter().map(move |value| ((value / most - LEAST) / (1.0 - LEAST)).clamp(0.0, 1.0))
}

fn colour(strength: f32) -> [u8; 4] {
    let next = RAMP.iter().position(|(at, _)| *at >= strength).unwrap_or(RAMP.len() - 1).max(1);
    let ((from, one), (to, other)) = (RAMP[next - 1], RAMP[next]);
    let way = (strength - from) / (to - from);
    let [r, g, b, alpha] = std::array::from_fn(|at| one[at] + (other[at] - one[at]) * way);
    [r, g, b, alpha * 255.0].map(|value| value.round() as u8)
}

#[cfg(feature = "browser-tests")]
mod tests {
    use super::{colour, shape, strength};
    use wasm_bindgen_test::wasm_bindgen_test;

    /// As it looks without colours, on something dark.
    fn grey(strength: f32) -> f32 {
        let [r, g, b, alpha] = colour(strength).map(f32::from);
        (0.299 * r + 0.587 * g + 0.114 * b) * alpha / 255.0
    }

    #[wasm_bindgen_test]
    fn more_is_brighter_and_nothing_is_transparent() {
        assert_eq!(colour(0.0)[3], 0);
        let steps: Vec<f32> = (0..=50).map(|step| grey(step as f32 / 50.0)).collect();
        assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
    }

    #[wasm_bindgen_test]
    fn what_gives_nothing_is_not_drawn() {
        let found: Vec<f32> = strength(&[-3.0, 0.0, 1.0, 8.0]).collect();
        assert!(found[0] == 0.0 && found[1] == 0.0 && found[2] < 0.01 && found[3] > 0.999, "{found:?}");
        assert!(strength(&[-1.0, 0.0]).all(|strength| strength == 0.0));
    }

    #[wasm_bindgen_test]
    fn proportions_are_the_pictures() {
        assert_eq!(shape(300, 400), (84, 112));
        assert_eq!(shape(10_000, 1), (112, 1));
    }
}
