"""Anything frames can come from, opened by one function."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from ..types import InputError
from .containers import VIDEO_SUFFIXES, is_url, refuse_unknown_scheme
from .image_sequence import (
    IMAGE_SUFFIXES,
    BlankSequence,
    ImageSequence,
    files_matching,
    images_in,
    images_matching,
    natural_order,
)
from .mot_folder import SEQINFO, picture_frames, read_seqinfo
from .newest import NewestFrames
from .source import Source
from .video_reader import RECONNECT, VideoReader
from .webcam import Webcam


def open_source(
    source: str | Path,
    *,
    vid_stride: int = 1,
    image_fps: float = 30.0,
    reconnect: float = RECONNECT,
    newest: bool = False,
) -> Source:
    """Opens a video file, webcam number, network address, image, folder or glob of images, or MOTChallenge sequence.

    Every `vid_stride`-th frame is kept. Images without a rate of their own pass at `image_fps` a second. A live stream
    that goes away is waited for, for `reconnect` seconds each time; with `newest` every frame of a live source is the
    newest there is (`NewestFrames`).
    Raises InputError where it is none of these, or cannot be opened.
    """
    opened = _opened(source, vid_stride, image_fps, reconnect)
    return NewestFrames(opened) if newest and opened.live else opened


def _opened(source: str | Path, vid_stride: int, image_fps: float, reconnect: float) -> Source:
    _refuse_nameless(source)
    refuse_unprintable(source)
    path = Path(source)
    if is_url(source):
        return VideoReader(source, vid_stride=vid_stride, reconnect=reconnect)
    refuse_unknown_scheme(source)
    if path.is_dir():
        return _open_folder(path, vid_stride, image_fps)
    if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file():
        return ImageSequence([path], name=path.stem, fps=image_fps, vid_stride=vid_stride)
    if path.exists():
        return VideoReader(path, vid_stride=vid_stride)
    if str(source).isdecimal():
        return Webcam(int(str(source)), vid_stride=vid_stride)
    if glob.has_magic(str(source)):
        return _open_glob(str(source), vid_stride, image_fps)
    return VideoReader(source, vid_stride=vid_stride)


def _refuse_nameless(source: str | Path) -> None:
    """Raise InputError for an empty name, which a path would take for the current folder."""
    if not str(source).strip():
        raise InputError("the name of a source is empty: name a video file, or . for the current folder")


def refuse_unprintable(source: str | Path) -> None:
    """Raise InputError for a name with bytes that are no UTF-8: the results could not be written with it."""
    name = str(source)
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if shown != name:
        raise InputError(f"{shown} has a name that is not UTF-8: rename it")


def is_there(source: str) -> bool:
    """Whether something has this name: a file, a folder, what a pattern matches; addresses and webcams always.

    Raises InputError for an address of an unknown kind.
    """
    if is_url(source):
        return True
    refuse_unknown_scheme(source)
    return Path(source).exists() or source.isdecimal() or (glob.has_magic(source) and any(files_matching(source)))


def is_read_once(source: str) -> bool:
    """Whether it is a webcam, a pipe or an address, which cannot be read a second time."""
    path = Path(source)
    if path.exists():
        return not path.is_file() and not path.is_dir()
    return is_url(source) or source.isdecimal()


def each_source(source: str) -> list[str]:
    """The videos of a folder or a glob of them, in natural order; any other source is its own only one.

    Raises InputError for an empty name, and where there are images beside the videos, so that it could be a sequence.
    """
    _refuse_nameless(source)
    path = Path(source)
    if path.is_dir() and not (path / SEQINFO).is_file():
        files = [file for file in path.iterdir() if file.name[0] != "." and file.is_file()]  # no pipe, no dead link
    elif glob.has_magic(source) and not path.exists():
        files = [*files_matching(source)]
    else:
        return [source]
    videos = sorted((file for file in files if file.suffix.lower() in VIDEO_SUFFIXES), key=natural_order)
    images = [file for file in files if file.suffix.lower() in IMAGE_SUFFIXES]
    if videos and images:
        raise InputError(
            f"{source} holds videos ({videos[0].name}) and images ({images[0].name}): name the ones to track, such as "
            f"{(path if path.is_dir() else videos[0].parent) / f'*{videos[0].suffix}'}"
        )
    return [str(video) for video in videos] or [source]


def refuse_single_images(sources: Sequence[str]) -> None:
    """Raise InputError where several images of one folder are sources: a shell makes that of a pattern."""
    folders: dict[Path, list[Path]] = {}
    for path in map(Path, sources):
        if path.suffix.lower() in IMAGE_SUFFIXES:
            folders.setdefault(path.parent, []).append(path)
    for folder, images in folders.items():
        if len(images) > 1:
            raise InputError(
                f"{len(images)} images of {folder} are named one by one, and each would be a video of its own: quote "
                f"the pattern, '{folder}/*{images[0].suffix}', so that the shell leaves it alone, or name the folder"
            )


def _open_folder(folder: Path, vid_stride: int, image_fps: float) -> Source:
    if (folder / SEQINFO).is_file():
        return _open_sequence(folder, vid_stride)
    images = images_in(folder)
    if not images:
        _refuse_videos(str(folder))
        deeper = any(inner.is_dir() for inner in folder.iterdir())
        advice = f"; '{folder / '**' / '*'}' names the videos in its folders" if deeper else ""
        raise InputError(
            f"{folder} holds no videos, no images and no {SEQINFO}, so there is nothing to read in it{advice}"
        )
    return ImageSequence(images, name=folder.resolve().name, fps=image_fps, vid_stride=vid_stride)


def _refuse_videos(source: str) -> None:
    """Raise InputError for a folder or a glob that stands for videos (`each_source`)."""
    if (videos := each_source(source)) != [source]:
        raise InputError(f"{source} stands for whole videos: name one of them, such as {videos[0]}")


def _open_sequence(folder: Path, vid_stride: int) -> Source:
    info = read_seqinfo(folder)
    images = folder / info.image_folder
    if images.is_dir() and (files := images_in(images)):
        return ImageSequence(
            files,
            name=info.name,
            fps=info.frame_rate,
            vid_stride=vid_stride,
            frames=picture_frames(files, info.length),
            length=info.length,
        )
    for video in (images, folder / f"{info.name}.mp4"):
        if video.is_file():
            return VideoReader(video, vid_stride=vid_stride)
    return BlankSequence(
        info.length, name=info.name, width=info.width, height=info.height, fps=info.frame_rate, vid_stride=vid_stride
    )


def _open_glob(pattern: str, vid_stride: int, image_fps: float) -> Source:
    images = images_matching(pattern)
    if not images:
        _refuse_videos(pattern)
        raise InputError(f"no image or video matches {pattern}; quote the pattern so that the shell leaves it alone")
    return ImageSequence(images, name=images[0].parent.resolve().name, fps=image_fps, vid_stride=vid_stride)
