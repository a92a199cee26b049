//! The camera and the lamp: exposure, colour cast, falling off, blur, noise.

use super::geom::{Pt, pt};
use super::noise::{cloud, grain};
use super::palette::Light;
use super::raster::blur;
use super::rng::Rng;

/// How the picture is lit and taken.
pub(crate) struct Camera {
    /// Towards the lamp in the picture plane, length about one.
    pub(crate) light: Pt,
    lamp: [f32; 3],
    half: [f32; 3],
    ambient: f32,
    /// Darkness of the wide shadow.
    pub(crate) shadow: f32,
    exposure: Light,
    vignette: f32,
    fall: f32,
    contrast: f32,
    noise: f32,
    soft: usize,
    softness: f32,
    patches: f32,
    seed: (i32, i32),
}

fn unit(v: [f32; 3]) -> [f32; 3] {
    let n = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt().max(1e-6);
    v.map(|x| x / n)
}

impl Camera {
    /// A phone in a room.
    pub(crate) fn varied(rng: &mut Rng, scale: f32) -> Self {
        let angle = rng.range(-2.9, -0.2) + rng.normal() * 0.3;
        let hard = rng.range(0.5, 1.2);
        let warm = rng.normal() * 0.07;
        let green = rng.normal() * 0.02;
        let level = (rng.normal() * 0.2).exp();
        let mut camera = Self::with(angle, hard, rng.range(0.36, 0.62));
        camera.exposure = [level * (1.0 + warm), level * (1.0 + green), level * (1.0 - warm)];
        camera.shadow = rng.range(0.25, 0.6);
        camera.vignette = rng.range(0.0, 0.45);
        camera.fall = rng.range(0.0, 0.5);
        camera.contrast = rng.range(-0.1, 0.45);
        camera.noise = rng.range(0.002, 0.014) * if rng.chance(0.2) { 1.8 } else { 1.0 };
        let fuzzy = rng.chance(0.3);
        camera.softness = if fuzzy { rng.range(0.5, 1.0) } else { rng.range(0.1, 0.5) };
        camera.soft = if fuzzy && scale > 1.2 { 2 } else { 1 };
        camera.patches = if rng.chance(0.35) { rng.range(0.05, 0.35) } else { 0.0 };
        camera.seed = (rng.count(0, 511) as i32, rng.count(0, 511) as i32);
        camera
    }

    /// A neutral camera in even light.
    pub(crate) fn studio(rng: &mut Rng) -> Self {
        let mut camera = Self::with(-1.57 + rng.normal() * 0.5, 0.75, 0.5);
        camera.shadow = 0.3;
        camera.noise = 0.0015;
        camera.softness = 0.15;
        camera.seed = (rng.count(0, 511) as i32, rng.count(0, 511) as i32);
        camera
    }

    fn with(angle: f32, hard: f32, ambient: f32) -> Self {
        let light = pt(angle.cos(), angle.sin());
        let lamp = unit([light.x * hard, light.y * hard, 1.0]);
        Self {
            light,
            lamp,
            half: unit([lamp[0], lamp[1], lamp[2] + 1.0]),
            ambient,
            shadow: 0.3,
            exposure: [1.0; 3],
            vignette: 0.0,
            fall: 0.0,
            contrast: 0.0,
            noise: 0.0,
            soft: 1,
            softness: 0.0,
            patches: 0.0,
            seed: (0, 0),
        }
    }

    /// Light falling on a slope, one for flat ground.
    pub(crate) fn lit(&self, gx: f32, gy: f32) -> f32 {
        let n = (gx * gx + gy * gy + 1.0).sqrt();
        let facing = ((self.lamp[2] - gx * self.lamp[0] - gy * self.lamp[1]) / n).max(0.0) / self.lamp[2];
        // Slopes see less of the ceiling than flat cloth does.
        self.ambient * (0.4 + 0.6 / n) + (1.0 - self.ambient) * facing.min(1.7)
    }

    /// Highlight on a slope.
    pub(crate) fn shine(&self, gx: f32, gy: f32) -> f32 {
        let n = (gx * gx + gy * gy + 1.0).sqrt();
        let d = ((self.half[2] - gx * self.half[0] - gy * self.half[1]) / n).max(0.0);
        let d2 = d * d;
        let d8 = d2 * d2 * d2 * d2;
        d8 * d8 * d8 * 0.55
    }

    /// Develops linear light into a picture.
    pub(crate) fn develop(&self, mut light: Vec<Light>, width: usize, height: usize) -> image::RgbImage {
        let (cx, cy) = (width as f32 * 0.5, height as f32 * 0.5);
        for y in 0..height {
            for x in 0..width {
                let (u, v) = ((x as f32 - cx) / cx, (y as f32 - cy) / cy);
                let mut gain = 1.0 - self.vignette * (u * u + v * v) * 0.35;
                gain *= 1.0 + self.fall * 0.5 * (u * self.light.x + v * self.light.y);
                if self.patches > 0.0 {
                    let p = cloud(u * 0.9 + self.seed.0 as f32, v * 0.9 + self.seed.1 as f32);
                    gain *= 1.0 + self.patches * p;
                }
                let pixel = &mut light[y * width + x];
                for (value, exposure) in pixel.iter_mut().zip(self.exposure) {
                    *value *= exposure * gain;
                }
            }
        }
        if self.softness > 0.0 {
            self.soften(&mut light, width, height);
        }
        let mut curve = vec![0.0_f32; 2049];
        for (i, out) in curve.iter_mut().enumerate() {
            let x = i as f32 / 1024.0;
            // Highlights roll off instead of clipping.
            let y = if x < 0.8 { x } else { 0.8 + 0.2 * (1.0 - (-(x - 0.8) / 0.2).exp()) };
            let s = y.powf(1.0 / 2.2);
            *out = (s + self.contrast * (s - 0.5) * s * (1.0 - s) * 1.6).clamp(0.0, 1.0);
        }
        let mut data = Vec::with_capacity(light.len() * 3);
        for (i, pixel) in light.iter().enumerate() {
            let (x, y) = ((i % width) as i32, (i / width) as i32);
            let shared = grain(x + self.seed.0, y + self.seed.1);
            for (c, value) in pixel.iter().enumerate() {
                let own = grain(x + self.seed.1 + 97 * c as i32, y + self.seed.0 + 31);
                let developed = curve[((value * 1024.0) as usize).min(2048)];
                let noisy = developed + self.noise * (0.8 * shared + 0.6 * own) * (1.25 - 0.6 * developed);
                data.push((noisy * 255.0 + 0.5).clamp(0.0, 255.0) as u8);
            }
        }
        image::RgbImage::from_raw(width as u32, height as u32, data)
            .unwrap_or_else(|| image::RgbImage::new(width as u32, height as u32))
    }

    fn soften(&self, light: &mut [Light], width: usize, height: usize) {
        let mut plane = vec![0.0; light.len()];
        for c in 0..3 {
            for (to, from) in plane.iter_mut().zip(light.iter()) {
                *to = from[c];
            }
            blur(&mut plane, width, height, self.soft);
            for (to, from) in light.iter_mut().zip(&plane) {
                to[c] += (from - to[c]) * self.softness;
            }
        }
    }
}
