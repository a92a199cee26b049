//! The frame around the garment. Drag it, drag a corner, or use the arrow keys; the search follows.

use std::time::Duration;

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::components::query::last;
use crate::region::Region;
use crate::state::{Step, Twill};
use crate::texts;

/// How far an arrow key moves something, as a fraction of the photo.
const KEY_STEP: f32 = 0.02;
/// The smallest frame, as a fraction of the photo's width and height.
const SMALLEST: f32 = 0.08;
/// How long the frame must rest before a search.
const REST: Duration = Duration::from_millis(160);

/// Says something in the page's language.
type Words = fn() -> String;

/// A part of the frame that can be held: which edges move with it (left, top, right, bottom).
#[derive(Clone, Copy, PartialEq)]
struct Grip([bool; 4]);

impl Grip {
    const ALL: Self = Self([true; 4]);
    const CORNERS: [(Self, &str, Words); 4] = [
        (Self([true, true, false, false]), "top-left", texts::corner_top_left),
        (Self([false, true, true, false]), "top-right", texts::corner_top_right),
        (Self([true, false, false, true]), "bottom-left", texts::corner_bottom_left),
        (Self([false, false, true, true]), "bottom-right", texts::corner_bottom_right),
    ];

    /// `frame` after this grip has moved by `dx`, `dy` (fractions of the photo), kept inside the photo.
    fn moved(self, frame: Region, dx: f32, dy: f32) -> Region {
        let Region { x1, y1, x2, y2 } = frame;
        if self == Self::ALL {
            let (dx, dy) = (dx.clamp(-x1, 1.0 - x2), dy.clamp(-y1, 1.0 - y2));
            return within(x1 + dx, y1 + dy, x2 + dx, y2 + dy, frame);
        }
        let Self([left, top, right, bottom]) = self;
        let x1 = if left { (x1 + dx).clamp(0.0, (x2 - SMALLEST).max(0.0)) } else { x1 };
        let y1 = if top { (y1 + dy).clamp(0.0, (y2 - SMALLEST).max(0.0)) } else { y1 };
        let x2 = if right { (x2 + dx).clamp((x1 + SMALLEST).min(1.0), 1.0) } else { x2 };
        let y2 = if bottom { (y2 + dy).clamp((y1 + SMALLEST).min(1.0), 1.0) } else { y2 };
        within(x1, y1, x2, y2, frame)
    }
}

/// The box, or the old one where rounding has made it invalid.
fn within(x1: f32, y1: f32, x2: f32, y2: f32, old: Region) -> Region {
    Region::new(x1, y1, x2, y2).unwrap_or(old)
}

/// A grip that is being dragged.
#[derive(Clone, Copy)]
struct Drag {
    grip: Grip,
    /// Where it began, in CSS pixels.
    start: (f32, f32),
    frame: Region,
    /// The photo's size in CSS pixels.
    size: (f32, f32),
}

#[component]
pub(super) fn CropFrame(twill: Twill) -> impl IntoView {
    let frame = Memo::new(move |_| last(twill, Step::frame).flatten());
    let draft = RwSignal::new(None::<Region>);
    let drag = RwSignal::new(None::<Drag>);
    let node = NodeRef::<Div>::new();
    let shown = Memo::new(move |_| draft.get().or_else(|| frame.get()));
    let search = StoredValue::new_local(debounce(REST, move |()| {
        if let Some(crop) = draft.get_untracked() {
            twill.refine(Some(crop));
            if drag.get_untracked().is_none() {
                draft.set(None);
            }
        }
    }));
    let propose = move |crop: Region| {
        draft.set(Some(crop));
        search.update_value(|search| search(()));
    };

    let take = move |grip: Grip| {
        move |event: PointerEvent| {
            let photo = node.get_untracked().and_then(|node| node.parent_element());
            let (Some(photo), Some(frame)) = (photo, shown.get_untracked()) else { return };
            event.prevent_default();
            event.stop_propagation();
            if let Some(target) = event.current_target().and_then(|target| target.dyn_into::<Element>().ok())
            {
                // Without capture the drag ends at the frame's edge: a nuisance, no fault.
                let _ = target.set_pointer_capture(event.pointer_id());
            }
            let place = photo.get_bounding_client_rect();
            let size = (place.width().max(1.0) as f32, place.height().max(1.0) as f32);
            drag.set(Some(Drag { grip, start: position(&event), frame, size }));
        }
    };
    let pull = move |event: PointerEvent| {
        let Some(Drag { grip, start, frame, size }) = drag.get_untracked() else { return };
        let (x, y) = position(&event);
        propose(grip.moved(frame, (x - start.0) / size.0, (y - start.1) / size.1));
    };
    let release = move |_: PointerEvent| {
        if drag.get_untracked().is_some() {
            drag.set(None);
            search.update_value(|search| search(()));
        }
    };
    let nudge = move |grip: Grip| {
        move |event: KeyboardEvent| {
            let (dx, dy) = match event.key().as_str() {
                "ArrowLeft" => (-KEY_STEP, 0.0),
                "ArrowRight" => (KEY_STEP, 0.0),
                "ArrowUp" => (0.0, -KEY_STEP),
                "ArrowDown" => (0.0, KEY_STEP),
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            if let Some(frame) = shown.get_untracked() {
                propose(grip.moved(frame, dx, dy));
            }
        }
    };

    let edge = move |pick: fn(Region) -> f32| {
        move || shown.get().map(|frame| format!("{:.3}%", pick(frame) * 100.0))
    };
    view! {
        <Show when=move || shown.with(Option::is_some)>
            <div
                class="crop-box" class:held=move || drag.with(Option::is_some) data-testid="crop-box" node_ref=node
                role="group" tabindex="0" aria-label=texts::crop_box()
                style:left=edge(|frame| frame.x1) style:top=edge(|frame| frame.y1)
                style:width=edge(|frame| frame.x2 - frame.x1) style:height=edge(|frame| frame.y2 - frame.y1)
                on:pointerdown=take(Grip::ALL) on:pointermove=pull on:pointerup=release on:pointercancel=release
                on:keydown=nudge(Grip::ALL)
            >
                {Grip::CORNERS.map(|(grip, place, label)| view! {
                    <button
                        type="button" class=format!("grip {place}") aria-label=label()
                        on:pointerdown=take(grip) on:keydown=nudge(grip)
                    ></button>
                }).collect_view()}
            </div>
        </Show>
    }
}

fn position(event: &PointerEvent) -> (f32, f32) {
    (event.client_x() as f32, event.client_y() as f32)
}

#[cfg(feature = "browser-tests")]
mod tests {
    use super::{Grip, Region, SMALLEST};
    use wasm_bindgen_test::wasm_bindgen_test;

    fn close(found: Region, x1: f32, y1: f32, x2: f32, y2: f32) {
        for (found, wanted) in [(found.x1, x1), (found.y1, y1), (found.x2, x2), (found.y2, y2)] {
            assert!((found - wanted).abs() < 1e-5, "{found} is not {wanted}");
        }
    }

    #[wasm_bindgen_test]
    fn the_whole_frame_stops_at_the_edge_and_keeps_its_size() {
        let frame = Region { x1: 0.2, y1: 0.1, x2: 0.6, y2: 0.9 };
        close(Grip::ALL.moved(frame, 0.9, 0.05), 0.6, 0.15, 1.0, 0.95);
        close(Grip::ALL.moved(frame, -0.9, -0.9), 0.0, 0.0, 0.4, 0.8);
    }

    #[wasm_bindgen_test]
    fn a_corner_moves_two_edges_and_leaves_a_smallest_frame() {
        let frame = Region { x1: 0.2, y1: 0.1, x2: 0.6, y2: 0.9 };
        let [(top_left, ..), _, _, (bottom_right, ..)] = Grip::CORNERS;
        close(top_left.moved(frame, 0.1, 0.1), 0.3, 0.2, 0.6, 0.9);
        close(top_left.moved(frame, 5.0, 5.0), 0.6 - SMALLEST, 0.9 - SMALLEST, 0.6, 0.9);
        close(bottom_right.moved(frame, 5.0, -5.0), 0.2, 0.1, 1.0, 0.1 + SMALLEST);
    }
}
