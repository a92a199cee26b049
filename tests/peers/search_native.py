"""Search against FAISS, USearch and turbovec: one thread, one query at a time, everything in memory.

    python search_native.py --trainer PATH [--rows N] [--dimension N] [-k N] [--rounds N] [--vectors NPY --queries NPY]

Draws unit vectors in clusters and queries near them, or takes given ones, has `trainer bench` search them, then each peer, and the trainer once more, so that a
machine that got slower or faster meanwhile shows. Times are medians over the queries, recall is that of the true k best
by single-precision products. A peer that is not installed is named with the reason.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--trainer", required=True)
parser.add_argument("--rows", type=int, default=1_000_000)
parser.add_argument("--dimension", type=int, default=64)
parser.add_argument("-k", type=int, default=10)
parser.add_argument("--rounds", type=int, default=21)
parser.add_argument("--vectors", help="search these in place of drawn ones: a .npy file with a row of length 1 an item")
parser.add_argument("--queries", help="what to search them with: a .npy file with as many rows as there are rounds, or more")
flags = parser.parse_args()
rows, dimension, k = flags.rows, flags.dimension, flags.k


def unit(x):
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


# A hundred items a cluster, at an angle of about 35 degrees from its centre, as `trainer bench` draws them.
chance = np.random.default_rng(1)
if flags.vectors:
    items, queries = (np.load(path).astype(np.float32) for path in (flags.vectors, flags.queries))
    rows, dimension = items.shape
    queries = np.ascontiguousarray(queries[: flags.rounds])
else:
    centres = unit(chance.standard_normal((-(-rows // 100), dimension)))
    items = unit(centres[chance.integers(len(centres), size=rows)] + 0.7 * unit(chance.standard_normal((rows, dimension))))
    near = items[chance.integers(rows, size=flags.rounds)]
    queries = unit(near + 0.7 * unit(chance.standard_normal(near.shape)))
truth = [set(np.argpartition(-(items @ query), k)[:k].tolist()) for query in queries]


def trainer():
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder, f"{name}.npy") for name in ("vectors", "queries")}
        np.save(files["vectors"], items)
        np.save(files["queries"], queries)
        command = [flags.trainer, "bench", "few", "--json", "-k", str(k), "--rounds", str(len(queries))]
        # As many vectors as FAISS compares after its first pass.
        command += ["--rows", "1", "--depths", str(10 * k)]
        command += [word for name, path in files.items() for word in (f"--{name}", str(path))]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def timed(search):
    """Median milliseconds of a search, and recall. The first query is asked once more before the clock runs."""
    search(queries[0])
    times, found = [], 0
    for query, best in zip(queries, truth):
        start = time.perf_counter()
        answer = search(query)
        times.append((time.perf_counter() - start) * 1e3)
        found += len(best.intersection(int(row) for row in answer))
    return float(np.median(times)), found / (k * len(queries))


def faiss_index(factory, **parameters):
    def build():
        import faiss

        faiss.omp_set_num_threads(1)
        index = faiss.index_factory(dimension, factory, faiss.METRIC_INNER_PRODUCT)
        index.train(items[:200_000])
        index.add(items)
        for name, value in parameters.items():
            setattr(index, name, value)
        return lambda query: index.search(query[None], k)[1][0]

    return build


def usearch():
    from usearch.index import MetricKind, search

    codes = np.round(items * 127).astype(np.int8)
    asked = lambda query: np.round(query * 127).astype(np.int8)
    return lambda query: search(codes, asked(query), k, MetricKind.IP, exact=True, threads=1).keys


def turbovec():
    from turbovec import TurboQuantIndex

    index = TurboQuantIndex(dimension, 4)
    index.add(items)
    return lambda query: index.search(query[None], k)[1][0]


# Half as many parts of four bits as there are values.
parts = f"PQ{dimension // 2}x4fs"
peers = {
    "FAISS IndexFlatIP": faiss_index("Flat"),
    "FAISS SQ8": faiss_index("SQ8"),
    f"FAISS {parts}, refined": faiss_index(f"{parts},RFlat", k_factor=10),
    "USearch, exact, int8": usearch,
    "turbovec, 4 bits": turbovec,
}
first = trainer()
results, left_out = [], []
for name, build in peers.items():
    try:
        results.append((name, *timed(build())))
    except ImportError as error:
        left_out.append(f"{name} is left out: {error}")
again = trainer()

# What the fastest kernel, which is the first one, does in each way.
ways = [("pure read of codes of seven bits", "", "pure read of the codes")]
ways += [("seven bits, ", end, end.strip(", ")) for end in (", codes alone", ", proven")]
ways += [(f"{bits} bits, ", " vectors compared", f"approximate, {bits} bits, then {10 * k} vectors") for bits in (4, 2)]
ours = []
for start, end, shown in ways:
    is_it = lambda way: way["name"].startswith(start) and way["name"].endswith(end)
    both = [next(way for way in report["ways"] if is_it(way)) for report in (first, again)]
    ours.append((shown, (both[0]["ms"] + both[1]["ms"]) / 2, both[0]["recall"]))
    print(f"Twill, {shown}: {both[0]['ms']:.3f} ms before the peers, {both[1]['ms']:.3f} ms after them")
proven = ours[2][1]
print(f"\n{rows} items of {dimension} values, {k} best, one thread, medians of {len(queries)} queries\n")
print("| | ms | times Twill's proven answer | recall |\n|---|---:|---:|---:|")
for name, ms, recall in [(f"Twill, {name}", ms, recall) for name, ms, recall in ours] + results:
    print(f"| {name} | {ms:.3f} | {ms / proven:.2f} | {'' if recall is None else f'{recall:.4f}'} |")
for reason in left_out:
    print(reason)
