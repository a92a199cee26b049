//! Searches that other people's pages put together: by a vector or an item, among some categories.

use std::borrow::Cow;

use model::Error;
use model::catalogue::Catalogue;
use model::search::{Hit, top_k_where};

use crate::worker::fault;
use twill_app::protocol::{Fault, FaultKind, Like, Search};
use twill_app::texts;

/// The rows that `search` finds, best first, and how many items there were to choose from.
///
/// Fails where there is no such item, and where the vector is not one of this catalogue's kind.
pub(super) fn search(catalogue: &Catalogue, search: &Search) -> Result<(Vec<Hit>, usize), Fault> {
    let (vector, own_row) = match &search.like {
        Like::Vector(vector) => (Cow::from(vector), None),
        Like::Item(id) => {
            let row = catalogue
                .row_of(id)
                .ok_or_else(|| Fault::new(FaultKind::Catalogue, texts::item_unknown(id)))?;
            let vector = catalogue.features().vector(row);
            let vector = vector.ok_or_else(|| fault::of(&Error::NoSuchItem { row }))?;
            (Cow::from(vector), Some(row))
        }
    };
    let is_wanted = |row: usize| {
        let category = catalogue.items().get(row).map(|item| &item.category);
        own_row != Some(row)
            && (search.categories.is_empty()
                || category.is_some_and(|category| search.categories.contains(category)))
    };
    let rows = catalogue.items().len();
    let hits = top_k_where(catalogue.features(), &vector, search.count.min(rows), is_wanted);
    Ok((hits.map_err(|error| fault::of(&error))?, (0..rows).filter(|row| is_wanted(*row)).count()))
}
