#!/usr/bin/env bash
# Fuzzing, led by coverage, and the search kernels under AddressSanitizer and in Miri: what needs a nightly compiler, and is therefore no part of `make test`.
#
#     bash .ci/fuzz.sh                        # everything, MINUTES (20) for each target of tests/fuzz
#     MINUTES=1 bash .ci/fuzz.sh photo items  # these targets
#     bash .ci/fuzz.sh kernels                # the kernels alone
#     bash .ci/fuzz.sh miri                   # the same in an interpreter that checks every access; minutes
#     bash .ci/fuzz.sh minimise photo         # a corpus of SHORT (400) bytes an input, from what fuzzing has found
#
# A target starts from its seeds, from tests/corpus/TARGET, and from what earlier runs found (tests/fuzz/corpus, which git ignores). What
# it finds wrong ends the run, and the input lies in tests/fuzz/artifacts: mend it, and keep the input as a test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=env.sh
source .ci/env.sh

TARGETS=(feature-file photo large-photo weights wardrobe model catalogue items item-pages vectors arrow parquet csv metadata
    deepfashion recipe)
MINUTES=${MINUTES:-20}
FUZZ_VERSION=0.13.2
# Longer inputs show nothing that shorter ones do not.
LONGEST=65536
# A sanitizer keeps what was freed for a while, which counts as memory that is used.
export ASAN_OPTIONS="quarantine_size_mb=16${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export TWILL_SEEDS=$PWD/tests/fuzz/corpus

rustc +nightly --version >/dev/null 2>&1 || die "a nightly compiler is missing: rustup toolchain install nightly --profile minimal"
cargo fuzz --version >/dev/null 2>&1 || {
    step "compiling cargo-fuzz $FUZZ_VERSION (once; it stays in $TWILL_CACHE/tools)"
    CARGO_TARGET_DIR="$TWILL_CACHE/tools-target" RUSTUP_TOOLCHAIN=nightly \
        cargo install --quiet --locked --root "$TWILL_CACHE/tools" --version "$FUZZ_VERSION" cargo-fuzz
}

MIRI_COMES_BY="rustup component add --toolchain nightly miri rust-src"
has_miri() { cargo +nightly miri --version >/dev/null 2>&1; }

fuzz() {
    local action=$1
    shift
    cargo +nightly fuzz "$action" --fuzz-dir tests/fuzz --target-dir "$CARGO_TARGET_DIR/fuzz" "$@"
}

# Megabytes that a target may ask for at once. How much all of it may be follows from the input (tests/src/fuzz/readers.rs).
at_once() {
    case $1 in
        photo | large-photo) say 128 ;;
        *) say 64 ;;
    esac
}

# Seconds for one input: decoders that are watched take many times as long as those that are not.
patience() {
    case $1 in
        large-photo) say 20 ;;
        photo) say 5 ;;
        *) say 2 ;;
    esac
}

run_target() {
    local target=$1 words=tests/fuzz/corpus/$1.dict
    step "$target, $MINUTES minutes"
    mkdir -p "tests/fuzz/corpus/$target"
    fuzz build "$target"
    # Writes seeds and dictionary, so that the latter is there when the options are read.
    fuzz run "$target" "tests/fuzz/corpus/$target" -- -runs=0 >/dev/null 2>&1
    fuzz run "$target" "tests/fuzz/corpus/$target" -- "-dict=$words" "-max_total_time=$((MINUTES * 60))" \
        "-max_len=$LONGEST" "-timeout=$(patience "$target")" -rss_limit_mb=600 "-malloc_limit_mb=$(at_once "$target")" -print_final_stats=1
}

# All that has to do with the kernels, the only `unsafe` code there is.
run_kernels() {
    step "search and feature files under AddressSanitizer"
    RUSTFLAGS="-Zsanitizer=address -Cdebug-assertions" cargo +nightly test --locked --release -p model --lib \
        --target x86_64-unknown-linux-gnu --target-dir "$CARGO_TARGET_DIR/sanitized" -- search:: feature_file::
}

# The kernels' own tests once more, where every access to memory is checked: portable Rust, and
# AVX2 and AVX-512, of which Miri has to be told.
run_miri() {
    has_miri || die "Miri is missing: $MIRI_COMES_BY"
    local features
    for features in "" "-Ctarget-feature=+avx2,+avx512f,+avx512bw,+avx512vnni"; do
        step "search kernels in Miri, ${features:-portable Rust}"
        RUSTFLAGS=$features CARGO_TARGET_DIR="$CARGO_TARGET_DIR/miri" \
            cargo +nightly miri test --locked -p model --lib search::edges
    done
}

# A corpus made small enough to be kept with the sources: every piece of code that a short input reaches, once.
minimise() {
    local target small
    for target; do
        small=tests/fuzz/corpus/$target-small
        rm -rf "$small" && mkdir -p "$small"
        step "$target, from tests/fuzz/corpus/$target into $small"
        fuzz run "$target" "$small" "tests/fuzz/corpus/$target" -- -set_cover_merge=1 -use_counters=0 -use_cmp=0 "-max_len=${SHORT:-400}"
    done
}

if [ "${1:-}" = minimise ]; then
    shift
    minimise "$@"
    exit
fi
if [ $# -eq 0 ]; then
    set -- kernels miri "${TARGETS[@]}"
    if ! has_miri; then
        say "Miri is missing, so the kernels do not run in it: $MIRI_COMES_BY"
        set -- kernels "${TARGETS[@]}"
    fi
fi
for name; do
    case $name in
        kernels) run_kernels ;;
        miri) run_miri ;;
        *) run_target "$name" ;;
    esac
done
