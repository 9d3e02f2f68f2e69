"""CVAT's XML for video: a person leaves the picture where CVAT shows it, and what CVAT exports is read back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tracker.results.cvat_video import CvatVideoWriter, read_cvat_video
from tracker.results.source_facts import SourceFacts
from tracker.types import Frame, FrameTracks, InputError

ADA = 'Ada <"雪"> 😀\x00'
FACTS = SourceFacts("dance & more", 25.0, 640, 360, {2: ADA})


def written(path: Path, people: Sequence[Sequence[int]], stride: int = 1) -> Path:
    """Each frame's people; person n stands 20 n from the left and steps 1 to the right a frame."""
    with CvatVideoWriter(path, FACTS) as writer:
        for place, ids in enumerate(people):
            index = stride * place
            xyxy = np.array([[20.0 * id + index, 5, 20 * id + index + 10.5, 65] for id in ids]).reshape(-1, 4)
            tracks = FrameTracks(index, index / 25, ids, xyxy, np.full(len(ids), 0.5), np.zeros(len(ids)))
            writer.write(Frame(index, index / 25, None), tracks)
    return path


def boxes(path: Path, track: int) -> list[tuple[int, int]]:
    """(frame, outside) of a track's boxes."""
    (found,) = ElementTree.parse(path).findall(f"track[@id='{track}']")
    return [(int(box.attrib["frame"]), int(box.attrib["outside"])) for box in found.iter("box")]


def shown_by_cvat(path: Path, track: int, frames: int) -> list[float | None]:
    """The left edge in every frame as CVAT draws it: on the line between keyframes, standing after the last one, and
    nothing from an outside box to the next keyframe."""
    (found,) = ElementTree.parse(path).findall(f"track[@id='{track}']")
    keys = [box for box in found.iter("box") if box.attrib["keyframe"] == "1"]
    shown: list[float | None] = []
    for frame in range(frames):
        before = [box for box in keys if int(box.attrib["frame"]) <= frame]
        after = [box for box in keys if int(box.attrib["frame"]) > frame]
        if not before or before[-1].attrib["outside"] == "1":
            shown.append(None)
            continue
        last, left = before[-1], float(before[-1].attrib["xtl"])
        if after and after[0].attrib["outside"] == "0":
            part = (frame - int(last.attrib["frame"])) / (int(after[0].attrib["frame"]) - int(last.attrib["frame"]))
            left += part * (float(after[0].attrib["xtl"]) - left)
        shown.append(left)
    return shown


STORY = [(1, 2), (1, 2), (2,), (), (1, 2), (2,)]


def test_a_person_is_outside_from_the_next_frame_on_and_at_the_end_of_the_video_no_longer_box_follows(tmp_path: Path):
    path = written(tmp_path / "cvat.xml", STORY)
    assert boxes(path, 1) == [(0, 0), (1, 0), (2, 1), (4, 0), (5, 1)]
    assert boxes(path, 2) == [(0, 0), (1, 0), (2, 0), (3, 1), (4, 0), (5, 0)]
    assert shown_by_cvat(path, 1, 6) == [20, 21, None, None, 24, None]
    assert shown_by_cvat(path, 2, 6) == [40, 41, 42, None, 44, 45]


def test_frames_between_the_tracked_ones_are_no_absence(tmp_path: Path):
    path = written(tmp_path / "cvat.xml", [(1,), (1,), (), (1,)], stride=2)
    assert boxes(path, 1) == [(0, 0), (2, 0), (4, 1), (6, 0)]
    assert shown_by_cvat(path, 1, 7) == [20, 21, 22, 22, None, None, 26]


def test_the_task_is_described_as_cvat_wants_it(tmp_path: Path):
    root = ElementTree.parse(written(tmp_path / "cvat.xml", STORY)).getroot()
    assert root.findtext("version") == "1.1"
    task = root.find("meta/task")
    assert task is not None
    facts = {name: task.findtext(name) for name in ("name", "size", "mode", "start_frame", "stop_frame")}
    assert facts == {
        "name": "dance & more",
        "size": "6",
        "mode": "interpolation",
        "start_frame": "0",
        "stop_frame": "5",
    }
    assert (task.findtext("original_size/width"), task.findtext("original_size/height")) == ("640", "360")
    assert task.findtext("labels/label/name") == "person"
    attributes = [one.findtext("name") for one in task.iter("attribute")]
    assert attributes == ["id", "name", "score"]
    assert {track.attrib["label"] for track in root.findall("track")} == {"person"}
    for box in root.iter("box"):  # what CVAT's importer takes without asking
        assert box.attrib.keys() >= {"frame", "outside", "occluded", "keyframe", "xtl", "ytl", "xbr", "ybr"}
        assert {one.attrib["name"] for one in box.iter("attribute")} <= set(attributes)
    (second,) = root.findall("track[@id='2']")
    assert {one.text for one in second.iter("attribute") if one.attrib["name"] == "name"} == {
        ADA.replace("\0", "\ufffd")
    }


def test_it_is_read_back_without_the_boxes_outside(tmp_path: Path):
    rows = read_cvat_video(written(tmp_path / "cvat.xml", STORY))
    columns = rows.frame.tolist(), rows.ids.tolist(), rows.xyxy.tolist()
    found = {(frame, id): box for frame, id, box in zip(*columns, strict=True)}
    assert found.keys() == {(frame, id) for frame, ids in enumerate(STORY) for id in ids}
    assert found[4, 2] == [44, 5, 54.5, 65]
    assert set(rows.score.tolist()) == {0.5}


def test_a_video_without_people_is_a_task_without_tracks(tmp_path: Path):
    path = written(tmp_path / "cvat.xml", [(), ()])
    assert len(read_cvat_video(path).ids) == 0


def test_datumaro_opens_it(tmp_path: Path):
    """Datumaro is the library in which CVAT's own formats are written; it is no dependency: it brings pandas, pyarrow
    and another OpenCV."""
    datumaro = pytest.importorskip("datumaro")
    written(tmp_path / "cvat.xml", STORY)
    data = datumaro.Dataset.import_from(str(tmp_path), "cvat")
    seen = {
        (int(item.attributes["frame"]), box.attributes["track_id"], *box.get_bbox())
        for item in data
        for box in item.annotations
        if not box.attributes["outside"]
    }
    width = 10.5
    assert seen == {(f, id, 20.0 * id + f, 5.0, width, 60.0) for f, ids in enumerate(STORY) for id in ids}


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("frame,id", "is no XML of `CVAT for video 1.1`"),
        ("<annotations><image/></annotations>", "it has no tracks"),
        ("<html></html>", "it has no tracks"),
        ("<annotations><track/></annotations>", "no 'id'"),
        ('<annotations><track id="1"><box frame="0" xtl="1" ytl="1" xbr="2"/></track></annotations>', "no 'ybr'"),
        ('<annotations><track id="x"></track></annotations>', "invalid literal"),
        (
            '<annotations><track id="1"><box frame="0" xtl="1" ytl="1" xbr="1" ybr="3"/></track></annotations>',
            "id 1 has no box in frame 0",
        ),
        (
            f'<!DOCTYPE a [<!ENTITY l0 "{"ha" * 50}">{LAUGHS}]><annotations><version>&l9;</version></annotations>',
            "is no XML of `CVAT for video 1.1`",
        ),
    ],
)
def test_another_file_ends_in_one_sentence(tmp_path: Path, text: str, sentence: str):
    path = tmp_path / "cvat.xml"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_cvat_video(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_cvat_video(tmp_path / "missing.xml")


def test_an_error_on_the_way_leaves_no_file(tmp_path: Path):
    with pytest.raises(KeyboardInterrupt), CvatVideoWriter(tmp_path / "cvat.xml", FACTS):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
