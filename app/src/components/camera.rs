//! The live view of the camera, and the shutter.
//!
//! The camera watches only while this view is open and seen: it is let go of when the view closes, when the page is hidden
//! and when it is left.

use std::future::Future;

use leptos::ev;
use leptos::html::{Button, Dialog, Video};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::camera::{self, Camera, Trouble, Wish};
use crate::components::Pickers;
use crate::components::icons::{Cross, Lamp, Turn};
use crate::components::modal::{Modal, close};
use crate::protocol::Hit;
use crate::state::{FIRST_RESULTS, Twill};
use crate::texts;

/// How far the camera has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The browser asks the person, or the camera starts.
    Waking,
    /// The picture runs.
    Live,
    /// The shutter was pressed: the picture stands still.
    Shot,
    /// There is no picture.
    Trouble(Trouble),
}

/// What the view knows. Copies share it.
#[derive(Clone, Copy)]
struct Session {
    stage: RwSignal<Stage>,
    /// Whether the lamp is on, where there is one.
    lamp: RwSignal<Option<bool>>,
    can_turn: RwSignal<bool>,
    /// Whether results follow the picture.
    is_following: RwSignal<bool>,
    is_mirror: RwSignal<bool>,
    /// Width of the picture divided by its height.
    ratio: RwSignal<f64>,
    video: NodeRef<Video>,
    camera: StoredValue<Option<Camera>, LocalStorage>,
    /// The camera to come back to.
    wish: StoredValue<Wish>,
    /// Counts what was begun: whatever an earlier attempt brings is dropped, and a camera that is dropped stops.
    attempt: StoredValue<u32>,
}

impl Session {
    fn new() -> Self {
        Self {
            stage: RwSignal::new(Stage::Waking),
            lamp: RwSignal::new(None),
            can_turn: RwSignal::new(false),
            is_following: RwSignal::new(false),
            is_mirror: RwSignal::new(false),
            ratio: RwSignal::new(3.0 / 4.0),
            video: NodeRef::new(),
            camera: StoredValue::new_local(None),
            wish: StoredValue::new(Wish::Rear),
            attempt: StoredValue::new(0),
        }
    }

    /// Opens the camera that the person last looked through.
    fn wake(self) {
        let attempt = self.begin();
        drop(self.take());
        let wish = self.wish.get_value();
        self.expect(attempt, async move { Camera::open(&wish, self.on_end(attempt)).await });
    }

    /// Opens the other camera.
    fn turn(self) {
        let attempt = self.begin();
        if let Some(camera) = self.take() {
            self.expect(attempt, camera.turn(self.on_end(attempt)));
        }
    }

    /// Stops the camera. Whatever is still on its way is not waited for any more.
    fn let_go(self) {
        self.attempt.try_update_value(|attempt| *attempt += 1);
        if let Some(video) = self.video.try_get_untracked().flatten() {
            video.set_src_object(None);
        }
        drop(self.take());
    }

    /// Whether there is or will be a camera that watches.
    fn is_awake(self) -> bool {
        !matches!(self.stage.get_untracked(), Stage::Trouble(_))
    }

    fn begin(self) -> u32 {
        self.stage.set(Stage::Waking);
        self.lamp.set(None);
        self.attempt.update_value(|attempt| *attempt += 1);
        self.attempt.get_value()
    }

    fn take(self) -> Option<Camera> {
        self.camera.try_update_value(Option::take).flatten()
    }

    fn is_current(self, attempt: u32) -> bool {
        self.attempt.try_get_value() == Some(attempt)
    }

    fn on_end(self, attempt: u32) -> impl Fn() + Clone + 'static {
        move || self.fail(attempt, Trouble::Ended)
    }

    fn expect(self, attempt: u32, camera: impl Future<Output = Result<Camera, Trouble>> + 'static) {
        spawn_local(async move {
            match camera.await {
                // Nobody looks any more.
                Ok(camera) if !self.is_current(attempt) => drop(camera),
                Ok(camera) => self.show(camera),
                Err(trouble) => self.fail(attempt, trouble),
            }
        });
    }

    fn show(self, camera: Camera) {
        let Some(video) = self.video.get_untracked() else { return };
        self.can_turn.set(camera.can_turn());
        self.is_mirror.set(camera.is_mirror());
        self.wish.set_value(camera.wish());
        video.set_src_object(Some(camera.stream()));
        self.camera.set_value(Some(camera));
        // It plays by itself; asking for it wakes those browsers that wait for that. What comes of it is told by events.
        let _ = video.play();
    }

    fn fail(self, attempt: u32, trouble: Trouble) {
        if self.is_current(attempt) {
            self.let_go();
            self.stage.set(Stage::Trouble(trouble));
        }
    }

    /// The picture runs.
    fn run(self) {
        if self.stage.get_untracked() != Stage::Waking {
            return;
        }
        self.measure();
        let has_torch = self.camera.with_value(|camera| camera.as_ref().map(Camera::has_torch));
        if let Some(has_torch) = has_torch {
            self.lamp.set(has_torch.then_some(false));
            self.stage.set(Stage::Live);
        }
    }

    /// A phone that is turned turns the picture.
    fn measure(self) {
        let Some(video) = self.video.get_untracked() else { return };
        let (width, height) = (f64::from(video.video_width()), f64::from(video.video_height()));
        if width > 0.0 && height > 0.0 {
            self.ratio.set(width / height);
        }
    }

    fn switch_lamp(self) {
        let track = self.camera.with_value(|camera| camera.as_ref().map(Camera::track));
        let (Some(track), Some(is_on)) = (track, self.lamp.get_untracked()) else { return };
        let attempt = self.attempt.get_value();
        spawn_local(async move {
            let has_switched = camera::light(&track, !is_on).await;
            if self.is_current(attempt) && has_switched {
                self.lamp.set(Some(!is_on));
            }
        });
    }

    /// Photographs what the picture shows.
    fn shoot(self, twill: Twill) {
        let (Some(video), Stage::Live) = (self.video.get_untracked(), self.stage.get_untracked()) else {
            return;
        };
        self.stage.set(Stage::Shot);
        // A picture that stands still says that it was taken.
        drop(video.pause());
        let attempt = self.attempt.get_value();
        spawn_local(async move {
            let photo = camera::shot(&video).await;
            match photo {
                _ if !self.is_current(attempt) => {}
                Some(photo) => twill.find(photo, texts::shot()),
                None => self.fail(attempt, Trouble::Unknown),
            }
        });
    }
}

/// Has one frame after the other looked at: the next one only when the last one's answer is there.
fn follow(session: Session, twill: Twill) {
    // With something wrong elsewhere, asking on and on would only repeat it.
    let is_live = Memo::new(move |_| {
        session.is_following.get() && session.stage.get() == Stage::Live && twill.fault.with(Option::is_none)
    });
    Effect::new(move |_| {
        if !is_live.get() {
            twill.look_away();
            return;
        }
        let Some(video) = session.video.get_untracked().filter(|_| !twill.glances.get()) else { return };
        spawn_local(async move {
            // The view may have closed, or the person looked at something else, while the frame was written.
            if let Some(frame) = camera::shot(&video).await
                && is_live.try_get_untracked() == Some(true)
            {
                twill.glance(frame);
            }
        });
    });
    on_cleanup(move || twill.look_away());
}

#[component]
pub(super) fn CameraView(twill: Twill, pickers: Pickers) -> impl IntoView {
    let session = Session::new();
    follow(session, twill);
    // What was wrong before would stand behind this view.
    twill.fault.set(None);
    let node = NodeRef::<Dialog>::new();
    let shutter = NodeRef::<Button>::new();
    watch_page(session, pickers);
    Effect::new(move |_| {
        if session.video.get().is_some() && session.attempt.get_value() == 0 {
            session.wake();
        }
    });
    // After trouble the shutter is there again.
    Effect::new(move |had_trouble: Option<bool>| {
        let has_trouble = matches!(session.stage.get(), Stage::Trouble(_));
        if let (Some(true), false, Some(shutter)) = (had_trouble, has_trouble, shutter.get_untracked()) {
            // Not before it can be seen.
            request_animation_frame(move || drop(shutter.focus()));
        }
        has_trouble
    });
    let trouble = Memo::new(move |_| match session.stage.get() {
        Stage::Trouble(trouble) => Some(trouble),
        _ => None,
    });
    let has_trouble = move || trouble.get().is_some();
    let words = move || match session.stage.get() {
        Stage::Waking => texts::camera_waking(),
        Stage::Live | Stage::Shot => texts::camera_live(),
        Stage::Trouble(_) => String::new(),
    };
    view! {
        <Modal twill open=pickers.camera_view node class="viewfinder" name="camera-view" label=texts::camera() opener="camera-open">
            <div class="viewfinder-top">
                <button
                    type="button" class="button icon-only" data-testid="camera-close" aria-label=texts::camera_close()
                    on:click=move |_| close(node)
                >
                    <Cross/>
                </button>
                <p role="status">{words}</p>
                <button
                    type="button" class="button icon-only" data-testid="camera-torch" aria-label=texts::camera_torch()
                    aria-pressed=move || (session.lamp.get() == Some(true)).to_string()
                    hidden=move || session.lamp.get().is_none()
                    on:click=move |_| session.switch_lamp()
                >
                    <Lamp/>
                </button>
            </div>
            <div class="viewfinder-stage">
                <div
                    class="viewfinder-picture" class:live=move || session.stage.get() != Stage::Waking
                    style=("--ratio", move || format!("{:.4}", session.ratio.get())) hidden=has_trouble
                >
                    <video
                        class:mirror=move || session.is_mirror.get() node_ref=session.video playsinline=true autoplay=true
                        prop:muted=true aria-label=texts::camera_picture()
                        on:playing=move |_| session.run() on:resize=move |_| session.measure()
                    ></video>
                    <Garment twill session/>
                </div>
                {move || trouble.get().map(|trouble| view! { <TroubleWords pickers session node trouble/> })}
            </div>
            <Glimpse twill/>
            <div class="viewfinder-bottom" hidden=has_trouble>
                <button
                    type="button" class="button live-switch" data-testid="camera-live"
                    aria-pressed=move || session.is_following.get().to_string()
                    on:click=move |_| session.is_following.update(|is_following| *is_following = !*is_following)
                >
                    {texts::camera_follow()}
                </button>
                <button
                    type="button" class="shutter" data-testid="camera-shutter" aria-label=texts::camera_shutter()
                    aria-disabled=move || (session.stage.get() != Stage::Live).to_string() autofocus=true
                    node_ref=shutter on:click=move |_| session.shoot(twill)
                ></button>
                <button
                    type="button" class="button icon-only" data-testid="camera-switch" aria-label=texts::camera_switch()
                    hidden=move || !session.can_turn.get() on:click=move |_| session.turn()
                >
                    <Turn/>
                </button>
            </div>
        </Modal>
    }
}

/// A seam around the garment that the network sees in the live picture.
#[component]
fn Garment(twill: Twill, session: Session) -> impl IntoView {
    let frame = Memo::new(move |_| twill.glimpse.with(|found| found.as_ref().map(|found| found.garment)));
    let per_cent = |part: f32| format!("{:.2}%", part * 100.0);
    view! {
        <Show when=move || frame.get().is_some()>
            <div
                class="viewfinder-garment" class:mirror=move || session.is_mirror.get() aria-hidden="true"
                style:left=move || frame.get().map(|frame| {
                    // In a mirror, left is right.
                    per_cent(if session.is_mirror.get() { 1.0 - frame.x2 } else { frame.x1 })
                })
                style:top=move || frame.get().map(|frame| per_cent(frame.y1))
                style:width=move || frame.get().map(|frame| per_cent(frame.x2 - frame.x1))
                style:height=move || frame.get().map(|frame| per_cent(frame.y2 - frame.y1))
            ></div>
        </Show>
    }
}

/// The closest relatives of what the camera sees right now. They change too often to be read out, or to be pressed: the
/// shutter holds them still.
#[component]
fn Glimpse(twill: Twill) -> impl IntoView {
    let hits = Memo::new(move |_| {
        twill.glimpse.with(|found| {
            found
                .as_ref()
                .map(|found| found.similar.hits.iter().take(FIRST_RESULTS).cloned().collect::<Vec<_>>())
        })
    });
    view! {
        {move || hits.get().map(|hits| view! {
            <ol class="glimpse" data-testid="camera-results" aria-label=texts::results()>
                {hits.into_iter().enumerate().map(|(index, Hit { item, score })| {
                    let name = item.title.unwrap_or_else(|| texts::name(&item.category));
                    view! {
                        <li data-item-id=item.id data-score=score.to_string()>
                            <img src=item.image alt=texts::item_alt(&name, index + 1, score) draggable="false"/>
                            <span aria-hidden="true">{texts::per_cent(score)}</span>
                        </li>
                    }
                }).collect_view()}
            </ol>
        })}
    }
}

/// What is wrong with the camera, and ways on.
#[component]
fn TroubleWords(
    pickers: Pickers,
    session: Session,
    node: NodeRef<Dialog>,
    trouble: Trouble,
) -> impl IntoView {
    let retry = NodeRef::<Button>::new();
    Effect::new(move |_| {
        if let Some(retry) = retry.get() {
            let _ = retry.focus();
        }
    });
    let (what, advice) = texts::camera_trouble(trouble);
    view! {
        <div class="viewfinder-trouble" role="alert" data-testid="error" data-kind=trouble.name()>
            <img src="art/loose-thread.svg" alt="" width="72" height="72"/>
            <p class="notice-what">{what}</p>
            <p>{advice}</p>
            <button
                type="button" class="button patch" data-testid="camera-retry" node_ref=retry
                on:click=move |_| session.wake()
            >
                {texts::try_again()}
            </button>
            <button
                type="button" class="button seam" data-testid="camera-instead"
                on:click=move |_| { close(node); pickers.choose(); }
            >
                {texts::choose_photo()}
            </button>
            <button
                type="button" class="button seam touch-only"
                on:click=move |_| { close(node); pickers.shoot_outside(); }
            >
                {texts::camera_outside()}
            </button>
        </div>
    }
}

/// Lets go of the camera whenever nobody can see the page, and comes back to it.
fn watch_page(session: Session, pickers: Pickers) {
    let hiding = window_event_listener(ev::visibilitychange, move |_| {
        if document().hidden() {
            session.let_go();
        } else if session.is_awake() {
            session.wake();
        }
    });
    let leaving = window_event_listener(ev::pagehide, move |_| {
        session.let_go();
        // Whoever comes back by the browser's back button comes back to the page, not to a camera that starts by itself.
        pickers.camera_view.set(false);
    });
    on_cleanup(move || {
        hiding.remove();
        leaving.remove();
        session.let_go();
    });
}
