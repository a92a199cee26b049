//! A dialog over the page: focus moves into it, the rest of the page waits, Escape closes it, and focus returns.

use leptos::ev::MouseEvent;
use leptos::html::Dialog;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement};

use crate::state::{Subject, Twill};

/// Shown for as long as `open` holds; sets it to false when it has been closed, by whatever means.
#[component]
pub(super) fn Modal(
    twill: Twill,
    open: RwSignal<bool>,
    /// The element, for whoever wants to [`close`] it.
    node: NodeRef<Dialog>,
    /// Class for styles.
    class: &'static str,
    /// Name for tests.
    name: &'static str,
    /// Name for screen readers.
    label: String,
    /// `data-testid` of the buttons that open it, one of which gets the focus back.
    opener: &'static str,
    children: Children,
) -> impl IntoView {
    Effect::new(move |_| {
        if let Some(dialog) = node.get().filter(|dialog| !dialog.open()) {
            // It fails for a dialog that has left the page meanwhile.
            let _ = dialog.show_modal();
        }
    });
    // A photo that has come in, by this dialog or past it, is what the person wants to see now.
    let photo = Memo::new(move |_| {
        twill.trail.with(|trail| match trail.first().map(|step| &step.subject) {
            Some(Subject::Photo(photo)) => photo.address(),
            _ => String::new(),
        })
    });
    Effect::watch(move || photo.get(), move |_, _, _| close(node), false);
    let closed = move |_| {
        open.set(false);
        // The button that opened it may be gone with the photo that came in: then there is another of its name.
        request_animation_frame(move || return_focus(opener));
    };
    let click = move |event: MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<HtmlDialogElement>().ok());
        // What lies around a dialog belongs to it; what lies in it does not answer to this name.
        if target.is_some() {
            close(node);
        }
    };
    view! {
        <dialog class=class data-testid=name aria-label=label node_ref=node on:close=closed on:click=click>
            {children()}
        </dialog>
    }
}

/// Closes a dialog; the browser gives the focus back.
pub(super) fn close(node: NodeRef<Dialog>) {
    if let Some(dialog) = node.get_untracked() {
        dialog.close();
    }
}

/// Gives the focus to a button of this name, where nothing has it any more.
pub(super) fn return_focus(opener: &str) {
    let document = document();
    let is_lost = document.active_element().is_none_or(|element| element.tag_name() == "BODY");
    if !is_lost {
        return;
    }
    let button = document.query_selector(&format!(r#"[data-testid="{opener}"]"#)).ok().flatten();
    if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
        // A button that cannot take the focus leaves it at the top of the page.
        let _ = button.focus();
    }
}
