//! Boxes and points in pixels, and the size of the picture that they are measured in.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use image::{ImageDecoder as _, ImageError, ImageReader, metadata::Orientation};
use model::crop::CropBox;
use model::image::DecodeLimits;

use crate::pictures;

/// Coordinates beyond this, in pixels, are no coordinates.
const MAX_COORDINATE: f32 = 65_536.0;

/// Width and height in pixels of a picture as it is to be looked at, from its header alone.
///
/// Fails, naming the picture, when it cannot be opened, is no picture, or is larger than what can be decoded.
pub(super) fn upright_size(path: &Path) -> Result<[f32; 2]> {
    let unreadable = || format!("The picture {} cannot be read", path.display());
    let mut decoder = ImageReader::open(path)
        .with_context(unreadable)?
        .with_guessed_format()
        .with_context(unreadable)?
        .into_decoder()
        .map_err(|error| match (error, pictures::advice(path)) {
            (ImageError::Unsupported(_), Some(advice)) => anyhow::Error::msg(advice),
            (error, _) => error.into(),
        })
        .with_context(unreadable)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    let limit = DecodeLimits::default().max_pixels;
    ensure!(
        pixels > 0 && pixels <= limit,
        "The picture {} claims {width} x {height} pixels; between one and {limit} can be used",
        path.display()
    );
    let lies_on_its_side = matches!(
        decoder.orientation().with_context(unreadable)?,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    );
    let (width, height) = if lies_on_its_side { (height, width) } else { (width, height) };
    Ok([width as f32, height as f32])
}

/// A box in pixels as fractions of a picture of `size` (width, height).
///
/// A box may touch the border, and a pixel of rounding beyond it is cut off. Fails where it is inside out or reaches
/// further.
pub(super) fn fit([x1, y1, x2, y2]: [f32; 4], [width, height]: [f32; 2]) -> Result<CropBox> {
    let fraction = |value: f32, size: f32| {
        let rounded = (-1.0..=size + 1.0).contains(&value);
        if rounded { (value / size).clamp(0.0, 1.0) } else { value / size }
    };
    CropBox::new(fraction(x1, width), fraction(y1, height), fraction(x2, width), fraction(y2, height))
        .ok()
        .with_context(|| {
            format!(
                "The box from ({x1}, {y1}) to ({x2}, {y2}) is no box in a picture of {width} x {height} pixels"
            )
        })
}

/// A pixel coordinate from text. Fails, naming it, when it is no number or absurdly large.
pub(super) fn coordinate(field: &str, name: &str) -> Result<f32> {
    let value: f32 = field
        .parse()
        .ok()
        .filter(|value: &f32| value.is_finite())
        .with_context(|| format!("{name} is {field:?}, which is not a number"))?;
    ensure!(value.abs() <= MAX_COORDINATE, "{name} is {field}, which is out of range for a picture");
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_become_fractions_and_a_pixel_of_rounding_is_cut_off() {
        let size = [200.0, 100.0];
        let half = CropBox { x1: 0.25, y1: 0.0, x2: 1.0, y2: 0.5 };
        assert_eq!(fit([50.0, 0.0, 200.0, 50.0], size).unwrap(), half);
        assert_eq!(fit([50.0, -1.0, 201.0, 50.0], size).unwrap(), half);
        for corners in [[50.0, 0.0, 203.0, 50.0], [50.0, 60.0, 60.0, 50.0], [-3.0, 0.0, 9.0, 9.0]] {
            let message = fit(corners, size).unwrap_err().to_string();
            assert!(message.contains("no box in a picture of 200 x 100"), "{message}");
        }
    }

    #[test]
    fn coordinates_are_numbers_in_range() {
        assert!((coordinate("065", "x_1").unwrap() - 65.0).abs() < 1e-6);
        for (field, fault) in [("left", "not a number"), ("inf", "not a number"), ("1e9", "out of range")] {
            let message = coordinate(field, "x_1").unwrap_err().to_string();
            assert!(message.contains(fault) && message.contains("x_1"), "{message}");
        }
    }
}
