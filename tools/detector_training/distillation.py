"""Distillation against forgetting: outside the labelled people the fine-tuned detector keeps to its parent's scores.

Learning without forgetting (Li & Hoiem 2016). Labels of videos miss the hidden and the far away; taught that no person
is there, a network finds fewer small people in other pictures too.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import binary_cross_entropy_with_logits


class Distillation:
    """Pulls a child's scores towards those of its frozen `parent`, a network of the same anchors."""

    def __init__(self, parent: Any) -> None:
        self._parent = parent.train().requires_grad_(False)
        for module in self._parent.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.eval()

    def loss(self, predicted: dict[str, Any], batch: dict[str, Any]) -> torch.Tensor:
        """Cross entropy of the child's scores with the parent's, per person that the parent saw; a scalar."""
        with torch.no_grad():
            taught = self._parent(batch["img"])["scores"].float().sigmoid()  # (B, 1, A)
        unlabelled = ~in_boxes(anchor_points(predicted["feats"]), batch)[:, None]  # (B, 1, A)
        entropy = binary_cross_entropy_with_logits(predicted["scores"], taught, reduction="none")
        return (entropy * unlabelled).sum() / (taught * unlabelled).sum().clamp(min=1)


def anchor_points(features: list[torch.Tensor]) -> torch.Tensor:
    """Centres of the cells of (B, C, h, w) feature maps, one after the other: (A, 2) x, y as shares of the picture."""
    grids = []
    for feature in features:
        height, width = feature.shape[2:]
        y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
        grids.append(torch.stack([x / width, y / height], dim=-1).view(-1, 2))
    return torch.cat(grids)


def in_boxes(points: torch.Tensor, batch: dict[str, Any]) -> torch.Tensor:
    """(B, A) bool: does the point lie in a labelled box of the picture? `bboxes` (N, 4) are cxcywh shares of it."""
    low = batch["bboxes"][:, None, :2] - batch["bboxes"][:, None, 2:] / 2
    high = low + batch["bboxes"][:, None, 2:]
    within = ((points >= low) & (points <= high)).all(dim=-1)  # (N, A)
    covered = torch.zeros(len(batch["img"]), len(points))
    return covered.index_add_(0, batch["batch_idx"].long(), within.float()) > 0
