"""Fine-tune an 80-class YOLO11 to a detector of people, from its own person channel."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tracker.detection.weights import load_network, person_classes
from tracker.types import InputError

from .batches import Batches
from .distillation import Distillation
from .options import FinetuneOptions


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one pass over the pictures came to: mean losses, and the network, averaged and mixed with its parent."""

    number: int
    losses: dict[str, float]
    model: nn.Module


def load_parent(weights: Path, *, trust: bool = False) -> Any:
    """The network in a .pt file, in float32. Raises InputError where it is none, or holds code and is not trusted, or
    finds more than boxes: joints and outlines would need labels of their own."""
    network = load_network(weights, "cpu", trust=trust)
    if network.task != "detect":
        raise InputError(
            f"{weights} is a model to {network.task}: give a --parent that only detects, such as yolo11n.pt"
        )
    model: Any = network.model
    return model.float()


def keep_only_person(model: Any) -> Any:
    """Cut the classifier of an 80-class model down to its person channel, in place; people keep their boxes and scores.

    The width of the layers before is left alone, where a one-class model built afresh would have narrower ones.
    """
    person = person_classes(model.names, Path(model.pt_path))[0]
    head = model.model[-1]
    for branch in head.cv3:
        wide = branch[-1]
        branch[-1] = nn.Conv2d(wide.in_channels, 1, 1)
        branch[-1].load_state_dict({name: value[person : person + 1] for name, value in wide.state_dict().items()})
    head.nc, head.no = 1, 1 + 4 * head.reg_max
    model.nc, model.names = 1, {0: "person"}
    model.yaml = {**model.yaml, "nc": 1}
    return model


def finetune(parent: Path, images: Path, options: FinetuneOptions, *, trust: bool = False) -> Iterator[Epoch]:
    """Fine-tune the parent on labelled pictures, one pass at a time; `trust` as in `load_parent`."""
    start = keep_only_person(load_parent(parent, trust=trust))
    model = prepare(deepcopy(start), options.freeze)
    batches = Batches(images, options.imgsz, options.batch, options.seed)
    model.args = batches.config
    average = deepcopy(model).eval()
    distillation = Distillation(deepcopy(start))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], options.lr, weight_decay=1e-4)
    steps = options.epochs * len(batches)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: lr_factor(step / steps))
    for number in range(1, options.epochs + 1):
        sums: dict[str, float] = {}
        for batch in batches:
            losses = _step(model, batch, optimizer, distillation, options)
            schedule.step()
            between(average, model, 1 - options.ema)
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + value / len(batches)
        yield Epoch(number, sums, between(deepcopy(start), average, options.share))


def prepare(model: Any, freeze: int) -> Any:
    """Ready to train, but for the first layers and all batch-norm statistics.

    The parent's batch norms were folded into its convolutions and are identities now. Statistics of a batch would
    undo that at the first step, and a handful of pictures is too few for them anyway. Raises InputError where no
    layer is left.
    """
    if freeze >= len(model.model):
        raise InputError(f"--training.freeze {freeze} leaves nothing to train: there are {len(model.model)} layers")
    model.train()
    for number, layer in enumerate(model.model):
        layer.requires_grad_(number >= freeze)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    model.model[-1].dfl.requires_grad_(False)
    return model


@torch.no_grad()
def between(parent: nn.Module, child: nn.Module, share: float) -> nn.Module:
    """The parent, its weights moved a `share` of the way to the child's (Wortsman et al. 2022, WiSE-FT, eq. 1).

    The mix keeps most of the gain and loses little elsewhere: the training pictures are few.
    """
    for weight, learnt in zip(parent.parameters(), child.parameters(), strict=True):
        weight.lerp_(learnt, share)
    return parent.eval()


def lr_factor(progress: float, warmup: float = 0.1, last: float = 0.05) -> float:
    """Share of the highest learning rate at a `progress` in 0..1: a straight rise, then a cosine down to `last`."""
    if progress < warmup:
        return progress / warmup
    return last + (1 - last) * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup))) / 2


def _step(
    model: Any,
    batch: dict[str, Any],
    optimizer: torch.optim.Optimizer,
    distillation: Distillation,
    options: FinetuneOptions,
) -> dict[str, float]:
    with torch.autocast("cpu", torch.bfloat16, enabled=options.bfloat16):
        predicted = _in_float32(model(batch["img"]))
        distilled = distillation.loss(predicted, batch)
    loss, parts = model.loss(batch, predicted)
    total = loss.sum() / len(batch["img"]) + options.distillation * distilled
    parts = {**parts, "distillation": distilled.detach()}
    if not torch.isfinite(total):
        lost = ", ".join(f"{name} {float(value):.3g}" for name, value in parts.items())
        raise InputError(f"the training ends, as its loss is not finite ({lost}): lower --training.lr")
    optimizer.zero_grad(set_to_none=True)
    total.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 10.0)
    optimizer.step()
    return {name: float(value) for name, value in parts.items()}


def _in_float32(predicted: Any) -> Any:
    """Tensors in nested dicts and lists as float32: box coordinates of several hundred pixels need it."""
    if isinstance(predicted, dict):
        return {name: _in_float32(value) for name, value in predicted.items()}
    if isinstance(predicted, list | tuple):
        return [_in_float32(value) for value in predicted]
    return predicted.float()
