//! Arrow's file format, also known as Feather 2: columns as they lie in memory, in messages that `FlatBuffers` describe.
//!
//! A message is four bytes of ones, the length of its description, the description and a body. The first says what columns there are;
//! each of the others holds rows of all of them. A file has its name before and after, and a list of the messages at its
//! end for readers that jump; [`read`] goes from one to the next, and so reads streams of them, too.

mod flat;
mod read;

use anyhow::{Context as _, Result};

use super::{Table, VECTOR, Values};
use flat::{Fields, Value};
pub use read::read;

const MAGIC: &[u8] = b"ARROW1";
const CONTINUATION: [u8; 4] = [0xff; 4];
/// Parts of a body start at multiples of this.
const ALIGNMENT: usize = 64;

/// Version 5 of the descriptions.
const VERSION: i16 = 4;
/// Kinds of messages.
const SCHEMA: u8 = 1;
const DICTIONARY: u8 = 2;
const BATCH: u8 = 3;
/// Kinds of columns.
const INT: u8 = 2;
const FLOATING_POINT: u8 = 3;
const UTF8: u8 = 5;
const FIXED_SIZE_LIST: u8 = 16;
/// Single precision.
const SINGLE: i16 = 1;

/// The bytes of a file: vectors as lists of a fixed size of single-precision numbers, in one batch.
///
/// Fails where the texts of a column take more than 2 GiB.
pub fn write(table: &Table) -> Result<Vec<u8>> {
    let mut bytes = MAGIC.to_vec();
    bytes.resize(8, 0);
    bytes.extend(schema_message(table));
    let body = Body::of(table)?;
    let batch = vec![
        (0, Value::Long(table.len() as i64)),
        (1, Value::Structures(body.nodes.len() / 16, body.nodes)),
        (2, Value::Structures(body.parts.len() / 16, body.parts)),
    ];
    let at = bytes.len();
    let description = message(BATCH, batch, body.bytes.len());
    let mut block = (at as i64).to_le_bytes().to_vec();
    block.extend((description.len() as u64).to_le_bytes());
    block.extend((body.bytes.len() as u64).to_le_bytes());
    bytes.extend(description);
    bytes.extend(body.bytes);
    bytes.extend(CONTINUATION);
    bytes.extend([0; 4]);
    let footer = flat::write(&vec![
        (0, Value::Short(VERSION)),
        (1, Value::Table(schema(table))),
        (2, Value::Structures(0, Vec::new())),
        (3, Value::Structures(1, block)),
    ]);
    bytes.extend(&footer);
    bytes.extend((footer.len() as u32).to_le_bytes());
    bytes.extend(MAGIC);
    Ok(bytes)
}

/// The message that says what columns there are.
pub(super) fn schema_message(table: &Table) -> Vec<u8> {
    message(SCHEMA, schema(table), 0)
}

fn message(kind: u8, header: Fields, body_length: usize) -> Vec<u8> {
    let description = flat::write(&vec![
        (0, Value::Short(VERSION)),
        (1, Value::Byte(kind)),
        (2, Value::Table(header)),
        (3, Value::Long(body_length as i64)),
    ]);
    let mut bytes = CONTINUATION.to_vec();
    bytes.extend((description.len() as u32).to_le_bytes());
    bytes.extend(description);
    bytes
}

fn schema(table: &Table) -> Fields {
    let number = field("item", false, FLOATING_POINT, vec![(0, Value::Short(SINGLE))], vec![]);
    let size = vec![(0, Value::Int(table.vectors.columns as i32))];
    let vectors = field(VECTOR, false, FIXED_SIZE_LIST, size, vec![number]);
    let others = table.columns.iter().map(|column| match &column.values {
        Values::Text(_) => field(column.name, false, UTF8, vec![], vec![]),
        Values::Optional(_) => field(column.name, true, UTF8, vec![], vec![]),
        // Of 32 bits without a sign.
        Values::Whole(_) => {
            field(column.name, false, INT, vec![(0, Value::Int(32)), (1, Value::Byte(0))], vec![])
        }
    });
    vec![(0, Value::Short(0)), (1, Value::Tables(others.chain([vectors]).collect()))]
}

fn field(name: &'static str, is_nullable: bool, kind: u8, of: Fields, children: Vec<Fields>) -> Fields {
    vec![
        (0, Value::Text(name)),
        (1, Value::Byte(u8::from(is_nullable))),
        (2, Value::Byte(kind)),
        (3, Value::Table(of)),
        (5, Value::Tables(children)),
    ]
}

/// The columns' values, and what describes them: a node a column, and the place of each part.
#[derive(Default)]
struct Body {
    nodes: Vec<u8>,
    parts: Vec<u8>,
    bytes: Vec<u8>,
}

impl Body {
    fn of(table: &Table) -> Result<Self> {
        let mut body = Self::default();
        for column in &table.columns {
            match &column.values {
                Values::Text(texts) => {
                    body.push_node(texts.len(), 0);
                    body.push_part(&[]);
                    body.push_texts(texts.iter().map(String::as_str))
                }
                Values::Optional(texts) => {
                    body.push_node(texts.len(), texts.iter().filter(|text| text.is_none()).count());
                    let is_there: Vec<bool> = texts.iter().map(Option::is_some).collect();
                    body.push_part(&bits(&is_there));
                    body.push_texts(texts.iter().map(|text| text.as_deref().unwrap_or_default()))
                }
                Values::Whole(numbers) => {
                    body.push_node(numbers.len(), 0);
                    body.push_part(&[]);
                    body.push_part(
                        &numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>(),
                    );
                    Some(())
                }
            }
            .with_context(|| {
                format!("The column {} has more text than Arrow's lists can hold", column.name)
            })?;
        }
        body.push_node(table.len(), 0);
        body.push_part(&[]);
        body.push_node(table.vectors.values.len(), 0);
        body.push_part(&[]);
        let numbers: Vec<u8> = table.vectors.values.iter().flat_map(|value| value.to_le_bytes()).collect();
        body.push_part(&numbers);
        Ok(body)
    }

    fn push_node(&mut self, values: usize, missing: usize) {
        self.nodes.extend((values as i64).to_le_bytes());
        self.nodes.extend((missing as i64).to_le_bytes());
    }

    fn push_part(&mut self, part: &[u8]) {
        self.parts.extend((self.bytes.len() as i64).to_le_bytes());
        self.parts.extend((part.len() as i64).to_le_bytes());
        self.bytes.extend_from_slice(part);
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGNMENT), 0);
    }

    /// Where each text starts, and where the last one ends, and then all of them. `None` where that is too far.
    fn push_texts<'a>(&mut self, texts: impl Iterator<Item = &'a str>) -> Option<()> {
        let (mut all, mut ends) = (Vec::new(), vec![0; 4]);
        for text in texts {
            all.extend_from_slice(text.as_bytes());
            ends.extend(i32::try_from(all.len()).ok()?.to_le_bytes());
        }
        self.push_part(&ends);
        self.push_part(&all);
        Some(())
    }
}

/// A bit each, the lowest first.
fn bits(values: &[bool]) -> Vec<u8> {
    let byte = |eight: &[bool]| eight.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    values.chunks(8).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{ENOUGH, Rows, example};

    #[test]
    fn bits_start_with_the_lowest() {
        assert_eq!(bits(&[true, false, true]), [0b101]);
        assert_eq!(bits(&[false; 9]), [0, 0]);
        assert_eq!(bits(&[]), [0; 0]);
    }

    #[test]
    fn what_is_written_is_read() {
        let table = example();
        let bytes = write(&table).unwrap();
        let ids = ["a", "bé", "c"].map(str::to_owned).to_vec();
        assert_eq!(read(&bytes, ENOUGH).unwrap(), Rows { vectors: table.vectors, ids: Some(ids) });
        // As a stream: from the first message to the end's mark.
        let end =
            bytes.windows(8).rposition(|window| window == [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]).unwrap();
        assert!(read(&bytes[8..end + 8], ENOUGH).is_ok());
    }
}
