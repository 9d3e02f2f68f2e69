"""Options of a rendered stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from tyro.conf import arg

from tracker.types import InputError

MAX_DANCERS = 16
MAX_SHUTTER = 0.1
MAX_SIDE = 8192
MAX_CUTS = 1000


@dataclass(frozen=True)
class Realism:
    """What makes a scene harder and more like footage. At the defaults the bytes are those of a scene without it.

    Raises InputError where a value cannot be rendered.
    """

    alike: float = 0.0
    """Likeness of the costumes, 0 to 1: at 1 all wear one uniform and differ in details."""
    variety: bool = False
    """Draw people, clothes, things carried, sets and cameras from a much wider choice."""
    turns: float = 0.0
    """Share of the stations at which a dancer faces any way, not the audience, 0 to 1."""
    floor_work: float = 0.0
    """Share of the stations at which a dancer moves on the floor, 0 to 1."""
    changing_light: float = 0.0
    """Strength of dimming, coloured washes, follow spots and slow strobes, 0 to 1."""
    shutter: float = 0.0
    """Seconds that the shutter is open: what moves is blurred."""
    camera_faults: float = 0.0
    """How far each camera may be from ideal, 0 to 1: exposure, colour, defocus, noise, compression."""

    def __post_init__(self) -> None:
        for name in ("alike", "turns", "floor_work", "changing_light", "camera_faults"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name.replace('_', ' ')} must be 0 to 1, not {getattr(self, name)}.")
        if not 0 <= self.shutter <= MAX_SHUTTER:
            raise InputError(f"shutter must be 0 to {MAX_SHUTTER} seconds, not {self.shutter}.")


@dataclass(frozen=True)
class StageOptions:
    """A scene: everything else about it, from costumes to choreography and set, follows from the seed.

    Raises InputError where a value cannot be rendered.
    """

    dancers: int = 5
    """Number of dancers."""
    twins: int = 0
    """Number of dancers (ids 1 to TWINS) who wear near-identical costumes, distinguished by hair and shoes."""
    seconds: float = 12.0
    """Length of the scene in seconds."""
    fps: float = 25.0
    """Frames per second; need not be whole."""
    width: int = 1280
    """Width of the picture in pixels, even."""
    height: int = 720
    """Height of the picture in pixels, even."""
    seed: int = 0
    """The same seed renders the same scene, byte for byte."""
    moving_camera: bool = False
    """Pan and zoom slowly instead of standing still."""
    cuts: int = 0
    """Number of camera cuts."""
    audio: bool = True
    """Add the sound of a beat."""
    min_visible: float = 0.2
    """A dancer with a smaller part of the silhouette in sight is left out of the truth of that frame."""
    realism: Annotated[Realism, arg(name="")] = field(default_factory=Realism)

    def __post_init__(self) -> None:
        problems = {
            f"dancers must be 1 to {MAX_DANCERS}, not {self.dancers}": not 1 <= self.dancers <= MAX_DANCERS,
            f"twins must be 0 to {self.dancers} (the dancers), not {self.twins}": not 0 <= self.twins <= self.dancers,
            f"seconds must be more than 0, not {self.seconds}": not 0 < self.seconds < 36000,
            f"fps must be 1 to 240, not {self.fps}": not 1 <= self.fps <= 240,
            f"width and height must be even, 64 to {MAX_SIDE}, not {self.width}x{self.height}": (
                not all(64 <= side <= MAX_SIDE and side % 2 == 0 for side in (self.width, self.height))
            ),
            f"seed must not be negative, not {self.seed}": self.seed < 0,
            f"cuts must be 0 to {MAX_CUTS}, not {self.cuts}": not 0 <= self.cuts <= MAX_CUTS,
            f"min visible must be 0 to 1, not {self.min_visible}": not 0 <= self.min_visible <= 1,
        }
        for problem, found in problems.items():
            if found:
                raise InputError(f"{problem}.")

    @property
    def frame_count(self) -> int:
        return max(1, round(self.seconds * self.fps))
