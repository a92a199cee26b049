//! In which order results stand: the likest first, or by price where they have prices that can be compared.

use crate::protocol::Hit;

/// The order of results.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sort {
    /// The likest first.
    #[default]
    Likeness,
    /// The cheapest first.
    Cheap,
    /// The dearest first.
    Dear,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Likeness, Self::Cheap, Self::Dear];

    /// Its name in the page's address.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Likeness => "",
            Self::Cheap => "price",
            Self::Dear => "-price",
        }
    }

    /// The order with that name; the usual one for any other.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|sort| sort.name() == name).unwrap_or_default()
    }

    /// Puts hits into this order. What costs the same, and what has no price, stays as it was; the latter comes last.
    pub fn apply(self, hits: &mut [Hit]) {
        if self == Self::Likeness || !can_sort(hits) {
            return;
        }
        let cost = |hit: &Hit| match price_of(hit) {
            Some((amount, _)) if self == Self::Dear => -amount,
            Some((amount, _)) => amount,
            None => f64::INFINITY,
        };
        // There are few: each goes past all that cost more.
        for end in 1..hits.len() {
            for at in (1..=end).rev() {
                if cost(&hits[at]) < cost(&hits[at - 1]) {
                    hits.swap(at, at - 1);
                }
            }
        }
    }
}

/// Whether there are prices to sort by, all in the same currency.
#[must_use]
pub fn can_sort(hits: &[Hit]) -> bool {
    let mut first = None;
    let mut others = 0;
    for (_, currency) in hits.iter().filter_map(price_of) {
        match &first {
            None => first = Some(currency),
            Some(first) if *first == currency => others += 1,
            Some(_) => return false,
        }
    }
    others > 0
}

fn price_of(hit: &Hit) -> Option<(f64, String)> {
    price(hit.item.price.as_deref()?)
}

/// Amount and currency of a price as shops write them: "€ 1.299,00", "$1,299", "CHF 1'299.-". None where there is no number in it
/// or more than one.
fn price(text: &str) -> Option<(f64, String)> {
    let mut currency = String::new();
    let (mut amount, mut is_over) = (None, false);
    // The mark that may be that of the decimals: how many digits came after it, and whether it came before.
    let (mut mark, mut decimals, mut is_repeated) = (None, 0, false);
    for c in text.chars() {
        let digit = match c {
            '0'..='9' => Some(c as u32 - 0x30),
            '\u{660}'..='\u{669}' => Some(c as u32 - 0x660),
            _ => None,
        };
        match (digit, c) {
            (Some(_), _) if is_over => return None,
            (Some(digit), _) => {
                amount = Some(amount.unwrap_or(0.0) * 10.0 + f64::from(digit));
                decimals += 1;
            }
            (None, '.' | ',' | '\u{66b}') if amount.is_some() && !is_over => {
                is_repeated = mark == Some(c);
                (mark, decimals) = (Some(c), 0);
            }
            // What groups digits and nothing else, or stands beside them.
            (
                None,
                '.' | ',' | '\'' | '\u{2019}' | '\u{66b}' | '\u{66c}' | ' ' | '\u{a0}' | '\u{202f}' | '-',
            ) => {}
            (None, _) => {
                is_over = amount.is_some();
                currency.push(c);
            }
        }
    }
    // Three digits after a mark are thousands.
    let scale = match decimals {
        1 if mark.is_some() && !is_repeated => 10.0,
        2 if mark.is_some() && !is_repeated => 100.0,
        _ => 1.0,
    };
    Some((amount? / scale, currency))
}

#[cfg(feature = "browser-tests")]
mod tests {
    use super::{Sort, can_sort, price};
    use crate::protocol::{Hit, Item};
    use wasm_bindgen_test::wasm_bindgen_test;

    fn hits(prices: &[Option<&str>]) -> Vec<Hit> {
        let hit = |(row, price): (usize, Option<&str>)| Hit {
            item: Item {
                row,
                id: String::new(),
                image: String::new(),
                width: 3,
                height: 4,
                category: String::new(),
                title: None,
                price: price.map(str::to_owned),
                link: None,
            },
            score: 0.5,
        };
        prices.iter().copied().enumerate().map(hit).collect()
    }

    fn order(sort: Sort, prices: &[Option<&str>]) -> Vec<usize> {
        let mut hits = hits(prices);
        sort.apply(&mut hits);
        hits.iter().map(|hit| hit.item.row).collect()
    }

    #[wasm_bindgen_test]
    fn prices_are_read_as_shops_write_them() {
        for (text, amount) in [
            ("€ 19.90", 19.9),
            ("19,90 €", 19.9),
            ("€ 1.299,00", 1299.0),
            ("$1,299", 1299.0),
            ("$1,299.50", 1299.5),
            ("1 299,5 zł", 1299.5),
            ("CHF 1'299.-", 1299.0),
            ("¥12800", 12_800.0),
            ("1.234.567 ₫", 1_234_567.0),
            ("٤٩٫٩٩ د.إ", 49.99),
        ] {
            assert_eq!(price(text).map(|(amount, _)| amount), Some(amount), "{text}");
        }
        for text in ["", "on request", "€10–20"] {
            assert_eq!(price(text), None, "{text}");
        }
    }

    #[wasm_bindgen_test]
    fn order_is_stable_and_what_has_no_price_comes_last() {
        let prices = [Some("€ 30"), None, Some("€ 9,50"), Some("€ 30.00"), Some("ask us")];
        assert_eq!(order(Sort::Likeness, &prices), [0, 1, 2, 3, 4]);
        assert_eq!(order(Sort::Cheap, &prices), [2, 0, 3, 1, 4]);
        assert_eq!(order(Sort::Dear, &prices), [0, 3, 2, 1, 4]);
    }

    #[wasm_bindgen_test]
    fn prices_in_two_currencies_are_not_compared() {
        let prices = [Some("€ 30"), Some("$ 20")];
        assert!(!can_sort(&hits(&prices)));
        assert_eq!(order(Sort::Cheap, &prices), [0, 1]);
        assert!(!can_sort(&hits(&[Some("€ 30"), None])));
        assert!(can_sort(&hits(&[Some("€ 30"), None, Some("20 €")])));
        assert_eq!(Sort::from_name("-price"), Sort::Dear);
        assert_eq!(Sort::from_name("name"), Sort::Likeness);
    }
}
