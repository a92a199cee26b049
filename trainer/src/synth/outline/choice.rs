//! Which prints and colours go on what.

use super::super::fabric::Fabric;
use super::super::garment::Garment;
use super::super::palette::{self, Colour};
use super::super::pattern::Pattern;
use super::super::rng::Rng;

/// Stripes across the garment.
pub(crate) fn stripes(rng: &mut Rng) -> Pattern {
    Pattern::Stripes {
        period: rng.range(0.035, 0.12),
        duty: rng.range(0.25, 0.46),
        upright: false,
        third: rng.chance(0.2),
    }
}

/// A woven or printed check.
pub(crate) fn check(rng: &mut Rng) -> Pattern {
    let tartan = rng.chance(0.65);
    Pattern::Check { period: if tartan { rng.range(0.075, 0.14) } else { rng.range(0.035, 0.06) }, tartan }
}

/// Fine pinstripes or bold upright stripes.
pub(crate) fn upright(rng: &mut Rng) -> Pattern {
    Pattern::Stripes {
        period: rng.range(0.028, 0.07),
        duty: rng.range(0.2, 0.42),
        upright: true,
        third: false,
    }
}

/// Flowers, small or large.
pub(crate) fn floral(rng: &mut Rng) -> Pattern {
    Pattern::Floral { period: rng.range(0.065, 0.14), size: rng.range(0.27, 0.4) }
}

/// Dots in offset rows.
pub(crate) fn dots(rng: &mut Rng) -> Pattern {
    let period = rng.range(0.035, 0.08);
    Pattern::Dots { period, size: period * rng.range(0.2, 0.3) }
}

/// A pattern for light clothes: plain with this probability, otherwise prints.
pub(crate) fn light(rng: &mut Rng, plain: f32) -> Pattern {
    if rng.chance(plain) {
        return Pattern::Plain;
    }
    match rng.weighted(&[(0, 3.0), (1, 1.6), (2, 1.4), (3, 0.8), (4, 0.9)]) {
        0 => floral(rng),
        1 => dots(rng),
        2 => stripes(rng),
        3 => check(rng),
        _ => upright(rng),
    }
}

/// A pattern for jersey: mostly plain or mottled, sometimes stripes, blocks, fades.
pub(crate) fn jersey(rng: &mut Rng, plain: f32) -> Pattern {
    if rng.chance(plain) {
        return if rng.chance(0.25) { Pattern::Melange } else { Pattern::Plain };
    }
    match rng.weighted(&[(0, 3.0), (1, 1.2), (2, 0.7), (3, 0.3)]) {
        0 => stripes(rng),
        1 => {
            let from = rng.range(0.12, 0.3);
            Pattern::Block { from, to: from + rng.range(0.08, 0.2) }
        }
        2 => Pattern::Gradient { from: rng.range(0.32, 0.42), to: rng.range(0.6, 0.75) },
        _ => dots(rng),
    }
}

/// The garment's colour and, with the pattern, its cloths.
pub(crate) fn begin(rng: &mut Rng, fabric: Fabric, pattern: Pattern) -> Garment {
    let colour = match fabric {
        Fabric::Denim => palette::denim(rng),
        Fabric::Leather => {
            let common = rng.chance(0.8);
            if common { palette::among(rng, &["black", "brown", "burgundy"]) } else { palette::any(rng) }
        }
        _ => palette::any(rng),
    };
    with(rng, fabric, pattern, colour)
}

/// The same with a given colour.
pub(crate) fn with(rng: &mut Rng, fabric: Fabric, pattern: Pattern, colour: Colour) -> Garment {
    Garment::new(rng, fabric, pattern, colour)
}

/// The word for how loose a garment hangs, -1..1.
pub(crate) fn fit(loose: f32) -> &'static str {
    if loose < -0.35 {
        "slim"
    } else if loose > 0.35 {
        "loose"
    } else {
        "regular"
    }
}
