//! Boxes on a picture, as fractions of its width and height.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// An axis-aligned box; `x` to the right, `y` down, both as fractions (0 to 1) of the upright picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Corners")]
pub struct CropBox {
    /// Left edge.
    pub x1: f32,
    /// Top edge.
    pub y1: f32,
    /// Right edge.
    pub x2: f32,
    /// Bottom edge.
    pub y2: f32,
}

/// The serialised form, checked on its way in.
#[derive(Deserialize)]
struct Corners {
    x1: f32,
    y1: f32,
    x2: f32,
    y2: f32,
}

impl TryFrom<Corners> for CropBox {
    type Error = Error;
    fn try_from(corners: Corners) -> Result<Self> {
        Self::new(corners.x1, corners.y1, corners.x2, corners.y2)
    }
}

impl std::fmt::Display for CropBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({}, {}) to ({}, {})", self.x1, self.y1, self.x2, self.y2)
    }
}

impl CropBox {
    /// The whole picture.
    pub const WHOLE: Self = Self { x1: 0.0, y1: 0.0, x2: 1.0, y2: 1.0 };

    /// A box from its corners.
    ///
    /// Fails with [`Error::InvalidCrop`] unless `0 <= x1 < x2 <= 1` and likewise for `y`.
    pub fn new(x1: f32, y1: f32, x2: f32, y2: f32) -> Result<Self> {
        let crop = Self { x1, y1, x2, y2 };
        // Written so that a NaN fails, too.
        let valid = x1 >= 0.0 && y1 >= 0.0 && x2 <= 1.0 && y2 <= 1.0 && x1 < x2 && y1 < y2;
        if valid { Ok(crop) } else { Err(Error::InvalidCrop(crop)) }
    }

    /// The nearest valid box to what a regression head returned, at least `minimum` wide and high.
    ///
    /// Corners in the wrong order are exchanged; a value that is not a number gives the whole picture.
    #[must_use]
    pub fn from_prediction([x1, y1, x2, y2]: [f32; 4], minimum: f32) -> Self {
        if ![x1, y1, x2, y2].iter().all(|v| v.is_finite()) {
            return Self::WHOLE;
        }
        let span = |a: f32, b: f32| {
            let (low, high) = (a.min(b).clamp(0.0, 1.0), a.max(b).clamp(0.0, 1.0));
            if high - low >= minimum {
                return (low, high);
            }
            let low = (f32::midpoint(low, high) - minimum / 2.0).clamp(0.0, 1.0 - minimum);
            (low, low + minimum)
        };
        let ((x1, x2), (y1, y2)) = (span(x1, x2), span(y1, y2));
        Self { x1, y1, x2, y2 }
    }

    /// Share of the picture that the box covers, 0 to 1.
    #[must_use]
    pub fn area(&self) -> f32 {
        (self.x2 - self.x1) * (self.y2 - self.y1)
    }

    /// Intersection over union of two boxes on the same picture, 0 to 1.
    #[must_use]
    pub fn iou(&self, other: &Self) -> f32 {
        let width = (self.x2.min(other.x2) - self.x1.max(other.x1)).max(0.0);
        let height = (self.y2.min(other.y2) - self.y1.max(other.y1)).max(0.0);
        let intersection = width * height;
        let union = self.area() + other.area() - intersection;
        if union > 0.0 { intersection / union } else { 0.0 }
    }

    /// The box with `margin`, a fraction of its own sides, added all around, cut to the picture.
    #[must_use]
    pub fn grown(&self, margin: f32) -> Self {
        let (dx, dy) = ((self.x2 - self.x1) * margin, (self.y2 - self.y1) * margin);
        Self {
            x1: (self.x1 - dx).max(0.0),
            y1: (self.y1 - dy).max(0.0),
            x2: (self.x2 + dx).min(1.0),
            y2: (self.y2 + dy).min(1.0),
        }
    }

    /// The box that `inner`, given in fractions of this box, has in the whole picture.
    #[must_use]
    pub fn whole_from_crop(&self, inner: &Self) -> Self {
        let (width, height) = (self.x2 - self.x1, self.y2 - self.y1);
        Self {
            x1: self.x1 + inner.x1 * width,
            y1: self.y1 + inner.y1 * height,
            x2: (self.x1 + inner.x2 * width).min(1.0),
            y2: (self.y1 + inner.y2 * height).min(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_has_its_corners_in_order_and_inside() {
        assert!(CropBox::new(0.1, 0.2, 0.5, 0.9).is_ok());
        for (x1, y1, x2, y2) in
            [(0.5, 0.0, 0.5, 1.0), (-0.1, 0.0, 1.0, 1.0), (0.0, 0.0, 1.1, 1.0), (f32::NAN, 0.0, 1.0, 1.0)]
        {
            assert!(
                matches!(CropBox::new(x1, y1, x2, y2), Err(Error::InvalidCrop(_))),
                "{x1} {y1} {x2} {y2}"
            );
        }
        assert!(serde_json::from_str::<CropBox>(r#"{"x1":0.9,"y1":0,"x2":0.1,"y2":1}"#).is_err());
    }

    #[test]
    fn intersection_over_union_by_hand() {
        let left = CropBox::new(0.0, 0.0, 0.5, 1.0).unwrap();
        let middle = CropBox::new(0.25, 0.0, 0.75, 1.0).unwrap();
        let right = CropBox::new(0.5, 0.0, 1.0, 1.0).unwrap();
        assert!((left.iou(&middle) - 1.0 / 3.0).abs() < 1e-6);
        assert!(left.iou(&right).abs() < 1e-6);
        assert!((left.iou(&left) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_prediction_is_always_a_valid_box() {
        for raw in
            [[0.9, 0.2, 0.1, 0.8], [-3.0, 0.5, 7.0, 0.5], [1.0, 1.0, 1.0, 1.0], [f32::NAN, 0.0, 1.0, 1.0]]
        {
            let crop = CropBox::from_prediction(raw, 0.05);
            assert!(CropBox::new(crop.x1, crop.y1, crop.x2, crop.y2).is_ok(), "{raw:?} gave {crop}");
            assert!(crop.x2 - crop.x1 > 0.0499 && crop.y2 - crop.y1 > 0.0499);
        }
    }

    #[test]
    fn nested_boxes_compose() {
        let outer = CropBox::new(0.5, 0.0, 1.0, 0.5).unwrap();
        let inner = CropBox::new(0.5, 0.5, 1.0, 1.0).unwrap();
        assert_eq!(outer.whole_from_crop(&inner), CropBox::new(0.75, 0.25, 1.0, 0.5).unwrap());
    }
}
