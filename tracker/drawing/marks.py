"""Marks: who came back a moment ago, and what the picture says of it."""

from __future__ import annotations

from ..types import FrameTracks, Recovery


class Marks:
    """The recoveries of the last `seconds` that a viewer is told of (`Recovery.is_told`), by id.

    Doubtful are those whose margin is below `doubt`.
    """

    def __init__(self, seconds: float, doubt: float) -> None:
        self.seconds, self._doubt = seconds, doubt
        self._marks: dict[int, Recovery] = {}
        self._time = 0.0

    def update(self, tracks: FrameTracks) -> None:
        """Take in one frame; word of a recovery may come some frames after it."""
        self._time = tracks.time
        self._marks.update((recovery.id, recovery) for recovery in tracks.recoveries if recovery.is_told)
        self._marks = {
            identity: recovery
            for identity, recovery in self._marks.items()
            if 0 <= self._time - recovery.time < self.seconds
        }

    def remaining(self, identity: int) -> float:
        """The share of the mark's time that is left, 1 to 0; 0 for a person without a mark."""
        mark = self._marks.get(identity)
        return 0.0 if mark is None else 1 - (self._time - mark.time) / self.seconds

    def is_doubtful(self, identity: int) -> bool:
        """Whether the person has a mark, and another one looked almost as likely."""
        mark = self._marks.get(identity)
        return mark is not None and mark.margin is not None and mark.margin < self._doubt

    def words(self, identity: int) -> str:
        """What the label says besides the name; nothing for a person without a mark."""
        mark = self._marks.get(identity)
        if mark is None:
            return ""
        said = "known" if mark.remembered else f"back after {mark.away:.1f} s"
        return f"{said} ?" if self.is_doubtful(identity) else said
