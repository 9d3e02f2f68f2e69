"""Boxes of the detector that no track took, offered where a person has a gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tracker.boxes import iou
from tracker.types import Detections

from .gaps import Places

LEAST_OVERLAP = 0.35
"""IoU of a box with the person's last one, at least."""
LONGEST_HOLE = 8
"""Frames in a row without such a box after which nothing more is offered."""
LEAST_BOXES = 2
TAKEN = 0.7
"""IoU with a box of somebody's from which a box is theirs."""


@dataclass(frozen=True)
class Offer:
    """Boxes in a gap of a person's: frames (n,), in order, and xyxy (n, 4) pixels."""

    frame: np.ndarray
    xyxy: np.ndarray


class SpareBoxes:
    """The unused boxes that nobody has by now; asked frame by frame, as most frames are never asked for."""

    def __init__(self, unused: dict[int, Detections], everybody: dict[int, Places]) -> None:
        self.unused, self.everybody = unused, everybody

    def at(self, frame: int) -> np.ndarray:
        """Those of a frame, (n, 4), the best scored first; of two on one person the better one."""
        kept: list[np.ndarray] = []
        found = self.unused.get(frame)
        if found is None:
            return np.zeros((0, 4))
        for box in found.xyxy[np.argsort(-found.score)].astype(float):
            if self._is_free(frame, box) and (not kept or iou(box[None], np.stack(kept)).max() < TAKEN):
                kept.append(box)
        return np.array(kept).reshape(-1, 4)

    def next_to(self, box: np.ndarray, frame: int) -> np.ndarray | None:
        """The box (4,) of a frame that continues this one."""
        found = self.unused.get(frame)
        if found is None:
            return None
        overlap = iou(box[None], found.xyxy)[0]
        best = found.xyxy[int(overlap.argmax())].astype(float)
        return best if overlap.max() >= LEAST_OVERLAP and self._is_free(frame, best) else None

    def _is_free(self, frame: int, box: np.ndarray) -> bool:
        theirs = []
        for places in self.everybody.values():
            at = int(np.searchsorted(places.frame, frame))
            if at < len(places.frame) and places.frame[at] == frame:
                theirs.append(places.xyxy[at])
        return not theirs or iou(box[None], np.stack(theirs)).max() < TAKEN


def offers(places: Places, spare: SpareBoxes, step: int, last: int) -> Iterator[Offer]:
    """What a person's gaps may be filled with, also before their first and behind their last box."""
    own = places.frame
    if not len(own):
        return
    inner = np.flatnonzero(np.diff(own) > step)
    edges = [(-1, int(own[0]), False, True)]
    edges += [(int(own[at]), int(own[at + 1]), True, True) for at in inner]
    edges.append((int(own[-1]), last + 1, True, False))
    for start, end, from_start, from_end in edges:
        chain: dict[int, np.ndarray] = {}
        if from_start:
            chain = _chain(places.xyxy[np.searchsorted(own, start)], range(start + step, end, step), spare, {})
        if from_end:
            back = range(end - step, start, -step)
            chain = {**_chain(places.xyxy[np.searchsorted(own, end)], back, spare, chain), **chain}
        if len(chain) >= LEAST_BOXES:
            yield _offer(chain)


def offer_around(box: np.ndarray, frame: int, own: np.ndarray, spare: SpareBoxes, step: int, last: int) -> Offer:
    """This spare box (4,) and those that continue it, in frames where the person has none; `own` (n,) are theirs."""
    after = own[own > frame]
    before = own[own < frame]
    end, start = int(after[0]) if len(after) else last + 1, int(before[-1]) if len(before) else -1
    later = _chain(box, range(frame + step, end, step), spare, {})
    earlier = _chain(box, range(frame - step, start, -step), spare, {})
    return _offer({**earlier, frame: box, **later})


def _offer(chain: dict[int, np.ndarray]) -> Offer:
    frames = np.array(sorted(chain))
    return Offer(frames, np.stack([chain[frame] for frame in frames.tolist()]))


def _chain(box: np.ndarray, frames: range, spare: SpareBoxes, known: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """Box after box that continues the one before; ends at what is `known` already."""
    chain: dict[int, np.ndarray] = {}
    missed = 0
    for frame in frames:
        if frame in known or missed > LONGEST_HOLE:
            break
        found = spare.next_to(box, frame)
        missed = missed + 1 if found is None else 0
        if found is not None:
            chain[frame] = box = found
    return chain
