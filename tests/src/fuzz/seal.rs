//! Checksums put right in a damaged feature file, so that a reader looks at what is behind them. Used by the fuzzer and by the tests
//! of `model/src/feature_file`; written from docs/feature-file.md.

/// Bytes of the header, and of an entry of the section table.
const HEADER: usize = 128;
const ENTRY: usize = 64;
/// Before the first block's entry, and before the numbers of each.
const BLOCKS_HEAD: usize = 64;
const BLOCK_HEAD: usize = 64;

/// Makes magic, version, flags and length right, and every checksum whose section lies inside the file.
pub(crate) fn seal(bytes: &mut [u8], sha256: impl Fn(&[u8]) -> [u8; 32]) {
    if bytes.len() < HEADER {
        return;
    }
    bytes[..10].copy_from_slice(b"TWILLFF\x1a\x01\x00");
    bytes[16..24].fill(0);
    let length = bytes.len() as u64;
    bytes[32..40].copy_from_slice(&length.to_le_bytes());
    let count = (number::<4>(bytes, 12) as usize).min(64);
    let table = HEADER..HEADER + count * ENTRY;
    if table.end > bytes.len() {
        return;
    }
    let entries: Vec<usize> = table.clone().step_by(ENTRY).collect();
    let place = |bytes: &[u8], entry: usize| {
        let [from, length] =
            [8, 16].map(|at| usize::try_from(number::<8>(bytes, entry + at)).unwrap_or(usize::MAX));
        let to = from.checked_add(length)?;
        (from >= HEADER && to <= bytes.len()).then_some(from..to)
    };
    let of_kind =
        |bytes: &[u8], kind: u64| entries.iter().copied().find(|entry| number::<4>(bytes, *entry) == kind);
    if let (Some(codes), Some(blocks)) = (of_kind(bytes, 2), of_kind(bytes, 3)) {
        let is_along_axes = number::<4>(bytes, blocks + 4) == 2;
        let hashes = seal_blocks(bytes, place(bytes, codes), place(bytes, blocks), is_along_axes, &sha256);
        let hash = sha256(&hashes);
        bytes[codes + 24..codes + 56].copy_from_slice(&hash);
    }
    for entry in &entries {
        if let (Some(section), true) = (place(bytes, *entry), number::<4>(bytes, *entry) != 2) {
            let hash = sha256(&bytes[section]);
            bytes[entry + 24..entry + 56].copy_from_slice(&hash);
        }
    }
    let checksum = sha256(&[&bytes[..120], &bytes[table]].concat());
    bytes[120..128].copy_from_slice(&checksum[..8]);
}

/// Each block's hash, written into its entry; all of them, one after the other.
fn seal_blocks(
    bytes: &mut [u8],
    codes: Option<std::ops::Range<usize>>,
    blocks: Option<std::ops::Range<usize>>,
    is_along_axes: bool,
    sha256: impl Fn(&[u8]) -> [u8; 32],
) -> Vec<u8> {
    let (Some(codes), Some(blocks)) = (codes, blocks) else { return Vec::new() };
    if blocks.len() < BLOCKS_HEAD {
        return Vec::new();
    }
    let (rows, values) = (number::<4>(bytes, blocks.start) as usize, number::<4>(bytes, 48) as usize);
    let codes_of = |width: usize| rows.div_ceil(16).saturating_mul(width.div_ceil(4)).saturating_mul(64);
    let size = if is_along_axes {
        // Axes before the codes, sixteen bytes a row after them.
        let components = number::<4>(bytes, blocks.start + 4) as usize;
        let axes = components.saturating_mul(4 * values + 1).div_ceil(64).saturating_mul(64);
        codes_of(components).saturating_add(axes).saturating_add(rows.div_ceil(16).saturating_mul(256))
    } else {
        codes_of(values)
    };
    let size = size.max(1);
    let entry = BLOCK_HEAD + 8 * values.min(4096);
    let mut all = Vec::new();
    let mut at = blocks.start + BLOCKS_HEAD;
    for start in codes.clone().step_by(size) {
        let hash = sha256(&bytes[start..start.saturating_add(size).min(codes.end)]);
        if at + entry <= blocks.end {
            bytes[at..at + 32].copy_from_slice(&hash);
        }
        at = at.saturating_add(entry);
        all.extend(hash);
    }
    all
}

/// A little-endian number of `N` bytes.
fn number<const N: usize>(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + N].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
