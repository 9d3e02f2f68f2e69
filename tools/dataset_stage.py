"""`followspot dataset stage`: crops of rendered dancers with exact poses, as a data set for training re-ID."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reid.dancereid_folder import DanceReidFolder, widened_crop

from .progress import progress
from .stage.options import StageOptions
from .stage.scene import Scene, StageFrame

KEPT_EVERY = 5  # frames of the 25 a second a camera would give
FPS = 25.0


@dataclass(frozen=True)
class DatasetStage:
    """Render scenes and cut their dancers out, in DanceReID's layout; the last scenes are kept for evaluation."""

    out: Path
    """New folder for the data set."""
    scenes: int = 8
    """Scenes to train on, each with people of its own."""
    test_scenes: int = 4
    """Further scenes for query and gallery."""
    dancers: int = 5
    """Dancers in a scene, two of them in near-identical costumes."""
    seconds: float = 40.0
    """Length of a scene."""
    height: int = 128
    """Height of the crops in pixels; they are half as wide."""
    least_visible: float = 0.5
    """Crops of dancers less visible than this are left out."""
    seed: int = 0
    """Seed of the first scene; the others follow it."""

    def run(self) -> None:
        count = self.scenes + self.test_scenes
        names = [f"scene{number:03d}" for number in range(count)]
        with DanceReidFolder(self.out, test=set(names[self.scenes :])) as folder:
            for number, name in enumerate(progress(names, count, "scenes")):
                for frame in Scene(self.options(number)).frames():
                    self.cut(folder, name, frame)
        print(self.out)

    def options(self, number: int) -> StageOptions:
        """The scene, rendered only at the frames that are kept."""
        return StageOptions(
            dancers=self.dancers,
            twins=min(2, self.dancers),
            seconds=self.seconds,
            fps=FPS / KEPT_EVERY,
            seed=self.seed + number,
            audio=False,
            least_visible=self.least_visible,
        )

    def cut(self, folder: DanceReidFolder, video: str, frame: StageFrame) -> None:
        """Add the frame's dancers to the data set."""
        tracks, image = frame.truth, frame.frame.image
        assert image is not None
        assert tracks.keypoints is not None
        for person, xyxy, keypoints in zip(tracks.ids.tolist(), tracks.xyxy, tracks.keypoints, strict=True):
            seen = np.where(keypoints[:, 2:] > 0, keypoints[:, :2], np.nan)  # outside the picture: not known
            crop, joints = widened_crop(image, xyxy, seen, self.height)
            folder.write(crop, joints, video, person, tracks.frame * KEPT_EVERY)
