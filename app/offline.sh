#!/usr/bin/env bash
# Trunk's last step (see Trunk.toml), on the finished site: tells the worker's script the size of its program, then writes every file
# with its hash into sw.js, which keeps the site for use without a network. Hashes are cut to 32 hexadecimal digits, twice as many as
# it takes to tell any two files apart.
set -euo pipefail
cd "${TRUNK_STAGING_DIR:?is the folder with the site}"
export LC_ALL=C

if grep -q '\.well-known/trunk/ws' index.html; then
    # `make serve`: Trunk's own script, which reloads the page, stands in it, and the policy would not let it run. sw.js stays
    # without a version, as which it keeps nothing.
    grep -v 'http-equiv="Content-Security-Policy"' index.html >index.html.new
    mv index.html.new index.html
    exit
fi

if command -v sha256sum >/dev/null; then
    sum() { sha256sum "$@"; }
else
    sum() { shasum -a 256 "$@"; }
fi

# The files that `find` finds with these conditions, as rows of JSON: path, hash, bytes.
list() {
    find . -type f "$@" | sort | while IFS= read -r file; do
        [[ "$file" =~ ^[A-Za-z0-9._/-]+$ ]] || {
            echo "offline.sh: $file has a name that cannot be listed" >&2
            exit 1
        }
        printf '%s\0' "$file"
    done >"$scratch/names"
    xargs -0 wc -c <"$scratch/names" | awk '$2 != "total" { print $2, $1 }' | sort >"$scratch/bytes"
    xargs -0 bash -c "$(declare -f sum); sum \"\$@\"" sum <"$scratch/names" | awk '{ print $2, substr($1, 1, 32) }' | sort |
        join - "$scratch/bytes" | awk '{ printf "%s[\"%s\",\"%s\",%d]", (NR > 1 ? ",\n" : ""), substr($1, 3), $2, $3 }'
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# A host may send the worker's program compressed, and name that length: how many bytes come out stands in the script that counts them.
awk -v bytes="$(wc -c <worker_bg.wasm)" '
    /^const WORKER_BYTES = / { printf "const WORKER_BYTES = %d;\n", bytes; next }
    { print }
' worker-loader.js >"$scratch/loader"
mv "$scratch/loader" worker-loader.js
grep -q '^const WORKER_BYTES = [1-9]' worker-loader.js || {
    echo "offline.sh: worker-loader.js has no place for the size of the worker's program" >&2
    exit 1
}
{ printf '['; list -path './catalogue/images/*'; printf ']\n'; } >"$scratch/pictures"
mv "$scratch/pictures" pictures.json
# Of a feature file in several blocks (it has a fourth section, of their hashes, as byte 12 says) the worker keeps each block itself, so that a new version of
# the catalogue is not fetched whole (app/src/worker/kept.rs).
left_out=()
for file in catalogue/features-*.twill catalogue/features-*.twill.1-*; do
    if [ -f "$file" ] && [ "0$(od -An -tu1 -j12 -N1 "$file" | tr -d ' ')" -ge 4 ]; then left_out=(! -path './catalogue/features-*'); fi
done
# Types are for programmers. What other people's pages load is listed: below this folder they are answered from the same version.
{ printf 'const FILES = ['; list ! -path './catalogue/images/*' ! -name sw.js ! -name '*.d.ts' ${left_out[@]+"${left_out[@]}"}; printf '];\n'; } >"$scratch/files"
version=$(sum "$scratch/files" | cut -c 1-16)
awk -v version="$version" -v files="$scratch/files" '
    /^const VERSION = / { printf "const VERSION = \"%s\";\n", version; next }
    /^const FILES = / { while ((getline row < files) > 0) print row; next }
    { print }
' sw.js >"$scratch/sw"
mv "$scratch/sw" sw.js
grep -q "^const VERSION = \"$version\";" sw.js && grep -q '"index.html"' sw.js || {
    echo "offline.sh: sw.js has no place for the list of files" >&2
    exit 1
}
