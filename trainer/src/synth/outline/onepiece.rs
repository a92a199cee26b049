//! Dresses, and rompers and jumpsuits with legs.

use super::super::fabric::Fabric;
use super::super::garment::{Garment, Hang, INSIDE, LABEL, MAIN, METAL, Piece, SECOND, SMOOTH, THREAD};
use super::super::geom::{Pen, pt};
use super::super::pattern::Pattern;
use super::super::rng::Rng;
use super::bottom::Legs;
use super::choice;
use super::detail;
use super::folds;
use super::neck;
use super::sleeve::{Cut, Sleeve};
use super::top::{Neck, Trunk};
use super::upper::sleeves;

/// A bodice ending at the waist; returns its trunk and the sleeve's word.
fn bodice(garment: &mut Garment, rng: &mut Rng, waist_y: f32, plain_straps: f32) -> (Trunk, &'static str) {
    let loose = rng.range(-0.9, 0.0);
    let mut trunk = Trunk::new(rng, loose, waist_y);
    trunk.waist.y = 0.24 + (waist_y - 0.24) * 0.5;
    trunk.hem.x = trunk.chest.x - rng.range(0.03, 0.06);
    trunk.waist.x = (trunk.chest.x + trunk.hem.x) * 0.5;
    trunk.dip = 0.004;
    let straps = rng.chance(plain_straps);
    let word = if straps {
        "sleeveless"
    } else {
        rng.weighted(&[("sleeveless", 3.0), ("short", 3.0), ("long", 2.2), ("three-quarter", 0.8)])
    };
    trunk.neck =
        rng.weighted(&[(Neck::Crew, 2.0), (Neck::Vee, 3.0), (Neck::Scoop, 2.0), (Neck::Square, 1.2)]);
    trunk.neck_d = match trunk.neck {
        Neck::Crew => 0.085,
        Neck::Vee => rng.range(0.14, 0.21),
        _ => rng.range(0.11, 0.17),
    };
    if straps {
        trunk.neck_w = 0.125;
        trunk.shoulder = pt(0.145, 0.003);
        trunk.neck = if rng.chance(0.5) { Neck::Square } else { Neck::Scoop };
        trunk.neck_d = rng.range(0.17, 0.2);
        trunk.back_d = 0.09;
    } else if word == "sleeveless" {
        trunk.shoulder = pt(trunk.neck_w + rng.range(0.05, 0.09), 0.03);
    }
    trunk.sleeveless = word == "sleeveless";
    trunk.inside(garment, rng);
    if !trunk.sleeveless {
        let mut sleeve = Sleeve::new(rng, word);
        sleeve.cut = rng.weighted(&[(Cut::Straight, 3.0), (Cut::Puff, 1.5), (Cut::Bell, 1.0)]);
        if sleeve.cut == Cut::Puff {
            sleeve.cuff = 0.022;
        }
        sleeves(garment, rng, &trunk, &sleeve, 1.0);
    }
    garment.words.neckline = if straps { "straps" } else { trunk.neck.word() };
    garment.words.sleeve = word;
    garment.words.fit = "regular";
    (trunk, word)
}

/// A bodice and a long skirt.
pub(crate) fn dress(rng: &mut Rng) -> Garment {
    let mut pattern = choice::light(rng, 0.42);
    let waist_y = rng.range(0.36, 0.44);
    if rng.chance(0.08) {
        pattern = Pattern::Block { from: waist_y, to: 3.0 };
    }
    let fabric = rng.weighted(&[
        (Fabric::Cotton, 4.0),
        (Fabric::Chiffon, 2.0),
        (Fabric::Satin, 1.6),
        (Fabric::Knit, 0.6),
        (Fabric::Denim, 0.5),
    ]);
    let pattern = if matches!(fabric, Fabric::Knit | Fabric::Denim) { Pattern::Plain } else { pattern };
    let mut garment = choice::begin(rng, fabric, pattern);
    let (word, length) = rng.weighted(&[(("mini", 0.36), 2.5), (("midi", 0.58), 3.0), (("maxi", 0.84), 2.0)]);
    let length = length + rng.range(-0.04, 0.05);
    let narrow = rng.chance(0.28);
    let flare = if narrow { rng.range(0.0, 0.05) } else { rng.range(0.12, 0.26) + 0.08 * length };
    let (trunk, _) = bodice(&mut garment, rng, waist_y, 0.3);
    let top = pt(trunk.hem.x, waist_y);
    let hem = pt(trunk.hem.x + 0.02 + flare, waist_y + length);
    let crumple = fabric.crumple();
    let mut piece = Piece::area(skirt_outline(rng, top.x, top.y, hem.x, hem.y, narrow), MAIN)
        .rise(0.01, 0.024)
        .shadow(0.45)
        .follow(0.2);
    piece.crumple = crumple * 0.8;
    piece.anchor = true;
    let count = if narrow { rng.count(2, 4) } else { rng.count(5, 11) };
    piece.folds = folds::falling(rng, top, hem, count, if narrow { 0.12 } else { 0.32 });
    let gathered = !narrow && rng.chance(0.6);
    if gathered {
        piece.folds.extend(folds::gathers(rng, pt(-top.x, top.y), pt(top.x, top.y), 0.09, 22, 0.005));
    }
    let tiers = if !narrow && length > 0.5 && rng.chance(0.25) { rng.count(1, 2) } else { 0 };
    garment.add(piece);
    for i in 1..=tiers {
        let t = i as f32 / (tiers + 1) as f32;
        let (w, y) = (top.x + (hem.x - top.x) * t + 0.05, top.y + (hem.y - top.y) * t);
        garment.add(Piece::seam(Pen::at(-w, y).quad(0.0, y + 0.04, w, y).done()));
    }
    let line = Pen::at(-hem.x, hem.y - 0.02).quad(0.0, hem.y + 0.03, hem.x, hem.y - 0.02).done();
    garment.add(Piece::seam(line));
    trunk.lay(&mut garment, rng, crumple * 0.8);
    if let Some(last) = garment.pieces.last_mut() {
        last.shadow = 0.25;
    }
    let belt = rng.range(0.0, 1.0);
    let w = top.x + 0.004;
    if belt < 0.5 {
        let tall = if belt < 0.25 { 0.035 } else { 0.02 };
        let cloth = if belt < 0.2 { SECOND } else { SMOOTH };
        let strip = Pen::at(-w, waist_y - tall)
            .quad(0.0, waist_y - tall + 0.014, w, waist_y - tall)
            .line(w, waist_y + 0.006)
            .quad(0.0, waist_y + 0.02, -w, waist_y + 0.006);
        garment.add(Piece::area(strip.done(), cloth).rise(0.006, 0.008).shadow(0.45));
        if belt < 0.12 {
            detail::bow(&mut garment, rng, pt(0.02, waist_y), 0.075, cloth);
        } else if belt < 0.2 {
            let buckle = detail::patch(0.0, waist_y - tall, 0.018, tall + 0.012, 0.002);
            garment.add(Piece::area(buckle, METAL).rise(0.004, 0.004).shadow(0.5));
        }
    }
    if trunk.neck_d < 0.1 && rng.chance(0.3) || rng.chance(0.12) {
        let end = if rng.chance(0.5) { waist_y } else { hem.y - 0.03 };
        detail::buttons(&mut garment, 0.0, trunk.neck_d + 0.03, end, 7, 0.008, LABEL);
    }
    neck::band(&mut garment, &trunk, 0.013, SMOOTH);
    garment.words.length = word;
    garment
}

/// The outline of a skirt part between a waist and a hem.
pub(crate) fn skirt_outline(
    rng: &mut Rng,
    waist: f32,
    y: f32,
    hem: f32,
    low: f32,
    narrow: bool,
) -> Vec<super::super::geom::Pt> {
    let tall = low - y;
    let hip = if narrow { waist + 0.035 } else { waist + (hem - waist) * rng.range(0.38, 0.55) };
    let (l, r) = (hem + rng.normal() * 0.012, hem + rng.normal() * 0.012);
    let mut pen = Pen::at(-waist, y).through(&[
        pt(-hip, y + tall * 0.35),
        pt(-(hip + l) * 0.52, y + tall * 0.7),
        pt(-l, low + rng.normal() * 0.008),
    ]);
    let dip = if narrow { 0.008 } else { 0.05 };
    let n = if narrow { 3 } else { rng.count(5, 8) };
    let points: Vec<_> = (1..n)
        .map(|i| {
            let t = i as f32 / n as f32;
            let sag = dip * 4.0 * t * (1.0 - t);
            pt(-l + (l + r) * t, low + sag + if narrow { 0.0 } else { rng.normal() * 0.009 })
        })
        .chain([pt(r, low)])
        .collect();
    pen = pen.through(&points);
    pen = pen.through(&[pt((hip + r) * 0.52, y + tall * 0.7), pt(hip, y + tall * 0.35), pt(waist, y)]);
    pen.quad(0.0, y + 0.012, -waist, y).done()
}

/// A bodice and two legs in one, or dungarees.
pub(crate) fn romper(rng: &mut Rng) -> Garment {
    if rng.chance(0.28) { dungarees(rng) } else { jumpsuit(rng) }
}

fn jumpsuit(rng: &mut Rng) -> Garment {
    let pattern = choice::light(rng, 0.5);
    let fabric = rng.weighted(&[
        (Fabric::Cotton, 4.0),
        (Fabric::Chiffon, 1.5),
        (Fabric::Satin, 1.0),
        (Fabric::Denim, 0.6),
    ]);
    let pattern = if fabric == Fabric::Denim { Pattern::Plain } else { pattern };
    let mut garment = choice::begin(rng, fabric, pattern);
    let waist_y = rng.range(0.36, 0.42);
    let (trunk, _) = bodice(&mut garment, rng, waist_y, 0.4);
    let short = rng.chance(0.55);
    let crumple = fabric.crumple();
    let w = trunk.hem.x;
    let legs = Legs {
        waist: pt(w, waist_y - 0.005),
        hip: w + rng.range(0.03, 0.07),
        crotch: waist_y + rng.range(0.23, 0.28),
        hem: if short { waist_y + rng.range(0.34, 0.42) } else { waist_y + rng.range(0.68, 0.82) },
        inner: if short { rng.range(0.015, 0.04) } else { rng.range(0.03, 0.06) },
        width: if short { rng.range(0.17, 0.22) } else { rng.range(0.1, 0.18) },
        spread: if short { rng.range(0.02, 0.06) } else { rng.range(0.0, 0.04) },
    };
    legs.lay(&mut garment, rng, MAIN, crumple);
    trunk.lay(&mut garment, rng, crumple * 0.8);
    if let Some(last) = garment.pieces.last_mut() {
        last.shadow = 0.25;
    }
    let tall = 0.03;
    let strip = Pen::at(-w - 0.003, waist_y - tall)
        .line(w + 0.003, waist_y - tall)
        .line(w + 0.003, waist_y + 0.006)
        .line(-w - 0.003, waist_y + 0.006);
    let mut belt = Piece::area(strip.done(), if rng.chance(0.15) { SECOND } else { SMOOTH })
        .rise(0.006, 0.009)
        .shadow(0.4);
    belt.folds = folds::gathers(rng, pt(-w, waist_y - 0.01), pt(w, waist_y - 0.01), 0.02, 26, 0.003);
    garment.add(belt);
    if rng.chance(0.5) {
        detail::bow(&mut garment, rng, pt(0.01, waist_y - 0.01), 0.07, SMOOTH);
    }
    if rng.chance(0.35) {
        detail::buttons(&mut garment, 0.0, trunk.neck_d + 0.03, waist_y - 0.05, 4, 0.008, LABEL);
    }
    neck::band(&mut garment, &trunk, 0.013, SMOOTH);
    garment.words.length = if short { "short" } else { "full" };
    garment
}

fn dungarees(rng: &mut Rng) -> Garment {
    let fabric = rng.weighted(&[(Fabric::Denim, 4.0), (Fabric::Cotton, 1.5), (Fabric::Corduroy, 1.0)]);
    let mut garment = choice::begin(rng, fabric, Pattern::Plain);
    let waist_y = rng.range(0.38, 0.42);
    let w = rng.range(0.185, 0.215);
    let short = rng.chance(0.35);
    let legs = Legs {
        waist: pt(w, waist_y - 0.01),
        hip: w + rng.range(0.02, 0.05),
        crotch: waist_y + rng.range(0.24, 0.28),
        hem: if short { waist_y + rng.range(0.36, 0.42) } else { waist_y + rng.range(0.7, 0.82) },
        inner: rng.range(0.025, 0.05),
        width: if short { rng.range(0.16, 0.19) } else { rng.range(0.11, 0.15) },
        spread: rng.range(0.0, 0.04),
    };
    let bib = rng.range(0.115, 0.14);
    let bib_top = rng.range(0.13, 0.17);
    for side in [-1.0, 1.0] {
        // The back straps cross behind and come over the shoulders.
        let back = Pen::at(side * 0.02, waist_y).quad(side * 0.05, 0.1, side * bib * 0.75, 0.0).done();
        garment.add(Piece::cord(back, 0.042, SMOOTH).shade(0.75).shadow(0.4));
    }
    let back = Pen::at(-w, waist_y).quad(-w * 0.6, waist_y - 0.12, 0.0, waist_y - 0.13).quad(
        w * 0.6,
        waist_y - 0.12,
        w,
        waist_y,
    );
    garment.add(Piece::area(back.done(), INSIDE).shade(0.6));
    legs.lay(&mut garment, rng, MAIN, fabric.crumple());
    let front = Pen::at(-bib, bib_top)
        .quad(0.0, bib_top + 0.008, bib, bib_top)
        .quad(bib + 0.01, waist_y - 0.1, w, waist_y + 0.01)
        .line(-w, waist_y + 0.01)
        .quad(-bib - 0.01, waist_y - 0.1, -bib, bib_top)
        .done();
    let mut piece = Piece::area(front, MAIN).rise(0.01, 0.014).shadow(0.4);
    piece.crumple = 0.7;
    piece.anchor = true;
    garment.add(piece);
    garment.add(Piece::stitches(Pen::at(-bib, bib_top + 0.014).line(bib, bib_top + 0.014).done(), THREAD));
    let strip = Pen::at(-w - 0.004, waist_y - 0.03)
        .line(w + 0.004, waist_y - 0.03)
        .line(w + 0.004, waist_y + 0.008)
        .line(-w - 0.004, waist_y + 0.008);
    garment.add(Piece::area(strip.done(), SMOOTH).rise(0.005, 0.007).shadow(0.4));
    detail::pocket(&mut garment, pt(0.0, bib_top + 0.055), 0.062, 0.1, rng.chance(0.3), MAIN, THREAD);
    for side in [-1.0, 1.0] {
        let strap = Pen::at(side * bib * 0.8, bib_top + 0.035)
            .quad(side * bib * 0.84, 0.06, side * bib * 0.72, -0.012)
            .done();
        garment.add(Piece::cord(strap, 0.04, SMOOTH).shadow(0.5).rise(0.008, 0.012));
        let buckle = detail::patch(side * bib * 0.8, bib_top + 0.012, 0.019, 0.03, 0.004);
        garment.add(Piece::area(buckle, METAL).rise(0.004, 0.004).shadow(0.5));
        detail::buttons(&mut garment, side * w * 0.93, waist_y - 0.012, waist_y - 0.012, 1, 0.009, METAL);
        let slash = Pen::at(side * w * 0.62, waist_y + 0.008).quad(
            side * w * 0.68,
            waist_y + 0.075,
            side * (w + 0.03),
            waist_y + 0.1,
        );
        garment.add(Piece::seam(slash.done()));
    }
    garment.hang = Some(Hang { shoulder: pt(bib, 0.04), neck: 0.06 });
    garment.words.sleeve = "sleeveless";
    garment.words.neckline = "straps";
    garment.words.length = if short { "short" } else { "full" };
    garment
}
