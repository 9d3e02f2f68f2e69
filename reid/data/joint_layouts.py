"""Joint layouts: which joints change places in a mirror, and which are joined by a limb. Known by their joint count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .crops import Crop, DataError


@dataclass(frozen=True)
class JointLayout:
    """`mirror` gives, for each joint, the joint that takes its place in a mirror image; `limbs` are pairs of joints."""

    mirror: tuple[int, ...]
    limbs: tuple[tuple[int, int], ...]


COCO = JointLayout(
    mirror=(0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15),
    limbs=(
        *((0, 5), (0, 6), (5, 6), (5, 7), (7, 9), (6, 8), (8, 10)),
        *((5, 11), (6, 12), (11, 12), (5, 12), (6, 11), (11, 13), (13, 15), (12, 14), (14, 16)),
    ),
)
MARKET = JointLayout(
    mirror=(0, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1),
    limbs=(
        *((0, 1), (0, 14), (1, 2), (2, 3), (3, 4), (14, 13), (13, 12), (12, 11)),
        *((2, 5), (13, 10), (5, 10), (2, 10), (13, 5), (5, 6), (6, 7), (10, 9), (9, 8)),
    ),
)
COCO_OF_MARKET = {5: 13, 6: 2, 7: 12, 8: 3, 9: 11, 10: 4, 11: 10, 12: 5, 13: 9, 14: 6, 15: 8, 16: 7}
"""COCO's joint -> the same joint of Market-1501's layout, for the joints below the neck."""
JOINT_LAYOUTS = {17: COCO, 15: MARKET}


def joint_layout(joints: int) -> JointLayout:
    """The layout with this number of joints. Raises DataError where none is known."""
    if joints not in JOINT_LAYOUTS:
        raise DataError(f"No layout of {joints} joints is known; 17 (COCO) and 15 (Market-1501) are.")
    return JOINT_LAYOUTS[joints]


def as_coco(keypoints: np.ndarray) -> np.ndarray:
    """Landmarks of any known layout (P, 2) as COCO's 17, (17, 2): of the face of Market-1501's 15 only the nose.

    The nose is the middle between the top of the head and the neck; eyes and ears are not known (nan).
    """
    if len(keypoints) == len(COCO.mirror):
        return keypoints
    joint_layout(len(keypoints))
    result = np.full((len(COCO.mirror), 2), np.nan, np.float32)
    result[list(COCO_OF_MARKET)] = keypoints[list(COCO_OF_MARKET.values())]
    neck = (keypoints[1] + keypoints[14]) / 2
    result[0] = (keypoints[0] + neck) / 2
    return result


def with_joints(crops: Sequence[Crop], joints: int) -> list[Crop]:
    """The crops that have so many landmarks, or that can be given them: any known layout becomes COCO's 17."""
    if joints == len(COCO.mirror):
        known = (crop for crop in crops if crop.keypoints is not None and len(crop.keypoints) in JOINT_LAYOUTS)
        crops = [replace(crop, keypoints=as_coco(crop.keypoints)) for crop in known if crop.keypoints is not None]
    return [crop for crop in crops if crop.keypoints is not None and len(crop.keypoints) == joints]
