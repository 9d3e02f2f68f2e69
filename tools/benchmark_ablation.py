"""`followspot benchmark ablation`: ablation of the tracker's components."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from tracker.tracker import TrackerOptions

from .benchmark.ablations import ABLATIONS, varied
from .benchmark.benches import Bench
from .benchmark.boxes import write_boxes
from .benchmark.ours import run_ours
from .benchmark.setup import Variant
from .benchmark.simulated_detector import STRENGTHS
from .run.checks import require_at_least, require_known
from .run.output import make_folder, number_table, show, write_json
from .run.parts import BUNDLED, NONE
from .scoring.score_files import score_files
from .scoring.sequences import TruthSequence
from .scoring.track_scores import TrackScores, pool

DEFAULT = "default"


@dataclass(frozen=True)
class BenchmarkAblationCommand:
    """Track with each component left out or varied in turn, and show the change in HOTA and AssA.

    Writes the tracks, ablation.json and ablation.md.
    """

    on: tuple[str, ...]
    """FOLDER=DETECTIONS, several of them: sequences with truth, and their detections as in `benchmark tracks`.
    Such as: dancetrack=exact dancetrack=simulated mot=bundled"""
    ablations: tuple[str, ...] = tuple(ABLATIONS)
    """Names of the ablations to run, beside the default."""
    detector: str = BUNDLED
    """The network of =detector, as in `benchmark tracks`."""
    seeds: int = 1
    """Number of seeds of the simulated detector; scores are pooled over them."""
    pictures: Path | None = None
    """Where the pictures for =bundled and =detector are, if not in the sequences' folders."""
    reid: str = NONE
    """The encoder where there are pictures: `none`, `bundled`, or a file."""
    out: Path = Path("runs/ablation")
    """Folder for the results; what an earlier ablation left there is overwritten."""
    tracker: TrackerOptions = field(default_factory=TrackerOptions)

    def run(self) -> None:
        require_known("ablation", self.ablations, ABLATIONS)
        require_at_least(1, "seeds", self.seeds)
        make_folder(self.out)
        variants = {DEFAULT: self.tracker, **{name: varied(self.tracker, ABLATIONS[name]) for name in self.ablations}}
        scores = {where: self._scores(Bench.named(where), variants) for where in self.on}
        write_json(as_json(scores), self.out / "ablation.json")
        (self.out / "ablation.md").write_text(as_markdown(scores))
        show(ablation_table(scores))
        print(f"results in {self.out}")

    def _scores(self, bench: Bench, variants: Mapping[str, TrackerOptions]) -> dict[str, TrackScores]:
        """Pooled scores on one folder's detections, by variant."""
        setup = bench.set_up(self.pictures, self.reid)
        kind, out = bench.kind, bench.folder(self.out)
        files = [
            [write_boxes(kind, seed, each, self.detector, out / f"detections-{seed + 1}") for each in setup.sequences]
            for seed in range(self.seeds if kind in STRENGTHS else 1)
        ]
        embedder = next(iter(setup.embedders.values()), None)
        ours = [Variant(re.sub(r"[\W_]", "-", name), options, embedder) for name, options in variants.items()]
        scores = [_score(variant, setup.sequences, files, out / variant.name) for variant in ours]
        return dict(zip(variants, scores, strict=True))


def _score(
    variant: Variant, sequences: Sequence[TruthSequence], files: Sequence[Sequence[Path]], out: Path
) -> TrackScores:
    """The tracker over the detections of each seed, one file a sequence; scores pooled."""
    scored = []
    for seed, detections in enumerate(files, start=1):
        folder = out / f"seed-{seed}"
        run_ours(variant, sequences, detections, folder)
        scored += score_files(sequences, [folder / f"{sequence.name}.txt" for sequence in sequences])
    return pool(scored)


def ablation_table(scores: Mapping[str, Mapping[str, TrackScores]]) -> Table:
    """HOTA and AssA of the default and, below, what each change adds to them; a pair of columns for each bench."""
    (first, *numbers), *rows = _cells(scores)
    table = number_table(first, numbers)
    for row in rows:
        table.add_row(*row, style="bold" if row[0] == DEFAULT else None)
    return table


def as_markdown(scores: Mapping[str, Mapping[str, TrackScores]]) -> str:
    """The same as a table in Markdown."""
    header, *rows = _cells(scores)
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "".join(f"| {' | '.join(row)} |\n" for row in [header, rule, *rows])


def as_json(scores: Mapping[str, Mapping[str, TrackScores]]) -> dict[str, object]:
    """All scores under "benches" and each "FOLDER=DETECTIONS", by variant; what each changes under "ablations"."""
    variants = [name for each in scores.values() for name in each]
    return {
        "ablations": {name: dict(ABLATIONS[name]) for name in variants if name in ABLATIONS},
        "benches": {where: {name: score.numbers() for name, score in each.items()} for where, each in scores.items()},
    }


def _cells(scores: Mapping[str, Mapping[str, TrackScores]]) -> list[list[str]]:
    benches = [Bench.named(where).title for where in scores]
    rows = [["variant", *(f"{bench}: {score}" for bench in benches for score in ("HOTA", "AssA"))]]
    for name in next(iter(scores.values())):
        changes = [
            f"{now:.1f}" if name == DEFAULT else f"{now - base:+.1f}"
            for each in scores.values()
            for now, base in ((each[name].hota, each[DEFAULT].hota), (each[name].ass_a, each[DEFAULT].ass_a))
        ]
        rows.append([name, *changes])
    return rows
