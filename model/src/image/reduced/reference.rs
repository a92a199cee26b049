//! Against blocks whose frequencies are known: coded here, and made into pixels one by one.

use std::f64::consts::PI;

use super::decode;
use super::plane::ZIGZAG;
use super::tests::{flush, push, segment};

/// Numbers that look random.
struct Noise(u32);

impl Noise {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % end
    }
}

/// A picture to be coded: blocks of each component in a unit, across and down; pixels; units between two restarts.
#[derive(Clone, Copy, Debug)]
struct Plan {
    blocks: &'static [[usize; 2]],
    size: [usize; 2],
    restart_interval: usize,
}

/// The coded picture, and the frequencies of each component's blocks, row by row, multiplied by their steps.
struct Coded {
    bytes: Vec<u8>,
    frequencies: Vec<Vec<[f64; 64]>>,
}

/// Symbols with the codes that they have here: some shorter than what is looked up at once, many longer.
struct Codes {
    counts: [u8; 16],
    symbols: Vec<u8>,
}

impl Codes {
    fn means() -> Self {
        let mut counts = [0; 16];
        (counts[1], counts[3], counts[14]) = (1, 4, 7);
        Self { counts, symbols: (0..12).collect() }
    }

    fn others() -> Self {
        let mut symbols = vec![0x01, 0x00, 0x02, 0x11, 0xf0, 0x03, 0x21, 0x12];
        let rest =
            (0..=255u8).filter(|symbol| !symbols.contains(symbol) && (1..=10).contains(&(symbol & 15)));
        let rest: Vec<u8> = rest.collect();
        let mut counts = [0; 16];
        counts[1..9].fill(1);
        counts[9..12].fill(20);
        counts[15] = (rest.len() - 60) as u8;
        symbols.extend(rest);
        Self { counts, symbols }
    }

    fn segment(&self, kind: u8) -> Vec<u8> {
        [&[kind][..], &self.counts, &self.symbols].concat()
    }

    fn push(&self, bits: &mut Vec<bool>, symbol: u8) {
        let (mut code, mut place) = (0u32, 0);
        for (length, count) in (1..).zip(self.counts) {
            for _ in 0..count {
                if self.symbols[place] == symbol {
                    return push(bits, code, length);
                }
                (code, place) = (code + 1, place + 1);
            }
            code <<= 1;
        }
        panic!("{symbol} has no code");
    }
}

fn size_of(number: i32) -> u8 {
    (32 - number.unsigned_abs().leading_zeros()) as u8
}

fn push_number(bits: &mut Vec<bool>, number: i32) {
    let value = if number < 0 { number - 1 } else { number } as u32;
    push(bits, value, size_of(number));
}

/// The numbers of a block in the order in which they are stored; some have many, some none.
fn block(noise: &mut Noise) -> [i32; 64] {
    let mut numbers = [0; 64];
    numbers[0] = noise.below(200) as i32 - 100;
    let count = [0, 1, 3, 12, 63][noise.below(5) as usize];
    for _ in 0..count {
        let largest = [1, 1, 2, 6, 40, 500][noise.below(6) as usize];
        numbers[noise.below(63) as usize + 1] = noise.below(2 * largest + 1) as i32 - largest as i32;
    }
    // Also blocks that are full to the last place.
    if noise.below(4) == 0 {
        numbers[63] = 1;
    }
    numbers
}

fn code(plan: Plan, seed: u32) -> Coded {
    let mut noise = Noise(seed);
    let most = [0, 1].map(|axis| plan.blocks.iter().map(|blocks| blocks[axis]).max().unwrap());
    let [across, down] = [0, 1].map(|axis| plan.size[axis].div_ceil(8 * most[axis]));
    let steps: [u8; 64] = std::array::from_fn(|_| noise.below(5) as u8 + 1);
    let (means, others) = (Codes::means(), Codes::others());
    let mut frequencies: Vec<Vec<[f64; 64]>> =
        plan.blocks.iter().map(|[x, y]| vec![[0.0; 64]; across * x * down * y]).collect();
    let (mut bits, mut coded, mut restarts) = (Vec::new(), Vec::new(), 0u8);
    let mut last = vec![0; plan.blocks.len()];
    for unit in 0..across * down {
        if plan.restart_interval > 0 && unit > 0 && unit % plan.restart_interval == 0 {
            flush(&mut bits, &mut coded);
            coded.extend([0xff, 0xd0 | restarts]);
            restarts = (restarts + 1) & 7;
            last.fill(0);
        }
        for (component, [wide, high]) in plan.blocks.iter().enumerate() {
            for (x, y) in (0..wide * high).map(|at| (at % wide, at / wide)) {
                let numbers = block(&mut noise);
                means.push(&mut bits, size_of(numbers[0] - last[component]));
                push_number(&mut bits, numbers[0] - last[component]);
                last[component] = numbers[0];
                let end = numbers.iter().rposition(|number| *number != 0).unwrap_or(0);
                let mut zeros = 0;
                for number in numbers.iter().take(end + 1).skip(1) {
                    if *number == 0 {
                        zeros += 1;
                        continue;
                    }
                    (0..zeros / 16).for_each(|_| others.push(&mut bits, 0xf0));
                    others.push(&mut bits, (zeros % 16) << 4 | size_of(*number));
                    push_number(&mut bits, *number);
                    zeros = 0;
                }
                if end < 63 {
                    others.push(&mut bits, 0);
                }
                let place = (unit / across * high + y) * across * wide + unit % across * wide + x;
                for ((number, step), at) in numbers.iter().zip(steps).zip(ZIGZAG) {
                    frequencies[component][place][usize::from(at)] = f64::from(*number) * f64::from(step);
                }
            }
        }
    }
    flush(&mut bits, &mut coded);
    let rows: Vec<u8> = (1..).zip(plan.blocks).flat_map(|(id, [x, y])| [id, (x << 4 | y) as u8, 0]).collect();
    let count = plan.blocks.len() as u8;
    let sides = [plan.size[1], plan.size[0]].map(|side| (side as u16).to_be_bytes()).concat();
    let scan: Vec<u8> = (1..=count).flat_map(|id| [id, 0]).collect();
    let bytes = [
        vec![0xff, 0xd8],
        segment(0xdb, &[&[0][..], &steps].concat()),
        segment(0xc0, &[&[8][..], &sides, &[count], &rows].concat()),
        segment(0xc4, &means.segment(0x00)),
        segment(0xc4, &others.segment(0x10)),
        segment(0xdd, &(plan.restart_interval as u16).to_be_bytes()),
        segment(0xda, &[&[count][..], &scan, &[0, 63, 0]].concat()),
        coded,
        vec![0xff, 0xd9],
    ]
    .concat();
    Coded { bytes, frequencies }
}

/// The block's pixel, around 0 (ITU-T T.81, A.3.3).
fn pixel(frequencies: &[f64; 64], x: usize, y: usize) -> f64 {
    let wave = |frequency: usize, at: usize| {
        let scale = if frequency == 0 { 0.5f64.sqrt() } else { 1.0 };
        scale * ((2 * at + 1) as f64 * frequency as f64 * PI / 16.0).cos() / 2.0
    };
    (0..64).map(|at| frequencies[at] * wave(at % 8, x) * wave(at / 8, y)).sum()
}

/// Every pixel of the reduced picture but those whose rounding is too close to call; gives the number of those.
fn check(plan: Plan, seed: u32, reduction: usize) -> usize {
    let coded = code(plan, seed);
    let size = plan.size.map(|side| side as u32);
    let found = decode(&coded.bytes, size, reduction).unwrap();
    assert_eq!([found.width(), found.height()], size.map(|side| side.div_ceil(reduction as u32)));
    let most = [0, 1].map(|axis| plan.blocks.iter().map(|blocks| blocks[axis]).max().unwrap());
    let across = plan.size[0].div_ceil(8 * most[0]);
    // All pixels of each component, which is as large as its blocks.
    let whole: Vec<(usize, Vec<f64>)> = (plan.blocks.iter().zip(&coded.frequencies))
        .map(|([wide, _], blocks)| {
            let width = 8 * across * wide;
            let place = |at: usize| (at % width, at / width);
            let value = |(x, y): (usize, usize)| pixel(&blocks[y / 8 * (width / 8) + x / 8], x % 8, y % 8);
            (width, (0..64 * blocks.len()).map(|at| value(place(at))).collect())
        })
        .collect();
    let mut skipped = 0;
    for (x, y, pixel) in found.enumerate_pixels() {
        let (x, y) = (x as usize, y as usize);
        // The mean of the part of the component that this pixel covers.
        let values = plan.blocks.iter().zip(&whole).map(|(blocks, (width, pixels))| {
            let [wide, high] = [0, 1].map(|axis| reduction * blocks[axis] / most[axis]);
            let places = (0..wide * high).map(|at| (x * wide + at % wide, y * high + at / wide));
            let mean = places.map(|(x, y)| pixels[y * width + x]).sum::<f64>() / (wide * high) as f64;
            mean + 128.5
        });
        let values: Vec<f64> = values.collect();
        if values.iter().any(|value| (value - value.round()).abs() < 2e-3) {
            skipped += 1;
            continue;
        }
        let expected = match values[..] {
            [light, blueness, redness] => {
                let [light, blue, red] = [light, blueness, redness].map(|value| i32::from(value as u8));
                let (light, blue, red) = (light << 16 | 1 << 15, blue - 128, red - 128);
                [light + 91_881 * red, light - 22_554 * blue - 46_802 * red, light + 116_130 * blue]
                    .map(|value| (value >> 16).clamp(0, 255) as u8)
            }
            _ => [values[0] as u8; 3],
        };
        assert_eq!(pixel.0, expected, "{plan:?} at {x}, {y} by {reduction}: {values:?}");
    }
    skipped
}

const GREY: &[[usize; 2]] = &[[1, 1]];
const SAMPLINGS: [&[[usize; 2]]; 6] = [
    GREY,
    &[[1, 1], [1, 1], [1, 1]],
    &[[2, 2], [1, 1], [1, 1]],
    &[[2, 1], [1, 1], [1, 1]],
    &[[1, 2], [1, 1], [1, 1]],
    &[[2, 2], [2, 1], [1, 2]],
];

#[test]
fn every_pixel_is_the_mean_of_its_part() {
    let (mut skipped, mut pixels) = (0, 0);
    for (seed, blocks) in (1..).zip(SAMPLINGS) {
        for restart_interval in [0, 1, 3] {
            for size in [[70, 45], [17, 130], [200, 33]] {
                for reduction in [2, 4, 8] {
                    skipped += check(Plan { blocks, size, restart_interval }, seed, reduction);
                    pixels += size[0] * size[1] / (reduction * reduction);
                }
            }
        }
    }
    // Blocks that are flat are often halfway.
    assert!(skipped * 5 < pixels, "{skipped} of {pixels} were not compared");
}

#[test]
fn what_is_cut_off_or_changed_is_none_or_some_picture() {
    let mut noise = Noise(5);
    for blocks in SAMPLINGS {
        for restart_interval in [0, 2] {
            let Coded { bytes, .. } = code(Plan { blocks, size: [64, 48], restart_interval }, 3);
            let scan = bytes.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
            for _ in 0..40 {
                // Not the last bytes: they may be no more than what fills up the last one.
                let end = scan + 12 + noise.below((bytes.len() - scan - 16) as u32) as usize;
                assert!(decode(&bytes[..end], [64, 48], 4).is_none(), "cut off at {end} of {}", bytes.len());
            }
            for _ in 0..300 {
                let mut changed = bytes.clone();
                for _ in 0..=noise.below(4) {
                    let at = 2 + noise.below(bytes.len() as u32 - 2) as usize;
                    changed[at] = [0xff, 0, noise.below(256) as u8][noise.below(3) as usize];
                }
                for reduction in [2, 4, 8] {
                    let picture = decode(&changed, [64, 48], reduction);
                    let sides = picture.map(|picture| [picture.width(), picture.height()]);
                    let expected = [64, 48].map(|side| side / reduction as u32);
                    assert!(sides.is_none_or(|sides| sides == expected), "{sides:?}");
                }
            }
        }
    }
}
