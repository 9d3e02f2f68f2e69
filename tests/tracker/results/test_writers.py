"""What a run leaves behind: rows as they come, and the facts about who was on stage when."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from full_disk import no_file_beyond

from tracker.results.keypoint_file import KeypointWriter, with_keypoints
from tracker.results.mot_files import read_tracks
from tracker.results.presence import Summary, seconds_on_stage
from tracker.results.whole_files import RowFile
from tracker.results.writers import CSV_COLUMNS, STOPPED, UNFINISHED, CsvWriter, JsonWriter, MotWriter, Sink
from tracker.types import Frame, FrameTracks, InputError, Recovery

FPS = 10.0


def seen(index: int, *ids: int, recoveries: Sequence[Recovery] = ()) -> tuple[Frame, FrameTracks]:
    """A frame with these people, each in a 10 x 20 box that begins at ten times the id."""
    boxes = np.array([[10 * identity, 5, 10 * identity + 10, 25] for identity in ids], float).reshape(-1, 4)
    back = [identity in {recovery.id for recovery in recoveries} for identity in ids]
    tracks = FrameTracks(index, index / FPS, ids, boxes, np.full(len(ids), 0.5), back, recoveries=tuple(recoveries))
    return Frame(index, index / FPS, None), tracks


RETURN = Recovery(frame=30, time=3.0, id=2, away=2.1, similarity=0.8125, margin=0.25)


def evening(sink: Sink) -> None:
    """4 s: 1 stays all along; 2 leaves after 0.9 s, returns at 3.0 s; 3 blinks for 0.3 s and no longer."""
    for index in range(41):
        ids = [1]
        if index <= 9 or index >= 30:
            ids.append(2)
        if 10 <= index <= 14 or 17 <= index <= 20:
            ids.append(3)
        sink.write(*seen(index, *ids, recoveries=[RETURN] if index == 30 else []))


def interrupted(sink: Sink) -> None:
    """One frame, then Ctrl-C."""
    with sink:
        sink.write(*seen(0, 1, 2))
        raise KeyboardInterrupt


def test_a_return_after_less_than_a_gap_of_the_timeline_still_is_the_longest_absence() -> None:
    summary = Summary()
    summary.write(*seen(0, 1))
    summary.write(*seen(4, 1, recoveries=[Recovery(4, 0.4, 1, 0.4)]))
    assert summary.people[0].stays == [[0.0, 0.4]]
    assert (len(summary.returns), summary.longest_absence) == (1, 0.4)


def test_presence_is_reported_in_intervals_split_by_long_gaps_only() -> None:
    summary = Summary()
    evening(summary)
    one, two, three = summary.people
    assert one.stays == [[0.0, 4.0]]
    assert two.stays == [[0.0, 0.9], [3.0, 4.0]]
    assert three.stays == [[1.0, 2.0]]
    assert (one.boxes, two.boxes, three.boxes) == (41, 21, 9)
    assert two.seconds == pytest.approx(1.9)
    frames = np.r_[0:10, 30:41]
    assert seconds_on_stage(frames, frames / 10) == pytest.approx(1.9)  # so it is from the frames alone
    assert two.longest_absence == pytest.approx(2.1)
    assert summary.longest_absence == pytest.approx(2.1)
    assert summary.recoveries == [RETURN]
    assert (summary.frames, summary.boxes, summary.duration) == (41, 71, 4.0)


def test_a_slow_frame_rate_is_no_absence() -> None:
    summary = Summary()
    for index in (0, 10, 20, 40):  # every tenth frame, so a second apart; then one frame without the person
        summary.write(*seen(index, *([1] if index != 20 else [])))
    assert summary.people[0].stays == [[0.0, 1.0], [4.0, 4.0]]


def test_speed_is_frames_by_wall_seconds() -> None:
    ticks = iter([0.0, 100.0, 101.0, 102.0])
    with Summary(clock=lambda: next(ticks)) as summary:
        summary.write(*seen(0, 1))
        summary.write(*seen(1, 1))
    assert summary.wall_seconds == 2.0
    assert summary.frames_per_second == 1.0


def test_a_frame_reported_twice_is_refused() -> None:
    summary = Summary()
    summary.write(*seen(0, 1))
    with pytest.raises(ValueError, match="frame 0 came after frame 0"):
        summary.write(*seen(0, 1))


def test_mot_rows_come_back_as_they_went(tmp_path: Path) -> None:
    with MotWriter(tmp_path / "new" / "tracks.txt") as writer:
        evening(writer)
    text = (tmp_path / "new" / "tracks.txt").read_text()
    assert text.startswith("1,1,10.00,5.00,10.00,20.00,0.50,-1,-1,-1\n1,2,20.00,5.00,10.00,20.00,0.50,-1,-1,-1\n2,1,")
    assert text.count("\n") == 71
    assert len(read_tracks(tmp_path / "new" / "tracks.txt", fps=FPS)) == 41


def test_csv_has_a_header_frames_from_zero_and_quoted_names(tmp_path: Path) -> None:
    with CsvWriter(tmp_path / "tracks.csv", names={2: 'Anna, "A"'}) as writer:
        evening(writer)
    with (tmp_path / "tracks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert len(rows) == 71
    assert list(rows[1].values()) == ["0", "0.000", "2", 'Anna, "A"', "20.00", "5.00", "30.00", "25.00", "0.5000", "0"]
    assert [row["time"] for row in rows if row["recovered"] == "1"] == ["3.000"]


def test_json_lists_every_person(tmp_path: Path) -> None:
    video = {"source": "dance.mp4", "fps": FPS}
    with JsonWriter(tmp_path / "tracks.json", Summary(), video, names={2: "Zoé"}) as writer:
        evening(writer)
    overview = json.loads((tmp_path / "tracks.json").read_text(encoding="utf-8"))
    assert overview["video"] == video
    assert overview["summary"] == {
        "frames": 41, "seconds": 4.0, "people": 3, "boxes": 71, "recoveries": 1, "remembered": 0,
        "longest_absence": 2.1, "camera_cuts": 0, "recognised_across_cuts": 0,
    }  # fmt: skip
    two = overview["people"][1]
    assert (two["id"], two["name"], two["boxes"], two["seconds"]) == (2, "Zoé", 21, 1.9)
    assert two["appearances"] == [[0.0, 0.9], [3.0, 4.0]]
    back = {"frame": 30, "time": 3.0, "away": 2.1, "similarity": 0.8125, "margin": 0.25}
    assert two["recoveries"] == [{**back, "exchanged": False, "remembered": False, "across_cut": False}]


def test_a_camera_cut_is_an_event(tmp_path: Path) -> None:
    frames = [FrameTracks(i, i / 10, [1], [[0, 0, 10, 20]], [0.9], [False], cut=i == 2) for i in range(4)]
    with JsonWriter(tmp_path / "tracks.json", Summary()) as writer:
        for tracks in frames:
            writer.write(Frame(tracks.frame, tracks.time, None), tracks)
    overview = json.loads((tmp_path / "tracks.json").read_text())
    assert overview["camera_cuts"] == [0.2]
    assert overview["camera_cut_frames"] == [2]
    assert overview["summary"]["camera_cuts"] == 1


def test_frames_in_which_an_id_is_unsure_are_told_in_pieces(tmp_path: Path) -> None:
    """Every second frame of a video is tracked; 1 is unsure from frame 4 to 8 and in 14."""
    with JsonWriter(tmp_path / "tracks.json", Summary()) as writer:
        for index in range(0, 20, 2):
            rows = FrameTracks(index, index / 10, [1, 2], np.zeros((2, 4)), [0.9, 0.9], [False, False])
            writer.write(Frame(index, index / 10, None), replace(rows, unsure=(1,) if index in (4, 6, 8, 14) else ()))
    people = json.loads((tmp_path / "tracks.json").read_text())["people"]
    assert [person["unsure_frames"] for person in people] == [[[4, 8], [14, 14]], []]


def test_joints_come_back_to_their_boxes_whatever_ids_these_have_by_then(tmp_path: Path) -> None:
    """A box with corners that no float32 holds exactly; the joints of 1 and 2 are found under the ids 8 and 9."""
    path = tmp_path / "keypoints.txt"
    joints = np.arange(2 * 17 * 3).reshape(2, 17, 3) / 10
    boxes = [[1000.333, 0.1, 1100.777, 55.55], [3.337, 4, 8, 16.123]]
    tracks = FrameTracks(4, 0.4, [1, 2], boxes, [0.9, 0.8], [False, False], joints)
    with KeypointWriter(path) as keypoints, MotWriter(tmp_path / "tracks.txt") as rows:
        for sink in (keypoints, rows):
            sink.write(Frame(4, 0.4, None), tracks)
    read = read_tracks(tmp_path / "tracks.txt")[4]
    added = FrameTracks(4, 0.4, [9, 8, 5], [*read.xyxy[::-1], [0, 0, 7, 7]], np.ones(3), np.zeros(3))
    (found,) = with_keypoints([added], path)
    assert found.keypoints is not None
    assert found.keypoints[:2] == pytest.approx(joints[::-1], abs=0.051)
    assert not found.keypoints[2].any()


def test_the_last_joints_do_not_wait_for_the_next_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage is empty from frame 1 on; a kill two seconds later must not lose the joints of frame 0."""
    now = 0.0
    monkeypatch.setattr("tracker.results.whole_files.time.monotonic", lambda: now)
    with KeypointWriter(tmp_path / "keypoints.txt") as writer:
        writer.write(Frame(0, 0.0, None), replace(seen(0, 1)[1], keypoints=np.zeros((1, 17, 3))))
        now = 2.0
        writer.write(*seen(1))
        assert (tmp_path / "keypoints.txt").read_text().startswith("1,10.00,5.00,10.00,20.00,0.0,")


def test_without_joints_there_is_no_file_of_them(tmp_path: Path) -> None:
    with KeypointWriter(tmp_path / "keypoints.txt") as writer:
        evening(writer)
    assert not list(tmp_path.iterdir())
    frames = [seen(0, 1)[1]]
    assert with_keypoints(frames, tmp_path / "keypoints.txt") == frames
    (tmp_path / "keypoints.txt").touch()  # of a run that was killed in the second after the first joints
    assert with_keypoints(frames, tmp_path / "keypoints.txt") == frames
    (tmp_path / "keypoints.txt").write_text("1,2,3,4,5,6\n")
    with pytest.raises(InputError, match=r"keypoints\.txt is damaged"):
        with_keypoints(frames, tmp_path / "keypoints.txt")


def test_only_who_was_away_is_counted_as_recovered(tmp_path: Path) -> None:
    """Of four events one is a return: the others are an exchange put right, a blink and a camera cut."""
    events = [
        Recovery(frame=0, time=0.0, id=1, away=0.0, exchanged=True),
        Recovery(frame=1, time=0.1, id=2, away=0.2),
        Recovery(frame=2, time=0.2, id=3, away=0.1, across_cut=True),
        Recovery(frame=3, time=0.3, id=4, away=0.3),
    ]
    summary = Summary()
    with JsonWriter(tmp_path / "tracks.json", summary) as facts, CsvWriter(tmp_path / "tracks.csv") as table:
        for index, event in enumerate(events):
            for sink in (facts, table):
                sink.write(*seen(index, 1, 2, 3, 4, recoveries=[event]))
    overview = json.loads((tmp_path / "tracks.json").read_text())
    assert (overview["summary"]["recoveries"], overview["summary"]["recognised_across_cuts"]) == (1, 1)
    assert [len(person["recoveries"]) for person in overview["people"]] == [1, 1, 1, 1]
    rows = list(csv.DictReader((tmp_path / "tracks.csv").open(newline="")))
    assert [(row["frame"], row["id"]) for row in rows if row["recovered"] == "1"] == [("3", "4")]
    assert summary.told == [events[3]]


def test_a_person_from_a_cast_file_differs_from_one_found_again(tmp_path: Path) -> None:
    known = Recovery(frame=0, time=0.0, id=1, away=0.0, similarity=0.9, margin=0.3, remembered=True)
    with JsonWriter(tmp_path / "tracks.json", Summary()) as writer:
        writer.write(*seen(0, 1, recoveries=[known]))
    overview = json.loads((tmp_path / "tracks.json").read_text(encoding="utf-8"))
    assert (overview["summary"]["recoveries"], overview["summary"]["remembered"]) == (0, 1)
    (event,) = overview["people"][0]["recoveries"]
    assert (event["remembered"], event["similarity"], event["margin"]) == (True, 0.9, 0.3)


def test_ctrl_c_leaves_whole_files(tmp_path: Path) -> None:
    summary = Summary()
    writers = (MotWriter(tmp_path / "a.txt"), CsvWriter(tmp_path / "a.csv"), JsonWriter(tmp_path / "a.json", summary))
    for writer in writers:
        with pytest.raises(KeyboardInterrupt):
            interrupted(writer)
    assert (tmp_path / "a.txt").read_text().count("\n") == 2
    assert (tmp_path / "a.csv").read_text().count("\n") == 3
    assert json.loads((tmp_path / "a.json").read_text())["summary"]["people"] == 2
    assert sorted(os.listdir(tmp_path)) == ["a.csv", "a.json", "a.txt"]


def test_the_overview_says_what_is_missing_until_and_after_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr("tracker.results.writers.time.monotonic", lambda: now)
    path = tmp_path / "tracks.json"

    def told() -> tuple[bool, list[str], int]:
        facts = json.loads(path.read_text())
        return facts["complete"], facts["notes"], facts["summary"]["frames"]

    with JsonWriter(path, Summary()) as writer:
        assert told() == (False, [UNFINISHED], 0)
        writer.write(*seen(0, 1))
        assert told() == (False, [UNFINISHED], 0)
        now += 5.1
        writer.write(*seen(1, 1))
        assert told() == (False, [UNFINISHED], 2)
        writer.write(*seen(2, 1))
    assert told() == (True, [], 3)
    with pytest.raises(KeyboardInterrupt):
        interrupted(JsonWriter(path, Summary(), notes=[UNFINISHED]))
    assert told() == (False, [STOPPED], 1)
    with JsonWriter(path, Summary(), notes=["a frame is damaged and left out"]):
        pass
    assert told() == (False, ["a frame is damaged and left out"], 0)


def test_a_full_disk_ends_the_file_with_a_whole_row(tmp_path: Path):
    file = RowFile(tmp_path / "rows.txt")
    for number in range(100, 110):
        file.add(f"row {number}\n")  # 8 bytes
    file.flush()
    with no_file_beyond(93):
        file.add("row 110\nrow 111\n")
        with pytest.raises(InputError, match=r"rows\.txt cannot be written \(File too large\)"):
            file.close()
    assert (tmp_path / "rows.txt").read_text().splitlines() == [f"row {number}" for number in range(100, 111)]


def test_a_run_that_sees_no_person_still_has_results(tmp_path: Path) -> None:
    with JsonWriter(tmp_path / "tracks.json", Summary()) as writer:
        writer.write(*seen(0))
    overview = json.loads((tmp_path / "tracks.json").read_text())
    assert overview["people"] == []
    assert overview["summary"]["longest_absence"] == 0


def test_rows_are_on_disk_while_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("tracker.results.whole_files.time.monotonic", lambda: now)
    with MotWriter(tmp_path / "tracks.txt") as writer:
        for index in range(3):
            now += 0.6
            writer.write(*seen(index, 1))
        assert (tmp_path / "tracks.txt").read_text().count("\n") == 2


@pytest.mark.parametrize("kind", [MotWriter, CsvWriter, lambda path: JsonWriter(path, Summary())])
def test_a_place_that_cannot_be_written_to_is_reported(tmp_path: Path, kind: type[MotWriter]) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match=r"tracks cannot be written \(.*\); choose another place"),
        kind(tmp_path / "file" / "tracks"),
    ):
        pass
