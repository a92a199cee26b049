#!/usr/bin/env python3
"""Leaves in a bill of materials (CycloneDX, standard input) what stands in the site, and writes it to standard output.

`sbom.py TREE...`: files with what `cargo tree --prefix none` says of each program of the site. cargo-sbom knows no target: of a workspace
it lists whatever any member may need on any machine.
"""

import json
import re
import sys


def main():
    wanted = set()
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8") as tree:
            wanted |= {match.groups() for match in map(re.compile(r"^(\S+) v(\S+)").match, tree) if match}
    bill = json.load(sys.stdin)
    kept = [part for part in bill["components"] if (part["name"], part["version"]) in wanted]
    missing = wanted - {(part["name"], part["version"]) for part in kept}
    root = bill["metadata"].get("component", {}).get("name")
    missing = {name for name, _ in missing} - {root}
    if missing:
        sys.exit(f"sbom.py: the bill does not list {', '.join(sorted(missing))}")
    there = {part["bom-ref"] for part in kept} | {bill["metadata"].get("component", {}).get("bom-ref")}
    bill["components"] = sorted(kept, key=lambda part: (part["name"], part["version"]))
    bill["dependencies"] = [
        {**entry, "dependsOn": [ref for ref in entry.get("dependsOn", []) if ref in there]}
        for entry in bill.get("dependencies", [])
        if entry["ref"] in there
    ]
    json.dump(bill, sys.stdout, indent=1, ensure_ascii=False)


main()
