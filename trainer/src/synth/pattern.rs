//! What is woven into or printed on cloth.

use super::noise::{cell, cloud, smooth};
use super::palette::Light;

/// Pattern kinds with their own numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pattern {
    Plain,
    /// Two-tone yarn; still plain to the eye.
    Melange,
    /// `upright` runs down the garment; `duty` is the stripe's share of the period.
    Stripes {
        period: f32,
        duty: f32,
        upright: bool,
        third: bool,
    },
    Check {
        period: f32,
        tartan: bool,
    },
    Dots {
        period: f32,
        size: f32,
    },
    Floral {
        period: f32,
        size: f32,
    },
    /// Fades into the second colour between two heights.
    Gradient {
        from: f32,
        to: f32,
    },
    /// The second colour fills the band between these heights.
    Block {
        from: f32,
        to: f32,
    },
    /// Rows of small knitted ornaments.
    FairIsle {
        from: f32,
        to: f32,
    },
}

impl Pattern {
    /// The attribute's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Plain | Self::Melange => "plain",
            Self::Stripes { .. } => "stripes",
            Self::Check { .. } => "check",
            Self::Dots { .. } => "dots",
            Self::Floral { .. } => "floral",
            Self::Gradient { .. } => "gradient",
            Self::Block { .. } => "colour block",
            Self::FairIsle { .. } => "fair isle",
        }
    }

    /// Colour at cloth coordinates `(u, v)`; `y` is the height on the whole garment.
    pub(crate) fn colour(self, c: &[Light; 3], u: f32, v: f32, y: f32, pixel: f32) -> Light {
        let soft = pixel * 0.8;
        match self {
            Self::Plain => c[0],
            Self::Melange => {
                let n = cloud(u * 60.0, v * 22.0) * 0.5 + cloud(u * 17.0 + 3.0, v * 50.0) * 0.5;
                blend(c[0], c[1], (0.12 + n * 0.3).clamp(0.0, 0.6))
            }
            Self::Stripes { period, duty, upright, third } => {
                let t = (if upright { u } else { v }) / period + 1000.0;
                let inside = band(t.fract(), duty, soft / period);
                let ink = if third && (t as i32) % 2 == 0 { c[2] } else { c[1] };
                blend(c[0], ink, inside)
            }
            Self::Check { period, tartan } => {
                let (a, b) = ((u / period + 1000.0).fract(), (v / period + 1000.0).fract());
                let s = soft / period;
                if tartan {
                    let wide = 0.5 * (band(a, 0.34, s) + band(b, 0.34, s));
                    let ground = blend(c[0], c[1], wide * 0.85);
                    let thin = band((a + 0.35).fract(), 0.07, s).max(band((b + 0.35).fract(), 0.07, s));
                    blend(ground, c[2], thin * 0.8)
                } else {
                    blend(c[0], c[1], 0.5 * (band(a, 0.48, s) + band(b, 0.48, s)))
                }
            }
            Self::Dots { period, size } => {
                let row = (v / period).floor();
                let x = (u / period + 0.5 * (row as i32).rem_euclid(2) as f32 + 1000.0).fract() - 0.5;
                let y = (v / period + 1000.0).fract() - 0.5;
                let d = (x * x + y * y).sqrt() * period;
                blend(c[0], c[1], 1.0 - smooth(size - soft, size + soft, d))
            }
            Self::Floral { period, size } => floral(c, u, v, period, size, soft),
            Self::Gradient { from, to } => blend(c[0], c[1], smooth(from, to, y)),
            Self::Block { from, to } => {
                let s = soft * 1.2;
                blend(c[0], c[1], smooth(from - s, from + s, y) * (1.0 - smooth(to - s, to + s, y)))
            }
            Self::FairIsle { from, to } => {
                if y < from || y > to {
                    return c[0];
                }
                let k = 0.0145;
                let (x, row) = ((u / k).floor() as i32, ((v - from) / k).floor() as i32);
                let motif = match row.rem_euclid(9) {
                    0 | 6 => x.rem_euclid(2) == 0,
                    1 | 5 => x.rem_euclid(6) == 3,
                    2 | 4 => (x.rem_euclid(6) - 3).abs() <= 1,
                    3 => x.rem_euclid(6) != 0,
                    _ => false,
                };
                if motif { c[1 + usize::from(row.rem_euclid(18) > 9)] } else { c[0] }
            }
        }
    }
}

/// Linear mix.
pub(crate) fn blend(a: Light, b: Light, t: f32) -> Light {
    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t]
}

/// 1 in the first `duty` of a period, with softened edges.
fn band(t: f32, duty: f32, soft: f32) -> f32 {
    let s = soft.clamp(0.002, 0.3);
    (smooth(-s, s, t) - smooth(duty - s, duty + s, t) + smooth(1.0 - s, 1.0 + s, t)).clamp(0.0, 1.0)
}

/// Scattered five-petal flowers with small leaves between them.
fn floral(c: &[Light; 3], u: f32, v: f32, period: f32, size: f32, soft: f32) -> Light {
    let mut out = c[0];
    for layer in 0..3_i32 {
        let offset = layer as f32 * 0.37;
        let (gu, gv) = (u / period + offset, v / period + offset * 1.7);
        let (ix, iy) = (gu.floor() as i32, gv.floor() as i32);
        let salt = 17 + layer as u32;
        if cell(ix, iy, salt) < 0.22 {
            continue;
        }
        let grow = if layer == 0 { 1.0 } else { 0.55 } * (0.65 + 0.5 * cell(ix, iy, salt + 31));
        let radius = (size * grow).min(0.46);
        let room = 0.5 - radius;
        let cx = 0.5 + (cell(ix, iy, salt + 7) - 0.5) * 2.0 * room;
        let cy = 0.5 + (cell(ix, iy, salt + 11) - 0.5) * 2.0 * room;
        let (dx, dy) = (gu - ix as f32 - cx, gv - iy as f32 - cy);
        let d = (dx * dx + dy * dy).sqrt();
        if d > radius * 1.05 {
            continue;
        }
        let spin = cell(ix, iy, salt + 13) * 6.3;
        let s = soft / period;
        if layer == 1 {
            let (sin, cos) = spin.sin_cos();
            let (a, b) = (dx * cos + dy * sin, dy * cos - dx * sin);
            let leaf = (a / radius).powi(2) + (b / (radius * 0.42)).powi(2);
            out = blend(
                out,
                [c[2][0] * 0.35, c[2][1] * 0.55, c[2][2] * 0.3],
                0.85 * (1.0 - smooth(0.8, 1.1, leaf)),
            );
        } else {
            let petal = radius * (0.72 + 0.28 * (5.0 * (dy.atan2(dx) + spin)).cos());
            let shade = 0.75 + 0.35 * d / radius;
            let ink = if cell(ix, iy, salt + 19) > 0.35 { c[1] } else { c[2] };
            out = blend(out, ink.map(|x| x * shade), 1.0 - smooth(petal - s, petal + s, d));
            out = blend(out, c[2], 1.0 - smooth(radius * 0.2 - s, radius * 0.2 + s, d));
        }
    }
    out
}
