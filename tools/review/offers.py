"""Boxes of the detector that no track took, offered where a person has a gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

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
KEPT_GAPS = 20_000
"""So many gaps are not looked through again while nothing of them changes."""


@dataclass(frozen=True)
class Offer:
    """Boxes in a gap of a person's: frames (n,), in order, and xyxy (n, 4) pixels."""

    frame: np.ndarray
    xyxy: np.ndarray


class Gap(NamedTuple):
    """The frames between `start` and `end`, every `step`-th; with the boxes there, as bytes, where a person has any."""

    start: int
    end: int
    step: int
    before: bytes | None
    after: bytes | None


class SpareBoxes:
    """The unused boxes, M of them, and which of them nobody has by now.

    `free` (M,) bool is another array whenever it changes, so what was found with one array holds as long as that one.
    """

    def __init__(self, unused: dict[int, Detections]) -> None:
        best = {frame: found[np.argsort(-found.score)] for frame, found in sorted(unused.items()) if len(found)}
        counts = [len(found) for found in best.values()]
        ends = np.cumsum(counts, dtype=int).tolist()
        self._rows = {frame: slice(end - n, end) for frame, n, end in zip(best, counts, ends, strict=True)}
        self._frame = np.repeat(np.array(list(best), int), counts)
        self._xyxy = np.concatenate([np.zeros((0, 4)), *(found.xyxy for found in best.values())])
        self._taken: dict[int, tuple[Places, np.ndarray]] = {}
        self.free = np.ones(len(self._frame), bool)
        self._kept_offer = lru_cache(KEPT_GAPS)(self._offer_in)

    def leave_out(self, everybody: dict[int, Places]) -> None:
        """Those that somebody has, by the people as they are now."""
        known, self._taken = self._taken, {}
        for person, places in everybody.items():
            same = person in known and known[person][0] is places
            self._taken[person] = known[person] if same else (places, self._taken_by(places))
        free = ~np.any([np.zeros_like(self.free), *(taken for _, taken in self._taken.values())], axis=0)
        if (free != self.free).any():
            self.free = free

    def _taken_by(self, places: Places) -> np.ndarray:
        """(M,) bool: where the person has about the same box."""
        at = np.searchsorted(places.frame, self._frame).clip(max=len(places.frame) - 1)
        together = np.flatnonzero(places.frame[at] == self._frame)
        overlap = iou(self._xyxy[together], places.xyxy[at[together], None])
        taken = np.zeros(len(self._frame), bool)
        taken[together] = overlap[:, 0] >= TAKEN
        return taken

    def at(self, frame: int) -> np.ndarray:
        """Those of a frame, (n, 4), the best scored first; of two on one person the better one."""
        rows = self._rows.get(frame, slice(0))
        kept: list[np.ndarray] = []
        for box in self._xyxy[rows][self.free[rows]]:
            if not kept or iou(box[None], np.stack(kept)).max() < TAKEN:
                kept.append(box)
        return np.array(kept).reshape(-1, 4)

    def next_to(self, box: np.ndarray, frame: int) -> np.ndarray | None:
        """The box (4,) of a frame that continues this one."""
        rows = self._rows.get(frame)
        if rows is None:
            return None
        overlap = iou(box[None], self._xyxy[rows])[0]
        best = int(overlap.argmax())
        return self._xyxy[rows][best] if overlap[best] >= LEAST_OVERLAP and self.free[rows][best] else None

    def offer_in(self, gap: Gap) -> Offer | None:
        """What continues the boxes at the ends of a gap."""
        first, end = np.searchsorted(self._frame, [gap.start + 1, gap.end]).tolist()
        return self._kept_offer(gap, self.free[first:end].tobytes()) if first < end else None

    def _offer_in(self, gap: Gap, _free: bytes) -> Offer | None:
        """The same for those that are free in the gap, which is all it depends on."""
        chain: dict[int, np.ndarray] = {}
        if gap.before is not None:
            chain = _chain(np.frombuffer(gap.before), range(gap.start + gap.step, gap.end, gap.step), self, {})
        if gap.after is not None:
            back = range(gap.end - gap.step, gap.start, -gap.step)
            chain = {**_chain(np.frombuffer(gap.after), back, self, chain), **chain}
        return _offer(chain) if len(chain) >= LEAST_BOXES else None


def offers(places: Places, spare: SpareBoxes, step: int, last: int) -> Iterator[Offer]:
    """What a person's gaps may be filled with, also before their first and behind their last box."""
    yield from filter(None, map(spare.offer_in, _gaps(places, step, last)))


def _gaps(places: Places, step: int, last: int) -> Iterator[Gap]:
    own, xyxy = places.frame, places.xyxy.astype(float)
    if not len(own):
        return
    yield Gap(-1, int(own[0]), step, None, xyxy[0].tobytes())
    for at in np.flatnonzero(np.diff(own) > step).tolist():
        yield Gap(int(own[at]), int(own[at + 1]), step, xyxy[at].tobytes(), xyxy[at + 1].tobytes())
    yield Gap(int(own[-1]), last + 1, step, xyxy[-1].tobytes(), None)


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
