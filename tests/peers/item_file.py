"""A reader of Twill's item file, written from docs/item-file.md alone.

    python item_file.py FILE HEAD    checks the file, whose first HEAD bytes are its head, and prints, as JSON: all items; for each, by
                                     the columns alone, its category, the family of its colour and its attributes; and the row of the
                                     last item, found by its id
"""

import json
import struct
import sys
import zlib
from hashlib import sha256
from pathlib import Path

file = Path(sys.argv[1]).read_bytes()
magic, major, _, page_rows, rows, length, packed, unpacked = struct.unpack_from("<8sHHIQQII", file)
if magic != b"TWILLIT\x1a" or major != 1 or length != len(file) or 64 + packed != int(sys.argv[2]):
    sys.exit("this is no item file that this program can read, or not all of it")
index = zlib.decompress(file[64 : 64 + packed])
pages = -(-rows // page_rows)
table, rest = list(struct.iter_unpack("<II16s", index[: 24 * pages])), index[24 * pages :]
ids_hash, (names_length,) = rest[:16], struct.unpack_from("<I", rest, 16)
names, columns = json.loads(rest[20 : 20 + names_length]), rest[20 + names_length :]
at = 64 + packed
ids = file[at : at + 4 * rows]
if len(index) != unpacked or sha256(ids).digest()[:16] != ids_hash:
    sys.exit("the index or the ids are damaged")
at += 4 * rows

items = []
for size, before, digest in table:
    page = file[at : at + size]
    text = zlib.decompress(page)
    if sha256(page).digest()[:16] != digest or len(text) != before:
        sys.exit("a page is damaged")
    items += json.loads(text)
    at += size


def column(values):
    """The next column's values, None where an item has none of them."""
    global columns
    places, columns = list(columns[:rows]), columns[rows:]
    if len(values) > 255:
        places, columns = [low + 256 * high for low, high in zip(places, columns[:rows])], columns[rows:]
    return [values[place - 1] if place else None for place in places]


told = {"category": column(names["categories"]), "colour": column(names["colours"])}
told |= {attribute["name"]: column(attribute["values"]) for attribute in names["attributes"]}
wanted = sha256(items[-1]["id"].encode()).digest()[:4]
found = [row for row in range(rows) if ids[4 * row : 4 * row + 4] == wanted and items[row]["id"] == items[-1]["id"]]
print(json.dumps({"items": items, "told": told, "last": found}))
