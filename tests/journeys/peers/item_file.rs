//! The item file against a reader that knows nothing but `docs/item-file.md` (`tests/peers/item_file.py`).

use std::{env, fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use e2e::site::repository;
use model::{
    catalogue::Item,
    items::{Items, pages},
    weights::Attribute,
};
use serde_json::{Value, json};

fn items(count: usize, kinds: usize) -> Result<Vec<Item>> {
    let item = |row: usize| {
        serde_json::from_value(json!({
            "id": format!("n° {row}"), "image": format!("images/{row}.webp"), "width": 3, "height": 4,
            "category": if row.is_multiple_of(7) { String::new() } else { format!("kind {}", row % kinds) },
            "colour": (["#101010", "#d02020", "plaid"][row % 3]), "sleeve": (["long", "short", "odd"][row % 3]),
            "tags": [row, null],
        }))
    };
    Ok((0..count).map(item).collect::<Result<_, _>>()?)
}

#[test]
fn lists_of_any_length_are_read_alike() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let sleeves =
        Attribute { name: "sleeve".to_owned(), values: vec!["long".to_owned(), "short".to_owned()] };
    for (count, kinds) in [(1, 1), (128, 3), (1000, 400)] {
        let items = items(count, kinds)?;
        let (file, head) = pages::write(&items, std::slice::from_ref(&sleeves))?;
        let path = folder.path().join("items.twill");
        fs::write(&path, &file)?;
        let (is_well, said) = ask(&path, head)?;
        ensure!(is_well, "the other reader refuses {count} items: {said}");
        let told: Value = serde_json::from_str(&said)?;
        ensure!(told["items"] == serde_json::to_value(&items)?, "{count} items are others");
        ensure!(told["last"] == json!([count - 1]), "the last of {count} is in row {}", told["last"]);
        let mine = Items::in_pages(&file[..head], count as u64)?;
        for row in 0..count {
            let category = &told["told"]["category"][row];
            ensure!(category.as_str() == mine.columns().category(row), "item {row} is a {category}");
            let colour = &told["told"]["colour"][row];
            ensure!(colour.as_str() == [Some("black"), Some("red"), None][row % 3], "item {row} is {colour}");
            let sleeve = &told["told"]["sleeve"][row];
            ensure!(
                sleeve.as_str() == [Some("long"), Some("short"), None][row % 3],
                "item {row} has {sleeve}"
            );
        }
        // It finds damage, too, so its agreement means something.
        for at in [3, 70, head + 1, file.len() - 1] {
            let mut damaged = file.clone();
            damaged[at] ^= 4;
            fs::write(&path, damaged)?;
            ensure!(!ask(&path, head)?.0, "the other reader does not check byte {at}");
        }
    }
    Ok(())
}

/// Whether the other reader is content, and what it says.
fn ask(path: &Path, head: usize) -> Result<(bool, String)> {
    let python = env::var("TWILL_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let answer = Command::new(&python)
        .arg(repository().join("tests/peers/item_file.py"))
        .arg(path)
        .arg(head.to_string())
        .output()
        .with_context(|| format!("{python} could not be started; `make setup` installs what this needs"))?;
    Ok((answer.status.success(), String::from_utf8(answer.stdout)?))
}
