"""`followspot track`: everybody in a video, with their identities, as files and as an annotated video."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated

from rich.console import Console
from tyro.conf import FlagCreatePairsOff, Positional, arg

from tracker.cast_memory import CastMemory
from tracker.detection.detector import DetectorOptions
from tracker.drawing.render import Renderer, RenderOptions
from tracker.offline.refinement import OFFLINE, Numbering, RefinementOptions
from tracker.pipeline import track
from tracker.results.presence import Summary
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import Detector, Embedder, InputError
from tracker.video.prefetch import prefetch
from tracker.video.sources import Source, open_source

from .offline.second_look import SecondLook
from .offline.second_pass import SecondPass, refuse_live, write_all
from .run.cast_files import CastFiles, say_cast
from .run.folder import choose_folder, new_folder, write_config
from .run.interruption import Interruption
from .run.parts import BUNDLED, NONE, detector_weights, encoder_weights, make_detector, make_embedder
from .run.progress import progress
from .run.result_files import ResultFiles
from .run.video_sinks import WindowSink


@dataclass(frozen=True)
class TrackCommand:
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
    refine: FlagCreatePairsOff[bool] = False
    """For a video that is there as a whole: after the online pass, a second one decides again who is who by everybody's
    looks over the whole video, and fills short gaps. Its results say that they are refined offline; what was found
    online stays in online/."""
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
    refinement: RefinementOptions = field(default_factory=RefinementOptions)

    def run(self) -> None:
        """Track every source in turn. Raises InputError for a mistake in one; those before it are done by then."""
        console = Console(highlight=False)
        if not self.sources:
            raise InputError("nothing to track: name a video file, for example `followspot track dance.mp4`")
        if self.out is not None and len(self.sources) > 1:
            raise InputError("--out names one folder, but there are several sources: leave it out")
        if self.refine:
            refuse_live(self.sources)
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
                    memory = self._track(name, source, folder, parts, memory, interruption, console)
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
        if self.refine:
            console.print(f"  passes    two: online, then {OFFLINE}")
        if self.people.asked:
            console.print(f"  cast      from {self.people.cast_file or NONE}, saved to {self.people.save_cast or NONE}")

    def _track(
        self,
        name: str,
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
        files = ResultFiles(folder, source, draw, self.video and not self.refine)
        look = SecondLook(detector, embedder) if self.refine else None
        summary, offline = Summary(), False
        with new_folder(folder):
            try:
                self._first_pass(files, look, detector, tracker, summary, interruption, console)
            except BaseException:
                if summary.frames:
                    with suppress(InputError):  # what stopped the run is the thing to tell
                        self._finish(files, summary, tracker)
                        self.people.save(memory, tracker.identities, embedder, summary, source.name, draw)
                raise
            if summary.frames:
                self._finish(files, summary, tracker)
        learnt = self.people.save(memory, tracker.identities, embedder, summary, source.name, draw)
        if look is not None and summary.frames:
            second = self._second_pass(name, tracker, memory)
            if refined := second.run(look, files, summary, interruption, console):
                (summary, people), offline = refined, True
                learnt = self.people.save(memory, people, embedder, summary, source.name, draw)
        say_summary(console, summary, tracker, folder, source.warning, interruption.asked, offline)
        if memory is None:
            return None
        say_cast(console, memory, summary, draw.names)
        self.people.say_saved(console, learnt)
        return learnt

    def _first_pass(
        self,
        files: ResultFiles,
        look: SecondLook | None,
        detector: Detector,
        tracker: Tracker,
        summary: Summary,
        interruption: Interruption,
        console: Console,
    ) -> None:
        source = files.source
        sinks = files.sinks(summary, console)
        if self.show:
            sinks.append(WindowSink(source.name, Renderer(files.draw)))
        if look is not None:
            sinks.append(look)
        frames = prefetch(interruption.until(source))
        batch = 1 if self.show else self.detection.batch
        tracked = track(frames, detector if look is None else look.detector, tracker, batch=batch)
        title = source.name if look is None else f"{source.name}, pass 1 of 2"
        write_all(progress(tracked, source.frame_count, title), sinks)

    def _second_pass(self, name: str, tracker: Tracker, memory: CastMemory | None) -> SecondPass:
        known = memory.members if memory else ()
        return SecondPass(
            self.refinement,
            self.tracker.cast,
            Numbering(memory.next_id if memory else 1, {member.id for member in known}),
            self.people.memory.views if self.people.save_cast else 0,
            self.video,
            partial(open_source, name, vid_stride=self.vid_stride, image_fps=self.image_fps),
            partial(self._finish, tracker=tracker),
        )

    def _finish(self, files: ResultFiles, summary: Summary, tracker: Tracker) -> None:
        weights = {
            "detector": None if self.detections else detector_weights(self.detector),
            "reid": encoder_weights(self.reid),
        }
        facts = {
            "source": files.source.name,
            "tracking": files.label,
            "seed": None,
            "frames": summary.frames,
            "embedded_crops": tracker.embedded,
        }
        write_config(files.folder, self, weights, facts)
        files.write_page(summary)


def say_summary(
    console: Console,
    summary: Summary,
    tracker: Tracker,
    folder: Path,
    warning: str | None,
    stopped: bool,
    offline: bool = False,
) -> None:
    """The closing lines: who, how often found again, how fast, where the files are."""
    people, recoveries = len(summary.people), len(summary.returns)
    console.print(
        f"[bold]{people} {'person' if people == 1 else 'people'}[/bold] in {summary.frames} frames, "
        f"{recoveries} {'recovery' if recoveries == 1 else 'recoveries'}, "
        f"longest absence {summary.longest_absence:.1f} s, {summary.frames_per_second:.1f} frames/s, "
        f"{tracker.embedded} crops embedded" + (f", [bold]{OFFLINE}[/bold] in two passes" if offline else "")
    )
    if warning:
        console.print(f"[yellow]note:[/yellow] {warning}")
    if stopped:
        console.print("[yellow]note:[/yellow] stopped on request; the results hold what was tracked until then")
    console.print(f"results in {folder}/")
