"""`followspot benchmark crossings`: fits what the tracker knows about exchanges of two people who cross."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from rich.table import Table

from tracker.tracker import TrackerOptions

from .benchmark.benches import Bench
from .benchmark.boxes import write_boxes
from .benchmark.crossing_fit import NOW, Tally, fit_crossings, held_out_log_odds, tally
from .benchmark.crossings import JudgedCrossing, crossings_of
from .run.output import make_folder, number_table, show, write_json
from .run.parts import BUNDLED
from .run.progress import progress


@dataclass(frozen=True)
class BenchmarkCrossingsCommand:
    """Fit the weights by which the tracker tells that two people who crossed were exchanged, and count what they do.

    Tracks by motion alone; the truth tells which crossings ended in an exchange. Shows the weights fitted on all of
    them beside the tracker's, and the links that exchanges put right and wrong by weights fitted on all other
    sequences. Writes crossings.json.
    """

    on: tuple[str, ...]
    """FOLDER=DETECTIONS, several of them: sequences with truth, and their detections as in `benchmark tracks`.
    Such as: dancetrack=exact dancetrack=simulated mot=bundled"""
    detector: str = BUNDLED
    """The network of =detector, as in `benchmark tracks`."""
    pictures: Path | None = None
    """Where the pictures for =bundled and =detector are, if not in the sequences' folders."""
    out: Path = Path("runs/crossings")
    """Folder for the results; what an earlier run left there is overwritten."""
    tracker: TrackerOptions = field(default_factory=TrackerOptions)

    def run(self) -> None:
        """Raises InputError for what `--on` does not find, or where there are too few crossings to learn from."""
        make_folder(self.out)
        found = {where: self._crossings(Bench.named(where)) for where in self.on}
        crossings = [crossing for each in found.values() for crossing in each]
        fitted = dict(zip(NOW, fit_crossings(crossings).tolist(), strict=True))
        ends = np.cumsum([len(each) for each in found.values()])
        log_odds = np.split(held_out_log_odds(crossings), ends[:-1])
        least = self.tracker.crossing.min_log_odds
        tallies = {where: tally(each, odds, least) for (where, each), odds in zip(found.items(), log_odds, strict=True)}
        write_json(as_json(fitted, tallies), self.out / "crossings.json")
        show(weights_table(fitted))
        show(crossings_table(tallies))
        print(f"results in {self.out}")

    def _crossings(self, bench: Bench) -> Sequence[JudgedCrossing]:
        sequences = bench.set_up(self.pictures).sequences
        found: list[JudgedCrossing] = []
        for sequence in progress(sequences, len(sequences), bench.title, "sequences"):
            boxes = write_boxes(bench.kind, 0, sequence, self.detector, bench.folder(self.out))
            found += crossings_of(sequence, boxes, self.tracker)
        return found


def weights_table(fitted: Mapping[str, float]) -> Table:
    """The weights by name, the tracker's and those that fit."""
    table = number_table("weight", ["now", "fitted"])
    for name, now in NOW.items():
        table.add_row(name, f"{now:g}", f"{fitted[name]:.2f}")
    return table


def crossings_table(tallies: Mapping[str, Tally]) -> Table:
    """A row for each set of detections; the last two columns count links, two for each crossing at most."""
    columns = ["crossings", "judged", "exchanged", "links put right", "links put wrong"]
    table = number_table("detections", columns)
    for where, counts in tallies.items():
        table.add_row(Bench.named(where).title, *map(str, asdict(counts).values()))
    return table


def as_json(fitted: Mapping[str, float], tallies: Mapping[str, Tally]) -> dict[str, object]:
    """The "weights" by name, each as it is "now" and "fitted", and the counts of each FOLDER=DETECTIONS."""
    return {
        "weights": {name: {"now": now, "fitted": fitted[name]} for name, now in NOW.items()},
        "benches": {where: asdict(counts) for where, counts in tallies.items()},
    }
