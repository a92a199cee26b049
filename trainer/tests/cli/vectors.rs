//! `convert` and `bench`: the vectors of a catalogue in other tools' files, and how fast they are searched.

use std::fs;

use model::embedder::unit;
use trainer::npy::{self, Matrix};

use crate::{Place, contents, names};

/// A catalogue of six drawn pictures.
pub(crate) fn catalogue() -> Place {
    let place = Place::new();
    place.write_network("model");
    place.draw("data", 6, 1);
    place.succeed(&["index", "--images", "data/images", "--weights", "model", "--out", "catalogue"]);
    place
}

fn export(place: &Place, out: &str) -> Matrix {
    place.succeed(&["convert", "--catalogue", "catalogue", "--to", "npy", "--out", out]);
    npy::read(&fs::read(place.path(out)).unwrap()).unwrap()
}

fn import(file: &str) -> [&str; 7] {
    ["convert", "--catalogue", "catalogue", "--from", "npy", "--in", file]
}

#[test]
fn vectors_go_out_and_come_back() {
    let place = catalogue();
    let before = trainer::catalogue::open(&place.path("catalogue")).unwrap();
    let files_before = contents(&place.path("catalogue"));
    let matrix = export(&place, "vectors.npy");
    assert_eq!(matrix.columns, before.features().dimension());
    assert_eq!(matrix.values.len(), 6 * matrix.columns);
    for (row, kept) in matrix.values.chunks_exact(matrix.columns).zip(before.features().rows()) {
        let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        assert!((length - 1.0).abs() < 1e-6, "{length}");
        for (value, kept) in row.iter().zip(kept) {
            assert!((value - kept).abs() < 1e-3, "{value} and {kept}");
        }
    }

    // The same ones back: half precision may round a value the other way, and no file is left over.
    place.succeed(&import("vectors.npy"));
    let same = trainer::catalogue::open(&place.path("catalogue")).unwrap();
    assert_eq!(same.items(), before.items());
    assert_eq!(contents(&place.path("catalogue")).len(), files_before.len());

    // Others: turned around, the last is the first.
    let mut turned = Matrix { columns: matrix.columns, values: Vec::new() };
    for row in matrix.values.chunks_exact(matrix.columns).rev() {
        turned.values.extend(unit(row).unwrap());
    }
    fs::write(place.path("turned.npy"), npy::write(&turned)).unwrap();
    place.succeed(&import("turned.npy"));
    let after = trainer::catalogue::open(&place.path("catalogue")).unwrap();
    assert_eq!(after.features().vector(5), same.features().vector(0));
    assert_eq!(after.features().weights_sha256(), before.features().weights_sha256());
    let files = contents(&place.path("catalogue"));
    assert_eq!(files.len(), files_before.len(), "{:?}", names(&files));
    place.succeed(&["search", "--catalogue", "catalogue", "--weights", "model", "data/images/000000.jpg"]);
}

#[test]
fn files_that_do_not_fit_change_nothing() {
    let place = catalogue();
    let before = contents(&place.path("catalogue"));
    let good = export(&place, "vectors.npy");
    let short = Matrix { columns: good.columns, values: good.values[good.columns..].to_vec() };
    let wide = Matrix { columns: good.columns * 2, values: good.values.clone() };
    let mut long = good.clone();
    long.values[0] += 1.0;
    for (matrix, words) in [(short, "5 rows"), (wide, "3 rows"), (long, "does not have length 1")] {
        fs::write(place.path("bad.npy"), npy::write(&matrix)).unwrap();
        let complaint = place.fail(&import("bad.npy"));
        assert!(complaint.contains("bad.npy") && complaint.contains(words), "{complaint}");
    }
    fs::write(place.path("bad.npy"), "Dear Sir or Madam").unwrap();
    assert!(place.fail(&import("bad.npy")).contains("no .npy file"));
    assert!(place.fail(&import("none.npy")).contains("none.npy cannot be read"));
    assert!(contents(&place.path("catalogue")) == before);
    // Half a command is none.
    for args in [
        &["convert", "--catalogue", "catalogue"][..],
        &["convert", "--catalogue", "catalogue", "--to", "npy"],
        &["convert", "--catalogue", "catalogue", "--from", "npy"],
        &["convert", "--catalogue", "catalogue", "--from", "npy", "--out", "x"],
    ] {
        assert!(place.fail(args).contains("Usage"), "{args:?}");
    }
}

#[test]
fn a_small_bench_of_few_bits_as_table_and_as_json() {
    let place = Place::new();
    let small = [
        "bench",
        "few",
        "--rows",
        "2000",
        "--dimension",
        "12",
        "-k",
        "5",
        "--rounds",
        "2",
        "--depths",
        "5,80",
    ];
    let table = place.succeed(&small);
    for words in
        ["pure read of codes of 2 bits", "4 bits, portable, 80 vectors compared", "To prove an answer"]
    {
        assert!(table.contains(words), "{table}");
    }
    let report: serde_json::Value =
        serde_json::from_str(&place.succeed(&[&small[..], &["--json"]].concat())).unwrap();
    assert_eq!((report["rows"].as_u64(), report["added"].as_u64()), (Some(2000), Some(0)));
    assert_eq!(report["codes"][1]["bits"].as_u64(), Some(2));
    assert!(place.fail(&["bench", "few", "--depths", "5"]).contains("at least as many as results"));
    assert!(place.fail(&["bench", "few", "--rows", "0"]).contains("at least 1"));
    assert!(place.fail(&["bench", "few", "--dimension", "5000"]).contains("from 1 to 4096"));
}

#[test]
fn a_small_bench_as_table_and_as_json() {
    let place = Place::new();
    let small = ["bench", "--rows", "2000", "--dimension", "12", "-k", "5", "--rounds", "2"];
    let table = place.succeed(&small);
    for words in ["pure read", "codes alone, portable", "proven answer", "brute force", "a proof 1.0000"] {
        assert!(table.contains(words), "{table}");
    }
    let report: serde_json::Value =
        serde_json::from_str(&place.succeed(&[&small[..], &["--json"]].concat())).unwrap();
    assert_eq!((report["rows"].as_u64(), report["k"].as_u64()), (Some(2000), Some(5)));
    assert_eq!(report["recall_proven"].as_f64(), Some(1.0));
    assert_eq!(report["figures"][0]["times_a_read"].as_f64(), Some(1.0));
    assert!(place.fail(&["bench", "--rows", "0"]).contains("--rows is 0"));
    assert!(place.fail(&["bench", "--dimension", "5000"]).contains("from 1 to 4096"));
}
