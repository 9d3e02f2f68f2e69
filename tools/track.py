"""`followspot track`: everybody in a video, with their identities, as files and as an annotated video."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from rich.console import Console
from tyro.conf import FlagCreatePairsOff, Positional, arg

from tracker.cast_memory import CastMemory
from tracker.detector import DetectorOptions
from tracker.drawing.render import Renderer, RenderOptions
from tracker.pipeline import track
from tracker.results.presence import Summary
from tracker.results.report import write_report
from tracker.results.results import CsvWriter, JsonWriter, MotWriter, Sink
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import Detector, Embedder, Frame, FrameTracks, InputError
from tracker.video.prefetch import prefetch
from tracker.video.sources import Source, open_source

from .bundled import BUNDLED, NONE, detector_weights, encoder_weights, make_detector, make_embedder
from .cast_files import CastFiles, say_cast
from .interruption import Interruption
from .progress import progress
from .run_folder import choose_folder, new_folder, write_config
from .video_sinks import VideoSink, WindowSink


@dataclass(frozen=True)
class Track:
    """Track everybody in a video and keep their identities.

    One folder a run: video.mp4, tracks.txt (MOT), tracks.csv, tracks.json, report.html, config.json.
    """

    sources: Positional[tuple[str, ...]]
    """Video file, webcam number, rtsp:// or http:// address, folder or glob of images, MOTChallenge sequence folder; or
    several of them, each tracked for itself."""
    out: Path | None = None
    """Folder for the results, new or empty; by default runs/NAME, numbered if it exists."""
    detector: str = BUNDLED
    """`bundled` (a person detector for dance), or any Ultralytics model: .pt, .onnx, .engine, an OpenVINO folder. A .pt
    file can run code when it is loaded: use only those you trust."""
    reid: str = BUNDLED
    """Weights that recognise people who come back: `bundled`, a file, or `none` (time, place and size alone)."""
    detections: Path | None = None
    """Replay boxes from this MOT text file instead of running a detector."""
    video: bool = True
    """Write the annotated video."""
    show: FlagCreatePairsOff[bool] = False
    """Show the video in a window while tracking; q or Esc stops."""
    vid_stride: int = 1
    """Look at every n-th frame only."""
    image_fps: float = 30.0
    """Frames per second of a folder of images."""
    dry_run: FlagCreatePairsOff[bool] = False
    """Say what would be done, and do nothing."""
    detection: Annotated[DetectorOptions, arg(name="")] = field(default_factory=DetectorOptions)
    tracker: Annotated[TrackerOptions, arg(name="")] = field(default_factory=TrackerOptions)
    people: Annotated[CastFiles, arg(name="")] = field(default_factory=CastFiles)
    draw: RenderOptions = field(default_factory=RenderOptions)

    def run(self) -> None:
        """Track every source in turn. Raises InputError for a mistake in one; those before it are done by then."""
        console = Console(highlight=False)
        if not self.sources:
            raise InputError("nothing to track: name a video file, for example `followspot track dance.mp4`")
        if self.out is not None and len(self.sources) > 1:
            raise InputError("--out names one folder, but there are several sources: leave it out")
        memory = self.people.load(encoder_weights(self.reid), self.draw.names)
        if self.dry_run:
            self._say_plan(console)
            return
        parts: tuple[Detector, Embedder | None] | None = None
        with Interruption() as interruption:
            for name in self.sources:
                with open_source(name, vid_stride=self.vid_stride, image_fps=self.image_fps) as source:
                    folder = choose_folder(self.out, source.name)
                    parts = parts or self._parts(console)  # once, and only when the first source is known to be one
                    memory = self._track(source, folder, parts, memory, interruption, console)
                if interruption.asked:
                    break

    def _parts(self, console: Console) -> tuple[Detector, Embedder | None]:
        weights, encoder = detector_weights(self.detector), encoder_weights(self.reid)
        detector = make_detector(weights, self.detection, self.detections)
        embedder = make_embedder(encoder, self.detection.device)
        console.print(f"detector  {self.detections or weights.name}")
        console.print(f"re-ID     {'none: motion, place and size alone' if encoder is None else encoder.name}")
        return detector, embedder

    def _say_plan(self, console: Console) -> None:
        weights, encoder = detector_weights(self.detector), encoder_weights(self.reid)
        for name in self.sources:
            with open_source(name, vid_stride=self.vid_stride, image_fps=self.image_fps) as source:
                frames = "endless" if source.frame_count is None else f"about {source.frame_count} frames"
                console.print(f"{name}: {source.width}x{source.height}, {source.fps:.2f} frames/s, {frames}")
                console.print(f"  results   {choose_folder(self.out, source.name)}")
        console.print(f"  detector  {self.detections or weights}")
        console.print(f"  re-ID     {encoder or NONE}")
        if self.people.asked:
            console.print(f"  cast      from {self.people.cast_file or NONE}, saved to {self.people.save_cast or NONE}")

    def _track(
        self,
        source: Source,
        folder: Path,
        parts: tuple[Detector, Embedder | None],
        memory: CastMemory | None,
        interruption: Interruption,
        console: Console,
    ) -> CastMemory | None:
        """Returns the people to be remembered in the next source."""
        detector, embedder = parts
        tracker = Tracker(self.people.watched(self.tracker), embedder, (source.width, source.height), memory)
        draw = replace(self.draw, names={**(memory.names if memory else {}), **self.draw.names})
        summary = Summary()
        with new_folder(folder):
            try:
                with self._sinks(folder, source, summary, draw, console) as sinks:
                    for frame, tracks in self._flow(source, detector, tracker, interruption):
                        for sink in sinks:
                            sink.write(frame, tracks)
            except BaseException:
                if summary.frames:
                    with suppress(InputError):  # what stopped the run is the thing to tell
                        self._finish(folder, source, summary, tracker, draw)
                        self.people.save(memory, tracker, embedder, summary, source.name, draw)
                raise
            if summary.frames:
                self._finish(folder, source, summary, tracker, draw)
        say_summary(console, summary, tracker, folder, source.warning, interruption.asked)
        if memory is None:
            return None
        say_cast(console, memory, summary, draw.names)
        learnt = self.people.save(memory, tracker, embedder, summary, source.name, draw)
        self.people.say_saved(console, learnt)
        return learnt

    def _flow(
        self, source: Source, detector: Detector, tracker: Tracker, interruption: Interruption
    ) -> Iterator[tuple[Frame, FrameTracks]]:
        frames = prefetch(interruption.until(source))
        tracked = track(frames, detector, tracker, batch=1 if self.show else self.detection.batch)
        yield from progress(tracked, source.frame_count, source.name)

    @contextmanager
    def _sinks(
        self, folder: Path, source: Source, summary: Summary, draw: RenderOptions, console: Console
    ) -> Iterator[list[Sink]]:
        facts = {"source": source.name, "fps": source.fps, "width": source.width, "height": source.height}
        names = draw.names
        sinks: list[Sink] = [
            MotWriter(folder / "tracks.txt"),
            CsvWriter(folder / "tracks.csv", names),
            JsonWriter(folder / "tracks.json", summary, facts, names),
        ]
        with ExitStack() as stack:
            if self.video:
                sinks.append(VideoSink(folder / "video.mp4", source, Renderer(draw), console))
            if self.show:
                sinks.append(WindowSink(source.name, Renderer(draw)))
            yield [stack.enter_context(sink) for sink in sinks]

    def _finish(self, folder: Path, source: Source, summary: Summary, tracker: Tracker, draw: RenderOptions) -> None:
        weights = {
            "detector": None if self.detections else detector_weights(self.detector),
            "reid": encoder_weights(self.reid),
        }
        facts = {"source": source.name, "seed": None, "frames": summary.frames, "embedded_crops": tracker.embedded}
        write_config(folder, self, weights, facts)
        video = "video.mp4" if (folder / "video.mp4").exists() else None
        write_report(folder / "report.html", summary, title=source.name, video=video, names=draw.names)


def say_summary(
    console: Console, summary: Summary, tracker: Tracker, folder: Path, warning: str | None, stopped: bool
) -> None:
    """The closing lines: who, how often found again, how fast, where the files are."""
    people, recoveries = len(summary.people), len(summary.returns)
    console.print(
        f"[bold]{people} {'person' if people == 1 else 'people'}[/bold] in {summary.frames} frames, "
        f"{recoveries} {'recovery' if recoveries == 1 else 'recoveries'}, "
        f"longest absence {summary.longest_absence:.1f} s, {summary.frames_per_second:.1f} frames/s, "
        f"{tracker.embedded} crops embedded"
    )
    if warning:
        console.print(f"[yellow]note:[/yellow] {warning}")
    if stopped:
        console.print("[yellow]note:[/yellow] stopped on request; the results hold what was tracked until then")
    console.print(f"results in {folder}/")
