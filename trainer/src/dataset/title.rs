//! What a shop would call a drawn garment, as in "Navy striped knit sweater".

use crate::synth::{Attributes, Category};

/// Colour, pattern, fabric, length and noun, as far as each says something.
#[must_use]
pub(super) fn title(category: Category, colour: &str, attributes: &Attributes) -> String {
    let noun = noun(category, attributes);
    let mut words = vec![colour];
    words.extend(pattern(attributes.pattern));
    words.extend(fabric(category, attributes.fabric, colour));
    words.extend(length(category, attributes.length));
    words.push(noun);
    let title = words.join(" ");
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn noun(category: Category, attributes: &Attributes) -> &'static str {
    let without_sleeves = matches!(attributes.sleeve, "none" | "sleeveless");
    let short = matches!(attributes.length, "short" | "mini");
    match category {
        Category::BlousesShirts if matches!(attributes.fabric, "chiffon" | "satin") => "blouse",
        Category::BlousesShirts => "shirt",
        Category::Dresses => "dress",
        Category::Hoodies => "hoodie",
        Category::JacketsVests if without_sleeves => "vest",
        Category::JacketsVests => "jacket",
        Category::RompersJumpsuits if short => "romper",
        Category::RompersJumpsuits => "jumpsuit",
        Category::Sweaters => "sweater",
        Category::TShirt => "T-shirt",
        Category::LongSleeve => "long-sleeved top",
        Category::Polo => "polo shirt",
        Category::Undershirt => "tank top",
        Category::Pants if attributes.fabric == "denim" => "jeans",
        Category::Pants => "trousers",
        Category::Shorts => "shorts",
        Category::Skirt => "skirt",
        Category::Shoes => "shoes",
        Category::Hat => "hat",
        Category::Blazer => "blazer",
    }
}

/// Only where a shop would say it.
fn length(category: Category, word: &'static str) -> Option<&'static str> {
    match word {
        "mini" | "midi" | "maxi" if matches!(category, Category::Dresses | Category::Skirt) => Some(word),
        "cropped" => Some(word),
        _ => None,
    }
}

fn pattern(word: &'static str) -> Option<&'static str> {
    match word {
        "plain" | "none" => None,
        "stripes" => Some("striped"),
        "check" => Some("checked"),
        "dots" => Some("polka-dot"),
        "gradient" => Some("dip-dyed"),
        "graphic" | "graphic print" => Some("graphic"),
        "colour block" => Some("colour-block"),
        "fair isle" => Some("Fair Isle"),
        other => Some(other),
    }
}

/// Left out where colour or noun say it already, or where it is what everyone expects.
fn fabric(category: Category, word: &'static str, colour: &str) -> Option<&'static str> {
    let is_said = colour.contains(word) || (category == Category::Pants && word == "denim");
    let is_expected = matches!(word, "none" | "cotton");
    (!is_said && !is_expected).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(
        pattern: &'static str,
        fabric: &'static str,
        sleeve: &'static str,
        length: &'static str,
    ) -> Attributes {
        Attributes { pattern, fabric, sleeve, length, neckline: "none", fit: "regular" }
    }

    #[test]
    fn titles_read_like_a_shop() {
        for (expected, category, colour, attributes) in [
            (
                "Navy striped knit sweater",
                Category::Sweaters,
                "navy",
                attributes("stripes", "knit", "long", "hip"),
            ),
            (
                "Red floral chiffon midi dress",
                Category::Dresses,
                "red",
                attributes("floral", "chiffon", "none", "midi"),
            ),
            ("Denim vest", Category::JacketsVests, "denim", attributes("plain", "denim", "none", "hip")),
            ("Light blue jeans", Category::Pants, "light blue", attributes("plain", "denim", "none", "long")),
            (
                "White satin blouse",
                Category::BlousesShirts,
                "white",
                attributes("plain", "satin", "long", "hip"),
            ),
        ] {
            assert_eq!(title(category, colour, &attributes), expected);
        }
    }
}
