"""The context encoder E_c: a person's crop in, a feature of the person's identity out."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

import torch
import torchvision
from torch import nn

from .errors import WeightsError
from .instance_norm import normalise_instances
from .pooling import POOLINGS

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
CLASSIFIER_PARTS = {"avgpool", "dropout", "fc", "classifier", "head", "heads", "flatten", "aux1", "aux2", "AuxLogits"}
CONSTRUCTION = {name: {"init_weights": False} for name in ("googlenet", "inception_v3")}  # else they warn, for seconds
LARGEST_SIDE = 1024  # pixels of a crop; no person is looked at so closely, and the maps would fill the memory
IMAGENET_SIZE = 224  # of the pictures that torchvision's classifiers are made for


@dataclass(frozen=True)
class EncoderOptions:
    """The shape of a context encoder."""

    trunk: str = "resnet50"
    """torchvision classifier the features come from: resnet50 (the paper), mobilenet_v2 (light) or another by name."""
    height: int = 256
    """Height in pixels to which crops are resized."""
    width: int = 128
    """Width in pixels to which crops are resized."""
    last_stride: Literal[1, 2] = 1
    """Stride of the last down-sampling stage; 1 keeps a finer feature map (four times as many cells)."""
    bnneck: bool = False
    """Batch normalisation between the feature (for distances) and the classifier (BNNeck, Luo et al. 2019)."""
    pooling: Literal["average", "max", "gem"] = "average"
    """From map to feature: the mean, the maximum (the authors), or a mean between both with a learnt power (GeM)."""
    instance_norm: int = 0
    """Early stages of resnet50 or mobilenet_v2 in which half of the channels are normalised per picture (IBN-a)."""

    def __post_init__(self) -> None:
        sizes = (self.height, self.width)
        if not all(isinstance(size, int) and 1 <= size <= LARGEST_SIDE for size in sizes):
            raise WeightsError(f"An encoder's crops are 1 to {LARGEST_SIDE} pixels wide and high, not {sizes!r}.")
        for name, known in {"last_stride": (1, 2), "pooling": tuple(POOLINGS), "bnneck": (False, True)}.items():
            if getattr(self, name) not in known:
                raise WeightsError(f"{name} of an encoder must be one of {known}, not {getattr(self, name)!r}.")
        if not isinstance(self.trunk, str) or not isinstance(self.instance_norm, int):
            raise WeightsError(f"{self.trunk!r} with {self.instance_norm!r} stages of instance norm is no trunk.")


class ContextEncoder(nn.Module):
    """E_c on a torchvision trunk with global pooling (ICASSP 2020, section 2).

    `forward`: images (B, 3, H, W) float RGB in 0..1 -> e_c (B, D). Normalisation happens inside, so that training and
    tracking cannot disagree. `neck` (the identity without BNNeck) makes of e_c what is classified and compared.
    Raises WeightsError where torchvision has no convolutional classifier of that name.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, options: EncoderOptions) -> None:
        super().__init__()
        self.options = options
        self.trunk = build_trunk(options.trunk)
        if options.last_stride == 1:
            unstride_last_stage(self.trunk, options.trunk)
        if options.instance_norm:
            normalise_instances(self.trunk, options.trunk, options.instance_norm)
        self.pool = POOLINGS[options.pooling]()
        self.dimension = feature_map(self.trunk, options.trunk, options.height, options.width).shape[1]
        self.neck = BNNeck(self.dimension) if options.bnneck else nn.Identity()
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.trunk((images - self.mean) / self.std)  # (B, D, h, w)
        return self.pool(maps.float())  # (B, D)

    def embed(self, images: torch.Tensor) -> torch.Tensor:
        """Rows of length 1 whose dot product is the similarity of two people, (B, 3, H, W) -> (B, D)."""
        return nn.functional.normalize(self.neck(self(images)), dim=1)


class BNNeck(nn.BatchNorm1d):
    """Batch normalisation without a shift ("Bag of Tricks", Luo et al., CVPR workshops 2019)."""

    def __init__(self, dimension: int) -> None:
        super().__init__(dimension)
        self.register_parameter("bias", None)


def identity_classifier(dimension: int, classes: int) -> nn.Linear:
    """Classifier over the training people; it is needed for the cross-entropy only, so no encoder file holds it."""
    classifier = nn.Linear(dimension, classes, bias=False)
    nn.init.normal_(classifier.weight, std=0.001)
    return classifier


def build_trunk(name: str) -> nn.Sequential:
    """torchvision's classifier `name` without pooling and classifier; its parameters keep torchvision's names."""
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        raise WeightsError(
            f"torchvision has no classifier called {name!r}; try resnet50, mobilenet_v2, resnet18 or efficientnet_b0."
        )
    model = torchvision.models.get_model(name, weights=None, **CONSTRUCTION.get(name, {}))
    return nn.Sequential(OrderedDict((n, m) for n, m in model.named_children() if n not in CLASSIFIER_PARTS))


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


def unstride_last_stage(trunk: nn.Sequential, name: str) -> None:
    """Set the strides of the last down-sampling stage to 1 (its weights stay what they are).

    Raises WeightsError where the layers' strides do not decide the size of the map.
    """
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
    for size, module in strided:
        if size == smallest:
            module.stride = (1, 1)  # type: ignore[assignment]
    after = output_or_none(trunk, IMAGENET_SIZE, IMAGENET_SIZE)
    if after is None or after.shape[-1] <= before.shape[-1]:
        raise WeightsError(f"The last stride of the trunk {name!r} cannot be 1; give --encoder.last-stride 2.")
