//! The search kernel for relaxed SIMD: a module of less than a kilobyte of its own, since browsers that do not know these instructions
//! refuse a module that has them. It shares this program's memory, and its function takes a place in this program's table.

use js_sys::{Function, Object, Reflect, Uint8Array, WebAssembly};
use model::search::{RELAXED_MODULE, relaxed_slot, use_relaxed};
use wasm_bindgen::prelude::*;

/// Puts the kernel into its place where the browser accepts it; says whether it is used from now on.
///
/// Where this fails, searches go on with the kernel that every browser has.
pub(crate) fn place() -> Result<bool, JsValue> {
    let bytes = Uint8Array::from(RELAXED_MODULE);
    if !WebAssembly::validate(&bytes)? {
        return Ok(false);
    }
    let (imports, environment) = (Object::new(), Object::new());
    Reflect::set(&environment, &"memory".into(), &wasm_bindgen::memory())?;
    Reflect::set(&imports, &"env".into(), &environment)?;
    let instance = WebAssembly::Instance::new(&WebAssembly::Module::new(&bytes)?, &imports)?;
    let sums: Function = Reflect::get(&instance.exports(), &"sums".into())?.dyn_into()?;
    let table: WebAssembly::Table = wasm_bindgen::function_table().dyn_into()?;
    table.set(relaxed_slot(), &sums)?;
    Ok(use_relaxed())
}
