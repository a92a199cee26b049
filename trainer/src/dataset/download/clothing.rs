//! Alexey Grigorev's clothing data set (CC0): photos of garments, each with its category and a number for who sent it.
//!
//! <https://github.com/alexeygrigorev/clothing-dataset> holds `images.csv` and `images/ID.jpg`. The commit is fixed, and
//! with it every file.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use rustls::ClientConfig;
use serde::Deserialize;

use super::listing::{Listed, Listing};
use super::{Place, fetch_missing, require};
use crate::files;

const COMMIT: &str = "08b50460cf229fd852bb6c11564e0959f52578ca";
/// What the data set says of its pictures.
const TABLE: &str = "images.csv";
/// What it calls pictures that show no one garment.
const NO_LABEL: [&str; 3] = ["not-sure", "other", "skip"];

/// A row of the table.
#[derive(Deserialize)]
struct Row {
    image: String,
    sender_id: String,
    label: String,
    kids: String,
}

/// On GitHub.
pub(super) fn place() -> Place {
    const REPOSITORY: &str = "alexeygrigorev/clothing-dataset";
    Place {
        files: format!("https://raw.githubusercontent.com/{REPOSITORY}/{COMMIT}/"),
        listing: format!("https://api.github.com/repos/{REPOSITORY}/git/trees/{COMMIT}?recursive=1"),
    }
}

/// Fetches the table, the pictures that have a label, and writes `labels.csv` last. Fails as [`fetch_missing`] does, and
/// when the table cannot be understood.
pub(super) fn fetch(place: &Place, listing: &Listing, out: &Path, tls: &Arc<ClientConfig>) -> Result<()> {
    let images = out.join("images");
    files::make_folder(&images)?;
    files::remove_unfinished(&images)?;
    fetch_missing(place, &[require(listing, TABLE)?], out, tls)?;
    let rows = read(&out.join(TABLE))?;
    let count = rows.len();
    let labelled: Vec<Row> = rows.into_iter().filter(|row| !NO_LABEL.contains(&row.label.as_str())).collect();
    let without_label = count - labelled.len();
    let pairs: Vec<(Row, &Listed)> = labelled
        .into_iter()
        .filter_map(|row| {
            let file = listing.find(&format!("images/{}.jpg", row.image))?;
            Some((row, file))
        })
        .collect();
    ensure!(!pairs.is_empty(), "The data set's list of files names none of the pictures of its table");
    let wanted: Vec<&Listed> = pairs.iter().map(|(_, file)| *file).collect();
    fetch_missing(place, &wanted, out, tls)?;

    let labels = out.join("labels.csv");
    files::write(&labels, &table(&pairs)?)?;
    println!(
        "{} photos and their labels are in {}; {without_label} without a label and {} without a file are left out.",
        pairs.len(),
        labels.display(),
        count - without_label - pairs.len()
    );
    Ok(())
}

/// Every row, with its label as it is written elsewhere: in lower case and without spaces.
fn read(path: &Path) -> Result<Vec<Row>> {
    let bytes = files::read(path)?;
    csv::Reader::from_reader(bytes.as_slice())
        .deserialize()
        .map(|row| {
            let mut row: Row = row.with_context(|| format!("{} is not as expected", path.display()))?;
            row.label = row.label.trim().to_lowercase().replace(' ', "-");
            Ok(row)
        })
        .collect()
}

/// The same as `train` and `index` read it.
fn table(pairs: &[(Row, &Listed)]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["image_path", "category", "sender_id", "kids"])?;
    for (row, file) in pairs {
        writer.write_record([&file.path, &row.label, &row.sender_id, &row.kids.to_lowercase()])?;
    }
    writer.into_inner().context("The labels cannot be written")
}
