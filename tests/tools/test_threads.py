"""The same video and options give the same bytes, whatever number of threads computes them, in batches of any size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
import torch
from places import ROOT

from tools.track import TrackCommand
from tracker.detection.detector import DetectorOptions

FIRST, FRAMES = 198, 14


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About half a second of the demo, in which people meet."""
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


@pytest.fixture
def torch_threads() -> Iterator[None]:
    """As many as before are given back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def tracked(clip: Path, out: Path, monkeypatch: pytest.MonkeyPatch, threads: int, **options: Any) -> dict[str, bytes]:
    """The text files of a run with so many threads of torch, and of OpenVINO, which takes one for each core by itself.

    Each network is compiled anew, as a run of its own does."""
    torch.set_num_threads(threads)
    if options.get("openvino") is not False:
        core = pytest.importorskip("openvino").Core
        compile_model = core.compile_model

        def by_so_many(core: Any, network: Any, device: str, config: dict[str, Any]) -> Any:
            compiled = compile_model(core, network, device, {**config, "INFERENCE_NUM_THREADS": threads})
            assert compiled.get_property("INFERENCE_NUM_THREADS") == threads
            return compiled

        monkeypatch.setattr(core, "compile_model", by_so_many)
    detection = DetectorOptions(device="cpu", **options)
    TrackCommand((str(clip),), out, video=False, detection=detection).run()
    monkeypatch.undo()
    return {name: (out / name).read_bytes() for name in ("tracks.txt", "tracks.csv", "tracks.json", "unused.txt")}


@pytest.mark.usefixtures("torch_threads")
@pytest.mark.parametrize("openvino", [True, False], ids=["openvino", "torch"])
def test_two_threads_give_the_same_bytes_as_one(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], openvino: bool
):
    """Of the bundled detector and encoder; the clip has people in every frame, and crops are embedded."""
    one, two = (tracked(clip, tmp_path / str(count), monkeypatch, count, openvino=openvino) for count in (1, 2))
    assert one["tracks.txt"].count(b"\n") > 3 * FRAMES
    assert one == two
    assert " crops embedded" in (said := capsys.readouterr().out)
    assert " 0 crops embedded" not in said


@pytest.mark.usefixtures("torch_threads")
def test_batches_of_any_size_give_the_same_bytes(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Frames one by one, or seven at once."""
    single, many = (tracked(clip, tmp_path / str(size), monkeypatch, 2, batch=size) for size in (1, 7))
    assert single["tracks.txt"].count(b"\n") > 3 * FRAMES
    assert single == many
