//! What the network sees in a photo. A chip that tells items of the catalogue apart is a button: pressed, only such items are found.

use leptos::prelude::*;

use crate::protocol::{Found, Mark};
use crate::state::Twill;
use crate::texts;

#[component]
pub(super) fn Chips(twill: Twill, found: Found) -> impl IntoView {
    let Found { guess, attributes, colours, .. } = found;
    let mut chips = Vec::new();
    if let Some((label, probability)) = guess {
        let words = texts::guess(&label, probability);
        let sure = Some(texts::per_cent(probability));
        chips.push(Chip {
            mark: Mark::Category(label),
            name: "guess",
            class: "chip",
            words,
            sure,
            hex: None,
        });
    }
    chips.extend(colours.into_iter().map(|(hex, family)| {
        let words = texts::colour(&family);
        Chip {
            mark: Mark::Colour(family),
            name: "colour",
            class: "chip minor",
            words,
            sure: None,
            hex: Some(hex),
        }
    }));
    chips.extend(attributes.into_iter().map(|(attribute, value)| {
        let words = texts::attribute(&attribute, &value);
        Chip {
            mark: Mark::Attribute(attribute, value),
            name: "attribute",
            class: "chip minor",
            words,
            sure: None,
            hex: None,
        }
    }));
    chips.into_iter().map(|chip| chip.view(twill)).collect_view()
}

struct Chip {
    mark: Mark,
    /// `data-testid`.
    name: &'static str,
    class: &'static str,
    words: String,
    /// How sure the network is.
    sure: Option<String>,
    /// The colour that is shown beside the words.
    hex: Option<String>,
}

impl Chip {
    /// A button where the catalogue can be filtered by it.
    fn view(self, twill: Twill) -> AnyView {
        let Self { mark, name, class, words, sure, hex } = self;
        let (attribute, value) = match &mark {
            Mark::Attribute(attribute, value) => (Some(attribute.clone()), Some(value.clone())),
            Mark::Category(_) | Mark::Colour(_) => (None, None),
        };
        let tells = twill.facets().tell(&mark);
        let dot = hex.map(|hex| view! { <span class="dot" style:background-color=hex></span> });
        let sure = sure.map(|sure| view! { <span class="sure">{sure}</span> });
        if tells {
            let shown = mark.clone();
            let is_pressed = move || twill.filter.with(|filter| filter.has(&shown)).to_string();
            view! {
                <button
                    type="button" class=class data-testid=name data-attribute=attribute data-value=value
                    aria-pressed=is_pressed on:click=move |_| twill.toggle(mark.clone())
                >
                    {dot}{words}{sure}
                </button>
            }
            .into_any()
        } else {
            view! { <p class=class data-testid=name data-attribute=attribute data-value=value>{dot}{words}{sure}</p> }
                .into_any()
        }
    }
}
