"""A virtual camera that follows one person through a whole video, as a fancam does. Offline: it looks ahead.

The whole body stays in the picture with room above the head, small moves are let happen, and the camera eases. Where
the person has left it waits, and is there when they come back. At a camera cut it cuts, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from ..types import FrameTracks, InputError
from .camera_path import Band, Path, smooth_path

_RATE = 10.0
"""Times a second at which the person's place counts; between them the path is smooth anyway."""
_REACH = 0.4
"""Seconds before and after, over which the whole body is taken together: a jump, a box cut short by an occlusion."""
_HOLD_SIZE = 1.5
"""Seconds before and after, over which the largest size counts: nobody zooms in on a crouch."""
_HOLD_FLOOR = 1.0
"""The same for the lowest place of the feet."""
_SLACK_SIZE = 1.12
"""Times the wanted size that the view may have without zooming in."""
_CLOSE, _FAR = 0.04, 0.15
"""How far the person may be from the middle, as a share of the view's width: freely, and at a price."""
_TIGHT = 0.015
"""The least room above the head and below the feet, as a share of the view's height."""
_FIRM = 12.0
"""Price of what must not be, as a multiple of that of what should not."""
_ZOOM = 5.0
"""Price of a view that is too large or too small by its own height, beside 1 for being off by as much."""
_GENTLE = 0.25
"""Price of leaving the floor's place in the picture: it decides where nothing else does, as in a crouch."""
_SMALLEST = 0.2
"""Height of the smallest view, as a share of the largest."""
_SHORT_GAP = 0.5
"""Seconds; the camera does not stop for a shorter absence."""
_EARLY = 0.3
"""Seconds by which the camera is there before a person who comes back."""


@dataclass(frozen=True, slots=True)
class FollowOptions:
    """How the virtual camera frames one person."""

    headroom: float = 0.12
    """Room above the head as a share of the view's height."""
    footroom: float = 0.08
    """The same below the feet."""
    acceleration: float = 2.5
    """The most by which the camera accelerates, in heights of the view per second squared."""

    def __post_init__(self) -> None:
        if not (0 <= self.headroom < 1 and 0 <= self.footroom < 1 and self.headroom + self.footroom < 0.9):
            raise InputError("--camera.headroom and --camera.footroom must be 0 or more, and together less than 0.9")
        if not 0 < self.acceleration < np.inf:
            raise InputError(f"--camera.acceleration must be more than 0, not {self.acceleration}")


@dataclass(frozen=True, slots=True)
class Views:
    """What the camera sees: `xyxy` (N, 4) float64 pixels of the picture, one for each frame, all of one shape.

    `acceleration` is the largest of its centre, `zoom_acceleration` that of its height, both in heights of the view per
    second squared (the view's median height in that shot); `cut` (N,) bool: a shot of its own begins here.
    """

    xyxy: np.ndarray
    acceleration: float
    zoom_acceleration: float
    cut: np.ndarray


@dataclass(frozen=True, slots=True)
class _Shot:
    """One person at N times (N,) in seconds; boxes (N, 4), whatever stands where `seen` (N,) is False."""

    times: np.ndarray
    xyxy: np.ndarray
    seen: np.ndarray

    def __len__(self) -> int:
        return len(self.times)


def follow(
    tracks: Sequence[FrameTracks],
    identity: int,
    size: tuple[int, int],
    aspect: float,
    options: FollowOptions = FollowOptions(),
) -> Views:
    """The views of all frames of a video for one person.

    tracks: every frame, in order, with `cut` where another camera takes over. size: the picture's width and height in
    pixels. aspect: width of the view by its height. Raises InputError where the person is in no frame.
    """
    whole = _shot(tracks, identity)
    if not whole.seen.any():
        raise InputError(f"{identity} is in no frame, so there is nothing to follow")
    cut = np.array([rows.cut for rows in tracks])
    cut[0] = False
    views, speeds, at = np.full((len(whole), 4), np.nan), [], 0
    for shot in _shots(whole, np.flatnonzero(cut)):
        if shot.seen.any():
            framing = _Framing(shot, size, aspect, options)
            views[at : at + len(shot)], *speed = framing.views()
            speeds.append(speed)
        at += len(shot)
    move, zoom = np.max(speeds, axis=0).tolist()
    return Views(_held(views), move, zoom, cut)


def _shot(tracks: Sequence[FrameTracks], identity: int) -> _Shot:
    xyxy, seen = np.zeros((len(tracks), 4)), np.zeros(len(tracks), bool)
    for index, rows in enumerate(tracks):
        row = np.flatnonzero(rows.ids == identity)
        if len(row):
            xyxy[index], seen[index] = rows.xyxy[row[0]], True
    return _Shot(np.array([rows.time for rows in tracks]), xyxy, seen)


def _shots(whole: _Shot, cuts: np.ndarray) -> Iterator[_Shot]:
    for rows in np.split(np.arange(len(whole)), cuts):
        yield _Shot(whole.times[rows], whole.xyxy[rows], whole.seen[rows])


def _held(views: np.ndarray) -> np.ndarray:
    """Shots without the person get the last view of the shot before, the first ones that of the first with them."""
    return views[_latest(~np.isnan(views[:, 0]))]


def _latest(known: np.ndarray) -> np.ndarray:
    """For each frame (N,) the last one up to it that is `known` (N,) bool, for those before the first one the first."""
    rows = np.flatnonzero(known)
    return rows[np.maximum(np.searchsorted(rows, np.arange(len(known)), side="right") - 1, 0)]


class _Framing:
    """The camera of one shot, in which the person is seen at least once."""

    def __init__(self, shot: _Shot, size: tuple[int, int], aspect: float, options: FollowOptions) -> None:
        self._shot, self._size, self._aspect, self._options = shot, size, aspect, options
        self._period = float(np.median(np.diff(shot.times))) if len(shot) > 1 else 1.0
        step = max(1, round(1 / _RATE / self._period))
        self._sampled = np.unique(np.append(np.arange(0, len(shot), step), len(shot) - 1))
        self._largest = min(size[1], size[0] / aspect)
        self._body = self._whole_bodies()

    def views(self) -> tuple[np.ndarray, float, float]:
        """(N, 4) views, and the largest accelerations of their centre and height, in heights per second squared."""
        height = self._height()
        tall = height(self._shot.times)
        unit = float(np.median(tall))
        limit = self._options.acceleration * unit
        across = self._across(tall, height.points, limit)
        down = self._down(tall, height.points, limit)
        x, y, half = across(self._shot.times), down(self._shot.times), tall / 2
        views = np.stack([x - self._aspect * half, y - half, x + self._aspect * half, y + half], axis=1)
        move = np.hypot(across.acceleration, down.acceleration)
        return views, float(move / unit), height.acceleration / unit

    def _whole_bodies(self) -> np.ndarray:
        """(N, 4) boxes around the body in the moments before and after each frame; those of the last one in gaps."""
        shot, size = self._shot, self._frames(_REACH)
        lows = np.where(shot.seen[:, None], shot.xyxy, np.inf)
        highs = np.where(shot.seen[:, None], shot.xyxy, -np.inf)
        around = np.concatenate(
            [minimum_filter1d(lows[:, :2], size, axis=0), maximum_filter1d(highs[:, 2:], size, axis=0)], axis=1
        )
        return around[_latest(np.isfinite(around[:, 0]))]

    def _frames(self, seconds: float) -> int:
        """An odd number of frames that reaches so many seconds before and after."""
        return 2 * round(seconds / self._period) + 1

    def _height(self) -> Path:
        """The view's height in pixels."""
        options, body = self._options, self._body
        needed = np.minimum((body[:, 3] - body[:, 1]) / (1 - 2 * _TIGHT), self._largest)
        wanted = (body[:, 3] - body[:, 1]) / (1 - options.headroom - options.footroom)
        wanted = maximum_filter1d(wanted, self._frames(_HOLD_SIZE)).clip(_SMALLEST * self._largest, self._largest)
        unit = float(np.median(wanted))
        rows, ones = self._sampled, np.ones(len(self._sampled))
        bands = [
            Band(wanted[rows] / unit, _SLACK_SIZE * wanted[rows] / unit, _ZOOM * ones),
            Band(needed[rows] / unit, np.full(len(rows), self._largest / unit), _FIRM * ones),
        ]
        low, high = _SMALLEST * self._largest / unit, self._largest / unit
        path = smooth_path(self._shot.times[rows], bands, low, high, options.acceleration)
        return Path(path.start, path.points * unit)

    def _across(self, tall: np.ndarray, points: np.ndarray, limit: float) -> Path:
        """The view's centre across in pixels."""
        shot = self._shot
        middle = ((shot.xyxy[:, 0] + shot.xyxy[:, 2]) / 2)[_latest(shot.seen)]
        close, far = (share * self._aspect * tall for share in (_CLOSE, _FAR))
        bands = [(middle - close, middle + close, 1.0), (middle - far, middle + far, _FIRM)]
        return self._path(bands, self._attention(middle, limit), self._aspect * points / 2, self._size[0], limit)

    def _down(self, tall: np.ndarray, points: np.ndarray, limit: float) -> Path:
        """The view's centre down in pixels."""
        options, body = self._options, self._body
        rooms = [(options.headroom, options.footroom, 1.0), (_TIGHT, _TIGHT, _FIRM)]
        bands = [
            (*_ordered(body[:, 3] - (0.5 - foot) * tall, body[:, 1] + (0.5 - head) * tall), price)
            for head, foot, price in rooms
        ]
        floor = maximum_filter1d(body[:, 3], self._frames(_HOLD_FLOOR)) - (0.5 - options.footroom) * tall
        bands.append((floor, floor, _GENTLE))
        weight = self._attention((body[:, 1] + body[:, 3]) / 2, limit)
        return self._path(bands, weight, points / 2, self._size[1], limit)

    def _path(
        self,
        between: Sequence[tuple[np.ndarray, np.ndarray, float]],
        weight: np.ndarray,
        margin: np.ndarray,
        side: int,
        limit: float,
    ) -> Path:
        """A centre that stays between these (N,) pixels, each at its price, and so far from the picture's sides that
        the view is in it."""
        rows, unit = self._sampled, limit / self._options.acceleration
        bands = [Band(low[rows] / unit, high[rows] / unit, price * weight[rows]) for low, high, price in between]
        bounds = (margin / unit, (side - margin) / unit)
        path = smooth_path(self._shot.times[rows], bands, *bounds, self._options.acceleration)
        return Path(path.start, path.points * unit)

    def _attention(self, place: np.ndarray, limit: float) -> np.ndarray:
        """(N,) 1 where the camera looks after the person, or waits; 0 while it is free to get where they come back.

        place: where the person is, (N,) pixels, held while they are away; limit: the acceleration in pixels.
        """
        times, attention = self._shot.times, np.ones(len(self._shot))
        seen = np.flatnonzero(self._shot.seen)
        for last, back in pairwise(seen.tolist()):
            if back - last > 1:
                way = np.sqrt(4 * abs(place[back] - place[last]) / limit) + _EARLY
                free = times[last] if times[back] - times[last] < _SHORT_GAP else times[back] - way
                attention[last + 1 : back][times[last + 1 : back] >= free] = 0.0
        return attention


def _ordered(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same where low is below high; where the body is too large for the view, the middle of both."""
    middle = (low + high) / 2
    return np.minimum(low, middle), np.maximum(high, middle)
