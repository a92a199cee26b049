//! What a newcomer sees: the pocket to slip a photo into, and a few garments to try.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::camera::is_offered;
use crate::components::Pickers;
use crate::components::icons::{Camera, Lock, Photo};
use crate::components::wardrobe;
use crate::intake;
use crate::protocol::Item;
use crate::state::Twill;
use crate::texts;

/// Placeholders while the catalogue loads.
const SAMPLE_PLACES: usize = 6;

#[component]
pub(super) fn Welcome(twill: Twill, pickers: Pickers) -> impl IntoView {
    let touch_only = !is_offered();
    view! {
        <section class="welcome">
            <div class="welcome-words">
                <h1>{texts::headline()}</h1>
                <p class="lead">{texts::lead()}</p>
                <p class="promise"><Lock/>{texts::privacy()}</p>
            </div>
            <div class="pocket" data-testid="drop-zone">
                <img class="pocket-peek" src="art/peek.svg" alt="" width="320" height="170" draggable="false"/>
                <img class="pocket-cloth" src="art/pocket.svg" alt="" width="320" height="340" draggable="false"/>
                <div class="pocket-inside">
                    <p class="pocket-title">{texts::pocket_title()}</p>
                    <button type="button" class="button patch" on:click=move |_| pickers.choose()>
                        <Photo/>{texts::choose_photo()}
                    </button>
                    <button
                        type="button" class="button seam" class:touch-only=touch_only data-testid="camera-open"
                        on:click=move |_| pickers.shoot()
                    >
                        <Camera/>{texts::take_photo()}
                    </button>
                    <p class="pocket-hint">{texts::pocket_hint()}</p>
                    <button
                        type="button" class="pocket-link" data-testid="address-open"
                        on:click=move |_| pickers.address_view.set(true)
                    >
                        {texts::address_open()}
                    </button>
                </div>
            </div>
            <Samples twill/>
        </section>
    }
}

#[component]
fn Samples(twill: Twill) -> impl IntoView {
    let samples =
        Memo::new(move |_| twill.engine.with(|engine| engine.ready().map(|ready| ready.samples.clone())));
    view! {
        <section class="samples" aria-labelledby="samples-title">
            <h2 id="samples-title">{texts::samples()}</h2>
            <ul>
                {move || match samples.get() {
                    Some(items) => items
                        .into_iter()
                        .map(|item| view! { <li><Sample twill item/></li> })
                        .collect_view()
                        .into_any(),
                    None => (0..SAMPLE_PLACES)
                        .map(|_| view! { <li class="sample ghost" aria-hidden="true"></li> })
                        .collect_view()
                        .into_any(),
                }}
            </ul>
            {wardrobe::welcome(twill)}
        </section>
    }
}

#[component]
fn Sample(twill: Twill, item: Item) -> impl IntoView {
    let label = texts::sample_label(&item.category);
    let image = item.image.clone();
    let (width, height) = (item.width, item.height);
    let take = move |_| {
        let item = item.clone();
        spawn_local(async move { intake::take_sample(twill, item).await });
    };
    view! {
        <button type="button" class="sample" data-testid="sample" aria-label=label on:click=take>
            <img src=image alt="" width=width height=height draggable="false"/>
        </button>
    }
}
