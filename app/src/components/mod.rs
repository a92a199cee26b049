//! What the page is made of.

mod card;
mod crop;
mod icons;
mod notice;
mod progress;
mod query;
mod results;
mod welcome;

use leptos::ev;
use leptos::html::Input;
use leptos::prelude::*;

use crate::components::icons::{Camera, Mark, Plus};
use crate::components::notice::Notice;
use crate::components::progress::ProgressBar;
use crate::components::query::Query;
use crate::components::results::Results;
use crate::components::welcome::Welcome;
use crate::intake;
use crate::state::Twill;
use crate::texts;

/// The two hidden file inputs, for every button that opens one.
#[derive(Clone, Copy)]
struct Pickers {
    photo: NodeRef<Input>,
    camera: NodeRef<Input>,
}

impl Pickers {
    fn choose(self) {
        if let Some(input) = self.photo.get_untracked() {
            input.click();
        }
    }

    fn shoot(self) {
        if let Some(input) = self.camera.get_untracked() {
            input.click();
        }
    }
}

/// The whole page.
#[component]
pub fn Page(
    /// The page's state.
    twill: Twill,
) -> impl IntoView {
    let pickers = Pickers { photo: NodeRef::new(), camera: NodeRef::new() };
    let hovers = intake::listen(twill);
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
            <a class="skip" href="#results">{texts::SKIP}</a>
        </Show>
        <header class="top">
            <a class="brand" href="./"><Mark/><span>"Twill"</span></a>
            <Show when=move || !is_empty.get()>
                <div class="top-actions">
                    <button type="button" class="button quiet touch-only" on:click=move |_| pickers.shoot()>
                        <Camera/><span class="visually-hidden">{texts::TAKE_PHOTO}</span>
                    </button>
                    <button type="button" class="button primary" on:click=move |_| pickers.choose()>
                        <Plus/>{texts::NEW_PHOTO}
                    </button>
                </div>
            </Show>
        </header>
        <input
            class="visually-hidden" type="file" accept="image/*" data-testid="photo-input" tabindex="-1"
            aria-label=texts::CHOOSE_PHOTO node_ref=pickers.photo on:change=take(pickers.photo)
        />
        <input
            class="visually-hidden" type="file" accept="image/*" capture="environment" data-testid="camera-input"
            tabindex="-1" aria-label=texts::TAKE_PHOTO node_ref=pickers.camera on:change=take(pickers.camera)
        />
        <ProgressBar twill/>
        <main>
            <Notice twill pickers/>
            <Show when=move || !is_empty.get() fallback=move || view! { <Welcome twill pickers/> }>
                <div class="search" data-testid="drop-zone">
                    <Query twill/>
                    <Results twill/>
                </div>
            </Show>
        </main>
        <Foot twill/>
        <Show when=move || hovers.get()>
            <div class="drop-veil" aria-hidden="true"><p>{texts::DROP_NOW}</p></div>
        </Show>
    }
}

#[component]
fn Foot(twill: Twill) -> impl IntoView {
    let line = move || {
        twill.engine.with(|engine| {
            engine.ready().map(|ready| texts::foot(ready.backend, ready.count, &ready.catalogue))
        })
    };
    view! {
        <footer class="foot">
            <p class="promise"><icons::Lock/>{texts::PRIVACY}</p>
            <p>{line}</p>
        </footer>
    }
}
