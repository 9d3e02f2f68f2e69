"""Errors of a formation against rendered truth: by hand, and by the command on the demo's scene."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from places import ROOT

from tools.evaluate_formation import COLUMNS, EvaluateFormationCommand, cells
from tools.renderer import Scene, StageOptions
from tools.renderer.camera import Camera
from tools.renderer.sequence_folder import read_scene
from tools.scoring.formation_scores import FormationErrors, formation_errors
from tracker.ground_plane import GroundPlane
from tracker.results.formation import Formation, Shot, Walk
from tracker.types import FrameTracks, InputError

DEMO, SCENE = ROOT / "assets" / "demo_gt.txt", ROOT / "assets" / "demo_scene.json"
FLOOR = GroundPlane(0.5, 100, 200, 500, 1000)


def one_second(ids: list[int]) -> list[FrameTracks]:
    """Three people side by side, five frames a second; `ids` are theirs from left to right."""
    boxes = np.array([[100 * k, 50, 100 * k + 50, 150] for k in range(3)], float)
    ones = np.ones(3)
    return [FrameTracks(frame, frame / 5, np.array(ids), boxes, ones, ones < 1) for frame in range(5)]


def test_errors_by_hand():
    """Truly the three stand at (0, 10), (3, 10) and (0, 14); shown are (0, 9), (3, 9) and, by another id, (0, 14)."""
    true = np.array([[0, 10], [3, 10], [0, 14]], float)
    shown = {1: (0, 9), 2: (3, 9), 7: (0, 14)}
    walks = tuple(Walk(id, 0, np.tile(np.array(place, float), (5, 1))) for id, place in shown.items())
    formation = Formation(0.2, (Shot(0.0, FLOOR, walks),))
    errors = formation_errors(formation, one_second([1, 2, 7]), one_second([1, 2, 3]), lambda time: true, 5.0)
    assert len(errors.pairs) == 15
    np.testing.assert_allclose(errors.pairs[:3], [0, 1, np.hypot(3, 5) - 5])  # 3 - 3, 5 - 4, sqrt(34) - 5
    assert errors.order.all()
    score = errors.score()
    assert score is not None
    assert score.shown == 100
    assert score.pair_median == pytest.approx(np.hypot(3, 5) - 5)
    assert score.order == 100


def test_what_is_only_shifted_and_turned_is_in_its_place():
    true = np.array([[0, 10], [3, 10], [0, 14]], float)
    turned = np.stack([5 - true[:, 1], 5 + true[:, 0]], axis=1)
    walks = tuple(Walk(id, 0, np.tile(turned[id - 1], (5, 1))) for id in (1, 2, 3))
    formation = Formation(0.2, (Shot(0.0, FLOOR, walks),))
    errors = formation_errors(formation, one_second([1, 2, 3]), one_second([1, 2, 3]), lambda time: true, 5.0)
    np.testing.assert_allclose(errors.placed, 0, atol=1e-9)
    assert not errors.order.all()


def test_the_person_of_an_id_is_the_one_of_its_own_box_whoever_else_is_near():
    """1 lies on the first person by 0.6, and by 0.49 on the second; 2 lies on the first by 0.49, 3 on the third."""
    true = np.array([[0, 10], [3, 10], [0, 14]], float)
    walks = tuple(Walk(id, 0, np.tile(true[id - 1], (5, 1))) for id in (1, 3))
    boxes = [
        np.array([[left, 0, left + 100, 100] for left in lefts], float) for lefts in ((25, -34, 300), (0, 59, 300))
    ]
    tracks, truth = ([replace(rows, xyxy=xyxy) for rows in one_second([1, 2, 3])] for xyxy in boxes)
    errors = formation_errors(Formation(0.2, (Shot(0.0, FLOOR, walks),)), tracks, truth, lambda time: true, 5.0)
    assert errors.pairs.tolist() == pytest.approx([0.0] * 5)


def test_a_mirrored_formation_is_not_in_its_place():
    true = np.array([[0, 10], [3, 10], [0, 14]], float)
    walks = tuple(Walk(id, 0, np.tile(true[id - 1] * [-1, 1], (5, 1))) for id in (1, 2, 3))
    formation = Formation(0.2, (Shot(0.0, FLOOR, walks),))
    errors = formation_errors(formation, one_second([1, 2, 3]), one_second([1, 2, 3]), lambda time: true, 5.0)
    assert errors.pairs.max() == pytest.approx(0)
    assert errors.placed.mean() > 1


def test_nothing_shown_has_no_score():
    assert FormationErrors.none(5).score() is None


def test_a_point_of_the_floor_from_a_panned_camera():
    """The camera stands at (1, 8) and looks 90 degrees to the right, along x: what is at (4, 6) is 3 away, 2 left."""
    camera = Camera((1.0, 2.0, 8.0), 90.0, 10.0, 1000.0, 1280, 720)
    np.testing.assert_allclose(camera.from_here(4.0, 6.0), (-2, 3), atol=1e-9)
    straight = Camera((1.0, 2.0, 8.0), 0.0, 10.0, 1000.0, 1280, 720)
    np.testing.assert_allclose(straight.from_here(4.0, 6.0), (3, 2), atol=1e-9)
    # a point to the right of the camera is projected to the right of the picture's middle
    assert straight.project(np.array([4.0, 0.0, 6.0]))[0][0] > 640


def test_a_scene_knows_its_cuts():
    scene = Scene(StageOptions(dancers=1, seconds=3, fps=5, cuts=2, width=64, height=64))
    assert scene.cut_frames == [5, 10]
    assert Scene(StageOptions(dancers=1, seconds=1, fps=5, moving_camera=True, width=64, height=64)).cut_frames == []


def test_the_demo_is_within_a_fifth_of_a_body_height(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "scores.json"
    EvaluateFormationCommand(gt=DEMO, scene=SCENE, json=out).run()
    score = json.loads(out.read_text())["demo_gt"]
    assert score["shown"] > 95
    assert score["pair_mean"] < 0.2
    assert score["placed_mean"] < 0.2
    assert score["order"] > 99
    assert "demo_gt" in capsys.readouterr().out


def test_dashes_are_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """No box at all shows no floor; one dancer alone has a place, but nobody beside whom it could be wrong."""
    (tmp_path / "none.txt").write_text("")
    EvaluateFormationCommand(gt=DEMO, scene=SCENE, results=tmp_path / "none.txt").run()
    said = capsys.readouterr().out
    assert f"note: demo_gt: nobody has a place, as the boxes of {tmp_path}/none.txt show no floor\n" in said
    first = [line for line in DEMO.read_text().splitlines(keepends=True) if line.split(",")[1] == "1"]
    (tmp_path / "one.txt").write_text("".join(first))
    EvaluateFormationCommand(gt=tmp_path / "one.txt", scene=SCENE, results=DEMO).run()
    said = capsys.readouterr().out
    assert f"note: one: no two people of {tmp_path}/one.txt have a place at the same time\n" in said


def test_no_scene_is_refused_in_a_sentence(tmp_path: Path):
    with pytest.raises(InputError, match=r"there is no file .*scene\.json"):
        read_scene(tmp_path / "scene.json")
    (tmp_path / "scene.json").write_text('{"realism": {}, "colour": 3}')
    with pytest.raises(InputError, match=r"scene\.json is no scene\.json of `followspot stage`"):
        read_scene(tmp_path / "scene.json")


def test_where_nobody_stands_behind_another_there_is_a_dash_and_json_that_any_program_reads():
    score = FormationErrors(2, np.zeros(1), np.zeros(2), np.zeros(0, bool)).score()
    assert score is not None
    assert score.order is None
    assert json.dumps(score.numbers(), allow_nan=False)
    assert cells(score)[-1] == "-"
    assert cells(None) == ["-"] * len(COLUMNS)
