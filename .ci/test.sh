#!/usr/bin/env bash
# What `make test` runs: every step in order, or those named as arguments. A step that fails ends the run; a step (or
# a test) that cannot run says why. At the end stands what each step took.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=env.sh
source .ci/env.sh

# The native packages are always named together: cargo then unifies their features to one set, and Burn is compiled
# once. For the same reason there is one native profile. Tests run on the CPU backend, where they are exact; the GPU
# backend's own ten minutes of code generation are spent once, for the page's worker.
PACKAGES=(-p model -p trainer -p e2e)
NATIVE=(--locked --release --no-default-features "${PACKAGES[@]}")
# The page is built by itself: with the others it would get the trainer's features. Page and worker do without Burn; the program
# for the graphics card is built with the feature `webgpu`, and linted and tested along with what it shares with them.
WASM=(--locked --profile dist -p app --target "$WASM_TARGET")
NEXTEST=(cargo nextest run "${NATIVE[@]}" --no-fail-fast)
# Of each wasm file, as brotli.
PAGE_BUDGET_KB=250      # it has to paint at once; with all of its scripts and styles, too, where a host has compressed them ahead
WORKER_BUDGET_KB=520    # the network on the processor, decoding, searching, the wardrobe: all that comes before the first result
GRAPHICS_BUDGET_KB=1000 # the network on the graphics card, fetched beside it where there is one

STEPS=(tools format lint_native lint_wasm licences unit docs peers page worker journeys wgpu)

# ------------------------------------------------------------------------------------------------- what each does

run_tools() { bash .ci/setup.sh test; }

run_format() { cargo fmt --all --check; }

run_lint_native() { cargo clippy "${NATIVE[@]}" --all-targets -- -D warnings; }

run_lint_wasm() {
    # A second configuration forbids what a browser does not have: files, threads, clocks.
    CLIPPY_CONF_DIR=.ci/clippy-wasm cargo clippy "${WASM[@]}" -p graphics --lib --bins --examples --features app/browser-tests,graphics/webgpu \
        -- -D warnings
    # The search kernel that is a module of its own is what its source compiles to.
    bash model/relaxed/build.sh "$TWILL_CACHE/kernel.wasm"
    cmp model/relaxed/kernel.wasm "$TWILL_CACHE/kernel.wasm" || die "model/relaxed/kernel.wasm is not up to date: run model/relaxed/build.sh"
    # What comes before the first result is small because Burn is not even among its dependencies.
    local tree=(cargo tree --locked -p app --target "$WASM_TARGET" -e normal,no-proc-macro --prefix none)
    if "${tree[@]}" | grep -E '^(burn|cubecl|wgpu)'; then
        die "Burn slipped into the page's or its worker's dependencies."
    fi
    if "${tree[@]}" -p graphics --features graphics/webgpu -i wgpu-hal 2>/dev/null | grep -q vulkan; then
        die "a native graphics driver slipped into the page's dependencies."
    fi
}

run_licences() {
    local checks=(licenses bans sources) database
    # The advisory database is a git repository: it is fetched where that can be done.
    if database=$(cargo deny --locked fetch db 2>&1); then
        checks+=(advisories)
    else
        say "advisories are not checked: their database could not be fetched ($(tail -1 <<<"$database"))"
    fi
    cargo deny --locked check "${checks[@]}"
}

run_unit() { "${NEXTEST[@]}" -E 'not binary(journeys)'; }

run_docs() { cargo test "${NATIVE[@]}" --doc; }

run_peers() { TWILL_PYTHON=$(.ci/python.sh) "${NEXTEST[@]}" -E 'binary(journeys) and test(/^peers::/)'; }

run_page() {
    local build=(trunk build --release --cargo-profile page --locked)
    NO_COLOR=true "${build[@]}"
    serves
    # Serving leaves its own reloading script in dist/.
    NO_COLOR=true "${build[@]}"
    sizes
}

run_worker() {
    # The page's and the worker's own tests run inside a browser; wasm-bindgen's runner drives it.
    cargo build "${WASM[@]}" --features browser-tests --example browser_tests
    WASM_BINDGEN_TEST_TIMEOUT=240 CHROMEDRIVER=$(command -v chromedriver) \
        wasm-bindgen-test-runner "$CARGO_TARGET_DIR/$WASM_TARGET/dist/examples/browser_tests.wasm"
}

run_journeys() { "${NEXTEST[@]}" -E 'binary(journeys) and not test(/^peers::/)'; }

# A training step on a graphics card's backend: Burn is compiled once more for it, which takes ten minutes the first time.
run_wgpu() {
    cargo test --locked --release --no-default-features -p trainer --features wgpu --lib wgpu_tests
}

# `make serve` answers with the page.
serves() {
    local port=8137 log="$TWILL_CACHE/serve.log" server answer="" _
    # A process group of its own, so that make, Trunk and cargo end together.
    setsid make serve PORT=$port >"$log" 2>&1 &
    server=$!
    for _ in $(seq 300); do
        sleep 1
        answer=$( (exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && cat <&3) 2>/dev/null || true)
        [[ "$answer" != *"<title>Twill"* ]] || break
        kill -0 "$server" 2>/dev/null || break
    done
    kill -- "-$server" 2>/dev/null || true
    [[ "$answer" == *"<title>Twill"* ]] || {
        tail -5 "$log"
        die "make serve does not serve the page."
    }
    say "make serve answers with the page."
}

# Every wasm file of the page, raw and as a server would send it, against its budget; and all that the page is.
sizes() {
    local file raw small budget page=0
    printf '%-44s %12s %12s\n' "file" "raw, KB" "brotli, KB"
    for file in dist/*.wasm; do
        raw=$(($(stat -c %s "$file") / 1000))
        small=$(($(brotli -q 9 -c "$file" | wc -c) / 1000))
        printf '%-44s %12d %12d\n' "${file#dist/}" "$raw" "$small"
        case "${file##*/}" in
            worker*) budget=$WORKER_BUDGET_KB ;;
            graphics*) budget=$GRAPHICS_BUDGET_KB ;;
            *) budget=$PAGE_BUDGET_KB ;;
        esac
        [ "$small" -le "$budget" ] || die "$file is over its budget of $budget KB as brotli."
    done
    for file in dist/index.html dist/app-* dist/*.css dist/{language,start,focus,offline,worker-loader}.js dist/manifest.webmanifest; do
        page=$((page + $(brotli -c "$file" | wc -c)))
    done
    say "The page whole, compressed ahead: $((page / 1000)) KB"
    [ "$page" -le "${PAGE_BUDGET_KB}000" ] || die "the page is over its budget of $PAGE_BUDGET_KB KB as brotli."
}

# ----------------------------------------------------------------------------------------------------- the runner

[ $# -gt 0 ] || set -- "${STEPS[@]}"
summary=""
started=$SECONDS
for name in "$@"; do
    declare -F "run_$name" >/dev/null || die "there is no step '$name'; there are: ${STEPS[*]}"
    step "$name"
    began=$SECONDS
    # Not `run_x || die`: that would switch `set -e` off inside the step.
    trap 'say "step $name failed after $((SECONDS - began)) s"' EXIT
    "run_$name"
    trap - EXIT
    say "step $name: $((SECONDS - began)) s"
    summary+=$(printf '%-14s %5d s' "$name" $((SECONDS - began)))$'\n'
done
step "all steps passed in $((SECONDS - started)) s"
printf '%s' "$summary"
