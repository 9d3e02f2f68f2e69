"""Tracks that hold an identity, as arrays: what is asked of hundreds of lost people is read from each of them once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from .gallery import Gallery, People
from .track import Identity, Track, TrackState


class Holders:
    """H tracks with an identity, which must stay as they are while this object is used.

    Its arrays are made when they are first asked for.
    """

    def __init__(self, tracks: Sequence[Track] = ()) -> None:
        self.tracks = list(tracks)
        self._identities = [track.identity for track in self.tracks]
        self._embedded = False

    def __len__(self) -> int:
        return len(self.tracks)

    def still_lost(self) -> Holders:
        """Those of them who were not found since; this very object where none was."""
        lost = [track for track in self.tracks if track.state is TrackState.LOST]
        return self if [track.identity for track in lost] == self._identities else Holders(lost)

    def and_asleep(self, asleep: Holders) -> Holders:
        """These and those, in one; of those nothing is read again that is known."""
        both = Holders([*self.tracks, *asleep.tracks])
        for name in ("last_xyxy", "last_velocity", "last_time", "before_cut", "viewed"):
            setattr(both, name, np.concatenate([getattr(self, name), getattr(asleep, name)]))
        return both

    @cached_property
    def groups(self) -> np.ndarray:
        """The same number for those whose identities may have been exchanged, (H,): as it is when first asked for."""
        return np.array([id(track.group) for track in self.tracks], int)

    def identity(self, column: int) -> Identity:
        """Whose track that is."""
        identity = self._identities[column]
        assert identity is not None
        return identity

    @cached_property
    def last_xyxy(self) -> np.ndarray:
        """Where they were last seen, (H, 4) pixels."""
        return np.array([track.last_xyxy for track in self.tracks], float).reshape(-1, 4)

    @cached_property
    def last_velocity(self) -> np.ndarray:
        """How they moved then, (H, 2) pixels per second."""
        return np.array([track.last_velocity for track in self.tracks], float).reshape(-1, 2)

    @cached_property
    def last_time(self) -> np.ndarray:
        """When that was, (H,) seconds."""
        return np.array([track.last_time for track in self.tracks], float)

    @cached_property
    def before_cut(self) -> np.ndarray:
        """Who was last seen before a camera cut, (H,) bool."""
        return np.array([track.before_cut for track in self.tracks], bool)

    @cached_property
    def heights(self) -> np.ndarray:
        """Body heights of those who were seen since the last camera cut, in pixels."""
        return np.array([track.motion.height for track in self.tracks if not track.before_cut], float)

    @cached_property
    def viewed(self) -> np.ndarray:
        """When they were last seen clearly, (H,) seconds; without a view, when they were last seen."""
        views = [self.identity(column).gallery.views for column in range(len(self))]
        last = zip(self.tracks, views, strict=True)
        return np.array([views[-1].time if views else track.last_time for track, views in last], float)

    @cached_property
    def people(self) -> People:
        """Their appearance; embed `pop_galleries` first."""
        return People([self.identity(column).gallery.appearance() for column in range(len(self))])

    def pop_galleries(self) -> list[Gallery]:
        """Their galleries, for `embed_all`, the first time; none later, when all views are embedded."""
        embedded, self._embedded = self._embedded, True
        return [] if embedded else [self.identity(column).gallery for column in range(len(self))]
