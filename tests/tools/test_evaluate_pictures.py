import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from models.discriminators import DiscriminatorOptions
from models.encoder import EncoderOptions
from models.generator import GeneratorOptions
from reid.dancereid.folder import CropDetails, DanceReidFolder
from reid.data.crops import Crop, DataError
from reid.data.datasets import read_split
from reid.data.reading import DataOptions
from reid.training.optimisation import OptimiserOptions
from reid.training.picture_scores import Pair, pairs_of
from reid.training.recipes import PRESETS
from reid.training.training import Callbacks, RunOptions, Training
from tools.evaluate_pictures import EvaluatePicturesCommand

ADAM = OptimiserOptions("adam", 1e-3)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Four people in shirts of clearly different colours, two of them for the test."""
    root = tmp_path_factory.mktemp("dance") / "data"
    random = np.random.default_rng(0)
    colours = {("a", 1): (200, 30, 30), ("a", 2): (30, 200, 30), ("b", 1): (30, 30, 200), ("b", 2): (200, 200, 30)}
    with DanceReidFolder(root, test={"b"}, recipe={}) as folder:
        for (video, person), colour in colours.items():
            for frame in range(0, 60, 10):
                image = np.clip(np.array(colour) + random.normal(0, 10, (64, 32, 3)), 0, 255).astype(np.uint8)
                joints = random.uniform(4, 28, (17, 2))
                box = np.array([0.0, 0, 32, 64])
                folder.write(image, joints, video, person, frame, CropDetails(frame / 25, box, tracklet=person))
        for video in "ab":
            folder.finish(video)
    return root


def trained(data, folder, name):
    preset = PRESETS[name]
    recipe = replace(
        preset,
        encoder=EncoderOptions("squeezenet1_1", 64, 32),
        objective=replace(
            preset.objective,
            generator=GeneratorOptions(channels=4, map_conditioned=True),
            discriminator=DiscriminatorOptions("patchgan", channels=4),
        ),
        sampling=replace(preset.sampling, kind="random", tuples=2),
        optimisation=replace(preset.optimisation, steps=2, encoder=ADAM, generator=ADAM, discriminator=ADAM),
        start="none",
    )
    split = read_split(data, DataOptions())
    running = RunOptions(device="cpu", workers=0)
    Training(recipe, split, folder, torch.device("cpu"), running).run(Callbacks(on_epoch=lambda line: None))
    return folder


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    """A run that recovers pictures; its folder is read, never written."""
    return trained(data, tmp_path_factory.mktemp("trained") / "run", "st-reid")


def test_another_encoder_is_asked_who_is_to_be_seen(data, run, tmp_path, capsys):
    EvaluatePicturesCommand(
        run, data, reid="histogram", count=5, grid=tmp_path / "grid.png", json=tmp_path / "scores.json"
    ).run()
    printed, bar = capsys.readouterr()
    assert "5 pictures of 2 people" in printed
    assert f"grid: {tmp_path / 'grid.png'}\n" in printed
    assert " 27/27 " in bar  # twelve crops that are searched, five pictures of each kind
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["rank1"]["real"] == 1.0  # colours tell the real pictures apart
    assert scores["l1"]["real"] == 0.0
    assert 0 < scores["l1"]["swapped"] < 1
    grid = cv2.imread(str(tmp_path / "grid.png"))
    assert grid.shape[0] == 4 * 64 * 3  # real, recovered, looks, swapped; 64 pixels enlarged three times


def test_a_run_without_a_generator_is_one_sentence(data, tmp_path):
    with pytest.raises(DataError, match="no run of a recipe that recovers pictures"):
        EvaluatePicturesCommand(trained(data, tmp_path / "plain", "softmax"), data).run()


def test_an_fd_gan_run_and_a_state_of_something_else_are_one_sentence(data, run, tmp_path):
    run = shutil.copytree(run, tmp_path / "run")
    state = torch.load(run / "state.pt", weights_only=True)
    state["recipe"]["fd_gan"] = {"verification": 1.0}
    for content in (state, {"something": 1}, [1, 2]):
        torch.save(content, run / "state.pt")
        with pytest.raises(DataError, match=r"no run of a recipe that recovers|state\.pt holds no training run"):
            EvaluatePicturesCommand(run, data).run()


def test_data_without_fitting_landmarks_is_one_sentence(data, run, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(data, bare, ignore=shutil.ignore_patterns("poses"))
    with pytest.raises(DataError, match=r"No query or gallery crop of .*bare has 17 landmarks"):
        EvaluatePicturesCommand(run, bare).run()


def test_looks_come_from_another_recording_or_from_far_away_in_time():
    """One person's crops at frames 0, 10, 20, 30 of one video: half the row on, the partners of 0 1 2 3 are 2 3 0 1.

    Another's two crops are of two videos: each is the other's partner. A third has one crop, and no pair.
    """

    def crop(person, video, frame):
        return Crop(Path(f"{person}{video}{frame}.png"), person, -1, video, frame, frame / 25)

    crops = [*(crop(1, "v", frame) for frame in (0, 10, 20, 30)), crop(2, "v", 0), crop(2, "w", 0), crop(3, "v", 0)]
    assert pairs_of(crops, 10) == [Pair(0, 2), Pair(1, 3), Pair(2, 0), Pair(3, 1), Pair(4, 5), Pair(5, 4)]
