//! BMPs by hand: a header that can say anything, and rows.

use super::{Outcome, Photo};

#[derive(Clone)]
struct Bmp {
    header: u32,
    width: i32,
    height: i32,
    planes: u16,
    bits: u16,
    compression: u32,
    colours: u32,
    /// Where the pixels are said to lie; where they do, when it is 0.
    offset: u32,
    palette: Vec<u8>,
    pixels: Vec<u8>,
}

impl Default for Bmp {
    fn default() -> Self {
        Self {
            header: 40,
            width: 24,
            height: 18,
            planes: 1,
            bits: 24,
            compression: 0,
            colours: 0,
            offset: 0,
            palette: Vec::new(),
            pixels: (0..24 * 18 * 4).map(|value| (value * 3) as u8).collect(),
        }
    }
}

impl Bmp {
    fn bytes(&self) -> Vec<u8> {
        let mut info = self.header.to_le_bytes().to_vec();
        info.extend(self.width.to_le_bytes());
        info.extend(self.height.to_le_bytes());
        info.extend(self.planes.to_le_bytes());
        info.extend(self.bits.to_le_bytes());
        info.extend(self.compression.to_le_bytes());
        info.extend([0; 12]);
        info.extend(self.colours.to_le_bytes());
        info.extend([0; 4]);
        info.resize((self.header as usize).clamp(40, 200), 0);
        let start = 14 + info.len() + self.palette.len();
        let mut out = b"BM".to_vec();
        out.extend(((start + self.pixels.len()) as u32).to_le_bytes());
        out.extend([0; 4]);
        out.extend(if self.offset == 0 { start as u32 } else { self.offset }.to_le_bytes());
        [out, info, self.palette.clone(), self.pixels.clone()].concat()
    }
}

pub(super) fn photos(photos: &mut Vec<Photo>) {
    let mut add = |name: &str, bmp: Bmp, outcome| {
        photos.push(Photo::new(&format!("bmp-{name}.bmp"), bmp.bytes(), outcome));
    };
    let base = Bmp::default();
    let palette = |entries: usize| (0..entries * 4).map(|value| value as u8).collect::<Vec<u8>>();
    add("24-bits", base.clone(), Outcome::Opens);
    add("32-bits", Bmp { bits: 32, ..base.clone() }, Outcome::Opens);
    add("16-bits", Bmp { bits: 16, ..base.clone() }, Outcome::Opens);
    for (bits, entries) in [(1, 2), (4, 16), (8, 256)] {
        add(
            &format!("palette-{bits}"),
            Bmp { bits, palette: palette(entries), ..base.clone() },
            Outcome::Opens,
        );
    }
    add("top-first", Bmp { height: -18, ..base.clone() }, Outcome::Opens);
    add(
        "index-beyond-palette",
        Bmp { bits: 8, colours: 3, palette: palette(3), ..base.clone() },
        Outcome::Either,
    );
    add("palette-of-nothing", Bmp { bits: 8, colours: 0, ..base.clone() }, Outcome::Either);
    add(
        "palette-of-four-billion",
        Bmp { bits: 8, colours: u32::MAX, palette: palette(256), ..base.clone() },
        Outcome::Either,
    );
    for (name, width, height) in [
        ("no-width", 0, 18),
        ("no-height", 24, 0),
        ("negative-width", -24, 18),
        ("height-minus-two-billion", 24, i32::MIN),
        ("two-billion-wide", i32::MAX, 1),
        ("two-billion-high", 1, i32::MAX),
        ("four-quintillion", i32::MAX, i32::MAX),
        ("bomb-of-400-megapixels", 20_000, 20_000),
    ] {
        add(name, Bmp { width, height, ..base.clone() }, Outcome::Refused);
    }
    add("claims-100-megapixels", Bmp { width: 10_000, height: 10_000, ..base.clone() }, Outcome::Refused);
    for bits in [0, 2, 3, 7, 48, 64, 255] {
        add(&format!("{bits}-bits"), Bmp { bits, ..base.clone() }, Outcome::Either);
    }
    for header in [0, 12, 16, 39, 52, 56, 108, 124, 1_000_000, u32::MAX] {
        add(&format!("header-of-{header}"), Bmp { header, ..base.clone() }, Outcome::Either);
    }
    for compression in [1, 2, 3, 4, 5, 6, 11, 99, u32::MAX] {
        add(&format!("compression-{compression}"), Bmp { compression, ..base.clone() }, Outcome::Either);
    }
    add("offset-beyond-the-end", Bmp { offset: 0xffff_fff0, ..base.clone() }, Outcome::Refused);
    add("offset-in-the-header", Bmp { offset: 3, ..base.clone() }, Outcome::Either);
    add("planes-0", Bmp { planes: 0, ..base.clone() }, Outcome::Either);
    add("rows-cut", Bmp { pixels: vec![9; 300], ..base.clone() }, Outcome::Refused);
    add("no-rows", Bmp { pixels: Vec::new(), ..base.clone() }, Outcome::Refused);
    // Run lengths: of one colour, of copied pixels, and commands: end of line (0 0), of picture (0 1), a jump (0 2 dx dy).
    let runs = |bits, pixels: Vec<u8>| Bmp {
        bits,
        compression: if bits == 8 { 1 } else { 2 },
        palette: palette(1 << bits),
        pixels,
        ..base.clone()
    };
    for bits in [4, 8] {
        let full: Vec<u8> = (0..18).flat_map(|row| [24, row, 0, 0]).chain([0, 1]).collect();
        add(&format!("runs-{bits}"), runs(bits, full), Outcome::Opens);
        add(&format!("runs-{bits}-over-the-edge"), runs(bits, [255, 7].repeat(500)), Outcome::Either);
        add(&format!("runs-{bits}-of-lines-for-ever"), runs(bits, [0, 0].repeat(50_000)), Outcome::Either);
        add(&format!("runs-{bits}-jump-away"), runs(bits, [0, 2, 255, 255].repeat(1000)), Outcome::Either);
        add(&format!("runs-{bits}-copy-beyond-the-end"), runs(bits, vec![0, 255, 1, 2]), Outcome::Either);
        add(&format!("runs-{bits}-of-nothing"), runs(bits, vec![]), Outcome::Either);
        let bomb = Bmp { width: 10_000, height: 10_000, ..runs(bits, [0, 2, 255, 255].repeat(40)) };
        add(&format!("runs-{bits}-bomb"), bomb, Outcome::Either);
        add(
            &format!("runs-{bits}-top-first"),
            Bmp { height: -18, ..runs(bits, vec![0, 1]) },
            Outcome::Either,
        );
    }
    // Masks of the channels that overlap, have holes, or are nothing.
    for (name, masks) in [
        ("565", [0xf800u32, 0x07e0, 0x001f]),
        ("nothing", [0, 0, 0]),
        ("everything", [u32::MAX; 3]),
        ("with-holes", [0xa5a5_a5a5, 0x5a5a_5a5a, 0x0ff0_0ff0]),
        ("overlapping", [0xffff, 0xff00, 0x00ff]),
    ] {
        for bits in [16, 32] {
            let palette = masks.iter().flat_map(|mask| mask.to_le_bytes()).collect();
            let bmp = Bmp { bits, compression: 3, palette, ..base.clone() };
            add(&format!("masks-{name}-{bits}"), bmp, Outcome::Either);
        }
    }
}
