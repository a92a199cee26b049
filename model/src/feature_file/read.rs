//! Bytes to a [`FeatureFile`], trusting none of them.

use half::f16;

use super::{
    FeatureFile, check_shape, check_vectors,
    codes::{self, Codes},
    format::{
        ALIGNMENT, BLOCK_HEAD, BLOCK_TABLE_HEAD, CHECKSUM_AT, CODEC_BLOCKS, CODEC_F16, CODEC_SEVEN_BITS,
        ENTRY, GROUP_ROWS, HEADER, KIND_BLOCKS, KIND_CODES, KIND_VECTORS, LINE, MAGIC, MAJOR, MAX_DIMENSION,
        MAX_SECTIONS,
    },
    invalid,
};
use crate::{Result, hash::sha256};

struct Section {
    kind: u32,
    codec: u32,
    offset: u64,
    length: u64,
    hash: [u8; 32],
}

impl FeatureFile {
    /// Reads and checks a feature file: version, length, checksums, that every vector has length 1, and that the codes
    /// are as near to the vectors as the file says. A file without codes, as version 1.0 had none, gets them here.
    ///
    /// Fails with [`crate::Error::InvalidFeatureFile`]. What it allocates follows the file's own length, never what the
    /// header claims.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        if bytes.get(..8) != Some(&MAGIC) {
            return Err(invalid("this is no Twill feature file"));
        }
        if bytes.len() < HEADER {
            return Err(invalid("it is cut off in its header"));
        }
        let major = u16_at(bytes, 8);
        if major != MAJOR {
            return Err(invalid(format!("its version {major} cannot be read by this program")));
        }
        if u64_at(bytes, 16) != 0 {
            return Err(invalid("it needs features that this program does not have"));
        }
        let total = u64_at(bytes, 32);
        if total != bytes.len() as u64 {
            return Err(invalid(format!("it has {} bytes instead of {total}", bytes.len())));
        }
        let sections = sections(bytes)?;

        let (rows, dimension) = (u64_at(bytes, 40), u32_at(bytes, 48));
        if !(1..=MAX_DIMENSION).contains(&dimension) {
            return Err(invalid(format!("vectors of {dimension} values are out of range")));
        }
        let section = find(&sections, KIND_VECTORS, CODEC_F16)
            .ok_or_else(|| invalid("it holds no vectors that this program can read"))?;
        if rows.checked_mul(u64::from(dimension)).and_then(|n| n.checked_mul(2)) != Some(section.length) {
            return Err(invalid("its vectors do not have the length that the header states"));
        }
        let data = section.contents(bytes);
        if sha256(data) != section.hash {
            return Err(invalid("its vectors are damaged, the checksum differs"));
        }
        // The vectors lie inside the file, so their number fits `usize`, and so does that of the rows.
        let dimension = dimension as usize;
        let vectors: Vec<f16> = data.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]])).collect();
        check_shape(vectors.len(), dimension)?;
        check_vectors(&vectors, dimension)?;
        let stored =
            find(&sections, KIND_CODES, CODEC_SEVEN_BITS).zip(find(&sections, KIND_BLOCKS, CODEC_BLOCKS));
        let codes = match stored {
            Some((codes, blocks)) => read_codes(bytes, codes, blocks, &vectors, dimension)?,
            None => Codes::quantise(
                &vectors,
                dimension,
                codes::default_block_rows(vectors.len() / dimension, dimension),
            ),
        };
        Ok(Self {
            dimension,
            weights_sha256: array_at(bytes, 56),
            preprocess_id: array_at(bytes, 88),
            vectors,
            codes,
        })
    }
}

/// Offsets and steps are bounded, so that no arithmetic on them can overflow.
const MAX_OFFSET: f32 = 2.0;
/// A unit vector's values span less than this.
const MAX_STEP: f32 = 1.0;
/// How much more than stated a residual may be: another writer adds up in another order.
const RESIDUAL_TOLERANCE: f64 = 1e-6;

/// The codes, with everything that the section of blocks says of them checked.
fn read_codes(
    bytes: &[u8],
    codes: &Section,
    table: &Section,
    vectors: &[f16],
    dimension: usize,
) -> Result<Codes> {
    let rows = vectors.len() / dimension;
    if codes.length != (codes::lines_of(rows, dimension) * LINE) as u64 {
        return Err(invalid("its codes do not have the length that the header states"));
    }
    let contents = table.contents(bytes);
    if sha256(contents) != table.hash {
        return Err(invalid("its table of blocks is damaged, the checksum differs"));
    }
    let Some((head, entries)) = contents.split_at_checked(BLOCK_TABLE_HEAD) else {
        return Err(invalid("its table of blocks is cut off"));
    };
    let block_rows = u32_at(head, 0) as usize;
    if block_rows == 0 || !block_rows.is_multiple_of(GROUP_ROWS) {
        return Err(invalid(format!("blocks of {block_rows} rows are out of range")));
    }
    let entry_length = BLOCK_HEAD + 8 * dimension;
    // A block that is larger than all there is makes no difference, but its size in bytes would overflow.
    let block_rows = block_rows.min(codes::whole_groups(rows));
    if rows.div_ceil(block_rows) != entries.len() / entry_length
        || !entries.len().is_multiple_of(entry_length)
    {
        return Err(invalid("its table of blocks does not have the length that the header states"));
    }
    let data = codes.contents(bytes);
    let block_bytes = codes::lines_of(block_rows, dimension) * LINE;
    let mut hashes = Vec::with_capacity(rows.div_ceil(block_rows) * 32);
    for (index, (block, entry)) in
        data.chunks(block_bytes).zip(entries.chunks_exact(entry_length)).enumerate()
    {
        let hash = sha256(block);
        if hash != entry[..32] {
            return Err(invalid(format!("block {index} of its codes is damaged, the checksum differs")));
        }
        hashes.extend(hash);
        let (offsets, steps) = scales(entry, dimension);
        let fine = |values: &[f32], least, most| values.iter().all(|value| (least..=most).contains(value));
        if !fine(&offsets, -MAX_OFFSET, MAX_OFFSET) || !fine(&steps, 0.0, MAX_STEP) {
            return Err(invalid(format!("an offset or step of block {index} is out of range")));
        }
    }
    if sha256(&hashes) != codes.hash {
        return Err(invalid("its codes are damaged, the checksum differs"));
    }
    let all_scales = entries.chunks_exact(entry_length).map(|entry| scales(entry, dimension));
    let codes = Codes::from_file(vectors, dimension, block_rows, data, all_scales)
        .ok_or_else(|| invalid("a code has more than seven bits"))?;
    for (index, (block, entry)) in codes.blocks().iter().zip(entries.chunks_exact(entry_length)).enumerate() {
        let stated = f64::from(f32::from_le_bytes(array_at(entry, 32)));
        // Written so that a NaN fails, too.
        let is_true = block.residual <= stated * (1.0 + RESIDUAL_TOLERANCE);
        if !is_true {
            return Err(invalid(format!("the codes of block {index} are farther off than it says")));
        }
    }
    Ok(codes)
}

/// Offsets and steps of a block, from its entry.
fn scales(entry: &[u8], dimension: usize) -> (Vec<f32>, Vec<f32>) {
    let (numbers, _) = entry[BLOCK_HEAD..].as_chunks::<4>();
    let mut offsets: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let steps = offsets.split_off(dimension);
    (offsets, steps)
}

impl Section {
    /// [`sections`] has checked that offset and length lie inside `bytes`, so both fit `usize`.
    fn contents<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.offset as usize..(self.offset + self.length) as usize]
    }
}

fn find(sections: &[Section], kind: u32, codec: u32) -> Option<&Section> {
    sections.iter().find(|section| section.kind == kind && section.codec == codec)
}

/// The section table, with its checksum and every section's place checked.
fn sections(bytes: &[u8]) -> Result<Vec<Section>> {
    let count = u32_at(bytes, 12);
    let end = HEADER + ENTRY * count.min(MAX_SECTIONS) as usize;
    if count == 0 || count > MAX_SECTIONS || end > bytes.len() {
        return Err(invalid("its table of sections is out of range"));
    }
    let table = &bytes[HEADER..end];
    let checksum = sha256(&[&bytes[..CHECKSUM_AT], table].concat());
    if checksum[..8] != bytes[CHECKSUM_AT..HEADER] {
        return Err(invalid("its header is damaged, the checksum differs"));
    }
    table
        .chunks_exact(ENTRY)
        .map(|entry| {
            let section = Section {
                kind: u32_at(entry, 0),
                codec: u32_at(entry, 4),
                offset: u64_at(entry, 8),
                length: u64_at(entry, 16),
                hash: array_at(entry, 24),
            };
            let inside = section.offset >= end as u64
                && section.offset.is_multiple_of(ALIGNMENT as u64)
                && section.offset.checked_add(section.length).is_some_and(|end| end <= bytes.len() as u64);
            if inside { Ok(section) } else { Err(invalid("a section lies outside the file")) }
        })
        .collect()
}

/// Callers have checked that `at + N` lies inside.
fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}
