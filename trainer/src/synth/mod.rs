//! Draws labelled, photo-like pictures of garments from numbers alone.
//!
//! A garment is a stack of cloth pieces in its own plane; a scene projects the stack into a picture, where every piece
//! leaves colour, relief and occlusion, and a lamp and a camera turn those into a photograph.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::similar_names,
    clippy::many_single_char_names,
    clippy::too_many_lines,
    reason = "pixel arithmetic and tables of shapes"
)]

mod camera;
mod category;
mod fabric;
mod garment;
mod geom;
mod noise;
mod outline;
mod palette;
mod pattern;
mod raster;
mod rng;
mod scene;
mod setting;
mod shading;
#[cfg(test)]
mod tests;

pub use category::Category;

/// Where the garment is photographed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Every setting and camera fault that sellers produce.
    Varied,
    /// Upright, centred, plain light ground, little noise: for a catalogue.
    Studio,
}

/// What to draw.
#[derive(Clone, Copy, Debug)]
pub struct DrawRequest {
    /// Number of the whole data set.
    pub seed: u64,
    /// Number of the garment in it.
    pub index: u64,
    /// What the garment is.
    pub category: Category,
    /// Where it is photographed.
    pub setting: Setting,
    /// Another number draws the same garment in another scene.
    pub scene: u64,
    /// Width of the picture in pixels.
    pub width: u32,
    /// Height of the picture in pixels.
    pub height: u32,
}

/// What can be seen of the garment, in words; "none" where a word does not apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Plain, stripes, check, dots, floral, graphic, colour block, gradient or fair isle.
    pub pattern: &'static str,
    /// Sleeveless, short, three-quarter or long.
    pub sleeve: &'static str,
    /// Crew, v-neck, scoop, square, boat, turtleneck, collar, stand collar, lapel, hood or straps.
    pub neckline: &'static str,
    /// Cropped, regular or long; mini, midi or maxi; short or full.
    pub length: &'static str,
    /// Cotton, knit, denim, chiffon, leather, fleece, satin, wool, corduroy or quilted.
    pub fabric: &'static str,
    /// Slim, regular or loose.
    pub fit: &'static str,
}

/// A picture with its labels.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// The photograph.
    pub picture: image::RgbImage,
    /// Coverage of the garment, 0..=255, same size.
    pub mask: image::GrayImage,
    /// What it shows.
    pub category: Category,
    /// x1, y1, x2, y2 of the visible garment as fractions of the picture.
    pub bbox: [f32; 4],
    /// What can be seen of the garment.
    pub attributes: Attributes,
    /// Dominant colour of the garment as sRGB, before light and camera.
    pub colour: [u8; 3],
    /// The colour in plain English.
    pub colour_name: &'static str,
}

/// Draws one picture; the same request always gives the same picture.
#[must_use]
pub fn draw(request: &DrawRequest) -> Drawing {
    scene::draw(request)
}
