//! Pictures to index, and those that the catalogue itself keeps in a folder among them.

use std::path::Path;

use anyhow::{Result, ensure};

use super::{Source, journal};
use crate::catalogue;

/// The pictures without those in the catalogue's own folder of thumbnails, where it is written into the folder that is indexed: the
/// next run would take them for new ones.
///
/// Fails where pictures lie there that are not a catalogue's: its thumbnails could overwrite them.
pub fn without_thumbnails(sources: Vec<Source>, out: &Path, are_listed: bool) -> Result<Vec<Source>> {
    // Nothing can lie in what is not there.
    let Ok(thumbnails) = out.join("images").canonicalize() else { return Ok(sources) };
    let is_inside =
        |source: &Source| source.path.canonicalize().is_ok_and(|path| path.starts_with(&thumbnails));
    let is_catalogue = out.join(catalogue::CARD).exists() || out.join(journal::NAME).exists();
    ensure!(
        is_catalogue || !sources.iter().any(is_inside),
        "Pictures to be indexed lie in {}, where the catalogue puts its own. Choose another folder for --out",
        thumbnails.display()
    );
    // Who lists a thumbnail means it.
    Ok(if are_listed { sources } else { sources.into_iter().filter(|source| !is_inside(source)).collect() })
}
