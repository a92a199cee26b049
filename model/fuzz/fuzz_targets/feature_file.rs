//! The feature file's readers on anything: `cargo +nightly fuzz run feature_file -- -malloc_limit_mb=64 -max_len=65536`, in `model`.
//!
//! Whatever a reader accepts must be written and read again, be searched, and be accepted in pieces, too. The limit on what is asked
//! for at once shows that no length in a file is believed.
#![no_main]

#[path = "../seal.rs"]
mod seal;

use libfuzzer_sys::fuzz_target;
use model::feature_file::{FeatureFile, FeatureStream};
use model::hash::sha256;
use model::search::{Accuracy, Request, brute_force, search, search_stream};

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    let mut sealed = bytes.to_vec();
    seal::seal(&mut sealed, sha256);
    check(&sealed);
});

fn check(bytes: &[u8]) {
    let whole = FeatureFile::read(bytes);
    let mut stream = FeatureStream::new();
    let piece = 1 + bytes.len() / 7;
    let pushed = bytes.chunks(piece).try_for_each(|part| {
        stream.push(part)?;
        // What has arrived can be searched, whatever comes after it.
        let query = vec![0.25; stream.dimension().unwrap_or(1)];
        search_stream(&stream, &[Request { query: &query, k: 3, ..Request::default() }]).map(drop)
    });
    let in_pieces = pushed.and_then(|()| stream.finish());
    match (whole, in_pieces) {
        (Ok(file), Ok(again)) => {
            assert!(file == again);
            let written = file.write();
            assert!(FeatureFile::read(&written).as_ref() == Ok(&file));
            let query = vec![0.25; file.dimension()];
            let [proven, codes] = [Accuracy::Proven, Accuracy::Codes]
                .map(|accuracy| Request { query: &query, k: 3, accuracy, ..Request::default() });
            let answers = search(&file, &[proven, codes]).expect("a query that fits");
            let rows: Vec<f32> = file.rows().flatten().collect();
            assert!(answers[0].hits == brute_force(&rows, &query, 3));
        }
        (Err(_), Err(_)) => {}
        (whole, in_pieces) => panic!("{:?} whole, {:?} in pieces", whole.map(|f| f.len()), in_pieces.map(|f| f.len())),
    }
}
