//! The list files of the `DeepFashion` data sets: text in lines, fields apart by any number of spaces.
//!
//! Most begin with the number of rows and a line of column names; lists of items have the number alone, files of the
//! fine set neither. Rows are handed out one by one, so that a file may be larger than the memory. The number is
//! compared with the rows that came, never believed.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};

use super::limit::MAX_LINE;

/// Rows that a file may have: thirty times the largest data set.
const MAX_ROWS: u64 = 10_000_000;

/// A list file that is being read.
#[derive(Debug)]
pub(super) struct Table {
    path: Arc<Path>,
    reader: BufReader<File>,
    line: usize,
    names: Vec<String>,
    announced: Option<u64>,
    rows: u64,
    /// The first line, where it turned out to be a row.
    first: Option<String>,
}

/// A row and where it stands.
#[derive(Debug)]
pub(super) struct Row {
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) text: String,
}

impl Row {
    pub(super) fn fields(&self) -> Vec<&str> {
        self.text.split_whitespace().collect()
    }

    /// The fields, of which there must be `N`.
    pub(super) fn exactly<const N: usize>(&self) -> Result<[&str; N]> {
        let fields = self.fields();
        let found = fields.len();
        fields.try_into().ok().with_context(|| format!("The row has {found} fields instead of {N}"))
    }
}

impl Table {
    /// A file whose lines are all rows.
    pub(super) fn plain(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
        Ok(Self {
            path: path.into(),
            reader: BufReader::new(file),
            line: 0,
            names: Vec::new(),
            announced: None,
            rows: 0,
            first: None,
        })
    }

    /// A file that begins with its number of rows.
    pub(super) fn counted(path: &Path) -> Result<Self> {
        let mut table = Self::plain(path)?;
        let first = table.read_line()?.unwrap_or_default();
        let count = first.trim().parse().ok().with_context(|| {
            format!("{}: it must be the number of rows, but it is {:?}", table.at(1), shortened(&first))
        })?;
        table.announced = Some(count);
        Ok(table)
    }

    /// A file that begins with its number of rows and a line of column names.
    pub(super) fn named(path: &Path) -> Result<Self> {
        let mut table = Self::counted(path)?;
        let names = table.read_line()?.with_context(|| {
            format!("{}: the names of the columns are missing; the file may be cut off", table.at(2))
        })?;
        table.names = names.split_whitespace().map(str::to_owned).collect();
        Ok(table)
    }

    /// A file of names and their types: as [`Self::named`] when it begins with a number, else as [`Self::plain`].
    pub(super) fn maybe_named(path: &Path) -> Result<Self> {
        let mut table = Self::plain(path)?;
        match table.read_line()? {
            Some(first) if first.trim().parse::<u64>().is_ok() => Self::named(path),
            first => {
                table.first = first;
                Ok(table)
            }
        }
    }

    pub(super) fn path(&self) -> Arc<Path> {
        Arc::clone(&self.path)
    }

    /// "FILE, line N".
    pub(super) fn at(&self, line: usize) -> String {
        format!("{}, line {line}", self.path.display())
    }

    /// Where the column of this name is, counted from 0. Fails, naming the line, when there is none.
    pub(super) fn column(&self, name: &str) -> Result<usize> {
        self.names.iter().position(|known| known == name).with_context(|| {
            format!("{}: there is no column {name:?} among: {}", self.at(2), shortened(&self.names.join(" ")))
        })
    }

    /// The next row, or none at the end of the file.
    ///
    /// Fails, naming the line, where it is too long, empty or no text, and where the file has more or fewer rows than
    /// its first line says.
    pub(super) fn next_row(&mut self) -> Result<Option<Row>> {
        let text = match self.first.take() {
            Some(first) => Some(first),
            None => self.read_line()?,
        };
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            return self.end();
        };
        self.rows += 1;
        if let Some(announced) = self.announced {
            ensure!(
                self.rows <= announced,
                "{}: line 1 says that there are {announced} rows, but this is one more",
                self.at(self.line)
            );
        }
        ensure!(self.rows <= MAX_ROWS, "{}: there are more than {MAX_ROWS} rows", self.at(self.line));
        Ok(Some(Row { line: self.line, text: text.trim().to_owned() }))
    }

    /// Nothing but empty lines may follow, and as many rows as announced must have come.
    fn end(&mut self) -> Result<Option<Row>> {
        let empty = self.line;
        while let Some(text) = self.read_line()? {
            ensure!(text.trim().is_empty(), "{}: the line is empty, but rows follow", self.at(empty));
        }
        match self.announced {
            Some(announced) if announced != self.rows => bail!(
                "{}: it says that there are {announced} rows, but there are {}; the file may be cut off",
                self.at(1),
                self.rows
            ),
            _ => Ok(None),
        }
    }

    fn read_line(&mut self) -> Result<Option<String>> {
        let mut bytes = Vec::new();
        self.line += 1;
        let limit = MAX_LINE as u64 + 1;
        self.reader
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut bytes)
            .with_context(|| format!("{} cannot be read", self.at(self.line)))?;
        ensure!(bytes.len() <= MAX_LINE, "{}: it is longer than {MAX_LINE} bytes", self.at(self.line));
        if bytes.is_empty() {
            return Ok(None);
        }
        let text = String::from_utf8(bytes)
            .ok()
            .with_context(|| format!("{}: it is no text", self.at(self.line)))?;
        Ok(Some(text.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']).to_owned()))
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Reads the names of a `list_*_cloth` file in order: all fields but the last, which is the type.
///
/// Fails, naming the line, where a row has no type or a name comes twice.
pub(super) fn names(path: &Path) -> Result<Vec<String>> {
    rows_of_names(&mut Table::maybe_named(path)?)
}

/// As [`names`] for categories: copies of their list left out rows and kept the number of them, which is noted.
pub(super) fn category_names(path: &Path, notes: &mut Vec<String>) -> Result<Vec<String>> {
    let mut table = Table::maybe_named(path)?;
    let announced = table.announced.take();
    let names = rows_of_names(&mut table)?;
    if let Some(announced) = announced.filter(|announced| *announced != table.rows) {
        notes.push(format!(
            "{}: it says that there are {announced} rows, but there are {}, which are taken.",
            table.at(1),
            table.rows
        ));
    }
    Ok(names)
}

fn rows_of_names(table: &mut Table) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut seen = std::collections::HashSet::new();
    while let Some(row) = table.next_row()? {
        let place = || table.at(row.line);
        let (name, kind) = row
            .text
            .rsplit_once(char::is_whitespace)
            .with_context(|| format!("{}: the row must be a name and the number of its type", place()))?;
        kind.parse::<u32>()
            .ok()
            .with_context(|| format!("{}: the type is {kind:?}, which is not a number", place()))?;
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        ensure!(seen.insert(name.clone()), "{}: {name:?} is named twice", place());
        names.push(name);
    }
    ensure!(!names.is_empty(), "{} names nothing", table.path.display());
    Ok(names)
}

#[cfg(test)]
mod tests;
