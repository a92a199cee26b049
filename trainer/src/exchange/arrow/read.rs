//! Vectors and ids out of an Arrow file or stream, trusting nothing in it.

use anyhow::{Context as _, Result, bail, ensure};
use half::f16;

use super::{
    BATCH, CONTINUATION, DICTIONARY, FIXED_SIZE_LIST, FLOATING_POINT, SCHEMA, SINGLE, UTF8, flat::Table,
};
use crate::exchange::{Gathered, ID, Limits, Rows, VECTOR};

const LIST: u8 = 12;
const LARGE_UTF8: u8 = 20;
const LARGE_LIST: u8 = 21;
/// More columns, those within columns counted, are refused.
const MAX_FIELDS: usize = 4096;
/// Columns within columns, so deep at most.
const MAX_DEPTH: usize = 16;

/// Reads the column `vector`, lists of numbers of equal length, and the column `id`, where there is one.
///
/// Fails, saying what it found, where the file is no Arrow file, is compressed, or has vectors of other kinds.
pub fn read(bytes: &[u8], limits: Limits) -> Result<Rows> {
    let mut rest = bytes.strip_prefix(b"ARROW1\0\0").unwrap_or(bytes);
    ensure!(rest.starts_with(&CONTINUATION), "It is no Arrow file");
    let mut columns: Option<Vec<Table>> = None;
    let mut gathered = Gathered::new(limits);
    while let Some((message, body, behind)) = next(rest)? {
        rest = behind;
        let header = message.table(2).context("A message does not say what it holds")?;
        match (message.byte(1), &columns) {
            (Some(SCHEMA), None) => {
                ensure!(header.short(0).unwrap_or(0) == 0, "Its numbers are big endian");
                columns = Some(header.tables(1).context("Its list of columns is damaged")?);
            }
            (Some(BATCH), Some(columns)) => batch(columns, header, body, &mut gathered)?,
            // The columns that are read here refer to no dictionary.
            (Some(DICTIONARY), Some(_)) => {}
            _ => bail!("Its messages are of kinds or in an order that is not known"),
        }
    }
    ensure!(columns.is_some(), "It does not say what columns it has");
    gathered.finish()
}

/// A message's description and body, and what is behind it.
type Message<'a> = (Table<'a>, &'a [u8], &'a [u8]);

/// The next message; `None` at the end.
fn next(bytes: &[u8]) -> Result<Option<Message<'_>>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let cut = "It is cut off, or damaged, between two messages";
    let rest = bytes.strip_prefix(&CONTINUATION).context(cut)?;
    let (length, rest) = rest.split_first_chunk().context(cut)?;
    let length = u32::from_le_bytes(*length) as usize;
    if length == 0 {
        return Ok(None);
    }
    let (description, rest) = rest.split_at_checked(length).context(cut)?;
    let message = Table::root(description).context(cut)?;
    let body = usize::try_from(message.long(3).unwrap_or(0)).context(cut)?;
    let (body, rest) = rest.split_at_checked(body).context(cut)?;
    Ok(Some((message, body, rest)))
}

/// The place of a column in a batch: of its description, and of the first of its parts.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    node: usize,
    part: usize,
}

/// A batch of rows: how many values each column has, and where the parts are.
struct Batch<'a> {
    nodes: &'a [[u8; 16]],
    parts: &'a [[u8; 16]],
    body: &'a [u8],
}

impl<'a> Batch<'a> {
    /// The number of values of a column, none of which may be missing.
    fn values(&self, node: usize, name: &str) -> Result<usize> {
        let [values, missing] = halves(self.nodes.get(node).context("A batch describes too few columns")?);
        ensure!(missing == 0, "Some rows have no {name}");
        usize::try_from(values).context("A batch is damaged")
    }

    fn part(&self, part: usize) -> Result<&'a [u8]> {
        let [offset, length] = halves(self.parts.get(part).context("A batch has too few parts")?);
        let place = usize::try_from(offset).ok().zip(usize::try_from(length).ok());
        place
            .and_then(|(offset, length)| self.body.get(offset..)?.get(..length))
            .context("A part of a batch lies outside it")
    }

    /// The ends of `count` texts or lists, with the first one's start before them, never falling.
    fn ends(&self, part: usize, count: usize, is_large: bool) -> Result<Vec<usize>> {
        let size = if is_large { 8 } else { 4 };
        let bytes = self.part(part)?;
        // An empty column may leave its only end out.
        if count == 0 && bytes.is_empty() {
            return Ok(vec![0]);
        }
        let wanted = count.checked_add(1).and_then(|ends| bytes.get(..ends.checked_mul(size)?));
        let bytes = wanted.context("A part of a batch is too short")?;
        let number = |bytes: &[u8]| {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            usize::try_from(u64::from_le_bytes(word)).unwrap_or(usize::MAX)
        };
        let ends: Vec<usize> = bytes.chunks_exact(size).map(number).collect();
        ensure!(ends.is_sorted(), "The ends of its texts or lists are damaged");
        Ok(ends)
    }
}

fn halves(sixteen: &[u8; 16]) -> [i64; 2] {
    let (words, _) = sixteen.as_chunks::<8>();
    [words[0], words[1]].map(i64::from_le_bytes)
}

/// Adds the rows of a batch.
fn batch(columns: &[Table<'_>], header: Table<'_>, body: &[u8], gathered: &mut Gathered) -> Result<()> {
    ensure!(header.table(3).is_none(), "Its batches are compressed; save it with compression=None");
    let sixteens = |slot| Some(header.words(slot, 16)?.as_chunks().0);
    let batch = Batch {
        nodes: sixteens(1).context("A batch describes no columns")?,
        parts: sixteens(2).context("A batch has no parts")?,
        body,
    };
    let variable: Vec<usize> = header.words(4, 8).map_or_else(Vec::new, |counts| {
        let count = |bytes: &[u8; 8]| usize::try_from(i64::from_le_bytes(*bytes)).unwrap_or(usize::MAX);
        counts.as_chunks().0.iter().map(count).collect()
    });
    let mut walk = Walk { place: Place::default(), fields: 0, variable: variable.into_iter() };
    let (mut vectors, mut ids) = (None, None);
    for column in columns {
        let place = walk.place;
        walk.pass(*column, 0)?;
        let wanted = match column.text(0) {
            Some(VECTOR) => &mut vectors,
            Some(ID) => &mut ids,
            _ => continue,
        };
        let before = wanted.replace((column, place));
        ensure!(before.is_none(), "It has more than one column `vector` or `id`");
    }
    let (column, place) = vectors.context("It has no column `vector`")?;
    add_vectors(&batch, *column, place, gathered)?;
    if let Some((column, place)) = ids {
        let is_large = column.byte(2) == Some(LARGE_UTF8);
        ensure!(
            (is_large || column.byte(2) == Some(UTF8)) && column.table(4).is_none(),
            "Its column `id` is no plain text; save it as a column of strings"
        );
        let ends = batch.ends(place.part + 1, batch.values(place.node, "id")?, is_large)?;
        let texts = batch.part(place.part + 2)?;
        let text = |ends: &[usize]| {
            let text = texts.get(ends[0]..ends[1]).and_then(|text| std::str::from_utf8(text).ok());
            text.map(str::to_owned).context("An id is no text")
        };
        ensure!(ends.len() - 1 <= gathered.limits.rows, "It has more rows than the catalogue");
        gathered.add_ids(ends.windows(2).map(text).collect::<Result<_>>()?)?;
    }
    Ok(())
}

fn add_vectors(batch: &Batch<'_>, column: Table<'_>, place: Place, gathered: &mut Gathered) -> Result<()> {
    let kind = column.byte(2);
    ensure!(
        matches!(kind, Some(FIXED_SIZE_LIST | LIST | LARGE_LIST)) && column.table(4).is_none(),
        "Its column `vector` does not hold lists"
    );
    let numbers = column.tables(5).and_then(|children| children.into_iter().next());
    let numbers = numbers.filter(|numbers| numbers.byte(2) == Some(FLOATING_POINT));
    let numbers = numbers.context("Its column `vector` does not hold lists of floating-point numbers")?;
    let precision = numbers.table(3).and_then(|of| of.short(0)).unwrap_or(0);

    let rows = batch.values(place.node, VECTOR)?;
    let values = batch.values(place.node + 1, "whole vector")?;
    let (from, columns, part) = if kind == Some(FIXED_SIZE_LIST) {
        let size = column.table(3).and_then(|of| of.int(0)).and_then(|size| usize::try_from(size).ok());
        (0, size.context("Its vectors have no length")?, place.part + 2)
    } else {
        let ends = batch.ends(place.part + 1, rows, kind == Some(LARGE_LIST))?;
        let columns = ends.get(1).map_or(0, |end| end - ends[0]);
        ensure!(ends.windows(2).all(|ends| ends[1] - ends[0] == columns), "Its vectors differ in length");
        (ends[0], columns, place.part + 3)
    };
    if rows == 0 {
        return Ok(());
    }
    let end = rows.checked_mul(columns).and_then(|values| values.checked_add(from));
    let end = end.filter(|end| *end <= values).context("It has fewer numbers than its vectors need")?;
    let bytes = batch.part(part)?;
    let cut = "A part of a batch is too short";
    match precision {
        0 => {
            let halves = bytes.as_chunks().0.get(from..end).context(cut)?;
            gathered.add(columns, halves.iter().map(|half| f16::from_le_bytes(*half).to_f32()))
        }
        SINGLE => {
            let singles = bytes.as_chunks().0.get(from..end).context(cut)?;
            gathered.add(columns, singles.iter().map(|single| f32::from_le_bytes(*single)))
        }
        _ => {
            let doubles = bytes.as_chunks().0.get(from..end).context(cut)?;
            gathered.add(columns, doubles.iter().map(|double| f64::from_le_bytes(*double) as f32))
        }
    }
}

/// Goes over columns in the order in which batches describe them, and counts.
struct Walk<I> {
    place: Place,
    fields: usize,
    /// How many parts more than usual each column has whose number of parts varies.
    variable: I,
}

impl<I: Iterator<Item = usize>> Walk<I> {
    /// Passes a column with all those within it.
    fn pass(&mut self, field: Table<'_>, depth: usize) -> Result<()> {
        self.fields += 1;
        ensure!(self.fields <= MAX_FIELDS && depth <= MAX_DEPTH, "It has too many columns");
        self.place.node += 1;
        // One that refers to a dictionary has numbers where its values would be.
        let parts = if field.table(4).is_some() {
            2
        } else {
            match field.byte(2).unwrap_or(0) {
                // Nothing, and runs.
                1 | 22 => 0,
                // Structures and lists of a fixed size.
                13 | FIXED_SIZE_LIST => 1,
                // Unions: sparse ones, and dense ones.
                14 if field.table(3).and_then(|of| of.short(0)) != Some(1) => 1,
                // Numbers, truth values, dates, bytes of a fixed size; lists and maps; dense unions.
                2 | 3 | 6..=12 | 14 | 15 | 17 | 18 | LARGE_LIST => 2,
                // Texts and bytes; lists that are views.
                4 | 5 | 19 | 20 | 25 | 26 => 3,
                // Texts and bytes that are views.
                23 | 24 => {
                    self.variable.next().and_then(|more| more.checked_add(2)).context("A batch is damaged")?
                }
                kind => bail!("It has a column of a kind that is not known, {kind}"),
            }
        };
        self.place.part = self.place.part.checked_add(parts).context("A batch is damaged")?;
        if field.table(4).is_none() {
            for child in field.tables(5).unwrap_or_default() {
                self.pass(child, depth + 1)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::exchange::{ENOUGH, Limits, arrow::write, example};

    #[test]
    fn other_files_are_refused_in_words() {
        let good = write(&example()).unwrap();
        let says = |bytes: &[u8], words: &str| {
            let error = read(bytes, ENOUGH).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        };
        says(b"Dear Sir or Madam", "no Arrow file");
        says(b"", "no Arrow file");
        for length in 8..good.len() {
            // Behind the last message only readers that jump read on.
            if let Ok(rows) = read(&good[..length], ENOUGH) {
                assert_eq!(rows.vectors.values.len() % 6, 0, "{length} bytes");
            }
        }
        let renamed = |name: &str, to: &str| {
            let mut bytes = good.clone();
            while let Some(at) = bytes.windows(name.len()).position(|window| window == name.as_bytes()) {
                bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            }
            bytes
        };
        says(&renamed("vector", "factor"), "no column `vector`");
        let mut twice = example();
        twice.columns[2].name = twice.columns[0].name;
        says(&write(&twice).unwrap(), "more than one column");
        let few = |rows, values| read(&good, Limits { rows, values }).unwrap_err().to_string();
        assert!(few(3, 5).contains("more values"));
        assert!(few(2, 6).contains("more rows"));
    }

    /// A damaged file gives an error or other numbers, and neither panics nor asks for more memory than it has.
    #[test]
    fn damage_does_no_harm() {
        let good = write(&example()).unwrap();
        for at in 0..good.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = value;
                if let Ok(rows) = read(&bytes, ENOUGH) {
                    assert!(rows.vectors.values.len() <= 6);
                }
            }
        }
    }
}
