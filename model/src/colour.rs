//! The colour of a garment in a photo, and how different two colours look.
//!
//! Colours are compared in CIELAB, where distances follow what the eye sees: [`ciede2000`] below about 2 is hardly
//! noticed side by side, above about 20 the colours have different names. The dominant colour is found by telling the
//! garment from what lies around it: pixels near the middle of the garment's box count most, pixels that look like
//! the picture's border hardly count, and the heaviest cluster of the rest is the answer.

mod cluster;
mod difference;
mod family;
mod palette;
pub(crate) mod shrink;

use std::sync::LazyLock;

use ::image::RgbImage;

use crate::crop::CropBox;
use cluster::{Cluster, WeightedColour};
pub use family::{FAMILIES, family, family_of_hex};
pub use palette::{PALETTE_LENGTH, palette};

/// Longest side, in pixels, of the copy that colours are counted on: more would only add time.
const WORKING_SIZE: u32 = 96;
/// Share of the picture's shorter side that counts as its border.
const BORDER: f32 = 0.04;
/// Colours this close (Euclidean, in Lab) to the border's are most likely background.
const BACKGROUND_REACH: f32 = 12.0;
/// When less than this share of the middle stands out from the border, the garment has the background's colour.
const STANDS_OUT: f32 = 0.2;

/// As many colours as a garment is said to have at most.
pub const MOST_COLOURS: usize = 3;
/// From this share of a garment on a colour is one of those that it has.
const GOOD_PART: f32 = 0.25;

/// A colour in CIELAB under D65: `[lightness 0..=100, green to red, blue to yellow]`.
type Lab = [f32; 3];

/// The colour (sRGB) that most of the garment in this box has. Always the same for the same picture and box.
///
/// A picture without pixels gives black.
#[must_use]
pub fn dominant(photo: &RgbImage, garment: CropBox) -> [u8; 3] {
    clusters(photo, garment).first().map_or([0; 3], |found| srgb_from_lab(found.lab))
}

/// [`dominant`], and after it what else covers a good part of the garment and is called another colour ([`family`]): one to
/// [`MOST_COLOURS`] colours, the largest part first.
#[must_use]
pub fn dominants(photo: &RgbImage, garment: CropBox) -> Vec<[u8; 3]> {
    let mut colours: Vec<[u8; 3]> = Vec::new();
    for Cluster { lab, share } in clusters(photo, garment) {
        let rgb = srgb_from_lab(lab);
        let is_new = colours.iter().all(|other| family(*other) != family(rgb));
        if colours.is_empty() || share >= GOOD_PART && is_new && colours.len() < MOST_COLOURS {
            colours.push(rgb);
        }
    }
    if colours.is_empty() { vec![[0; 3]] } else { colours }
}

/// Colours of the garment in this box, the heaviest first.
fn clusters(photo: &RgbImage, garment: CropBox) -> Vec<Cluster> {
    let pixels = pixels(photo, garment);
    let whole: f32 = pixels.iter().map(|pixel| pixel.centre).sum();
    let standing_out: f32 = pixels.iter().map(|pixel| pixel.centre * pixel.different).sum();
    let same_colour_as_background = standing_out < STANDS_OUT * whole;
    let weighted: Vec<WeightedColour> = pixels
        .into_iter()
        .map(|Pixel { lab, centre, different }| WeightedColour {
            lab,
            weight: if same_colour_as_background { centre } else { centre * different },
        })
        .collect();
    cluster::clusters(&weighted, 5)
}

/// One pixel of the garment's box.
struct Pixel {
    lab: Lab,
    /// 1 in the middle of the box, falling off towards its edges.
    centre: f32,
    /// 0 for a colour of the background, nearing 1 for one that differs clearly.
    different: f32,
}

/// The pixels of a small copy of the photo that lie in the garment's box; none where the photo has none.
fn pixels(photo: &RgbImage, garment: CropBox) -> Vec<Pixel> {
    if photo.width() == 0 || photo.height() == 0 {
        return Vec::new();
    }
    let scale = (WORKING_SIZE as f32 / photo.width().max(photo.height()) as f32).min(1.0);
    let size = |side: u32| ((side as f32 * scale).round() as u32).max(1);
    let small = shrink::shrink(photo, size(photo.width()), size(photo.height()));
    let background = background(&small);
    let mut pixels = Vec::new();
    for (x, y, pixel) in small.enumerate_pixels() {
        let centre = closeness_to_centre(&small, x, y, garment);
        if centre > 0.0 {
            let lab = lab_from_srgb(pixel.0);
            pixels.push(Pixel { lab, centre, different: difference_from(&background, lab) });
        }
    }
    pixels
}

/// How different two sRGB colours look: CIEDE2000, 0 for equal colours, 100 from black to white.
#[must_use]
pub fn ciede2000(a: [u8; 3], b: [u8; 3]) -> f32 {
    difference::ciede2000(lab_from_srgb(a), lab_from_srgb(b))
}

/// The everyday name of the nearest of some thirty colours, in lower case.
#[must_use]
pub fn name(rgb: [u8; 3]) -> &'static str {
    let lab = lab_from_srgb(rgb);
    let distance = |of: [u8; 3]| difference::ciede2000(lab, lab_from_srgb(of));
    NAMES.iter().min_by(|a, b| distance(a.1).total_cmp(&distance(b.1))).map_or("black", |nearest| nearest.0)
}

/// Colours that shops name, each by a typical example.
const NAMES: [(&str, [u8; 3]); 31] = [
    ("black", [18, 18, 20]),
    ("charcoal", [58, 60, 65]),
    ("grey", [128, 128, 128]),
    ("light grey", [200, 200, 200]),
    ("white", [250, 250, 250]),
    ("cream", [245, 236, 212]),
    ("beige", [218, 200, 168]),
    ("camel", [190, 145, 92]),
    ("brown", [108, 70, 42]),
    ("rust", [172, 78, 38]),
    ("red", [204, 32, 40]),
    ("burgundy", [108, 24, 42]),
    ("coral", [250, 120, 100]),
    ("orange", [240, 128, 32]),
    ("mustard", [208, 160, 42]),
    ("yellow", [246, 220, 60]),
    ("pale yellow", [250, 240, 160]),
    ("olive", [108, 108, 50]),
    ("green", [44, 140, 66]),
    ("forest green", [30, 76, 48]),
    ("mint", [168, 224, 196]),
    ("turquoise", [52, 180, 180]),
    ("teal", [20, 104, 110]),
    ("sky blue", [140, 192, 232]),
    ("blue", [40, 92, 196]),
    ("denim blue", [84, 112, 150]),
    ("navy", [26, 36, 74]),
    ("purple", [104, 52, 140]),
    ("lilac", [196, 170, 220]),
    ("hot pink", [232, 56, 136]),
    ("pink", [244, 184, 200]),
];

/// The few colours that the picture's border consists of.
fn background(picture: &RgbImage) -> Vec<Cluster> {
    let (width, height) = picture.dimensions();
    let margin = ((width.min(height) as f32 * BORDER) as u32).max(1);
    let border: Vec<WeightedColour> = picture
        .enumerate_pixels()
        .filter(|&(x, y, _)| {
            x < margin
                || y < margin
                || x >= width.saturating_sub(margin)
                || y >= height.saturating_sub(margin)
        })
        .map(|(_, _, pixel)| WeightedColour { lab: lab_from_srgb(pixel.0), weight: 1.0 })
        .collect();
    let mut found = cluster::clusters(&border, 4);
    // A garment that reaches over the picture's edge must not count as background.
    found.retain(|cluster| cluster.share >= 0.15);
    found
}

/// 0 for a colour of the background, nearing 1 for one that differs clearly.
fn difference_from(background: &[Cluster], lab: Lab) -> f32 {
    let nearest =
        background.iter().map(|cluster| cluster::squared_distance(cluster.lab, lab)).fold(f32::MAX, f32::min);
    1.0 - (-nearest / (BACKGROUND_REACH * BACKGROUND_REACH)).exp()
}

/// 1 in the middle of the box, falling off towards its edges; 0 outside.
fn closeness_to_centre(picture: &RgbImage, x: u32, y: u32, garment: CropBox) -> f32 {
    let across = |position: u32, size: u32, low: f32, high: f32| {
        let fraction = (position as f32 + 0.5) / size as f32;
        // A box narrower than a pixel would otherwise hold none.
        let half = ((high - low) / 2.0).max(0.5 / size as f32);
        (fraction - f32::midpoint(low, high)) / half
    };
    let dx = across(x, picture.width(), garment.x1, garment.x2);
    let dy = across(y, picture.height(), garment.y1, garment.y2);
    if dx.abs() > 1.0 || dy.abs() > 1.0 { 0.0 } else { (-1.5 * (dx * dx + dy * dy)).exp() }
}

/// D65 white in XYZ.
const WHITE: [f32; 3] = [0.950_47, 1.0, 1.088_83];

/// The light of each value of an sRGB channel, 0 to 1.
static LIGHT: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|value| {
        let value = value as f32 / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
});

fn lab_from_srgb(rgb: [u8; 3]) -> Lab {
    let [r, g, b] = rgb.map(|value| LIGHT[usize::from(value)]);
    let xyz = [
        0.412_456_4 * r + 0.357_576_1 * g + 0.180_437_5 * b,
        0.212_672_9 * r + 0.715_152_2 * g + 0.072_175 * b,
        0.019_333_9 * r + 0.119_192 * g + 0.950_304_1 * b,
    ];
    let [x, y, z] = [0, 1, 2].map(|axis| {
        let value = xyz[axis] / WHITE[axis];
        if value > 216.0 / 24_389.0 { value.cbrt() } else { (24_389.0 / 27.0 * value + 16.0) / 116.0 }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn srgb_from_lab([l, a, b]: Lab) -> [u8; 3] {
    let y = (l + 16.0) / 116.0;
    let axes = [y + a / 500.0, y, y - b / 200.0];
    let [x, y, z] = [0, 1, 2].map(|axis| {
        let cube = axes[axis].powi(3);
        let value =
            if cube > 216.0 / 24_389.0 { cube } else { (116.0 * axes[axis] - 16.0) * 27.0 / 24_389.0 };
        value * WHITE[axis]
    });
    [
        3.240_454_2 * x - 1.537_138_5 * y - 0.498_531_4 * z,
        -0.969_266 * x + 1.876_010_8 * y + 0.041_556 * z,
        0.055_643_4 * x - 0.204_025_9 * y + 1.057_225_2 * z,
    ]
    .map(|linear| {
        let value =
            if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
        (value * 255.0).round().clamp(0.0, 255.0) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::image::Rgb;

    const GARMENT: CropBox = CropBox { x1: 0.2, y1: 0.2, x2: 0.8, y2: 0.8 };

    /// A picture of one ground with a rectangle over the middle 60%.
    fn picture(ground: [u8; 3], garment: impl Fn(u32, u32) -> [u8; 3]) -> RgbImage {
        RgbImage::from_fn(120, 160, |x, y| {
            let inside = (24..96).contains(&x) && (32..128).contains(&y);
            Rgb(if inside { garment(x, y) } else { ground })
        })
    }

    fn assert_near(found: [u8; 3], expected: [u8; 3]) {
        let difference = ciede2000(found, expected);
        assert!(difference < 4.0, "found {found:?}, expected {expected:?}: {difference} apart");
    }

    #[test]
    fn lab_and_back_is_the_same_colour() {
        for rgb in [[0, 0, 0], [255, 255, 255], [255, 0, 0], [12, 200, 99], [3, 2, 250]] {
            assert_eq!(srgb_from_lab(lab_from_srgb(rgb)), rgb);
        }
        let [l, a, b] = lab_from_srgb([255, 0, 0]);
        // Known value of sRGB red under D65.
        assert!((l - 53.24).abs() < 0.02 && (a - 80.09).abs() < 0.02 && (b - 67.20).abs() < 0.02);
    }

    #[test]
    fn a_plain_garment_on_a_plain_ground() {
        let navy = [26, 36, 74];
        assert_near(dominant(&picture([235, 230, 225], |_, _| navy), GARMENT), navy);
    }

    #[test]
    fn a_garment_of_two_colours_has_both_and_a_small_print_does_not_count() {
        let (navy, red, pale) = ([26, 36, 74], [200, 30, 40], [235, 230, 225]);
        let halves = picture(pale, |_, y| if y < 90 { navy } else { red });
        let found = dominants(&halves, GARMENT);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_near(found[0], navy);
        assert_near(found[1], red);
        let print = |x: u32, y: u32| (52..64).contains(&x) && (60..76).contains(&y);
        let printed = picture(pale, |x, y| if print(x, y) { red } else { navy });
        assert_eq!(dominants(&printed, GARMENT), [dominant(&printed, GARMENT)]);
        // Two blues are one family, and no pixels are black.
        let blues = picture(pale, |_, y| if y < 90 { [20, 40, 110] } else { [30, 60, 200] });
        assert_eq!(dominants(&blues, GARMENT).len(), 1);
        assert_eq!(dominants(&RgbImage::new(0, 0), GARMENT), [[0; 3]]);
        let stripes = [[20, 20, 24], [200, 30, 40], [240, 200, 60], [40, 120, 60]];
        let many = picture(pale, |x, _| stripes[x as usize / 4 % 4]);
        assert!(dominants(&many, GARMENT).len() <= MOST_COLOURS);
    }

    #[test]
    fn a_box_that_is_much_too_large_still_finds_the_garment() {
        let red = [200, 30, 40];
        assert_near(dominant(&picture([235, 230, 225], |_, _| red), CropBox::WHOLE), red);
    }

    #[test]
    fn a_white_garment_on_a_white_ground_is_white_despite_its_print() {
        let print = |x: u32, y: u32| {
            if (52..64).contains(&x) && (60..76).contains(&y) { [20, 20, 200] } else { [248; 3] }
        };
        assert_near(dominant(&picture([250; 3], print), GARMENT), [248; 3]);
    }

    #[test]
    fn stripes_have_the_colour_of_the_wider_ones() {
        let stripes = |_, y: u32| if y % 12 < 8 { [30, 90, 60] } else { [240, 240, 240] };
        assert_near(dominant(&picture([150, 110, 70], stripes), GARMENT), [30, 90, 60]);
    }

    #[test]
    fn shading_does_not_split_a_colour() {
        let shaded = |x: u32, _| [100 + x as u8, 30 + x as u8 / 4, 30 + x as u8 / 4];
        assert_eq!(name(dominant(&picture([240; 3], shaded), GARMENT)), "red");
    }

    #[test]
    fn tiny_and_empty_pictures_are_answered() {
        assert_eq!(dominant(&RgbImage::new(0, 5), CropBox::WHOLE), [0; 3]);
        let pixel = RgbImage::from_pixel(1, 1, Rgb([10, 200, 30]));
        assert_near(dominant(&pixel, CropBox::WHOLE), [10, 200, 30]);
        let sliver = CropBox { x1: 0.5, y1: 0.5, x2: 0.501, y2: 0.501 };
        assert_near(dominant(&picture([240; 3], |_, _| [90, 40, 120]), sliver), [90, 40, 120]);
    }

    #[test]
    fn names_are_those_of_their_examples_and_neighbours() {
        for (expected, rgb) in NAMES {
            assert_eq!(name(rgb), expected);
        }
        assert_eq!(name([0, 0, 0]), "black");
        assert_eq!(name([255, 255, 255]), "white");
        assert_eq!(name([220, 20, 30]), "red");
    }
}
