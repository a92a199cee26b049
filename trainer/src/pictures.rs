//! Pictures from disk, decoded as the page decodes them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use image::RgbImage;
use model::image::{DecodeLimits, decode};
use walkdir::WalkDir;

use crate::files;

/// Extensions, in lower case, of the formats that can be decoded.
const EXTENSIONS: [&str; 6] = ["jpg", "jpeg", "png", "webp", "gif", "bmp"];

/// Reads and decodes a picture, upright. Fails, naming the file, when it cannot be read or is no picture.
pub fn load(path: &Path) -> Result<RgbImage> {
    let bytes = files::read(path)?;
    decode(&bytes, &DecodeLimits::default()).with_context(|| path.display().to_string())
}

/// Every file below `folder` that is named like a picture, sorted by path. Hidden files and folders are left out.
///
/// Fails when a folder cannot be listed.
pub fn find(folder: &Path) -> Result<Vec<PathBuf>> {
    let visible = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().to_str().is_some_and(|name| name.starts_with('.'))
    };
    let mut found = Vec::new();
    for entry in WalkDir::new(folder).follow_links(true).into_iter().filter_entry(visible) {
        let entry =
            entry.with_context(|| format!("The pictures in {} cannot be listed", folder.display()))?;
        let is_picture =
            entry.path().extension().and_then(|extension| extension.to_str()).is_some_and(|extension| {
                EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
            });
        if is_picture && entry.file_type().is_file() {
            found.push(entry.into_path());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_found_below_a_folder_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b/2.JPG", "a.png", "notes.txt", ".hidden/1.jpg", "b/1.webp"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        let found = find(folder.path()).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.strip_prefix(folder.path()).unwrap()).collect();
        assert_eq!(names, [Path::new("a.png"), Path::new("b/1.webp"), Path::new("b/2.JPG")]);
    }

    #[test]
    fn a_file_that_is_no_picture_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter.jpg");
        std::fs::write(&path, b"Dear Sir or Madam").unwrap();
        let message = format!("{:#}", load(&path).unwrap_err());
        assert!(message.contains("letter.jpg") && message.contains("not a picture"), "{message}");
    }
}
