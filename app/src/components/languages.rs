//! The choice of languages, each in its own words.

use leptos::ev::Event;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::components::icons::Globe;
use crate::language;
use crate::protocol::FaultKind;
use crate::state::Twill;
use crate::texts;

/// Name for tests, and for giving the focus back.
const NAME: &str = "language";

#[component]
pub(super) fn LanguageChoice(
    twill: Twill,
    /// The language that the page was drawn in.
    shown: RwSignal<String>,
) -> impl IntoView {
    let current = shown.get_untracked();
    let change = move |event: Event| {
        let code = event_target_value(&event);
        spawn_local(async move {
            if language::choose(&code).await {
                twill.fault.set(None);
                shown.set(code);
                // The page is drawn anew: the choice that had the focus is gone, and another stands in its place.
                request_animation_frame(return_focus);
            } else {
                twill.complain(FaultKind::Network, texts::LANGUAGE_LOST);
                // An equal value would not be news: the choice would go on showing what could not be had.
                shown.notify();
            }
        });
    };
    view! {
        <label class="language">
            <Globe/>
            <span class="visually-hidden">{texts::language()}</span>
            <select data-testid=NAME on:change=change>
                {language::all().into_iter().map(|(code, name)| {
                    let is_current = code == current;
                    view! { <option value=code.clone() lang=code selected=is_current>{name}</option> }
                }).collect_view()}
            </select>
        </label>
    }
}

fn return_focus() {
    let choice = document().query_selector(&format!(r#"[data-testid="{NAME}"]"#)).ok().flatten();
    if let Some(choice) = choice.and_then(|choice| choice.dyn_into::<HtmlElement>().ok()) {
        // A choice that cannot take the focus leaves it at the top of the page.
        let _ = choice.focus();
    }
}
