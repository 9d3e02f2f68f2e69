"""Encoders from files: our own checkpoints, torchvision's state dicts, and ImageNet starts."""

from __future__ import annotations

import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torchvision

from .bundled import ENCODERS, require_unchanged
from .checkpoint import Checkpoint, built_with, read, shapes_of, write
from .encoder import ContextEncoder, EncoderOptions
from .errors import WeightsError
from .trunk import CLASSIFIER_PARTS, ShapesOnly, build_trunk

KIND = "encoder"
DOWNLOAD_TIMEOUT = 15.0  # seconds without an answer; torch's own download would wait for ever
RECOGNISED_TRUNKS = ("mobilenet_v2", "resnet50")


@dataclass(frozen=True)
class LoadedEncoder:
    """An encoder in evaluation mode, its file's metadata, and the file's SHA-256."""

    encoder: ContextEncoder
    metadata: dict[str, Any]
    sha256: str


def save_encoder(path: Path, encoder: ContextEncoder, metadata: dict[str, Any], half: bool = False) -> None:
    """Write an encoder to a file that rebuilds it; `metadata` are plain values; `half` stores float16."""
    write(path, Checkpoint(KIND, asdict(encoder.options), encoder.state_dict(), metadata), half)


def load_encoder(path: Path) -> LoadedEncoder:
    """Rebuild an encoder from our own checkpoint or from a plain torchvision state dict of a trunk we recognise.

    A plain state dict holds no sizes and strides, so it becomes an encoder with the default 256x128 crops and
    ImageNet's own stride. Raises WeightsError with one sentence for everything else.
    """
    checkpoint = read(path)
    if checkpoint.kind is None:
        encoder = ContextEncoder(EncoderOptions(recognise_trunk(checkpoint, path), last_stride=2))
        fill_trunk(encoder, checkpoint.tensors, str(path))
    else:
        encoder = rebuild(checkpoint, path)
    return LoadedEncoder(encoder.eval(), checkpoint.metadata, checkpoint.sha256)


def rebuild(checkpoint: Checkpoint, path: Path) -> ContextEncoder:
    """The encoder of our own checkpoint."""
    if checkpoint.kind != KIND:
        raise WeightsError(f"{path} holds a {checkpoint.kind}, not an encoder; give the run's encoder file.")
    try:
        options = EncoderOptions(**checkpoint.options)
        encoder = built_with(checkpoint.tensors, lambda: ContextEncoder(options))
    except (TypeError, RuntimeError) as error:
        raise WeightsError(
            f"{path} was written by another version and does not fit; export or train it again."
        ) from error
    return encoder


def trunk_tensors(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The entries of a torchvision state dict that belong to the trunk, DataParallel's prefix removed."""
    plain = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    return {name: tensor for name, tensor in plain.items() if name.split(".")[0] not in CLASSIFIER_PARTS}


def fits(trunk: str, tensors: dict[str, torch.Tensor]) -> bool:
    """Whether every parameter of the trunk stands among `tensors` with its shape, and nothing else does."""
    with ShapesOnly():
        expected = build_trunk(trunk).state_dict()
    return shapes_of(expected) == shapes_of(tensors)


def recognise_trunk(checkpoint: Checkpoint, path: Path) -> str:
    """The trunk whose torchvision state dict this is."""
    tensors = trunk_tensors(checkpoint.tensors)
    for trunk in RECOGNISED_TRUNKS:
        if fits(trunk, tensors):
            return trunk
    raise WeightsError(
        f"{path} fits no encoder: give one trained with followspot, or torchvision weights of "
        f"{' or '.join(RECOGNISED_TRUNKS)}."
    )


def fill_trunk(encoder: ContextEncoder, tensors: dict[str, torch.Tensor], source: str) -> None:
    """Copy a torchvision state dict into the encoder's trunk, whole or WeightsError."""
    tensors = trunk_tensors(tensors)
    if not fits(encoder.options.trunk, tensors):
        raise WeightsError(
            f"The weights of {source} do not fit the trunk {encoder.options.trunk}; choose the one they fit."
        )
    encoder.trunk.load_state_dict(tensors, strict=False)  # old files lack num_batches_tracked


def start_encoder(options: EncoderOptions, start: str) -> ContextEncoder:
    """A new encoder for training.

    `start` is "download" (torchvision's ImageNet weights), "none" (random), the name of a bundled encoder, or a file: a
    torchvision state dict, or an encoder trained before, with the same trunk.
    """
    encoder = ContextEncoder(options)
    if start == "download":
        fill_trunk(encoder, download(options.trunk), "torchvision")
    elif start != "none":
        copy_from_file(encoder, ENCODERS.get(start) or Path(start))
    return encoder


def copy_from_file(encoder: ContextEncoder, path: Path) -> None:
    """Start from a file: a torchvision state dict, or one of our encoders with the same trunk."""
    require_unchanged(path)
    checkpoint = read(path)
    if checkpoint.kind is None:
        fill_trunk(encoder, checkpoint.tensors, str(path))
        return
    trained = rebuild(checkpoint, path)
    ours, theirs = encoder.options, trained.options
    if (ours.trunk, ours.instance_norm) != (theirs.trunk, theirs.instance_norm):
        raise WeightsError(
            f"{path} has the trunk {theirs.trunk} with instance norm in {theirs.instance_norm} stages, "
            f"not {ours.trunk} in {ours.instance_norm}; choose the same."
        )
    # A neck or a pooling that only one of them has is left out: it is learnt anew.
    fitting = encoder.state_dict().keys() & trained.state_dict().keys()
    encoder.load_state_dict({name: trained.state_dict()[name] for name in fitting}, strict=False)


def imagenet_weights(trunk: str, start: str, option: str) -> dict[str, torch.Tensor]:
    """The trunk's part of torchvision's ImageNet weights: "download", or a file that holds them.

    `option` sets `start` on the command line. Raises WeightsError with what to give it instead.
    """
    if start == "download":
        return trunk_tensors(download(trunk, option))
    tensors = trunk_tensors(read(Path(start)).tensors)
    if not fits(trunk, tensors):
        raise WeightsError(
            f"{start} does not hold torchvision's weights of {trunk}; give {option} another file, download or none."
        )
    return tensors


def download(trunk: str, option: str = "--start") -> dict[str, torch.Tensor]:
    """torchvision's first ImageNet weights of the trunk (the ones published results start from)."""
    try:
        weights = next(iter(torchvision.models.get_model_weights(trunk)))
    except (ValueError, StopIteration) as error:
        raise WeightsError(
            f"torchvision has no ImageNet weights of {trunk}; give weights with {option} FILE, or {option} none."
        ) from error
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT)
    try:
        return dict(weights.get_state_dict(progress=True, check_hash=True))
    except (OSError, RuntimeError) as error:
        raise WeightsError(
            f"The ImageNet weights of {trunk} could not be downloaded ({error}); "
            f"give them with {option} FILE, or start without any: {option} none."
        ) from error
    finally:
        socket.setdefaulttimeout(timeout)
