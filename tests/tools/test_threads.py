"""The same video and options give the same bytes, whatever number of threads computes them, in batches of any size."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import av
import pytest
from places import ROOT

FIRST, FRAMES = 195, 20
RUN = """
import os, sys
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:int(sys.argv[1])])  # OpenVINO takes a thread for each core
import torch
torch.set_num_threads(int(sys.argv[1]))
sys.argv[1:] = sys.argv[2:]
from tools.cli import main
main()
"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Less than a second of the demo, in which people meet."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with av.open(str(ROOT / "assets/demo.mp4")) as demo, av.open(str(path), "w") as cut:
        given = demo.streams.video[0]
        stream = cut.add_stream("libx264", rate=given.average_rate)
        stream.width, stream.height, stream.pix_fmt = given.width, given.height, "yuv420p"
        for index, frame in enumerate(demo.decode(video=0)):
            if FIRST <= index < FIRST + FRAMES:
                frame = av.VideoFrame.from_ndarray(frame.to_ndarray(format="bgr24"), format="bgr24")
                cut.mux(stream.encode(frame))
        cut.mux(stream.encode(None))
    return path


def tracked(clip: Path, out: Path, threads: int, *options: str) -> dict[str, bytes]:
    """The text files of a run with so many threads."""
    command = [sys.executable, "-c", RUN, str(threads), "track", str(clip), "--out", str(out), "--no-video", *options]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {name: (out / name).read_bytes() for name in ("tracks.txt", "tracks.csv", "tracks.json", "unused.txt")}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot give a process some of its cores")
@pytest.mark.parametrize("network", ["--openvino", "--no-openvino"])
def test_two_threads_give_the_same_bytes_as_one(clip: Path, tmp_path: Path, network: str):
    """Of the bundled detector and encoder; the clip has people in every frame, and crops are embedded."""
    one, two = (tracked(clip, tmp_path / str(threads), threads, network) for threads in (1, 2))
    assert one["tracks.txt"].count(b"\n") > 3 * FRAMES
    assert one == two


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot give a process some of its cores")
def test_batches_of_any_size_give_the_same_bytes(clip: Path, tmp_path: Path):
    pytest.importorskip("openvino")
    single, many = (tracked(clip, tmp_path / str(size), 2, "--device", "cpu", "--batch", str(size)) for size in (1, 7))
    assert single["tracks.txt"].count(b"\n") > 3 * FRAMES
    assert single == many
