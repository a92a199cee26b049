"""A reader of Twill's feature file, written from docs/feature-file.md alone.

    python feature_file.py FILE ROW K    prints the K items most similar to item ROW, as JSON: [[item, score], ...]"""

import json
import struct
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np


def check(is_fine, otherwise):
    if not is_fine:
        sys.exit(otherwise)


def hashes(data, size):
    return b"".join(sha256(data[at : at + size]).digest() for at in range(0, len(data), size))


def read(path):
    """Vectors, what the codes stand for (None in a file without codes), and each row's residual bound; all checked."""
    file = Path(path).read_bytes()
    magic, major, _, count, required, _, length, rows, values = struct.unpack_from("<8sHHIQQQQI", file)
    check((magic, major, required, length) == (b"TWILLFF\x1a", 1, 0, len(file)), "this is no whole file of version 1")
    table = file[128 : 128 + 64 * count]
    check(sha256(file[:120] + table).digest()[:8] == file[120:128], "the header is damaged")
    sections = {}
    for kind, codec, offset, size, digest in struct.iter_unpack("<IIQQ32s8x", table):
        sections[kind, codec] = file[offset : offset + size], digest

    data, digest = sections[1, 1]
    check(sha256(data).digest() == digest, "the vectors are damaged")
    vectors = np.frombuffer(data, "<f2").astype(np.float32).reshape(rows, values)
    codec = next((pair for pair in ((3, 2), (2, 1)) if {(2, pair[0]), (3, pair[1])} <= sections.keys()), None)
    if codec is None:
        return vectors, None, None

    (codes, all_blocks), (blocks, digest) = sections[2, codec[0]], sections[3, codec[1]]
    check(sha256(blocks).digest() == digest, "the table of blocks is damaged")
    block_rows, components = struct.unpack_from("<II", blocks)
    width, axes = components or values, -(-components * (4 * values + 1) // 64) * 64
    entry = np.dtype([("hash", "V32"), ("residual", "<f4"), ("zero", "V28"), ("scale", "<f4", (2, values))])
    blocks, lines = np.frombuffer(blocks[64:], entry), -(-width // 4)
    size = axes + block_rows // 16 * (lines * 64 + 256 * bool(components))
    stated = b"".join(block.tobytes() for block in blocks["hash"])
    check(hashes(codes, size) == stated and sha256(stated).digest() == all_blocks, "the codes are damaged")
    if (4, 1) in sections:
        check(sections[4, 1][0] == hashes(data, 2 * values * block_rows), "hashes of blocks of vectors are not theirs")
    meant = [np.zeros((0, values))]
    for index, block in enumerate(blocks):
        part, some = codes[index * size : (index + 1) * size], min(block_rows, rows - index * block_rows)
        end = axes + -(-some // 16) * lines * 64
        code = np.frombuffer(part[axes:end], np.uint8).reshape(-1, lines, 16, 4).transpose(0, 2, 1, 3)
        code = code.reshape(-1, lines * 4)[:some, :width].astype(np.float64)
        if components:
            axis = np.frombuffer(part, "<f4", components * values).reshape(components, values)
            ends = np.cumsum(np.frombuffer(part, np.uint8, components, 4 * axis.size))
            finer = np.unpackbits(np.frombuffer(part, np.uint8, some * 16, end).reshape(some, 16), 1, None, "little")
            for component, bits in enumerate(np.split(finer, ends, 1)[:-1]):
                code[:, component] += bits @ 2.0 ** np.arange(-bits.shape[1], 0)
        moved = block["scale"][1, :width] * code
        meant.append(block["scale"][0] + (moved @ axis if components else moved))
    return vectors, np.concatenate(meant), np.repeat(blocks["residual"], block_rows)[:rows]


vectors, meant, residual = read(sys.argv[1])
scores = vectors @ vectors[int(sys.argv[2])]
is_near = meant is None or (np.linalg.norm(vectors - meant, axis=1) <= residual * (1 + 1e-6)).all()
check(is_near, "codes are farther from their vectors than their block says")
best = np.argsort(-scores, kind="stable")[: int(sys.argv[3])]
print(json.dumps([[int(item), float(scores[item])] for item in best]))
