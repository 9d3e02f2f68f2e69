"""Little stories as boxes, for the tracker's tests: who walks where, and which frames a camera misses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from reid.encoder.calibration import Calibration
from tracker.pipeline import merge_backfill
from tracker.tracker import Tracker
from tracker.types import Detections, Frame, FrameTracks

FPS = 25.0
Path = Callable[[float], "tuple[float, float] | None"]
"""Time in seconds to the middle of a person's feet in pixels, or None while away."""


def box(feet: tuple[float, float], height: float = 200.0) -> list[float]:
    x, y = feet
    return [x - height / 5, y - height, x + height / 5, y]


def stand(x: float, y: float = 600.0) -> Path:
    """Standing in one place."""
    return lambda time: (x, y)


def walk(start: tuple[float, float], end: tuple[float, float], seconds: float) -> Path:
    """From start to end at a steady pace, then standing still."""

    def at(time: float) -> tuple[float, float]:
        share = min(time / seconds, 1.0)
        return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])

    return at


def absent(path: Path, start: float, end: float) -> Path:
    """The same person, unseen from start to end (seconds)."""
    return lambda time: None if start <= time < end else path(time)


def play(
    people: Sequence[Path],
    seconds: float,
    tracker: Tracker,
    *,
    fps: float = FPS,
    scale: float = 1.0,
    picture: Callable[[float], np.ndarray] | None = None,
    score: Callable[[float], float] = lambda time: 0.9,
) -> tuple[list[FrameTracks], list[list[int | None]]]:
    """Track the story, with boxes of that score at each time.

    Returns what the tracker says for every frame, and for each person the id in every frame.
    """

    def frames() -> list[tuple[Frame, FrameTracks]]:
        reported = []
        for index in range(round(seconds * fps)):
            time = index / fps
            feet = [person(time) for person in people]
            boxes = [box(where) for where in feet if where is not None]
            detections = Detections(np.array(boxes).reshape(-1, 4) * scale, np.full(len(boxes), score(time)))
            frame = Frame(index, time, None if picture is None else picture(time))
            reported.append((frame, tracker.update(frame, detections)))
        return reported

    tracks = [rows for _, rows in merge_backfill(frames(), finish=tracker.finish)]
    return tracks, [[_id_at(rows, person(rows.time), scale) for rows in tracks] for person in people]


def _id_at(rows: FrameTracks, feet: tuple[float, float] | None, scale: float) -> int | None:
    if feet is None:
        return None
    same = np.abs(rows.xyxy - np.array(box(feet)) * scale).max(axis=1, initial=0.0) < 1e-2
    found = rows.ids[: len(same)][same] if len(rows) else []
    return int(found[0]) if len(found) else None


def ids_of(story: Sequence[int | None]) -> set[int]:
    """The ids one person had while in sight; the test of a steady identity is that there is one."""
    return {identity for identity in story if identity is not None}


class ColourEmbedder:
    """Knows people by the mean colour of their crops: enough of an encoder for people painted in flat colours."""

    calibration = Calibration(gap=(0.0, 60.0), same=((0.98, 0.02),) * 2, different=((0.5, 0.2),) * 2)

    def __init__(self) -> None:
        self.crops = 0

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        self.crops += len(crops)
        colours = np.stack([crop.reshape(-1, 3).mean(axis=0) for crop in crops]).astype(np.float32)
        return colours / np.linalg.norm(colours, axis=1, keepdims=True)


def paint(
    people: Sequence[Path],
    colours: Sequence[tuple[int, int, int]],
    size: tuple[int, int] = (1280, 720),
    wall: Callable[[float], np.ndarray] | None = None,
):
    """Pictures (H, W, 3) BGR of the story: every person a rectangle of one colour, on black or before a wall."""

    painted: dict[tuple[tuple[int, ...], ...], np.ndarray] = {}
    """The latest picture by where its people are: of those who stand one is enough."""

    def at(time: float) -> np.ndarray:
        feet = [person(time) for person in people]
        where = tuple(() if one is None else tuple(max(round(side), 0) for side in box(one)) for one in feet)
        if wall is None and where in painted:
            return painted[where]
        image = np.zeros((size[1], size[0], 3), np.uint8) if wall is None else wall(time).copy()
        for sides, colour in zip(where, colours, strict=True):
            if sides and sides[0] < sides[2] and sides[1] < sides[3]:
                left, top, right, bottom = sides
                cv2.rectangle(image, (left, top), (right - 1, bottom - 1), colour, cv2.FILLED)
        image.flags.writeable = False
        painted.clear()
        painted[where] = image
        return image

    return at
