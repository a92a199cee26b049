//! Where cloth folds: from the underarm, across the belly, up from the hem, around elbows and knees.

use super::super::garment::Fold;
use super::super::geom::{Pt, pt};
use super::super::rng::Rng;

fn fold(rng: &mut Rng, from: Pt, to: Pt, width: f32, height: f32) -> Fold {
    Fold {
        from,
        to,
        bend: rng.normal() * 0.02,
        start: width * rng.range(0.6, 1.2),
        end: width * rng.range(0.6, 1.4),
        height: height * rng.range(0.5, 1.3),
    }
}

/// Folds of a body; `strength` about one for cotton.
pub(crate) fn trunk(rng: &mut Rng, chest: Pt, hem: Pt, strength: f32) -> Vec<Fold> {
    let mut out = Vec::new();
    let tall = hem.y - chest.y;
    let lift = 0.0105 * strength;
    for side in [-1.0, 1.0] {
        for _ in 0..rng.count(1, 3) {
            let from = pt(side * (chest.x - 0.01), chest.y + rng.range(-0.03, 0.06));
            let to = pt(side * rng.range(0.02, 0.14), chest.y + rng.range(0.02, 0.7) * tall);
            out.push(fold(rng, from, to, 0.022, lift));
        }
        for _ in 0..rng.count(0, 2) {
            let x = side * rng.range(0.05, 0.95) * hem.x;
            let top = pt(x + rng.normal() * 0.04, hem.y - rng.range(0.3, 0.8) * tall);
            out.push(fold(rng, top, pt(x, hem.y + 0.12), 0.026, lift));
        }
    }
    for _ in 0..rng.count(3, 8) {
        let centre = pt(rng.range(-0.9, 0.9) * chest.x, chest.y * 0.5 + rng.unit() * (tall + 0.1));
        let angle = if rng.chance(0.6) { rng.normal() * 0.4 } else { rng.range(0.0, 3.1) };
        let half = pt(angle.cos(), angle.sin()).times(rng.range(0.04, 0.13));
        let sign = rng.sign();
        out.push(fold(rng, centre.minus(half), centre.plus(half), 0.013, lift * 0.6 * sign));
    }
    out
}

/// Folds across a tube (sleeve or leg) from `a` to `b`, most of them at `joint` (0..1 along it).
pub(crate) fn tube(rng: &mut Rng, a: Pt, b: Pt, half: f32, joint: f32, strength: f32) -> Vec<Fold> {
    let mut out = Vec::new();
    let along = b.minus(a);
    let length = along.length().max(1e-4);
    let (u, n) = (along.times(1.0 / length), pt(-along.y / length, along.x / length));
    for _ in 0..rng.count(3, 6) {
        let t = if rng.chance(0.6) { joint + rng.normal() * 0.1 } else { rng.range(0.05, 1.0) };
        let side = rng.sign();
        let at = a.plus(along.times(t.clamp(0.02, 0.98)));
        let from = at.plus(n.times(half * side * 1.1));
        let to = at.minus(n.times(half * side * rng.range(-0.1, 0.7))).plus(u.times(rng.normal() * 0.05));
        out.push(fold(rng, from, to, 0.014, 0.0075 * strength));
    }
    for _ in 0..rng.count(1, 2) {
        let shift = n.times(half * rng.range(-0.5, 0.5));
        let (s, e) = (rng.range(-0.1, 0.4), rng.range(0.6, 1.1));
        let (from, to) = (a.plus(along.times(s)).plus(shift), a.plus(along.times(e)).plus(shift.times(0.6)));
        out.push(fold(rng, from, to, half * 0.28, 0.008 * strength));
    }
    out
}

/// Folds falling from a waist (y, half width) to a hem, `count` of them, deeper below.
pub(crate) fn falling(rng: &mut Rng, waist: Pt, hem: Pt, count: usize, depth: f32) -> Vec<Fold> {
    let mut out = Vec::new();
    for i in 0..count {
        let t = ((i as f32 + 0.5 + rng.normal() * 0.22) / count as f32) * 2.0 - 1.0;
        let reach = (hem.y - waist.y) * 1.35;
        let from = pt(t * waist.x, waist.y - 0.02 + rng.range(0.0, 0.3) * (hem.y - waist.y));
        let to = pt(t * (waist.x + (hem.x - waist.x) * 1.35), waist.y + reach);
        let width = hem.x / count as f32;
        out.push(Fold {
            from,
            to,
            bend: rng.normal() * 0.012,
            start: width * 0.35,
            end: width * rng.range(1.0, 1.7),
            height: depth * width * rng.range(0.6, 1.3),
        });
    }
    out
}

/// Short gathers hanging from a line between two points (or standing on it, with a negative `length`).
pub(crate) fn gathers(rng: &mut Rng, a: Pt, b: Pt, length: f32, count: usize, height: f32) -> Vec<Fold> {
    (0..count)
        .map(|i| {
            let p = a.toward(b, (i as f32 + rng.unit()) / count as f32);
            let long = length * rng.range(0.5, 1.3);
            let from = pt(p.x, p.y - long * 0.35);
            let to = pt(p.x * 1.04 + rng.normal() * 0.006, p.y + long);
            Fold { from, to, bend: 0.0, start: 0.008, end: 0.013, height: height * rng.range(0.6, 1.3) }
        })
        .collect()
}
