//! Puts a garment into a place before a camera.

use super::camera::Camera;
use super::garment::Garment;
use super::geom::{Projection, Pt, pt};
use super::raster::{Canvas, Warp};
use super::rng::Rng;
use super::setting::{self, Place};
use super::shading::shade;
use super::{DrawRequest, Drawing, Setting};

/// A pixel counts as garment from this coverage on.
const VISIBLE: u8 = 128;

/// Draws one picture.
pub(crate) fn draw(request: &DrawRequest) -> Drawing {
    let mut garment = Garment::sample(request.seed, request.index, request.category);
    let (width, height) = (request.width.max(1) as usize, request.height.max(1) as usize);
    let mut rng = Rng::new(&[request.seed, request.index, request.scene, 2]);
    let studio = request.setting == Setting::Studio;
    let place =
        if studio { Place::studio(&mut rng) } else { Place::varied(&mut rng, garment.hang.is_some()) };
    let camera =
        if studio { Camera::studio(&mut rng) } else { Camera::varied(&mut rng, width as f32 / 300.0) };
    let (low, high) = setting::extent(&garment);
    let projection = project(&mut rng, &place, studio, low, high, width as f32, height as f32);
    let ground = projection.clone();
    let warp = Warp {
        phase: pt(rng.range(0.0, 16.0), rng.range(0.0, 16.0)),
        amount: if studio {
            0.012
        } else if place.hanging {
            0.014
        } else {
            rng.range(0.015, 0.034)
        },
    };
    let mut canvas = Canvas::new(width, height);
    let props = if place.hanging { setting::hanger(&mut garment, &mut rng) } else { Vec::new() };
    for piece in props.iter().chain(&garment.pieces) {
        canvas.lay(piece, &garment, &projection, warp, camera.light);
    }
    let picture = camera.develop(shade(&canvas, &place, &projection, &ground, &camera), width, height);
    let data: Vec<u8> = canvas.cover.iter().map(|v| (v * 255.0 + 0.5).clamp(0.0, 255.0) as u8).collect();
    let bbox = tight(&data, width, height);
    let mask = image::GrayImage::from_raw(width as u32, height as u32, data)
        .unwrap_or_else(|| image::GrayImage::new(width as u32, height as u32));
    Drawing {
        picture,
        mask,
        category: request.category,
        bbox,
        attributes: garment.words,
        colour: garment.colour.rgb,
        colour_name: garment.colour.name,
    }
}

fn project(
    rng: &mut Rng,
    place: &Place,
    studio: bool,
    low: Pt,
    high: Pt,
    width: f32,
    height: f32,
) -> Projection {
    let centre = low.toward(high, 0.5);
    let size = high.minus(low);
    let angle = if studio {
        rng.normal() * 0.01
    } else if place.hanging {
        rng.normal() * 0.04
    } else if rng.chance(0.12) {
        rng.range(-1.6, 1.6)
    } else {
        rng.normal() * 0.13
    };
    // Corners of the box are mostly empty, so a turned garment may be larger than its turned box.
    let (s, c) = (angle.sin().abs() * 0.65, angle.cos().abs());
    let (wide, tall) = (size.x * c + size.y * s, size.x * s + size.y * c);
    let fit = (width / wide.max(0.01)).min(height / tall.max(0.01));
    let share = if studio {
        rng.range(0.84, 0.9)
    } else if rng.chance(0.09) {
        rng.range(0.6, 0.76)
    } else {
        rng.range(0.8, 1.08)
    };
    let scale = fit * share;
    let room = pt((width - wide * scale).max(width * 0.04), (height - tall * scale).max(height * 0.04));
    let stray = if studio { 0.05 } else { 0.5 };
    let low_hook = if place.hanging { 0.03 * height } else { 0.0 };
    let target = pt(
        width * 0.5 + room.x * rng.range(-stray, stray),
        height * 0.5 + room.y * rng.range(-stray, stray) + low_hook,
    );
    let tilt = if studio { pt(0.0, 0.0) } else { pt(rng.normal() * 0.05, rng.normal() * 0.09) };
    Projection::new(centre, target, scale, angle, tilt)
}

/// The box around visible pixels as fractions; the whole picture if there are none.
fn tight(mask: &[u8], width: usize, height: usize) -> [f32; 4] {
    let (mut x1, mut y1, mut x2, mut y2) = (width, height, 0, 0);
    for (i, value) in mask.iter().enumerate() {
        if *value >= VISIBLE {
            let (x, y) = (i % width, i / width);
            x1 = x1.min(x);
            y1 = y1.min(y);
            x2 = x2.max(x + 1);
            y2 = y2.max(y + 1);
        }
    }
    if x2 == 0 {
        return [0.0, 0.0, 1.0, 1.0];
    }
    [x1 as f32 / width as f32, y1 as f32 / height as f32, x2 as f32 / width as f32, y2 as f32 / height as f32]
}
