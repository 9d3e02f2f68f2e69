"""Renders dancers on a lit stage with exact truth: identities, boxes, 17 keypoints and visibility.

World coordinates are metres: x to the right of the picture, y up from the floor, z towards the audience.
A body's own axes are x to its left, y up, z forward, so a dancer with yaw 0 faces the audience.
"""

from .options import StageOptions
from .scene import Scene, StageFrame

__all__ = ["Scene", "StageFrame", "StageOptions"]
