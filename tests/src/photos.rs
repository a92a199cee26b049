//! Photos made for a journey: drawn garments, a phone's picture lying on its side, and files that are no good.

use std::io::Cursor;

use anyhow::{Context, Result};
use image::{
    DynamicImage, ImageFormat, Rgb, RgbImage,
    codecs::jpeg::JpegEncoder,
    imageops::{self, FilterType},
};

/// A plain T-shirt in `colour` on a light wall, 300 x 400.
///
/// Drawn here, in a few lines, so that the journeys have a photo of their own that no artefact depends on.
#[must_use]
pub fn drawn_shirt(colour: [u8; 3]) -> RgbImage {
    RgbImage::from_fn(300, 400, |x, y| {
        let (x, y) = (f64::from(x) - 150.0, f64::from(y));
        let side = x.abs();
        let body = side < 78.0 && (90.0..330.0).contains(&y);
        let shoulder = 70.0 + side * 0.25;
        let sleeve = (78.0..135.0).contains(&side) && y > shoulder && y < 175.0 + (side - 78.0) * 0.3;
        let neck = x.hypot(y - 82.0) < 34.0;
        // A soft fold and a little weave, so that it is not one flat colour.
        let light = 1.0 + 0.08 * (x / 23.0 + y / 61.0).sin() + 0.02 * (x * 1.7).sin() * (y * 1.3).sin();
        if (body || sleeve) && !neck {
            Rgb(colour.map(|channel| (f64::from(channel) * light).clamp(0.0, 255.0) as u8))
        } else {
            let wall = (228.0 - y * 0.05 - side * 0.04) as u8;
            Rgb([wall, wall, wall.saturating_sub(6)])
        }
    })
}

/// `picture` as a JPEG file of good quality.
pub fn jpeg(picture: &RgbImage) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut file, 92))?;
    Ok(file)
}

/// `picture` as a PNG file.
pub fn png(picture: &RgbImage) -> Result<Vec<u8>> {
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(picture.clone()).write_to(&mut file, ImageFormat::Png)?;
    Ok(file.into_inner())
}

/// What a phone held upright writes for a 12-megapixel shot of `upright`.
///
/// The pixels lie on their side, 4000 x 3000, and EXIF orientation 6 says that they have to be turned clockwise.
pub fn phone_photo(upright: &RgbImage) -> Result<Vec<u8>> {
    with_orientation(&jpeg(&imageops::rotate270(&twelve_megapixels(upright)))?, 6)
}

/// The picture as wide and high as a phone's, 3000 x 4000.
#[must_use]
pub fn twelve_megapixels(upright: &RgbImage) -> RgbImage {
    imageops::resize(upright, 3000, 4000, FilterType::Triangle)
}

/// A JPEG file with an EXIF segment that holds nothing but an orientation (1 to 8).
pub fn with_orientation(jpeg: &[u8], orientation: u8) -> Result<Vec<u8>> {
    let (start, rest) = jpeg.split_at_checked(2).context("this is no JPEG file")?;
    // TIFF, little-endian: header, one directory with one entry (tag 0x0112, SHORT, one value), no next directory.
    let mut exif = b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(exif.len() + 2)?;
    Ok([start, &[0xff, 0xe1], &length.to_be_bytes(), &exif, rest].concat())
}

/// A valid PNG header that promises 60,000 x 60,000 pixels, 10.8 GB, in 70 bytes.
#[must_use]
pub fn png_bomb() -> Vec<u8> {
    let mut header = Vec::new();
    header.extend(60_000_u32.to_be_bytes());
    header.extend(60_000_u32.to_be_bytes());
    // 8 bits a channel, RGB, and the only compression, filter and interlace methods that there are.
    header.extend([8, 2, 0, 0, 0]);
    // An empty deflate stream.
    let data = [0x78, 0x9c, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01];
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(*b"IHDR", &header), chunk(*b"IDAT", &data), chunk(*b"IEND", &[])]
        .concat()
}

fn chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [&name, data].concat();
    [&(data.len() as u32).to_be_bytes()[..], &named, &crc32(&named).to_be_bytes()].concat()
}

/// The checksum of PNG's chunks.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    };
    !bytes.iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{
        Error,
        image::{DecodeLimits, decode},
    };

    #[test]
    fn a_phone_photo_is_upright_once_decoded() {
        let shirt = drawn_shirt([30, 60, 140]);
        let file = with_orientation(&jpeg(&imageops::rotate270(&shirt)).unwrap(), 6).unwrap();
        let upright = decode(&file, &DecodeLimits::default()).unwrap();
        assert_eq!(upright.dimensions(), (300, 400));
        let difference: u64 = upright.iter().zip(shirt.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(difference / 360_000 < 4, "mean difference {}", difference / 360_000);
    }

    #[test]
    fn the_bomb_is_a_png_but_for_its_size() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let refused = decode(&png_bomb(), &DecodeLimits::default());
        assert_eq!(refused, Err(Error::TooManyPixels { width: 60_000, height: 60_000 }));
    }
}
