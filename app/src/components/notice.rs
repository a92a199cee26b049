//! What went wrong, and a way on.

use leptos::prelude::*;

use crate::components::Pickers;
use crate::components::icons::Cross;
use crate::protocol::{Fault, FaultKind};
use crate::state::Twill;
use crate::texts;

#[component]
pub(super) fn Notice(twill: Twill, pickers: Pickers) -> impl IntoView {
    let fault = twill.fault;
    view! { {move || fault.get().map(|fault| view! { <Alert twill pickers fault/> })} }
}

#[component]
fn Alert(twill: Twill, pickers: Pickers, fault: Fault) -> impl IntoView {
    let Fault { kind, message } = fault;
    let way_on = if matches!(kind, FaultKind::Photo | FaultKind::Item | FaultKind::Crash) {
        view! {
            <button type="button" class="button primary" on:click=move |_| pickers.choose()>
                {texts::choose_photo()}
            </button>
        }
        .into_any()
    } else {
        view! {
            <button type="button" class="button primary" on:click=move |_| twill.retry()>
                {texts::try_again()}
            </button>
        }
        .into_any()
    };
    view! {
        <div class="notice" role="alert" data-testid="error" data-kind=kind.name()>
            <img src="art/loose-thread.svg" alt="" width="56" height="56"/>
            <div class="notice-words">
                <p class="notice-what">{texts::read(&message)}</p>
                <p>{texts::advice(kind)}</p>
                {way_on}
            </div>
            <button
                type="button" class="button quiet icon-only" aria-label=texts::dismiss()
                on:click=move |_| twill.fault.set(None)
            >
                <Cross/>
            </button>
        </div>
    }
}
