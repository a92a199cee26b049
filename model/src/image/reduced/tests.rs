//! Against the full decoder, whose pixels are averaged.

use ::image::{ExtendedColorType, RgbImage, codecs::jpeg::JpegEncoder};

use super::{decode, reduction};

/// Edges, colours and shades.
fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let is_inside = x.abs_diff(width / 2) < width / 4 && y.abs_diff(height / 2) < height / 3;
        let shade = ((f64::from(x) / 9.0).sin() * 40.0 + (f64::from(y) / 5.0).cos() * 30.0) as i32;
        let base = if is_inside { [170, 90, 100] } else { [100, 140, 150] };
        ::image::Rgb(base.map(|value: i32| (value + shade) as u8))
    })
}

fn encode(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).unwrap();
    bytes
}

fn full(bytes: &[u8]) -> RgbImage {
    ::image::load_from_memory(bytes).unwrap().into_rgb8()
}

/// The mean of each square of `side` pixels; squares that stick out are left out.
fn means(picture: &RgbImage, side: u32) -> RgbImage {
    RgbImage::from_fn(picture.width() / side, picture.height() / side, |x, y| {
        let mut sums = [0; 3];
        for (dx, dy) in (0..side * side).map(|at| (at % side, at / side)) {
            let pixel = picture.get_pixel(x * side + dx, y * side + dy);
            sums.iter_mut().zip(pixel.0).for_each(|(sum, value)| *sum += u32::from(value));
        }
        ::image::Rgb(sums.map(|sum| ((sum + side * side / 2) / (side * side)) as u8))
    })
}

/// Compares every pixel, and how far they differ on average.
fn compare(bytes: &[u8], most: u8, on_average: f64) {
    let expected = full(bytes);
    let size = [expected.width(), expected.height()];
    for side in [2, 4, 8] {
        let found = decode(bytes, size, side).unwrap();
        let side = side as u32;
        assert_eq!([found.width(), found.height()], size.map(|length| length.div_ceil(side)));
        let expected = means(&expected, side);
        let mut sum = 0.0;
        for (x, y, pixel) in expected.enumerate_pixels() {
            for (a, b) in pixel.0.iter().zip(found.get_pixel(x, y).0) {
                assert!(
                    a.abs_diff(b) <= most,
                    "{side}: {pixel:?} and {:?} at {x}, {y}",
                    found.get_pixel(x, y)
                );
                sum += f64::from(a.abs_diff(b));
            }
        }
        let mean = sum / f64::from(expected.width() * expected.height() * 3);
        assert!(mean < on_average, "{side}: {mean}");
    }
}

#[test]
fn small_pictures_stay_as_they_are() {
    for (width, height, expected) in
        [(640, 480, 1), (1279, 5000, 1), (1280, 1280, 2), (4000, 3000, 4), (3024, 4032, 4), (6000, 8000, 8)]
    {
        assert_eq!(reduction(width, height), expected, "{width} x {height}");
    }
}

#[test]
fn equals_the_means_of_the_full_picture() {
    for (width, height) in [(64, 48), (67, 51), (9, 130)] {
        for quality in [40, 90, 100] {
            compare(&encode(&picture(width, height), quality), 3, 1.0);
        }
    }
    let grey = ::image::imageops::grayscale(&picture(75, 50));
    let mut bytes = Vec::new();
    JpegEncoder::new(&mut bytes).encode(&grey, 75, 50, ExtendedColorType::L8).unwrap();
    compare(&bytes, 3, 1.0);
}

/// A JPEG whose blocks are flat: light that changes from block to block, colours at a half of the size across and down, and a
/// restart after each second unit.
fn halved_colours(across: usize, down: usize) -> Vec<u8> {
    let sides = [(down * 16) as u16, (across * 16) as u16].map(u16::to_be_bytes).concat();
    // Sizes from 0 to 11 in four bits each; and "nothing more" in one.
    let mut sizes = vec![0x00, 0, 0, 0, 12];
    sizes.extend([0; 12]);
    sizes.extend(0..12);
    let mut others = vec![0x10, 1];
    others.extend([0; 15]);
    others.push(0);
    let mut bits: Vec<bool> = Vec::new();
    let mut coded = Vec::new();
    let mut last = [0i32; 3];
    let mut restarts = 0xd0;
    for unit in 0..across * down {
        if unit > 0 && unit % 2 == 0 {
            flush(&mut bits, &mut coded);
            coded.extend([0xff, restarts]);
            restarts = 0xd0 | (restarts + 1) & 7;
            last = [0; 3];
        }
        for (component, value) in [0, 0, 0, 0, 1, 2].into_iter().zip(0..) {
            // Around 0, in steps of 8, of which one is a step of light.
            let mean = [(unit as i32 * 13 + value * 17) % 120 - 60, unit as i32 * 3 % 40 - 20, 25][component];
            let difference = mean - last[component];
            last[component] = mean;
            let size = (32 - difference.unsigned_abs().leading_zeros()) as u8;
            push(&mut bits, u32::from(size), 4);
            let number = if difference < 0 { difference - 1 } else { difference } as u32;
            push(&mut bits, number, size);
            push(&mut bits, 0, 1);
        }
    }
    flush(&mut bits, &mut coded);
    [
        vec![0xff, 0xd8],
        segment(0xdb, &[&[0][..], &[8; 64]].concat()),
        segment(0xc0, &[&[8][..], &sides, &[3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0]].concat()),
        segment(0xc4, &[sizes, others].concat()),
        segment(0xdd, &[0, 2]),
        segment(0xda, &[3, 1, 0, 2, 0, 3, 0, 0, 63, 0]),
        coded,
        vec![0xff, 0xd9],
    ]
    .concat()
}

/// A marker with its length and contents.
pub(super) fn segment(marker: u8, contents: &[u8]) -> Vec<u8> {
    [&[0xff, marker][..], &(contents.len() as u16 + 2).to_be_bytes(), contents].concat()
}

/// The lowest bits of a number, the highest of them first.
pub(super) fn push(bits: &mut Vec<bool>, value: u32, count: u8) {
    bits.extend((0..count).rev().map(|at| value >> at & 1 == 1));
}

/// Whole bytes, filled up with ones, each 0xff followed by zero.
pub(super) fn flush(bits: &mut Vec<bool>, bytes: &mut Vec<u8>) {
    while !bits.len().is_multiple_of(8) {
        bits.push(true);
    }
    for byte in bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))) {
        bytes.push(byte);
        if byte == 0xff {
            bytes.push(0);
        }
    }
    bits.clear();
}

#[test]
fn colours_at_half_the_size_come_out_at_the_size_of_the_light() {
    let bytes = halved_colours(5, 3);
    // The full decoder blurs colours from unit to unit.
    compare(&bytes, 40, 8.0);
    let found = decode(&bytes, [80, 48], 8).unwrap();
    // The first block of the first unit: light 128 - 60, no blueness of 20 below the middle, redness 25 above it.
    let [r, g, b] = found.get_pixel(0, 0).0.map(f64::from);
    let (light, blue, red) = (68.0, -20.0, 25.0);
    let expected = [light + 1.402 * red, light - 0.344 * blue - 0.714 * red, light + 1.772 * blue];
    for (found, expected) in [r, g, b].into_iter().zip(expected) {
        assert!((found - expected).abs() <= 1.0, "{found} {expected}");
    }
}

#[test]
fn what_is_wrong_or_unknown_is_none() {
    let whole = encode(&picture(64, 48), 80);
    assert!(decode(&whole, [64, 48], 4).is_some());
    assert!(decode(&whole, [64, 40], 4).is_none(), "a size that nobody has agreed to");
    let scan = whole.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    for end in [0, 2, 30, scan, scan + 20, whole.len() * 2 / 3] {
        assert!(decode(&whole[..end], [64, 48], 4).is_none(), "cut off at {end}");
    }
    let frame = whole.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    let mut progressive = whole.clone();
    progressive[frame + 1] = 0xc2;
    assert!(decode(&progressive, [64, 48], 4).is_none());
}

#[test]
fn no_change_of_a_byte_makes_it_panic() {
    for whole in [encode(&picture(40, 24), 70), halved_colours(3, 2)] {
        let size = [full(&whole).width(), full(&whole).height()];
        let mut bytes = whole.clone();
        for at in 0..whole.len() {
            for change in [0x01, 0x10, 0x80, 0xff] {
                bytes[at] ^= change;
                for side in [2, 8] {
                    // Any answer will do.
                    let _ = decode(&bytes, size, side);
                }
                bytes[at] = whole[at];
            }
        }
    }
}
