//! One similar item.

use leptos::prelude::*;

use crate::components::icons::{Beside, Hanger, Similar};
use crate::components::wardrobe;
use crate::protocol::Item;
use crate::state::Twill;
use crate::texts;

/// Its likeness may change while it stays where it is: what arrives of a catalogue is measured roughly at first.
pub(super) fn card(twill: Twill, rank: usize, item: Item, score: Memo<f32>) -> AnyView {
    let Item { id, image, width, height, category, title, price, link, own, .. } = item.clone();
    let name = title.unwrap_or_else(|| texts::name(&category));
    let spoken = own.as_ref().map_or_else(|| name.clone(), |own| texts::wardrobe_alt(&category, own));
    let compare = texts::compare(&spoken);
    let pair = item.clone();
    let more = move |_| twill.more_like(item.clone());
    // Without a network, a picture that was never seen cannot be shown.
    let (is_lost, set_lost) = signal(false);
    view! {
        <li
            class="card" data-testid="result-card" data-item-id=id data-score=move || score.get().to_string()
            data-category=category.clone()
        >
            <div class="card-picture" class:lost=is_lost>
                <img
                    src=image alt=move || texts::item_alt(&spoken, rank, score.get()) width=width height=height
                    draggable="false" on:error=move |_| set_lost.set(true)
                />
                <Show when=move || is_lost.get()><Hanger/></Show>
                <button
                    type="button" class="beside" data-testid="compare" title=compare.clone() aria-label=compare
                    on:click=move |_| twill.compare(&pair)
                >
                    <Beside/>
                </button>
            </div>
            <div class="card-words">
                <h3><bdi>{name}</bdi></h3>
                {own.map(wardrobe::mark)}
                {price.map(|price| view! { <p class="price"><bdi>{price}</bdi></p> })}
                <p class="likeness">
                    <span>{move || texts::likeness(score.get())}</span>
                    <span class="per-cent">{move || texts::per_cent(score.get())}</span>
                </p>
                <div class="bar" aria-hidden="true"><div style:width=move || bar(score.get())></div></div>
                <div class="card-actions">
                    <button type="button" class="button soft" data-testid="more-like-this" on:click=more>
                        <Similar/>{texts::more_like_this()}
                    </button>
                    {link.map(|link| view! {
                        <a class="button quiet" href=link target="_blank" rel="noopener noreferrer">
                            {texts::to_shop()}
                        </a>
                    })}
                </div>
            </div>
        </li>
    }
    .into_any()
}

fn bar(score: f32) -> String {
    format!("{:.1}%", score.clamp(0.0, 1.0) * 100.0)
}
