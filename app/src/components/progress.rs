//! How far loading has come.

use leptos::prelude::*;

use crate::protocol::Stage;
use crate::state::{Engine, Twill};
use crate::texts;

#[component]
pub(super) fn ProgressBar(twill: Twill) -> impl IntoView {
    let is_loading = Memo::new(move |_| twill.engine.with(|engine| matches!(engine, Engine::Loading(_))));
    let progress = Memo::new(move |_| {
        twill.engine.with(|engine| if let Engine::Loading(progress) = engine { *progress } else { None })
    });
    let photo_waits =
        Memo::new(move |_| twill.trail.with(|trail| trail.last().is_some_and(|step| step.similar.is_none())));
    let per_cent = Memo::new(move |_| {
        let progress = progress.get().filter(|progress| progress.stage != Stage::WarmUp)?;
        let total = progress.total.filter(|total| *total > 0.0)?;
        Some((progress.received / total * 100.0).clamp(0.0, 100.0).round())
    });
    let words = move || texts::progress(progress.get(), photo_waits.get());
    // What is told aloud: no number of it, which changes too often.
    let told = move || is_loading.get().then(|| texts::stage(progress.get()));
    view! {
        <p class="visually-hidden" role="status">{told}</p>
        <Show when=move || is_loading.get()>
            <div class="progress">
                <div
                    class="progress-track" class:indeterminate=move || per_cent.get().is_none()
                    role="progressbar" data-testid="progress" aria-label=texts::loading()
                    aria-valuemin="0" aria-valuemax="100" aria-valuenow=per_cent aria-valuetext=words
                >
                    <div
                        class="progress-done"
                        style:width=move || per_cent.get().map(|per_cent| format!("{per_cent}%"))
                    ></div>
                </div>
                <p class="progress-words">{words}</p>
            </div>
        </Show>
    }
}
