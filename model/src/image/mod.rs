//! Photo bytes to upright RGB pixels.
//!
//! Phones store photos lying on their side with an EXIF orientation; it is applied here, so that everything after sees
//! the garment as the person does. Size limits are checked against the header, before anything is allocated.

use std::io::Cursor;

use ::image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgb, RgbImage,
    error::{ImageFormatHint, LimitErrorKind},
};

use crate::{Error, Result};

/// What a photo may ask of the machine that opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Pixels of the decoded picture.
    pub max_pixels: u64,
    /// Bytes of the file.
    pub max_bytes: u64,
}

impl Default for DecodeLimits {
    /// 120 megapixels (phones reach 108 and more) and 128 MiB.
    fn default() -> Self {
        Self { max_pixels: 120_000_000, max_bytes: 128 << 20 }
    }
}

/// Decodes a photo (JPEG, PNG, WebP, GIF or BMP, recognised by its contents) to upright RGB.
///
/// Of an animation the first frame counts; transparent parts are laid over white. Fails with a photo variant of
/// [`Error`]; [`Error::NotAPicture`] means that the format is unknown, where a browser's own decoder may know more.
pub fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<RgbImage> {
    if bytes.is_empty() {
        return Err(Error::EmptyPhoto);
    }
    if bytes.len() as u64 > limits.max_bytes {
        return Err(Error::PhotoTooLarge { bytes: bytes.len() as u64, max_bytes: limits.max_bytes });
    }
    let format = ::image::guess_format(bytes).map_err(|_| Error::NotAPicture)?;
    let name = format_name(format).ok_or(Error::NotAPicture)?;
    let failure = |error: ImageError| classify(&error, name, format, bytes);
    // The JPEG decoder makes up what is missing; a person should rather be told.
    if format == ImageFormat::Jpeg && lacks_end(format, bytes) {
        return Err(Error::TruncatedPhoto { format: name });
    }

    let mut decoder = ImageReader::with_format(Cursor::new(bytes), format).into_decoder().map_err(failure)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Error::NoPixels);
    }
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(Error::TooManyPixels { width, height });
    }
    let mut allocation = Limits::no_limits();
    // 16-bit RGBA is the widest pixel any of the formats decodes to; twice that leaves room for a work buffer.
    allocation.max_alloc = Some(limits.max_pixels.saturating_mul(16));
    decoder.set_limits(allocation).map_err(failure)?;
    let orientation = decoder.orientation().map_err(failure)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(failure)?;
    picture.apply_orientation(orientation);
    Ok(flatten(picture))
}

/// RGBA bytes from another decoder (rows from the top, not premultiplied) as RGB over white.
///
/// Fails with [`Error::NoPixels`] where the length is not `4 * width * height` or there is no pixel.
pub fn from_rgba(width: u32, height: u32, rgba: &[u8]) -> Result<RgbImage> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels.checked_mul(4) != Some(rgba.len() as u64) {
        return Err(Error::NoPixels);
    }
    let rgb = rgba.chunks_exact(4).flat_map(|p| over_white([p[0], p[1], p[2], p[3]])).collect();
    RgbImage::from_raw(width, height, rgb).ok_or(Error::NoPixels)
}

fn flatten(picture: DynamicImage) -> RgbImage {
    if picture.color().has_alpha() {
        let rgba = picture.into_rgba8();
        let mut rgb = RgbImage::new(rgba.width(), rgba.height());
        for (to, from) in rgb.pixels_mut().zip(rgba.pixels()) {
            *to = Rgb(over_white(from.0));
        }
        rgb
    } else {
        picture.into_rgb8()
    }
}

fn over_white([r, g, b, a]: [u8; 4]) -> [u8; 3] {
    let a = u32::from(a);
    [r, g, b].map(|c| ((u32::from(c) * a + 255 * (255 - a) + 127) / 255) as u8)
}

const fn format_name(format: ImageFormat) -> Option<&'static str> {
    match format {
        ImageFormat::Jpeg => Some("JPEG"),
        ImageFormat::Png => Some("PNG"),
        ImageFormat::WebP => Some("WebP"),
        ImageFormat::Gif => Some("GIF"),
        ImageFormat::Bmp => Some("BMP"),
        _ => None,
    }
}

/// A decoder's error in our terms. Decoders report a missing end in many ways, so the file's own end marker decides.
fn classify(error: &ImageError, name: &'static str, format: ImageFormat, bytes: &[u8]) -> Error {
    match error {
        ImageError::Limits(limit)
            if matches!(
                limit.kind(),
                LimitErrorKind::DimensionError | LimitErrorKind::InsufficientMemory
            ) =>
        {
            let (width, height) = ImageReader::with_format(Cursor::new(bytes), format)
                .into_dimensions()
                .unwrap_or((u32::MAX, u32::MAX));
            Error::TooManyPixels { width, height }
        }
        ImageError::Unsupported(error) if matches!(error.format_hint(), ImageFormatHint::Unknown) => {
            Error::NotAPicture
        }
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::TruncatedPhoto { format: name }
        }
        _ if lacks_end(format, bytes) => Error::TruncatedPhoto { format: name },
        _ => Error::DamagedPhoto { format: name },
    }
}

/// Whether the format's end marker is absent.
fn lacks_end(format: ImageFormat, bytes: &[u8]) -> bool {
    match format {
        ImageFormat::Jpeg => !jpeg_is_complete(bytes),
        ImageFormat::Png => !bytes.windows(4).rev().take(64).any(|name| name == b"IEND"),
        ImageFormat::Gif => bytes.last() != Some(&0x3b),
        ImageFormat::WebP | ImageFormat::Bmp => {
            let at = if format == ImageFormat::WebP { 4 } else { 2 };
            let claimed =
                bytes.get(at..at + 4).map_or(u32::MAX, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            u64::from(claimed) > bytes.len() as u64
        }
        _ => false,
    }
}

/// Whether the end marker of a JPEG comes where a marker can be.
///
/// Segments are skipped by their length, since a preview in the metadata has an end of its own; what follows the end, as
/// a phone's moving picture does, is not looked at.
fn jpeg_is_complete(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[first, second]) = bytes.get(at..at + 2) {
        at += match (first, second) {
            (0xff, 0xd9) => return true,
            // Fill bytes, and coded pixels, in which 0xff is followed by zero or a restart.
            (0xff, 0xff) => 1,
            (0xff, 0x00 | 0x01 | 0xd0..=0xd8) => 2,
            (0xff, _) => match bytes.get(at + 2..at + 4) {
                Some(&[high, low]) => 2 + usize::from(u16::from_be_bytes([high, low])).max(2),
                _ => return false,
            },
            _ => 1,
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| Rgb([(x * 5) as u8, (y * 3) as u8, 128]))
    }

    fn encode(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// A JPEG with an EXIF segment that holds one orientation tag.
    fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut tiff = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
        let mut bytes = jpeg[..2].to_vec();
        bytes.extend([0xff, 0xe1]);
        bytes.extend((tiff.len() as u16 + 2).to_be_bytes());
        bytes.extend(tiff);
        bytes.extend(&jpeg[2..]);
        bytes
    }

    #[test]
    fn lossless_formats_keep_every_pixel() {
        let picture = gradient(31, 17);
        for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp] {
            let decoded = decode(&encode(&picture, format), &DecodeLimits::default()).unwrap();
            assert_eq!(decoded, picture, "{format:?}");
        }
    }

    #[test]
    fn exif_orientation_is_applied() {
        let picture =
            RgbImage::from_fn(64, 32, |x, _| if x < 32 { Rgb([250, 10, 10]) } else { Rgb([10, 10, 250]) });
        let turned = with_orientation(&encode(&picture, ImageFormat::Jpeg), 6);
        let upright = decode(&turned, &DecodeLimits::default()).unwrap();
        assert_eq!(upright.dimensions(), (32, 64));
        // Orientation 6: the stored left side is the top of the upright picture.
        assert!(upright.get_pixel(16, 8).0[0] > 200 && upright.get_pixel(16, 56).0[2] > 200);
    }

    #[test]
    fn transparent_parts_become_white() {
        let picture = from_rgba(2, 1, &[255, 0, 0, 255, 0, 0, 0, 0]).unwrap();
        assert_eq!(picture.into_raw(), [255, 0, 0, 255, 255, 255]);
        assert_eq!(from_rgba(2, 1, &[0; 7]), Err(Error::NoPixels));
        assert_eq!(from_rgba(0, 0, &[]), Err(Error::NoPixels));
    }

    #[test]
    fn every_fault_has_its_own_error() {
        let limits = DecodeLimits::default();
        assert_eq!(decode(b"", &limits), Err(Error::EmptyPhoto));
        assert_eq!(decode(b"just some words, no picture at all", &limits), Err(Error::NotAPicture));
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let bytes = encode(&gradient(200, 200), format);
            let cut = decode(&bytes[..bytes.len() / 2], &limits);
            assert!(
                matches!(cut, Err(Error::TruncatedPhoto { .. })),
                "{format:?}: {:?}",
                cut.map(|p| p.dimensions())
            );
        }
        let small = DecodeLimits { max_pixels: 100, max_bytes: 1 << 20 };
        let bytes = encode(&gradient(11, 10), ImageFormat::Png);
        assert_eq!(decode(&bytes, &small), Err(Error::TooManyPixels { width: 11, height: 10 }));
        let tiny = DecodeLimits { max_pixels: 1000, max_bytes: 10 };
        assert!(matches!(decode(&bytes, &tiny), Err(Error::PhotoTooLarge { max_bytes: 10, .. })));
    }

    #[test]
    fn a_bomb_is_refused_before_allocation() {
        // A PNG header that claims 60,000 x 60,000 pixels, with a correct checksum.
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(60_000u32.to_be_bytes());
        bytes.extend(60_000u32.to_be_bytes());
        bytes.extend([8, 2, 0, 0, 0]);
        let crc = png_crc(&bytes[12..]);
        bytes.extend(crc.to_be_bytes());
        bytes.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xae\x42\x60\x82");
        let error = decode(&bytes, &DecodeLimits::default());
        assert_eq!(error, Err(Error::TooManyPixels { width: 60_000, height: 60_000 }));
    }

    fn png_crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |crc, byte| {
            (0..8)
                .fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 })
        })
    }
}
