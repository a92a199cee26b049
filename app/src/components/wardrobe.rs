//! The person's own photos: their dialog, what stands for it elsewhere on the page, and where to search.

use leptos::ev::MouseEvent;
use leptos::html::Dialog;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::components::icons::{Cross, Hanger};
use crate::components::modal::{Modal, close, return_focus};
use crate::components::parts::{Takes, button, file_button, live, nothing};
use crate::protocol::{Item, Own, Scope};
use crate::state::Twill;
use crate::texts;
use crate::wardrobe::{Job, take_files};

const PHOTOS: Takes =
    Takes { name: ("wardrobe-add", "wardrobe-add-input"), kinds: "image/*", several: true, folder: false };
const FOLDER: Takes = Takes { name: ("wardrobe-folder", "wardrobe-folder-input"), folder: true, ..PHOTOS };
const SAVED: Takes = Takes {
    name: ("wardrobe-import", "wardrobe-import-input"),
    kinds: ".twill",
    several: false,
    folder: false,
};

/// Opens the dialog, from the head of the page.
pub(super) fn opener(twill: Twill) -> AnyView {
    let open = move |_: MouseEvent| twill.show_wardrobe();
    view! {
        <button
            type="button" class="button quiet icon-only" data-testid="wardrobe-open"
            aria-label=texts::wardrobe() title=texts::wardrobe() on:click=open
        >
            <Hanger/>
        </button>
    }
    .into_any()
}

/// What a newcomer sees of it. It makes way for the dialog, which has the same buttons.
pub(super) fn welcome(twill: Twill) -> AnyView {
    let is_shown = twill.wardrobe.is_shown;
    let content = live(move || {
        if is_shown.get() {
            return nothing();
        }
        view! { {adder(twill, "button soft", PHOTOS)} {button("button quiet", "wardrobe-open", texts::wardrobe, move || twill.show_wardrobe())} }
            .into_any()
    });
    view! {
        <section class="own-welcome">
            <p>{texts::wardrobe_welcome()}</p>
            <div class="own-actions">{content}</div>
        </section>
    }
    .into_any()
}

fn adder(twill: Twill, class: &'static str, takes: Takes) -> AnyView {
    let words = if takes.folder { texts::wardrobe_folder() } else { texts::wardrobe_add() };
    file_button(class, takes, words, move |input| {
        let files = take_files(input, takes.folder);
        if !twill.wardrobe.is_shown.get_untracked() {
            twill.show_wardrobe();
        }
        twill.add_to_wardrobe(files);
    })
}

/// Several photos were dropped at once.
pub(super) fn dropped(twill: Twill) -> AnyView {
    let dropped = twill.wardrobe.dropped;
    let count = move || dropped.with(Vec::len);
    live(move || {
        if count() == 0 {
            return nothing();
        }
        let take = move || {
            let files = dropped.try_update(std::mem::take).unwrap_or_default();
            twill.show_wardrobe();
            twill.add_to_wardrobe(files);
        };
        let dismiss = move |_: MouseEvent| dropped.set(Vec::new());
        view! {
            <div class="own-dropped" role="status" data-testid="wardrobe-dropped">
                <p>{texts::wardrobe_dropped(count())}</p>
                {button("button soft", "wardrobe-dropped-add", texts::wardrobe_dropped_add, take)}
                <button type="button" class="button quiet icon-only" aria-label=texts::dismiss() on:click=dismiss><Cross/></button>
            </div>
        }
        .into_any()
    })
}

/// How far adding has come, above the page while the dialog is closed.
pub(super) fn aside(twill: Twill) -> AnyView {
    let is_shown = twill.wardrobe.is_shown;
    live(move || {
        if is_shown.get() {
            return nothing();
        }
        view! { <div class="own-aside">{progress(twill)}{outcome(twill)}</div> }.into_any()
    })
}

/// Where to search: offered once there is something of the person's own.
pub(super) fn scope(twill: Twill) -> AnyView {
    let has_any = Memo::new(move |_| twill.wardrobe.stock.with(|stock| stock.count > 0));
    let chosen = Memo::new(move |_| name_of(twill.filter.with(|filter| filter.scope)));
    let change = move |event: leptos::ev::Event| {
        let name = event_target_value(&event);
        let scope = [Scope::Wardrobe, Scope::Both].into_iter().find(|scope| name_of(*scope) == name);
        twill.search_in(scope.unwrap_or_default());
    };
    live(move || {
        if !has_any.get() {
            return nothing();
        }
        let option = |scope: Scope, words: String| {
            let name = name_of(scope);
            view! { <option value=name selected=move || chosen.get() == name>{words}</option> }.into_any()
        };
        view! {
            <select class="kinds own-scope" data-testid="wardrobe-scope" aria-label=texts::scope() prop:value=chosen on:change=change>
                {option(Scope::Shop, texts::scope_shop())}
                {option(Scope::Wardrobe, texts::scope_wardrobe())}
                {option(Scope::Both, texts::scope_both())}
            </select>
        }
        .into_any()
    })
}

const fn name_of(scope: Scope) -> &'static str {
    match scope {
        Scope::Shop => "shop",
        Scope::Wardrobe => "wardrobe",
        Scope::Both => "both",
    }
}

/// On a result that is the person's own.
pub(super) fn mark(own: &Own) -> AnyView {
    let twin = own.is_twin.then(|| view! { <p class="own-twin">{texts::wardrobe_twin()}</p> });
    view! { <p class="own-mark">{texts::wardrobe_own(&own.name)}</p>{twin} }.into_any()
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
    live(move || if is_shown.get() { dialog(twill) } else { nothing() })
}

fn dialog(twill: Twill) -> AnyView {
    let wardrobe = twill.wardrobe;
    let node = NodeRef::<Dialog>::new();
    let leave = move |_: MouseEvent| close(node);
    let count = move || texts::wardrobe_count(wardrobe.stock.with(|stock| stock.count));
    let shut = move || close(node);
    view! {
        <Modal twill open=wardrobe.is_shown node class="sheet own-sheet" name="wardrobe-view" label=texts::wardrobe() opener="wardrobe-open">
            <div class="own-inside">
                <div class="sheet-head">
                    <h2>{texts::wardrobe()}</h2>
                    <button
                        type="button" class="button quiet icon-only" data-testid="wardrobe-close"
                        aria-label=texts::close() on:click=leave
                    >
                        <Cross/>
                    </button>
                </div>
                <p class="sheet-note">{texts::wardrobe_lead()}</p>
                <div class="own-actions">
                    {adder(twill, "button primary", PHOTOS)}
                    {adder(twill, "button soft own-folder", FOLDER)}
                    <p class="own-count" data-testid="wardrobe-count">{count}</p>
                </div>
                {progress(twill)}
                {outcome(twill)}
                {trouble(twill)}
                {stale(twill)}
                {photos(twill, shut)}
                {foot(twill)}
            </div>
        </Modal>
    }
    .into_any()
}

/// How far adding has come; holds it up, ends it.
fn progress(twill: Twill) -> AnyView {
    let job = twill.wardrobe.job;
    let is_running = Memo::new(move |_| job.with(Job::is_running));
    live(move || {
        if !is_running.get() {
            if twill.wardrobe.is_shown.get_untracked() {
                // The button that had it may be gone with all of this.
                request_animation_frame(|| return_focus("wardrobe-add-input"));
            }
            return nothing();
        }
        let words = move || job.with(texts::wardrobe_progress);
        let done = move || job.with(|job| job.done.to_string());
        let width =
            move || job.with(|job| format!("{:.1}%", 100.0 * job.done as f32 / job.total.max(1) as f32));
        let pause = move || {
            if job.with(|job| job.is_paused) { texts::wardrobe_resume() } else { texts::wardrobe_pause() }
        };
        view! {
            <div class="own-progress">
                <div
                    class="progress-track" role="progressbar" data-testid="wardrobe-progress"
                    aria-label=texts::wardrobe_add() aria-valuemin="0" aria-valuenow=done
                    aria-valuemax=move || job.with(|job| job.total.to_string()) aria-valuetext=words
                >
                    <div class="progress-done" style:width=width></div>
                </div>
                <p class="progress-words">{words}</p>
                {button("button soft", "wardrobe-pause", pause, move || twill.pause_adding())}
                {button("button quiet", "wardrobe-cancel", texts::wardrobe_cancel, move || twill.cancel_adding())}
            </div>
        }
        .into_any()
    })
}

/// What came of adding, and what could not be done. The element stays: screen readers speak what changes in it.
fn outcome(twill: Twill) -> AnyView {
    let wardrobe = twill.wardrobe;
    let words = move || {
        let fault = wardrobe.fault.with(|fault| fault.as_ref().map(texts::read));
        let came_of_it = wardrobe.job.with(|job| (!job.is_running()).then(|| texts::wardrobe_outcome(job)));
        [fault, came_of_it]
            .into_iter()
            .flatten()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let is_fault = move || wardrobe.fault.with(Option::is_some);
    view! {
        <p class="own-outcome" class:sheet-refusal=is_fault role="status" data-testid="wardrobe-outcome">{words}</p>
    }
    .into_any()
}

/// What is wrong with the browser's storage.
fn trouble(twill: Twill) -> AnyView {
    let trouble = Memo::new(move |_| twill.wardrobe.stock.with(|stock| stock.trouble.clone()));
    live(move || {
        match trouble.get() {
        Some(message) => {
            view! { <p class="sheet-refusal" role="status" data-testid="wardrobe-trouble">{texts::read(&message)}</p> }
                .into_any()
        }
        None => nothing(),
    }
    })
}

/// What an earlier network has looked at.
fn stale(twill: Twill) -> AnyView {
    let wardrobe = twill.wardrobe;
    let count = Memo::new(move |_| {
        let stale = wardrobe.stock.with(|stock| stock.stale);
        if wardrobe.job.with(Job::is_running) { 0 } else { stale }
    });
    live(move || {
        match count.get() {
        0 => nothing(),
        count => view! {
            <div class="own-stale" data-testid="wardrobe-stale">
                <p>{texts::wardrobe_stale(count)}</p>
                {button("button soft", "wardrobe-renew", texts::wardrobe_renew, move || twill.renew_wardrobe())}
            </div>
        }
        .into_any(),
    }
    })
}

fn photos(twill: Twill, shut: impl Fn() + Copy + Send + 'static) -> AnyView {
    let wardrobe = twill.wardrobe;
    let hidden = Memo::new(move |_| {
        let shown = wardrobe.items.with(Vec::len);
        wardrobe.stock.with(|stock| stock.count.saturating_sub(shown))
    });
    let is_empty = Memo::new(move |_| wardrobe.stock.with(|stock| stock.count == 0));
    let empty = live(move || {
        if is_empty.get() && !wardrobe.job.with(Job::is_running) {
            view! { <div class="nothing"><Hanger/><p>{texts::wardrobe_empty()}</p></div> }.into_any()
        } else {
            nothing()
        }
    });
    let more = live(move || match hidden.get() {
        0 => nothing(),
        _ if wardrobe.job.with(Job::is_running) => nothing(),
        hidden => button(
            "button wide",
            "wardrobe-more",
            move || texts::show_more(hidden.min(crate::wardrobe::PAGE)),
            move || twill.show_more_of_wardrobe(),
        ),
    });
    let key =
        |item: &Item| (item.id.clone(), item.image.clone(), item.own.as_ref().is_some_and(|own| own.is_twin));
    view! {
        {empty}
        <ul class="own-photos" data-testid="wardrobe-items">
            <For each=move || wardrobe.items.get() key=key let:item>{photo(twill, shut, item)}</For>
        </ul>
        {more}
    }
    .into_any()
}

fn photo(twill: Twill, shut: impl Fn() + 'static, item: Item) -> AnyView {
    let Item { id, image, width, height, own, .. } = item.clone();
    let Own { name, is_twin } = own.unwrap_or(Own { name: String::new(), is_twin: false });
    let twin = is_twin
        .then(|| view! { <p class="own-twin" data-testid="wardrobe-twin">{texts::wardrobe_twin()}</p> });
    let item_id = id.clone();
    let find = move |_: MouseEvent| {
        shut();
        twill.more_like(item.clone());
    };
    let remove = move |event: MouseEvent| {
        focus_neighbour(&event);
        twill.remove_from_wardrobe(id.clone());
    };
    view! {
        <li class="own-photo" data-item-id=item_id>
            <button
                type="button" class="own-find" data-testid="wardrobe-item" aria-label=texts::wardrobe_find(&name)
                on:click=find
            >
                <img src=image alt="" width=width height=height loading="lazy" draggable="false"/>
            </button>
            <button
                type="button" class="button icon-only own-remove" data-testid="wardrobe-remove"
                aria-label=texts::wardrobe_remove(&name) on:click=remove
            >
                <Cross/>
            </button>
            <p class="own-name"><bdi>{name}</bdi></p>
            {twin}
        </li>
    }
    .into_any()
}

/// The photo goes, and with it the button that has the focus: the next one gets it, else the one before.
fn focus_neighbour(event: &MouseEvent) {
    let target = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
    let photo = target.and_then(|button| button.parent_element());
    let neighbour =
        photo.and_then(|photo| photo.next_element_sibling().or_else(|| photo.previous_element_sibling()));
    let button = neighbour.and_then(|neighbour| neighbour.query_selector(".own-remove").ok().flatten());
    match button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
        // What cannot take the focus leaves it where it is.
        Some(button) => drop(button.focus()),
        None => set_timeout(|| return_focus("wardrobe-add-input"), std::time::Duration::from_millis(300)),
    }
}

/// Where all of this is kept, the file for another device, and the end of everything.
fn foot(twill: Twill) -> AnyView {
    let wardrobe = twill.wardrobe;
    let asks = RwSignal::new(false);
    let count = move || wardrobe.stock.with(|stock| stock.count);
    let has_any = Memo::new(move |_| count() > 0);
    let kept =
        move || if wardrobe.is_kept.get() { texts::wardrobe_kept() } else { texts::wardrobe_kept_for_now() };
    let import = file_button("button quiet", SAVED, texts::wardrobe_import(), move |input| {
        if let Some(file) = take_files(input, false).pop() {
            twill.open_saved(file);
        }
    });
    let actions = live(move || {
        if !has_any.get() {
            return nothing();
        }
        let ask = move || {
            asks.set(true);
            request_animation_frame(|| focus("wardrobe-clear-no"));
        };
        view! {
            {button("button quiet", "wardrobe-export", texts::wardrobe_export, move || twill.save_wardrobe())}
            {button("button quiet own-clear", "wardrobe-clear", texts::wardrobe_clear, ask)}
        }
        .into_any()
    });
    let question = live(move || {
        if !asks.get() || !has_any.get() {
            return nothing();
        }
        let settle = move |clears: bool| {
            asks.set(false);
            if clears {
                twill.clear_wardrobe();
            }
            request_animation_frame(move || {
                focus(if clears { "wardrobe-import-input" } else { "wardrobe-clear" })
            });
        };
        view! {
            <div class="own-question" role="group" aria-labelledby="own-question">
                <p id="own-question">{move || texts::wardrobe_clear_ask(count())}</p>
                {button("button primary", "wardrobe-clear-yes", texts::wardrobe_clear_yes, move || settle(true))}
                {button("button quiet", "wardrobe-clear-no", texts::wardrobe_clear_no, move || settle(false))}
            </div>
        }
        .into_any()
    });
    view! {
        <div class="own-foot" aria-busy=move || wardrobe.is_busy.get().to_string()>
            <p class="sheet-note">{kept}</p>
            <div class="own-actions">{import}{actions}</div>
            {question}
        </div>
    }
    .into_any()
}

/// Gives the focus to what has this `data-testid`.
fn focus(name: &str) {
    let found = document().query_selector(&format!(r#"dialog [data-testid="{name}"]"#)).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // What cannot take the focus leaves it where it is.
        let _ = element.focus();
    }
}
