//! A catalogue as a table that other tools read: a row an item, with its vector, its id and what else is known of it.
//!
//! Two formats of tables, [`arrow`] and [`parquet`], are written and read here in the narrow part that catalogues need: the
//! crates for all of them would compile Burn anew by the features that they turn on. What a file holds beyond that part
//! is refused in words that say how to save it. A reader believes no length that a file states, and takes no more
//! values than the catalogue has.

pub mod arrow;
pub mod parquet;

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use model::catalogue::{Catalogue, Item};

use crate::npy::Matrix;

/// Name of the column of vectors.
pub const VECTOR: &str = "vector";
/// Name of the column of ids.
pub const ID: &str = "id";

/// What goes into a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// A row an item.
    pub vectors: Matrix,
    /// Everything else, each as many values as there are rows.
    pub columns: Vec<Column>,
}

/// A column beside the vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// What readers find it by.
    pub name: &'static str,
    /// A value a row.
    pub values: Values,
}

/// The values of a [`Column`].
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Text that every row has.
    Text(Vec<String>),
    /// Text that some rows lack.
    Optional(Vec<Option<String>>),
    /// Whole numbers that every row has.
    Whole(Vec<u32>),
}

/// What comes out of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// A row an item.
    pub vectors: Matrix,
    /// The items, where the file names them.
    pub ids: Option<Vec<String>>,
}

/// The most that a reader takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows of the file.
    pub rows: usize,
    /// Values of all vectors together.
    pub values: usize,
}

impl Table {
    /// A catalogue's items with these vectors, a row an item.
    pub fn of(catalogue: &Catalogue, vectors: Matrix) -> Result<Self> {
        let items = catalogue.items();
        let text =
            |of: fn(&Item) -> &str| Values::Text(items.iter().map(|item| of(item).to_owned()).collect());
        let optional = |of: fn(&Item) -> &Option<String>| {
            Values::Optional(items.iter().map(|item| of(item).clone()).collect())
        };
        let extra = items
            .iter()
            .map(|item| {
                let extra = (!item.extra.is_empty()).then(|| serde_json::to_string(&item.extra));
                extra
                    .transpose()
                    .with_context(|| format!("What is known of item {} cannot be written", item.id))
            })
            .collect::<Result<Vec<_>>>()?;
        let column = |name, values| Column { name, values };
        let columns = vec![
            column(ID, text(|item| &item.id)),
            column("image", text(|item| &item.image)),
            column("width", Values::Whole(items.iter().map(|item| item.width).collect())),
            column("height", Values::Whole(items.iter().map(|item| item.height).collect())),
            column("category", text(|item| &item.category)),
            column("colour", optional(|item| &item.colour)),
            column("title", optional(|item| &item.title)),
            column("price", optional(|item| &item.price)),
            column("link", optional(|item| &item.link)),
            column("extra", Values::Optional(extra)),
        ];
        Ok(Self { vectors, columns })
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.vectors.values.len().checked_div(self.vectors.columns).unwrap_or(0)
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Rows {
    /// The vectors in the order of these items; a file without ids is in this order already.
    ///
    /// Fails where the file names an item twice, or leaves one out.
    pub fn in_order_of(self, items: &[Item]) -> Result<Matrix> {
        let Some(ids) = self.ids else { return Ok(self.vectors) };
        let columns = self.vectors.columns;
        let mut rows = HashMap::with_capacity(ids.len());
        for (row, id) in ids.iter().enumerate() {
            ensure!(rows.insert(id.as_str(), row).is_none(), "It has more than one vector for the item {id}");
        }
        let mut values = Vec::with_capacity(items.len() * columns);
        for item in items {
            let row = rows.get(item.id.as_str());
            let row = row.with_context(|| format!("It has no vector for the item {}", item.id))?;
            values.extend_from_slice(&self.vectors.values[row * columns..(row + 1) * columns]);
        }
        Ok(Matrix { columns, values })
    }
}

/// Collects vectors row by row while a file is read.
#[derive(Debug)]
struct Gathered {
    limits: Limits,
    columns: Option<usize>,
    values: Vec<f32>,
    ids: Option<Vec<String>>,
}

impl Gathered {
    fn new(limits: Limits) -> Self {
        Self { limits, columns: None, values: Vec::new(), ids: None }
    }

    /// Adds whole rows of `columns` values each, which must be as many as in the rows before.
    fn add(&mut self, columns: usize, values: impl ExactSizeIterator<Item = f32>) -> Result<()> {
        let before = *self.columns.get_or_insert(columns);
        ensure!(before == columns, "Its vectors differ in length: some have {before} values, some {columns}");
        ensure!(
            values.len() <= self.limits.values.saturating_sub(self.values.len()),
            "It has more values than the vectors of the catalogue, {}",
            self.limits.values
        );
        self.values.extend(values);
        Ok(())
    }

    /// Adds ids of as many rows as there are vectors.
    fn add_ids(&mut self, ids: Vec<String>) -> Result<()> {
        let all = self.ids.get_or_insert_default();
        ensure!(
            ids.len() <= self.limits.rows.saturating_sub(all.len()),
            "It has more rows than the catalogue, {}",
            self.limits.rows
        );
        all.extend(ids);
        Ok(())
    }

    fn finish(self) -> Result<Rows> {
        let columns = self.columns.unwrap_or(0);
        let rows = self.values.len().checked_div(columns).unwrap_or(0);
        if let Some(ids) = &self.ids {
            ensure!(ids.len() == rows, "It has {} ids for {rows} vectors", ids.len());
        }
        Ok(Rows { vectors: Matrix { columns, values: self.values }, ids: self.ids })
    }
}

/// A table of three rows for tests, with a name that is not ASCII, an empty text and missing values.
#[cfg(test)]
fn example() -> Table {
    let text = |values: [&str; 3]| values.map(str::to_owned).to_vec();
    let columns = vec![
        Column { name: ID, values: Values::Text(text(["a", "bé", "c"])) },
        Column { name: "width", values: Values::Whole(vec![1, 70_000, u32::MAX]) },
        Column {
            name: "title",
            values: Values::Optional(vec![None, Some(String::new()), Some("Coat".to_owned())]),
        },
    ];
    let values = vec![1.0, 0.0, 0.6, 0.8, -0.8, 0.6];
    Table { vectors: Matrix { columns: 2, values }, columns }
}

#[cfg(test)]
const ENOUGH: Limits = Limits { rows: 3, values: 6 };

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str) -> Item {
        serde_json::from_value(serde_json::json!({ "id": id, "image": "x", "width": 1, "height": 1 }))
            .unwrap()
    }

    #[test]
    fn rows_are_put_into_the_catalogues_order() {
        let rows = |ids: &[&str]| Rows {
            vectors: Matrix { columns: 2, values: (0..ids.len() * 2).map(|n| n as f32).collect() },
            ids: Some(ids.iter().map(|id| (*id).to_owned()).collect()),
        };
        let items = ["a", "b"].map(item);
        assert_eq!(rows(&["b", "a"]).in_order_of(&items).unwrap().values, [2.0, 3.0, 0.0, 1.0]);
        for (ids, words) in
            [(["a", "a"], "more than one vector for the item a"), (["a", "c"], "no vector for the item b")]
        {
            let error = rows(&ids).in_order_of(&items).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let without = Rows { ids: None, ..rows(&["b", "a"]) };
        assert_eq!(without.clone().in_order_of(&items).unwrap(), without.vectors);
    }

    #[test]
    fn no_more_is_taken_than_the_catalogue_has() {
        let mut gathered = Gathered::new(ENOUGH);
        gathered.add(2, [1.0; 4].into_iter()).unwrap();
        assert!(gathered.add(3, [1.0; 3].into_iter()).unwrap_err().to_string().contains("differ in length"));
        assert!(gathered.add(2, [1.0; 4].into_iter()).unwrap_err().to_string().contains("more values"));
        gathered.add_ids(vec![String::new(); 3]).unwrap();
        assert!(gathered.add_ids(vec![String::new()]).unwrap_err().to_string().contains("more rows"));
        assert!(gathered.finish().unwrap_err().to_string().contains("3 ids for 2 vectors"));
    }
}
