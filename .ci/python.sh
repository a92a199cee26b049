#!/usr/bin/env bash
# Prints the path of a Python that has PyTorch and NumPy, or fails without a word.
set -euo pipefail
cache="${TWILL_CACHE:-$HOME/.cache/twill}"
for python in "${TWILL_PYTHON:-}" "$cache/venv/bin/python" /usr/bin/python3 python3; do
    [ -n "$python" ] || continue
    if "$python" -c 'import numpy, torch' >/dev/null 2>&1; then
        command -v "$python"
        exit 0
    fi
done
exit 1
