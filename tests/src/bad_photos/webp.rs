//! `WebP` files: a small lossless picture in containers that lie.

use super::{Outcome, Photo};

fn chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let padding = vec![0; data.len() % 2];
    [&name[..], &(data.len() as u32).to_le_bytes(), data, &padding].concat()
}

fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    [b"RIFF".as_slice(), &(body.len() as u32 + 4).to_le_bytes(), b"WEBP", &body].concat()
}

/// The extended header: flags and the canvas.
fn extended(flags: u8, width: u32, height: u32) -> Vec<u8> {
    let side = |value: u32| value.wrapping_sub(1).to_le_bytes()[..3].to_vec();
    chunk(*b"VP8X", &[&[flags, 0, 0, 0][..], &side(width), &side(height)].concat())
}

/// A frame of an animation: its size, and the chunk of its pixels.
fn frame(x: u32, width: u32, height: u32, picture: &[u8]) -> Vec<u8> {
    let three = |value: u32| value.to_le_bytes()[..3].to_vec();
    let head =
        [three(x), three(0), three(width.wrapping_sub(1)), three(height.wrapping_sub(1)), three(10), vec![0]];
    chunk(*b"ANMF", &[&head.concat()[..], picture].concat())
}

/// `plain` is a lossless WebP of one chunk, `width` by `height`; `lossy` another of the other kind.
#[expect(clippy::too_many_lines, reason = "a list: a line or two a fault")]
pub(super) fn photos(photos: &mut Vec<Photo>, plain: &[u8], [width, height]: [u32; 2], lossy: &[u8]) {
    let mut add = |name: &str, bytes: Vec<u8>, outcome| {
        photos.push(Photo::new(&format!("webp-{name}.webp"), bytes, outcome));
    };
    let picture = plain.get(12..).unwrap_or_default().to_vec();
    let data = picture.get(8..).unwrap_or_default().to_vec();
    add("lossless", plain.to_vec(), Outcome::Opens);
    add("lossy", lossy.to_vec(), Outcome::Opens);
    add("extended", file(&[extended(0, width, height), picture.clone()]), Outcome::Opens);
    let exif = |tiff: &[u8]| chunk(*b"EXIF", tiff);
    add(
        "exif-loop",
        file(&[
            extended(8, width, height),
            picture.clone(),
            exif(b"II\x2a\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"),
        ]),
        Outcome::Opens,
    );
    add("exif-empty", file(&[extended(8, width, height), picture.clone(), exif(b"")]), Outcome::Opens);
    add(
        "exif-of-eight-megabytes",
        file(&[extended(8, width, height), picture.clone(), exif(&vec![0xff; 8 << 20])]),
        Outcome::Either,
    );
    add("exif-promised", file(&[extended(8, width, height), picture.clone()]), Outcome::Either);
    add("profile-promised", file(&[extended(0x20, width, height), picture.clone()]), Outcome::Either);
    add(
        "profile-of-nonsense",
        file(&[extended(0x20, width, height), chunk(*b"ICCP", &vec![7; 3 << 20]), picture.clone()]),
        Outcome::Either,
    );
    let lying = |name: &[u8; 4], length: u32| [&name[..], &length.to_le_bytes(), &[0; 8]].concat();
    for (label, length) in
        [("four-gigabytes", u32::MAX), ("two-gigabytes", 0x7fff_ffff), ("a-gigabyte", 1 << 30)]
    {
        add(
            &format!("exif-of-{label}"),
            file(&[extended(8, width, height), picture.clone(), lying(b"EXIF", length)]),
            Outcome::Refused,
        );
        add(
            &format!("profile-of-{label}"),
            file(&[extended(0x20, width, height), lying(b"ICCP", length), picture.clone()]),
            Outcome::Refused,
        );
        add(&format!("pixels-of-{label}"), file(&[lying(b"VP8L", length)]), Outcome::Refused);
    }
    for (name, canvas) in [
        ("canvas-of-sixteen-megapixels-a-side", [1 << 24; 2]),
        ("canvas-of-280-megapixels", [16_800, 16_800]),
    ] {
        add(name, file(&[extended(0, canvas[0], canvas[1]), picture.clone()]), Outcome::Refused);
    }
    add(
        "canvas-too-large",
        file(&[extended(0, width + 900, height + 900), picture.clone()]),
        Outcome::Either,
    );
    add("canvas-too-small", file(&[extended(0, 2, 2), picture.clone()]), Outcome::Either);
    add("canvas-of-100-megapixels", file(&[extended(0, 10_000, 10_000), picture.clone()]), Outcome::Refused);
    let control = chunk(*b"ANIM", &[0; 6]);
    let whole = frame(0, width, height, &picture);
    add(
        "animated",
        file(&[extended(2, width, height), control.clone(), whole.clone(), whole.clone()]),
        Outcome::Opens,
    );
    add(
        "bomb-of-frames",
        file(&[extended(2, width, height), control.clone(), whole.repeat(300)]),
        Outcome::Opens,
    );
    add("animated-without-frames", file(&[extended(2, width, height), control.clone()]), Outcome::Refused);
    add("animated-without-control", file(&[extended(2, width, height), whole.clone()]), Outcome::Refused);
    add(
        "frame-beyond-canvas",
        file(&[extended(2, width, height), control.clone(), frame(500, width, height, &picture)]),
        Outcome::Either,
    );
    add(
        "frame-larger-than-its-pixels",
        file(&[extended(2, width, height), control.clone(), frame(0, 16_000, 16_000, &picture)]),
        Outcome::Either,
    );
    add(
        "frame-of-nothing",
        file(&[extended(2, width, height), control.clone(), frame(0, width, height, &[])]),
        Outcome::Either,
    );
    add("frames-of-canvas-49-megapixels", file(&[extended(2, 7000, 7000), control, whole]), Outcome::Either);
    // The header of a lossless picture: a signature, 14 bits a side, alpha, version.
    let lossless =
        |head: u32, rest: &[u8]| file(&[chunk(*b"VP8L", &[&[0x2f][..], &head.to_le_bytes(), rest].concat())]);
    let rest = data.get(5..).unwrap_or_default();
    add("lossless-of-268-megapixels", lossless(0x0fff_ffff, rest), Outcome::Refused);
    add("lossless-of-40-megapixels", lossless(0x189b | 0x189b << 14, rest), Outcome::Either);
    add("lossless-of-version-7", lossless(0xe000_0000, rest), Outcome::Refused);
    add("lossless-of-ones", lossless(0x63 | 0x63 << 14, &[0xff; 400]), Outcome::Either);
    add("lossless-of-zeros", lossless(0x63 | 0x63 << 14, &[0; 400]), Outcome::Either);
    add("lossless-without-pixels", lossless(0x63 | 0x63 << 14, &[]), Outcome::Refused);
    add("lossless-without-signature", file(&[chunk(*b"VP8L", &data[1..])]), Outcome::Refused);
    // Huffman tables as in CVE-2023-4863: lengths that ask for more room than a table has.
    for seed in 0..8 {
        let mut random = super::bits::Random::new(4863 + seed);
        let noise: Vec<u8> = (0..900).map(|_| random.bits() as u8).collect();
        add(&format!("lossless-of-noise-{seed}"), lossless(0xff | 0xff << 14, &noise), Outcome::Either);
    }
    add(
        "both-kinds",
        file(&[extended(0, width, height), picture.clone(), lossy.get(12..).unwrap_or_default().to_vec()]),
        Outcome::Either,
    );
    add("no-chunks", file(&[]), Outcome::Refused);
    add(
        "unknown-chunks",
        file(&[extended(0, width, height), chunk(*b"ABCD", &[1; 33]).repeat(9000), picture.clone()]),
        Outcome::Either,
    );
    add(
        "riff-of-four-gigabytes",
        [b"RIFF".as_slice(), &[0xff; 4], b"WEBP", &picture].concat(),
        Outcome::Refused,
    );
    add("riff-of-nothing", [b"RIFF".as_slice(), &[0; 4], b"WEBP", &picture].concat(), Outcome::Either);
    add(
        "riff-of-sound",
        [b"RIFF".as_slice(), &[36, 0, 0, 0], b"WAVEfmt ", &[0; 40]].concat(),
        Outcome::Refused,
    );
}
