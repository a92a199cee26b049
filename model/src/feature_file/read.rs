//! Bytes to a [`FeatureFile`], trusting none of them.

use half::f16;

use super::{
    FeatureFile, check_shape, check_vectors,
    codes::{self, Codes, Shape},
    format::{
        ALIGNMENT, BLOCK_HEAD, BLOCK_TABLE_HEAD, CHECKSUM_AT, CODEC_BLOCKS, CODEC_BLOCKS_OF_COMPONENTS,
        CODEC_COMPONENTS, CODEC_F16, CODEC_SEVEN_BITS, CODEC_SHA256, ENTRY, GROUP_ROWS, HASH, HEADER,
        KIND_BLOCKS, KIND_CODES, KIND_VECTOR_BLOCKS, KIND_VECTORS, MAGIC, MAJOR, MAX_DIMENSION,
        MAX_DIMENSION_ALONG, MAX_SECTIONS,
    },
    invalid,
};
use crate::{Error, Result, hash::sha256};

/// An entry of the section table.
pub(super) struct Section {
    pub(super) kind: u32,
    pub(super) codec: u32,
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) hash: [u8; 32],
}

/// What header and section table say, once they are there.
pub(super) struct Head {
    pub(super) total: u64,
    pub(super) rows: u64,
    pub(super) dimension: usize,
    pub(super) weights_sha256: [u8; 32],
    pub(super) preprocess_id: [u8; 16],
    pub(super) sections: Vec<Section>,
}

impl Head {
    /// Reads the start of a file, of which more may be to come; `None` where header and table are not whole yet.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>> {
        let magic = &bytes[..bytes.len().min(MAGIC.len())];
        if !MAGIC.starts_with(magic) {
            return Err(invalid("this is no Twill feature file"));
        }
        if bytes.len() < HEADER {
            return Ok(None);
        }
        let major = u16_at(bytes, 8);
        if major != MAJOR {
            return Err(invalid(format!("its version {major} cannot be read by this program")));
        }
        if u64_at(bytes, 16) != 0 {
            return Err(invalid("it needs features that this program does not have"));
        }
        let Some(sections) = sections(bytes)? else { return Ok(None) };
        let (total, rows, dimension) = (u64_at(bytes, 32), u64_at(bytes, 40), u32_at(bytes, 48));
        if !(1..=MAX_DIMENSION).contains(&dimension) {
            return Err(invalid(format!("vectors of {dimension} values are out of range")));
        }
        Ok(Some(Self {
            total,
            rows,
            dimension: dimension as usize,
            weights_sha256: array_at(bytes, 56),
            preprocess_id: array_at(bytes, 88),
            sections,
        }))
    }

    fn find(&self, kind: u32, codec: u32) -> Option<&Section> {
        self.sections.iter().find(|section| section.kind == kind && section.codec == codec)
    }

    /// The sections of codes and of blocks, where there are both.
    pub(super) fn coded(&self) -> Option<(&Section, &Section)> {
        let both = |codes, blocks| self.find(KIND_CODES, codes).zip(self.find(KIND_BLOCKS, blocks));
        both(CODEC_COMPONENTS, CODEC_BLOCKS_OF_COMPONENTS).or_else(|| both(CODEC_SEVEN_BITS, CODEC_BLOCKS))
    }

    /// The section with the hashes of the vectors' blocks, where there is one.
    pub(super) fn vector_blocks(&self) -> Option<&Section> {
        self.find(KIND_VECTOR_BLOCKS, CODEC_SHA256)
    }

    /// The section of vectors, where it has its length and comes after the codes, and those after their blocks and all hashes.
    pub(super) fn in_order(&self) -> Option<&Section> {
        let (codes, blocks) = self.coded()?;
        let vectors = self.find(KIND_VECTORS, CODEC_F16)?;
        let is_after = |one: &Section, other: &Section| one.offset >= other.offset + other.length;
        let has_hashes_first = self.vector_blocks().is_none_or(|hashes| is_after(codes, hashes));
        let length = self.rows.checked_mul(self.dimension as u64).and_then(|values| values.checked_mul(2));
        let fits = length == Some(vectors.length)
            && has_hashes_first
            && is_after(codes, blocks)
            && is_after(vectors, codes);
        fits.then_some(vectors)
    }
}

impl FeatureFile {
    /// Reads and checks a feature file: version, length, checksums, that every vector has length 1, and that the codes
    /// are as near to the vectors as the file says. A file without codes, as version 1.0 had none, gets them here.
    ///
    /// Fails with [`crate::Error::InvalidFeatureFile`]. What it allocates follows the file's own length, never what the
    /// header claims.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let head = Head::read(bytes)?.ok_or_else(|| invalid("it is cut off in its header"))?;
        if head.total != bytes.len() as u64 {
            return Err(invalid(format!("it has {} bytes instead of {}", bytes.len(), head.total)));
        }
        let dimension = head.dimension;
        let section = head
            .find(KIND_VECTORS, CODEC_F16)
            .ok_or_else(|| invalid("it holds no vectors that this program can read"))?;
        if head.rows.checked_mul(dimension as u64).and_then(|n| n.checked_mul(2)) != Some(section.length) {
            return Err(invalid("its vectors do not have the length that the header states"));
        }
        let data = section.contents(bytes).ok_or_else(outside)?;
        if sha256(data) != section.hash {
            return Err(invalid(DAMAGED_VECTORS));
        }
        // The vectors lie inside the file, so their number fits `usize`, and so does that of the rows.
        let vectors: Vec<f16> = data.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]])).collect();
        check_shape(vectors.len(), dimension)?;
        check_vectors(&vectors, dimension)?;
        let hashes = match head.vector_blocks() {
            Some(section) => Some(hashes(section.contents(bytes).ok_or_else(outside)?, section)?),
            None => None,
        };
        let codes = match head.coded() {
            Some((codes, blocks)) => read_codes(bytes, codes, blocks, &vectors, dimension)?,
            None => Codes::quantise_plainly(
                &vectors,
                dimension,
                codes::default_block_rows(vectors.len() / dimension, dimension),
            ),
        };
        if let (Some(hashes), Some(_)) = (hashes, head.coded()) {
            check_count(&hashes, codes.blocks().len())?;
        }
        Ok(Self {
            dimension,
            weights_sha256: head.weights_sha256,
            preprocess_id: head.preprocess_id,
            vectors,
            codes,
        })
    }
}

/// Offsets and steps are bounded, so that no arithmetic on them can overflow.
const MAX_OFFSET: f32 = 2.0;
/// Along axes, code 0 everywhere is the corner of a box around the rows, each side of which is 2 at most.
const MAX_OFFSET_ALONG: f32 = 256.0;
/// A unit vector's values span less than this.
const MAX_STEP: f32 = 1.0;
/// How much more than stated a residual may be: another writer adds up in another order.
const RESIDUAL_TOLERANCE: f64 = 1e-6;
/// What is wrong where the vectors have another hash.
pub(super) const DAMAGED_VECTORS: &str = "its vectors are damaged, the checksum differs";
/// What is wrong where the codes have another hash.
pub(super) const DAMAGED_CODES: &str = "its codes are damaged, the checksum differs";

/// The section of blocks, checked against its own checksum and against the number of rows.
pub(super) struct BlockTable<'a> {
    pub(super) block_rows: usize,
    pub(super) shape: Shape,
    rows: u64,
    entries: std::slice::ChunksExact<'a, u8>,
}

/// What the section of blocks says of one of them.
pub(super) struct Entry {
    pub(super) hash: [u8; 32],
    pub(super) residual: f64,
    pub(super) offsets: Vec<f32>,
    pub(super) steps: Vec<f32>,
}

impl<'a> BlockTable<'a> {
    /// `contents` are those of the section `table`.
    pub(super) fn read(contents: &'a [u8], table: &Section, rows: u64, dimension: usize) -> Result<Self> {
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
        let along = u32_at(head, 4) as usize;
        let components = (table.codec == CODEC_BLOCKS_OF_COMPONENTS).then_some(along);
        let most = dimension.min(MAX_DIMENSION_ALONG);
        if components.is_some_and(|components| !(1..=most).contains(&components) || dimension > most) {
            return Err(invalid(format!("codes along {along} components are out of range")));
        }
        let entry_length = BLOCK_HEAD + 8 * dimension;
        let blocks = rows.div_ceil(block_rows as u64);
        if blocks != (entries.len() / entry_length) as u64 || !entries.len().is_multiple_of(entry_length) {
            return Err(invalid("its table of blocks does not have the length that the header states"));
        }
        // A block that is larger than all there is makes no difference, but its size in bytes would overflow.
        let all = usize::try_from(rows.next_multiple_of(GROUP_ROWS as u64)).unwrap_or(usize::MAX);
        let block_rows = block_rows.min(all.max(GROUP_ROWS));
        let shape = Shape { dimension, components };
        Ok(Self { block_rows, shape, rows, entries: entries.chunks_exact(entry_length) })
    }

    /// How many blocks there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Fails where the section of codes has another length than these blocks. From here on that of any part of it fits `usize`, and so does
    /// the number of rows.
    pub(super) fn check_length(&self, codes: &Section) -> Result<()> {
        let length = self.shape.all_bytes(self.rows, self.block_rows);
        if length == Some(codes.length) && usize::try_from(codes.length).is_ok() {
            Ok(())
        } else {
            Err(invalid("its codes do not have the length that the header states"))
        }
    }

    /// What it says of a block, with offsets and steps in range; `None` past the last one.
    pub(super) fn entry(&self, index: usize) -> Result<Option<Entry>> {
        let Some(entry) = self.entries.clone().nth(index) else { return Ok(None) };
        let (numbers, _) = entry[BLOCK_HEAD..].as_chunks::<4>();
        let mut offsets: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let mut steps = offsets.split_off(self.shape.dimension);
        steps.truncate(self.shape.width());
        let fine = |values: &[f32], least, most| values.iter().all(|value| (least..=most).contains(value));
        let far = if self.shape.components.is_some() { MAX_OFFSET_ALONG } else { MAX_OFFSET };
        if !fine(&offsets, -far, far) || !fine(&steps, 0.0, MAX_STEP) {
            return Err(invalid(format!("an offset or step of block {index} is out of range")));
        }
        let residual = f64::from(f32::from_le_bytes(array_at(entry, 32)));
        Ok(Some(Entry { hash: array_at(entry, 0), residual, offsets, steps }))
    }
}

impl Entry {
    /// Fails where these are not the codes of block `index`.
    pub(super) fn check(&self, index: usize, codes: &[u8]) -> Result<()> {
        if sha256(codes) == self.hash {
            Ok(())
        } else {
            Err(invalid(format!("block {index} of its codes is damaged, the checksum differs")))
        }
    }
}

/// The codes, with everything that the section of blocks says of them checked.
fn read_codes(
    bytes: &[u8],
    codes: &Section,
    table: &Section,
    vectors: &[f16],
    dimension: usize,
) -> Result<Codes> {
    let rows = vectors.len() / dimension;
    let contents = table.contents(bytes).ok_or_else(outside)?;
    let table = BlockTable::read(contents, table, rows as u64, dimension)?;
    table.check_length(codes)?;
    let data = codes.contents(bytes).ok_or_else(outside)?;
    let (shape, block_rows) = (table.shape, table.block_rows);
    let mut read = Codes::none(shape, block_rows);
    read.reserve(rows);
    let (mut hashes, mut residuals) = (Vec::new(), Vec::new());
    for (index, block) in data.chunks(shape.bytes(block_rows)).enumerate() {
        let Some(entry) = table.entry(index)? else { return Err(outside()) };
        entry.check(index, block)?;
        hashes.extend(entry.hash);
        residuals.push(entry.residual);
        let rows = block_rows.min(rows - read.rows());
        read.push_unseen(rows, block, (entry.offsets, entry.steps), entry.residual).map_err(invalid)?;
    }
    if sha256(&hashes) != codes.hash {
        return Err(invalid(DAMAGED_CODES));
    }
    read.see(vectors);
    check_residuals(&read, residuals)?;
    Ok(read)
}

/// Fails where a block's codes, once they have been compared with the vectors, are farther off than stated.
pub(super) fn check_residuals(codes: &Codes, stated: Vec<f64>) -> Result<()> {
    for (index, (block, stated)) in codes.blocks().iter().zip(stated).enumerate() {
        // Written so that a NaN fails, too.
        let is_true = block.residual <= stated * (1.0 + RESIDUAL_TOLERANCE);
        if !is_true {
            return Err(invalid(format!("the codes of block {index} are farther off than it says")));
        }
    }
    Ok(())
}

impl Section {
    /// `None` where `bytes` does not hold all of it.
    pub(super) fn contents<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let (offset, length) = usize::try_from(self.offset).ok().zip(usize::try_from(self.length).ok())?;
        bytes.get(offset..)?.get(..length)
    }
}

/// The hashes of the vectors' blocks, which are these `contents`, checked against their own.
pub(super) fn hashes(contents: &[u8], section: &Section) -> Result<Vec<[u8; HASH]>> {
    if sha256(contents) != section.hash {
        return Err(invalid("the hashes of its blocks of vectors are damaged, the checksum differs"));
    }
    Ok(contents.as_chunks::<HASH>().0.to_vec())
}

/// Fails where there is not one hash a block.
pub(super) fn check_count(hashes: &[[u8; HASH]], blocks: usize) -> Result<()> {
    if hashes.len() == blocks {
        Ok(())
    } else {
        Err(invalid(format!("it has hashes of {} blocks of vectors instead of {blocks}", hashes.len())))
    }
}

/// The section table, with its checksum and every section's place checked; `None` where it is not whole yet.
fn sections(bytes: &[u8]) -> Result<Option<Vec<Section>>> {
    let (count, total) = (u32_at(bytes, 12), u64_at(bytes, 32));
    let end = HEADER + ENTRY * count.min(MAX_SECTIONS) as usize;
    if count == 0 || count > MAX_SECTIONS || end as u64 > total {
        return Err(invalid("its table of sections is out of range"));
    }
    let Some(table) = bytes.get(HEADER..end) else { return Ok(None) };
    let checksum = sha256(&[&bytes[..CHECKSUM_AT], table].concat());
    if checksum[..8] != bytes[CHECKSUM_AT..HEADER] {
        return Err(invalid("its header is damaged, the checksum differs"));
    }
    let section = |entry: &[u8]| {
        let section = Section {
            kind: u32_at(entry, 0),
            codec: u32_at(entry, 4),
            offset: u64_at(entry, 8),
            length: u64_at(entry, 16),
            hash: array_at(entry, 24),
        };
        let is_inside = section.offset >= end as u64
            && section.offset.is_multiple_of(ALIGNMENT as u64)
            && section.offset.checked_add(section.length).is_some_and(|end| end <= total);
        if is_inside { Ok(section) } else { Err(outside()) }
    };
    table.chunks_exact(ENTRY).map(section).collect::<Result<Vec<_>>>().map(Some)
}

pub(super) fn outside() -> Error {
    invalid("a section lies outside the file")
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
