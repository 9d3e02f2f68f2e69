"""`followspot dataset video`: re-ID data from the user's own dance videos, labelled automatically.

The paper's pipeline with today's parts: detect and track, join tracklets into people with a classifier of the video's
own, keep sparse clear crops with landmarks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from rich.text import Text
from tyro.conf import Positional, arg

from models.limits import LARGEST_SIDE
from reid.dancereid.folder import DanceReidFolder
from tracker.detection.detector import DetectorOptions, YoloDetector
from tracker.types import InputError
from tracker.video.sources import open_source

from .dataset.video_cutter import VideoCutter, VideoOutcome, VideoParts
from .dataset.video_people import LeftOut, PasserByOptions, Reason
from .dataset.video_poses import SURE, PoseFinder
from .offline.second_look import DOUBTFUL
from .offline.sightings import CropOptions
from .run.checks import require_at_least, require_between
from .run.help import Common
from .run.interruption import Interruption
from .run.output import count, note, say
from .run.parts import BUNDLED, NONE, make_parts

MOST_NAMED = 10


@dataclass(frozen=True)
class DatasetVideoCommand:
    """Find the people of dance videos and cut them out, in DanceReID's layout.

    Every video has people of its own. Labels are guesses, each with its doubt in crops.csv: check them with
    `followspot dataset review`. Run the same command again after a stop; finished videos are kept.
    """

    videos: Positional[tuple[str, ...]]
    """Video files, or folders of images."""
    out: Path
    """Folder for the data set: a new one, or that of a stopped run."""
    cast: int | None = None
    """How many people there are in each video; without it, as many as are found."""
    detector: str = BUNDLED
    """`bundled` (a person detector for dance), or any Ultralytics model; one that takes poses gives landmarks too. A
    .pt that holds more than the network, such as code, is loaded only with --trust."""
    detections: Path | None = None
    """Replay boxes from this MOT text file instead of running a detector; for a single video."""
    pose_model: Path | None = None
    """An Ultralytics pose model that finds the landmarks of the kept crops; none comes with Followspot."""
    reid: str = BUNDLED
    """Encoder whose features label the people: `bundled`, or a file."""
    height: int = 256
    """Height of the crops in pixels; they are half as wide."""
    test_videos: int | None = None
    """Number of videos, the last ones, for query and gallery; by default a quarter of them, rounded down."""
    crops: Annotated[CropOptions, arg(name="")] = field(default_factory=CropOptions)
    passing: Annotated[PasserByOptions, arg(name="")] = field(default_factory=PasserByOptions)
    detection: Annotated[DetectorOptions, arg(name=""), Common(("conf", "imgsz", "device"))] = field(
        default_factory=DetectorOptions
    )

    def run(self) -> None:
        """Raises InputError, DataError or WeightsError for a mistake; videos finished before it stay."""
        names = self._names()
        outcomes: list[VideoOutcome] = []
        folder = DanceReidFolder(self.out, self._test(list(names)), recipe=self._recipe())
        unfinished = {name: video for name, video in names.items() if name not in folder.finished}
        for name in folder.finished:
            say(f"{name}: finished before, left as it is")
        parts = self._parts() if unfinished else None
        with folder, Interruption() as interruption:
            for name, video in unfinished.items():
                assert parts is not None
                cutter = VideoCutter(parts, folder, interruption, self.crops, self.passing, self.cast, self.height)
                outcome = cutter.cut(name, video)
                if outcome is None:
                    break
                say_outcome(name, outcome)
                outcomes.append(outcome)
            if len(outcomes) < len(unfinished):
                done = len(names) - len(unfinished) + len(outcomes)
                say(f"stopped after {done} of {len(names)} videos; the same command goes on")
                interruption.check()
        self._say_end(folder, outcomes)

    def _parts(self) -> VideoParts:
        parts = make_parts(self.detector, self.reid, self.detection, self.detections)
        assert parts.embedder is not None
        poses = None
        if self.pose_model is not None:
            options = replace(self.detection, conf=max(self.detection.conf, SURE), classes=())
            poses = PoseFinder(YoloDetector(self.pose_model, options), str(self.pose_model))
        return VideoParts(parts.detector, parts.embedder, poses, self.detection.batch)

    def _names(self) -> dict[str, str]:
        """Each video by its name, which is its key in the data set."""
        if not self.videos:
            raise InputError("no video named: give one at least, for example `followspot dataset video dance.mp4`")
        if self.detections is not None and len(self.videos) > 1:
            raise InputError("--detections holds the boxes of one video, but there are several: leave it out")
        if self.reid == NONE:
            raise InputError("--reid none: people cannot be recognised without an encoder; leave it out")
        if self.cast is not None:
            require_at_least(1, "cast", self.cast, "it is the number of people in each video")
        require_between(2, LARGEST_SIDE, "height", self.height, "it is the crops' height in pixels")
        names: dict[str, str] = {}
        for video in self.videos:
            if not Path(video).exists():
                raise InputError(f"there is no file {video}; check the path")
            with open_source(video) as source:
                if source.name in names:
                    raise InputError(f"{names[source.name]} and {video} have one name, {source.name}: rename one")
                names[source.name] = video
        return names

    def _test(self, names: list[str]) -> set[str]:
        held_out = len(names) // 4 if self.test_videos is None else self.test_videos
        if not 0 <= held_out <= len(names):
            raise InputError(f"--test-videos must lie between 0 and {len(names)}, the number of videos, not {held_out}")
        return set(names[len(names) - held_out :])

    def _recipe(self) -> dict[str, Any]:
        """What the crops depend on beside the videos; the processor that computes them does not count."""
        options = asdict(self)
        for name in ("device", "half", "batch", "openvino"):
            del options["detection"][name]
        return {
            name: str(value) if isinstance(value, Path) else value
            for name, value in options.items()
            if name not in ("videos", "out", "test_videos")
        }

    def _say_end(self, folder: DanceReidFolder, outcomes: list[VideoOutcome]) -> None:
        crops = sum(map(len, folder.files.values()))
        say(
            Text.assemble(
                (count(len(folder.numbers), "person", "people"), "bold"), f", {count(crops, 'crop')} in {self.out}"
            )
        )
        if not crops:
            say("no person was found: try --conf 0.15 or another --detector")
            return
        if outcomes and not any(outcome.landmarks for outcome in outcomes):
            say(f"no landmarks; this finds them: followspot dataset poses {self.out} --pose-model MODEL.pt")
        say(f"labels are guesses; look them over: followspot dataset review {self.out}")


def say_outcome(name: str, outcome: VideoOutcome) -> None:
    """A video in a line: who was found, what was kept, and what was left out."""
    people = outcome.people
    said = [
        f"{count(len(people.crops), 'crop')} out of {count(outcome.rows, 'sighting')}",
        f"{sum(crop.doubt > DOUBTFUL for crop in people.crops)} of them doubtful",
    ]
    if outcome.landmarks:
        said.append(f"{outcome.landmarks} with landmarks")
    say(Text.assemble(f"{name}: ", (count(people.count, "person", "people"), "bold"), ", ", ", ".join(said)))
    if people.left_out:
        note(f"left out, `--all` keeps them: {'; '.join(said_left_out(people.left_out))}")
    if outcome.warning:
        note(outcome.warning)


def said_left_out(people: Sequence[LeftOut]) -> Iterator[str]:
    """Those left out by reason, the ones seen longest first, by their ids in `followspot track`."""
    for reason in Reason:
        own = sorted((one for one in people if one.reason is reason), key=lambda one: -one.seconds)
        if own:
            named = [f"{'+'.join(map(str, one.tracks)) or '?'} ({one.seconds:.1f} s)" for one in own[:MOST_NAMED]]
            more = f" and {len(own) - MOST_NAMED} more" if len(own) > MOST_NAMED else ""
            yield f"{count(len(own), 'person', 'people')} {reason.value}, id {', '.join(named)}{more}"
