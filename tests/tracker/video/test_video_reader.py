"""Videos as people have them: phones, old cameras, broken downloads. Each is made here as a real file and read back."""

from __future__ import annotations

import gc
import itertools
import os
import threading
import weakref
from fractions import Fraction

import av
import numpy as np
import pytest
from av.container import InputContainer
from film import cut, number, picture, shoot

from tracker.types import InputError
from tracker.video.video_reader import VideoReader


def has_encoder(name: str) -> bool:
    try:
        av.Codec(name, "w")
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("phone.mp4", "libx264", "yuv420p"),
        ("ten_bit.mp4", "libx264", "yuv420p10le"),
        ("full_range.mp4", "libx264", "yuvj420p"),
        ("editing.mov", "libx264", "yuv422p"),
        ("old.avi", "mpeg4", "yuv420p"),
        ("web.webm", "libvpx-vp9", "yuv420p"),
        ("screen.mkv", "libx264", "yuv444p"),
        ("broadcast.ts", "libx264", "yuv420p"),
        ("new_phone.mp4", "libx265", "yuv420p"),
        ("new_phone_hdr.mp4", "libx265", "yuv420p10le"),
    ],
)
def test_every_frame_of_every_common_kind_arrives_in_order(tmp_path, name, codec, pix_fmt):
    if not has_encoder(codec):
        pytest.skip(f"no {codec} here")
    path = shoot(tmp_path / name, 24, codec=codec, pix_fmt=pix_fmt)
    with VideoReader(path) as reader:
        frames = list(reader)
        assert (reader.width, reader.height, reader.fps, reader.frame_count) == (128, 96, 30.0, 24)
    assert [frame.index for frame in frames] == list(range(24))
    assert [number(frame.image) for frame in frames] == list(range(24))
    assert np.allclose([frame.time for frame in frames], np.arange(24) / 30, atol=1e-3)
    assert all(frame.image.shape == (96, 128, 3) and frame.image.dtype == np.uint8 for frame in frames)
    assert reader.warning is None


def test_raw_h264_has_no_stamps_and_runs_at_the_rate_in_its_header(tmp_path):
    path = shoot(tmp_path / "camera.h264", 20, rate=50)
    with VideoReader(path) as reader:
        frames = list(reader)
        assert reader.frame_count is None
    assert np.allclose([frame.time for frame in frames], np.arange(20) / 50)
    assert [number(frame.image) for frame in frames] == list(range(20))


def test_avi_with_b_frames_keeps_its_order_and_rhythm(tmp_path):
    path = shoot(tmp_path / "old.avi", 24, codec="mpeg4", rate=25, options={"bf": "2"})
    with VideoReader(path) as reader:
        frames = list(reader)
    assert [number(frame.image) for frame in frames] == list(range(24))
    assert np.allclose([frame.time for frame in frames], np.arange(24) / 25, atol=2e-3)


def test_odd_sizes_are_read_whole(tmp_path):
    path = shoot(tmp_path / "odd.mp4", 5, width=127, height=95, pix_fmt="yuv444p")
    with VideoReader(path) as reader:
        assert (reader.width, reader.height) == (127, 95)
        assert next(iter(reader)).image.shape == (95, 127, 3)


def test_29_97_stays_29_97(tmp_path):
    with VideoReader(shoot(tmp_path / "ntsc.mp4", 30, rate=Fraction(30000, 1001))) as reader:
        assert reader.fps == 30000 / 1001
        *_, last = reader
    assert last.time == pytest.approx(29 * 1001 / 30000, abs=1e-6)


def test_uneven_frame_times_come_from_the_file(tmp_path):
    ticks = [0, 20, 60, 61, 200, 420, 440, 1000]  # of 1/600 s: gaps from 1.7 ms to 0.93 s
    with VideoReader(shoot(tmp_path / "phone.mp4", 8, ticks=ticks)) as reader:
        times = [frame.time for frame in reader]
    assert np.allclose(times, np.array(ticks) / 600, atol=1e-4)


def test_time_starts_at_zero_and_the_offset_to_the_sound_is_kept(tmp_path):
    ticks = [300 + 20 * index for index in range(30)]  # the pictures begin 0.5 s after the sound
    path = shoot(tmp_path / "late.mp4", 30, ticks=ticks, sound="aac", sound_seconds=1.5)
    with VideoReader(path) as reader:
        times = [frame.time for frame in reader]
        assert reader.audio_offset == pytest.approx(0.5, abs=1e-3)
        assert reader.audio_from == path
    assert times[0] == 0.0
    assert times[-1] == pytest.approx(29 / 30, abs=1e-3)


@pytest.mark.parametrize(("turned", "corner"), [(0, (0, 0)), (90, (-1, 0)), (180, (-1, -1)), (-90, (0, -1))])
def test_phone_video_stands_upright(tmp_path, turned, corner):
    """The white corner of the stored picture goes where an anticlockwise turn takes it."""
    with VideoReader(shoot(tmp_path / "phone.mp4", 3, turned=turned)) as reader:
        assert (reader.width, reader.height) == ((96, 128) if abs(turned) == 90 else (128, 96))
        image = next(iter(reader)).image
    assert image.shape == (reader.height, reader.width, 3)
    assert image.flags.c_contiguous
    corners = {(y, x): image[10 * y + 5 * (y < 0), 10 * x + 5 * (x < 0)].mean() for y in (0, -1) for x in (0, -1)}
    assert max(corners, key=corners.get) == corner
    expected = np.rot90(picture(0, 128, 96), turned // 90)
    assert np.abs(image.astype(int) - expected).mean() < 4


def test_squeezed_pixels_are_made_square(tmp_path):
    path = tmp_path / "dv.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 96, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        output.mux(stream.encode(av.VideoFrame.from_ndarray(picture(0, 96, 96), format="bgr24")))
        output.mux(stream.encode(None))
    with VideoReader(path) as reader:
        assert (reader.width, reader.height) == (128, 96)
        assert next(iter(reader)).image.shape == (96, 128, 3)


def test_stride_keeps_every_third_frame_and_its_number(tmp_path):
    path = shoot(tmp_path / "dance.mp4", 20)
    with VideoReader(path, vid_stride=3) as reader:
        frames = list(reader)
        assert (reader.fps, reader.frame_count) == (10.0, 7)
    assert [frame.index for frame in frames] == [0, 3, 6, 9, 12, 15, 18]
    assert [number(frame.image) for frame in frames] == [0, 3, 6, 9, 12, 15, 18]
    assert frames[-1].time == pytest.approx(0.6, abs=1e-3)
    with pytest.raises(InputError, match="stride is 0"):
        VideoReader(path, vid_stride=0)


def test_colours_are_right_whichever_matrix_coded_them(tmp_path):
    red = np.zeros((96, 128, 3), np.uint8)
    red[..., 2] = 200
    for name, matrix in (("hd.mp4", 1), ("sd.mp4", 6), ("untold_sd.mp4", 2)):
        path = tmp_path / name
        with av.open(str(path), "w") as output:
            stream = output.add_stream("libx264", rate=30, options={"crf": "1"})
            stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
            stream.codec_context.colorspace = matrix
            frame = av.VideoFrame.from_ndarray(red, format="bgr24")
            coded = frame.reformat(format="yuv420p", dst_colorspace="itu709" if matrix == 1 else "itu601")
            output.mux(stream.encode(coded))
            output.mux(stream.encode(None))
        with VideoReader(path) as reader:
            image = next(iter(reader)).image
        assert np.abs(image.reshape(-1, 3).mean(0) - [0, 0, 200]).max() < 5, name


@pytest.mark.parametrize("name", ["moov_in_front.mp4", "film.mkv", "old.avi"])
def test_a_video_cut_short_gives_what_it_has_and_says_so(tmp_path, name):
    whole = shoot(
        tmp_path / name, 240, codec="mpeg4" if name.endswith("avi") else "libx264", faststart=name.endswith("mp4")
    )
    with VideoReader(cut(whole, 0.6, "cut_" + name)) as reader:
        frames = list(reader)
    assert 60 < len(frames) < 200
    shown = np.array([number(frame.image) for frame in frames])
    assert shown[:50].tolist() == list(range(50))
    assert np.allclose([frame.time for frame in frames], shown / 30, atol=2e-3)
    assert reader.warning is not None
    end = (shown[-1] + 1) / 30
    assert f"cut_{name} breaks off at {end:.1f} s of 8.0 s" in reader.warning


def test_a_whole_mp4_of_uneven_rhythm_does_not_break_off(tmp_path):
    """Five frames 0.6 s apart, then 25 a second: 2.4 s and 35 of 0.04 s. By its average rate FFmpeg has it last 5 s."""
    ticks = [*range(0, 5 * 360, 360), *range(1440 + 24, 1440 + 36 * 24, 24)]
    path = shoot(tmp_path / "phone.mp4", 40, ticks=ticks)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert container.duration / av.time_base == pytest.approx(3.84, abs=0.01)
        assert stream.frames / stream.average_rate > 4.5
    with VideoReader(path) as reader:
        assert len(list(reader)) == 40
    assert reader.warning is None


@pytest.mark.parametrize("name", ["late.mkv", "late.mp4"])
def test_a_whole_video_whose_stamps_begin_late_does_not_break_off(tmp_path, name):
    """30 frames from 10 s on: Matroska tells the end, 11 s, for the length, 1 s."""
    path = shoot(tmp_path / name, 30, ticks=range(6000, 6600, 20))
    with VideoReader(path) as reader:
        assert reader.frame_count == 30
        assert len(list(reader)) == 30
    assert reader.warning is None


def test_a_late_matroska_that_is_cut_says_where_it_breaks_off(tmp_path):
    whole = shoot(tmp_path / "late.mkv", 240, ticks=range(6000, 6000 + 240 * 20, 20))
    with VideoReader(cut(whole, 0.6, "cut.mkv")) as reader:
        end = (number([*reader][-1].image) + 1) / 30
    assert reader.warning is not None
    assert f"breaks off at {end:.1f} s of 8.0 s" in reader.warning


def test_a_cut_video_whose_sound_goes_on_is_noticed_but_long_sound_alone_is_not(tmp_path):
    path = shoot(tmp_path / "song.mp4", 30, sound="aac", sound_seconds=4.0)
    with VideoReader(path) as reader:
        assert len(list(reader)) == 30
    assert reader.warning is None


def test_damage_in_the_middle_costs_some_frames_and_is_reported(tmp_path):
    path = shoot(tmp_path / "old.avi", 120, codec="mpeg4", width=320, height=240, options={"g": "12"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 300] = bytes(np.random.default_rng(0).integers(0, 255, 300, dtype=np.uint8))
    path.write_bytes(data)
    with VideoReader(path) as reader:
        frames = list(reader)
    assert 100 <= len(frames) < 120
    assert number(frames[-1].image) == 119
    assert frames[-1].time == pytest.approx(119 / 30, abs=0.1)  # AVI has no stamps: chunks lost are time lost
    assert "damaged and left out" in str(reader.warning)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.mp4", None, "there is no file"),
        ("letter.mp4", b"Dear mother, this is no video.\n" * 40, "no video at all"),
        ("letter.txt", b"Dear mother, this is no video.\n" * 40, "no.* video"),
        ("empty.mp4", b"", "no video at all"),
    ],
)
def test_what_is_no_video_is_refused_in_one_sentence(tmp_path, name, content, sentence):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=sentence) as refusal:
        VideoReader(path)
    assert "\n" not in str(refusal.value)
    assert name in str(refusal.value)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        VideoReader(tmp_path)


def test_an_mp4_cut_before_its_index_is_refused(tmp_path):
    whole = shoot(tmp_path / "recording.mp4", 60)
    with pytest.raises(InputError, match="damaged, cut short"):
        VideoReader(cut(whole, 0.6, "cut.mp4"))


def test_a_song_is_refused(tmp_path):
    path = tmp_path / "song.mp3"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libmp3lame" if has_encoder("libmp3lame") else "mp3", rate=44100)
        stream.layout = "mono"
        block = av.AudioFrame.from_ndarray(np.zeros((1, 44100), np.float32), "fltp", "mono")
        block.sample_rate = 44100
        output.mux(stream.encode(block))
        output.mux(stream.encode(None))
    with pytest.raises(InputError, match="no video stream"):
        VideoReader(path)


def test_a_video_without_frames_is_refused(tmp_path):
    path = shoot(tmp_path / "nothing.mp4", 0, sound="aac", sound_seconds=1.0)
    with pytest.raises(InputError, match=r"no frame|no video stream"):
        VideoReader(path)


def test_a_video_all_of_whose_frames_are_broken_is_refused(tmp_path):
    path = shoot(tmp_path / "noise.mkv", 1)
    data = bytearray(path.read_bytes())
    begin = data.index(b"\x1f\x43\xb6\x75") + 40  # Matroska's cluster: only the picture itself is spoilt
    data[begin:] = bytes(len(data) - begin)
    path.write_bytes(data)
    with pytest.raises(InputError, match="no frame"):
        VideoReader(path)


def test_an_address_without_a_server_is_refused_soon():
    with pytest.raises(InputError, match="cannot be opened"):
        VideoReader("rtsp://127.0.0.1:9/camera")


def decoders() -> int:
    """How many files and pictures FFmpeg has open here."""
    return sum(type(one) in (av.VideoFrame, InputContainer) for one in gc.get_objects())


@pytest.mark.parametrize("whole", [True, False])
def test_a_reader_that_is_closed_keeps_no_decoder(tmp_path, whole):
    """Of many damaged videos in one process, each left its decoder's threads until no more could be begun."""
    path = shoot(tmp_path / "a.mp4", 12)
    gc.collect()
    gc.disable()
    before = decoders()
    try:
        with VideoReader(path) as reader:
            frames = len(list(reader) if whole else [next(iter(reader))])
        gone = weakref.ref(reader)
        del reader
        assert frames
        assert gone() is None, "something in it knows it"
        assert decoders() == before
    finally:
        gc.enable()


def test_a_title_in_another_encoding_is_no_reason_not_to_read_the_pictures(tmp_path):
    with av.open(str(tmp_path / "titled.mp4"), "w") as container:
        container.metadata["title"] = "T\u00e4nzer"
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height = 64, 48
        for index in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((48, 64, 3), 40 * index, np.uint8))))
        container.mux(stream.encode())
    content = (tmp_path / "titled.mp4").read_bytes()
    title = "T\u00e4nzer".encode()
    assert content.count(title) == 1
    (tmp_path / "latin.mp4").write_bytes(content.replace(title, b"T\xe4\xe4nzer"))
    with VideoReader(tmp_path / "latin.mp4") as reader:
        assert len(list(reader)) == 5


def test_leaving_early_closes_and_a_second_reading_is_an_error(tmp_path):
    path = shoot(tmp_path / "dance.mp4", 30)
    with VideoReader(path) as reader:
        assert [frame.index for frame in itertools.islice(reader, 4)] == [0, 1, 2, 3]
    with pytest.raises(RuntimeError, match="read already"):
        list(reader)


def test_a_pipe_is_read_once_so_that_its_sound_takes_no_pictures_away(tmp_path):
    """As in `ffmpeg ... | followspot track /dev/stdin`; a second reader got every other piece of the file."""
    path, pipe = shoot(tmp_path / "a.ts", 20, sound="aac"), tmp_path / "pipe.ts"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()))
    writer.start()
    with VideoReader(pipe) as reader:
        assert reader.audio_from is None
        assert [number(frame.image) for frame in reader] == list(range(20))
    writer.join()
    with VideoReader(path) as reader:
        assert reader.audio_from == path
