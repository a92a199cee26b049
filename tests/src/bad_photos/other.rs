//! What is no photo, whatever it is called, and photos that are called something else.

use super::{Outcome, Photo, bits::Random};

pub(super) fn photos(photos: &mut Vec<Photo>, jpeg: &[u8], png: &[u8], gif: &[u8]) {
    let mut add = |name: &str, bytes: &[u8], outcome| photos.push(Photo::new(name, bytes.to_vec(), outcome));
    let refused: [(&str, &[u8]); 28] = [
        ("empty.jpg", b""),
        ("one-byte.jpg", b"\xff"),
        ("one-zero.png", b"\0"),
        ("zeros.jpg", &[0; 4096]),
        ("ones.jpg", &[0xff; 4096]),
        ("letter.jpg", b"Dear Sir or Madam,\n\nplease find my shirt attached.\n"),
        ("page.jpg", b"<!doctype html><title>404</title><script>alert(1)</script>"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><rect width='9' height='9'/></svg>"),
        ("entities.svg", b"<!DOCTYPE s [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><svg xmlns='http://www.w3.org/2000/svg'>&b;</svg>"),
        ("table.csv", b"image_path,category\na.jpg,hat\n"),
        ("paper.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"),
        ("archive.jpg", b"PK\x03\x04\x14\0\0\0\x08\0"),
        ("program.jpg", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"),
        ("program.png", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0"),
        ("packed.jpg", b"\x1f\x8b\x08\0\0\0\0\0\0\x03"),
        ("icon.ico", b"\0\0\x01\0\x01\0\xff\xff\0\0\x01\0\x20\0\xff\xff\xff\x7f\x16\0\0\0"),
        ("scan.tif", b"II\x2a\0\x08\0\0\0\x01\0\0\x01\x04\0\x01\0\0\0\xff\xff\xff\xff\x08\0\0\0"),
        ("scan-that-loops.tif", b"MM\0\x2a\0\0\0\x08\0\0\0\0\0\x08"),
        ("layers.psd", b"8BPS\0\x01\0\0\0\0\0\0\0\x03\0\0\xff\xff\0\0\xff\xff\0\x08\0\x03"),
        ("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\xff\xff\xff\xffmeta"),
        ("phone.avif", b"\0\0\0\x18ftypavif\0\0\0\0mif1avif\0\0\0\0meta"),
        ("film.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"),
        ("new.jxl", b"\xff\x0a\xff\xff\xff\xff"),
        ("grey.pgm", b"P5 4000000000 4000000000 255\n"),
        ("light.hdr", b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 99999 +X 99999\n"),
        ("deep.exr", b"\x76\x2f\x31\x01\x02\0\0\0channels\0"),
        ("texture.dds", b"DDS \x7c\0\0\0\x07\x10\x0a\0\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("fast.qoi", b"qoif\xff\xff\xff\xff\xff\xff\xff\xff\x04\0"),
    ];
    for (name, bytes) in refused {
        add(name, bytes, Outcome::Refused);
    }
    add("jpeg-called.png", jpeg, Outcome::Opens);
    add("png-called.jpg", png, Outcome::Opens);
    add("gif-called.webp", gif, Outcome::Opens);
    add("jpeg-called-nothing", jpeg, Outcome::Opens);
    add("name-with-a-<script>&quot;.jpg", jpeg, Outcome::Opens);
    add("png-and-archive.png", &[png, b"PK\x03\x04", &[0; 200]].concat(), Outcome::Opens);
    add("png-and-page.png", &[png, b"<html><script>alert(1)</script>"].concat(), Outcome::Opens);
    add("gif-and-jpeg.gif", &[gif, jpeg].concat(), Outcome::Either);
    add("jpeg-and-png.jpg", &[jpeg, png].concat(), Outcome::Opens);
    add("jpeg-twice.jpg", &[jpeg, jpeg].concat(), Outcome::Opens);
    add("jpeg-head-of-png.jpg", &[&jpeg[..20], png].concat(), Outcome::Either);
    add("png-head-of-jpeg.png", &[&png[..16], jpeg].concat(), Outcome::Either);
    for (number, signature) in [
        &b"\xff\xd8\xff\xe0"[..],
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR",
        b"GIF89a",
        b"BM",
        b"RIFF\xff\0\0\0WEBPVP8 ",
        b"",
    ]
    .into_iter()
    .enumerate()
    {
        let mut random = Random::new(number as u64);
        let noise: Vec<u8> = (0..5000).map(|_| random.bits() as u8).collect();
        add(&format!("noise-{number}.jpg"), &[signature, &noise].concat(), Outcome::Either);
    }
}
