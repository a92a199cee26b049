//! What was found.

use leptos::prelude::*;

use crate::components::card::card;
use crate::components::filters::Filters;
use crate::components::icons::Hanger;
use crate::components::query::last;
use crate::components::sorting::Sorting;
use crate::components::wardrobe;
use crate::protocol::MOST_RESULTS;
use crate::state::{FIRST_RESULTS, Step, Twill};
use crate::texts;

/// Below this likeness of the best item nothing is shown before somebody asks for it: for catalogues that hold nothing of the kind.
/// Each of the 372 photos of the clothing test split finds something above 0.6 among the shipped drawings (the median 0.88). It does not tell a
/// garment from anything else: each of 150 pictures of noise, shapes and writing does, too (the median 0.77).
const ALIKE: f32 = 0.5;

/// What stands where results are expected.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// Nothing is known yet.
    Open,
    /// No item passes the filters.
    Empty,
    /// Nothing is similar.
    Unlike,
    /// Results.
    Cards,
}

#[component]
pub(super) fn Results(twill: Twill) -> impl IntoView {
    let hits = Memo::new(move |_| {
        let mut hits =
            last(twill, |step| step.similar.as_ref().map(|similar| similar.hits.clone())).flatten();
        twill.sort.get().apply(hits.as_deref_mut().unwrap_or_default());
        hits
    });
    let count = Memo::new(move |_| hits.with(|hits| hits.as_ref().map_or(0, Vec::len)));
    let best = move || hits.with(|hits| hits.as_ref()?.iter().map(|hit| hit.score).reduce(f32::max));
    let shows_unlike = Memo::new(move |_| last(twill, |step| step.shows_unlike).unwrap_or_default());
    // Whoever asks for hats gets hats.
    let is_filtered = Memo::new(move |_| last(twill, |step| !step.filter.is_empty()).unwrap_or_default());
    let is_waiting = Memo::new(move |_| last(twill, |step| step.waits).unwrap_or_default());
    let is_reading = Memo::new(move |_| last(twill, Step::is_partial).unwrap_or_default());
    // A new question says nothing of what is still shown.
    let is_unlike = Memo::new(move |before: Option<&bool>| match before {
        Some(before) if is_waiting.get() && !is_reading.get() => *before && !shows_unlike.get(),
        _ => best().is_some_and(|best| best < ALIKE) && !shows_unlike.get() && !is_filtered.get(),
    });
    let shown = Memo::new(move |_| last(twill, |step| step.shown).unwrap_or_default());
    let title = move || if is_waiting.get() { texts::searching() } else { texts::results() };
    let hidden = move || if is_unlike.get() { 0 } else { count.get().saturating_sub(shown.get()) };
    // What has arrived of a catalogue can say yes, but not no.
    let is_open =
        move || hits.with(Option::is_none) || is_reading.get() && (count.get() == 0 || is_unlike.get());
    let announcement = move || {
        (!is_waiting.get() || is_reading.get() && !is_open()).then(|| match count.get() {
            0 => texts::none_left(),
            _ if is_unlike.get() => texts::nothing_similar(),
            count => texts::announce_results(shown.get().min(count)),
        })
    };
    let shape = Memo::new(move |_| match (is_open(), count.get(), is_unlike.get()) {
        (true, ..) => Shape::Open,
        (_, 0, _) => Shape::Empty,
        (.., true) => Shape::Unlike,
        _ => Shape::Cards,
    });
    view! {
        <section class="found" id="results" tabindex="-1" aria-labelledby="results-title" aria-busy=move || is_waiting.get().to_string()>
            <div class="found-head"><h2 id="results-title">{title}</h2><Sorting twill/></div>
            <p class="visually-hidden" role="status">{announcement}</p>
            {wardrobe::scope(twill)}
            <Filters twill/>
            {move || match shape.get() {
                Shape::Open => view! {
                    <div class="cards" aria-hidden="true">
                        {(0..FIRST_RESULTS).map(|_| view! { <div class="card ghost"></div> }).collect_view()}
                    </div>
                }.into_any(),
                Shape::Empty => view! {
                    <div class="nothing" data-testid="none-left"><Hanger/><p>{texts::none_left()}</p></div>
                }.into_any(),
                Shape::Unlike => view! {
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
                Shape::Cards => view! {
                    <ol
                        class="cards" class:waiting=move || is_waiting.get() && !is_reading.get()
                        class:reading=is_reading data-testid="results"
                    >
                        // What stays in its place is not drawn anew, and keeps the focus: while a catalogue arrives, results come
                        // again and again.
                        {(0..MOST_RESULTS).map(|place| {
                            let item = Memo::new(move |_| hits.with(|hits| {
                                Some(hits.as_ref()?.get(place).filter(|_| place < shown.get())?.item.clone())
                            }));
                            let score = Memo::new(move |_| hits.with(|hits| {
                                hits.as_ref().and_then(|hits| hits.get(place)).map_or(0.0, |hit| hit.score)
                            }));
                            move || item.get().map(|item| card(twill, place + 1, item, score))
                        }).collect_view()}
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
