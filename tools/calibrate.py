"""`followspot calibrate`: measure what a likeness is worth to an encoder, and store it in the encoder's file.

The tracker reads its thresholds from there, so they need no tuning by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from tyro.conf import Positional

from models.checkpoint import sha256
from models.pretrained import load_encoder, save_encoder
from reid.calibration import measure
from reid.embedder import Embedder, EmbedderOptions
from tracker.results.mot_files import read_tracks
from tracker.tracker import clear_views, crop
from tracker.types import Detections, InputError
from tracker.video.sources import open_source


@dataclass(frozen=True)
class Calibrate:
    """Measure how alike the same and different people of a scene look to an encoder, by time apart.

    Pairs are formed within a scene: same light, same floor behind them, as the tracker meets them.
    """

    weights: Positional[Path]
    """The encoder's file, which is written anew (float16), and its card (.md beside it) if there is one."""
    scenes: Positional[tuple[Path, ...]]
    """MOTChallenge sequence folders with pictures and gt/gt.txt, such as `followspot stage` makes."""
    every: int = 5
    """Look at every n-th frame."""

    def run(self) -> None:
        """Raises InputError for a scene without pictures or truth, WeightsError for a file that is no encoder."""
        if not self.scenes:
            raise InputError("nothing to calibrate on: name at least one sequence folder with pictures and gt/gt.txt")
        loaded, before = load_encoder(self.weights), sha256(self.weights)
        embedder: Embedder[dict[str, Any]] = Embedder(self.weights, EmbedderOptions())
        looks = [look_at(scene, self.every) for scene in self.scenes]
        embedding = np.concatenate([embedder(crops) for crops, _, _ in looks])
        person = np.concatenate([ids for _, ids, _ in looks])
        time = np.concatenate([times for _, _, times in looks])
        video = np.repeat(np.arange(len(looks)), [len(ids) for _, ids, _ in looks])
        calibration = measure(embedding, person + 10_000 * video, video, time)
        names = [scene.resolve().name for scene in self.scenes]
        facts = {**loaded.metadata, "calibration": calibration, "calibrated_on": names}
        save_encoder(self.weights, loaded.encoder, facts, half=True)
        self._mend_card(before)
        console = Console(highlight=False)
        for gap, same, different in zip(*calibration.values(), strict=True):
            likeness = "  ".join(f"{kind} {m:.2f} ± {s:.2f}" for kind, (m, s) in (("same", same), ("other", different)))
            console.print(f"{gap:5.2f} s  {likeness}")

    def _mend_card(self, before: str) -> None:
        card = self.weights.with_suffix(".md")
        if card.is_file():
            card.write_text(card.read_text().replace(before, sha256(self.weights)))


def look_at(scene: Path, every: int) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Clear crops (h, w, 3) BGR of the people in a scene, who they are (N,) and when they were seen (N,) in seconds."""
    truth = scene / "gt" / "gt.txt"
    if not truth.is_file():
        raise InputError(f"there is no {truth}: a scene to calibrate on needs its truth")
    crops, ids, times = [], [], []
    with open_source(scene) as source:
        rows = {tracks.frame: tracks for tracks in read_tracks(truth, fps=source.fps)}
        for frame in source:
            tracks = rows.get(frame.index)
            if frame.index % every or tracks is None or not len(tracks):
                continue
            if frame.image is None:
                raise InputError(f"{scene} has boxes but no pictures: an encoder is calibrated on pictures")
            clear = clear_views(tracks.xyxy, Detections(tracks.xyxy, tracks.score), 0.35)
            crops += [crop(frame.image, box).copy() for box in tracks.xyxy[clear]]
            ids += tracks.ids[clear].tolist()
            times += [frame.time] * int(clear.sum())
    return crops, np.array(ids), np.array(times)
