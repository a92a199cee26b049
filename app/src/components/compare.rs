//! What was looked for beside an item, large: what both have, where they differ, and on demand what matched.

use leptos::html::{Canvas, Dialog};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, ImageData};

use crate::compare::Comparing;
use crate::components::icons::{Cross, Glow};
use crate::components::modal::{Modal, close};
use crate::protocol::{Comparison, Hit, Item};
use crate::state::{Step, Subject, Twill};
use crate::texts;

/// The dialog, as long as it is open.
pub(super) fn compare_view(twill: Twill) -> AnyView {
    let Comparing { is_open, comparison, trouble, is_hot, .. } = twill.comparing;
    let step = twill.trail.with_untracked(|trail| trail.last().cloned());
    let Some((step, hit)) = step.and_then(|step| twill.comparing.hit(&step).map(|hit| (step, hit))) else {
        return ().into_any();
    };
    let node = NodeRef::<Dialog>::new();
    let canvases = [NodeRef::<Canvas>::new(), NodeRef::<Canvas>::new()];
    // Drawn when it has come; styles show and hide it.
    Effect::new(move |_| {
        comparison.with(|comparison| {
            let pictures = comparison.iter().flat_map(|known| known.heat.iter());
            for (canvas, picture) in canvases.into_iter().zip(pictures) {
                paint(canvas, picture);
            }
        });
    });
    let has_heat = move || {
        comparison.with(|comparison| comparison.as_ref().is_some_and(|known| known.heat.length() > 0))
    };
    let toggle = move |_| {
        is_hot.update(|is_hot| *is_hot = !*is_hot);
        if is_hot.get_untracked() && !has_heat() {
            twill.ask_to_compare(true);
        }
    };
    let status = move || match (trouble.get(), is_hot.get(), has_heat()) {
        (Some(trouble), ..) => texts::read(&trouble.message),
        (None, true, true) => texts::heat_note(),
        (None, true, false) => texts::heat_waits(),
        (None, false, _) => String::new(),
    };
    let Hit { item, score } = hit;
    let (mine, theirs) = (query_side(&step), item_side(&item));
    let [over_mine, over_theirs] = canvases;
    view! {
        <Modal twill open=is_open node class="compare" name="compare-view" label=texts::compare_title() opener="compare">
            <div class="compare-page" data-heat=move || (is_hot.get() && has_heat()).to_string()>
                <div class="compare-head">
                    <h2>{texts::compare_title()}</h2>
                    <button
                        type="button" class="button soft" data-testid="heat-map" on:click=toggle
                        aria-pressed=move || is_hot.get().to_string()
                    >
                        <Glow/>{texts::heat_map()}
                    </button>
                    <button
                        type="button" class="button quiet icon-only" data-testid="compare-close" aria-label=texts::close()
                        on:click=move |_| close(node)
                    >
                        <Cross/>
                    </button>
                </div>
                {mine.view(over_mine)}
                {theirs.view(over_theirs)}
                <div class="compare-facts">
                    <p class="heat-note" role="status" data-testid="heat-note">{status}</p>
                    <p class="likeness">
                        <span>{texts::likeness(score)}</span>
                        <span class="per-cent">{texts::per_cent(score)}</span>
                    </p>
                    <div class="bar" aria-hidden="true">
                        <div style:width=format!("{:.1}%", score.clamp(0.0, 1.0) * 100.0)></div>
                    </div>
                    {move || comparison.with(|known| known.as_ref().map(facts))}
                    {shop(item)}
                </div>
            </div>
        </Modal>
    }
    .into_any()
}

/// A picture and what it is called.
struct Shown {
    image: String,
    alt: String,
    name: String,
    /// Width divided by height.
    ratio: f64,
}

fn query_side(step: &Step) -> Shown {
    match &step.subject {
        Subject::Photo(photo) => {
            let size = step.found.as_ref().map_or((3, 4), |found| (found.width, found.height));
            let (alt, name) = (texts::photo_alt(&photo.name), texts::your_photo());
            Shown { image: photo.address(), alt, name, ratio: ratio(size) }
        }
        Subject::Item(item) => item_side(item),
        Subject::Id(id) => Shown { image: String::new(), alt: id.clone(), name: id.clone(), ratio: 0.75 },
    }
}

fn item_side(item: &Item) -> Shown {
    let name = name_of(item);
    Shown { image: item.image.clone(), alt: name.clone(), name, ratio: ratio((item.width, item.height)) }
}

fn name_of(item: &Item) -> String {
    item.title.clone().unwrap_or_else(|| texts::name(&item.category))
}

fn ratio((width, height): (u32, u32)) -> f64 {
    f64::from(width.max(1)) / f64::from(height.max(1))
}

impl Shown {
    fn view(self, canvas: NodeRef<Canvas>) -> AnyView {
        let Self { image, alt, name, ratio } = self;
        view! {
            <figure class="compare-side">
                <div class="compare-stage">
                    <div class="compare-picture" style=("--ratio", format!("{ratio:.4}"))>
                        <img src=image alt=alt draggable="false"/>
                        <canvas aria-hidden="true" node_ref=canvas></canvas>
                    </div>
                </div>
                <figcaption><bdi>{name}</bdi></figcaption>
            </figure>
        }
        .into_any()
    }
}

/// What both have, where they differ, and what made them alike.
fn facts(known: &Comparison) -> AnyView {
    let Comparison { query, item, hues, .. } = known;
    let (mut shared, mut different) = (Vec::new(), Vec::new());
    for ((name, mine), (_, theirs)) in query.iter().zip(item) {
        if mine == theirs {
            shared.push(view! { <li class="chip">{value(name, mine, &hues.0)}</li> }.into_any());
        } else {
            let cells = [value(name, mine, &hues.0), value(name, theirs, &hues.1)];
            let cells = cells.map(|cell| view! { <td>{cell}</td> }).collect_view();
            different
                .push(view! { <tr><th scope="row">{texts::trait_name(name)}</th>{cells}</tr> }.into_any());
        }
    }
    let [none_shared, none_different] = [shared.is_empty(), different.is_empty()];
    let parts = texts::parts(known);
    view! {
        <p class="compare-parts" data-testid="parts">{parts}</p>
        <h3 hidden=none_shared>{texts::in_common()}</h3>
        <ul class="compare-chips" data-testid="in-common" hidden=none_shared>{shared}</ul>
        <h3 hidden=none_different>{texts::different()}</h3>
        <table data-testid="different" hidden=none_different><tbody>{different}</tbody></table>
    }
    .into_any()
}

/// One garment's value, a colour with a dot of it.
fn value(name: &str, value: &str, hue: &str) -> AnyView {
    let hue = (name == "colour").then(|| hue.to_owned());
    let is_hidden = hue.is_none();
    view! {
        <span class="dot" hidden=is_hidden style:background-color=hue></span>
        {texts::trait_value(name, value)}
    }
    .into_any()
}

/// Price and link, where the catalogue has them.
fn shop(item: Item) -> AnyView {
    let price = item.price.map(|price| view! { <p class="price"><bdi>{price}</bdi></p> });
    let link = item.link.map(|link| {
        view! {
            <a class="button primary" href=link target="_blank" rel="noopener noreferrer">{texts::to_shop()}</a>
        }
    });
    view! { <div class="compare-shop">{price}{link}</div> }.into_any()
}

fn paint(canvas: NodeRef<Canvas>, picture: JsValue) {
    let (Some(canvas), Ok(picture)) = (canvas.get(), picture.dyn_into::<ImageData>()) else { return };
    canvas.set_width(picture.width());
    canvas.set_height(picture.height());
    let context = canvas.get_context("2d").ok().flatten();
    if let Some(context) = context.and_then(|context| context.dyn_into::<CanvasRenderingContext2d>().ok()) {
        // It fails for no picture that was made elsewhere; where it does, nothing lies over the photo.
        let _ = context.put_image_data(&picture, 0.0, 0.0);
    }
}
