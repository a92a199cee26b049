//! The feature file against a reader that knows nothing but `docs/feature-file.md` (`tests/peers/feature_file.py`).

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
};

use anyhow::{Context, Result, ensure};
use e2e::networks::Random;
use e2e::site::repository;
use model::{
    catalogue::CatalogueCard,
    feature_file::{FeatureFile, bytes_before_codes},
    search,
};

/// Other libraries add up in another order: scores this close may change places.
const SLACK: f32 = 1e-5;

#[test]
fn files_of_any_shape_are_read_alike() -> Result<()> {
    let folder = tempfile::tempdir()?;
    // More than one block; neither rows nor values a multiple of anything; and as small as can be.
    for (rows, values, seed) in [(1300, 4093, 1), (333, 19, 2), (1, 1, 3)] {
        let features = random(rows, values, seed)?;
        let path = folder.path().join("features.twill");
        fs::write(&path, features.write())?;
        agrees(&path, &features, rows / 2)?;
    }
    Ok(())
}

#[test]
fn the_shipped_catalogue_is_read_alike() -> Result<()> {
    let folder = repository().join("public/catalogue");
    let Ok(card) = fs::read(folder.join("catalogue.json")) else {
        println!("skipped: there is no catalogue in {} yet", folder.display());
        return Ok(());
    };
    let path = folder.join(CatalogueCard::from_json(&card)?.features.file);
    let features = FeatureFile::read(&fs::read(&path)?)?;
    for row in [0, 1234, features.len() - 1] {
        agrees(&path, &features, row)?;
    }
    Ok(())
}

/// The other reader finds the same damage, so its agreement means something.
#[test]
fn damage_is_found_by_both() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("features.twill");
    let bytes = random(40, 6, 4)?.write();
    let sections = 128..320;
    // In the header, in the table, and in each of the three sections, which lie one after the other.
    for at in [50, sections.start + 30, sections.end + 70, bytes.len() - 40 * 12 - 10, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 4;
        ensure!(FeatureFile::read(&damaged).is_err(), "byte {at} is not checked");
        fs::write(&path, damaged)?;
        ensure!(!ask(&path, 0, 1)?.status.success(), "the other reader does not check byte {at}");
    }
    Ok(())
}

/// Near a plane, with codes along its axes: a block, and two of them.
#[test]
fn codes_along_axes_are_read_alike() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (rows, values) in [(1999, 61), (54_000, 80)] {
        let features = near_a_plane(rows, values, 5)?;
        let bytes = features.write();
        ensure!(bytes[10] == 3, "the file has codes along axes");
        let path = folder.path().join("features.twill");
        fs::write(&path, &bytes)?;
        agrees(&path, &features, rows / 2)?;
        // In a block's axes, of which the first one's begin after header, tables and hashes.
        let mut damaged = bytes;
        let codes = usize::try_from(bytes_before_codes(rows as u64, values as u64).context("no file")?)?;
        damaged[codes + 5] ^= 4;
        fs::write(&path, damaged)?;
        ensure!(!ask(&path, 0, 1)?.status.success(), "the other reader does not check axes");
    }
    Ok(())
}

/// Unit vectors near a plane of nine dimensions.
fn near_a_plane(rows: usize, values: usize, seed: u64) -> Result<FeatureFile> {
    let mut random = Random(seed);
    let mut numbers = |count: usize| (0..count).map(|_| random.share() - 0.4).collect::<Vec<f32>>();
    let plane: Vec<Vec<f32>> = (0..9).map(|_| numbers(values)).collect();
    let mut all = Vec::with_capacity(rows * values);
    for _ in 0..rows {
        let (places, noise) = (numbers(9), numbers(values));
        let on = |i: usize| places.iter().zip(&plane).map(|(place, axis)| place * axis[i]).sum::<f32>();
        let row: Vec<f32> = (0..values).map(|i| on(i) + noise[i] / 1000.0).collect();
        let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        all.extend(row.iter().map(|value| value / length));
    }
    Ok(FeatureFile::pack_rows(&all, values, [1; 32], [2; 16])?)
}

/// Unit vectors around nothing.
fn random(rows: usize, values: usize, seed: u64) -> Result<FeatureFile> {
    let mut random = Random(seed);
    let mut all = Vec::with_capacity(rows * values);
    for _ in 0..rows {
        let row: Vec<f32> = (0..values).map(|_| random.share() - 0.4).collect();
        let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        all.extend(row.iter().map(|value| value / length));
    }
    Ok(FeatureFile::pack_rows(&all, values, [1; 32], [2; 16])?)
}

/// Both give the same items with the same similarities.
fn agrees(path: &Path, features: &FeatureFile, row: usize) -> Result<()> {
    let answer = ask(path, row, 10)?;
    ensure!(answer.status.success(), "the other reader refuses the file");
    let theirs: Vec<(usize, f32)> = serde_json::from_slice(&answer.stdout)?;
    let query = features.vector(row).context("there is no such item")?;
    let mine = search::top_k(features, &query, 10)?;
    ensure!(theirs.len() == mine.len(), "{} items instead of {}", theirs.len(), mine.len());
    for ((item, score), hit) in theirs.iter().zip(&mine) {
        ensure!((score - hit.score).abs() < SLACK, "{score} instead of {}", hit.score);
        let same = *item == hit.row || {
            let other = features.vector(*item).context("an item that does not exist")?;
            let similarity: f32 = other.iter().zip(&query).map(|(a, b)| a * b).sum();
            (similarity - hit.score).abs() < SLACK
        };
        ensure!(same, "item {item} instead of {}", hit.row);
    }
    Ok(())
}

fn ask(path: &Path, row: usize, k: usize) -> Result<Output> {
    let python = env::var("TWILL_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let answer = Command::new(&python)
        .arg(repository().join("tests/peers/feature_file.py"))
        .arg(path)
        .args([row.to_string(), k.to_string()])
        .output()
        .with_context(|| format!("{python} could not be started; `make setup` installs what this needs"))?;
    let said = String::from_utf8_lossy(&answer.stderr);
    print!("{said}");
    ensure!(!said.contains("Traceback"), "the other reader itself failed; does {python} have NumPy?");
    Ok(answer)
}
