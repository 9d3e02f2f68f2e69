"""Colour histograms as an encoder: the baseline for networks.

A crop is cut into horizontal stripes (head to feet), each described by its histogram over hue, saturation and value
(Swain and Ballard, "Color Indexing", IJCV 1991). The vector holds the square roots of all shares, so the dot product of
two is the Bhattacharyya coefficient of Comaniciu et al. ("Kernel-Based Object Tracking", PAMI 2003), averaged over the
stripes. Its file is JSON: the fields of `HistogramOptions`, and `metadata`, in which the calibration stands.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from models.digest import sha256
from models.errors import WeightsError
from models.limits import LARGEST_SIDE, LONGEST_VECTOR

from .exported_encoder import OpenEncoder, read_facts

HUES, LEVELS = 180, 256  # how many values OpenCV gives a hue, and a saturation or value, in 8 bits


@dataclass(frozen=True)
class HistogramOptions:
    """How fine the histograms are."""

    height: int = 96
    """Height in pixels to which crops are resized."""
    width: int = 48
    """Width in pixels to which crops are resized."""
    stripes: int = 6
    """Horizontal stripes, each with a histogram of its own."""
    hues: int = 8
    """Bins of hue."""
    saturations: int = 4
    """Bins of saturation."""
    values: int = 4
    """Bins of value."""
    margin: float = 0.2
    """Share of the width left out on each side, where the background is."""

    @property
    def dimension(self) -> int:
        return self.stripes * self.hues * self.saturations * self.values


def open_histogram(path: Path) -> OpenEncoder:
    """Raises WeightsError where the file does not hold the fields of `HistogramOptions`."""
    try:
        read = read_facts(path.read_bytes())
        options = HistogramOptions(**{field.name: read[field.name] for field in fields(HistogramOptions)})
        metadata = dict(read["metadata"])
        require_small(options)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WeightsError(f"{path} describes no colour histogram; give `histogram`, or an encoder's file.") from error
    run = partial(histograms, options=options)
    return OpenEncoder(run, options.height, options.width, options.dimension, metadata, sha256(path))


def require_small(options: HistogramOptions) -> None:
    """Raises ValueError for numbers with which no histogram can be made, or one that fills the memory."""
    for field in fields(HistogramOptions):
        number, kind = getattr(options, field.name), float if field.name == "margin" else int
        if isinstance(number, bool) or not isinstance(number, kind):
            raise ValueError(f"{field.name} is no number")
    counts = (options.stripes, options.hues, options.saturations, options.values)
    if not (min(options.height, options.width) > 0 and max(options.height, options.width) <= LARGEST_SIDE):
        raise ValueError("its crops have no size, or too large a one")
    if min(counts) < 1 or options.stripes > options.height or options.dimension > LONGEST_VECTOR:
        raise ValueError("it has no bins, or too many")
    if not 0 <= options.margin <= 0.4 or options.width < 4:
        raise ValueError("its margin leaves nothing")


def histograms(images: np.ndarray, options: HistogramOptions) -> np.ndarray:
    """Images (B, H, W, 3) uint8 BGR to (B, D) float32 rows of length 1, none of whose entries is negative."""
    side = round(options.margin * images.shape[2])
    middle = images[:, :, side : images.shape[2] - side]
    rows = np.array([histogram(image, options) for image in middle], np.float32).reshape(-1, options.dimension)
    return np.sqrt(rows / options.stripes)


def histogram(image: np.ndarray, options: HistogramOptions) -> np.ndarray:
    """(h, w, 3) uint8 BGR to the stripes' shares, (stripes, bins) float64, rows of sum 1."""
    hsv = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_BGR2HSV).astype(np.int64)
    hue, saturation, value = np.moveaxis(hsv, -1, 0)
    bins = hue * options.hues // HUES
    bins = bins * options.saturations + saturation * options.saturations // LEVELS
    bins = bins * options.values + value * options.values // LEVELS
    size = options.hues * options.saturations * options.values
    counts = np.array([np.bincount(part.ravel(), minlength=size) for part in np.array_split(bins, options.stripes)])
    return counts / counts.sum(axis=1, keepdims=True)
