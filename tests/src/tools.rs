//! Programs and files that journeys need and the site does not ship: on the machine, or where `make setup` puts them.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Result, anyhow};

/// Where `make setup` puts them.
fn folder() -> PathBuf {
    let cache = env::var_os("TWILL_CACHE").map(PathBuf::from);
    let home = || Path::new(&env::var_os("HOME").unwrap_or_default()).join(".cache/twill");
    cache.unwrap_or_else(home).join("tools")
}

/// The program that `variable` names, or the first of `names` on the PATH or among the tools.
pub fn program(variable: &str, names: &[&str]) -> Result<PathBuf> {
    if let Some(path) = env::var_os(variable) {
        return Ok(path.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).chain([folder().join("bin")]).collect();
    let found = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file());
    found.ok_or_else(|| anyhow!("{} is not installed: run `make setup` first", names[0]))
}

/// The file that `variable` names, or the one at `path` among the tools.
pub fn file(variable: &str, path: &str) -> Result<PathBuf> {
    let file = env::var_os(variable).map_or_else(|| folder().join(path), PathBuf::from);
    if file.is_file() {
        Ok(file)
    } else {
        Err(anyhow!("there is no {}: run `make setup` first", file.display()))
    }
}
