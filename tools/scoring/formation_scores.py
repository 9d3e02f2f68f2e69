"""How far the places of a formation from above are from the true ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from tracker import boxes
from tracker.association import match
from tracker.results.formation import Formation
from tracker.types import FrameTracks

_OVERLAP = 0.5
"""IoU of a box and the true box that are the same person's."""
_BEHIND = 0.5
"""Body heights by which one person is farther away than another, and not beside them."""


@dataclass(frozen=True)
class FormationErrors:
    """Of each sample and person or pair of people; in body heights."""

    people: int
    """How many people truth has in all samples."""
    pairs: np.ndarray
    """Error of the distance between two people (N,)."""
    placed: np.ndarray
    """Distance to the true place after the best shift and turn of the sample's formation (N,)."""
    order: np.ndarray
    """Of pairs of which one is truly behind the other: whether it is shown so (N,) bool."""

    @classmethod
    def none(cls, people: int) -> FormationErrors:
        """Those of a scene whose floor could not be fitted."""
        return cls(people, np.zeros(0), np.zeros(0), np.zeros(0, bool))

    @classmethod
    def concat(cls, parts: Sequence[FormationErrors]) -> FormationErrors:
        """Those of several scenes together."""
        pairs, placed, order = (np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS)
        return cls(sum(part.people for part in parts), pairs, placed, order)

    def score(self) -> FormationScore | None:
        """None where no pair of people is shown."""
        if not len(self.pairs):
            return None
        return FormationScore(
            100 * len(self.placed) / max(self.people, 1),
            float(self.pairs.mean()),
            float(np.median(self.pairs)),
            float(np.quantile(self.pairs, 0.95)),
            float(self.placed.mean()),
            float(np.quantile(self.placed, 0.95)),
            100 * float(self.order.mean()) if len(self.order) else None,
        )


_ARRAYS = ("pairs", "placed", "order")


@dataclass(frozen=True)
class FormationScore:
    """Errors in body heights, shares in percent."""

    shown: float
    """Of the people of truth, those that have a place."""
    pair_mean: float
    pair_median: float
    pair_95: float
    placed_mean: float
    placed_95: float
    order: float | None
    """None where nobody stands behind another."""

    def numbers(self) -> Mapping[str, float | None]:
        """By name, in the order of the table."""
        return asdict(self)


def formation_errors(
    formation: Formation,
    tracks: Sequence[FrameTracks],
    truth: Sequence[FrameTracks],
    true_places: Callable[[float], np.ndarray],
    fps: float,
) -> FormationErrors:
    """Compare every sample of the formation.

    tracks and truth: every frame's rows, of the same frames; the person of an id is the one of the true box it lies on.
    true_places: (people, 2) body heights at a time in seconds, row 0 being the person with id 1.
    """
    shown = _by_sample(formation)
    people, pairs, placed, order = 0, [np.zeros(0)], [np.zeros(0)], [np.zeros(0, bool)]
    for sample in range(int((len(truth) - 1) / fps / formation.step) + 1):
        frame = round(sample * formation.step * fps)
        people += len(truth[frame])
        owners = _owners(tracks[frame], truth[frame])
        known = [(place, owners[id]) for id, place in shown.get(sample, []) if id in owners]
        if len(known) < 2:
            continue
        found = np.array([place for place, _ in known])
        true = true_places(sample * formation.step)[[person - 1 for _, person in known]]
        pairs.append(np.abs(_distances(found) - _distances(true)))
        placed.append(np.linalg.norm(_aligned(found, true) - true, axis=1))
        order.append(_in_order(found, true))
    return FormationErrors(people, np.concatenate(pairs), np.concatenate(placed), np.concatenate(order))


def _by_sample(formation: Formation) -> dict[int, list[tuple[int, np.ndarray]]]:
    """Ids and places (2,)."""
    shown: dict[int, list[tuple[int, np.ndarray]]] = {}
    for walk in formation.walks:
        for offset, place in enumerate(walk.places):
            shown.setdefault(walk.first + offset, []).append((walk.id, place))
    return shown


def _owners(tracks: FrameTracks, truth: FrameTracks) -> dict[int, int]:
    """The true person of each id."""
    rows, columns = match(boxes.iou(tracks.xyxy, truth.xyxy), _OVERLAP)
    return dict(zip(tracks.ids[rows].tolist(), truth.ids[columns].tolist(), strict=True))


def _distances(places: np.ndarray) -> np.ndarray:
    """Of every pair of places (N, 2)."""
    one, other = np.triu_indices(len(places), 1)
    return np.linalg.norm(places[one] - places[other], axis=1)


def _in_order(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    one, other = np.triu_indices(len(true), 1)
    behind = true[one, 1] - true[other, 1]
    clear = np.abs(behind) > _BEHIND
    return (np.sign(found[one, 1] - found[other, 1]) == np.sign(behind))[clear]


def _aligned(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """The places (N, 2) shifted and turned onto the true ones (Kabsch 1976)."""
    middle, target = found.mean(axis=0), true.mean(axis=0)
    left, _, right = np.linalg.svd((found - middle).T @ (true - target))
    turn = left @ np.diag([1, np.sign(np.linalg.det(left @ right))]) @ right
    return (found - middle) @ turn + target
