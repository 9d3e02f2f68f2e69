"""Everybody's boxes in one video, kept until an edit touches them."""

from __future__ import annotations

import numpy as np

from tracker.results.moment_words import GONE

from .gaps import FILLED, Places, places_of
from .labelled_people import BY_HAND, LabelledPeople

DETECTED, BY_HAND_KIND, FILLED_KIND = range(3)
"""How a box is known, as the page counts it."""


class PlaceTable:
    """`Places` by person, gaps up to `longest` frames filled; only every `step`-th frame counts."""

    def __init__(self, video: str, longest: float, step: int) -> None:
        self.video, self.longest, self.step = video, longest, step
        self._labelled: LabelledPeople | None = None
        self._places: dict[int, Places] = {}

    def take(self, labelled: LabelledPeople) -> dict[int, Places]:
        """The people with boxes, by number."""
        if labelled is not self._labelled:
            for person in everybody(labelled) if self._labelled is None else labelled.touched_since(self._labelled):
                places = places_of(labelled, person, self.video, self.longest)
                kept = places.frame % self.step == 0
                self._places[person] = Places(*(column[kept] for column in places))
            self._labelled = labelled
        return {person: places for person, places in sorted(self._places.items()) if len(places.frame)}


def everybody(labelled: LabelledPeople) -> set[int]:
    """Who has labels."""
    return set(np.unique(labelled.person).tolist()) - {GONE}


def kinds(places: Places, labelled: LabelledPeople) -> np.ndarray:
    """How each box is known, (n,)."""
    by_hand = np.isin(labelled.rank[places.row], BY_HAND)
    return np.where(places.row == FILLED, FILLED_KIND, np.where(by_hand, BY_HAND_KIND, DETECTED))
