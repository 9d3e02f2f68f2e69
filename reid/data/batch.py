"""A training batch on its device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from .augmentation import AugmentationOptions, augment, encoder_view
from .crops import Crop
from .images import LoadedBatch


@dataclass(frozen=True)
class TrainingLabels:
    """Numbers from 0 on of the person (the class) and of the video of each training crop, (N,) each."""

    person: np.ndarray
    video: np.ndarray

    @classmethod
    def of(cls, crops: Sequence[Crop]) -> TrainingLabels:
        person, video = ([crop.person for crop in crops], [crop.video for crop in crops])
        return cls(np.unique(person, return_inverse=True)[1], np.unique(video, return_inverse=True)[1])


@dataclass(frozen=True)
class Batch:
    """N crops after augmentation.

    image (N, 3, H, W) float RGB in 0..1, view: the encoder's input made of it, person and video (N,) numbers,
    partner and negative (N,) indices into the batch or -1, paired (M,) and anchor (A,) the rows that have a partner and
    those that have a negative (found on the processor, since counting on a GPU makes the processor wait), keypoints
    (N, P, 2) pixels or None.
    """

    image: torch.Tensor
    view: torch.Tensor
    person: torch.Tensor
    video: torch.Tensor
    partner: torch.Tensor
    negative: torch.Tensor
    paired: torch.Tensor
    anchor: torch.Tensor
    keypoints: torch.Tensor | None
    generator: torch.Generator


def make_batch(
    loaded: LoadedBatch,
    labels: TrainingLabels,
    options: AugmentationOptions,
    generator: torch.Generator,
    device: torch.device,
) -> Batch:
    """Move a loaded batch to the device and augment it."""
    indices = loaded.indices
    image = loaded.pictures.to(device, non_blocking=True).float() / 255
    joints = loaded.keypoints.to(device, non_blocking=True) if loaded.keypoints.shape[1] else None
    image, joints = augment(image, joints, options, generator)
    image = image.contiguous(memory_format=torch.channels_last)
    person, video, partner, negative, paired, anchor = (
        torch.from_numpy(rows).to(device)
        for rows in (
            labels.person[indices.index],
            labels.video[indices.index],
            indices.partner,
            indices.negative,
            np.flatnonzero(indices.partner >= 0),
            np.flatnonzero(indices.negative >= 0),
        )
    )
    view = encoder_view(image, options, generator)
    return Batch(image, view, person, video, partner, negative, paired, anchor, joints, generator)
