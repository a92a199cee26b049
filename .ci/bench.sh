#!/usr/bin/env bash
# The benchmarks: search, embedding, and where a Python with PyTorch and Pillow is at hand, embedding against those, and
# with npm the network in the browser against ONNX Runtime Web; where there is a built site and a browser, the wait for the first results. Called by `make bench` with the command that runs the trainer. The photos
# are those of $TWILL_PHOTOS, or the catalogue's own drawings.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=env.sh
source .ci/env.sh

weights=public/model
photos="${TWILL_PHOTOS:-../shared/data/clothing}"
[ -d "$photos" ] || photos=public/catalogue/images

step "search"
"$@" bench
bash .ci/bench_search.sh
step "embedding the photos in $photos"
"$@" bench embed --weights "$weights" --photos "$photos"

if python=$(.ci/python.sh) && "$python" -c 'import PIL' >/dev/null 2>&1; then
    step "the same with PyTorch and Pillow, by turns"
    "$python" tests/peers/embed_torch.py --weights "$weights" --photos "$photos" --trainer "$CARGO_TARGET_DIR/release/trainer"
else
    say "PyTorch and Pillow are not compared: no Python here has both (TWILL_PYTHON names one)."
fi

step "the network in the browser beside ONNX Runtime Web"
bash .ci/bench_web.sh "$photos"

if [ -f dist/index.html ] && have chromedriver; then
    step "the wait for the first results in a browser"
    cargo build --locked --release --no-default-features -p model -p trainer -p e2e --example startup
    "$CARGO_TARGET_DIR/release/examples/startup"
else
    say "The wait for the first results is not measured: that takes a site in dist/ (make dist) and a browser (make setup)."
fi
