//! A part of a picture.
//!
//! The page has its own type for it and none of `model`'s: whatever of `model` the page's program named would bring the
//! network with it, megabytes of code that only the worker runs.

use serde::{Deserialize, Serialize};

/// A part of a picture: left, top, right and bottom edge as fractions of the picture's width and height.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Debug)]
pub struct Region {
    /// Left edge.
    pub x1: f32,
    /// Top edge.
    pub y1: f32,
    /// Right edge.
    pub x2: f32,
    /// Bottom edge.
    pub y2: f32,
}

impl Region {
    /// The region with these edges, cut to the picture; none where nothing is left of it.
    #[must_use]
    pub fn new(x1: f32, y1: f32, x2: f32, y2: f32) -> Option<Self> {
        let region = Self { x1: x1.max(0.0), y1: y1.max(0.0), x2: x2.min(1.0), y2: y2.min(1.0) };
        (region.x1 < region.x2 && region.y1 < region.y2).then_some(region)
    }
}
