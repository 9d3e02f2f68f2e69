import json
import os
import runpy
import socket
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from places import ROOT

SCRIPT = """
import os, sys
from pathlib import Path
import cv2, numpy as np, torch
from models.encoder import EncoderOptions
from reid.data.augmentation import AugmentationOptions
from reid.data.crops import Crop, Split
from reid.training.objective_options import LossWeights, ObjectiveOptions
from reid.training.optimisation import OptimisationOptions, OptimiserOptions
from reid.data.sampling import SamplingOptions
from reid.training.recipe import Recipe
from reid.training.training import RunOptions, Training

torch.set_num_threads(1)
if len(sys.argv) > 3:  # two processes with what torchrun tells each; they need not import it all again
    os.environ.update(WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=sys.argv[3])
    other = os.fork()
    os.environ.update(RANK=str(int(other == 0)), LOCAL_RANK=str(int(other == 0)))
data, out = map(Path, sys.argv[1:3])
crops = [Crop(path, int(path.stem[0]), -1, "v", int(path.stem[2]), 0.0) for path in sorted(data.iterdir())]
recipe = Recipe(
    EncoderOptions("squeezenet1_1", 64, 32),  # no batch normalisation, which on processors each share has of its own
    ObjectiveOptions(LossWeights(), margin=0.3),
    sampling=SamplingOptions("people", people=4, crops=2),
    augmentation=AugmentationOptions(erase=0.5),
    optimisation=OptimisationOptions(epochs=1, encoder=OptimiserOptions("sgd", 1e-4)),
    start="none",
)
Training(recipe, Split(crops, crops[::3], crops), out, torch.device("cpu"), RunOptions(workers=0)).run()
if len(sys.argv) > 3 and other:
    assert os.waitpid(other, 0)[1] == 0
"""


def losses(folder):
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [[row["loss/cross_entropy"], row["loss/triplet"]] for row in rows if "loss/triplet" in row]


@pytest.mark.slow
def test_two_processes_give_the_same_losses_as_one(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    (tmp_path / "data").mkdir()
    for person in range(4):
        for frame in range(6):
            picture = random.integers(0, 255, (64, 32, 3), np.uint8)
            cv2.imwrite(str(tmp_path / "data" / f"{person}_{frame}.png"), picture)
    (tmp_path / "train.py").write_text(SCRIPT)
    arguments = [str(tmp_path / "train.py"), str(tmp_path / "data")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    threads = torch.get_num_threads()
    monkeypatch.setattr(sys, "argv", [*arguments, str(tmp_path / "one")])
    runpy.run_path(arguments[0])  # in this process, which has imported everything by now
    torch.set_num_threads(threads)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    two = [sys.executable, *arguments, str(tmp_path / "two"), port]
    subprocess.run(two, env=environment, check=True, timeout=300)
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert len(one) == len(two) == 3
    assert np.array(two) == pytest.approx(np.array(one), rel=1e-3)
    assert one[0] != one[-1]
