"""`followspot evaluate follow`: how well `render --follow` keeps each person of a run in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from tyro.conf import FlagCreatePairsOff, Positional

from tracker.offline.follow import FollowOptions, follow
from tracker.results.mot_files import read_tracks
from tracker.types import MAX_ABSENCE, InputError

from .run.clock_times import shape
from .run.output import number_table, show, write_json
from .run.run_events import tracks_with_events
from .run.tracked_run import read_run
from .scoring.follow_scores import FollowScore, follow_score, id_of

COLUMNS = ("id", "frames", "centred %", "cut %", "acceleration", "zoom")


@dataclass(frozen=True)
class EvaluateFollowCommand:
    """Score the virtual camera of `render --follow` against exact truth, for every person of the truth.

    Centred: the true centre is in the middle 60% of the view, across and down; cut: the head or the feet are beyond it;
    both in percent of the frames in which truth has the person. Accelerations are the largest, in heights of the view
    per second squared. The id followed is the one that the run gives to the person most of the time.
    """

    run_folder: Positional[Path]
    """A run's folder."""
    gt: Path
    """The truth of its video, a MOT text file."""
    exact: FlagCreatePairsOff[bool] = False
    """Follow the true boxes, not the run's: what is wrong then is the camera's own."""
    aspect: str = "9:16"
    """Shape of the view, width:height."""
    json: Path | None = None
    """Write the numbers to this file as well."""
    camera: FollowOptions = field(default_factory=FollowOptions)

    def run(self) -> None:
        """Raises InputError where the run or the truth cannot be read."""
        run = read_run(self.run_folder)
        tracks = tracks_with_events(run, MAX_ABSENCE)
        if not self.gt.is_file():
            raise InputError(f"there is no file {self.gt}: --gt names the truth of the run's video")
        length = run.frames * run.stride
        true = read_tracks(self.gt, fps=run.fps * run.stride, length=length, truth=True)[:: run.stride]
        true = [replace(rows, cut=own.cut) for rows, own in zip(true, tracks, strict=True)]
        size, aspect = (run.width, run.height), shape(self.aspect, "aspect")
        table, scores = number_table("person", COLUMNS), {}
        for person in sorted({id for rows in true for id in rows.ids.tolist()}):
            followed = person if self.exact else id_of(person, true, tracks)
            if followed is None:
                table.add_row(str(person), "-", *[""] * (len(COLUMNS) - 1))
                continue
            views = follow(true if self.exact else tracks, followed, size, aspect, self.camera)
            scores[str(person)] = score = follow_score(views, true, person)
            table.add_row(str(person), str(followed), *_cells(score))
        show(table)
        if self.json:
            write_json({"people": {person: asdict(score) for person, score in scores.items()}}, self.json)


def _cells(score: FollowScore) -> Sequence[str]:
    shares = (score.centred, score.cut)
    speeds = (score.acceleration, score.zoom_acceleration)
    return [str(score.frames), *(f"{each:.1f}" for each in shares), *(f"{each:.2f}" for each in speeds)]
