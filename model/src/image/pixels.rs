//! Decoded samples of any kind to RGB, in the memory that they are in wherever that is possible.

use ::image::{ColorType, RgbImage};

/// Whether pixels of this kind take at least as much memory as RGB does.
pub(super) fn fit_in_place(colour: ColorType) -> bool {
    colour.bytes_per_pixel() >= 3
}

/// Samples as decoders give them (deep ones in the machine's order of bytes) as RGB over white, 3 bytes a pixel.
///
/// None where the kind of colour is none that a photo has.
pub(super) fn to_rgb(samples: Vec<u8>, colour: ColorType) -> Option<Vec<u8>> {
    Some(match colour {
        ColorType::Rgb8 => samples,
        ColorType::Rgba8 => narrow(samples, over_white),
        ColorType::Rgb16 => {
            narrow(samples, |[r, s, g, h, b, c]: [u8; 6]| [byte(r, s), byte(g, h), byte(b, c)])
        }
        ColorType::Rgba16 => narrow(samples, |[r, s, g, h, b, c, a, d]: [u8; 8]| {
            over_white([byte(r, s), byte(g, h), byte(b, c), byte(a, d)])
        }),
        ColorType::La16 => narrow(samples, |[l, m, a, b]: [u8; 4]| {
            let grey = byte(l, m);
            over_white([grey, grey, grey, byte(a, b)])
        }),
        ColorType::L8 => widen(&samples, |[l]: [u8; 1]| [l; 3]),
        ColorType::La8 => widen(&samples, |[l, a]: [u8; 2]| over_white([l, l, l, a])),
        ColorType::L16 => widen(&samples, |[l, m]: [u8; 2]| [byte(l, m); 3]),
        _ => return None,
    })
}

/// A pixel without its transparency, over white.
pub(super) fn over_white([r, g, b, a]: [u8; 4]) -> [u8; 3] {
    let a = u32::from(a);
    [r, g, b].map(|c| ((u32::from(c) * a + 255 * (255 - a) + 127) / 255) as u8)
}

/// The two bytes of a sample of 16 bits as one of 8, rounded.
fn byte(first: u8, second: u8) -> u8 {
    ((u32::from(u16::from_ne_bytes([first, second])) + 128) / 257) as u8
}

/// Pixels of `N` bytes, at least three, to three, in place.
fn narrow<const N: usize>(mut samples: Vec<u8>, convert: impl Fn([u8; N]) -> [u8; 3]) -> Vec<u8> {
    let pixels = samples.len() / N;
    for pixel in 0..pixels {
        let mut from = [0; N];
        from.copy_from_slice(&samples[pixel * N..][..N]);
        samples[pixel * 3..][..3].copy_from_slice(&convert(from));
    }
    samples.truncate(pixels * 3);
    samples.shrink_to_fit();
    samples
}

/// Pixels of `N` bytes to three.
fn widen<const N: usize>(samples: &[u8], convert: impl Fn([u8; N]) -> [u8; 3]) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(samples.len() / N * 3);
    for pixel in samples.as_chunks::<N>().0 {
        rgb.extend(convert(*pixel));
    }
    rgb
}

/// The picture at half its width and height, each pixel the mean of two by two; a last odd row or column goes. A picture
/// of one row or column stays.
pub(super) fn halve(picture: RgbImage) -> RgbImage {
    let (width, height) = (picture.width() as usize / 2, picture.height() as usize / 2);
    if width == 0 || height == 0 {
        return picture;
    }
    let row = picture.width() as usize * 3;
    let mut samples = picture.into_raw();
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let from = 2 * y * row + 6 * x + channel;
                let sum =
                    [0, 3, row, row + 3].map(|step| u32::from(samples[from + step])).iter().sum::<u32>();
                // Never ahead of what is still to be read.
                samples[(y * width + x) * 3 + channel] = ((sum + 2) / 4) as u8;
            }
        }
    }
    samples.truncate(width * height * 3);
    samples.shrink_to_fit();
    RgbImage::from_raw(width as u32, height as u32, samples).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use ::image::{Rgb, imageops};

    use super::*;

    #[test]
    fn halves_are_means() {
        let picture =
            RgbImage::from_fn(7, 5, |x, y| Rgb([(x * 30) as u8, (y * 40) as u8, (x * y * 9) as u8]));
        let half = halve(picture.clone());
        assert_eq!(half.dimensions(), (3, 2));
        for (x, y, pixel) in half.enumerate_pixels() {
            let four = imageops::crop_imm(&picture, 2 * x, 2 * y, 2, 2).to_image();
            for channel in 0..3 {
                let sum: u32 = four.pixels().map(|pixel| u32::from(pixel.0[channel])).sum();
                assert_eq!(u32::from(pixel.0[channel]), (sum + 2) / 4);
            }
        }
        assert_eq!(halve(RgbImage::new(9, 1)).dimensions(), (9, 1));
    }

    #[test]
    fn samples_of_sixteen_bits_are_rounded() {
        for value in 0..=u16::MAX {
            let [first, second] = value.to_ne_bytes();
            let expected = (f64::from(value) * 255.0 / 65535.0).round() as u8;
            assert_eq!(byte(first, second), expected, "{value}");
        }
    }

    #[test]
    fn other_kinds_of_colour_are_refused() {
        assert_eq!(to_rgb(vec![0; 12], ColorType::Rgb32F), None);
    }
}
