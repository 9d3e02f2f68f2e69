"""Tone mapping: pictures of high dynamic range, as phones record them, in the colours of ordinary screens."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import ColorTrc

HIGH_DYNAMIC_RANGE = frozenset({ColorTrc.ARIB_STD_B67, ColorTrc.SMPTE2084})
"""Transfer functions: HLG and PQ."""


class ToneMapper:
    """Pictures of high dynamic range to (height, width, 3) uint8 BGR images in BT.709, by FFmpeg's tone mapping.

    The first picture takes two seconds: FFmpeg makes a table of colours.
    """

    def __init__(self) -> None:
        self._kind: tuple[int, int, str, int, int] | None = None
        self._graph = Graph()

    def __call__(self, picture: VideoFrame, width: int, height: int) -> np.ndarray:
        kind = (picture.width, picture.height, picture.format.name, width, height)
        if kind != self._kind:
            self._kind, self._graph = kind, _built(picture, width, height)
        graph = self._graph
        graph.vpush(picture)
        return graph.vpull().to_ndarray()

    def close(self) -> None:
        """Let go of FFmpeg's threads."""
        self._kind, self._graph = None, Graph()


def _built(picture: VideoFrame, width: int, height: int) -> Graph:
    graph = Graph()
    graph.link_nodes(
        graph.add_buffer(
            width=picture.width, height=picture.height, format=picture.format, time_base=Fraction(1, 1000)
        ),
        graph.add("format", "gbrp10le"),  # a third faster than a table of YUV colours
        graph.add("scale", f"{width}:{height}:out_primaries=bt709:out_transfer=bt709"),
        graph.add("format", "bgr24"),
        graph.add("buffersink"),
    ).configure()
    return graph
