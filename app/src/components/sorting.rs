//! The order of results, where there is more than one that makes sense.

use leptos::prelude::*;

use crate::components::query::last;
use crate::sort::{Sort, can_sort};
use crate::state::Twill;
use crate::texts;

#[component]
pub(super) fn Sorting(twill: Twill) -> impl IntoView {
    let is_offered = Memo::new(move |_| {
        last(twill, |step| step.similar.as_ref().is_some_and(|similar| can_sort(&similar.hits)))
            .unwrap_or_default()
    });
    let change = move |event: leptos::ev::Event| twill.sort.set(Sort::from_name(&event_target_value(&event)));
    move || {
        is_offered.get().then(|| {
            let chosen = twill.sort.get();
            let options = Sort::ALL.map(|sort| {
                view! { <option value=sort.name() prop:selected=sort == chosen>{texts::sort(sort)}</option> }
            });
            view! {
                <select class="sort" data-testid="sort" aria-label=texts::sort_by() on:change=change>
                    {options.collect_view()}
                </select>
            }
            .into_any()
        })
    }
}
