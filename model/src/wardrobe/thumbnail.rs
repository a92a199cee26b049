//! The small picture that stands for a photo.

use ::image::{ExtendedColorType, RgbImage, codecs::jpeg::JpegEncoder};

use super::invalid;
use crate::{
    Error, Result,
    colour::shrink::shrink,
    image::{DecodeLimits, decode},
};

/// Longest side, pixels.
pub(super) const SIDE: u32 = 256;
/// No JPEG of this size takes more bytes.
pub(super) const MAX_BYTES: usize = 256 << 10;
/// A JPEG's own scale, 1 to 100.
const QUALITY: u8 = 82;

/// A small copy of a photo.
#[derive(Clone, Debug, PartialEq)]
pub struct Thumbnail {
    /// As pixels.
    pub picture: RgbImage,
    /// As a JPEG file.
    pub file: Vec<u8>,
}

/// A copy of the photo that fits into 256 x 256 pixels, its proportions kept; a smaller photo stays as large as it is.
///
/// Fails with [`Error::NoPixels`] for a picture without any.
pub fn thumbnail(photo: &RgbImage) -> Result<Thumbnail> {
    let (width, height) = photo.dimensions();
    let longest = width.max(height);
    if width == 0 || height == 0 {
        return Err(Error::NoPixels);
    }
    let side = |side: u32| {
        let fitting = (f64::from(side) * f64::from(SIDE) / f64::from(longest)).round() as u32;
        fitting.clamp(1, SIDE).min(side)
    };
    let picture = if longest <= SIDE { photo.clone() } else { shrink(photo, side(width), side(height)) };
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, QUALITY)
        .encode(&picture, picture.width(), picture.height(), ExtendedColorType::Rgb8)
        .map_err(|error| Error::Inference { reason: error.to_string() })?;
    Ok(Thumbnail { picture, file })
}

/// Whether a file that somebody gave is a thumbnail of this size: a JPEG that can be decoded, and nothing else that a browser
/// might take it for. Gives its pixels.
///
/// Fails with [`Error::InvalidWardrobe`].
pub fn check_thumbnail(file: &[u8], width: u32, height: u32) -> Result<RgbImage> {
    if file.len() > MAX_BYTES || !file.starts_with(&[0xff, 0xd8, 0xff]) {
        return Err(invalid("a thumbnail is no small JPEG picture"));
    }
    let limits = DecodeLimits { max_pixels: u64::from(SIDE * SIDE), max_bytes: MAX_BYTES as u64 };
    let picture = decode(file, &limits).map_err(|_| invalid("a thumbnail cannot be shown"))?;
    if picture.dimensions() == (width, height) {
        Ok(picture)
    } else {
        Err(invalid("a thumbnail has another size than the wardrobe says"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::image::Rgb;

    fn photo(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| Rgb([(x / 4) as u8, (y / 4) as u8, 90]))
    }

    #[test]
    fn thumbnails_fit_and_are_never_enlarged() {
        for (photo_size, size) in [
            ((600, 800), (192, 256)),
            ((3000, 4), (256, 1)),
            ((40, 30), (40, 30)),
            ((256, 256), (256, 256)),
            ((1, 2000), (1, 256)),
        ] {
            let small = thumbnail(&photo(photo_size.0, photo_size.1)).unwrap();
            assert_eq!(small.picture.dimensions(), size);
            let back = check_thumbnail(&small.file, size.0, size.1).unwrap();
            let off =
                back.iter().zip(small.picture.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
            assert!(off / (back.as_raw().len() as u64) < 4, "{photo_size:?}: {off}");
        }
        assert_eq!(thumbnail(&RgbImage::new(0, 3)).unwrap_err(), Error::NoPixels);
    }

    #[test]
    fn the_noisiest_thumbnail_is_within_bounds() {
        let mut state = 1_u32;
        let noise = RgbImage::from_fn(SIDE, SIDE, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Rgb([(state >> 8) as u8, (state >> 16) as u8, (state >> 24) as u8])
        });
        assert!(thumbnail(&noise).unwrap().file.len() < MAX_BYTES / 2);
    }

    #[test]
    fn only_small_jpegs_are_thumbnails() {
        let good = thumbnail(&photo(60, 80)).unwrap().file;
        assert!(check_thumbnail(&good, 60, 80).is_ok());
        let mut png = std::io::Cursor::new(Vec::new());
        photo(60, 80).write_to(&mut png, ::image::ImageFormat::Png).unwrap();
        let mut large = Vec::new();
        JpegEncoder::new(&mut large).encode_image(&photo(300, 80)).unwrap();
        let mut heavy = good.clone();
        heavy.splice(good.len() - 2..good.len() - 2, vec![0; MAX_BYTES]);
        for file in [
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            b"<html><script>alert(1)</script>".to_vec(),
            png.into_inner(),
            large,
            heavy,
            good[..good.len() / 2].to_vec(),
            Vec::new(),
        ] {
            let refused = check_thumbnail(&file, 60, 80);
            assert!(matches!(refused, Err(Error::InvalidWardrobe { .. })), "{} bytes", file.len());
        }
        assert!(check_thumbnail(&good, 80, 60).is_err());
    }
}
