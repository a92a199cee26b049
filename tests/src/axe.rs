//! axe-core: the rules of WCAG 2.2, and what is good practice besides, held against what a page shows.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::{page::Page, tools};

/// Where `make setup` puts it, of the version that stands in `.ci/setup.sh`.
const FILE: &str = "axe-core/axe.min.js";
/// Which rules.
const TAGS: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/// Every violation in words: rule, place, and what is wrong there.
const RUN: &str = "
return axe.run(document, { runOnly: { type: 'tag', values: TAGS }, resultTypes: ['violations'] }).then((results) => ({
  passes: results.passes.length,
  violations: results.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary.replace(/\\s+/g, ' ')}`)),
}))";

/// The program.
#[derive(Debug)]
pub struct Axe(String);

impl Axe {
    /// axe-core, where it is installed; says so where it is not.
    pub fn find() -> Result<Option<Self>> {
        match tools::file("TWILL_AXE", FILE) {
            Ok(file) => Ok(Some(Self(fs::read_to_string(file)?))),
            Err(error) => {
                println!("skipped: axe-core is not installed: {error}");
                Ok(None)
            }
        }
    }

    /// What is wrong with the page as it is shown now.
    ///
    /// The driver runs the program as it runs every script: the page's policy, which forbids programs from elsewhere, is not asked.
    pub fn violations(&self, page: &Page) -> Result<Vec<String>> {
        if page.browser().execute("return typeof window.axe")? != "object" {
            page.browser().execute(&self.0)?;
        }
        let found = page.browser().execute(&RUN.replace("TAGS", &json!(TAGS).to_string()))?;
        // A program that looked at nothing has found nothing wrong.
        found["passes"].as_u64().filter(|passes| *passes > 0).context("axe-core judged nothing")?;
        let violations = found["violations"].as_array().context("axe-core gave no answer")?;
        Ok(violations.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }
}
