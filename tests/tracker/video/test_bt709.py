"""The colours of HD video, against the standard's numbers and against FFmpeg."""

import av
import numpy as np
import pytest
from av.video.reformatter import Colorspace, Interpolation

from tracker.video.bt709 import yuv420p

ROUNDED = Interpolation.AREA | Interpolation.ACCURATE_RND


@pytest.mark.parametrize(
    ("bgr", "coded"),
    [
        ((0, 0, 0), (16, 128, 128)),
        ((255, 255, 255), (235, 128, 128)),
        ((0, 0, 255), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((255, 0, 0), (32, 240, 118)),
    ],
)
def test_pure_colours_have_the_standards_values(bgr: tuple[int, int, int], coded: tuple[int, int, int]):
    """Red: 16 + 219 * 0.2126 = 62.6, 128 - 224 * 0.2126 / 1.8556 = 102.3, 128 + 112 = 240."""
    planes = yuv420p(np.full((4, 6, 3), bgr, np.uint8)).to_ndarray()
    assert planes.shape == (6, 6), "four rows of luma, and two rows' worth for the colours"
    assert (planes[:4] == coded[0]).all()
    assert (planes[4] == coded[1]).all()
    assert (planes[5] == coded[2]).all()


def test_four_pixels_share_their_mean_colour_and_keep_their_own_luma():
    """Rows of red and black: half of red's distance from grey, (102.3 - 128) / 2 and (240 - 128) / 2."""
    image = np.zeros((4, 4, 3), np.uint8)
    image[::2, :, 2] = 255
    planes = yuv420p(image).to_ndarray()
    assert planes[:4, 0].tolist() == [63, 16, 63, 16]
    assert np.abs(planes[4].astype(int) - 115).max() <= 1
    assert np.abs(planes[5].astype(int) - 184).max() <= 1


@pytest.mark.parametrize(("height", "width"), [(96, 128), (34, 18), (358, 642), (2, 2)])
def test_a_picture_is_coded_as_ffmpeg_codes_it(height: int, width: int):
    """Also where a plane of colours has an odd number of rows or columns."""
    coarse = np.random.default_rng(1).integers(0, 256, (height // 2, width // 2, 3)).astype(np.uint8)
    image = np.ascontiguousarray(coarse.repeat(2, axis=0).repeat(2, axis=1))
    theirs = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, interpolation=ROUNDED
    )
    for ours, other in zip(planes(yuv420p(image)), planes(theirs), strict=True):
        assert np.abs(ours.astype(int) - other).max() <= 1


def planes(frame: av.VideoFrame) -> list[np.ndarray]:
    """Luma and the two colour differences; not as `to_ndarray` gives them, which wants heights that divide by four."""
    rows = [np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size) for plane in frame.planes]
    return [each[:, : plane.width] for each, plane in zip(rows, frame.planes, strict=True)]
