"""A network that detects run by torch itself, on a GPU: what Ultralytics does around it takes longer than it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..types import Detections
from .letterbox import Letterbox
from .raw_boxes import Selection
from .weights import OtherKindError, chosen_classes, open_module

if TYPE_CHECKING:
    import torch

    from .detector import DetectorOptions

Pass: TypeAlias = "Callable[[torch.Tensor], torch.Tensor]"
Record: TypeAlias = "Callable[[Pass, torch.device], Callable[[np.ndarray], np.ndarray]]"
"""Makes a function of arrays of a network's pass on a device."""


class TorchNetwork:
    """A .pt file of Ultralytics that detects: pictures of any size to boxes, as Ultralytics gives them.

    `record` runs its pass on arrays, prepared for each size of pictures when that comes first.
    Raises OtherKindError where the network is of another kind, InputError for unknown classes and as
    `weights.open_module`.
    """

    def __init__(self, weights: Path, device: torch.device, options: DetectorOptions, record: Record) -> None:
        module = open_module(weights, trust=options.trust)
        _require_plain_boxes(module)
        chosen = chosen_classes(options.classes, dict(module.names), weights)
        self._selection = Selection(chosen, options.conf, options.iou)
        self._imgsz, self._stride = options.imgsz, int(max(module.stride))
        module = module.fuse(verbose=False).eval().requires_grad_(False).to(device)
        self._run = record(_pass(module.half() if options.half else module.float(), half=options.half), device)
        self._running = Lock()

    def __call__(self, images: list[np.ndarray]) -> list[Detections]:
        """People in pictures (H, W, 3) uint8 BGR, those of one size in a row at once. Raises what torch may."""
        with self._running:
            return [each for _, row in groupby(images, lambda image: image.shape) for each in self._of_size(list(row))]

    def prepare(self, width: int, height: int, batch: int) -> None:
        """Get ready for batches of pictures of this size, from any thread."""
        self([np.zeros((height, width, 3), np.uint8)] * batch)

    def _of_size(self, images: list[np.ndarray]) -> list[Detections]:
        height, width = images[0].shape[:2]
        box = Letterbox.of((width, height), self._imgsz, self._stride)
        pictures = np.stack([box.put(image) for image in images])  # (B, h, w, 3)
        return [self._selection(each, box) for each in self._run(pictures)]  # each (4 + classes, N)


def _pass(module: Any, *, half: bool) -> Pass:
    """Pictures (B, h, w, 3) uint8 BGR to the network's output (B, 4 + classes, N)."""
    head, grids = module.model[-1], {}

    def run(pictures: torch.Tensor) -> torch.Tensor:
        # Channels last, as they come, would have cuDNN build kernels for each size, in a second.
        given = pictures.flip(-1).permute(0, 3, 1, 2).contiguous()  # (B, 3, h, w) RGB
        found = module((given.half() if half else given.float()) / 255)[0].float()
        # The head has the grid of its last input only, and a recorded pass of an earlier shape reads that one's again.
        grids[pictures.shape] = head.anchors, head.strides
        return found

    return run


def _require_plain_boxes(module: Any) -> None:
    """Raise OtherKindError unless the network puts out boxes with a score for each class, before any suppression."""
    from ultralytics.nn.modules.head import Detect

    head = module.model[-1]
    if type(head) is not Detect or head.end2end or head.xyxy:
        raise OtherKindError("a network of another kind")
