"""People detected in keyframes, and in the frames between them only where straight lines would not do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TypeAlias

import numpy as np

from .association import match
from .boxes import iou
from .prefetch import in_groups
from .types import Detections, Frame, InputError

SPANS = 2
"""Steps from one keyframe to the next in a group: so many networks can run side by side."""
MOST = 16
"""Largest step in frames: the pictures of a group wait in memory."""

Detect: TypeAlias = Callable[[Sequence[Frame]], Sequence[Detections]]


@dataclass(frozen=True, slots=True)
class KeyframeOptions:
    """In which frames a network detects people."""

    every: int = 4
    """Frames from one keyframe to the next, at most 16; 1: people are detected in every frame."""
    longest: float = 0.2
    """Longest time between two frames for straight lines between them, seconds: who is there or away for less may be
    missed."""
    overlap: float = 0.75
    """Smallest overlap (IoU) of a person's boxes in two frames for straight lines between them."""
    crowding: float = 0.3
    """Overlap (IoU) of two people's boxes above which there are no straight lines."""
    sure: float = 0.4
    """Smallest score of a box that must be in both frames; weaker ones that are not are left out between them."""

    def __post_init__(self) -> None:
        if not 1 <= self.every <= MOST:
            raise InputError(f"--keyframes.every must lie between 1 and {MOST}, not {self.every}")
        if not self.longest >= 0:
            raise InputError(f"--keyframes.longest must be 0 or more seconds, not {self.longest}")
        if not 0 < self.overlap <= 1:
            raise InputError(f"--keyframes.overlap must be above 0 and at most 1, not {self.overlap}")
        for name in ("crowding", "sure"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"--keyframes.{name} must lie between 0 and 1, not {getattr(self, name)}")

    def lag(self, fps: float) -> float:
        """Seconds, at most, from a frame to the one that what is known of it comes from, at so many frames a second."""
        return min((self.every - 1) / fps, self.longest)


class Keyframes:
    """Detects people in keyframes, the first frame and each `every`-th after it.

    Between two of them boxes lie on straight lines in time, where all people are in both, far enough from each other,
    and hardly moved; else people are detected in the frame in the middle, and so on. The last frame is a keyframe, too.
    """

    def __init__(self, options: KeyframeOptions) -> None:
        self.options = options
        self.detected = 0
        """Frames in which people were detected so far."""

    def detect(self, frames: Iterable[Frame], detect: Detect) -> Iterator[tuple[list[Frame], list[Detections]]]:
        """All frames in groups, with the people of each; `detect` is called with frames that need not be neighbours.

        Where `frames` end in an InputError, that is raised after the frames before it.
        """
        remaining = iter(frames)
        for first in islice(remaining, 1):
            last, boxes = first, self._found([first], detect)[0]
            yield [first], [boxes]
            for group in in_groups(remaining, SPANS * self.options.every):
                found = self._between(last, boxes, group, detect)
                yield group, found
                last, boxes = group[-1], found[-1]

    def _found(self, frames: Sequence[Frame], detect: Detect) -> list[Detections]:
        found = list(detect(frames)) if frames else []
        self.detected += len(frames)
        return found

    def _between(self, last: Frame, boxes: Detections, group: list[Frame], detect: Detect) -> list[Detections]:
        """The people in each frame of a group that follows on the keyframe `last`, which has these `boxes`."""
        frames = [last, *group]
        keys = sorted({*range(self.options.every, len(frames), self.options.every), len(group)})
        found = {0: boxes, **dict(zip(keys, self._found([frames[key] for key in keys], detect), strict=True))}
        gaps = list(pairwise([0, *keys]))
        while gaps := [(start, end) for start, end in gaps if end - start > 1]:
            unknown = []
            for start, end in gaps:
                lines = self._lines(frames[start : end + 1], found[start], found[end])
                found |= dict(zip(range(start + 1, end), lines, strict=False))
                unknown += [] if lines else [(start, (start + end) // 2, end)]
            middles = [middle for _, middle, _ in unknown]
            found |= dict(zip(middles, self._found([frames[middle] for middle in middles], detect), strict=True))
            gaps = [half for start, middle, end in unknown for half in ((start, middle), (middle, end))]
        return [found[place] for place in range(1, len(frames))]

    def _lines(self, frames: Sequence[Frame], before: Detections, after: Detections) -> list[Detections]:
        """The people in all frames but the first and the last, on straight lines; none where these would not do."""
        start, duration = frames[0].time, frames[-1].time - frames[0].time
        pairs = straight(before, after, self.options) if 0 < duration <= self.options.longest + 1e-6 else None
        if pairs is None:
            return []
        ends = before[pairs[0]], after[pairs[1]]
        return [mixed(*ends, min(max((frame.time - start) / duration, 0.0), 1.0)) for frame in frames[1:-1]]


def straight(before: Detections, after: Detections, options: KeyframeOptions) -> tuple[np.ndarray, np.ndarray] | None:
    """Rows of two frames that are the same people, (P,) and (P,), between which boxes may lie on straight lines; None
    where they may not."""
    sure = before.score >= options.sure, after.score >= options.sure
    for frame, rows in zip((before, after), sure, strict=True):
        overlaps = iou(frame.xyxy[rows], frame.xyxy[rows])
        if (np.triu(overlaps, 1) > options.crowding).any():
            return None
    pairs = match(iou(before.xyxy, after.xyxy), options.overlap)
    unpaired = (np.delete(rows, paired) for rows, paired in zip(sure, pairs, strict=True))
    return None if any(rows.any() for rows in unpaired) else pairs


def mixed(before: Detections, after: Detections, share: float) -> Detections:
    """Boxes, scores and joints at a `share`, 0..1, of the way from `before` to `after`, whose rows are the same."""
    keypoints = None
    if before.keypoints is not None and after.keypoints is not None:
        keypoints = (1 - share) * before.keypoints + share * after.keypoints
    xyxy = (1 - share) * before.xyxy + share * after.xyxy
    return Detections(xyxy, (1 - share) * before.score + share * after.score, keypoints)
