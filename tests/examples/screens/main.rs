//! Pictures of every state of the page for `docs/screens`: on a phone and on a desktop, by day and by night.
//!
//! After `make dist`:
//!
//! ```sh
//! cargo build --locked --release --no-default-features -p model -p trainer -p e2e --examples
//! "${CARGO_TARGET_DIR:-target}/release/examples/screens" PHOTO PHOTOS FOLDER [PART...]
//! ```
//!
//! PHOTO is searched with and filmed, PHOTOS is a folder with photos for the wardrobe, FOLDER is where the pictures go. Parts are the
//! names below; without any, all of them are taken.

mod entry;
mod own;
mod screen;
mod search;
mod shop;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use screen::Screen;

/// What is photographed.
struct Given {
    photo: PathBuf,
    /// Others.
    photos: Vec<PathBuf>,
    /// For files that are needed on the way.
    scratch: tempfile::TempDir,
}

/// Goes through a few states on one screen.
type Part = fn(&Screen, &Given) -> Result<()>;

const PARTS: [(&str, Part); 10] = [
    ("loading", entry::loading),
    ("camera", entry::camera),
    ("denied", entry::denied_camera),
    ("refused", entry::refused),
    ("search", search::search),
    ("nothing", search::nothing),
    ("offline", search::offline),
    ("arabic", search::arabic),
    ("wardrobe", own::wardrobe),
    ("shop", shop::element),
];
/// How many photos the wardrobe gets.
const OWN_PHOTOS: usize = 24;

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let mut next = |what: &str| arguments.next().with_context(|| format!("{what} is missing"));
    let (photo, photos, folder) =
        (next("a photo")?, next("a folder of photos")?, next("a folder for pictures")?);
    let wishes: Vec<String> = arguments.map(|wish| wish.to_string_lossy().into_owned()).collect();
    let is_known = |wish: &String| PARTS.iter().any(|(name, _)| name == wish);
    ensure!(wishes.iter().all(is_known), "the parts are {:?}", PARTS.map(|(name, _)| name));
    fs::create_dir_all(&folder)?;
    let given = Given { photo, photos: some_of(&photos)?, scratch: tempfile::tempdir()? };
    for screen in Screen::all(&folder) {
        for (name, part) in PARTS {
            if wishes.is_empty() || wishes.iter().any(|wish| wish == name) {
                println!("{name}, {screen}");
                part(&screen, &given).with_context(|| format!("{name}, {screen}"))?;
            }
        }
    }
    Ok(())
}

/// The first photos of a folder, by name.
fn some_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    files.sort();
    files.truncate(OWN_PHOTOS);
    ensure!(files.len() == OWN_PHOTOS, "{} holds fewer than {OWN_PHOTOS} photos", folder.display());
    Ok(files)
}
