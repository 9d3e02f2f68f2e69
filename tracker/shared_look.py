"""What all people of a video share in their looks: the light, the camera, the floor, costumes of one colour.

It says nothing about who is who, and it differs from video to video, so that one similarity means the same person here
and two people there. Without it one calibration holds in every video.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .track import Identity
from .types import Calibration, Embedder


class SharedLook:
    """The mean of the people's embeddings, each of the n people counting once, times 1 - 1 / n: a single person shares
    nothing.

    Only for an `embedder` that was calibrated on views without it, too (`calibration_centred`).
    """

    def __init__(self, embedder: Embedder) -> None:
        self._whole: Calibration = embedder.calibration
        self._centred: Calibration | None = getattr(embedder, "calibration_centred", None)
        self._sum: np.ndarray | float = 0.0  # of the people's means
        self._people = 0
        self._vector: np.ndarray | None = None

    @property
    def is_used(self) -> bool:
        """Whether anything is ever taken from the views."""
        return self._centred is not None

    @property
    def calibration(self) -> Calibration:
        """That of views as they are compared now."""
        return self._whole if self._centred is None or self._people < 2 else self._centred

    def learn(self, people: Iterable[Identity]) -> None:
        """Count these people by those of their views that are embedded by now."""
        before = self._sum
        for person in people if self.is_used else ():
            appearance = person.gallery.appearance()
            if not len(appearance.views) or appearance.mean is person.look:
                continue
            self._people += person.look is None
            self._sum = self._sum + appearance.mean - (0.0 if person.look is None else person.look)
            person.look = appearance.mean
        if self._sum is not before:
            self._vector = shared(self._sum, self._people)

    @property
    def vector(self) -> np.ndarray | None:
        """What is to be taken from the views, (D,), the same array until it changes; None while there is nothing."""
        return self._vector


def shared(total: np.ndarray | float, people: int) -> np.ndarray | None:
    """What so many people share whose means (D,) add up to `total`; None for fewer than two."""
    return ((1 - 1 / people) / people * np.asarray(total)).astype(np.float32) if people > 1 else None
