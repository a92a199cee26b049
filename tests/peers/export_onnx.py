"""The network of a card as an ONNX file, exported by PyTorch: what other runtimes are measured with.

    python export_onnx.py --weights FOLDER --out FILE.onnx

FOLDER holds model.json and the safetensors file that it names. The file has one input, `input` [1, 3, size, size], and the outputs
`boxes`, `feature`, `category` and, where the network has any, `attributes` and `instance`, in single precision. Batch norms are left where they are
or folded as PyTorch's exporter sees fit; a runtime's own optimisations come on top. Needs the package `onnx`.
"""

import argparse
import json
import warnings
from pathlib import Path

import torch
from resnet_torch import Weights, forward, read_safetensors

ANSWERS = ["boxes", "feature", "category", "attributes", "instance"]


class Network(torch.nn.Module):
    """The network of a card with its weights as parameters, so that the exporter may fold them."""

    def __init__(self, shape, tensors):
        super().__init__()
        self.shape = shape
        self.names = {name: name.replace(".", "_") for name in tensors}
        for name, tensor in tensors.items():
            self.register_parameter(self.names[name], torch.nn.Parameter(tensor.float(), requires_grad=False))

    def forward(self, x):
        weights = Weights({name: getattr(self, own) for name, own in self.names.items()})
        answers = forward(self.shape, weights, x)
        return tuple(answers[name] for name in ANSWERS if name in answers)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    arguments = parser.parse_args()

    card = json.loads((arguments.weights / "model.json").read_text())
    shape = card["network"]
    network = Network(shape, read_safetensors(arguments.weights / card["weights"]["file"])).eval()
    names = [name for name in ANSWERS if name in ANSWERS[:3] or shape.get(name)]
    x = torch.zeros(1, 3, shape["input_size"], shape["input_size"])
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (x,), str(arguments.out), input_names=["input"], output_names=names, opset_version=17, dynamo=False
        )


if __name__ == "__main__":
    main()
