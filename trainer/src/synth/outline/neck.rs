//! What finishes a neckline: ribbing, turtleneck, shirt collar, lapels, hood.

use super::super::garment::{Garment, INSIDE, Piece};
use super::super::geom::{Pen, Pt, mirrored, pt, ribbon};
use super::super::rng::Rng;
use super::top::Trunk;

/// A ribbed or faced band along the front neckline.
pub(crate) fn band(garment: &mut Garment, trunk: &Trunk, width: f32, cloth: usize) {
    let line = trunk.neckline(0.0);
    let strip = ribbon(&line, width * 0.55, width * 0.55);
    garment.add(Piece::area(strip, cloth).rise(width * 0.28, width * 0.4).shadow(0.3));
    let lower: Vec<Pt> = line.iter().map(|p| pt(p.x * (1.0 + width * 4.0), p.y + width * 0.55)).collect();
    garment.add(Piece::seam(lower));
}

/// The tube of a turtleneck, folded over.
pub(crate) fn turtleneck(garment: &mut Garment, rng: &mut Rng, trunk: &Trunk, cloth: usize) {
    let (w, up, down) = (trunk.neck_w + 0.006, rng.range(0.07, 0.11), rng.range(0.035, 0.055));
    let tube = Pen::at(-w * 1.02, 0.02)
        .quad(-w * 0.98, -up * 0.5, -w * 0.94, -up)
        .quad(0.0, -up - 0.016, w * 0.94, -up)
        .quad(w * 0.98, -up * 0.5, w * 1.02, 0.02)
        .quad(w * 0.6, down + 0.02, 0.0, down + 0.025)
        .quad(-w * 0.6, down + 0.02, -w * 1.02, 0.02)
        .done();
    garment.add(Piece::area(tube, cloth).rise(0.018, 0.024).shadow(0.5).follow(0.1));
    let mouth = Pen::at(-w * 0.88, -up + 0.002)
        .quad(0.0, -up - 0.014, w * 0.88, -up + 0.002)
        .quad(0.0, -up + 0.02, -w * 0.88, -up + 0.002)
        .done();
    garment.add(Piece::area(mouth, INSIDE).shade(0.4).rise(0.0, 0.004).shadow(0.0).follow(0.0));
    if rng.chance(0.6) {
        let y = -up * 0.15;
        garment.add(Piece::seam(Pen::at(-w * 1.02, y).quad(0.0, y + 0.03, w * 1.02, y).done()).shade(0.8));
        if let Some(last) = garment.pieces.last_mut() {
            last.clipped = false;
        }
    }
}

/// Two collar leaves over a stand; `open` is the depth of the opening below the neck.
pub(crate) fn collar(
    garment: &mut Garment,
    rng: &mut Rng,
    trunk: &Trunk,
    size: f32,
    open: f32,
    cloth: usize,
) {
    let w = trunk.neck_w;
    let back = Pen::at(-w * 1.02, 0.012)
        .quad(-w * 0.8, -size * 0.42, 0.0, -size * 0.48)
        .quad(w * 0.8, -size * 0.42, w * 1.02, 0.012)
        .quad(0.0, size * 0.55, -w * 1.02, 0.012)
        .done();
    garment.add(Piece::area(back, cloth).shade(0.8).rise(0.007, 0.012).shadow(0.35));
    let inner = Pen::at(-w * 0.86, 0.004)
        .quad(0.0, -size * 0.3, w * 0.86, 0.004)
        .quad(w * 0.4, open * 0.75, 0.0, open.max(0.03))
        .quad(-w * 0.4, open * 0.75, -w * 0.86, 0.004)
        .done();
    garment.add(Piece::area(inner, cloth).shade(0.55).rise(0.0, 0.006).shadow(0.0).follow(0.2));
    let point = pt(rng.range(0.55, 1.0) * w + 0.01, open * 0.55 + size * rng.range(0.95, 1.25));
    for side in [-1.0, 1.0] {
        let tip = point.plus(pt(rng.normal() * 0.004, rng.normal() * 0.004));
        let leaf = Pen::at(w * 0.8 * 1.0, -size * 0.28)
            .quad(w * 1.25, -0.005, w * 1.22 + 0.01, size * 0.3)
            .line(tip.x, tip.y)
            .quad(w * 0.3, open * 0.9 + size * 0.2, 0.006, open.max(0.02))
            .quad(w * 0.45, open * 0.35, w * 0.8, -size * 0.28)
            .done();
        let leaf = if side < 0.0 { mirrored(&leaf) } else { leaf };
        let mut piece = Piece::area(leaf, cloth)
            .rise(0.008, 0.01)
            .shadow(0.5)
            .follow(0.2)
            .threads(side * 0.5, pt(0.0, 0.0));
        piece.crumple = 0.25;
        garment.add(piece);
    }
}

/// Lapels folded back along a long V down to `depth`, under a collar.
pub(crate) fn lapels(
    garment: &mut Garment,
    rng: &mut Rng,
    trunk: &Trunk,
    depth: f32,
    width: f32,
    cloth: usize,
) {
    let w = trunk.neck_w;
    let notch_y = depth * rng.range(0.3, 0.4);
    let collar_back = Pen::at(-w * 1.05, 0.02)
        .quad(-w * 0.8, -0.035, 0.0, -0.04)
        .quad(w * 0.8, -0.035, w * 1.05, 0.02)
        .quad(0.0, 0.035, -w * 1.05, 0.02)
        .done();
    garment.add(Piece::area(collar_back, cloth).shade(0.85).rise(0.007, 0.01));
    for side in [-1.0, 1.0] {
        let flip = |points: Vec<Pt>| if side < 0.0 { mirrored(&points) } else { points };
        let lapel = Pen::at(w * 0.85, notch_y * 0.4)
            .line(w * 0.7 + width * 1.15, notch_y * 0.92)
            .quad(w * 0.5 + width * 0.85, depth * 0.62, 0.0, depth)
            .quad(w * 0.42, depth * 0.5, w * 0.85, notch_y * 0.4)
            .done();
        garment.add(Piece::area(flip(lapel), cloth).rise(0.008, 0.01).shadow(0.5).follow(0.2));
        let top = Pen::at(w * 0.75, -0.03)
            .quad(w * 1.3, 0.0, w * 1.2 + width * 0.5, notch_y * 0.5)
            .line(w * 0.75 + width * 0.55, notch_y * 0.82)
            .quad(w * 0.9, notch_y * 0.5, w * 0.6, notch_y * 0.35)
            .quad(w * 0.8, 0.0, w * 0.75, -0.03)
            .done();
        garment.add(Piece::area(flip(top), cloth).rise(0.008, 0.01).shadow(0.45).follow(0.2));
    }
}

/// A hood lying spread above the shoulders: outside, dark opening, thick rim.
pub(crate) fn hood(garment: &mut Garment, rng: &mut Rng, trunk: &Trunk, cloth: usize, lining: usize) {
    let w = trunk.neck_w;
    let (wide, tall) = (rng.range(0.155, 0.195), rng.range(0.2, 0.29));
    let lean = rng.normal() * 0.02;
    let outer = Pen::at(-w * 1.25, 0.03)
        .cubic(pt(-wide * 1.12, -tall * 0.25), pt(-wide * 1.0 + lean, -tall * 0.98), pt(lean, -tall))
        .cubic(pt(wide * 1.0 + lean, -tall * 0.98), pt(wide * 1.12, -tall * 0.25), pt(w * 1.25, 0.03))
        .quad(w * 0.5, 0.1, 0.0, 0.105)
        .quad(-w * 0.5, 0.1, -w * 1.25, 0.03)
        .done();
    let mut piece = Piece::area(outer, cloth).rise(0.022, 0.03).shadow(0.45).follow(0.1);
    piece.crumple = 0.8;
    piece.anchor = true;
    garment.add(piece);
    let (iw, it) = (wide * rng.range(0.66, 0.76), tall * rng.range(0.72, 0.84));
    let mouth = |grow: f32| {
        let (iw, it) = (iw + grow, it + grow);
        Pen::at(0.0, 0.085 + grow * 0.8)
            .cubic(pt(-iw * 0.7, 0.05), pt(-iw * 1.1, -it * 0.2), pt(-iw * 0.86, -it * 0.66))
            .quad(-iw * 0.6 + lean, -it, lean, -it)
            .quad(iw * 0.6 + lean, -it, iw * 0.86, -it * 0.66)
            .cubic(pt(iw * 1.1, -it * 0.2), pt(iw * 0.7, 0.05), pt(0.0, 0.085 + grow * 0.8))
            .done()
    };
    garment.add(Piece::area(mouth(0.026), cloth).rise(0.009, 0.012).shadow(0.4).follow(0.4));
    let mut inside = Piece::area(mouth(0.0), lining).shade(0.5).rise(-0.012, 0.025).shadow(0.0).follow(0.0);
    inside.crumple = 0.8;
    garment.add(inside);
    let middle = Pen::at(lean, -it).quad(lean * 0.6, -it * 0.4, 0.0, -0.02).done();
    let mut seam = Piece::seam(middle);
    seam.clipped = false;
    garment.add(seam);
}

/// Drawstrings hanging from the hood's rim.
pub(crate) fn strings(garment: &mut Garment, rng: &mut Rng, y: f32, cloth: usize) {
    for side in [-1.0, 1.0] {
        let x = side * rng.range(0.026, 0.045);
        let end = pt(x + rng.normal() * 0.025, y + rng.range(0.12, 0.21));
        let line = Pen::at(x * 0.9, y - 0.012)
            .cubic(pt(x + rng.normal() * 0.02, y + 0.05), pt(end.x + rng.normal() * 0.02, end.y - 0.06), end)
            .done();
        garment.add(Piece::cord(line, 0.011, cloth).shadow(0.5));
        let tip = Pen::at(end.x, end.y).line(end.x + rng.normal() * 0.003, end.y + 0.018).done();
        garment.add(Piece::cord(tip, 0.012, super::super::garment::METAL).shadow(0.4));
    }
}
