//! One component of a reduced JPEG: from frequencies to the means of a block's parts.

use std::f64::consts::PI;

use super::super::huffman::{Bits, Code};
use super::{Component, Frame};

/// The reduced picture of one component.
pub(super) struct Plane<'a> {
    means: &'a Code,
    others: &'a Code,
    /// What each frequency adds to each pixel of a block, multiplied by its step.
    shares: Shares,
    blocks: [usize; 2],
    pixels: [usize; 2],
    /// The last block's mean, which the next one is told as a difference from.
    mean: i32,
    /// Values in a row.
    width: usize,
    values: Vec<u8>,
}

/// By the number of pixels that a block becomes.
enum Shares {
    One(Box<[[f32; 1]; 64]>),
    Two(Box<[[f32; 2]; 64]>),
    Four(Box<[[f32; 4]; 64]>),
    Eight(Box<[[f32; 8]; 64]>),
    Sixteen(Box<[[f32; 16]; 64]>),
    ThirtyTwo(Box<[[f32; 32]; 64]>),
    SixtyFour(Box<[[f32; 64]; 64]>),
}

impl<'a> Plane<'a> {
    /// For the units of `frame`.
    pub(super) fn new(
        frame: &Frame,
        component: &Component,
        steps: &[u16; 64],
        means: &'a Code,
        others: &'a Code,
    ) -> Self {
        let Component { blocks, pixels, .. } = *component;
        let width = frame.units[0] * blocks[0] * pixels[0];
        let height = frame.units[1] * blocks[1] * pixels[1];
        let shares = match pixels[0] * pixels[1] {
            1 => Shares::One(Box::new(shares(pixels, steps))),
            2 => Shares::Two(Box::new(shares(pixels, steps))),
            4 => Shares::Four(Box::new(shares(pixels, steps))),
            8 => Shares::Eight(Box::new(shares(pixels, steps))),
            16 => Shares::Sixteen(Box::new(shares(pixels, steps))),
            32 => Shares::ThirtyTwo(Box::new(shares(pixels, steps))),
            _ => Shares::SixtyFour(Box::new(shares(pixels, steps))),
        };
        Self { means, others, shares, blocks, pixels, mean: 0, width, values: vec![0; width * height] }
    }

    /// After a restart the mean is told as it is.
    pub(super) fn restart(&mut self) {
        self.mean = 0;
    }

    /// Reads this component's blocks of a unit. None where they make no sense.
    pub(super) fn unit(&mut self, bits: &mut Bits<'_>, x: usize, y: usize) -> Option<()> {
        for down in 0..self.blocks[1] {
            for across in 0..self.blocks[0] {
                let place = [x * self.blocks[0] + across, y * self.blocks[1] + down];
                let (means, others, mean) = (self.means, self.others, &mut self.mean);
                // The length is known when this is compiled: a block's sums stay in registers.
                match &self.shares {
                    Shares::One(shares) => {
                        let block = block(bits, means, others, mean, shares)?;
                        self.put(place, &block);
                    }
                    Shares::Two(shares) => {
                        let block = block(bits, means, others, mean, shares)?;
                        self.put(place, &block);
                    }
                    Shares::Four(shares) => {
                        let block = block(bits, means, others, mean, shares)?;
                        self.put(place, &block);
                    }
                    Shares::Eight(shares) => {
                        let block = block(bits, means, others, mean, shares)?;
                        self.put(place, &block);
                    }
                    Shares::Sixteen(shares) => {
                        let block = block(bits, means, others, mean, shares)?;
                        self.put(place, &block);
                    }
                    Shares::ThirtyTwo(shares) => {
                        let block = block(bits, means, others, mean, shares)?;
                        self.put(place, &block);
                    }
                    Shares::SixtyFour(shares) => {
                        let block = block(bits, means, others, mean, shares)?;
                        self.put(place, &block);
                    }
                }
            }
        }
        Some(())
    }

    /// The values of a row, and what fills it up to whole units.
    pub(super) fn row(&self, y: usize) -> &[u8] {
        self.values.chunks_exact(self.width).nth(y).unwrap_or(&[])
    }

    /// Puts a block's pixels where they belong.
    #[inline]
    fn put(&mut self, [x, y]: [usize; 2], block: &[f32]) {
        let [across, down] = self.pixels;
        let first = y * down * self.width + x * across;
        for (row, values) in block.chunks_exact(across).enumerate() {
            let to = &mut self.values[first + row * self.width..][..across];
            for (to, value) in to.iter_mut().zip(values) {
                // Rounded; what lies outside is cut off, which `as` does.
                *to = (value + 128.5) as u8;
            }
        }
    }
}

/// What each frequency, in the order in which they are stored, adds to the mean of each part of a block, row by row, if its coded number
/// is 1.
fn shares<const LENGTH: usize>([across, down]: [usize; 2], steps: &[u16; 64]) -> [[f32; LENGTH]; 64] {
    // The mean of a wave over each of so many parts.
    let wave = |parts: usize, frequency: usize, part: usize| {
        let pixels = 8 / parts;
        let scale = if frequency == 0 { (0.125f64).sqrt() } else { 0.5 };
        let value = |x: usize| (f64::from(x as u32 * 2 + 1) * frequency as f64 * PI / 16.0).cos();
        (part * pixels..(part + 1) * pixels).map(value).sum::<f64>() * scale / pixels as f64
    };
    let mut shares = [[0.0; LENGTH]; 64];
    for ((shares, step), place) in shares.iter_mut().zip(steps).zip(ZIGZAG) {
        let (u, v) = (usize::from(place % 8), usize::from(place / 8));
        for (at, share) in shares.iter_mut().enumerate() {
            let value = wave(across, u, at % across) * wave(down, v, at / across) * f64::from(*step);
            *share = value as f32;
        }
    }
    shares
}

/// Where the frequencies belong, in the order in which they are stored.
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// The pixels of the next block, around 0.
#[inline]
fn block<const LENGTH: usize>(
    bits: &mut Bits<'_>,
    means: &Code,
    others: &Code,
    mean: &mut i32,
    shares: &[[f32; LENGTH]; 64],
) -> Option<[f32; LENGTH]> {
    let size = means.read(bits)?;
    if size > 15 {
        return None;
    }
    *mean = mean.wrapping_add(bits.number(u32::from(size)));
    let mut sums = [0.0; LENGTH];
    let mut add = |at: usize, value: i32| {
        let share = shares.get(at)?;
        for (sum, share) in sums.iter_mut().zip(share) {
            *sum += value as f32 * share;
        }
        Some(())
    };
    add(0, *mean)?;
    let mut at = 1;
    while at < 64 {
        let symbol = others.read(bits)?;
        let (zeros, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
        match (zeros, size) {
            (15, 0) => at += 16,
            (_, 0) => break,
            _ => {
                at += zeros;
                add(at, bits.number(size))?;
                at += 1;
            }
        }
    }
    Some(sums)
}
