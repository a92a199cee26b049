use super::*;
use crate::crop::CropBox;

pub(crate) fn embeddings(count: usize, dimension: usize) -> Vec<Embedding> {
    (0..count)
        .map(|row| {
            let raw: Vec<f32> =
                (0..dimension).map(|i| ((row * 31 + i * 17) as f32 * 0.618).sin() + 0.01).collect();
            let vector = crate::embedder::unit(&raw).unwrap();
            Embedding { vector, probabilities: vec![], garment: CropBox::WHOLE }
        })
        .collect()
}

fn file(count: usize) -> FeatureFile {
    FeatureFile::pack(&embeddings(count, 16), [7; 32], [9; 16]).unwrap()
}

#[test]
fn what_is_written_is_read() {
    for count in [0, 1, 100] {
        let file = file(count);
        let read = FeatureFile::read(&file.write()).unwrap();
        assert_eq!(read.len(), count);
        assert_eq!(read.rows().collect::<Vec<_>>(), file.rows().collect::<Vec<_>>());
        assert_eq!((read.weights_sha256(), read.preprocess_id()), ([7; 32], [9; 16]));
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let bytes = file(3).write();
    let padding =
        format::HEADER + format::ENTRY..(format::HEADER + format::ENTRY).next_multiple_of(format::ALIGNMENT);
    for at in (0..bytes.len()).filter(|at| !padding.contains(at)) {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            let read = FeatureFile::read(&damaged);
            assert!(matches!(read, Err(Error::InvalidFeatureFile { .. })), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn every_truncation_is_noticed() {
    let bytes = file(3).write();
    for length in 0..bytes.len() {
        assert!(FeatureFile::read(&bytes[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_header_that_claims_too_much_allocates_nothing() {
    let mut bytes = file(3).write();
    bytes[40..48].copy_from_slice(&u64::MAX.to_le_bytes());
    let checksum = crate::hash::sha256(&[&bytes[..120], &bytes[128..192]].concat());
    bytes[120..128].copy_from_slice(&checksum[..8]);
    let error = FeatureFile::read(&bytes).unwrap_err();
    assert!(error.to_string().contains("the length that the header states"), "{error}");
}

#[test]
fn vectors_that_are_not_unit_are_refused() {
    let mut long = embeddings(2, 16);
    long[1].vector[0] += 1.0;
    assert!(FeatureFile::pack(&long, [0; 32], [0; 16]).is_err());
    let mut ragged = embeddings(2, 16);
    ragged[1].vector.pop();
    assert!(FeatureFile::pack(&ragged, [0; 32], [0; 16]).is_err());
}
