//! Trousers, shorts, skirts.

use super::super::fabric::Fabric;
use super::super::garment::{Garment, INSIDE, LABEL, MAIN, METAL, Piece, RIB, SMOOTH, THREAD};
use super::super::geom::{Pen, Pt, mirrored, pt};
use super::super::palette;
use super::super::pattern::Pattern;
use super::super::rng::Rng;
use super::choice;
use super::detail;
use super::folds;
use super::onepiece::skirt_outline;

/// Two legs from a waist.
#[derive(Clone, Copy)]
pub(crate) struct Legs {
    /// Half width and height of the waist.
    pub(crate) waist: Pt,
    pub(crate) hip: f32,
    pub(crate) crotch: f32,
    pub(crate) hem: f32,
    /// Half of the gap between the hems.
    pub(crate) inner: f32,
    /// Width of a leg's hem.
    pub(crate) width: f32,
    /// How much further apart the hems lie than they hang.
    pub(crate) spread: f32,
}

impl Legs {
    fn leg(&self, rng: &mut Rng) -> Vec<Pt> {
        let (w, y) = (self.waist.x, self.waist.y);
        let inner = self.inner + self.spread + rng.normal().abs() * 0.006;
        let outer = inner + self.width;
        let knee = self.crotch + (self.hem - self.crotch) * 0.5;
        let hip_y = y + (self.crotch - y) * 0.72;
        let knee_out = self.hip + (outer - self.hip) * 0.55 + 0.006 + rng.normal() * 0.006;
        let low = self.hem + rng.normal() * 0.006;
        let tilt = self.spread * 0.3;
        Pen::at(0.0, y + 0.01)
            .quad(w * 0.5, y + 0.008, w, y)
            .through(&[pt(self.hip, hip_y), pt(knee_out, knee), pt(outer, low - tilt)])
            .quad((inner + outer) * 0.5, low + 0.014, inner, low)
            .through(&[pt(inner * 0.62 + 0.008, knee), pt(0.008, self.crotch + 0.015)])
            .quad(0.002, self.crotch, -0.004, self.crotch - 0.012)
            .line(-0.004, y + 0.01)
            .done()
    }

    /// Adds both legs, the crotch seam and hems.
    pub(crate) fn lay(&self, garment: &mut Garment, rng: &mut Rng, cloth: usize, crumple: f32) {
        for side in [-1.0, 1.0] {
            let outline = self.leg(rng);
            let outline = if side < 0.0 { mirrored(&outline) } else { outline };
            let mut piece = Piece::area(outline, cloth).rise(0.012, 0.024).shadow(0.4).follow(0.15);
            piece.crumple = crumple;
            piece.anchor = true;
            let centre = self.inner + self.spread + self.width * 0.5;
            let (a, b) = (pt(side * self.hip * 0.5, self.crotch - 0.06), pt(side * centre, self.hem));
            piece.folds = folds::tube(rng, a, b, self.width * 0.5, 0.5, crumple * 0.9);
            for _ in 0..3 {
                // Whiskers fan out from the crotch.
                let to = pt(side * self.hip * rng.range(0.5, 0.95), self.crotch - rng.range(-0.05, 0.12));
                piece.folds.push(super::super::garment::Fold {
                    from: pt(side * 0.012, self.crotch - rng.range(0.0, 0.03)),
                    to,
                    bend: rng.normal() * 0.01,
                    start: 0.01,
                    end: 0.018,
                    height: 0.006 * crumple,
                });
            }
            garment.add(piece);
            let (x, y) = (self.inner + self.spread, self.hem - 0.022);
            let line = Pen::at(side * (x - 0.01), y).quad(
                side * (x + self.width * 0.5),
                y + 0.014,
                side * (x + self.width + 0.01),
                y,
            );
            garment.add(Piece::seam(line.done()));
        }
        let mut fly = Piece::seam(Pen::at(0.0, self.waist.y + 0.02).line(0.0, self.crotch).done());
        fly.clipped = false;
        garment.add(fly);
    }
}

fn waistband(garment: &mut Garment, rng: &mut Rng, w: f32, tall: f32, elastic: bool, cloth: usize) {
    let mouth =
        Pen::at(-w * 0.98, 0.002).quad(0.0, -0.014, w * 0.98, 0.002).quad(0.0, 0.03, -w * 0.98, 0.002).done();
    garment.add(Piece::area(mouth, INSIDE).shade(0.55).rise(0.003, 0.006).shadow(0.3));
    let strip = Pen::at(-w, 0.0)
        .quad(0.0, 0.022, w, 0.0)
        .line(w + 0.006, tall)
        .quad(0.0, tall + 0.02, -w - 0.006, tall)
        .done();
    let mut piece = Piece::area(strip, cloth).rise(0.006, 0.009).shadow(0.4);
    if elastic {
        piece.folds = folds::gathers(rng, pt(-w, tall * 0.5), pt(w, tall * 0.5), tall, 34, 0.004);
    }
    garment.add(piece);
}

fn jeans_details(garment: &mut Garment, rng: &mut Rng, w: f32, hip: f32, tall: f32) {
    for side in [-1.0, 1.0] {
        let slash = Pen::at(side * w * 0.52, tall)
            .quad(side * w * 0.58, tall + 0.07, side * (hip + 0.01), tall + 0.085)
            .done();
        garment.add(Piece::cord(slash, 0.005, SMOOTH).shade(0.55).rise(-0.003, 0.004).shadow(0.3));
        for x in [0.3, 0.8] {
            let loop_ = Pen::at(side * w * x, -0.002).line(side * w * x, tall + 0.008).done();
            garment.add(Piece::cord(loop_, 0.012, SMOOTH).shadow(0.5).rise(0.004, 0.004));
        }
    }
    let fly = Pen::at(0.032, tall + 0.01).quad(0.034, tall + 0.12, 0.004, tall + 0.15).done();
    garment.add(Piece::stitches(fly.iter().map(|p| pt(p.x, p.y)).collect(), THREAD));
    if let Some(last) = garment.pieces.last_mut() {
        last.clipped = false;
    }
    detail::buttons(garment, rng.normal() * 0.002, tall * 0.5 + 0.008, 0.0, 1, 0.0105, METAL);
}

fn drawstring(garment: &mut Garment, rng: &mut Rng, tall: f32) {
    for side in [-1.0, 1.0] {
        let end = pt(side * rng.range(0.01, 0.06), tall + rng.range(0.08, 0.16));
        let line = Pen::at(side * 0.012, tall * 0.6).quad(side * 0.035, tall + 0.03, end.x, end.y).done();
        garment.add(Piece::cord(line, 0.009, LABEL).shadow(0.5));
    }
}

/// Jeans, cloth trousers or joggers.
pub(crate) fn pants(rng: &mut Rng) -> Garment {
    trousers(rng, false)
}

/// The same, ending above the knee.
pub(crate) fn shorts(rng: &mut Rng) -> Garment {
    trousers(rng, true)
}

fn trousers(rng: &mut Rng, short: bool) -> Garment {
    let kind = rng.weighted(&[(0, 4.0), (1, 2.5), (2, 3.0)]);
    let fabric = match kind {
        0 => Fabric::Denim,
        1 => rng.weighted(&[(Fabric::Cotton, 3.0), (Fabric::Wool, 1.0), (Fabric::Corduroy, 0.6)]),
        _ => rng.weighted(&[(Fabric::Fleece, 2.0), (Fabric::Cotton, 2.0)]),
    };
    let pattern = match (kind, short) {
        (0, _) => Pattern::Plain,
        (1, _) => choice::light(rng, 0.78),
        (_, true) => choice::light(rng, 0.65),
        _ => {
            if rng.chance(0.3) {
                Pattern::Melange
            } else {
                Pattern::Plain
            }
        }
    };
    let mut garment = if kind == 2 && rng.chance(0.5) {
        let colour = palette::among(rng, &["black", "grey", "navy"]);
        choice::with(rng, fabric, pattern, colour)
    } else {
        choice::begin(rng, fabric, pattern)
    };
    let loose = rng.range(-1.0, 1.0);
    let w = rng.range(0.17, 0.2);
    let crotch = rng.range(0.25, 0.31);
    let hem = if short { crotch + rng.range(0.08, 0.24) } else { rng.range(0.9, 1.06) };
    let legs = Legs {
        waist: pt(w, 0.004),
        hip: w + rng.range(0.03, 0.055),
        crotch,
        hem,
        inner: if short { rng.range(0.01, 0.03) } else { rng.range(0.02, 0.05) },
        width: if short { 0.185 + 0.02 * loose } else { 0.112 + 0.035 * loose },
        spread: if short { rng.range(0.01, 0.06) } else { rng.range(0.0, 0.06) },
    };
    legs.lay(&mut garment, rng, MAIN, fabric.crumple());
    let tall = rng.range(0.034, 0.048);
    waistband(&mut garment, rng, w, tall, kind == 2, if kind == 2 { RIB } else { SMOOTH });
    if kind == 2 {
        if rng.chance(0.8) {
            drawstring(&mut garment, rng, tall);
        }
        for side in [-1.0, 1.0] {
            detail::slit(
                &mut garment,
                pt(side * w * 0.82, tall + 0.02),
                pt(side * (legs.hip - 0.02), tall + 0.13),
                SMOOTH,
            );
        }
    } else {
        jeans_details(&mut garment, rng, w, legs.hip, tall);
    }
    garment.words.length = if short { "short" } else { "full" };
    garment.words.fit = choice::fit(loose);
    garment
}

/// Pleated, flared, straight or denim.
pub(crate) fn skirt(rng: &mut Rng) -> Garment {
    let fabric = rng.weighted(&[
        (Fabric::Cotton, 3.0),
        (Fabric::Denim, 1.6),
        (Fabric::Satin, 1.0),
        (Fabric::Leather, 0.8),
        (Fabric::Wool, 1.0),
    ]);
    let pattern = if matches!(fabric, Fabric::Denim | Fabric::Leather) {
        Pattern::Plain
    } else {
        choice::light(rng, 0.6)
    };
    let mut garment = choice::begin(rng, fabric, pattern);
    let (word, length) = rng.weighted(&[(("mini", 0.42), 3.0), (("midi", 0.62), 2.0), (("maxi", 0.88), 1.0)]);
    let length = length + rng.range(-0.04, 0.04);
    let stiff = matches!(fabric, Fabric::Denim | Fabric::Leather);
    let narrow = if stiff { rng.chance(0.6) } else { rng.chance(0.2) };
    let w = rng.range(0.165, 0.195);
    let hem = if narrow { w + rng.range(0.04, 0.09) } else { w + rng.range(0.12, 0.25) };
    let mut piece = Piece::area(skirt_outline(rng, w, 0.012, hem, length, narrow), MAIN).rise(0.01, 0.024);
    piece.crumple = fabric.crumple() * 0.8;
    piece.anchor = true;
    let count = if narrow { rng.count(2, 3) } else { rng.count(6, 16) };
    piece.folds = folds::falling(rng, pt(w, 0.02), pt(hem, length), count, if narrow { 0.1 } else { 0.32 });
    garment.add(piece);
    let line = Pen::at(-hem, length - 0.02)
        .quad(0.0, length + if narrow { 0.0 } else { 0.035 }, hem, length - 0.02)
        .done();
    garment.add(Piece::seam(line));
    let tall = rng.range(0.03, 0.05);
    let elastic = !stiff && rng.chance(0.5);
    waistband(&mut garment, rng, w, tall, elastic, SMOOTH);
    if fabric == Fabric::Denim {
        if rng.chance(0.5) {
            detail::placket(&mut garment, 0.0, tall, length + 0.05, 0.018, SMOOTH);
            detail::buttons(&mut garment, 0.0, tall * 0.6, length - 0.05, 6, 0.01, METAL);
        } else {
            jeans_details(&mut garment, rng, w, w + 0.04, tall);
        }
    }
    garment.words.length = word;
    garment
}
