"""A reader of Twill's feature file, written from docs/feature-file.md alone.

    python feature_file.py FILE ROW K    prints the K items most similar to item ROW, as JSON: [[item, similarity], ...]
"""

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
    if (2, 2) not in sections or (3, 1) not in sections:
        return vectors, None, None

    (codes, all_blocks), (blocks, digest) = sections[2, 2], sections[3, 1]
    if sha256(blocks).digest() != digest:
        sys.exit("the table of blocks is damaged")
    block_rows, groups, lines = int.from_bytes(blocks[:4], "little"), -(-rows // 16), -(-values // 4)
    entry = np.dtype([("hash", "V32"), ("residual", "<f4"), ("zero", "V28"), ("scale", "<f4", (2, values))])
    blocks = np.frombuffer(blocks[64:], entry)
    size = block_rows // 16 * lines * 64
    hashes = [sha256(codes[at : at + size]).digest() for at in range(0, len(codes), size)]
    if hashes != [block.tobytes() for block in blocks["hash"]] or sha256(b"".join(hashes)).digest() != all_blocks:
        sys.exit("the codes are damaged")
    if (4, 1) in sections:
        size = 2 * values * block_rows
        if sections[4, 1][0] != b"".join(sha256(data[at : at + size]).digest() for at in range(0, len(data), size)):
            sys.exit("the hashes of blocks of vectors are not theirs")
    codes = np.frombuffer(codes, np.uint8).reshape(groups, lines, 16, 4).transpose(0, 2, 1, 3)
    codes = codes.reshape(groups * 16, lines * 4)[:rows, :values].astype(np.float64)
    block = np.arange(rows) // block_rows
    offset, step = blocks["scale"][block, 0], blocks["scale"][block, 1]
    return vectors, offset + step * codes, blocks["residual"][block]


vectors, meant, residual = read(sys.argv[1])
row, k = int(sys.argv[2]), int(sys.argv[3])
scores = vectors @ vectors[row]
if meant is not None:
    if (np.linalg.norm(vectors - meant, axis=1) > residual * (1 + 1e-6)).any():
        sys.exit("codes are farther from their vectors than their block says")
best = np.argsort(-scores, kind="stable")[:k]
print(json.dumps([[int(item), float(scores[item])] for item in best]))
