//! Of the trainer's training what a run is told to do.

#[path = "../../../trainer/src/training/augment.rs"]
pub mod augment;
#[path = "../../../trainer/src/training/recipe.rs"]
pub mod recipe;
