"""keypoints.txt: the joints of people, where the detector is a pose model; `render` draws skeletons from it.

A line is `frame,left,top,width,height,x,y,confidence,x,y,...`: frames from 1 and the box as in tracks.txt, in pixels.
People are known by their boxes, so the lines stay right where ids are corrected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import boxes
from ..types import Frame, FrameTracks, InputError
from .box_rows import FARTHEST
from .whole_files import RowFile

_BOX = 5
"""Columns before the joints: the frame and the box."""


class KeypointWriter:
    """A sink that makes the file with the first joints it is given; without any there is none.

    Raises InputError where it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: RowFile | None = None

    def __enter__(self) -> KeypointWriter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Append the rows of one frame."""
        if tracks.keypoints is not None:
            self._file = self._file or RowFile(self._path)
        if self._file is not None:  # on an empty stage, too: what waits must not wait for the next person
            self._file.add("".join(_lines(frame.index, tracks)))


def _lines(frame: int, tracks: FrameTracks) -> Iterator[str]:
    if tracks.keypoints is None:
        return
    for box, joints in zip(_boxes(tracks).tolist(), tracks.keypoints, strict=True):
        corner = ",".join(f"{value / 100:.2f}" for value in box)
        found = ",".join(f"{x:.1f},{y:.1f},{confidence:.2f}" for x, y, confidence in joints.tolist())
        yield f"{frame + 1},{corner},{found}\n"


def with_keypoints(tracks: Sequence[FrameTracks], path: Path) -> list[FrameTracks]:
    """The same tracks with the joints of the file; a row that is not in it has joints of confidence 0.

    Tracks stay as they are where there is no such file, or nothing in it yet, as a kill may leave it. Raises InputError
    where it is malformed.
    """
    if not path.is_file() or not path.stat().st_size:
        return list(tracks)
    try:
        table = np.loadtxt(path, delimiter=",", ndmin=2)
        if not (np.abs(table) <= FARTHEST).all():
            raise ValueError("a number that is none")
        if not len(table) or table.shape[1] <= _BOX or (table.shape[1] - _BOX) % 3:
            raise ValueError("no joints of three numbers each")
        joints = table[:, _BOX:].reshape(len(table), -1, 3).astype(np.float32)
    except ValueError as error:
        raise InputError(f"{path} is damaged: track the video again, or remove the file") from error
    keys = np.rint(table[:, :_BOX] * [1, 100, 100, 100, 100]).astype(int).tolist()
    known = {tuple(key): row for key, row in zip(keys, joints, strict=True)}
    nothing = np.zeros(joints.shape[1:], np.float32)
    return [
        replace(
            rows,
            keypoints=np.array([known.get((rows.frame + 1, *box), nothing) for box in _boxes(rows).tolist()]).reshape(
                -1, *joints.shape[1:]
            ),
        )
        for rows in tracks
    ]


def _boxes(tracks: FrameTracks) -> np.ndarray:
    """Left, top, width, height (T, 4) in hundredths of a pixel, as tracks.txt has them."""
    return np.rint(100 * boxes.xyxy_to_xywh(tracks.xyxy.astype(np.float64))).astype(int)
