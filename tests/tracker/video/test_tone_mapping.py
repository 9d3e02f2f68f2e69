"""Videos of high dynamic range, as phones record them, are read in the colours of ordinary screens."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorTrc

from tracker.video.video_reader import VideoReader

WIDTH, HEIGHT = 192, 108
BT2020 = 9
"""FFmpeg's AVCOL_PRI_BT2020 and AVCOL_SPC_BT2020_NCL."""
RED, GREEN, GREY, WHITE = (255, 0, 0), (0, 255, 0), (124, 124, 124), (255, 255, 255)
HLG = {RED: (392, 395, 715), GREEN: (641, 328, 431), GREY: (463, 512, 512), WHITE: (721, 512, 512)}
"""Y, U, V in ten bits of these colours of BT.709, with white at the 203 cd/m2 that BT.2408 recommends for it."""
PQ = {RED: (392, 438, 608), GREEN: (529, 424, 474), GREY: (433, 512, 512), WHITE: (573, 512, 512)}


def paint(path: Path, colours: dict, transfer: ColorTrc, turned: int, aspect: Fraction) -> Path:
    """A video of BT.2020 with upright stripes of these colours."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p10le"
        coder = stream.codec_context
        coder.color_trc, coder.color_primaries, coder.colorspace = transfer, BT2020, BT2020
        coder.sample_aspect_ratio = aspect
        stream.set_display_rotation(turned)
        for _ in range(3):
            frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p10le")
            for plane, values in zip(frame.planes, zip(*colours.values(), strict=True), strict=True):
                row = np.repeat(np.array(values, np.uint16), plane.width // len(values))
                line = np.zeros(plane.line_size // 2, np.uint16)
                line[: len(row)] = row
                plane.update(np.tile(line, plane.height).tobytes())
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("colours", "transfer", "turned", "aspect"),
    [(HLG, ColorTrc.ARIB_STD_B67, -90, Fraction(4, 3)), (PQ, ColorTrc.SMPTE2084, 0, Fraction(1))],
    ids=["HLG, an upright phone", "PQ"],
)
def test_colours_are_those_of_an_ordinary_video(
    colours: dict, transfer: ColorTrc, turned: int, aspect: Fraction, tmp_path: Path
):
    """Within the latitude of tone mapping; read as they are, white would be a grey of 191 (HLG) and 148 (PQ)."""
    images = [frame.image for frame in VideoReader(paint(tmp_path / "phone.mov", colours, transfer, turned, aspect))]
    assert len(images) == 3
    for image in images:
        lying = np.rot90(image) if turned else image
        assert lying.shape == (HEIGHT, WIDTH * aspect, 3)
        stripes = np.array_split(lying[:, :, ::-1], len(colours), axis=1)
        shown = np.array([stripe[10:-10, 10:-10].mean((0, 1)) for stripe in stripes])
        assert shown == pytest.approx(np.array(list(colours)), abs=70)
        assert shown[-1].min() > 250
        assert np.ptp(shown[-2]) < 2
