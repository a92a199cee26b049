//! GIFs by hand, with codes that are never packed, so that any code can be written where it should not be.

use super::bits::LowFirst;
use super::{Outcome, Photo};

/// Signature, size, a global palette of four colours, and what follows.
fn file(width: u16, height: u16, blocks: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"GIF89a".to_vec();
    out.extend(width.to_le_bytes());
    out.extend(height.to_le_bytes());
    out.extend([0b1000_0001, 0, 0]);
    out.extend([0, 0, 0, 200, 40, 40, 40, 200, 40, 250, 250, 250]);
    out.extend(blocks.concat());
    out.push(0x3b);
    out
}

/// A frame: its place and size, flags, the size of its smallest codes, and its packed pixels.
fn frame([x, y, width, height]: [u16; 4], flags: u8, code_size: u8, data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x2c];
    for value in [x, y, width, height] {
        out.extend(value.to_le_bytes());
    }
    out.extend([flags, code_size]);
    for piece in data.chunks(255) {
        out.push(piece.len() as u8);
        out.extend(piece);
    }
    out.push(0);
    out
}

/// Codes of three bits for two-bit pixels; the table is cleared (4) before it grows; 5 is the end.
fn codes(count: usize) -> Vec<u8> {
    let mut bits = LowFirst::new();
    for pixel in 0..count {
        if pixel % 2 == 0 {
            bits.push(4, 3);
        }
        bits.push((pixel / 5 % 4) as u32, 3);
    }
    bits.push(5, 3);
    bits.out
}

/// These codes, each of so many bits.
fn raw(values: &[(u32, u32)]) -> Vec<u8> {
    let mut bits = LowFirst::new();
    for (value, count) in values {
        bits.push(*value, *count);
    }
    bits.out
}

const WHOLE: [u16; 4] = [0, 0, 24, 18];

/// A GIF that opens.
pub(super) fn plain() -> Vec<u8> {
    file(24, 18, &[frame(WHOLE, 0, 2, &codes(24 * 18))])
}

#[expect(clippy::too_many_lines, reason = "a list: a line or two a fault")]
pub(super) fn photos(photos: &mut Vec<Photo>) {
    let mut add = |name: &str, bytes: Vec<u8>, outcome| {
        photos.push(Photo::new(&format!("gif-{name}.gif"), bytes, outcome));
    };
    let whole = || frame(WHOLE, 0, 2, &codes(24 * 18));
    add("plain", plain(), Outcome::Opens);
    add("of-1987", [b"GIF87a", &plain()[6..]].concat(), Outcome::Opens);
    add("of-2099", [b"GIF99a", &plain()[6..]].concat(), Outcome::Refused);
    let control = |flags: u8| vec![0x21, 0xf9, 4, flags, 1, 0, 1, 0];
    add("transparent", file(24, 18, &[control(1), whole()]), Outcome::Opens);
    add("disposal-7", file(24, 18, &[control(0x1c), whole()]), Outcome::Opens);
    add("interlaced", file(24, 18, &[frame(WHOLE, 0x40, 2, &codes(24 * 18))]), Outcome::Opens);
    let looped = [&[0x21, 0xff, 11][..], b"NETSCAPE2.0", &[3, 1, 0xff, 0xff, 0]].concat();
    add("animated", file(24, 18, &[looped.clone(), whole(), control(0), whole()]), Outcome::Opens);
    add("bomb-of-frames", file(24, 18, &[looped, whole().repeat(20_000)]), Outcome::Opens);
    add("smaller-frame", file(24, 18, &[frame([5, 4, 8, 6], 0, 2, &codes(48))]), Outcome::Opens);
    add(
        "frame-beyond-canvas",
        file(24, 18, &[frame([20, 15, 24, 18], 0, 2, &codes(24 * 18))]),
        Outcome::Either,
    );
    add(
        "frame-far-away",
        file(24, 18, &[frame([65_000, 65_000, 24, 18], 0, 2, &codes(24 * 18))]),
        Outcome::Either,
    );
    add("frame-of-nothing", file(24, 18, &[frame([0; 4], 0, 2, &codes(0))]), Outcome::Either);
    add(
        "frame-of-four-gigapixels",
        file(24, 18, &[frame([0, 0, 65_535, 65_535], 0, 2, &codes(50))]),
        Outcome::Refused,
    );
    add("canvas-of-nothing", file(0, 0, &[whole()]), Outcome::Refused);
    add("canvas-of-four-gigapixels", file(65_535, 65_535, &[whole()]), Outcome::Refused);
    add("canvas-of-100-megapixels", file(10_000, 10_000, &[whole()]), Outcome::Refused);
    add("canvas-of-60-megapixels", file(7_700, 7_800, &[whole()]), Outcome::Either);
    add(
        "frame-of-60-megapixels",
        file(7_700, 7_800, &[frame([1, 0, 7_699, 7_800], 0, 2, &codes(9))]),
        Outcome::Either,
    );
    add("no-frame", file(24, 18, &[]), Outcome::Refused);
    add(
        "comments-alone",
        file(24, 18, &[[0x21, 0xfe, 5, b'h', b'e', b'l', b'l', b'o', 0].repeat(100_000)]),
        Outcome::Refused,
    );
    add("unknown-block", file(24, 18, &[vec![0x99], whole()]), Outcome::Either);
    add("unknown-extension", file(24, 18, &[vec![0x21, 0x42, 2, 1, 2, 0], whole()]), Outcome::Either);
    add(
        "trailer-missing",
        {
            let mut bytes = plain();
            bytes.pop();
            bytes
        },
        Outcome::Either,
    );
    add("trailer-at-once", file(24, 18, &[vec![0x3b], whole()]), Outcome::Refused);
    for size in [0u8, 1, 8, 11, 12, 13, 64, 255] {
        add(
            &format!("codes-of-{size}-bits"),
            file(24, 18, &[frame(WHOLE, 0, size, &codes(24 * 18))]),
            Outcome::Either,
        );
    }
    // Codes that stand for themselves, for what comes later, or for nothing; a table that never ends.
    for (name, values) in [
        ("code-of-itself", vec![(4, 3), (6, 3), (6, 3), (5, 3)]),
        ("code-of-the-future", vec![(4, 3), (1, 3), (7, 3), (5, 3)]),
        ("code-before-clear", vec![(6, 3), (1, 3), (5, 3)]),
        ("end-before-pixels", vec![(5, 3)]),
        ("clear-and-nothing", vec![(4, 3); 5000]),
    ] {
        add(name, file(24, 18, &[frame(WHOLE, 0, 2, &raw(&values))]), Outcome::Either);
    }
    let growing: Vec<(u32, u32)> = std::iter::once((4, 3))
        .chain((6u32..5000).map(|code| (code.min(4095) - 1, 32 - code.min(4095).leading_zeros())))
        .collect();
    add("table-overflows", file(24, 18, &[frame(WHOLE, 0, 2, &raw(&growing))]), Outcome::Either);
    add("codes-cut", file(24, 18, &[frame(WHOLE, 0, 2, &codes(100))]), Outcome::Either);
    add("codes-for-more", file(24, 18, &[frame(WHOLE, 0, 2, &codes(10_000))]), Outcome::Either);
    add("no-codes", file(24, 18, &[frame(WHOLE, 0, 2, &[])]), Outcome::Either);
    add(
        "block-beyond-the-end",
        {
            let mut bytes = plain();
            let at = bytes.len() - 3;
            bytes[at] = 0xff;
            bytes
        },
        Outcome::Either,
    );
    // Without the global palette, and with one that is shorter than the pixels' numbers.
    let mut bare = plain();
    bare[10] = 0;
    bare.drain(13..25);
    add("palette-missing", bare, Outcome::Either);
    let mut short = plain();
    short[10] = 0b1000_0000;
    short.drain(19..25);
    add("index-beyond-palette", short, Outcome::Either);
    add("frame-palette-beyond-the-end", file(24, 18, &[frame(WHOLE, 0x87, 2, &[])]), Outcome::Either);
    add("header-alone", b"GIF89a".to_vec(), Outcome::Refused);
    add("with-a-script", [b"GIF89a/*".as_slice(), &[1; 30], b"*/=1;alert(1)//"].concat(), Outcome::Refused);
}
