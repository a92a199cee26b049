//! The prefix codes of a JPEG (ITU-T T.81, annexes C and F), and the numbers that follow them.
//!
//! A look at the next few bits tells what they say as a whole, numbers and all; most often two of them at once.

/// So many bits are looked at in one step, a third of those that there are at least; what needs more is rare.
const SHORT: u32 = 11;

/// How far two numbers go that the next bits say, of which each comes after a few zeros.
#[derive(Clone, Copy, Default)]
pub(super) struct Steps {
    /// In the block, with the first number and with both.
    pub(super) places: [u8; 2],
    /// In the bits, likewise. The second is 0 where more bits have to be looked at; then there are the symbol in place of the first
    /// place, and the length of its code, or 0 where that is longer as well.
    pub(super) bits: [u8; 2],
}

/// The numbers; 0 where there is none. They are at most 15 bits long, which `f32` holds.
type Numbers = [f32; 2];

/// Goes beyond the end of any block: there is nothing more in it.
const LAST: u8 = 64;

/// What a code's symbols mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// How many bits the difference of a block's mean has.
    Means,
    /// How many zeros there are, and how many bits the number after them has.
    Others,
}

/// A prefix code.
pub(super) struct Code {
    kind: Kind,
    /// For every beginning of [`SHORT`] bits.
    steps: Box<[Steps; 1 << SHORT]>,
    numbers: Box<[Numbers; 1 << SHORT]>,
    /// For each length: one more than the last code of this length, from the top of 16 bits; the place of its symbol less the
    /// code.
    long: [(u32, i32); 17],
    symbols: Vec<u8>,
}

impl Code {
    /// From the numbers of codes of each length from 1 to 16, and the symbols in order. None where they do not fit.
    pub(super) fn new(kind: Kind, counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        if counts.iter().map(|count| usize::from(*count)).sum::<usize>() != symbols.len() {
            return None;
        }
        let mut steps = Box::new([Steps::default(); 1 << SHORT]);
        let mut numbers = Box::new([[0.0; 2]; 1 << SHORT]);
        let mut long = [(0, 0); 17];
        let (mut code, mut place) = (0u32, 0i32);
        for (length, count) in (1u32..).zip(counts) {
            long[length as usize].1 = place - code as i32;
            for _ in 0..*count {
                if code >= 1 << length {
                    return None;
                }
                let symbol = *symbols.get(place as usize)?;
                if length <= SHORT {
                    let first = code << (SHORT - length);
                    for beginning in first..first + (1 << (SHORT - length)) {
                        let at = beginning as usize;
                        (steps[at], numbers[at]) =
                            match found(kind, symbol, length, u64::from(beginning) << (64 - SHORT)) {
                                Some((steps, numbers)) if u32::from(steps.bits[1]) <= SHORT => {
                                    (steps, numbers)
                                }
                                _ => (Steps { places: [symbol, 0], bits: [length as u8, 0] }, [0.0; 2]),
                            };
                    }
                }
                code += 1;
                place += 1;
            }
            long[length as usize].0 = code << (16 - length);
            code <<= 1;
        }
        if kind == Kind::Others {
            pair(&mut steps, &mut numbers);
        }
        Some(Self { kind, steps, numbers, long, symbols: symbols.to_vec() })
    }

    /// What the bits at the top of `bits` say, [`SHORT`] of them at most.
    #[inline]
    pub(super) fn look(&self, bits: u64) -> (Steps, &Numbers) {
        let at = (bits >> (64 - SHORT)) as usize;
        (self.steps[at], &self.numbers[at])
    }

    /// What the bits at the top of `bits` say, 31 of them at most, where `short` was found not to be enough. None where no code begins
    /// like this, or where it means nothing.
    #[cold]
    pub(super) fn look_longer(&self, short: Steps, bits: u64) -> Option<(Steps, Numbers)> {
        let Steps { places: [symbol, _], bits: [length, _] } = short;
        if length > 0 {
            return found(self.kind, symbol, u32::from(length), bits);
        }
        let beginning = (bits >> 48) as u32;
        for length in SHORT + 1..=16 {
            let (end, offset) = self.long[length as usize];
            if beginning < end {
                let code = (bits >> (64 - length)) as i32;
                let symbol = *self.symbols.get(usize::try_from(code + offset).ok()?)?;
                return found(self.kind, symbol, length, bits);
            }
        }
        None
    }
}

/// What a symbol and the bits after it mean; `bits` begins with its code. None where it means nothing.
fn found(kind: Kind, symbol: u8, length: u32, bits: u64) -> Option<(Steps, Numbers)> {
    let (zeros, size) = match kind {
        Kind::Means => (0, symbol),
        Kind::Others => (symbol >> 4, symbol & 15),
    };
    let place = match (kind, zeros, size) {
        (Kind::Means, _, 16..) => return None,
        (Kind::Others, 0..15, 0) => LAST,
        _ => zeros + 1,
    };
    let number = number(u32::from(size), bits << length) as f32;
    Some((Steps { places: [place; 2], bits: [length as u8 + size; 2] }, [number, 0.0]))
}

/// The number of `size` bits, at most 15, at the top of `bits`: those with a leading zero are the negative ones.
fn number(size: u32, bits: u64) -> i32 {
    // In two steps, for a shift by all 64 bits is none.
    let bits = (bits >> 1 >> (63 - size)) as i32;
    let half = 1 << size >> 1;
    if bits < half { bits - (half << 1) + 1 } else { bits }
}

/// Adds to each beginning what the rest of its bits say by itself.
fn pair(steps: &mut [Steps; 1 << SHORT], numbers: &mut [Numbers; 1 << SHORT]) {
    let (single, first) = (*steps, *numbers);
    for (beginning, (steps, numbers)) in steps.iter_mut().zip(numbers).enumerate() {
        let rest = (beginning << steps.bits[1]) % (1 << SHORT);
        let both = steps.bits[1] + single[rest].bits[1];
        let is_pair = steps.bits[1] > 0 && steps.places[0] != LAST && single[rest].bits[1] > 0;
        if is_pair && u32::from(both) <= SHORT {
            numbers[1] = first[rest][0];
            steps.places[1] += single[rest].places[1];
            steps.bits[1] = both;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These bits, and zeros after them.
    fn bits(text: &str) -> u64 {
        let bits = text.chars().filter(|bit| *bit != ' ');
        (0..64).rev().zip(bits).map(|(place, bit)| u64::from(bit == '1') << place).sum()
    }

    /// The places, numbers and lengths of what comes next.
    fn next(code: &Code, bits: u64) -> Option<([u8; 2], Numbers, [u8; 2])> {
        let (steps, numbers) = code.look(bits);
        let (steps, numbers) =
            if steps.bits[1] > 0 { (steps, *numbers) } else { code.look_longer(steps, bits)? };
        Some((steps.places, numbers, steps.bits))
    }

    /// 0, 10, 110, and one of twelve bits, 111000000000.
    fn code(kind: Kind, symbols: [u8; 4]) -> Code {
        let mut counts = [0; 16];
        (counts[0], counts[1], counts[2], counts[11]) = (1, 1, 1, 1);
        Code::new(kind, &counts, &symbols).unwrap()
    }

    #[test]
    fn numbers_are_found_with_their_codes() {
        let means = code(Kind::Means, [3, 0, 15, 9]);
        assert_eq!(next(&means, bits("0101")), Some(([1; 2], [5.0, 0.0], [4; 2])));
        assert_eq!(next(&means, bits("0010")), Some(([1; 2], [-5.0, 0.0], [4; 2])));
        assert_eq!(next(&means, bits("10")), Some(([1; 2], [0.0, 0.0], [2; 2])));
        assert_eq!(next(&means, bits("110")), Some(([1; 2], [-32_767.0, 0.0], [18; 2])));
        assert_eq!(next(&means, bits("1110 0000 0000 111111111")), Some(([1; 2], [511.0, 0.0], [21; 2])));
        assert_eq!(next(&means, u64::MAX), None);
        assert_eq!(next(&code(Kind::Means, [16; 4]), 0), None);
    }

    #[test]
    fn two_are_found_at_once_where_they_fit() {
        // Three bits after two zeros, nothing more, sixteen zeros, one bit.
        let others = code(Kind::Others, [0x23, 0x00, 0xf0, 0x01]);
        // 5 and -4; 5 and the end; 5 and zeros; the end alone, whatever follows.
        assert_eq!(next(&others, bits("0101 0011")), Some(([3, 6], [5.0, -4.0], [4, 8])));
        assert_eq!(next(&others, bits("0101 10")), Some(([3, 67], [5.0, 0.0], [4, 6])));
        assert_eq!(next(&others, bits("0101 110")), Some(([3, 19], [5.0, 0.0], [4, 7])));
        assert_eq!(next(&others, bits("10 0101")), Some(([64; 2], [0.0; 2], [2; 2])));
        assert_eq!(next(&others, bits("110 110 0")), Some(([16, 32], [0.0; 2], [3, 6])));
        assert_eq!(next(&others, bits("1110 0000 0000 1")), Some(([1; 2], [1.0, 0.0], [13; 2])));
    }

    #[test]
    fn a_code_that_does_not_fit_is_none() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(Code::new(Kind::Means, &counts, &[1, 2, 3]).is_none());
        assert!(Code::new(Kind::Means, &counts, &[1, 2]).is_none());
    }
}
