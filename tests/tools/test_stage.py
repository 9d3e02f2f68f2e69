"""The stage: what it renders follows from the seed, its bodies are bodies, and its truth fits its pictures."""

from __future__ import annotations

from dataclasses import replace

import av
import numpy as np
import pytest
from places import ROOT, SHARED

from models.bundled import PERSON_DETECTOR
from tools.renderer import Scene, StageOptions
from tools.renderer.camera import Camera
from tools.renderer.compositing import Actor, overlap
from tools.renderer.costume import costumes
from tools.renderer.figure import Figure
from tools.renderer.figure_part import Sway
from tools.renderer.light import Lamp, Lighting
from tools.renderer.mesh import ball, normals_of
from tools.renderer.pose import FLOOR, GROUND, INDEX, REST, STANDING, mirrored, pose
from tools.renderer.raster import draw
from tools.renderer.sequence_folder import SequenceFolder, read_scene
from tools.renderer.skeleton import Build, Place, posed
from tools.renderer.truth import joints, observe
from tools.stage import StageCommand
from tracker.boxes import iou
from tracker.results.mot_files import read_tracks
from tracker.types import InputError

SMALL = StageOptions(dancers=3, twins=2, seconds=0.8, fps=5.0, width=320, height=180, seed=4)
CAMERA = Camera((0.0, 1.0, 8.0), pan=0.0, tilt=0.0, focal=400.0, width=320, height=240)
DAYLIGHT = Lighting((Lamp((0.0, 1.0, 1.0), (0.6, 0.6, 0.6)),), (0.4, 0.4, 0.4), (0.2, 0.2, 0.2))
AT_REST = Sway(np.zeros(3), 0.0)


@pytest.fixture(scope="module")
def figures() -> list[Figure]:
    return [Figure(costume) for costume in costumes(2, 2, np.random.default_rng(1))]


def on_stage(figure: Figure, identity: int, place: Place, vector: np.ndarray = REST) -> Actor:
    build = figure.costume.build
    skeleton = posed(build, place, vector)
    sprite = draw(figure, *figure.mesh(skeleton, AT_REST), CAMERA, DAYLIGHT, np.ones(3))
    assert sprite is not None
    return Actor(identity, place, skeleton, build, sprite)


def owners_of(*from_back_to_front: Actor) -> np.ndarray:
    owners = np.zeros((CAMERA.height, CAMERA.width), np.uint8)
    for actor in from_back_to_front:
        window, part = overlap(actor.sprite, CAMERA)
        owners[window][actor.sprite.alpha[part] > 127] = actor.id
    return owners


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not():
    scene = Scene(SMALL)
    first, again, anew = list(scene.frames()), list(scene.frames()), list(Scene(SMALL).frames())
    other = list(Scene(replace(SMALL, seed=5)).frames())
    assert [frame.frame.index for frame in first] == [0, 1, 2, 3]
    for a, b, c, d in zip(first, again, anew, other, strict=True):
        assert np.array_equal(a.frame.image, b.frame.image)
        assert np.array_equal(a.frame.image, c.frame.image)
        assert np.array_equal(a.truth.xyxy, c.truth.xyxy)
        assert not np.array_equal(a.frame.image, d.frame.image)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"twins": 4}, "twins must be 0 to 3"),
        ({"width": 641}, "even"),
        ({"dancers": 0, "twins": 0}, "dancers must be 1"),
        ({"fps": 0.0}, "fps"),
        ({"seconds": 0.0}, "seconds"),
        ({"min_visible": 1.5}, "min visible"),
    ],
)
def test_a_stage_that_cannot_be_rendered_is_refused_in_a_sentence(change, sentence):
    with pytest.raises(InputError, match=sentence):
        replace(SMALL, **change)


def test_twins_share_clothes_and_differ_in_hair_and_shoes():
    first, second, stranger = costumes(3, 2, np.random.default_rng(3))
    assert (first.top_cloth, first.bottom_cloth, first.skin) == (second.top_cloth, second.bottom_cloth, second.skin)
    assert first.hair != second.hair
    assert first.shoes != second.shoes
    assert stranger.top_cloth != first.top_cloth


@pytest.mark.parametrize("name", [*STANDING, *FLOOR, *GROUND])
def test_every_pose_rests_on_the_floor_with_bones_of_their_length(name):
    build = Build(height=1.8)
    skeleton = posed(build, Place(1.0, -1.0, 30.0), {**STANDING, **FLOOR, **GROUND}[name])
    thigh, shank = np.linalg.norm(np.diff(skeleton.leg, axis=1), axis=2).T
    upper, lower = np.linalg.norm(np.diff(skeleton.arm, axis=1), axis=2).T
    assert np.allclose(thigh, build.thigh)
    assert np.allclose(shank, build.shank)
    assert np.allclose(upper, build.upper_arm)
    assert np.allclose(lower, build.forearm)
    lowest = min(skeleton.leg[..., 1].min(), skeleton.arm[..., 1].min(), skeleton.spine[:, 1].min())
    assert 0.0 < lowest < 0.3


def test_a_mirrored_pose_is_the_mirror_image():
    build, place = Build(), Place(0.0, 0.0, 0.0)
    vector = pose(arm_abduct_l=120, elbow_r=70, spine_side=12, head_turn=30, foot_x_l=0.4, pelvis_x=0.1)
    skeleton, image = posed(build, place, vector), posed(build, place, mirrored(vector))
    flip = np.array([-1.0, 1.0, 1.0])
    assert np.allclose(skeleton.arm[::-1] * flip, image.arm)
    assert np.allclose(skeleton.leg[::-1] * flip, image.leg)
    assert np.allclose(skeleton.head * flip, image.head)


def test_the_left_arm_of_a_dancer_who_faces_the_audience_is_on_the_right_of_the_picture(figures):
    arm_out = REST.copy()
    arm_out[INDEX["arm_abduct_l"]] = 90
    actor = on_stage(figures[0], 1, Place(0.0, 0.0, 0.0), arm_out)
    wrist_left, wrist_right = CAMERA.project(joints(actor))[0][[9, 10], 0]
    assert wrist_left > 160 + 25
    assert wrist_right < 160


def test_normals_point_outwards():
    points = ball((1.0, 2.0, 0.5), 12, 17)
    normals = normals_of(points, points.mean(axis=1))
    assert ((normals * points).sum(axis=-1)[1:-1] > 0).all()
    assert np.allclose(np.linalg.norm(normals, axis=-1), 1)


def test_the_box_is_the_silhouette_in_the_right_place_and_size(figures):
    actor = on_stage(figures[0], 1, Place(0.5, 0.0, 0.0))
    x1, y1, x2, y2 = actor.sprite.xyxy
    rows, columns = np.nonzero(actor.sprite.alpha)
    drawn = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert np.allclose(actor.sprite.xyxy - np.array([actor.sprite.left, actor.sprite.top] * 2), drawn, atol=1)
    metre = CAMERA.focal / 8.0
    assert (x1 + x2) / 2 == pytest.approx(160 + 0.5 * metre, abs=5)
    assert y2 == pytest.approx(120 + 1.0 * metre, abs=4)
    assert y2 - y1 == pytest.approx(actor.build.height * metre, rel=0.05)


def test_who_stands_behind_another_is_hidden_and_left_out(figures):
    front, back = on_stage(figures[0], 1, Place(0.0, 0.0, 0.0)), on_stage(figures[1], 2, Place(0.0, -0.7, 0.0))
    tracks, visibility = observe(0, 0.0, [front, back], owners_of(back, front), CAMERA, min_visible=0.3)
    assert tracks.ids.tolist() == [1]
    assert visibility.tolist() == [1.0]
    tracks, visibility = observe(0, 0.0, [front, back], owners_of(back, front), CAMERA, min_visible=0.0)
    assert tracks.ids.tolist() == [1, 2]
    assert 0 < visibility[1] < 0.3
    assert np.allclose(tracks.xyxy[1], back.sprite.xyxy)  # the whole dancer's box, hidden parts too
    hidden_hips = tracks.keypoints[1, [11, 12], 2]
    assert hidden_hips.tolist() == [1.0, 1.0]


def test_who_is_cut_off_by_the_picture_has_a_clipped_box_and_joints_outside(figures):
    edge = 4.0 * 160 / 200  # at 8 m half of the picture is 3.2 m wide
    actor = on_stage(figures[0], 1, Place(edge, 0.0, 0.0))
    tracks, visibility = observe(0, 0.0, [actor], owners_of(actor), CAMERA, min_visible=0.2)
    assert tracks.xyxy[0, 2] == CAMERA.width
    assert visibility[0] == pytest.approx(0.5, abs=0.1)
    left_shoulder, right_shoulder = tracks.keypoints[0, 5], tracks.keypoints[0, 6]
    assert left_shoulder.tolist() == [0.0, 0.0, 0.0]
    assert right_shoulder[2] == 2


def test_a_face_shows_from_the_front_and_not_from_the_back(figures):
    nose = []
    for yaw in (0.0, 180.0):
        actor = on_stage(figures[0], 1, Place(0.0, 0.0, yaw))
        tracks, _ = observe(0, 0.0, [actor], owners_of(actor), CAMERA, min_visible=0.2)
        nose.append(tracks.keypoints[0, 0, 2])
        assert tracks.keypoints[0, 5, 2] == 2  # a shoulder shows from both sides
    assert nose == [2.0, 1.0]


def test_in_the_demo_two_leave_and_return_and_one_hides():
    frames = read_tracks(ROOT / "assets" / "demo_gt.txt", 25.0)
    seen = {identity: [identity in frame.ids for frame in frames] for identity in range(1, 6)}
    assert set().union(*(frame.ids.tolist() for frame in frames)) == {1, 2, 3, 4, 5}
    gone, back = _longest_absence(seen[4])
    assert 5 <= (back - gone) / 25 <= 6
    assert _middle(frames[gone - 1], 4) > 1200  # left on the right
    assert _middle(frames[back], 4) < 80  # back on the left
    gone, back = _longest_absence(seen[2])
    assert 5 <= (back - gone) / 25 <= 6
    assert _middle(frames[gone - 1], 2) < 80
    gone, back = _longest_absence(seen[5])
    assert 1 <= (back - gone) / 25 <= 5
    assert _middle(frames[gone - 1], 5) == pytest.approx(_middle(frames[back], 5), abs=150)  # hidden, not gone


def _middle(frame, identity):
    return float(frame.xyxy[frame.ids == identity][0, [0, 2]].mean())


def _longest_absence(seen: list[bool]) -> tuple[int, int]:
    """First frame away and first frame back."""
    present = np.flatnonzero(seen)
    longest = int(np.diff(present).argmax())
    return int(present[longest]) + 1, int(present[longest + 1])


def test_the_committed_truth_is_what_the_renderer_says_today():
    frames = Scene(read_scene(ROOT / "assets" / "demo_scene.json")).frames()
    committed = read_tracks(ROOT / "assets" / "demo_gt.txt", 25.0)
    assert len(committed) == 350
    for _, expected in zip(range(2), committed, strict=False):
        truth = next(frames).truth
        assert truth.ids.tolist() == expected.ids.tolist()
        assert np.allclose(truth.xyxy, expected.xyxy, atol=0.02)


def test_where_the_dancers_are_is_known_without_painting_the_stage(monkeypatch):
    def painted(*_):
        raise AssertionError("it takes a second")

    monkeypatch.setattr("tools.renderer.scene.Backdrop", painted)
    scene = Scene(SMALL)
    assert scene.floor(0.0).shape == (SMALL.dancers, 2)
    with pytest.raises(AssertionError, match="a second"):
        next(scene.frames())


def test_a_rendered_folder_is_a_sequence_whose_files_agree(tmp_path):
    folder = tmp_path / "show"
    StageCommand(folder, replace(SMALL, moving_camera=True, cuts=1)).run()
    with av.open(str(folder / "video.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == 4
        assert [stream.codec_context.name for stream in video.streams] == ["h264", "aac"]
    assert "seqLength=4" in (folder / "seqinfo.ini").read_text()
    assert read_scene(folder / "scene.json") == replace(SMALL, moving_camera=True, cuts=1)
    truth = read_tracks(folder / "gt" / "gt.txt", 5.0, 4)
    for frame, rows in zip(Scene(replace(SMALL, moving_camera=True, cuts=1)).frames(), truth, strict=True):
        assert frame.truth.ids.tolist() == rows.ids.tolist()
        assert np.allclose(frame.truth.xyxy, rows.xyxy, atol=0.02)
    with pytest.raises(InputError, match="already holds files"):
        StageCommand(folder, SMALL).run()


def test_a_rendering_stopped_early_leaves_files_that_agree(tmp_path):
    frames = Scene(SMALL).frames()
    folder = SequenceFolder(tmp_path / "show", SMALL, None, 23, "ultrafast")
    with pytest.raises(KeyboardInterrupt):
        _interrupted_after_two(folder, frames)
    with av.open(str(tmp_path / "show" / "video.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == 2
    assert "seqLength=2" in (tmp_path / "show" / "seqinfo.ini").read_text()


def _interrupted_after_two(folder, frames):
    with folder:
        folder.write(next(frames))
        folder.write(next(frames))
        raise KeyboardInterrupt


def test_the_beat_is_as_long_as_the_scene_and_never_too_loud():
    samples, rate = Scene(SMALL).audio()
    assert len(samples) == pytest.approx(0.8 * rate, abs=1)
    assert 0.3 < np.abs(samples).max() <= 1


def test_a_detector_trained_on_photographs_finds_the_dancers():
    from ultralytics import YOLO

    general = SHARED / "weights" / "yolo11n.pt"
    model = YOLO(general if general.exists() else PERSON_DETECTOR)
    found = []
    for seed in (1, 4):
        for frame in Scene(StageOptions(seed=seed, seconds=3, fps=1.0)).frames():
            result = model(frame.frame.image, imgsz=640, conf=0.25, classes=[0], verbose=False)[0]
            overlaps = iou(frame.truth.xyxy[frame.visibility > 0.85], result.boxes.xyxy.numpy())
            found.extend((overlaps.max(axis=1) > 0.5).tolist())
    assert np.mean(found) > 0.9
