//! The readers of vectors that other programs have saved: NumPy's files, and tables of Arrow and Parquet. They belong to the trainer,
//! but to a part of it that needs no network, so that libFuzzer takes these, too.

use std::path::Path;

use super::exchange::{Column, ID, Limits, Table, Values, arrow, parquet};
use super::npy::{self, Matrix};
use super::readers::{ANYWAY, within};
use super::target::{Target, answer};

/// Of the catalogue that the vectors are for.
const LIMITS: Limits = Limits { rows: 200, values: 2000 };
/// The longest id, which a dictionary can repeat.
const MOST_IN_IDS: usize = 200 * 4096;

/// The readers of vectors.
pub const TABLES: &[Target] = &[
    Target {
        name: "vectors",
        words: &["NUMPY", "'descr'", "'<f4'", "'>f8'", "'shape'", "fortran_order", "True"],
        seeds: arrays,
        run: vectors,
    },
    Target { name: "arrow", words: &["ARROW1\0\0", "vector", "id"], seeds: arrow_files, run: read_arrow },
    Target {
        name: "parquet",
        words: &["PAR1", "vector", "list", "element", "id"],
        seeds: parquet_files,
        run: read_parquet,
    },
];

fn arrays(_: &Target) -> Vec<Vec<u8>> {
    let matrix = |header: &str, values: usize| {
        let mut file = b"\x93NUMPY\x01\0".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.bytes());
        file.extend(vec![0; values]);
        file
    };
    vec![
        matrix("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }        \n", 24),
        matrix("{'descr': '<f2', 'fortran_order': False, 'shape': (1, 4), }\n", 8),
        matrix("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2), }\n", 32),
    ]
}

fn vectors(input: &[u8], _: &Path) -> String {
    answer(within(ANYWAY + 4 * input.len(), || npy::read(input)))
}

/// Three rows, with a name that is not ASCII, an empty text and a missing one.
fn table() -> Table {
    let text = |values: [&str; 3]| values.map(str::to_owned).to_vec();
    let columns = vec![
        Column { name: ID, values: Values::Text(text(["a", "b\u{e9}", "c"])) },
        Column { name: "width", values: Values::Whole(vec![1, 70_000, u32::MAX]) },
        Column {
            name: "title",
            values: Values::Optional(vec![None, Some(String::new()), Some("Coat".to_owned())]),
        },
    ];
    Table { vectors: Matrix { columns: 2, values: vec![1.0, 0.0, 0.6, 0.8, -0.8, 0.6] }, columns }
}

fn arrow_files(_: &Target) -> Vec<Vec<u8>> {
    arrow::write(&table()).into_iter().collect()
}

fn parquet_files(_: &Target) -> Vec<Vec<u8>> {
    parquet::write(&table()).into_iter().collect()
}

fn read_arrow(input: &[u8], _: &Path) -> String {
    read_table(input, arrow::read)
}

fn read_parquet(input: &[u8], _: &Path) -> String {
    read_table(input, parquet::read)
}

fn read_table(input: &[u8], read: fn(&[u8], Limits) -> anyhow::Result<super::exchange::Rows>) -> String {
    // A description is made of values of forty bytes, each of one byte in the file; a page may be compressed to a sixty-fourth.
    let most = ANYWAY + MOST_IN_IDS + 200 * input.len();
    answer(within(most, || read(input, LIMITS)).inspect(|rows| {
        let (columns, values) = (rows.vectors.columns, rows.vectors.values.len());
        assert!(
            values <= LIMITS.values && values.checked_rem(columns).unwrap_or(values) == 0,
            "{columns} in {values}"
        );
        let count = values.checked_div(columns).unwrap_or(0);
        assert!(
            rows.ids.as_ref().is_none_or(|ids| ids.len() == count && count <= LIMITS.rows),
            "other ids than rows"
        );
    }))
}
