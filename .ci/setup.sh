#!/usr/bin/env bash
# Installs what is missing, and only that: `.ci/setup.sh serve` for building and serving the page, `.ci/setup.sh test`
# for everything `make test` runs, or any of the tools below by name (`get_trunk` is `.ci/setup.sh trunk`). A second run takes a second.
#
# Debian's packages come from apt-get (through sudo where the caller is not root); cargo's tools are compiled from
# crates.io into $TWILL_CACHE/tools. Elsewhere than on Debian each function says what has to be there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=env.sh
source .ci/env.sh

TRUNK_VERSION=0.21.14
NEXTEST_VERSION=0.9.151
DENY_VERSION=0.20.2
SBOM_VERSION=0.10.0
GECKODRIVER_VERSION=0.37.1
AXE_VERSION=4.14.1
AXE_SHA256=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c

# ---------------------------------------------------------------------------------------------------- helpers

# apt_install REASON PACKAGE...
apt_install() {
    local reason=$1
    shift
    have apt-get || die "$reason is missing. Install it with your system's package manager (on Debian: $*)."
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        have sudo || die "$reason is missing, and installing it needs root: apt-get install $*"
        root=(sudo)
    fi
    step "installing $reason: $*"
    # The package lists are fetched once for the whole run.
    if [ -z "${APT_UPDATED:-}" ]; then
        "${root[@]}" apt-get update -qq </dev/null || say "the package lists could not be refreshed; trying with the old ones"
        APT_UPDATED=1
    fi
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" </dev/null >"$TWILL_CACHE/apt.log" 2>&1 || {
        tail -20 "$TWILL_CACHE/apt.log" >&2
        die "apt-get could not install $*. Install $reason by hand, then run this again."
    }
}

# cargo_install BINARY CRATE VERSION [cargo install's flags...]: the exact version, unless it is there already.
cargo_install() {
    local binary=$1 crate=$2 version=$3
    shift 3
    if [[ "$($binary --version 2>/dev/null || true)" == *" $version"* ]]; then return 0; fi
    step "compiling $crate $version (once; it stays in $TWILL_CACHE/tools)"
    # A target directory of its own: these are other packages, with other lock files. They run for seconds and compile
    # for minutes, so their own costly release settings (link-time optimisation and the like) are not worth it.
    CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        CARGO_TARGET_DIR="$TWILL_CACHE/tools-target" RUSTUP_TOOLCHAIN="$RUST_VERSION" \
        cargo install --quiet --root "$TWILL_CACHE/tools" --version "$version" "$@" "$crate" </dev/null ||
        die "$crate $version could not be built. The reason stands above; it needs crates.io or a mirror of it."
}

# Any version serves: take the one on the PATH, else compile the one we know.
cargo_install_any() {
    have "$1" || cargo_install "$@"
}

# What tests can do without: where it cannot be had, those that want it say so and pass.
optional() {
    local what=$1
    shift
    # A failure ends this subshell alone.
    ("$@") || say "note: $what cannot be had here; tests that want it will be skipped"
}

# ------------------------------------------------------------------------------------------- one function a tool

get_rust() {
    have cargo && have rustup || die "Rust is missing. Get rustup from https://rustup.rs, then run this again."
    if ! rustup run "$RUST_VERSION" rustc --version >/dev/null 2>&1; then
        step "installing Rust $RUST_VERSION"
        rustup toolchain install "$RUST_VERSION" --profile minimal -c clippy,rustfmt -t "$WASM_TARGET" ||
            die "Rust $RUST_VERSION could not be installed with rustup."
    fi
    local installed
    installed=$(rustup target list --installed --toolchain "$RUST_VERSION")
    if ! grep -qx "$WASM_TARGET" <<<"$installed"; then
        step "adding the wasm target"
        rustup target add --toolchain "$RUST_VERSION" "$WASM_TARGET" ||
            die "rustup could not add $WASM_TARGET to Rust $RUST_VERSION."
    fi
    installed=$(rustup component list --installed --toolchain "$RUST_VERSION")
    local component
    for component in clippy rustfmt; do
        grep -q "^$component" <<<"$installed" || rustup component add --toolchain "$RUST_VERSION" "$component"
    done
}

get_make() { have make || apt_install "make" make; }

# The C compiler that links what cargo builds.
get_cc_linker() { have cc || apt_install "a C compiler" build-essential; }

# Without its check for updates.
get_trunk() { cargo_install trunk trunk "$TRUNK_VERSION" --locked --no-default-features --features rustls; }

# The tool and the library speak a private protocol: the versions must be the same. Not `--locked`: the lock file
# published with it names a crate version that was withdrawn.
get_wasm_bindgen() {
    local version
    version=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print; exit }' Cargo.lock)
    [ -n "$version" ] || die "Cargo.lock names no wasm-bindgen version."
    cargo_install wasm-bindgen wasm-bindgen-cli "$version"
}

get_nextest() { cargo_install_any cargo-nextest cargo-nextest "$NEXTEST_VERSION" --locked --no-default-features --features default-no-update; }

get_deny() { cargo_install_any cargo-deny cargo-deny "$DENY_VERSION" --locked; }

get_sbom() { cargo_install cargo-sbom cargo-sbom "$SBOM_VERSION" --locked; }

get_browser() {
    have chromedriver && { have chromium || have google-chrome; } || apt_install "Chromium and its driver" chromium chromium-driver
}

# The main journeys run in these as well.
get_firefox() { optional "Firefox" install_firefox; }
get_webkit() { optional "WebKitGTK" install_webkit; }

install_firefox() {
    have firefox-esr || have firefox || apt_install "Firefox" firefox-esr
    cargo_install_any geckodriver geckodriver "$GECKODRIVER_VERSION" --locked
}

# Its small browser, and a screen for it that nobody sees.
install_webkit() { { have WebKitWebDriver && have Xvfb; } || apt_install "WebKitGTK and its driver" webkit2gtk-driver xvfb; }

# axe-core, which tests put into the page: one file of the package, unchanged. No script of the package runs.
get_axe() { optional "axe-core" install_axe; }

install_axe() {
    local folder="$TWILL_CACHE/tools/axe-core" scratch
    if sha256sum --check --status <<<"$AXE_SHA256  $folder/axe.min.js" 2>/dev/null; then return 0; fi
    have npm || die "npm is missing, with which axe-core is fetched."
    step "fetching axe-core $AXE_VERSION"
    scratch=$(mktemp -d)
    (cd "$scratch" && npm pack --silent --ignore-scripts "axe-core@$AXE_VERSION" </dev/null >/dev/null && tar -xzf axe-core-*.tgz) ||
        die "npm could not fetch axe-core $AXE_VERSION."
    sha256sum --check --status <<<"$AXE_SHA256  $scratch/package/axe.min.js" || die "axe-core is not what it should be."
    mkdir -p "$folder"
    mv "$scratch/package/axe.min.js" "$folder/axe.min.js"
    rm -r "$scratch"
}

# A software Vulkan for the native WebGPU backend, where no graphics card offers one.
get_vulkan() {
    compgen -G '/usr/share/vulkan/icd.d/*.json' >/dev/null || compgen -G '/etc/vulkan/icd.d/*.json' >/dev/null ||
        apt_install "a Vulkan driver" mesa-vulkan-drivers
}

get_brotli() { have brotli || apt_install "brotli" brotli; }

# PyTorch for the independent re-implementation of the network. Debian's build for the CPU is a tenth of PyPI's, which
# carries CUDA; the latter serves where apt-get does not.
get_torch() {
    local python
    python=$(.ci/python.sh) && return 0
    if have apt-get; then
        apt_install "PyTorch" python3-torch python3-numpy
    else
        step "installing PyTorch into $TWILL_CACHE/venv"
        have python3 || die "Python 3 is missing; the check against PyTorch needs it."
        python3 -m venv "$TWILL_CACHE/venv"
        "$TWILL_CACHE/venv/bin/pip" install --quiet torch numpy
    fi
    python=$(.ci/python.sh) || die "PyTorch was installed, but no Python here imports it."
}

# ------------------------------------------------------------------------------------------------------ groups

get_serve() {
    get_rust
    get_cc_linker
    get_trunk
    get_wasm_bindgen
}

get_test() {
    get_serve
    get_nextest
    get_deny
    get_browser
    get_firefox
    get_webkit
    get_axe
    get_vulkan
    get_brotli
    get_torch
}

mkdir -p "$TWILL_CACHE"
[ $# -gt 0 ] || set -- test
for tool in "$@"; do
    declare -F "get_$tool" >/dev/null || die "setup knows no '$tool'"
    "get_$tool"
done
