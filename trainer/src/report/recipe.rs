//! The recipe of a run as text.

use std::path::Path;

use anyhow::Result;
use model::weights::ModelCard;

use super::page::escape;
use crate::{files, training};

/// The recipe that a run folder holds. Fails, naming the file, where it cannot be read.
pub(super) fn of_run(run: &Path) -> Result<String> {
    Ok(String::from_utf8_lossy(&files::read(&run.join(training::RECIPE))?).into_owned())
}

/// The recipe that a network's card holds, where it does.
pub(super) fn of_card(card: &ModelCard) -> Option<String> {
    toml::to_string(card.training.get("recipe")?).ok()
}

/// The text in a box that can be opened.
pub(super) fn draw(recipe: &str) -> String {
    format!("<details><summary>Show</summary><pre>{}</pre></details>", escape(recipe))
}
