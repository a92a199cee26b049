#!/usr/bin/env bash
# Writes what the site is made of, crate by crate, to dist/sbom.cdx.json (CycloneDX). Called by `make sbom`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=env.sh
source .ci/env.sh
bash .ci/setup.sh rust sbom
have python3 || die "make sbom needs Python 3."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree() { cargo tree --locked --target "$WASM_TARGET" --edges normal --prefix none "$@"; }
tree --package app >"$scratch/page-and-worker"
tree --package graphics --features webgpu >"$scratch/graphics"
cargo sbom --cargo-package app --output-format cyclone_dx_json_1_6 >"$scratch/all.json"
mkdir -p dist
python3 .ci/sbom.py "$scratch/page-and-worker" "$scratch/graphics" <"$scratch/all.json" >"$scratch/site.json"
mv "$scratch/site.json" dist/sbom.cdx.json
say "dist/sbom.cdx.json: $(grep -c '"purl"' dist/sbom.cdx.json) crates"
