"""Who stood where on the floor, along a video: places in body heights at a few times a second, shot by shot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ..ground_plane import GroundPlane, GroundPlaneOptions, feet, fit_plane, in_clear_view
from ..types import MAX_ABSENCE, Frame, FrameTracks

STEP = 0.2
"""Seconds between two samples; doubled until a long video has no more than `MOST_PLACES`."""
MOST_PLACES = 120_000
_SPACING = 0.1
_MEDIAN, _SMOOTH = 0.7, 0.2
"""Seconds of the two filters of feet: jumps and lifted feet go by the median, the trembling of boxes by the Gaussian,
whose standard deviation it is."""


@dataclass(frozen=True)
class Walk:
    """Where a person stood from the `first` sample on, without a gap: places (N, 2) in body heights, to the right of
    the camera and away from it."""

    id: int
    first: int
    places: np.ndarray


@dataclass(frozen=True)
class Shot:
    """From `start` seconds to the next shot; without a plane there are no walks."""

    start: float
    plane: GroundPlane | None
    walks: tuple[Walk, ...] = ()


@dataclass(frozen=True)
class Formation:
    """Sample k is at `k * step` seconds. The shots are in order, and each has a camera of its own: its places are not
    comparable with another's."""

    step: float
    shots: tuple[Shot, ...]

    @property
    def walks(self) -> list[Walk]:
        """Those of all shots."""
        return [walk for shot in self.shots for walk in shot.walks]


class FloorRows:
    """A sink that keeps boxes for `formation_of`: those of about ten frames a second.

    Beyond `most` frames it drops every second one, so that its memory has a bound.
    """

    def __init__(self, most: int = 36_000) -> None:
        self._most, self._spacing = most, _SPACING
        self.tracks: list[FrameTracks] = []
        """What was kept, in the order of time; a cut is marked at the first frame kept after it."""
        self._turn, self._cut = -1, False

    def __enter__(self) -> FloorRows:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Take in one frame."""
        turn = int(frame.time / self._spacing + 1e-6)
        due, self._turn = turn > self._turn, turn
        self._keep(tracks, due)
        if len(self.tracks) > self._most:
            kept, self.tracks, self._spacing, self._turn = self.tracks, [], 2 * self._spacing, self._turn // 2
            for index, each in enumerate(kept):
                self._keep(each, kept=index % 2 == 0)

    def _keep(self, tracks: FrameTracks, kept: bool) -> None:
        self._cut = self._cut or tracks.cut
        if kept:
            self.tracks.append(replace(tracks, keypoints=None, recoveries=(), backfill=(), cut=self._cut))
            self._cut = False


def formation_of(
    tracks: Sequence[FrameTracks], size: tuple[int, int], options: GroundPlaneOptions | None = None
) -> Formation | None:
    """The places of all people, or None where no shot shows a floor.

    tracks: in the order of time, with `cut` where another camera took over. size: width and height of the picture.
    """
    step = STEP * 2 ** max(0, int(np.ceil(np.log2(max(_samples(tracks), 1) / MOST_PLACES))))
    shots = tuple(_shot(own, step, size, options or GroundPlaneOptions()) for own in _shots(tracks))
    return Formation(step, shots) if any(shot.walks for shot in shots) else None


def _samples(tracks: Sequence[FrameTracks]) -> float:
    """How many places there are with `STEP` between them, about."""
    if len(tracks) < 2:
        return 0
    return sum(map(len, tracks)) * (tracks[-1].time - tracks[0].time) / (len(tracks) - 1) / STEP


def _shots(tracks: Sequence[FrameTracks]) -> Iterator[Sequence[FrameTracks]]:
    starts = [0, *(index for index, rows in enumerate(tracks) if rows.cut and index), len(tracks)]
    yield from (tracks[start:end] for start, end in pairwise(starts) if end > start)


def _shot(tracks: Sequence[FrameTracks], step: float, size: tuple[int, int], options: GroundPlaneOptions) -> Shot:
    start, end = tracks[0].time, tracks[-1].time
    clear = [rows[in_clear_view(rows.xyxy, size)] for rows in tracks]
    ids, xyxy = np.concatenate([rows.ids for rows in clear]), np.concatenate([rows.xyxy for rows in clear])
    plane = fit_plane(ids, xyxy[:, 3], xyxy[:, 3] - xyxy[:, 1], end - start, size, options)
    if plane is None:
        return Shot(start, None)
    standing = _Standing(tracks, size)
    return Shot(start, plane, tuple(standing.walks(plane, step)))


class _Standing:
    """The feet of a shot's people, person by person."""

    def __init__(self, tracks: Sequence[FrameTracks], size: tuple[int, int]) -> None:
        ids = np.concatenate([rows.ids for rows in tracks])
        times = np.repeat([rows.time for rows in tracks], [len(rows) for rows in tracks])
        points = feet(np.concatenate([rows.xyxy for rows in tracks]), size)
        seen = np.isfinite(points).all(axis=1)
        order = np.flatnonzero(seen)[np.argsort(ids[seen], kind="stable")]
        self.ids, starts = np.unique(ids[order], return_index=True)
        self._times, self._points = np.split(times[order], starts[1:]), np.split(points[order], starts[1:])
        self._spacing = (tracks[-1].time - tracks[0].time) / max(len(tracks) - 1, 1)

    def walks(self, plane: GroundPlane, step: float) -> Iterator[Walk]:
        """Where each person stood, in pieces between long gaps; short ones are bridged by a straight line."""
        for id, times, points in zip(self.ids.tolist(), self._times, self._points, strict=True):
            gaps = np.flatnonzero(np.diff(times) > max(MAX_ABSENCE, 1.5 * self._spacing)) + 1
            for when, where in zip(np.split(times, gaps), np.split(points, gaps), strict=True):
                yield from self._pieces(id, when, where, plane, step)

    def _pieces(
        self, id: int, times: np.ndarray, points: np.ndarray, plane: GroundPlane, step: float
    ) -> Iterator[Walk]:
        first, last = int(np.ceil(times[0] / step - 1e-6)), int(np.floor(times[-1] / step + 1e-6))
        if last <= first:
            return
        spacing = max(self._spacing, 1e-3)
        even = np.linspace(times[0], times[-1], max(2, round((times[-1] - times[0]) / spacing) + 1))
        smooth = _smoothed(np.stack([np.interp(even, times, points[:, axis]) for axis in (0, 1)], axis=1), spacing)
        samples = np.arange(first, last + 1)
        sampled = np.stack([np.interp(samples * step, even, smooth[:, axis]) for axis in (0, 1)], axis=1)
        places = plane.places(sampled)
        there = np.isfinite(places).all(axis=1)
        for piece in np.split(np.arange(len(places)), np.flatnonzero(np.diff(there)) + 1):
            if there[piece[0]] and len(piece) > 1:
                yield Walk(id, first + int(piece[0]), places[piece])


def _smoothed(points: np.ndarray, spacing: float) -> np.ndarray:
    """Points (N, 2), `spacing` seconds apart."""
    from scipy.ndimage import gaussian_filter1d, median_filter  # takes a while: only where there is a floor

    size = 2 * round(_MEDIAN / spacing / 2) + 1
    points = median_filter(points, (min(size, 2 * ((len(points) - 1) // 2) + 1), 1), mode="nearest")
    return gaussian_filter1d(points, _SMOOTH / spacing, axis=0, mode="nearest")
