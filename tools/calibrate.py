"""`followspot calibrate`: measure an encoder's similarities of same and different people, and store them in its file.

The tracker reads its thresholds from there, so they need no tuning by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tyro.conf import Positional

from models.digest import sha256
from reid.encoder.calibration import PairSimilarities, pair_similarities, summary
from reid.encoder.calibration_file import store
from reid.encoder.calibration_picture import calibration_picture
from reid.encoder.embedder import Embedder, EmbedderOptions
from tracker.gallery import clear_views, crop
from tracker.results.mot_files import read_tracks
from tracker.types import Detections, InputError
from tracker.video.sources import open_source

from .run.output import say


@dataclass(frozen=True)
class CalibrateCommand:
    """Measure an encoder's similarity of the same and of different people of a scene, by time apart.

    Pairs are formed within a scene: same light, same floor behind them, as the tracker meets them.
    """

    weights: Positional[Path]
    """The encoder's file: .pt (written again, float16), .onnx or a colour histogram's .json; and its card (.md beside
    it) if there is one."""
    scenes: Positional[tuple[Path, ...]]
    """MOTChallenge sequence folders with pictures and gt/gt.txt, such as `followspot stage` makes."""
    every: float = 0.2
    """Seconds between two frames of a scene that are used."""
    picture: Path | None = None
    """Draw the histograms of similarity into this .png or .svg."""
    store: bool = True
    """Write what was measured into the encoder's file."""

    def run(self) -> None:
        """Raises InputError for a scene without pictures or truth, WeightsError for a file that is no encoder."""
        if not self.scenes:
            raise InputError("nothing to calibrate on: name at least one sequence folder with pictures and gt/gt.txt")
        embedder = Embedder(self.weights, EmbedderOptions())
        views = [clear_crops(scene, self.every) for scene in self.scenes]
        embedding = np.concatenate([embedder(crops) for crops, _, _ in views])
        person = np.concatenate([ids for _, ids, _ in views])
        time = np.concatenate([times for _, _, times in views])
        video = np.repeat(np.arange(len(views)), [len(ids) for _, ids, _ in views])
        pairs = pair_similarities(embedding, person + 10_000 * video, video, time)
        if not pairs:
            raise InputError(
                "too few clear views to calibrate on: name more scenes, or use more of their frames (a smaller --every)"
            )
        calibration, names = summary(pairs), [scene.resolve().name for scene in self.scenes]
        if self.picture:
            draw(self.picture, pairs, f"{self.weights.name} on {', '.join(names)}")
        if self.store:
            store(self.weights, {"calibration": calibration, "calibrated_on": names})
            card = self.weights.with_suffix(".md")
            if card.is_file():
                card.write_text(card.read_text().replace(embedder.sha256, sha256(self.weights)))
        for gap, same, different in zip(*calibration.values(), strict=True):
            similarity = "  ".join(
                f"{kind} {m:.2f} ± {s:.2f}" for kind, (m, s) in (("same", same), ("other", different))
            )
            say(f"{gap:5.2f} s  {similarity}")


def draw(path: Path, pairs: PairSimilarities, title: str) -> None:
    """The picture, in the format of the file's ending. Raises InputError where it cannot be written."""
    try:
        calibration_picture(pairs, title).savefig(path, dpi=110)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot write --picture {path} ({error}); choose another .png or .svg") from error


def clear_crops(scene: Path, every: float) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Clear crops (h, w, 3) BGR of the people in a scene, their ids (N,) and times (N,) in seconds."""
    truth = scene / "gt" / "gt.txt"
    if not truth.is_file():
        raise InputError(f"there is no {truth}: a scene to calibrate on needs its truth")
    crops, ids, times = [], [], []
    due = 0.0
    with open_source(scene) as source:
        rows = {tracks.frame: tracks for tracks in read_tracks(truth, fps=source.fps)}
        for frame in source:
            tracks = rows.get(frame.index)
            if frame.time < due - 1e-6 or tracks is None or not len(tracks):
                continue
            due = frame.time + every
            if frame.image is None:
                raise InputError(f"{scene} has boxes but no pictures: an encoder is calibrated on pictures")
            clear = clear_views(tracks.xyxy, Detections(tracks.xyxy, tracks.score), 0.35)
            crops += [crop(frame.image, box).copy() for box in tracks.xyxy[clear]]
            ids += tracks.ids[clear].tolist()
            times += [frame.time] * int(clear.sum())
    return crops, np.array(ids), np.array(times)
