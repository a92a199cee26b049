//! The place a garment is photographed in.

use super::garment::{Garment, Piece};
use super::geom::{Pen, Pt, bounds, pt};
use super::noise::{cell, cloud, crumple, grain, smooth};
use super::palette::{self, Light};
use super::pattern::{Pattern, blend};
use super::rng::Rng;

/// What the garment lies on or hangs before.
#[derive(Clone, Copy, PartialEq)]
enum Ground {
    Studio,
    Sheet,
    Wood,
    Wall,
    Carpet,
    Tiles,
}

/// A ground with its own colours and frame.
pub(crate) struct Place {
    ground: Ground,
    colours: [Light; 3],
    pattern: Pattern,
    angle: f32,
    scale: f32,
    offset: Pt,
    rough: f32,
    /// Softness and darkness of the garment's shadow.
    pub(crate) lift: f32,
    pub(crate) hanging: bool,
}

/// One point of ground: colour and relief.
pub(crate) struct Spot {
    pub(crate) colour: Light,
    pub(crate) height: f32,
}

impl Place {
    /// A plain light ground.
    pub(crate) fn studio(rng: &mut Rng) -> Self {
        let grey = rng.range(0.72, 0.88);
        let tint = rng.normal() * 0.01;
        Self {
            ground: Ground::Studio,
            colours: [[grey + tint, grey, grey - tint]; 3],
            pattern: Pattern::Plain,
            angle: 0.0,
            scale: 1.0,
            offset: pt(0.0, 0.0),
            rough: 0.0,
            lift: 0.02,
            hanging: false,
        }
    }

    /// Any place a seller may choose; `hang` says whether a hanger is possible.
    pub(crate) fn varied(rng: &mut Rng, hang: bool) -> Self {
        let ground = rng.weighted(&[
            (Ground::Sheet, 3.6),
            (Ground::Wood, 2.2),
            (Ground::Wall, if hang { 2.4 } else { 0.0 }),
            (Ground::Carpet, 1.5),
            (Ground::Studio, 1.0),
            (Ground::Tiles, 0.6),
        ]);
        let any = palette::any(rng).light();
        let pale = {
            let level = rng.range(0.35, 0.82);
            [level * rng.range(0.95, 1.08), level, level * rng.range(0.82, 1.06)]
        };
        let wood = palette::linear(*pick(
            rng,
            &[
                [176, 138, 98],
                [142, 100, 66],
                [196, 170, 138],
                [158, 148, 138],
                [110, 78, 54],
                [188, 160, 120],
            ],
        ));
        let base = match ground {
            Ground::Wood => wood,
            Ground::Sheet => {
                if rng.chance(0.6) {
                    pale
                } else {
                    blend(any, pale, rng.range(0.0, 0.5))
                }
            }
            Ground::Carpet => blend(any, [0.3, 0.27, 0.24], rng.range(0.2, 0.8)),
            _ => pale,
        };
        let other = blend(palette::any(rng).light(), base, rng.range(0.1, 0.7));
        let pattern = if matches!(ground, Ground::Sheet | Ground::Carpet) && rng.chance(0.36) {
            match rng.count(0, 3) {
                0 => Pattern::Stripes {
                    period: rng.range(0.08, 0.3),
                    duty: 0.4,
                    upright: true,
                    third: rng.chance(0.4),
                },
                1 => Pattern::Floral { period: rng.range(0.15, 0.4), size: 0.4 },
                2 => Pattern::Check { period: rng.range(0.1, 0.25), tartan: true },
                _ => Pattern::Dots { period: 0.12, size: 0.03 },
            }
        } else {
            Pattern::Plain
        };
        Self {
            ground,
            colours: [base, other, blend(other, base, 0.5)],
            pattern,
            angle: match ground {
                Ground::Wall => rng.normal() * 0.02,
                Ground::Wood | Ground::Tiles => {
                    (if rng.chance(0.5) { 1.57 } else { 0.0 }) + rng.normal() * 0.15
                }
                _ => rng.range(0.0, 3.1),
            },
            scale: rng.range(0.8, 1.25),
            offset: pt(rng.range(0.0, 16.0), rng.range(0.0, 16.0)),
            rough: rng.range(0.25, 1.1),
            lift: if ground == Ground::Wall { rng.range(0.03, 0.06) } else { rng.range(0.012, 0.03) },
            hanging: ground == Ground::Wall,
        }
    }

    /// The ground at garment-plane coordinates.
    pub(crate) fn spot(&self, p: Pt, pixel: f32) -> Spot {
        let (s, c) = self.angle.sin_cos();
        let x = (p.x * c - p.y * s) * self.scale + self.offset.x;
        let y = (p.x * s + p.y * c) * self.scale + self.offset.y;
        let base = self.colours[0];
        let tone = |light: Light, by: f32| light.map(|v| v * by);
        match self.ground {
            Ground::Studio => Spot { colour: tone(base, 1.0 + cloud(x * 0.4, y * 0.4) * 0.02), height: 0.0 },
            Ground::Sheet => {
                let soft = crumple(x * 0.7, y * 0.55) * 0.055;
                let sharp = crumple(x * 2.1 + y * 0.6, y * 1.7 - x * 0.3) * 0.017;
                let slide = soft * 0.6;
                let ink = self.pattern.colour(&self.colours, x + slide, y - slide, 0.0, pixel);
                Spot { colour: ink, height: (soft + sharp) * self.rough }
            }
            Ground::Wood => self.wood(x, y, pixel),
            Ground::Wall => {
                let bump = cloud(x * 20.0, y * 20.0) * 0.0011 * self.rough;
                Spot { colour: tone(base, 1.0 + cloud(x * 0.5, y * 0.5) * 0.05), height: bump }
            }
            Ground::Carpet => {
                let tuft =
                    cloud(x * 26.0, y * 26.0) * 0.5 + grain((x * 190.0) as i32, (y * 190.0) as i32) * 0.22;
                let ink = self.pattern.colour(&self.colours, x, y, 0.0, pixel);
                Spot {
                    colour: tone(ink, (0.92 + tuft * 0.3 * (0.4 + 0.6 * self.rough)).max(0.2)),
                    height: tuft * 0.003,
                }
            }
            Ground::Tiles => {
                let size = 0.42;
                let (fx, fy) = ((x / size).fract() - 0.5, (y / size).fract() - 0.5);
                let joint = smooth(0.478, 0.492, fx.abs().max(fy.abs()));
                let own = 1.0 + (cell((x / size) as i32, (y / size) as i32, 5) - 0.5) * 0.1;
                let stone = own + cloud(x * 2.2, y * 2.2) * 0.1 + cloud(x * 14.0, y * 14.0) * 0.03;
                Spot { colour: blend(tone(base, stone), tone(base, 0.55), joint), height: -joint * 0.003 }
            }
        }
    }

    fn wood(&self, x: f32, y: f32, pixel: f32) -> Spot {
        let wide = 0.15;
        let row = (x / wide).floor();
        let across = (x / wide).fract();
        let long = y * 0.9 + cell(row as i32, 0, 9) * 3.0;
        let board = (long / 1.1).floor();
        let own = cell(row as i32, board as i32, 11);
        let rings = cloud(x * 7.0 + own * 9.0, y * 0.55 + own * 5.0);
        let streak = cloud(x * 44.0 + own * 3.0, y * 1.6);
        let mut tone = 0.82 + 0.34 * own + 0.2 * (rings * 9.0).sin() * 0.5 + 0.13 * streak;
        let s = (pixel * 0.7).max(0.002);
        let gap = 1.0 - smooth(s, s * 2.6, (across.min(1.0 - across)) * wide);
        let end = 1.0 - smooth(s, s * 2.2, (long / 1.1).fract() * 1.1);
        let joint = gap.max(end);
        tone *= 1.0 - 0.55 * joint;
        let base = self.colours[0];
        Spot {
            colour: [base[0] * tone, base[1] * tone * 0.99, base[2] * tone * (0.94 + 0.1 * own)],
            height: -joint * 0.002,
        }
    }
}

fn pick<'a, T>(rng: &mut Rng, items: &'a [T]) -> &'a T {
    &items[rng.count(0, items.len() - 1)]
}

/// Hanger pieces to lay under the garment: arms, neck and hook.
pub(crate) fn hanger(garment: &mut Garment, rng: &mut Rng) -> Vec<Piece> {
    let Some(hang) = garment.hang else { return Vec::new() };
    let wooden = rng.chance(0.5);
    let light = if wooden {
        palette::linear(*pick(rng, &[[160, 112, 66], [196, 152, 102], [70, 46, 32]]))
    } else {
        palette::linear(*pick(rng, &[[28, 28, 30], [230, 230, 228], [120, 122, 126]]))
    };
    let arm = garment.cloth(super::fabric::Fabric::Satin, light);
    let top = hang.neck - 0.055;
    let thick = if wooden { 0.036 } else { 0.017 };
    let (x, y) = (hang.shoulder.x - 0.02, hang.shoulder.y + 0.022);
    let arms =
        Pen::at(-x, y).quad(-x * 0.4, top + 0.028, 0.0, top + 0.012).quad(x * 0.4, top + 0.028, x, y).done();
    let hook = Pen::at(0.0, top + 0.01)
        .line(0.0, top - 0.05)
        .cubic(pt(0.0, top - 0.085), pt(0.045, top - 0.075), pt(0.043, top - 0.115))
        .cubic(pt(0.04, top - 0.155), pt(-0.035, top - 0.155), pt(-0.036, top - 0.112))
        .done();
    let mut out = vec![Piece::cord(hook, 0.0095, super::garment::METAL), Piece::cord(arms, thick, arm)];
    for piece in &mut out {
        piece.prop = true;
        piece.shadow = 0.5;
    }
    out
}

/// Corners of the garment; clipped pieces reach beyond what can be seen of them.
pub(crate) fn extent(garment: &Garment) -> (Pt, Pt) {
    bounds(garment.pieces.iter().filter(|piece| !piece.clipped).flat_map(Piece::points))
}
