"""How fast PyTorch and Pillow embed photos on the CPU with the same network: the peer of `trainer bench embed`.

    python embed_torch.py --weights FOLDER --photos FOLDER [--trainer PROGRAM] [--limit 200] [--rounds 3] [--json]

FOLDER of the weights holds model.json and the safetensors file that it names. Every photo is read, decoded, turned upright, fitted
into the network's square and looked at as often as the card says: as a whole, then (mirrored, where the card says so) at
the box that the first look found. Colours and the instance feature are left out, which favours PyTorch. What makes PyTorch quick is used: channels last, batch
norms folded by its own freezing, JPEGs decoded smaller where that leaves enough pixels, batches, and the better of a process a
core with one thread each and one process with a thread a core.

With --trainer, `PROGRAM bench embed` takes its turn in every round, so that whatever else the machine does meets both, and ratios are
printed: over 1 is quicker than PyTorch.

A catalogue is made, too, as `PROGRAM index` makes one, with a process a core: every photo decoded whole, shrunk by Lanczos' filter to 240 x 320, stored as
WebP (quality 75, method 4) and embedded with both looks. The script leaves out what `index` does besides: it embeds the
photo and not its thumbnail as that reads back, hashes nothing, looks for no near-duplicates and colours, and keeps no journal.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from resnet_torch import Weights, forward, read_safetensors

MINIMUM_BOX = 0.05
# The network alone, run again and again: what is measured here, too.
AGAIN = "network, again and again"
# What `index` stores of a photo: largest width and height, quality and effort.
THUMBNAIL = (240, 320)
QUALITY = {"quality": 75, "method": 4}
ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"}


class Network(torch.nn.Module):
    """The network of a card, in single precision, channels last."""

    def __init__(self, card, tensors):
        super().__init__()
        self.shape = card["network"]
        self.names = {name: name.replace(".", "_") for name in tensors}
        for name, tensor in tensors.items():
            tensor = tensor.float()
            if tensor.dim() == 4:
                tensor = tensor.contiguous(memory_format=torch.channels_last)
            self.register_buffer(self.names[name], tensor)

    def forward(self, x):
        weights = Weights({name: getattr(self, own) for name, own in self.names.items()})
        answer = forward(self.shape, weights, x)
        return answer["feature"], answer["category"].softmax(1), answer["boxes"]


class Embedder:
    def __init__(self, folder, threads):
        torch.set_num_threads(threads)
        self.card = json.loads((Path(folder) / "model.json").read_text())
        self.eager = Network(self.card, read_safetensors(Path(folder) / self.card["weights"]["file"])).eval()
        self.size = self.card["preprocess"]["size"]
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            traced = torch.jit.freeze(torch.jit.trace(self.eager, self.batch([np.zeros((3, self.size, self.size))])))
            self.frozen = torch.jit.optimize_for_inference(traced)

    @staticmethod
    def batch(inputs):
        values = torch.from_numpy(np.ascontiguousarray(np.stack(inputs), dtype=np.float32))
        return values.contiguous(memory_format=torch.channels_last)

    def load(self, path):
        photo = Image.open(path)
        # The second look is at a part: it should find twice the pixels that the first needs.
        photo.draft("RGB", (2 * self.size, 2 * self.size))
        return ImageOps.exif_transpose(photo).convert("RGB")

    def frame(self, photo, box):
        width, height = (box[2] - box[0]) * photo.width, (box[3] - box[1]) * photo.height
        if self.card["preprocess"]["fit"] == "squash":
            return 0, 0, self.size, self.size
        scale = self.size / max(width, height)
        fitted = [min(max(round(side * scale), 1), self.size) for side in (width, height)]
        return (self.size - fitted[0]) // 2, (self.size - fitted[1]) // 2, *fitted

    def tensor(self, photo, box):
        left, top, width, height = self.frame(photo, box)
        corners = (box[0] * photo.width, box[1] * photo.height, box[2] * photo.width, box[3] * photo.height)
        pixels = np.asarray(photo.resize((width, height), Image.Resampling.BILINEAR, corners), dtype=np.float32)
        constants = self.card["preprocess"]
        if constants["order"] == "bgr":
            pixels = pixels[:, :, ::-1]
        square = np.zeros((3, self.size, self.size), dtype=np.float32)
        scaled = (pixels - np.float32(constants["mean"])) / np.float32(constants["std"])
        square[:, top : top + height, left : left + width] = scaled.transpose(2, 0, 1)
        return square

    def garment(self, photo, box, corners):
        """The box in the photo that the network's answer for a crop means."""
        left, top, width, height = (side / self.size for side in self.frame(photo, box))
        x1, y1, x2, y2 = corners
        spans = []
        for low, high in (((x1 - left) / width, (x2 - left) / width), ((y1 - top) / height, (y2 - top) / height)):
            low, high = (min(max(side, 0.0), 1.0) for side in (min(low, high), max(low, high)))
            if high - low < MINIMUM_BOX:
                low = min(max((low + high) / 2 - MINIMUM_BOX / 2, 0.0), 1.0 - MINIMUM_BOX)
                high = low + MINIMUM_BOX
            spans.append((low, high))
        (x1, x2), (y1, y2) = spans
        return x1, y1, x2, y2

    def embed(self, photos):
        """Unit vectors of a batch of photos, `[batch, feature]`."""
        whole = (0.0, 0.0, 1.0, 1.0)
        with torch.inference_mode():
            feature, _, boxes = self.frozen(self.batch([self.tensor(photo, whole) for photo in photos]))
            feature = torch.nn.functional.normalize(feature)
            margin = self.card["second_look"]
            if margin is not None:
                closer = []
                for photo, corners in zip(photos, boxes.tolist()):
                    x1, y1, x2, y2 = self.garment(photo, whole, corners)
                    dx, dy = (x2 - x1) * margin, (y2 - y1) * margin
                    box = (max(x1 - dx, 0.0), max(y1 - dy, 0.0), min(x2 + dx, 1.0), min(y2 + dy, 1.0))
                    square = self.tensor(photo, box)
                    closer.append(square[:, :, ::-1] if self.card["mirror"] else square)
                second, _, _ = self.frozen(self.batch(closer))
                feature = torch.nn.functional.normalize(feature + torch.nn.functional.normalize(second))
        return feature.numpy()


EMBEDDER = None


def start(folder):
    global EMBEDDER
    EMBEDDER = Embedder(folder, 1)


def work(paths):
    return EMBEDDER.embed([EMBEDDER.load(path) for path in paths])


def catalogue_part(paths, folder):
    """Thumbnails of these photos in `folder`, and their vectors."""
    photos = [ImageOps.exif_transpose(Image.open(path)).convert("RGB") for path in paths]
    for path, photo in zip(paths, photos):
        small = photo.copy()
        small.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS, reducing_gap=None)
        small.save(Path(folder) / f"{path.stem}.webp", **QUALITY)
    return EMBEDDER.embed(photos)


def make_catalogue(pool, paths, batch):
    """Photos a second with a process a core, thumbnails and vectors written."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        jobs = [pool.submit(catalogue_part, part, folder) for part in parts(paths, batch)]
        np.save(Path(folder) / "vectors.npy", np.concatenate([job.result() for job in jobs]))
        return len(paths) / (time.perf_counter() - began)


def trainer_catalogue(arguments, folder):
    """Photos a second of `trainer index` for the photos in `folder`, its start and the reading of its weights included."""
    with tempfile.TemporaryDirectory() as out:
        command = [arguments.trainer, "index", "--json", "--images", folder, "--weights", arguments.weights, "--out", out]
        began = time.perf_counter()
        summary = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return summary["indexed"] / (time.perf_counter() - began)


def parts(paths, length):
    return [paths[at : at + length] for at in range(0, len(paths), length)]


def by_processes(pool, paths, batch):
    """Photos a second with a process a core."""
    began = time.perf_counter()
    list(pool.map(work, parts(paths, batch)))
    return len(paths) / (time.perf_counter() - began)


def by_threads(pool, embedder, paths, batch):
    """Photos a second with one process whose threads decode and compute by turns."""
    began = time.perf_counter()
    for part in parts(paths, batch):
        embedder.embed(list(pool.map(embedder.load, part)))
    return len(paths) / (time.perf_counter() - began)


def network_times(network, embedder, runs):
    """Milliseconds for one photo, network alone, each run."""
    x = embedder.batch([np.random.default_rng(1).normal(size=(3, embedder.size, embedder.size))])
    times = []
    with torch.inference_mode():
        for turn in range(runs + 20):
            began = time.perf_counter()
            network(x)
            if turn >= 20:
                times.append(1e3 * (time.perf_counter() - began))
    return times


def trainer_turn(arguments):
    """One round of `trainer bench embed`: its report."""
    command = [arguments.trainer, "bench", "embed", "--json", "--rounds", "1", "--limit", str(arguments.limit)]
    command += ["--weights", arguments.weights, "--photos", str(arguments.photos)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(arguments, paths):
    embedder = Embedder(arguments.weights, arguments.cores)
    context = multiprocessing.get_context("spawn")
    eager, frozen, threads, processes, ours = [], [], [], [], []
    catalogues = {"PyTorch and Pillow": [], "Twill": []}
    with (
        tempfile.TemporaryDirectory() as copies,
        ThreadPoolExecutor(arguments.cores) as thread_pool,
        ProcessPoolExecutor(arguments.cores, context, start, (arguments.weights,)) as process_pool,
    ):
        # Twice, so that every process has its network and the frozen one its kernels.
        for _ in range(2):
            by_processes(process_pool, paths, arguments.batch)
        by_threads(thread_pool, embedder, paths, arguments.batch)
        for number, path in enumerate(paths):
            shutil.copy(path, Path(copies) / f"{number}{path.suffix}")
        copied = sorted(Path(copies).iterdir())
        for _ in range(arguments.rounds):
            eager += network_times(embedder.eager, embedder, arguments.runs)
            frozen += network_times(embedder.frozen, embedder, arguments.runs)
            if arguments.trainer:
                ours.append(trainer_turn(arguments))
            threads.append(by_threads(thread_pool, embedder, paths, arguments.batch))
            processes.append(by_processes(process_pool, paths, arguments.batch))
            catalogues["PyTorch and Pillow"].append(make_catalogue(process_pool, copied, arguments.batch))
            if arguments.trainer:
                catalogues["Twill"].append(trainer_catalogue(arguments, copies))
    report = {
        "torch": torch.__version__,
        "photos": len(paths),
        "cores": arguments.cores,
        "network_eager": {"least_ms": min(eager), "median_ms": statistics.median(eager)},
        "network_frozen": {"least_ms": min(frozen), "median_ms": statistics.median(frozen)},
        "photos_per_second": {"threads": max(threads), "processes": max(processes)},
        "catalogue_photos_per_second": {name: max(rates) for name, rates in catalogues.items() if rates},
    }
    if ours:
        stages = [stage for turn in ours for stage in turn["stages"] if stage["name"] == AGAIN]
        network = {
            "least_ms": min(stage["least_ms"] for stage in stages),
            "median_ms": statistics.median(stage["ms"] for stage in stages),
        }
        best = max(turn["photos_per_second"] for turn in ours)
        quickest = min(("network_eager", "network_frozen"), key=lambda name: report[name]["least_ms"])
        report["trainer"] = {"network": network, "photos_per_second": best, "stages": ours[-1]["stages"]}
        report["ratios"] = {
            "network, quickest run": report[quickest]["least_ms"] / network["least_ms"],
            "network, median run": report[quickest]["median_ms"] / network["median_ms"],
            "photos a second, all cores": best / max(report["photos_per_second"].values()),
            "catalogue, photos a second": max(catalogues["Twill"]) / max(catalogues["PyTorch and Pillow"]),
        }
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--photos", required=True, type=Path)
    parser.add_argument("--trainer", help="the built trainer, to be measured by turns")
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--runs", type=int, default=100, help="runs of the network alone, each round")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()

    paths = sorted(path for path in arguments.photos.rglob("*") if path.suffix.lower() in ENDINGS)[: arguments.limit]
    report = measure(arguments, paths)
    if arguments.json:
        print(json.dumps(report, indent=2))
        return
    print(f"PyTorch {report['torch']} with {report['cores']} threads, {report['photos']} photos")
    rows = [(f"PyTorch, {name}", report[f"network_{name}"]) for name in ("eager", "frozen")]
    if "trainer" in report:
        rows.append(("Twill, one thread", report["trainer"]["network"]))
    for name, times in rows:
        print(f"network, one look: {name:20} {times['least_ms']:8.3f} ms at least, median {times['median_ms']:8.3f} ms")
    rows = [(f"PyTorch, {name}", rate) for name, rate in report["photos_per_second"].items()]
    if "trainer" in report:
        rows.append(("Twill", report["trainer"]["photos_per_second"]))
    for name, rate in rows:
        print(f"photos a second:   {name:20} {rate:8.1f}")
    for name, rate in report["catalogue_photos_per_second"].items():
        print(f"catalogue, photos a second: {name:20} {rate:8.1f}")
    for name, ratio in report.get("ratios", {}).items():
        print(f"Twill to PyTorch:  {name:28} {ratio:.2f}")


if __name__ == "__main__":
    main()
