//! What cloth is made of: relief too fine for folds, flecks, gloss.

use super::noise::{cell, cloud, grain};

/// The kinds of cloth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fabric {
    Cotton,
    Knit,
    Rib,
    Cable,
    Denim,
    Chiffon,
    Leather,
    Fleece,
    Satin,
    Wool,
    Corduroy,
    Puffer,
    Diamond,
    Metal,
    Print,
}

/// Relief in garment units, brightness factor.
pub(crate) struct Texel {
    pub(crate) height: f32,
    pub(crate) tone: f32,
}

/// Fades a feature out when its period comes near the pixel size, where it would only alias.
fn fade(period: f32, pixel: f32) -> f32 {
    ((period / pixel - 1.6) / 1.8).clamp(0.0, 1.0)
}

impl Fabric {
    /// The attribute's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Cotton | Self::Print | Self::Metal => "cotton",
            Self::Knit | Self::Rib | Self::Cable => "knit",
            Self::Denim => "denim",
            Self::Chiffon => "chiffon",
            Self::Leather => "leather",
            Self::Fleece => "fleece",
            Self::Satin => "satin",
            Self::Wool => "wool",
            Self::Corduroy => "corduroy",
            Self::Puffer | Self::Diamond => "quilted",
        }
    }

    /// Strength and width of the highlight.
    pub(crate) fn gloss(self) -> f32 {
        match self {
            Self::Leather => 0.42,
            Self::Satin => 0.3,
            Self::Metal => 0.7,
            Self::Puffer => 0.17,
            Self::Diamond => 0.08,
            Self::Chiffon => 0.05,
            _ => 0.0,
        }
    }

    /// How strongly the cloth wrinkles.
    pub(crate) fn crumple(self) -> f32 {
        match self {
            Self::Cotton => 1.0,
            Self::Chiffon | Self::Satin => 1.15,
            Self::Denim | Self::Leather => 0.85,
            Self::Fleece | Self::Wool => 0.6,
            Self::Knit | Self::Rib | Self::Cable | Self::Corduroy => 0.5,
            Self::Puffer | Self::Diamond => 0.4,
            Self::Metal | Self::Print => 0.0,
        }
    }

    /// The texel at these cloth coordinates; `gauge` scales the texture, `pixel` is a pixel's size in the same units.
    pub(crate) fn texel(self, u: f32, v: f32, gauge: f32, pixel: f32) -> Texel {
        let flat = |tone: f32| Texel { height: 0.0, tone };
        let tau = std::f32::consts::TAU;
        let fine = |strength: f32| grain((u * 420.0) as i32, (v * 420.0) as i32) * strength;
        match self {
            Self::Cotton => flat(1.0 + fine(0.018) + cloud(u * 9.0, v * 9.0) * 0.02),
            Self::Print | Self::Metal => flat(1.0),
            Self::Knit => {
                let period = 0.0135 * gauge;
                let shown = fade(period, pixel).max(0.25);
                let column = (u / period + 1000.0).fract() - 0.5;
                let row = (v / (period * 0.9) + column.abs() * 0.9 + 1000.0).fract() - 0.5;
                let bump = (1.0 - 3.4 * column * column) * (1.0 - 2.2 * row * row);
                Texel {
                    height: bump * period * 0.16 * shown,
                    tone: 1.0 + (0.16 * (bump - 0.55) + fine(0.03)) * shown.max(0.5),
                }
            }
            Self::Rib => {
                let period = 0.019 * gauge;
                let shown = fade(period, pixel).max(0.2);
                let ridge = (u / period * tau).cos();
                Texel {
                    height: ridge * period * 0.2 * shown,
                    tone: 1.0 + (0.11 * ridge + fine(0.02)) * shown,
                }
            }
            Self::Cable => cable(u, v, gauge, pixel),
            Self::Denim => {
                let period = 0.0075;
                let twill = (((u + v * 1.4) / period) * tau).sin() * fade(period, pixel);
                let slub = grain((u * 300.0) as i32, (v * 60.0) as i32) * 0.03;
                let wash = cloud(u * 3.1 + 7.0, v * 2.3) * 0.14;
                Texel { height: twill * 0.0004, tone: 1.0 + twill * 0.05 + slub + fine(0.025) + wash }
            }
            Self::Chiffon => flat(1.0 + cloud(u * 5.0, v * 5.0) * 0.04),
            Self::Leather => {
                let pebble = cloud(u * 42.0, v * 42.0);
                Texel { height: pebble * 0.0016, tone: 1.0 + pebble * 0.05 + cloud(u * 4.0, v * 4.0) * 0.08 }
            }
            Self::Fleece => {
                let fluff = cloud(u * 24.0, v * 24.0);
                Texel { height: fluff * 0.0022, tone: 1.0 + fluff * 0.05 + fine(0.03) }
            }
            Self::Satin => flat(1.0 + cloud(u * 4.0, v * 4.0) * 0.03),
            Self::Wool => {
                let fleck = grain((u * 260.0) as i32, (v * 260.0) as i32);
                Texel { height: 0.0, tone: 1.0 + fleck * 0.07 + cloud(u * 14.0, v * 14.0) * 0.05 }
            }
            Self::Corduroy => {
                let period = 0.0125 * gauge;
                let shown = fade(period, pixel).max(0.15);
                let ridge = (u / period * tau).cos();
                Texel { height: ridge * 0.0016 * shown, tone: 1.0 + 0.12 * ridge * shown + fine(0.03) }
            }
            Self::Puffer => {
                let period = 0.085 * gauge;
                let phase = (v / period + 1000.0 + cloud(u * 2.0, v * 2.0) * 0.08).fract();
                let arch = (phase * (1.0 - phase) * 4.0).sqrt();
                let pucker = cloud(u * 17.0, v * 5.0) * (1.0 - arch) * 0.9;
                Texel {
                    height: arch * period * 0.24 + pucker * period * 0.14,
                    tone: 0.8 + 0.24 * arch.min(0.93),
                }
            }
            Self::Diamond => {
                let period = 0.062 * gauge;
                let a = ((u + v) / period + 1000.0).fract();
                let b = ((u - v) / period + 1000.0).fract();
                let arch = (a * (1.0 - a) * b * (1.0 - b) * 16.0).sqrt();
                Texel { height: arch * period * 0.13, tone: 0.8 + 0.21 * arch }
            }
        }
    }
}

/// Braids between ribs; the braid's two strands pass over each other in turn.
fn cable(u: f32, v: f32, gauge: f32, pixel: f32) -> Texel {
    let tau = std::f32::consts::TAU;
    let width = 0.105 * gauge;
    let column = (u / width + 1000.5).floor();
    let x = (u / width + 1000.5).fract() - 0.5;
    let turn = if cell(column as i32, 0, 3) > 0.5 { 1.0 } else { -1.0 };
    let phase = v / (width * 0.95) * tau;
    let mut height: f32 = 0.0;
    for side in [1.0, -1.0] {
        let centre = side * 0.15 * phase.sin() * turn;
        let over = 0.75 + 0.25 * side * phase.cos();
        let d = (x - centre) / 0.13;
        height = height.max((1.0 - d * d).max(0.0).sqrt() * over);
    }
    if x.abs() > 0.32 {
        height = height.max(0.45 * (0.5 + 0.5 * (x * width / (0.016 * gauge) * tau).cos()));
    }
    let stitch = Fabric::Knit.texel(u, v, gauge * 0.8, pixel);
    Texel {
        height: height * width * 0.16 + stitch.height * 0.6,
        tone: (0.86 + 0.22 * height) * (0.4 + 0.6 * stitch.tone),
    }
}
