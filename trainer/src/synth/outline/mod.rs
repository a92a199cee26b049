//! Outlines and parts of every category.

mod accessory;
mod bottom;
mod choice;
mod detail;
mod folds;
mod neck;
mod onepiece;
mod outer;
mod sleeve;
mod top;
mod upper;

use super::category::Category;
use super::garment::Garment;
use super::rng::Rng;

/// A garment of this category with everything else left to chance.
pub(crate) fn build(category: Category, rng: &mut Rng) -> Garment {
    match category {
        Category::TShirt => upper::tee(rng, false),
        Category::LongSleeve => upper::tee(rng, true),
        Category::Undershirt => upper::undershirt(rng),
        Category::Polo => upper::polo(rng),
        Category::Sweaters => upper::sweater(rng),
        Category::BlousesShirts => upper::shirt_or_blouse(rng),
        Category::Hoodies => outer::hoodie(rng),
        Category::JacketsVests => outer::jacket(rng),
        Category::Blazer => outer::blazer(rng),
        Category::Dresses => onepiece::dress(rng),
        Category::RompersJumpsuits => onepiece::romper(rng),
        Category::Pants => bottom::pants(rng),
        Category::Shorts => bottom::shorts(rng),
        Category::Skirt => bottom::skirt(rng),
        Category::Shoes => accessory::shoes(rng),
        Category::Hat => accessory::hat(rng),
    }
}
