import json
from types import SimpleNamespace

import numpy as np
import pytest

import reid.training.report
from models.encoder import EncoderOptions
from models.generator import GeneratorOptions
from reid.dancereid.folder import CropDetails, DanceReidFolder
from reid.data.crops import DataError
from reid.data.reading import DataOptions
from reid.training.optimisation import OptimisationOptions, OptimiserOptions
from reid.training.recipes import PRESETS
from reid.training.training import RunOptions, Training
from tools.benchmark.recipe_scores import (
    RunScores,
    difference_table,
    score_table,
    standard_error,
    video_differences,
)
from tools.benchmark_recipes import SCORES, BenchmarkRecipesCommand

ADAM = OptimiserOptions("adam", 1e-3)


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch):
    """The curves of a run, which take longer to draw than its few steps; `test_reid_commands.py` looks for them."""
    monkeypatch.setattr(
        reid.training.report, "loss_curves", lambda rows: SimpleNamespace(savefig=lambda *_, **__: None)
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Three videos, the last for the test, of two people each: 8 crops a person, 10 frames apart."""
    root = tmp_path_factory.mktemp("dance") / "data"
    random = np.random.default_rng(0)
    with DanceReidFolder(root, test={"c"}, recipe={}) as folder:
        for video in "abc":
            for person in (1, 2):
                colour = random.integers(0, 255, 3)
                for frame in range(0, 80, 10):
                    image = np.clip(colour + random.normal(0, 15, (64, 32, 3)), 0, 255).astype(np.uint8)
                    joints = random.uniform(4, 28, (17, 2))
                    details = CropDetails(frame / 25, np.array([0.0, 0, 32, 64]), tracklet=person)
                    folder.write(image, joints, video, person, frame, details)
            folder.finish(video)
    return root


def command(data, out, recipes=("untrained", "softmax", "st-reid-strong"), **more):
    return BenchmarkRecipesCommand(
        data,
        recipes,
        against="softmax",
        seeds=2,
        gaps=(10, 30),
        encoder=EncoderOptions("squeezenet1_1", 64, 32, bnneck=True),
        generator=GeneratorOptions(channels=4, map_conditioned=True),
        optimisation=OptimisationOptions(steps=2, encoder=ADAM, generator=ADAM, discriminator=ADAM),
        batch=16,
        start="none",
        reading=DataOptions(validation_people=0),
        running=RunOptions(device="cpu", workers=0),
        out=out,
        **more,
    )


def test_each_recipe_is_trained_with_each_seed_and_finished_runs_are_not_trained_again(
    data, tmp_path, capsys, monkeypatch
):
    command(data, tmp_path).run()
    printed = capsys.readouterr().out
    assert "difference from softmax" in printed
    runs = json.loads((tmp_path / "results.json").read_text())["runs"]
    assert [(run["recipe"], run["seed"]) for run in runs] == [
        *(("untrained", 0), ("softmax", 0), ("st-reid-strong", 0)),
        *(("untrained", 1), ("softmax", 1), ("st-reid-strong", 1)),
    ]
    assert set(runs[0]["by_video"]) == {"c"}
    assert {"dancereid-clean mAP", "dancereid-published rank-5", "30 frames on"} <= set(runs[0]["scores"])

    def forbidden(*arguments):
        raise AssertionError("trained again")

    monkeypatch.setattr(Training, "run", forbidden)
    command(data, tmp_path).run()
    assert json.loads((tmp_path / "results.json").read_text())["runs"] == runs


def test_scores_of_other_options_do_not_count(data, tmp_path):
    few = ("softmax",)
    command(data, tmp_path, few).run()
    before = json.loads((tmp_path / "softmax-0" / SCORES).read_text())
    with pytest.raises(DataError, match="cannot be resumed with other options"):
        BenchmarkRecipesCommand(
            **{**vars(command(data, tmp_path, few)), "optimisation": OptimisationOptions(steps=3, encoder=ADAM)}
        ).run()
    assert json.loads((tmp_path / "softmax-0" / SCORES).read_text()) == before


def test_an_unknown_recipe_is_named(data, tmp_path):
    with pytest.raises(DataError, match="no recipe 'softmux'"):
        command(data, tmp_path, ("softmux",)).run()


def test_differences_are_taken_between_runs_of_the_same_seed():
    """Recipe b is 2 and 4 above a: 3 ± 1 (standard deviation sqrt 2, over sqrt 2), whatever the seeds' own level.

    By video: v rises by 1 and 3, w by 3 and 5: in the mean 2 and 4, so 3 ± 1 as well.
    """
    runs = [
        RunScores("a", 0, {"mAP": 50.0}, {"v": {"10 frames on": 60.0}, "w": {"10 frames on": 40.0}}),
        RunScores("b", 0, {"mAP": 52.0}, {"v": {"10 frames on": 61.0}, "w": {"10 frames on": 43.0}}),
        RunScores("a", 1, {"mAP": 70.0}, {"v": {"10 frames on": 80.0}, "w": {"10 frames on": 60.0}}),
        RunScores("b", 1, {"mAP": 74.0}, {"v": {"10 frames on": 83.0}, "w": {"10 frames on": 65.0}}),
    ]
    table = difference_table(runs, "a", (10,))
    assert [list(column.cells) for column in table.columns] == [["b"], ["+3.0 ± 1.0"], ["+3.0 ± 1.0"]]
    pairs = [(runs[1], runs[0]), (runs[3], runs[2])]
    assert video_differences(pairs, "10 frames on") == [2.0, 4.0]
    assert standard_error([2.0, 4.0]) == pytest.approx(1.0)


@pytest.mark.filterwarnings("error")
def test_a_gap_after_which_nobody_is_asked_for_is_a_dash():
    nan = float("nan")
    runs = [
        RunScores(recipe, seed, {"mAP": 50.0, "9 frames on": nan}, {"v": {}})
        for seed in (0, 1)
        for recipe in ("a", "b")
    ]
    scores, differences = score_table(runs), difference_table(runs, "a", (9,))
    assert list(scores.columns[2].cells) == ["-", "-"]
    assert [list(column.cells) for column in differences.columns[1:]] == [["+0.0 ± 0.0"], ["-"], ["-"]]


def test_one_recipe_alone_has_no_differences(data, tmp_path, capsys):
    command(data, tmp_path, ("untrained",)).run()
    printed = capsys.readouterr().out
    assert "untrained" in printed
    assert "difference" not in printed


def test_all_runs_compare_crops_as_they_are_told_to(data, tmp_path):
    told = [command(data, tmp_path, batch_hard=hard).recipe(PRESETS["st-reid"], 0).objective for hard in (True, False)]
    assert [objective.batch_hard for objective in told] == [True, False]
