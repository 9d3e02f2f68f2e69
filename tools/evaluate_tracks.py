"""`followspot evaluate tracks`: HOTA, MOTA, IDF1 and ID switches of result files against their truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table
from tyro.conf import Positional

from .run.checks import UsageError
from .run.output import note, show, write_json
from .scoring.score_files import POOLED, evaluate, pooled_table
from .scoring.track_scores import TrackScores

STRANGE = 0.05
"""Of fewer of the boxes on the truth than this share it is asked whether they belong to this video."""


@dataclass(frozen=True)
class EvaluateTracksCommand:
    """Score tracks against truth: HOTA, DetA, AssA, MOTA, IDF1 and ID switches, per sequence and pooled.

    The numbers are trackeval's with DO_PREPROC=False: every truth row with a mark (7th column) other than 0 counts,
    of whatever class, and no result is forgiven for lying on a distractor.
    """

    gt: Path
    """Truth: a folder of sequences (SEQUENCE/gt/gt.txt), one sequence folder, or one file: MOT text, XML of CVAT or
    COCO JSON of a video."""
    results: Path | None = None
    """Tracks: a run's folder, a folder with SEQUENCE.txt or SEQUENCE/tracks.txt, or one file as above."""
    json: Path | None = None
    """Write the numbers to this file as well."""
    tracks: Positional[Path | None] = None
    """The same as --results."""

    def run(self) -> None:
        """Raises InputError as `evaluate` does, UsageError where tracks are not named, or twice."""
        named = [path for path in (self.tracks, self.results) if path is not None]
        if len(named) != 1:
            raise UsageError(
                "name the tracks to score, once: `followspot evaluate tracks RUN --gt FILE`, of a run's folder or file"
            )
        scores = evaluate(self.gt, named[0])
        show(score_table(scores))
        for name, score in scores.items():
            on_truth, boxes = score.matched
            for what, ids in (("truth", score.truth_ids), ("results", score.ids)):
                if name != POOLED and not ids:
                    note(f"{name}: there is no box in its {what}")
            if name != POOLED and on_truth < STRANGE * min(boxes, on_truth + score.false_negatives):
                note(f"{name}: {on_truth} of {boxes} boxes lie on the truth's; are these the results of this video?")
        if self.json:
            write_json(as_json(scores), self.json)


def score_table(scores: Mapping[str, TrackScores]) -> Table:
    """One row a sequence and one for all of them; percentages with one decimal."""
    columns = [name.replace("_", " ") for name in next(iter(scores.values())).numbers()]
    rows = {
        name: [f"{value:.1f}" if isinstance(value, float) else str(value) for value in score.numbers().values()]
        for name, score in scores.items()
    }
    return pooled_table("sequence", columns, rows)


def as_json(scores: Mapping[str, TrackScores]) -> dict[str, object]:
    """The numbers under "sequences", by name, and "pooled"."""
    sequences = {name: score.numbers() for name, score in scores.items() if name != POOLED}
    return {"sequences": sequences, POOLED: scores[POOLED].numbers()}
