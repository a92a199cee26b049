//! What a run folder says of the run in it, looked at before pictures are read, which takes minutes.

use anyhow::{Context as _, Result, bail, ensure};

use super::recipe::Recipe;
use super::{LAST, RECIPE, Settings};
use crate::files;

/// How the line begins that says what network the run started from.
const FROM: &str = "# Starts from ";

/// Whether there is a checkpoint to go on from; where there is none, notes the recipe of the run that begins.
///
/// Fails where the folder holds another run, or what was asked for does not fit the one that it holds.
pub(super) fn look(settings: &Settings) -> Result<bool> {
    let Settings { out, from, recipe, .. } = settings;
    match (settings.resume, out.join(LAST).exists()) {
        (true, true) => {
            ensure!(
                from.is_none() || recipe.loss.distillation.is_some(),
                "A run that goes on has its weights already. Leave --from out"
            );
            return Ok(true);
        }
        (false, true) => bail!(
            "{} already holds a run. Go on with --resume, or choose another folder for --out",
            out.display()
        ),
        (true, false) => check_beginning(settings)?,
        (false, false) => {}
    }
    write_recipe(settings)?;
    Ok(false)
}

/// Whether a run that was killed before its first checkpoint can begin anew as it began before.
fn check_beginning(settings: &Settings) -> Result<()> {
    let out = &settings.out;
    let path = out.join(RECIPE);
    ensure!(path.exists(), "There is no run to go on with: {} does not exist", out.join(LAST).display());
    let begun = Recipe::find(&path.to_string_lossy())?;
    check_recipe(begun, settings)?;
    let text = String::from_utf8_lossy(&files::read(&path)?).into_owned();
    if let Some(network) = text.lines().find_map(|line| line.strip_prefix(FROM)) {
        ensure!(
            settings.from.is_some(),
            "The run in {} came to no checkpoint yet, and began from the network {network}. Name that with --from again",
            out.display()
        );
    }
    println!("The run in {} came to no checkpoint yet. It begins anew.", out.display());
    Ok(())
}

/// Fails where a run that was begun by `begun` is asked to go on by another recipe. The learning rate alone may be another: a run that
/// came to grief goes on with smaller steps.
pub(super) fn check_recipe(mut begun: Recipe, settings: &Settings) -> Result<()> {
    begun.optimiser.learning_rate = settings.recipe.optimiser.learning_rate;
    ensure!(
        begun == settings.recipe,
        "The run in {} was made with another recipe. Give --preset {}",
        settings.out.display(),
        settings.out.join(RECIPE).display()
    );
    Ok(())
}

/// Notes the recipe, and what network the run starts from. Fails where it cannot be written.
pub(super) fn write_recipe(settings: &Settings) -> Result<()> {
    let mut text = toml::to_string(&settings.recipe).context("The recipe cannot be written down")?;
    if let Some(from) = &settings.from {
        // In quotes, so that no name takes more than a line.
        text.insert_str(0, &format!("{FROM}{:?}\n", from.display().to_string()));
    }
    files::write(&settings.out.join(RECIPE), text.as_bytes())
}
