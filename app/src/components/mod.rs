//! What the page is made of.

mod address;
mod camera;
mod card;
mod chips;
mod compare;
mod crop;
mod dom;
mod filters;
mod icons;
mod languages;
mod modal;
mod notice;
mod progress;
mod query;
mod results;
mod sorting;
mod wardrobe;
mod welcome;

use leptos::ev;
use leptos::html::Input;
use leptos::prelude::*;

use crate::camera::is_offered;
use crate::components::address::AddressView;
use crate::components::camera::CameraView;
use crate::components::compare::compare_view;
use crate::components::icons::{Camera, Link, Mark, Plus};
use crate::components::languages::LanguageChoice;
use crate::components::notice::Notice;
use crate::components::progress::ProgressBar;
use crate::components::query::Query;
use crate::components::results::Results;
use crate::components::welcome::Welcome;
use crate::intake;
use crate::language;
use crate::state::Twill;
use crate::texts;

/// Ways of getting a photo in, for every button that opens one: two hidden file inputs and two dialogs.
#[derive(Clone, Copy)]
struct Pickers {
    photo: NodeRef<Input>,
    camera: NodeRef<Input>,
    /// Whether the camera's view is open.
    camera_view: RwSignal<bool>,
    /// Whether the field for a picture's address is open.
    address_view: RwSignal<bool>,
    /// An address to fetch at once.
    address: RwSignal<String>,
}

impl Pickers {
    fn new() -> Self {
        Self {
            photo: NodeRef::new(),
            camera: NodeRef::new(),
            camera_view: RwSignal::new(false),
            address_view: RwSignal::new(false),
            address: RwSignal::new(String::new()),
        }
    }

    fn choose(self) {
        if let Some(input) = self.photo.get_untracked() {
            input.click();
        }
    }

    /// Opens the camera in the page, or outside of it where the browser has none for pages.
    fn shoot(self) {
        if is_offered() {
            self.camera_view.set(true);
        } else {
            self.shoot_outside();
        }
    }

    /// Opens the system's own camera; on a device without one, the file picker.
    fn shoot_outside(self) {
        if let Some(input) = self.camera.get_untracked() {
            input.click();
        }
    }

    /// Fetches the picture at `address`, in sight.
    fn look_up(self, address: String) {
        self.camera_view.set(false);
        self.address.set(address);
        self.address_view.set(true);
    }
}

/// The whole page.
#[component]
pub fn Page(
    /// The page's state.
    twill: Twill,
) -> impl IntoView {
    let pickers = Pickers::new();
    let hovers = intake::listen(twill, move |address| pickers.look_up(address));
    let language = RwSignal::new(language::current());
    // Words are read when they are drawn: another language draws the page anew. What the person has found stays, in `twill`.
    let drawings = StoredValue::new(0_u32);
    let drawing = move || {
        language.track();
        drawings.update_value(|drawings| *drawings += 1);
        [drawings.get_value()]
    };
    view! {
        <For each=drawing key=|drawing| *drawing let:_drawing>
            <Drawing twill pickers hovers language/>
        </For>
    }
}

/// The page in one language.
#[component]
fn Drawing(
    twill: Twill,
    pickers: Pickers,
    /// Whether a file hovers over the page.
    hovers: ReadSignal<bool>,
    language: RwSignal<String>,
) -> impl IntoView {
    // A camera that only the system has is worth a button where the device is held in the hand.
    let touch_only = !is_offered();
    let is_empty = Memo::new(move |_| twill.trail.with(Vec::is_empty));
    let take = move |input: NodeRef<Input>| {
        move |_: ev::Event| {
            if let Some(input) = input.get_untracked() {
                intake::take_from_input(twill, &input);
            }
        }
    };
    view! {
        <Show when=move || !is_empty.get()>
            <a class="skip" href="#results">{texts::skip()}</a>
        </Show>
        <header class="top">
            <a class="brand" href="./"><Mark/><span>"Twill"</span></a>
            <Show
                when=move || !is_empty.get()
                fallback=move || view! {
                    <div class="top-actions">{wardrobe::opener(twill)}<LanguageChoice twill shown=language/></div>
                }
            >
                <div class="top-actions">
                    {wardrobe::opener(twill)}
                    <button
                        type="button" class="button quiet icon-only" data-testid="address-open"
                        aria-label=texts::address() on:click=move |_| pickers.address_view.set(true)
                    >
                        <Link/>
                    </button>
                    <button
                        type="button" class="button quiet icon-only" class:touch-only=touch_only
                        data-testid="camera-open" aria-label=texts::take_photo() on:click=move |_| pickers.shoot()
                    >
                        <Camera/>
                    </button>
                    <button type="button" class="button primary" on:click=move |_| pickers.choose()>
                        <Plus/>{texts::new_photo()}
                    </button>
                </div>
            </Show>
        </header>
        <main>
            <input
                class="visually-hidden" type="file" accept="image/*" data-testid="photo-input" tabindex="-1"
                aria-label=texts::choose_photo() node_ref=pickers.photo on:change=take(pickers.photo)
            />
            <input
                class="visually-hidden" type="file" accept="image/*" capture="environment" data-testid="camera-input"
                tabindex="-1" aria-label=texts::take_photo() node_ref=pickers.camera on:change=take(pickers.camera)
            />
            <ProgressBar twill/>
            {wardrobe::aside(twill)}
            {wardrobe::dropped(twill)}
            <Notice twill pickers/>
            <Show when=move || !is_empty.get() fallback=move || view! { <Welcome twill pickers/> }>
                // The heading that all the page is under; who sees the photo needs none.
                <h1 class="visually-hidden">{texts::headline()}</h1>
                <div class="search" data-testid="drop-zone">
                    <Query twill/>
                    <Results twill/>
                </div>
            </Show>
        </main>
        <Foot twill language/>
        <Show when=move || pickers.camera_view.get()><CameraView twill pickers/></Show>
        <Show when=move || pickers.address_view.get()><AddressView twill pickers/></Show>
        {move || twill.comparing.is_open.get().then(|| compare_view(twill))}
        {wardrobe::view(twill)}
        <Show when=move || hovers.get()>
            <div class="drop-veil" aria-hidden="true"><p>{texts::drop_now()}</p></div>
        </Show>
    }
}

#[component]
fn Foot(twill: Twill, language: RwSignal<String>) -> impl IntoView {
    let is_empty = Memo::new(move |_| twill.trail.with(Vec::is_empty));
    let line = move || {
        twill.engine.with(|engine| {
            engine.ready().map(|ready| texts::foot(ready.backend, ready.count, &ready.catalogue))
        })
    };
    let trouble = Memo::new(move |_| twill.engine.with(|engine| engine.ready()?.trouble.clone()));
    let trouble = move || {
        trouble.get().map(|why| view! { <p data-testid="diagnostic">{texts::graphics_unused(&why)}</p> })
    };
    view! {
        <footer class="foot">
            <p class="promise"><icons::Lock/>{texts::privacy()}</p>
            <p>{line}</p>
            {trouble}
            // There is no room for it in the head any more.
            <Show when=move || !is_empty.get()><LanguageChoice twill shown=language/></Show>
        </footer>
    }
}
