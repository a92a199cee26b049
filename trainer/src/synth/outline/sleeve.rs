//! Sleeves: a bent tube from the armhole, with its cuff.

use super::super::garment::{Garment, INSIDE, MAIN, Piece};
use super::super::geom::{Pen, Pt, pt};
use super::super::rng::Rng;
use super::folds;
use super::top::Trunk;

/// How a sleeve widens along its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    Straight,
    Bell,
    Puff,
}

/// One sleeve's numbers.
#[derive(Clone, Copy)]
pub(crate) struct Sleeve {
    pub(crate) length: f32,
    pub(crate) wrist: f32,
    pub(crate) cut: Cut,
    /// Angle from straight down, outwards.
    pub(crate) angle: f32,
    pub(crate) bend: f32,
    /// Cuff length and cloth; 0 for none.
    pub(crate) cuff: f32,
    pub(crate) cuff_cloth: usize,
    pub(crate) cloth: usize,
}

impl Sleeve {
    /// A sleeve of this length class.
    pub(crate) fn new(rng: &mut Rng, word: &str) -> Self {
        let (length, wrist) = match word {
            "short" => (rng.range(0.15, 0.22), rng.range(0.085, 0.11)),
            "three-quarter" => (rng.range(0.35, 0.4), rng.range(0.062, 0.08)),
            _ => (rng.range(0.52, 0.6), rng.range(0.045, 0.06)),
        };
        let short = word == "short";
        Self {
            length,
            wrist,
            cut: Cut::Straight,
            angle: if short { rng.range(0.6, 1.05) } else { rng.range(0.16, 0.72) },
            bend: if short { 0.0 } else { rng.normal() * 0.05 },
            cuff: 0.0,
            cuff_cloth: MAIN,
            cloth: MAIN,
        }
    }

    /// Adds the sleeve on this side (-1 or 1).
    pub(crate) fn lay(&self, garment: &mut Garment, rng: &mut Rng, trunk: &Trunk, side: f32, crumple: f32) {
        let (top, under) = (trunk.shoulder, trunk.chest);
        let root = top.toward(under, 0.5);
        let angle = self.angle + rng.normal() * 0.06;
        let dir = pt(angle.sin(), angle.cos());
        let out = pt(dir.y, -dir.x);
        let armhole = under.minus(top).length() * 0.5;
        let start = armhole * (0.82 + 0.18 * angle.sin().abs());
        let bend = self.bend + rng.normal() * 0.02 * self.length;
        let place = |t: f32, across: f32| {
            let sway = bend * 4.0 * t * (1.0 - t) * self.length / 0.5 + bend * t * t;
            let p = root.plus(dir.times(t * self.length)).plus(out.times(across + sway));
            pt(p.x * side, p.y)
        };
        let half = |t: f32| {
            let taper = start + (self.wrist - start) * (1.0 - (1.0 - t).powf(1.7));
            match self.cut {
                Cut::Straight => taper,
                Cut::Bell => taper + (t * t) * self.length * 0.16,
                Cut::Puff => taper + (std::f32::consts::PI * t.powf(0.8)).sin() * 0.05,
            }
        };
        let stops = [0.2, 0.4, 0.6, 0.8, 1.0];
        let upper: Vec<Pt> = stops.iter().map(|t| place(*t, half(*t))).collect();
        let lower: Vec<Pt> = stops.iter().rev().map(|t| place(*t, -half(*t))).collect();
        let inner = pt((top.x - 0.05) * side, top.y + 0.012);
        let inner_low = pt((under.x - 0.06) * side, under.y - 0.02);
        let mut outline = Pen::at(inner.x, inner.y).line(top.x * side, top.y).through(&upper);
        let end = place(1.0 + 0.012 / self.length, 0.0);
        outline = outline.quad(end.x, end.y, lower[0].x, lower[0].y);
        let mut back = lower[1..].to_vec();
        back.push(pt(under.x * side, under.y));
        outline = outline.through(&back).line(inner_low.x, inner_low.y);
        let threads = dir.x.atan2(dir.y) * -side;
        let mut piece = Piece::area(outline.done(), self.cloth).rise(0.012, 0.024).shadow(0.45).follow(0.1);
        piece = piece.threads(threads, pt(root.x * side, root.y));
        piece.crumple = crumple;
        piece.anchor = true;
        let (a, b) = (place(0.0, 0.0), place(1.0, 0.0));
        piece.folds =
            folds::tube(rng, a, b, half(0.5), 0.48, crumple * if self.length < 0.3 { 0.6 } else { 1.1 });
        if self.cut == Cut::Puff || (self.cuff > 0.03 && self.cut == Cut::Bell) {
            let (p, q) = (place(0.93, -half(0.93)), place(0.93, half(0.93)));
            piece.folds.extend(folds::gathers(rng, p, q, -0.09, 7, 0.006));
        }
        garment.add(piece);
        if self.length < 0.3 || self.cut == Cut::Bell {
            // The opening's far edge: the inside of the sleeve shows as a dark sliver.
            let rim = Pen::at(lower[0].x, lower[0].y).quad(end.x, end.y, upper[4].x, upper[4].y);
            let mid = place(1.0 - 0.008 / self.length, 0.0);
            let rim = rim.quad(mid.x, mid.y, lower[0].x, lower[0].y).done();
            garment.add(Piece::area(rim, INSIDE).shade(0.5).rise(0.0, 0.004).shadow(0.1));
        }
        let across = |t: f32, wide: f32| {
            let (p, q, m) =
                (place(t, half(t) * wide), place(t, -half(t) * wide), place(t + 0.01 / self.length, 0.0));
            Pen::at(p.x, p.y).quad(m.x, m.y, q.x, q.y)
        };
        if self.cuff > 0.0 {
            let t = 1.0 - self.cuff / self.length;
            let wide = if self.cut == Cut::Straight { 1.12 } else { 1.3 };
            let (p, q) = (place(1.03, self.wrist * wide * 1.1), place(1.03, -self.wrist * wide * 1.1));
            let band = across(t, wide).line(q.x, q.y).line(p.x, p.y).done();
            garment.add(
                Piece::area(band, self.cuff_cloth)
                    .rise(0.005, 0.008)
                    .shadow(0.35)
                    .threads(threads, pt(root.x * side, root.y))
                    .clipped(),
            );
        } else {
            let t = 1.0 - 0.018 / self.length;
            garment.add(Piece::seam(across(t, 1.0).done()));
        }
    }
}
