"""A real RTSP server, GStreamer's, where this machine has one."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from film import number, shoot

from tracker.types import InputError
from tracker.video.sources import open_source

SERVER = Path(__file__).with_name("rtsp_server.py")
PYTHON = "/usr/bin/python3"


def has_server() -> bool:
    try:
        return subprocess.run([PYTHON, str(SERVER)], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not has_server(), reason="needs GStreamer's RTSP server in the system's Python"),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    film = shoot(tmp_path / "dance.ts", 60, rate=30, options={"bf": "0"})
    running = subprocess.Popen([PYTHON, str(SERVER), str(film)], stdout=subprocess.PIPE, text=True)
    yield running
    running.kill()
    running.wait()


def address(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    return server.stdout.readline().strip()


def test_every_frame_comes_with_its_time(server: subprocess.Popen[str]):
    """Three seconds at 30 frames a second, from a film of two that begins anew."""
    with open_source(address(server)) as source:
        assert source.live
        frames = list(islice(source, 90))
    assert [number(frame.image) for frame in frames] == [*range(60), *range(30)]
    assert [frame.time for frame in frames] == pytest.approx([index / 30 for index in range(90)], abs=0.002)
    taken = [frame.taken for frame in frames]
    assert None not in taken
    assert taken == sorted(taken)


def test_a_slow_consumer_gets_the_newest_frame_each_time(server: subprocess.Popen[str]):
    """A frame takes 0.2 s, six frames of the stream: ten of them are two seconds, of whose sixty fifty are left out."""
    with open_source(address(server), newest=True) as source:
        frames = []
        for frame in islice(source, 11):
            frames.append(frame)
            time.sleep(0.2)
        skipped = source.skipped
    assert [frame.index for frame in frames] == list(range(11))
    assert all(number(frame.image) == round(30 * frame.time) % 60 for frame in frames)
    passed = round(30 * (frames[-1].time - frames[0].time))
    assert passed >= 45, "the stream did not wait"
    assert skipped >= passed - 10


def test_a_server_that_is_gone_is_waited_for_and_then_given_up(server: subprocess.Popen[str]):
    said: list[str] = []
    with open_source(address(server), reconnect=1) as source:
        source.tell = said.append
        frames = iter(source)
        next(frames)
        server.kill()
        assert len(list(frames)) < 60
    assert "waiting 1 s for it to come back" in said[0]


def test_an_address_of_nothing_on_it_is_one_sentence(server: subprocess.Popen[str]):
    with pytest.raises(InputError, match=r"^rtsp://.*/nothing cannot be opened \(.*\); check the address"):
        open_source(address(server).replace("/dance", "/nothing"))
