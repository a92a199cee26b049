//! Parts that occur often, each built in one place: a view that is not generic is code once.

use leptos::ev::MouseEvent;
use leptos::html::Input;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

/// A button with words. `name` is its `data-testid`.
pub(super) fn button(
    class: &'static str,
    name: &'static str,
    words: impl Fn() -> String + Send + 'static,
    act: impl Fn() + 'static,
) -> AnyView {
    plain_button(class, name, Box::new(words), Box::new(act))
}

fn plain_button(
    class: &'static str,
    name: &'static str,
    words: Box<dyn Fn() -> String + Send>,
    act: Box<dyn Fn()>,
) -> AnyView {
    let click = move |_: MouseEvent| act();
    view! { <button type="button" class=class data-testid=name on:click=click>{move || words()}</button> }
        .into_any()
}

/// What a [`file_button`] takes.
#[derive(Clone, Copy)]
pub(super) struct Takes {
    /// `data-testid` of the whole; that of the input is the same with `-input` behind it.
    pub(super) name: (&'static str, &'static str),
    /// As an input's `accept`.
    pub(super) kinds: &'static str,
    /// Whether several may be chosen.
    pub(super) several: bool,
    /// Whether a folder is chosen.
    pub(super) folder: bool,
}

/// A button that opens the browser's file picker.
pub(super) fn file_button(
    class: &'static str,
    takes: Takes,
    words: String,
    take: impl Fn(&HtmlInputElement) + 'static,
) -> AnyView {
    plain_file_button(class, takes, words, Box::new(take))
}

fn plain_file_button(
    class: &'static str,
    takes: Takes,
    words: String,
    take: Box<dyn Fn(&HtmlInputElement)>,
) -> AnyView {
    let Takes { name: (name, input_name), kinds, several, folder } = takes;
    let change = move |event: leptos::ev::Event| {
        if let Some(input) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) {
            take(&input);
        }
    };
    let node = NodeRef::<Input>::new();
    Effect::new(move |_| {
        if let Some(input) = node.get().filter(|_| folder) {
            // Browsers that know no folders choose files; the attribute exists everywhere.
            let _ = input.set_attribute("webkitdirectory", "");
        }
    });
    view! {
        <label class=class data-testid=name>
            <input
                class="visually-hidden" type="file" accept=kinds multiple=several
                data-testid=input_name node_ref=node on:change=change
            />
            {words}
        </label>
    }
    .into_any()
}

/// A part of the page that is drawn anew when what it shows changes.
pub(super) fn live(draw: impl Fn() -> AnyView + Send + 'static) -> AnyView {
    plain_live(Box::new(draw))
}

fn plain_live(draw: Box<dyn Fn() -> AnyView + Send>) -> AnyView {
    (move || draw()).into_any()
}

/// Nothing.
pub(super) fn nothing() -> AnyView {
    ().into_any()
}
