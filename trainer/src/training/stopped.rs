//! What is said when a person stops a run: how far it came, and how it goes on.

use super::recipe::Recipe;

/// A run that was stopped after `step` steps, which are fewer than its recipe's, and saved there.
pub(super) fn sentence(step: usize, recipe: &Recipe) -> String {
    let so_far = format!("The run was stopped after step {step} of {}, as you asked", recipe.steps);
    if step == 0 {
        return format!("{so_far}. Start it again as before");
    }
    let from = if recipe.loss.distillation.is_some() { ", and --from as before" } else { "" };
    format!("{so_far}. With --resume{from}, it goes on from there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_run_goes_on_from_where_it_was() {
        let recipe = Recipe::find("quick").unwrap();
        assert_eq!(
            sentence(499, &recipe),
            "The run was stopped after step 499 of 9000, as you asked. With --resume, it goes on from there"
        );
        assert!(sentence(0, &recipe).ends_with("of 9000, as you asked. Start it again as before"));
        let instance = Recipe::find("instance").unwrap();
        assert!(
            sentence(1, &instance).ends_with("With --resume, and --from as before, it goes on from there")
        );
    }
}
