"""Whether generated pictures show the person: another encoder is asked who is to be seen in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from models.checkpoint import built_with, load_plain
from models.encoder import ContextEncoder, EncoderOptions
from models.generator import GeneratorOptions
from models.posed_generator import generating_networks

from ..data.crops import Crop, DataError, by_person_in_time, people, spread
from ..data.images import CropImages
from ..evaluation.evaluation import EncodeImages, embed_crops
from ..evaluation.metrics import cosine_cost
from .pictures import COLUMNS
from .pose_maps import SIGMA, pose_maps
from .run_state import STATE

FIRST_LAYER = "pose_encoder.layers.0.0.weight"
NETWORKS = ("encoder", "pose_encoder", "generator")
BATCH = 32
JUDGED = ("real", "recovered", "swapped")
"""Kinds of pictures that the judging encoder is shown."""


class TrainedPictures:
    """Encoder, pose encoder and generator of a training run, from its folder's state.pt, on the processor.

    Raises WeightsError or DataError where there are none: recipes without poses generate nothing.
    """

    def __init__(self, folder: Path) -> None:
        state = load_plain(folder / STATE)
        tensors, recipe = ({}, {}) if not isinstance(state, dict) else (state.get("networks"), state.get("recipe"))
        if not (isinstance(tensors, dict) and isinstance(recipe, dict)):
            raise DataError(f"{folder / STATE} holds no training run.")
        # FD-GAN's generator is given noise and a target pose: it recovers and swaps nothing.
        if FIRST_LAYER not in tensors or recipe.get("fd_gan"):
            raise DataError(f"{folder} is no run of a recipe that recovers pictures; give one such as of st-reid.")
        try:
            self._build(tensors, recipe)
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError) as error:
            raise DataError(f"{folder / STATE} is damaged, or of another version; train the run again.") from error

    def _build(self, tensors: dict[str, torch.Tensor], recipe: dict[str, Any]) -> None:
        """The networks of the recipe with their tensors."""
        self.options = GeneratorOptions(**recipe["objective"]["generator"])
        encoder = EncoderOptions(**recipe["encoder"])
        self.height, self.width = size = encoder.height, encoder.width
        self.joints = joints = tensors[FIRST_LAYER].shape[1]

        def networks() -> nn.ModuleDict:
            context = ContextEncoder(encoder)
            generating = generating_networks(context.dimension, *size, self.options, joints)
            return nn.ModuleDict({"encoder": context, **generating})

        own = {name: tensor for name, tensor in tensors.items() if name.split(".")[0] in NETWORKS}
        built = built_with(own, networks).eval()
        self.encoder, self.pose_encoder, self.generator = (built[name] for name in NETWORKS)

    @torch.inference_mode()
    def __call__(self, people: torch.Tensor, keypoints: torch.Tensor) -> torch.Tensor:
        """The people in `people` (B, 3, H, W) in the poses (B, P, 2), pixels: (B, 3, H, W) RGB in 0..1."""
        maps = pose_maps(keypoints, self.height, self.width, torch.full((len(people),), sum(SIGMA) / 2))
        context = self.encoder(people)
        inputs = [context, self.pose_encoder(maps)]
        if self.options.map_conditioned:
            inputs += [context[:, :0], maps]
        return self.generator(*inputs)


@dataclass(frozen=True)
class Pair:
    """Two rows of the crops, of one person: the crop whose pose is taken, and another one that lends its looks."""

    pose: int
    looks: int


def pairs_of(crops: Sequence[Crop], count: int) -> list[Pair]:
    """`count` pairs, evenly spread over the people: the looks come from another recording, or where there is none from
    the person's crop that is half of them on in the order of time."""
    row_of = {crop.path: row for row, crop in enumerate(crops)}
    pairs = []
    for own in by_person_in_time(crops):
        for index, crop in enumerate(own):
            elsewhere = [other for other in own if other.video != crop.video]
            far = own[(index + len(own) // 2) % len(own)]
            looks = elsewhere[index % len(elsewhere)] if elsewhere else far
            if looks is not crop:
                pairs.append(Pair(row_of[crop.path], row_of[looks.path]))
    return [pairs[index] for index in spread(len(pairs), count)] if pairs else []


@dataclass(frozen=True)
class PictureScores:
    """Of `count` pictures of each kind: shares 0..1 in which the judging encoder names the person first among
    `people`, and the mean L1 to the real picture (0..1). Kinds: `JUDGED`."""

    rank1: dict[str, float]
    l1: dict[str, float]
    count: int
    people: int
    shown: dict[str, torch.Tensor]
    """Rows of pictures (N, 3, H, W) to look at, as many as a grid has columns, or all."""


def score_pictures(
    pictures: TrainedPictures, crops: Sequence[Crop], encode_images: EncodeImages, count: int
) -> PictureScores:
    """Generate pictures of `count` crops and search for their person among the real crops with another encoder.

    `crops` have landmarks. Neither the crop itself nor the one that lends its looks is among those searched. Raises
    DataError where no person has two crops.
    """
    pairs = pairs_of(crops, count)
    if not pairs:
        raise DataError("No person has two crops, so nobody's looks can be lent to another pose; give more crops.")
    images = CropImages(crops, pictures.height, pictures.width)
    made: dict[str, list[torch.Tensor]] = {"real": [], "recovered": [], "looks": [], "swapped": []}
    for start in range(0, len(pairs), BATCH):
        chunk = pairs[start : start + BATCH]
        pose, looks = ([images[row] for row in rows] for rows in zip(*((p.pose, p.looks) for p in chunk), strict=True))
        real, lent = (torch.stack([image for image, _ in part]).float() / 255 for part in (pose, looks))
        joints = torch.stack([keypoints for _, keypoints in pose])
        for kind, batch in (
            ("real", real),
            ("recovered", pictures(real, joints)),
            ("looks", lent),
            ("swapped", pictures(lent, joints)),
        ):
            made[kind].append(batch)
    rows = {kind: torch.cat(batches) for kind, batches in made.items()}
    gallery = embed_crops(crops, encode_images)
    person = np.array([crop.person for crop in crops])
    hidden = np.array([[pair.pose, pair.looks] for pair in pairs])  # (count, 2)
    rank1, l1 = {}, {}
    for kind in JUDGED:
        cost = cosine_cost(encode_images(list(map(as_bgr, rows[kind]))), gallery.embedding)
        np.put_along_axis(cost, hidden, np.inf, axis=1)
        rank1[kind] = float((person[cost.argmin(axis=1)] == person[hidden[:, 0]]).mean())
        l1[kind] = float((rows[kind] - rows["real"]).abs().mean())
    some = spread(len(pairs), COLUMNS)
    shown = {kind: part[some] for kind, part in rows.items()}
    return PictureScores(rank1, l1, len(pairs), len(people(crops)), shown)


def as_bgr(image: torch.Tensor) -> np.ndarray:
    """(3, H, W) RGB in 0..1 as (H, W, 3) uint8 BGR."""
    return np.ascontiguousarray((image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()[..., ::-1])
