"""Twill's network in PyTorch, written from its description and not from the Rust sources' calls.

    python resnet_torch.py --card model.json --weights FILE.safetensors --exchange DIR [--tolerance 1e-4]

DIR holds what the Rust network was given and what it answered, as raw little-endian f32 beside `shapes.json`
({"input": [n, 3, s, s], "map": [...], "feature": [...], "category": [...], "boxes": [...]}, "attributes" and "instance" where there are any). Exits with 0 where PyTorch gives the same
numbers within the tolerance, with 1 where it does not, and prints the largest difference of each.

The network (issue "A photo in, similar garments out", generalised by the card's `network`): a 3x3 convolution, batch norm and ReLU;
stages of pre-activation blocks, each batch norm, ReLU, 3x3 convolution, twice, but for the very first block, which starts
with its convolution; every stage after the first halves the picture in its first block, whose shortcut is a 2x2 average with
zero channels added on both sides. A batch norm and ReLU end the feature map; its global mean (or generalised mean), projected
or not, is the feature. The category and attribute heads are linear in the feature; the box head is linear in the feature, or in the map after a 1x1
convolution and ReLU. Where there is an instance head: the picture averaged 2x2 goes through two 1x1 convolutions with a ReLU each and is averaged below each position of the
map; beside these colours stands the map narrowed by a 1x1 convolution; a few maps of attention (a 1x1 convolution of the map, softmax over positions) pool both. The pooled
map and these pass a batch norm, a linear layer, a ReLU and a linear layer.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F


def read_safetensors(path):
    """The tensors of a safetensors file by name, as float64: a JSON header with offsets, then the bytes.

    Double precision, because PyTorch's own fast convolutions may be off by more than the tolerance.
    """
    raw = Path(path).read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    body = raw[8 + length :]
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        kind = {"F16": "<f2", "F32": "<f4"}[entry["dtype"]]
        values = np.frombuffer(body[begin:end], dtype=kind).astype(np.float64)
        tensors[name] = torch.from_numpy(values.reshape(entry["shape"]))
    return tensors


class Weights:
    """Hands out tensors by name and remembers which were never asked for."""

    def __init__(self, tensors):
        self.tensors = tensors
        self.unused = set(tensors)

    def __call__(self, name):
        self.unused.discard(name)
        return self.tensors[name]

    def batch_norm(self, x, path, epsilon):
        mean, variance = self(f"{path}.running_mean"), self(f"{path}.running_var")
        return F.batch_norm(x, mean, variance, self(f"{path}.weight"), self(f"{path}.bias"), False, 0.0, epsilon)

    def linear(self, x, path):
        return F.linear(x, self(f"{path}.weight"), self(f"{path}.bias"))


def shortcut(x, channels, stride):
    if stride == 2:
        x = F.avg_pool2d(x, 2)
    missing = channels - x.shape[1]
    return F.pad(x, (0, 0, 0, 0, missing // 2, missing // 2)) if missing else x


def block(weights, path, x, channels, stride, bare, epsilon):
    y = x if bare else F.relu(weights.batch_norm(x, f"{path}.norm1", epsilon))
    y = F.conv2d(y, weights(f"{path}.conv1.weight"), stride=stride, padding=1)
    y = F.relu(weights.batch_norm(y, f"{path}.norm2", epsilon))
    y = F.conv2d(y, weights(f"{path}.conv2.weight"), padding=1)
    return y + shortcut(x, channels, stride)


def pointwise(weights, x, path):
    return F.conv2d(x, weights(f"{path}.weight"), weights(f"{path}.bias"))


def instance(weights, picture, feature_map, pooled, epsilon):
    path = "head.instance"
    small = F.avg_pool2d(picture, 2)
    colours = F.relu(pointwise(weights, F.relu(pointwise(weights, small, f"{path}.tones")), f"{path}.colours"))
    colours = F.avg_pool2d(colours, int(small.shape[-1]) // int(feature_map.shape[-1]))
    seen = torch.cat([pointwise(weights, feature_map, f"{path}.shapes"), colours], 1).flatten(2)
    attention = pointwise(weights, feature_map, f"{path}.attention").flatten(2).softmax(2)
    attended = torch.einsum("bhp,bcp->bhc", attention, seen).flatten(1)
    everything = weights.batch_norm(torch.cat([pooled, attended], 1), f"{path}.norm", epsilon)
    return weights.linear(F.relu(weights.linear(everything, f"{path}.hidden")), f"{path}.feature")


def forward(network, weights, x):
    picture = x
    epsilon = network["epsilon"]
    x = F.conv2d(x, weights("stem.conv.weight"), stride=network["stem_stride"], padding=1)
    x = F.relu(weights.batch_norm(x, "stem.norm", epsilon))
    index = 0
    for stage, channels in enumerate(network["widths"]):
        for position in range(network["blocks"]):
            stride = 2 if stage > 0 and position == 0 else 1
            x = block(weights, f"blocks.{index}", x, channels, stride, index == 0, epsilon)
            index += 1
    feature_map = F.relu(weights.batch_norm(x, "head.norm", epsilon))

    if network["pool"] == "gem":
        pooled = (feature_map.pow(3).mean(dim=(2, 3)) + 1e-6).pow(1 / 3)
    else:
        pooled = feature_map.mean(dim=(2, 3))
    feature = weights.linear(pooled, "head.embedding") if network["embedding"] else pooled
    if network["box_head"] == "map":
        narrow = F.conv2d(feature_map, weights("head.box_map.weight"), weights("head.box_map.bias"))
        boxes = weights.linear(F.relu(narrow).flatten(1), "head.boxes")
    else:
        boxes = weights.linear(feature, "head.boxes")
    told = pooled if network.get("label_heads") == "pooled" else feature
    category = weights.linear(told, "head.category")
    answers = {"map": feature_map, "feature": feature, "category": category, "boxes": boxes}
    if network.get("attributes"):
        answers["attributes"] = weights.linear(told, "head.attributes")
    if network.get("instance"):
        answers["instance"] = instance(weights, picture, feature_map, pooled, epsilon)
    return answers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--card", required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--exchange", required=True, type=Path)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    arguments = parser.parse_args()

    network = json.loads(Path(arguments.card).read_text())["network"]
    weights = Weights(read_safetensors(arguments.weights))
    shapes = json.loads((arguments.exchange / "shapes.json").read_text())

    def exchanged(name):
        values = np.fromfile(arguments.exchange / f"{name}.f32", dtype="<f4")
        return torch.from_numpy(values.reshape(shapes[name]).astype(np.float64))

    with torch.no_grad():
        answers = forward(network, weights, exchanged("input"))
    if weights.unused:
        sys.exit(f"the file holds tensors that the network has no use for: {sorted(weights.unused)}")

    worst = 0.0
    for name, mine in answers.items():
        theirs = exchanged(name)
        if mine.shape != theirs.shape:
            sys.exit(f"{name}: PyTorch gives {tuple(mine.shape)}, Rust {tuple(theirs.shape)}")
        # `not <=` and not `>`: a difference that is not a number fails, too.
        difference = float((mine - theirs).abs().max())
        size = float(theirs.abs().max())
        print(f"{name:10} {str(tuple(theirs.shape)):20} largest value {size:9.4f}, largest difference {difference:.2e}")
        worst = difference if not difference <= worst else worst
    if not worst <= arguments.tolerance:
        sys.exit(f"the largest difference, {worst:.2e}, is over {arguments.tolerance:.0e}")


if __name__ == "__main__":
    main()
