"""The same video and options give the same bytes, whatever number of threads computes them, in batches of any size."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import av
import pytest
from places import ROOT

from tracker.detection.detector import DetectorOptions

FIRST, FRAMES = 198, 6


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quarter of a second of the demo, in which people meet."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with av.open(str(ROOT / "assets/demo.mp4")) as demo, av.open(str(path), "w") as cut:
        given = demo.streams.video[0]
        stream = cut.add_stream("libx264", rate=given.average_rate)
        stream.width, stream.height, stream.pix_fmt = given.width, given.height, "yuv420p"
        for frame in islice(demo.decode(video=0), FIRST, FIRST + FRAMES):
            frame = av.VideoFrame.from_ndarray(frame.to_ndarray(format="bgr24"), format="bgr24")
            cut.mux(stream.encode(frame))
        cut.mux(stream.encode(None))
    return path


RUNS = """
import sys
from pathlib import Path
import torch
from tools.track import TrackCommand
from tracker.detection.detector import DetectorOptions

try:
    from openvino import Core
except ImportError:
    Core = None
else:
    compile_model = Core.compile_model

    def by_so_many(core, network, device, config):
        threads = torch.get_num_threads()
        compiled = compile_model(core, network, device, {**config, "INFERENCE_NUM_THREADS": threads})
        assert compiled.get_property("INFERENCE_NUM_THREADS") == threads
        return compiled

    Core.compile_model = by_so_many

clip, out = sys.argv[1:]
for name, threads, options in (
    ("openvino-1", 1, {}), ("openvino-2", 2, {}),
    ("torch-1", 1, {"openvino": False}), ("torch-2", 2, {"openvino": False}),
    ("batch-1", 2, {"batch": 1}),
):
    if Core is not None or name.startswith("torch"):
        torch.set_num_threads(threads)
        TrackCommand((clip,), Path(out, name), video=False, detection=DetectorOptions(device="cpu", **options)).run()
"""
"""So many threads of torch, and of OpenVINO, which takes one for each core by itself; networks are compiled anew."""


@pytest.fixture(scope="module")
def runs(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of all runs, by a process of its own: numbers of threads hold for all that it does."""
    out = tmp_path_factory.mktemp("runs")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", RUNS, str(clip), str(out)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert " crops embedded" in done.stdout
    assert " 0 crops embedded" not in done.stdout
    return out


def texts(run: Path) -> dict[str, bytes]:
    return {name: (run / name).read_bytes() for name in ("tracks.txt", "tracks.csv", "tracks.json", "unused.txt")}


@pytest.mark.parametrize("network", ["openvino", "torch"])
def test_two_threads_give_the_same_bytes_as_one(runs: Path, network: str):
    """Of the bundled detector and encoder; the clip has people in every frame, and crops are embedded."""
    if network == "openvino":
        pytest.importorskip("openvino")
    one, two = (texts(runs / f"{network}-{threads}") for threads in (1, 2))
    assert one["tracks.txt"].count(b"\n") > 3 * FRAMES
    assert one == two


def test_batches_of_any_size_give_the_same_bytes(runs: Path):
    """Frames one by one, or four at once, as is usual, and two in the end."""
    pytest.importorskip("openvino")
    assert DetectorOptions().batch == 4
    single, many = (texts(runs / name) for name in ("batch-1", "openvino-2"))
    assert single["tracks.txt"].count(b"\n") > 3 * FRAMES
    assert single == many
