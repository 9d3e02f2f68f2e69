"""MOTChallenge text files (motchallenge.net): the only place that knows frames from 1 and left, top, width, height.

A line is `frame,id,left,top,width,height[,score[,class[,...]]]`. In truth the 7th column is a mark, 0 for rows that do
not count, and the 8th a class of MOT16 (Milan et al. 2016), 1 for a pedestrian; in results the 8th and later ones
are -1, and the 7th, too, where there are no scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from .. import boxes
from ..types import Detections, FrameTracks, InputError, Recovery, is_absence
from .box_rows import FARTHEST, most_frames

FRAME, ID, BOX, SCORE, CLASS = 0, 1, slice(2, 6), 6, 7
"""Columns of a table of such rows."""
UNKNOWN = -1.0
"""The score of boxes whose file has none, MOTChallenge's sign for it."""
_MIN_COLUMNS = 6
_PEDESTRIAN = 1


def read_detections(path: Path) -> dict[int, Detections]:
    """Boxes of every frame that has any, by frame index from 0; ids are ignored.

    A missing score is 1, and so are all of a file in which every one is `UNKNOWN`.
    Raises InputError naming the file and the line where it is malformed.
    """
    table = _by_frame(_read_boxes(path))
    scores = _scores(table)
    scores = np.ones(len(table)) if (scores == UNKNOWN).all() else scores
    everything = Detections(boxes.xywh_to_xyxy(table[:, BOX]), scores)
    frames, starts = np.unique(table[:, FRAME].astype(int), return_index=True)
    rows = np.split(np.arange(len(table)), starts[1:])
    return {frame - 1: everything[chosen] for frame, chosen in zip(frames.tolist(), rows, strict=False)}


def read_tracks(
    path: Path,
    fps: float = 30.0,
    length: int | None = None,
    truth: bool | None = None,
    away: float | None = None,
    stride: int = 1,
) -> list[FrameTracks]:
    """The tracks of every frame from the first to the last, empty frames too.

    path: results or ground truth. fps: frames per second, from which times are computed. length: number of frames,
    where it is known to be more than the last one with a row. truth: keep only rows whose mark is above 0 and, where
    there is a column of classes, only pedestrians; None decides by the file (only truth has classes, all 1 or more).
    away: seconds of absence after which a person's next row is marked as recovered; None marks nothing. stride: every
    so many frames were tracked.

    Raises InputError naming the file and the line where it is malformed or goes beyond `length`, or where `length` is
    more than a video of so few rows has (`most_frames`).
    """
    table = _read_boxes(path)
    if length is not None and length > most_frames(len(table)):
        raise InputError(f"{path} has too few rows ({len(table)}) for a video of {length} frames")
    if length is not None:
        _refuse(path, table[:, FRAME] > length, f"is beyond the end of the sequence, which has {length} frames")
    kept = _counts(table, _has_classes(table) if truth is None else truth)
    _refuse(path, kept & (table[:, ID] < 0), "has a negative id, so it holds detections, not tracks")
    _refuse(path, kept & (table[:, ID] % 1 != 0), "has an id that is not a whole number")
    _refuse(path, kept & _repeated(table, kept), "gives an id a second box in the same frame")
    table = _by_frame(table[kept])
    ids, xyxy, scores = table[:, ID].astype(np.int64), boxes.xywh_to_xyxy(table[:, BOX]), _scores(table)
    steps = _frames_since_last_row(table)
    gaps = steps / fps
    recovered = np.asarray(is_absence(steps / stride, gaps, np.inf if away is None else away))
    frames = length if length is not None else int(table[:, FRAME].max(initial=0))
    starts = np.searchsorted(table[:, FRAME], np.arange(1, frames + 2)).tolist()
    tracks = []
    for index, rows in enumerate(map(slice, starts[:-1], starts[1:])):
        time = index / fps
        back = np.flatnonzero(recovered[rows]) + rows.start
        recoveries = tuple(Recovery(index, time, int(ids[row]), float(gaps[row])) for row in back)
        tracks.append(
            FrameTracks(index, time, ids[rows], xyxy[rows], scores[rows], recovered[rows], recoveries=recoveries)
        )
    return tracks


def format_rows(tracks: FrameTracks) -> str:
    """The lines of one frame, each ended by a newline; empty where no person is seen."""
    ends = [f"{score:.2f},-1,-1,-1" for score in tracks.score.tolist()]
    return "".join(format_lines(tracks.frame, tracks.ids.tolist(), _xywh(tracks.xyxy), ends))


def format_detections(frame: int, detections: Detections) -> str:
    """The same for boxes without ids in the frame of this index from 0: id -1, the score with three decimals."""
    ends = [f"{score:.3f}" for score in detections.score.tolist()]
    return "".join(format_lines(frame, [-1] * len(ends), _xywh(detections.xyxy), ends))


def format_lines(frame: int, ids: Sequence[int], xywh: np.ndarray, ends: Iterable[str]) -> Iterator[str]:
    """A line for each box (N, 4) of the frame of this index from 0; `ends` are its columns from the 7th on."""
    for identity, (left, top, width, height), end in zip(ids, xywh.tolist(), ends, strict=True):
        yield f"{frame + 1},{identity},{left:.2f},{top:.2f},{width:.2f},{height:.2f},{end}\n"


def _xywh(xyxy: np.ndarray) -> np.ndarray:
    return boxes.xyxy_to_xywh(xyxy.astype(np.float64))


def read_table(path: Path) -> np.ndarray:
    """(rows, columns) float64 of a whole file, at least 6 columns: finite values, and frames that count from 1.

    No value is beyond `FARTHEST`, and no frame far beyond the number of rows (`most_frames`).

    Raises InputError naming the file and the line where it is malformed.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a text file: give a MOTChallenge file such as det.txt or gt.txt") from error
    lines = text.splitlines()
    if not any(map(str.strip, lines)):
        return np.zeros((0, _MIN_COLUMNS))
    try:
        table = np.loadtxt(lines, delimiter=",", ndmin=2, comments=None)
    except ValueError as error:
        raise _malformed_line(path, lines) from error
    if table.shape[1] < _MIN_COLUMNS:
        raise _malformed_line(path, lines)
    _refuse(path, ~np.all(np.isfinite(table), axis=1), "has a value that is not finite")
    _refuse(path, np.any(np.abs(table) > FARTHEST, axis=1), f"has a number beyond {FARTHEST:.0e}")
    _refuse(path, (table[:, FRAME] < 1) | (table[:, FRAME] % 1 != 0), "has no frame number (1, 2, 3, ...)")
    _refuse(path, table[:, FRAME] > most_frames(len(table)), "has a frame number far beyond the number of rows")
    return table


def _read_boxes(path: Path) -> np.ndarray:
    """`read_table`, with boxes that are none refused."""
    table = read_table(path)
    _refuse(path, np.any(table[:, 4:6] <= 0, axis=1), "has a box without width or height")
    return table


def _malformed_line(path: Path, lines: list[str]) -> InputError:
    """The error for the first line that is no row of numbers like those before it."""
    columns = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        cells = line.split(",")
        try:
            for cell in cells:
                float(cell)
        except ValueError:
            return InputError(f"{path} line {number} is not numbers separated by commas: {line.strip()[:60]!r}")
        columns = columns or len(cells)
        if len(cells) != columns or len(cells) < _MIN_COLUMNS:
            wanted = max(columns, _MIN_COLUMNS)
            return InputError(f"{path} line {number} has not {wanted} columns but {len(cells)}: {line.strip()[:60]!r}")
    return InputError(f"{path} cannot be read as a MOTChallenge file")


def _refuse(path: Path, wrong: np.ndarray, complaint: str) -> None:
    """Raise InputError naming the line of the first wrong row, where there is one."""
    if not wrong.any():
        return
    row = int(wrong.argmax())
    lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    number = [number for number, line in enumerate(lines, start=1) if line.strip()][row]
    raise InputError(f"{path} line {number} {complaint}: {lines[number - 1].strip()[:60]!r}")


def _repeated(table: np.ndarray, among: np.ndarray) -> np.ndarray:
    """(rows,) bool: an earlier row has the same frame and id; only rows `among` (rows,) bool are compared."""
    rows = np.flatnonzero(among)
    order = rows[np.lexsort((table[rows, ID], table[rows, FRAME]))]
    pairs = table[order][:, [FRAME, ID]]
    repeated = np.zeros(len(table), bool)
    repeated[order[1:]] = (pairs[1:] == pairs[:-1]).all(axis=1)
    return repeated


def _frames_since_last_row(table: np.ndarray) -> np.ndarray:
    """(rows,) frames since the person's previous row, 0 for the first."""
    order = np.lexsort((table[:, FRAME], table[:, ID]))
    since = np.diff(table[order, FRAME], prepend=0)
    since[np.diff(table[order, ID], prepend=np.nan) != 0] = 0
    gaps = np.zeros(len(table))
    gaps[order] = since
    return gaps


def _by_frame(table: np.ndarray) -> np.ndarray:
    """Rows in the order of their frames, and within a frame in the file's order."""
    return table[np.argsort(table[:, FRAME], kind="stable")]


def _scores(table: np.ndarray) -> np.ndarray:
    return table[:, SCORE] if table.shape[1] > SCORE else np.ones(len(table))


def _has_classes(table: np.ndarray) -> bool:
    return table.shape[1] > CLASS and bool((table[:, CLASS] >= _PEDESTRIAN).all())


def _counts(table: np.ndarray, truth: bool) -> np.ndarray:
    """(rows,) bool: all rows of results; of truth those that are marked, and pedestrians where classes are given."""
    if not truth:
        return np.ones(len(table), bool)
    marked = _scores(table) > 0
    return marked & (table[:, CLASS] == _PEDESTRIAN) if _has_classes(table) else marked
