//! What the network sees in a photo. A chip that tells items of the catalogue apart is a button: pressed, only such items are found.

use leptos::prelude::*;

use crate::protocol::{Facets, Filter, Found};
use crate::state::Twill;
use crate::texts;

#[component]
pub(super) fn Chips(twill: Twill, found: Found) -> impl IntoView {
    let Found { guess, attributes, colour: (hex, family), .. } = found;
    let facets = Memo::new(move |_| {
        twill.engine.with(|engine| engine.ready().map(|ready| ready.facets.clone()).unwrap_or_default())
    });
    let guess = guess.map(|(label, probability)| {
        let words = texts::guess(&label, probability);
        let offers = {
            let label = label.clone();
            move |facets: &Facets| facets.categories.iter().any(|(name, _)| *name == label)
        };
        let (wanted, label) = (label.clone(), label);
        let is_on = move |filter: &Filter| filter.category.as_ref() == Some(&wanted);
        let toggle = move |filter: &mut Filter| {
            filter.category = (filter.category.as_ref() != Some(&label)).then(|| label.clone());
        };
        view! { <Chip twill facets offers is_on toggle name="guess" class="chip" words/> }
    });
    let words = texts::colour(&family);
    let offers = {
        let family = family.clone();
        move |facets: &Facets| facets.colours.iter().any(|(name, _)| *name == family)
    };
    let wanted = family.clone();
    let is_on = move |filter: &Filter| filter.colour.as_ref() == Some(&wanted);
    let toggle = move |filter: &mut Filter| {
        filter.colour = (filter.colour.as_ref() != Some(&family)).then(|| family.clone());
    };
    let attributes = attributes.into_iter().map(|(attribute, value)| {
        let words = texts::attribute(&attribute, &value);
        let pair = (attribute.clone(), value.clone());
        let offers = move |facets: &Facets| facets.attributes.contains(&pair);
        let wanted = (attribute.clone(), value.clone());
        let is_on = move |filter: &Filter| filter.has(&wanted.0, &wanted.1);
        let toggle = {
            let (attribute, value) = (attribute.clone(), value.clone());
            move |filter: &mut Filter| filter.toggle(&attribute, &value)
        };
        view! {
            <Chip
                twill facets offers is_on toggle name="attribute" class="chip minor" words
                attribute=attribute.clone() value=value.clone()
            />
        }
    });
    view! {
        {guess}
        <Chip twill facets offers is_on toggle name="colour" class="chip minor" words hex/>
        {attributes.collect_view()}
    }
}

/// A chip; a button where the catalogue can be filtered by it.
#[component]
fn Chip(
    twill: Twill,
    facets: Memo<Facets>,
    offers: impl Fn(&Facets) -> bool + Send + Sync + 'static,
    is_on: impl Fn(&Filter) -> bool + Clone + Send + Sync + 'static,
    toggle: impl Fn(&mut Filter) + Clone + Send + Sync + 'static,
    name: &'static str,
    class: &'static str,
    words: String,
    /// The colour that the chip shows beside its words.
    #[prop(optional)]
    hex: Option<String>,
    #[prop(optional)] attribute: Option<String>,
    #[prop(optional)] value: Option<String>,
) -> impl IntoView {
    let offered = Memo::new(move |_| facets.with(&offers));
    move || {
        let dot = hex.clone().map(|hex| view! { <span class="dot" style:background-color=hex></span> });
        let words = view! { {dot}{words.clone()} };
        if offered.get() {
            let (is_on, toggle) = (is_on.clone(), toggle.clone());
            view! {
                <button
                    type="button" class=class data-testid=name data-attribute=attribute.clone() data-value=value.clone()
                    aria-pressed=move || twill.filter.with(&is_on).to_string()
                    on:click=move |_| twill.narrow(&toggle)
                >
                    {words}
                </button>
            }
            .into_any()
        } else {
            view! {
                <p class=class data-testid=name data-attribute=attribute.clone() data-value=value.clone()>{words}</p>
            }
            .into_any()
        }
    }
}
