#!/usr/bin/env bash
# The benchmarks: search, embedding, and where a Python with PyTorch and Pillow is at hand, embedding against those, natively and in the browser. Called by
# `make bench` with the command that runs the trainer. The photos are those of $TWILL_PHOTOS, or the catalogue's own drawings.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=env.sh
source .ci/env.sh

weights=public/model
photos="${TWILL_PHOTOS:-../shared/data/clothing}"
[ -d "$photos" ] || photos=public/catalogue/images

step "search"
"$@" bench
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
