"""A whole scene: frames with their truth, and its sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from tracker.types import Frame, FrameTracks

from . import beat, compositing, truth
from .backdrop import Backdrop
from .camera import Camera
from .camerawork import Camerawork
from .choreography import BEAT, routes
from .costume import costumes
from .figure import Figure
from .figure_part import Sway
from .light_show import LightShow
from .motion import Dance, score_of
from .motion_blur import blurred
from .options import StageOptions
from .raster import draw_with_faces
from .restaging import in_the_street, restaged, walked
from .skeleton import PosedSkeleton, posed
from .wardrobe import dress

_HAIR_LAG = 0.12
_STROLL = 0.8


@dataclass(frozen=True)
class StageFrame:
    """A rendered frame. `truth` has a row, in order of id, for each dancer of whom at least
    `StageOptions.min_visible` is in sight: the box of the whole silhouette, hidden parts too, clipped to the picture.
    Its keypoints (T, 17, 3) are x, y and 2 visible, 1 hidden, 0 outside the picture. `visibility` (T,) float32 is the
    part of the silhouette's pixels neither hidden by another dancer nor cut off by the picture.
    """

    frame: Frame
    truth: FrameTracks
    visibility: np.ndarray


class Scene:
    """All that the seed decides; `frames` may be called again and gives the same frames.

    Dancers have ids 1 to N, of which 1 to `twins` wear near-identical costumes.
    """

    def __init__(self, options: StageOptions) -> None:
        self.options = options
        wardrobe, choreography, motion, scenery, filming = (
            np.random.default_rng([options.seed, stream]) for stream in range(5)
        )
        usual = costumes(options.dancers, options.twins, wardrobe)
        self._figures = [Figure(costume) for costume in dress(usual, options)]
        self._camerawork = Camerawork(options, filming)
        street = in_the_street(options)
        self._scenery = scenery
        planned = routes(options.dancers, options.twins, options.seconds, self._camerawork.shots[0], choreography)
        self._light_show = LightShow(options, street)
        plans = restaged(planned, options.realism, np.random.default_rng([options.seed, 13]))
        plans = walked(plans) if street else plans
        calm = _STROLL if street else 0.0
        beats = int(options.seconds / BEAT) + 4
        score, unison = score_of(beats, motion), float(motion.uniform(0.2, 0.9))
        self._dances = [
            Dance(route, figure.costume.build, score, unison, motion, calm)
            for route, figure in zip(plans, self._figures, strict=True)
        ]

    @cached_property
    def _backdrop(self) -> Backdrop:
        """Painted when a frame is first drawn: it takes a second, and where the dancers are does not depend on it."""
        return Backdrop(self._scenery, min(1.0, self.options.width / 1280), in_the_street(self.options))

    def audio(self) -> tuple[np.ndarray, int]:
        """Samples (S,) float32 in -1..1, and how many there are a second."""
        return beat.samples(self.options.seconds, BEAT, np.random.default_rng([self.options.seed, 9])), beat.RATE

    @property
    def body_height(self) -> float:
        """Of the dancers on average, in metres."""
        return float(np.mean([figure.costume.build.height for figure in self._figures]))

    def floor(self, time: float) -> np.ndarray:
        """Where each dancer is, away or not, (N, 2) in metres: to the right of the camera, and away from it."""
        camera, places = self._camerawork.at(time), [dance.place(time) for dance in self._dances]
        return np.array([camera.from_here(place.x, place.z) for place in places])

    @property
    def cut_frames(self) -> list[int]:
        """The frames, from 0, with which another camera takes over."""
        cameras = [self._camerawork.shot(index / self.options.fps) for index in range(self.options.frame_count)]
        return [index + 1 for index, (before, now) in enumerate(pairwise(cameras)) if before != now]

    def frames(self) -> Iterator[StageFrame]:
        """The frames in order of time."""
        canvas = compositing.Canvas(self._backdrop, self._light_show, self.options)
        for index in range(self.options.frame_count):
            yield self._frame(index, index / self.options.fps, canvas)

    def _frame(self, index: int, time: float, canvas: compositing.Canvas) -> StageFrame:
        camera = self._camerawork.at(time)
        here = [dancer for dancer, dance in enumerate(self._dances) if not dance.away(time)]
        actors = [actor for dancer in here if (actor := self._actor(dancer, time, camera)) is not None]
        image, owners = canvas.compose(index, time, actors, camera)
        tracks, visibility = truth.observe(index, time, actors, owners, camera, self.options.min_visible)
        return StageFrame(Frame(index, time, image), tracks, visibility)

    def _actor(self, dancer: int, time: float, camera: Camera) -> compositing.Actor | None:
        """The dancer as seen, or None where nothing of them lies in the picture."""
        figure, place = self._figures[dancer], self._dances[dancer].place(time)
        skeleton, sway = self._moved(dancer, time)
        points, normals = figure.mesh(skeleton, sway)
        light = self._backdrop.brightness(place.x, place.z) * self._light_show.at(time, place.x, place.z)
        drawn = draw_with_faces(figure, points, normals, camera, self._backdrop.lighting, light)
        if drawn is None:
            return None
        sprite, seen = drawn
        if self.options.realism.shutter:
            sprite = blurred(sprite, self._movement(dancer, time, points, sway, camera)[seen])
        return compositing.Actor(dancer + 1, place, skeleton, figure.costume.build, sprite)

    def _movement(self, dancer: int, time: float, points: np.ndarray, sway: Sway, camera: Camera) -> np.ndarray:
        """Pixels (V, 2) float32 by which each of a dancer's points (V, 3) moves while the shutter is open."""
        figure, dance, end = self._figures[dancer], self._dances[dancer], time + self.options.realism.shutter
        later, _ = figure.mesh(posed(figure.costume.build, dance.place(end), dance.pose(end)), sway)
        return (camera.project(later)[0] - camera.project(points)[0]).astype(np.float32)

    def _moved(self, dancer: int, time: float) -> tuple[PosedSkeleton, Sway]:
        build, dance = self._figures[dancer].costume.build, self._dances[dancer]
        now = posed(build, dance.place(time), dance.pose(time))
        before = posed(build, dance.place(time - _HAIR_LAG), dance.pose(time - _HAIR_LAG))
        trail = np.clip(before.head - now.head, -0.4, 0.4)
        spin = (dance.place(time).yaw - dance.place(time - _HAIR_LAG).yaw) / 360 / _HAIR_LAG
        return now, Sway(trail, float(np.clip(spin, -2, 2)))
