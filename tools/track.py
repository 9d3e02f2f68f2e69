"""`followspot track`: all people in a video, with their identities, as files and as an annotated video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated

from tyro.conf import FlagCreatePairsOff, Positional, arg

from tracker.cast_memory import CastMemory
from tracker.detection.detector import DetectorOptions, ReplayDetector
from tracker.drawing.render import Renderer, RenderOptions
from tracker.gap_filling import GapOptions
from tracker.ground_plane import GroundPlaneOptions
from tracker.keyframes import KeyframeOptions, Keyframes
from tracker.offline.refinement import OFFLINE, RefinementOptions
from tracker.pipeline import LAG, SHORT_GAPS
from tracker.results.writers import Sink
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import InputError
from tracker.video.addresses import without_secrets
from tracker.video.sources import Source, each_source, is_read_once, open_source, refuse_single_images
from tracker.video.video_reader import RECONNECT

from .run.batch import Batch, refuse_missing, refuse_runs, whole_run
from .run.box_fit import tell_misfits
from .run.cast_files import CastFiles
from .run.checks import UsageError, require_at_least, tell_nobodies
from .run.cluster import connected, refuse_deaf, refuse_without_ray
from .run.crew import Crew, Video
from .run.folder import RUNS, choose_folder, new_folder
from .run.help import Advanced, Common
from .run.interruption import IncompleteError, Interruption
from .run.live import Live
from .run.output import count, note, say
from .run.page_parts import PageParts
from .run.parts import BUNDLED, NAMED_ENCODERS, NONE, Parts, detector_weights, encoder_weights, make_parts, part_files
from .run.result_files import ONLINE, ResultFiles
from .run.tracked_run import absolute
from .run.tracking import Run
from .run.video_sinks import WindowSink, require_screen, tell_unwritable


@dataclass(frozen=True)
class TrackCommand:
    """Track all people in a video and keep their identities.

    One folder a run: video.mp4, tracks.txt (MOT), tracks.csv, tracks.json, report.html, config.json, and unused.txt:
    boxes of the detector that no track took, for `followspot review`.
    """

    sources: Positional[tuple[str, ...]]
    """Video, folder or glob of videos, webcam number, rtsp:// or http:// address, folder or glob of images, or
    MOTChallenge sequence. Several are tracked one after the other, independently; those with a whole run by the same
    options are passed over."""
    out: Path | None = None
    """Folder for the results, new or empty; by default runs/NAME, numbered if it exists. Of several sources it is the
    folder that holds their folders."""
    detector: str = BUNDLED
    """`bundled` (a person detector for dance), or any Ultralytics model: a .pt, .onnx or .engine file or an OpenVINO
    folder. A .pt that holds more than the network, such as code, is loaded only with --trust."""
    reid: str = BUNDLED
    """Re-ID weights: `bundled`, `rendered` (rendered people only), `strong`, `histogram` (colours alone), file, `none`.
    With `none`, people who come back are recognised by motion, position and size alone."""
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
    lag: Annotated[float, Advanced] = LAG
    """Seconds of video that frames are held back, to be put right by what comes after: none gives what is known at
    once. Short gaps (--gaps.seconds) and the frames to the next keyframe (--keyframes.every) come in addition."""
    image_fps: Annotated[float, Advanced] = 30.0
    """Frames per second of a folder of images."""
    reconnect: Annotated[float, Advanced] = RECONNECT
    """Seconds to wait, each time, for a live stream that went away; 0: not at all. The results say how long it was."""
    every_frame: Annotated[FlagCreatePairsOff[bool], Advanced] = False
    """Track every frame of a webcam or live stream, however late. Otherwise the newest one is next where tracking is
    slower than the source, and those left out are counted."""
    record: FlagCreatePairsOff[bool] = False
    """Keep a live source's pictures, too, for `render`."""
    workers: int = 1
    """Videos to track at the same time, each by its share of the cores; with --ray on each machine. More than one
    needs `followspot[cluster]`."""
    ray: Annotated[str, Advanced] = ""
    """HOST:PORT of a Ray cluster whose machines share the work; all must see the videos and --out by the same paths."""
    dry_run: FlagCreatePairsOff[bool] = False
    """Print the plan and exit."""
    detection: Annotated[DetectorOptions, arg(name=""), Common(("conf", "imgsz", "device"))] = field(
        default_factory=DetectorOptions
    )
    tracker: Annotated[TrackerOptions, arg(name=""), Common(("cast", "cuts"))] = field(default_factory=TrackerOptions)
    people: Annotated[CastFiles, arg(name=""), Common(("cast_file", "save_cast"))] = field(default_factory=CastFiles)
    draw: Annotated[RenderOptions, Common(("trail", "skeleton", "names"))] = field(default_factory=RenderOptions)
    keyframes: KeyframeOptions = field(default_factory=KeyframeOptions)
    gaps: GapOptions = SHORT_GAPS
    refinement: RefinementOptions = field(default_factory=RefinementOptions)
    floor: GroundPlaneOptions = field(default_factory=GroundPlaneOptions)

    def run(self) -> None:
        """Track every source in turn; of several, those that cannot be tracked are passed over and counted at the end.

        Raises InputError for a mistake in the only source, for one that is missing before any is tracked, and at the
        end where any failed; IncompleteError at the end where one could not be read as a whole.
        """
        if self.record and self.vid_stride > 1:
            raise InputError("--record keeps the frames that are tracked, all of them: leave out --vid-stride")
        if not self.sources:
            raise UsageError("nothing to track: name a video file, for example `followspot track dance.mp4`")
        require_at_least(1, "workers", self.workers)
        require_at_least(0, "lag", self.lag, "seconds that frames are held back")
        refuse_runs(self.sources)
        names = [name for source in self.sources for name in each_source(source)]
        refuse_single_images(names)
        if self.refine:
            from .offline.second_pass import refuse_live

            refuse_live(names)
        if self.show:
            require_screen()
        alone = (names[0],) == self.sources
        if self.uses_workers and alone:
            note("one video is not shared out among workers: it is tracked here, as without --workers and --ray")
        elif self.uses_workers:
            self._refuse_workers(names)
        memory = self.people.load(encoder_weights(self.reid), self.draw.names)
        if alone:
            self.track_one(names[0], memory)
        else:
            self._track_all(list(dict.fromkeys(names)), memory)

    def track_one(self, name: str, memory: CastMemory | None = None) -> Path:
        """Track one source into the folder that is returned. Raises InputError."""
        with self._open(name) as source, Interruption() as interruption:
            if self.dry_run:
                return self._say_plan(name, source, choose_folder(self.out, source.name, opened=absolute(name)))
            self._say_parts()  # only when the source is known to be one
            parts = self.make_parts((source.width, source.height))
            with new_folder(self.out, source.name, opened=absolute(name)) as folder:
                run = self._track(name, source, folder, parts, memory, interruption)
        if run.notes:
            raise IncompleteError
        return folder

    def _track_all(self, names: list[str], memory: CastMemory | None) -> None:
        batch, parent = Batch(names), self.out or RUNS
        refuse_missing(names, parent)
        left = [video for name in names for video in self._left(name, parent, batch)]
        if self.dry_run:
            batch.refuse_failed()
            return
        if left:
            self._say_parts()
        if self.ray or (self.workers > 1 and len(left) > 1):
            self._with_workers(left, parent, batch)
        else:
            self._in_turn(left, parent, batch, memory)
        batch.refuse_failed()
        if not batch.whole:
            raise IncompleteError

    def _in_turn(self, videos: Sequence[Video], parent: Path, batch: Batch, memory: CastMemory | None) -> None:
        parts = self.make_parts() if videos else None
        with Interruption() as interruption:
            for name in (video.source for video in videos):
                with (
                    batch.going_on(name),
                    self._open(name) as source,
                    new_folder(None, source.name, parent, absolute(name)) as folder,
                ):
                    assert parts is not None
                    run = self._track(name, source, folder, parts, memory, interruption)
                    memory = run.learnt
                    batch.done(name, run.summary, folder, not run.notes)
                if interruption.asked:
                    break
            batch.show()

    @property
    def uses_workers(self) -> bool:
        """Whether several videos are to be tracked at the same time."""
        return self.workers != 1 or bool(self.ray)

    def _refuse_workers(self, names: Sequence[str]) -> None:
        if self.show:
            raise InputError("--show is for one video at a time: leave --workers and --ray out")
        if self.people.save_cast is not None:
            raise InputError("--save-cast learns from one video for the next: leave --workers and --ray out")
        for name in names:
            if is_read_once(name):
                raise InputError(f"{name} is live, and --workers and --ray are for files: leave them out")
        refuse_without_ray()
        if self.ray:
            refuse_deaf(self.ray)

    def _with_workers(self, videos: Sequence[Video], parent: Path, batch: Batch) -> None:
        if not videos:
            batch.show()
            return
        gpu = self.detection.device not in ("cpu", "mps")
        with connected(self.ray) as cluster, Interruption() as interruption:
            if self.ray:
                cluster.require_shared(parent, [*(video.source for video in videos), *self._own_files])
            crew = Crew(cluster, self, self.workers, gpu, parent, batch, interruption)
            crew.track(videos)
            batch.show()

    @property
    def _own_files(self) -> list[Path | str]:
        """What the options name beside the sources, where it is no part of Followspot."""
        named = [self.detections, self.people.cast_file]
        networks = [self.detector if self.detector != BUNDLED else None]
        networks += [self.reid if self.reid not in NAMED_ENCODERS else None]
        return [file for file in (*named, *networks) if file is not None]

    def track_into(
        self, folder: Path, name: str, parts: Parts, interruption: Interruption, sinks: Sequence[Sink] = ()
    ) -> Run:
        """What a worker does to a source: tracked into a folder that is empty. Raises InputError."""
        memory = self.people.load(encoder_weights(self.reid), self.draw.names)
        with self._open(name) as source, new_folder(folder, source.name) as folder:
            return self._track(name, source, folder, parts, memory, interruption, sinks)

    def _left(self, name: str, parent: Path, batch: Batch) -> Iterator[Video]:
        """One of several, if it is to be tracked: it can be opened, and there is no whole run of it."""
        if not (Path(name).is_file() or Path(name).is_dir() or self.uses_workers):
            yield Video(name)  # a stream is opened once only
            return
        with batch.going_on(name), self._open(name) as source:
            weights = part_files(self.detector, self.reid, self.detections)
            run = whole_run(source, name, parent, self, weights, OFFLINE if self.refine else ONLINE)
            if run is not None:
                batch.skipped(name, run)
                return
            if self.dry_run:
                self._say_plan(name, source, choose_folder(None, source.name, parent, absolute(name)))
            yield Video(name, source.name, source.frame_count)

    def _open(self, name: str) -> Source:
        source = open_source(
            name,
            vid_stride=self.vid_stride,
            image_fps=self.image_fps,
            reconnect=self.reconnect,
            newest=not self.every_frame,
        )
        if self.record and not source.live:
            source.close()
            raise InputError(f"--record keeps the pictures of a live source, and {name} is there already: leave it out")
        return source

    def _say_parts(self) -> None:
        encoder = encoder_weights(self.reid)
        say(f"detector  {self.detections or detector_weights(self.detector).name}")
        say(f"re-ID     {'none: motion, position and size alone' if encoder is None else encoder.name}")

    def make_parts(self, size: tuple[int, int] | None = None) -> Parts:
        """The networks that the options name, for frames of `size`. Raises InputError, WeightsError."""
        return make_parts(self.detector, self.reid, self.detection, self.detections, size)

    def _say_plan(self, name: str, source: Source, folder: Path) -> Path:
        frames = "endless" if source.frame_count is None else f"about {count(source.frame_count, 'frame')}"
        say(f"{without_secrets(name)}: {source.width}x{source.height}, {source.fps:.2f} frames/s, {frames}")
        say(f"  results   {folder}")
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
        return folder

    def _track(
        self,
        name: str,
        source: Source,
        folder: Path,
        parts: Parts,
        memory: CastMemory | None,
        interruption: Interruption,
        more: Sequence[Sink] = (),
    ) -> Run:
        if self.detections is not None and isinstance(parts.detector, ReplayDetector):
            tell_misfits(self.detections, parts.detector.detections.items(), source, self.vid_stride)
        tracker = Tracker(self.people.watched(self.tracker), parts.embedder, (source.width, source.height), memory)
        draw = replace(self.draw, names={**(memory.names if memory else {}), **self.draw.names})
        if self.video or self.show:
            tell_unwritable(draw)
        gaps = None if self.refine else self.gaps
        lag = self.lag + (gaps.seconds if gaps else 0.0)
        keyframes = None
        if self.detections is None and not source.live and self.keyframes.every > 1:
            keyframes = Keyframes(self.keyframes)
            lag += self.keyframes.lag(source.fps)
        page = PageParts(floor=self.floor)
        files = ResultFiles(folder, source, draw, self.video, page=page, lag=round(lag, 3), record=self.record)
        run = Run(self, absolute(name), files, parts, tracker, self.people, memory, interruption)
        run.awaits_refinement, run.gaps, run.lag, run.keyframes = self.refine, gaps, self.lag, keyframes
        window = WindowSink(source.name, Renderer(draw), interruption.ask) if self.show else None
        run.live = Live(source, window) if source.live else None
        sinks: list[Sink] = [*more, *([window] if window is not None and not source.live else [])]
        batch = 1 if self.show else self.detection.batch
        if self.refine:
            from .offline.second_look import SecondLook  # what they import takes a second
            from .offline.second_pass import SecondPass

            look = SecondLook(parts.embedder)
            run.track([*sinks, look], batch, ", pass 1 of 2", [look.keep])
            if run.summary.frames and not interruption.asked:
                again = partial(self._open, name)
                SecondPass(self.refinement, self.tracker.cast, self.video, again).run(run, look)
        else:
            run.track(sinks, batch)
        run.print_summary()
        tell_nobodies(self.draw.names, [person.id for person in run.summary.people])
        return run
