# shellcheck shell=bash
# Sourced by the scripts beside it and mirrored at the top of the Makefile: where tools, virtual environments and
# build products go. Nothing is written into the checkout but `dist/`, so that a later run from another clean
# checkout finds everything already built.

export TWILL_CACHE="${TWILL_CACHE:-$HOME/.cache/twill}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$TWILL_CACHE/target}"
export PATH="$TWILL_CACHE/tools/bin:${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"

# The compiler that rust-toolchain.toml names, whatever directory a tool is installed from.
RUST_VERSION=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' "${BASH_SOURCE[0]%/*}/../rust-toolchain.toml")
export RUST_VERSION
WASM_TARGET=wasm32-unknown-unknown

say() { printf '%s\n' "$*"; }
step() { printf '\n==> %s\n' "$*"; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }
