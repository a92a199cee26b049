#!/usr/bin/env bash
# Compiles kernel.rs to the module that `model` holds; the same compiler always gives the same bytes. Writes to the file
# that is named, or to kernel.wasm here.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here"
rustc --edition 2024 --crate-name kernel --crate-type bin --target wasm32-unknown-unknown \
    -C opt-level=3 -C panic=abort -C strip=symbols -C target-feature=+simd128,+relaxed-simd \
    -C link-arg=--no-entry -C link-arg=--import-memory -C link-arg=--export=sums -C link-arg=--stack-first \
    -C link-arg=-zstack-size=0 kernel.rs -o "${1:-kernel.wasm}"
