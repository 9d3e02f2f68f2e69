"""`followspot dataset poses`: landmarks for the crops of a data set that have none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
from tyro.conf import Positional, arg

from reid.data.crops import Crop, DataError
from reid.data.datasets import every_crop, layout_of
from reid.data.images import read_image
from reid.data.landmarks import has_landmarks, landmark_writer
from reid.data.reading import DataOptions
from tracker.boxes import xyxy_to_cxcywh
from tracker.detection.detector import DetectorOptions, YoloDetector
from tracker.detection.ultralytics_network import COCO_JOINTS
from tracker.prefetch import in_groups
from tracker.types import Detections, Frame

from .dataset.video_poses import SURE, no_pose_model, sure_joints
from .run.checks import require_between
from .run.interruption import Interruption
from .run.output import count, first_names, say
from .run.progress import progress


@dataclass(frozen=True)
class DatasetPosesCommand:
    """Find 17 COCO joints in the crops that have none, and write them where training reads them.

    DanceReID's layout has a file for each crop in poses/, every other layout one file keypoints17.txt. A crop in which
    no person is found has nan for every joint, and is tried again by the next run. Ctrl-C keeps what was found.
    """

    data: Positional[Path]
    """Folder of the data set, in any layout that training knows."""
    pose_model: Path
    """An Ultralytics pose model: .pt, .onnx, .engine, an OpenVINO folder. A .pt that holds more than the
    network, such as code, is loaded only with --trust."""
    sure: float = SURE
    """Minimum confidence of a joint; others are written as not known."""
    layout: str = "auto"
    """Layout of the data set, as in training."""
    detection: Annotated[DetectorOptions, arg(name="")] = field(
        default_factory=lambda: DetectorOptions(imgsz=320, batch=32)
    )

    def run(self) -> None:
        """Raises InputError or DataError for a mistake in the data, the model or an option."""
        require_between(0, 1, "sure", self.sure)
        reading = DataOptions(layout=self.layout, joints=COCO_JOINTS)
        crops = every_crop(self.data, reading)
        wanted = [crop for crop in crops if not has_landmarks(crop)]
        say(f"{count(len(crops), 'crop')}, {len(crops) - len(wanted)} with landmarks")
        if not wanted:
            return
        detector = YoloDetector(self.pose_model, self.detection)
        self.find(wanted, detector, layout_of(self.data, reading))

    def find(self, wanted: list[Crop], detector: YoloDetector, layout: str) -> None:
        """Write the crops' landmarks as they are found, and say how many.

        Raises DataError where they cannot be written.
        """
        outcome = Outcome(len(wanted))
        batches = in_groups(progress(wanted, len(wanted), "poses", "crops"), self.detection.batch)
        try:
            with Interruption() as interruption, landmark_writer(self.data, layout, COCO_JOINTS) as writer:
                for crop, keypoints in self.poses(interruption.until(batches), detector, outcome):
                    writer.write(crop.path, keypoints)
                outcome.say()
        except OSError as error:
            raise DataError(f"Cannot write landmarks to {self.data}: {error.strerror}; make it writable.") from error

    def poses(
        self, batches: Iterable[list[Crop]], detector: YoloDetector, outcome: Outcome
    ) -> Iterator[tuple[Crop, np.ndarray]]:
        """Each readable crop with its keypoints (17, 2) in pixels, all nan where no person was found.

        Counts them in `outcome`.
        """
        for batch in batches:
            pictures = [read_image(crop.path) for crop in batch]
            frames = [Frame(row, 0.0, picture) for row, picture in enumerate(pictures) if picture is not None]
            outcome.unreadable += [
                crop.path.name for crop, picture in zip(batch, pictures, strict=True) if picture is None
            ]
            for frame, people in zip(frames, detector.batch(frames), strict=True):
                assert frame.image is not None
                crop, keypoints = batch[frame.index], self.joints(people, frame.image.shape[:2])
                if np.isfinite(keypoints).any():
                    outcome.found += 1
                else:
                    outcome.empty.append(crop.path.name)
                yield crop, keypoints

    def joints(self, people: Detections, size: tuple[int, ...]) -> np.ndarray:
        """Keypoints (17, 2) of the person nearest the middle of a picture of (height, width), nan where not sure.

        Raises InputError where the model knows no 17 COCO joints.
        """
        if people.keypoints is None:
            raise no_pose_model(self.pose_model)
        pose = people.keypoints[in_the_middle(people.xyxy, *size)] if len(people) else None
        return sure_joints([pose], self.sure)[0]


class Outcome:
    """What became of the crops that were to be looked at."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.found = wanted, 0
        self.empty: list[str] = []
        self.unreadable: list[str] = []

    def say(self) -> None:
        """Print the numbers, and the first names of what failed."""
        say(f"landmarks found in {count(self.found, 'crop')}")
        for names, words in ((self.empty, "no person found in"), (self.unreadable, "unreadable:")):
            if names:
                say(f"{words} {count(len(names), 'crop')} (first: {first_names(names)})")
        left = self.wanted - self.found - len(self.empty) - len(self.unreadable)
        if left:
            say(f"stopped with {count(left, 'crop')} left; run again to go on")


def in_the_middle(xyxy: np.ndarray, height: int, width: int) -> int:
    """The row of the box (N, 4) whose centre is nearest the picture's, in shares of its sides.

    Of 135 rendered crops, half of them with several people in sight, this took the wrong one least often; the
    network's score did three times as often.
    """
    centre = xyxy_to_cxcywh(xyxy)[:, :2] / (width, height)
    return int(np.linalg.norm(centre - 0.5, axis=1).argmin())
