"""When identities are in doubt: people who touch in the picture may come apart exchanged.

From the first contact on, the galleries of those involved stop learning. Whoever stands clear again collects fresh
views, and once there are enough of them is compared with everybody of the group (see `recovery`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .boxes import area, intersection
from .gallery import Gallery
from .track import Life, Track


@dataclass(frozen=True, slots=True)
class DoubtOptions:
    """When two people may be mistaken for each other, and when that can be settled."""

    contact: float = 0.3
    """Two people are in contact when this share of the smaller box lies within the other."""
    views: int = 3
    """Fresh views of a person who stands clear again that settle who she is."""
    spacing: float = 0.08
    """Seconds between two of these."""


def touching(tracks: Sequence[Track], now: float, options: DoubtOptions) -> np.ndarray:
    """Who is in contact with whom, (T, T) bool; people out of sight are where their motion puts them."""
    boxes = [track.last_xyxy if track.last_time == now else track.motion.xyxy for track in tracks]
    xyxy = np.stack(boxes) if boxes else np.zeros((0, 4))
    smaller = np.minimum(area(xyxy)[:, None], area(xyxy)[None, :])
    contact = intersection(xyxy, xyxy) > options.contact * np.maximum(smaller, 1.0)
    np.fill_diagonal(contact, False)
    return contact


def spread_doubt(tracks: Sequence[Track], contact: np.ndarray) -> None:
    """Join the groups of people in contact; who is new to a group starts collecting fresh views."""
    for one, other in np.argwhere(np.triu(contact)):
        a, b = tracks[one], tracks[other]
        if a.group is None or b.group is not a.group:
            joined = (a.group or {a}) | (b.group or {b})
            for track in joined:
                track.group = joined
        for track in (a, b):
            track.fresh = Gallery(track.fresh.options)


def forget_gone(track: Track) -> None:
    """Somebody who is gone is no longer mistaken for anybody."""
    if track.group is not None:
        track.group.discard(track)
        track.group = None


def is_clear_again(track: Track, now: float, options: DoubtOptions) -> bool:
    """Whether a doubtful person in sight has shown enough of herself to be told apart."""
    return (
        track.group is not None
        and track.life is Life.LIVE
        and track.last_time == now
        and len(track.fresh.views) >= options.views
    )
