"""Pictures of the people for the report."""

from __future__ import annotations

import cv2
import numpy as np

from tracker.results.portraits import PortraitOptions, Portraits
from tracker.types import Frame, FrameTracks

NOISE = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)


def tracks(index: int, boxes: dict[int, list[float]], keypoints: np.ndarray | None = None) -> FrameTracks:
    """Rows at 10 frames a second."""
    ones = np.ones(len(boxes))
    ids, xyxy = list(boxes), np.array(list(boxes.values()), float)
    return FrameTracks(index, index / 10, ids, xyxy, ones, np.zeros(len(boxes), bool), keypoints)


def times(album: Portraits) -> dict[int, list[float]]:
    """Of everybody's pictures."""
    return {id: [pose.time for pose in each.poses] for id, each in album.portraits().items()}


def test_poses_lie_half_a_second_apart_and_stay_spread_over_the_whole_video():
    album = Portraits(PortraitOptions(poses=4))
    for index in range(201):  # 20 s
        album.write(Frame(index, index / 10, NOISE), tracks(index, {7: [100, 60, 140, 180]}))
    own = times(album)[7]
    assert len(own) == 4
    assert own[0] <= 5
    assert own[-1] >= 15
    assert min(np.diff(own)) >= 0.5 - 1e-6
    assert all(round(10 * time) % 5 == 0 for time in own)


def test_a_picture_shows_the_person_with_surroundings_no_higher_than_asked_for():
    image = np.zeros((600, 400, 3), np.uint8)
    image[100:500, 150:250] = (0, 0, 255)
    album = Portraits()
    album.write(Frame(0, 0.0, image), tracks(0, {1: [150, 100, 250, 500]}))
    picture = cv2.imdecode(np.frombuffer(album.portraits()[1].best.jpeg, np.uint8), cv2.IMREAD_COLOR)
    # 400 px high and 32 px (8%) more on every side: 164 x 464, shrunk to 176 px: by 0.379
    assert picture.shape == (176, 62, 3)
    red = (picture[..., 2] > 128) & (picture[..., 0] < 100)
    assert abs(red.mean() - 100 * 400 / (164 * 464)) < 0.03


def test_people_who_are_covered_or_cut_off_have_to_wait_and_are_shown_so_where_there_is_no_other_view():
    album = Portraits()
    blurred = cv2.GaussianBlur(NOISE, (9, 9), 3)
    for index, image in enumerate((blurred, NOISE, blurred)):  # half a second apart
        at_the_border = {1: [0, 60, 40, 180], 2: [100, 60, 140, 180], 3: [110, 60, 150, 180]}
        album.write(Frame(5 * index, index / 2, image), tracks(5 * index, at_the_border))
    assert times(album) == {1: [0.5], 2: [0.5], 3: [0.5]}
    apart = {1: [20, 60, 60, 180], 2: [100, 60, 140, 180], 3: [150, 60, 190, 180]}
    album.write(Frame(11, 1.1, blurred), tracks(11, apart))
    assert times(album) == {1: [1.1], 2: [1.1], 3: [1.1]}


def test_a_box_outside_of_the_picture_is_no_fault():
    album = Portraits()
    outside = {1: [400, 60, 440, 180], 2: [-80, -200, -40, -80], 3: [300, 250, 380, 400]}
    album.write(Frame(0, 0.0, NOISE), tracks(0, outside))
    assert list(album.portraits()) == [1, 2, 3]


def test_a_person_is_known_by_a_picture_that_faces_the_camera():
    facing, away = np.zeros((1, 17, 3)), np.zeros((1, 17, 3))
    facing[0, :3] = [[120, 70, 0.9], [126, 66, 0.9], [114, 66, 0.9]]
    album = Portraits()
    blurred = cv2.GaussianBlur(NOISE, (9, 9), 3)
    album.write(Frame(0, 0.0, NOISE), tracks(0, {1: [100, 60, 140, 180]}, away))
    album.write(Frame(10, 1.0, blurred), tracks(10, {1: [100, 60, 140, 180]}, facing))
    assert album.portraits()[1].best.time == 1.0  # though the other one is sharper
    album.write(Frame(20, 2.0, NOISE), tracks(20, {1: [100, 60, 140, 180]}, facing))
    assert album.portraits()[1].best.time == 2.0


def test_of_a_crowd_those_seen_most_often_have_pictures_and_the_poster_is_the_fullest_frame():
    album = Portraits(PortraitOptions(people=2))
    boxes = {id: [20.0 + 50 * id, 60, 60 + 50 * id, 180] for id in range(1, 5)}
    for index, there in enumerate([[1], [1, 2, 3], [1, 3], [1, 3, 4]]):
        image = np.full_like(NOISE, 60 * index)
        album.write(Frame(index, index / 10, image), tracks(index, {id: boxes[id] for id in there}))
    assert list(album.portraits()) == [1, 3]
    assert album.poster is not None
    poster = cv2.imdecode(np.frombuffer(album.poster, np.uint8), cv2.IMREAD_COLOR)
    assert abs(float(poster.mean()) - 60) < 2  # the second frame, the first with three
    assert Portraits().poster is None


def test_frames_without_pictures_are_passed_over():
    album = Portraits()
    album.write(Frame(0, 0.0, None), tracks(0, {1: [100, 60, 140, 180]}))
    assert album.portraits() == {}
