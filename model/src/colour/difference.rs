//! CIEDE2000, the colour difference that the CIE recommends.
//!
//! Formula and test pairs: G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula: implementation
//! notes, supplementary test data, and mathematical observations", Color Research and Application 30 (2005).

use std::f32::consts::{PI, TAU};

use super::Lab;

/// The difference of two Lab colours with all weighting factors at 1; symmetric, 0 for equal colours.
pub(super) fn ciede2000([l1, a1, b1]: Lab, [l2, a2, b2]: Lab) -> f32 {
    let mean_chroma7 = f32::midpoint(a1.hypot(b1), a2.hypot(b2)).powi(7);
    let stretch = 1.5 - 0.5 * (mean_chroma7 / (mean_chroma7 + 25.0_f32.powi(7))).sqrt();
    let (a1, a2) = (a1 * stretch, a2 * stretch);
    let (chroma1, chroma2) = (a1.hypot(b1), a2.hypot(b2));
    let (hue1, hue2) = (hue(a1, b1), hue(a2, b2));
    let colourless = chroma1 * chroma2 == 0.0;

    let hue_step = match hue2 - hue1 {
        _ if colourless => 0.0,
        step if step > PI => step - TAU,
        step if step < -PI => step + TAU,
        step => step,
    };
    let delta_l = l2 - l1;
    let delta_c = chroma2 - chroma1;
    let delta_h = 2.0 * (chroma1 * chroma2).sqrt() * (hue_step / 2.0).sin();

    let l = f32::midpoint(l1, l2);
    let chroma = f32::midpoint(chroma1, chroma2);
    let hue = match hue1 + hue2 {
        sum if colourless => sum,
        sum if (hue1 - hue2).abs() <= PI => sum / 2.0,
        sum if sum < TAU => sum / 2.0 + PI,
        sum => sum / 2.0 - PI,
    };
    let t = 1.0 - 0.17 * (hue - 30.0_f32.to_radians()).cos()
        + 0.24 * (2.0 * hue).cos()
        + 0.32 * (3.0 * hue + 6.0_f32.to_radians()).cos()
        - 0.20 * (4.0 * hue - 63.0_f32.to_radians()).cos();
    let from_grey = (l - 50.0).powi(2);
    let scale_l = 1.0 + 0.015 * from_grey / (20.0 + from_grey).sqrt();
    let scale_c = 1.0 + 0.045 * chroma;
    let scale_h = 1.0 + 0.015 * chroma * t;

    let chroma7 = chroma.powi(7);
    let turn = 60.0_f32.to_radians() * (-((hue.to_degrees() - 275.0) / 25.0).powi(2)).exp();
    let rotation = -2.0 * (chroma7 / (chroma7 + 25.0_f32.powi(7))).sqrt() * turn.sin();

    let (l, c, h) = (delta_l / scale_l, delta_c / scale_c, delta_h / scale_h);
    // Rounding may carry the sum a hair below 0.
    (l * l + c * c + h * h + rotation * c * h).max(0.0).sqrt()
}

/// Hue angle in radians, 0 up to a full turn; 0 for grey.
fn hue(a: f32, b: f32) -> f32 {
    if a == 0.0 && b == 0.0 { 0.0 } else { b.atan2(a).rem_euclid(TAU) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_pairs() {
        for (a, b, expected) in [
            ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
            ([50.0, 3.1571, -77.2803], [50.0, 0.0, -82.7485], 2.8615),
            ([50.0, 2.8361, -74.0200], [50.0, 0.0, -82.7485], 3.4412),
            ([50.0, -1.3802, -84.2814], [50.0, 0.0, -82.7485], 1.0000),
            ([50.0, 0.0, 0.0], [50.0, -1.0, 2.0], 2.3669),
            ([50.0, 2.4900, -0.0010], [50.0, -2.4900, 0.0009], 7.1792),
            ([50.0, 2.4900, -0.0010], [50.0, -2.4900, 0.0011], 7.2195),
            ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
            ([50.0, 2.5, 0.0], [61.0, -5.0, 29.0], 22.8977),
            ([50.0, 2.5, 0.0], [56.0, -27.0, -3.0], 31.9030),
            ([50.0, 2.5, 0.0], [58.0, 24.0, 15.0], 19.4535),
            ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
            ([6.7747, -0.2908, -2.4247], [5.8714, -0.0985, -2.2286], 0.6377),
            ([2.0776, 0.0795, -1.1350], [0.9033, -0.0636, -0.5514], 0.9082),
        ] {
            let found = ciede2000(a, b);
            assert!((found - expected).abs() < 2e-4, "{a:?} and {b:?} are {expected} apart, not {found}");
            assert!((ciede2000(b, a) - found).abs() < 2e-4, "{a:?} and {b:?} differ in the order");
        }
        assert!(ciede2000([40.0, 3.0, -20.0], [40.0, 3.0, -20.0]).abs() < 1e-6);
        assert!((ciede2000([0.0, 0.0, 0.0], [100.0, 0.0, 0.0]) - 100.0).abs() < 1e-3);
    }
}
