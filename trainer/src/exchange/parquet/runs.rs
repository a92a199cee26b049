//! Small numbers as Parquet stores them: in runs of one number, and in stretches of eight with as many bits each as needed.
//!
//! A run starts with its length, twice; a stretch with its length in eights, twice, and one more.

use anyhow::{Context as _, Result, ensure};

use super::thrift::{read_varint, write_varint};

/// Appends numbers of at most eight bits as runs.
pub(super) fn write(bytes: &mut Vec<u8>, numbers: impl IntoIterator<Item = (usize, u8)>) {
    for (length, number) in numbers {
        if length > 0 {
            write_varint(bytes, length as u64 * 2);
            bytes.push(number);
        }
    }
}

/// Reads `count` numbers of `width` bits each. The caller has bounded `count`.
///
/// Fails where there are fewer, or numbers have more than 32 bits.
pub(super) fn read(mut bytes: &[u8], width: u32, count: usize) -> Result<Vec<u32>> {
    ensure!(width <= 32, "Numbers of {width} bits are not known");
    let cut = "A run of numbers in it is cut off";
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let head = read_varint(&mut bytes).context(cut)?;
        let length = usize::try_from(head >> 1).unwrap_or(usize::MAX);
        let wanted = count - numbers.len();
        if head & 1 == 0 {
            let (number, rest) = bytes.split_at_checked(width.div_ceil(8) as usize).context(cut)?;
            bytes = rest;
            let number = number.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
            numbers.resize(numbers.len() + length.min(wanted), number);
        } else {
            let (stretch, rest) = length
                .checked_mul(width as usize)
                .and_then(|length| bytes.split_at_checked(length))
                .context(cut)?;
            bytes = rest;
            for index in 0..length.saturating_mul(8).min(wanted) {
                let bit = |at: usize| u32::from(stretch[at / 8] >> (at % 8) & 1);
                let from = index * width as usize;
                numbers.push((0..width as usize).rev().fold(0, |number, at| number << 1 | bit(from + at)));
            }
        }
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_stretches() {
        let mut bytes = Vec::new();
        write(&mut bytes, [(3, 1), (0, 9), (200, 0), (1, 2)]);
        let numbers = read(&bytes, 2, 204).unwrap();
        assert_eq!((&numbers[..4], &numbers[202..]), (&[1, 1, 1, 0][..], &[0, 2][..]));
        assert!(read(&bytes, 2, 205).is_err());
        // The example of Parquet's specification: 0 to 7 in three bits each.
        let stretch = [3, 0b1000_1000, 0b1100_0110, 0b1111_1010];
        assert_eq!(read(&stretch, 3, 8).unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(read(&stretch, 3, 5).unwrap(), [0, 1, 2, 3, 4]);
        assert!(read(&stretch[..3], 3, 8).is_err());
        // Numbers of no bits are all 0.
        assert_eq!(read(&[200, 1], 0, 100).unwrap(), [0; 100]);
        assert!(read(&[], 1, 1).is_err() && read(&[2, 0], 33, 1).is_err());
        // A run that is longer than any memory is cut to what was asked for.
        assert_eq!(
            read(&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 5], 3, 2).unwrap(),
            [5, 5]
        );
    }

    /// A stretch or a run of nothing must not go on for ever.
    #[test]
    fn empty_runs_end() {
        assert!(read(&[0, 1, 0, 1, 1, 1], 1, 4).is_err());
    }
}
