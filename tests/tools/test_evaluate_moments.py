"""`followspot evaluate moments` on a run by hand: two who exchange their ids, and one of the exchanges is found out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tools.evaluate_moments import EvaluateMomentsCommand
from tools.scoring.labelled_boxes import LabelledBoxes
from tools.scoring.moment_scores import MomentScore, WrongStretch, moment_score, wrong_stretches
from tracker.results.moment_words import CurrentMoment
from tracker.results.moments import Moment
from tracker.types import InputError


def boxes(*people: tuple[int, float]) -> LabelledBoxes:
    """Each a person's number and the left side of a box of 30 x 100."""
    ids, left = np.array([each[0] for each in people], int), np.array([each[1] for each in people], float)
    return LabelledBoxes(ids, np.stack([left, left * 0, left + 30, left * 0 + 100], axis=1).reshape(-1, 4))


def test_a_stretch_begins_where_an_id_is_on_another_person_and_goes_on_after_a_pause():
    truth = [boxes((1, 0), (2, 100))] * 40
    tracks = [boxes((7, 0), (8, 100))] * 20 + [boxes((8, 0))] * 6 + [boxes()] * 4 + [boxes((8, 0))] * 5
    tracks += [boxes((8, 100))] * 5
    assert wrong_stretches(truth, tracks, 10.0) == [WrongStretch(8, 1, frozenset({7}), 20, 34, 11)]
    assert wrong_stretches(truth, tracks, 9.9)[0].last == 25, "five frames are more than half a second now"


def test_a_few_boxes_are_a_blink_and_an_id_that_is_on_its_own_person_too_is_not_wrong():
    truth = [boxes((1, 0), (2, 10))] * 30  # they overlap by half: an IoU of 20 / 40
    blink = [boxes((7, 0), (8, 10))] * 26 + [boxes((8, 0))] * 4
    assert wrong_stretches(truth, blink, 10.0) == []
    both = [boxes((7, 0), (8, 10))] * 20 + [boxes((8, 0))] * 10
    assert wrong_stretches(truth, both, 10.0) == []


def test_moments_lead_to_stretches_at_their_time_about_their_people():
    stretches = [WrongStretch(8, 1, frozenset({7}), 100, 120), WrongStretch(9, 3, frozenset(), 300, 310)]

    def at(frame: int, *people: int) -> CurrentMoment:
        return CurrentMoment(Moment("return", frame, frame + 5, (0,), 0.5), people, ())

    # 10 frames a second: up to 7 frames away
    assert moment_score(stretches, [at(127, 7)], 10.0) == MomentScore(2, 1, 1, 1)
    assert moment_score(stretches, [at(128, 7)], 10.0) == MomentScore(2, 0, 1, 0)
    assert moment_score(stretches, [at(88, 8), at(300, 1), at(90, 8)], 10.0) == MomentScore(2, 1, 3, 2)
    assert moment_score([], [], 10.0) == MomentScore() == MomentScore() + MomentScore()


def test_the_command_counts_runs_and_all_of_them(
    tmp_path: Path, run_of_two: Callable[..., Path], capsys: pytest.CaptureFixture[str]
):
    wrong, right = run_of_two(tmp_path / "wrong", exchanged=True), run_of_two(tmp_path / "right", exchanged=False)
    truth = tmp_path / "gt.txt"
    truth.write_text((right / "tracks.txt").read_text())
    numbers = tmp_path / "numbers.json"
    EvaluateMomentsCommand((wrong, right), gt=(truth, truth), json=numbers).run()
    counts = json.loads(numbers.read_text())
    assert counts[str(wrong)] == {"wrong": 2, "found": 2, "shown": 1, "right": 1}
    assert counts[str(right)] == {"wrong": 0, "found": 0, "shown": 0, "right": 0}
    assert counts["pooled"] == counts[str(wrong)]
    assert "moments shown" in capsys.readouterr().out
    with pytest.raises(InputError, match="2 runs but 1 truth:"):
        EvaluateMomentsCommand((wrong, right), gt=(truth,)).run()


@pytest.fixture
def run_of_two() -> Callable[..., Path]:
    """Makes a run of 60 frames; where `exchanged`, the ids change places from frame 20 to 29, which is found out."""

    def made(folder: Path, exchanged: bool) -> Path:
        folder.mkdir()
        rows = []
        for frame in range(60):
            swapped = exchanged and 20 <= frame < 30
            for id, left in ((1, 10 + 2 * frame), (2, 150 - 2 * frame)):
                rows.append(f"{frame + 1},{3 - id if swapped else id},{left},40,30,100,0.9,-1,-1,-1\n")
        (folder / "tracks.txt").write_text("".join(rows))
        event = {"frame": 30, "time": 1.0, "away": 0.0, "margin": 0.3, "exchanged": True, "remembered": False}
        people = [{"id": id, "name": None, "recoveries": [event] if exchanged else []} for id in (1, 2)]
        video = {"source": "a", "fps": 30.0, "width": 320, "height": 180, "tracking": "online"}
        overview = {"video": video, "summary": {"frames": 60}, "camera_cuts": [], "people": people}
        (folder / "tracks.json").write_text(json.dumps(overview))
        (folder / "config.json").write_text(json.dumps({"options": {}, "opened": "a.mp4", "tracking": "online"}))
        return folder

    return made
