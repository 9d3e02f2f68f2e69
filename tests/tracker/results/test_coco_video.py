"""COCO JSON of a video: read by pycocotools as any COCO file, and arranged as mmtracking's CocoVID does it."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from tracker.results.coco_video import CocoVideoWriter, read_coco_video
from tracker.results.source_facts import SourceFacts
from tracker.types import Frame, FrameTracks, InputError

FACTS = SourceFacts("dance", 12.5, 640, 360, {2: 'Ada "雪" 😀'})


def written(path: Path) -> Path:
    """Every second frame was tracked: 1 and 2 in frame 0, no person in frame 2, 2 alone in frame 4."""
    with CocoVideoWriter(path, FACTS) as writer:
        for index, people in ((0, (1, 2)), (2, ()), (4, (2,))):
            xyxy = np.array([[10.25 * id, 5, 10.25 * id + 30, 65] for id in people]).reshape(-1, 4)
            score = np.full(len(people), 0.75)
            tracks = FrameTracks(index, index / 25, people, xyxy, score, np.zeros(len(people)))
            writer.write(Frame(index, index / 25, None), tracks)
    return path


def test_pycocotools_reads_it_and_a_file_is_perfect_against_itself(tmp_path: Path):
    truth = COCO(written(tmp_path / "coco.json"))
    boxes = truth.loadAnns(truth.getAnnIds(imgIds=[3], catIds=truth.getCatIds(["person"])))
    assert [(one["instance_id"], one["bbox"], one["area"]) for one in boxes] == [(2, [20.5, 5.0, 30.0, 60.0], 1800.0)]
    assert len(truth.getAnnIds(imgIds=[2])) == 0
    found = truth.loadRes([dict(one) for one in truth.dataset["annotations"]])
    scored = COCOeval(truth, found, "bbox")
    scored.evaluate()
    scored.accumulate()
    scored.summarize()
    assert scored.stats[0] == pytest.approx(1.0)


def test_joints_are_cocos_keypoints(tmp_path: Path):
    """Of 17 joints the nose is seen at 20, 10, an eye guessed at 22, 9; the others are not known."""
    joints = np.zeros((1, 17, 3), np.float32)
    joints[0, :2] = [20, 10, 0.9], [22, 9, 0.2]
    rows = FrameTracks(0, 0.0, [1], np.array([[10.0, 5, 40, 65]]), np.ones(1), np.zeros(1), joints)
    with CocoVideoWriter(tmp_path / "coco.json", FACTS) as writer:
        writer.write(Frame(0, 0.0, None), rows)
    coco = COCO(tmp_path / "coco.json")
    (one,) = coco.dataset["annotations"]
    assert (one["keypoints"][:7], one["num_keypoints"]) == ([20.0, 10.0, 2, 22.0, 9.0, 1, 0.0], 2)
    assert len(one["keypoints"]) == 3 * len(coco.dataset["categories"][0]["keypoints"]) == 51
    found = coco.loadRes([dict(one)])
    scored = COCOeval(coco, found, "keypoints")
    scored.evaluate()
    scored.accumulate()
    scored.summarize()
    assert scored.stats[0] == pytest.approx(1.0)


def test_the_frames_of_a_video_stand_where_cocovid_puts_them(tmp_path: Path):
    content = json.loads(written(tmp_path / "coco.json").read_text(encoding="utf-8"))
    (video,) = content["videos"]
    assert (video["name"], video["fps"], video["width"], video["height"]) == ("dance", 12.5, 640, 360)
    # CocoVID.get_img_ids_from_vid: an image stands at its frame_id in a list as long as the video
    images = [image for image in content["images"] if image["video_id"] == video["id"]]
    places = [0] * len(images)
    for image in images:
        places[image["frame_id"]] = image["id"]
    assert places == [1, 2, 3]
    assert [image["file_name"] for image in images] == ["dance/000001.jpg", "dance/000003.jpg", "dance/000005.jpg"]
    instances = defaultdict(list)
    for one in content["annotations"]:
        instances[one["instance_id"]].append(one["image_id"])
    assert instances == {1: [1], 2: [1, 3]}
    assert [(track["id"], track["name"]) for track in content["tracks"]] == [(1, "1"), (2, 'Ada "雪" 😀')]


def test_it_is_read_back_with_the_frames_of_the_source(tmp_path: Path):
    rows = read_coco_video(written(tmp_path / "coco.json"))
    assert rows.frame.tolist() == [0, 0, 4]
    assert rows.ids.tolist() == [1, 2, 2]
    assert rows.xyxy.tolist() == [[10.25, 5, 40.25, 65], [20.5, 5, 50.5, 65], [20.5, 5, 50.5, 65]]
    assert rows.score.tolist() == [0.75] * 3


def test_files_of_others_are_read_without_our_fields_and_crowds_are_left_out(tmp_path: Path):
    path = tmp_path / "tao.json"
    images = [{"id": 7, "video_id": 1, "frame_id": 0}, {"id": 9, "video_id": 1, "frame_id": 1}]
    box = {"image_id": 9, "track_id": 4, "bbox": [1, 2, 3, 4]}
    path.write_text(json.dumps({"images": images, "annotations": [box, box | {"iscrowd": 1}]}))
    rows = read_coco_video(path)
    assert (rows.frame.tolist(), rows.ids.tolist(), rows.score.tolist()) == ([1], [4], [1.0])
    assert rows.xyxy.tolist() == [[1, 2, 4, 6]]


def one_box(**changed: object) -> str:
    """A file of one frame with one box, the annotation changed."""
    box = {"image_id": 1, "track_id": 1, "bbox": [0, 0, 1, 1], **changed}
    return json.dumps({"images": [{"id": 1, "frame_id": 0}], "annotations": [box]})


TWO_VIDEOS = {"images": [{"id": n, "video_id": n, "frame_id": 0} for n in (1, 2)], "annotations": []}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is no COCO JSON of a video"),
        ("[]", "is no COCO JSON of a video"),
        ('{"images": []}', "no 'annotations'"),
        ('{"images": [{"id": 1}], "annotations": []}', "is no COCO JSON of a video"),
        (one_box().replace("track_id", "person"), "no 'track_id'"),
        (one_box(image_id=2), "no 2"),
        (one_box(bbox=[0, 0, 0, 1]), "id 1 has no box in frame 0"),
        (one_box(bbox="wide"), "is no COCO JSON of a video"),
        (json.dumps(TWO_VIDEOS), "holds 2 videos"),
        ("[" * 100_000, "is no COCO JSON of a video"),
    ],
)
def test_another_file_ends_in_one_sentence(tmp_path: Path, text: str, sentence: str):
    path = tmp_path / "tracks.json"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_coco_video(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_coco_video(tmp_path / "missing.json")


def test_an_error_on_the_way_leaves_no_file(tmp_path: Path):
    with pytest.raises(KeyboardInterrupt), CocoVideoWriter(tmp_path / "coco.json", FACTS):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
