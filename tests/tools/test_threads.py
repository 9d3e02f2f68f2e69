"""The same video and options give the same bytes, whatever number of threads computes them, in batches of any size."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from itertools import islice
from pathlib import Path
from typing import Any

import av
import pytest
import torch
from places import ROOT

from tools.track import TrackCommand
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


RUNS: dict[str, tuple[int, dict[str, Any]]] = {
    "openvino-1": (1, {}),
    "openvino-2": (2, {}),
    "torch-1": (1, {"openvino": False}),
    "torch-2": (2, {"openvino": False}),
    "batch-1": (2, {"batch": 1}),
}
"""Threads and options of the detector, by name."""
HAS_OPENVINO = importlib.util.find_spec("openvino") is not None


def compile_by_so_many_threads(patch: pytest.MonkeyPatch) -> None:
    """OpenVINO takes a thread for each core by itself; here as many as torch has. Networks are compiled anew."""
    from openvino import Core

    compile_model = Core.compile_model

    def by_so_many(core: Any, network: Any, device: str, config: dict[str, Any]) -> Any:
        threads = torch.get_num_threads()
        compiled = compile_model(core, network, device, {**config, "INFERENCE_NUM_THREADS": threads})
        assert compiled.get_property("INFERENCE_NUM_THREADS") == threads
        return compiled

    patch.setattr(Core, "compile_model", by_so_many)


@pytest.fixture(scope="module")
def runs(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of all runs."""
    out, before, said = tmp_path_factory.mktemp("runs"), torch.get_num_threads(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        if HAS_OPENVINO:
            compile_by_so_many_threads(patch)
        try:
            for name, (threads, options) in RUNS.items():
                if HAS_OPENVINO or name.startswith("torch"):
                    torch.set_num_threads(threads)
                    detection = DetectorOptions(device="cpu", **options)
                    TrackCommand((str(clip),), out / name, video=False, detection=detection).run()
        finally:
            torch.set_num_threads(before)
    assert " crops embedded" in said.getvalue()
    assert " 0 crops embedded" not in said.getvalue()
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
