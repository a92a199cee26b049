//! The categories that can be drawn.

/// What a drawing shows; names are those of the data sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant is its name")]
pub enum Category {
    BlousesShirts,
    Dresses,
    Hoodies,
    JacketsVests,
    RompersJumpsuits,
    Sweaters,
    TShirt,
    LongSleeve,
    Polo,
    Undershirt,
    Pants,
    Shorts,
    Skirt,
    Shoes,
    Hat,
    Blazer,
}

impl Category {
    /// Every category, the seed six first.
    pub const ALL: [Self; 16] = [
        Self::BlousesShirts,
        Self::Dresses,
        Self::Hoodies,
        Self::JacketsVests,
        Self::RompersJumpsuits,
        Self::Sweaters,
        Self::TShirt,
        Self::LongSleeve,
        Self::Polo,
        Self::Undershirt,
        Self::Pants,
        Self::Shorts,
        Self::Skirt,
        Self::Shoes,
        Self::Hat,
        Self::Blazer,
    ];

    /// The categories a catalogue is seeded with.
    pub const SEED: [Self; 6] = [
        Self::BlousesShirts,
        Self::Dresses,
        Self::Hoodies,
        Self::JacketsVests,
        Self::RompersJumpsuits,
        Self::Sweaters,
    ];

    /// The name the data sets use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BlousesShirts => "Blouses Shirts",
            Self::Dresses => "Dresses",
            Self::Hoodies => "Hoodies",
            Self::JacketsVests => "Jackets Vests",
            Self::RompersJumpsuits => "Rompers Jumpsuits",
            Self::Sweaters => "Sweaters",
            Self::TShirt => "t-shirt",
            Self::LongSleeve => "longsleeve",
            Self::Polo => "polo",
            Self::Undershirt => "undershirt",
            Self::Pants => "pants",
            Self::Shorts => "shorts",
            Self::Skirt => "skirt",
            Self::Shoes => "shoes",
            Self::Hat => "hat",
            Self::Blazer => "blazer",
        }
    }

    /// The category with exactly this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }
}
