"""Reading a video: any file or network stream FFmpeg decodes, as upright BGR frames with the container's times."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path, PurePosixPath

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..types import Frame, InputError
from .addresses import without_secrets
from .containers import (
    frame_rate,
    has_clock,
    is_live,
    is_url,
    may_be_a_file,
    open_container,
    promised_seconds,
    stream_seconds,
    url_path,
    video_stream,
)
from .frame_clock import FrameClock
from .reconnection import reopened
from .source import Source
from .tone_mapping import HIGH_DYNAMIC_RANGE, ToneMapper
from .upright import Orientation

UNSPECIFIED = 2
"""FFmpeg's AVCOL_SPC_UNSPECIFIED: the picture does not say how its colours were coded."""

HD_HEIGHT = 720
"""Untold colours are taken for BT.709 from this height up and for BT.601 below, as players do."""

CUT = 0.5
"""Seconds that may be missing at the end before a video counts as cut short; containers round their durations."""


RECONNECT = 30.0
"""Seconds that a live stream is waited for when it goes away."""


class VideoReader(Source):
    """Frames of a video file or network stream, in order, one pass, in constant memory.

    Iterating yields `Frame`s: upright BGR images and times in seconds from the first frame, taken from the container,
    so that variable frame rates keep their rhythm. With `vid_stride` n only every n-th frame is yielded; `index`
    keeps counting the frames of the source (0, n, 2n, ...). Use it in a `with` block, or iterate to the end.

    name: stem of the file name. fps: average frames per second after the stride. width, height: pixels of the upright
    picture. frame_count: estimate after the stride, None for live streams. audio_from: the file whose sound goes with
    the frames; None where there is none, and for a pipe or stream. audio_offset: seconds on the sound's clock at which
    frame 0 stands. The last two are `VideoWriter`'s arguments of the same names.

    A live stream (one that tells no length) is opened again when it ends or breaks off, for up to `reconnect` seconds
    each time (0: never); `tell` is called when it goes and when it is back. The time it was away passes in the frames'
    times, and their indices go on. Where it has no clock (Motion JPEG over HTTP), times are those of arrival. A file
    that a server sends without its length, and from its beginning again, has ended.

    Raises InputError where there is no such file, no video in it, or no frame that decodes. What cannot be read later
    on (a damaged frame, a video that breaks off) is left out and named in `warning`.
    """

    def __init__(self, source: str | Path, *, vid_stride: int = 1, reconnect: float = RECONNECT) -> None:
        super().__init__(vid_stride)
        remote = is_url(source)
        self._label = without_secrets(str(source)) if remote else Path(source).name
        self.name = (PurePosixPath(url_path(str(source))) if remote else Path(source)).stem or "stream"
        self._lock = threading.Lock()
        self._started = False
        self._broken = 0
        self._absences: list[float] = []
        self._given_up = threading.Event()
        self._url, self._reconnect = str(source), reconnect
        self._reached = -math.inf
        self._breakage: str | None = None
        self._decoded: Generator[VideoFrame] = _nothing()
        self._tone_mapper = ToneMapper()
        self._container: InputContainer | None = open_container(source)
        try:
            self._describe(self._container, None if remote else Path(source))
        except BaseException:
            self.close()
            raise

    def _describe(self, container: InputContainer, path: Path | None) -> None:
        stream = video_stream(container, self._label)
        self._promised = promised_seconds(container, stream)
        self.live = is_live(container, self._url, self._promised)
        self._clockless = not has_clock(container)
        first = self._begin_decoding(container, stream)
        if first is None:
            raise InputError(f"{self._label} has no frame that can be decoded; {self._why_none}")
        self._beginning = _look(first) if self.live and may_be_a_file(self._url) else None
        rate = frame_rate(stream, stamped=first.pts is not None)
        self.fps = rate / self.stride
        self._period = 1 / rate
        self._clock = FrameClock(self._period)
        aspect = stream.sample_aspect_ratio  # pixels may be so many times as wide as high
        width = first.width * aspect if aspect and Fraction(1, 4) <= aspect <= 4 else first.width
        self._stored_size = (round(width), first.height)
        self._orientation = Orientation.of(first)
        self.width, self.height = self._orientation.size(*self._stored_size)
        self.frame_count = self._count(stream, rate)
        again = path is not None and path.is_file()  # unlike a pipe: to read its sound would take pictures away
        self.audio_from = path if again and container.streams.audio else None
        self.audio_offset = _stamp(first) or 0.0
        self._begin = container.start_time / av.time_base if container.start_time is not None else self.audio_offset

    @property
    def _why_none(self) -> str:
        if self._breakage and may_be_a_file(self._url):
            return (
                f"it {self._breakage}, perhaps as its server cannot jump within the file (Range requests): "
                "download it first"
            )
        return "it is empty or damaged"

    def _begin_decoding(self, container: InputContainer, stream: VideoStream) -> VideoFrame | None:
        """The first picture that is whole, which `_next` gives too; those before it count as broken."""
        stream.thread_type = "SLICE" if self.live else "AUTO"  # threads for whole frames keep one frame each waiting
        self._decoded = self._decode(container, stream)
        self._first: VideoFrame | None = None
        for picture in self._decoded:
            if not picture.is_corrupt:
                self._first = picture
                break
            self._broken += 1
        return self._first

    def _count(self, stream: VideoStream, rate: float) -> int | None:
        frames = stream.frames
        if not frames:
            seconds = stream_seconds(stream) or self._promised
            if seconds is None:
                return None
            frames = max(1, round(seconds * rate))
        return math.ceil(frames / self.stride)

    @property
    def warning(self) -> str | None:
        said = [self._breakage] if self._breakage else []
        if self._absences:
            times = "once" if len(self._absences) == 1 else f"{len(self._absences)} times"
            said.append(f"went away {times}, for {sum(self._absences):.1f} s")
        if self._broken:
            frames = "1 frame is" if self._broken == 1 else f"{self._broken} frames are"
            said.append(f"{frames} damaged and left out")
        return f"{self._label} {', and '.join(said)}" if said else None

    def __iter__(self) -> Iterator[Frame]:
        if self._started:
            raise RuntimeError(f"{self._label} was read already; open another VideoReader to read it again")
        self._started = True
        return self._frames()

    def _frames(self) -> Iterator[Frame]:
        index, shown = 0, 0.0
        try:
            for picture in self._pictures():
                taken = time.monotonic() if self.live else None
                shown = self._clock.time(taken if taken is not None and self._clockless else _stamp(picture))
                if picture.is_corrupt:
                    self._broken += 1
                elif index % self.stride == 0:
                    yield Frame(index, shown, self._image(picture), taken)
                index += 1
            if self._container is not None:  # else it was given up
                self._check_end(shown + self._period)
        finally:
            self.close()

    def _pictures(self) -> Iterator[VideoFrame]:
        """Those of the source; of a live stream, those that follow when it is back, too."""
        arrived = time.monotonic()
        while True:
            while (picture := self._next()) is not None:
                arrived = time.monotonic()
                yield picture
            if not (self.live and self._reconnect > 0 and self._is_back(arrived)):
                return

    def _is_back(self, last: float) -> bool:
        """Wait for the stream, whose last picture came at `last` on the machine's clock."""
        self.tell(f"{self._label} went away; waiting {self._reconnect:g} s for it to come back")
        for container in reopened(self._url, self._reconnect, self._given_up):
            if self._take(container):
                if self._begins_again():
                    self._breakage = None  # as FFmpeg calls the end of what it knows no length of
                    self.tell(
                        f"{self._label} begins again from its beginning: it is a file, and has ended; download it to "
                        "have all frames, as those of a live stream may be left out"
                    )
                    return False
                away = time.monotonic() - last
                self._absences.append(away)
                self._clock.pause(away)
                self._breakage = None
                self.tell(f"{self._label} is back after {away:.1f} s")
                return True
        return False

    def _begins_again(self) -> bool:
        """Whether what was opened anew is the file that was read already."""
        if self._clockless or self._beginning is None or self._first is None:
            return False
        return _look(self._first) == self._beginning

    def _take(self, container: InputContainer) -> bool:
        """Read on from a stream that was opened anew; False, and it is closed, where no picture comes from it."""
        with self._lock:
            picture = None
            if self._container is not None:  # not closed meanwhile
                with suppress(InputError):
                    picture = self._begin_decoding(container, video_stream(container, self._label))
            if self._container is None or picture is None:
                container.close()
                return False
            self._container.close()
            self._container = container
            return True

    def stop_waiting(self) -> None:
        self._given_up.set()

    def _next(self) -> VideoFrame | None:
        # A prefetching thread may be decoding while the `with` block ends: FFmpeg must not be closed while in use.
        with self._lock:
            if self._container is None:
                return None
            if self._first is not None:
                first, self._first = self._first, None
                return first
            return next(self._decoded, None)

    def _decode(self, container: InputContainer, stream: VideoStream) -> Generator[VideoFrame]:
        for packet in self._packets(container, stream):
            # An incomplete packet would make the decoder give up the good pictures it still holds.
            if packet.is_corrupt:
                self._broken += 1
                continue
            try:
                yield from stream.decode(packet)
            except av.EOFError:
                return
            except av.FFmpegError:
                self._broken += 1
        if self._breakage:  # at a clean end the last packet is one that asks for what the decoder still holds
            with suppress(av.FFmpegError):
                yield from stream.decode(None)

    def _packets(self, container: InputContainer, stream: VideoStream) -> Iterator[Packet]:
        """The stream's packets; the sound's are looked at too, for how far the file really goes."""
        try:
            for packet in container.demux(stream, *container.streams.audio):
                stamp = packet.pts if packet.pts is not None else packet.dts
                if stamp is not None:
                    self._reached = max(self._reached, float((stamp + (packet.duration or 0)) * packet.time_base))
                if packet.stream is stream:
                    yield packet
        except av.FFmpegError as error:
            self._breakage = f"breaks off ({error.strerror})"

    def _check_end(self, end: float) -> None:
        if self._promised is None:
            return
        if self._breakage or self._reached - self._begin < self._promised - CUT:
            self._breakage = f"breaks off at {end:.1f} s of {self._promised:.1f} s; what could be read was used"

    def _image(self, picture: VideoFrame) -> np.ndarray:
        width, height = self._stored_size
        if picture.color_trc in HIGH_DYNAMIC_RANGE:
            return self._orientation.apply(self._tone_mapper(picture, width, height))
        colours = ("itu709" if picture.height >= HD_HEIGHT else "itu601") if picture.colorspace == UNSPECIFIED else None
        image = picture.to_ndarray(format="bgr24", width=width, height=height, src_colorspace=colours)
        return self._orientation.apply(image)

    def close(self) -> None:
        self.stop_waiting()
        with self._lock:
            if self._container is not None:
                self._container.close()
                self._container = None
            # It knows this reader, and would keep the decoder with its threads until the garbage is collected.
            self._decoded.close()
            self._decoded = _nothing()
            self._tone_mapper.close()


def _nothing() -> Generator[VideoFrame]:
    yield from ()


def _look(picture: VideoFrame) -> tuple[float | None, bytes]:
    """By which a beginning is known again."""
    return _stamp(picture), picture.to_ndarray(format="gray").tobytes()


def _stamp(picture: VideoFrame) -> float | None:
    """When the container shows the picture, in seconds; AVI knows only decoding stamps, which run alongside."""
    stamp = picture.pts if picture.pts is not None else picture.dts
    return None if stamp is None or picture.time_base is None else float(stamp * picture.time_base)
