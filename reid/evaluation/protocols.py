"""Evaluation protocols: which pairs of crops count, and how a gallery is drawn. Scores come from `metrics`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from ..data.crops import NOBODY, Crop
from .metrics import average_precision, cosine_cost, cumulative_matching, single_shot_rank

CHUNK_CELLS = 4_000_000
RANKS = 10


@dataclass(frozen=True)
class Labels:
    """Person, camera, video, frame and picture as columns (N,) for N crops; `video` and `picture` hold numbers that
    stand for names and paths."""

    person: np.ndarray
    camera: np.ndarray
    video: np.ndarray
    frame: np.ndarray
    picture: np.ndarray

    @classmethod
    def of(cls, crops: Sequence[Crop]) -> Labels:
        columns = [(crop.person, crop.camera, hash(crop.video), crop.frame, hash(crop.path)) for crop in crops]
        return cls(*np.array(columns, np.int64).reshape(-1, 5).T)

    def __getitem__(self, rows: slice | np.ndarray) -> Labels:
        return Labels(*(getattr(self, column.name)[rows] for column in fields(self)))


@dataclass(frozen=True)
class Embedded:
    """Crops as rows: embedding (N, D) of length 1, and their labels."""

    embedding: np.ndarray
    labels: Labels

    def __len__(self) -> int:
        return len(self.embedding)

    def __getitem__(self, rows: np.ndarray) -> Embedded:
        return Embedded(self.embedding[rows], self.labels[rows])


@dataclass(frozen=True)
class ReidScores:
    """Mean average precision and cumulative matching curve (rank 1, 2, ...), both in 0..1, over `queries`."""

    mean_average_precision: float
    cumulative: tuple[float, ...]
    queries: int

    def rank(self, rank: int) -> float:
        """Share of queries whose first match has `rank` or better."""
        return self.cumulative[rank - 1]


Drop = Callable[[Labels, Labels], np.ndarray]


@dataclass(frozen=True)
class Protocol:
    """Pairs left out of average precision and of the matching curve, and whether one gallery crop a person is drawn.

    The draws are repeated `repeats` times with seeds from `seed`, for each query anew.
    """

    dropped: Drop
    dropped_for_matching: Drop
    single_shot: bool = False
    repeats: int = 10
    seed: int = 0


def same(query: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """(Q,) and (G,) to (Q, G): equal labels."""
    return query[:, None] == gallery[None, :]


def same_picture(query: Labels, gallery: Labels) -> np.ndarray:
    """The very same picture."""
    return same(query.picture, gallery.picture)


def same_camera(query: Labels, gallery: Labels) -> np.ndarray:
    """The same known camera."""
    return same(query.camera, gallery.camera) & (gallery.camera >= 0)


def own_view(query: Labels, gallery: Labels) -> np.ndarray:
    """The person's own crops from the same camera (Market-1501)."""
    return same(query.person, gallery.person) & any_of_camera(query, gallery)


def own_frame(query: Labels, gallery: Labels) -> np.ndarray:
    """The person's own crops with the same frame number, in whatever video (DanceReID's "camera" is the frame)."""
    return same(query.person, gallery.person) & same(query.frame, gallery.frame)


def any_of_frame(query: Labels, gallery: Labels) -> np.ndarray:
    """All people's crops with the same frame number, which DanceReID's published matching curve leaves out."""
    return same(query.frame, gallery.frame)


def any_of_camera(query: Labels, gallery: Labels) -> np.ndarray:
    """All people's crops from the query's camera (CUHK03 compares across views only)."""
    return same_camera(query, gallery) | same_picture(query, gallery)


def own_neighbours(gap: int) -> Drop:
    """The person's own crops of the same video less than `gap` frames away."""

    def dropped(query: Labels, gallery: Labels) -> np.ndarray:
        near = np.abs(query.frame[:, None] - gallery.frame[None, :]) < gap
        return same(query.person, gallery.person) & same(query.video, gallery.video) & near

    return dropped


CLEAN_GAP = 30
PROTOCOLS = {
    "market1501": Protocol(own_view, own_view),
    "cuhk03": Protocol(own_view, any_of_camera, single_shot=True),
    "dancereid-published": Protocol(own_frame, any_of_frame, single_shot=True),
    "dancereid-clean": Protocol(own_neighbours(CLEAN_GAP), own_neighbours(CLEAN_GAP), single_shot=True),
}


def evaluate(
    query: Embedded,
    gallery: Embedded,
    protocol: Protocol,
    costs: Callable[[int, int], np.ndarray] | None = None,
) -> ReidScores:
    """Scores of Q queries against G gallery crops; `costs` gives other costs, (start, stop) -> (stop - start, G).

    Memory is bounded by chunks of queries, whatever Q and G. Queries without a counted match are left out; where all
    are, `queries` is 0, and the scores say nothing.
    """
    chunk = max(1, CHUNK_CELLS // max(len(gallery), 1))
    random = np.random.default_rng(protocol.seed)
    precisions, ranks = [], []
    for start in range(0, len(query), chunk):
        stop = min(start + chunk, len(query))
        cost = costs(start, stop) if costs else cosine_cost(query.embedding[start:stop], gallery.embedding)
        labels = query.labels[start:stop]
        match = same(labels.person, gallery.labels.person)
        precision, rank = average_precision(cost, match, protocol.dropped(labels, gallery.labels))
        precisions.append(precision)
        if not protocol.single_shot:
            ranks.append(rank)
            continue
        dropped = protocol.dropped_for_matching(labels, gallery.labels)
        ranks += [
            single_shot_rank(cost, labels.person, gallery.labels.person, dropped, random)
            for _ in range(protocol.repeats)
        ]
    precision = np.concatenate(precisions) if precisions else np.zeros(0)
    found = np.isfinite(precision)
    cumulative = cumulative_matching(np.concatenate(ranks) if ranks else np.zeros(0), RANKS)
    mean = float(precision[found].mean()) if found.any() else 0.0
    return ReidScores(mean, tuple(cumulative.tolist()), int(found.sum()))


def rows_not_trained_on(labels: Labels, trained_on: Sequence[int]) -> np.ndarray:
    """Rows (indices) of people who are not in the training set: the clean protocol has none of these in both."""
    return np.flatnonzero(~np.isin(labels.person, np.asarray(list(trained_on), np.int64)))


REASSOCIATION_GAPS = (1, 30, 120, 300)


@dataclass(frozen=True)
class Reassociation:
    """Share of the `questions` (crops searched for) with the right answer; None where there was none."""

    rank1: float | None
    questions: int


def reassociation(rows: Embedded, gaps: Sequence[int] = REASSOCIATION_GAPS) -> dict[int, Reassociation]:
    """Rank-1 among the people of the same video's frame `gap` frames later, by gap.

    Each crop whose person is there again is one question; the later frame is the
    first one kept at or after the gap, at most a quarter of the gap (or 1 frame) late, with two people or more in it.
    """
    return {gap: rank_after(rows, gap) for gap in gaps}


def rank_after(rows: Embedded, gap: int) -> Reassociation:
    """`reassociation` for one gap."""
    embedding, labels = rows.embedding, rows.labels
    right: list[np.ndarray] = []
    for video in np.unique(labels.video):
        in_video = np.flatnonzero(labels.video == video)
        frames = np.unique(labels.frame[in_video])
        for frame in frames:
            later = np.searchsorted(frames, frame + gap)
            if later == len(frames) or frames[later] > frame + gap + max(1, gap // 4):
                continue
            now, then = (in_video[labels.frame[in_video] == moment] for moment in (frame, frames[later]))
            now = now[np.isin(labels.person[now], np.setdiff1d(labels.person[then], [NOBODY]))]
            if len(now) and len(np.unique(labels.person[then])) > 1:
                chosen = cosine_cost(embedding[now], embedding[then]).argmin(axis=1)
                right.append(labels.person[then][chosen] == labels.person[now])
    answers = np.concatenate(right) if right else np.zeros(0, bool)
    return Reassociation(float(answers.mean()) if len(answers) else None, len(answers))
