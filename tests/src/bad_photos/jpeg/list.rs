//! What can be wrong with a JPEG.

use super::super::{Outcome, Photo};
use super::{Jpeg, segment};

/// An EXIF segment with this TIFF data.
fn exif(tiff: &[u8]) -> Vec<u8> {
    segment(0xe1, &[b"Exif\0\0".as_slice(), tiff].concat())
}

/// A TIFF header (little-endian) whose first directory, at 8, has these entries of tag, type, count and value.
fn directory(entries: &[(u16, u16, u32, u32)], next: u32) -> Vec<u8> {
    let mut tiff = b"II\x2a\0\x08\0\0\0".to_vec();
    tiff.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        tiff.extend(tag.to_le_bytes());
        tiff.extend(kind.to_le_bytes());
        tiff.extend(count.to_le_bytes());
        tiff.extend(value.to_le_bytes());
    }
    tiff.extend(next.to_le_bytes());
    tiff
}

fn insert(bytes: &[u8], at: usize, what: &[u8]) -> Vec<u8> {
    [&bytes[..at], what, &bytes[at..]].concat()
}

/// A copy in which the first `from` is `to`.
fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap_or_default();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

/// Every JPEG that is no good, or hardly.
#[expect(clippy::too_many_lines, reason = "a list: a line or two a fault")]
pub(in crate::bad_photos) fn photos(photos: &mut Vec<Photo>) {
    let base = Jpeg::default();
    let mut add = |name: &str, bytes: Vec<u8>, outcome| {
        photos.push(Photo::new(&format!("jpeg-{name}.jpg"), bytes, outcome));
    };
    let opens: [(&str, Jpeg); 14] = [
        ("plain", base.clone()),
        ("grey", Jpeg { sampling: vec![(1, 1)], ..base.clone() }),
        ("grey-sampled-twice", Jpeg { sampling: vec![(2, 2)], ..base.clone() }),
        ("420", Jpeg { sampling: vec![(2, 2), (1, 1), (1, 1)], ..base.clone() }),
        ("422", Jpeg { sampling: vec![(2, 1), (1, 1), (1, 1)], ..base.clone() }),
        ("440", Jpeg { sampling: vec![(1, 2), (1, 1), (1, 1)], ..base.clone() }),
        ("cmyk", Jpeg { sampling: vec![(1, 1); 4], adobe: Some(0), ..base.clone() }),
        ("ycck", Jpeg { sampling: vec![(1, 1); 4], adobe: Some(2), ..base.clone() }),
        ("stored-as-rgb", Jpeg { adobe: Some(0), ..base.clone() }),
        ("progressive", Jpeg { frame: 0xc2, more_scans: 3, ..base.clone() }),
        ("extended", Jpeg { frame: 0xc1, ..base.clone() }),
        ("three-scans", Jpeg { is_interleaved: false, ..base.clone() }),
        ("restarts", Jpeg { restart: Some((4, 4)), ..base.clone() }),
        ("one-pixel", Jpeg { width: 1, height: 1, ..base.clone() }),
    ];
    for (name, jpeg) in opens {
        add(name, jpeg.bytes(), Outcome::Opens);
    }
    let either: [(&str, Jpeg); 15] = [
        ("two-components", Jpeg { sampling: vec![(1, 1); 2], ..base.clone() }),
        ("five-components", Jpeg { sampling: vec![(1, 1); 5], ..base.clone() }),
        ("no-components", Jpeg { sampling: vec![], ..base.clone() }),
        ("411", Jpeg { sampling: vec![(4, 1), (1, 1), (1, 1)], ..base.clone() }),
        ("sampled-by-three", Jpeg { sampling: vec![(3, 1), (1, 1), (1, 1)], ..base.clone() }),
        ("colour-finer-than-light", Jpeg { sampling: vec![(1, 1), (2, 2), (2, 2)], ..base.clone() }),
        ("sampled-by-fifteen", Jpeg { sampling: vec![(15, 15), (1, 1), (1, 1)], ..base.clone() }),
        (
            "sampled-by-nothing",
            Jpeg { sampling: vec![(0, 0), (1, 1), (1, 1)], has_pixels: false, ..base.clone() },
        ),
        ("restarts-missing", Jpeg { restart: Some((4, usize::MAX)), ..base.clone() }),
        ("restarts-unasked", Jpeg { restart: Some((0, 3)), ..base.clone() }),
        ("restart-interval-off", Jpeg { restart: Some((7, 4)), ..base.clone() }),
        ("cmyk-without-adobe", Jpeg { sampling: vec![(1, 1); 4], ..base.clone() }),
        ("adobe-transform-255", Jpeg { adobe: Some(255), ..base.clone() }),
        ("progressive-in-three-scans", Jpeg { frame: 0xc2, is_interleaved: false, ..base.clone() }),
        ("no-pixels", Jpeg { has_pixels: false, ..base.clone() }),
    ];
    for (name, jpeg) in either {
        add(name, jpeg.bytes(), Outcome::Either);
    }
    let refused: [(&str, Jpeg); 12] = [
        ("arithmetic", Jpeg { frame: 0xc9, ..base.clone() }),
        ("lossless", Jpeg { frame: 0xc3, ..base.clone() }),
        ("hierarchical", Jpeg { frame: 0xc5, ..base.clone() }),
        ("twelve-bits", Jpeg { frame: 0xc1, precision: 12, ..base.clone() }),
        ("no-bits", Jpeg { precision: 0, ..base.clone() }),
        ("no-width", Jpeg { claims: Some((0, 48)), ..base.clone() }),
        ("no-height", Jpeg { claims: Some((64, 0)), ..base.clone() }),
        ("bomb-of-pixels", Jpeg { claims: Some((65535, 65535)), ..base.clone() }),
        (
            "bomb-progressive",
            Jpeg { frame: 0xc2, claims: Some((10_900, 10_900)), has_pixels: false, ..base.clone() },
        ),
        (
            "bomb-progressive-sampled",
            Jpeg {
                frame: 0xc2,
                claims: Some((6000, 6000)),
                sampling: vec![(4, 4); 3],
                is_interleaved: false,
                has_pixels: false,
                ..base.clone()
            },
        ),
        (
            "bomb-in-three-scans",
            Jpeg { claims: Some((10_900, 10_900)), is_interleaved: false, has_pixels: false, ..base.clone() },
        ),
        (
            "bomb-of-cmyk",
            Jpeg {
                claims: Some((30_000, 30_000)),
                sampling: vec![(1, 1); 4],
                adobe: Some(0),
                has_pixels: false,
                ..base.clone()
            },
        ),
    ];
    for (name, jpeg) in refused {
        add(name, jpeg.bytes(), Outcome::Refused);
    }
    // Within the limits, but with nothing behind the claim.
    let claims = |width, height| Some((width, height));
    add(
        "claims-more-than-it-has",
        Jpeg { claims: claims(4000, 3000), ..base.clone() }.bytes(),
        Outcome::Either,
    );
    add(
        "claims-109-megapixels",
        Jpeg { claims: claims(10_400, 10_400), ..base.clone() }.bytes(),
        Outcome::Either,
    );
    let grey = Jpeg { claims: claims(10_900, 10_900), sampling: vec![(1, 1)], ..base.clone() };
    add("claims-119-grey-megapixels", grey.bytes(), Outcome::Either);
    add("wide-and-flat", Jpeg { width: 65_000, height: 1, ..base.clone() }.bytes(), Outcome::Either);
    add("high-and-narrow", Jpeg { width: 1, height: 65_000, ..base.clone() }.bytes(), Outcome::Either);
    let many = Jpeg { frame: 0xc2, more_scans: 90, width: 1600, height: 1200, ..base.clone() };
    add("ninety-scans", many.bytes(), Outcome::Either);
    let bomb = Jpeg { frame: 0xc2, more_scans: 50_000, width: 2000, height: 1500, ..base.clone() };
    add("bomb-of-scans", bomb.bytes(), Outcome::Either);

    let plain = base.bytes();
    // A picture lying on its side, and EXIF that leads nowhere, everywhere, or round and round.
    let orientation = |kind, count, value| Jpeg {
        before: exif(&directory(&[(0x112, kind, count, value)], 0)),
        ..base.clone()
    };
    add("orientation-8", orientation(3, 1, 8).bytes(), Outcome::Opens);
    add("orientation-0", orientation(3, 1, 0).bytes(), Outcome::Opens);
    add("orientation-9", orientation(3, 1, 9).bytes(), Outcome::Opens);
    add("orientation-65535", orientation(3, 1, 65_535).bytes(), Outcome::Opens);
    add("orientation-as-text", orientation(2, 1, 6).bytes(), Outcome::Opens);
    add("orientation-of-unknown-type", orientation(77, 1, 6).bytes(), Outcome::Opens);
    add("orientation-four-billion-times", orientation(3, u32::MAX, 6).bytes(), Outcome::Opens);
    let with_exif = |tiff: Vec<u8>| Jpeg { before: exif(&tiff), ..base.clone() }.bytes();
    add("exif-loop", with_exif(directory(&[(0x8769, 4, 1, 8)], 8)), Outcome::Opens);
    let mut deep = directory(&[(0x8769, 4, 1, 26)], 0);
    for level in 1..3000u32 {
        let next = 26 + level * 18;
        deep.extend(1u16.to_le_bytes());
        deep.extend([0x69, 0x87, 4, 0, 1, 0, 0, 0]);
        deep.extend(next.to_le_bytes());
        deep.extend([0; 4]);
    }
    add("exif-deep", with_exif(deep), Outcome::Opens);
    let mut endless = directory(&[], 0);
    endless[8..10].fill(0xff);
    add("exif-65535-entries", with_exif(endless), Outcome::Opens);
    add("exif-beyond-the-end", with_exif(b"II\x2a\0\xff\xff\xff\xff".to_vec()), Outcome::Opens);
    add("exif-inside-its-header", with_exif(b"II\x2a\0\0\0\0\0".to_vec()), Outcome::Opens);
    add("exif-empty", with_exif(Vec::new()), Outcome::Opens);
    add("exif-of-no-order", with_exif(b"XX\x2a\0\x08\0\0\0\0\0".to_vec()), Outcome::Opens);
    let flood: Vec<u8> = (0..250).flat_map(|_| exif(&vec![0; 65_000])).collect();
    add("bomb-of-exif", Jpeg { before: flood, ..base.clone() }.bytes(), Outcome::Either);
    let profile: Vec<u8> = (1..=255u8)
        .flat_map(|part| {
            segment(0xe2, &[b"ICC_PROFILE\0".as_slice(), &[part, 255], &vec![0; 65_000]].concat())
        })
        .collect();
    add("bomb-of-colour-profile", Jpeg { before: profile, ..base.clone() }.bytes(), Outcome::Opens);
    let odd = [(0, 0), (255, 1), (1, 255)]
        .map(|(part, of)| segment(0xe2, &[b"ICC_PROFILE\0".as_slice(), &[part, of]].concat()));
    add("colour-profile-in-odd-parts", Jpeg { before: odd.concat(), ..base.clone() }.bytes(), Outcome::Opens);
    let xmp = segment(
        0xe1,
        &[b"http://ns.adobe.com/xmp/extension/\0".as_slice(), &[b'0'; 32], &[0xff; 8]].concat(),
    );
    add("xmp-of-four-gigabytes", Jpeg { before: xmp, ..base.clone() }.bytes(), Outcome::Either);
    let comments: Vec<u8> = (0..20_000).flat_map(|_| segment(0xfe, b"hello")).collect();
    add("twenty-thousand-comments", Jpeg { before: comments, ..base.clone() }.bytes(), Outcome::Opens);
    add("a-million-fill-bytes", insert(&plain, 2, &vec![0xff; 1_000_000]), Outcome::Either);
    let script = segment(0xfe, b"<script>alert(1)</script><?php system($_GET[0]); ?>");
    add("with-a-script-in-a-comment", Jpeg { before: script, ..base.clone() }.bytes(), Outcome::Opens);

    // Tables and segments that are none.
    add(
        "no-quantisation",
        replace(&plain, &segment(0xdb, &[&[0][..], &[8; 64]].concat()), &[]),
        Outcome::Either,
    );
    add("quantisation-of-zeros", replace(&plain, &[8; 64], &[0; 64]), Outcome::Either);
    add(
        "quantisation-number-15",
        replace(&plain, &[0xff, 0xdb, 0, 67, 0], &[0xff, 0xdb, 0, 67, 15]),
        Outcome::Either,
    );
    add(
        "codes-of-class-15",
        replace(&plain, &[0xff, 0xc4, 0, 31, 0], &[0xff, 0xc4, 0, 31, 0xff]),
        Outcome::Either,
    );
    add(
        "more-codes-than-there-are",
        replace(&plain, &[0xff, 0xc4, 0, 31, 0, 0, 0, 0, 12], &[0xff, 0xc4, 0, 31, 0, 3, 9, 0, 0]),
        Outcome::Either,
    );
    add(
        "codes-beyond-their-segment",
        replace(&plain, &[0xff, 0xc4, 0, 31, 0, 0, 0, 0, 12], &[0xff, 0xc4, 0, 31, 0, 0, 0, 0, 255]),
        Outcome::Either,
    );
    add("code-for-a-bit-too-many", replace(&plain, &[9, 10, 11], &[9, 10, 200]), Outcome::Either);
    let frame = segment(0xc0, &[8, 0, 48, 0, 64, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
    add("no-frame", replace(&plain, &frame, &[]), Outcome::Refused);
    let large = segment(0xc0, &[8, 0x20, 0, 0x20, 0, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
    add("two-frames", replace(&plain, &frame, &[frame.clone(), large.clone()].concat()), Outcome::Either);
    add("a-frame-after-the-scan", insert(&plain, plain.len() - 2, &large), Outcome::Either);
    add(
        "components-of-one-name",
        replace(&plain, &[1, 0x11, 0, 2, 0x11], &[1, 0x11, 0, 1, 0x11]),
        Outcome::Either,
    );
    let scan = [0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0];
    add(
        "scan-of-a-stranger",
        replace(&plain, &scan, &[0xff, 0xda, 0, 12, 3, 1, 0, 9, 0, 3, 0]),
        Outcome::Either,
    );
    add(
        "scan-of-nothing",
        replace(&plain, &scan, &[0xff, 0xda, 0, 12, 0, 1, 0, 2, 0, 3, 0]),
        Outcome::Either,
    );
    add("scan-of-255", replace(&plain, &scan, &[0xff, 0xda, 0, 12, 255, 1, 0, 2, 0, 3, 0]), Outcome::Either);
    add(
        "scan-of-missing-codes",
        replace(&plain, &scan, &[0xff, 0xda, 0, 12, 3, 1, 0x33, 2, 0x33, 3, 0x33]),
        Outcome::Either,
    );
    for length in [0u8, 1] {
        add(
            &format!("segment-of-length-{length}"),
            insert(&plain, 2, &[0xff, 0xe0, 0, length]),
            Outcome::Either,
        );
    }
    add("segment-beyond-the-end", insert(&plain, 2, &[0xff, 0xe0, 0xff, 0xff]), Outcome::Refused);
    add("two-starts", insert(&plain, 2, &[0xff, 0xd8]), Outcome::Either);
    add("end-at-once", vec![0xff, 0xd8, 0xff, 0xd9], Outcome::Refused);
    add("start-alone", vec![0xff, 0xd8, 0xff], Outcome::Refused);
    add("end-missing", plain[..plain.len() - 2].to_vec(), Outcome::Refused);
    add("trailing-film", [&plain[..], b"\0\0\0\x18ftypmp42", &[7; 4000]].concat(), Outcome::Opens);
    add("trailing-archive", [&plain[..], b"PK\x03\x04", &[0; 300]].concat(), Outcome::Opens);
    add("behind-a-pdf", [b"%PDF-1.7\n".as_slice(), &plain].concat(), Outcome::Refused);
}
