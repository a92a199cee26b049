//! The items of a catalogue: all of them in memory, or those that were asked for.
//!
//! A short list is one JSON file, which is there before the first result. Of a long one ([`pages`]) only its head is: what items can be
//! told apart by ([`Columns`]), a few bytes an item, and where each page of items lies. A page is fetched, checked and unpacked when a
//! result is in it.

mod columns;
pub mod pages;
#[cfg(test)]
mod tests;

pub use columns::Columns;

use crate::{Result, catalogue::Item, weights::Attribute};
use pages::Pages;

/// From this number of items on a catalogue's list is written in pages: a shorter one is there before anybody misses it, and asks for
/// nothing between an answer and its cards.
pub const LONG: usize = 20_000;

/// The items of a catalogue, in the order of their vectors.
#[derive(Debug)]
pub struct Items {
    columns: Columns,
    held: Held,
}

#[derive(Debug)]
enum Held {
    All(Vec<Item>),
    Pages(Pages),
}

impl Items {
    /// Items that are all there; `attributes` are those that they can be told apart by.
    #[must_use]
    pub fn all(items: Vec<Item>, attributes: &[Attribute]) -> Self {
        Self { columns: Columns::of(&items, attributes), held: Held::All(items) }
    }

    /// The `count` items of a list in pages, none of which is there yet; `head` is what [`pages::write`] says it is.
    ///
    /// Fails with [`crate::Error::InvalidCatalogue`].
    pub fn in_pages(head: &[u8], count: u64) -> Result<Self> {
        let (pages, columns) = Pages::read(head, Some(count))?;
        Ok(Self { columns, held: Held::Pages(pages) })
    }

    /// The same, told apart by no other attributes than these.
    #[must_use]
    pub fn knowing(mut self, attributes: &[Attribute]) -> Self {
        self.columns.attributes.retain(|column| {
            attributes.iter().any(|known| known.name == column.name && known.values == column.values)
        });
        self
    }

    /// Number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.rows()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What all of them can be told apart by.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The item in this row, where there is one and it is here.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&Item> {
        match &self.held {
            Held::All(items) => items.get(row),
            Held::Pages(pages) => pages.get(row),
        }
    }

    /// The pages to fetch before [`Items::get`] knows these rows, each once. Rows that do not exist have none.
    #[must_use]
    pub fn missing(&self, rows: &[usize]) -> Vec<usize> {
        match &self.held {
            Held::All(_) => Vec::new(),
            Held::Pages(pages) => pages.missing(rows),
        }
    }

    /// The pages, where there are any.
    #[must_use]
    pub fn pages(&self) -> Option<&Pages> {
        match &self.held {
            Held::All(_) => None,
            Held::Pages(pages) => Some(pages),
        }
    }

    /// The pages, to put some in.
    pub fn pages_mut(&mut self) -> Option<&mut Pages> {
        match &mut self.held {
            Held::All(_) => None,
            Held::Pages(pages) => Some(pages),
        }
    }

    /// The rows whose item may have this id: of a list in pages, the item itself says whether it does.
    ///
    /// `None` where [`Pages::put_ids`] has to come first.
    #[must_use]
    pub fn candidates(&self, id: &str) -> Option<Vec<usize>> {
        match &self.held {
            Held::All(items) => Some(items.iter().position(|item| item.id == id).into_iter().collect()),
            Held::Pages(pages) => pages.candidates(id),
        }
    }
}
