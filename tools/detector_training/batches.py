"""Batches of augmented pictures for the person detector, by Ultralytics' own data set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

AUGMENTATION = {
    "mosaic": 0.4,
    "translate": 0.1,
    "scale": 0.4,
    "fliplr": 0.5,
    "flipud": 0.12,
    "hsv_h": 0.015,
    "hsv_s": 0.6,
    "hsv_v": 0.5,
}
"""Ultralytics' names. Flipping upside down makes handstands of standing people. Nothing is turned by a few degrees:
the box around a turned box is larger than the person in it, and after one pass so were all boxes of the network."""
PEOPLE = {"names": {0: "person"}, "nc": 1, "channels": 3}


class Batches:
    """Endless passes over the pictures in `images` (and the labels beside them), shuffled and augmented by `seed`."""

    def __init__(self, images: Path, imgsz: int, batch: int, seed: int) -> None:
        from ultralytics.cfg import get_cfg
        from ultralytics.data.build import build_dataloader, build_yolo_dataset
        from ultralytics.utils.torch_utils import init_seeds

        init_seeds(seed)
        config: Any = get_cfg(overrides={**AUGMENTATION, "imgsz": imgsz, "task": "detect", "cache": "ram"})
        self.config = config
        dataset = build_yolo_dataset(config, str(images), batch, dict(PEOPLE))
        self._loader = build_dataloader(dataset, batch, workers=0, drop_last=True, device="cpu")
        self._rng = np.random.default_rng(seed)

    def __len__(self) -> int:
        """Batches in one pass."""
        return len(self._loader)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """One pass: `img` (B, 3, S, S) float32 RGB in 0..1 with `cls`, `bboxes` and `batch_idx` of its people."""
        for batch in self._loader:
            yield batch | {"img": darken_and_blur(batch["img"].float() / 255, self._rng)}


def darken_and_blur(images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """A dim stage and fast limbs: in place, a fifth of the (B, 3, H, W) pictures darkened, a fifth motion-blurred."""
    for image in images:
        chance = rng.random()
        if chance < 0.2:
            image.pow_(rng.uniform(1.3, 2.5))
        elif chance < 0.4:
            image.copy_(motion_blur(image, int(rng.integers(2, 7)), horizontal=rng.random() < 0.7))
    return images


def motion_blur(image: torch.Tensor, reach: int, *, horizontal: bool) -> torch.Tensor:
    """The mean of 2 `reach` + 1 shifted copies of a (3, H, W) picture."""
    length = 2 * reach + 1
    size, padding = ((1, length), (0, reach)) if horizontal else ((length, 1), (reach, 0))
    return nn.functional.avg_pool2d(image[None], size, stride=1, padding=padding, count_include_pad=False)[0]
