"""A trained encoder written for ONNX Runtime or OpenVINO: a fixed crop size, any batch, everything inside."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from models.encoder import ContextEncoder
from models.pretrained import LoadedEncoder

from .exported_encoder import FACTS, INPUT, OUTPUT, silent_openvino

OPSET = 17


class WholeEncoder(nn.Module):
    """Images (B, 3, H, W) float RGB in 0..1 -> (B, D) rows of length 1: normalisation, trunk, pooling, neck, length."""

    def __init__(self, encoder: ContextEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.encoder.embed(images)


def write_onnx(path: Path, loaded: LoadedEncoder) -> None:
    """One .onnx file; its description is in its `metadata_props`. Raises ImportError without onnx."""
    import onnx

    with quiet():
        torch.onnx.export(
            WholeEncoder(loaded.encoder).eval(),
            (example(loaded.encoder),),
            str(path),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: {0: "batch"}, OUTPUT: {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,  # the newer exporter needs onnxscript and writes the same network
        )
    network = onnx.load(path)
    onnx.helper.set_model_props(network, description(loaded))
    onnx.save(network, path)


def write_openvino(folder: Path, loaded: LoadedEncoder) -> None:
    """A folder with encoder.xml and encoder.bin; its description is in its `rt_info`."""
    openvino = silent_openvino()
    network = openvino_network(loaded.encoder)
    for key, text in description(loaded).items():
        network.set_rt_info(text, [key])
    folder.mkdir()
    openvino.save_model(network, folder / "encoder.xml", compress_to_fp16=False)


def openvino_network(encoder: ContextEncoder) -> Any:
    """The encoder as OpenVINO's model, without `openvino.convert_model`, which reports each use to its makers."""
    silent_openvino()  # imported here for the first time, it would report that, too
    from openvino import PartialShape, Type
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with quiet():
        traced = TorchScriptPythonDecoder(WholeEncoder(encoder).eval(), example_input=example(encoder))
        frontend = FrontEndManager().load_by_framework("pytorch")
        network = frontend.convert(frontend.load(traced))
    images = network.inputs[0].get_node()
    images.set_element_type(Type.f32)
    images.set_partial_shape(PartialShape([-1, 3, encoder.options.height, encoder.options.width]))
    network.validate_nodes_and_infer_types()
    network.inputs[0].set_names({INPUT})
    network.outputs[0].set_names({OUTPUT})
    return network


WRITERS = {"onnx": write_onnx, "openvino": write_openvino}


def description(loaded: LoadedEncoder) -> dict[str, str]:
    """What a user of the file must know, in words, and what `OpenEncoder` needs, as JSON."""
    height, width, dimension = loaded.encoder.options.height, loaded.encoder.options.width, loaded.encoder.dimension
    facts = {
        "height": height,
        "width": width,
        "dimension": dimension,
        "metadata": loaded.metadata,
        "checkpoint_sha256": loaded.sha256,
    }
    return {
        f"{FACTS}_input": f"{INPUT} (batch, 3, {height}, {width}) float32, RGB, 0..1, any batch: crops of one person "
        f"each, resized to height {height} and width {width}; the normalisation is inside",
        f"{FACTS}_output": f"{OUTPUT} (batch, {dimension}) float32, rows of length 1: the dot product of two is their "
        "cosine similarity",
        FACTS: json.dumps(facts, default=str),
    }


def example(encoder: ContextEncoder) -> torch.Tensor:
    """What the encoder is traced with: more than one crop, so that no batch size of one is built in."""
    return torch.full((2, 3, encoder.options.height, encoder.options.width), 0.5)


@contextmanager
def quiet() -> Iterator[None]:
    """Without PyTorch's notes to its own callers about tracing."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
