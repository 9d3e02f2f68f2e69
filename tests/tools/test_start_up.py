"""`followspot track` starts fast: the bundled networks need neither torch nor Ultralytics, once they have copies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

from models.bundled import PERSON_DETECTOR, PERSON_ENCODER
from tools.run.parts import make_embedder
from tracker.detection.weights import openvino_folder

HEAVY = {"torch", "torchvision", "ultralytics", "matplotlib", "trackeval", "sklearn", "scipy.stats"}
"""Packages that take from half a second to several to import."""
TRACK = """
import sys
from tools.cli import main
sys.argv[1:] = ["track", "assets/demo.mp4", "--vid-stride", "50", "--device", "cpu", "--out", sys.argv[1]]
main()
print("loaded:", *sys.modules)
"""


def test_a_second_run_loads_no_heavy_package(tmp_path: Path):
    pytest.importorskip("openvino")
    assert openvino_folder(PERSON_DETECTOR, "cpu") is not None
    make_embedder(PERSON_ENCODER, "cpu")
    command = [sys.executable, "-c", TRACK, str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    said, loaded = done.stdout.split("loaded:")
    assert said.startswith("detector  person_yolo11n.pt\nre-ID     person_st_reid.pt\n")
    assert "openvino" in loaded.split()
    assert not HEAVY & set(loaded.split())
    assert (tmp_path / "out" / "video.mp4").is_file()


THREADS = """
import sys
from tools.__main__ import main
sys.argv = ["followspot", "--help"]
try:
    main()
except SystemExit:
    pass
import numpy, threadpoolctl
pools = threadpoolctl.threadpool_info()
print("threads", {pool["num_threads"] for pool in pools if pool["internal_api"] == "openblas"})
"""


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core: NumPy has one thread anyway")
@pytest.mark.parametrize(("named", "threads"), [(None, 1), ("2", 2)])
def test_matrix_products_have_one_thread_unless_the_environment_names_a_number(named: str | None, threads: int):
    pytest.importorskip("threadpoolctl")
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    environment |= {} if named is None else {"OPENBLAS_NUM_THREADS": named}
    asked = subprocess.run(
        [sys.executable, "-c", THREADS], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    said = asked.stdout.splitlines()[-1]
    assert said in ("threads set()", f"threads {{{threads}}}")  # a NumPy of another library has no such pool
