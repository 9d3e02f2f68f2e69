"""What is written plays: right frames at the right times, colours, sound; and nothing half-written stays behind."""

from __future__ import annotations

import errno
import math
import os
import shutil
import signal
import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from film import number, picture, shoot
from full_disk import no_file_beyond
from places import SHARED

from tracker.prefetch import prefetch
from tracker.types import InputError
from tracker.video.video_file import VideoFile
from tracker.video.video_reader import VideoReader
from tracker.video.video_writer import QUEUED, VideoWriter, unfinished

CLIPS = SHARED / "clips"


def copy(source: Path, target: Path, *, stop: int | None = None) -> tuple[list[float], str | None]:
    """Reads a video and writes it again, as the pipeline does; returns the frames' times and the writer's warning."""
    times = []
    with (
        VideoReader(source) as reader,
        VideoWriter(
            target,
            width=reader.width,
            height=reader.height,
            fps=reader.fps,
            audio_from=reader.audio_from,
            audio_offset=reader.audio_offset,
        ) as writer,
    ):
        for frame in prefetch(reader):
            if frame.index == stop:
                break
            writer.write(frame.image, frame.time)
            times.append(frame.time)
    return times, writer.warning


def read_times(path: Path) -> list[float]:
    with VideoReader(path) as reader:
        return [frame.time for frame in reader]


def heard(path: Path) -> np.ndarray:
    """The first sound stream from time 0 on, (samples,) at 44100 Hz, silent where there is none."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("flt", "mono", 44100)
        blocks: list[tuple[int, np.ndarray]] = []
        for frame in container.decode(stream):
            begin = round(frame.time * 44100)
            samples = np.concatenate([block.to_ndarray().ravel() for block in resampler.resample(frame)])
            blocks.append((begin, samples))
    wave = np.zeros(max(begin + len(samples) for begin, samples in blocks), np.float32)
    for begin, samples in blocks:
        wave[max(begin, 0) : begin + len(samples)] = samples[max(-begin, 0) :]
    return wave


def sound_of(path: Path) -> tuple[str, float]:
    """Codec and length in seconds of a file's sound."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return stream.codec_context.name, float(stream.duration * stream.time_base)


def film(target: Path, frames: int = 10, **options: object) -> None:
    with VideoWriter(target, width=128, height=96, fps=30, **options) as writer:
        for index in range(frames):
            writer.write(picture(index, 128, 96), index / 30)


def test_frames_and_times_come_back_and_nothing_else_lies_beside(tmp_path):
    film(tmp_path / "new" / "folder" / "out.mp4", 40)
    assert os.listdir(tmp_path / "new" / "folder") == ["out.mp4"]
    with VideoReader(tmp_path / "new" / "folder" / "out.mp4") as reader:
        frames = list(reader)
    assert [number(frame.image) for frame in frames] == list(range(40))
    assert np.allclose([frame.time for frame in frames], np.arange(40) / 30, atol=1e-6)
    assert np.abs(frames[3].image.astype(int) - picture(3, 128, 96)).mean() < 4


def test_a_browser_can_start_at_once(tmp_path):
    """H.264, 8 bit 4:2:0, BT.709 said, and the index before the pictures."""
    film(tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
    data = (tmp_path / "out.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_colours_are_coded_as_bt709_says(tmp_path):
    """Pure red's luma is 16 + 219 * 0.2126 = 62.6 in BT.709 (BT.601 would give 81.5)."""
    red = np.zeros((96, 128, 3), np.uint8)
    red[..., 2] = 255
    with VideoWriter(tmp_path / "red.mp4", width=128, height=96, fps=30, crf=1) as writer:
        writer.write(red, 0.0)
    with av.open(str(tmp_path / "red.mp4")) as container:
        luma = next(container.decode(video=0)).to_ndarray()[:96]
    assert abs(float(luma.mean()) - 62.6) < 1.5
    with VideoReader(tmp_path / "red.mp4") as reader:
        assert np.abs(next(iter(reader)).image.reshape(-1, 3).mean(0) - [0, 0, 255]).max() < 6


def test_greys_are_not_darkened(tmp_path):
    """Luma is 16 + 219 / 255 * grey; over all greys the rounding must not lean to one side."""
    ramp = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (96, 256, 3))
    with VideoWriter(tmp_path / "ramp.mp4", width=256, height=96, fps=30, crf=1) as writer:
        writer.write(ramp, 0.0)
    with av.open(str(tmp_path / "ramp.mp4")) as container:
        luma = next(container.decode(video=0)).to_ndarray()[:96]
    assert abs(float((luma - (16 + 219 / 255 * np.arange(256))).mean())) < 0.2


@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(24000, 1001), Fraction(25), Fraction(60000, 1001)])
def test_broadcast_rates_stay_exact(tmp_path, rate):
    source = shoot(tmp_path / "in.mp4", 60, rate=rate)
    times, _ = copy(source, tmp_path / "out.mp4")
    assert np.abs(np.array(read_times(tmp_path / "out.mp4")) - times).max() < 1e-3
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].average_rate == rate


def test_uneven_times_are_kept(tmp_path):
    ticks = [0, 20, 60, 61, 200, 420, 440, 1000]
    times, _ = copy(shoot(tmp_path / "in.mp4", 8, ticks=ticks), tmp_path / "out.mp4")
    assert np.allclose(times, np.array(ticks) / 600, atol=1e-4)
    assert np.allclose(read_times(tmp_path / "out.mp4"), times, atol=1e-3)


def test_times_that_stand_still_or_run_back_are_moved_on(tmp_path):
    with VideoWriter(tmp_path / "out.mp4", width=128, height=96, fps=30) as writer:
        for index, time in enumerate([0.0, 0.1, 0.1, 0.05, 0.2]):
            writer.write(picture(index, 128, 96), time)
    times = read_times(tmp_path / "out.mp4")
    assert np.allclose(times, [0.0, 0.1, 0.1, 0.1, 0.2], atol=1e-3)
    assert np.all(np.diff(times) > 0)


def test_odd_sizes_get_a_row_and_a_column_twice(tmp_path):
    image = picture(5, 127, 95)
    image[-1, :], image[:, -1] = 255, 255
    with VideoWriter(tmp_path / "odd.mp4", width=127, height=95, fps=30, crf=1) as writer:
        writer.write(image, 0.0)
    with VideoReader(tmp_path / "odd.mp4") as reader:
        assert (reader.width, reader.height) == (128, 96)
        written = next(iter(reader)).image
    assert written[-1].mean() > 240
    assert written[:, -1].mean() > 240


def test_the_picture_may_be_painted_over_after_writing(tmp_path):
    canvas = np.zeros((96, 128, 3), np.uint8)
    with VideoWriter(tmp_path / "out.mp4", width=128, height=96, fps=30) as writer:
        for index in range(30):
            canvas[:] = picture(index, 128, 96)
            writer.write(canvas, index / 30)
            canvas[:] = 0
    with VideoReader(tmp_path / "out.mp4") as reader:
        assert [number(frame.image) for frame in reader] == list(range(30))


@pytest.mark.parametrize(("name", "codec"), [("in.mp4", "aac"), ("in.mkv", "libmp3lame"), ("in.ts", "aac")])
def test_sound_that_browsers_play_is_copied_sample_for_sample(tmp_path, name, codec):
    source = shoot(tmp_path / name, 60, sound=codec)
    _, warning = copy(source, tmp_path / "out.mp4")
    assert warning is None
    with av.open(str(source)) as before, av.open(str(tmp_path / "out.mp4")) as after:
        assert after.streams.audio[0].codec_context.name == before.streams.audio[0].codec_context.name
        kept = [bytes(packet) for packet in after.demux(audio=0) if packet.size]
        original = [bytes(packet) for packet in before.demux(audio=0) if packet.size]
    stripped = original if kept[0] == original[0] else [packet[7:] for packet in original]  # ADTS heads of MPEG-TS
    assert kept == stripped
    assert sound_of(tmp_path / "out.mp4")[1] == pytest.approx(2.0, abs=0.06)


@pytest.mark.parametrize(("name", "codec", "rate"), [("in.mov", "pcm_s16le", 44100), ("in.mkv", "ac3", 48000)])
def test_other_sound_becomes_aac_of_the_same_length(tmp_path, name, codec, rate):
    source = shoot(tmp_path / name, 60, sound=codec, sound_rate=rate)
    copy(source, tmp_path / "out.mp4")
    kind, seconds = sound_of(tmp_path / "out.mp4")
    assert kind == "aac"
    assert seconds == pytest.approx(2.0, abs=0.06)
    middle = heard(tmp_path / "out.mp4")[22050:66150]
    assert np.argmax(np.abs(np.fft.rfft(middle))) == pytest.approx(440, abs=1)  # one second: the bins are hertz


def test_sound_stays_in_step_when_the_pictures_begin_late(tmp_path):
    """A click 1.2 s into a sound whose pictures begin at 0.5 s must be heard at 0.7 s."""
    source = tmp_path / "in.mkv"
    wave = np.zeros((1, 2 * 44100), np.float32)
    wave[0, round(1.2 * 44100) :][:400] = 0.9
    with av.open(str(source), "w") as output:
        video, audio = output.add_stream("libx264", rate=30), output.add_stream("flac", rate=44100)
        video.width, video.height, video.pix_fmt, audio.layout = 128, 96, "yuv420p", "mono"
        for index in range(45):
            frame = av.VideoFrame.from_ndarray(picture(index, 128, 96), format="bgr24")
            frame.pts, frame.time_base = 15 + index, Fraction(1, 30)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        block = av.AudioFrame.from_ndarray((wave * 32767).astype(np.int16), "s16", "mono")
        block.sample_rate, block.pts, block.time_base = 44100, 0, Fraction(1, 44100)
        output.mux(audio.encode(block))
        output.mux(audio.encode(None))
    copy(source, tmp_path / "out.mp4")
    sound = np.abs(heard(tmp_path / "out.mp4"))
    assert np.argmax(sound > 0.4) / 44100 == pytest.approx(0.7, abs=0.002)
    assert read_times(tmp_path / "out.mp4")[0] == 0.0


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv", "in.flv", "in.ts", "in.avi"])
def test_sound_ends_with_the_pictures_when_tracking_stops_early(tmp_path, name):
    copy(shoot(tmp_path / name, 120, sound="libmp3lame"), tmp_path / "out.mp4", stop=30)
    assert len(read_times(tmp_path / "out.mp4")) == 30
    assert sound_of(tmp_path / "out.mp4")[1] == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv", "in.flv", "in.ts"])  # two of them do not say when pictures end
def test_sound_that_outlasts_the_pictures_is_kept_whole(tmp_path, name):
    copy(shoot(tmp_path / name, 30, sound="aac", sound_seconds=2.5), tmp_path / "out.mp4")
    assert sound_of(tmp_path / "out.mp4")[1] == pytest.approx(2.5, abs=0.06)


def test_sound_of_a_file_that_is_gone_by_the_end_is_kept(tmp_path):
    source = shoot(tmp_path / "in.mkv", 30, sound="aac")
    with (
        VideoReader(source) as reader,
        VideoWriter(tmp_path / "out.mp4", width=128, height=96, fps=30, audio_from=source) as writer,
    ):
        for frame in reader:
            writer.write(frame.image, frame.time)
        source.unlink()
    assert sound_of(tmp_path / "out.mp4")[1] == pytest.approx(1.0, abs=0.06)


def test_sound_from_nowhere_is_refused(tmp_path):
    for source in (tmp_path / "missing.mp4", shoot(tmp_path / "silent.mp4", 3)):
        with pytest.raises(InputError, match=r"no file|no sound"):
            VideoWriter(tmp_path / "out.mp4", width=128, height=96, fps=30, audio_from=source)
    assert os.listdir(tmp_path) == ["silent.mp4"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list open files")
def test_a_file_without_the_sound_that_is_asked_for_stays_open_no_longer(tmp_path: Path) -> None:
    silent = shoot(tmp_path / "silent.mp4", 3)
    with pytest.raises(InputError, match="no sound to take over") as refused:
        VideoWriter(tmp_path / "out.mp4", width=64, height=64, fps=30, audio_from=silent)
    links = [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
    assert not [link for link in links if link.startswith(str(tmp_path))]
    assert refused.traceback  # which keeps alive what was made until then


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ValueError])
def test_an_interruption_keeps_the_frames_so_far(tmp_path, interruption):
    source = shoot(tmp_path / "in.mp4", 90, sound="aac")

    def twelve_frames_of_ninety() -> None:
        with VideoWriter(tmp_path / "out.mp4", width=128, height=96, fps=30, audio_from=source) as writer:
            for index in range(12):
                writer.write(picture(index, 128, 96), index / 30)
            raise interruption

    with pytest.raises(interruption):
        twelve_frames_of_ninety()
    assert sorted(os.listdir(tmp_path)) == ["in.mp4", "out.mp4"]
    assert len(read_times(tmp_path / "out.mp4")) == 12


@pytest.fixture
def interruptible():
    """Ctrl-C raises KeyboardInterrupt, also where the tests run in a background that ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_while_the_tail_is_encoded_still_finishes_the_file(tmp_path, monkeypatch, interruptible):
    encode, pressed = VideoFile.add, threading.Event()

    def not_before_ctrl_c(file: VideoFile, *item: object) -> None:
        pressed.wait(10)
        encode(file, *item)

    def press() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        pressed.set()

    monkeypatch.setattr(VideoFile, "add", not_before_ctrl_c)
    writer = VideoWriter(tmp_path / "out.mp4", width=128, height=96, fps=30)
    for index in range(QUEUED):  # with one more, writing would wait for the encoder
        writer.write(picture(index, 128, 96), index / 30)
    threading.Timer(0.3, press).start()
    with pytest.raises(KeyboardInterrupt):
        writer.close()
    assert os.listdir(tmp_path) == ["out.mp4"]
    assert len(read_times(tmp_path / "out.mp4")) == QUEUED


def test_without_a_frame_there_is_no_file(tmp_path):
    film(tmp_path / "out.mp4", 0)
    with pytest.raises(KeyboardInterrupt), VideoWriter(tmp_path / "out.mp4", width=128, height=96, fps=30):
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_an_older_file_stays_until_the_new_one_is_complete(tmp_path):
    film(tmp_path / "out.mp4", 5)
    with VideoWriter(tmp_path / "out.mp4", width=128, height=96, fps=30) as writer:
        writer.write(picture(0, 128, 96), 0.0)
        assert len(read_times(tmp_path / "out.mp4")) == 5
    assert len(read_times(tmp_path / "out.mp4")) == 1


def test_a_full_disk_is_reported_and_leaves_nothing(tmp_path):
    """A limit on the file size stands in for the full disk; the noise does not compress below it."""
    generator = np.random.default_rng(0)

    def two_seconds_of_noise() -> None:
        with VideoWriter(tmp_path / "out.mp4", width=320, height=240, fps=30, crf=1) as writer:
            for index in range(60):
                writer.write(generator.integers(0, 255, (240, 320, 3), np.uint8), index / 30)

    said = r"because the disk is full$"  # and names no part, as none plays
    with no_file_beyond(200_000), pytest.raises(InputError, match=said):
        two_seconds_of_noise()
    assert os.listdir(tmp_path) == []
    assert not any(thread.name == "encode" for thread in threading.enumerate())


def test_a_full_disk_keeps_the_seconds_that_were_written(tmp_path):
    generator = np.random.default_rng(0)

    def noise_without_end() -> None:
        with VideoWriter(tmp_path / "out.mp4", width=320, height=240, fps=10, crf=30) as writer:
            for index in range(600):
                writer.write(generator.integers(0, 255, (240, 320, 3), np.uint8), index / 10)

    said = r"disk is full; what was written until then is .*out\.part\.mp4"
    with no_file_beyond(2_000_000), pytest.raises(InputError, match=said):
        noise_without_end()
    assert os.listdir(tmp_path) == ["out.part.mp4"]
    with VideoReader(tmp_path / "out.part.mp4") as video:
        assert sum(1 for _ in video) >= 20
        assert video.warning is None


def test_what_is_on_disk_plays_while_the_video_grows(tmp_path, monkeypatch):
    source = shoot(tmp_path / "in.mp4", 300, sound="aac")
    ended = threading.Event()
    finish = VideoFile.finish

    def later(file: VideoFile) -> None:
        ended.wait(10)
        finish(file)

    monkeypatch.setattr(VideoFile, "finish", later)
    writer = VideoWriter(tmp_path / "out.mp4", width=128, height=96, fps=30, audio_from=source)
    for index in range(300):
        writer.write(picture(index, 128, 96), index / 30)
    closing = threading.Thread(target=writer.close)
    closing.start()
    while not writer._queue.empty():
        pass
    copied = shutil.copy(tmp_path / "out.part.mp4", tmp_path / "copy.mp4")  # what a kill would leave
    ended.set()
    closing.join()
    assert 120 <= len(read_times(copied)) < 300
    assert sorted(os.listdir(tmp_path)) == ["copy.mp4", "in.mp4", "out.mp4"]
    assert len(read_times(tmp_path / "out.mp4")) == 300
    boxes = (tmp_path / "out.mp4").read_bytes()
    assert boxes.index(b"moov") < boxes.index(b"mdat")
    assert b"moof" not in boxes


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_with_whole_only_what_ended_early_does_not_get_the_name(tmp_path, name):
    (tmp_path / name).write_text("an older one")

    def five_frames() -> None:
        with VideoWriter(tmp_path / name, width=128, height=96, fps=30, whole_only=True) as writer:
            for index in range(5):
                writer.write(picture(index, 128, 96), index / 30)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        five_frames()
    assert (tmp_path / name).read_text() == "an older one"
    assert len(read_times(unfinished(tmp_path / name))) == 5


def test_where_there_is_no_room_for_a_plain_copy_the_fragments_are_the_video(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tracker.video.video_writer.make_plain", full)
    film(tmp_path / "out.mp4", 40)
    assert os.listdir(tmp_path) == ["out.mp4"]
    assert len(read_times(tmp_path / "out.mp4")) == 40


def test_places_where_nothing_can_be_written_are_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder.mp4").mkdir()
    for target, sentence in (
        (tmp_path / "file" / "out.mp4", "could not be written"),
        (tmp_path / "folder.mp4", "is a folder"),
        (tmp_path / "out.gif", r"name it .*\.mp4"),
    ):
        with pytest.raises(InputError, match=sentence):
            VideoWriter(target, width=128, height=96, fps=30)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.mp4"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InputError, match="may not be written"):
            VideoWriter(tmp_path / "out.mp4", width=128, height=96, fps=30)
    finally:
        tmp_path.chmod(0o700)


def test_unknown_options_and_wrong_pictures_are_refused(tmp_path):
    for options in ({"crf": 60}, {"preset": "warp"}):
        with pytest.raises(InputError, match="is unknown"):
            film(tmp_path / "out.mp4", **options)
    for fps in (0.0, -1.0, math.nan, math.inf):  # as webcams tell; at 0 the last picture stayed for 1001 seconds
        with pytest.raises(InputError, match="fps must be above 0"):
            VideoWriter(tmp_path / "out.mp4", width=128, height=96, fps=fps)
    with VideoWriter(tmp_path / "out.mp4", width=128, height=96, fps=30) as writer:
        for wrong in (picture(0, 96, 128), picture(0, 128, 96).astype(np.float32)):
            with pytest.raises(ValueError, match="the video is"):
                writer.write(wrong, 0.0)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not CLIPS.is_dir(), reason="the real clips are not here")
@pytest.mark.parametrize(
    ("clip", "stop"), [("gillhung_dance2", 30), ("jvs_dance1", 60), ("phong_dance", None)]
)  # large upright HEVC, of which a second is enough; no sound; portrait, to its end
def test_real_clips_come_back_whole(tmp_path, clip, stop):
    clip = CLIPS / f"{clip}.mp4"
    times, warning = copy(clip, tmp_path / "out.mp4", stop=stop)
    assert warning is None
    assert stop in (len(times), None)
    assert np.abs(np.array(read_times(tmp_path / "out.mp4")) - times).max() < 1e-3
    with VideoReader(clip) as before, VideoReader(tmp_path / "out.mp4") as after:
        assert (after.width, after.height, after.fps) == (before.width, before.height, before.fps)
        assert after.frame_count == len(times)
        assert (after.audio_from is None) == (before.audio_from is None)
        if before.audio_from is None:
            return
        offset, fps = before.audio_offset, before.fps
    original, written = heard(clip), heard(tmp_path / "out.mp4")
    shift = round(offset * 44100)
    if stop is None:
        assert len(written) == pytest.approx(len(original) - shift, abs=100)
    else:
        assert len(written) / 44100 == pytest.approx(stop / fps, abs=0.06)
    same = np.corrcoef(written, original[shift : shift + len(written)])[0, 1]
    assert same > 0.99  # AAC may code hiss as "some noise here", which no two decodings make alike


def test_a_disk_that_fills_in_the_last_flush_is_reported_and_not_waited_for(tmp_path, monkeypatch):
    def full(self):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tracker.video.video_file.VideoFile.finish", full)
    writer = VideoWriter(tmp_path / "short.mp4", width=64, height=48, fps=25)
    writer.write(np.zeros((48, 64, 3), np.uint8), 0.0)
    with pytest.raises(InputError, match="disk is full"):
        writer.close()
    assert not list(tmp_path.iterdir())


def test_frames_may_be_so_far_apart_that_there_is_hardly_a_frame_rate(tmp_path: Path) -> None:
    """Every 72000th frame of 30 a second is one every 40 minutes."""
    with VideoWriter(tmp_path / "rare.mp4", width=32, height=32, fps=30 / 72000) as writer:
        for index in range(3):
            writer.write(np.zeros((32, 32, 3), np.uint8), 2400.0 * index)
    assert read_times(tmp_path / "rare.mp4") == [0.0, 2400.0, 4800.0]
