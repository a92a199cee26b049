#!/usr/bin/env bash
# Whether the same commit gives the same site, byte for byte: builds it in two clones, in folders with different names, with a target folder
# each ($TWILL_CACHE/target and $TWILL_CACHE/target-again), and compares every file. From nothing that takes as long as two first
# builds of the page. Called by `make reproducible`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=env.sh
source .ci/env.sh
bash .ci/setup.sh serve

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
commit=$(git rev-parse HEAD)
build() { # folder, target folder
    git clone --quiet --no-hardlinks . "$scratch/$1"
    git -C "$scratch/$1" checkout --quiet "$commit"
    step "build $1 of $commit"
    (cd "$scratch/$1" && CARGO_TARGET_DIR="$2" NO_COLOR=true trunk build --release --cargo-profile page --locked)
    (cd "$scratch/$1/dist" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) >"$scratch/$1.sums"
}
build one "$CARGO_TARGET_DIR"
build another-of-them "${TWILL_TARGET_AGAIN:-$TWILL_CACHE/target-again}"
if ! diff "$scratch/one.sums" "$scratch/another-of-them.sums"; then
    echo "The files above differ from build to build." >&2
    exit 1
fi
say "$(wc -l <"$scratch/one.sums") files are the same, byte for byte: $(sha256sum <"$scratch/one.sums" | cut -c 1-16)"
