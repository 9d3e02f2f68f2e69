"""An encoder's trunk: a torchvision classifier up to its feature map, and what a blank picture tells of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import torchvision
from torch import nn
from torch.overrides import TorchFunctionMode

from .errors import WeightsError

CLASSIFIER_PARTS = {"avgpool", "dropout", "fc", "classifier", "head", "heads", "flatten", "aux1", "aux2", "AuxLogits"}
CONSTRUCTION = {name: {"init_weights": False} for name in ("googlenet", "inception_v3")}  # else they warn, for seconds
IMAGENET_SIZE = 224  # of the pictures that torchvision's classifiers are made for


def build_trunk(name: str) -> nn.Sequential:
    """torchvision's classifier `name` without pooling and classifier; its parameters keep torchvision's names.

    Raises WeightsError where torchvision has none of that name.
    """
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        raise WeightsError(
            f"torchvision has no classifier called {name!r}; try resnet50, mobilenet_v2, resnet18 or efficientnet_b0."
        )
    model = torchvision.models.get_model(name, weights=None, **CONSTRUCTION.get(name, {}))
    return nn.Sequential(OrderedDict((n, m) for n, m in model.named_children() if n not in CLASSIFIER_PARTS))


class ShapesOnly(TorchFunctionMode):
    """Networks that are built within, by this thread, have parameters without memory (torch's meta device).

    `torch.device("meta")` would take from RegNets the numbers by which they reckon their widths, too.
    """

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if function in (torch.empty, torch.zeros, torch.ones) and kwargs.get("device") is None:
            kwargs = {**kwargs, "device": "meta"}
        return function(*args, **kwargs)


@dataclass(frozen=True)
class Layout:
    """What a blank picture tells of a trunk: the channels of its map, and the layers whose strides are to be 1."""

    channels: int
    unstrided: tuple[str, ...]


@cache
def layout_of(name: str, last_stride: int, height: int, width: int) -> Layout:
    """The layout of the trunk of that name for crops of that size, found once, without memory for its parameters.

    Raises WeightsError where it gives no map, or where its last stride cannot be 1.
    """
    with ShapesOnly():
        trunk = build_trunk(name).to("meta")  # tables that some compute, too
        unstrided = unstride_last_stage(trunk, name) if last_stride == 1 else ()
        return Layout(feature_map(trunk, name, height, width).shape[1], unstrided)


def feature_map(trunk: nn.Sequential, name: str, height: int, width: int) -> torch.Tensor:
    """The output (1, D, h, w) of the trunk called `name` for a blank picture; WeightsError where it is no map."""
    maps = output_or_none(trunk, height, width)
    if maps is not None and maps.ndim == 4:
        return maps
    if output_or_none(trunk, IMAGENET_SIZE, IMAGENET_SIZE) is not None:
        raise WeightsError(f"The trunk {name!r} cannot encode crops of {height}x{width}; make them larger.")
    raise WeightsError(
        f"The trunk {name!r} is not made of layers that follow one another up to a feature map; choose a "
        "convolutional one such as resnet50 or mobilenet_v2."
    )


def output_or_none(trunk: nn.Sequential, height: int, width: int) -> torch.Tensor | None:
    """The trunk's output for a blank picture, None where it takes none of that size."""
    training = trunk.training
    try:
        with torch.inference_mode():
            result: torch.Tensor = trunk.eval()(torch.zeros(1, 3, height, width))
    except (RuntimeError, TypeError, AssertionError):
        return None
    finally:
        trunk.train(training)
    return result


def unstride_last_stage(trunk: nn.Sequential, name: str) -> tuple[str, ...]:
    """Set the strides of the last down-sampling stage to 1 (its weights stay what they are); returns its layers' names.

    Raises WeightsError where the layers' strides do not decide the size of the map.
    """
    names = {module: layer for layer, module in trunk.named_modules()}
    strided: list[tuple[int, nn.Module]] = []  # width of what comes in, layer

    def note(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if module.stride in (2, (2, 2)):
            strided.append((inputs[0].shape[-1], module))

    layers = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
    hooks = [module.register_forward_pre_hook(note) for module in trunk.modules() if isinstance(module, layers)]
    before = feature_map(trunk, name, IMAGENET_SIZE, IMAGENET_SIZE)
    for hook in hooks:
        hook.remove()
    smallest = min((size for size, _ in strided), default=0)
    last = [module for size, module in strided if size == smallest]
    for module in last:
        module.stride = (1, 1)  # type: ignore[assignment]
    after = output_or_none(trunk, IMAGENET_SIZE, IMAGENET_SIZE)
    if after is None or after.shape[-1] <= before.shape[-1]:
        raise WeightsError(f"The last stride of the trunk {name!r} cannot be 1; give --encoder.last-stride 2.")
    return tuple(names[module] for module in last)
