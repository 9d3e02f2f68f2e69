"""Opens containers with FFmpeg, or raises one sentence that says why it cannot."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import av
from av.container import InputContainer
from av.format import Flags
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from ..types import InputError
from .addresses import without_secrets

URL_SCHEMES = ("rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "udp", "rtp", "tcp", "tls", "ftp", "srt")
"""How the address of a stream may begin. SRT is not in every FFmpeg; PyAV's wheels have none."""

VIDEO_SUFFIXES = (
    ".mp4", ".mkv", ".webm", ".mov", ".m4v", ".avi", ".flv", ".f4v", ".mpg", ".mpeg", ".vob", ".ts", ".mts", ".m2ts",
    ".wmv", ".asf", ".3gp", ".3g2", ".ogv", ".mxf", ".gif",
)  # fmt: skip
"""How the names of video files end, by which they are found in a folder; a file that is named may end in any way."""

TIMEOUT = 10.0
"""Seconds a network stream may take to open, or to send its next packet."""

UNREADABLE = "replace"
"""What becomes of a title's letters in another encoding than UTF-8; they are no reason not to read the pictures."""

DEFAULT_FPS = 30.0
"""Frames per second of a stream that names no frame rate."""

MAX_FPS = 1000.0
"""Frames per second above which a rate is a clock's tick rate that strayed into the wrong field."""


def is_url(source: str | Path) -> bool:
    """Whether this is the address of a network stream rather than a path."""
    return _scheme(source) in URL_SCHEMES


def may_be_a_file(source: str | Path) -> bool:
    """Whether it is an address of the kind under which servers keep files, which they send anew to each who asks."""
    return _scheme(source) in ("http", "https", "ftp")


def _scheme(source: str | Path) -> str:
    """What stands before :// in lower case; empty where nothing does."""
    scheme, mark, _ = str(source).partition("://")
    return scheme.lower() if mark else ""


def url_path(url: str) -> str:
    """The path within the address of a stream. Raises InputError where the address is malformed."""
    try:
        return urlsplit(url).path
    except ValueError as error:
        shown = without_secrets(url)
        raise InputError(f"{shown} is not written as an address is ({_reason(error)}); check its host") from None


def refuse_unknown_scheme(source: str | Path) -> None:
    """Raise InputError for an address that begins like none of a stream, unless a file has that name."""
    scheme = _scheme(source)
    if scheme and not is_url(source) and not Path(source).exists():
        raise InputError(f"{scheme}:// is no kind of stream that can be read: {_schemes()}; name a file by its path")


def open_container(source: str | Path, timeout: float = TIMEOUT) -> InputContainer:
    """An open file or network stream, which may take `timeout` seconds to answer.

    Raises InputError where there is none, or none that FFmpeg understands.
    """
    if is_url(source):
        return _open_url(str(source), timeout)
    refuse_unknown_scheme(source)
    path = Path(source)
    if not path.exists():
        raise InputError(f"there is no file {path}; check the name")
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a video file")
    try:
        container = av.open(str(path), metadata_errors=UNREADABLE)
    except PermissionError:
        raise InputError(f"{path} may not be read; check its permissions") from None
    except av.FFmpegError as error:
        raise InputError(
            f"{path} cannot be read as a video ({_reason(error)}): it is damaged, cut short or no video at all"
        ) from None
    if container.format.name == "tty":
        container.close()
        raise InputError(f"{path} is a text file, not a video")
    return container


def _open_url(url: str, timeout: float) -> InputContainer:
    shown = without_secrets(url)
    options = {"rtsp_transport": "tcp"} if url.lower().startswith("rtsp") else {}
    try:
        return av.open(url, options=options, timeout=timeout, metadata_errors=UNREADABLE)
    except av.ProtocolNotFoundError:
        scheme = _scheme(url)
        raise InputError(f"{shown} cannot be opened: this FFmpeg has no {scheme}; {_schemes(scheme)}") from None
    except (av.FFmpegError, OSError, ValueError) as error:
        why = f"no answer in {timeout:g} s" if isinstance(error, (av.ExitError, TimeoutError)) else _reason(error)
        raise InputError(f"{shown} cannot be opened ({why}); check the address and that the stream runs") from None


def _schemes(missing: str = "") -> str:
    *most, last = [f"{scheme}://" for scheme in URL_SCHEMES if scheme != missing]
    return f"streams begin with {', '.join(most)} or {last}"


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).strip().lower()


def video_stream(container: InputContainer, label: str) -> VideoStream:
    """The container's main moving picture. Raises InputError where there is none (sound only, or a cover image)."""
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream) or Disposition.attached_pic in stream.disposition:
        raise InputError(f"{label} has no video stream, so there is nothing to track in it")
    if stream.codec_context is None:
        raise InputError(f"{label} is coded in a way this FFmpeg cannot decode; convert it to H.264 first")
    return stream


def frame_rate(stream: VideoStream, *, stamped: bool) -> float:
    """Average frames per second; where frames carry no stamps (`stamped` false), what the codec's header says."""
    rates = [stream.average_rate, stream.guessed_rate]
    for rate in rates if stamped else reversed(rates):
        if rate is not None and 0 < rate <= MAX_FPS:
            return float(rate)
    return DEFAULT_FPS


def stream_seconds(stream: Stream) -> float | None:
    """How long the stream's own header says it is, in seconds; None where it does not say."""
    return float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None


def promised_seconds(container: InputContainer, stream: VideoStream) -> float | None:
    """How long the container's header says the whole recording is; None for live and raw streams."""
    promises = _container_seconds(container), stream_seconds(stream), _counted_seconds(container, stream)
    return max(filter(None, promises), default=None)


def _counted_seconds(container: InputContainer, stream: VideoStream) -> float | None:
    """By the count of frames in AVI's header: of one that is cut, FFmpeg tells the seconds that there are."""
    fixed_rate = container.format.name == "avi"  # elsewhere B-frames of an uneven rhythm shift the average rate
    return float(stream.frames / stream.average_rate) if fixed_rate and stream.average_rate else None


def _container_seconds(container: InputContainer) -> float | None:
    if not container.duration:
        return None
    end_is_told = container.format.name.startswith("matroska")  # as FFmpeg writes it: the stamp at which it ends
    begin = (container.start_time or 0) if end_is_told else 0
    return max(container.duration - begin, 0) / av.time_base


def has_clock(container: InputContainer) -> bool:
    """Whether its frames carry times of their own. Motion JPEG over HTTP, as cameras send it, has none."""
    return not container.format.flags & Flags.no_timestamps.value  # type: ignore[operator]  # an int


def is_live(container: InputContainer, source: str | Path, promised: float | None) -> bool:
    """Whether this is a stream without a known end: neither its length in seconds nor its size in bytes is told."""
    return is_url(source) and promised is None and container.size <= 0
