"""How many pictures a second PyTorch trains on, eagerly, with a recipe's network: the peer of `trainer train`.

    python train_torch.py --recipe trainer/presets/best.toml --trainer PROGRAM --data DATA [--data DATA ...] [--device cuda|cpu]
        [--backend libtorch] [--steps 60] [--rounds 3] [--json]

Network, batch, SGD with momentum and the loss of categories and boxes are the recipe's; weights start at random. PyTorch's pictures are random
numbers that lie on the device before the clock starts. `trainer train --device BACKEND` reads, decodes and varies those of DATA while it trains, and keeps a
moving average of the weights, which favours PyTorch. Both take a turn in every round, and the best of each counts: over 1 is quicker than PyTorch.
`--precision tf32` lets PyTorch multiply in TF32 on a GPU that has it. Recipes with attributes, an instance head or a contrastive loss are refused: that part
of their work is not here.
"""

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import torch
import torch.nn.functional as F
from resnet_torch import Weights, forward

# As wide as the narrowed map that the box head sees.
BOX_CHANNELS = 8
# Steps that nobody counts: memory is found and kernels are chosen in them.
WARM_UP = 10
# What both learn at.
RATE = 1e-3


class Learnt(Weights):
    """Parameters of a network that learns: its batch norms take the mean and variance of the batch."""

    def batch_norm(self, x, path, epsilon):
        mean, variance = self(f"{path}.running_mean"), self(f"{path}.running_var")
        return F.batch_norm(x, mean, variance, self(f"{path}.weight"), self(f"{path}.bias"), True, 0.1, epsilon)


def tensors_of(network, device):
    """Random tensors of a recipe's network by name, with records of gradients where they are learnt."""
    tensors = {}

    def learnt(name, *shape):
        reach = 1
        for side in shape[1:]:
            reach *= side
        tensors[name] = (torch.randn(shape) * (2.0 / max(reach, 1)) ** 0.5).to(device).requires_grad_()

    def norm(path, channels):
        for name, value in (("weight", 1.0), ("bias", 0.0)):
            tensors[f"{path}.{name}"] = torch.full((channels,), value, device=device).requires_grad_()
        for name, value in (("running_mean", 0.0), ("running_var", 1.0)):
            tensors[f"{path}.{name}"] = torch.full((channels,), value, device=device)

    def linear(path, inputs, outputs):
        learnt(f"{path}.weight", outputs, inputs)
        tensors[f"{path}.bias"] = torch.zeros(outputs, device=device).requires_grad_()

    widths = network["widths"]
    channels = widths[0]
    learnt("stem.conv.weight", channels, 3, 3, 3)
    norm("stem.norm", channels)
    for index in range(len(widths) * network["blocks"]):
        width = widths[index // network["blocks"]]
        if index > 0:
            norm(f"blocks.{index}.norm1", channels)
        learnt(f"blocks.{index}.conv1.weight", width, channels, 3, 3)
        norm(f"blocks.{index}.norm2", width)
        learnt(f"blocks.{index}.conv2.weight", width, width, 3, 3)
        channels = width
    norm("head.norm", channels)
    feature = network.get("embedding") or channels
    if network.get("embedding"):
        linear("head.embedding", channels, feature)
    if network["box_head"] == "map":
        learnt("head.box_map.weight", BOX_CHANNELS, channels, 1, 1)
        tensors["head.box_map.bias"] = torch.zeros(BOX_CHANNELS, device=device).requires_grad_()
        side = network["input_size"] // network["stem_stride"] // 2 ** (len(widths) - 1)
        linear("head.boxes", BOX_CHANNELS * side * side, 4)
    else:
        linear("head.boxes", feature, 4)
    linear("head.category", channels if network.get("label_heads") == "pooled" else feature, network["categories"])
    return tensors


def finished(device):
    """Waits for what has been asked of the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class Peer:
    def __init__(self, recipe, device):
        torch.manual_seed(1)
        self.recipe, self.device, self.network = recipe, device, recipe["network"]
        batch, size = recipe["batch"], self.network["input_size"]
        self.tensors = tensors_of(self.network, device)
        self.pictures = torch.randn(batch, 3, size, size, device=device)
        self.labels = torch.randint(self.network["categories"], (batch,), device=device)
        self.boxes = torch.rand(batch, 4, device=device)
        settings = recipe["optimiser"]
        self.optimiser = torch.optim.SGD(
            [tensor for tensor in self.tensors.values() if tensor.requires_grad],
            lr=RATE,
            momentum=settings["momentum"],
            nesterov=settings["nesterov"],
            weight_decay=settings["weight_decay"],
        )

    def step(self):
        weights = Learnt(self.tensors)
        answer = forward(self.network, weights, self.pictures)
        assert not weights.unused, f"the network has no use for {sorted(weights.unused)}"
        loss = self.recipe["loss"]
        category = F.cross_entropy(answer["category"], self.labels, label_smoothing=loss["label_smoothing"])
        total = category + loss["boxes"] * F.mse_loss(answer["boxes"], self.boxes)
        self.optimiser.zero_grad()
        total.backward()
        self.optimiser.step()

    def pictures_a_second(self, steps):
        for _ in range(WARM_UP):
            self.step()
        finished(self.device)
        began = time.perf_counter()
        for _ in range(steps):
            self.step()
        finished(self.device)
        return steps * self.recipe["batch"] / (time.perf_counter() - began)


def trainer_rates(arguments, steps):
    """Pictures a second of each part of a run's log, the first of which is left out: it holds the start."""
    with tempfile.TemporaryDirectory() as folder:
        out, recipe = Path(folder) / "run", Path(folder) / "recipe.toml"
        # So few steps leave no time for warming up to the recipe's own rate.
        recipe.write_text(re.sub(r"(?m)^learning_rate = .*", f"learning_rate = {RATE}", arguments.recipe.read_text()))
        command = [arguments.trainer, "train", "--preset", str(recipe), "--out", str(out), "--steps", str(steps)]
        command += ["--device", arguments.backend]
        for data in arguments.data:
            command += ["--data", data]
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode != 0:
            sys.exit(f"the trainer failed: {answer.stderr.strip()}")
        with (out / "log.csv").open() as log:
            rates = [float(row["pictures_a_second"]) for row in csv.DictReader(log) if row["pictures_a_second"]]
    return rates[1:] or rates


def measure(arguments):
    recipe = tomllib.loads(arguments.recipe.read_text())
    if recipe.get("attributes") or recipe["network"].get("instance") or recipe["loss"].get("contrast"):
        sys.exit(f"{arguments.recipe} asks for attributes, an instance head or a contrastive loss, which are not measured here")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = arguments.precision == "tf32"
    torch.backends.cudnn.benchmark = True
    peer = Peer(recipe, torch.device(arguments.device))
    theirs, ours = [], []
    for _ in range(arguments.rounds):
        theirs.append(peer.pictures_a_second(arguments.steps))
        if arguments.trainer:
            ours += trainer_rates(arguments, arguments.steps + 50)
    report = {"torch": torch.__version__, "device": arguments.device, "batch": recipe["batch"], "pytorch": max(theirs)}
    report["tensors"] = {name: list(tensor.shape) for name, tensor in peer.tensors.items()}
    if ours:
        report |= {"backend": arguments.backend, "twill": max(ours), "ratio": max(ours) / max(theirs)}
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", required=True, type=Path)
    parser.add_argument("--trainer", help="the built trainer, to be measured by turns")
    parser.add_argument("--data", action="append", default=[], help="what the trainer learns from; as many as the recipe has shares")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--backend", default="auto", help="the trainer's --device")
    parser.add_argument("--precision", choices=["f32", "tf32"], default="f32")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.trainer and not arguments.data:
        parser.error("the trainer needs --data")

    report = measure(arguments)
    if arguments.json:
        print(json.dumps(report, indent=2))
        return
    print(f"PyTorch {report['torch']}, eager, on {report['device']}: {report['pytorch']:.1f} pictures a second")
    if "twill" in report:
        print(f"Twill by {report['backend']}: {report['twill']:.1f} pictures a second, {report['ratio']:.2f} times as many")


if __name__ == "__main__":
    main()
