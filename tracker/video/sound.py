"""The sound of one file, carried into another a little at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from ..types import InputError
from .containers import open_container

COPIED = frozenset({"aac", "mp3", "mp3float", "opus", "flac"})
"""Decoders of the codecs that browsers play inside MP4; every other sound is coded anew, as AAC."""

AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
"""Samples per second that AAC knows; other sound is resampled to 48000."""

AAC_BITS = 96_000
"""Bits per second and channel."""

RUN_IN = 0.1
"""Seconds of sound kept before frame 0, because a decoder needs the packet before the one it plays; never heard."""

NEAR_END = 1.0
"""Seconds before the end of the source's pictures from where on they count as complete and all its sound follows."""


class Sound:
    """Carries the sound of `path` into `output`, as far as the pictures have come.

    `offset` is the time on the file's clock, in seconds, that becomes 0. Where the pictures come near the source's end
    all its sound follows, unless they are a `part` of it. Sound that cannot be read is left out and
    named in `warning`. Make it before the first packet is written; errors of writing are FFmpeg's.

    Raises InputError where `path` cannot be opened or has no sound.
    """

    def __init__(self, path: Path, output: OutputContainer, offset: float, part: bool = False) -> None:
        self.warning: str | None = None
        self._path, self._offset, self._part = path, offset, part
        self._output = output
        self._input = open_container(path)
        try:
            self._begin_reading()
        except BaseException:
            self._input.close()
            raise

    def _begin_reading(self) -> None:
        if not self._input.streams.audio:
            raise InputError(f"{self._path} has no sound to take over")
        self._source = self._input.streams.audio[0]
        self._tick: Fraction = self._source.time_base or Fraction(1, av.time_base)
        self._shift = round(self._offset / self._tick)
        self._encoder: AudioStream | None = None
        self._copy: AudioStream | None = None
        self._last = -math.inf
        if self._source.codec_context is None:
            self.warning = f"the sound of {self._path.name} is of an unknown kind and left out"
        elif self._source.codec_context.name in COPIED:
            self._copy = self._output.add_stream_from_template(self._source)
        else:
            self._encoder = _aac(self._source, self._output)
        self._packets = self._read()
        self._next = next(self._packets, None)

    def _read(self) -> Iterator[Packet]:
        """The packets that can be carried over, on the output's clock and with growing stamps."""
        try:
            for packet in self._input.demux(self._source):
                if packet.dts is None or packet.dts <= self._last or packet.is_corrupt:
                    continue
                self._last = packet.dts
                packet.pts = (packet.dts if packet.pts is None else packet.pts) - self._shift
                packet.dts -= self._shift
                if self._begin(packet) >= -RUN_IN:
                    yield packet
        except av.FFmpegError as error:
            self.warning = f"the sound of {self._path.name} breaks off ({error.strerror})"

    def _begin(self, packet: Packet) -> float:
        return float((packet.pts or 0) * self._tick)

    def write_until(self, time: float) -> None:
        """Writes the sound that begins before `time`, in seconds from frame 0."""
        while self._next is not None and self._begin(self._next) < time:
            packet, self._next = self._next, next(self._packets, None)
            if self._copy is not None:
                packet.stream = self._copy
                self._output.mux(packet)
            elif self._encoder is not None:
                self._encode(packet, self._encoder)

    def _encode(self, packet: Packet, encoder: AudioStream) -> None:
        try:
            frames = self._source.decode(packet)
        except av.FFmpegError:
            return  # a damaged packet is a click, no reason to lose the rest
        for frame in frames:
            self._output.mux(encoder.encode(frame))

    def finish(self, end: float) -> None:
        """Writes what is left of the sound when the pictures end at `end` seconds: all of it if they are complete."""
        complete = not self._part and not _shows_pictures_after(self._path, self._offset + end + NEAR_END)
        self.write_until(math.inf if complete else end)
        if self._encoder is not None:
            self._output.mux(self._encoder.encode(None))
        self.close()

    def close(self) -> None:
        """Lets go of the file the sound comes from."""
        self._next = None
        self._input.close()


def _aac(source: AudioStream, output: OutputContainer) -> AudioStream:
    encoder = output.add_stream("aac", rate=source.rate if source.rate in AAC_RATES else 48000)
    encoder.layout = "mono" if source.channels == 1 else "stereo"
    encoder.bit_rate = AAC_BITS * encoder.channels
    return encoder


def _shows_pictures_after(path: Path, time: float) -> bool:
    """Whether any picture of the file is shown after this time on its clock, in seconds; true where that is not known.

    The packets tell, since not every container says when its pictures end (Matroska, FLV).
    """
    try:
        with open_container(path) as container:
            stream = container.streams.best("video")
            if stream is None:
                return True
            with suppress(av.FFmpegError):  # else it is read from its beginning
                container.seek(max(0, round(time * av.time_base)))
            return any(_end(packet) > time for packet in container.demux(stream))
    except (av.FFmpegError, InputError):  # damaged, or gone by now
        return True


def _end(packet: Packet) -> float:
    """On the container's clock, in seconds; AVI knows only decoding stamps."""
    stamp = packet.pts if packet.pts is not None else packet.dts
    return -math.inf if stamp is None else float((stamp + (packet.duration or 0)) * packet.time_base)
