"""`followspot benchmark ablation`: what each idea of the tracker is worth, by leaving it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from tracker.tracker import TrackerOptions
from tracker.types import InputError

from .benchmark.ablations import LEVERS, varied
from .benchmark.boxes import write_boxes
from .benchmark.ours import run_ours
from .benchmark.setup import Contest, enter
from .benchmark.simulated_detector import STRENGTHS
from .run.output import show, write_json
from .run.parts import BUNDLED, NONE
from .scoring.score_files import score_files
from .scoring.track_scores import Scores, pool

DEFAULT = "default"


@dataclass(frozen=True)
class BenchmarkAblationCommand:
    """Track with each idea of ours left out or varied in turn, and tell what that costs in HOTA and AssA.

    Writes the tracks, ablation.json and ablation.md.
    """

    on: tuple[str, ...]
    """FOLDER=DETECTIONS, several of them: sequences with truth, and what the tracker is fed with, as in `benchmark
    tracks`. Such as: dancetrack=exact dancetrack=simulated mot=bundled"""
    levers: tuple[str, ...] = tuple(LEVERS)
    """Which ideas to leave out, by name, beside the default."""
    seeds: int = 1
    """With how many seeds a simulated detector runs; scores are pooled over them."""
    pictures: Path | None = None
    """Where the pictures for =bundled are, if not in the sequences' folders."""
    reid: str = NONE
    """What people are known by where there are pictures: `none`, `bundled`, or a file."""
    out: Path = Path("runs/ablation")
    """Folder for the results; what an earlier ablation left there is overwritten."""
    tracker: TrackerOptions = field(default_factory=TrackerOptions)

    def run(self) -> None:
        unknown = sorted(set(self.levers) - set(LEVERS))
        if unknown:
            raise InputError(f"no lever is called {', '.join(unknown)}; there are {', '.join(LEVERS)}")
        if self.seeds < 1:
            raise InputError(f"--seeds must be at least 1, not {self.seeds}")
        variants = {DEFAULT: self.tracker, **{name: varied(self.tracker, LEVERS[name]) for name in self.levers}}
        scores = {where: self._scores(*_split(where), variants) for where in self.on}
        write_json(as_json(scores), self.out / "ablation.json")
        (self.out / "ablation.md").write_text(as_markdown(scores))
        show(ablation_table(scores))
        print(f"results in {self.out}")

    def _scores(self, truth: Path, kind: str, variants: Mapping[str, TrackerOptions]) -> dict[str, Scores]:
        """Pooled scores on one folder's detections, by variant."""
        contest = enter(truth, (), self.pictures if kind == BUNDLED else None, self.reid, [])
        out = self.out / truth.name / kind.replace("/", "-").removesuffix(".txt")
        files = [
            write_boxes(kind, seed, sequence, contest.pictures_of(index), out / f"detections-{seed + 1}")
            for seed in range(self.seeds if kind in STRENGTHS else 1)
            for index, sequence in enumerate(contest.sequences)
        ]
        return {name: _score(contest, files, options, out / _slug(name)) for name, options in variants.items()}


def _score(contest: Contest, files: Sequence[Path], options: TrackerOptions, out: Path) -> Scores:
    """Our tracker over one file a sequence and seed, the sequences of the first seed coming first; scores pooled."""
    count, scored = len(contest.sequences), []
    for start in range(0, len(files), count):
        folder = out / f"seed-{start // count + 1}"
        pictures = contest.pictures if contest.embedder else ()
        run_ours(contest.sequences, files[start : start + count], options, folder, pictures, contest.embedder)
        scored += score_files(contest.sequences, [folder / f"{sequence.name}.txt" for sequence in contest.sequences])
    return pool(scored)


def ablation_table(scores: Mapping[str, Mapping[str, Scores]]) -> Table:
    """HOTA and AssA of the default and, below, what each change adds to them; a pair of columns for each bench."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1))
    header, *rows = _cells(scores)
    for index, name in enumerate(header):
        table.add_column(name, justify="right" if index else "left", no_wrap=not index)
    for row in rows:
        table.add_row(*row, style="bold" if row[0] == DEFAULT else None)
    return table


def as_markdown(scores: Mapping[str, Mapping[str, Scores]]) -> str:
    """The same as a table in Markdown."""
    header, *rows = _cells(scores)
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "".join(f"| {' | '.join(row)} |\n" for row in [header, rule, *rows])


def as_json(scores: Mapping[str, Mapping[str, Scores]]) -> dict[str, object]:
    """All scores under "benches" and each "FOLDER=DETECTIONS", by variant; what each variant changes under "levers"."""
    return {
        "levers": {name: dict(LEVERS[name]) for each in scores.values() for name in each if name in LEVERS},
        "benches": {where: {name: score.numbers() for name, score in each.items()} for where, each in scores.items()},
    }


def _cells(scores: Mapping[str, Mapping[str, Scores]]) -> list[list[str]]:
    benches = [f"{_split(where)[0].name} {_split(where)[1].split('/')[-1].removesuffix('.txt')}" for where in scores]
    rows = [["variant", *(f"{bench}: {score}" for bench in benches for score in ("HOTA", "AssA"))]]
    for name in next(iter(scores.values())):
        row = [name]
        for each in scores.values():
            now, base = each[name], each[DEFAULT]
            row += (
                [f"{now.hota:.1f}", f"{now.ass_a:.1f}"]
                if name == DEFAULT
                else [
                    f"{now.hota - base.hota:+.1f}",
                    f"{now.ass_a - base.ass_a:+.1f}",
                ]
            )
        rows.append(row)
    return rows


def _split(where: str) -> tuple[Path, str]:
    folder, equals, kind = where.rpartition("=")
    if not equals:
        raise InputError(f"{where} should be FOLDER=DETECTIONS, such as dancetrack=exact")
    return Path(folder), kind


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)
