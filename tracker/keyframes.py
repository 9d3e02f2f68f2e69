"""People detected in keyframes, and in the frames between them only where straight lines would not do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TypeAlias

import numpy as np

from .association import match
from .boxes import iou
from .types import Detections, Frame, InputError

SPANS = 2
"""Keyframes that are detected side by side."""

Detect: TypeAlias = Callable[[Sequence[Frame]], Sequence[Detections]]


@dataclass(frozen=True, slots=True)
class KeyframeOptions:
    """In which frames a network detects people."""

    every: int = 4
    """Frames from one keyframe to the next; 1: people are detected in every frame."""
    overlap: float = 0.75
    """Smallest overlap (IoU) of a person's boxes in two frames for straight lines between them."""
    crowding: float = 0.3
    """Overlap (IoU) of two people's boxes above which there are no straight lines."""
    sure: float = 0.4
    """Smallest score of a box that must be in both frames; weaker ones that are not are left out between them."""

    def __post_init__(self) -> None:
        if self.every < 1:
            raise InputError(f"people are detected in every n-th frame, n at least 1, not {self.every}")
        for name in ("overlap", "crowding", "sure"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"--keyframes.{name} must lie between 0 and 1, not {getattr(self, name)}")


class Keyframes:
    """Detects people in keyframes, the first frame and each `every`-th after it.

    Between two of them boxes lie on straight lines in time, where all people are in both, far enough from each other,
    and hardly moved; else people are detected in the frame in the middle, and so on. So what is known of a frame may
    come from a later one, at most `every` - 1 frames on. The last frame is a keyframe, too.
    """

    def __init__(self, options: KeyframeOptions) -> None:
        self.options = options
        self.detected = 0
        """Frames in which people were detected so far."""

    def detect(self, frames: Iterable[Frame], detect: Detect) -> Iterator[tuple[list[Frame], list[Detections]]]:
        """All frames in groups, with the people of each; `detect` is called with frames that need not be neighbours."""
        remaining = iter(frames)
        group = list(islice(remaining, 1))
        found = self._found(group, detect)
        while group:
            yield group, found
            last, boxes = group[-1], found[-1]
            group = list(islice(remaining, SPANS * self.options.every))
            found = self._between(last, boxes, group, detect)

    def _found(self, frames: Sequence[Frame], detect: Detect) -> list[Detections]:
        self.detected += len(frames)
        return list(detect(frames)) if frames else []

    def _between(self, last: Frame, boxes: Detections, group: list[Frame], detect: Detect) -> list[Detections]:
        """The people in each frame of a group that follows on the keyframe `last`, which has these `boxes`."""
        frames = [last, *group]
        keys = sorted({*range(0, len(frames), self.options.every), len(frames) - 1} - {0})
        found = {0: boxes, **dict(zip(keys, self._found([frames[key] for key in keys], detect), strict=True))}
        gaps = [*pairwise([0, *keys])]
        while gaps := [(start, end) for start, end in gaps if end - start > 1]:
            halves = []
            for start, end in gaps:
                pairs = straight(found[start], found[end], self.options)
                if pairs is None:
                    halves.append((start, (start + end) // 2, end))
                    continue
                ends = found[start][pairs[0]], found[end][pairs[1]]
                begun, lasts = frames[start].time, frames[end].time - frames[start].time
                for between in range(start + 1, end):
                    found[between] = mixed(*ends, (frames[between].time - begun) / lasts)
            middles = [middle for _, middle, _ in halves]
            found |= dict(zip(middles, self._found([frames[middle] for middle in middles], detect), strict=True))
            gaps = [half for start, middle, end in halves for half in ((start, middle), (middle, end))]
        return [found[place] for place in range(1, len(frames))]


def straight(before: Detections, after: Detections, options: KeyframeOptions) -> tuple[np.ndarray, np.ndarray] | None:
    """Rows of two frames that are the same people, (P,) and (P,), between which boxes may lie on straight lines; None
    where they may not."""
    sure = before.score >= options.sure, after.score >= options.sure
    for frame, rows in zip((before, after), sure, strict=True):
        overlaps = iou(frame.xyxy[rows], frame.xyxy[rows])
        if (np.triu(overlaps, 1) > options.crowding).any():
            return None
    pairs = match(iou(before.xyxy, after.xyxy), options.overlap)
    alone = [np.delete(rows, paired).any() for rows, paired in zip(sure, pairs, strict=True)]
    return None if any(alone) else pairs


def mixed(before: Detections, after: Detections, share: float) -> Detections:
    """Boxes, scores and joints at a `share`, 0..1, of the way from `before` to `after`, whose rows are the same."""
    keypoints = None
    if before.keypoints is not None and after.keypoints is not None:
        keypoints = (1 - share) * before.keypoints + share * after.keypoints
    xyxy = (1 - share) * before.xyxy + share * after.xyxy
    return Detections(xyxy, (1 - share) * before.score + share * after.score, keypoints)
