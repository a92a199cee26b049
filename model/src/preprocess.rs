//! A crop of a photo to the network's input tensor.
//!
//! Every constant is in [`Preprocess`], which is stored with the weights and, as an id, in each feature file, so that
//! training, indexing and the browser cannot drift apart. Resampling is one implementation in plain `f32`, the same bits
//! natively and in wasm: a separable triangle filter whose support grows with the reduction (antialiased bilinear), the
//! filter that Pillow and PyTorch call `BILINEAR` with antialiasing.

use ::image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, crop::CropBox, four::Four, hash};

/// How a crop of any shape fills the square input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// Stretched to the square; shapes distort.
    Squash,
    /// Scaled to fit, centred, with the mean colour at the sides; shapes stay.
    Letterbox,
}

/// Order of the colour channels in the tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelOrder {
    /// Red first.
    Rgb,
    /// Blue first, as `OpenCV` reads pictures.
    Bgr,
}

/// The constants between pixels and tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocess {
    /// Width and height of the input, pixels.
    pub size: usize,
    /// How a crop fills the square.
    pub fit: Fit,
    /// Channel order of the tensor; `mean` and `std` follow it.
    pub order: ChannelOrder,
    /// Subtracted from each channel (0 to 255).
    pub mean: [f32; 3],
    /// Divides each channel after that.
    pub std: [f32; 3],
}

impl Default for Preprocess {
    /// The seed's: 64 x 64, squashed, BGR with the means of `ImageNet`, one standard deviation for all channels.
    fn default() -> Self {
        Self {
            size: 64,
            fit: Fit::Squash,
            order: ChannelOrder::Bgr,
            mean: [103.939, 116.799, 123.68],
            std: [68.76; 3],
        }
    }
}

impl Preprocess {
    /// Fails with [`Error::InvalidModelCard`] where a constant cannot be used.
    pub fn validate(&self) -> Result<()> {
        let usable = (8..=512).contains(&self.size)
            && self.mean.iter().all(|m| m.is_finite())
            && self.std.iter().all(|s| s.is_finite() && *s > 0.0);
        if usable {
            return Ok(());
        }
        Err(Error::InvalidModelCard { reason: "its preprocessing constants are out of range".to_owned() })
    }

    /// Identifies these constants: the first 16 bytes of the SHA-256 of their JSON.
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        // Serialising plain numbers and names cannot fail.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let mut id = [0; 16];
        id.copy_from_slice(&hash::sha256(&json)[..16]);
        id
    }

    /// The picture inside `crop` as a normalised tensor.
    ///
    /// # Shapes
    ///
    /// Returns `[3, size, size]`, row-major. A crop thinner than a pixel takes the pixel it lies on.
    #[must_use]
    pub fn apply(&self, photo: &RgbImage, crop: CropBox) -> Vec<f32> {
        let region = Region::of(photo, crop);
        let frame = self.frame(&region);
        let pixels = resample(photo, &region, frame.width, frame.height);
        let plane = self.size * self.size;
        // Zero is the mean colour: what is left of the square beside a letterboxed crop.
        let mut tensor = vec![0.0; 3 * plane];
        for y in 0..frame.height {
            for x in 0..frame.width {
                let from = 3 * (y * frame.width + x);
                let to = (frame.top + y) * self.size + frame.left + x;
                for channel in 0..3 {
                    let source = match self.order {
                        ChannelOrder::Rgb => channel,
                        ChannelOrder::Bgr => 2 - channel,
                    };
                    tensor[channel * plane + to] =
                        (pixels[from + source] - self.mean[channel]) / self.std[channel];
                }
            }
        }
        tensor
    }

    /// A box in fractions of the square input as fractions of the crop that was fitted into it.
    ///
    /// With [`Fit::Squash`] they are the same; with [`Fit::Letterbox`] the bars at the sides are taken off.
    #[must_use]
    pub fn crop_from_input(&self, photo: &RgbImage, crop: CropBox, [x1, y1, x2, y2]: [f32; 4]) -> [f32; 4] {
        let [left, top, width, height] = self.frame_fractions(photo, crop);
        [(x1 - left) / width, (y1 - top) / height, (x2 - left) / width, (y2 - top) / height]
    }

    /// The inverse of [`Preprocess::crop_from_input`].
    #[must_use]
    pub fn input_from_crop(&self, photo: &RgbImage, crop: CropBox, [x1, y1, x2, y2]: [f32; 4]) -> [f32; 4] {
        let [left, top, width, height] = self.frame_fractions(photo, crop);
        [left + x1 * width, top + y1 * height, left + x2 * width, top + y2 * height]
    }

    fn frame_fractions(&self, photo: &RgbImage, crop: CropBox) -> [f32; 4] {
        let frame = self.frame(&Region::of(photo, crop));
        [frame.left, frame.top, frame.width, frame.height].map(|pixels| pixels as f32 / self.size as f32)
    }

    fn frame(&self, region: &Region) -> Frame {
        match self.fit {
            Fit::Squash => Frame { left: 0, top: 0, width: self.size, height: self.size },
            Fit::Letterbox => {
                let scale = self.size as f32 / region.width.max(region.height);
                let fitted = |length: f32| ((length * scale).round() as usize).clamp(1, self.size);
                let (width, height) = (fitted(region.width), fitted(region.height));
                Frame { left: (self.size - width) / 2, top: (self.size - height) / 2, width, height }
            }
        }
    }
}

/// Where in the input square the crop lies, pixels.
struct Frame {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

/// The crop in pixels of the photo; edges may fall between pixels.
struct Region {
    x: f32,
    y: f32,
    width: f32,
    height: f32,
}

impl Region {
    fn of(photo: &RgbImage, crop: CropBox) -> Self {
        let (width, height) = (photo.width() as f32, photo.height() as f32);
        Self {
            x: crop.x1 * width,
            y: crop.y1 * height,
            width: ((crop.x2 - crop.x1) * width).max(1e-3),
            height: ((crop.y2 - crop.y1) * height).max(1e-3),
        }
    }
}

/// The source pixels that one output pixel averages.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

/// Triangle-filter taps for `outputs` pixels over `length` source pixels from `start`, in a picture `limit` long.
fn taps(start: f32, length: f32, outputs: usize, limit: usize) -> Vec<Taps> {
    let scale = length / outputs as f32;
    let support = scale.max(1.0);
    // Pixels outside the crop but inside the picture are never read: the crop is all that the person chose.
    let lowest = start.floor().max(0.0) as usize;
    let highest = ((start + length).ceil() as usize).clamp(lowest + 1, limit.max(lowest + 1)) - 1;
    (0..outputs)
        .map(|output| {
            let centre = start + (output as f32 + 0.5) * scale;
            let first = ((centre - support).floor().max(0.0) as usize).clamp(lowest, highest);
            let last = ((centre + support).ceil().max(0.0) as usize).clamp(first, highest);
            let mut weights: Vec<f32> = (first..=last)
                .map(|source| (1.0 - (source as f32 + 0.5 - centre).abs() / support).max(0.0))
                .collect();
            let sum: f32 = weights.iter().sum();
            if sum > 0.0 {
                for weight in &mut weights {
                    *weight /= sum;
                }
            } else {
                weights.fill(1.0 / (last - first + 1) as f32);
            }
            Taps { first, weights }
        })
        .collect()
}

/// Source rows that are shortened together: a vector holds one value of each.
const TOGETHER: usize = 4;
/// One pixel of each of these rows, channel by channel.
type Pixels = [Four; 3];

/// The region scaled to `width` x `height`, interleaved RGB, 0 to 255.
///
/// Goes through the source once, a few rows at a time: each is shortened to `width` and added to the output rows that it
/// belongs to, so that a 50-megapixel photo needs no more memory than a small one. Rows share nothing but time: every sum
/// is of the same numbers in the same order as if each were alone.
fn resample(photo: &RgbImage, region: &Region, width: usize, height: usize) -> Vec<f32> {
    let columns = taps(region.x, region.width, width, photo.width() as usize);
    let rows = taps(region.y, region.height, height, photo.height() as usize);
    let left = columns.first().map_or(0, |taps| taps.first);
    let right = columns.last().map_or(left, |taps| taps.first + taps.weights.len());
    let upper = rows.first().map_or(0, |taps| taps.first);
    let lower = rows.last().map_or(0, |taps| taps.first + taps.weights.len()).min(photo.height() as usize);
    let row = |y: usize| {
        let from = 3 * y * photo.width() as usize;
        photo.as_raw()[from + 3 * left..from + 3 * right].as_chunks::<3>().0
    };
    let mut output = vec![0.0; 3 * width * height];
    let mut wide = vec![[Four::new([0.0; TOGETHER]); 3]; right - left];
    let mut short = vec![[[0.0; TOGETHER]; 3]; width];
    let mut open = 0;
    for first in (upper..lower).step_by(TOGETHER) {
        // Below the last row stands the last row again, and is not added.
        widen(std::array::from_fn(|at| row((first + at).min(lower - 1))), &mut wide);
        shorten(&wide, left, &columns, &mut short);
        for y in first..lower.min(first + TOGETHER) {
            while open < height && rows[open].first + rows[open].weights.len() <= y {
                open += 1;
            }
            for (row, taps) in rows.iter().enumerate().skip(open) {
                if taps.first > y {
                    break;
                }
                let Some(weight) = taps.weights.get(y - taps.first) else { continue };
                let sums = &mut output[3 * width * row..3 * width * (row + 1)];
                for (sum, values) in sums.iter_mut().zip(short.as_flattened()) {
                    *sum += weight * values[y - first];
                }
            }
        }
    }
    output
}

fn widen([a, b, c, d]: [&[[u8; 3]]; TOGETHER], wide: &mut [Pixels]) {
    for ((((to, a), b), c), d) in wide.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        for (channel, values) in to.iter_mut().enumerate() {
            *values = Four::of_bytes([a[channel], b[channel], c[channel], d[channel]]);
        }
    }
}

/// `wide` begins with column `left` of the photo.
fn shorten(wide: &[Pixels], left: usize, columns: &[Taps], short: &mut [[[f32; TOGETHER]; 3]]) {
    for (taps, pixel) in columns.iter().zip(short) {
        let mut sums = [Four::new([0.0; TOGETHER]); 3];
        for (weight, source) in taps.weights.iter().zip(&wide[taps.first - left..]) {
            for (sum, value) in sums.iter_mut().zip(source) {
                sum.add_product(*weight, *value);
            }
        }
        *pixel = sums.map(Four::numbers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::image::Rgb;

    fn letterbox(size: usize) -> Preprocess {
        Preprocess { size, fit: Fit::Letterbox, ..Preprocess::default() }
    }

    #[test]
    fn the_seed_subtracts_the_mean_in_bgr_order() {
        let photo = RgbImage::from_pixel(10, 20, Rgb([200, 100, 50]));
        let seed = Preprocess::default();
        let tensor = seed.apply(&photo, CropBox::WHOLE);
        assert_eq!(tensor.len(), 3 * 64 * 64);
        for (channel, value) in [50.0, 100.0, 200.0].into_iter().enumerate() {
            let expected = (value - seed.mean[channel]) / 68.76;
            assert!((tensor[channel * 64 * 64 + 1000] - expected).abs() < 1e-4);
        }
    }

    #[test]
    fn halving_averages_by_the_triangle() {
        // Weights of the triangle of support 2 around 2.0: 1/8, 3/8, 3/8, 1/8, cut at the edge and made to sum to 1.
        let photo = RgbImage::from_fn(4, 1, |x, _| Rgb([[0, 80, 160, 240][x as usize]; 3]));
        let region = Region::of(&photo, CropBox::WHOLE);
        let out = resample(&photo, &region, 2, 1);
        let left = (0.75 * 0.0 + 0.75 * 80.0 + 0.25 * 160.0) / 1.75;
        assert!((out[0] - left).abs() < 1e-4, "{} instead of {left}", out[0]);
        assert!((out[3] - (240.0 - left)).abs() < 1e-4);
    }

    /// Rows are computed several at a time; the numbers are those of one at a time, to the last bit.
    #[test]
    fn every_sum_is_taken_tap_by_tap() {
        let noise = |x: u32, y: u32| ((x * 7919 + y * 104_729 + x * y * 31) % 251) as u8;
        let photo = RgbImage::from_fn(67, 41, |x, y| Rgb([noise(x, y), noise(y, x), noise(x + 1, y + 9)]));
        for crop in [CropBox::WHOLE, CropBox::new(0.13, 0.21, 0.78, 0.94).unwrap()] {
            for (width, height) in [(9, 7), (1, 1), (80, 50)] {
                let region = Region::of(&photo, crop);
                let columns = taps(region.x, region.width, width, 67);
                let rows = taps(region.y, region.height, height, 41);
                let short = |column: &Taps, y: usize, channel: usize| {
                    let pixels = (column.first..).zip(&column.weights);
                    pixels.fold(0.0f32, |sum, (x, weight)| {
                        sum + weight * f32::from(photo.get_pixel(x as u32, y as u32).0[channel])
                    })
                };
                let mut expected = Vec::new();
                for (row, column) in
                    rows.iter().flat_map(|row| columns.iter().map(move |column| (row, column)))
                {
                    for channel in 0..3 {
                        let values = (row.first..).zip(&row.weights);
                        expected.push(
                            values.fold(0.0f32, |sum, (y, weight)| sum + weight * short(column, y, channel)),
                        );
                    }
                }
                assert_eq!(resample(&photo, &region, width, height), expected, "{width} {height}");
            }
        }
    }

    #[test]
    fn letterboxing_keeps_shapes_and_fills_with_the_mean() {
        let photo = RgbImage::from_pixel(50, 100, Rgb([255; 3]));
        let tensor = letterbox(32).apply(&photo, CropBox::WHOLE);
        let row = &tensor[16 * 32..17 * 32];
        assert!(row[..8].iter().chain(&row[24..]).all(|v| *v == 0.0));
        assert!(row[8..24].iter().all(|v| *v > 1.0));
    }

    #[test]
    fn boxes_survive_letterboxing() {
        let photo = RgbImage::new(300, 400);
        let fit = letterbox(96);
        let inside = [0.1, 0.2, 0.8, 0.9];
        let there = fit.input_from_crop(&photo, CropBox::WHOLE, inside);
        let back = fit.crop_from_input(&photo, CropBox::WHOLE, there);
        assert!((there[0] - (0.125 + 0.1 * 0.75)).abs() < 1e-6);
        assert!(inside.iter().zip(back).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn a_crop_equals_the_picture_cut_out() {
        let photo = RgbImage::from_fn(80, 60, |x, y| Rgb([(x * 3) as u8, (y * 4) as u8, (x * y) as u8]));
        let cut = ::image::imageops::crop_imm(&photo, 20, 15, 40, 30).to_image();
        let fit = letterbox(32);
        let crop = CropBox::new(0.25, 0.25, 0.75, 0.75).unwrap();
        assert_eq!(fit.apply(&photo, crop), fit.apply(&cut, CropBox::WHOLE));
    }

    #[test]
    fn degenerate_shapes_give_finite_tensors() {
        for (width, height) in [(1, 1), (1, 5000), (5000, 1), (2, 3)] {
            let photo = RgbImage::from_pixel(width, height, Rgb([9; 3]));
            for crop in [CropBox::WHOLE, CropBox::new(0.999, 0.0, 1.0, 0.000_1).unwrap()] {
                for preprocess in [letterbox(64), Preprocess::default()] {
                    assert!(preprocess.apply(&photo, crop).iter().all(|v| v.is_finite()));
                }
            }
        }
    }

    #[test]
    fn the_id_changes_with_every_constant() {
        assert_ne!(letterbox(64).id(), Preprocess::default().id());
        assert_ne!(letterbox(64).id(), letterbox(96).id());
    }
}
