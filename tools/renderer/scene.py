"""A whole scene: frames with their truth, and its sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tracker.types import Frame, FrameTracks

from . import beat, compositing, truth
from .backdrop import Backdrop
from .camerawork import Camerawork
from .choreography import BEAT, routes
from .costume import costumes
from .figure import Figure
from .figure_part import Sway
from .motion import Dance, score_of
from .options import StageOptions
from .raster import draw
from .skeleton import PosedSkeleton, posed

_HAIR_LAG = 0.12


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
        self._figures = [Figure(costume) for costume in costumes(options.dancers, options.twins, wardrobe)]
        self._camerawork = Camerawork(options, filming)
        self._backdrop = Backdrop(scenery, min(1.0, options.width / 1280))
        plans = routes(options.dancers, options.twins, options.seconds, self._camerawork.shots[0], choreography)
        beats = int(options.seconds / BEAT) + 4
        score, unison = score_of(beats, motion), float(motion.uniform(0.2, 0.9))
        self._dances = [
            Dance(route, figure.costume.build, score, unison, motion)
            for route, figure in zip(plans, self._figures, strict=True)
        ]

    def audio(self) -> tuple[np.ndarray, int]:
        """Samples (S,) float32 in -1..1, and how many there are a second."""
        return beat.samples(self.options.seconds, BEAT, np.random.default_rng([self.options.seed, 9])), beat.RATE

    def frames(self) -> Iterator[StageFrame]:
        """The frames in order of time."""
        canvas = compositing.Canvas(self._backdrop, self.options)
        for index in range(self.options.frame_count):
            yield self._frame(index, index / self.options.fps, canvas)

    def _frame(self, index: int, time: float, canvas: compositing.Canvas) -> StageFrame:
        camera = self._camerawork.at(time)
        actors = []
        for dancer, (figure, dance) in enumerate(zip(self._figures, self._dances, strict=True)):
            if dance.away(time):
                continue
            skeleton, sway = self._moved(dancer, time)
            place = dance.place(time)
            light = self._backdrop.brightness(place.x, place.z)
            sprite = draw(figure, *figure.mesh(skeleton, sway), camera, self._backdrop.lighting, light)
            if sprite is not None:
                actors.append(compositing.Actor(dancer + 1, place, skeleton, figure.costume.build, sprite))
        image, owners = canvas.compose(index, actors, camera)
        tracks, visibility = truth.observe(index, time, actors, owners, camera, self.options.min_visible)
        return StageFrame(Frame(index, time, image), tracks, visibility)

    def _moved(self, dancer: int, time: float) -> tuple[PosedSkeleton, Sway]:
        build, dance = self._figures[dancer].costume.build, self._dances[dancer]
        now = posed(build, dance.place(time), dance.pose(time))
        before = posed(build, dance.place(time - _HAIR_LAG), dance.pose(time - _HAIR_LAG))
        trail = np.clip(before.head - now.head, -0.4, 0.4)
        spin = (dance.place(time).yaw - dance.place(time - _HAIR_LAG).yaw) / 360 / _HAIR_LAG
        return now, Sway(trail, float(np.clip(spin, -2, 2)))
