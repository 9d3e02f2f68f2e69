"""Whatever the user names, `open_source` opens: stories of files, folders, patterns and sequences."""

from __future__ import annotations

import gc
import http.server
import math
import socket
import threading
import time
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from film import number, picture, shoot
from places import SHARED

from tracker.prefetch import prefetch
from tracker.types import InputError
from tracker.video.addresses import without_secrets
from tracker.video.frame_clock import FrameClock
from tracker.video.image_sequence import images_in
from tracker.video.mot_folder import SequenceInfo, read_seqinfo, seqinfo_text
from tracker.video.sources import each_source, is_there, open_source

SEQUENCES = SHARED / "mot"
SEQINFO = "[Sequence]\nname=stage\nimDir=img1\nframeRate=20\nseqLength=7\nimWidth=128\nimHeight=96\nimExt=.png\n"


def paint(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index, name in enumerate(names):
        cv2.imwrite(str(folder / name), picture(index, 128, 96))


def test_a_video_file(tmp_path):
    with open_source(shoot(tmp_path / "dance.mp4", 9, sound="aac"), vid_stride=2) as source:
        assert (source.name, source.width, source.height, source.fps) == ("dance", 128, 96, 15.0)
        assert source.audio_from == tmp_path / "dance.mp4"
        assert [frame.index for frame in source] == [0, 2, 4, 6, 8]


def test_a_folder_of_images_counts_like_a_human(tmp_path):
    paint(tmp_path / "poses", ["img1.png", "img2.png", "img10.png", "img11.png"])
    (tmp_path / "poses" / "notes.txt").write_text("no image")
    (tmp_path / "poses" / ".img3.png").write_text("hidden")
    with open_source(str(tmp_path / "poses"), image_fps=10) as source:
        assert (source.name, source.fps, source.frame_count, source.audio_from) == ("poses", 10, 4, None)
        frames = list(source)
    assert [path.name for path in images_in(tmp_path / "poses")] == ["img1.png", "img2.png", "img10.png", "img11.png"]
    assert [number(frame.image) for frame in frames] == [0, 1, 2, 3]
    assert [frame.time for frame in frames] == [0.0, 0.1, 0.2, 0.3]


@pytest.mark.parametrize("rate", [0.0, -1.0, 0.0001, 1e4, math.inf, math.nan])
def test_a_rate_that_no_video_has_is_refused(tmp_path, rate):
    paint(tmp_path / "poses", ["img1.png"])
    with pytest.raises(InputError, match=r"^poses: .* images a second .* it must lie between 0.01 and 1000$"):
        open_source(tmp_path / "poses", image_fps=rate)


def test_a_pattern_and_a_single_image(tmp_path):
    paint(tmp_path, ["a1.png", "a2.jpg", "b1.png"])
    with open_source(str(tmp_path / "a*")) as source:
        assert [number(frame.image) for frame in source] == [0, 1]
    with open_source(tmp_path / "b1.png") as source:
        assert [number(frame.image) for frame in source] == [2]
    with pytest.raises(InputError, match="no image or video matches"):
        open_source(str(tmp_path / "c*.png"))


def test_a_pattern_reaches_into_folders_whose_names_hold_brackets(tmp_path, monkeypatch):
    folder = tmp_path / "takes [best] {1}"
    for inner in ("a", "b"):
        (folder / inner).mkdir(parents=True)
    paint(folder / "a", ["1.png", "2.png"])
    clip = shoot(folder / "b" / "dance [1].mp4", 3)
    with open_source(str(folder / "a" / "*.png")) as source:
        assert [number(frame.image) for frame in source] == [0, 1]
    monkeypatch.chdir(tmp_path)
    for pattern in (folder / "**" / "*.mp4", Path("takes [best] {1}", "[ab]", "*.mp4")):
        (found,) = each_source(str(pattern))
        assert clip.samefile(found)
        assert is_there(str(pattern))
    assert not is_there(str(folder / "[c]" / "*.mp4"))


def test_a_file_whose_name_looks_like_a_pattern_or_a_webcam_is_still_a_file(tmp_path, monkeypatch):
    shoot(tmp_path / "dance [final].mp4", 3)
    shoot(tmp_path / "film.mp4", 3).rename(tmp_path / "7")
    monkeypatch.chdir(tmp_path)
    for name in ("dance [final].mp4", "7"):
        with open_source(name) as source:
            assert len(list(source)) == 3


def test_an_unreadable_image_is_left_out_and_the_others_keep_their_numbers(tmp_path):
    paint(tmp_path, ["1.png", "2.png", "3.png", "4.png"])
    (tmp_path / "3.png").write_bytes(b"spoilt")
    with open_source(tmp_path) as source:
        frames = list(source)
        assert source.warning is not None
        assert "1 image could not be read and left out, the first 3.png" in source.warning
    assert [frame.index for frame in frames] == [0, 1, 3]
    assert [number(frame.image) for frame in frames] == [0, 1, 3]


def test_images_of_different_sizes_are_refused_by_name(tmp_path):
    paint(tmp_path, ["1.png", "2.png"])
    cv2.imwrite(str(tmp_path / "3.png"), picture(2, 64, 48))
    with open_source(tmp_path) as source, pytest.raises(InputError, match=r"3\.png is 64x48 but .* 128x96"):
        list(source)


def test_folders_without_pictures_are_refused(tmp_path):
    with pytest.raises(InputError, match="holds no videos, no images and no seqinfo"):
        open_source(tmp_path)
    (tmp_path / "1.png").write_bytes(b"spoilt")
    with pytest.raises(InputError, match="no file of 1 is an image"):
        open_source(tmp_path)


def test_a_mot_sequence_with_its_images(tmp_path):
    (tmp_path / "seqinfo.ini").write_text(SEQINFO)
    paint(tmp_path / "img1", [f"{index:06d}.png" for index in range(1, 8)])
    with open_source(tmp_path, vid_stride=3) as source:
        assert (source.name, source.frame_count) == ("stage", 3)
        assert source.fps == pytest.approx(20 / 3)
        frames = list(source)
    assert [number(frame.image) for frame in frames] == [frame.index for frame in frames] == [0, 3, 6]
    assert frames[-1].time == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("first", "gone", "frames", "said"),
    [
        (1, {3}, [0, 1, 3, 4, 5, 6], "6 of 7 images are there, the first one missing is that of frame 3"),
        (1, {5, 6, 7}, [0, 1, 2, 3], "4 of 7 images are there, the first one missing is that of frame 5"),
        (1, {1}, [1, 2, 3, 4, 5, 6], "6 of 7 images are there, the first one missing is that of frame 1"),
        (0, {0, 3}, [0, 1, 3, 4, 5], "5 of 7 images are there, the first one missing is that of frame 3"),
        (301, {303}, [0, 1, 3, 4, 5, 6], "6 of 7 images are there, the first one missing is that of frame 3"),
        (301, set(), [0, 1, 2, 3, 4, 5, 6], None),
    ],
)
def test_a_picture_that_is_missing_in_a_mot_sequence_shifts_no_frame(tmp_path, first, gone, frames, said):
    """Seven frames by seqinfo.ini, the pictures numbered from `first` on."""
    (tmp_path / "seqinfo.ini").write_text(SEQINFO)
    paint(tmp_path / "img1", [f"{first + index:06d}.png" for index in range(7)])
    for name in gone:
        (tmp_path / "img1" / f"{name:06d}.png").unlink()
    with open_source(tmp_path) as source:
        given = list(source)
        assert source.warning == (f"stage: {said}" if said else None)
    assert [frame.index for frame in given] == frames
    if first != 0:  # there 000000.png is gone, so that the numbers begin at 1, as MOTChallenge counts
        assert [number(frame.image) for frame in given] == frames
    assert given[-1].time == pytest.approx(frames[-1] / 20)


def test_of_a_stride_the_missing_pictures_count_that_would_be_shown(tmp_path):
    """Frames 0, 3 and 6 of seven: of 000002 and 000007, which are gone, only the second is one of them."""
    (tmp_path / "seqinfo.ini").write_text(SEQINFO)
    paint(tmp_path / "img1", [f"{index:06d}.png" for index in (1, 3, 4, 5, 6)])
    with open_source(tmp_path, vid_stride=3) as source:
        assert source.frame_count == 3
        assert [frame.index for frame in source] == [0, 3]
        assert source.warning == "stage: 2 of 3 images are there, the first one missing is that of frame 7"


def test_pictures_without_numbers_are_counted(tmp_path):
    (tmp_path / "seqinfo.ini").write_text(SEQINFO)
    paint(tmp_path / "img1", ["a.png", "b.png"])
    with open_source(tmp_path) as source:
        assert [frame.index for frame in source] == [0, 1]
        assert source.warning == "stage: 2 of 7 images are there, the first one missing is that of frame 3"


def test_a_mot_sequence_whose_pictures_are_a_video(tmp_path):
    (tmp_path / "seqinfo.ini").write_text(SEQINFO)
    shoot(tmp_path / "stage.mp4", 7, rate=20)
    with open_source(tmp_path) as source:
        assert (source.name, source.fps) == ("stage", 20.0)
        assert [number(frame.image) for frame in source] == list(range(7))


def test_a_mot_sequence_without_pictures_still_has_its_frames(tmp_path):
    (tmp_path / "seqinfo.ini").write_text(SEQINFO)
    (tmp_path / "img1").mkdir()
    with open_source(tmp_path) as source:
        assert (source.width, source.height, source.fps, source.frame_count) == (128, 96, 20.0, 7)
        frames = list(source)
    assert [frame.image for frame in frames] == [None] * 7
    assert frames[-1].time == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "lacks Sequence"),
        (SEQINFO.replace("seqLength=7\n", ""), "lacks seqLength"),
        (SEQINFO.replace("=7", "=many"), "cannot be read"),
        (SEQINFO.replace("=20", "=0"), "not above 0"),
    ],
)
def test_a_spoilt_seqinfo_is_reported(tmp_path, text, sentence):
    (tmp_path / "seqinfo.ini").write_text(text)
    with pytest.raises(InputError, match=sentence):
        open_source(tmp_path)


def test_what_is_written_of_a_sequence_is_read_again_whatever_its_name(tmp_path):
    info = SequenceInfo("100% dance, take 2; #3", "img1", 29.97, 7, 20, 10)
    (tmp_path / "seqinfo.ini").write_text(seqinfo_text(info), encoding="utf-8")
    assert read_seqinfo(tmp_path) == info


@pytest.mark.skipif(not SEQUENCES.is_dir(), reason="the real sequences are not here")
@pytest.mark.parametrize(("name", "size", "fps"), [("MOT16-09", (960, 540), 30), ("TUD-Stadtmitte", (640, 480), 25)])
def test_real_sequences_open(name, size, fps):
    with open_source(SEQUENCES / name) as source:
        assert (source.name, (source.width, source.height), source.fps) == (name, size, fps)
        frame = next(iter(source))
        assert frame.image is not None
        assert frame.image.shape[:2] == size[::-1]


def test_a_video_over_http(tmp_path):
    shoot(tmp_path / "dance.mp4", 12, faststart=True)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(tmp_path))

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        with open_source(f"{address}/dance.mp4") as source:
            assert (source.name, source.audio_from) == ("dance", None)
            assert [number(frame.image) for frame in source] == list(range(12))
        with pytest.raises(InputError, match="cannot be opened"):
            open_source(f"{address}/missing.mp4")
        # of 280 kB, the index behind the pictures, from a server that begins at the beginning only
        shoot(tmp_path / "late.mov", 30, width=640, height=480, codec="mjpeg", pix_fmt="yuvj420p")
        with pytest.raises(InputError, match=r"late\.mov has no frame .* server cannot jump .*: download it first$"):
            open_source(f"{address}/late.mov")
        server.shutdown()


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("rtsp://[::1/stream", r"rtsp://\[::1/stream is not written as an address is \(invalid ipv6 url\)"),
        ("RTSP://[::1/stream", "is not written as an address is"),
        ("sip://[::1/stream", "sip:// is no kind of stream"),
    ],
)
def test_a_malformed_address_is_refused_in_a_sentence(address, complaint):
    with pytest.raises(InputError, match=complaint):
        open_source(address)


def test_a_webcam_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="webcam 97 cannot be opened"):
        open_source("97")


def test_names_of_nothing_are_refused(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        open_source(tmp_path / "nobody.mp4")


def test_prefetch_yields_the_same_frames_in_the_same_order(tmp_path):
    with open_source(shoot(tmp_path / "dance.mp4", 40)) as source:
        assert [number(frame.image) for frame in prefetch(source, 3)] == list(range(40))


def test_prefetch_reads_no_further_than_it_may():
    made = []
    ahead = prefetch((made.append(index) or index for index in range(100)), 3)
    assert next(ahead) == 0
    time.sleep(0.2)
    assert len(made) <= 5  # one handed over, three on the shelf, one in hand
    ahead.close()


def test_prefetch_passes_errors_on_in_their_place():
    def two_and_an_error():
        yield 1
        yield 2
        raise InputError("the film tore")

    seen = []
    with pytest.raises(InputError, match="tore"):
        seen.extend(prefetch(two_and_an_error()))
    ahead = prefetch(two_and_an_error())
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(InputError, match="tore"):
        next(ahead)


def test_leaving_prefetch_early_stops_its_thread(tmp_path):
    with open_source(shoot(tmp_path / "dance.mp4", 60)) as source:
        for frame in prefetch(source, 2):
            if frame.index == 3:
                break
        gc.collect()
        assert not any(thread.name.startswith("prefetch") for thread in threading.enumerate())


def test_closing_the_source_under_a_reading_thread_ends_the_reading(tmp_path):
    source = open_source(shoot(tmp_path / "dance.mp4", 200))
    with source:
        ahead = prefetch(source, 2)
        next(ahead)
    assert len(list(ahead)) <= 4
    assert source.warning is None, "it did not break off"


def test_the_clock_starts_at_zero_and_only_goes_forward():
    """Stamps in seconds: a start at 5, a missing one, a doubled one, and a jump back to 0 as in joined recordings."""
    clock = FrameClock(0.04)
    stamps = [5.0, 5.04, None, 5.12, 5.12, 5.2, 0.0, 0.04]
    times = [clock.time(stamp) for stamp in stamps]
    assert np.allclose(times, [0.0, 0.04, 0.08, 0.12, 0.121, 0.2, 0.24, 0.28])


def test_stamps_that_leap_ahead_by_hours_start_the_clock_anew():
    """A picture may be shown for an hour; of 10 h MP4 cannot say it, and no video could be written."""
    clock = FrameClock(0.04)
    times = [clock.time(stamp) for stamp in (0.0, 0.04, 3600.0, 39600.0, 39600.04, 39600.0, 3600.0)]
    assert times == pytest.approx([0.0, 0.04, 3600.0, 3600.04, 3600.08, 3600.081, 3600.121])


def test_a_stream_over_tcp_is_read(tmp_path):
    stream = shoot(tmp_path / "stream.ts", 10).read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def send() -> None:
            with server.accept()[0] as connection:
                connection.sendall(stream)

        threading.Thread(target=send, daemon=True).start()
        with open_source(f"tcp://127.0.0.1:{server.getsockname()[1]}", reconnect=0) as source:
            assert [number(frame.image) for frame in source] == list(range(10))


def test_an_address_of_an_unknown_kind_names_those_that_can_be_read(tmp_path, monkeypatch):
    for address in ("foo://stage.example/1", "file:///etc/hostname"):
        with pytest.raises(
            InputError, match=r"^(foo|file):// is no kind of stream .* begin with rtsp://, .* or srt://;"
        ):
            open_source(address)
    monkeypatch.setattr("av.open", lambda *_, **__: (_ for _ in ()).throw(av.ProtocolNotFoundError(1, "not found")))
    with pytest.raises(InputError, match=r"this FFmpeg has no srt; streams begin with rtsp://.* or ftp://$"):
        open_source("srt://stage.example:9")


def test_the_videos_of_a_folder_or_a_glob_stand_for_themselves(tmp_path):
    for name in ("b10.mp4", "b9.MOV", "b8.gif", "notes.txt", ".hidden.mp4"):
        (tmp_path / name).touch()
    (tmp_path / "inner").mkdir()
    videos = [str(tmp_path / "b8.gif"), str(tmp_path / "b9.MOV"), str(tmp_path / "b10.mp4")]
    assert each_source(str(tmp_path)) == videos
    assert each_source(str(tmp_path / "b*")) == videos
    for itself in ("dance.mp4", "0", "rtsp://stage.example/1", str(tmp_path / "inner"), str(tmp_path / "*.png")):
        assert each_source(itself) == [itself]
    for several in (tmp_path, tmp_path / "*.mp4"):
        with pytest.raises(InputError, match="stands for whole videos: name one of them, such as "):
            open_source(several)


def test_videos_in_folders_of_a_folder_are_named_by_the_pattern_that_is_told(tmp_path):
    (tmp_path / "phone" / "2026").mkdir(parents=True)
    clip = shoot(tmp_path / "phone" / "2026" / "dance.MP4", 3)
    with pytest.raises(InputError, match=r"holds no videos, .* names the videos in its folders$") as caught:
        open_source(tmp_path / "phone")
    assert each_source(str(caught.value).split("'")[1]) == [str(clip)]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"nothing to read in it$"):
        open_source(tmp_path / "empty")


def test_an_empty_name_is_not_the_current_folder(tmp_path, monkeypatch):
    shoot(tmp_path / "dance.mp4", 3)
    monkeypatch.chdir(tmp_path)
    for name in ("", " "):
        for opens in (each_source, open_source):
            with pytest.raises(InputError, match=r"^the name of a source is empty: name a video file"):
                opens(name)
    assert each_source(".") == ["dance.mp4"]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://ada:p@ss:w0rd@stage/1?user=bea", "rtsp://ada:***@stage/1?user=bea"),
        ("http://stage/x.ts?user=a&Password=b&n=1#t", "http://stage/x.ts?user=a&Password=***&n=1#t"),
        ("https://stage/x.ts?access_token=b", "https://stage/x.ts?access_token=***"),
        ("rtsp://ada@stage:554/1", "rtsp://ada@stage:554/1"),
        ("http://stage:80/a:b@c.ts", "http://stage:80/a:b@c.ts"),
        ("dance?token=1.mp4", "dance?token=1.mp4"),
    ],
)
def test_passwords_of_addresses_are_not_shown(address, shown):
    assert without_secrets(address) == shown


def test_an_address_that_cannot_be_opened_is_told_without_its_password():
    with pytest.raises(InputError, match=r"^rtsp://ada:\*\*\*@127\.0\.0\.1:9/camera cannot be opened"):
        open_source("rtsp://ada:secret@127.0.0.1:9/camera")
