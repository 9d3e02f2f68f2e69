"""Stories for the labelling: tracklets with hand-made embeddings, and the people they really show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reid.labelling.pseudo_labels import EmbeddedCrops, EncoderFacts, PseudoLabels, Tracklet, label_people

FPS, EVERY = 25.0, 5
DIMENSION = 32


def gaussian_log_odds(similarity: np.ndarray, same: tuple[float, float], different: tuple[float, float]) -> np.ndarray:
    above = ((similarity - different[0]) / different[1]).clip(0)
    below = ((similarity - same[0]) / same[1]).clip(max=0)
    return (above**2 - below**2) / 2


FACTS = EncoderFacts((0.8, 0.1), (0.2, 0.15), gaussian_log_odds)


class Story:
    """Tracklets with the people they really show; each look is its person's direction with some noise."""

    def __init__(self, people: int, noise: float = 0.35, seed: int = 0) -> None:
        self.random = np.random.default_rng(seed)
        self.people = np.linalg.qr(self.random.normal(size=(DIMENSION, DIMENSION)))[0][:people]
        self.noise = noise
        self.tracklets: list[Tracklet] = []
        self.rows: list[tuple[int, int, int, np.ndarray]] = []

    def shows(self, person: int | Sequence[int], track: int, start: int, end: int, clear: bool = True) -> None:
        """A tracklet from start to end; several people follow each other in equal parts."""
        frames = np.arange(start, end)
        shown = [person] if isinstance(person, int) else list(person)
        for frame in frames[frames % EVERY == 0].tolist():
            who = shown[(frame - start) * len(shown) // (end - start)]
            look = self.people[who] + self.random.normal(size=DIMENSION) * self.noise / np.sqrt(DIMENSION)
            self.rows.append((frame, len(self.tracklets), who, look / np.linalg.norm(look)))
        self.tracklets.append(Tracklet(track, frames, clear))

    def label(self, cast: int | None = None, **options: Any) -> tuple[PseudoLabels, np.ndarray]:
        """The labels, and the person that each crop really shows."""
        rows = sorted(self.rows, key=lambda row: (row[0], row[1]))
        frame, tracklet, truth, look = (np.array(column) for column in zip(*rows, strict=True))
        crops = EmbeddedCrops(look, frame, tracklet, EVERY / FPS, FPS)
        return label_people(self.tracklets, crops, FACTS, cast, **options), truth


def no_person_is_in_two_places(labels: PseudoLabels) -> bool:
    seen: set[tuple[int, int]] = set()
    for number, person in set(zip(labels.tracklet.tolist(), labels.person.tolist(), strict=True)):
        rows = {(person, frame) for frame in labels.tracklets[number].frames.tolist()}
        if rows & seen:
            return False
        seen |= rows
    return True
