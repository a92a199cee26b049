//! Shoes and hats.

use super::super::fabric::Fabric;
use super::super::garment::{Garment, INSIDE, MAIN, Piece, RIB, SECOND, SMOOTH, THREAD};
use super::super::geom::{Pen, Pt, bounds, ellipse, pt};
use super::super::pattern::Pattern;
use super::super::rng::Rng;
use super::choice;
use super::detail;
use super::folds;

/// Moves and turns everything added since `from`.
fn place(garment: &mut Garment, from: usize, by: Pt, turn: f32, flip: bool) {
    let (s, c) = turn.sin_cos();
    let shift = |p: Pt| {
        let x = if flip { -p.x } else { p.x };
        pt(x * c - p.y * s, x * s + p.y * c).plus(by)
    };
    for piece in &mut garment.pieces[from..] {
        match &mut piece.shape {
            super::super::garment::Shape::Area(points) | super::super::garment::Shape::Line(points, _, _) => {
                for p in points.iter_mut() {
                    *p = shift(*p);
                }
            }
        }
        for fold in &mut piece.folds {
            fold.from = shift(fold.from);
            fold.to = shift(fold.to);
        }
    }
}

/// A pair, seen from above or from the side.
pub(crate) fn shoes(rng: &mut Rng) -> Garment {
    let fabric = rng.weighted(&[(Fabric::Leather, 3.0), (Fabric::Cotton, 2.0), (Fabric::Satin, 0.6)]);
    let mut garment = choice::begin(rng, fabric, Pattern::Plain);
    let white = garment.cloth(Fabric::Cotton, [0.78, 0.77, 0.73]);
    let dark = garment.cloth(Fabric::Cotton, [0.035, 0.033, 0.032]);
    let sole = if rng.chance(0.55) { white } else { dark };
    let style = rng.weighted(&[(0, 3.0), (1, 2.5), (2, 1.5), (3, 1.5)]);
    for number in 0..2 {
        let from = garment.pieces.len();
        match style {
            0 => above(&mut garment, rng, sole),
            1 => side(&mut garment, rng, sole, false),
            2 => side(&mut garment, rng, sole, true),
            _ => heel(&mut garment, rng, dark),
        }
        let other = number == 1;
        if style == 0 {
            let x = if other { 0.19 } else { -0.19 };
            place(&mut garment, from, pt(x, rng.normal() * 0.03), rng.normal() * 0.1, other);
        } else {
            let by = if other { pt(rng.range(0.08, 0.2), 0.3) } else { pt(0.0, 0.0) };
            place(&mut garment, from, by, rng.normal() * 0.05, false);
        }
    }
    garment
}

fn above(garment: &mut Garment, rng: &mut Rng, sole: usize) {
    let half = rng.range(0.135, 0.155);
    let outline = |grow: f32| {
        let w = half + grow;
        Pen::at(-w * 0.62, 0.72 + grow)
            .through(&[
                pt(-w * 0.72, 0.5),
                pt(-w * 0.98, 0.2),
                pt(-w * 0.72, -0.0 - grow),
                pt(-w * 0.05, -0.09 - grow),
            ])
            .through(&[
                pt(w * 0.66, -0.01 - grow),
                pt(w * 0.96, 0.18),
                pt(w * 0.86, 0.36),
                pt(w * 0.72, 0.55),
                pt(w * 0.62, 0.72 + grow),
            ])
            .quad(0.0, 0.86 + grow, -w * 0.62, 0.72 + grow)
            .done()
    };
    garment.add(Piece::area(outline(0.014), sole).rise(0.02, 0.02).shadow(0.5));
    let mut upper = Piece::area(outline(-0.004), MAIN).rise(0.05, 0.06).shadow(0.4);
    upper.crumple = 0.5;
    upper.anchor = true;
    upper.folds = folds::tube(rng, pt(0.0, 0.1), pt(0.0, 0.3), half, 0.5, 0.7);
    garment.add(upper);
    garment.add(Piece::seam(Pen::at(-half, 0.16).quad(0.0, 0.02, half, 0.16).done()));
    let mouth = Pen::at(-half * 0.42, 0.4)
        .quad(0.0, 0.34, half * 0.42, 0.4)
        .quad(half * 0.62, 0.62, half * 0.4, 0.72)
        .quad(0.0, 0.8, -half * 0.4, 0.72);
    let mouth = mouth.quad(-half * 0.62, 0.62, -half * 0.42, 0.4).done();
    garment.add(Piece::area(mouth, INSIDE).shade(0.5).rise(-0.02, 0.03).shadow(0.1).follow(0.0));
    garment.add(
        Piece::area(ellipse(pt(0.0, 0.66), half * 0.3, 0.08), INSIDE).shade(0.62).rise(0.0, 0.01).shadow(0.0),
    );
    let tongue = Pen::at(-half * 0.34, 0.16)
        .line(half * 0.34, 0.16)
        .line(half * 0.4, 0.45)
        .quad(0.0, 0.5, -half * 0.4, 0.45)
        .done();
    garment.add(Piece::area(tongue, SMOOTH).shade(0.9).rise(0.012, 0.016).shadow(0.4));
    if rng.chance(0.75) {
        for i in 0..5 {
            let y = 0.18 + i as f32 * 0.05;
            let lace = Pen::at(-half * 0.45, y + rng.normal() * 0.005).quad(
                0.0,
                y + 0.02,
                half * 0.45,
                y + rng.normal() * 0.005,
            );
            garment.add(Piece::cord(lace.done(), 0.02, sole).shadow(0.5));
        }
    }
}

fn side(garment: &mut Garment, rng: &mut Rng, sole: usize, boot: bool) {
    let shaft = if boot { rng.range(0.32, 0.5) } else { rng.range(0.0, 0.03) };
    let top = -0.02 - shaft;
    let thick = rng.range(0.05, 0.075);
    let base = Pen::at(-0.02, 0.27)
        .quad(0.35, 0.285, 0.72, 0.25)
        .quad(0.8, 0.25, 0.79, 0.25 + thick * 0.6)
        .quad(0.75, 0.28 + thick, 0.6, 0.28 + thick)
        .line(0.0, 0.28 + thick)
        .quad(-0.04, 0.28 + thick, -0.02, 0.27)
        .done();
    let mut pen = Pen::at(0.0, 0.29).through(&[pt(-0.015, 0.18), pt(0.005, 0.06), pt(-0.005, top)]);
    pen = pen.quad(0.13, top + 0.035, 0.27, top + if boot { 0.0 } else { 0.03 });
    if boot {
        pen = pen.through(&[pt(0.27, -0.02), pt(0.33, 0.06)]);
    }
    let upper =
        pen.through(&[pt(0.42, 0.1), pt(0.6, 0.15), pt(0.74, 0.2), pt(0.775, 0.29)]).line(0.0, 0.29).done();
    let mut piece = Piece::area(upper, MAIN).rise(0.045, 0.05).shadow(0.45);
    piece.crumple = 0.5;
    piece.anchor = true;
    piece.folds = folds::tube(rng, pt(0.3, 0.15), pt(0.6, 0.2), 0.08, 0.5, 0.8);
    garment.add(piece);
    let mouth = Pen::at(0.0, top + 0.004)
        .quad(0.13, top - 0.018, 0.265, top + if boot { 0.002 } else { 0.03 })
        .quad(0.13, top + 0.034, 0.0, top + 0.004)
        .done();
    garment.add(Piece::area(mouth, INSIDE).shade(0.45).shadow(0.1));
    garment.add(Piece::seam(Pen::at(0.54, 0.12).quad(0.5, 0.22, 0.56, 0.3).done()));
    garment.add(Piece::seam(Pen::at(0.16, top).quad(0.2, 0.15, 0.12, 0.3).done()));
    if !boot && rng.chance(0.6) {
        let accent = Pen::at(0.2, 0.26)
            .quad(0.36, 0.2, 0.42, 0.11)
            .line(0.47, 0.12)
            .quad(0.42, 0.22, 0.28, 0.27)
            .done();
        garment.add(Piece::area(accent, SECOND).rise(0.004, 0.005).shadow(0.3).clipped());
    }
    for i in 0..4 {
        let (x, y) = if boot {
            (0.27 + 0.012 * i as f32, -0.2 + i as f32 * 0.075)
        } else {
            (0.3 + i as f32 * 0.05, 0.065 + i as f32 * 0.018)
        };
        let lace = Pen::at(x, y - 0.015).quad(x - 0.03, y + 0.02, x - 0.075, y + 0.045).done();
        garment.add(Piece::cord(lace, 0.015, if boot { THREAD } else { sole }).shadow(0.5).clipped());
    }
    garment.add(Piece::area(base, sole).rise(0.02, 0.02).shadow(0.5));
    if boot {
        let block = Pen::at(-0.015, 0.31 + thick * 0.4)
            .line(0.22, 0.31 + thick * 0.4)
            .line(0.2, 0.38 + thick * 0.5)
            .line(0.0, 0.38 + thick * 0.5)
            .done();
        garment.add(Piece::area(block, sole).rise(0.01, 0.01));
    }
}

fn heel(garment: &mut Garment, rng: &mut Rng, sole: usize) {
    let low = rng.range(0.3, 0.4);
    let spike =
        Pen::at(0.0, 0.12).quad(0.06, 0.2, 0.035, low).line(0.075, low).quad(0.1, 0.25, 0.17, 0.18).done();
    garment.add(Piece::area(spike, sole).rise(0.02, 0.02).shadow(0.5));
    let sheet = Pen::at(0.0, 0.13)
        .through(&[pt(0.2, 0.2), pt(0.4, low - 0.06), pt(0.6, low - 0.01), pt(0.76, low - 0.005)])
        .line(0.74, low + 0.012);
    garment.add(
        Piece::area(
            sheet
                .through(&[pt(0.55, low + 0.008), pt(0.36, low - 0.03), pt(0.16, 0.22), pt(0.0, 0.14)])
                .done(),
            sole,
        )
        .rise(0.006, 0.006),
    );
    let upper = Pen::at(0.0, 0.14)
        .through(&[pt(-0.02, 0.06), pt(0.01, -0.01)])
        .through(&[pt(0.12, 0.09), pt(0.32, low - 0.16), pt(0.5, low - 0.15)])
        .through(&[pt(0.66, low - 0.09), pt(0.77, low - 0.01)])
        .through(&[pt(0.6, low - 0.005), pt(0.4, low - 0.05), pt(0.2, 0.21), pt(0.0, 0.14)])
        .done();
    let mut piece = Piece::area(upper, MAIN).rise(0.04, 0.04).shadow(0.5);
    piece.anchor = true;
    garment.add(piece);
    let mouth = Pen::at(0.012, 0.0)
        .through(&[pt(0.12, 0.08), pt(0.32, low - 0.165), pt(0.49, low - 0.15)])
        .through(&[pt(0.32, low - 0.19), pt(0.14, 0.05), pt(0.012, 0.0)]);
    garment.add(Piece::area(mouth.done(), INSIDE).shade(0.5));
}

/// Baseball cap, beanie or a brimmed hat.
pub(crate) fn hat(rng: &mut Rng) -> Garment {
    match rng.count(0, 2) {
        0 => cap(rng),
        1 => beanie(rng),
        _ => brimmed(rng),
    }
}

fn dome(half: f32, tall: f32, low: f32, lean: f32) -> Vec<Pt> {
    Pen::at(-half, low)
        .cubic(pt(-half * 1.04, low - tall * 0.75), pt(-half * 0.6 + lean, low - tall), pt(lean, low - tall))
        .cubic(pt(half * 0.6 + lean, low - tall), pt(half * 1.04, low - tall * 0.75), pt(half, low))
        .quad(0.0, low + tall * 0.14, -half, low)
        .done()
}

fn cap(rng: &mut Rng) -> Garment {
    let fabric = if rng.chance(0.25) { Fabric::Denim } else { Fabric::Cotton };
    let mut garment = choice::begin(rng, fabric, Pattern::Plain);
    let (half, tall) = (rng.range(0.34, 0.38), rng.range(0.4, 0.48));
    let mut crown = Piece::area(dome(half, tall, 0.0, rng.normal() * 0.02), MAIN).rise(0.09, 0.1).shadow(0.5);
    crown.crumple = 0.8;
    crown.anchor = true;
    let crown_points = crown.points().to_vec();
    garment.add(crown);
    for x in [-0.55, 0.0, 0.55] {
        let line = Pen::at(x * half * 1.1, 0.03).quad(x * half, -tall * 0.7, 0.0, -tall).done();
        garment.add(Piece::seam(line));
    }
    garment.add(Piece::area(ellipse(pt(0.0, -tall), 0.024, 0.014), MAIN).rise(0.01, 0.01));
    if rng.chance(0.7) {
        let (low, high) = bounds(crown_points.iter());
        detail::print(&mut garment, rng, pt(0.0, (low.y + high.y) * 0.5 + 0.02), 0.11);
        garment.words.pattern = "graphic";
    }
    let peak = rng.range(0.17, 0.26);
    let brim = Pen::at(-half * 0.98, 0.0)
        .quad(0.0, tall * 0.12, half * 0.98, 0.0)
        .cubic(pt(half * 1.12, peak * 0.8), pt(half * 0.6, peak * 1.25), pt(0.0, peak * 1.25))
        .cubic(pt(-half * 0.6, peak * 1.25), pt(-half * 1.12, peak * 0.8), pt(-half * 0.98, 0.0))
        .done();
    let cloth = if rng.chance(0.2) { SECOND } else { SMOOTH };
    let mut brim = Piece::area(brim, cloth).rise(0.045, 0.05).shadow(0.6);
    brim.anchor = true;
    garment.add(brim);
    for i in 1..4 {
        let d = peak * (0.25 + 0.24 * i as f32);
        let arc = Pen::at(-half * 0.9, d * 0.3).quad(0.0, d * 1.7, half * 0.9, d * 0.3).done();
        garment.add(Piece::stitches(arc, THREAD));
    }
    garment
}

fn beanie(rng: &mut Rng) -> Garment {
    let fabric = rng.weighted(&[(Fabric::Rib, 2.0), (Fabric::Knit, 2.0), (Fabric::Cable, 1.0)]);
    let pattern =
        if fabric == Fabric::Knit && rng.chance(0.35) { choice::stripes(rng) } else { Pattern::Plain };
    let mut garment = choice::begin(rng, fabric, pattern);
    garment.cloths[MAIN].gauge = rng.range(1.4, 2.2);
    garment.cloths[RIB].gauge = 1.7;
    let (half, tall) = (rng.range(0.29, 0.33), rng.range(0.5, 0.62));
    if rng.chance(0.4) {
        let mut ball = Piece::area(ellipse(pt(0.0, -tall - 0.05), 0.11, 0.1), SECOND).rise(0.06, 0.06);
        ball.crumple = 2.0;
        garment.add(ball);
    }
    let mut crown =
        Piece::area(dome(half, tall, 0.0, rng.normal() * 0.03), MAIN).rise(0.06, 0.08).shadow(0.5);
    crown.crumple = 0.9;
    crown.anchor = true;
    crown.folds = folds::falling(rng, pt(0.04, -tall), pt(half, 0.0), 6, 0.15);
    garment.add(crown);
    let deep = rng.range(0.13, 0.18);
    let w = half * 1.03;
    let cuff = Pen::at(-w, -deep)
        .quad(0.0, -deep + 0.06, w, -deep)
        .quad(w * 1.02, -deep * 0.4, w, 0.03)
        .quad(0.0, 0.1, -w, 0.03)
        .quad(-w * 1.02, -deep * 0.4, -w, -deep);
    garment.add(Piece::area(cuff.done(), RIB).rise(0.03, 0.035).shadow(0.6));
    garment
}

fn brimmed(rng: &mut Rng) -> Garment {
    let fabric = rng.weighted(&[(Fabric::Wool, 2.0), (Fabric::Cotton, 2.0), (Fabric::Denim, 0.8)]);
    let pattern = if fabric == Fabric::Cotton { choice::light(rng, 0.6) } else { Pattern::Plain };
    let mut garment = choice::begin(rng, fabric, pattern);
    let (wide, deep) = (rng.range(0.44, 0.58), rng.range(0.13, 0.2));
    let mut brim = Piece::area(ellipse(pt(0.0, 0.02), wide, deep), MAIN).rise(0.04, 0.06).shadow(0.5);
    brim.crumple = 0.8;
    brim.anchor = true;
    garment.add(brim);
    for i in 1..4 {
        let k = 0.72 + 0.08 * i as f32;
        garment.add(Piece::stitches(ellipse(pt(0.0, 0.02), wide * k, deep * k), THREAD));
    }
    let half = rng.range(0.25, 0.29);
    let tall = rng.range(0.3, 0.38);
    let crown = Pen::at(-half, 0.0)
        .cubic(pt(-half * 0.97, -tall * 0.6), pt(-half * 0.8, -tall * 1.02), pt(-half * 0.4, -tall))
        .quad(0.0, -tall * rng.range(0.82, 1.02), half * 0.4, -tall)
        .cubic(pt(half * 0.8, -tall * 1.02), pt(half * 0.97, -tall * 0.6), pt(half, 0.0))
        .quad(0.0, deep * 0.75, -half, 0.0)
        .done();
    let mut crown = Piece::area(crown, MAIN).rise(0.07, 0.08).shadow(0.6);
    crown.crumple = 0.6;
    crown.anchor = true;
    garment.add(crown);
    let band = Pen::at(-0.4, -0.085).quad(0.0, 0.02, 0.4, -0.085).line(0.4, 0.2).line(-0.4, 0.2).done();
    let cloth = if rng.chance(0.6) { SECOND } else { SMOOTH };
    garment.add(Piece::area(band, cloth).rise(0.008, 0.01).shadow(0.4).follow(0.9).clipped());
    garment
}
