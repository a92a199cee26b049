//! What was found.

use leptos::prelude::*;

use crate::components::card::Card;
use crate::components::filters::Filters;
use crate::components::icons::Hanger;
use crate::components::query::last;
use crate::components::wardrobe;
use crate::state::{FIRST_RESULTS, Twill};
use crate::texts;

/// Below this likeness of the best item nothing is shown before somebody asks for it: for catalogues that hold nothing of the kind.
/// Each of the 372 photos of the clothing test split finds something above 0.6 among the shipped drawings (the median 0.88). It does not tell a
/// garment from anything else: each of 150 pictures of noise, shapes and writing does, too (the median 0.77).
const ALIKE: f32 = 0.5;

#[component]
pub(super) fn Results(twill: Twill) -> impl IntoView {
    let hits = Memo::new(move |_| {
        last(twill, |step| step.similar.as_ref().map(|similar| similar.hits.clone())).flatten()
    });
    let count = Memo::new(move |_| hits.with(|hits| hits.as_ref().map_or(0, Vec::len)));
    let best = move || hits.with(|hits| hits.as_ref()?.first().map(|hit| hit.score));
    let shows_unlike = Memo::new(move |_| last(twill, |step| step.shows_unlike).unwrap_or_default());
    // Whoever asks for hats gets hats.
    let is_filtered = Memo::new(move |_| last(twill, |step| !step.filter.is_empty()).unwrap_or_default());
    let is_unlike = Memo::new(move |_| {
        best().is_some_and(|best| best < ALIKE) && !shows_unlike.get() && !is_filtered.get()
    });
    let shown = Memo::new(move |_| last(twill, |step| step.shown).unwrap_or_default());
    let is_waiting = Memo::new(move |_| last(twill, |step| step.waits).unwrap_or_default());
    let title = move || if is_waiting.get() { texts::searching() } else { texts::results() };
    let hidden = move || if is_unlike.get() { 0 } else { count.get().saturating_sub(shown.get()) };
    let announcement = move || {
        (!is_waiting.get()).then(|| match count.get() {
            0 => texts::none_left(),
            _ if is_unlike.get() => texts::nothing_similar(),
            count => texts::announce_results(shown.get().min(count)),
        })
    };
    view! {
        <section class="found" id="results" tabindex="-1" aria-labelledby="results-title" aria-busy=move || is_waiting.get().to_string()>
            <h2 id="results-title">{title}</h2>
            <p class="visually-hidden" role="status">{announcement}</p>
            {wardrobe::scope(twill)}
            <Filters twill/>
            {move || match (hits.with(Option::is_none), count.get(), is_unlike.get()) {
                (true, ..) => view! {
                    <div class="cards" aria-hidden="true">
                        {(0..FIRST_RESULTS).map(|_| view! { <div class="card ghost"></div> }).collect_view()}
                    </div>
                }.into_any(),
                (_, 0, _) => view! {
                    <div class="nothing" data-testid="none-left"><Hanger/><p>{texts::none_left()}</p></div>
                }.into_any(),
                (.., true) => view! {
                    <div class="nothing" data-testid="nothing-similar">
                        <Hanger/>
                        <p>{texts::nothing_similar()}</p>
                        <button
                            type="button" class="button soft" data-testid="show-unlike"
                            on:click=move |_| twill.show_unlike()
                        >
                            {texts::show_unlike()}
                        </button>
                    </div>
                }.into_any(),
                _ => view! {
                    <ol class="cards" class:waiting=is_waiting data-testid="results">
                        {move || hits.get().into_iter().flatten().take(shown.get()).enumerate()
                            .map(|(index, hit)| view! { <Card twill rank=index + 1 hit/> })
                            .collect_view()}
                    </ol>
                }.into_any(),
            }}
            <Show when=move || { hidden() > 0 }>
                <button type="button" class="button wide" data-testid="show-more" on:click=move |_| twill.show_all()>
                    {move || texts::show_more(hidden())}
                </button>
            </Show>
        </section>
    }
}
