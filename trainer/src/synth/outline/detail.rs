//! Closures, pockets, prints, ruffles, belts.

use super::super::garment::{Fold, Garment, METAL, Piece, Shape};
use super::super::geom::{Pen, Pt, ellipse, pt, ribbon};
use super::super::rng::Rng;

/// A rectangle with rounded-off lower corners.
pub(crate) fn patch(x: f32, y: f32, half: f32, tall: f32, corner: f32) -> Vec<Pt> {
    Pen::at(x - half, y)
        .line(x + half, y)
        .line(x + half, y + tall - corner)
        .quad(x + half, y + tall, x + half - corner, y + tall)
        .line(x - half + corner, y + tall)
        .quad(x - half, y + tall, x - half, y + tall - corner)
        .done()
}

/// A strip down the front from `from` to `to`.
pub(crate) fn placket(garment: &mut Garment, x: f32, from: f32, to: f32, half: f32, cloth: usize) {
    let strip = Pen::at(x - half, from).line(x + half, from).line(x + half, to).line(x - half, to).done();
    garment.add(Piece::area(strip, cloth).rise(0.005, 0.006).shadow(0.35).follow(0.9).clipped());
}

/// Round buttons at even distances.
pub(crate) fn buttons(
    garment: &mut Garment,
    x: f32,
    from: f32,
    to: f32,
    count: usize,
    size: f32,
    cloth: usize,
) {
    for i in 0..count {
        let y = from + (to - from) * i as f32 / (count.max(2) - 1) as f32;
        garment
            .add(Piece::area(ellipse(pt(x, y), size, size), cloth).rise(size * 0.4, size * 0.5).shadow(0.7));
        for side in [-1.0, 1.0] {
            let hole = ellipse(pt(x + side * size * 0.3, y), size * 0.16, size * 0.16);
            garment.add(Piece::area(hole, cloth).shade(0.35).rise(-0.001, 0.002).shadow(0.0));
        }
    }
}

/// Zip teeth with tapes and a puller.
pub(crate) fn zip(garment: &mut Garment, line: &[Pt], tape: usize) {
    let mut under =
        Piece::area(ribbon(line, 0.013, 0.013), tape).shade(0.7).rise(-0.004, 0.008).shadow(0.2).follow(0.8);
    under.clipped = true;
    garment.add(under);
    let mut teeth = Piece::cord(line.to_vec(), 0.0095, METAL).shadow(0.3).follow(0.8);
    teeth.shape = Shape::Line(line.to_vec(), 0.0095, 0.005);
    teeth.clipped = true;
    garment.add(teeth);
    if let Some(top) = line.first() {
        let body = ellipse(pt(top.x, top.y + 0.01), 0.008, 0.013);
        garment.add(Piece::area(body, METAL).rise(0.004, 0.005).shadow(0.6));
        let pull = Pen::at(top.x, top.y + 0.02).line(top.x + 0.004, top.y + 0.045).done();
        garment.add(Piece::cord(pull, 0.0075, METAL).shadow(0.6));
    }
}

/// A sewn-on pocket, with a flap if asked, stitched along its edge.
pub(crate) fn pocket(
    garment: &mut Garment,
    at: Pt,
    half: f32,
    tall: f32,
    flap: bool,
    cloth: usize,
    thread: usize,
) {
    let outline = patch(at.x, at.y, half, tall, 0.014);
    garment.add(Piece::area(outline, cloth).rise(0.004, 0.007).shadow(0.4).follow(0.9));
    let edge = Pen::at(at.x - half + 0.006, at.y)
        .line(at.x - half + 0.006, at.y + tall - 0.012)
        .line(at.x + half - 0.006, at.y + tall - 0.012)
        .line(at.x + half - 0.006, at.y)
        .done();
    garment.add(Piece::stitches(edge, thread));
    if flap {
        let lid = Pen::at(at.x - half - 0.005, at.y - 0.012)
            .line(at.x + half + 0.005, at.y - 0.012)
            .line(at.x + half + 0.004, at.y + 0.02)
            .line(at.x, at.y + 0.036)
            .line(at.x - half - 0.004, at.y + 0.02)
            .done();
        garment.add(Piece::area(lid, cloth).rise(0.005, 0.007).shadow(0.55).follow(0.8));
    }
}

/// A slanted slit pocket.
pub(crate) fn slit(garment: &mut Garment, from: Pt, to: Pt, cloth: usize) {
    let line = Pen::at(from.x, from.y).line(to.x, to.y).done();
    garment.add(Piece::area(ribbon(&line, 0.009, 0.009), cloth).rise(0.004, 0.005).shadow(0.5).follow(0.9));
    garment.add(Piece::cord(line, 0.004, cloth).shade(0.45).rise(-0.003, 0.003).shadow(0.2));
}

/// The pouch pocket of a hoodie.
pub(crate) fn kangaroo(garment: &mut Garment, rng: &mut Rng, hem: f32, half: f32, split: bool, cloth: usize) {
    let (top, low) = (hem - rng.range(0.19, 0.22), hem - 0.012);
    let inner = half * rng.range(0.58, 0.7);
    let sides: &[f32] = if split { &[-1.0, 1.0] } else { &[0.0] };
    for side in sides {
        let outline = if split {
            Pen::at(0.012 * side, top)
                .line(inner * side, top)
                .quad(half * 0.8 * side, (top + low) * 0.5 - 0.02, half * side, low - 0.045)
                .line(half * side, low)
                .line(0.012 * side, low)
                .done()
        } else {
            Pen::at(-inner, top)
                .line(inner, top)
                .quad(half * 0.8, (top + low) * 0.5 - 0.02, half, low - 0.045)
                .line(half, low)
                .line(-half, low)
                .line(-half, low - 0.045)
                .quad(-half * 0.8, (top + low) * 0.5 - 0.02, -inner, top)
                .done()
        };
        garment.add(Piece::area(outline, cloth).rise(0.012, 0.014).shadow(0.65).follow(0.8));
    }
    for side in [-1.0, 1.0] {
        let edge = Pen::at((inner - 0.014) * side, top + 0.01)
            .quad((half * 0.8 - 0.014) * side, (top + low) * 0.5 - 0.02, (half - 0.014) * side, low - 0.045)
            .done();
        garment.add(Piece::seam(edge));
    }
}

/// A print on the chest: letters, a badge, a picture or bars.
pub(crate) fn print(garment: &mut Garment, rng: &mut Rng, centre: Pt, size: f32) {
    let ink = garment.cloths[super::super::garment::SECOND].colours[0];
    let third = garment.cloths[super::super::garment::MAIN].colours[2];
    let kind = super::super::fabric::Fabric::Print;
    let (a, b) = (garment.cloth(kind, ink), garment.cloth(kind, third));
    let flat = |points: Vec<Pt>, cloth: usize| {
        Piece::area(points, cloth).rise(0.0005, 0.002).shadow(0.0).follow(1.0).clipped()
    };
    let letters = |garment: &mut Garment, rng: &mut Rng, y: f32, tall: f32, wide: f32, cloth: usize| {
        let count = rng.count(4, 9);
        let step = wide * 2.0 / count as f32;
        for i in 0..count {
            let x = centre.x - wide + step * (i as f32 + 0.5);
            let (h, w) = (tall, step * 0.34);
            let stem = |dx: f32| Pen::at(x + dx * w, y).line(x + dx * w, y + h).done();
            let bar = |dy: f32| Pen::at(x - w, y + dy * h).line(x + w, y + dy * h).done();
            let mut strokes = vec![stem(-1.0)];
            let shape = rng.count(1, 15);
            if shape & 1 > 0 {
                strokes.push(stem(1.0));
            }
            for (bit, dy) in [(2, 0.0), (4, 0.5), (8, 1.0)] {
                if shape & bit > 0 {
                    strokes.push(bar(dy));
                }
            }
            for stroke in strokes {
                garment.add(
                    Piece::cord(stroke, tall * 0.2, cloth).rise(0.0, 0.002).shadow(0.0).follow(1.0).clipped(),
                );
            }
        }
    };
    match rng.count(0, 4) {
        0 => {
            letters(garment, rng, centre.y - size * 0.4, size * 0.4, size, a);
            if rng.chance(0.6) {
                letters(garment, rng, centre.y + size * 0.22, size * 0.16, size * 0.8, b);
            }
        }
        1 => {
            garment.add(flat(ellipse(centre, size * 0.72, size * 0.72), a));
            garment.add(flat(ellipse(centre, size * 0.58, size * 0.58), b));
            letters(garment, rng, centre.y - size * 0.1, size * 0.22, size * 0.5, a);
        }
        2 => {
            let picture = super::super::garment::Cloth {
                fabric: kind,
                pattern: super::choice::floral(rng),
                colours: [ink, third, ink.map(|x| 0.5 * x + 0.15)],
                gauge: 1.0,
            };
            garment.cloths.push(picture);
            let number = garment.cloths.len() - 1;
            garment.add(flat(patch(centre.x, centre.y - size * 0.8, size * 0.75, size * 1.5, 0.004), number));
            letters(garment, rng, centre.y + size * 0.85, size * 0.15, size * 0.75, a);
        }
        3 => {
            let rays = rng.count(5, 9) * 2;
            let turn = rng.unit();
            let star: Vec<Pt> = (0..rays)
                .map(|i| {
                    let angle = (i as f32 / rays as f32 + turn) * std::f32::consts::TAU;
                    let r = size * if i % 2 == 0 { 0.85 } else { 0.4 };
                    pt(centre.x + r * angle.cos(), centre.y + r * angle.sin())
                })
                .collect();
            garment.add(flat(star, a));
            garment.add(flat(ellipse(centre, size * 0.25, size * 0.25), b));
        }
        _ => {
            // An animal's face: round head, ears, eyes.
            for side in [-1.0, 1.0] {
                garment.add(flat(
                    ellipse(
                        pt(centre.x + side * size * 0.45, centre.y - size * 0.5),
                        size * 0.26,
                        size * 0.34,
                    ),
                    a,
                ));
            }
            garment.add(flat(ellipse(centre, size * 0.7, size * 0.62), a));
            for side in [-1.0, 1.0] {
                garment.add(flat(
                    ellipse(
                        pt(centre.x + side * size * 0.26, centre.y - size * 0.1),
                        size * 0.1,
                        size * 0.14,
                    ),
                    b,
                ));
            }
            garment.add(flat(ellipse(pt(centre.x, centre.y + size * 0.24), size * 0.2, size * 0.12), b));
        }
    }
}

/// A bow: two loops, two tails, a knot.
pub(crate) fn bow(garment: &mut Garment, rng: &mut Rng, at: Pt, size: f32, cloth: usize) {
    for side in [-1.0, 1.0] {
        let end = pt(at.x + side * size * rng.range(0.25, 0.6), at.y + size * rng.range(1.3, 2.2));
        let tail = Pen::at(at.x, at.y).quad(at.x + side * size * 0.3, at.y + size * 0.6, end.x, end.y).done();
        garment.add(Piece::area(ribbon(&tail, size * 0.1, size * 0.2), cloth).rise(0.006, 0.008).shadow(0.5));
        let loop_ = Pen::at(at.x, at.y)
            .cubic(
                pt(at.x + side * size * 0.5, at.y - size * 0.6),
                pt(at.x + side * size * 1.2, at.y - size * 0.4),
                pt(at.x + side * size, at.y + size * 0.1),
            )
            .cubic(
                pt(at.x + side * size * 0.9, at.y + size * 0.45),
                pt(at.x + side * size * 0.4, at.y + size * 0.3),
                at,
            )
            .done();
        let mut piece = Piece::area(loop_, cloth).rise(0.01, 0.012).shadow(0.55);
        let to = pt(at.x + side * size * 0.8, at.y);
        piece.folds = vec![Fold { from: at, to, bend: 0.004, start: 0.006, end: 0.016, height: -0.008 }];
        garment.add(piece);
    }
    garment.add(Piece::area(ellipse(at, size * 0.16, size * 0.18), cloth).rise(0.008, 0.008).shadow(0.5));
}
