//! Elements made by hand, for large parts of the page that few people open.
//!
//! Each view of Leptos is a type of its own, and so is its code: as views, the wardrobe took a sixth of the page's program. Here
//! an element is a value. What follows a signal is an effect, which ends with the part that it was made in.

use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, Event, Node};

/// An element that is being put together.
#[derive(Clone)]
pub(super) struct El(Element);

/// An element with a class; none where that is empty.
pub(super) fn el(tag: &str, class: &str) -> El {
    made(None, tag).set("class", class)
}

/// A drawing of one path.
pub(super) fn icon(path: &str) -> El {
    const SVG: Option<&str> = Some("http://www.w3.org/2000/svg");
    let drawing =
        made(SVG, "svg").set("class", "icon").set("viewBox", "0 0 24 24").set("aria-hidden", "true");
    drawing.set("width", "20").set("height", "20").put(made(SVG, "path").set("d", path))
}

/// A button with words. `name` is its `data-testid`.
pub(super) fn button(
    class: &str,
    name: &str,
    words: impl Fn() -> String + 'static,
    act: impl Fn() + 'static,
) -> El {
    el("button", class).set("type", "button").name(name).says(words).on("click", move |_| act())
}

/// A button with a drawing; its words are for those who do not see it.
pub(super) fn icon_button(
    class: &str,
    name: &str,
    path: &str,
    words: &str,
    act: impl Fn(&Event) + 'static,
) -> El {
    let button = el("button", class).set("type", "button").name(name).set("aria-label", words);
    button.put(icon(path)).on("click", act)
}

/// Stands for an element among Leptos' views.
pub(super) fn view(make: impl Fn() -> El + 'static) -> AnyView {
    plain_view(Box::new(make))
}

fn plain_view(make: Box<dyn Fn() -> El>) -> AnyView {
    let place = NodeRef::<Div>::new();
    Effect::new(move |_| {
        if let Some(place) = place.get() {
            append(&place, &make().0);
        }
    });
    view! { <div class="part" node_ref=place></div> }.into_any()
}

impl El {
    /// The element itself.
    pub(super) fn element(&self) -> &Element {
        &self.0
    }

    /// With an attribute; without it where the value is empty.
    pub(super) fn set(self, attribute: &str, value: &str) -> Self {
        if !value.is_empty() {
            put_attribute(&self.0, attribute, value);
        }
        self
    }

    /// With an attribute that needs no value.
    pub(super) fn flag(self, attribute: &str) -> Self {
        put_attribute(&self.0, attribute, "");
        self
    }

    /// With a `data-testid`.
    pub(super) fn name(self, name: &str) -> Self {
        self.set("data-testid", name)
    }

    /// With words.
    pub(super) fn text(self, words: &str) -> Self {
        append(&self.0, &document().create_text_node(words));
        self
    }

    /// With another element in it.
    pub(super) fn put(self, Self(child): Self) -> Self {
        append(&self.0, &child);
        self
    }

    /// With words, and no more than these, that follow signals.
    pub(super) fn says(self, words: impl Fn() -> String + 'static) -> Self {
        self.follows(move |element| say(element, &words()))
    }

    /// With an attribute that follows signals.
    pub(super) fn keeps(self, attribute: &'static str, value: impl Fn() -> String + 'static) -> Self {
        self.follows(move |element| put_attribute(element, attribute, &value()))
    }

    /// With whatever `follow` does to it when signals change.
    pub(super) fn follows(self, follow: impl Fn(&Element) + 'static) -> Self {
        let element = self.0.clone();
        in_effect(Box::new(move || follow(&element)));
        self
    }

    /// With a part in it that is made anew when signals change, or is not there.
    pub(super) fn part(self, make: impl Fn() -> Option<Self> + 'static) -> Self {
        self.put(part(Box::new(make)))
    }

    /// Does something at an event.
    pub(super) fn on(self, event: &str, act: impl Fn(&Event) + 'static) -> Self {
        listen(&self.0, event, Box::new(act));
        self
    }
}

fn made(namespace: Option<&str>, tag: &str) -> El {
    let made = match namespace {
        Some(namespace) => document().create_element_ns(Some(namespace), tag),
        None => document().create_element(tag),
    };
    // Every name in here is one of an element.
    El(made.unwrap_or_else(|error| wasm_bindgen::throw_val(error)))
}

fn put_attribute(element: &Element, attribute: &str, value: &str) {
    // Every name in here is one of an attribute.
    let _ = element.set_attribute(attribute, value);
}

/// Screen readers speak what is set, changed or not.
fn say(element: &Element, words: &str) {
    if element.text_content().as_deref() != Some(words) {
        element.set_text_content(Some(words));
    }
}

fn part(make: Box<dyn Fn() -> Option<El>>) -> El {
    el("div", "part").follows(move |part| {
        part.set_text_content(None);
        if let Some(child) = make() {
            append(part, &child.0);
        }
    })
}

fn listen(element: &Element, event: &str, act: Box<dyn Fn(&Event)>) {
    let act = Closure::<dyn Fn(Event)>::new(move |event: Event| act(&event));
    // It fails for no event and no element. The browser frees the function with the element.
    let _ = element.add_event_listener_with_callback(event, act.into_js_value().unchecked_ref());
}

fn append(parent: &Node, child: &Node) {
    // It fails for what is its own ancestor.
    let _ = parent.append_child(child);
}

fn in_effect(follow: Box<dyn Fn()>) {
    Effect::new(move |_| follow());
}
