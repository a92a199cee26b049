//! Graphics card or processor?
//!
//! WebGPU is chosen where a real card answers; a software adapter is slower than the processor on its own. Burn's WebGPU
//! runtime panics without `timestamp-query`, so an adapter without it counts as none. Asked here, before the program for the card is
//! fetched: most devices never need it.

use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::worker::scope;
use twill_app::protocol::{Backend, Fault, FaultKind, Message, Setup};
use twill_app::texts;

/// Names by which software adapters go.
const SOFTWARE: [&str; 5] = ["swiftshader", "llvmpipe", "lavapipe", "softpipe", "basic render"];

#[wasm_bindgen]
extern "C" {
    /// `navigator.gpu`.
    type Gpu;
    #[wasm_bindgen(method, catch, js_name = requestAdapter)]
    fn request_adapter(this: &Gpu, options: &Object) -> Result<Promise, JsValue>;

    /// What `requestAdapter` gives.
    type Adapter;
    #[wasm_bindgen(method, getter)]
    fn features(this: &Adapter) -> Features;
    #[wasm_bindgen(method, getter, js_name = isFallbackAdapter)]
    fn is_fallback_adapter(this: &Adapter) -> Option<bool>;
    #[wasm_bindgen(method, getter)]
    fn info(this: &Adapter) -> JsValue;

    /// An adapter's features.
    type Features;
    #[wasm_bindgen(method)]
    fn has(this: &Features, name: &str) -> bool;
}

/// The backend to try, after the person's wish and the browser's means.
///
/// Fails only where the person insists on WebGPU and there is none.
pub(super) async fn choose(setup: &Setup) -> Result<Backend, Fault> {
    if setup.forced == Some(Backend::Cpu) || (setup.forced.is_none() && setup.avoid_webgpu) {
        return Ok(Backend::Cpu);
    }
    let is_forced = setup.forced == Some(Backend::WebGpu);
    match adapter().await {
        Some(adapter) if !adapter.features().has("timestamp-query") && is_forced => {
            Err(fault(texts::WEBGPU_TOO_OLD))
        }
        None if is_forced => Err(fault(texts::NO_WEBGPU)),
        Some(adapter)
            if is_forced || (adapter.features().has("timestamp-query") && !is_software(&adapter)) =>
        {
            Ok(Backend::WebGpu)
        }
        _ => Ok(Backend::Cpu),
    }
}

/// WebGPU does not do what was asked of it.
pub(super) fn fault(message: impl Into<Message>) -> Fault {
    Fault::new(FaultKind::Backend, message)
}

async fn adapter() -> Option<Adapter> {
    let gpu =
        Reflect::get(&scope().navigator(), &"gpu".into()).ok().filter(wasm_bindgen::JsValue::is_object)?;
    let options = Object::new();
    Reflect::set(&options, &"powerPreference".into(), &"high-performance".into()).ok()?;
    let adapter = gpu.unchecked_into::<Gpu>().request_adapter(&options).ok()?;
    let adapter = JsFuture::from(adapter).await.ok()?;
    adapter.is_object().then(|| adapter.unchecked_into())
}

fn is_software(adapter: &Adapter) -> bool {
    let info = adapter.info();
    if !info.is_object() {
        return adapter.is_fallback_adapter() == Some(true);
    }
    let field = |name: &str| Reflect::get(&info, &name.into()).unwrap_or_default();
    let words = ["vendor", "architecture", "device", "description"]
        .map(|name| field(name).as_string().unwrap_or_default());
    let words = words.join(" ").to_lowercase();
    field("isFallbackAdapter").is_truthy()
        || adapter.is_fallback_adapter() == Some(true)
        || SOFTWARE.iter().any(|name| words.contains(name))
}
