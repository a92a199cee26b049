//! How far loading has come: one bar for what is being done, and below it each file.

use leptos::prelude::*;

use crate::components::dom::{El, el, view};
use crate::protocol::{Amount, FileKind, Progress, Stage};
use crate::state::{Engine, Twill};
use crate::texts;

#[component]
pub(super) fn ProgressBar(twill: Twill) -> impl IntoView {
    let is_loading = Memo::new(move |_| twill.engine.with(|engine| matches!(engine, Engine::Loading(_))));
    let photo_waits =
        Memo::new(move |_| twill.trail.with(|trail| trail.last().is_some_and(|step| step.similar.is_none())));
    let stage = move || read(twill, |progress| Some(progress.stage));
    let amount = move || {
        read(twill, |progress| if progress.stage == Stage::WarmUp { None } else { progress.amount(None) })
    };
    let per_cent = Memo::new(move |_| {
        let amount = amount()?;
        let total = amount.total.filter(|total| *total > 0.0)?;
        Some((amount.received / total * 100.0).clamp(0.0, 100.0).round())
    });
    let spoken = move || texts::progress(stage(), amount(), photo_waits.get());
    // Who waits reads of the photo, in one line in every language; what there is to come stands below.
    let words = move || if photo_waits.get() { texts::photo_waits() } else { spoken() };
    // What is told aloud: no number of it, which changes too often.
    let told = move || is_loading.get().then(|| texts::stage(stage()));
    view! {
        <p class="visually-hidden" role="status">{told}</p>
        <Show when=move || is_loading.get()>
            <div class="progress">
                <div
                    class="progress-track" class:indeterminate=move || per_cent.get().is_none()
                    role="progressbar" data-testid="progress" aria-label=texts::loading()
                    aria-valuemin="0" aria-valuemax="100" aria-valuenow=per_cent
                    aria-valuetext=spoken
                >
                    <div
                        class="progress-done"
                        style:width=move || per_cent.get().map(|per_cent| format!("{per_cent}%"))
                    ></div>
                </div>
                <p class="progress-words">{words}</p>
                {files(twill)}
            </div>
        </Show>
    }
}

/// What is known of how far loading has come.
fn read<T>(twill: Twill, read: impl Fn(&Progress) -> Option<T>) -> Option<T> {
    twill
        .engine
        .with(|engine| if let Engine::Loading(progress) = engine { read(progress.as_ref()?) } else { None })
}

/// A place for each kind of file; those that are not fetched now are not shown.
fn files(twill: Twill) -> AnyView {
    view(move || {
        FileKind::ALL.into_iter().fold(el("ul", "progress-files"), |list, kind| list.put(file(twill, kind)))
    })
}

fn file(twill: Twill, kind: FileKind) -> El {
    let amount = move || read(twill, |progress| progress.amount(Some(kind)));
    let bytes = move || match amount() {
        Some(Amount { received, total }) => {
            let total = total.map(|total| (total as u64).to_string()).unwrap_or_default();
            format!("{}/{total}", received as u64)
        }
        None => String::new(),
    };
    el("li", "")
        .name("progress-file")
        .set("data-file", kind.name())
        .keeps("data-bytes", bytes)
        .put(el("b", "").text(&texts::file(kind)))
        .put(el("span", "").says(move || amount().map(texts::amount).unwrap_or_default()))
}
