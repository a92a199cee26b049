//! What is looked for: the photo with the garment framed, or a catalogue item.

use leptos::prelude::*;

use crate::components::chips::Chips;
use crate::components::crop::CropFrame;
use crate::components::icons::{Back, Frame};
use crate::history;
use crate::state::{Step, Subject, Twill};
use crate::texts;

#[component]
pub(super) fn Query(twill: Twill) -> impl IntoView {
    let step = Memo::new_with_compare(
        move |_| twill.trail.with(|trail| trail.last().map(|step| (trail.len(), step.subject.clone()))),
        |old, new| key(old.and_then(Option::as_ref)) != key(new.and_then(Option::as_ref)),
    );
    view! {
        <section class="query">
            {move || step.get().map(|(depth, subject)| match subject {
                Subject::Photo(photo) => view! {
                    <PhotoQuery twill name=photo.name.clone() address=photo.address()/>
                }.into_any(),
                Subject::Item(item) => view! {
                    <ItemQuery depth category=item.category image=item.image/>
                }.into_any(),
                Subject::Id(_) => view! { <div class="photo ghost" aria-hidden="true"></div> }.into_any(),
            })}
        </section>
    }
}

/// Tells steps apart without looking at their results.
fn key(step: Option<&(usize, Subject)>) -> Option<(usize, String)> {
    step.map(|(depth, subject)| match subject {
        Subject::Photo(photo) => (*depth, photo.address()),
        Subject::Item(item) => (*depth, item.id.clone()),
        Subject::Id(_) => (*depth, String::new()),
    })
}

#[component]
fn PhotoQuery(twill: Twill, name: String, address: String) -> impl IntoView {
    let found = Memo::new(move |_| last(twill, |step| step.found.clone()).flatten());
    let is_cropped = Memo::new(move |_| last(twill, |step| step.crop.is_some()).unwrap_or_default());
    let is_waiting =
        Memo::new(move |_| last(twill, |step| step.waits && step.found.is_none()).unwrap_or_default());
    let (is_blank, set_blank) = signal(false);
    let embedding = move || found.with(|found| found.as_ref().map(|found| floats(&found.embedding)));
    // What tells items apart depends on where they are searched.
    let scope = Memo::new(move |_| twill.filter.with(|filter| filter.scope));
    let chips = move || {
        scope.track();
        found.get().map(|found| view! { <Chips twill found/> })
    };
    view! {
        <div class="photo" class:waiting=is_waiting class:blank=is_blank>
            <img
                data-testid="query-image" data-embedding=embedding src=address alt=texts::photo_alt(&name)
                draggable="false"
                on:error=move |_| set_blank.set(true)
            />
            <Show when=move || is_blank.get()><p class="no-preview">{texts::no_preview()}</p></Show>
            <CropFrame twill/>
        </div>
        <div class="query-notes">
            // First, near the frame: chips may roll out of sight.
            <Show when=move || is_cropped.get()>
                <button
                    type="button" class="button quiet" data-testid="crop-reset"
                    on:click=move |_| twill.refine(None)
                >
                    <Frame/>{texts::crop_reset()}
                </button>
            </Show>
            {chips}
        </div>
    }
}

#[component]
fn ItemQuery(depth: usize, category: String, image: String) -> impl IntoView {
    let title = texts::more_like(&category);
    let is_alone = depth < 2;
    view! {
        <div class="photo item">
            <img data-testid="query-image" src=image alt=title.clone() draggable="false"/>
        </div>
        <div class="query-notes">
            <p class="chip">{texts::name(&category)}</p>
            <button
                type="button" class="button quiet" data-testid="back" hidden=is_alone
                on:click=move |_| history::back()
            >
                <Back/>{texts::back()}
            </button>
        </div>
    }
}

/// Something of the last step.
pub(super) fn last<T>(twill: Twill, pick: impl FnOnce(&Step) -> T) -> Option<T> {
    twill.trail.with(|trail| trail.last().map(pick))
}

/// The embedding as end-to-end tests read it: floats, comma-separated, with all their digits.
fn floats(values: &[f32]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
