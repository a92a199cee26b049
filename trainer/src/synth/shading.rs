//! Light on relief: colour times how the surface faces the lamp, plus gloss and the shadow on the ground.

use super::camera::Camera;
use super::geom::{Projection, pt};
use super::palette::Light;
use super::raster::{Canvas, blur};
use super::setting::Place;

/// The finished picture in linear light.
pub(crate) fn shade(
    canvas: &Canvas,
    place: &Place,
    projection: &Projection,
    ground: &Projection,
    camera: &Camera,
) -> Vec<Light> {
    let (w, h) = (canvas.width, canvas.height);
    let mut contact = canvas.solid.clone();
    let radius = |units: f32| ((units * projection.scale) as usize).clamp(1, w.max(h) / 3 + 1);
    blur(&mut contact, w, h, radius(place.lift * 0.35));
    let mut wide = contact.clone();
    blur(&mut wide, w, h, radius(place.lift * 1.6));
    let shift = place.lift * projection.scale * 1.4;
    let (dx, dy) = ((camera.light.x * shift) as i64, (camera.light.y * shift) as i64);
    let pixel = 1.0 / ground.scale;
    let mut heights = vec![0.0; w * h];
    let mut out = vec![[0.0; 3]; w * h];
    for y in 0..h {
        for x in 0..w {
            let i = y * w + x;
            if canvas.solid[i] < 0.998 {
                let spot = place.spot(ground.to_garment(pt(x as f32 + 0.5, y as f32 + 0.5)), pixel);
                out[i] = spot.colour;
                heights[i] = spot.height * ground.scale;
            }
        }
    }
    for y in 0..h {
        for x in 0..w {
            let i = y * w + x;
            let slope = |field: &[f32]| {
                let at = |x: usize, y: usize| field[y * w + x];
                let gx = at((x + 1).min(w - 1), y) - at(x.saturating_sub(1), y);
                let gy = at(x, (y + 1).min(h - 1)) - at(x, y.saturating_sub(1));
                (gx * 0.5, gy * 0.5)
            };
            let cover = canvas.solid[i];
            let mut light = [0.0; 3];
            if cover < 0.998 {
                // The ground's relief is unknown under the garment; there its slope is taken as flat.
                let flat = contact[i] > 0.45;
                let (gx, gy) = if flat { (0.0, 0.0) } else { slope(&heights) };
                let sx = (x as i64 + dx).clamp(0, w as i64 - 1) as usize;
                let sy = (y as i64 + dy).clamp(0, h as i64 - 1) as usize;
                let dark = (1.0 - camera.shadow * wide[sy * w + sx]) * (1.0 - 0.5 * contact[i]);
                let lit = camera.lit(gx, gy) * dark;
                light = out[i].map(|v| v * lit);
            }
            if cover > 0.002 {
                let (gx, gy) = slope(&canvas.relief);
                // The border falls to the ground more gently than the pixel grid can say.
                let (gx, gy) = (gx.clamp(-1.6, 1.6), gy.clamp(-1.6, 1.6));
                let open = canvas.open[i];
                let lit = camera.lit(gx, gy) * open;
                let shine = canvas.gloss[i] * camera.shine(gx, gy) * open;
                let fuzz = 0.006 * lit;
                for (light, colour) in light.iter_mut().zip(canvas.colour[i]) {
                    let own = colour * lit + shine + fuzz;
                    *light += (own - *light) * cover;
                }
            }
            out[i] = light;
        }
    }
    out
}
