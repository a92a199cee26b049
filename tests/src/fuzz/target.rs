//! What a fuzzer needs to know of a reader.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::site;

/// A reader and what it is fed with.
#[derive(Debug)]
pub struct Target {
    /// Its name, and that of the folder of its corpus.
    pub name: &'static str,
    /// Words that mean something in its inputs.
    pub words: &'static [&'static str],
    /// Inputs that are made rather than stored.
    pub(super) seeds: fn(&Target) -> Vec<Vec<u8>>,
    /// Hands an input to the reader; the folder is the target's own. Says what the reader answers.
    pub(super) run: fn(&[u8], &Path) -> String,
}

impl Target {
    /// Everything to start from.
    pub fn corpus(&self) -> Result<Vec<Vec<u8>>> {
        let mut inputs = (self.seeds)(self);
        let folder = site::repository().join("tests/corpus").join(self.name);
        if folder.is_dir() {
            let mut files: Vec<_> =
                fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
            files.sort();
            for file in files {
                inputs.push(fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?);
            }
        }
        Ok(inputs)
    }
}

/// Words of JSON.
pub(super) const JSON: &[&str] =
    &["{", "}", "[", "]", ":", ",", "\"", "\\u0000", "\\ud800", "null", "true", "1e999", "-0"];

/// Of a target that has stored inputs only.
pub(super) fn none(_: &Target) -> Vec<Vec<u8>> {
    Vec::new()
}

/// What went wrong in its own words, or that nothing did.
pub(super) fn answer<T>(result: Result<T, impl std::fmt::Display>) -> String {
    match result {
        Ok(_) => "It can be read.".to_owned(),
        Err(error) => format!("{error:#}"),
    }
}
