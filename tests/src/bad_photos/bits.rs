//! What the writers of bad files share: bits, checksums, and a packer that knows stored and repeated bytes only.

/// CRC-32 as in PNG.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    };
    !bytes.iter().fold(!0, step)
}

/// A zlib stream that stores `bytes` as they are.
#[must_use]
pub fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut pieces = bytes.chunks(65535).peekable();
    while let Some(piece) = pieces.next() {
        let length = piece.len() as u16;
        out.push(u8::from(pieces.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(piece);
    }
    let (a, b) = bytes.iter().fold((1u32, 0u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65521;
        (a, (a + b) % 65521)
    });
    out.extend((b << 16 | a).to_be_bytes());
    out
}

/// A zlib stream of at least `count` zeros, in a hundred and fiftieth of the room.
#[must_use]
pub fn zeros(count: u64) -> Vec<u8> {
    let mut bits = LowFirst { out: vec![0x78, 0x01], bit: 0 };
    // The last block, of fixed codes; codes come with their highest bit first.
    bits.push(1, 1);
    bits.push(1, 2);
    bits.push_code(0b0011_0000, 8);
    let runs = count.saturating_sub(1).div_ceil(258);
    for _ in 0..runs {
        bits.push_code(0b1100_0101, 8);
        bits.push_code(0, 5);
    }
    bits.push_code(0, 7);
    let mut out = bits.out;
    // a = 1, and b counts up by one a byte.
    let b = ((1 + runs * 258) % 65521) as u32;
    out.extend((b << 16 | 1).to_be_bytes());
    out
}

/// Bits into bytes, from the lowest, as deflate and GIF have them.
pub struct LowFirst {
    /// What is there so far.
    pub out: Vec<u8>,
    bit: u32,
}

impl LowFirst {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { out: Vec::new(), bit: 0 }
    }

    /// The lowest `count` bits of `value`, lowest first.
    pub fn push(&mut self, value: u32, count: u32) {
        for at in 0..count {
            if self.bit == 0 {
                self.out.push(0);
            }
            if let Some(last) = self.out.last_mut() {
                *last |= ((value >> at & 1) as u8) << self.bit;
            }
            self.bit = (self.bit + 1) % 8;
        }
    }

    fn push_code(&mut self, code: u32, count: u32) {
        self.push(code.reverse_bits() >> (32 - count), count);
    }
}

impl Default for LowFirst {
    fn default() -> Self {
        Self::new()
    }
}

/// Bits into bytes, from the highest, with a zero after each 0xff, as JPEG has them.
#[derive(Default)]
pub struct HighFirst {
    out: Vec<u8>,
    held: u32,
    count: u32,
}

impl HighFirst {
    /// The lowest `count` bits of `value`, highest first.
    pub fn push(&mut self, value: u32, count: u32) {
        for at in (0..count).rev() {
            self.held = self.held << 1 | (value >> at & 1);
            self.count += 1;
            if self.count == 8 {
                self.out.push(self.held as u8);
                if self.held == 0xff {
                    self.out.push(0);
                }
                (self.held, self.count) = (0, 0);
            }
        }
    }

    /// Everything, filled up with ones.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        while self.count != 0 {
            self.push(1, 1);
        }
        self.out
    }
}

/// A small generator of random numbers: the same seed, the same photos.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Starts at `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits (Steele et al. 2014).
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.bits() % bound.max(1) as u64) as usize
    }
}
