//! Photo bytes to upright RGB pixels.
//!
//! Phones store photos lying on their side with an EXIF orientation; it is applied here, so that everything after sees
//! the garment as the person does. Size limits are checked against the header, before anything is allocated: what counts
//! is all that decoding needs, not the pixels alone.

mod bits;
mod huffman;
mod jpeg;
mod pixels;
mod png;
mod reduced;
mod webp;

use std::io::Cursor;

use ::image::{
    ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, ImageResult, Limits,
    RgbImage,
    codecs::png::PngDecoder,
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

/// Bytes that opening a photo may take beside the file itself, so that it stays below 600 MB with everything around it.
const MAX_MEMORY: u64 = 440_000_000;
/// Bytes that may be made of a compressed colour profile and other metadata of a PNG.
const MAX_METADATA: u64 = 16 << 20;
/// Bytes that a frame of a GIF may take beyond those of a whole picture: frames are decoded aside, at whatever size they claim.
const MAX_OVERHANG: u64 = 16 << 20;
/// No camera comes near this width or height; some decoders take their time over millions of rows.
const MAX_SIDE: u32 = 65_535;
/// Above so many pixels a photo is halved: more help nobody, and turning it upright takes as much memory again.
const HALVED_ABOVE: u64 = 64_000_000;

/// Decodes a photo (JPEG, PNG, WebP, GIF or BMP, recognised by its contents) to upright RGB.
///
/// Of an animation the first frame counts; transparent parts are laid over white. Of a large JPEG as cameras write them comes a
/// picture of a half, a quarter or an eighth of the size, no side shorter than 640 pixels: everything that looks at photos looks at
/// fewer. Of anything else with more than 64 megapixels every two by two become one. Fails with a photo variant of
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
    // The JPEG decoder makes up what is missing, and the WebP decoder makes room for it; a person should rather be told.
    if matches!(format, ImageFormat::Jpeg | ImageFormat::WebP) && lacks_end(format, bytes) {
        return Err(Error::TruncatedPhoto { format: name });
    }
    if format == ImageFormat::Png && !png::has_sound_palette(bytes) {
        return Err(Error::DamagedPhoto { format: name });
    }

    let mut decoder = open(format, bytes).map_err(failure)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Error::NoPixels);
    }
    let pixels = u64::from(width) * u64::from(height);
    let colour = decoder.color_type();
    let needed = memory_needed(format, pixels, colour, bytes);
    if pixels > limits.max_pixels || needed > MAX_MEMORY || width.max(height) > MAX_SIDE {
        return Err(Error::TooManyPixels { width, height });
    }
    let mut allocation = Limits::no_limits();
    allocation.max_alloc =
        Some(if format == ImageFormat::Gif { 4 * pixels + MAX_OVERHANG } else { MAX_MEMORY });
    decoder.set_limits(allocation).map_err(failure)?;
    let orientation = decoder.orientation().map_err(failure)?;
    let reduction = reduced::reduction(width, height);
    let reduced = (format == ImageFormat::Jpeg && reduction > 1)
        .then(|| reduced::decode(bytes, [width, height], reduction))
        .flatten();
    let picture = match reduced {
        Some(picture) => picture,
        None => whole(decoder, name, failure)?,
    };
    let mut picture = DynamicImage::ImageRgb8(picture);
    picture.apply_orientation(orientation);
    Ok(picture.into_rgb8())
}

/// All pixels of a picture, or, where they are too many, every two by two as one.
fn whole(
    decoder: Box<dyn ImageDecoder + '_>,
    name: &'static str,
    failure: impl Fn(ImageError) -> Error,
) -> Result<RgbImage> {
    let (width, height) = decoder.dimensions();
    let (pixels, colour) = (u64::from(width) * u64::from(height), decoder.color_type());
    let damaged = || Error::DamagedPhoto { format: name };
    let mut samples = vec![0; usize::try_from(decoder.total_bytes()).unwrap_or(usize::MAX)];
    decoder.read_image(&mut samples).map_err(failure)?;
    let rgb = pixels::to_rgb(samples, colour).ok_or_else(damaged)?;
    let picture = RgbImage::from_raw(width, height, rgb).ok_or_else(damaged)?;
    Ok(if pixels > HALVED_ABOVE { pixels::halve(picture) } else { picture })
}

/// A decoder that has read the header.
fn open(format: ImageFormat, bytes: &[u8]) -> ImageResult<Box<dyn ImageDecoder + '_>> {
    let reader = Cursor::new(bytes);
    if format == ImageFormat::Png {
        // This one unpacks metadata before it can be given limits in another way.
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(MAX_METADATA);
        return Ok(Box::new(PngDecoder::with_limits(reader, limits)?));
    }
    Ok(Box::new(ImageReader::with_format(reader, format).into_decoder()?))
}

/// Bytes that a picture takes while it is being opened, at most.
fn memory_needed(format: ImageFormat, pixels: u64, colour: ColorType, bytes: &[u8]) -> u64 {
    let decoded = u64::from(colour.bytes_per_pixel());
    let converted = if pixels::fit_in_place(colour) { 0 } else { 3 };
    let aside = match format {
        // A frame that does not fill its canvas, or the same in another order of colours.
        ImageFormat::Gif | ImageFormat::WebP => 4,
        ImageFormat::Jpeg => jpeg::coefficient_bytes(bytes),
        _ => 0,
    };
    // The JPEG decoder has a copy of the file.
    let copy = if format == ImageFormat::Jpeg { bytes.len() as u64 } else { 0 };
    pixels.saturating_mul((decoded + converted).saturating_add(aside)).saturating_add(copy)
}

/// RGBA bytes from another decoder (rows from the top, not premultiplied) as RGB over white.
///
/// Fails with [`Error::NoPixels`] where the length is not `4 * width * height` or there is no pixel.
pub fn from_rgba(width: u32, height: u32, rgba: &[u8]) -> Result<RgbImage> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels.checked_mul(4) != Some(rgba.len() as u64) {
        return Err(Error::NoPixels);
    }
    let mut rgb = Vec::with_capacity(rgba.len() / 4 * 3);
    for p in rgba.chunks_exact(4) {
        rgb.extend(pixels::over_white([p[0], p[1], p[2], p[3]]));
    }
    RgbImage::from_raw(width, height, rgb).ok_or(Error::NoPixels)
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
            // A frame of a GIF that is far larger than its picture is none of too many pixels.
            if format != ImageFormat::Gif
                && matches!(
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
        ImageFormat::Jpeg => !jpeg::is_complete(bytes),
        ImageFormat::WebP => !webp::is_complete(bytes),
        ImageFormat::Png => !bytes.windows(4).rev().take(64).any(|name| name == b"IEND"),
        ImageFormat::Gif => bytes.last() != Some(&0x3b),
        ImageFormat::Bmp => {
            let claimed = bytes.get(2..6).map_or(u32::MAX, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            u64::from(claimed) > bytes.len() as u64
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use ::image::{DynamicImage, Rgb};

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
    fn a_large_jpeg_comes_reduced_and_upright() {
        let picture = RgbImage::from_fn(2600, 1300, |x, y| Rgb([(x / 11) as u8, (y / 6) as u8, 128]));
        let jpeg = encode(&picture, ImageFormat::Jpeg);
        let turned = decode(&with_orientation(&jpeg, 6), &DecodeLimits::default()).unwrap();
        assert_eq!(turned.dimensions(), (650, 1300));
        // Rows of the file are columns now, from the right; both ways of decoding agree on what is in them.
        let whole = ::image::load_from_memory(&jpeg).unwrap().into_rgb8();
        for (x, y) in [(0, 0), (649, 0), (325, 700), (0, 1299), (649, 1299)] {
            let (found, expected) = (turned.get_pixel(x, y), whole.get_pixel(2 * y, 1299 - 2 * x));
            let differs = found.0.iter().zip(expected.0).any(|(a, b)| a.abs_diff(b) > 6);
            assert!(!differs, "{found:?} instead of {expected:?} at {x}, {y}");
        }
    }

    #[test]
    fn transparent_parts_become_white() {
        let picture = from_rgba(2, 1, &[255, 0, 0, 255, 0, 0, 0, 0]).unwrap();
        assert_eq!(picture.into_raw(), [255, 0, 0, 255, 255, 255]);
        assert_eq!(from_rgba(2, 1, &[0; 7]), Err(Error::NoPixels));
        assert_eq!(from_rgba(0, 0, &[]), Err(Error::NoPixels));
    }

    /// The converted samples are those of the `image` crate, whatever the picture's colours are.
    #[test]
    fn greys_and_deep_colours_are_converted() {
        let deep = ::image::ImageBuffer::from_fn(37, 19, |x, y| {
            ::image::Rgba([x * 1771, y * 3449, (x + y) * 1170, x * y * 97].map(|value| value as u16))
        });
        let deep = DynamicImage::ImageRgba16(deep);
        let variants = [
            deep.to_luma8().into(),
            deep.to_luma_alpha8().into(),
            deep.to_luma16().into(),
            deep.to_luma_alpha16().into(),
            deep.to_rgb16().into(),
            deep.to_rgba8().into(),
            deep.clone(),
        ];
        for picture in variants {
            let mut file = Cursor::new(Vec::new());
            picture.write_to(&mut file, ImageFormat::Png).unwrap();
            let decoded = decode(&file.into_inner(), &DecodeLimits::default()).unwrap();
            let rgba = picture.to_rgba8();
            assert_eq!(decoded, from_rgba(37, 19, &rgba).unwrap(), "{:?}", picture.color());
        }
    }

    #[test]
    fn the_memory_that_a_picture_needs_is_counted() {
        let needed = |format, colour| memory_needed(format, 100, colour, b"");
        assert_eq!(needed(ImageFormat::Png, ColorType::Rgba16), 800);
        assert_eq!(needed(ImageFormat::Png, ColorType::L8), 400);
        assert_eq!(needed(ImageFormat::Gif, ColorType::Rgba8), 800);
        assert_eq!(needed(ImageFormat::Bmp, ColorType::Rgb8), 300);
        assert_eq!(memory_needed(ImageFormat::Png, u64::MAX, ColorType::Rgb8, b""), u64::MAX);
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

    /// Found by fuzzing: a picture of a few pixels whose frame is decoded in hundreds of megabytes.
    #[test]
    fn a_frame_may_not_be_far_larger_than_its_picture() {
        let shrunk = |width, height| {
            let mut bytes = encode(&gradient(width, height), ImageFormat::Gif);
            // The size of the whole picture.
            bytes[6..10].copy_from_slice(&[24, 0, 18, 0]);
            decode(&bytes, &DecodeLimits::default()).map(|picture| picture.dimensions())
        };
        assert_eq!(shrunk(30, 20), Ok((24, 18)));
        assert_eq!(shrunk(2200, 2000), Err(Error::DamagedPhoto { format: "GIF" }));
    }

    fn png_crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |crc, byte| {
            (0..8)
                .fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 })
        })
    }
}
