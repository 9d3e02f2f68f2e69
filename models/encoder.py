"""The context encoder E_c: a person's crop in, a feature of the person's identity out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from .errors import WeightsError
from .instance_norm import normalise_instances
from .limits import LARGEST_SIDE
from .pooling import POOLINGS
from .trunk import build_trunk, layout_of

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


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
        if not isinstance(self.trunk, str) or not isinstance(self.instance_norm, int) or self.instance_norm < 0:
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
        layout = layout_of(options.trunk, options.last_stride, options.height, options.width)
        self.trunk = build_trunk(options.trunk)
        for name in layout.unstrided:
            self.trunk.get_submodule(name).stride = (1, 1)  # type: ignore[assignment]
        if options.instance_norm:
            normalise_instances(self.trunk, options.trunk, options.instance_norm)
        self.pool = POOLINGS[options.pooling]()
        self.dimension = layout.channels
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
