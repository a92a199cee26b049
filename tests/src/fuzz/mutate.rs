//! How an input is changed.

use crate::bad_photos::bits::Random;

/// No input grows beyond this many bytes: what is wrong with a file shows in a small one.
const LONGEST: usize = 64 << 10;
/// Numbers at which readers go wrong.
const NUMBERS: [u64; 17] = [
    0,
    1,
    2,
    7,
    8,
    127,
    128,
    255,
    256,
    32_767,
    65_535,
    65_536,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    i64::MAX as u64,
    u64::MAX,
];
/// The same in text.
const TEXTS: [&str; 14] = [
    "0",
    "-1",
    "1",
    "1e308",
    "-1e400",
    "NaN",
    "inf",
    "4294967296",
    "18446744073709551616",
    "0.5",
    "",
    "null",
    "true",
    "[]",
];

/// One of the inputs in `pool`, changed in one to eight places.
pub(super) fn change(pool: &[Vec<u8>], words: &[&str], random: &mut Random) -> Vec<u8> {
    let mut input = pool[random.below(pool.len())].clone();
    for _ in 0..1 << random.below(4) {
        step(&mut input, pool, words, random);
    }
    input.truncate(LONGEST);
    input
}

fn step(input: &mut Vec<u8>, pool: &[Vec<u8>], words: &[&str], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let length = (1usize << random.below(8)).min(input.len() - at);
    match random.below(13) {
        0 | 1 if at < input.len() => input[at] ^= 1 << random.below(8),
        2 if at < input.len() => input[at] = NUMBERS[random.below(NUMBERS.len())] as u8,
        3 => drop(input.drain(at..at + length)),
        4 => {
            let block = input[at..at + length].to_vec();
            let times = 1 << random.below(6);
            input.splice(at..at, block.repeat(times));
        }
        5 => {
            let noise: Vec<u8> = (0..length).map(|_| random.bits() as u8).collect();
            input.splice(at..at, noise);
        }
        6 => {
            let size = [2, 4, 8][random.below(3)];
            let number = NUMBERS[random.below(NUMBERS.len())];
            let number = if random.below(2) == 0 { number } else { number.wrapping_neg() };
            let bytes = number.to_le_bytes();
            let mut bytes = bytes[..size].to_vec();
            if random.below(2) == 0 {
                bytes.reverse();
            }
            let end = (at + size).min(input.len());
            input.splice(at..end, bytes);
        }
        7 => {
            let other = &pool[random.below(pool.len())];
            let from = random.below(other.len() + 1);
            let end = (from + (1 << random.below(12))).min(other.len());
            let end_here = if random.below(2) == 0 { at } else { (at + end - from).min(input.len()) };
            input.splice(at..end_here, other[from..end].iter().copied());
        }
        8 => input.truncate(at),
        9 | 10 => {
            if let Some((start, end)) = number_near(input, at) {
                let text = TEXTS[random.below(TEXTS.len())];
                input.splice(start..end, text.bytes());
            }
        }
        _ if !words.is_empty() => {
            let word = words[random.below(words.len())];
            let end = if random.below(2) == 0 { at } else { (at + word.len()).min(input.len()) };
            input.splice(at..end, word.bytes());
        }
        _ => {
            let from = random.below(input.len() + 1);
            let end = (from + length).min(input.len());
            let block = input[from..end].to_vec();
            input.splice(at..at, block);
        }
    }
}

/// Where a decimal number lies, the first one from `at` on.
fn number_near(input: &[u8], at: usize) -> Option<(usize, usize)> {
    let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let start = at + input[at..].iter().position(u8::is_ascii_digit)?;
    let end = start + input[start..].iter().take_while(|byte| is_part(byte)).count();
    Some((start, end))
}
