//! The person's own photos: their dialog, what stands for it elsewhere on the page, and where to search.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use leptos::html::Dialog;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, HtmlSelectElement};

use crate::components::dom::{self, El, button, el, icon, icon_button};
use crate::components::icons::{CROSS, HANGER};
use crate::components::modal::{Modal, close, return_focus};
use crate::protocol::{Item, Own, Scope};
use crate::state::Twill;
use crate::texts;
use crate::wardrobe::{Job, PAGE, take_files};

/// What is added: photos one by one, or all of a folder.
#[derive(Clone, Copy, PartialEq)]
enum Source {
    Photos,
    Folder,
}

/// Opens the dialog, from the head of the page.
pub(super) fn opener(twill: Twill) -> AnyView {
    dom::view(move || {
        let words = texts::wardrobe();
        let open = move |_: &Event| twill.show_wardrobe();
        icon_button("button quiet icon-only", "wardrobe-open", HANGER, &words, open).set("title", &words)
    })
}

/// What a newcomer sees of it. It makes way for the dialog, which has the same buttons.
pub(super) fn welcome(twill: Twill) -> AnyView {
    let is_shown = twill.wardrobe.is_shown;
    let buttons = move || {
        (!is_shown.get()).then(|| {
            let open =
                button("button quiet", "wardrobe-open", texts::wardrobe, move || twill.show_wardrobe());
            el("div", "own-actions").put(adder(twill, "button soft", Source::Photos)).put(open)
        })
    };
    dom::view(move || {
        let words = el("p", "").text(&texts::wardrobe_welcome());
        el("section", "own-welcome").put(words).part(buttons)
    })
}

/// Several photos were dropped at once.
pub(super) fn dropped(twill: Twill) -> AnyView {
    let dropped = twill.wardrobe.dropped;
    let offer = move || {
        let count = dropped.with(Vec::len);
        let take = move || {
            let files = dropped.try_update(std::mem::take).unwrap_or_default();
            twill.show_wardrobe();
            twill.add_to_wardrobe(files);
        };
        let dismiss = move |_: &Event| dropped.set(Vec::new());
        (count > 0).then(|| {
            el("div", "own-dropped")
                .name("wardrobe-dropped")
                .set("role", "status")
                .put(el("p", "").text(&texts::wardrobe_dropped(count)))
                .put(button("button soft", "wardrobe-dropped-add", texts::wardrobe_dropped_add, take))
                .put(icon_button("button quiet icon-only", "", CROSS, &texts::dismiss(), dismiss))
        })
    };
    dom::view(move || el("div", "").part(offer))
}

/// How far adding has come, above the page while the dialog is closed.
pub(super) fn aside(twill: Twill) -> AnyView {
    let is_shown = twill.wardrobe.is_shown;
    let content = move || {
        (!is_shown.get()).then(|| el("div", "own-aside").part(move || progress(twill)).put(outcome(twill)))
    };
    dom::view(move || el("div", "").part(content))
}

/// Where to search: offered once there is something of the person's own.
pub(super) fn scope(twill: Twill) -> AnyView {
    let has_any = Memo::new(move |_| twill.wardrobe.stock.with(|stock| stock.count > 0));
    let choice = move || {
        let option = |scope: Scope, words: String| el("option", "").set("value", name_of(scope)).text(&words);
        let change = move |event: &Event| {
            let name = event_target::<HtmlSelectElement>(event).map(|select| select.value());
            let is_named = |scope: &Scope| name.as_deref() == Some(name_of(*scope));
            twill.search_in([Scope::Wardrobe, Scope::Both].into_iter().find(is_named).unwrap_or_default());
        };
        has_any.get().then(|| {
            el("select", "kinds own-scope")
                .name("wardrobe-scope")
                .set("aria-label", &texts::scope())
                .put(option(Scope::Shop, texts::scope_shop()))
                .put(option(Scope::Wardrobe, texts::scope_wardrobe()))
                .put(option(Scope::Both, texts::scope_both()))
                .follows(move |select| {
                    if let Some(select) = select.dyn_ref::<HtmlSelectElement>() {
                        select.set_value(name_of(twill.filter.with(|filter| filter.scope)));
                    }
                })
                .on("change", change)
        })
    };
    dom::view(move || el("div", "").part(choice))
}

const fn name_of(scope: Scope) -> &'static str {
    match scope {
        Scope::Shop => "shop",
        Scope::Wardrobe => "wardrobe",
        Scope::Both => "both",
    }
}

/// On a result that is the person's own.
pub(super) fn mark(own: Own) -> AnyView {
    dom::view(move || {
        let words = el("p", "own-mark").text(&texts::wardrobe_own(&own.name));
        el("div", "").put(words).part({
            let is_twin = own.is_twin;
            move || is_twin.then(twin)
        })
    })
}

fn twin() -> El {
    el("p", "own-twin").name("wardrobe-twin").text(&texts::wardrobe_twin())
}

/// The dialog, while it is open.
pub(super) fn view(twill: Twill) -> AnyView {
    let is_shown = twill.wardrobe.is_shown;
    Effect::watch(
        move || is_shown.get(),
        move |is_shown, _, _| {
            if !is_shown {
                twill.wardrobe.forget();
            }
        },
        false,
    );
    (move || if is_shown.get() { dialog(twill) } else { ().into_any() }).into_any()
}

fn dialog(twill: Twill) -> AnyView {
    let node = NodeRef::<Dialog>::new();
    // Its contents come a moment after it has been shown.
    request_animation_frame(|| focus("wardrobe-close"));
    view! {
        <Modal
            twill open=twill.wardrobe.is_shown node class="sheet own-sheet" name="wardrobe-view" label=texts::wardrobe()
            opener="wardrobe-open"
        >
            {dom::view(move || inside(twill, node))}
        </Modal>
    }
    .into_any()
}

fn inside(twill: Twill, node: NodeRef<Dialog>) -> El {
    let wardrobe = twill.wardrobe;
    let leave = move |_: &Event| close(node);
    let head = el("div", "sheet-head").put(el("h2", "").text(&texts::wardrobe())).put(icon_button(
        "button quiet icon-only",
        "wardrobe-close",
        CROSS,
        &texts::close(),
        leave,
    ));
    let count = move || texts::wardrobe_count(wardrobe.stock.with(|stock| stock.count));
    let adders = el("div", "own-actions")
        .put(adder(twill, "button primary", Source::Photos))
        .put(adder(twill, "button soft own-folder", Source::Folder))
        .put(el("p", "own-count").name("wardrobe-count").says(count));
    el("div", "own-inside")
        .put(head)
        .put(el("p", "sheet-note").text(&texts::wardrobe_lead()))
        .put(adders)
        .part(move || progress(twill))
        .put(outcome(twill))
        .part(move || trouble(twill))
        .part(move || stale(twill))
        .part(move || empty(twill))
        .put(photos(twill, node))
        .part(move || more(twill))
        .put(foot(twill))
}

/// A button that opens the browser's file picker: a label around an input, which has the same `data-testid` with `-input` behind it.
fn picker(
    class: &str,
    name: &str,
    words: &str,
    kinds: &str,
    take: impl Fn(&HtmlInputElement) + 'static,
) -> (El, El) {
    let input = el("input", "visually-hidden")
        .set("type", "file")
        .set("accept", kinds)
        .name(&format!("{name}-input"))
        .on("change", move |event| {
            if let Some(input) = event_target::<HtmlInputElement>(event) {
                take(&input);
            }
        });
    (el("label", class).name(name).put(input.clone()).text(words), input)
}

fn adder(twill: Twill, class: &str, source: Source) -> El {
    let (name, words) = match source {
        Source::Photos => ("wardrobe-add", texts::wardrobe_add()),
        Source::Folder => ("wardrobe-folder", texts::wardrobe_folder()),
    };
    let (label, input) = picker(class, name, &words, "image/*", move |input| {
        let files = take_files(input, source == Source::Folder);
        if !twill.wardrobe.is_shown.get_untracked() {
            twill.show_wardrobe();
        }
        twill.add_to_wardrobe(files);
    });
    let input = input.flag("multiple");
    if source == Source::Folder {
        // Browsers that know no folders choose files.
        let _ = input.flag("webkitdirectory");
    }
    label
}

/// How far adding has come; holds it up, ends it.
fn progress(twill: Twill) -> Option<El> {
    let job = twill.wardrobe.job;
    let is_running = Memo::new(move |_| job.with(Job::is_running));
    if !is_running.get() {
        if twill.wardrobe.is_shown.get_untracked() {
            // The button that had it may be gone with all of this.
            request_animation_frame(|| return_focus("wardrobe-add-input"));
        }
        return None;
    }
    let words = move || job.with(texts::wardrobe_progress);
    let done = el("div", "progress-done").follows(move |bar| {
        if let Some(bar) = bar.dyn_ref::<HtmlElement>() {
            let share = job.with(|job| job.done as f32 / job.total.max(1) as f32);
            // A width is one in every browser.
            let _ = bar.style().set_property("width", &format!("{:.1}%", 100.0 * share));
        }
    });
    let bar = el("div", "progress-track")
        .name("wardrobe-progress")
        .set("role", "progressbar")
        .set("aria-label", &texts::wardrobe_add())
        .set("aria-valuemin", "0")
        .keeps("aria-valuenow", move || job.with(|job| job.done.to_string()))
        .keeps("aria-valuemax", move || job.with(|job| job.total.to_string()))
        .keeps("aria-valuetext", words)
        .put(done);
    let pause = move || {
        if job.with(|job| job.is_paused) { texts::wardrobe_resume() } else { texts::wardrobe_pause() }
    };
    Some(
        el("div", "own-progress")
            .put(bar)
            .put(el("p", "progress-words").says(words))
            .put(button("button soft", "wardrobe-pause", pause, move || twill.pause_adding()))
            .put(button("button quiet", "wardrobe-cancel", texts::wardrobe_cancel, move || {
                twill.cancel_adding();
            })),
    )
}

/// What came of adding, and what could not be done. The element stays: screen readers speak what changes in it.
fn outcome(twill: Twill) -> El {
    let wardrobe = twill.wardrobe;
    let words = move || {
        let fault = wardrobe.fault.with(|fault| fault.as_ref().map(texts::read)).unwrap_or_default();
        let came_of_it = wardrobe
            .job
            .with(|job| if job.is_running() { String::new() } else { texts::wardrobe_outcome(job) });
        [fault, came_of_it].join(" ").trim().to_owned()
    };
    let class = move || {
        let is_fault = wardrobe.fault.with(Option::is_some);
        if is_fault { "own-outcome sheet-refusal" } else { "own-outcome" }.to_owned()
    };
    el("p", "").name("wardrobe-outcome").set("role", "status").keeps("class", class).says(words)
}

/// What is wrong with the browser's storage.
fn trouble(twill: Twill) -> Option<El> {
    let trouble = Memo::new(move |_| twill.wardrobe.stock.with(|stock| stock.trouble.clone()));
    let words = texts::read(&trouble.get()?);
    Some(el("p", "sheet-refusal").name("wardrobe-trouble").set("role", "status").text(&words))
}

/// What an earlier network has looked at.
fn stale(twill: Twill) -> Option<El> {
    let wardrobe = twill.wardrobe;
    let count = Memo::new(move |_| {
        let stale = wardrobe.stock.with(|stock| stock.stale);
        if wardrobe.job.with(Job::is_running) { 0 } else { stale }
    });
    let count = Some(count.get()).filter(|count| *count > 0)?;
    let renew =
        button("button soft", "wardrobe-renew", texts::wardrobe_renew, move || twill.renew_wardrobe());
    let words = el("p", "").text(&texts::wardrobe_stale(count));
    Some(el("div", "own-stale").name("wardrobe-stale").put(words).put(renew))
}

fn empty(twill: Twill) -> Option<El> {
    let wardrobe = twill.wardrobe;
    let is_empty = Memo::new(move |_| {
        wardrobe.stock.with(|stock| stock.count == 0) && !wardrobe.job.with(Job::is_running)
    });
    is_empty
        .get()
        .then(|| el("div", "nothing").put(icon(HANGER)).put(el("p", "").text(&texts::wardrobe_empty())))
}

/// Shows more of the photos.
fn more(twill: Twill) -> Option<El> {
    let wardrobe = twill.wardrobe;
    let hidden = Memo::new(move |_| {
        let hidden = wardrobe.stock.with(|stock| stock.count).saturating_sub(wardrobe.items.with(Vec::len));
        if wardrobe.job.with(Job::is_running) { 0 } else { hidden.min(PAGE) }
    });
    let hidden = Some(hidden.get()).filter(|hidden| *hidden > 0)?;
    let words = move || texts::show_more(hidden);
    Some(button("button wide", "wardrobe-more", words, move || twill.show_more_of_wardrobe()))
}

/// The photos, the newest first. Those that stay are not touched, so that none of them loses the focus.
fn photos(twill: Twill, node: NodeRef<Dialog>) -> El {
    let shown = RefCell::new(HashMap::<String, (Item, El)>::new());
    el("ul", "own-photos").name("wardrobe-items").follows(move |list| {
        let items = twill.wardrobe.items.get();
        let mut shown = shown.borrow_mut();
        shown.retain(|id, (old, photo)| {
            let stays = items.iter().any(|item| item.id == *id && item == old);
            if !stays {
                photo.element().remove();
            }
            stays
        });
        let mut next = list.first_element_child();
        for item in items {
            let (_, photo) =
                shown.entry(item.id.clone()).or_insert_with(|| (item.clone(), photo(twill, node, item)));
            if next.as_ref() == Some(photo.element()) {
                next = photo.element().next_element_sibling();
            } else {
                // It fails where `next` has left the list, which only this function does.
                let _ = list.insert_before(photo.element(), next.as_deref());
            }
        }
    })
}

fn photo(twill: Twill, node: NodeRef<Dialog>, item: Item) -> El {
    let Own { name, is_twin } = item.own.clone().unwrap_or(Own { name: String::new(), is_twin: false });
    let (id, item_id) = (item.id.clone(), item.id.clone());
    let picture = el("img", "")
        .set("loading", "lazy")
        .set("src", &item.image)
        .flag("alt")
        .set("width", &item.width.to_string())
        .set("height", &item.height.to_string())
        .set("draggable", "false");
    let find = el("button", "own-find")
        .set("type", "button")
        .name("wardrobe-item")
        .set("aria-label", &texts::wardrobe_find(&name))
        .put(picture)
        .on("click", move |_| {
            close(node);
            twill.more_like(item.clone());
        });
    let remove = move |event: &Event| {
        focus_neighbour(event);
        twill.remove_from_wardrobe(id.clone());
    };
    let words = texts::wardrobe_remove(&name);
    let photo = el("li", "own-photo")
        .set("data-item-id", &item_id)
        .put(find)
        .put(icon_button("button icon-only own-remove", "wardrobe-remove", CROSS, &words, remove))
        .put(el("p", "own-name").put(el("bdi", "").text(&name)));
    if is_twin { photo.put(twin()) } else { photo }
}

/// The photo goes, and with it the button that has the focus: the next one gets it, else the one before.
fn focus_neighbour(event: &Event) {
    let target = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
    let photo = target.and_then(|button| button.parent_element());
    let neighbour =
        photo.and_then(|photo| photo.next_element_sibling().or_else(|| photo.previous_element_sibling()));
    let button = neighbour.and_then(|neighbour| neighbour.query_selector(".own-remove").ok().flatten());
    match button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
        // What cannot take the focus leaves it where it is.
        Some(button) => drop(button.focus()),
        None => set_timeout(|| return_focus("wardrobe-add-input"), Duration::from_millis(300)),
    }
}

/// Where all of this is kept, the file for another device, and the end of everything.
fn foot(twill: Twill) -> El {
    let wardrobe = twill.wardrobe;
    let asks = RwSignal::new(false);
    let has_any = Memo::new(move |_| wardrobe.stock.with(|stock| stock.count > 0));
    let kept =
        move || if wardrobe.is_kept.get() { texts::wardrobe_kept() } else { texts::wardrobe_kept_for_now() };
    let words = texts::wardrobe_import();
    let (import, _) = picker("button quiet", "wardrobe-import", &words, ".twill", move |input| {
        if let Some(file) = take_files(input, false).pop() {
            twill.open_saved(file);
        }
    });
    let actions = move || {
        let ask = move || {
            asks.set(true);
            request_animation_frame(|| focus("wardrobe-clear-no"));
        };
        let save = move || twill.save_wardrobe();
        has_any.get().then(|| {
            el("div", "part")
                .put(button("button quiet", "wardrobe-export", texts::wardrobe_export, save))
                .put(button("button quiet", "wardrobe-clear", texts::wardrobe_clear, ask))
        })
    };
    let question = move || {
        let settle = move |clears: bool| {
            asks.set(false);
            if clears {
                twill.clear_wardrobe();
            }
            let next = if clears { "wardrobe-import-input" } else { "wardrobe-clear" };
            request_animation_frame(move || focus(next));
        };
        let count = move || texts::wardrobe_clear_ask(wardrobe.stock.with(|stock| stock.count));
        (asks.get() && has_any.get()).then(|| {
            let yes = move || settle(true);
            let no = move || settle(false);
            el("div", "own-question")
                .set("role", "group")
                .set("aria-labelledby", "own-question")
                .put(el("p", "").set("id", "own-question").says(count))
                .put(button("button primary", "wardrobe-clear-yes", texts::wardrobe_clear_yes, yes))
                .put(button("button quiet", "wardrobe-clear-no", texts::wardrobe_clear_no, no))
        })
    };
    el("div", "own-foot")
        .keeps("aria-busy", move || wardrobe.is_busy.get().to_string())
        .put(el("p", "sheet-note").says(kept))
        .put(el("div", "own-actions").put(import).part(actions))
        .part(question)
}

/// Gives the focus to what has this `data-testid`.
fn focus(name: &str) {
    let found = document().query_selector(&format!(r#"dialog [data-testid="{name}"]"#)).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // What cannot take the focus leaves it where it is.
        let _ = element.focus();
    }
}

/// The element that an event is for.
fn event_target<T: JsCast>(event: &Event) -> Option<T> {
    event.target().and_then(|target| target.dyn_into::<T>().ok())
}
