//! A small copy of a photo, each of its pixels the mean of a block.
//!
//! The blocks and the rounding are those of `image::imageops::thumbnail`, which asks for each pixel by itself.

use std::ops::Range;

use ::image::{Rgb, RgbImage};

/// The photo, which is not empty, at `width` x `height`, neither of them 0 nor more than the photo's.
pub(crate) fn shrink(photo: &RgbImage, width: u32, height: u32) -> RgbImage {
    let columns: Vec<Range<usize>> = (0..width).map(|at| block(at, width, photo.width())).collect();
    let stride = 3 * photo.width() as usize;
    let mut small = RgbImage::new(width, height);
    let mut sums = vec![[0u32; 3]; columns.len()];
    for y in 0..height {
        let lines = block(y, height, photo.height());
        sums.fill([0; 3]);
        for line in photo.as_raw()[stride * lines.start..stride * lines.end].chunks_exact(stride) {
            let pixels = line.as_chunks::<3>().0;
            for (sum, columns) in sums.iter_mut().zip(&columns) {
                for pixel in &pixels[columns.clone()] {
                    for (sum, value) in sum.iter_mut().zip(pixel) {
                        *sum += u32::from(*value);
                    }
                }
            }
        }
        for ((x, sum), columns) in (0..).zip(&sums).zip(&columns) {
            // A block of the largest photo that is decoded has fewer pixels than would overflow a sum.
            let count = (lines.len() * columns.len()).max(1) as u32;
            small.put_pixel(x, y, Rgb(sum.map(|sum| ((sum + count / 2) / count) as u8)));
        }
    }
    small
}

/// The pixels of `length` that one of `count` is the mean of.
fn block(at: u32, count: u32, length: u32) -> Range<usize> {
    let ratio = length as f32 / count as f32;
    let low = at as f32 * ratio;
    let first = (low.ceil() as u32).clamp(0, length - 1);
    let end = ((low + ratio).ceil() as u32).clamp(first, length);
    // At least one, whatever the rounding.
    first as usize..end.max(first + 1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::image::imageops;

    #[test]
    fn equals_the_library_s_thumbnail() {
        let noise = |x: u32, y: u32| ((x * 7919 + y * 104_729 + x * y * 31) % 251) as u8;
        for (width, height, small) in
            [(400, 533, (72, 96)), (97, 97, (96, 96)), (96, 40, (96, 40)), (1000, 7, (96, 1)), (1, 1, (1, 1))]
        {
            let photo =
                RgbImage::from_fn(width, height, |x, y| Rgb([noise(x, y), noise(y, x), noise(x, x + y)]));
            let expected = imageops::thumbnail(&photo, small.0, small.1);
            assert_eq!(shrink(&photo, small.0, small.1), expected, "{width} x {height}");
        }
    }
}
