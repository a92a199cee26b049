//! `convert`: a catalogue's vectors to a file that other tools read, and back.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use model::catalogue::Catalogue;
use model::feature_file::FeatureFile;
use model::weights::FileReference;
use serde_json::{Map, Value};

use crate::exchange::{Limits, Table, arrow, parquet};
use crate::npy::{self, Matrix};
use crate::{catalogue, files};

/// A file format of other tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// NumPy's: one matrix of single-precision numbers
    Npy,
    /// A table: the vectors as lists of a fixed size in a column `vector`, and a column for each thing known of an item
    Parquet,
    /// The same table as a file of Apache Arrow (Feather 2)
    Arrow,
}

impl Format {
    fn write(self, catalogue: &Catalogue) -> Result<Vec<u8>> {
        let vectors = matrix(catalogue.features());
        match self {
            Self::Npy => Ok(npy::write(&vectors)),
            Self::Parquet => parquet::write(&Table::of(catalogue, vectors)?),
            Self::Arrow => arrow::write(&Table::of(catalogue, vectors)?),
        }
    }

    /// The vectors of a file, in the order of the catalogue's items where it names them.
    fn read(self, bytes: &[u8], catalogue: &Catalogue) -> Result<Matrix> {
        let features = catalogue.features();
        let limits = Limits { rows: features.len(), values: features.len() * features.dimension() };
        let rows = match self {
            Self::Npy => return npy::read(bytes),
            Self::Parquet => parquet::read(bytes, limits)?,
            Self::Arrow => arrow::read(bytes, limits)?,
        };
        rows.in_order_of(catalogue.items())
    }
}

/// Flags of `convert`, as typed.
#[derive(Debug, Args)]
pub struct Flags {
    /// The folder of the catalogue
    #[arg(long, value_name = "DIR")]
    catalogue: PathBuf,
    /// Write the vectors in this format: a row of length 1 an item, in the catalogue's order
    #[arg(long, value_enum, conflicts_with = "from", required_unless_present = "from", requires = "out")]
    to: Option<Format>,
    /// The file to write
    #[arg(long, value_name = "FILE", requires = "to")]
    out: Option<PathBuf>,
    /// Replace the catalogue's vectors by those of a file in this format; where it has a column `id`, its rows may be in any order.
    /// The vectors have to come from the network that the catalogue names, or its searches will find anything
    #[arg(long, value_enum, requires = "in")]
    from: Option<Format>,
    /// The file to read
    #[arg(long, value_name = "FILE", requires = "from")]
    r#in: Option<PathBuf>,
}

/// Converts, and says what was done.
pub fn run(flags: &Flags) -> Result<()> {
    let catalogue = catalogue::open(&flags.catalogue)?;
    let count = catalogue.items().len();
    match (&flags.to, &flags.out, &flags.from, &flags.r#in) {
        (Some(format), Some(out), ..) => {
            files::write(out, &format.write(&catalogue)?)?;
            println!(
                "{count} vectors of {} values are in {}.",
                catalogue.features().dimension(),
                out.display()
            );
        }
        (_, _, Some(format), Some(path)) => {
            let matrix = format
                .read(&files::read(path)?, &catalogue)
                .with_context(|| format!("{} cannot be used", path.display()))?;
            replace(&flags.catalogue, &catalogue, &matrix)
                .with_context(|| format!("The vectors of {} cannot be used", path.display()))?;
            println!("{count} vectors of {} are in {}.", path.display(), flags.catalogue.display());
        }
        // The parser has seen to it that there is either pair.
        _ => {}
    }
    Ok(())
}

/// Rows of length 1: in half precision they are a little longer or shorter.
fn matrix(features: &FeatureFile) -> Matrix {
    let mut values = Vec::with_capacity(features.len() * features.dimension());
    for row in features.rows() {
        let length = row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        values.extend(row.iter().map(|value| (f64::from(*value) / length) as f32));
    }
    Matrix { columns: features.dimension(), values }
}

/// Writes a new feature file, then the card that names it, and removes the old one.
fn replace(folder: &Path, catalogue: &Catalogue, matrix: &Matrix) -> Result<()> {
    let old = catalogue.features();
    let rows = matrix.values.len() / matrix.columns.max(1);
    ensure!(
        matrix.columns == old.dimension() && rows == old.len(),
        "It has {rows} rows of {} values, the catalogue {} of {}",
        matrix.columns,
        old.len(),
        old.dimension()
    );
    let features =
        FeatureFile::pack_rows(&matrix.values, matrix.columns, old.weights_sha256(), old.preprocess_id())?;
    let bytes = features.write();
    let file = FileReference::hashed("features", "twill", &bytes);
    let old = &catalogue.card().features;
    // As long as the longest of its parts was, where it was in parts.
    let longest = old.parts.iter().map(|part| part.bytes).max();
    let file = longest.map_or(file.clone(), |longest| file.cut(longest));
    catalogue::write(folder, &file, &bytes)?;
    // The card as it is on disk: it may say more than this program knows.
    let path = folder.join(catalogue::CARD);
    let mut card: Map<String, Value> = files::read_json(&path)?;
    card.insert("features".to_owned(), serde_json::to_value(&file)?);
    files::write_json(&path, &card)?;
    if old.file != file.file {
        for (name, _) in old.files() {
            files::remove(&folder.join(name))?;
        }
    }
    Ok(())
}
