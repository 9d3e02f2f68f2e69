"""`followspot track`: all people in a video, with their identities, as files and as an annotated video."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated

from tyro.conf import FlagCreatePairsOff, Positional, arg

from tracker.cast_memory import CastMemory
from tracker.detection.detector import DetectorOptions
from tracker.drawing.render import Renderer, RenderOptions
from tracker.offline.refinement import OFFLINE, RefinementOptions
from tracker.results.writers import Sink
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import InputError
from tracker.video.sources import Source, open_source

from .offline.second_look import SecondLook
from .offline.second_pass import SecondPass, refuse_live
from .run.cast_files import CastFiles
from .run.folder import choose_folder, new_folder
from .run.help import Advanced, Common
from .run.interruption import IncompleteError, Interruption
from .run.output import count, say
from .run.parts import BUNDLED, NONE, Parts, detector_weights, encoder_weights, make_parts
from .run.result_files import ResultFiles
from .run.tracked_run import absolute
from .run.tracking import Run
from .run.video_sinks import WindowSink


@dataclass(frozen=True)
class TrackCommand:
    """Track all people in a video and keep their identities.

    One folder a run: video.mp4, tracks.txt (MOT), tracks.csv, tracks.json, report.html, config.json, and unused.txt:
    boxes of the detector that no track took, for `followspot review`.
    """

    sources: Positional[tuple[str, ...]]
    """Video, webcam number, rtsp:// or http:// address, folder or glob of images, or MOTChallenge sequence. Several are
    tracked one after the other, independently."""
    out: Path | None = None
    """Folder for the results, new or empty; by default runs/NAME, numbered if it exists."""
    detector: str = BUNDLED
    """`bundled` (a person detector for dance), or any Ultralytics model. That is a .pt, .onnx or .engine file or an
    OpenVINO folder; a .pt file can run code when it is loaded: use only those you trust."""
    reid: str = BUNDLED
    """Re-ID weights: `bundled`, `rendered` (learnt from rendered people only), `histogram` (colours alone), a file, or
    `none`. With `none`, people who come back are recognised by motion, position and size alone."""
    detections: Path | None = None
    """Replay boxes from this MOT text file instead of running a detector."""
    video: bool = True
    """Write the annotated video."""
    show: FlagCreatePairsOff[bool] = False
    """Show the video in a window while tracking; q or Esc stops."""
    refine: FlagCreatePairsOff[bool] = False
    """Assign ids again in a second pass over the whole video, and fill short gaps. Not for live sources; its results
    say that they are refined offline, and those of the online pass stay in online/."""
    vid_stride: int = 1
    """Process every n-th frame only."""
    image_fps: Annotated[float, Advanced] = 30.0
    """Frames per second of a folder of images."""
    dry_run: FlagCreatePairsOff[bool] = False
    """Print the plan and exit."""
    detection: Annotated[DetectorOptions, arg(name=""), Common(("conf", "imgsz", "device"))] = field(
        default_factory=DetectorOptions
    )
    tracker: Annotated[TrackerOptions, arg(name=""), Common(("cast", "cuts"))] = field(default_factory=TrackerOptions)
    people: Annotated[CastFiles, arg(name=""), Common(("cast_file", "save_cast"))] = field(default_factory=CastFiles)
    draw: Annotated[RenderOptions, Common(("trail", "skeleton", "names"))] = field(default_factory=RenderOptions)
    refinement: RefinementOptions = field(default_factory=RefinementOptions)

    def run(self) -> None:
        """Track every source in turn. Raises InputError for a mistake in one; those before it are done by then.

        Raises IncompleteError at the end where a source could not be read as a whole.
        """
        if not self.sources:
            raise InputError("nothing to track: name a video file, for example `followspot track dance.mp4`")
        if self.out is not None and len(self.sources) > 1:
            raise InputError("--out names one folder, but there are several sources: leave it out")
        if self.refine:
            refuse_live(self.sources)
        memory = self.people.load(encoder_weights(self.reid), self.draw.names)
        if self.dry_run:
            self._say_plan()
            return
        parts: Parts | None = None
        whole = True
        with Interruption() as interruption:
            for name in self.sources:
                with self._open(name) as source:
                    folder = choose_folder(self.out, source.name)
                    parts = parts or self._parts()  # once, and only when the first source is known to be one
                    with new_folder(folder):
                        run = self._track(name, source, folder, parts, memory, interruption)
                    memory, whole = run.learnt, whole and not run.notes
                if interruption.asked:
                    break
        if not whole:
            raise IncompleteError

    def _open(self, name: str) -> Source:
        return open_source(name, vid_stride=self.vid_stride, image_fps=self.image_fps)

    def _parts(self) -> Parts:
        parts = make_parts(self.detector, self.reid, self.detection, self.detections)
        encoder = parts.weights["reid"]
        say(f"detector  {self.detections or detector_weights(self.detector).name}")
        say(f"re-ID     {'none: motion, position and size alone' if encoder is None else encoder.name}")
        return parts

    def _say_plan(self) -> None:
        for name in self.sources:
            with self._open(name) as source:
                frames = "endless" if source.frame_count is None else f"about {count(source.frame_count, 'frame')}"
                say(f"{name}: {source.width}x{source.height}, {source.fps:.2f} frames/s, {frames}")
                say(f"  results   {choose_folder(self.out, source.name)}")
        boxes, encoder = self.detections or detector_weights(self.detector), encoder_weights(self.reid)
        for file in (boxes, encoder):
            if file is not None and not file.exists():
                raise InputError(f"there is no file {file}")
        say(f"  detector  {boxes}")
        say(f"  re-ID     {encoder or NONE}")
        if self.refine:
            say(f"  passes    two: online, then {OFFLINE}")
        if self.people.asked:
            say(f"  cast      from {self.people.cast_file or NONE}, saved to {self.people.save_cast or NONE}")

    def _track(
        self, name: str, source: Source, folder: Path, parts: Parts, memory: CastMemory | None, stop: Interruption
    ) -> Run:
        tracker = Tracker(self.people.watched(self.tracker), parts.embedder, (source.width, source.height), memory)
        draw = replace(self.draw, names={**(memory.names if memory else {}), **self.draw.names})
        files = ResultFiles(folder, source, draw, self.video)
        run = Run(self, absolute(name), files, parts, tracker, self.people, memory, stop)
        run.awaits_refinement = self.refine
        sinks: list[Sink] = [WindowSink(source.name, Renderer(draw))] if self.show else []
        batch = 1 if self.show else self.detection.batch
        if self.refine:
            look = SecondLook(parts.detector, parts.embedder)
            run.track([*sinks, look], look.detector, batch, ", pass 1 of 2")
            if run.summary.frames and not stop.asked:
                again = partial(self._open, name)
                SecondPass(self.refinement, self.tracker.cast, self.video, again).run(run, look)
        else:
            run.track(sinks, parts.detector, batch)
        run.print_summary()
        return run
