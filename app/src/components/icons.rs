//! The page's drawings, small enough to stand in the markup. All are decoration: the words beside them tell.

use leptos::prelude::*;

/// The mark: a 2/2 twill weave, one thread over two and under two, each row shifted by one.
#[component]
pub(super) fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
            <rect width="32" height="32" rx="8" class="mark-cloth"/>
            <path class="mark-thread" d=MARK_THREAD/>
            <path class="mark-stitch" d=MARK_STITCH/>
        </svg>
    }
}

const MARK_THREAD: &str = "M7.5 8.5h7M7.5 16h.01M24.5 16h.01M17.5 23.5h7";
const MARK_STITCH: &str = "M22 8.5h2.5M14.5 16h3M7.5 23.5H10";

/// The path of [`Cross`].
pub(super) const CROSS: &str = "M6 6l12 12M18 6L6 18";
/// The path of [`Hanger`].
pub(super) const HANGER: &str =
    "M9.5 7a2.5 2.5 0 1 1 2.5 2.5V12M12 12l8.5 5.2c1 .7.6 1.8-.6 1.8H4.1c-1.2 0-1.6-1.1-.6-1.8z";

#[component]
fn Icon(path: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><path d=path/></svg>
    }
}

#[component]
pub(super) fn Plus() -> impl IntoView {
    view! { <Icon path="M12 5v14M5 12h14"/> }
}

#[component]
pub(super) fn Camera() -> impl IntoView {
    view! { <Icon path="M4 8.5h3.2L9 6h6l1.8 2.5H20V19H4zM12 16.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4"/> }
}

#[component]
pub(super) fn Photo() -> impl IntoView {
    view! { <Icon path="M4 5h16v14H4zM4 16l4.5-5 4 4.5 2.5-2.5 5 5M15.5 9.5h.01"/> }
}

#[component]
pub(super) fn Lock() -> impl IntoView {
    view! { <Icon path="M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3"/> }
}

/// Points to where reading begins.
#[component]
pub(super) fn Back() -> impl IntoView {
    view! { <span class="turns"><Icon path="M19 12H5M11 6l-6 6 6 6"/></span> }
}

#[component]
pub(super) fn Frame() -> impl IntoView {
    view! { <Icon path="M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"/> }
}

#[component]
pub(super) fn Similar() -> impl IntoView {
    view! { <Icon path="M4 8h11v11H4zM9 4.5h10.5V15"/> }
}

/// Two pictures side by side.
#[component]
pub(super) fn Beside() -> impl IntoView {
    view! { <Icon path="M3.5 6.5h7v11h-7zM13.5 6.5h7v11h-7z"/> }
}

/// A warm spot and what spreads around it.
#[component]
pub(super) fn Glow() -> impl IntoView {
    view! { <Icon path="M12 10.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6M7 8.3a6.2 6.2 0 0 0 0 7.4M17 8.3a6.2 6.2 0 0 1 0 7.4M4 5.8a10 10 0 0 0 0 12.4M20 5.8a10 10 0 0 1 0 12.4"/> }
}

#[component]
pub(super) fn Cross() -> impl IntoView {
    view! { <Icon path=CROSS/> }
}

#[component]
pub(super) fn Globe() -> impl IntoView {
    view! { <Icon path="M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M3.5 12h17M12 3.5c-5 5.5-5 11.5 0 17 5-5.5 5-11.5 0-17"/> }
}

/// A link of a chain.
#[component]
pub(super) fn Link() -> impl IntoView {
    view! { <Icon path="M9.5 14.5l5-5M11 6.5l1.8-1.8a4.6 4.6 0 0 1 6.5 6.5L17.5 13M13 17.5l-1.8 1.8a4.6 4.6 0 0 1-6.5-6.5L6.5 11"/> }
}

/// A hanger with nothing on it.
#[component]
pub(super) fn Hanger() -> impl IntoView {
    view! { <Icon path=HANGER/> }
}

/// Two arrows in a circle.
#[component]
pub(super) fn Turn() -> impl IntoView {
    view! { <Icon path="M4.5 10.5a7.8 7.8 0 0 1 14-3.2M19 3.5v4.3h-4.3M19.5 13.5a7.8 7.8 0 0 1-14 3.2M5 20.5v-4.3h4.3"/> }
}

/// A flash of light.
#[component]
pub(super) fn Lamp() -> impl IntoView {
    view! { <Icon path="M13.5 3 6 13.5h5.5L10.5 21 18 10.5h-5.5z"/> }
}
