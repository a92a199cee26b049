//! What is said when a person stops a run: how far it came, and how it goes on.

use super::recipe::Recipe;

/// A run that was stopped after `step` steps, which are fewer than its recipe's.
pub(super) fn sentence(step: usize, recipe: &Recipe) -> String {
    let so_far = format!("The run was stopped after step {step} of {}, as you asked", recipe.steps);
    match step - step % recipe.validate_every {
        0 => format!("{so_far}. Nothing was saved yet: start it again as before"),
        saved => {
            let from = if recipe.loss.distillation.is_some() { ", and --from as before" } else { "" };
            format!("{so_far}. With --resume{from}, it goes on after step {saved}, the last that was saved")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_run_goes_on_after_the_last_checkpoint() {
        let recipe = Recipe::find("quick").unwrap();
        assert_eq!((recipe.steps, recipe.validate_every), (9000, 500));
        let said = |step| sentence(step, &recipe);
        assert_eq!(
            said(499),
            "The run was stopped after step 499 of 9000, as you asked. Nothing was saved yet: start it again as before"
        );
        for (step, saved) in [(500, 500), (999, 500), (8999, 8500)] {
            assert!(said(step).contains(&format!("With --resume, it goes on after step {saved}, the last")));
        }
        let instance = Recipe::find("instance").unwrap();
        assert!(
            sentence(instance.validate_every, &instance).contains("With --resume, and --from as before, it")
        );
    }
}
