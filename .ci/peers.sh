#!/usr/bin/env bash
# Prints the path of a Python that has what tests/peers/search-requirements.txt names, and installs that into $TWILL_CACHE first where
# need be. Where it cannot be had it fails, and prints why instead.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv="${TWILL_CACHE:-$HOME/.cache/twill}/peers"
wanted=tests/peers/search-requirements.txt
if ! cmp -s "$wanted" "$venv/installed.txt"; then
    if ! command -v python3 >/dev/null 2>&1; then
        echo "there is no Python 3"
        exit 1
    fi
    if ! said=$(python3 -m venv "$venv" 2>&1 && "$venv/bin/pip" install --quiet --only-binary :all: -r "$wanted" 2>&1); then
        tail -1 <<<"$said"
        exit 1
    fi
    cp "$wanted" "$venv/installed.txt"
fi
echo "$venv/bin/python"
