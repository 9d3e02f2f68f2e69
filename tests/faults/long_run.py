"""`python -m faults.long_run STORY [--seconds S] [--every S]` tracks simulated people for hours; what does it cost?

A line as JSON for each stretch of the video: milliseconds a frame, memory in MB, people so far, and how many tracks and
views of people are kept. The stories are those of `STORIES`.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tools.benchmark.simulated_people import NumberEmbedder, Seen, Street, painted
from tracker.boxes import occlusion
from tracker.gallery import View
from tracker.track import Track
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import Detections, Embedder, Frame

FPS = 30
DANCERS = 12
HIDDEN = 0.7
"""Share of a box behind nearer people from which nothing is detected there."""
NEWCOMERS, STAY = 2, 12
"""People who enter the street in a second, and seconds each is in the picture."""


@dataclass(frozen=True)
class Moment:
    """What a stretch of the video cost, which ends at so many `seconds`."""

    seconds: float
    ms_a_frame: float
    megabytes: float
    people: int
    tracks: int
    views: int


def dancers(seconds: float) -> Seen:
    """Twelve people who cross the stage again and again; each is away for five seconds, every minute or so."""
    number = np.arange(DANCERS)
    x = WIDTH * (0.5 + 0.42 * np.sin(2 * np.pi * seconds / (20 + 2 * number) + 2 * number))
    feet = 130 + 11.0 * number
    height = 0.35 * feet
    xyxy = np.stack([x - 0.2 * height, feet - height, x + 0.2 * height, feet], axis=1)
    on_stage = (seconds + 7 * number) % (50 + 3 * number) > 5
    xyxy, number = xyxy[on_stage], number[on_stage]
    seen = occlusion(xyxy) < HIDDEN
    return xyxy[seen], number[seen]


STREET = Street(NEWCOMERS, STAY)
WIDTH, HEIGHT = STREET.size
STORIES = {"dancers": (dancers, True), "street": (STREET.seen, False), "street with galleries": (STREET.seen, True)}
"""By name: who is to be seen, and whether there is an encoder."""


def frames(story: str, seconds: float, fps: int = FPS) -> Iterator[tuple[Frame, Detections]]:
    """The story at so many frames a second, boxes off by a pixel."""
    scene, appearance = STORIES[story]
    noise = np.random.default_rng(0)
    for index in range(round(seconds * fps)):
        xyxy, number = scene(index / fps)
        image = painted(xyxy, number, np.zeros((HEIGHT, WIDTH, 3), np.uint8)) if appearance else None
        xyxy = xyxy + noise.normal(0, 1, xyxy.shape)
        yield Frame(index, index / fps, image), Detections(xyxy, np.full(len(xyxy), 0.9))


def moments(
    story: str, seconds: float, every: float, options: TrackerOptions | None = None, fps: int = FPS
) -> Iterator[Moment]:
    """The story tracked, with what each stretch of `every` seconds cost."""
    embedder: Embedder | None = NumberEmbedder() if STORIES[story][1] else None
    tracker = Tracker(options or TrackerOptions(cuts=False), embedder, (WIDTH, HEIGHT))
    spent, stretch = 0.0, round(every * fps)
    for count, (frame, detections) in enumerate(frames(story, seconds, fps), 1):
        begun = time.process_time()
        tracker.update(frame, detections)
        spent += time.process_time() - begun
        if count % stretch == 0:
            yield Moment(count / fps, 1e3 * spent / stretch, megabytes(), tracker.people, *kept())
            spent = 0.0


def kept() -> tuple[int, int]:
    """How many tracks and views of people are in memory."""
    gc.collect()
    kinds = [type(each) for each in gc.get_objects()]
    return kinds.count(Track), kinds.count(View)


def megabytes() -> float:
    """This process's memory, as Linux tells it."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("story", choices=STORIES)
    parser.add_argument("--seconds", type=float, default=6 * 3600.0)
    parser.add_argument("--every", type=float, default=600.0)
    asked = parser.parse_args()
    for moment in moments(asked.story, asked.seconds, asked.every):
        print(json.dumps(asdict(moment)), flush=True)


if __name__ == "__main__":
    main()
