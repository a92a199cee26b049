//! Varied views of a picture: one affine map, one change of colour, one erased rectangle.
//!
//! The affine map starts from the way [`model::preprocess`] fits a picture into the square, so that a view without
//! variation shows what the network sees at inference, and a garment's box goes through the same map as its pixels.

use anyhow::{Result, ensure};
use image::RgbImage;
use model::crop::CropBox;
use model::preprocess::{ChannelOrder, Fit, Preprocess};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// How far pictures are varied; 0 everywhere (and a scale of 1 to 1) means not at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augment {
    /// Whether half of the pictures are mirrored, boxes included.
    pub flip: bool,
    /// Largest rotation either way, degrees. Pictures with a box are not rotated: a turned box is no longer tight.
    pub rotate: f32,
    /// Least and greatest side of the window onto the picture, as a fraction of the picture's.
    pub scale: [f32; 2],
    /// Greatest stretch of one side against the other, as a fraction.
    pub stretch: f32,
    /// Greatest change of brightness, as a fraction.
    pub brightness: f32,
    /// Greatest change of contrast, as a fraction.
    pub contrast: f32,
    /// Greatest change of saturation, as a fraction.
    pub saturation: f32,
    /// Greatest change of each colour channel alone, as a fraction: the light of lamp and shade.
    pub cast: f32,
    /// Probability that a rectangle is erased (Zhong et al. 2020).
    pub erase: f64,
}

impl Augment {
    pub(super) fn validate(&self) -> Result<()> {
        let share = |value: f32| (0.0..1.0).contains(&value);
        ensure!((0.0..=180.0).contains(&self.rotate), "augment.rotate must be from 0 to 180 degrees");
        let [least, most] = self.scale;
        ensure!(least > 0.1 && least <= most && most < 4.0, "augment.scale must be two fractions in order");
        ensure!(
            [self.stretch, self.brightness, self.contrast, self.saturation, self.cast].into_iter().all(share),
            "augment's stretch, brightness, contrast, saturation and cast must be at least 0 and below 1"
        );
        ensure!((0.0..=1.0).contains(&self.erase), "augment.erase must be a probability");
        Ok(())
    }
}

/// One view: the input tensor, and where in it the garment's box is.
pub struct View {
    /// `[3, size, size]`, normalised.
    pub tensor: Vec<f32>,
    /// x1, y1, x2, y2 as fractions of the input square.
    pub bbox: Option<[f32; 4]>,
}

/// A varied view of `picture`. Where `augment` has flips, `mirrored` says whether it is one of the mirror image, or chance does.
pub fn view(
    picture: &RgbImage,
    bbox: Option<CropBox>,
    augment: &Augment,
    mirrored: Option<bool>,
    preprocess: &Preprocess,
    rng: &mut impl Rng,
) -> View {
    let mut window = Window::choose(picture, bbox.is_some(), augment, preprocess.fit, rng);
    if augment.flip && mirrored.unwrap_or_else(|| rng.random_bool(0.5)) {
        window.along_x = window.along_x.map(|step| -step);
    }
    let size = preprocess.size;
    let mut pixels = window.sample(picture, size);
    colour(&mut pixels, augment, rng);
    let mut tensor = normalise(&pixels, preprocess);
    if rng.random_bool(augment.erase) {
        erase(&mut tensor, size, rng);
    }
    View { tensor, bbox: bbox.map(|bbox| window.locate(picture, bbox)) }
}

/// A symmetric change: uniform between `-most` and `most`.
fn either_way(most: f32, rng: &mut impl Rng) -> f32 {
    if most > 0.0 { rng.random_range(-most..=most) } else { 0.0 }
}

/// The affine map from the input square (0 to 1) to pixels of the picture.
struct Window {
    centre: [f32; 2],
    /// Picture pixels that one step along the square's x and y axes moves by: columns of the matrix.
    along_x: [f32; 2],
    along_y: [f32; 2],
}

impl Window {
    fn choose(picture: &RgbImage, has_box: bool, augment: &Augment, fit: Fit, rng: &mut impl Rng) -> Self {
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        let base = match fit {
            Fit::Squash => [width, height],
            Fit::Letterbox => [width.max(height); 2],
        };
        let [least, most] = augment.scale;
        let scale = if least < most { rng.random_range(least..=most) } else { least };
        let stretch = (1.0 + either_way(augment.stretch, rng)).sqrt();
        let sides = [base[0] * scale * stretch, base[1] * scale / stretch];
        // A window smaller than the picture may lie anywhere inside it; a larger one may move as far the other way.
        let centre = [(width, sides[0], base[0]), (height, sides[1], base[1])]
            .map(|(length, side, base)| length / 2.0 + either_way((base - side).abs() / 2.0, rng));
        let angle = if has_box { 0.0 } else { either_way(augment.rotate, rng).to_radians() };
        let (sin, cos) = angle.sin_cos();
        Self { centre, along_x: [sides[0] * cos, sides[0] * sin], along_y: [-sides[1] * sin, sides[1] * cos] }
    }

    /// Interleaved RGB of the window at `size` x `size`; NaN where it lies outside the picture.
    fn sample(&self, picture: &RgbImage, size: usize) -> Vec<[f32; 3]> {
        // Where a step skips picture pixels, a grid of samples is averaged instead of one taken.
        let step =
            self.along_x[0].hypot(self.along_x[1]).max(self.along_y[0].hypot(self.along_y[1])) / size as f32;
        let grid = (step - 0.15).ceil().clamp(1.0, 4.0) as usize;
        let fine = (size * grid) as f32;
        let mut pixels = Vec::with_capacity(size * size);
        for row in 0..size {
            for column in 0..size {
                let mut sum = [0.0; 3];
                let mut inside = 0.0;
                for sub in 0..grid * grid {
                    let u = ((column * grid + sub % grid) as f32 + 0.5) / fine - 0.5;
                    let v = ((row * grid + sub / grid) as f32 + 0.5) / fine - 0.5;
                    let x = self.centre[0] + u * self.along_x[0] + v * self.along_y[0];
                    let y = self.centre[1] + u * self.along_x[1] + v * self.along_y[1];
                    if let Some(colour) = bilinear(picture, x, y) {
                        inside += 1.0;
                        for channel in 0..3 {
                            sum[channel] += colour[channel];
                        }
                    }
                }
                pixels.push(if inside > 0.0 { sum.map(|channel| channel / inside) } else { [f32::NAN; 3] });
            }
        }
        pixels
    }

    /// Where a box of the picture lies in the square: the bounds of its four mapped corners, cut to the square.
    fn locate(&self, picture: &RgbImage, bbox: CropBox) -> [f32; 4] {
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        let determinant = self.along_x[0] * self.along_y[1] - self.along_x[1] * self.along_y[0];
        let mut bounds = [1.0f32, 1.0, 0.0, 0.0];
        for (x, y) in [(bbox.x1, bbox.y1), (bbox.x2, bbox.y1), (bbox.x1, bbox.y2), (bbox.x2, bbox.y2)] {
            let (x, y) = (x * width - self.centre[0], y * height - self.centre[1]);
            let u = ((x * self.along_y[1] - y * self.along_y[0]) / determinant + 0.5).clamp(0.0, 1.0);
            let v = ((y * self.along_x[0] - x * self.along_x[1]) / determinant + 0.5).clamp(0.0, 1.0);
            bounds = [bounds[0].min(u), bounds[1].min(v), bounds[2].max(u), bounds[3].max(v)];
        }
        bounds
    }
}

fn bilinear(picture: &RgbImage, x: f32, y: f32) -> Option<[f32; 3]> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if !(x >= 0.0 && y >= 0.0 && x < width as f32 && y < height as f32) {
        return None;
    }
    let (x, y) = ((x - 0.5).max(0.0), (y - 0.5).max(0.0));
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (fx, fy) = (x - left as f32, y - top as f32);
    let raw = picture.as_raw();
    let at = |column: usize, row: usize| 3 * (row * width + column);
    let corners = [at(left, top), at(right, top), at(left, bottom), at(right, bottom)];
    let weights = [(1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy];
    let mut colour = [0.0; 3];
    for (corner, weight) in corners.into_iter().zip(weights) {
        for channel in 0..3 {
            colour[channel] += weight * f32::from(raw[corner + channel]);
        }
    }
    Some(colour)
}

fn colour(pixels: &mut [[f32; 3]], augment: &Augment, rng: &mut impl Rng) {
    let brightness = 1.0 + either_way(augment.brightness, rng);
    let contrast = 1.0 + either_way(augment.contrast, rng);
    let saturation = 1.0 + either_way(augment.saturation, rng);
    let cast = [0; 3].map(|_| 1.0 + either_way(augment.cast, rng));
    let grey = |pixel: &[f32; 3]| 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
    let (sum, count) = pixels
        .iter()
        .map(grey)
        .filter(|value| !value.is_nan())
        .fold((0.0, 0.0f32), |(sum, count), value| (sum + value, count + 1.0));
    let mean = sum / count.max(1.0);
    for pixel in pixels {
        let own = grey(pixel);
        for (value, cast) in pixel.iter_mut().zip(cast) {
            let saturated = own + (*value - own) * saturation;
            *value = ((mean + (saturated - mean) * contrast) * brightness * cast).clamp(0.0, 255.0);
        }
    }
}

/// # Shapes
///
/// Interleaved `[size * size][3]` to planar `[3, size, size]`; what lies outside the picture becomes the mean, 0.
fn normalise(pixels: &[[f32; 3]], preprocess: &Preprocess) -> Vec<f32> {
    let mut tensor = Vec::with_capacity(3 * pixels.len());
    for channel in 0..3 {
        let source = match preprocess.order {
            ChannelOrder::Rgb => channel,
            ChannelOrder::Bgr => 2 - channel,
        };
        let (mean, std) = (preprocess.mean[channel], preprocess.std[channel]);
        tensor.extend(pixels.iter().map(|pixel| {
            let value = pixel[source];
            if value.is_nan() { 0.0 } else { (value - mean) / std }
        }));
    }
    tensor
}

fn erase(tensor: &mut [f32], size: usize, rng: &mut impl Rng) {
    let area = rng.random_range(0.02..0.2f32) * (size * size) as f32;
    let ratio = rng.random_range(-1.0..1.0f32).exp();
    let width = ((area * ratio).sqrt() as usize).clamp(1, size);
    let height = ((area / ratio).sqrt() as usize).clamp(1, size);
    let (left, top) = (rng.random_range(0..=size - width), rng.random_range(0..=size - height));
    for channel in 0..3 {
        let value = rng.random_range(-1.5..1.5f32);
        for row in top..top + height {
            let start = channel * size * size + row * size + left;
            tensor[start..start + width].fill(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn still() -> Augment {
        Augment {
            flip: false,
            rotate: 0.0,
            scale: [1.0, 1.0],
            stretch: 0.0,
            brightness: 0.0,
            contrast: 0.0,
            saturation: 0.0,
            cast: 0.0,
            erase: 0.0,
        }
    }

    /// A bright rectangle on a dark ground, and its box.
    fn marked() -> (RgbImage, CropBox) {
        let inside = |x, y| (30..60).contains(&x) && (40..110).contains(&y);
        let picture =
            RgbImage::from_fn(90, 120, |x, y| image::Rgb(if inside(x, y) { [250; 3] } else { [20; 3] }));
        (picture, CropBox::new(30.0 / 90.0, 40.0 / 120.0, 60.0 / 90.0, 110.0 / 120.0).unwrap())
    }

    /// Bounds of the bright pixels of a tensor, as fractions.
    fn bright(tensor: &[f32], size: usize) -> [f32; 4] {
        let mut bounds = [f32::MAX, f32::MAX, 0.0, 0.0];
        for row in 0..size {
            for column in 0..size {
                if tensor[row * size + column] > 1.0 {
                    let (x, y) = (column as f32 / size as f32, row as f32 / size as f32);
                    let one = 1.0 / size as f32;
                    bounds =
                        [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x + one), bounds[3].max(y + one)];
                }
            }
        }
        bounds
    }

    #[test]
    fn without_variation_the_view_is_what_inference_sees() {
        let (picture, bbox) = marked();
        for fit in [Fit::Letterbox, Fit::Squash] {
            let preprocess = Preprocess { size: 96, fit, ..Preprocess::default() };
            let view =
                view(&picture, Some(bbox), &still(), None, &preprocess, &mut ChaCha8Rng::seed_from_u64(1));
            let expected = preprocess.apply(&picture, CropBox::WHOLE);
            let off = view.tensor.iter().zip(&expected).map(|(a, b)| (a - b).abs()).sum::<f32>()
                / expected.len() as f32;
            assert!(off < 0.03, "{fit:?}: mean difference {off}");
            let there =
                preprocess.input_from_crop(&picture, CropBox::WHOLE, [bbox.x1, bbox.y1, bbox.x2, bbox.y2]);
            assert!(view.bbox.unwrap().iter().zip(there).all(|(a, b)| (a - b).abs() < 1e-5));
        }
    }

    #[test]
    fn boxes_follow_their_pixels() {
        let (picture, bbox) = marked();
        let augment = Augment { flip: true, scale: [0.7, 1.3], stretch: 0.2, ..still() };
        let preprocess = Preprocess { size: 96, fit: Fit::Letterbox, ..Preprocess::default() };
        for seed in 0..200 {
            let view =
                view(&picture, Some(bbox), &augment, None, &preprocess, &mut ChaCha8Rng::seed_from_u64(seed));
            let (found, told) = (bright(&view.tensor, 96), view.bbox.unwrap());
            assert!(
                found.iter().zip(told).all(|(a, b)| (a - b).abs() < 0.025),
                "{seed}: {found:?} and {told:?}"
            );
        }
    }

    #[test]
    fn every_view_is_finite_and_comes_again() {
        let (picture, _) = marked();
        let augment = Augment {
            flip: true,
            rotate: 45.0,
            scale: [0.3, 2.0],
            stretch: 0.3,
            brightness: 0.5,
            contrast: 0.5,
            saturation: 0.5,
            cast: 0.2,
            erase: 1.0,
        };
        let preprocess = Preprocess { size: 32, fit: Fit::Letterbox, ..Preprocess::default() };
        for seed in 0..50 {
            let draw = || {
                view(&picture, None, &augment, None, &preprocess, &mut ChaCha8Rng::seed_from_u64(seed)).tensor
            };
            assert!(draw().iter().all(|v| v.is_finite()));
            assert_eq!(draw(), draw());
        }
    }
}
