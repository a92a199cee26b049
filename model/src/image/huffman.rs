//! The coded part of a JPEG: bits, and the prefix codes in them (ITU-T T.81, annex F).

/// Codes of up to this many bits are looked up in one step; longer ones are rare.
const SHORT: u32 = 10;

/// Reads bits, the highest of each byte first; a zero byte after 0xff is not part of them, anything else there ends them.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits, from the top.
    buffer: u64,
    /// How many there are.
    count: u32,
    /// How many of them were made up, after the end.
    beyond: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, buffer: 0, count: 0, beyond: 0 }
    }

    /// Sees to it that there are at least 32 bits.
    #[inline]
    fn fill(&mut self) {
        if self.count >= 32 {
            return;
        }
        if let Some(&bytes) = self.data.get(self.at..).and_then(|rest| rest.first_chunk::<4>()) {
            let word = u32::from_be_bytes(bytes);
            // No byte of it is 0xff, where the lowest bit of each byte's complement would be borrowed from.
            let inverse = !word;
            if inverse.wrapping_sub(0x0101_0101) & !inverse & 0x8080_8080 == 0 {
                self.buffer |= u64::from(word) << (32 - self.count);
                self.count += 32;
                self.at += 4;
                return;
            }
        }
        self.fill_by_bytes();
    }

    #[cold]
    fn fill_by_bytes(&mut self) {
        while self.count <= 56 {
            let byte = match (self.data.get(self.at), self.data.get(self.at + 1)) {
                (Some(0xff), Some(0)) => {
                    self.at += 2;
                    0xff
                }
                (Some(0xff) | None, _) => {
                    self.beyond += 8;
                    0
                }
                (Some(byte), _) => {
                    self.at += 1;
                    *byte
                }
            };
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    #[inline]
    fn take(&mut self, count: u32) -> u32 {
        // In two steps, for a shift by all 64 bits is none.
        let bits = (self.buffer >> 32 >> (32 - count)) as u32;
        self.buffer <<= count;
        self.count -= count;
        bits
    }

    /// A number of `size` bits, at most 16: those with a leading zero are the negative ones.
    #[inline]
    pub(super) fn number(&mut self, size: u32) -> i32 {
        self.fill();
        let bits = self.take(size) as i32;
        let half = 1 << size >> 1;
        if bits < half { bits - (half << 1) + 1 } else { bits }
    }

    /// Whether more bits have been taken than there were.
    pub(super) fn has_run_out(&self) -> bool {
        self.beyond > self.count
    }

    /// Drops what is left of this byte and takes the restart marker that comes next. None where there is none.
    pub(super) fn restart(&mut self) -> Option<()> {
        if self.has_run_out() {
            return None;
        }
        // Bytes that were fetched ahead and are no part of this interval cannot be: the marker ends it.
        let rest = self.data.get(self.at..)?;
        match rest {
            [0xff, 0xd0..=0xd7, ..] if self.count - self.beyond < 8 => {
                *self = Self { data: self.data, at: self.at + 2, buffer: 0, count: 0, beyond: 0 };
                Some(())
            }
            _ => None,
        }
    }
}

/// A prefix code.
pub(super) struct Code {
    /// For every beginning of [`SHORT`] bits: the symbol, and the length of its code; 0 where that is longer.
    short: Vec<(u8, u8)>,
    /// For each length: one more than the last code of this length, from the top of 16 bits; the place of its symbol less the
    /// code.
    long: [(u32, i32); 17],
    symbols: Vec<u8>,
}

impl Code {
    /// From the numbers of codes of each length from 1 to 16, and the symbols in order. None where they do not fit.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        if counts.iter().map(|count| usize::from(*count)).sum::<usize>() != symbols.len() {
            return None;
        }
        let mut short = vec![(0, 0); 1 << SHORT];
        let mut long = [(0, 0); 17];
        let (mut code, mut place) = (0u32, 0i32);
        for (length, count) in (1u32..).zip(counts) {
            long[length as usize].1 = place - code as i32;
            for _ in 0..*count {
                if code >= 1 << length {
                    return None;
                }
                if length <= SHORT {
                    let first = (code << (SHORT - length)) as usize;
                    let symbol = *symbols.get(place as usize)?;
                    short.get_mut(first..first + (1 << (SHORT - length)))?.fill((symbol, length as u8));
                }
                code += 1;
                place += 1;
            }
            long[length as usize].0 = code << (16 - length);
            code <<= 1;
        }
        Some(Self { short, long, symbols: symbols.to_vec() })
    }

    /// The next symbol. None where no code begins like this.
    #[inline]
    pub(super) fn read(&self, bits: &mut Bits<'_>) -> Option<u8> {
        bits.fill();
        let beginning = (bits.buffer >> (64 - SHORT)) as usize;
        let (symbol, length) = self.short.get(beginning).copied()?;
        if length > 0 {
            bits.take(u32::from(length));
            return Some(symbol);
        }
        self.read_long(bits)
    }

    #[cold]
    fn read_long(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let beginning = (bits.buffer >> 48) as u32;
        for length in SHORT + 1..=16 {
            let (end, offset) = self.long[length as usize];
            if beginning < end {
                let code = bits.take(length) as i32;
                return self.symbols.get(usize::try_from(code + offset).ok()?).copied();
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_numbers_are_read_bit_by_bit() {
        // 0 -> 7, 10 -> 3, 110 -> 5, and one of twelve bits, 111000000000 -> 9.
        let mut counts = [0; 16];
        (counts[0], counts[1], counts[2], counts[11]) = (1, 1, 1, 1);
        let code = Code::new(&counts, &[7, 3, 5, 9]).unwrap();
        // 0 10 110 111000000000, then the numbers 101 (5), 010 (-5), and ones that make a stuffed byte.
        let bytes = [0b0101_1011, 0b1000_0000, 0b0010_1010, 0xff, 0x00, 0b1000_0000];
        let mut bits = Bits::new(&bytes);
        assert_eq!([(); 4].map(|()| code.read(&mut bits)), [7, 3, 5, 9].map(Some));
        assert_eq!(bits.number(3), 5);
        assert_eq!(bits.number(3), -5);
        assert_eq!(bits.number(9), 511);
        assert_eq!(bits.number(0), 0);
        assert!(!bits.has_run_out());
        bits.number(16);
        assert!(bits.has_run_out());
    }

    #[test]
    fn a_restart_is_where_its_marker_is() {
        let bytes = [0b1010_0000, 0xff, 0xd3, 0b0110_0000];
        let mut bits = Bits::new(&bytes);
        assert_eq!(bits.number(3), 5);
        assert_eq!(bits.restart(), Some(()));
        assert_eq!(bits.number(3), -4);
        assert_eq!(bits.restart(), None);
    }

    #[test]
    fn a_code_that_does_not_fit_is_none() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(Code::new(&counts, &[1, 2, 3]).is_none());
        assert!(Code::new(&counts, &[1, 2]).is_none());
    }
}
