"""MOTChallenge text: hand-worked lines out, the same people back in, and plain words about malformed files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from places import SHARED

from tracker.results.mot_files import format_rows, read_detections, read_tracks
from tracker.types import FrameTracks, InputError


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "gt.txt"
    path.write_text(text)
    return path


def test_a_row_counts_frames_from_one_and_gives_left_top_width_height() -> None:
    boxes = [[10, 20, 40, 100.5], [-3.25, 0, 50, 60]]
    tracks = FrameTracks(0, 0.0, [3, 12], boxes, [0.876, 1.0], [False, True])
    assert format_rows(tracks) == (
        "1,3,10.00,20.00,30.00,80.50,0.88,-1,-1,-1\n1,12,-3.25,0.00,53.25,60.00,1.00,-1,-1,-1\n"
    )


def test_a_frame_without_people_has_no_lines() -> None:
    assert format_rows(FrameTracks.empty(7, 0.2)) == ""


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    reported = [
        FrameTracks(0, 0.0, [1, 2], [[0, 0, 10, 20], [5.25, 6.5, 7.75, 8]], [1.0, 0.25], [False, False]),
        FrameTracks.empty(1, 0.04),
        FrameTracks(2, 0.08, [2], [[1, 2, 3, 4]], [0.5], [False]),
    ]
    path = written(tmp_path, "".join(map(format_rows, reported)))
    read = read_tracks(path, fps=25.0)
    assert [tracks.frame for tracks in read] == [0, 1, 2]
    for before, after in zip(reported, read, strict=True):
        assert after.time == pytest.approx(before.time)
        assert after.ids.tolist() == before.ids.tolist()
        assert after.xyxy.tolist() == before.xyxy.tolist()
        assert after.score.tolist() == before.score.tolist()
        assert not after.recovered.any()


def test_frames_without_rows_are_there_too_up_to_the_given_length(tmp_path: Path) -> None:
    path = written(tmp_path, "3,1,0,0,10,10,1,-1,-1,-1\n")
    assert [len(tracks) for tracks in read_tracks(path)] == [0, 0, 1]
    assert [len(tracks) for tracks in read_tracks(path, length=5)] == [0, 0, 1, 0, 0]
    assert [tracks.time for tracks in read_tracks(path, fps=2.0)] == [0.0, 0.5, 1.0]
    with pytest.raises(InputError, match=r"gt\.txt line 1 is beyond the end of the sequence, which has 2 frames"):
        read_tracks(path, length=2)


def test_an_empty_file_has_no_tracks(tmp_path: Path) -> None:
    path = written(tmp_path, "\n")
    assert read_tracks(path) == []
    assert [len(tracks) for tracks in read_tracks(path, length=2)] == [0, 0]
    assert read_detections(path) == {}


def test_truth_keeps_marked_pedestrians_only(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "1,1,0,0,10,10,1,1,0.9\n"  # a pedestrian
        "1,2,0,0,10,10,0,1,0.9\n"  # one that does not count
        "1,3,0,0,10,10,1,7,0.9\n"  # a static person
        "2,4,0,0,10,10,0,12,1\n",  # a reflection
    )
    assert [tracks.ids.tolist() for tracks in read_tracks(path)] == [[1]]
    assert [tracks.ids.tolist() for tracks in read_tracks(path, length=2)] == [[1], []]
    assert [tracks.ids.tolist() for tracks in read_tracks(path, truth=False)] == [[1, 2, 3], [4]]


def test_results_keep_every_row_and_old_truth_goes_by_its_marks(tmp_path: Path) -> None:
    path = written(tmp_path, "1,1,0,0,10,10,1,-1,-1,-1\n1,2,0,0,10,10,0,-1,-1,-1\n")
    assert read_tracks(path)[0].ids.tolist() == [1, 2]
    assert read_tracks(path, truth=True)[0].ids.tolist() == [1]


def test_someone_away_for_long_is_marked_as_recovered_when_asked(tmp_path: Path) -> None:
    rows = [f"{frame},{identity},0,0,10,10,1,-1,-1,-1\n" for frame, identity in [(1, 5), (2, 5), (12, 5), (13, 6)]]
    path = written(tmp_path, "".join(rows))
    read = read_tracks(path, fps=10.0, away=0.9)
    assert [tracks.frame for tracks in read if tracks.recovered.any()] == [11]
    (recovery,) = read[11].recoveries
    assert (recovery.id, recovery.frame) == (5, 11)
    assert recovery.away == pytest.approx(1.0)
    assert not any(tracks.recovered.any() for tracks in read_tracks(path, fps=10.0))


@pytest.mark.parametrize(("fps", "stride", "frames"), [(1.0, 1, (1, 2, 3, 5)), (30.0, 16, (1, 17, 33, 65))])
def test_rows_in_neighbouring_frames_are_no_return(
    tmp_path: Path, fps: float, stride: int, frames: tuple[int, ...]
) -> None:
    """More than half a second lies between any two frames that were tracked; the person is missing in the fourth."""
    path = written(tmp_path, "".join(f"{frame},5,0,0,10,10,1,-1,-1,-1\n" for frame in frames))
    read = read_tracks(path, fps=fps, away=0.5, stride=stride)
    assert [1 + tracks.frame for tracks in read if tracks.recovered.any()] == [frames[3]]
    assert [len(tracks.recoveries) for tracks in read if len(tracks)] == [0, 0, 0, 1]


def test_detections_ignore_ids_and_go_by_frame_index(tmp_path: Path) -> None:
    path = written(tmp_path, "4,-1,1,2,3,4,0.5\n1,-1,10,20,30,40,0.9\n4,-1,5,6,7,8,0.25\n")
    detections = read_detections(path)
    assert sorted(detections) == [0, 3]
    assert detections[3].xyxy.tolist() == [[1, 2, 4, 6], [5, 6, 12, 14]]
    assert detections[3].score.tolist() == [0.5, 0.25]


def test_detections_without_scores_count_as_sure(tmp_path: Path) -> None:
    for row in ("1,-1,10,20,30,40\n", "1,7,10,20,30,40,-1,-1,-1,-1\n"):
        assert read_detections(written(tmp_path, row))[0].score.tolist() == [1.0]
    some = written(tmp_path, "1,-1,10,20,30,40,-1\n1,-1,50,20,30,40,0.5\n")
    assert read_detections(some)[0].score.tolist() == [-1.0, 0.5]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1,1,0,0,10,10,1\n\n2,one,0,0,10,10,1\n", "line 3 is not numbers separated by commas: '2,one,0,0,10,10,1'"),
        ("1,1,0,0,10,10,1\n2,1,0,0,10,10\n", "line 2 has not 7 columns but 6"),
        ("1,1,0,0,10\n", "line 1 has not 6 columns but 5"),
        ("1 1 0 0 10 10 1\n", "line 1 is not numbers separated by commas"),
        ("1,1,0,0,10,10,1\n0,1,0,0,10,10,1\n", "line 2 has no frame number"),
        ("1.5,1,0,0,10,10,1\n", "line 1 has no frame number"),
        ("1,1,0,nan,10,10,1\n", "line 1 has a value that is not finite"),
        ("1,1,0,0,10,-10,1\n", "line 1 has a box without width or height"),
        ("1,1,0,0,10,10,1\n\n1,2,0,0,10,10,1\n1,1,5,5,10,10,1\n", "line 4 gives an id a second box"),
        ("1,-1,0,0,10,10,1\n", "line 1 has a negative id, so it holds detections"),
    ],
)
def test_a_malformed_file_is_refused_by_file_and_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError) as refused:
        read_tracks(path)
    assert complaint in str(refused.value)
    assert str(path) in str(refused.value)


def test_missing_and_binary_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.txt cannot be read: No such file"):
        read_detections(tmp_path / "nowhere.txt")
    (tmp_path / "clip.mp4").write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match=r"clip\.mp4 is not a text file"):
        read_detections(tmp_path / "clip.mp4")


def test_a_long_file_is_read_whole(tmp_path: Path) -> None:
    rows = [f"{n // 9 + 1},{n % 9},{n % 1000}.50,20.25,30,40,1,1,1\n" for n in range(130_000)]
    tracks = read_tracks(written(tmp_path, "".join(rows)))
    assert len(tracks) == 14_445  # 130,000 rows, nine a frame, four in the last one
    assert len(tracks[-1]) == 4
    assert tracks[-1].xyxy[-1].tolist() == [999.5, 20.25, 1029.5, 60.25]


@pytest.mark.skipif(not (SHARED / "dancetrack").exists(), reason="needs the DanceTrack annotations in ../shared")
def test_dancetrack_truth_keeps_its_ids_and_boxes() -> None:
    truth = read_tracks(SHARED / "dancetrack" / "dancetrack0004" / "gt" / "gt.txt", fps=20.0)
    raw = np.loadtxt(SHARED / "dancetrack" / "dancetrack0004" / "gt" / "gt.txt", delimiter=",")
    assert sum(map(len, truth)) == len(raw)
    assert truth[11].xyxy[truth[11].ids == 0].tolist() == [[823, 617, 981, 853]]
