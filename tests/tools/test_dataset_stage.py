"""The data set of rendered dancers is the same however it is made: on any number of cores, at once or in pieces."""

import json
import signal

import numpy as np
import pytest

import tools.dataset_stage
from reid.data.crop_table import read_crop_table
from reid.data.crops import DataError
from tools.dataset_stage import ALWAYS_STORED, DatasetStageCommand, sized
from tools.renderer.options import Realism
from tools.run.interruption import Stopped
from tracker.types import InputError


def stage(out, **more):
    DatasetStageCommand(out, scenes=2, test_scenes=1, dancers=2, seconds=0.6, width=480, height=64, **more).run()


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "data"
    stage(folder, processes=2)
    return contents(folder)


def test_a_stopped_run_goes_on_to_the_same_bytes_on_another_number_of_cores(whole, tmp_path, monkeypatch, capsys):
    def write_and_stop(folder, scene, crops):
        write(folder, scene, crops)
        signal.raise_signal(signal.SIGINT)

    write = tools.dataset_stage.write
    with monkeypatch.context() as patch:
        patch.setattr(tools.dataset_stage, "write", write_and_stop)
        with pytest.raises(Stopped):
            stage(tmp_path / "data", processes=1)
    assert "stopped after 1 of 3 scenes; the same command goes on" in capsys.readouterr().out
    with pytest.raises(DataError, match="made with another seed"):
        stage(tmp_path / "data", processes=1, seed=4)
    stage(tmp_path / "data", processes=1)
    assert "crops of 6 people in 3 scenes" in capsys.readouterr().out
    assert contents(tmp_path / "data") == whole
    rows = read_crop_table(tmp_path / "data" / "crops.csv")
    assert {row.image for row in rows} == {name for name in whole if name.endswith(".jpg")}
    assert {row.time for row in rows} == {0.0, 0.2, 0.4}
    assert {row.frame for row in rows} == {0, 5, 10}


def test_the_named_size_has_the_people_of_the_published_set_and_what_is_given_wins(tmp_path):
    asked = DatasetStageCommand(tmp_path, size="dancereid", seconds=3.0, realism=Realism(alike=0.1))
    command = sized(asked)
    people = [command.dancers_of(number) for number in range(15 + 6)]
    assert (sum(people[:15]), sum(people[15:])) == (71, 29)
    assert set(people) == {4, 5}  # 71 = 11 * 5 + 4 * 4 and 29 = 5 * 5 + 4
    assert (command.seconds, command.realism.alike) == (3.0, 0.1)
    assert command.realism.turns == sized(DatasetStageCommand(tmp_path, size="dancereid")).realism.turns > 0
    assert sized(DatasetStageCommand(tmp_path)) == DatasetStageCommand(tmp_path)


def test_thousands_are_thousands(tmp_path):
    command = sized(DatasetStageCommand(tmp_path, size="thousands"))
    assert sum(command.dancers_of(number) for number in range(command.scenes)) == 3000


def test_people_to_learn_from_and_people_to_test_on_are_different_ones(tmp_path, capsys):
    folder = tmp_path / "data"
    options = {"scenes": 2, "test_scenes": 2, "people": 5, "test_people": 3, "seconds": 1.0, "every": 25, "width": 320}
    command = DatasetStageCommand(folder, size="dancereid", **options, height=64, min_visible=0.1, processes=1)
    command.run()
    split = json.loads((folder / "splits.json").read_text())[0]
    train = set(split["trainval"])
    test = {int(name[:4]) for name in split["query"] + split["gallery"]}
    assert train | test == set(range(8))
    assert not train & test
    boxes = np.array([row.xyxy for row in read_crop_table(folder / "crops.csv")])
    assert (
        np.abs(boxes - boxes.round()) > 0.01
    ).any()  # a silhouette ends at half pixels at least, a detector's box anywhere
    assert (np.abs(2 * boxes - (2 * boxes).round()) > 0.01).mean() > 0.5


def test_a_folder_begun_before_an_option_was_there_goes_on(tmp_path):
    recipe = DatasetStageCommand(tmp_path, seed=3).recipe()
    assert set(recipe) == {"command", *ALWAYS_STORED}
    assert DatasetStageCommand(tmp_path, cuts=2).recipe() == {**recipe, "seed": 0, "cuts": 2}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"scenes": 3, "people": 2}, "--people must be at least 3, not 2"),
        ({"every": 0}, "--every must be at least 1, not 0"),
        ({"scenes": 0}, "--scenes must be at least 1, not 0"),
        ({"test_scenes": -1}, "--test-scenes must be at least 0, not -1"),
        ({"dancers": 99}, "dancers must be 1 to 16, not 99"),
    ],
)
def test_what_cannot_be_rendered_is_refused_before_a_folder_is_made(tmp_path, options, sentence):
    with pytest.raises(InputError, match=sentence):
        DatasetStageCommand(tmp_path / "data", **options).run()
    assert not (tmp_path / "data").exists()
