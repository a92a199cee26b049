//! What people call a colour, in the dozen names that every language has a word for.

use super::{cluster::squared_distance, lab_from_srgb};

/// The names, in the order in which a page shows them.
pub const FAMILIES: [&str; 12] = [
    "black", "grey", "white", "beige", "brown", "red", "orange", "yellow", "green", "blue", "purple", "pink",
];

/// Garment colours as cameras see them, each with its place in [`FAMILIES`].
const SAMPLES: [(usize, [u8; 3]); 46] = [
    (0, [14, 14, 16]),
    (0, [32, 31, 34]),
    (0, [46, 45, 48]),
    (1, [88, 89, 93]),
    (1, [128, 129, 132]),
    (1, [168, 168, 170]),
    (2, [214, 214, 214]),
    (2, [240, 239, 238]),
    (2, [254, 254, 254]),
    (3, [240, 230, 206]),
    (3, [206, 186, 156]),
    (3, [190, 166, 136]),
    (4, [60, 42, 32]),
    (4, [104, 72, 52]),
    (4, [138, 96, 66]),
    (4, [150, 110, 70]),
    (5, [104, 30, 46]),
    (5, [150, 30, 40]),
    (5, [190, 38, 44]),
    (5, [214, 62, 58]),
    (6, [216, 110, 46]),
    (6, [240, 140, 60]),
    (6, [236, 130, 96]),
    (7, [214, 170, 50]),
    (7, [226, 190, 70]),
    (7, [240, 215, 110]),
    (8, [30, 68, 52]),
    (8, [46, 110, 70]),
    (8, [70, 150, 140]),
    (8, [28, 112, 108]),
    (8, [98, 98, 60]),
    (8, [120, 170, 110]),
    (8, [70, 74, 48]),
    (9, [24, 30, 56]),
    (9, [34, 42, 72]),
    (9, [48, 84, 160]),
    (9, [30, 96, 190]),
    (9, [62, 90, 132]),
    (9, [120, 152, 188]),
    (9, [158, 190, 222]),
    (10, [72, 44, 92]),
    (10, [104, 72, 138]),
    (10, [164, 144, 196]),
    (11, [214, 92, 134]),
    (11, [226, 160, 176]),
    (11, [238, 200, 202]),
];

/// The place in [`FAMILIES`] of an sRGB colour: that of the sample nearest to it in CIELAB.
#[must_use]
pub fn family(rgb: [u8; 3]) -> usize {
    let lab = lab_from_srgb(rgb);
    let mut best = (f32::MAX, 0);
    for (name, sample) in SAMPLES {
        let distance = squared_distance(lab_from_srgb(sample), lab);
        if distance < best.0 {
            best = (distance, name);
        }
    }
    best.1
}

/// [`family`] of a colour as catalogues write it, `#rrggbb`; nothing for any other text.
#[must_use]
pub fn family_of_hex(text: &str) -> Option<usize> {
    let digits = text
        .strip_prefix('#')
        .filter(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let value = u32::from_str_radix(digits, 16).ok()?;
    let [_, r, g, b] = value.to_be_bytes();
    Some(family([r, g, b]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_have_the_names_that_people_give_them() {
        let named = |rgb| FAMILIES[family(rgb)];
        for (rgb, name) in [
            ([0, 0, 0], "black"),
            ([255, 255, 255], "white"),
            ([120, 120, 120], "grey"),
            ([255, 0, 0], "red"),
            ([0, 0, 160], "blue"),
            ([20, 28, 66], "blue"),
            ([250, 220, 60], "yellow"),
            ([20, 120, 40], "green"),
            ([90, 60, 40], "brown"),
            ([215, 195, 165], "beige"),
            ([255, 140, 30], "orange"),
            ([120, 60, 150], "purple"),
            ([250, 170, 190], "pink"),
        ] {
            assert_eq!(named(rgb), name, "{rgb:?}");
        }
    }

    #[test]
    fn only_six_hexadecimal_digits_are_a_colour() {
        assert_eq!(family_of_hex("#ff0000").map(|place| FAMILIES[place]), Some("red"));
        for text in ["", "#", "ff0000", "#ff00", "#ff00000", "#gg0000", "#+f0000", "#\u{e9}\u{e9}\u{e9}"] {
            assert_eq!(family_of_hex(text), None, "{text}");
        }
    }
}
