"""A pinhole camera in front of the stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .rotation import about_x, about_y


@dataclass(frozen=True)
class Camera:
    """Position in world metres, pan (to the right) and tilt (down) in degrees, focal length in pixels, picture size."""

    position: tuple[float, float, float]
    pan: float
    tilt: float
    focal: float
    width: int
    height: int

    @property
    def rotation(self) -> np.ndarray:
        """World to camera, (3, 3); the camera looks along its own -z."""
        return about_x(self.tilt) @ about_y(self.pan)

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """World points (..., 3) to pixels (..., 2) and depths (...) in metres, at least 0.05."""
        seen = (points - np.array(self.position)) @ self.rotation.T
        depth = np.maximum(-seen[..., 2], 0.05)
        scale = self.focal / depth
        return np.stack([self.width / 2 + seen[..., 0] * scale, self.height / 2 - seen[..., 1] * scale], -1), depth

    def plane(self, origin: np.ndarray, right: np.ndarray, down: np.ndarray) -> np.ndarray:
        """The homography (3, 3) from the coordinates of a plane, `origin + a * right + b * down`, to pixels."""
        columns = np.stack([right, down, origin - np.array(self.position)], axis=1)
        to_pixels = np.array([[self.focal, 0, -self.width / 2], [0, -self.focal, -self.height / 2], [0, 0, -1.0]])
        return to_pixels @ self.rotation @ columns

    def from_here(self, x: float, z: float) -> tuple[float, float]:
        """A point of the floor as metres to the right of the camera, and away from it, along the floor."""
        across, along = x - self.position[0], z - self.position[2]
        cos, sin = np.cos(np.radians(self.pan)), np.sin(np.radians(self.pan))
        return float(across * cos + along * sin), float(across * sin - along * cos)

    def half_width(self, z: float) -> float:
        """Metres from the middle of the picture to its edge at the stage depth z, were the camera not panned."""
        return (self.position[2] - z) * self.width / (2 * self.focal)
