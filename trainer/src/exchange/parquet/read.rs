//! Vectors and ids out of a Parquet file, trusting nothing in it.
//!
//! What writers do by default is read: pages of both versions, plain or through a dictionary, as they are or compressed with Snappy.

use std::borrow::Cow;

use anyhow::{Context as _, Result, bail, ensure};

use super::{
    BYTE_ARRAY, DATA_PAGE, DOUBLE, FLOAT, MAGIC, OPTIONAL, PLAIN, REPEATED, RLE, runs, thrift, thrift::Value,
};
use crate::exchange::{Gathered, ID, Limits, Rows, VECTOR};

const DICTIONARY_PAGE: i32 = 2;
const DATA_PAGE_2: i32 = 3;
/// Values as places in a dictionary, under its old and its new number.
const PLACES: [i32; 2] = [2, 8];
/// No compression does better than this.
const MAX_RATIO: usize = 64;
/// Longer ids are refused: a dictionary could repeat one as often as there are rows.
const MAX_ID_BYTES: usize = 4096;
/// Groups within groups, so deep at most.
const MAX_DEPTH: usize = 16;

/// A column at the end of its path, and how often its parts are missing or repeated.
#[derive(Debug, Clone)]
struct Leaf<'a> {
    path: Vec<&'a [u8]>,
    kind: i32,
    definition: u32,
    repetition: u32,
}

/// Values of a column.
#[derive(Debug, Clone)]
enum Values {
    Numbers(Vec<f32>),
    Texts(Vec<String>),
}

/// Reads the column `vector`, lists of numbers of equal length, and the column `id`, where there is one.
///
/// Fails, saying what it found, where the file is no Parquet file, or is written in another way than most are.
pub fn read(bytes: &[u8], limits: Limits) -> Result<Rows> {
    let cut = "It is cut off, or no Parquet file";
    let inside = bytes.strip_prefix(MAGIC).and_then(|rest| rest.strip_suffix(MAGIC)).context(cut)?;
    let (rest, length) = inside.split_last_chunk().context(cut)?;
    let start = rest.len().checked_sub(u32::from_le_bytes(*length) as usize).context(cut)?;
    let footer = thrift::read(&mut &rest[start..])?;
    let leaves = leaves(footer.list(2).context("It does not say what columns it has")?)?;
    let named =
        |name: &str| leaves.iter().filter(move |leaf| leaf.path[0] == name.as_bytes()).collect::<Vec<_>>();
    let vectors = match named(VECTOR)[..] {
        [leaf] if leaf.repetition == 1 && matches!(leaf.kind, FLOAT | DOUBLE) => leaf,
        [] => bail!("It has no column `vector`"),
        _ => bail!("Its column `vector` does not hold lists of floating-point numbers"),
    };
    let ids = match named(ID)[..] {
        [] => None,
        [leaf] if leaf.repetition == 0 && leaf.kind == BYTE_ARRAY => Some(leaf),
        _ => bail!("Its column `id` is no text; save it as a column of strings"),
    };
    let mut gathered = Gathered::new(limits);
    let mut left = start;
    for group in footer.list(4).unwrap_or_default() {
        let (starts, values) = column(bytes, group, vectors, limits.values, &mut left)?;
        let Values::Numbers(numbers) = values else { bail!("Its vectors are texts") };
        if !starts.is_empty() {
            let columns = starts.get(1).copied().unwrap_or(numbers.len());
            let is_even = starts.iter().enumerate().all(|(row, start)| *start == row * columns)
                && numbers.len() == starts.len() * columns;
            ensure!(is_even, "Its vectors differ in length");
            gathered.add(columns, numbers.into_iter())?;
        }
        if let Some(ids) = ids {
            let (_, values) = column(bytes, group, ids, limits.rows, &mut left)?;
            let Values::Texts(texts) = values else { bail!("Its ids are numbers") };
            gathered.add_ids(texts)?;
        }
    }
    gathered.finish()
}

/// The columns of the schema, which lists every group before what is in it.
fn leaves(schema: &[Value]) -> Result<Vec<Leaf<'_>>> {
    let damaged = "Its list of columns is damaged";
    let (root, mut rest) = schema.split_first().context(damaged)?;
    let mut leaves = Vec::new();
    let start = Leaf { path: Vec::new(), kind: -1, definition: 0, repetition: 0 };
    for _ in 0..root.length(5).context(damaged)? {
        pass(&mut rest, &start, &mut leaves).context(damaged)?;
    }
    Ok(leaves)
}

fn pass<'a>(rest: &mut &'a [Value], above: &Leaf<'a>, leaves: &mut Vec<Leaf<'a>>) -> Option<()> {
    let (element, behind) = rest.split_first()?;
    *rest = behind;
    let mut leaf = above.clone();
    leaf.path.push(element.bytes(4)?);
    match element.number(3)? as i32 {
        OPTIONAL => leaf.definition += 1,
        REPEATED => {
            leaf.definition += 1;
            leaf.repetition += 1;
        }
        _ => {}
    }
    let children = element.length(5).unwrap_or(0);
    if children == 0 {
        leaf.kind = element.number(1)? as i32;
        leaves.push(leaf);
    } else if leaf.path.len() < MAX_DEPTH {
        for _ in 0..children {
            pass(rest, &leaf, leaves)?;
        }
    } else {
        return None;
    }
    Some(())
}

/// All values of a column in a group of rows, at most `limit`, none of them missing, and where a row's values start. Takes its bytes off
/// `left`, those of the file that no column has had yet.
fn column(
    bytes: &[u8],
    group: &Value,
    leaf: &Leaf<'_>,
    limit: usize,
    left: &mut usize,
) -> Result<(Vec<usize>, Values)> {
    let damaged = "A group of rows is damaged";
    let is_it = |chunk: &&Value| {
        let path = chunk.list(3).unwrap_or_default();
        path.len() == leaf.path.len()
            && path
                .iter()
                .zip(&leaf.path)
                .all(|(part, name)| matches!(part, Value::Bytes(part) if part == name))
    };
    let chunks = group.list(1).context(damaged)?;
    let chunk = chunks.iter().filter_map(|chunk| chunk.field(3)).find(is_it).context(damaged)?;
    let wanted = chunk.length(5).context(damaged)?;
    ensure!(wanted <= limit, "It has {wanted} values in a column where the catalogue has {limit}");
    let data = chunk.length(9).context(damaged)?;
    let start = chunk.length(11).filter(|start| *start > 0).map_or(data, |start| start.min(data));
    let length = chunk.length(7).context(damaged)?;
    let mut rest = bytes.get(start..).and_then(|rest| rest.get(..length)).context(damaged)?;
    // Otherwise a short file could have the same bytes unpacked for each of a million groups.
    *left = left.checked_sub(length).context("Its groups of rows lie one over the other")?;
    let codec = chunk.number(4).context(damaged)?;

    let mut reader = Pages { leaf, dictionary: None, starts: Vec::new(), values: Values::none(leaf.kind)? };
    let mut seen = 0;
    while seen < wanted {
        let head = thrift::read(&mut rest)?;
        let page = head.length(3).and_then(|length| rest.split_at_checked(length));
        let (page, behind) = page.context("A page of it is cut off")?;
        rest = behind;
        let whole = head.length(2).context(damaged)?;
        seen += reader.page(&head, page, whole, codec, wanted - seen)?;
    }
    Ok((reader.starts, reader.values))
}

/// Reads the pages of a column one after the other.
struct Pages<'a> {
    leaf: &'a Leaf<'a>,
    dictionary: Option<Values>,
    starts: Vec<usize>,
    values: Values,
}

impl Pages<'_> {
    /// Reads a page, which has at most `most` values; says how many.
    fn page(&mut self, head: &Value, page: &[u8], whole: usize, codec: i64, most: usize) -> Result<usize> {
        let damaged = "A page of it is damaged";
        let kind = head.number(1).context(damaged)? as i32;
        let own = head.field(match kind {
            DATA_PAGE => 5,
            DICTIONARY_PAGE => 7,
            DATA_PAGE_2 => 8,
            // An index: nothing that is needed.
            _ => return Ok(0),
        });
        let own = own.context(damaged)?;
        let count = own.length(1).context(damaged)?;
        ensure!(count <= most, "A page of it has more values than its column");
        match kind {
            DICTIONARY_PAGE => {
                let mut entries = Values::none(self.leaf.kind)?;
                entries.add_plain(&mut &*decompressed(page, whole, codec)?, self.leaf.kind, count)?;
                self.dictionary = Some(entries);
                Ok(0)
            }
            DATA_PAGE => {
                let page = decompressed(page, whole, codec)?;
                let mut rest = &*page;
                let mut levels = |most: u32| -> Result<Vec<u32>> {
                    if most == 0 {
                        return Ok(Vec::new());
                    }
                    let (length, behind) = rest.split_first_chunk().context(damaged)?;
                    let (levels, behind) =
                        behind.split_at_checked(u32::from_le_bytes(*length) as usize).context(damaged)?;
                    rest = behind;
                    runs::read(levels, width(most), count)
                };
                let repetitions = levels(self.leaf.repetition)?;
                let definitions = levels(self.leaf.definition)?;
                for (id, most) in [(4, self.leaf.repetition), (3, self.leaf.definition)] {
                    let is_known = most == 0 || own.number(id) == Some(RLE.into());
                    ensure!(is_known, "Its levels are written in a way that is not known");
                }
                self.add(own.number(2), rest, count, &repetitions, &definitions)?;
                Ok(count)
            }
            _ => {
                let repeated = own.length(6).and_then(|length| page.split_at_checked(length));
                let (repetitions, rest) = repeated.context(damaged)?;
                let defined = own.length(5).and_then(|length| rest.split_at_checked(length));
                let (definitions, rest) = defined.context(damaged)?;
                let levels = |levels, most| {
                    if most == 0 { Ok(Vec::new()) } else { runs::read(levels, width(most), count) }
                };
                let repetitions = levels(repetitions, self.leaf.repetition)?;
                let definitions = levels(definitions, self.leaf.definition)?;
                let is_compressed = own.field(7) != Some(&Value::Bool(false));
                let whole = whole.checked_sub(page.len() - rest.len()).context(damaged)?;
                let values = decompressed(rest, whole, if is_compressed { codec } else { 0 })?;
                self.add(own.number(4), &values, count, &repetitions, &definitions)?;
                Ok(count)
            }
        }
    }

    fn add(
        &mut self,
        encoding: Option<i64>,
        mut bytes: &[u8],
        count: usize,
        repetitions: &[u32],
        definitions: &[u32],
    ) -> Result<()> {
        let name = String::from_utf8_lossy(self.leaf.path[0]);
        ensure!(
            definitions.iter().all(|level| *level == self.leaf.definition),
            "Some rows have no {name}, or not all of it"
        );
        let before = self.values.len();
        self.starts.extend((0..repetitions.len()).filter(|at| repetitions[*at] == 0).map(|at| before + at));
        match encoding.map(|encoding| encoding as i32) {
            Some(PLAIN) => self.values.add_plain(&mut bytes, self.leaf.kind, count),
            Some(encoding) if PLACES.contains(&encoding) => {
                let entries =
                    self.dictionary.as_ref().context("It refers to a dictionary that is not there")?;
                let (width, places) = bytes.split_first().context("A page of it is damaged")?;
                self.values.add_places(entries, &runs::read(places, (*width).into(), count)?)
            }
            _ => {
                bail!("The column {name} is encoded in a way that is not known; save it with plain encoding")
            }
        }
    }
}

/// Bits that numbers up to this one take.
fn width(most: u32) -> u32 {
    u32::BITS - most.leading_zeros()
}

fn decompressed(page: &[u8], whole: usize, codec: i64) -> Result<Cow<'_, [u8]>> {
    match codec {
        0 => Ok(Cow::Borrowed(page)),
        1 => {
            let damaged = "A compressed page of it is damaged";
            let length = snap::raw::decompress_len(page).context(damaged)?;
            ensure!(length == whole && length / MAX_RATIO <= page.len(), "{damaged}");
            Ok(Cow::Owned(snap::raw::Decoder::new().decompress_vec(page).context(damaged)?))
        }
        _ => {
            bail!("It is compressed in a way that is not known; save it with compression \"snappy\" or none")
        }
    }
}

impl Values {
    fn none(kind: i32) -> Result<Self> {
        match kind {
            FLOAT | DOUBLE => Ok(Self::Numbers(Vec::new())),
            BYTE_ARRAY => Ok(Self::Texts(Vec::new())),
            _ => bail!("A column of it holds neither numbers nor texts"),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.len(),
        }
    }

    /// Adds `count` values that lie one after the other.
    fn add_plain(&mut self, bytes: &mut &[u8], kind: i32, count: usize) -> Result<()> {
        let cut = "A page of it has fewer values than it says";
        match self {
            Self::Numbers(numbers) if kind == DOUBLE => {
                let doubles = bytes.as_chunks().0.get(..count).context(cut)?;
                numbers.extend(doubles.iter().map(|double| f64::from_le_bytes(*double) as f32));
            }
            Self::Numbers(numbers) => {
                let singles = bytes.as_chunks().0.get(..count).context(cut)?;
                numbers.extend(singles.iter().map(|single| f32::from_le_bytes(*single)));
            }
            Self::Texts(texts) => {
                for _ in 0..count {
                    let (length, rest) = bytes.split_first_chunk().context(cut)?;
                    let (text, rest) =
                        rest.split_at_checked(u32::from_le_bytes(*length) as usize).context(cut)?;
                    ensure!(text.len() <= MAX_ID_BYTES, "An id has more than {MAX_ID_BYTES} bytes");
                    texts.push(std::str::from_utf8(text).context("An id is no text")?.to_owned());
                    *bytes = rest;
                }
            }
        }
        Ok(())
    }

    /// Adds those at these places of a dictionary.
    fn add_places(&mut self, entries: &Self, places: &[u32]) -> Result<()> {
        let outside = "It refers to a place outside its dictionary";
        match (self, entries) {
            (Self::Numbers(numbers), Self::Numbers(entries)) => {
                for place in places {
                    numbers.push(*entries.get(*place as usize).context(outside)?);
                }
            }
            (Self::Texts(texts), Self::Texts(entries)) => {
                for place in places {
                    texts.push(entries.get(*place as usize).context(outside)?.clone());
                }
            }
            _ => bail!("{outside}"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{ENOUGH, example, parquet::write};

    #[test]
    fn other_files_are_refused_in_words() {
        let good = write(&example()).unwrap();
        let says = |bytes: &[u8], words: &str| {
            let error = format!("{:#}", read(bytes, ENOUGH).unwrap_err());
            assert!(error.contains(words), "{error}");
        };
        says(b"Dear Sir or Madam", "no Parquet file");
        says(b"PAR1PAR1", "no Parquet file");
        for length in 0..good.len() {
            says(&good[..length], "no Parquet file");
        }
        let renamed = |name: &str, to: &str| {
            let mut bytes = good.clone();
            while let Some(at) = bytes.windows(name.len()).position(|window| window == name.as_bytes()) {
                bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            }
            bytes
        };
        says(&renamed("vector", "factor"), "no column `vector`");
        let few = |rows, values| read(&good, Limits { rows, values }).unwrap_err().to_string();
        assert!(few(3, 5).contains("the catalogue has 5"));
        assert!(few(2, 6).contains("the catalogue has 2"));
    }

    #[test]
    fn no_bytes_are_read_for_one_group_after_another() {
        let good = write(&example()).unwrap();
        let (rest, length) = good[..good.len() - MAGIC.len()].split_last_chunk().unwrap();
        let start = rest.len() - u32::from_le_bytes(*length) as usize;
        let Value::Struct(mut fields) = thrift::read(&mut &rest[start..]).unwrap() else {
            panic!("no footer")
        };
        for (id, groups) in &mut fields {
            if let (4, Value::List(groups)) = (*id, groups) {
                *groups = vec![groups[0].clone(); 50];
            }
        }
        let mut bytes = good[..start].to_vec();
        Value::Struct(fields).write(&mut bytes);
        let length = (bytes.len() - start) as u32;
        bytes.extend(length.to_le_bytes());
        bytes.extend(MAGIC);
        let error = read(&bytes, Limits { rows: 150, values: 300 }).unwrap_err();
        assert!(error.to_string().contains("one over the other"), "{error:#}");
    }

    /// A damaged file gives an error or other numbers, and neither panics nor asks for more memory than it has.
    #[test]
    fn damage_does_no_harm() {
        let good = write(&example()).unwrap();
        for at in 0..good.len() {
            for value in [0, 1, 0x15, 0x7f, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = value;
                if let Ok(rows) = read(&bytes, ENOUGH) {
                    assert!(rows.vectors.values.len() <= 6);
                }
            }
        }
    }
}
