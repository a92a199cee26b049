#!/usr/bin/env bash
# Search beside other people's: natively against FAISS, USearch and turbovec (tests/peers/search_native.py), in a browser against
# EdgeVec, Voy, hnswlib-wasm and plain JavaScript (tests/examples/search_web.rs). Peers come by name and version from PyPI and npm into
# $TWILL_CACHE; what cannot be had is said, and left out. Called by .ci/bench.sh; arguments choose: `native`, or tasks of search_web.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=env.sh
source .ci/env.sh

EDGEVEC=0.9.0
VOY=0.6.3
HNSWLIB=0.8.2

wants() { [ ${#tasks[@]} -eq 0 ] || [[ " ${tasks[*]} " == *" $1 "* ]]; }
tasks=("$@")
trainer="$CARGO_TARGET_DIR/release/trainer"

if wants native; then
    if python=$(.ci/peers.sh); then
        cargo build --locked --release --no-default-features -p model -p trainer -p e2e --bin trainer
        step "search natively, one thread"
        "$python" tests/peers/search_native.py --trainer "$trainer"
    else
        say "FAISS and USearch are not compared: $python"
    fi
fi

browser=()
for task in scan workers peers-20000 peers-200000; do
    ! wants "$task" || browser+=("$task")
done
[ ${#browser[@]} -gt 0 ] || exit 0
if ! have npm; then
    say "Search in the browser is not measured: that needs npm."
    exit 0
fi
bash .ci/setup.sh rust wasm_bindgen browser
packages="$TWILL_CACHE/bench-search"
mkdir -p "$packages"
for peer in edgevec@$EDGEVEC voy-search@$VOY hnswlib-wasm@$HNSWLIB; do
    if ! grep -q "\"version\": \"${peer#*@}\"" "$packages/node_modules/${peer%@*}/package.json" 2>/dev/null; then
        npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$packages" "$peer" || say "$peer cannot be had from npm"
    fi
done
mkdir -p "$packages/node_modules"
cargo build --locked --profile dist -p app --target "$WASM_TARGET" --example search_peer
wasm-bindgen --target web --no-typescript --out-dir "$packages/twill" \
    "$CARGO_TARGET_DIR/$WASM_TARGET/dist/examples/search_peer.wasm"
cargo build --locked --release --no-default-features -p model -p trainer -p e2e --example search_web
step "search in the browser"
"$CARGO_TARGET_DIR/release/examples/search_web" "$packages/twill" "$packages/node_modules" "${browser[@]}"
