//! Whether the worker still lives: one that hangs says nothing, not even that it does.
//!
//! Time is counted in beats rather than read from a clock, so that a device that slept, or a tab in the background, blames
//! nobody for it.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;

/// Milliseconds between two beats.
const BEAT: i32 = 1000;
/// Beats of silence after which a worker that was asked something hangs.
const WHILE_SEARCHING: u32 = 45;
/// The same while it loads: a graphics card may be given its programs for minutes, in which nothing is heard.
const WHILE_LOADING: u32 = 240;

/// What the worker is about.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Work {
    /// It owes nothing.
    None,
    /// It loads.
    Loading,
    /// It looks at a photo.
    Searching,
}

/// Counts beats of silence.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    silent_beats: Rc<Cell<u32>>,
}

impl Watch {
    /// Something was asked or heard.
    pub(crate) fn hear(&self) {
        self.silent_beats.set(0);
    }

    /// One beat; whether the silence has lasted too long.
    fn beat(&self, work: Work) -> bool {
        let most = match work {
            Work::None => {
                self.hear();
                return false;
            }
            Work::Loading => WHILE_LOADING,
            Work::Searching => WHILE_SEARCHING,
        };
        self.silent_beats.set(self.silent_beats.get() + 1);
        let hangs = self.silent_beats.get() > most;
        if hangs {
            self.hear();
        }
        hangs
    }

    /// Starts to count, for as long as the page lives: `work` says what the worker is about, `hangs` is called when it says
    /// nothing for too long.
    pub(crate) fn start(&self, work: impl Fn() -> Work + 'static, hangs: impl Fn() + 'static) {
        let watch = self.clone();
        let beat = Closure::<dyn FnMut()>::new(move || {
            if watch.beat(work()) {
                hangs();
            }
        });
        let callback = beat.as_ref().unchecked_ref();
        let set = web_sys::window()
            .map(|window| window.set_interval_with_callback_and_timeout_and_arguments_0(callback, BEAT));
        if matches!(set, Some(Ok(_))) {
            beat.forget();
        }
    }
}
