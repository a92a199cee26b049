//! Files by somebody who knows the checksums: damaged at random, with everything put right that a checksum covers. What
//! `tests/fuzz` does for hours is done here for a moment, the same each time.

use super::tests::{along_components, file, in_small_blocks};
use super::*;
use crate::{
    hash::sha256,
    search::{self, Request, brute_force},
};

#[path = "../../../tests/src/fuzz/seal.rs"]
mod seal;

/// Numbers that look random and come again (Knuth's multiplier).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// A few changes of the kinds that matter: a bit, a byte, a number at a multiple of four, a stretch from elsewhere, a cut.
fn damage(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..=numbers.below(3) {
        let at = numbers.below(bytes.len());
        match numbers.below(6) {
            0 => bytes[at] ^= 1 << numbers.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][numbers.below(5)],
            // In header and tables, where numbers are.
            2 | 3 => {
                let at = numbers.below((bytes.len().min(600) / 4).max(1)) * 4;
                let number =
                    [0_u32, 1, 15, 16, 17, 4096, 4097, 1 << 20, u32::MAX / 2, u32::MAX][numbers.below(10)];
                if let Some(four) = bytes.get_mut(at..at + 4) {
                    four.copy_from_slice(&number.to_le_bytes());
                }
            }
            4 => {
                let length = numbers.below(70).min(bytes.len() - at);
                let from = numbers.below(bytes.len() - length + 1);
                bytes.copy_within(from..from + length, at);
            }
            _ => bytes.truncate(at.max(1)),
        }
    }
}

#[test]
fn what_is_accepted_is_sound() {
    let good = [
        in_small_blocks(40).write(),
        along_components(40).write(),
        file(5).write(),
        file(5).write_without_codes(),
        file(0).write(),
    ];
    let mut numbers = Numbers(1);
    let mut accepted = 0;
    for case in 0..20_000 {
        let mut bytes = good[case % good.len()].clone();
        damage(&mut bytes, &mut numbers);
        seal::seal(&mut bytes, sha256);
        let whole = FeatureFile::read(&bytes);
        let mut stream = FeatureStream::new();
        let piece = 1 + numbers.below(bytes.len());
        let pushed = bytes.chunks(piece).try_for_each(|part| stream.push(part));
        let in_pieces = pushed.and_then(|()| stream.finish());
        assert_eq!(whole.is_ok(), in_pieces.is_ok(), "case {case}: {whole:?} and {in_pieces:?}");
        let Ok(read) = whole else { continue };
        accepted += 1;
        assert_eq!(in_pieces.as_ref(), Ok(&read), "case {case}");
        assert_eq!(FeatureFile::read(&read.write()).as_ref(), Ok(&read), "case {case}");
        let query = vec![0.25; read.dimension()];
        let rows: Vec<f32> = read.rows().flatten().collect();
        let request = Request { query: &query, k: 3, ..Request::default() };
        assert_eq!(
            search::search(&read, &[request]).unwrap()[0].hits,
            brute_force(&rows, &query, 3),
            "case {case}"
        );
    }
    // Some changes do no harm: to codes, to an id, to what lies between sections.
    assert!((500..15_000).contains(&accepted), "{accepted} of 20000");
}

/// Putting checksums right changes nothing in a file that is whole.
#[test]
fn sealing_agrees_with_the_writer() {
    for good in [
        in_small_blocks(40).write(),
        along_components(40).write(),
        file(5).write(),
        file(5).write_without_codes(),
        file(0).write(),
    ] {
        let mut bytes = good.clone();
        seal::seal(&mut bytes, sha256);
        assert!(bytes == good);
    }
}

/// The files that the fuzzer starts from are those of the writer; `TWILL_WRITE_CORPUS=1` writes them.
#[test]
fn the_corpus_is_of_this_version() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/feature-file");
    let files = [
        ("blocks", in_small_blocks(40).write()),
        ("components", along_components(40).write()),
        ("few", file(5).write()),
        ("one", file(1).write()),
        ("none", file(0).write()),
        ("version-1.0", file(5).write_without_codes()),
    ];
    if std::env::var_os("TWILL_WRITE_CORPUS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in &files {
            std::fs::write(folder.join(name), bytes).unwrap();
        }
    }
    for (name, bytes) in files {
        assert!(std::fs::read(folder.join(name)).unwrap() == bytes, "{name}");
    }
}

#[test]
fn bits_flipped_in_a_megabyte_are_noticed_or_harmless() {
    // Rows near a plane: 16 bits a value, a code for each of a few axes, 16 bytes of finer bits.
    let rows = 1_000_000 / (2 * 64 + 28);
    let vectors: Vec<f32> =
        super::tests::embeddings(rows, 64).into_iter().flat_map(|one| one.vector).collect();
    let file = FeatureFile::pack_rows(&vectors, 64, [7; 32], [9; 16]).unwrap();
    let good = file.write();
    assert!((900_000..1_100_000).contains(&good.len()), "{}", good.len());
    let mut numbers = Numbers(2);
    for _ in 0..1500 {
        let (at, bit) = (numbers.below(good.len()), numbers.below(8));
        let mut bytes = good.clone();
        bytes[at] ^= 1 << bit;
        match FeatureFile::read(&bytes) {
            Ok(read) => assert!(read == file, "byte {at}, bit {bit}"),
            Err(error) => assert!(matches!(error, Error::InvalidFeatureFile { .. }), "{error}"),
        }
    }
}
