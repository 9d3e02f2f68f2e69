"""`followspot benchmark scale`: simulated people who can be counted by hand, what is told of them, and the picture."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tools.benchmark.growth import Cost, Trial, known_people, run_trial
from tools.benchmark.growth_report import MOTION, Panel, growth_table
from tools.benchmark.simulated_people import Crowd, NumberEmbedder, Street, painted
from tools.benchmark_scale import BenchmarkScaleCommand, each_alone
from tools.run.interruption import Interruption
from tools.run.output import show
from tracker.types import InputError


def test_a_street_holds_those_who_entered_in_the_last_seconds():
    """Two a second, three seconds each: after ten seconds number 20 has just come, number 15 is 2.5 s on its way."""
    xyxy, number = Street(newcomers=2, stay=3).seen(10.0)
    assert number.tolist() == [15, 16, 17, 18, 19, 20]
    middle = (xyxy[:, 0] + xyxy[:, 2]) / 2
    edge = min(middle[5], 480 - middle[5])
    assert edge == pytest.approx(0)
    assert min(middle[2], 480 - middle[2]) == pytest.approx(480 / 2)  # number 17 entered 1.5 s ago: half way
    assert Street(newcomers=2, stay=3).people == 6


def test_a_cast_goes_round_and_round():
    _, number = Street(newcomers=2, stay=1, cast=5).seen(10.0)
    assert number.tolist() == [19 % 5, 20 % 5]


def test_a_larger_picture_is_the_same_street():
    small, _ = Street().seen(7.3)
    large, _ = Street(scale=4).seen(7.3)
    assert np.allclose(large, 4 * small)
    assert Street(scale=4).size == (1920, 1080)


def test_the_encoder_reads_the_number_off_the_colour():
    """Number 300 is painted 44 and 1 (300 = 256 + 44), and looks like itself more than like its neighbour."""
    image = painted(np.array([[10.0, 10, 40, 90]]), np.array([300]), np.full((100, 60, 3), 9, np.uint8))
    crop = image[10:90, 10:40]
    assert crop[0, 0].tolist() == [44, 1, 0]
    assert image[0, 0].tolist() == [0, 0, 0]
    encoder = NumberEmbedder()
    (row,) = encoder([crop])
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-5)
    assert row @ encoder.view(300) > 0.9 > row @ encoder.view(301)


def test_each_person_of_a_crowd_has_one_id():
    (cost,) = run_trial(Trial(Crowd(7), seconds=2.0, every=1.0, warm_up=1.0))
    assert (cost.ids, cost.crops, cost.minutes) == (7, 0.0, pytest.approx(2 / 60))
    assert cost.ms > 0


def test_of_a_street_each_stretch_is_told_and_crops_are_embedded():
    """One newcomer a second, who crosses in two: in six seconds numbers 0 to 5."""
    costs = run_trial(Trial(Street(1, 2), seconds=6.0, every=3.0, appearance=True))
    assert [round(60 * cost.minutes) for cost in costs] == [3, 6]
    assert 2 <= costs[0].ids <= costs[1].ids <= 6
    assert costs[1].crops > 0


def test_people_of_a_cast_file_are_known():
    """Three people who cross one after the other, two of them twice: the ids are those of the cast file."""
    trial = Trial(Street(0.5, 2.0, scale=2, cast=3), seconds=10.0, every=10.0, appearance=True, cast=3)
    (cost,) = run_trial(trial)
    assert cost.ids == 3
    memory = known_people(3, NumberEmbedder())
    assert [member.id for member in memory.members] == [1, 2, 3]
    assert memory.next_id == 4


def test_a_panel_puts_costs_at_their_size(capsys: pytest.CaptureFixture[str]):
    small, large = (Trial(Crowd(people), 10, 8, 2) for people in (5, 50))
    costs = {small: [Cost(0.2, 0.5, 0.0, 1.0, 5)], large: [Cost(0.2, 2.25, 1.5, 8.0, 51)]}
    panel = Panel("Crowds", "people", {MOTION: [small, large]}, lambda trial, cost: trial.people)
    growth = panel.growth(costs)
    assert growth.lines == {MOTION: [(5, costs[small][0]), (50, costs[large][0])]}
    show(growth_table(growth))
    *_, last = (line.split() for line in capsys.readouterr().out.splitlines() if line.strip())
    assert last == ["motion", "alone", "50", "2.25", "8", "51", "1.50"]


def test_the_command_writes_tables_numbers_and_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Every trial costs as many milliseconds as there are people; that of the cast is 4 at once."""

    def cost(trial: Trial) -> list[Cost]:
        return [Cost(minute, float(trial.people), 0.5, 10.0 * minute, 7 * minute) for minute in (1, 2)]

    monkeypatch.setattr("tools.benchmark_scale.each_alone", lambda trials, stop: map(cost, trials))
    BenchmarkScaleCommand(people=(3, 30), minutes=2, cast=(6,), out=tmp_path / "out").run()
    numbers = json.loads((tmp_path / "out" / "scale.json").read_text())
    assert [point["ms"] for point in numbers["people"]["motion alone"]] == [3, 3, 30, 30]
    assert [point["size"] for point in numbers["minutes"]["motion alone"]] == [1, 2]
    assert [point["size"] for point in numbers["identities"]["with appearance"]] == [7, 14]
    assert [(point["size"], point["ms"]) for point in numbers["cast"]["with appearance"]] == [(6, 4), (6, 4)]
    picture = cv2.imread(str(tmp_path / "out" / "scale.png"))
    assert picture is not None
    assert picture.shape[1] == 900
    assert "Identities ever seen" in capsys.readouterr().out


def test_trials_run_one_after_the_other_in_processes():
    trials = [Trial(Crowd(people), seconds=1.0, every=1.0) for people in (2, 3)]
    with Interruption() as stop:
        assert [cost.ids for (cost,) in each_alone(trials, stop)] == [2, 3]


def test_numbers_of_nobody_are_refused():
    with pytest.raises(InputError, match="--people must be at least 1, not 0"):
        BenchmarkScaleCommand(people=(5, 0)).run()
    with pytest.raises(InputError, match="--identities must be at least 8, not 7"):
        BenchmarkScaleCommand(identities=7).run()
