//! What was found.

use leptos::prelude::*;

use crate::components::card::Card;
use crate::components::query::last;
use crate::state::{FIRST_RESULTS, Twill};
use crate::texts;

#[component]
pub(super) fn Results(twill: Twill) -> impl IntoView {
    let hits = Memo::new(move |_| last(twill, |step| step.hits.clone()).unwrap_or_default());
    let shown = Memo::new(move |_| last(twill, |step| step.shown).unwrap_or_default());
    let is_waiting = Memo::new(move |_| last(twill, |step| step.waits).unwrap_or_default());
    let title = move || if is_waiting.get() { texts::searching() } else { texts::results() };
    let hidden = move || hits.with(Vec::len).saturating_sub(shown.get());
    let announcement =
        move || (!is_waiting.get()).then(|| texts::announce_results(shown.get().min(hits.with(Vec::len))));
    view! {
        <section class="found" id="results" tabindex="-1" aria-labelledby="results-title" aria-busy=move || is_waiting.get().to_string()>
            <h2 id="results-title">{title}</h2>
            <p class="visually-hidden" role="status">{announcement}</p>
            {move || if hits.with(Vec::is_empty) && is_waiting.get() {
                view! {
                    <div class="cards" aria-hidden="true">
                        {(0..FIRST_RESULTS).map(|_| view! { <div class="card ghost"></div> }).collect_view()}
                    </div>
                }.into_any()
            } else {
                view! {
                    <ol class="cards" class:waiting=is_waiting data-testid="results">
                        {move || hits.get().into_iter().take(shown.get()).enumerate()
                            .map(|(index, hit)| view! { <Card twill rank=index + 1 hit/> })
                            .collect_view()}
                    </ol>
                }.into_any()
            }}
            <Show when=move || { hidden() > 0 }>
                <button type="button" class="button wide" data-testid="show-more" on:click=move |_| twill.show_all()>
                    {move || texts::show_more(hidden())}
                </button>
            </Show>
        </section>
    }
}
