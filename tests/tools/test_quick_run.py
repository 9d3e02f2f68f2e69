"""The two-minute run, made shorter still."""

import json

import numpy as np
import pytest
import tyro
from places import SHARED

from tools.dataset_stage import DatasetStageCommand
from tools.train import TRAIN

IMAGENET = SHARED / "weights" / "mobilenet_v2_imagenet.pt"


@pytest.mark.slow
@pytest.mark.skipif(not IMAGENET.is_file(), reason="needs ../shared/weights/mobilenet_v2_imagenet.pt")
def test_in_a_few_dozen_steps_pictures_come_nearer_to_the_people(tmp_path):
    data, run = tmp_path / "data", tmp_path / "run"
    DatasetStageCommand(data, scenes=3, test_scenes=2, dancers=3, seconds=8.0, height=64).run()
    arguments = ["--data", str(data), "--out", str(run), "--start", str(IMAGENET), "--workers", "0", "--device", "cpu"]
    tyro.cli(TRAIN["st-reid-quick"], args=[*arguments, "--optimisation.steps", "40"]).run()

    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    recovery = [row["loss/recovery"] for row in rows if "loss/recovery" in row]
    assert len(recovery) == 40
    assert np.mean(recovery[-5:]) < 0.85 * np.mean(recovery[:5])
    assert 0 < rows[-1]["score/mAP"] <= 1
    assert len(list((run / "pictures").glob("epoch_*.png"))) >= 1
