"""A reader of Twill's feature file, written from docs/feature-file.md alone.

    python feature_file.py FILE ROW K    prints the K items most similar to item ROW, as JSON: [[item, score], ...]"""

import json
import struct
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np


def read(path):
    """Vectors, what the codes stand for (None in a file without codes), and each row's residual bound; all checked."""
    file = Path(path).read_bytes()
    magic, major, _, count, required, _, length, rows, values = struct.unpack_from("<8sHHIQQQQI", file)
    if magic != b"TWILLFF\x1a" or major != 1 or required or length != len(file):
        sys.exit("this is no feature file that this program can read, or not all of it")
    table = file[128 : 128 + 64 * count]
    if sha256(file[:120] + table).digest()[:8] != file[120:128]:
        sys.exit("the header is damaged")
    sections = {}
    for kind, codec, offset, size, digest in struct.iter_unpack("<IIQQ32s8x", table):
        sections[kind, codec] = file[offset : offset + size], digest

    data, digest = sections[1, 1]
    if sha256(data).digest() != digest:
        sys.exit("the vectors are damaged")
    vectors = np.frombuffer(data, "<f2").astype(np.float32).reshape(rows, values)
    codec = next((pair for pair in ((3, 2), (2, 1)) if {(2, pair[0]), (3, pair[1])} <= sections.keys()), None)
    if codec is None:
        return vectors, None, None

    (codes, all_blocks), (blocks, digest) = sections[2, codec[0]], sections[3, codec[1]]
    block_rows, components = struct.unpack_from("<II", blocks)
    width, axes = components or values, -(-components * (4 * values + 1) // 64) * 64
    entry = np.dtype([("hash", "V32"), ("residual", "<f4"), ("zero", "V28"), ("scale", "<f4", (2, values))])
    table, lines = np.frombuffer(blocks[64:], entry), -(-width // 4)
    size = axes + block_rows // 16 * (lines * 64 + 256 * bool(components))
    parts = [codes[at : at + size] for at in range(0, len(codes), size)]
    hashes = [sha256(part).digest() for part in parts]
    of_all = sha256(blocks).digest(), sha256(b"".join(hashes)).digest()
    if hashes != [block.tobytes() for block in table["hash"]] or of_all != (digest, all_blocks):
        sys.exit("the codes are damaged")
    meant = [np.zeros((0, values))]
    for index, (part, block) in enumerate(zip(parts, table)):
        some = min(block_rows, rows - index * block_rows)
        lines_end = axes + -(-some // 16) * lines * 64
        code = np.frombuffer(part[axes:lines_end], np.uint8).reshape(-1, lines, 16, 4).transpose(0, 2, 1, 3)
        code = code.reshape(-1, lines * 4)[:some, :width].astype(np.float64)
        axis = np.eye(values)
        if components:
            axis = np.frombuffer(part, "<f4", components * values).reshape(components, values)
            finer = np.frombuffer(part, np.uint8, some * 16, lines_end).reshape(some, 16)
            ends = np.cumsum(np.frombuffer(part, np.uint8, components, 4 * axis.size))
            for component, bits in enumerate(np.split(np.unpackbits(finer, axis=1, bitorder="little"), ends, 1)[:-1]):
                code[:, component] += bits @ 2.0 ** np.arange(-bits.shape[1], 0)
        meant.append(block["scale"][0] + (block["scale"][1, :width] * code) @ axis)
    return vectors, np.concatenate(meant), np.repeat(table["residual"], block_rows)[:rows]


vectors, meant, residual = read(sys.argv[1])
row, k = int(sys.argv[2]), int(sys.argv[3])
scores = vectors @ vectors[row]
if meant is not None and (np.linalg.norm(vectors - meant, axis=1) > residual * (1 + 1e-6)).any():
    sys.exit("codes are farther from their vectors than their block says")
best = np.argsort(-scores, kind="stable")[:k]
print(json.dumps([[int(item), float(scores[item])] for item in best]))
