//! The worker's program.

#[path = "../worker/mod.rs"]
mod worker;

#[expect(unsafe_code, reason = "only the linker knows this function")]
unsafe extern "C" {
    /// Runs what registers itself at the start of the program (Burn's GPU compiler does). Written by the linker.
    ///
    /// In a program that never calls it the linker has every exported function call it, again and again: with it, each
    /// value handed over by JavaScript cost milliseconds.
    fn __wasm_call_ctors();
}

#[expect(unsafe_code, reason = "only the linker knows this function")]
fn main() {
    // SAFETY: it takes and returns nothing, and is called once, before anything else.
    unsafe { __wasm_call_ctors() };
    worker::run();
}
