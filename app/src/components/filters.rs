//! Among which items is searched: a kind, a colour, and how many they are.

use leptos::prelude::*;

use crate::components::query::last;
use crate::protocol::{Facets, Filter, Mark};
use crate::state::Twill;
use crate::texts;

#[component]
pub(super) fn Filters(twill: Twill) -> impl IntoView {
    let facets = Memo::new(move |_| twill.facets());
    let choice = Memo::new(move |_| {
        last(twill, |step| {
            let similar = step.similar.as_ref()?;
            // What only waits to be proven has been read.
            let is_reading = similar.is_partial && similar.read < similar.all;
            Some((is_reading, [similar.choice, similar.read, similar.all]))
        })
        .flatten()
    });
    let count = move || {
        choice.get().map(|(is_reading, [choice, read, all])| {
            let name = if is_reading { "reading" } else { "count" };
            let words = if is_reading { texts::reading(read, all) } else { texts::choice(choice) };
            let [choice, read, all] = [choice, read, all].map(|count| count.to_string());
            view! {
                <p class="count" data-testid=name data-count=choice data-read=read data-all=all>{words}</p>
            }
        })
    };
    let is_filtered = Memo::new(move |_| twill.filter.with(|filter| !filter.is_empty()));
    view! {
        <div class="filters" role="group" aria-label=texts::filters()>
            {move || {
                let Facets { categories, colours, .. } = facets.get();
                let kinds = (!categories.is_empty()).then(|| view! { <Kinds twill categories/> });
                let colours = (!colours.is_empty()).then(|| view! { <Colours twill colours/> });
                view! { {kinds}{colours} }
            }}
            <div class="filter-line">
                {count}
                <Show when=move || is_filtered.get()>
                    <button
                        type="button" class="button quiet" data-testid="filter-clear"
                        on:click=move |_| twill.narrow(twill.filter.get_untracked().cleared())
                    >
                        {texts::filter_clear()}
                    </button>
                </Show>
            </div>
        </div>
    }
}

#[component]
fn Kinds(twill: Twill, categories: Vec<(String, usize)>) -> impl IntoView {
    let mut kinds: Vec<(String, String)> = categories
        .into_iter()
        .map(|(name, count)| (texts::with_count(&texts::name(&name), count), name))
        .collect();
    // As they are called here, not as the catalogue writes them.
    kinds.sort();
    let chosen = Memo::new(move |_| twill.filter.with(|filter| filter.category.clone().unwrap_or_default()));
    let options = kinds
        .into_iter()
        .map(|(words, name)| {
            let value = name.clone();
            view! { <option value=value selected=move || chosen.get() == name>{words}</option> }
        })
        .collect_view();
    let change = move |event: leptos::ev::Event| {
        let name = event_target_value(&event);
        let category = Some(name).filter(|name| !name.is_empty());
        twill.narrow(Filter { category, ..twill.filter.get_untracked() });
    };
    view! {
        <select class="kinds" data-testid="category-filter" aria-label=texts::kind() prop:value=chosen on:change=change>
            <option value="" selected=move || chosen.get().is_empty()>{texts::all_kinds()}</option>
            {options}
        </select>
    }
}

#[component]
fn Colours(twill: Twill, colours: Vec<(String, usize)>) -> impl IntoView {
    let swatches = colours
        .into_iter()
        .map(|(name, count)| {
            let label = texts::with_count(&texts::colour(&name), count);
            let mark = Mark::Colour(name.clone());
            let shown = mark.clone();
            let is_on = move || twill.filter.with(|filter| filter.has(&shown)).to_string();
            view! {
                <button
                    type="button" class="swatch" data-testid="colour-filter" data-colour=name title=label.clone()
                    aria-label=label aria-pressed=is_on on:click=move |_| twill.toggle(mark.clone())
                ></button>
            }
        })
        .collect_view();
    view! { <div class="swatches" role="group" aria-label=texts::colours()>{swatches}</div> }
}
