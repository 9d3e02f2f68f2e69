"""Real little video files for the tests, every frame of which shows its own number in a way no codec can blur.

Across the middle of frame n stand eight bars, black or white: the bits of n, the highest first. A white square marks
the top left corner, so that turning shows; the rest is grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

BITS = 8
GREY = 90


def picture(index: int, width: int, height: int) -> np.ndarray:
    image = np.full((height, width, 3), GREY, np.uint8)
    image[: height // 4, : height // 4] = 255
    for bit, bar in enumerate(bars(image)):
        bar[:] = 255 * (index >> (BITS - 1 - bit) & 1)
    return image


def bars(image: np.ndarray) -> list[np.ndarray]:
    height, width = image.shape[:2]
    return np.array_split(image[height // 3 : 2 * height // 3, : width // BITS * BITS], BITS, axis=1)


def number(image: np.ndarray) -> int:
    """The frame number an image shows, 0 to 255."""
    return sum(int(bar[4:-4, 4:-4].mean() > 127) << (BITS - 1 - bit) for bit, bar in enumerate(bars(image)))


def tone(samples: int, rate: int, channels: int = 1) -> np.ndarray:
    """A 440 Hz sine, (channels, samples) float32."""
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(samples) / rate)
    return np.tile(wave.astype(np.float32), (channels, 1))


def shoot(
    path: Path,
    frames: int = 30,
    *,
    width: int = 128,
    height: int = 96,
    rate: int | Fraction = 30,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    ticks: Sequence[int] | None = None,
    clock: Fraction = Fraction(1, 600),
    turned: int | None = None,
    sound: str | None = None,
    sound_seconds: float | None = None,
    sound_rate: int = 44100,
    faststart: bool = False,
    options: dict[str, str] | None = None,
) -> Path:
    """Writes a video. `ticks` are the frames' stamps on `clock` (uneven ones make a variable frame rate), `turned` is
    its display rotation in degrees anticlockwise, `sound` the codec of a tone as long as the pictures."""
    with av.open(str(path), "w", container_options={"movflags": "+faststart"} if faststart else {}) as output:
        stream = output.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        if ticks is not None:
            stream.codec_context.time_base = clock
        if turned is not None:
            stream.set_display_rotation(turned)
        audio = None
        if sound is not None:
            audio = output.add_stream(sound, rate=sound_rate)
            audio.layout = "mono"
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(index, width, height), format="bgr24")
            if ticks is not None:
                frame.pts, frame.time_base = ticks[index], clock
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if audio is not None:
            seconds = frames / rate if sound_seconds is None else sound_seconds
            wave = tone(round(seconds * sound_rate), sound_rate)
            for begin in range(0, wave.shape[1], 1024):
                block = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[:, begin : begin + 1024]), "fltp", "mono")
                block.sample_rate, block.pts, block.time_base = sound_rate, begin, Fraction(1, sound_rate)
                output.mux(audio.encode(block))
            output.mux(audio.encode(None))
    return path


def cut(path: Path, share: float, name: str) -> Path:
    """The first `share` of the file's bytes, as another file beside it."""
    data = path.read_bytes()
    short = path.with_name(name)
    short.write_bytes(data[: int(len(data) * share)])
    return short
