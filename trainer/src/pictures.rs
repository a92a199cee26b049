//! Pictures from disk, decoded as the page decodes them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use image::{RgbImage, imageops};
use model::crop::CropBox;
use model::embedder::MINIMUM_BOX;
use model::image::{DecodeLimits, decode};
use walkdir::WalkDir;

use crate::files;

/// Extensions, in lower case, of the formats that can be decoded.
const READ: [&str; 7] = ["jpg", "jpeg", "jfif", "png", "webp", "gif", "bmp"];

/// Likewise of those that cannot: formats of phones and scanners, and what cameras store before it is developed.
const UNREAD: [&str; 14] =
    ["heic", "heif", "avif", "tif", "tiff", "jxl", "dng", "cr2", "cr3", "nef", "arw", "raf", "orf", "rw2"];

/// Reads and decodes a picture, upright. Fails, naming the file, when it cannot be read or is no picture.
pub fn load(path: &Path) -> Result<RgbImage> {
    let bytes = files::read(path)?;
    decode(&bytes, &DecodeLimits::default())
        .map_err(|error| explained(error.into(), path))
        .with_context(|| path.display().to_string())
}

/// Why a picture could not be decoded: where its contents are of no known format, its name may say more than the error.
#[must_use]
pub fn explained(error: anyhow::Error, path: &Path) -> anyhow::Error {
    let is_unknown = matches!(error.downcast_ref::<model::Error>(), Some(model::Error::NotAPicture));
    advice(path).filter(|_| is_unknown).map_or(error, anyhow::Error::msg)
}

/// What to do about a picture whose name says that it is of a format that cannot be decoded.
#[must_use]
pub fn advice(path: &Path) -> Option<String> {
    let extension = path.extension()?.to_str()?;
    is_named(path, &UNREAD)
        .then(|| format!("{} is not read; convert it to JPEG", extension.to_ascii_uppercase()))
}

/// Every file below `folder` that is named like a picture of a format that can be decoded, sorted by path. Hidden files
/// and folders are left out; a link to nothing is among them, for whoever opens it to report.
///
/// Fails when a folder cannot be listed.
pub fn find(folder: &Path) -> Result<Vec<PathBuf>> {
    listed(folder, |path| is_named(path, &READ))
}

/// As [`find`], with the pictures of formats that cannot be decoded, so that whoever opens them says so: nobody should miss
/// them unawares. Those with a picture of the same name beside them that can are left out.
pub fn find_all(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = listed(folder, |path| is_named(path, &READ) || is_named(path, &UNREAD))?;
    // Converters write `a.jpg` or `a.heic.jpg` beside `a.heic`, and cameras `a.jpg` beside `a.cr2`.
    let beside: HashSet<PathBuf> =
        found.iter().filter(|path| is_named(path, &READ)).map(|path| path.with_extension("")).collect();
    found.retain(|path| {
        is_named(path, &READ) || !(beside.contains(&path.with_extension("")) || beside.contains(path))
    });
    Ok(found)
}

fn listed(folder: &Path, accept: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>> {
    let visible = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().to_str().is_some_and(|name| name.starts_with('.'))
    };
    let mut found = Vec::new();
    for entry in WalkDir::new(folder).follow_links(true).into_iter().filter_entry(visible) {
        match entry {
            Ok(entry) if accept(entry.path()) && entry.file_type().is_file() => found.push(entry.into_path()),
            Ok(_) => {}
            // A link that leads round in a circle leads to nothing new.
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) => match error.path().filter(|path| path.is_symlink()) {
                // A link to nothing, as git-annex leaves for what is not fetched: whoever opens it says so.
                Some(link) if accept(link) => found.push(link.to_owned()),
                Some(_) => {}
                None => {
                    return Err(error)
                        .with_context(|| format!("The pictures in {} cannot be listed", folder.display()));
                }
            },
        }
    }
    found.sort();
    Ok(found)
}

fn is_named(path: &Path, extensions: &[&str]) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| extensions.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// The part of `picture` that `garment` and this margin around it take, to whole pixels, and where `garment` is in there.
pub(crate) fn close_up(picture: &RgbImage, garment: CropBox, margin: f32) -> (RgbImage, CropBox) {
    // No smaller than a box may be that a network finds.
    let window =
        CropBox::from_prediction([garment.x1, garment.y1, garment.x2, garment.y2], MINIMUM_BOX).grown(margin);
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let span = |from: f32, to: f32, length: f32| {
        let from = (from * length).floor();
        (from, ((to * length).ceil() - from).clamp(1.0, (length - from).max(1.0)))
    };
    let ((x, wide), (y, tall)) = (span(window.x1, window.x2, width), span(window.y1, window.y2, height));
    let cut = imageops::crop_imm(picture, x as u32, y as u32, wide as u32, tall as u32).to_image();
    let within = |at: f32, length: f32, from: f32, span: f32| ((at * length - from) / span).clamp(0.0, 1.0);
    let inside = CropBox {
        x1: within(garment.x1, width, x, wide),
        y1: within(garment.y1, height, y, tall),
        x2: within(garment.x2, width, x, wide),
        y2: within(garment.y2, height, y, tall),
    };
    (cut, inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, names: &[&str]) {
        for name in names {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
    }

    fn below(folder: &Path, paths: &[PathBuf]) -> Vec<String> {
        paths.iter().map(|path| path.strip_prefix(folder).unwrap().display().to_string()).collect()
    }

    #[test]
    fn pictures_are_found_below_a_folder_in_order() {
        let folder = tempfile::tempdir().unwrap();
        write(
            folder.path(),
            &["b/2.JPG", "a.png", "notes.txt", ".hidden/1.jpg", "b/1.webp", "b/3.jfif", "b/4.heic"],
        );
        let found = find(folder.path()).unwrap();
        assert_eq!(below(folder.path(), &found), ["a.png", "b/1.webp", "b/2.JPG", "b/3.jfif"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_nowhere_or_in_a_circle_are_no_reason_to_give_up() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &["a/1.jpg"]);
        symlink("../.git/annex/2", folder.path().join("a/2.jpg")).unwrap();
        symlink("nowhere", folder.path().join("a/notes")).unwrap();
        symlink("..", folder.path().join("a/round")).unwrap();
        let found = find_all(folder.path()).unwrap();
        assert_eq!(below(folder.path(), &found), ["a/1.jpg", "a/2.jpg"]);
    }

    #[test]
    fn pictures_that_cannot_be_decoded_are_found_unless_they_are_there_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let names =
            ["a.jpg", "b.HEIC", "c.jpg", "c.heic", "d.heic.png", "d.heic", "e.tif", "f.avif", "g.cr2"];
        write(folder.path(), &names);
        write(folder.path(), &["g.JPG", "deep/c.heic", "deep/.d.heic", "h.psd"]);
        let found = find_all(folder.path()).unwrap();
        let expected = ["a.jpg", "b.HEIC", "c.jpg", "d.heic.png", "deep/c.heic", "e.tif", "f.avif", "g.JPG"];
        assert_eq!(below(folder.path(), &found), expected);
    }

    #[test]
    fn a_format_that_is_not_read_is_named_and_what_else_is_wrong_too() {
        let folder = tempfile::tempdir().unwrap();
        let message = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            format!("{:#}", load(&path).unwrap_err())
        };
        let heic = message("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
        assert!(heic.ends_with("a.heic: HEIC is not read; convert it to JPEG"), "{heic}");
        let tiff = message("a.tif", b"II\x2a\0\x08\0\0\0\0\0\0\0\0\0\0\0");
        assert!(tiff.ends_with("TIF is not read; convert it to JPEG"), "{tiff}");
        let empty = message("b.heic", b"");
        assert!(empty.contains("empty"), "{empty}");
        // What a file is goes before what it is called.
        let path = folder.path().join("c.heic");
        let mut png = std::io::Cursor::new(Vec::new());
        RgbImage::new(3, 2).write_to(&mut png, image::ImageFormat::Png).unwrap();
        std::fs::write(&path, png.into_inner()).unwrap();
        assert_eq!(load(&path).unwrap().dimensions(), (3, 2));
    }

    #[test]
    fn a_file_that_is_no_picture_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter.jpg");
        std::fs::write(&path, b"Dear Sir or Madam").unwrap();
        let message = format!("{:#}", load(&path).unwrap_err());
        assert!(message.contains("letter.jpg") && message.contains("not a picture"), "{message}");
    }

    #[test]
    fn a_close_up_shows_the_garment_and_a_margin() {
        let picture = RgbImage::from_fn(40, 20, |x, y| image::Rgb([x as u8, y as u8, 0]));
        let garment = CropBox { x1: 0.25, y1: 0.2, x2: 0.75, y2: 0.9 };
        let (cut, inside) = close_up(&picture, garment, 0.1);
        // From 10 - 2 to 30 + 2, and from 4 - 1.4 to 18 + 1.4.
        assert_eq!((cut.dimensions(), cut.get_pixel(0, 0).0), ((24, 18), [8, 2, 0]));
        let expected = [2.0 / 24.0, 2.0 / 18.0, 22.0 / 24.0, 16.0 / 18.0];
        for (found, expected) in [inside.x1, inside.y1, inside.x2, inside.y2].iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{inside:?}");
        }
        // One at the edge, and one of nearly nothing.
        let (all, inside) = close_up(&picture, CropBox::WHOLE, 0.5);
        assert_eq!((all.dimensions(), inside), ((40, 20), CropBox::WHOLE));
        let speck = CropBox { x1: 0.999, y1: 0.999, x2: 1.0, y2: 1.0 };
        assert_eq!(close_up(&picture, speck, 0.0).0.dimensions(), (2, 1));
    }
}
