"""Scores of tracks against their truth, computed by trackeval's own metric classes.

HOTA, DetA and AssA (Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking", IJCV 2021) are
means over the 19 localisation thresholds 0.05 to 0.95; MOTA, false positives, misses and switches are CLEAR MOT
(Bernardin and Stiefelhagen, 2008) and IDF1 is Ristani et al. (2016), both at an IoU of 0.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from tracker.boxes import iou


class People(Protocol):
    """The people of one frame: ids (T,) int64, unique, and xyxy (T, 4) pixels. A `FrameTracks` is one."""

    @property
    def ids(self) -> np.ndarray: ...

    @property
    def xyxy(self) -> np.ndarray: ...


@dataclass(frozen=True)
class TrackScores:
    """How well tracks follow their truth, over one sequence or pooled over several.

    The first five are percentages. `ids` and `truth_ids` count identities, summed over the sequences when pooled.
    `details` keeps every field of trackeval's own results by metric, which is what pooling needs.
    """

    hota: float
    det_a: float
    ass_a: float
    mota: float
    idf1: float
    id_switches: int
    false_positives: int
    false_negatives: int
    ids: int
    truth_ids: int
    details: Mapping[str, Mapping[str, Any]] = field(repr=False)

    @property
    def matched(self) -> tuple[int, int]:
        """Boxes of the results that lie on one of the truth's (IoU of 0.5), and all boxes of the results."""
        found = int(self.details["CLEAR"]["CLR_TP"])
        return found, found + self.false_positives

    def numbers(self) -> dict[str, float | int]:
        """The scores under the names the field gives them, in the order in which they are shown."""
        return {
            "HOTA": self.hota,
            "DetA": self.det_a,
            "AssA": self.ass_a,
            "MOTA": self.mota,
            "IDF1": self.idf1,
            "IDSW": self.id_switches,
            "FP": self.false_positives,
            "FN": self.false_negatives,
            "ids": self.ids,
            "true_ids": self.truth_ids,
        }


def score_sequence(truth: Sequence[People], tracks: Sequence[People]) -> TrackScores:
    """Scores of one sequence; the i-th entries of the two lists are the same frame, empty ones included.

    Raises ValueError where the lists differ in length.
    """
    if len(truth) != len(tracks):
        raise ValueError(f"{len(truth)} frames of truth but {len(tracks)} of tracks")
    truth_ids, truth_count = _number_from_zero([frame.ids for frame in truth])
    track_ids, track_count = _number_from_zero([frame.ids for frame in tracks])
    data = {
        "gt_ids": truth_ids,
        "tracker_ids": track_ids,
        "similarity_scores": [
            iou(true.xyxy.astype(np.float64), found.xyxy.astype(np.float64))
            for true, found in zip(truth, tracks, strict=True)
        ],
        "num_timesteps": len(truth),
        "num_gt_ids": truth_count,
        "num_tracker_ids": track_count,
        "num_gt_dets": sum(map(len, truth_ids)),
        "num_tracker_dets": sum(map(len, track_ids)),
    }
    return _summary({name: metric.eval_sequence(data) for name, metric in _metrics().items()}, track_count, truth_count)


def pool(scores: Iterable[TrackScores]) -> TrackScores:
    """Scores of several sequences taken as one body of frames (trackeval's COMBINED), which is not their mean."""
    scores = list(scores)
    details = {
        name: metric.combine_sequences({str(i): score.details[name] for i, score in enumerate(scores)})
        for name, metric in _metrics().items()
    }
    return _summary(details, sum(score.ids for score in scores), sum(score.truth_ids for score in scores))


def _metrics() -> dict[str, Any]:
    # Importing trackeval takes more than a second, which `followspot --help` should not have to wait for.
    from trackeval import metrics

    return {
        "HOTA": metrics.HOTA(),
        "CLEAR": metrics.CLEAR({"THRESHOLD": 0.5, "PRINT_CONFIG": False}),
        "Identity": metrics.Identity({"THRESHOLD": 0.5, "PRINT_CONFIG": False}),
    }


def _summary(details: Mapping[str, Mapping[str, Any]], ids: int, truth_ids: int) -> TrackScores:
    hota, clear, identity = details["HOTA"], details["CLEAR"], details["Identity"]
    return TrackScores(
        hota=100 * float(np.mean(hota["HOTA"])),
        det_a=100 * float(np.mean(hota["DetA"])),
        ass_a=100 * float(np.mean(hota["AssA"])),
        mota=100 * float(clear["MOTA"]),
        idf1=100 * float(identity["IDF1"]),
        id_switches=int(clear["IDSW"]),
        false_positives=int(clear["CLR_FP"]),
        false_negatives=int(clear["CLR_FN"]),
        ids=ids,
        truth_ids=truth_ids,
        details=details,
    )


def _number_from_zero(ids: list[np.ndarray]) -> tuple[list[np.ndarray], int]:
    """The same ids renamed 0, 1, 2, ... in ascending order, and how many there are."""
    names, renamed = np.unique(np.concatenate([np.zeros(0, np.int64), *ids]), return_inverse=True)
    return np.split(renamed, np.cumsum([len(frame) for frame in ids])[:-1]), len(names)
