"""Random changes of a training batch, on its device: pictures and keypoints move together.

Masks and pose maps are made from the moved keypoints (`reid.training.pose_maps`), so they move too. All chance comes
from a generator on the processor, so a run can be repeated on any device.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from .joint_layouts import joint_layout
from .option_ranges import require_range

SMALLEST_ERASED = 0.02  # of the picture, by random erasing


@dataclass(frozen=True)
class AugmentationOptions:
    """Random changes of a picture."""

    flip: float = 0.5
    """Chance of a mirror image (left and right joints change places)."""
    shift: float = 0.04
    """Largest shift, as a part of the picture's height; the uncovered border is grey."""
    erase: float = 0.0
    """Chance that a rectangle of the encoder's input is erased (random erasing); the losses' pictures stay whole."""
    erase_area: float = 0.4
    """Largest part of the picture that is erased; the smallest is 2%."""
    brightness: float = 0.0
    """Largest relative change of brightness and contrast of the encoder's input."""

    def __post_init__(self) -> None:
        least = {"flip": 0.0, "shift": 0.0, "erase": 0.0, "erase_area": SMALLEST_ERASED, "brightness": 0.0}
        for name, minimum in least.items():
            require_range(f"augmentation.{name}", getattr(self, name), minimum, 1.0)


def augment(
    images: torch.Tensor, keypoints: torch.Tensor | None, options: AugmentationOptions, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Mirror and shift at random. images (B, 3, H, W) in 0..1, keypoints (B, P, 2) pixels; the same shapes come out."""
    mirrored = torch.rand(len(images), generator=generator) < options.flip
    images, keypoints = flip(images, keypoints, mirrored.to(images.device))
    reach = round(options.shift * images.shape[2])
    if not reach:
        return images, keypoints
    offset = torch.randint(-reach, reach + 1, (len(images), 2), generator=generator)  # (B, 2) dx, dy
    return shift(images, keypoints, offset.to(images.device), reach)


def flip(
    images: torch.Tensor, keypoints: torch.Tensor | None, mirrored: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Mirror the pictures where `mirrored` (B,) says so, and swap their left and right joints."""
    images = torch.where(mirrored[:, None, None, None], images.flip(3), images)
    if keypoints is not None:
        swapped = keypoints[:, list(joint_layout(keypoints.shape[1]).mirror)]
        swapped = torch.stack([images.shape[3] - 1 - swapped[..., 0], swapped[..., 1]], dim=-1)
        keypoints = torch.where(mirrored[:, None, None], swapped, keypoints)
    return images, keypoints


def shift(
    images: torch.Tensor, keypoints: torch.Tensor | None, offset: torch.Tensor, reach: int
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Move each picture by its (dx, dy) pixels, at most `reach`; `offset` is (B, 2)."""
    height, width = images.shape[2:]
    padded = nn.functional.pad(images, (reach, reach, reach, reach), value=0.5)
    row = torch.arange(height, device=images.device) + reach - offset[:, 1:]  # (B, H)
    column = torch.arange(width, device=images.device) + reach - offset[:, :1]  # (B, W)
    batch = torch.arange(len(images), device=images.device)
    moved = padded[batch[:, None, None], :, row[:, :, None], column[:, None, :]]  # (B, H, W, 3)
    return moved.permute(0, 3, 1, 2), None if keypoints is None else keypoints + offset[:, None]


def encoder_view(images: torch.Tensor, options: AugmentationOptions, generator: torch.Generator) -> torch.Tensor:
    """The encoder's input for a batch (B, 3, H, W): light changed and rectangles erased; `images` stay as they are."""
    if options.brightness:
        change = 1 + options.brightness * (2 * torch.rand(2, len(images), 1, 1, 1, generator=generator) - 1)
        gain, contrast = change.to(images.device)
        mean = images.mean(dim=(1, 2, 3), keepdim=True)
        images = (((images - mean) * contrast + mean) * gain).clamp(0, 1)
    if options.erase:
        rectangles = random_rectangles(images.shape, options.erase, options.erase_area, generator).to(images.device)
        images = torch.where(rectangles, 0.5, images)
    return images


def random_rectangles(shape: torch.Size, chance: float, largest: float, generator: torch.Generator) -> torch.Tensor:
    """Random erasing's rectangles (Zhong et al., AAAI 2020) as a bool mask (B, 1, H, W).

    2% of the picture to `largest`, sides in a ratio of 0.3 to 3.3.
    """
    batch, _, height, width = shape
    draw = torch.rand(5, batch, generator=generator)
    area = (SMALLEST_ERASED + (largest - SMALLEST_ERASED) * draw[0]) * height * width
    ratio = torch.exp((2 * draw[1] - 1) * 1.2)  # 0.3 to 3.3, evenly in its logarithm
    tall, wide = (area * ratio).sqrt().clamp(max=height), (area / ratio).sqrt().clamp(max=width)
    top, left = draw[2] * (height - tall), draw[3] * (width - wide)
    row, column = torch.arange(height)[None, :], torch.arange(width)[None, :]
    in_rows = (row >= top[:, None]) & (row < (top + tall)[:, None])  # (B, H)
    in_columns = (column >= left[:, None]) & (column < (left + wide)[:, None])  # (B, W)
    chosen = (draw[4] < chance)[:, None, None]
    return (in_rows[:, :, None] & in_columns[:, None, :] & chosen)[:, None]
