"""Any frame on demand is the one `VideoReader` counts so, however one jumps about."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorTrc
from film import number, shoot

from tools.review.frames import FrameStore, absence, open_frames
from tracker.types import InputError
from tracker.video.tone_mapping import ToneMapper
from tracker.video.video_reader import VideoReader


@pytest.mark.parametrize("order", [range(30), range(29, -1, -1), [17, 3, 29, 0, 12, 11, 24, 23, 5]])
def test_every_frame_is_the_one_the_tracker_sees(dance_video: Path, order: list[int]):
    with VideoReader(dance_video) as reader:
        frames = [frame.image for frame in reader]
    store = FrameStore(dance_video)
    assert len(store.stamps) == len(frames) == 30
    for index in order:
        shown = cv2.imdecode(np.frombuffer(store.frame(index), np.uint8), cv2.IMREAD_COLOR)
        wanted = frames[index]
        assert wanted is not None
        assert np.abs(shown.astype(int) - wanted).mean() < 4
        # the bar is 7 pixels longer in each frame
        assert abs((shown[5, :, 1] > 150).sum() - 7 * index) <= 2
    store.close()


def damaged(path: Path, lost: tuple[int, ...]) -> Path:
    """A video of 100 frames, of which the `lost` ones cannot be decoded."""
    whole = shoot(path.with_name("whole.mkv"), 100, codec="mjpeg", pix_fmt="yuvj420p")
    with av.open(str(whole)) as source, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for place, packet in enumerate(source.demux(video=0)):
            if packet.dts is None:
                continue
            kept = av.Packet(bytes(40)) if place in lost else packet
            kept.pts, kept.dts, kept.time_base, kept.stream = packet.pts, packet.dts, packet.time_base, stream
            output.mux(kept)
    return path


def shown(store: FrameStore, index: int) -> int:
    """The number in the picture of a frame."""
    return number(cv2.imdecode(np.frombuffer(store.frame(index), np.uint8), cv2.IMREAD_COLOR))


def test_a_damaged_frame_hides_no_other_one(tmp_path: Path):
    store = FrameStore(damaged(tmp_path / "dance.mkv", (10, 99)))
    for index in (10, 99):
        with pytest.raises(InputError, match=f"frame {index} of dance.mkv cannot be decoded"):
            store.frame(index)
    assert [shown(store, index) for index in (11, 30, 98, 9, 70)] == [11, 30, 98, 9, 70]
    store.close()


@pytest.mark.parametrize("known", [slice(None), slice(3, None, 4)])
def test_damaged_frames_are_counted_as_the_tracker_counted_them(tmp_path: Path, known: slice):
    video = damaged(tmp_path / "dance.mkv", (0, 10, 11, 50))
    with VideoReader(video) as reader:
        seen = {frame.index: (frame.time, number(frame.image)) for frame in reader if frame.image is not None}
    assert len(seen) == 96
    peopled = list(seen)[known]
    store = FrameStore(video, times={index: seen[index][0] for index in peopled})
    assert [shown(store, index) for index in peopled] == [seen[index][1] for index in peopled]
    store.close()


def test_times_that_fit_no_frames_count_for_nothing(dance_video: Path):
    store = FrameStore(dance_video, times={0: 0.0, 20: 0.1, 10**12: 1.0})
    assert len(store.stamps) == 30
    store.close()


def test_pictures_of_high_dynamic_range_are_tone_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """White, a grey of 148 were it shown as it is. What tone mapping makes of colours is told elsewhere: it takes two
    seconds to begin."""
    white = np.full((32, 64, 3), 255, np.uint8)
    monkeypatch.setattr(ToneMapper, "__call__", lambda self, picture, width, height: white[:height, :width])
    with av.open(str(tmp_path / "phone.mov"), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p10le"
        stream.codec_context.color_trc = ColorTrc.SMPTE2084
        frame = av.VideoFrame(64, 32, "yuv420p10le")
        for plane, value in zip(frame.planes, (573, 512, 512), strict=True):  # white at 203 cd/m2, in ten bits
            plane.update(np.full(plane.buffer_size // 2, value, np.uint16).tobytes())
        output.mux([*stream.encode(frame), *stream.encode(None)])
    store = FrameStore(tmp_path / "phone.mov")
    shown = cv2.imdecode(np.frombuffer(store.frame(0), np.uint8), cv2.IMREAD_COLOR)
    store.close()
    assert shown.min() > 240


def test_a_frame_beyond_the_end_and_a_file_that_is_no_video_are_reported(dance_video: Path, tmp_path: Path):
    with pytest.raises(InputError, match="has frames 0 to 29, not 30"):
        FrameStore(dance_video).frame(30)
    with pytest.raises(InputError, match="there is no file"):
        FrameStore(tmp_path / "gone.mp4")
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(InputError, match="cannot be read as a video"):
        FrameStore(tmp_path / "text.mp4")


def test_what_is_not_there_any_more_is_named_but_no_camera_stream_or_pattern(tmp_path: Path):
    for name in ("gone.mp4", "gone [1].mp4", "gone/*.png"):
        with pytest.raises(InputError, match=r"no longer at .*gone.*; put it back, or name it with --video"):
            open_frames(str(tmp_path / name))
    (tmp_path / "1.png").touch()
    there = [str(tmp_path), str(tmp_path / "*.png"), str(tmp_path.parent / "**" / "1.png"), "0", "rtsp://stage/1"]
    assert [absence(opened) for opened in there] == [None] * 5


def test_a_picture_of_a_sequence_is_shown_at_its_own_frame_where_one_before_is_missing(tmp_path: Path):
    """Of four pictures, each of its own grey, the second is gone; frame 2, from 0, is 000003.png, of grey 90."""
    (tmp_path / "img1").mkdir()
    for n in (1, 3, 4):
        cv2.imwrite(str(tmp_path / f"img1/{n:06d}.png"), np.full((48, 64, 3), 30 * n, np.uint8))
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nseqLength=4\nimWidth=64\nimHeight=48\n")
    store = open_frames(str(tmp_path))
    shown = [cv2.imdecode(np.frombuffer(store.frame(index), np.uint8), cv2.IMREAD_COLOR) for index in (0, 2, 3)]
    assert [round(float(image.mean())) for image in shown if image is not None] == [30, 90, 120]
    with pytest.raises(InputError, match="no image for frame 1"):
        store.frame(1)
