//! Searches that other people's pages put together: by a vector or an item, among some categories.

use model::feature_file::FeatureFile;
use model::items::Columns;
use model::search::{Hit, top_k_where};

use crate::worker::fault;
use twill_app::protocol::Fault;

/// The at most `count` rows most like a vector, best first, among these categories (all where there are none) and without row `but`;
/// and how many items there were to choose from.
///
/// Fails where the vector is not one of this catalogue's kind.
pub(super) fn search(
    features: &FeatureFile,
    columns: &Columns,
    vector: &[f32],
    but: Option<usize>,
    count: usize,
    categories: &[String],
) -> Result<(Vec<Hit>, usize), Fault> {
    let is_wanted = |row: usize| {
        let category = columns.category(row).unwrap_or_default();
        but != Some(row) && (categories.is_empty() || categories.iter().any(|wanted| wanted == category))
    };
    let rows = columns.rows();
    let hits = top_k_where(features, vector, count.min(rows), is_wanted);
    Ok((hits.map_err(|error| fault::of(&error))?, (0..rows).filter(|row| is_wanted(*row)).count()))
}
