//! The table of faults in `docs/reliability.md` names a test for each; the tests have to exist.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use e2e::site::repository;

#[test]
fn every_fault_in_the_table_has_a_test_that_exists() -> Result<()> {
    let root = repository();
    let text = fs::read_to_string(root.join("docs/reliability.md"))?;
    let mut faults = BTreeSet::new();
    for row in text.lines().filter(|line| line.starts_with('|') && line.contains("::")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        ensure!(
            cells.len() == 3 && cells.iter().all(|cell| !cell.is_empty()),
            "this row has no three cells: {row}"
        );
        ensure!(faults.insert(cells[0]), "this fault comes twice: {}", cells[0]);
        let (file, test) = cells[2]
            .trim_matches('`')
            .split_once("::")
            .with_context(|| format!("this row names no test as `file::test`: {row}"))?;
        let source = fs::read_to_string(root.join(file)).with_context(|| format!("there is no {file}"))?;
        let at = source
            .find(&format!("fn {test}("))
            .with_context(|| format!("{file} has no test {test}, which is to inject: {}", cells[0]))?;
        let before = source[..at].trim_end().trim_end_matches("async").trim_end();
        let is_test = before.lines().rev().take(3).any(|line| line.contains("test]"));
        ensure!(is_test, "{test} in {file} is no test");
    }
    ensure!(faults.len() >= 60, "the table has {} faults", faults.len());
    Ok(())
}
