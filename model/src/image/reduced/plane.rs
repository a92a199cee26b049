//! One component of a reduced JPEG: from frequencies to the means of a block's parts.

use std::f64::consts::PI;

use super::super::bits::Bits;
use super::super::huffman::Code;
use super::{Component, Frame};
use crate::four::Four;

/// The reduced picture of one component, as far as a row of units goes.
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
    /// Around 0.
    values: Vec<f32>,
}

/// By the number of pixels that a block becomes, or the next one for which there is code.
enum Shares {
    Few(Box<[[Four; 1]; PLACES]>),
    Some(Box<[[Four; 4]; PLACES]>),
    Many(Box<[[Four; 16]; PLACES]>),
}

impl<'a> Plane<'a> {
    /// For the units of `frame`.
    pub(super) fn new(
        frame: &Frame,
        component: &Component,
        steps: &[u16; 64],
        [means, others]: &'a [Code; 2],
    ) -> Self {
        let Component { blocks, pixels, .. } = *component;
        let width = frame.units[0] * blocks[0] * pixels[0];
        let height = blocks[1] * pixels[1];
        let shares = match pixels[0] * pixels[1] {
            0..=4 => Shares::Few(Box::new(shares(pixels, steps))),
            5..=16 => Shares::Some(Box::new(shares(pixels, steps))),
            _ => Shares::Many(Box::new(shares(pixels, steps))),
        };
        Self { means, others, shares, blocks, pixels, mean: 0, width, values: vec![0.0; width * height] }
    }

    /// After a restart the mean is told as it is.
    pub(super) fn restart(&mut self) {
        self.mean = 0;
    }

    /// Reads this component's blocks of the unit that is `unit`th in its row. None where they make no sense.
    pub(super) fn unit(&mut self, bits: &mut Bits<'_>, unit: usize) -> Option<()> {
        for down in 0..self.blocks[1] {
            for across in 0..self.blocks[0] {
                let place = [unit * self.blocks[0] + across, down];
                let (means, others, mean) = (self.means, self.others, &mut self.mean);
                // The length is known when this is compiled: a block's sums stay in registers.
                match &self.shares {
                    Shares::Few(shares) => {
                        let block = block(bits, means, others, mean, shares)?;
                        self.put(place, block.map(Four::numbers).as_flattened());
                    }
                    Shares::Some(shares) => {
                        let block = block(bits, means, others, mean, shares)?;
                        self.put(place, block.map(Four::numbers).as_flattened());
                    }
                    Shares::Many(shares) => {
                        let block = block(bits, means, others, mean, shares)?;
                        self.put(place, block.map(Four::numbers).as_flattened());
                    }
                }
            }
        }
        Some(())
    }

    /// The values of a row of the row of units, around 0, and what fills it up to whole units.
    pub(super) fn row(&self, y: usize) -> &[f32] {
        self.values.chunks_exact(self.width).nth(y).unwrap_or(&[])
    }

    /// Puts a block's pixels where they belong.
    #[inline]
    fn put(&mut self, [x, y]: [usize; 2], block: &[f32]) {
        let [across, down] = self.pixels;
        let first = y * down * self.width + x * across;
        // The length of a row is known when this is compiled.
        match across {
            2 => put_rows::<2>(&mut self.values, first, self.width, block, down),
            4 => put_rows::<4>(&mut self.values, first, self.width, block, down),
            8 => put_rows::<8>(&mut self.values, first, self.width, block, down),
            _ => put_rows::<1>(&mut self.values, first, self.width, block, down),
        }
    }
}

/// Puts `count` rows of pixels into rows of so many `values`, from place `first` on.
#[inline]
fn put_rows<const ACROSS: usize>(
    values: &mut [f32],
    first: usize,
    width: usize,
    pixels: &[f32],
    count: usize,
) {
    for (y, row) in pixels.as_chunks::<ACROSS>().0.iter().take(count).enumerate() {
        if let Some(to) = values.get_mut(first + y * width..).and_then(<[f32]>::first_chunk_mut) {
            *to = *row;
        }
    }
}

/// Places of a block's frequencies, and those that a number and the zeros before it can come to beyond the last one: nothing is added
/// there, and what tells the place needs not to be compared with anything.
const PLACES: usize = 128;

/// What each frequency, in the order in which they are stored, adds to the mean of each part of a block, row by row, if its coded number
/// is 1: `4 * LENGTH` parts, or fewer and zeros.
fn shares<const LENGTH: usize>([across, down]: [usize; 2], steps: &[u16; 64]) -> [[Four; LENGTH]; PLACES] {
    // The mean of a wave over each of so many parts.
    let wave = |parts: usize, frequency: usize, part: usize| {
        let pixels = 8 / parts;
        let scale = if frequency == 0 { (0.125f64).sqrt() } else { 0.5 };
        let value = |x: usize| (f64::from(x as u32 * 2 + 1) * frequency as f64 * PI / 16.0).cos();
        (part * pixels..(part + 1) * pixels).map(value).sum::<f64>() * scale / pixels as f64
    };
    let mut shares = [[Four::new([0.0; 4]); LENGTH]; PLACES];
    for ((shares, step), place) in shares.iter_mut().zip(steps).zip(ZIGZAG) {
        let (u, v) = (usize::from(place % 8), usize::from(place / 8));
        let value = |at: usize| {
            if at >= across * down {
                return 0.0;
            }
            (wave(across, u, at % across) * wave(down, v, at / across) * f64::from(*step)) as f32
        };
        for (at, share) in shares.iter_mut().enumerate() {
            *share = Four::new(std::array::from_fn(|lane| value(4 * at + lane)));
        }
    }
    shares
}

/// Where the frequencies belong, in the order in which they are stored.
pub(super) const ZIGZAG: [u8; 64] = [
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
    shares: &[[Four; LENGTH]; PLACES],
) -> Option<[Four; LENGTH]> {
    let (words, mut at) = (bits.words(), bits.at);
    let mut sums = [Four::new([0.0; 4]); LENGTH];
    let mut add = |place: usize, number: f32| {
        for (sum, share) in sums.iter_mut().zip(&shares[place % PLACES]) {
            sum.add_product(number, *share);
        }
    };
    let mut next = words.from(at);
    let (mut steps, numbers) = means.look(next);
    let mut difference = numbers[0];
    if steps.bits[1] > 0 {
        at += usize::from(steps.bits[1]);
        next <<= steps.bits[1] % 64;
    } else {
        (steps, [difference, _]) = means.look_longer(steps, next)?;
        at += usize::from(steps.bits[1]);
        next = words.from(at);
    }
    *mean = mean.wrapping_add(difference as i32);
    add(0, *mean as f32);
    let mut place = 0;
    let (steps, numbers) = 'block: loop {
        // Needed after the first look, and there by then.
        let ahead = words.from(at);
        for look in 0..2 {
            let (steps, numbers) = others.look(next);
            if steps.bits[1] == 0 {
                let (steps, numbers) = others.look_longer(steps, words.from(at))?;
                if place + usize::from(steps.places[1]) > 62 {
                    break 'block (steps, numbers);
                }
                place += usize::from(steps.places[1]);
                add(place, numbers[0]);
                at += usize::from(steps.bits[1]);
                next = words.from(at);
                break;
            }
            let places = steps.places.map(|step| place + usize::from(step));
            if places[1] > 62 {
                break 'block (steps, *numbers);
            }
            add(places[0], numbers[0]);
            // Few blocks become many pixels.
            if LENGTH <= 4 || numbers[1] != 0.0 {
                add(places[1], numbers[1]);
            }
            place = places[1];
            at += usize::from(steps.bits[1]);
            next = (if look == 0 { ahead } else { next }) << (steps.bits[1] % 64);
        }
    };
    let places = steps.places.map(|step| place + usize::from(step));
    // Beyond the end nothing is added.
    add(places[0], numbers[0]);
    add(places[1], numbers[1]);
    // The second may be the next block's.
    let is_second = usize::from(places[0] < 63);
    bits.at = at + usize::from(steps.bits[is_second]);
    // A number has to lie in the block; what says that nothing comes goes beyond it.
    (numbers[is_second] == 0.0 || places[is_second] == 63).then_some(sums)
}
