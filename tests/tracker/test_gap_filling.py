"""Short gaps that are filled while a video is tracked. (Those of the second pass: offline/test_refinement.py.)"""

from collections.abc import Iterator

import numpy as np
import pytest

from tracker.detection.detector import ReplayDetector
from tracker.gap_filling import GapOptions, fill_gaps
from tracker.pipeline import SHORT_GAPS, track
from tracker.tracker import Tracker
from tracker.types import Detections, Frame, FrameTracks, InputError

BOX = np.array([0.0, 0.0, 50.0, 100.0])


def rows(frame: int, score: float | None) -> FrameTracks:
    """Person 1 moves 4 pixels a frame, 25 frames a second; nobody is there without a score."""
    if score is None:
        return FrameTracks.empty(frame, frame / 25)
    box = BOX + np.array([4.0 * frame, 0, 4 * frame, 0])
    return FrameTracks(frame, frame / 25, np.array([1]), box[None], np.array([score]), np.zeros(1))


def filled(scores: list[float | None], options: GapOptions = SHORT_GAPS) -> list[list[float]]:
    """The scores of each frame's rows."""
    return [tracks.score.tolist() for tracks in fill_gaps(map(rows, range(len(scores)), scores), options)]


def test_a_half_hidden_person_who_is_missed_for_a_moment_is_there_all_the_same():
    tracks = list(fill_gaps(map(rows, range(6), [0.9, 0.5, None, None, None, 0.9]), SHORT_GAPS))
    assert [each.ids.tolist() for each in tracks] == [[1]] * 6
    assert [each.score.tolist() for each in tracks][2:5] == [[0.0]] * 3
    assert [each.xyxy[0, 0] for each in tracks] == pytest.approx([0, 4, 8, 12, 16, 20])


def test_who_was_seen_surely_on_both_sides_of_a_gap_was_not_missed_in_it():
    """As with boxes that somebody drew, and left out where the person was hidden altogether."""
    assert filled([1.0, None, None, 1.0]) == [[1.0], [], [], [1.0]]
    assert filled([1.0, None, None, 0.84])[1] == [0.0]
    assert filled([1.0, None, None, 1.0], GapOptions())[1] == [0.0]


def test_a_gap_longer_than_a_fifth_of_a_second_stays():
    """Five steps of a twenty-fifth, and six."""
    assert all(filled([0.5, *[None] * 4, 0.5]))
    assert filled([0.5, *[None] * 5, 0.5])[1:-1] == [[]] * 5


def test_frames_wait_as_long_as_a_gap_may_be_and_no_longer():
    given = 0

    def counted() -> Iterator[FrameTracks]:
        nonlocal given
        for frame in range(50):
            given = frame
            yield FrameTracks.empty(frame, frame / 8)

    waited = [given - tracks.frame for tracks in fill_gaps(counted(), GapOptions(seconds=0.25))]
    assert set(waited[:40]) == {2}


def test_what_is_held_comes_out_before_an_error_is_raised():
    def broken() -> Iterator[FrameTracks]:
        yield from map(rows, range(3), [0.5, 0.5, 0.5])
        raise InputError("the detector failed")

    seen = []
    with pytest.raises(InputError, match="the detector failed"):
        seen += [seen.append(tracks.frame) or tracks for tracks in fill_gaps(broken(), SHORT_GAPS)]
    assert seen == [0, 1, 2]


def test_the_pipeline_fills_where_it_is_asked_to():
    found = {frame: Detections(BOX[None], np.array([0.7])) for frame in range(30) if frame not in (20, 21)}
    frames = [Frame(frame, frame / 25, None) for frame in range(30)]
    for gaps, there in ((SHORT_GAPS, 30), (None, 28), (GapOptions(seconds=0), 28)):
        tracked = track(frames, ReplayDetector(found), Tracker(picture_size=(200, 200)), gaps=gaps)
        order, people = zip(*((frame.index, len(tracks)) for frame, tracks in tracked), strict=True)
        assert order == tuple(range(30))
        assert sum(people) == there
