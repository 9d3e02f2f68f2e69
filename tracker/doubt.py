"""When identities are in doubt: people who touch in the picture may come apart exchanged.

So may people who were out of sight at the same time. From then on the galleries of those involved stop learning.
Whoever stands clear again collects fresh views, and with enough of them is compared with all of the group (`recovery`).
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
    unseen: float = 0.3
    """Whoever comes back where motion expects her after so many seconds may be anybody else who was out of sight."""
    views: int = 3
    """Fresh views of a person who stands clear again that settle who she is."""


def touching(tracks: Sequence[Track], now: float, options: DoubtOptions) -> np.ndarray:
    """Who is in contact with whom, (T, T) bool; people out of sight are where their motion puts them."""
    boxes = [track.last_xyxy if track.last_time == now else track.motion.xyxy for track in tracks]
    xyxy = np.stack(boxes) if boxes else np.zeros((0, 4))
    smaller = np.minimum(area(xyxy)[:, None], area(xyxy)[None, :])
    contact = intersection(xyxy, xyxy) > options.contact * np.maximum(smaller, 1.0)
    np.fill_diagonal(contact, False)
    return contact


def spread_doubt(tracks: Sequence[Track], contact: np.ndarray) -> None:
    """Join the groups of people in contact; as long as they touch, no view of them counts."""
    for one, other in np.argwhere(np.triu(contact)):
        join(tracks[one], tracks[other])
    for touched in np.flatnonzero(contact.any(axis=1)).tolist():
        tracks[touched].fresh = Gallery(tracks[touched].fresh.options)


def doubt_returned(returned: Sequence[Track], tracks: Sequence[Track]) -> None:
    """Whoever came back into sight may be one of those who were out of sight as well."""
    for track in returned:
        track.fresh = Gallery(track.fresh.options)
        for other in tracks:
            if other is not track and (other.life is Life.LOST or other in returned):
                join(track, other)


def join(one: Track, other: Track) -> None:
    """From now on the two may have exchanged identities, and so may all whom either was mistaken for."""
    if one.group is None or one.group is not other.group:
        joined = (one.group or {one}) | (other.group or {other})
        for track in joined:
            track.group = joined


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
