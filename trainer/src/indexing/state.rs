//! What an update has to know of the catalogue that it finds: which picture each item was made of.
//!
//! `state-HASH.jsonl` lies beside the feature file of the same hash and holds a record for each of its rows, without
//! the vectors, which are the feature file's; then records of pictures that were left out as near-duplicates, with
//! theirs. Only the trainer reads it. A catalogue without it, or with vectors that came from elsewhere, works as well:
//! its pictures are embedded anew when it is updated.

use std::path::Path;

use anyhow::Result;
use model::catalogue::Catalogue;
use model::embedder::Embedder;

use super::record::{Entry, Record, read_entries, vector_bits};

pub(super) const PREFIX: &str = "state-";
pub(super) const SUFFIX: &str = ".jsonl";

/// The name of the state that belongs to a feature file; none where that is not named as ours are.
pub(super) fn name_for(features: &str) -> Option<String> {
    let hash = features.strip_prefix("features-")?.strip_suffix(".twill")?;
    Some(format!("{PREFIX}{hash}{SUFFIX}"))
}

/// The file's content: `rows` in the order of the catalogue, then what was left out.
pub(super) fn write(rows: &[&Record], left_out: &[&Record]) -> Result<Vec<u8>> {
    let mut text = String::new();
    for row in rows {
        let without = Record { vector: Vec::new(), ..(*row).clone() };
        text.push_str(&Entry::Picture(without).line()?);
    }
    for record in left_out {
        text.push_str(&Entry::Picture((*record).clone()).line()?);
    }
    Ok(text.into_bytes())
}

/// Every record of the state that lies beside this catalogue, with its vector; none where there is no state.
pub(super) fn read(folder: &Path, catalogue: &Catalogue, embedder: &Embedder) -> Vec<Record> {
    let features = catalogue.features();
    let card = embedder.card();
    let is_of_this_network = features.weights_sha256() == card.weights_sha256()
        && features.preprocess_id() == card.preprocess_id()
        && features.dimension() == embedder.dimension();
    let name = name_for(&catalogue.card().features.file);
    let Some(bytes) = name.and_then(|name| std::fs::read(folder.join(name)).ok()) else { return Vec::new() };
    let (entries, _) = read_entries(&bytes);
    let mut records = Vec::new();
    for (row, entry) in entries.into_iter().enumerate() {
        let Entry::Picture(mut record) = entry else { continue };
        if record.vector.is_empty() && is_of_this_network {
            record.vector = features.vector(row).map(|values| vector_bits(&values)).unwrap_or_default();
        }
        records.push(record);
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indexing::record::example;

    #[test]
    fn rows_leave_their_vectors_to_the_feature_file() {
        let (a, b) = (example("a"), example("b"));
        let (entries, _) = read_entries(&write(&[&a], &[&b]).unwrap());
        let without = Record { vector: Vec::new(), ..a };
        assert_eq!(entries, [Entry::Picture(without), Entry::Picture(b)]);
    }

    #[test]
    fn a_state_is_named_after_its_feature_file() {
        assert_eq!(
            name_for("features-0123456789abcdef.twill").as_deref(),
            Some("state-0123456789abcdef.jsonl")
        );
        assert_eq!(name_for("vectors.twill"), None);
    }
}
