import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from places import SHARED

import reid.data.reading
import tracker.video.image_sequence
from reid.dancereid.folder import widened_crop
from reid.data.crop_table import CropRow, write_crop_table
from reid.data.crops import NOBODY, by_person_in_time, people
from reid.data.datasets import DataError, every_crop, layout_of, read_split
from reid.data.images import CropImages, require_keypoints
from reid.data.reading import DataOptions
from reid.data.views import views_of
from reid.evaluation.protocols import Labels

MARKET = SHARED / "reid" / "market1501"


def picture(path, value=100):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((8, 4, 3), value, np.uint8))


def market(root, ids=range(2, 8)):
    for person in ids:
        for camera in (1, 2):
            for frame in (451, 476):
                picture(root / "bounding_box_train" / f"{person:04d}_c{camera}s1_{frame:06d}_01.jpg")


def test_market1501_names_are_read_and_validation_people_drawn(tmp_path):
    market(tmp_path)
    (tmp_path / "keypoints15.txt").write_text(
        "0002_c1s1_000451_01.jpg " + " ".join(str(number) for number in range(30)) + "\n"
    )
    split = read_split(tmp_path, DataOptions(validation_people=2))
    crops = [*split.train, *split.query, *split.gallery]
    crop = next(crop for crop in crops if crop.path.name == "0002_c1s1_000451_01.jpg")
    assert (crop.person, crop.camera, crop.video, crop.frame, crop.time) == (2, 1, "c1s1", 451, 451 / 25)
    assert crop.keypoints.tolist()[:2] == [[0, 1], [2, 3]]
    assert sum(crop.keypoints is None for crop in crops) == len(crops) - 1
    validation = set(people(split.query))
    assert len(validation) == 2
    assert validation == set(people(split.gallery))
    assert not validation & set(people(split.train))
    assert len(split.query) == len(split.gallery) == 4  # one a person and camera
    again = read_split(tmp_path, DataOptions(validation_people=2))
    assert [crop.path for crop in again.query] == [crop.path for crop in split.query]
    other = read_split(tmp_path, DataOptions(validation_people=2, split_seed=1))
    assert [crop.path for crop in other.query] != [crop.path for crop in split.query]


def test_market1501s_own_query_and_gallery_are_used_and_its_junk_left_out(tmp_path):
    market(tmp_path)
    picture(tmp_path / "query" / "0100_c1s1_000001_00.jpg")
    for name in ("0100_c2s1_000001_00.jpg", "0000_c2s1_000002_00.jpg", "-1_c2s1_000003_00.jpg"):
        picture(tmp_path / "bounding_box_test" / name)
    split = read_split(tmp_path, DataOptions())
    assert [crop.person for crop in split.query] == [100]
    assert sorted(crop.person for crop in split.gallery) == [NOBODY, 100]
    assert len(people(split.train)) == 6


def test_distractors_are_no_person_to_train_on_to_calibrate_on_or_to_count(tmp_path):
    """Market-1501 calls 0 all crops of its gallery that show somebody else, or nobody."""
    market(tmp_path / "market")
    picture(tmp_path / "market" / "query" / "0100_c1s1_000001_00.jpg")
    for name in ("0100_c2s1_000001_00.jpg", "0000_c2s1_000002_00.jpg", "0000_c2s1_000090_00.jpg"):
        picture(tmp_path / "market" / "bounding_box_test" / name)
    split = read_split(tmp_path / "market", DataOptions())
    assert len(split.gallery) == 3
    assert people(split.gallery) == [100]
    assert len(views_of([*split.query, *split.gallery]).crops) == 2
    assert [len(own) for own in by_person_in_time([*split.query, *split.gallery])] == [2]
    dancereid(tmp_path / "dance")
    (tmp_path / "dance" / "splits.json").write_text(json.dumps([{"trainval": [0, 1], "query": [2], "gallery": [2]}]))
    alone = read_split(tmp_path / "dance", DataOptions())
    joined = read_split(tmp_path / "dance", DataOptions(also=(tmp_path / "market",)))
    assert len(people(joined.train)) == len(people(alone.train)) + 7  # the six to train on, and 100


def test_a_person_called_0_who_is_searched_for_is_no_distractor(tmp_path):
    picture(tmp_path / "query" / "0000_c1s1_000001_00.jpg")
    for name in ("0000_c2s1_000001_00.jpg", "0001_c2s1_000001_00.jpg"):
        picture(tmp_path / "bounding_box_test" / name)
    assert people(read_split(tmp_path, DataOptions()).gallery) == [0, 1]


def test_market1501s_query_and_gallery_alone_are_read_for_evaluation(tmp_path):
    """As the test part of a data set in this layout is often passed on; not as two people called query and gallery."""
    for person in (100, 101):
        picture(tmp_path / "query" / f"{person:04d}_c1s1_000001_00.jpg")
        picture(tmp_path / "bounding_box_test" / f"{person:04d}_c2s1_000001_00.jpg")
    assert layout_of(tmp_path, DataOptions()) == "market1501"
    split = read_split(tmp_path, DataOptions())
    assert split.train == []
    assert people(split.query) == people(split.gallery) == [100, 101]
    assert len(every_crop(tmp_path, DataOptions())) == 4


def test_the_same_files_are_pictures_to_data_sets_and_to_the_tracker():
    assert reid.data.reading.IMAGE_SUFFIXES == tracker.video.image_sequence.IMAGE_SUFFIXES


def dancereid(root, nested=False):
    identities = [[f"{person:04d}_{frame:06d}.jpg" for frame in (5, 10)] for person in range(4)]
    for name in (name for files in identities for name in files):
        picture(root / "images" / name)
        pose = root / "poses" / Path(name).with_suffix(".txt")
        pose.parent.mkdir(exist_ok=True)
        pose.write_text("".join(f"{joint} {2 * joint}\n" for joint in range(17)))
    (root / "meta.json").write_text(json.dumps({"identities": [[files] if nested else files for files in identities]}))
    (root / "video.json").write_text(json.dumps({"a": [0, 1], "b": [2, 3]}))


@pytest.mark.parametrize("name", ["splits.json", "split.json"])
@pytest.mark.parametrize("nested", [False, True])
def test_dancereid_is_read_with_its_poses_and_videos(tmp_path, name, nested):
    dancereid(tmp_path, nested)
    (tmp_path / name).write_text(json.dumps([{"trainval": [0, 1], "query": [2, 3], "gallery": [2, 3]}]))
    split = read_split(tmp_path, DataOptions())
    assert [crop.video for crop in split.train] == ["a"] * 4
    assert [(crop.person, crop.frame) for crop in split.query] == [(2, 5), (2, 10), (3, 5), (3, 10)]
    assert split.train[0].keypoints.shape == (17, 2)
    assert split.train[0].keypoints[3].tolist() == [3, 6]


def test_the_test_people_decide_nothing_where_training_people_are_the_validation_people(tmp_path):
    """Persons 0, 1 and 2 are training people, 3 is the test person; one of the first three becomes the validation."""
    dancereid(tmp_path)
    (tmp_path / "splits.json").write_text(json.dumps([{"trainval": [0, 1, 2], "query": [3], "gallery": [3]}]))
    split = read_split(tmp_path, DataOptions(validation="training", validation_people=1))
    assert len(people(split.train)) == 2
    assert people(split.query) == people(split.gallery)
    assert set(people(split.train)) | set(people(split.query)) == {0, 1, 2}


def test_landmarks_of_mixed_data_sets_are_brought_to_cocos_17(tmp_path):
    """Market-1501's joints 2 and 13 are the right and left shoulder, COCO's 6 and 5; 0 is the top of the head, 1 and 14
    are the sides of the neck: the nose is the middle of (10, 0) and of (10, 8), the mean of (8, 8) and (12, 8)."""
    market = tmp_path / "market" / "bounding_box_train"
    for person in range(2):
        picture(market / f"{person:04d}_c1s1_000001_00.jpg")
    joints = np.arange(30.0).reshape(15, 2)
    joints[[0, 1, 14]] = [10, 0], [8, 8], [12, 8]
    lines = [f"{person:04d}_c1s1_000001_00.jpg {' '.join(map(str, joints.ravel()))}\n" for person in range(2)]
    (tmp_path / "market" / "keypoints15.txt").write_text("".join(lines))
    dancereid(tmp_path / "dance")
    alone = read_split(tmp_path / "market", DataOptions(validation_people=0))
    assert {len(crop.keypoints) for crop in alone.train} == {15}
    mixed = read_split(tmp_path / "market", DataOptions(validation_people=0, also=(tmp_path / "dance",)))
    assert {len(crop.keypoints) for crop in mixed.train} == {17}
    first = mixed.train[0].keypoints
    assert first[[6, 5, 0]].tolist() == [[4, 5], [26, 27], [10, 4]]
    assert np.isnan(first[1:5]).all()  # eyes and ears


def test_one_of_dancereids_named_splits_is_chosen(tmp_path):
    dancereid(tmp_path)
    clean = {"name": "clean", "trainval": [0, 1], "query": [2], "gallery": [2]}
    leaking = {"name": "published", "trainval": [0, 1, 2], "query": [2, 3], "gallery": [2, 3]}
    (tmp_path / "splits.json").write_text(json.dumps([leaking, clean]))
    assert people(read_split(tmp_path, DataOptions()).train) == [0, 1]
    assert people(read_split(tmp_path, DataOptions(split="published")).train) == [0, 1, 2]
    (tmp_path / "splits.json").write_text(json.dumps([clean]))
    with pytest.raises(DataError, match="has no published split; give --split clean"):
        read_split(tmp_path, DataOptions(split="published"))


def test_dancereids_query_may_list_files(tmp_path):
    dancereid(tmp_path)
    split = {"trainval": [0, 1], "query": ["0002_000005.jpg"], "gallery": ["0002_000010.jpg", "0003_000005.jpg"]}
    (tmp_path / "splits.json").write_text(json.dumps([split]))
    read = read_split(tmp_path, DataOptions())
    assert (len(read.query), len(read.gallery)) == (1, 2)


def test_folders_with_a_query_and_gallery_take_their_validation_people_from_training_on_demand(tmp_path):
    for part, names in {"train": "abcd", "query": "ef", "gallery": "ef"}.items():
        for name in names:
            picture(tmp_path / part / name / "shot_1.png")
            picture(tmp_path / part / name / "shot_2.png")
    own = read_split(tmp_path, DataOptions())
    assert (people(own.train), people(own.query), people(own.gallery)) == ([0, 1, 2, 3], [4, 5], [4, 5])
    split = read_split(tmp_path, DataOptions(validation="training", validation_people=1))
    assert len(people(split.train)) == 3
    assert (
        people(split.query)
        == people(split.gallery)
        == [person for person in range(4) if person not in people(split.train)]
    )


@pytest.mark.parametrize(("name", "frame"), [("shot_2_007.png", 7), ("shot.png", 0), (f"{'9' * 18}.png", 10**18 - 1)])
def test_a_folders_picture_has_the_frame_of_the_last_number_in_its_name(tmp_path, name, frame):
    picture(tmp_path / "ana" / name)
    assert [crop.frame for crop in every_crop(tmp_path, DataOptions())] == [frame]


def test_a_number_too_long_for_a_frame_leaves_pictures_in_the_order_of_their_names(tmp_path):
    for number in (10**19, 10**19 + 1):
        picture(tmp_path / "ana" / f"IMG_{number}.jpg")
    crops = every_crop(tmp_path, DataOptions())
    assert Labels.of(crops).frame.tolist() == [0, 1]


def test_cuhk03_and_folders_are_recognised(tmp_path):
    for pair, person in [(1, 1), (1, 2), (2, 1), (2, 2)]:
        for view in (1, 2):
            for number in (1, 2):
                picture(tmp_path / "cuhk" / "images_labeled" / f"{pair}_{person:03d}_{view}_{number:02d}.png")
    split = read_split(tmp_path / "cuhk", DataOptions())
    assert (len(people(split.train)), len(people(split.query))) == (2, 2)
    assert {crop.camera for crop in split.query} == {1, 2}
    for person in ("ana", "bea", "cleo", "dora"):
        for frame in (3, 7):
            picture(tmp_path / "folders" / person / f"shot_{frame}.png")
    split = read_split(tmp_path / "folders", DataOptions())
    assert sorted({crop.frame for crop in split.train}) == [3, 7]
    assert len(people(split.train)) == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: root.rmdir(), "There is no data folder"),
        (lambda root: None, r"No known layout under .*looked for bounding_box_train/, or query/ .*\(market1501\)"),
        (lambda root: (root / "bounding_box_train").mkdir(), r"No picture of 0 in .* is named like"),
        (
            lambda root: picture(root / "bounding_box_train" / "cat.jpg"),
            r"No picture of 1 in .* is named like",
        ),
        (lambda root: (root / "meta.json").write_text("{"), r"There is no|not valid JSON"),
        (lambda root: market(root, [2]), "show one person"),
        (lambda root: market(root, [2, 3, 4]), "3 people .* too few for 50 validation people"),
    ],
)
def test_bad_data_is_one_sentence_that_says_what_was_looked_for_and_where(tmp_path, make, message):
    root = tmp_path / "data"
    root.mkdir()
    make(root)
    with pytest.raises(DataError, match=message) as caught:
        read_split(root, DataOptions())
    assert "\n" not in str(caught.value)
    assert str(root) in str(caught.value)


GOOD_SPLIT = [{"trainval": [0, 1], "query": [2, 3], "gallery": [2, 3]}]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("splits.json", [{"train": [1]}], r"splits\.json has no list .* under 'trainval' and 'query' and 'gallery'"),
        (
            "splits.json",
            [{**GOOD_SPLIT[0], "query": 3}],
            "no list of people's numbers or pictures' names under 'query'",
        ),
        ("splits.json", [{**GOOD_SPLIT[0], "query": [[3]]}], "under 'query'"),
        ("splits.json", [], r"splits\.json holds no split"),
        ("splits.json", "clean", r"splits\.json holds no split"),
        ("meta.json", {}, r"meta\.json has no list under 'identities'"),
        ("meta.json", [1], r"meta\.json has no list under 'identities'"),
        ("meta.json", {"identities": [[], []]}, "lists no pictures"),
        ("meta.json", {"identities": [[3]]}, "lists 3, which is no picture's name"),
        ("meta.json", {"identities": [["anna.jpg"]]}, "lists 'anna.jpg', which is no picture's name"),
        ("video.json", [1], r"video\.json should be a list of people's numbers for each video"),
        ("video.json", {"a": 3}, r"video\.json should be a list of people's numbers for each video"),
    ],
)
def test_dancereids_files_with_something_else_in_them_are_one_sentence(tmp_path, file, content, message):
    dancereid(tmp_path)
    (tmp_path / "splits.json").write_text(json.dumps(GOOD_SPLIT))
    read_split(tmp_path, DataOptions())
    (tmp_path / file).write_text(json.dumps(content))
    with pytest.raises(DataError, match=message) as caught:
        read_split(tmp_path, DataOptions())
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("error")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of tests before
@pytest.mark.parametrize("content", ["a b\n", "1 2\n3\n", "1 2 3\n", "", "1,2\n"])
def test_a_pose_of_something_else_is_one_sentence_with_its_name(tmp_path, content):
    dancereid(tmp_path)
    (tmp_path / "splits.json").write_text(json.dumps(GOOD_SPLIT))
    (tmp_path / "poses" / "0001_000010.txt").write_text(content)
    with pytest.raises(DataError, match=r"0001_000010\.txt is no pose: it should have a line 'x y'"):
        read_split(tmp_path, DataOptions())


def test_poses_of_different_lengths_are_reported_with_an_example_of_each(tmp_path):
    dancereid(tmp_path)
    (tmp_path / "splits.json").write_text(json.dumps(GOOD_SPLIT))
    (tmp_path / "poses" / "0001_000010.txt").write_text("1 2\n3 4\n")
    with pytest.raises(DataError, match=r"joints \(2 of 0001_000010.jpg, 17 of 0000_000005.jpg\); they must agree"):
        require_keypoints(read_split(tmp_path, DataOptions()).train)


def test_images_without_labels_are_counted_and_the_layouts_named(tmp_path):
    for name in ("a.jpg", "b.png", "c.JPG"):
        picture(tmp_path / name)
    with pytest.raises(
        DataError, match=r"looked for .*PERSON/\*\.jpg .*and images \(3\) that nothing says who they show"
    ):
        read_split(tmp_path, DataOptions())


@pytest.mark.parametrize("line", ["1 2 3", "1 2", "1 2 3 four", "", "1 2 3 4 5 6"])
def test_a_ragged_row_of_landmarks_is_named_by_its_line(tmp_path, line):
    market(tmp_path)
    (tmp_path / "keypoints2.txt").write_text(f"0002_c1s1_000451_01.jpg 1 2 3 4\n0002_c1s1_000476_01.jpg {line}\n")
    with pytest.raises(DataError, match=r"keypoints2\.txt is no landmark file: line 2 should be .* of 2 joints"):
        read_split(tmp_path, DataOptions(validation_people=2))


def test_bad_landmarks_and_layout_names_are_reported(tmp_path):
    market(tmp_path)
    with pytest.raises(DataError, match="no layout 'mars'"):
        read_split(tmp_path, DataOptions(layout="mars"))
    for layout, lacks in {"cuhk03": "images_labeled/", "dancereid": "meta.json and images/"}.items():
        with pytest.raises(DataError, match=f"has not the layout {layout}: it lacks {lacks}; leave --layout out"):
            read_split(tmp_path, DataOptions(layout=layout))
    with pytest.raises(DataError, match=r"--also names .*, the data itself"):
        read_split(tmp_path, DataOptions(validation_people=2, also=(tmp_path / "query" / "..",)))
    (tmp_path / "keypoints15.txt").write_text("0002_c1s1_000451_01.jpg 1 2 three\n")
    with pytest.raises(DataError, match="no landmark file"):
        read_split(tmp_path, DataOptions(validation_people=2))


@pytest.mark.skipif(not MARKET.is_dir(), reason="no ../shared/reid/market1501 beside the project")
def test_the_shared_market1501_has_651_people_with_landmarks():
    split = read_split(MARKET, DataOptions())
    assert (len(people(split.train)), len(people(split.query))) == (601, 50)
    crops = [*split.train, *split.query, *split.gallery]
    assert len(crops) == 11126
    assert all(crop.keypoints.shape == (15, 2) for crop in crops)


def test_people_of_further_data_join_the_training_under_numbers_of_their_own(tmp_path):
    market(tmp_path / "market")
    for name in ("stage", "clips"):
        dancereid(tmp_path / name)
        (tmp_path / name / "splits.json").write_text(json.dumps(GOOD_SPLIT))
    alone = read_split(tmp_path / "market", DataOptions(validation_people=2))
    also = (tmp_path / "stage", tmp_path / "clips")
    mixed = read_split(tmp_path / "market", DataOptions(validation_people=2, also=also))
    assert [crop.path for crop in mixed.query] == [crop.path for crop in alone.query]
    assert [crop.path for crop in mixed.train[: len(alone.train)]] == [crop.path for crop in alone.train]
    joined = mixed.train[len(alone.train) :]
    assert len(people(joined)) == 8  # four of each, the test people of its own split among them
    assert not set(people(joined)) & set(people([*alone.train, *alone.query]))
    assert {crop.video for crop in joined} == {"stage/a", "stage/b", "clips/a", "clips/b"}
    few = read_split(tmp_path / "market", DataOptions(validation_people=2, also=also, also_max_crops=(1,)))
    assert len(few.train) == len(alone.train) + 8
    apiece = read_split(tmp_path / "market", DataOptions(validation_people=2, also=also, also_max_crops=(1, 2)))
    assert len(apiece.train) == len(alone.train) + 4 * 1 + 4 * 2
    with pytest.raises(DataError, match=r"There is no data folder .*nowhere"):
        read_split(tmp_path / "market", DataOptions(validation_people=2, also=(tmp_path / "nowhere",)))
    with pytest.raises(DataError, match="--also-max-crops -1 is no number of crops"):
        read_split(tmp_path / "market", DataOptions(validation_people=2, also=also, also_max_crops=(-1,)))
    with pytest.raises(DataError, match="has 3 numbers, --also names 2"):
        read_split(tmp_path / "market", DataOptions(validation_people=2, also=also, also_max_crops=(1, 2, 3)))
    with pytest.raises(DataError, match="names a folder twice"):
        read_split(tmp_path / "market", DataOptions(validation_people=2, also=(also[0], tmp_path / "." / "stage")))


def test_a_tight_look_at_a_widened_crop_is_the_box_and_its_joints_move_with_it(tmp_path):
    """A box of 20 x 80 in a crop of 64 x 128: half of the width, all of the height; x moves by a quarter of 64."""
    image = np.zeros((200, 200, 3), np.uint8)
    image[60:140, 90:110] = 255
    box, joints = np.array([90.0, 60, 110, 140]), np.array([[100.0, 100]])
    crop, moved = widened_crop(image, box, joints, 128)
    (tmp_path / "images").mkdir()
    (tmp_path / "poses").mkdir()
    for name in ("0000_000001", "0001_000002"):
        cv2.imwrite(str(tmp_path / "images" / f"{name}.jpg"), crop)
        (tmp_path / "poses" / f"{name}.txt").write_text("{} {}\n".format(*moved[0]))
    (tmp_path / "meta.json").write_text(json.dumps({"identities": [["0000_000001.jpg"], ["0001_000002.jpg"]]}))
    (tmp_path / "video.json").write_text(json.dumps({"a": [0, 1]}))
    (tmp_path / "splits.json").write_text(json.dumps([{"trainval": [0, 1], "query": [], "gallery": []}]))
    with pytest.raises(DataError, match=r"has no crops\.csv"):
        read_split(tmp_path, DataOptions(tight=True))
    rows = [CropRow(f"{name}.jpg", 0, "a", 1, 0.0, (90, 60, 110, 140)) for name in ("0000_000001", "0001_000002")]
    write_crop_table(tmp_path / "crops.csv", rows)
    wide, tight = (read_split(tmp_path, DataOptions(tight=tight)).train for tight in (False, True))
    assert (wide[0].inside, tight[0].inside) == ((1.0, 1.0), (0.5, 1.0))
    (seen, where), (all_of_it, _) = CropImages(tight, 64, 32)[0], CropImages(wide, 64, 32)[0]
    assert seen.float().mean() > 240
    assert all_of_it.float().mean() == pytest.approx(255 / 2, abs=10)
    assert where[0].tolist() == pytest.approx([16, 32])  # the middle of the box, in 32 x 64


def test_data_sets_of_different_landmarks_can_be_mixed_where_none_are_needed(tmp_path):
    dancereid(tmp_path)
    (tmp_path / "splits.json").write_text(json.dumps(GOOD_SPLIT))
    (tmp_path / "poses" / "0000_000005.txt").write_text("1 2\n3 4\n")
    pictures = CropImages(read_split(tmp_path, DataOptions()).train, 8, 4)
    assert {tuple(pictures[row][1].shape) for row in range(len(pictures))} == {(0, 2)}
