//! The bits of a JPEG's coded part (ITU-T T.81, annex F).
//!
//! Bytes are sorted out a few kilobytes ahead, into words of which any can be taken without asking what it is: whoever reads codes has
//! nothing else to wait for.

/// Words that are held.
const HELD: usize = 2048;
/// Words that are there at least after [`Bits::fetch`].
const AHEAD: usize = 1024;

/// Words, of which each takes the place of the one that came [`HELD`] before it.
pub(super) struct Words(Box<[u32; HELD]>);

impl Words {
    /// The bits from place `at` on, from the top: 33 of them or more.
    #[inline]
    pub(super) fn from(&self, at: usize) -> u64 {
        let word = |place: usize| u64::from(self.0[place % HELD]);
        (word(at / 32) << 32 | word(at / 32 + 1)) << (at % 32)
    }
}

/// Finds bits, the highest of each byte first; a zero byte after 0xff is not part of them, anything else there ends them. After the
/// end there are zeros.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// The next byte to be sorted out.
    next: usize,
    words: Words,
    /// Words that were sorted out.
    sorted: usize,
    /// What comes after them, from the top; less than a word.
    rest: u64,
    /// How many bits of it.
    rest_count: u32,
    /// How many bits there are in all, once that is known.
    length: Option<usize>,
    /// Where the reader is, bits from the beginning. Whoever moves it calls [`Bits::fetch`] first, and moves it by no more than 32,000.
    pub(super) at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        let words = Words(Box::new([0; HELD]));
        Self { data, next: 0, words, sorted: 0, rest: 0, rest_count: 0, length: None, at: 0 }
    }

    /// Sees to it that there are enough words.
    #[inline]
    pub(super) fn fetch(&mut self) {
        if self.sorted.saturating_sub(self.at / 32) < AHEAD {
            self.sort_out();
        }
    }

    /// What [`Bits::fetch`] has seen to.
    #[inline]
    pub(super) fn words(&self) -> &Words {
        &self.words
    }

    fn sort_out(&mut self) {
        let room = self.at / 32 + HELD;
        while self.length.is_none() && self.sorted + 2 <= room {
            self.sort_out_quickly(room);
            let rest = self.data.get(self.next..).unwrap_or_default();
            let (byte, length) = match rest {
                [0xff, 0, ..] => (0xff, 2),
                [0xff, ..] | [] => {
                    self.length = Some(32 * self.sorted + self.rest_count as usize);
                    (0, 0)
                }
                [byte, ..] => (*byte, 1),
            };
            self.next += length;
            self.rest |= u64::from(byte) << (56 - self.rest_count);
            self.rest_count += 8;
            // The last bits are a word as well.
            if self.rest_count == 32 || self.length.is_some() {
                self.words.0[self.sorted % HELD] = (self.rest >> 32) as u32;
                (self.sorted, self.rest, self.rest_count) = (self.sorted + 1, 0, 0);
            }
        }
        // After the end no more than has to be there, for the next one may be near.
        while self.length.is_some() && self.sorted < self.at / 32 + AHEAD {
            let first = self.sorted % HELD;
            let end = HELD.min(first + self.at / 32 + AHEAD - self.sorted);
            self.words.0[first..end].fill(0);
            self.sorted += end - first;
        }
    }

    /// Sorts out eight bytes at a time, up to one that needs a closer look.
    fn sort_out_quickly(&mut self, room: usize) {
        let Self { rest_count, mut rest, mut sorted, .. } = *self;
        let bytes = self.data.get(self.next..).unwrap_or_default().as_chunks::<8>().0;
        // One place is left for what comes after.
        let most = room.saturating_sub(sorted + 1) / 2;
        let mut count = 0;
        for bytes in bytes.iter().take(most) {
            if has_marker(*bytes) {
                break;
            }
            let next = u64::from_be_bytes(*bytes);
            let both = rest | next >> rest_count;
            self.words.0[sorted % HELD] = (both >> 32) as u32;
            self.words.0[(sorted + 1) % HELD] = both as u32;
            // In two steps, for a shift by all 64 bits is none.
            rest = next << 1 << (63 - rest_count);
            sorted += 2;
            count += 1;
        }
        self.next += 8 * count;
        (self.rest, self.sorted) = (rest, sorted);
    }

    /// Whether more bits have been taken than there were.
    pub(super) fn has_run_out(&self) -> bool {
        self.length.is_some_and(|length| self.at > length)
    }

    /// Drops what is left of this byte and takes the restart marker that comes next. None where there is none.
    pub(super) fn restart(&mut self) -> Option<()> {
        // Whole bytes that are left, or a marker that is not yet in sight, mean that something is wrong.
        let left = self.length?.checked_sub(self.at)?;
        match self.data.get(self.next..)? {
            [0xff, 0xd0..=0xd7, ..] if left < 8 => {
                self.next += 2;
                (self.sorted, self.length, self.at) = (0, None, 0);
                Some(())
            }
            _ => None,
        }
    }
}

/// Whether one of the bytes is 0xff.
#[inline]
pub(super) fn has_marker(bytes: [u8; 8]) -> bool {
    // The lowest bit of that byte's complement is then borrowed from.
    let inverse = !u64::from_ne_bytes(bytes);
    inverse.wrapping_sub(0x0101_0101_0101_0101) & !inverse & 0x8080_8080_8080_8080 > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Bits<'_> {
        /// The next bits as a number, at most 32 of them.
        fn take(&mut self, count: usize) -> u32 {
            self.fetch();
            let bits = self.words().from(self.at);
            self.at += count;
            (bits >> 1 >> (63 - count)) as u32
        }
    }

    /// The bits one by one, as the standard says it, and where they end.
    fn one_by_one(data: &[u8]) -> (Vec<bool>, usize) {
        let (mut bits, mut at) = (Vec::new(), 0);
        while let Some(byte) = data.get(at) {
            if *byte == 0xff {
                if data.get(at + 1) != Some(&0) {
                    break;
                }
                at += 1;
            }
            at += 1;
            bits.extend((0..8).rev().map(|place| byte >> place & 1 == 1));
        }
        (bits, at)
    }

    /// Numbers that look random.
    fn noise(seed: u32) -> impl FnMut() -> u32 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        }
    }

    #[test]
    fn a_marker_is_seen_wherever_it_is() {
        for other in [0, 1, 0x7f, 0x80, 0xfe] {
            assert!(!has_marker([other; 8]));
            for place in 0..8 {
                let mut bytes = [other; 8];
                bytes[place] = 0xff;
                assert!(has_marker(bytes), "{bytes:?}");
            }
        }
    }

    #[test]
    fn every_bit_is_there_and_then_none() {
        let mut noise = noise(1);
        for (length, share) in [(0, 1), (1, 2), (3, 9), (70, 3), (5000, 2), (9000, 300), (40_000, 7)] {
            let mut data = Vec::new();
            while data.len() < length {
                match noise() % share {
                    0 => data.extend([0xff, 0]),
                    _ => data.push(noise() as u8 & 0xfe),
                }
            }
            data.extend([0xff, 0xd9, 0x55, 0x55]);
            let (expected, end) = one_by_one(&data);
            assert_eq!(data[end..], [0xff, 0xd9, 0x55, 0x55]);
            let mut bits = Bits::new(&data);
            let mut at = 0;
            while at < expected.len() {
                let count = (noise() as usize % 33).min(expected.len() - at);
                let number =
                    expected[at..][..count].iter().fold(0, |number, bit| number << 1 | u32::from(*bit));
                assert_eq!(bits.take(count), number, "{count} bits at {at} of {length} bytes");
                at += count;
            }
            bits.fetch();
            assert!(!bits.has_run_out());
            assert_eq!(bits.take(32), 0);
            assert!(bits.has_run_out());
            assert_eq!(bits.take(32), 0);
            assert_eq!(bits.restart(), None);
        }
    }

    #[test]
    fn a_restart_is_where_its_marker_is() {
        for before in [1, 4, 7, 8, 9, 4095, 4096, 8200, 20_000] {
            let data = [&vec![0b1010_0000; before][..], &[0xff, 0xd3, 0b0110_0000]].concat();
            let mut bits = Bits::new(&data);
            for at in 0..before - 1 {
                assert_eq!(bits.restart(), None, "{at} of {before}");
                assert_eq!(bits.take(8), 0b1010_0000);
            }
            assert_eq!(bits.take(3), 0b101);
            assert_eq!(bits.restart(), Some(()));
            assert_eq!(bits.take(3), 0b011);
            assert_eq!(bits.restart(), None);
            bits.take(6);
            assert!(bits.has_run_out());
            assert_eq!(bits.restart(), None);
        }
    }
}
