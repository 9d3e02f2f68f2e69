import json
import os
import runpy
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from places import ROOT

SCRIPT = """
import sys
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
data, out = map(Path, sys.argv[1:])
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
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    threads = torch.get_num_threads()
    monkeypatch.setattr(sys, "argv", [*arguments, str(tmp_path / "one")])
    runpy.run_path(arguments[0])  # in this process, which has imported everything by now
    torch.set_num_threads(threads)
    subprocess.run([*launcher, *arguments, str(tmp_path / "two")], env=environment, check=True)
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert len(one) == len(two) == 3
    assert np.array(two) == pytest.approx(np.array(one), rel=1e-3)
    assert one[0] != one[-1]
