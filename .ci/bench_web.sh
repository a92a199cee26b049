#!/usr/bin/env bash
# The network in the browser beside ONNX Runtime Web: builds app's example `embed_peer`, fetches the other runtime from npm and the
# package `onnx` from PyPI into $TWILL_CACHE, and lets tests/examples/embed_web.rs drive both. Called by .ci/bench.sh with the
# folder of photos and, where not all are wanted, the tasks. What is missing is said, and then nothing is compared.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=env.sh
source .ci/env.sh

RUNTIME_VERSION=1.30.0
ONNX_VERSION=1.23.2
photos=$1
shift

if [ $# -eq 0 ]; then
    set -- cpu photos large
    # Its program for the graphics card takes minutes to build.
    if [ -f dist/graphics_bg.wasm ]; then set -- "$@" wardrobe webgpu; else say "Wardrobe and WebGPU are not compared: there is no site in dist/ (make dist)."; fi
fi
if ! python=$(.ci/python.sh) || ! have npm; then
    say "ONNX Runtime Web is not compared: that needs npm and a Python with PyTorch (TWILL_PYTHON names one)."
    exit 0
fi
bash .ci/setup.sh rust wasm_bindgen browser

bench="$TWILL_CACHE/bench"
runtime="$bench/node_modules/onnxruntime-web"
mkdir -p "$bench"
if ! grep -q "\"version\": \"$RUNTIME_VERSION\"" "$runtime/package.json" 2>/dev/null; then
    step "installing ONNX Runtime Web $RUNTIME_VERSION from npm"
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$bench" "onnxruntime-web@$RUNTIME_VERSION"
fi
if [ ! -d "$bench/python/onnx-$ONNX_VERSION.dist-info" ]; then
    step "installing onnx $ONNX_VERSION from PyPI"
    "$python" -m pip install --quiet --upgrade --target "$bench/python" "onnx==$ONNX_VERSION"
fi

# The flags of the worker itself.
cargo build --locked --profile dist -p app --target "$WASM_TARGET" --example embed_peer
wasm-bindgen --target web --no-typescript --out-dir "$bench/twill" \
    "$CARGO_TARGET_DIR/$WASM_TARGET/dist/examples/embed_peer.wasm"

cargo build --locked --release --no-default-features -p model -p trainer -p e2e --example embed_web
TWILL_PYTHON="$python" PYTHONPATH="$bench/python" \
    "$CARGO_TARGET_DIR/release/examples/embed_web" "$bench/twill" "$runtime/dist" "$photos" "$@"
