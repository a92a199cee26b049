//! Light, blueness and redness as red, green and blue (ITU-T T.871), in vectors.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined into the version for a processor is compiled for the least of them"
)]

use pulp::{Scalar, Simd, WithSimd};

/// Nothing after the point is left of a number of this size, and its last bits are a whole number's.
const WHOLE: f32 = 8_388_608.0;

/// Joins rows of one picture.
pub(super) struct Join {
    /// Red and 256 times green, each on top of [`WHOLE`].
    low: Vec<f32>,
    /// Blue, likewise.
    high: Vec<f32>,
}

impl Join {
    /// For rows of so many values.
    pub(super) fn new(width: usize) -> Self {
        Self { low: vec![WHOLE; width], high: vec![WHOLE; width] }
    }

    /// A row of pixels from values around 0, of which there are at least as many.
    pub(super) fn colours(
        &mut self,
        pixels: &mut [[u8; 3]],
        light: &[f32],
        blueness: &[f32],
        redness: &[f32],
    ) {
        let Self { low, high } = self;
        pulp::Arch::new().dispatch(Row { light, blueness, redness, low, high });
        for ((to, low), high) in pixels.iter_mut().zip(low).zip(high) {
            let [low, high] = [low, high].map(|number| number.to_bits());
            *to = [low as u8, (low >> 8) as u8, high as u8];
        }
    }
}

/// A row of grey pixels.
pub(super) fn greys(pixels: &mut [[u8; 3]], light: &[f32]) {
    for (to, light) in pixels.iter_mut().zip(light) {
        // What lies outside is cut off, which `as` does.
        *to = [(light + 128.5) as u8; 3];
    }
}

struct Row<'a> {
    light: &'a [f32],
    blueness: &'a [f32],
    redness: &'a [f32],
    low: &'a mut [f32],
    high: &'a mut [f32],
}

impl WithSimd for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let from = [self.light, self.blueness, self.redness].map(S::as_simd_f32s);
        let [low, high] = [self.low, self.high].map(S::as_mut_simd_f32s);
        let values = from[0].0.iter().zip(from[1].0).zip(from[2].0);
        for ((low, high), ((light, blueness), redness)) in low.0.iter_mut().zip(high.0).zip(values) {
            (*low, *high) = join(simd, *light, *blueness, *redness);
        }
        // What does not fill a vector.
        let values = from[0].1.iter().zip(from[1].1).zip(from[2].1);
        for ((low, high), ((light, blueness), redness)) in low.1.iter_mut().zip(high.1).zip(values) {
            (*low, *high) = join(Scalar, *light, *blueness, *redness);
        }
    }
}

/// Factors with sixteen bits after the point. Products and sums of them and of whole numbers are exact as far as they are not cut off, so
/// that every machine gives the same.
#[inline(always)]
fn join<S: Simd>(simd: S, light: S::f32s, blueness: S::f32s, redness: S::f32s) -> (S::f32s, S::f32s) {
    let light = simd.add_f32s(level(simd, light, 128.5), simd.splat_f32s(0.5));
    let middle = simd.splat_f32s(128.0);
    let blue = simd.sub_f32s(level(simd, blueness, 128.5), middle);
    let red = simd.sub_f32s(level(simd, redness, 128.5), middle);
    let redder = level(simd, add_times(simd, light, red, 91_881), 0.0);
    let greener = add_times(simd, add_times(simd, light, blue, -22_554), red, -46_802);
    let greener = simd.mul_f32s(level(simd, greener, 0.0), simd.splat_f32s(256.0));
    let bluer = level(simd, add_times(simd, light, blue, 116_130), 0.0);
    let whole = simd.splat_f32s(WHOLE);
    (simd.add_f32s(simd.add_f32s(redder, greener), whole), simd.add_f32s(bluer, whole))
}

/// `to` and `value` times so many 65,536ths.
#[inline(always)]
fn add_times<S: Simd>(simd: S, to: S::f32s, value: S::f32s, factor: i32) -> S::f32s {
    simd.add_f32s(to, simd.mul_f32s(value, simd.splat_f32s(factor as f32 / 65_536.0)))
}

/// The sum as a whole number from 0 to 255, rounded down; what lies outside is cut off.
#[inline(always)]
fn level<S: Simd>(simd: S, value: S::f32s, more: f32) -> S::f32s {
    let whole = simd.splat_f32s(WHOLE);
    let value = simd.add_f32s(value, simd.splat_f32s(more));
    // Compared, because vectors' own least and greatest look for what is no number first, which takes time in browsers.
    let (least, most) = (simd.splat_f32s(0.0), simd.splat_f32s(255.0));
    let value = simd.select_f32s(simd.less_than_f32s(value, least), least, value);
    let value = simd.select_f32s(simd.less_than_f32s(most, value), most, value);
    let nearest = simd.sub_f32s(simd.add_f32s(value, whole), whole);
    let one_less = simd.sub_f32s(nearest, simd.splat_f32s(1.0));
    simd.select_f32s(simd.less_than_f32s(value, nearest), one_less, nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In whole numbers, as the standard's factors are rounded to sixteen bits.
    fn expected(light: f32, blueness: f32, redness: f32) -> [u8; 3] {
        let [light, blue, red] = [light, blueness, redness].map(|value| i32::from((value + 128.5) as u8));
        let (light, blue, red) = (light << 16 | 1 << 15, blue - 128, red - 128);
        let cut = |value: i32| (value >> 16).clamp(0, 255) as u8;
        [cut(light + 91_881 * red), cut(light - 22_554 * blue - 46_802 * red), cut(light + 116_130 * blue)]
    }

    fn check(rows: &[Vec<f32>; 3]) {
        let mut pixels = vec![[0; 3]; rows[0].len()];
        Join::new(rows[0].len()).colours(&mut pixels, &rows[0], &rows[1], &rows[2]);
        for (at, pixel) in pixels.iter().enumerate() {
            let [light, blue, red] = [0, 1, 2].map(|row: usize| rows[row][at]);
            assert_eq!(*pixel, expected(light, blue, red), "{light} {blue} {red}");
        }
    }

    #[test]
    fn every_light_with_every_colour_is_exact() {
        let all = || (-128..128).map(|value| value as f32);
        for light in (-128i16..128).step_by(3).map(f32::from) {
            for blue in all() {
                check(&[vec![light; 256], vec![blue; 256], all().collect()]);
            }
        }
    }

    #[test]
    fn levels_are_rounded_and_cut_off() {
        let steps = (-35_000..35_000i32).map(|at| at as f32 / 128.0);
        let extremes = [f32::MIN, f32::MAX, -1e9, 1e9, 126.5, 126.499_99, 127.5, -128.5, -128.500_02, -0.0];
        let values: Vec<f32> = steps.chain(extremes).collect();
        let zeros = vec![0.0; values.len()];
        check(&[values.clone(), zeros.clone(), zeros.clone()]);
        check(&[zeros.clone(), values.clone(), zeros.clone()]);
        check(&[zeros.clone(), zeros, values.clone()]);
        let mut pixels = vec![[0; 3]; values.len()];
        greys(&mut pixels, &values);
        assert!(pixels.iter().zip(&values).all(|(pixel, value)| *pixel == [(value + 128.5) as u8; 3]));
    }
}
