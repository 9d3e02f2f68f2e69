"""`python -m faults.long_run STORY [--seconds S] [--every S]` tracks simulated people for hours; what does it cost?

A line as JSON for each stretch of the video: milliseconds a frame, memory in MB, people so far, and how many tracks and
views of people are kept. The stories are those of `STORIES`.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from reid.encoder.calibration import Calibration
from tracker.boxes import occlusion
from tracker.gallery import View
from tracker.track import Track
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import Detections, Embedder, Frame

WIDTH, HEIGHT, FPS = 480, 270, 30
DANCERS = 12
HIDDEN = 0.7
"""Share of a box behind nearer people from which nothing is detected there."""
NEWCOMERS, STAY = 2, 12
"""People who enter the street in a second, and seconds each is in the picture."""

Seen = tuple[np.ndarray, np.ndarray]
"""Boxes (N, 4) of the people to be seen, and their numbers (N,)."""


@dataclass(frozen=True)
class Moment:
    """What a stretch of the video cost, which ends at so many `seconds`."""

    seconds: float
    ms_a_frame: float
    megabytes: float
    people: int
    tracks: int
    views: int


class NumberEmbedder:
    """Reads the person's number from the colour of the crop; one person's views differ a little, (B, 1304)."""

    def __init__(self) -> None:
        self.calibration = Calibration((0.1, 600.0), ((0.9, 0.05), (0.85, 0.06)), ((0.5, 0.1), (0.5, 0.1)))
        self.noise = np.random.default_rng(0)
        self.common = self.noise.normal(0, 1, 1304)

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        rows = np.stack([self.common + self._own(crop) + self.noise.normal(0, 0.3, 1304) for crop in crops])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    @staticmethod
    def _own(crop: np.ndarray) -> np.ndarray:
        low, high = (round(float(np.median(crop[..., channel]))) for channel in (0, 1))
        return np.random.default_rng(low + 256 * high).normal(0, 1, 1304)


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


def passers_by(seconds: float) -> Seen:
    """Two people a second walk into the picture, cross it in twelve seconds, and never come back."""
    last = int(NEWCOMERS * seconds)
    number = np.arange(max(0, last - NEWCOMERS * STAY + 1), last + 1)
    draw = [np.random.default_rng(each).uniform(0, 1, 2) for each in number]
    depth, way = np.array([each[0] for each in draw]), np.array([each[1] < 0.5 for each in draw])
    across = (seconds - number / NEWCOMERS) / STAY
    x = WIDTH * np.where(way, across, 1 - across)
    feet = 100 + 150 * depth
    height = 0.35 * feet
    return np.stack([x - 0.2 * height, feet - height, x + 0.2 * height, feet], axis=1), number


def painted(xyxy: np.ndarray, number: np.ndarray) -> np.ndarray:
    """A picture whose colours tell the numbers, those with the lowest feet in front."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for row in np.argsort(xyxy[:, 3]):
        left, top, right, bottom = xyxy[row].round().astype(int).clip(0)
        image[top:bottom, left:right] = number[row] % 256, number[row] // 256 % 256, 0
    return image


STORIES = {"dancers": (dancers, True), "street": (passers_by, False), "street with galleries": (passers_by, True)}
"""By name: who is to be seen, and whether there is an encoder."""


def frames(story: str, seconds: float) -> Iterator[tuple[Frame, Detections]]:
    """The story at 30 frames a second, boxes off by a pixel."""
    scene, appearance = STORIES[story]
    noise = np.random.default_rng(0)
    for index in range(round(seconds * FPS)):
        xyxy, number = scene(index / FPS)
        image = painted(xyxy, number) if appearance else None
        xyxy = xyxy + noise.normal(0, 1, xyxy.shape)
        yield Frame(index, index / FPS, image), Detections(xyxy, np.full(len(xyxy), 0.9))


def moments(story: str, seconds: float, every: float, options: TrackerOptions | None = None) -> Iterator[Moment]:
    """The story tracked, with what each stretch of `every` seconds cost."""
    embedder: Embedder | None = NumberEmbedder() if STORIES[story][1] else None
    tracker = Tracker(options or TrackerOptions(cuts=False), embedder, (WIDTH, HEIGHT))
    spent, stretch = 0.0, round(every * FPS)
    for count, (frame, detections) in enumerate(frames(story, seconds), 1):
        begun = time.process_time()
        tracker.update(frame, detections)
        spent += time.process_time() - begun
        if count % stretch == 0:
            yield Moment(count / FPS, 1e3 * spent / stretch, megabytes(), tracker.people, *kept())
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
