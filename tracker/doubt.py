"""When identities are in doubt: two people in contact in the picture may exchange their tracks, and so may people who
were out of sight at the same time.

From then on the galleries of the tracks involved get no views. A track that stands clear of others, or in front of
them, collects fresh views, and with enough of them it is compared with all of its group (`recovery`). Whoever is
covered loses the fresh views: the box may go on with another person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .boxes import in_contact
from .gallery import Gallery
from .shared_look import SharedLook
from .track import Track, TrackState

FEW = 10
"""So many tracks in contact may be looked at all the time."""


@dataclass(frozen=True, slots=True)
class DoubtOptions:
    """When two tracks may have exchanged their identities, and when that can be resolved."""

    contact: float = 0.3
    """Two people are in contact when this share of the smaller box lies within the other."""
    max_covered: float = 0.2
    """Maximum share of a box in contact covered by nearer people at which its view counts."""
    pause: float = 0.02
    """Seconds for each track in contact beyond `FEW` after which one that was identified there is looked at again: so
    the crops to embed stay few, however many people touch."""
    unseen: float = 0.3
    """Seconds unseen after which a track matched by motion may be any other person who was out of sight."""
    min_views: int = 3
    """Minimum number of fresh views of a track, before its identity is resolved."""

    def pause_among(self, touched: int) -> float:
        """Seconds between two looks at one track, with so many in contact."""
        return self.pause * max(touched - FEW, 0)


def touching(tracks: Sequence[Track], now: float, options: DoubtOptions) -> np.ndarray:
    """Which tracks are in contact, (T, T) bool; tracks out of sight are where their motion predicts them."""
    boxes = [track.last_xyxy if track.last_time == now else track.motion.xyxy for track in tracks]
    xyxy = np.stack(boxes) if boxes else np.zeros((0, 4))
    contact = in_contact(xyxy, xyxy, options.contact)
    np.fill_diagonal(contact, False)
    return contact


def spread_doubt(tracks: Sequence[Track], contact: np.ndarray, now: float) -> None:
    """Join the groups of tracks in contact, (T, T) bool."""
    for one, other in np.argwhere(np.triu(contact)):
        tracks[one].join_group(tracks[other])
    for touched in np.flatnonzero(contact.any(axis=1)).tolist():
        tracks[touched].touch(now)


def doubt_returned(returned: Sequence[Track], tracks: Sequence[Track], now: float) -> None:
    """A track that came back into sight may be any of those that were out of sight as well."""
    for track in returned:
        track.come_back(now)
        for other in tracks:
            if other is not track and (other.state is TrackState.LOST or other in returned):
                track.join_group(other)
        track.unsure = track.group is not None


def may_be_identified(track: Track, now: float, options: DoubtOptions) -> bool:
    """Whether a track in doubt is in sight and has enough fresh views."""
    return (
        track.group is not None
        and track.state is TrackState.CONFIRMED
        and track.last_time == now
        and len(track.fresh.views) >= options.min_views
    )


def drop_views_of_another(fresh: Gallery, look: SharedLook) -> None:
    """Drop the fresh views up to the last one that shows another person than the newest does, by their embeddings.

    In contact a track may go on with the other person between two views: of both no identity can be told.
    """
    if len(fresh.views) < 2:
        return
    views = fresh.appearance().without(look.vector)  # (V, D)
    gap = fresh.views[-1].time - np.array([view.time for view in fresh.views[:-1]])
    others = np.flatnonzero(look.calibration.log_odds(views[:-1] @ views[-1], gap) < 0)
    if len(others):
        fresh.keep_last(len(views) - 1 - int(others[-1]))
