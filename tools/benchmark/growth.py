"""What the tracker costs as there is more of something: people at once, minutes, identities, a cast."""

from __future__ import annotations

import gc
import os
import resource
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from time import process_time

import numpy as np

from tracker.cast_memory import CastMemory, Member, MemoryOptions
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import Detections, Frame

from .simulated_people import Crowd, NumberEmbedder, Street, painted

FPS = 25
SCORE = 0.9


@dataclass(frozen=True, slots=True)
class Trial:
    """A video of simulated people, `seconds` long: its cost is told every `every` seconds, that of the `warm_up` never.

    With `appearance` the tracker has an encoder, with a `cast` it knows so many people from a cast file as well.
    """

    scene: Street | Crowd
    seconds: float
    every: float
    warm_up: float = 0.0
    appearance: bool = False
    cast: int = 0

    @property
    def people(self) -> int:
        """How many are there at once."""
        return self.scene.people


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a stretch of the video that ends at `minutes`: processor time a frame in ms and crops embedded a frame.

    `megabytes` are how much more memory the process has than before the first frame, `ids` those given so far. The
    encoder's own time is not in it.
    """

    minutes: float
    ms: float
    crops: float
    megabytes: float
    ids: int


class TimedEmbedder(NumberEmbedder):
    """Tells how many seconds of processor it took by itself."""

    spent = 0.0

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        begun = process_time()
        rows = super().__call__(crops)
        self.spent += process_time() - begun
        return rows


def run_trial(trial: Trial) -> list[Cost]:
    """Track it, and tell what each stretch of it cost."""
    embedder = TimedEmbedder()
    image = np.zeros((trial.scene.size[1], trial.scene.size[0], 3), np.uint8) if trial.appearance else None
    stranger = _tracker(replace(trial, cast=0), embedder)
    _stretch(
        stranger, embedder, islice(_frames(trial, image), FPS)
    )  # what is loaded late, and the picture, do not count
    gc.collect()
    before, frames, costs = megabytes(), _frames(trial, image), []
    tracker = _tracker(trial, embedder)
    _stretch(tracker, embedder, islice(frames, round(trial.warm_up * FPS)))
    for end in np.arange(trial.warm_up + trial.every, trial.seconds + 1 / FPS, trial.every).tolist():
        ms, crops = _stretch(tracker, embedder, islice(frames, round(trial.every * FPS)))
        gc.collect()
        costs.append(Cost(end / 60, ms, crops, megabytes() - before, tracker.people))
    return costs


def _tracker(trial: Trial, embedder: NumberEmbedder) -> Tracker:
    memory = known_people(trial.cast, embedder) if trial.cast else None
    return Tracker(TrackerOptions(cuts=False), embedder if trial.appearance else None, trial.scene.size, memory)


def _stretch(
    tracker: Tracker, embedder: TimedEmbedder, frames: Iterable[tuple[Frame, Detections]]
) -> tuple[float, float]:
    """Milliseconds and embedded crops a frame."""
    encoding, embedded, times = embedder.spent, tracker.embedded, []
    for frame, detections in frames:
        begun = process_time()
        tracker.update(frame, detections)
        times.append(process_time() - begun)
    count = max(len(times), 1)
    return 1e3 * (sum(times) - embedder.spent + encoding) / count, (tracker.embedded - embedded) / count


def _frames(trial: Trial, image: np.ndarray | None) -> Iterator[tuple[Frame, Detections]]:
    """Boxes are off by a pixel; the `image` is painted anew for each frame, as new ones would show up in the memory."""
    noise = np.random.default_rng(0)
    for index in range(round(trial.seconds * FPS)):
        xyxy, number = trial.scene.seen(index / FPS)
        picture = None if image is None else painted(xyxy, number, image)
        xyxy = xyxy + noise.normal(0, 1, xyxy.shape)
        yield Frame(index, index / FPS, picture), Detections(xyxy, np.full(len(xyxy), SCORE))


def known_people(count: int, embedder: NumberEmbedder) -> CastMemory:
    """The people of the numbers from 0, with ids from 1, and as many views of each as a cast file keeps."""
    views = MemoryOptions().views
    members = [
        Member(number + 1, f"person {number}", np.stack([embedder.view(number) for _ in range(views)]))
        for number in range(count)
    ]
    return CastMemory("simulated", members=tuple(members), next_id=count + 1)


def megabytes() -> float:
    """This process's memory now, or at its peak where the system is not Linux."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
