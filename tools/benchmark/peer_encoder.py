"""Writes a peer's re-ID encoder as an ONNX file that `--reid` takes, in an environment of its own.

    uv run --no-project --with boxmot==25.0.0 --with onnx==1.23.2 python tools/benchmark/peer_encoder.py \
        osnet_x0_25 osnet_x0_25_msmt17.pth osnet_x0_25_msmt17.onnx

It imports nothing of this project. The architecture is boxmot's, by its name there; the weights are a state dict of
torchreid's, every tensor of which but the classifier's must fit. The file keeps to what `reid.exported_encoder` opens:
`images` (batch, 3, 256, 128) float32 RGB in 0..1 with torchreid's own normalisation (ImageNet's) inside, `embedding`
(batch, D) rows of length 1, and under `followspot` the sizes as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import onnx
import torch
from torch import nn

HEIGHT, WIDTH = 256, 128  # torchreid's own, and boxmot's for these weights
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class NormalisedEncoder(nn.Module):
    """Images (B, 3, H, W) float RGB in 0..1 -> (B, D) rows of length 1."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(self.network((images - self.mean) / self.std), dim=1)


def load(architecture: str, weights: Path) -> nn.Module:
    """The network in evaluation mode. Raises ValueError where the weights do not fit it whole."""
    from boxmot.reid.backbones.families import osnet  # type: ignore[import-not-found]

    network = getattr(osnet, architecture)(num_classes=1, pretrained=False)
    content = torch.load(weights, map_location="cpu", weights_only=True)
    tensors = {name.removeprefix("module."): tensor for name, tensor in content.get("state_dict", content).items()}
    tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith("classifier.")}
    fit = network.load_state_dict(tensors, strict=False)
    missing = [name for name in fit.missing_keys if not name.startswith("classifier.")]
    if missing or fit.unexpected_keys:
        raise ValueError(f"{weights} does not fit {architecture}: {[*missing, *fit.unexpected_keys][:3]}")
    return network.eval()


def main(architecture: str, weights: str, out: str) -> None:
    encoder = NormalisedEncoder(load(architecture, Path(weights))).eval()
    example = torch.full((2, 3, HEIGHT, WIDTH), 0.5)
    with torch.no_grad():
        dimension = encoder(example).shape[1]
        torch.onnx.export(
            encoder,
            (example,),
            out,
            input_names=["images"],
            output_names=["embedding"],
            dynamic_axes={"images": {0: "batch"}, "embedding": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
    network = onnx.load(out)
    facts = {"height": HEIGHT, "width": WIDTH, "dimension": dimension, "metadata": {"peer": Path(weights).name}}
    onnx.helper.set_model_props(network, {"followspot": json.dumps(facts)})
    onnx.save(network, out)
    print(f"{out}: {dimension} numbers a crop of {HEIGHT}x{WIDTH}")


if __name__ == "__main__":
    main(*sys.argv[1:])
