//! NumPy's file format for one matrix of single-precision numbers, which every tool for vectors reads.
//!
//! Six bytes of magic, a version, the length of a header, and the header: a Python dictionary as text with the type of a number
//! (`descr`), the order (`fortran_order`) and the shape. The numbers follow.

use anyhow::{Context as _, Result, bail, ensure};

const MAGIC: &[u8] = b"\x93NUMPY";

/// A matrix, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Values a row.
    pub columns: usize,
    /// Row after row.
    pub values: Vec<f32>,
}

/// The bytes of a .npy file, version 1.0, little endian.
#[must_use]
pub fn write(matrix: &Matrix) -> Vec<u8> {
    let rows = matrix.values.len().checked_div(matrix.columns).unwrap_or(0);
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {}), }}", matrix.columns);
    // Spaces, so that the numbers start at a multiple of 64, and the line feed that the format asks for.
    let before = MAGIC.len() + 4;
    let end = (before + header.len() + 1).next_multiple_of(64);
    header.extend(std::iter::repeat_n(' ', end - before - header.len() - 1));
    header.push('\n');
    let mut bytes = Vec::with_capacity(end + matrix.values.len() * 4);
    bytes.extend(MAGIC);
    bytes.extend([1, 0]);
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(matrix.values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// Reads a .npy file that holds a matrix of little-endian single-precision numbers, row-major.
///
/// Fails, saying what it found, for anything else. Allocates no more than the file's own length.
pub fn read(bytes: &[u8]) -> Result<Matrix> {
    let rest = bytes.strip_prefix(MAGIC).context("It is no .npy file")?;
    let (length, rest) = match rest {
        [1, _, a, b, rest @ ..] => (u32::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]), rest),
        _ => bail!("Its version of the .npy format is not known"),
    };
    let (header, data) = rest.split_at_checked(length as usize).context("It is cut off in its header")?;
    let header = std::str::from_utf8(header).context("Its header is no text")?;
    let kind = entry(header, "descr")?;
    ensure!(
        kind.starts_with("'<f4'") || kind.starts_with("\"<f4\""),
        "It does not hold little-endian single-precision numbers ('<f4'); save it with .astype('<f4')"
    );
    ensure!(
        entry(header, "fortran_order")?.starts_with("False"),
        "It is stored column by column; save it with numpy.ascontiguousarray"
    );
    let shape = entry(header, "shape")?;
    let shape = shape.strip_prefix('(').and_then(|shape| shape.split_once(')')).context("It has no shape")?.0;
    let sides: Vec<usize> = shape
        .split(',')
        .map(str::trim)
        .filter(|side| !side.is_empty())
        .map(|side| side.parse().with_context(|| format!("{side} is no length of a side")))
        .collect::<Result<_>>()?;
    let [rows, columns] = sides[..] else {
        bail!("It has {} dimensions; a matrix has two", sides.len());
    };
    ensure!(
        rows.checked_mul(columns).and_then(|values| values.checked_mul(4)) == Some(data.len()),
        "It holds {} bytes of numbers, not those of {rows} x {columns}",
        data.len()
    );
    let (numbers, _) = data.as_chunks::<4>();
    Ok(Matrix { columns, values: numbers.iter().map(|number| f32::from_le_bytes(*number)).collect() })
}

/// What follows a name in the header's dictionary.
fn entry<'a>(header: &'a str, name: &str) -> Result<&'a str> {
    ["'", "\""]
        .iter()
        .find_map(|quote| header.split_once(&format!("{quote}{name}{quote}:")))
        .map(|(_, value)| value.trim_start())
        .with_context(|| format!("Its header does not state its {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (columns, count) in [(3, 6), (1, 1), (80, 0), (64, 6400)] {
            let values = (0..count).map(|number| number as f32 * 0.5).collect();
            let matrix = Matrix { columns, values };
            let bytes = write(&matrix);
            assert_eq!((bytes.len() - count * 4) % 64, 0);
            assert_eq!(read(&bytes).unwrap(), matrix);
        }
    }

    /// The first bytes as `numpy.save` of NumPy 2.4 writes them for `numpy.float32([[1, 2]])`.
    #[test]
    fn a_file_of_numpys_own() {
        let mut bytes =
            b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }".to_vec();
        bytes.resize(127, b' ');
        bytes.push(b'\n');
        bytes.extend([0, 0, 128, 63, 0, 0, 0, 64]);
        assert_eq!(read(&bytes).unwrap(), Matrix { columns: 2, values: vec![1.0, 2.0] });
        assert_eq!(write(&read(&bytes).unwrap()), bytes);
    }

    #[test]
    fn other_files_are_refused_in_words() {
        let good = write(&Matrix { columns: 2, values: vec![1.0, 2.0] });
        for length in 0..good.len() {
            assert!(read(&good[..length]).is_err(), "{length} bytes");
        }
        let says = |from: &str, to: &str, words: &str| {
            let at = good.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
            let mut bytes = good.clone();
            bytes.splice(at..at + from.len(), to.bytes());
            let error = read(&bytes).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        };
        says("<f4", "<f8", "single-precision");
        says("False", "True ", "column by column");
        says("(1, 2)", "(2,   ", "no shape");
        says("(1, 2)", "(2, ) ", "1 dimensions");
        says("(1, 2)", "(9, 2)", "not those of 9 x 2");
        says("(1, 2), } ", "(8888888888,8888888888888),}", "");
        says("shape", "shade", "does not state its shape");
        assert!(read(b"\x93NUMPY\x02\x00\xff\xff\xff\xff").unwrap_err().to_string().contains("cut off"));
    }
}
