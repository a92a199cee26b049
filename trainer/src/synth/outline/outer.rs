//! Hoodies, jackets, vests and blazers.

use super::super::fabric::Fabric;
use super::super::garment::{Garment, INSIDE, LABEL, MAIN, METAL, Piece, RIB, SECOND, SMOOTH, THREAD};
use super::super::geom::{Pen, pt};
use super::super::palette;
use super::super::pattern::Pattern;
use super::super::rng::Rng;
use super::choice;
use super::detail;
use super::neck;
use super::sleeve::Sleeve;
use super::top::{Neck, Trunk};
use super::upper::sleeves;

/// Hood and pouch pocket, pulled over or zipped.
pub(crate) fn hoodie(rng: &mut Rng) -> Garment {
    let pattern = match rng.weighted(&[(0, 6.0), (1, 2.0), (2, 0.7), (3, 0.8)]) {
        0 => Pattern::Plain,
        1 => Pattern::Melange,
        2 => choice::stripes(rng),
        _ => Pattern::Block { from: -0.5, to: rng.range(0.18, 0.26) },
    };
    let mut garment = choice::begin(rng, Fabric::Fleece, pattern);
    let loose = rng.range(-0.3, 1.0);
    let length = rng.range(0.6, 0.7);
    let mut trunk = Trunk::new(rng, loose, length);
    trunk.neck_w = 0.1;
    trunk.neck_d = 0.09;
    trunk.hem.x = trunk.waist.x - rng.range(0.0, 0.02);
    let mut sleeve = Sleeve::new(rng, "long");
    sleeve.wrist += 0.012;
    sleeve.cuff = rng.range(0.045, 0.065);
    sleeve.cuff_cloth = RIB;
    garment.cloths[RIB].gauge = 0.7;
    if pattern == Pattern::Plain && rng.chance(0.1) {
        sleeve.cloth = SECOND;
        garment.words.pattern = "colour block";
    }
    sleeves(&mut garment, rng, &trunk, &sleeve, 0.9);
    trunk.lay(&mut garment, rng, 0.9);
    let band = trunk.hem_band(rng.range(0.045, 0.06));
    garment.add(Piece::area(band, RIB).rise(0.004, 0.012).shadow(0.4).follow(0.8).clipped());
    let zipped = rng.chance(0.4);
    let half = trunk.hem.x * rng.range(0.66, 0.78);
    detail::kangaroo(&mut garment, rng, length - 0.05, half, zipped, MAIN);
    if zipped {
        let from = rng.range(0.1, 0.2);
        let line = Pen::at(0.0, from).line(0.0, length + 0.02).done();
        let tape = if rng.chance(0.4) { LABEL } else { SMOOTH };
        let gap = Pen::at(-0.035, 0.05).quad(0.0, 0.12, 0.035, 0.05).line(0.0, from + 0.01).done();
        garment.add(Piece::area(gap, INSIDE).shade(0.5).rise(-0.004, 0.01).shadow(0.1));
        detail::zip(&mut garment, &line, tape);
    } else if matches!(pattern, Pattern::Plain | Pattern::Melange) && rng.chance(0.45) {
        let size = rng.range(0.065, 0.1);
        detail::print(&mut garment, rng, pt(0.0, 0.27), size);
        garment.words.pattern = "graphic";
    }
    let lining = if rng.chance(0.7) { SMOOTH } else { INSIDE };
    neck::hood(&mut garment, rng, &trunk, MAIN, lining);
    if rng.chance(0.75) {
        let cord = if rng.chance(0.6) { LABEL } else { THREAD };
        neck::strings(&mut garment, rng, 0.075, cord);
    }
    garment.words.neckline = "hood";
    garment.words.sleeve = "long";
    garment.words.length = "regular";
    garment.words.fit = choice::fit(loose);
    garment
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Denim,
    Biker,
    Puffer,
    Quilted,
    Bomber,
    Coat,
}

/// One of the usual jackets, a fifth of them without sleeves.
pub(crate) fn jacket(rng: &mut Rng) -> Garment {
    let kind = rng.weighted(&[
        (Kind::Denim, 2.4),
        (Kind::Biker, 1.8),
        (Kind::Puffer, 3.0),
        (Kind::Quilted, 1.0),
        (Kind::Bomber, 1.6),
        (Kind::Coat, 1.6),
    ]);
    let vest = match kind {
        Kind::Puffer | Kind::Quilted => rng.chance(0.4),
        Kind::Denim => rng.chance(0.2),
        _ => false,
    };
    let fabric = match kind {
        Kind::Denim => Fabric::Denim,
        Kind::Biker => Fabric::Leather,
        Kind::Puffer => Fabric::Puffer,
        Kind::Quilted => Fabric::Diamond,
        Kind::Bomber => rng.weighted(&[
            (Fabric::Satin, 2.0),
            (Fabric::Cotton, 2.0),
            (Fabric::Leather, 1.0),
            (Fabric::Corduroy, 0.8),
        ]),
        Kind::Coat => rng.weighted(&[(Fabric::Cotton, 2.0), (Fabric::Wool, 2.0), (Fabric::Corduroy, 0.5)]),
    };
    let mut garment = if kind == Kind::Coat && rng.chance(0.5) {
        let colour = palette::among(rng, &["beige", "olive", "navy", "black", "grey", "brown"]);
        choice::with(rng, fabric, Pattern::Plain, colour)
    } else {
        let pattern = if kind == Kind::Puffer && rng.chance(0.15) {
            Pattern::Block { from: -0.5, to: 0.24 }
        } else {
            Pattern::Plain
        };
        choice::begin(rng, fabric, pattern)
    };
    let loose = rng.range(-0.2, 0.9);
    let length = match kind {
        Kind::Denim | Kind::Biker => rng.range(0.5, 0.58),
        Kind::Bomber => rng.range(0.54, 0.62),
        Kind::Puffer | Kind::Quilted => rng.range(0.56, 0.74),
        Kind::Coat => rng.range(0.7, 0.86),
    };
    let mut trunk = Trunk::new(rng, loose, length);
    trunk.neck_w = 0.095;
    trunk.sleeveless = vest;
    if vest {
        trunk.shoulder.x -= 0.02;
    }
    if matches!(kind, Kind::Denim | Kind::Biker | Kind::Bomber) {
        trunk.hem.x = trunk.waist.x - 0.012;
    }
    let crumple = fabric.crumple().max(0.5);
    if !vest {
        let mut sleeve = Sleeve::new(rng, "long");
        sleeve.wrist += 0.014;
        if matches!(kind, Kind::Denim | Kind::Bomber | Kind::Puffer) {
            sleeve.cuff = rng.range(0.04, 0.06);
            sleeve.cuff_cloth = if kind == Kind::Bomber { RIB } else { SMOOTH };
        }
        sleeves(&mut garment, rng, &trunk, &sleeve, crumple);
    }
    trunk.lay(&mut garment, rng, crumple);
    let gap = if rng.chance(0.45) { rng.range(0.02, 0.09) } else { 0.0 };
    match kind {
        Kind::Denim => denim(&mut garment, rng, &trunk, gap),
        Kind::Biker => biker(&mut garment, rng, &trunk),
        Kind::Coat => coat(&mut garment, rng, &trunk),
        Kind::Bomber => bomber(&mut garment, rng, &trunk, gap),
        Kind::Puffer | Kind::Quilted => puffer(&mut garment, rng, &trunk, gap),
    }
    garment.words.sleeve = if vest { "sleeveless" } else { "long" };
    garment.words.length = if length > 0.68 { "long" } else { "regular" };
    garment.words.fit = choice::fit(loose);
    garment
}

/// The dark wedge where an unbuttoned front falls apart, showing the lining.
fn opening(garment: &mut Garment, top: f32, trunk: &Trunk, gap: f32) {
    if gap <= 0.0 {
        return;
    }
    let low = trunk.hem.y + 0.1;
    let wedge = Pen::at(-0.02 - gap * 0.2, top)
        .quad(-gap * 0.4, (top + low) * 0.5, -gap, low)
        .line(gap, low)
        .quad(gap * 0.4, (top + low) * 0.5, 0.02 + gap * 0.2, top)
        .done();
    let mut piece =
        Piece::area(wedge, INSIDE).shade(0.5).rise(-0.014, 0.012).shadow(0.0).follow(0.4).clipped();
    piece.crumple = 0.6;
    garment.add(piece);
    for side in [-1.0, 1.0] {
        let edge = Pen::at(side * (0.02 + gap * 0.2), top)
            .quad(side * gap * 0.4, (top + low) * 0.5, side * gap, low)
            .done();
        garment.add(Piece::cord(edge, 0.014, SMOOTH).shadow(0.5).follow(0.5).clipped());
    }
}

fn denim(garment: &mut Garment, rng: &mut Rng, trunk: &Trunk, gap: f32) {
    let (length, w) = (trunk.hem.y, trunk.chest.x);
    let yoke = Pen::at(-w, 0.165).quad(0.0, 0.18, w, 0.165).done();
    garment.add(Piece::seam(yoke.clone()));
    garment.add(Piece::stitches(yoke.iter().map(|p| pt(p.x, p.y + 0.008)).collect(), THREAD));
    for side in [-1.0, 1.0] {
        for x in [0.075, 0.15] {
            let line = Pen::at(side * x, 0.19).line(side * (x * 0.62 + 0.01), length).done();
            garment.add(Piece::seam(line.clone()));
            garment.add(Piece::stitches(line.iter().map(|p| pt(p.x + 0.007, p.y)).collect(), THREAD));
        }
        detail::pocket(garment, pt(side * 0.115, 0.175), 0.048, 0.075, true, MAIN, THREAD);
        detail::buttons(garment, side * 0.115, 0.197, 0.197, 1, 0.008, METAL);
    }
    garment.add(
        Piece::area(trunk.hem_band(0.045), SMOOTH).rise(0.005, 0.007).shadow(0.45).follow(0.9).clipped(),
    );
    if gap > 0.0 {
        opening(garment, 0.05, trunk, gap);
    } else {
        detail::placket(garment, 0.0, 0.03, length + 0.05, 0.021, SMOOTH);
        detail::buttons(garment, 0.0, 0.09, length - 0.02, 6, 0.0095, METAL);
    }
    let open = rng.range(0.04, 0.09);
    neck::collar(garment, rng, trunk, 0.078, open, SMOOTH);
    garment.words.neckline = "collar";
}

fn biker(garment: &mut Garment, rng: &mut Rng, trunk: &Trunk) {
    let length = trunk.hem.y;
    let side = rng.sign();
    let line = Pen::at(side * 0.07, 0.2).quad(side * 0.04, length * 0.6, side * 0.02, length + 0.01).done();
    detail::zip(garment, &line, SMOOTH);
    for s in [-1.0, 1.0] {
        detail::slit(garment, pt(s * 0.1, length - 0.19), pt(s * 0.165, length - 0.1), METAL);
        let arm = Pen::at(s * 0.19, 0.09).line(s * 0.12, 0.03).done();
        garment.add(Piece::seam(arm));
    }
    let belt = Pen::at(-0.4, length - 0.045).line(0.4, length - 0.045).done();
    garment.add(Piece::seam(belt));
    let buckle = detail::patch(side * 0.05, length - 0.038, 0.016, 0.03, 0.002);
    garment.add(Piece::area(buckle, METAL).rise(0.004, 0.004).shadow(0.6));
    neck::lapels(garment, rng, trunk, 0.24, 0.12, SMOOTH);
    for s in [-1.0, 1.0] {
        detail::buttons(garment, s * 0.14, 0.115, 0.115, 1, 0.0075, METAL);
    }
    garment.words.neckline = "lapel";
}

fn stand(garment: &mut Garment, rng: &mut Rng, trunk: &Trunk, tall: f32, cloth: usize, open: f32) {
    let w = trunk.neck_w;
    let back = Pen::at(-w, 0.02).quad(-w * 0.98, -tall * 0.7, -w * 0.84, -tall).quad(
        0.0,
        -tall - 0.02,
        w * 0.84,
        -tall,
    );
    let back = back.quad(w * 0.98, -tall * 0.7, w, 0.02).quad(0.0, 0.16, -w, 0.02).done();
    garment.add(Piece::area(back, INSIDE).shade(0.55).rise(0.006, 0.01));
    let gap = open.max(0.008);
    for side in [-1.0, 1.0] {
        let leaf = Pen::at(side * w * 1.06, 0.03)
            .quad(side * w * 1.04, -tall * 0.5, side * w * 0.86, -tall * 0.98)
            .quad(side * w * 0.6, -tall * 0.35, side * gap, -tall * rng.range(0.0, 0.2) + 0.02)
            .line(side * gap * 0.9, 0.1)
            .quad(side * w * 0.7, 0.1, side * w * 1.06, 0.03)
            .done();
        garment.add(Piece::area(leaf, cloth).rise(0.014, 0.016).shadow(0.5).follow(0.2));
    }
}

fn bomber(garment: &mut Garment, rng: &mut Rng, trunk: &Trunk, gap: f32) {
    let length = trunk.hem.y;
    let trim = if rng.chance(0.25) { SECOND } else { RIB };
    garment.add(Piece::area(trunk.hem_band(0.055), trim).rise(0.004, 0.01).shadow(0.5).follow(0.8).clipped());
    if gap > 0.0 {
        opening(garment, 0.06, trunk, gap);
    } else {
        let line = Pen::at(0.0, 0.06).line(0.0, length + 0.01).done();
        detail::zip(garment, &line, SMOOTH);
    }
    for side in [-1.0, 1.0] {
        detail::slit(garment, pt(side * 0.125, length - 0.23), pt(side * 0.185, length - 0.12), MAIN);
    }
    stand(garment, rng, trunk, 0.03, trim, gap * 0.3);
    garment.words.neckline = "stand collar";
}

fn puffer(garment: &mut Garment, rng: &mut Rng, trunk: &Trunk, gap: f32) {
    let length = trunk.hem.y;
    if gap > 0.0 {
        opening(garment, 0.03, trunk, gap);
    } else {
        let line = Pen::at(0.0, 0.0).line(0.0, length + 0.01).done();
        detail::zip(garment, &line, SMOOTH);
    }
    for side in [-1.0, 1.0] {
        detail::slit(garment, pt(side * 0.15, length - 0.2), pt(side * 0.17, length - 0.09), SMOOTH);
    }
    let tall = rng.range(0.045, 0.075);
    stand(garment, rng, trunk, tall, MAIN, gap * 0.4);
    garment.words.neckline = "stand collar";
}

fn flap_pockets(garment: &mut Garment, y: f32, x: f32) {
    for side in [-1.0, 1.0] {
        let c = side * x;
        let lid = Pen::at(c - 0.052, y + 0.004 * side)
            .line(c + 0.052, y - 0.004 * side)
            .line(c + 0.05, y + 0.032)
            .line(c - 0.05, y + 0.034);
        garment.add(Piece::area(lid.done(), SMOOTH).rise(0.005, 0.006).shadow(0.55).follow(0.9));
    }
}

fn coat(garment: &mut Garment, rng: &mut Rng, trunk: &Trunk) {
    let length = trunk.hem.y;
    let depth = rng.range(0.18, 0.28);
    let edge = Pen::at(0.02, depth).line(0.03, length + 0.04).done();
    garment.add(Piece::seam(edge));
    let double = rng.chance(0.55);
    let count = rng.count(3, 4);
    let last = length * 0.72;
    for x in if double { vec![-0.055, 0.07] } else { vec![0.0] } {
        detail::buttons(garment, x, depth + 0.05, last, count, 0.0125, THREAD);
    }
    flap_pockets(garment, length * 0.66, 0.15);
    if rng.chance(0.5) {
        let y = length * 0.52;
        let belt = Pen::at(-0.4, y)
            .quad(0.0, y + 0.02, 0.4, y)
            .line(0.4, y + 0.035)
            .quad(0.0, y + 0.055, -0.4, y + 0.035)
            .done();
        garment.add(Piece::area(belt, SMOOTH).rise(0.007, 0.008).shadow(0.55).clipped());
        let buckle = detail::patch(0.02, y + 0.005, 0.022, 0.042, 0.003);
        garment.add(Piece::area(buckle, THREAD).rise(0.005, 0.005).shadow(0.5));
    }
    let width = rng.range(0.085, 0.12);
    neck::lapels(garment, rng, trunk, depth, width, SMOOTH);
    garment.words.neckline = "lapel";
}

/// Tailored: long lapels, one or two buttons, rounded fronts.
pub(crate) fn blazer(rng: &mut Rng) -> Garment {
    let fabric = rng.weighted(&[(Fabric::Wool, 4.0), (Fabric::Cotton, 2.0), (Fabric::Corduroy, 0.5)]);
    let pattern = match rng.weighted(&[(0, 7.0), (1, 1.0), (2, 1.0)]) {
        0 => Pattern::Plain,
        1 => Pattern::Stripes { period: 0.032, duty: 0.1, upright: true, third: false },
        _ => choice::check(rng),
    };
    let colour = if rng.chance(0.75) {
        palette::among(rng, &["black", "navy", "grey", "beige", "brown"])
    } else {
        palette::any(rng)
    };
    let mut garment = choice::with(rng, fabric, pattern, colour);
    let loose = rng.range(-0.7, 0.4);
    let length = rng.range(0.62, 0.72);
    let mut trunk = Trunk::new(rng, loose, length);
    trunk.neck = Neck::Crew;
    trunk.waist.x -= 0.015;
    let mut sleeve = Sleeve::new(rng, "long");
    sleeve.angle = rng.range(0.1, 0.4);
    sleeve.wrist += 0.012;
    sleeves(&mut garment, rng, &trunk, &sleeve, 0.6);
    trunk.lay(&mut garment, rng, 0.6);
    let depth = rng.range(0.3, 0.38);
    let shown = pt(0.07, 0.02);
    let lining =
        Pen::at(-shown.x, 0.01).quad(0.0, 0.04, shown.x, 0.01).line(0.012, depth).line(-0.012, depth).done();
    garment.add(Piece::area(lining, INSIDE).shade(0.55).rise(-0.005, 0.01).shadow(0.0).follow(0.3));
    let label = detail::patch(0.0, 0.045, 0.03, 0.022, 0.001);
    garment.add(Piece::area(label, LABEL).shade(0.7).rise(0.001, 0.002).shadow(0.2));
    let edge = Pen::at(0.01, depth).quad(0.025, length * 0.8, 0.09, length + 0.03).done();
    garment.add(Piece::seam(edge));
    let notch = Pen::at(-0.03, length + 0.05).quad(0.0, length * 0.86, 0.02, length * 0.78).quad(
        0.04,
        length * 0.92,
        0.1,
        length + 0.05,
    );
    garment.add(Piece::area(notch.done(), INSIDE).shade(0.45).rise(-0.006, 0.008).shadow(0.0).clipped());
    for side in [-1.0, 1.0] {
        let dart = Pen::at(side * 0.12, 0.24).line(side * 0.125, length * 0.68).done();
        garment.add(Piece::seam(dart));
    }
    flap_pockets(&mut garment, length * 0.68, 0.135);
    detail::slit(&mut garment, pt(0.1, 0.205), pt(0.165, 0.195), SMOOTH);
    let count = rng.count(1, 3);
    detail::buttons(
        &mut garment,
        0.012,
        depth + 0.015,
        depth + 0.015 + 0.065 * (count - 1) as f32,
        count,
        0.0115,
        THREAD,
    );
    let width = rng.range(0.07, 0.095);
    neck::lapels(&mut garment, rng, &trunk, depth, width, MAIN);
    garment.words.neckline = "lapel";
    garment.words.sleeve = "long";
    garment.words.length = "regular";
    garment.words.fit = choice::fit(loose);
    garment
}
