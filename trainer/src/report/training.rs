//! The report of a training run, renewed with each validation: `report.html` in the run folder.

use std::path::Path;

use anyhow::Result;

use super::confusion::Confusion;
use super::page::{Page, count};
use super::{curves, recipe};
use crate::files;
use crate::training::checkpoint::Progress;

/// Name of the report in a run folder.
pub const NAME: &str = "report.html";

/// Writes the report of the run in this folder, which is as far as `progress` says. `pairs` are the categories of the
/// validation part and those that the network's head answers.
///
/// Fails, naming the file, where log or recipe cannot be read, or the report not be written.
pub fn write(run: &Path, progress: &Progress, pairs: &[(usize, usize)]) -> Result<()> {
    files::write(&run.join(NAME), page(run, progress, pairs)?.as_bytes())
}

fn page(run: &Path, progress: &Progress, pairs: &[(usize, usize)]) -> Result<String> {
    let Progress { step, best_step, best_error, labels, recipe, .. } = progress;
    let mut page = Page::new("Training");
    page.lead(&format!("Step {} of {}.", count(*step), count(recipe.steps)));
    if best_error.is_finite() {
        page.lead(&format!(
            "The best so far is step {}, with an error of {:.1}% on the validation part.",
            count(*best_step),
            100.0 * best_error
        ));
    }
    page.section(
        "Learning curves",
        "Over the steps of training. The validation part is measured with the running average of the weights.",
        curves::draw(run)?,
    );
    page.section(
        "Confusion",
        "A row is the validation pictures of one category, a column what the network calls them. A cell has the number \
         of pictures; its shade is their share of the row.",
        Confusion::of(labels, pairs).draw(),
    );
    page.section("Recipe", "", recipe::draw(&recipe::of_run(run)?));
    Ok(page.finish())
}
