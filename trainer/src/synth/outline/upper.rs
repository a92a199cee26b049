//! T-shirts, long sleeves, undershirts, polos, sweaters, shirts and blouses.

use super::super::fabric::Fabric;
use super::super::garment::{Garment, LABEL, MAIN, METAL, Piece, RIB, SECOND, SMOOTH, THREAD};
use super::super::geom::{Pen, pt};
use super::super::palette;
use super::super::pattern::Pattern;
use super::super::rng::Rng;
use super::choice;
use super::detail;
use super::neck;
use super::sleeve::{Cut, Sleeve};
use super::top::{Neck, Trunk};

/// Both sleeves, either of which may lie the other way.
pub(crate) fn sleeves(garment: &mut Garment, rng: &mut Rng, trunk: &Trunk, sleeve: &Sleeve, crumple: f32) {
    for side in [-1.0, 1.0] {
        let mut own = *sleeve;
        own.angle += rng.normal() * 0.07;
        own.bend = if rng.chance(0.3) { -own.bend } else { own.bend };
        own.lay(garment, rng, trunk, side, crumple);
    }
}

/// T-shirt, or with long sleeves the thin jersey top.
pub(crate) fn tee(rng: &mut Rng, long: bool) -> Garment {
    let pattern = choice::jersey(rng, 0.74);
    let mut garment = choice::begin(rng, Fabric::Cotton, pattern);
    let loose = rng.range(-0.9, 0.9);
    let length = rng.range(0.6, 0.72);
    let mut trunk = Trunk::new(rng, loose, length);
    trunk.neck = rng.weighted(&[(Neck::Crew, 6.0), (Neck::Vee, 2.2), (Neck::Scoop, 1.3)]);
    trunk.neck_d = match trunk.neck {
        Neck::Vee => rng.range(0.13, 0.19),
        Neck::Scoop => rng.range(0.12, 0.15),
        _ => trunk.neck_d,
    };
    let word = if long { "long" } else { "short" };
    let mut sleeve = Sleeve::new(rng, word);
    let raglan = rng.chance(0.12);
    if raglan {
        sleeve.cloth = SECOND;
    }
    trunk.inside(&mut garment, rng);
    sleeves(&mut garment, rng, &trunk, &sleeve, 0.9);
    trunk.lay(&mut garment, rng, 1.0);
    trunk.finish_hem(&mut garment, THREAD);
    if matches!(pattern, Pattern::Plain | Pattern::Melange) && rng.chance(if long { 0.35 } else { 0.55 }) {
        let small = rng.chance(0.25);
        let (at, size) = if small {
            (pt(0.1, trunk.neck_d + 0.09), 0.035)
        } else {
            (pt(rng.normal() * 0.004, trunk.neck_d + rng.range(0.15, 0.22)), rng.range(0.075, 0.14))
        };
        detail::print(&mut garment, rng, at, size);
        garment.words.pattern = "graphic";
    } else if raglan {
        garment.words.pattern = "colour block";
    }
    let ring = if raglan || rng.chance(0.12) { SECOND } else { SMOOTH };
    let width = rng.range(0.016, 0.026);
    neck::band(&mut garment, &trunk, width, ring);
    garment.words.neckline = trunk.neck.word();
    garment.words.sleeve = word;
    garment.words.length = "regular";
    garment.words.fit = choice::fit(loose);
    garment
}

/// A sleeveless vest with deep openings.
pub(crate) fn undershirt(rng: &mut Rng) -> Garment {
    let common = rng.chance(0.6);
    let pattern = if common { Pattern::Plain } else { choice::jersey(rng, 0.4) };
    let fabric = if rng.chance(0.4) { Fabric::Rib } else { Fabric::Cotton };
    let colour =
        if common { palette::among(rng, &["white", "black", "grey", "navy"]) } else { palette::any(rng) };
    let mut garment = choice::with(rng, fabric, pattern, colour);
    garment.cloths[MAIN].gauge = 0.6;
    let loose = rng.range(-1.0, 0.4);
    let length = rng.range(0.62, 0.74);
    let mut trunk = Trunk::new(rng, loose, length);
    trunk.neck = if rng.chance(0.75) { Neck::Scoop } else { Neck::Vee };
    trunk.neck_w = rng.range(0.095, 0.115);
    trunk.neck_d = rng.range(0.15, 0.23);
    trunk.back_d = rng.range(0.04, 0.08);
    trunk.shoulder.x = trunk.neck_w + rng.range(0.04, 0.065);
    trunk.shoulder.y = 0.012;
    trunk.chest.y = rng.range(0.26, 0.3);
    trunk.sleeveless = true;
    trunk.inside(&mut garment, rng);
    trunk.lay(&mut garment, rng, 1.0);
    trunk.finish_hem(&mut garment, THREAD);
    if matches!(pattern, Pattern::Plain | Pattern::Melange) && rng.chance(0.2) {
        detail::print(&mut garment, rng, pt(0.0, 0.38), 0.09);
        garment.words.pattern = "graphic";
    }
    let ring = if rng.chance(0.15) { SECOND } else { SMOOTH };
    neck::band(&mut garment, &trunk, 0.017, ring);
    garment.words.neckline = trunk.neck.word();
    garment.words.sleeve = "sleeveless";
    garment.words.length = "regular";
    garment.words.fit = choice::fit(loose);
    garment
}

/// Short sleeves, a soft collar, two or three buttons.
pub(crate) fn polo(rng: &mut Rng) -> Garment {
    let pattern = choice::jersey(rng, 0.72);
    let mut garment = choice::begin(rng, Fabric::Cotton, pattern);
    let loose = rng.range(-0.8, 0.8);
    let length = rng.range(0.62, 0.72);
    let trunk = Trunk::new(rng, loose, length);
    let mut sleeve = Sleeve::new(rng, "short");
    let trim = if rng.chance(0.25) { SECOND } else { RIB };
    sleeve.cuff = 0.022;
    sleeve.cuff_cloth = trim;
    trunk.inside(&mut garment, rng);
    sleeves(&mut garment, rng, &trunk, &sleeve, 0.8);
    trunk.lay(&mut garment, rng, 0.9);
    trunk.finish_hem(&mut garment, THREAD);
    let open = rng.range(0.03, 0.11);
    let end = open.max(0.06) + rng.range(0.1, 0.15);
    detail::placket(&mut garment, 0.0, 0.02, end, 0.017, SMOOTH);
    let count = rng.count(2, 3);
    let button = if rng.chance(0.5) { LABEL } else { THREAD };
    detail::buttons(&mut garment, 0.0, open + 0.04, end - 0.015, count, 0.0075, button);
    let size = rng.range(0.05, 0.065);
    neck::collar(&mut garment, rng, &trunk, size, open, trim);
    if rng.chance(0.5) {
        let badge = super::super::geom::ellipse(pt(0.1, 0.19), 0.014, 0.011);
        garment.add(Piece::area(badge, SECOND).rise(0.001, 0.002).shadow(0.0).clipped());
    }
    garment.words.neckline = "collar";
    garment.words.sleeve = "short";
    garment.words.length = "regular";
    garment.words.fit = choice::fit(loose);
    garment
}

/// Knitted pullover (sometimes a cardigan): ribbed hem, cuffs and neck.
pub(crate) fn sweater(rng: &mut Rng) -> Garment {
    let fabric = rng.weighted(&[(Fabric::Knit, 5.0), (Fabric::Cable, 3.0), (Fabric::Rib, 1.6)]);
    let pattern = if fabric == Fabric::Knit && rng.chance(0.45) {
        match rng.count(0, 3) {
            0 | 1 => choice::stripes(rng),
            2 => Pattern::FairIsle { from: 0.1, to: rng.range(0.3, 0.8) },
            _ => Pattern::Block { from: rng.range(0.25, 0.35), to: 2.0 },
        }
    } else if rng.chance(0.3) {
        Pattern::Melange
    } else {
        Pattern::Plain
    };
    let mut garment = choice::begin(rng, fabric, pattern);
    garment.cloths[MAIN].gauge =
        if fabric == Fabric::Cable { rng.range(0.9, 1.25) } else { rng.range(1.0, 1.9) };
    garment.cloths[RIB].gauge = rng.range(0.8, 1.2);
    let loose = rng.range(-0.4, 1.0);
    let length = if rng.chance(0.15) { rng.range(0.46, 0.54) } else { rng.range(0.58, 0.72) };
    let mut trunk = Trunk::new(rng, loose, length);
    let cardigan = rng.chance(0.14);
    let high = !cardigan && rng.chance(0.24);
    trunk.neck = if cardigan {
        Neck::Vee
    } else {
        rng.weighted(&[(Neck::Crew, 4.0), (Neck::Vee, 1.3), (Neck::Boat, 0.6)])
    };
    if high {
        trunk.neck = Neck::Crew;
    }
    match trunk.neck {
        Neck::Vee => trunk.neck_d = if cardigan { rng.range(0.2, 0.28) } else { rng.range(0.14, 0.19) },
        Neck::Boat => trunk.neck_w = 0.125,
        _ => {}
    }
    trunk.hem.x = trunk.waist.x - rng.range(-0.005, 0.02);
    let mut sleeve = Sleeve::new(rng, "long");
    sleeve.wrist += rng.range(0.004, 0.02);
    sleeve.cuff = rng.range(0.05, 0.08);
    sleeve.cuff_cloth = RIB;
    let crumple = 0.75;
    if !high {
        trunk.inside(&mut garment, rng);
    }
    sleeves(&mut garment, rng, &trunk, &sleeve, crumple);
    trunk.lay(&mut garment, rng, crumple);
    let band = trunk.hem_band(rng.range(0.05, 0.085));
    garment.add(Piece::area(band, RIB).rise(0.004, 0.012).shadow(0.4).follow(0.8).clipped());
    if cardigan {
        detail::placket(&mut garment, 0.0, trunk.neck_d, trunk.hem.y + 0.03, 0.024, RIB);
        let button = if rng.chance(0.5) { METAL } else { THREAD };
        let count = rng.count(4, 6);
        detail::buttons(&mut garment, 0.0, trunk.neck_d + 0.025, trunk.hem.y - 0.03, count, 0.012, button);
    }
    if high {
        neck::turtleneck(&mut garment, rng, &trunk, RIB);
    } else {
        let width = rng.range(0.03, 0.044);
        neck::band(&mut garment, &trunk, width, RIB);
    }
    garment.words.neckline = if high { "turtleneck" } else { trunk.neck.word() };
    garment.words.sleeve = "long";
    garment.words.length = if length < 0.56 { "cropped" } else { "regular" };
    garment.words.fit = choice::fit(loose);
    garment
}

/// A buttoned shirt or a softer blouse.
pub(crate) fn shirt_or_blouse(rng: &mut Rng) -> Garment {
    if rng.chance(0.6) { shirt(rng) } else { blouse(rng) }
}

fn shirt(rng: &mut Rng) -> Garment {
    let pattern = match rng.weighted(&[(0, 5.0), (1, 2.4), (2, 1.6), (3, 0.8), (4, 0.5)]) {
        0 => Pattern::Plain,
        1 => choice::check(rng),
        2 => choice::upright(rng),
        3 => choice::floral(rng),
        _ => choice::dots(rng),
    };
    let fabric = if pattern == Pattern::Plain && rng.chance(0.15) { Fabric::Denim } else { Fabric::Cotton };
    let mut garment = if fabric == Fabric::Cotton && rng.chance(0.4) {
        let colour = palette::among(rng, &["white", "light blue", "pink", "cream", "blue"]);
        choice::with(rng, fabric, pattern, colour)
    } else {
        choice::begin(rng, fabric, pattern)
    };
    let loose = rng.range(-0.7, 0.8);
    let length = rng.range(0.64, 0.76);
    let mut trunk = Trunk::new(rng, loose, length);
    trunk.dip = rng.range(0.02, 0.05);
    let short = rng.chance(0.25);
    let word = if short { "short" } else { "long" };
    let mut sleeve = Sleeve::new(rng, word);
    sleeve.cuff = if short { 0.02 } else { rng.range(0.045, 0.065) };
    sleeve.cuff_cloth = MAIN;
    sleeves(&mut garment, rng, &trunk, &sleeve, 1.1);
    trunk.lay(&mut garment, rng, 1.1);
    trunk.finish_hem(&mut garment, THREAD);
    let open = rng.range(0.02, 0.1);
    detail::placket(&mut garment, 0.0, 0.02, length + 0.1, 0.019, MAIN);
    let button = if rng.chance(0.7) { LABEL } else { THREAD };
    let count = rng.count(6, 7);
    detail::buttons(&mut garment, 0.0, open + 0.055, length - 0.07, count, 0.0085, button);
    if rng.chance(0.6) {
        let flap = rng.chance(0.3);
        let sides: &[f32] = if rng.chance(0.35) { &[-1.0, 1.0] } else { &[1.0] };
        for side in sides {
            detail::pocket(&mut garment, pt(side * 0.115, 0.185), 0.047, 0.1, flap, MAIN, THREAD);
        }
    }
    let size = rng.range(0.06, 0.08);
    neck::collar(&mut garment, rng, &trunk, size, open, MAIN);
    garment.words.neckline = "collar";
    garment.words.sleeve = word;
    garment.words.length = "regular";
    garment.words.fit = choice::fit(loose);
    garment
}

fn blouse(rng: &mut Rng) -> Garment {
    let pattern = choice::light(rng, 0.52);
    let fabric = rng.weighted(&[(Fabric::Chiffon, 3.0), (Fabric::Satin, 1.5), (Fabric::Cotton, 2.0)]);
    let mut garment = choice::begin(rng, fabric, pattern);
    let loose = rng.range(-0.2, 1.0);
    let length = rng.range(0.56, 0.68);
    let mut trunk = Trunk::new(rng, loose, length);
    trunk.hem.x += rng.range(0.01, 0.04);
    trunk.dip = rng.range(0.01, 0.045);
    let collared = rng.chance(0.35);
    trunk.neck = if collared {
        Neck::Crew
    } else {
        rng.weighted(&[(Neck::Vee, 3.0), (Neck::Crew, 1.5), (Neck::Square, 0.8)])
    };
    if trunk.neck == Neck::Vee {
        trunk.neck_d = rng.range(0.14, 0.2);
    }
    let word = rng.weighted(&[("long", 4.0), ("three-quarter", 2.0), ("short", 1.5)]);
    let mut sleeve = Sleeve::new(rng, word);
    sleeve.cut = rng.weighted(&[(Cut::Straight, 1.0), (Cut::Bell, 2.0), (Cut::Puff, 2.0)]);
    if sleeve.cut == Cut::Puff {
        sleeve.cuff = 0.03;
    }
    if !collared {
        trunk.inside(&mut garment, rng);
    }
    sleeves(&mut garment, rng, &trunk, &sleeve, 1.2);
    trunk.lay(&mut garment, rng, 1.3);
    if fabric == Fabric::Chiffon {
        for piece in &mut garment.pieces {
            piece.alpha = if piece.anchor { 0.94 } else { piece.alpha };
        }
    }
    trunk.finish_hem(&mut garment, THREAD);
    let start = if collared { 0.03 } else { trunk.neck_d };
    let full = rng.chance(0.6);
    let end = if full { length + 0.1 } else { start + 0.2 };
    detail::placket(&mut garment, 0.0, start, end, 0.015, SMOOTH);
    let last = if full { length - 0.05 } else { start + 0.18 };
    let count = if full { rng.count(6, 9) } else { rng.count(3, 5) };
    detail::buttons(
        &mut garment,
        0.0,
        start + 0.03,
        last,
        count,
        0.008,
        if rng.chance(0.5) { METAL } else { LABEL },
    );
    if rng.chance(0.4) {
        for side in [-1.0_f32, 1.0] {
            let line = Pen::at(side * 0.03, start.max(0.1))
                .quad(side * 0.045, 0.2, side * 0.028, start + 0.22)
                .done();
            let frill = super::super::geom::ribbon(&line, 0.015, 0.012);
            garment.add(Piece::area(frill, MAIN).rise(0.01, 0.008).shadow(0.5));
        }
    }
    if collared {
        let size = rng.range(0.045, 0.06);
        neck::collar(&mut garment, rng, &trunk, size, 0.03, SMOOTH);
        if rng.chance(0.4) {
            let size = rng.range(0.06, 0.09);
            detail::bow(&mut garment, rng, pt(0.0, 0.06), size, SMOOTH);
        }
    } else {
        neck::band(&mut garment, &trunk, 0.014, SMOOTH);
    }
    garment.words.neckline = if collared { "collar" } else { trunk.neck.word() };
    garment.words.sleeve = word;
    garment.words.length = "regular";
    garment.words.fit = choice::fit(loose);
    garment
}
