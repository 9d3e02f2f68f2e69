"""`followspot benchmark scale`: what the tracker costs with more people, minutes, identities and known people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .benchmark.growth import Cost, Trial, run_trial
from .benchmark.growth_report import APPEARANCE, MOTION, Panel, as_json, draw_growth, growth_table
from .benchmark.simulated_people import Crowd, Street
from .renderer.workers import in_processes
from .run.checks import require_at_least
from .run.interruption import Interruption
from .run.output import make_folder, say, show, write_json
from .run.progress import progress

FULL_HD = 4.0
"""Scale of the street: 1920x1080."""
HASTY = Street(newcomers=4.0, stay=6.0, scale=FULL_HD)


@dataclass(frozen=True)
class BenchmarkScaleCommand:
    """Time and memory of the tracker by people at once, length of a busy street, identities ever seen, and cast.

    Of the tracker alone, on simulated people: boxes come from a formula, and vectors from a stand-in for the encoder
    whose own time does not count. Processor time. Writes scale.json and scale.png.
    """

    people: tuple[int, ...] = (5, 10, 20, 50, 100, 200)
    """Numbers of people at once; they sway on their places for ten seconds."""
    minutes: int = 12
    """Length of a busy street, which two people a second enter; each crosses it in twelve seconds and never comes back.
    Lost people are forgotten after ten minutes."""
    identities: int = 800
    """Number of people who enter another street, four a second for six seconds each; the tracker has an encoder."""
    cast: tuple[int, ...] = (5, 10, 20, 50, 100)
    """Numbers of people in a cast file; those in the picture, four at a time, are some of them."""
    out: Path = Path("runs/benchmark-scale")
    """Folder for the results; what an earlier run left there is overwritten."""

    def run(self) -> None:
        """Raises InputError for invalid options or a folder that cannot be written, Stopped after Ctrl-C."""
        self._check()
        make_folder(self.out)
        panels = self.panels()
        trials = list(dict.fromkeys(trial for panel in panels.values() for trial in panel.trials()))
        with Interruption() as interruption:
            done = progress(each_alone(trials, interruption), len(trials), "trials", "trials")
            costs = {trial: cost for cost, trial in zip(done, trials, strict=False)}  # after a stop fewer: it ends here
        growths = {name: panel.growth(costs) for name, panel in panels.items()}
        for growth in growths.values():
            show(growth_table(growth))
        write_json(as_json(growths), self.out / "scale.json")
        draw_growth(list(growths.values()), self.out / "scale.png")
        say(f"results in {self.out}")

    def _check(self) -> None:
        require_at_least(1, "minutes", self.minutes)
        require_at_least(8, "identities", self.identities)
        for option, numbers in (("people", self.people), ("cast", self.cast)):
            for number in numbers:
                require_at_least(1, option, number, "it is a number of people")

    def panels(self) -> dict[str, Panel]:
        """What is varied, by its name in the JSON file."""
        crowds = [Trial(Crowd(people), seconds=10.0, every=8.0, warm_up=2.0) for people in self.people]
        busy = Trial(Street(scale=FULL_HD), 60.0 * self.minutes, every=60.0)
        seconds = self.identities / HASTY.newcomers
        hasty = Trial(HASTY, seconds, every=seconds / 8, appearance=True)
        casts = [
            Trial(Street(0.5, 8.0, FULL_HD, people), 60.0, every=55.0, warm_up=5.0, appearance=True, cast=people)
            for people in self.cast
        ]
        return {
            "people": Panel("People at once", "people", both(crowds), lambda trial, cost: trial.people),
            "minutes": Panel(
                "A street, 2 newcomers a second", "minutes", {MOTION: [busy]}, lambda trial, cost: cost.minutes
            ),
            "identities": Panel(
                "Identities ever seen, 4 a second", "identities", {APPEARANCE: [hasty]}, lambda trial, cost: cost.ids
            ),
            "cast": Panel(
                "A cast file, 4 people at a time",
                "people in the cast",
                {APPEARANCE: casts},
                lambda trial, cost: trial.cast,
            ),
        }


def both(trials: Sequence[Trial]) -> dict[str, Sequence[Trial]]:
    """The same without an encoder and with one."""
    return {MOTION: trials, APPEARANCE: [replace(trial, appearance=True) for trial in trials]}


def each_alone(trials: Sequence[Trial], interruption: Interruption) -> Iterator[list[Cost]]:
    """The costs of each, one after the other, in a process of its own: memory that one gave back is not another's."""
    for trial in trials:
        yield from in_processes(run_trial, [trial], 1, interruption)
