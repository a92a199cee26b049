//! `convert` to and from tables, by itself and with pyarrow on the other side (`tests/peers/exchange.py`).

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use model::catalogue::Catalogue;
use trainer::npy::{self, Matrix};

use crate::Place;
use crate::vectors::catalogue;

fn open(place: &Place) -> Catalogue {
    trainer::catalogue::open(&place.path("catalogue")).unwrap()
}

fn export(place: &Place, format: &str, out: &str) {
    place.succeed(&["convert", "--catalogue", "catalogue", "--to", format, "--out", out]);
}

fn import<'a>(format: &'a str, file: &'a str) -> [&'a str; 7] {
    ["convert", "--catalogue", "catalogue", "--from", format, "--in", file]
}

/// Every vector replaced by the first one, so that what is imported next has something to change.
fn blur(place: &Place) {
    export(place, "npy", "good.npy");
    let good = npy::read(&fs::read(place.path("good.npy")).unwrap()).unwrap();
    let rows = good.values.len() / good.columns;
    let values = good.values[..good.columns].repeat(rows);
    fs::write(place.path("blurred.npy"), npy::write(&Matrix { columns: good.columns, values })).unwrap();
    place.succeed(&import("npy", "blurred.npy"));
}

#[test]
fn tables_go_out_and_come_back() {
    let place = catalogue();
    // Once through single precision, which changes a last bit here and there.
    export(&place, "npy", "vectors.npy");
    place.succeed(&import("npy", "vectors.npy"));
    let before = open(&place);
    for format in ["parquet", "arrow"] {
        export(&place, format, "table");
        blur(&place);
        assert_ne!(open(&place).features(), before.features());
        place.succeed(&import(format, "table"));
        assert_eq!(open(&place).features(), before.features(), "{format}");
        assert_eq!(open(&place).items(), before.items());
        // A table of another format is none.
        let other = if format == "arrow" { "parquet" } else { "arrow" };
        let complaint = place.fail(&import(other, "table"));
        assert!(complaint.contains("table cannot be used"), "{complaint}");
    }
}

#[test]
fn pyarrow_reads_and_writes_the_same() {
    let Some(python) = python() else {
        println!("skipped: no Python here has pyarrow (TWILL_PYTHON names one)");
        return;
    };
    let place = catalogue();
    export(&place, "npy", "vectors.npy");
    place.succeed(&import("npy", "vectors.npy"));
    let before = open(&place);
    for (format, name) in [("npy", "vectors.npy"), ("parquet", "out.parquet"), ("arrow", "out.arrow")] {
        export(&place, format, name);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers/exchange.py");
    let answer = Command::new(python).arg(script).arg(place.path("")).output().unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    let columns: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    for (row, item) in before.items().iter().enumerate() {
        assert_eq!(columns["id"][row], item.id);
        assert_eq!(columns["image"][row], item.image);
        assert_eq!(columns["category"][row], item.category);
        assert_eq!(columns["width"][row], item.width);
        assert_eq!(columns["colour"][row].as_str(), item.colour.as_deref());
        assert_eq!(columns["title"][row].as_str(), item.title.as_deref());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(place.path("")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        files.extend(name.starts_with("in-").then_some(name));
    }
    assert_eq!(files.len(), 10, "{files:?}");
    for file in files {
        blur(&place);
        place.succeed(&import(file.rsplit('.').next().unwrap(), &file));
        let after = open(&place);
        // Half precision on the way out is half precision on the way back, up to a last bit.
        for (row, kept) in after.features().rows().zip(before.features().rows()) {
            let off = row.iter().zip(&kept).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off < 1e-3, "{file}: {off}");
        }
    }
}

/// A Python with pyarrow: the one that is named, or that of the benchmarks.
fn python() -> Option<PathBuf> {
    let cache = env::var_os("TWILL_CACHE").map(PathBuf::from);
    let cache = cache.or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cache/twill")));
    let named = env::var_os("TWILL_PYTHON").map(PathBuf::from);
    let mut all = named.into_iter().chain(cache.map(|cache| cache.join("peers/bin/python")));
    all.find(|python| {
        Command::new(python).args(["-c", "import pyarrow"]).output().is_ok_and(|tried| tried.status.success())
    })
}
