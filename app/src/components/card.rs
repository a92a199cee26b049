//! One similar item.

use leptos::prelude::*;

use crate::components::icons::{Beside, Hanger, Similar};
use crate::components::wardrobe;
use crate::protocol::{Hit, Item};
use crate::state::Twill;
use crate::texts;

pub(super) fn card(twill: Twill, rank: usize, hit: Hit) -> AnyView {
    let Hit { item, score } = hit;
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
            class="card" data-testid="result-card" data-item-id=id data-score=score.to_string()
            data-category=category.clone()
        >
            <div class="card-picture" class:lost=is_lost>
                <img
                    src=image alt=texts::item_alt(&spoken, rank, score) width=width height=height
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
                    <span>{texts::likeness(score)}</span>
                    <span class="per-cent">{texts::per_cent(score)}</span>
                </p>
                <div class="bar" aria-hidden="true"><div style:width=bar(score)></div></div>
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
