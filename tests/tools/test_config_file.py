"""`--config FILE`: a run repeated or tuned from a file, the command line winning."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pytest
from tyro.conf import Positional

from reid.data.crops import DataError
from reid.training.recipes import PRESETS
from tools import cli
from tools.run.config_file import read_config
from tools.track import TrackCommand
from tools.train import TRAIN
from tracker.types import InputError
from tracker.video.video_writer import VideoWriter


@dataclass(frozen=True)
class Lights:
    brightness: float = 0.5
    lamps: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.brightness > 1:
            raise InputError(f"--brightness must be at most 1, not {self.brightness}")


@dataclass(frozen=True)
class Show:
    """What the commands below were given stands in `seen`."""

    dancers: Positional[tuple[str, ...]]
    seats: int | None = None
    score: Path | None = None
    encore: bool = True
    lights: Lights = field(default_factory=lambda: Lights(0.25))

    def run(self) -> None:
        seen.append(self)


seen: list[Show] = []


def shown(*arguments: object) -> Show:
    cli.run("show", Show, list(map(str, arguments)))
    return seen.pop()


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_a_yaml_file_gives_options_and_the_command_line_wins(tmp_path: Path):
    file = written(
        tmp_path, "show.yaml", "dancers: [Ada, Bea]\nscore: a b.pdf\nlights: {lamps: {1: red}}\nencore: no\n"
    )
    asked = Show(("Ada", "Bea"), score=Path("a b.pdf"), encore=False, lights=Lights(0.25, {1: "red"}))
    assert shown("--config", file) == asked, "brightness is the command's own default, not that of Lights"
    assert shown(f"--config={file}", "Cleo", "--seats", 3, "--encore") == Show(
        ("Cleo",), 3, asked.score, True, asked.lights
    )
    assert shown("--lights.brightness", "1", "--config", file).lights == Lights(1.0, {1: "red"})


def test_other_words_that_begin_like_ours_are_left_alone():
    assert shown("Ada", "--score=-hello.pdf").score == Path("-hello.pdf")
    assert shown("Ada", "--score=--config").score == Path("--config")


def test_json_stands_on_its_own_or_beneath_options_as_in_config_json(tmp_path: Path):
    options = {"dancers": ["Ada"], "score": None, "lights": {"brightness": 1, "lamps": {"2": "blue"}}}
    for content in (options, {"options": options, "versions": {"numpy": "2"}}):
        file = written(tmp_path, "config.json", json.dumps(content))
        assert shown("--config", file) == Show(("Ada",), lights=Lights(1.0, {2: "blue"}))


def test_what_a_command_requires_may_be_in_the_file_or_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = written(tmp_path, "recipe.yml", "recipe: {seed: 4}\n")
    with pytest.raises(SystemExit):
        cli.run("followspot train strong", TRAIN["strong"], ["--config", str(file)])
    assert "--data" in capsys.readouterr().err
    with pytest.raises(DataError, match="nowhere"):
        cli.run("followspot train strong", TRAIN["strong"], ["--config", str(file), "--data", "nowhere"])


MISTAKES = {
    "unknown option": ("seat: 3", "there is no option seat"),
    "unknown option of a part": ("lights: {bright: 3}", "there is no option lights.bright"),
    "text for a number": ("seats: many", 'seats is "many": expected `int | null`, got `str`'),
    "text for a part": ("lights: on", "lights is true: expected `object`, got `bool`"),
    "text for a list": ("dancers: Ada", 'dancers is "Ada": expected `array`, got `str`'),
    "a list for a path": ("score: [1]", "score is [1]: expected a path, got `list`"),
    "text for a flag": ("encore: perhaps", 'encore is "perhaps": expected `bool`, got `str`'),
    "a value out of range": ("lights: {brightness: 2}", "--brightness must be at most 1, not 2"),
    "no names": ("- 1", "holds no names of options"),
    "no YAML": ("a: [", "is neither JSON (.json) nor YAML"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_file_is_one_sentence_that_names_file_and_key(mistake: str, tmp_path: Path):
    text, sentence = MISTAKES[mistake]
    file = written(tmp_path, "show.yaml", text)
    with pytest.raises(InputError) as raised:
        shown("--config", file)
    assert str(raised.value).startswith(f"--config {file}")
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_and_broken_json_are_reported(tmp_path: Path):
    with pytest.raises(InputError, match=r"cannot read --config .*nowhere.json: No such file"):
        shown("--config", tmp_path / "nowhere.json")
    with pytest.raises(InputError, match=r"is neither JSON \(.json\) nor YAML"):
        shown("--config", written(tmp_path, "config.json", "{'a': 1}"))


def test_help_shows_the_file_s_values_as_the_defaults(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    cli.run("show", Show, ["--help", "--config", str(written(tmp_path, "show.yaml", "seats: 77"))])
    assert "(default: 77)" in capsys.readouterr().out


def test_a_run_of_track_is_repeated_from_its_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    video = tmp_path / "film.mp4"
    with VideoWriter(video, width=64, height=48, fps=10) as writer:
        for index in range(3):
            writer.write(np.zeros((48, 64, 3), np.uint8), index / 10)
    (tmp_path / "boxes.txt").write_text("1,-1,10,10,20,30,0.9\n")
    monkeypatch.chdir(tmp_path)
    odd = ["--cast", "3", "--classes", "0", "2", "--draw.names", "1", "Ada", "--draw.trail", "0.1", "--no-cuts"]
    odd += ["--motion.measurement-noise", "0.0625", "--no-video", "--refine", "--refinement.gaps.seconds", "0.75"]
    track = [str(video), "--detections", "boxes.txt", "--reid", "none", "--out", "first", *odd]
    cli.run("followspot track", TrackCommand, track)
    cli.run("followspot track", TrackCommand, ["--config", "first/config.json", "--out", "second"])
    first, second = (json.loads(Path(name, "config.json").read_text()) for name in ("first", "second"))
    assert second["options"].pop("out") == "second"
    assert first["options"].pop("out") == "first"
    assert first == second
    assert first["options"]["draw"]["names"] == {"1": "Ada"}
    assert read_config(Path("first/config.json"), TrackCommand).detection.classes == (0, 2)


def test_a_recipe_is_tuned_from_a_file_and_repeated_from_its_run(tmp_path: Path):
    command = TRAIN["strong"]
    tuned = read_config(written(tmp_path, "a.yaml", "data: crops\nrecipe: {optimisation: {epochs: 2}}\n"), command)
    assert (tuned.data, tuned.recipe.optimisation.epochs) == (Path("crops"), 2)
    assert tuned.recipe.encoder == PRESETS["strong"].encoder, "the rest is the recipe's"
    recipe = PRESETS["st-reid-quick"]
    left = written(tmp_path, "config.json", json.dumps(asdict(recipe)))  # as a training run writes it
    assert read_config(left, command).recipe == recipe


def test_the_version_is_reported(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(sys, "argv", ["followspot", "--version"])
    for installed, expected in (("1.2.3", "followspot 1.2.3"), (None, "followspot (a checkout that is not installed)")):
        monkeypatch.setattr(cli, "version_of", lambda package, version=installed: version)
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert end.value.code == 0
        assert capsys.readouterr().out == f"{expected}\n"


def test_options_may_have_their_names_of_the_command_line(tmp_path: Path):
    file = written(
        tmp_path,
        "mine.yaml",
        "cast: 5\nconf: 0.2\nbirth.min-score: 0.7\ndraw.skeleton: yes\ntracker: {max_lost_time: 60}\n",
    )
    asked = read_config(file, TrackCommand)
    assert (asked.tracker.cast, asked.tracker.birth.min_score, asked.tracker.max_lost_time) == (5, 0.7, 60)
    assert (asked.detection.conf, asked.draw.skeleton) == (0.2, True)
    assert asked.tracker.motion == TrackCommand(()).tracker.motion


def test_groups_within_groups_are_joined_however_they_are_written(tmp_path: Path):
    asked = {"association.low-score": 0.33, "tracker": {"association": {"predicted_weight": 0.8}, "max_lost_time": 60}}
    for content in (asked, dict(reversed(asked.items()))):
        tracker = read_config(written(tmp_path, "mine.json", json.dumps(content)), TrackCommand).tracker
        association = tracker.association
        assert (association.low_score, association.predicted_weight, tracker.max_lost_time) == (0.33, 0.8, 60)


def test_a_group_of_options_that_is_none_is_refused_in_a_sentence(tmp_path: Path):
    for text in ("tracker: 3\ncast: 5\n", "cast: 5\ntracker: 3\n"):
        file = written(tmp_path, "wrong.yaml", text)
        with pytest.raises(InputError, match=f"--config {file}: tracker is a group of options, not 3"):
            read_config(file, TrackCommand)
