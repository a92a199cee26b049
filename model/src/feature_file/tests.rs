use super::*;
use crate::crop::CropBox;
use crate::hash::sha256;
use format::{ENTRY, HEADER};

pub(crate) fn embeddings(count: usize, dimension: usize) -> Vec<Embedding> {
    (0..count)
        .map(|row| {
            let raw: Vec<f32> =
                (0..dimension).map(|i| ((row * 31 + i * 17) as f32 * 0.618).sin() + 0.01).collect();
            let vector = crate::embedder::unit(&raw).unwrap();
            Embedding { vector, probabilities: vec![], attributes: vec![], garment: CropBox::WHOLE }
        })
        .collect()
}

pub(super) fn file(count: usize) -> FeatureFile {
    FeatureFile::pack(&embeddings(count, 10), [7; 32], [9; 16]).unwrap()
}

/// The same in blocks of sixteen rows.
pub(super) fn in_small_blocks(count: usize) -> FeatureFile {
    let file = file(count);
    FeatureFile::from_halves(file.vectors, 10, Codes::quantise, Some(16), [7; 32], [9; 16]).unwrap()
}

/// Rows near a plane of four dimensions, in blocks of sixteen, with codes along its axes.
pub(crate) fn along_components(count: usize) -> FeatureFile {
    let axis = |k: usize, i: usize| ((k * 29 + i * 13) as f32 * 0.77).sin();
    let place = |row: usize, k: usize| ((row * (k + 3) * 7) as f32 * 0.31).cos() + 0.3;
    let rows: Vec<f16> = (0..count)
        .flat_map(|row| {
            let noise = |i: usize| ((row * 41 + i * 59) as f32).sin() * 2e-3;
            let raw: Vec<f32> =
                (0..10).map(|i| (0..4).map(|k| place(row, k) * axis(k, i)).sum::<f32>() + noise(i)).collect();
            crate::embedder::unit(&raw).unwrap()
        })
        .map(f16::from_f32)
        .collect();
    let codes = Codes::quantise_along(&rows, 10, 4, 16, Vec::new());
    FeatureFile { dimension: 10, weights_sha256: [7; 32], preprocess_id: [9; 16], vectors: rows, codes }
}

/// A damaged file whose checksums are right again: of the section table, and of the section that entry `section` describes.
fn sealed(mut bytes: Vec<u8>, section: usize) -> Vec<u8> {
    let entry = HEADER + section * ENTRY;
    let [from, length] = [8, 16].map(|at| {
        usize::try_from(u64::from_le_bytes(bytes[entry + at..][..8].try_into().unwrap()))
            .unwrap_or(usize::MAX)
    });
    if let Some(contents) = bytes.get(from..from.saturating_add(length)) {
        let hash = sha256(contents);
        bytes[entry + 24..][..32].copy_from_slice(&hash);
    }
    let count = u32::from_le_bytes(bytes[12..16].try_into().unwrap()).min(64) as usize;
    let checksum = sha256(&[&bytes[..120], &bytes[HEADER..HEADER + count * ENTRY]].concat());
    bytes[120..128].copy_from_slice(&checksum[..8]);
    bytes
}

/// Where a section starts.
fn start(bytes: &[u8], section: usize) -> usize {
    u64::from_le_bytes(bytes[HEADER + section * ENTRY + 8..][..8].try_into().unwrap()) as usize
}

const BLOCKS: usize = 0;
/// Of a file of several blocks, which have the hashes of their vectors before their codes.
const CODES: usize = 2;

#[test]
fn what_is_written_is_read() {
    for count in [0, 1, 16, 100] {
        for file in [file(count), in_small_blocks(count), along_components(count)] {
            let bytes = file.write();
            let read = FeatureFile::read(&bytes).unwrap();
            assert_eq!(read.len(), count);
            assert_eq!(read, file);
            assert_eq!(read.write(), bytes);
            assert_eq!((read.weights_sha256(), read.preprocess_id()), ([7; 32], [9; 16]));
        }
    }
}

#[test]
fn where_codes_end_is_known_before_the_file_is() {
    for (count, dimension) in [(0, 1), (1, 10), (17, 3), (3000, 80), (70_000, 64), (3000, 48), (50_000, 47)] {
        let rows = vec![1.0 / (dimension as f32).sqrt(); count * dimension];
        let file = FeatureFile::pack_rows(&rows, dimension, [7; 32], [9; 16]).unwrap();
        let (count, dimension, bytes) = (count as u64, dimension as u64, file.write());
        let sections = usize::from(bytes[12]);
        assert_eq!(sections, if count > 40_000 { 4 } else { 3 });
        let [codes, vectors] = [sections - 2, sections - 1].map(|section| start(&bytes, section) as u64);
        assert_eq!(bytes_before_codes(count, dimension), Some(codes), "{count} x {dimension}");
        // Where all rows are the same, codes along no axis are shorter than codes of each value.
        let most = bytes_before_vectors(count, dimension).unwrap();
        let is_along = count * dimension > 100_000 && count != 50_000;
        assert!(if is_along { most > vectors } else { most == vectors }, "{count} x {dimension}: {most}");
    }
    for (count, dimension) in [(1, 0), (1, 4097), (u64::MAX, 64), (u64::MAX / 64, 2), (u64::MAX, u64::MAX)] {
        assert_eq!(bytes_before_codes(count, dimension), None, "{count} x {dimension}");
        assert_eq!(bytes_before_vectors(count, dimension), None, "{count} x {dimension}");
    }
}

#[test]
fn files_of_version_1_0_get_their_codes_when_they_are_read() {
    for count in [0, 1, 100] {
        let file = file(count);
        let read = FeatureFile::read(&file.write_without_codes()).unwrap();
        assert_eq!(read, file);
    }
}

#[test]
fn codes_stand_for_what_they_were_made_of() {
    let file = in_small_blocks(100);
    assert_eq!(file.codes().blocks().len(), 7);
    for block in file.codes().blocks() {
        let mut largest = 0.0_f64;
        for row in block.start..block.start + block.rows {
            let mut codes = [0; 12];
            file.codes().copy_row(row, &mut codes);
            let lost: f64 = file
                .vector(row)
                .unwrap()
                .iter()
                .zip(codes)
                .enumerate()
                .map(|(i, (value, code))| {
                    assert!(code <= 127);
                    let off = block.offsets[i] + block.steps[i] * f32::from(code) - value;
                    f64::from(off).powi(2)
                })
                .sum();
            largest = largest.max(lost.sqrt());
        }
        assert!((largest - block.residual).abs() < 1e-5, "{largest} and {}", block.residual);
        // The nearest codes lose half a step of each value at most; others are chosen for better scores, not much farther off.
        let half_steps = block.steps.iter().map(|step| f64::from(step / 2.0).powi(2)).sum::<f64>().sqrt();
        assert!(block.residual <= 1.6 * half_steps + 1e-6, "{} and {half_steps}", block.residual);
    }
}

#[test]
fn every_flipped_bit_is_noticed_or_harmless() {
    for (file, bytes) in [
        (in_small_blocks(20), in_small_blocks(20).write()),
        (along_components(20), along_components(20).write()),
        (file(3), file(3).write()),
        (file(3), file(3).write_without_codes()),
    ] {
        let mut harmless = 0;
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                match FeatureFile::read(&damaged) {
                    Ok(read) => {
                        assert_eq!(read, file, "byte {at}, bit {bit}");
                        harmless += 1;
                    }
                    Err(error) => assert!(matches!(error, Error::InvalidFeatureFile { .. }), "{error}"),
                }
            }
        }
        // Only the zeros between two sections mean nothing.
        let sections = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
        assert!(harmless <= sections * 63 * 8, "{harmless} bits mean nothing");
    }
}

#[test]
fn every_truncation_is_noticed() {
    for bytes in [in_small_blocks(20).write(), along_components(20).write()] {
        for length in 0..bytes.len() {
            assert!(FeatureFile::read(&bytes[..length]).is_err(), "{length} bytes");
        }
    }
}

#[test]
fn headers_that_claim_too_much_allocate_nothing() {
    let good = file(3).write();
    let says = |bytes: Vec<u8>, section: usize, words: &str| {
        let error = FeatureFile::read(&sealed(bytes, section)).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    };
    for rows in [4, 1 << 40, u64::MAX / 20, u64::MAX] {
        let mut bytes = good.clone();
        bytes[40..48].copy_from_slice(&rows.to_le_bytes());
        says(bytes, BLOCKS, "the length that the header states");
    }
    for values in [0, 4097, u32::MAX] {
        let mut bytes = good.clone();
        bytes[48..52].copy_from_slice(&values.to_le_bytes());
        says(bytes, BLOCKS, "out of range");
    }
    for section in 0..3 {
        for (at, value) in [(8, u64::MAX - 63), (16, u64::MAX), (16, 1 << 40), (8, 1 << 40)] {
            let mut bytes = good.clone();
            bytes[HEADER + section * ENTRY + at..][..8].copy_from_slice(&value.to_le_bytes());
            says(bytes, section, "outside the file");
        }
    }
    for rows in [0_u32, 8, 17] {
        let mut bytes = good.clone();
        let at = start(&bytes, BLOCKS);
        bytes[at..at + 4].copy_from_slice(&rows.to_le_bytes());
        says(bytes, BLOCKS, "blocks of");
    }
    // A block may have room for more rows than there are: it makes no difference.
    let mut bytes = good.clone();
    let at = start(&bytes, BLOCKS);
    bytes[at..at + 4].copy_from_slice(&(u32::MAX - 15).to_le_bytes());
    assert_eq!(FeatureFile::read(&sealed(bytes, BLOCKS)).unwrap(), file(3));
}

/// Checksums are no proof of honesty: who writes a file writes them, too.
#[test]
fn blocks_that_lie_are_refused() {
    let good = in_small_blocks(20).write();
    let entry = start(&good, BLOCKS) + format::BLOCK_TABLE_HEAD;
    let with = |at: usize, value: f32| {
        let mut bytes = good.clone();
        bytes[entry + at..][..4].copy_from_slice(&value.to_le_bytes());
        FeatureFile::read(&sealed(bytes, BLOCKS)).unwrap_err().to_string()
    };
    let residual = f32::from_le_bytes(good[entry + 32..][..4].try_into().unwrap());
    for value in [0.0, residual * 0.99, -1.0, f32::NAN] {
        assert!(with(32, value).contains("farther off"), "{value}");
    }
    let step = format::BLOCK_HEAD + 40;
    for (at, value) in [(64, f32::NAN), (64, 3.0), (step, -0.1), (step, f32::INFINITY), (step, f32::NAN)] {
        assert!(with(at, value).contains("out of range"), "{value}");
    }
    // A code of eight bits, with the hashes of block and section as they should be.
    let mut bytes = good.clone();
    let codes = start(&bytes, CODES);
    bytes[codes] |= 0x80;
    let lines = 3 * format::LINE;
    let hashes: Vec<u8> = [&bytes[codes..codes + lines], &bytes[codes + lines..codes + 2 * lines]]
        .into_iter()
        .flat_map(sha256)
        .collect();
    bytes[entry..entry + 32].copy_from_slice(&hashes[..32]);
    bytes[HEADER + CODES * ENTRY + 24..][..32].copy_from_slice(&sha256(&hashes));
    let error = FeatureFile::read(&sealed(bytes, BLOCKS)).unwrap_err();
    assert!(error.to_string().contains("seven bits"), "{error}");
}

#[test]
fn vectors_that_are_not_unit_are_refused() {
    let mut long = embeddings(2, 16);
    long[1].vector[0] += 1.0;
    assert!(FeatureFile::pack(&long, [0; 32], [0; 16]).is_err());
    let mut ragged = embeddings(2, 16);
    ragged[1].vector.pop();
    assert!(FeatureFile::pack(&ragged, [0; 32], [0; 16]).is_err());
    assert!(FeatureFile::pack_rows(&[1.0, 0.0, 0.6], 2, [0; 32], [0; 16]).is_err());
    assert!(FeatureFile::pack_rows(&[], 0, [0; 32], [0; 16]).is_err());
    assert!(FeatureFile::pack_rows(&[1.0, 0.0, 0.6, 0.8], 2, [0; 32], [0; 16]).is_ok());
}
