import itertools
import json
import os
import signal

import cv2
import numpy as np
import pytest
import tyro

from models.encoder import ContextEncoder, EncoderOptions
from models.pretrained import load_encoder, save_encoder
from reid.data.datasets import DataError
from reid.data.reading import DataOptions
from reid.data.views import views_of
from reid.encoder.embedder import Embedder, EmbedderOptions
from reid.training.recipes import PRESETS
from reid.training.training import Training
from tools.dataset_stage import DatasetStageCommand
from tools.evaluate_reid import EvaluateReidCommand
from tools.run.interruption import Stopped
from tools.train import TRAIN, TrainCommand
from tracker.types import InputError


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Six people in one folder each, each in a shirt of another colour."""
    root = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    for person in range(6):
        colour = random.integers(0, 255, 3)
        (root / f"p{person}").mkdir()
        for frame in range(5):
            picture = np.clip(colour + random.normal(0, 15, (64, 32, 3)), 0, 255).astype(np.uint8)
            cv2.imwrite(str(root / f"p{person}" / f"{frame}.png"), picture)
    return root


SMALL = [
    *("--start", "none", "--device", "cpu", "--workers", "0", "--validation-people", "2"),
    *("--encoder.trunk", "squeezenet1_1", "--encoder.height", "64", "--encoder.width", "32"),
    *("--sampling.people", "3", "--sampling.crops", "2", "--optimisation.epochs", "1"),
]


def test_a_preset_trains_and_its_encoder_is_evaluated(data, tmp_path, capsys):
    run = tmp_path / "run"
    tyro.cli(TRAIN["strong"], args=["--data", str(data), "--out", str(run), *SMALL]).run()
    said = capsys.readouterr().out
    assert "mAP" in said
    # pictures in a folder a person: nobody is seen beside another over time
    assert "nothing is calibrated, as the validation people are not seen side by side in videos" in said
    assert f"calibrate it before tracking: followspot calibrate {run}/encoder_best.pt" in said
    assert not Embedder(run / "encoder_best.pt", EmbedderOptions(device="cpu")).calibrated
    assert load_encoder(run / "encoder_best.pt").encoder.options.bnneck
    assert (run / "pictures" / "retrieval.png").is_file()
    assert (run / "pictures" / "curves.png").is_file()
    with pytest.raises(DataError, match="already holds files"):
        tyro.cli(TRAIN["strong"], args=["--data", str(data), "--out", str(run), *SMALL]).run()

    numbers = tmp_path / "numbers.json"
    EvaluateReidCommand(
        data,
        str(run / "encoder_best.pt"),
        protocols=("market1501", "dancereid-clean"),
        rerank=True,
        reading=DataOptions(validation_people=2),
        embedding=EmbedderOptions(device="cpu"),
        json=numbers,
    ).run()
    assert "market1501 re-ranked" in capsys.readouterr().out
    scores = json.loads(numbers.read_text())["protocols"]
    assert set(scores) == {"market1501", "market1501 re-ranked", "dancereid-clean", "dancereid-clean re-ranked"}
    assert 0 < scores["market1501"]["mAP"] <= 1


@pytest.mark.usefixtures("rendered_here")
def test_training_ends_with_a_calibration_on_people_it_did_not_learn_from(tmp_path, capsys, monkeypatch):
    """Two rendered scenes of three dancers each, the second for the test; then a stop while it calibrates."""
    data, run = tmp_path / "data", tmp_path / "run"
    DatasetStageCommand(data, scenes=1, test_scenes=1, dancers=3, seconds=4.0, width=480, height=64, processes=1).run()
    small = [*SMALL[:6], *SMALL[8:]]
    tyro.cli(TRAIN["softmax"], args=["--data", str(data), "--out", str(run), *small]).run()
    assert "calibrated on 3 people not trained on, in 1 video; share of colour" in capsys.readouterr().out
    for name in ("encoder_best.pt", "encoder_last.pt"):
        embedder = Embedder(run / name, EmbedderOptions(device="cpu"))
        assert embedder.calibrated
        assert embedder.metadata["calibrated_on"] == ["data"]

    def stopped(*_):
        os.kill(os.getpid(), signal.SIGINT)
        return views_of(*_)

    monkeypatch.setattr("tools.train.views_of", stopped)
    with pytest.raises(Stopped):
        tyro.cli(TRAIN["softmax"], args=["--data", str(data), "--out", str(run), "--resume", *small]).run()
    said = capsys.readouterr().out
    assert "training is finished, its calibration was stopped; calibrate it before tracking" in said
    assert "best encoder:" in said


@pytest.mark.usefixtures("rendered_here")
def test_without_people_aside_training_says_how_some_are_kept(tmp_path, capsys):
    """A video of one's own is all for training, unless two of its people are asked for."""
    scene = {"scenes": 1, "test_scenes": 0, "dancers": 5, "seconds": 3.0, "width": 320, "height": 64, "processes": 1}
    DatasetStageCommand(tmp_path / "data", **scene).run()
    for name, aside in (("all", ""), ("some", "--validation training --validation-people 2")):
        arguments = ["--data", str(tmp_path / "data"), "--out", str(tmp_path / name), *SMALL, *aside.split()]
        tyro.cli(TRAIN["softmax"], args=arguments).run()
        said = capsys.readouterr().out
        told = "there are no validation people; --validation training --validation-people 2 keeps two aside" in said
        assert told is not bool(aside)
        assert (tmp_path / name / "encoder_best.pt").is_file() is bool(aside)


def test_of_two_trainings_into_one_folder_the_second_is_refused_and_one_without_a_save_leaves_nothing(
    data, tmp_path, monkeypatch
):
    arguments = ["--data", str(data), "--out", str(tmp_path / "runs" / "run"), *SMALL]

    def fails(training, _):
        with pytest.raises(InputError, match="another run has taken --out"):
            tyro.cli(TRAIN["strong"], args=arguments).run()
        (training.folder / "tensorboard").mkdir()
        (training.folder / "log.jsonl").touch()
        with pytest.raises(InputError, match="another run has taken --out"):
            tyro.cli(TRAIN["strong"], args=[*arguments, "--resume"]).run()
        raise DataError("A loss is not finite.")

    monkeypatch.setattr(Training, "run", fails)
    with pytest.raises(DataError, match="not finite"):
        tyro.cli(TRAIN["strong"], args=arguments).run()
    assert not list(tmp_path.iterdir())


def test_pictures_that_are_missing_or_damaged_are_counted_in_every_part(tmp_path, capsys, monkeypatch):
    """Two people with four crops each, to train on, and two others to be found again."""
    for folder, people, camera in (
        ("bounding_box_train", (1, 2), 1),
        ("query", (3, 4), 1),
        ("bounding_box_test", (3, 4), 2),
    ):
        (tmp_path / "data" / folder).mkdir(parents=True)
        for person, frame in itertools.product(people, range(4)):
            name = f"{person:04d}_c{camera}s1_{frame:06d}_00.jpg"
            cv2.imwrite(str(tmp_path / "data" / folder / name), np.full((64, 32, 3), 60 * person, np.uint8))
    (tmp_path / "data" / "bounding_box_train" / "0001_c1s1_000000_00.jpg").write_bytes(b"no picture")
    for person, frame in ((3, 0), (4, 1)):
        (tmp_path / "data" / "query" / f"{person:04d}_c1s1_{frame:06d}_00.jpg").write_bytes(b"no picture")
    gone = tmp_path / "data" / "bounding_box_test" / "0004_c2s1_000003_00.jpg"
    gone.unlink()
    gone.symlink_to("nowhere")
    monkeypatch.setattr(Training, "run", lambda *_: None)
    monkeypatch.setattr(TrainCommand, "calibrate", lambda *_: "")
    arguments = ["--data", str(tmp_path / "data"), "--out", str(tmp_path / "run"), *SMALL, "--sampling.people", "2"]
    tyro.cli(TRAIN["strong"], args=arguments).run()
    said = capsys.readouterr().out
    assert "1 training picture left out (1 unreadable), such as " in said
    assert "2 query pictures left out (2 unreadable), such as " in said
    assert f"1 gallery picture left out (1 missing), such as {gone}" in said.replace("\n", "")


def test_a_dry_run_and_a_run_that_is_not_there_leave_nothing(data, tmp_path, capsys):
    arguments = ["--data", str(data), "--out", str(tmp_path / "run"), *SMALL]
    tyro.cli(TRAIN["strong"], args=[*arguments, "--dry-run"]).run()
    assert "cross_entropy=1.0" in capsys.readouterr().out
    with pytest.raises(DataError, match="There are 4 people to train on, fewer than the 9 of a batch"):
        tyro.cli(TRAIN["strong"], args=[*arguments, "--sampling.people", "9", "--dry-run"]).run()
    with pytest.raises(DataError, match="to resume"):
        tyro.cli(TRAIN["softmax"], args=[*arguments, "--resume"]).run()
    assert not (tmp_path / "run").exists()


def test_query_and_gallery_alone_are_evaluated_and_training_says_that_there_is_no_training_part(tmp_path, capsys):
    """Two people, each of one grey; a colour histogram finds both."""
    for person, grey in ((1, 60), (2, 200)):
        for folder, camera in (("query", 1), ("bounding_box_test", 2)):
            (tmp_path / "test" / folder).mkdir(parents=True, exist_ok=True)
            name = f"{person:04d}_c{camera}s1_000001_00.jpg"
            cv2.imwrite(str(tmp_path / "test" / folder / name), np.full((64, 32, 3), grey, np.uint8))
    numbers = tmp_path / "numbers.json"
    EvaluateReidCommand(tmp_path / "test", "histogram", json=numbers).run()
    assert " 4/4 " in capsys.readouterr().err, "the bar"
    assert json.loads(numbers.read_text())["protocols"]["market1501"]["queries"] == 2
    assert json.loads(numbers.read_text())["protocols"]["market1501"]["mAP"] == 1
    arguments = ["--data", str(tmp_path / "test"), "--out", str(tmp_path / "run"), *SMALL]
    with pytest.raises(DataError, match="has no training part, only 2 query and 2 gallery crops"):
        tyro.cli(TRAIN["softmax"], args=arguments).run()
    assert not (tmp_path / "run").exists()


def test_an_unknown_protocol_is_one_clear_sentence(data, tmp_path):
    weights = tmp_path / "encoder.pt"
    save_encoder(weights, ContextEncoder(EncoderOptions("squeezenet1_1", 64, 32)), {})
    reading = DataOptions(validation_people=2)
    with pytest.raises(DataError, match="no protocol 'duke'"):
        EvaluateReidCommand(data, str(weights), protocols=("duke",), reading=reading).run()


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_command_of_that_name(name, tmp_path):
    command = tyro.cli(TRAIN[name], args=["--data", str(tmp_path), "--seed", "3"])
    assert command.preset == name
    assert command.recipe.seed == 3
    assert command.recipe.objective == PRESETS[name].objective
    assert command.recipe.fd_gan == PRESETS[name].fd_gan


def test_the_trunk_has_a_short_name(tmp_path):
    command = tyro.cli(TRAIN["st-reid"], args=["--data", str(tmp_path), "--encoder", "mobilenet_v2"])
    assert command.chosen.encoder.trunk == "mobilenet_v2"
    assert command.chosen.encoder.height == PRESETS["st-reid"].encoder.height


@pytest.mark.usefixtures("rendered_here")
def test_rendered_dancers_become_a_data_set_with_exact_poses(tmp_path):
    from reid.data.datasets import read_split

    data = tmp_path / "data"
    DatasetStageCommand(data, scenes=1, test_scenes=1, dancers=2, seconds=0.6, height=64, processes=1).run()
    split = read_split(tmp_path / "data", DataOptions())
    assert {crop.video for crop in split.train} == {"scene000"}
    assert {crop.video for crop in split.gallery} == {"scene001"}
    picture = cv2.imread(str(split.train[0].path))
    assert picture.shape == (64, 32, 3)
    joints = split.train[0].keypoints
    inside = joints[np.isfinite(joints).all(1)]
    assert len(inside) >= 12
    assert ((inside > -1) & (inside < [33, 65])).mean() > 0.9
