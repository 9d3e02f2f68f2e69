"""The data set of rendered dancers is the same however it is made: on any number of cores, at once or in pieces."""

import signal

import pytest

import tools.dataset_stage
from reid.data.crop_table import read_crop_table
from reid.data.crops import DataError
from tools.dataset_stage import DatasetStageCommand
from tracker.types import InputError


def stage(out, **more):
    DatasetStageCommand(out, scenes=2, test_scenes=1, dancers=2, seconds=0.6, height=64, **more).run()


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
        stage(tmp_path / "data", processes=1)
    assert "stopped; 1 of 3 scenes are finished, the same command goes on" in capsys.readouterr().out
    with pytest.raises(DataError, match="made with another seed"):
        stage(tmp_path / "data", processes=1, seed=4)
    stage(tmp_path / "data", processes=1)
    assert "crops of 6 people in 3 scenes" in capsys.readouterr().out
    assert contents(tmp_path / "data") == whole
    rows = read_crop_table(tmp_path / "data" / "crops.csv")
    assert {row.image for row in rows} == {name for name in whole if name.endswith(".jpg")}
    assert {row.time for row in rows} == {0.0, 0.2, 0.4}
    assert {row.frame for row in rows} == {0, 5, 10}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"scenes": 0}, "--scenes must be at least 1, not 0"),
        ({"test_scenes": -1}, "--test-scenes must be at least 0, not -1"),
        ({"dancers": 99}, "dancers must be 1 to 16, not 99"),
    ],
)
def test_what_cannot_be_rendered_is_refused_before_a_folder_is_made(tmp_path, options, sentence):
    with pytest.raises(InputError, match=sentence):
        DatasetStageCommand(tmp_path / "data", **options).run()
    assert not (tmp_path / "data").exists()
