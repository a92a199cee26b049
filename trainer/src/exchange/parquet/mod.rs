//! Parquet: rows in groups, each group column by column, each column in pages, and what is where at the end.
//!
//! A vector is a list of numbers. Lists lie flat, one after the other, and beside each number stands whether it starts a
//! list (its repetition level: 0, else 1) and how much of its column's path is there (its definition level: 1, as nothing is missing).

mod read;
mod runs;
mod thrift;

use anyhow::{Context as _, Result};

use super::{Column, Table, VECTOR, Values, arrow};
pub use read::read;
use thrift::Value;

const MAGIC: &[u8] = b"PAR1";
/// Values of a vector column that a group of rows has about: sixteen megabytes.
const GROUP_VALUES: usize = 4 << 20;

/// Kinds of values.
const INT32: i32 = 1;
const FLOAT: i32 = 4;
const DOUBLE: i32 = 5;
const BYTE_ARRAY: i32 = 6;
/// Whether a column has a value in each row, in some, or many.
const REQUIRED: i32 = 0;
const OPTIONAL: i32 = 1;
const REPEATED: i32 = 2;
/// How values are written.
const PLAIN: i32 = 0;
const RLE: i32 = 3;
/// Kinds of pages.
const DATA_PAGE: i32 = 0;

/// The bytes of a file, uncompressed. Readers that know Arrow are told that vectors are lists of a fixed size.
///
/// Fails where the texts of some thousands of rows take more than 2 GiB.
pub fn write(table: &Table) -> Result<Vec<u8>> {
    let mut bytes = MAGIC.to_vec();
    let group_rows = (GROUP_VALUES / table.vectors.columns.max(1)).max(1);
    let mut groups = Vec::new();
    for start in (0..table.len()).step_by(group_rows) {
        let rows = start..(start + group_rows).min(table.len());
        let from = bytes.len();
        let mut chunks = Vec::new();
        for column in &table.columns {
            let (kind, page) = page_of(column, rows.clone());
            chunks.push(chunk(&mut bytes, kind, &[column.name], rows.len(), &page)?);
        }
        let columns = table.vectors.columns;
        let numbers = &table.vectors.values[rows.start * columns..rows.end * columns];
        chunks.push(chunk(
            &mut bytes,
            FLOAT,
            &[VECTOR, "list", "element"],
            numbers.len(),
            &vectors(numbers, columns),
        )?);
        groups.push(Value::Struct(vec![
            (1, Value::List(chunks)),
            (2, Value::Long((bytes.len() - from) as i64)),
            (3, Value::Long(rows.len() as i64)),
        ]));
    }
    let schema = Value::Struct(vec![
        (1, Value::text("ARROW:schema")),
        (2, Value::text(&base64(&arrow::schema_message(table)))),
    ]);
    let footer = Value::Struct(vec![
        (1, Value::Int(2)),
        (2, Value::List(schema_of(table))),
        (3, Value::Long(table.len() as i64)),
        (4, Value::List(groups)),
        (5, Value::List(vec![schema])),
        (6, Value::text("Twill")),
    ]);
    let start = bytes.len();
    footer.write(&mut bytes);
    bytes.extend(((bytes.len() - start) as u32).to_le_bytes());
    bytes.extend(MAGIC);
    Ok(bytes)
}

/// The columns, each with how often it is there; the vectors as a list in a group, as the format has it.
fn schema_of(table: &Table) -> Vec<Value> {
    let empty = || Value::Struct(vec![]);
    let mut all = vec![Value::Struct(vec![
        (4, Value::text("schema")),
        (5, Value::Int(table.columns.len() as i32 + 1)),
    ])];
    for column in &table.columns {
        let text = |repetition| {
            Value::Struct(vec![
                (1, Value::Int(BYTE_ARRAY)),
                (3, Value::Int(repetition)),
                (4, Value::text(column.name)),
                (6, Value::Int(0)),
                (10, Value::Struct(vec![(1, empty())])),
            ])
        };
        all.push(match &column.values {
            Values::Text(_) => text(REQUIRED),
            Values::Optional(_) => text(OPTIONAL),
            Values::Whole(_) => Value::Struct(vec![
                (1, Value::Int(INT32)),
                (3, Value::Int(REQUIRED)),
                (4, Value::text(column.name)),
                (6, Value::Int(13)),
                (
                    10,
                    Value::Struct(vec![(
                        10,
                        Value::Struct(vec![(1, Value::Byte(32)), (2, Value::Bool(false))]),
                    )]),
                ),
            ]),
        });
    }
    all.push(Value::Struct(vec![
        (3, Value::Int(REQUIRED)),
        (4, Value::text(VECTOR)),
        (5, Value::Int(1)),
        (6, Value::Int(3)),
        (10, Value::Struct(vec![(3, empty())])),
    ]));
    all.push(Value::Struct(vec![(3, Value::Int(REPEATED)), (4, Value::text("list")), (5, Value::Int(1))]));
    all.push(Value::Struct(vec![
        (1, Value::Int(FLOAT)),
        (3, Value::Int(REQUIRED)),
        (4, Value::text("element")),
    ]));
    all
}

/// Appends a column of a group of rows, in one page; returns what the footer says of it.
fn chunk(bytes: &mut Vec<u8>, kind: i32, path: &[&str], values: usize, page: &[u8]) -> Result<Value> {
    let too_long = || format!("The column {} is too long", path[0]);
    let length = i32::try_from(page.len()).with_context(too_long)?;
    let start = bytes.len();
    let head = Value::Struct(vec![
        (1, Value::Int(DATA_PAGE)),
        (2, Value::Int(length)),
        (3, Value::Int(length)),
        (
            5,
            Value::Struct(vec![
                (1, Value::Int(i32::try_from(values).with_context(too_long)?)),
                (2, Value::Int(PLAIN)),
                (3, Value::Int(RLE)),
                (4, Value::Int(RLE)),
            ]),
        ),
    ]);
    head.write(bytes);
    bytes.extend(page);
    let length = Value::Long((bytes.len() - start) as i64);
    let description = Value::Struct(vec![
        (1, Value::Int(kind)),
        (2, Value::List(vec![Value::Int(PLAIN), Value::Int(RLE)])),
        (3, Value::List(path.iter().map(|part| Value::text(part)).collect())),
        (4, Value::Int(0)),
        (5, Value::Long(values as i64)),
        (6, length.clone()),
        (7, length),
        (9, Value::Long(start as i64)),
    ]);
    Ok(Value::Struct(vec![(2, Value::Long(start as i64)), (3, description)]))
}

/// Kind and page of a column's rows.
fn page_of(column: &Column, rows: std::ops::Range<usize>) -> (i32, Vec<u8>) {
    let mut page = Vec::new();
    match &column.values {
        Values::Text(texts) => {
            texts[rows].iter().for_each(|text| push_text(&mut page, text));
            (BYTE_ARRAY, page)
        }
        Values::Optional(texts) => {
            let texts = &texts[rows];
            let runs = texts.chunk_by(|a, b| a.is_some() == b.is_some());
            push_levels(&mut page, runs.map(|run| (run.len(), u8::from(run[0].is_some()))));
            texts.iter().flatten().for_each(|text| push_text(&mut page, text));
            (BYTE_ARRAY, page)
        }
        Values::Whole(numbers) => {
            page.extend(numbers[rows].iter().flat_map(|number| number.to_le_bytes()));
            (INT32, page)
        }
    }
}

/// The page of whole vectors.
fn vectors(numbers: &[f32], columns: usize) -> Vec<u8> {
    let mut page = Vec::with_capacity(numbers.len() * 4);
    push_levels(&mut page, (0..numbers.len() / columns).flat_map(|_| [(1, 0), (columns - 1, 1)]));
    push_levels(&mut page, [(numbers.len(), 1)]);
    page.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    page
}

fn push_levels(page: &mut Vec<u8>, levels: impl IntoIterator<Item = (usize, u8)>) {
    let start = page.len();
    page.extend([0; 4]);
    runs::write(page, levels);
    let length = (page.len() - start - 4) as u32;
    page[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

fn push_text(page: &mut Vec<u8>, text: &str) {
    page.extend((text.len() as u32).to_le_bytes());
    page.extend(text.as_bytes());
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let word = (0..3).fold(0, |word, at| word << 8 | u32::from(three.get(at).copied().unwrap_or(0)));
        for place in 0..4 {
            let digit = char::from(DIGITS[(word >> (18 - 6 * place) & 63) as usize]);
            text.push(if place > three.len() { '=' } else { digit });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{ENOUGH, Limits, Rows, example};
    use crate::npy::Matrix;

    #[test]
    fn what_is_written_is_read() {
        let table = example();
        let bytes = write(&table).unwrap();
        let ids = ["a", "bé", "c"].map(str::to_owned).to_vec();
        assert_eq!(read(&bytes, ENOUGH).unwrap(), Rows { vectors: table.vectors, ids: Some(ids) });
    }

    #[test]
    fn many_groups_of_rows_are_read_in_order() {
        // Vectors of one value make groups of four million rows; of 4096, groups of 1024.
        let (rows, columns) = (2500, 4096);
        let values: Vec<f32> = (0..rows * columns).map(|n| n as f32).collect();
        let ids = Values::Text((0..rows).map(|row| format!("item {row}")).collect());
        let table = Table {
            vectors: Matrix { columns, values },
            columns: vec![Column { name: "id", values: ids.clone() }],
        };
        let read = read(&write(&table).unwrap(), Limits { rows, values: rows * columns }).unwrap();
        assert!(read.vectors == table.vectors);
        assert_eq!(read.ids.map(Values::Text), Some(ids));
    }

    #[test]
    fn base64_of_every_length() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
