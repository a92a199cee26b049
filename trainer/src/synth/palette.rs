//! Garment colours as wardrobes have them, and their plain names.

use super::rng::Rng;

/// Linear light, three channels.
pub(crate) type Light = [f32; 3];

/// A named colour before jitter, and how common it is in wardrobes.
struct Row(&'static str, [u8; 3], f32);

const TABLE: [Row; 34] = [
    Row("black", [30, 29, 32], 11.0),
    Row("black", [44, 43, 46], 4.0),
    Row("white", [240, 239, 236], 9.0),
    Row("grey", [128, 129, 132], 4.5),
    Row("grey", [168, 168, 170], 3.5),
    Row("grey", [88, 89, 93], 3.0),
    Row("navy", [34, 42, 72], 7.0),
    Row("blue", [48, 84, 160], 3.0),
    Row("blue", [30, 96, 190], 2.0),
    Row("light blue", [158, 190, 222], 3.5),
    Row("teal", [28, 112, 118], 1.8),
    Row("teal", [70, 150, 150], 1.0),
    Row("green", [46, 110, 70], 2.2),
    Row("green", [30, 68, 52], 1.5),
    Row("green", [120, 170, 110], 1.0),
    Row("olive", [98, 98, 60], 2.5),
    Row("yellow", [226, 190, 70], 1.6),
    Row("yellow", [240, 215, 110], 0.8),
    Row("orange", [216, 110, 46], 1.6),
    Row("red", [190, 38, 44], 3.0),
    Row("red", [214, 62, 58], 1.2),
    Row("burgundy", [104, 30, 46], 2.6),
    Row("pink", [226, 160, 176], 3.0),
    Row("pink", [214, 92, 134], 1.4),
    Row("pink", [238, 200, 202], 1.4),
    Row("purple", [104, 72, 138], 1.4),
    Row("purple", [164, 144, 196], 1.0),
    Row("brown", [104, 72, 52], 2.2),
    Row("brown", [138, 96, 66], 1.2),
    Row("beige", [206, 186, 156], 3.4),
    Row("beige", [190, 166, 136], 1.4),
    Row("cream", [240, 230, 206], 2.6),
    Row("denim", [62, 90, 132], 0.0),
    Row("denim", [120, 152, 188], 0.0),
];

/// A colour with its name.
#[derive(Clone, Copy)]
pub(crate) struct Colour {
    pub(crate) name: &'static str,
    pub(crate) rgb: [u8; 3],
}

impl Colour {
    /// Linear light of the colour.
    pub(crate) fn light(self) -> Light {
        linear(self.rgb)
    }
}

/// Decodes sRGB.
pub(crate) fn linear(rgb: [u8; 3]) -> Light {
    rgb.map(|channel| (f32::from(channel) / 255.0).powf(2.2))
}

/// How bright a colour looks, 0..1.
pub(crate) fn luma(rgb: [u8; 3]) -> f32 {
    (0.3 * f32::from(rgb[0]) + 0.59 * f32::from(rgb[1]) + 0.11 * f32::from(rgb[2])) / 255.0
}

fn jitter(rgb: [u8; 3], rng: &mut Rng) -> [u8; 3] {
    let all = rng.normal() * 6.0;
    rgb.map(|channel| (f32::from(channel) + all + rng.normal() * 3.5).clamp(12.0, 248.0) as u8)
}

/// Any wardrobe colour.
pub(crate) fn any(rng: &mut Rng) -> Colour {
    let table: Vec<(usize, f32)> = TABLE.iter().enumerate().map(|(i, row)| (i, row.2)).collect();
    let row = &TABLE[rng.weighted(&table)];
    Colour { name: row.0, rgb: jitter(row.1, rng) }
}

/// One of the colours with these names.
pub(crate) fn among(rng: &mut Rng, names: &[&str]) -> Colour {
    let table: Vec<(usize, f32)> = TABLE
        .iter()
        .enumerate()
        .filter(|(_, row)| names.contains(&row.0))
        .map(|(i, row)| (i, row.2.max(0.5)))
        .collect();
    if table.is_empty() {
        return any(rng);
    }
    let row = &TABLE[rng.weighted(&table)];
    Colour { name: row.0, rgb: jitter(row.1, rng) }
}

/// A colour of jeans; its plain name is given by its lightness.
pub(crate) fn denim(rng: &mut Rng) -> Colour {
    let table = [
        ("navy", [42, 52, 82]),
        ("blue", [66, 96, 140]),
        ("blue", [86, 116, 158]),
        ("light blue", [140, 170, 202]),
        ("black", [44, 44, 48]),
        ("grey", [120, 124, 130]),
        ("white", [232, 231, 228]),
    ];
    let weights = [2.0, 3.0, 2.0, 2.2, 1.4, 0.6, 0.5];
    let rows: Vec<(usize, f32)> = weights.into_iter().enumerate().collect();
    let (name, rgb) = table[rng.weighted(&rows)];
    Colour { name, rgb: jitter(rgb, rng) }
}

/// A colour that shows clearly on `ground`.
pub(crate) fn contrast(rng: &mut Rng, ground: Colour) -> Colour {
    for _ in 0..12 {
        let other = any(rng);
        let gap: f32 =
            other.rgb.iter().zip(ground.rgb).map(|(a, b)| (f32::from(*a) - f32::from(b)).abs()).sum();
        if gap > 170.0 {
            return other;
        }
    }
    let light = luma(ground.rgb) < 0.5;
    Colour {
        name: if light { "white" } else { "black" },
        rgb: if light { [238, 236, 230] } else { [34, 33, 36] },
    }
}

/// The same hue, lighter (`by` > 1) or darker.
pub(crate) fn toned(rgb: [u8; 3], by: f32) -> [u8; 3] {
    rgb.map(|channel| (f32::from(channel) * by).clamp(8.0, 250.0) as u8)
}
