//! The colours of a garment as a vector, so that similar colours have a large dot product.

use ::image::RgbImage;

use super::{Lab, cluster, lab_from_srgb, pixels};
use crate::crop::CropBox;

/// Length of the vector that [`palette`] returns.
pub const PALETTE_LENGTH: usize = ANCHORS.len();

/// The colours that shares are counted of: spread over what garments have, close enough for neighbours to overlap.
const ANCHORS: [[u8; 3]; 16] = [
    [18, 18, 20],
    [92, 93, 96],
    [165, 165, 167],
    [248, 248, 248],
    [222, 205, 172],
    [120, 80, 48],
    [112, 26, 44],
    [204, 36, 42],
    [240, 145, 48],
    [242, 212, 70],
    [70, 110, 58],
    [30, 120, 120],
    [142, 192, 230],
    [48, 92, 180],
    [28, 36, 76],
    [226, 130, 170],
];

/// How far an anchor reaches, in the units of [`cluster::squared_distance`].
const REACH: f32 = 11.0;
/// What a pixel of the background's colour still counts: a white shirt on a white sheet is white.
const FLOOR: f32 = 0.04;

/// What share of the garment in this box has which colour: square roots of shares, of Euclidean length 1.
///
/// The dot product of two such vectors is the Bhattacharyya coefficient of their shares (Bhattacharyya 1943): 1 for the
/// same colours, 0 for none in common. It changes smoothly with picture and box; all black for a picture without pixels.
#[must_use]
pub fn palette(photo: &RgbImage, garment: CropBox) -> [f32; PALETTE_LENGTH] {
    let anchors = ANCHORS.map(lab_from_srgb);
    let mut shares = [0.0f32; PALETTE_LENGTH];
    for pixel in pixels(photo, garment) {
        let weight = pixel.centre * (pixel.different + FLOOR);
        let near = nearness(&anchors, pixel.lab);
        for (share, near) in shares.iter_mut().zip(near) {
            *share += weight * near;
        }
    }
    let total: f32 = shares.iter().sum();
    if total > 0.0 {
        shares.map(|share| (share / total).sqrt())
    } else {
        let mut black = [0.0; PALETTE_LENGTH];
        black[0] = 1.0;
        black
    }
}

/// How a colour divides itself among the anchors; the parts add up to 1.
fn nearness(anchors: &[Lab; PALETTE_LENGTH], lab: Lab) -> [f32; PALETTE_LENGTH] {
    let distances = anchors.map(|anchor| cluster::squared_distance(anchor, lab));
    // Relative to the nearest, so that a colour far from all still divides itself.
    let nearest = distances.iter().copied().fold(f32::MAX, f32::min);
    let parts = distances.map(|distance| ((nearest - distance) / (2.0 * REACH * REACH)).exp());
    let sum: f32 = parts.iter().sum();
    parts.map(|part| part / sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::image::Rgb;

    const GARMENT: CropBox = CropBox { x1: 0.2, y1: 0.2, x2: 0.8, y2: 0.8 };

    fn garment(colour: [u8; 3], ground: [u8; 3]) -> [f32; PALETTE_LENGTH] {
        let inside = |x, y| (24..96).contains(&x) && (32..128).contains(&y);
        let picture = RgbImage::from_fn(120, 160, |x, y| Rgb(if inside(x, y) { colour } else { ground }));
        palette(&picture, GARMENT)
    }

    fn dot(a: [f32; PALETTE_LENGTH], b: [f32; PALETTE_LENGTH]) -> f32 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn vectors_have_length_one() {
        for colour in [[0, 0, 0], [255, 255, 255], [255, 0, 255], [90, 120, 30]] {
            let vector = garment(colour, [200, 190, 170]);
            assert!((dot(vector, vector) - 1.0).abs() < 1e-5);
        }
        let nothing = palette(&RgbImage::new(0, 3), CropBox::WHOLE);
        assert_eq!(dot(nothing, nothing).to_bits(), 1f32.to_bits());
    }

    #[test]
    fn the_garment_counts_and_the_ground_hardly() {
        let red = garment([200, 40, 45], [235, 232, 228]);
        assert!(dot(red, garment([200, 40, 45], [120, 90, 60])) > 0.9);
        assert!(dot(red, garment([40, 80, 170], [235, 232, 228])) < 0.4);
        let white = garment([250; 3], [248; 3]);
        assert!(dot(white, garment([250; 3], [120, 90, 60])) > 0.8);
    }

    #[test]
    fn nearer_colours_are_more_alike() {
        let ground = [150, 120, 90];
        let navy = garment([26, 36, 74], ground);
        let blue = dot(navy, garment([40, 70, 140], ground));
        let pink = dot(navy, garment([235, 150, 180], ground));
        assert!(blue > pink + 0.2, "{blue} and {pink}");
    }

    #[test]
    fn a_hair_of_the_box_changes_hardly_anything() {
        let picture = RgbImage::from_fn(90, 120, |x, y| Rgb([(x * 2) as u8, (y * 2) as u8, 120]));
        let other = CropBox { x1: 0.201, ..GARMENT };
        assert!(dot(palette(&picture, GARMENT), palette(&picture, other)) > 0.9999);
    }
}
