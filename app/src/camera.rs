//! The device's camera: opened, turned round, lit, photographed with, and let go of.
//!
//! A [`Camera`] that is dropped has stopped its tracks, and the light beside the lens goes out: whoever holds it decides for
//! how long it watches.

use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, CanvasRenderingContext2d, HtmlCanvasElement, HtmlVideoElement, MediaDeviceInfo, MediaDeviceKind,
    MediaDevices, MediaStream, MediaStreamConstraints, MediaStreamTrack, MediaTrackConstraints,
};

/// The picture's size in pixels that the camera is asked for; it gives what it has that comes closest.
const WISHED_SIZE: [(&str, f64); 2] = [("width", 1920.0), ("height", 1440.0)];
/// JPEG quality of a shot (0 to 1): traces of the encoder are well below what the lens adds.
const QUALITY: f64 = 0.95;

/// Which camera is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wish {
    /// The one that looks away from the screen, where there is such a one; else any.
    Rear,
    /// The one that looks at whoever looks at the screen, where there is such a one; else any.
    Front,
    /// The one with this id, and no other.
    Device(String),
}

impl Wish {
    fn constraints(&self) -> Object {
        let (name, strength, value) = match self {
            Self::Rear => ("facingMode", "ideal", "environment"),
            Self::Front => ("facingMode", "ideal", "user"),
            Self::Device(id) => ("deviceId", "exact", id.as_str()),
        };
        let wishes = Object::new();
        set(&wishes, name, &object(strength, &value.into()));
        for (side, pixels) in WISHED_SIZE {
            set(&wishes, side, &object("ideal", &pixels.into()));
        }
        wishes
    }
}

/// Why the camera shows nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The person, the browser or the system forbids it.
    Denied,
    /// There is none.
    Missing,
    /// Another program or another page has it.
    Busy,
    /// It went away while it was in use.
    Ended,
    /// The browser gives no reason that is known here.
    Unknown,
}

impl Trouble {
    /// The trouble's name in `data-kind`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Denied => "camera-denied",
            Self::Missing => "camera-missing",
            Self::Busy => "camera-busy",
            Self::Ended => "camera-ended",
            Self::Unknown => "camera-unknown",
        }
    }

    /// What the browser's error means. Old browsers have their own names for some of them.
    fn from_error(error: &JsValue) -> Self {
        let name = text(error, "name").unwrap_or_default();
        match name.as_str() {
            "NotAllowedError" | "PermissionDeniedError" | "SecurityError" => Self::Denied,
            "NotFoundError" | "DevicesNotFoundError" | "OverconstrainedError" => Self::Missing,
            "NotReadableError" | "TrackStartError" | "AbortError" => Self::Busy,
            _ => Self::Unknown,
        }
    }
}

/// Whether the browser lets a page look through a camera at all. Where it does not (old ones, and every page without
/// https), a file input with `capture` opens the system's own camera.
#[must_use]
pub fn is_offered() -> bool {
    devices().is_some()
}

/// A camera that is watching.
pub struct Camera {
    stream: MediaStream,
    track: MediaStreamTrack,
    /// Ids of all cameras, this one among them.
    devices: Vec<String>,
    _on_end: Closure<dyn FnMut()>,
}

impl Camera {
    /// Opens a camera, which may mean that the browser asks the person first. `on_end` is called when it goes away by itself.
    pub async fn open(wish: &Wish, on_end: impl FnMut() + 'static) -> Result<Self, Trouble> {
        let devices = devices().ok_or(Trouble::Missing)?;
        let stream = ask(&devices, wish).await.map_err(|error| Trouble::from_error(&error))?;
        let Some(track) = stream
            .get_video_tracks()
            .iter()
            .next()
            .and_then(|track| track.dyn_into::<MediaStreamTrack>().ok())
        else {
            stop(&stream);
            return Err(Trouble::Unknown);
        };
        let on_end = Closure::<dyn FnMut()>::new(on_end);
        track.set_onended(Some(on_end.as_ref().unchecked_ref()));
        // From here on the tracks are stopped on every way out.
        let mut camera = Self { stream, track, devices: Vec::new(), _on_end: on_end };
        // Without the list there is nothing to turn to, and that is all.
        camera.devices = list(&devices).await.unwrap_or_default();
        Ok(camera)
    }

    /// The camera on the device's other side, or the next one where sides are not known. This one is let go of first: many
    /// phones open only one at a time.
    pub async fn turn(self, on_end: impl Fn() + Clone + 'static) -> Result<Self, Trouble> {
        let (device, devices) = (self.device(), self.devices.clone());
        let opposite = match self.facing().as_deref() {
            Some("environment") => Some(Wish::Front),
            Some("user") => Some(Wish::Rear),
            _ => None,
        };
        drop(self);
        if let Some(wish) = opposite {
            let turned = Self::open(&wish, on_end.clone()).await?;
            if turned.device() != device {
                return Ok(turned);
            }
        }
        let place = devices.iter().position(|other| Some(other) == device.as_ref());
        let next = place.map_or(0, |place| (place + 1) % devices.len());
        let wish = devices.get(next).map_or(Wish::Rear, |id| Wish::Device(id.clone()));
        Self::open(&wish, on_end).await
    }

    /// The wish that leads back to this very camera.
    #[must_use]
    pub fn wish(&self) -> Wish {
        self.device().map_or(Wish::Rear, Wish::Device)
    }

    /// What a `<video>` shows.
    #[must_use]
    pub fn stream(&self) -> &MediaStream {
        &self.stream
    }

    /// Whether there is another camera to turn to.
    #[must_use]
    pub fn can_turn(&self) -> bool {
        self.devices.len() > 1
    }

    /// Whether it looks at whoever looks at the screen, who expects a mirror.
    #[must_use]
    pub fn is_mirror(&self) -> bool {
        self.facing().as_deref() == Some("user")
    }

    /// Whether it has a lamp. Some browsers know that only once the picture runs.
    #[must_use]
    pub fn has_torch(&self) -> bool {
        let capabilities = get(&self.track, "getCapabilities")
            .and_then(|function| function.dyn_into::<Function>().ok())
            .and_then(|function| function.call0(&self.track).ok());
        capabilities
            .and_then(|capabilities| get(&capabilities, "torch"))
            .is_some_and(|torch| torch.is_truthy())
    }

    /// The track itself, for [`light`].
    #[must_use]
    pub fn track(&self) -> MediaStreamTrack {
        self.track.clone()
    }

    fn facing(&self) -> Option<String> {
        text(&self.track.get_settings(), "facingMode")
    }

    fn device(&self) -> Option<String> {
        text(&self.track.get_settings(), "deviceId")
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.track.set_onended(None);
        stop(&self.stream);
    }
}

/// Switches a camera's lamp. Says whether it did as it was told.
pub async fn light(track: &MediaStreamTrack, is_on: bool) -> bool {
    let constraints = object("advanced", &Array::of1(&object("torch", &is_on.into())));
    let constraints: MediaTrackConstraints = constraints.unchecked_into();
    match track.apply_constraints_with_constraints(&constraints) {
        Ok(promise) => JsFuture::from(promise).await.is_ok(),
        Err(_) => false,
    }
}

/// The frame that a `<video>` shows now, as a JPEG file, pixel for pixel; nothing where it shows none.
pub async fn shot(video: &HtmlVideoElement) -> Option<Blob> {
    let (width, height) = (video.video_width(), video.video_height());
    if width == 0 || height == 0 {
        return None;
    }
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    canvas.set_width(width);
    canvas.set_height(height);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    context.draw_image_with_html_video_element(video, 0.0, 0.0).ok()?;
    let written = Promise::new(&mut |resolve, reject| {
        if let Err(error) =
            canvas.to_blob_with_type_and_encoder_options(&resolve, "image/jpeg", &QUALITY.into())
        {
            // A promise that cannot be rejected is one that is settled already.
            let _ = reject.call1(&JsValue::NULL, &error);
        }
    });
    JsFuture::from(written).await.ok()?.dyn_into().ok()
}

fn devices() -> Option<MediaDevices> {
    // A browser without them answers `undefined`, whatever the type says.
    let devices = window().navigator().media_devices().ok().filter(|devices| devices.is_object())?;
    get(&devices, "getUserMedia").is_some_and(|function| function.is_function()).then_some(devices)
}

async fn ask(devices: &MediaDevices, wish: &Wish) -> Result<MediaStream, JsValue> {
    let constraints = MediaStreamConstraints::new();
    constraints.set_audio_bool(false);
    constraints.set_video(&wish.constraints());
    JsFuture::from(devices.get_user_media_with_constraints(&constraints)?).await?.dyn_into()
}

/// Ids of all cameras, which browsers tell only once one of them is open.
async fn list(devices: &MediaDevices) -> Result<Vec<String>, JsValue> {
    let all: Array = JsFuture::from(devices.enumerate_devices()?).await?.dyn_into()?;
    let cameras = all
        .iter()
        .filter_map(|device| device.dyn_into::<MediaDeviceInfo>().ok())
        .filter(|device| device.kind() == MediaDeviceKind::Videoinput)
        .map(|device| device.device_id());
    Ok(cameras.collect())
}

fn stop(stream: &MediaStream) {
    for track in stream.get_tracks().iter() {
        if let Ok(track) = track.dyn_into::<MediaStreamTrack>() {
            track.stop();
        }
    }
}

fn object(name: &str, value: &JsValue) -> Object {
    let object = Object::new();
    set(&object, name, value);
    object
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // Setting a property of an object that was made here cannot fail.
    let _ = Reflect::set(object, &name.into(), value);
}

fn get(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &name.into()).ok()
}

fn text(object: &JsValue, name: &str) -> Option<String> {
    get(object, name)?.as_string().filter(|text| !text.is_empty())
}

#[cfg(feature = "browser-tests")]
mod tests {
    use super::{Trouble, Wish, get, object};
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn what_goes_wrong_is_told_apart() {
        for (name, trouble) in [
            ("NotAllowedError", Trouble::Denied),
            ("OverconstrainedError", Trouble::Missing),
            ("NotReadableError", Trouble::Busy),
            ("TypeError", Trouble::Unknown),
        ] {
            assert_eq!(Trouble::from_error(&object("name", &name.into())), trouble, "{name}");
        }
        assert_eq!(Trouble::from_error(&wasm_bindgen::JsValue::UNDEFINED), Trouble::Unknown);
    }

    #[wasm_bindgen_test]
    fn a_side_is_a_wish_and_a_device_is_an_order() {
        let value = |wish: Wish, name: &str, strength: &str| {
            get(&get(&wish.constraints(), name).unwrap(), strength).and_then(|value| value.as_string())
        };
        assert_eq!(value(Wish::Rear, "facingMode", "ideal").as_deref(), Some("environment"));
        assert_eq!(value(Wish::Front, "facingMode", "ideal").as_deref(), Some("user"));
        assert_eq!(value(Wish::Device("7".to_owned()), "deviceId", "exact").as_deref(), Some("7"));
    }
}
