//! PNGs by hand, chunk by chunk, with right checksums, so that decoders get to what is wrong.

use super::bits::{crc32, stored, zeros};
use super::{Outcome, Photo};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

fn chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [&name[..], data].concat();
    [&(data.len() as u32).to_be_bytes()[..], &named, &crc32(&named).to_be_bytes()].concat()
}

/// `IHDR`: size, bits a sample, kind of colour, compression, filter, interlacing.
fn header(width: u32, height: u32, rest: [u8; 5]) -> Vec<u8> {
    chunk(*b"IHDR", &[&width.to_be_bytes()[..], &height.to_be_bytes(), &rest].concat())
}

fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
    [SIGNATURE, &chunks.concat(), &chunk(*b"IEND", &[])].concat()
}

/// Rows of `bytes` bytes, each after a filter byte of 0.
fn rows(height: usize, bytes: usize) -> Vec<u8> {
    (0..height)
        .flat_map(|y| std::iter::once(0).chain((0..bytes).map(move |x| (x * 5 + y * 3) as u8)))
        .collect()
}

fn picture(depth: u8, colour: u8, more: &[Vec<u8>]) -> Vec<u8> {
    let samples = match colour {
        2 => 3,
        4 => 2,
        6 => 4,
        _ => 1,
    };
    let bytes = (24 * samples * usize::from(depth)).div_ceil(8);
    let data = chunk(*b"IDAT", &stored(&rows(18, bytes)));
    file(&[header(24, 18, [depth, colour, 0, 0, 0]), more.concat(), data])
}

/// A bomb: a size, its kind, and bytes a row; all black.
fn bomb(width: u32, height: u32, depth: u8, colour: u8, row: u64) -> Vec<u8> {
    let data = zeros(u64::from(height) * (row + 1));
    file(&[header(width, height, [depth, colour, 0, 0, 0]), chunk(*b"IDAT", &data)])
}

#[expect(clippy::too_many_lines, reason = "a list: a line or two a fault")]
pub(super) fn photos(photos: &mut Vec<Photo>) {
    let mut add = |name: &str, bytes: Vec<u8>, outcome| {
        photos.push(Photo::new(&format!("png-{name}.png"), bytes, outcome));
    };
    for (name, depth, colour) in [
        ("grey-1", 1, 0),
        ("grey-2", 2, 0),
        ("grey-4", 4, 0),
        ("grey-8", 8, 0),
        ("grey-16", 16, 0),
        ("colour-8", 8, 2),
        ("colour-16", 16, 2),
        ("grey-alpha-8", 8, 4),
        ("grey-alpha-16", 16, 4),
        ("colour-alpha-8", 8, 6),
        ("colour-alpha-16", 16, 6),
    ] {
        add(name, picture(depth, colour, &[]), Outcome::Opens);
    }
    let palette =
        |entries: usize| chunk(*b"PLTE", &(0..entries * 3).map(|value| value as u8).collect::<Vec<_>>());
    for depth in [1, 2, 4, 8] {
        add(&format!("palette-{depth}"), picture(depth, 3, &[palette(1 << depth)]), Outcome::Opens);
    }
    add("index-beyond-palette", picture(8, 3, &[palette(3)]), Outcome::Either);
    add("palette-missing", picture(8, 3, &[]), Outcome::Refused);
    add("palette-of-nothing", picture(8, 3, &[palette(0)]), Outcome::Either);
    add("palette-of-257", picture(8, 3, &[palette(257)]), Outcome::Either);
    add("palette-of-four-bytes", picture(8, 3, &[chunk(*b"PLTE", &[1, 2, 3, 4])]), Outcome::Either);
    add("palette-twice", picture(8, 3, &[palette(256), palette(2)]), Outcome::Either);
    add(
        "palette-and-transparency",
        picture(8, 3, &[palette(256), chunk(*b"tRNS", &[0, 128, 255])]),
        Outcome::Opens,
    );
    add(
        "more-transparency-than-colours",
        picture(8, 3, &[palette(2), chunk(*b"tRNS", &[9; 300])]),
        Outcome::Either,
    );
    add("transparency-of-one-byte", picture(8, 2, &[chunk(*b"tRNS", &[1])]), Outcome::Either);
    add("key-colour", picture(16, 2, &[chunk(*b"tRNS", &[0, 1, 0, 2, 0, 3])]), Outcome::Opens);

    // Adam7: seven passes of their own rows.
    let passes: [(usize, usize); 7] = [(3, 3), (3, 3), (6, 2), (6, 5), (12, 4), (12, 9), (24, 9)];
    let interlaced: Vec<u8> = passes.iter().flat_map(|(width, height)| rows(*height, width * 3)).collect();
    let adam = |data: &[u8]| file(&[header(24, 18, [8, 2, 0, 0, 1]), chunk(*b"IDAT", &stored(data))]);
    add("interlaced", adam(&interlaced), Outcome::Opens);
    add("interlaced-cut", adam(&interlaced[..200]), Outcome::Refused);
    add(
        "interlaced-one-pixel",
        file(&[header(1, 1, [8, 0, 0, 0, 1]), chunk(*b"IDAT", &stored(&[0, 9]))]),
        Outcome::Opens,
    );

    // Headers that are none.
    for (name, rest) in [
        ("depth-3", [3, 2, 0, 0, 0]),
        ("depth-0", [0, 2, 0, 0, 0]),
        ("palette-of-16-bits", [16, 3, 0, 0, 0]),
        ("colour-5", [8, 5, 0, 0, 0]),
        ("colour-255", [8, 255, 0, 0, 0]),
        ("compression-1", [8, 2, 1, 0, 0]),
        ("filter-9", [8, 2, 0, 9, 0]),
        ("interlacing-2", [8, 2, 0, 0, 2]),
    ] {
        let data = chunk(*b"IDAT", &stored(&rows(18, 72)));
        add(name, file(&[header(24, 18, rest), data]), Outcome::Refused);
    }
    for (name, width, height) in [
        ("no-width", 0, 18),
        ("no-height", 24, 0),
        ("width-of-31-bits", 0x7fff_ffff, 1),
        ("width-of-32-bits", u32::MAX, 18),
        ("product-overflows", 0x1_0000, 0x1_0000),
        ("all-bits", u32::MAX, u32::MAX),
    ] {
        let data = chunk(*b"IDAT", &stored(&rows(18, 72)));
        add(name, file(&[header(width, height, [8, 2, 0, 0, 0]), data]), Outcome::Refused);
    }
    let data = || chunk(*b"IDAT", &stored(&rows(18, 72)));
    let head = || header(24, 18, [8, 2, 0, 0, 0]);
    add("header-cut", [SIGNATURE, &head()[..20]].concat(), Outcome::Refused);
    add("header-of-12-bytes", file(&[chunk(*b"IHDR", &[0; 12]), data()]), Outcome::Refused);
    add("header-of-100-bytes", file(&[chunk(*b"IHDR", &[1; 100]), data()]), Outcome::Refused);
    add("header-twice", file(&[head(), header(9000, 9000, [8, 2, 0, 0, 0]), data()]), Outcome::Either);
    add("header-late", file(&[data(), head()]), Outcome::Refused);
    add("header-alone", file(&[head()]), Outcome::Refused);
    add("signature-alone", SIGNATURE.to_vec(), Outcome::Refused);

    // Chunks that lie about their length or their place.
    let raw = |length: u32, name: &[u8; 4]| [&length.to_be_bytes()[..], name, &[0; 4]].concat();
    for (name, length) in [
        ("length-minus-one", u32::MAX),
        ("length-of-31-bits", 0x7fff_ffff),
        ("length-of-32-bits", 0x8000_0000),
    ] {
        add(&format!("data-of-{name}"), file(&[head(), raw(length, b"IDAT")]), Outcome::Refused);
        add(
            &format!("unknown-chunk-of-{name}"),
            file(&[head(), raw(length, b"abCd"), data()]),
            Outcome::Either,
        );
        add(&format!("profile-of-{name}"), file(&[head(), raw(length, b"iCCP"), data()]), Outcome::Either);
    }
    add("unknown-critical-chunk", file(&[head(), chunk(*b"ABCD", b"?"), data()]), Outcome::Either);
    add("palette-after-data", file(&[head(), data(), palette(9)]), Outcome::Either);
    add(
        "data-in-single-bytes",
        {
            let pieces: Vec<u8> =
                stored(&rows(18, 72)).iter().flat_map(|byte| chunk(*b"IDAT", &[*byte])).collect();
            file(&[head(), pieces])
        },
        Outcome::Opens,
    );
    add(
        "hundred-thousand-empty-chunks",
        file(&[head(), chunk(*b"IDAT", &[]).repeat(100_000), data()]),
        Outcome::Either,
    );
    add("data-interrupted", file(&[head(), data(), chunk(*b"tEXt", b"a\0b"), data()]), Outcome::Either);
    add("data-short", file(&[head(), chunk(*b"IDAT", &stored(&rows(9, 72)))]), Outcome::Refused);
    add("data-long", file(&[head(), chunk(*b"IDAT", &stored(&rows(90, 72)))]), Outcome::Either);
    add("data-empty", file(&[head(), chunk(*b"IDAT", &[])]), Outcome::Refused);
    add("data-no-zlib", file(&[head(), chunk(*b"IDAT", b"this is no zlib stream at all")]), Outcome::Refused);
    add(
        "filter-type-7",
        {
            let mut rows = rows(18, 72);
            rows[73] = 7;
            file(&[head(), chunk(*b"IDAT", &stored(&rows))])
        },
        Outcome::Refused,
    );
    add(
        "checksum-of-header",
        {
            let mut bytes = picture(8, 2, &[]);
            bytes[29] ^= 1;
            bytes
        },
        Outcome::Refused,
    );
    add(
        "checksum-of-data",
        {
            let mut bytes = picture(8, 2, &[]);
            let at = bytes.len() - 13;
            bytes[at] ^= 1;
            bytes
        },
        Outcome::Either,
    );
    add(
        "checksum-of-zlib",
        {
            let mut data = stored(&rows(18, 72));
            let last = data.len() - 1;
            data[last] ^= 1;
            file(&[head(), chunk(*b"IDAT", &data)])
        },
        Outcome::Either,
    );
    add("end-missing", [SIGNATURE, &head(), &data()].concat(), Outcome::Either);
    add(
        "window-too-large",
        file(&[head(), chunk(*b"IDAT", &[&[0xf8, 0x01][..], &stored(&rows(18, 72))[2..]].concat())]),
        Outcome::Either,
    );

    // Metadata.
    let profile =
        |packed: Vec<u8>| file(&[head(), chunk(*b"iCCP", &[&b"p\0\0"[..], &packed].concat()), data()]);
    add("bomb-of-colour-profile", profile(zeros(1_000_000_000)), Outcome::Either);
    add("colour-profile-no-zlib", profile(b"nonsense".to_vec()), Outcome::Either);
    add(
        "bomb-of-text",
        file(&[head(), chunk(*b"zTXt", &[&b"k\0\0"[..], &zeros(500_000_000)].concat()), data()]),
        Outcome::Either,
    );
    add(
        "bomb-of-international-text",
        file(&[head(), chunk(*b"iTXt", &[&b"k\0\x01\0\0\0"[..], &zeros(500_000_000)].concat()), data()]),
        Outcome::Either,
    );
    add(
        "text-with-a-script",
        picture(8, 2, &[chunk(*b"tEXt", b"Title\0<script>alert(1)</script>")]),
        Outcome::Opens,
    );
    add("text-without-keyword", picture(8, 2, &[chunk(*b"tEXt", b"")]), Outcome::Either);
    add(
        "exif-loop",
        picture(
            8,
            2,
            &[chunk(*b"eXIf", b"II\x2a\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0")],
        ),
        Outcome::Opens,
    );
    add(
        "exif-lying",
        picture(
            8,
            2,
            &[chunk(*b"eXIf", b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0")],
        ),
        Outcome::Opens,
    );
    add(
        "exif-of-eight-megabytes",
        picture(8, 2, &[chunk(*b"eXIf", &[b"II\x2a\0\x08\0\0\0".as_slice(), &vec![0xff; 8 << 20]].concat())]),
        Outcome::Either,
    );
    add("gamma-of-nothing", picture(8, 2, &[chunk(*b"gAMA", &[0; 4])]), Outcome::Opens);
    add("ten-thousand-texts", picture(8, 2, &[chunk(*b"tEXt", b"a\0b").repeat(10_000)]), Outcome::Either);

    // Animation.
    let control = |frames: u32| chunk(*b"acTL", &[frames.to_be_bytes(), [0; 4]].concat());
    let frame = |number: u32, [width, height, x, y]: [u32; 4]| {
        let numbers: Vec<u8> =
            [number, width, height, x, y].iter().flat_map(|value| value.to_be_bytes()).collect();
        chunk(*b"fcTL", &[&numbers[..], &[0, 1, 0, 10, 0, 0]].concat())
    };
    add("animated", file(&[head(), control(1), frame(0, [24, 18, 0, 0]), data()]), Outcome::Opens);
    add(
        "animated-four-billion-times",
        file(&[head(), control(u32::MAX), frame(0, [24, 18, 0, 0]), data()]),
        Outcome::Either,
    );
    add("animated-no-times", file(&[head(), control(0), data()]), Outcome::Either);
    add(
        "frame-beyond-canvas",
        file(&[head(), control(1), frame(0, [24, 18, u32::MAX, u32::MAX]), data()]),
        Outcome::Either,
    );
    add(
        "frame-larger-than-canvas",
        file(&[head(), control(1), frame(0, [60_000, 60_000, 0, 0]), data()]),
        Outcome::Either,
    );

    // Bombs of pixels.
    add("bomb-rgb-118-megapixels", bomb(10_900, 10_900, 8, 2, 32_700), Outcome::Either);
    add("bomb-rgba-118-megapixels", bomb(10_900, 10_900, 8, 6, 43_600), Outcome::Either);
    add("bomb-16-bits-118-megapixels", bomb(10_900, 10_900, 16, 6, 87_200), Outcome::Refused);
    add("bomb-one-bit-118-megapixels", bomb(10_900, 10_900, 1, 0, 1363), Outcome::Either);
    add("bomb-of-rows", bomb(1, 119_000_000, 8, 0, 1), Outcome::Refused);
    add("bomb-of-columns", bomb(119_000_000, 1, 8, 0, 119_000_000), Outcome::Refused);
    add("bomb-of-400-megapixels", bomb(20_000, 20_000, 8, 0, 20_000), Outcome::Refused);
}
