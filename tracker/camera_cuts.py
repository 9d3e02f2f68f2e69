"""Hard cuts: the first frames of another camera or another scene.

Two things are compared in small thumbnails, the brightness and its local contrast, each as the best normalised
cross-correlation over small shifts (OpenCV's TM_CCOEFF_NORMED). Neither gain nor offset changes the one, nor a light on
a part of the stage the other, and the shifts compensate for a pan. A cut changes both, against every picture of the
last moment, and by much more than the pictures of the last second changed: a strobe shows the same stage again, and a
shaking camera has a high mean change. Pictures with next to no contrast (blackouts, white flashes, people on a black
stage) are skipped, and the next picture is compared with those before them. A cut to nearly the same view counts as
none: positions still hold there.

Only past frames are used, so a flash that covers the whole stage counts as a cut when it begins and when it ends. The
cost of the two errors decided the threshold: a missed cut gives each identity to the person at the same position, for
good; a false one loses the positions of the people in sight, who are then recognised by appearance, or without an
encoder get new ids unless the pictures share a view (`shared_view`). So the threshold lies in the middle of the wide
gap between the two kinds (real cuts changed 0.6 and more, everything else 0.2 and less).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from .option_ranges import require_above
from .types import MIN_ABSENCE, Frame, Recovery

SIZE = 32
"""Width and height of the thumbnails in pixels."""
SHIFT = 3
"""Pixels of a thumbnail by which a picture may have moved and still be the same: a tenth of its size."""

REACH = 9
"""Pixels of a thumbnail over which contrast is local."""
EVEN = 4.0
"""Local standard deviation of the brightness (0 to 255) up to which nothing is to be seen."""


@dataclass(frozen=True, slots=True)
class CameraCutOptions:
    """When a change between pictures counts as a camera cut."""

    min_change: float = 0.4
    """Minimum dissimilarity to the previous frames at which a cut is declared: 0 is the same picture, 1 nothing in
    common; it can be more."""
    lead: float = 2.5
    """Minimum ratio of the change to the recent mean change."""
    level: float = 1.0
    """Window of the recent mean change, seconds."""
    flash: float = 0.4
    """No cut is declared if the picture resembles one of the last so many seconds (the end of a flash, a strobe)."""
    min_detail: float = 0.4
    """Minimum share of the picture with local contrast: on a black stage, a person who appears changes all of it."""

    def __post_init__(self) -> None:
        require_above(0.0, "camera-cuts", self, "level")


@dataclass(frozen=True, slots=True)
class _Thumbnail:
    """Brightness of a picture, (SIZE, SIZE) float32, and how much that had changed."""

    time: float
    brightness: np.ndarray
    change: float


class CameraCuts:
    """Finds cuts in the frames of one video, given one after the other."""

    def __init__(self, options: CameraCutOptions | None = None) -> None:
        self.options = options or CameraCutOptions()
        self._recent: deque[_Thumbnail] = deque()

    def is_cut(self, frame: Frame) -> bool:
        """Whether there is a camera cut at this frame; never for frames without an image."""
        if frame.image is None:
            return False
        brightness = _brightness(frame.image)
        contrast, spread = _local(brightness)
        if np.mean(spread > EVEN) < self.options.min_detail:
            return False
        change = _dissimilarity(self._recent[-1].brightness, brightness) if self._recent else 0.0
        cut = change > self._threshold() and self._is_new(frame.time, brightness, contrast)
        if cut:
            self._recent.clear()
        self._recent.append(_Thumbnail(frame.time, brightness, 0.0 if cut else change))
        while frame.time - self._recent[0].time > max(self.options.level, self.options.flash):
            self._recent.popleft()
        return cut

    def _threshold(self) -> float:
        level = float(np.mean([picture.change for picture in self._recent])) if self._recent else 0.0
        return max(self.options.min_change, self.options.lead * level)

    def _is_new(self, now: float, brightness: np.ndarray, contrast: np.ndarray) -> bool:
        """Whether neither brightness nor local contrast is like those of any picture of the last moment."""
        min_change = self.options.min_change
        since = min(self._recent[-1].time, now - self.options.flash)
        return all(
            _dissimilarity(earlier.brightness, brightness) > min_change
            and _dissimilarity(_local(earlier.brightness)[0], contrast) > min_change
            for earlier in self._recent
            if earlier.time >= since
        )


def explains(cut: float, recovery: Recovery) -> bool:
    """Whether the person was in sight until this cut, or was from it on: another camera, not a way off the stage and
    back, explains the absence. `cut` is in seconds."""
    since_left, until_back = cut - (recovery.time - recovery.away), recovery.time - cut
    return min(since_left, until_back) >= 0 and min(since_left, until_back) < MIN_ABSENCE


def with_cuts(recoveries: Sequence[Recovery], cuts: Sequence[float]) -> list[Recovery]:
    """The same recoveries, marked where one of the camera cuts (seconds) explains them."""
    return [replace(recovery, across_cut=any(explains(cut, recovery) for cut in cuts)) for recovery in recoveries]


def _brightness(image: np.ndarray) -> np.ndarray:
    """(SIZE, SIZE) float32 of a picture (H, W, 3) BGR; leaving rows and columns out first saves most of the work."""
    step = max(1, min(image.shape[:2]) // (2 * SIZE))
    small = cv2.resize(image[::step, ::step], (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)


def _local(brightness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far each pixel is from those around it, in their standard deviations, and that; both (SIZE, SIZE)."""
    mean = cv2.blur(brightness, (REACH, REACH))
    spread = np.sqrt(np.maximum(cv2.blur(brightness * brightness, (REACH, REACH)) - mean * mean, 0.0))
    return (brightness - mean) / (spread + EVEN), spread


def _dissimilarity(before: np.ndarray, after: np.ndarray) -> float:
    """0 where the two (SIZE, SIZE) are the same but for gain, offset and a small shift, 1 where nothing is."""
    middle = np.ascontiguousarray(before[SHIFT:-SHIFT, SHIFT:-SHIFT])
    return 1.0 - float(cv2.matchTemplate(after, middle, cv2.TM_CCOEFF_NORMED).max())
