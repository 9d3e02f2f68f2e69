"""The sound of one file, carried into another a little at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

COPIED = frozenset({"aac", "mp3", "mp3float", "opus", "flac"})
"""Decoders of the codecs that browsers play inside MP4; every other sound is coded anew, as AAC."""

AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
"""Samples per second that AAC knows; other sound is resampled to 48000."""

RUN_IN = 0.1
"""Seconds of sound kept before frame 0, because a decoder needs the packet before the one it plays; never heard."""

NEAR_END = 1.0
"""Seconds before the end of the source's pictures from where on they count as complete and all its sound follows."""


class Sound:
    """Carries the sound of `path` into `output`, as far as the pictures have come.

    `offset` is the time on the file's clock, in seconds, that becomes 0. Sound that cannot be read is left out and told
    in `warning`. Make it before the first packet is written; errors of writing are FFmpeg's.
    """

    def __init__(self, path: Path, output: OutputContainer, offset: float) -> None:
        self.warning: str | None = None
        self._output = output
        self._offset = offset
        self._label = path.name
        self._input: InputContainer = av.open(str(path))
        self._source = self._input.streams.audio[0]
        self._pictures_end = _pictures_end(self._input) - offset
        self._copied = self._source.codec_context.name in COPIED
        self._target = output.add_stream_from_template(self._source) if self._copied else self._aac()
        self._last_dts = -math.inf
        self._packets = self._read()
        self._next = next(self._packets, None)

    def _aac(self) -> AudioStream:
        rate = self._source.rate if self._source.rate in AAC_RATES else 48000
        target = self._output.add_stream("aac", rate=rate)
        target.layout = "mono" if self._source.channels == 1 else "stereo"
        target.bit_rate = 96_000 * target.channels
        return target

    def _read(self) -> Iterator[Packet[AudioStream]]:
        try:
            for packet in self._input.demux(self._source):
                if packet.dts is not None and packet.size and not packet.is_corrupt:
                    yield packet
        except av.FFmpegError as error:
            self.warning = f"the sound of {self._label} breaks off ({error.strerror})"

    def write_until(self, time: float) -> None:
        """Writes the sound that begins before `time`, in seconds from frame 0."""
        while self._next is not None and self._begin(self._next) < time:
            packet, self._next = self._next, next(self._packets, None)
            if self._begin(packet) >= -RUN_IN:
                self._write(packet)

    def _begin(self, packet: Packet[AudioStream]) -> float:
        stamp = packet.pts if packet.pts is not None else packet.dts
        return float(stamp * packet.time_base) - self._offset

    def _write(self, packet: Packet[AudioStream]) -> None:
        shift = round(self._offset / packet.time_base)
        if not self._copied:
            self._encode(packet, shift)
        elif packet.dts > self._last_dts:
            self._last_dts = packet.dts
            packet.dts -= shift
            packet.pts = packet.dts if packet.pts is None else packet.pts - shift
            packet.stream = self._target
            self._output.mux(packet)

    def _encode(self, packet: Packet[AudioStream], shift: int) -> None:
        try:
            frames = self._source.decode(packet)
        except av.FFmpegError:
            return
        for frame in frames:
            if frame.pts is not None:
                frame.pts -= shift
            self._output.mux(self._target.encode(frame))

    def finish(self, end: float) -> None:
        """Writes what is left of the sound when the pictures end at `end` seconds: all if they are all there."""
        self.write_until(math.inf if end >= self._pictures_end - NEAR_END else end)
        if not self._copied and self._target.codec_context.is_open:
            self._output.mux(self._target.encode(None))
        self.close()

    def close(self) -> None:
        """Lets go of the file the sound comes from."""
        self._next = None
        self._input.close()


def _pictures_end(container: InputContainer) -> float:
    """The time on the container's clock at which its pictures end, in seconds; never for pure sound."""
    if not container.streams.video:
        return math.inf
    stream = container.streams.video[0]
    if stream.duration:
        return float(((stream.start_time or 0) + stream.duration) * stream.time_base)
    return ((container.start_time or 0) + container.duration) / av.time_base if container.duration else math.inf
