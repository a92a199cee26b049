//! What is there before a run starts: the catalogue, what is remembered of its pictures, and what a killed run left.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use anyhow::{Context as _, Result};
use model::catalogue::Catalogue;
use model::embedder::Embedder;

use super::record::{Entry, Record};
use super::{names, state};
use crate::catalogue;

/// Everything that a run can build on.
#[derive(Default)]
pub(super) struct Shelf {
    /// Pictures that need not be embedded again, by [`super::record::Recipe::key`].
    known: HashMap<String, Record>,
    /// Ids of the catalogue's items, each with the key of its picture where that is known.
    items: HashMap<String, Option<String>>,
    /// Ids whose thumbnails may lie in the folder.
    thumbnails: BTreeSet<String>,
}

impl Shelf {
    /// Looks through the folder and the entries of its journal. With `update` the catalogue's vectors count, too.
    ///
    /// Fails where `update` finds no catalogue or one that is damaged.
    pub(super) fn look(
        folder: &Path,
        journal: Vec<Entry>,
        embedder: &Embedder,
        update: bool,
    ) -> Result<Self> {
        let mut shelf = Self::default();
        match catalogue::open(folder) {
            Ok(catalogue) => shelf.add_catalogue(folder, &catalogue, embedder, update),
            Err(error) if update => {
                return Err(error).context("--update needs a catalogue that is there already");
            }
            // Whatever it was, it is replaced.
            Err(_) => {}
        }
        for entry in journal {
            match entry {
                Entry::Picture(record) => shelf.add(record, embedder, true),
                Entry::Gone(ids) => shelf.thumbnails.extend(ids.into_iter().filter(|id| names::is_safe(id))),
            }
        }
        Ok(shelf)
    }

    fn add_catalogue(&mut self, folder: &Path, catalogue: &Catalogue, embedder: &Embedder, update: bool) {
        for item in catalogue.items() {
            let file = names::file_of(&item.image);
            // An item of another program's catalogue goes, whatever it was called.
            self.items.insert(file.unwrap_or(&item.image).to_owned(), None);
            self.thumbnails.extend(file.map(str::to_owned));
        }
        for record in state::read(folder, catalogue, embedder) {
            if let Some(key) = self.items.get_mut(&record.id) {
                *key = Some(record.key.clone());
            }
            self.add(record, embedder, update);
        }
    }

    fn add(&mut self, record: Record, embedder: &Embedder, may_be_used: bool) {
        if names::is_safe(&record.id) {
            self.thumbnails.insert(record.id.clone());
        }
        if may_be_used && record.fits(embedder) {
            self.known.insert(record.key.clone(), record);
        }
    }

    /// What is known of the picture with this key.
    pub(super) fn known(&self, key: &str) -> Option<&Record> {
        self.known.get(key)
    }

    /// How many pictures are known.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Ids whose thumbnails nobody needs once the catalogue has these items and not those that were left out.
    pub(super) fn gone(&self, rows: &[&Record], left_out: &[&Record]) -> Vec<String> {
        let kept: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let there = self.thumbnails.iter().chain(left_out.iter().map(|record| &record.id));
        there.filter(|id| !kept.contains(id.as_str())).cloned().collect()
    }

    /// What becomes of the catalogue that is there.
    pub(super) fn changes(&self, rows: &[&Record]) -> Changes {
        let mut changes = Changes::default();
        for row in rows {
            match self.items.get(&row.id) {
                None => changes.added += 1,
                Some(Some(key)) if *key == row.key => changes.kept += 1,
                Some(_) => changes.changed += 1,
            }
        }
        changes.removed = self.items.len() - changes.kept - changes.changed;
        changes
    }
}

/// Numbers of items.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// New ids.
    pub(super) added: usize,
    /// The same id and picture.
    pub(super) kept: usize,
    /// The same id, another picture or one made otherwise.
    pub(super) changed: usize,
    /// Ids that are gone.
    pub(super) removed: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indexing::record::example;

    #[test]
    fn changes_and_what_goes() {
        let mut shelf = Shelf::default();
        for id in ["same", "other", "unknown", "gone"] {
            let key = (id != "unknown").then(|| example(id).key);
            shelf.items.insert(id.to_owned(), key);
            shelf.thumbnails.insert(id.to_owned());
        }
        shelf.thumbnails.insert("left-by-a-killed-run".to_owned());
        let other = Record { key: example("x").key, ..example("other") };
        let (same, unknown, new) = (example("same"), example("unknown"), example("new"));
        let rows = [&same, &other, &unknown, &new];
        assert_eq!(shelf.changes(&rows), Changes { added: 1, kept: 1, changed: 2, removed: 1 });
        assert_eq!(shelf.gone(&rows, &[&example("twin")]), ["gone", "left-by-a-killed-run", "twin"]);
    }
}
