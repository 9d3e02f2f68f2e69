import json

import numpy as np
import pytest

from reid.dancereid.source import (
    JOINTS,
    PublishedDetections,
    file_of,
    notes_on,
    number_people,
    read_annotation,
    read_video_table,
)
from reid.dancereid.splits import PUBLISHED_VIDEOS, published_part, splits_of
from reid.data.crops import DataError
from tracker.detection.ultralytics_network import COCO_JOINTS


def annotation(tmp_path, content):
    path = tmp_path / "annotation.json"
    path.write_text(json.dumps(content))
    return read_annotation(path)


def test_frames_may_be_listed_or_given_as_ranges_and_people_as_a_list(tmp_path):
    read = annotation(tmp_path, {"b": {"10": [5], "2": [[1, 3], 7]}, "a": [[0], [[4, 4]]]})
    assert read == {"b": {2: {1, 2, 3, 7}, 10: {5}}, "a": {0: {0}, 1: {4}}}
    # Videos in the file's order, people by number: that numbers all people.
    assert number_people(read) == {("b", 2): 0, ("b", 10): 1, ("a", 0): 2, ("a", 1): 3}


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"a": 3},
        {"a": {"x": [1]}},
        {"a": {"0": 5}},
        {"a": {"0": [[1, 2, 3]]}},
        {"a": {"0": ["1"]}},
        {"a": {"0": [-1]}},
    ],
)
def test_an_annotation_of_another_kind_is_reported(tmp_path, content):
    with pytest.raises(DataError, match=r"annotation.json") as caught:
        annotation(tmp_path, content)
    assert "\n" not in str(caught.value)


def box(id, left=10.0, joints=17):
    return {"id": id, "box_pos": [left, left + 20, 30, 70], "pose_pos": np.full((joints, 2), left)}


def save(tmp_path, content):
    np.save(tmp_path / "d.npy", np.array(content, object))
    return PublishedDetections(tmp_path / "d.npy")


def test_published_ids_count_from_one_where_people_count_from_zero(tmp_path):
    published = save(tmp_path, {frame: {0: box(1), 1: box(2, 40.0)} for frame in range(4)})
    wanted = published.wanted({0: frozenset({0, 2}), 1: frozenset({1, 2})}, every=1)
    assert {frame: [seen.person for seen in people] for frame, people in wanted.items()} == {0: [0], 1: [1], 2: [0, 1]}
    assert wanted[1][0].xyxy.tolist() == [40, 30, 60, 70]  # xmin, xmax, ymin, ymax in the file
    same = save(tmp_path, {0: {0: box(0), 1: box(1, 40.0)}})
    assert same.wanted({1: frozenset({0})}, 1)[0][0].xyxy[0] == 40
    named = save(tmp_path, {0: {0: box(1), 1: box(2, 40.0)}})
    assert named.wanted({1: frozenset({0}), 2: frozenset({0})}, 1)[0][1].xyxy[0] == 40


def test_frames_counted_from_one_are_those_before(tmp_path):
    counted_from_one = save(tmp_path, {frame: {0: box(1)} for frame in range(1, 11)})
    assert list(counted_from_one.wanted({0: frozenset(range(1, 12))}, every=5)) == [4, 9]
    sparse = save(tmp_path, {frame: {0: box(1)} for frame in (1, 5, 10)})  # empty frames left out: 0 may be one
    assert list(sparse.wanted({0: frozenset(range(1, 11))}, every=5)) == [5, 10]


def test_what_is_no_box_is_left_out_and_joints_not_found_are_not_known(tmp_path):
    upside_down = {**box(2), "box_pos": [10, 30, 70, 30]}
    lost = {**box(3), "pose_pos": np.zeros((17, 3))}
    none = {"id": 4, "box_pos": np.array([0, 5, 0, 5])}
    people = {person: frozenset({0}) for person in range(5)}
    seen = save(tmp_path, {0: {0: upside_down, 1: lost, 2: none, 3: box(1), 4: box(1, 50.0), 5: box(99)}}).wanted(
        people, 1
    )
    assert [sighting.person for sighting in seen[0]] == [0, 2, 3]
    assert seen[0][0].xyxy[0] == 10  # the first of two boxes with one id
    assert np.isnan(seen[0][1].keypoints).all()
    assert np.isnan(seen[0][2].keypoints).all()
    assert seen[0][0].keypoints.tolist() == [[10, 10]] * 17
    assert save(tmp_path, {0: None, 1: [box(1)]}).wanted({0: frozenset({0, 1})}, 1).keys() == {1}


@pytest.mark.parametrize(
    "content",
    [
        [1, 2],
        {},
        {0: {0: {"box_pos": [1, 2, 3, 4]}}},
        {0: 5},
        {"first": {}},
        {0: {0: {"id": 1, "box_pos": [1, 2, 3], "pose_pos": np.zeros((17, 2))}}},
        {0: {0: {"id": 1, "box_pos": [1, 2, 3, 4], "pose_pos": np.zeros((5, 2))}}},
        {0: {0: {"id": 1}}},
    ],
)
def test_detections_of_another_kind_are_reported(tmp_path, content):
    with pytest.raises(DataError, match=r"d.npy") as caught:
        save(tmp_path, content).wanted({0: frozenset({0})}, 1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "frame"),
    [
        ({0: {}, float("inf"): {}}, "frame inf"),
        ({0: {}, float("nan"): {}}, "frame nan"),
        ({0: {}, 3: {0: box(float("inf"))}}, "frame 3"),
        ({0: {}, 3: {0: box(np.nan)}}, "frame 3"),
        ({0: {}, 3: [np.zeros(4)]}, "frame 3"),
        ({0: {}, 3: {0: {**box(1), "box_pos": [-1e9, 1e9, -1e9, 1e9]}}}, "frame 3"),
        ({0: {}, 3: {0: {**box(1), "box_pos": [1e9, 1e9 + 50, 0, 100]}}}, "frame 3"),
        ({0: {}, 3: {0: {**box(1), "box_pos": [10**400, 1, 0, 1]}}}, "frame 3"),
    ],
)
def test_a_frame_of_impossible_numbers_is_named(tmp_path, content, frame):
    with pytest.raises(DataError, match=rf"d.npy.*{frame}\b") as caught:
        save(tmp_path, content).wanted({0: frozenset({3})}, 1)
    assert "\n" not in str(caught.value)


def test_a_videos_file_is_found_by_its_id(tmp_path):
    for name in ("000_E--IWz.mp4", "E--IWz.txt", "x1.mp4", "x10.mp4", "001_x10.mkv", "A-x1B.mp4"):
        (tmp_path / name).touch()
    assert file_of("E--IWz", tmp_path, (".mp4",)) == tmp_path / "000_E--IWz.mp4"
    assert file_of("x1", tmp_path, (".mp4",)) == tmp_path / "x1.mp4"
    assert file_of("x10", tmp_path, (".mp4", ".mkv")) == tmp_path / "x10.mp4"
    assert file_of("IWz", tmp_path, (".npy",)) is None
    assert file_of("x1B", tmp_path, (".mp4",)) == tmp_path / "A-x1B.mp4"


def test_the_table_gives_titles_and_the_id_under_which_a_video_is_published(tmp_path):
    path = tmp_path / "videos.csv"
    path.write_text(
        "PID,File_name,Youtube_id,Song_name,Original_title,,\n"
        '3,000_abc.mp4,abc,Song,"A, title",,\n'
        "7,001_d-e.mp4,xyz,Song,,,\n"
    )
    notes = notes_on(["abc", "d-e", "other"], read_video_table(path))
    assert notes["abc"].title == "A, title"
    assert (notes["d-e"].title, notes["d-e"].published_id) == ("Song", "xyz")
    assert "other" not in notes


PEOPLE_OF_VIDEOS = (5, 7, 5, 3, 3, 5, 3, 4, 5, 3, 5, 5, 7, 7, 4, 8, 4, 5, 4, 5, 3)


def test_the_published_hundred_have_two_splits_and_five_of_them_leak_in_one():
    people = {
        video: dict.fromkeys(range(count)) for video, count in zip(PUBLISHED_VIDEOS, PEOPLE_OF_VIDEOS, strict=True)
    }
    more = {"unused": dict.fromkeys(range(4)), **people, "unused too": dict.fromkeys(range(6))}
    assert published_part(more) == people
    numbers = number_people(published_part(more))
    clean, published = splits_of(numbers, set(PUBLISHED_VIDEOS[:3]), seed=0)
    assert (clean["name"], published["name"]) == ("clean", "published")
    assert len(published["query"]) == len(clean["query"]) == 29
    leaking = set(published["trainval"]) & set(published["query"])
    assert leaking == {numbers["qz2311gT1y4", person] for person in range(5)} == {35, 36, 37, 38, 39}
    assert set(range(100)) - set(published["trainval"]) - set(published["query"]) == {12, 13, 14, 15, 16}
    assert len(published["trainval"]) == 71
    assert sorted(clean["trainval"] + clean["query"]) == list(range(100))
    # Every video's people stand together on one side.
    test = set(clean["query"])
    for video, count in zip(PUBLISHED_VIDEOS, PEOPLE_OF_VIDEOS, strict=True):
        assert len({numbers[video, person] in test for person in range(count)}) == 1


def test_an_annotation_without_all_published_videos_is_taken_whole():
    part = {video: {0: None} for video in PUBLISHED_VIDEOS[1:]} | {"mine": {0: None}}
    assert published_part(part) == part
    less = {video: {0: None} for video in PUBLISHED_VIDEOS} | {"mine": {0: None}}
    assert published_part(less) == less


def test_other_data_is_split_by_video_and_one_video_by_person():
    numbers = number_people({name: dict.fromkeys(range(3)) for name in "abcdefghij"})
    (split,) = splits_of(numbers, set("abcdefghij"), seed=0)
    assert len(split["query"]) == 9  # three videos of ten
    assert not set(split["query"]) & set(split["trainval"])
    assert {number // 3 for number in split["query"]} & {number // 3 for number in split["trainval"]} == set()
    assert splits_of(numbers, set("abcdefghij"), seed=0) == [split]
    assert splits_of(numbers, set("abcdefghij"), seed=1) != [split]
    (few,) = splits_of(numbers, {"b", "d"}, seed=0)
    assert sorted(few["query"] + few["trainval"]) == [3, 4, 5, 9, 10, 11]
    assert len(few["query"]) == 3
    (one,) = splits_of(numbers, {"c"}, seed=0)
    assert (len(one["query"]), len(one["trainval"])) == (1, 2)


def test_published_poses_have_the_joints_of_the_trackers():
    assert JOINTS == COCO_JOINTS
