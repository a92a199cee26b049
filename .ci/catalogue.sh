#!/usr/bin/env bash
# What Trunk runs after each build. Puts the catalogue in the folder TWILL_CATALOGUE, where that is given, in place of
# the shipped one, for `make serve CATALOGUE=clothing`; and leaves out what only the trainer reads.
set -euo pipefail
catalogue=$TRUNK_STAGING_DIR/catalogue
if [ -n "${TWILL_CATALOGUE:-}" ]; then
    [ -f "$TWILL_CATALOGUE/catalogue.json" ] || {
        printf 'error: there is no catalogue in %s\n' "$TWILL_CATALOGUE" >&2
        exit 1
    }
    rm -rf "$catalogue"
    cp -R "$TWILL_CATALOGUE" "$catalogue"
fi
rm -f "$catalogue"/state-*.jsonl "$catalogue"/.index-journal
