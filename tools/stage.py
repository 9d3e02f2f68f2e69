"""`followspot stage`: render dancers with exact truth.

The demo of this repository was made by the command in `assets/README.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from tracker.video.video_writer import DEFAULT_CRF, MAX_CRF, PRESETS

from .renderer.options import StageOptions
from .renderer.scene import Scene
from .renderer.sequence_folder import SequenceFolder
from .run.checks import require_between, require_known
from .run.folder import claimed_folder
from .run.interruption import Interruption
from .run.output import note, say
from .run.progress import progress


@dataclass(frozen=True)
class StageCommand:
    """Render dancers on a stage, with exact truth, as a MOTChallenge sequence folder."""

    out: Path
    """New folder for video.mp4, gt/gt.txt, keypoints.json, seqinfo.ini and scene.json, its options."""
    scene: Annotated[StageOptions, arg(name="")] = field(default_factory=StageOptions)
    crf: int = DEFAULT_CRF
    """Quality of the video: 0 lossless to 51 worst."""
    preset: str = "fast"
    """The encoder's trade of speed for size, ultrafast to veryslow."""

    def run(self) -> None:
        require_between(0, MAX_CRF, "crf", self.crf, "0 is lossless")
        require_known("preset", [self.preset], PRESETS)
        scene = Scene(self.scene)
        sound = scene.audio() if self.scene.audio else None
        with (
            claimed_folder(self.out, "stage") as (folder, _),
            SequenceFolder(folder, self.scene, sound, self.crf, self.preset) as sequence,
            Interruption() as interruption,
        ):
            for frame in interruption.until(progress(scene.frames(), self.scene.frame_count, "stage")):
                sequence.write(frame)
            if interruption.cut_short:
                note(f"stopped on request; {folder} ends there")
        say(str(folder))
