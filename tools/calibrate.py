"""`followspot calibrate`: measure an encoder's similarities of same and different people, and store them in its file.

The tracker reads its thresholds from there, so they need no tuning by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tyro.conf import Positional

from reid.data.datasets import LAYOUTS, read_split
from reid.data.reading import DataOptions
from reid.data.views import views_of
from reid.encoder.calibration import PairSimilarities, summary
from reid.encoder.calibration_picture import calibration_picture
from reid.encoder.measurement import Views
from tracker.gallery import clear_views, crop
from tracker.results.mot_files import read_tracks
from tracker.types import InputError
from tracker.video.sources import open_source

from .run.calibrating import keep, measured
from .run.checks import UsageError, require_at_least
from .run.output import say
from .run.progress import progress

TIMED = ("market1501", "dancereid")
"""Layouts that say in which video and when a crop was taken."""


@dataclass(frozen=True)
class CalibrateCommand:
    """Measure an encoder's similarity of the same and of different people of a scene, by time apart.

    Pairs are formed within a scene: same light, same floor behind them, as the tracker meets them.
    """

    weights: Positional[Path]
    """The encoder's file: .pt, .onnx or a colour histogram's .json; and its card (.md beside it) if there is one."""
    scenes: Positional[tuple[Path, ...]]
    """MOTChallenge sequence folders with pictures and gt/gt.txt, such as `followspot stage` makes; or data sets of
    crops with videos and times, such as `followspot dataset` makes, of which the query and gallery people are used."""
    every: float = 0.2
    """Seconds between two frames of a scene that are used."""
    colour_share: float | None = None
    """Weight of a colour histogram beside the network, 0 to 1; left out, the one that tells these people best apart."""
    picture: Path | None = None
    """Draw the histograms of similarity into this .png or .svg."""
    store: bool = True
    """Write what was measured into the encoder's file."""

    def run(self) -> None:
        """Raises InputError for a scene without pictures or truth, WeightsError for a file that is no encoder."""
        if not self.scenes:
            raise UsageError("nothing to calibrate on: name at least one sequence folder with pictures and gt/gt.txt")
        require_at_least(0, "every", self.every, "it is seconds")
        if self.colour_share is not None and not 0 <= self.colour_share < 1:
            raise InputError(f"--colour-share must be from 0 to below 1, not {self.colour_share}")
        views = Views.of_all([known_people(scene, self.every) for scene in self.scenes])
        measurement = measured(self.weights, views, colour_share=self.colour_share)
        if not measurement.pairs:
            raise InputError(
                "too few clear views to calibrate on: name more scenes, or use more of their frames (a smaller --every)"
            )
        names = [scene.resolve().name for scene in self.scenes]
        if self.picture:
            draw(self.picture, measurement.pairs, f"{self.weights.name} on {', '.join(names)}")
        if self.store:
            keep(self.weights, measurement, names)
        for pairs, of in (
            (measurement.pairs, "whole views"),
            (measurement.centred, "less what people of a scene share"),
        ):
            say(f"{of}:")
            for gap, same, different in zip(*summary(pairs).values(), strict=True):
                similarity = "  ".join(
                    f"{kind} {m:.2f} ± {s:.2f}" for kind, (m, s) in (("same", same), ("other", different))
                )
                say(f"{gap:5.2f} s  {similarity}")
        say(f"share of colour {measurement.colour_share:g}")


def draw(path: Path, pairs: PairSimilarities, title: str) -> None:
    """The picture, in the format of the file's ending. Raises InputError where it cannot be written."""
    try:
        calibration_picture(pairs, title).savefig(path, dpi=110)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot write --picture {path} ({error}); choose another .png or .svg") from error


def known_people(source: Path, every: float) -> Views:
    """The people of a scene, or of a data set's query and gallery. Raises InputError, DataError."""
    if (source / "gt" / "gt.txt").is_file() or not any(LAYOUTS[name].marks(source) for name in TIMED):
        return clear_crops(source, every)
    split = read_split(source, DataOptions(tight=True))
    return views_of([*split.query, *split.gallery])


def clear_crops(scene: Path, every: float) -> Views:
    """Clear crops of the people in a scene."""
    truth = scene / "gt" / "gt.txt"
    if not truth.is_file():
        raise InputError(f"there is no {truth}: a scene to calibrate on needs its truth")
    crops, ids, times = [], [], []
    due = 0.0
    with open_source(scene) as source:
        rows = {tracks.frame: tracks for tracks in read_tracks(truth, fps=source.fps)}
        for frame in progress(source, source.frame_count, scene.name):
            tracks = rows.get(frame.index)
            if frame.time < due - 1e-6 or tracks is None or not len(tracks):
                continue
            due = frame.time + every
            if frame.image is None:
                raise InputError(f"{scene} has boxes but no pictures: an encoder is calibrated on pictures")
            clear = clear_views(tracks.xyxy, range(len(tracks)), 0.35)
            crops += [crop(frame.image, box).copy() for box in tracks.xyxy[clear]]
            ids += tracks.ids[clear].tolist()
            times += [frame.time] * int(clear.sum())
    return Views(crops, np.array(ids, int), np.zeros(len(ids), int), np.array(times, float))
