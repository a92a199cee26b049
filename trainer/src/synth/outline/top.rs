//! The trunk of an upper garment: neck, shoulders, armholes, sides and hem.

use super::super::garment::{Garment, Hang, INSIDE, LABEL, MAIN, Piece, SMOOTH};
use super::super::geom::{Pen, Pt, pt};
use super::super::rng::Rng;
use super::folds;

/// Shape of the front neckline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Neck {
    Crew,
    Vee,
    Scoop,
    Square,
    Boat,
}

impl Neck {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Crew => "crew",
            Self::Vee => "v-neck",
            Self::Scoop => "scoop",
            Self::Square => "square",
            Self::Boat => "boat",
        }
    }
}

/// Half widths and heights; zero is where the shoulder seam meets the neck.
#[derive(Clone)]
pub(crate) struct Trunk {
    pub(crate) neck: Neck,
    pub(crate) neck_w: f32,
    pub(crate) neck_d: f32,
    pub(crate) back_d: f32,
    pub(crate) shoulder: Pt,
    pub(crate) chest: Pt,
    pub(crate) waist: Pt,
    pub(crate) hem: Pt,
    /// How far the hem hangs lower in the middle.
    pub(crate) dip: f32,
    pub(crate) sleeveless: bool,
}

impl Trunk {
    /// An average body; `loose` from -1 (slim) to 1 (wide), `length` of the whole.
    pub(crate) fn new(rng: &mut Rng, loose: f32, length: f32) -> Self {
        let wide = 1.0 + 0.16 * loose;
        let chest = pt(0.245 * wide + rng.normal() * 0.008, 0.245 + 0.03 * loose + rng.normal() * 0.012);
        let nip = rng.range(0.0, 0.035) * (1.0 - loose).clamp(0.1, 1.4);
        Self {
            neck: Neck::Crew,
            neck_w: 0.085 + rng.normal().abs() * 0.008,
            neck_d: 0.085 + rng.normal() * 0.008,
            back_d: 0.022,
            shoulder: pt(0.212 * (1.0 + 0.12 * loose) + rng.normal() * 0.008, 0.052 + rng.normal() * 0.008),
            chest,
            waist: pt(chest.x - nip, 0.24 + (length - 0.24) * 0.45),
            hem: pt(chest.x + rng.range(-0.012, 0.025), length),
            dip: rng.range(0.0, 0.018),
            sleeveless: false,
        }
    }

    /// Front neckline from right to left.
    pub(crate) fn neckline(&self, drop: f32) -> Vec<Pt> {
        let (w, d) = (self.neck_w, self.neck_d + drop);
        let pen = Pen::at(w, 0.0);
        match self.neck {
            Neck::Crew => pen.cubic(pt(w * 0.92, d * 0.72), pt(w * 0.5, d), pt(0.0, d)).cubic(
                pt(-w * 0.5, d),
                pt(-w * 0.92, d * 0.72),
                pt(-w, 0.0),
            ),
            Neck::Vee => pen.quad(w * 0.5, d * 0.45, 0.0, d).quad(-w * 0.5, d * 0.45, -w, 0.0),
            Neck::Scoop => pen.cubic(pt(w, d * 0.8), pt(w * 0.65, d), pt(0.0, d)).cubic(
                pt(-w * 0.65, d),
                pt(-w, d * 0.8),
                pt(-w, 0.0),
            ),
            Neck::Square => pen.line(w * 0.9, d).quad(0.0, d * 1.06, -w * 0.9, d).line(-w, 0.0),
            Neck::Boat => pen.quad(0.0, d * 1.5, -w, 0.0),
        }
        .done()
    }

    /// The whole front, closed along the neckline.
    pub(crate) fn front(&self, rng: &mut Rng) -> Vec<Pt> {
        let (left, right) = (self.jittered(rng), self.jittered(rng));
        let mut pen = Pen::at(-self.neck_w, 0.0);
        pen = pen.quad(
            -(self.neck_w + left.shoulder.x) * 0.5,
            left.shoulder.y * 0.38,
            -left.shoulder.x,
            left.shoulder.y,
        );
        let inset = |t: &Self| if t.sleeveless { 0.055 } else { 0.012 };
        let hollow = left.shoulder.x.min(left.chest.x) - inset(&left);
        pen = pen.cubic(
            pt(-hollow, left.chest.y * 0.55),
            pt(-hollow, left.chest.y * 0.95),
            pt(-left.chest.x, left.chest.y),
        );
        let (w, h) = (left.waist, left.hem);
        pen = pen.through(&[pt(-w.x, w.y), pt(-(w.x + h.x) * 0.5 - 0.002, (w.y + h.y) * 0.5), pt(-h.x, h.y)]);
        let r = right.hem;
        pen = pen.cubic(
            pt(-h.x * 0.5, h.y + self.dip * 1.3),
            pt(r.x * 0.5, r.y + self.dip * 1.3),
            pt(r.x, r.y),
        );
        let w = right.waist;
        pen = pen.through(&[
            pt((w.x + r.x) * 0.5 + 0.002, (w.y + r.y) * 0.5),
            pt(w.x, w.y),
            pt(right.chest.x, right.chest.y),
        ]);
        let hollow = right.shoulder.x.min(right.chest.x) - inset(&right);
        pen = pen.cubic(
            pt(hollow, right.chest.y * 0.95),
            pt(hollow, right.chest.y * 0.55),
            pt(right.shoulder.x, right.shoulder.y),
        );
        pen = pen.quad((self.neck_w + right.shoulder.x) * 0.5, right.shoulder.y * 0.38, self.neck_w, 0.0);
        let mut points = pen.done();
        points.extend(self.neckline(0.0));
        points
    }

    fn jittered(&self, rng: &mut Rng) -> Self {
        let mut other = self.clone();
        let mut nudge = |p: &mut Pt, by: f32| {
            p.x += rng.normal() * by;
            p.y += rng.normal() * by;
        };
        nudge(&mut other.chest, 0.005);
        nudge(&mut other.waist, 0.006);
        nudge(&mut other.hem, 0.007);
        other
    }

    /// A band of this height along the hem, wide enough to be clipped by the front.
    pub(crate) fn hem_band(&self, height: f32) -> Vec<Pt> {
        let (w, y) = (self.hem.x + 0.08, self.hem.y);
        Pen::at(-w, y - height)
            .cubic(
                pt(-w * 0.5, y - height + self.dip * 1.3),
                pt(w * 0.5, y - height + self.dip * 1.3),
                pt(w, y - height),
            )
            .line(w, y + 0.1)
            .line(-w, y + 0.1)
            .done()
    }

    /// The back's inside, seen through the neck opening, with the maker's label.
    pub(crate) fn inside(&self, garment: &mut Garment, rng: &mut Rng) {
        let (w, d) = (self.neck_w + 0.012, self.neck_d + 0.02);
        let back = Pen::at(-w, 0.004)
            .quad(0.0, self.back_d * 2.0, w, 0.004)
            .line(w, d * 0.5)
            .quad(w * 0.6, d, 0.0, d)
            .quad(-w * 0.6, d, -w, d * 0.5)
            .done();
        let mut piece = Piece::area(back, INSIDE).shade(0.62);
        piece.crumple = 0.4;
        garment.add(piece);
        let tape: Vec<Pt> = Pen::at(-w, 0.01).quad(0.0, self.back_d * 2.0 + 0.012, w, 0.01).done();
        garment.add(Piece::cord(tape, 0.014, SMOOTH).shade(0.72).shadow(0.2));
        if rng.chance(0.8) && self.neck_d > 0.06 {
            let (x, y) = (rng.normal() * 0.006, self.back_d + 0.012);
            let (lw, lh) = (rng.range(0.016, 0.03), rng.range(0.016, 0.03));
            let label = Pen::at(x - lw, y).line(x + lw, y).line(x + lw, y + lh).line(x - lw, y + lh).done();
            garment.add(Piece::area(label, LABEL).shade(0.8).rise(0.002, 0.003).shadow(0.3));
        }
    }

    /// Adds the front itself.
    pub(crate) fn lay(&self, garment: &mut Garment, rng: &mut Rng, crumple: f32) {
        let mut piece = Piece::area(self.front(rng), MAIN).rise(0.009, 0.02).shadow(0.5).follow(0.15);
        piece.crumple = crumple;
        piece.anchor = true;
        piece.folds = folds::trunk(rng, self.chest, self.hem, crumple);
        garment.add(piece);
        garment.hang = Some(Hang { shoulder: self.shoulder, neck: self.back_d });
    }

    /// Side seams and the hem's double row of stitches.
    pub(crate) fn finish_hem(&self, garment: &mut Garment, thread: usize) {
        let line = |up: f32| {
            let (w, y) = (self.hem.x + 0.02, self.hem.y - up);
            Pen::at(-w, y)
                .cubic(pt(-w * 0.5, y + self.dip * 1.3), pt(w * 0.5, y + self.dip * 1.3), pt(w, y))
                .done()
        };
        garment.add(Piece::seam(line(0.024)));
        garment.add(Piece::stitches(line(0.019), thread));
    }
}
