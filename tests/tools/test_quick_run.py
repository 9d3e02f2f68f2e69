"""The two-minute run, made shorter still."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import tyro

from tools.dataset_stage import DatasetStageCommand
from tools.train import TRAIN


@pytest.mark.slow
@pytest.mark.usefixtures("rendered_here")
def test_in_a_few_steps_pictures_come_nearer_to_the_people(tmp_path, monkeypatch):
    curves = SimpleNamespace(savefig=lambda *_, **__: None)  # `test_reid_commands.py` looks for them
    monkeypatch.setattr("reid.training.report.loss_curves", lambda rows: curves)
    data, run = tmp_path / "data", tmp_path / "run"
    DatasetStageCommand(data, scenes=2, test_scenes=1, dancers=3, seconds=3.0, width=480, height=64, processes=1).run()
    small = "--encoder.height 64 --encoder.width 32 --objective.discriminator.layers 2 --objective.pictures 0"
    short = f"{small} --workers 0 --device cpu --optimisation.steps 12"
    arguments = ["--data", str(data), "--out", str(run), *short.split()]
    tyro.cli(TRAIN["st-reid-quick"], args=arguments).run()

    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    recovery = [row["loss/recovery"] for row in rows if "loss/recovery" in row]
    assert len(recovery) == 12
    assert np.mean(recovery[-6:]) < 0.94 * np.mean(recovery[:6])  # measured: 0.137 after 0.166
    assert 0 < rows[-1]["score/mAP"] <= 1
    assert len(list((run / "pictures").glob("epoch_*.png"))) >= 1
