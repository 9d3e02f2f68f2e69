"""`followspot render`: draw a video again from its results, in a style, or follow one person; no model runs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from shlex import quote
from typing import Annotated

import numpy as np
from tyro.conf import FlagCreatePairsOff, Positional, arg

from tracker.cast_memory import refuse_namesakes
from tracker.drawing.render import STYLES, Renderer, RenderOptions
from tracker.drawing.view import View
from tracker.offline.follow import FollowOptions, follow
from tracker.prefetch import prefetch
from tracker.types import MAX_ABSENCE, Frame, FrameTracks, InputError
from tracker.video.source import Source
from tracker.video.video_file import FORMATS
from tracker.video.video_writer import DEFAULT_CRF, MAX_CRF, unfinished

from .review.corrected_page import CorrectedPage
from .review.corrections import bring_up_to_date
from .run.checks import require_between, require_known, tell_nobodies
from .run.clock_times import seconds, shape
from .run.drawable import Drawable, drawable_files, drawable_run
from .run.file_names import OVERVIEW
from .run.help import Advanced, Common
from .run.interruption import IncompleteError, Interruption
from .run.output import count, note, say
from .run.progress import progress
from .run.tracked_run import read_run
from .run.video_sinks import PICTURES, PictureSink, VideoSink, tell_unwritable

PLAIN, BOXES, SKELETON = "plain", "boxes", "skeleton"
PORTRAIT = "9:16"
SMALLEST, LARGEST = 64, 4320
"""Height of the smallest and of the largest video in pixels; 4320 is 8K."""
_TICK = 1e-6


@dataclass(frozen=True)
class RenderCommand:
    """Draw a run again in another style, or follow one person through it as a fancam does; no model runs.

    Give the folder of a run, or a video and a MOT text file. Where the run was corrected with `followspot review`, the
    corrected tracks are drawn, and written to RUN/corrected, with a report.html when all of it is drawn in boxes.
    """

    source: Positional[str]
    """A run's folder, or the video that was tracked (or any other source of frames)."""
    tracks: Positional[Path | None] = None
    """With a video: its tracks.txt, or any other MOT text file."""
    style: str | None = None
    """`boxes`, `names`, `spotlight`, `blur`, `skeleton`, `trails` or `plain`; by default boxes, or plain with --follow.
    Spotlight darkens all but the people drawn, blur blurs it; skeleton needs a run with a pose model."""
    only: tuple[str, ...] = ()
    """Draw only these people, by id or name."""
    follow: str | None = None
    """Follow this person, by id or name, with a virtual camera."""
    aspect: str | None = None
    """Shape of the view of --follow, width:height; by default 9:16."""
    start: Annotated[str, arg(name="from")] = "0"
    """Begin here, in seconds or as m:ss."""
    end: Annotated[str | None, arg(name="to")] = None
    """End here."""
    height: int | None = None
    """Height of the drawn video in pixels; by default the source's."""
    crf: int = DEFAULT_CRF
    """Quality of the drawn video: 0 lossless to 51 worst."""
    out: Path | None = None
    """The video to write; by default STYLE.mp4 in the run's folder, or NAME-STYLE.mp4 beside the tracks; of a part
    STYLE-part.mp4. With the name of a .jpg, .png or .webp, a picture of the moment --from."""
    overwrite: bool = False
    """Replace the video if it exists."""
    video: Path | None = None
    """Where a run's video is now, if it was moved."""
    uncorrected: FlagCreatePairsOff[bool] = False
    """Draw the tracker's own tracks, even where they were corrected."""
    away: Annotated[float, Advanced] = MAX_ABSENCE
    """Seconds of absence after which a person's return is marked, where a run does not tell it."""
    draw: Annotated[RenderOptions, Common(("trail", "skeleton", "names"))] = field(default_factory=RenderOptions)
    camera: FollowOptions = field(default_factory=FollowOptions)

    def run(self) -> None:
        """Raises InputError for a missing or malformed file, a person there is not, or an existing video.

        Where it is stopped, what was drawn does not get the name of a whole video. Raises IncompleteError at the end
        where the source could not be read as a whole, or all of a run was to be drawn that is not whole itself.
        """
        part = Part(seconds(self.start, "from"), math.inf if self.end is None else seconds(self.end, "to"))
        require_known("style", [self._style], STYLES)
        if self.height is not None:
            require_between(SMALLEST, LARGEST, "height", self.height)
        require_between(0, MAX_CRF, "crf", self.crf, "0 is lossless")
        if self.aspect is not None and self.follow is None:
            raise InputError(f"--aspect {self.aspect} is the shape of the view of --follow: name whom to follow")
        aspect = shape(self.aspect or PORTRAIT, "aspect")
        refuse_namesakes({id: name for id, name in self.draw.names.items() if name.strip()})
        drawable = self._open()
        with drawable.source as source, Interruption() as interruption:
            drawable = replace(drawable, names=drawable.names | self.draw.names)
            kept = [drawable.id_of(person) for person in self.only]
            views = self._views(drawable, aspect)
            out = self._out(drawable)
            options = self._options(drawable)
            if "labels" in STYLES[self._style]:
                tell_unwritable(options)
            renderer = Renderer(options, self._style)
            still = out.suffix.lower() in PICTURES
            page = self._page(drawable, part, still)
            drawn = beyond = 0

            def shown(frame: Frame) -> tuple[Frame, FrameTracks]:
                return seen(frame, only(drawable.at(frame), kept), views(frame))

            before = part.before(renderer.memory, lambda frame: renderer.draw(*shown(frame)))
            read = before(drawable.as_far_as_tracked(prefetch(interruption.until(source))))
            frames = islice(part.of(read), 1 if still else None)
            video = partial(VideoSink, source=source, renderer=renderer, crf=self.crf, part=self.end is not None)
            with PictureSink(out, renderer) if still else video(out) as sink:
                for frame in progress(frames, 1 if still else part.count(source), source.name):
                    sink.write(*shown(frame))
                    if page is not None and drawable.has(frame):
                        page.write(frame, drawable.at(frame))
                    drawn += frame.image is not None
                    beyond += drawable.is_beyond(frame)
                if interruption.cut_short:
                    note(f"stopped on request; what was drawn until then is {unfinished(out)}")
                    interruption.check()
            if source.warning:
                note(source.warning)
        if not drawn:
            raise InputError(
                f"nothing was drawn: {source.name} has no picture from {self.start} to {self.end or 'its end'}"
            )
        tell_nobodies(self.draw.names, {id for rows in drawable.tracks for id in rows.ids.tolist()})
        if beyond:
            note(f"{count(beyond, 'frame')} come after the last one of the run: perhaps {source.name} is not its video")
        for sentence in drawable.notes:
            note(f"of the tracks: {sentence}")
        say(f"tracks: {drawable.origin}")
        say(f"drawn: {out}")
        if page is not None:
            say(f"report: {page.finish(source, drawable.names, out)}")
        if source.warning or (drawable.notes and self.end is None and not still):
            raise IncompleteError

    @property
    def _style(self) -> str:
        return self.style or (BOXES if self.follow is None else PLAIN)

    def _open(self) -> Drawable:
        if self.tracks is not None:
            for run, video in ((self.tracks, self.source), (self.source, self.tracks)):
                if (Path(run) / OVERVIEW).is_file():
                    raise InputError(
                        f"{run} is a run's folder, which knows its video and tracks: `followspot render "
                        f"{quote(str(run))}` draws it, with --video {quote(str(video))} where the video was moved"
                    )
            return drawable_files(self.source, self.tracks, self.away)
        if not Path(self.source).is_dir():
            raise InputError(f"{self.source} is no folder of a run: name one, or a video and its tracks.txt")
        if not self.uncorrected:
            bring_up_to_date(read_run(Path(self.source), self.video))
        return drawable_run(Path(self.source), self.video, self.uncorrected, self.away)

    def _page(self, drawable: Drawable, part: Part, still: bool) -> CorrectedPage | None:
        """What makes the report of a corrected run, where all of its video is drawn with everybody in boxes."""
        everything = part == Part(0.0, math.inf) and not (still or self.only or self.follow)
        if drawable.corrected is None or self._style != BOXES or not everything:
            return None
        return CorrectedPage(drawable.corrected)

    def _options(self, drawable: Drawable) -> RenderOptions:
        wants_joints = self._style == SKELETON or self.draw.skeleton
        if wants_joints and all(rows.keypoints is None for rows in drawable.tracks):
            raise InputError(
                f"{drawable.origin} has no keypoints to draw skeletons from: track the video with a pose model, "
                "such as --detector yolo11n-pose.pt"
            )
        return replace(self.draw, names=drawable.names, note=self.draw.note or drawable.note)

    def _out(self, drawable: Drawable) -> Path:
        """The video to write. Raises InputError for an unknown ending, or where it exists and may not be replaced."""
        followed = [] if self.follow is None else ["follow", self.follow]
        style = [] if followed and self.style is None else [self._style]
        part = ["part"] if (self.start, self.end) != ("0", None) else []
        only = dict.fromkeys(self.only)
        name = re.sub(r"[^\w-]+", "_", "-".join([*drawable.stem, *followed, *style, *only, *part]))
        out = self.out or drawable.folder / f"{name}.mp4"
        if out.suffix.lower() not in (endings := (*FORMATS, *PICTURES)):
            raise InputError(f"--out {out} must end like a video or a picture that is written: {', '.join(endings)}")
        if out.exists() and not self.overwrite:
            raise InputError(f"{out} exists: choose another --out, or --overwrite it")
        for file, what in {drawable.opened: "the video that is drawn", drawable.own: "the run's own video"}.items():
            if out.exists() and file is not None and file.exists() and out.samefile(file):
                raise InputError(f"{out} is {what}, which stays as it is: choose another --out")
        return out

    def _views(self, drawable: Drawable, aspect: float) -> Callable[[Frame], View | None]:
        """What is shown of each frame: None where that is the frame itself."""
        width, height = drawable.source.width, drawable.source.height
        tall = even(self.height or height)
        if self.follow is not None:
            person = drawable.id_of(self.follow)
            views = follow(drawable.tracks, person, (width, height), aspect, self.camera)
            return lambda frame: View(views.xyxy[drawable.row(frame)], (even(aspect * tall), tall))
        if self.height is not None:
            whole = View(np.array([0, 0, width, height]), (even(width * tall / height), tall))
            return lambda frame: whole
        return lambda frame: None


@dataclass(frozen=True)
class Part:
    """The frames from `start` seconds on and before `end`. Raises InputError where that is none."""

    start: float
    end: float

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise InputError(f"--to must be later than --from, not {self.end:g} s and {self.start:g} s")

    def before(self, seconds: float, look: Callable[[Frame], object]) -> Callable[[Iterable[Frame]], Iterator[Frame]]:
        """Passes frames on, and looks at those with pictures that come up to so many seconds before the part."""

        def looked(frames: Iterable[Frame]) -> Iterator[Frame]:
            for frame in frames:
                if self.start - seconds <= frame.time < self.start - _TICK and frame.image is not None:
                    look(frame)
                yield frame

        return looked

    def of(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for frame in frames:
            if frame.time >= self.end - _TICK:
                return
            if frame.time >= self.start - _TICK:
                yield frame

    def count(self, source: Source) -> int | None:
        """An estimate of how many there are; None where the source has no end."""
        if source.frame_count is None:
            return None
        first, last = (round(min(time * source.fps, source.frame_count)) for time in (self.start, self.end))
        return last - first


def only(tracks: FrameTracks, ids: Sequence[int]) -> FrameTracks:
    """The rows of these people, beside `others`; all where none is named."""
    if not ids:
        return tracks
    named = np.isin(tracks.ids, ids)
    return replace(tracks[named], others=tracks.xyxy[~named])


def seen(frame: Frame, tracks: FrameTracks, view: View | None) -> tuple[Frame, FrameTracks]:
    """The frame and its tracks as they are in the view."""
    if view is None or frame.image is None:
        return frame, tracks
    return replace(frame, image=view.picture(frame.image)), view.tracks(tracks)


def even(side: float) -> int:
    """The nearest even number: H.264 wants even sides."""
    return max(2, 2 * round(side / 2))
