"""`followspot benchmark crossings`: people who are exchanged where they cross, and weights worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from math import cos, exp, log, pi
from pathlib import Path

import numpy as np
import pytest

from tools.benchmark.ablations import NEVER, varied
from tools.benchmark.crossing_fit import NOW, Tally, fit, fit_crossings, held_out_log_odds, tally
from tools.benchmark.crossings import JudgedCrossing, crossings_of, judge
from tools.benchmark_crossings import BenchmarkCrossingsCommand
from tools.scoring.labelled_boxes import LabelledBoxes
from tools.scoring.sequences import find_sequences
from tracker.crossing import CrossingOptions
from tracker.tracker import TrackerOptions
from tracker.types import FrameTracks, InputError

FPS = 10
MEETING = 30
"""The frame in which one stands before the other."""
ANN, BEA, CAT = 11, 12, 13
BACKFILLED = 28
"""Frames of the second track that are known only with this one."""


def box(x: float, feet: float) -> list[float]:
    return [x - 40, feet - 200, x + 40, feet]


def places(frame: int) -> np.ndarray:
    """Ann walks to the right, 100 pixels a second; Bea to the left, with her feet 20 pixels lower. They meet at 500."""
    steps = 10 * (frame - MEETING)
    return np.array([box(500 + steps, 600), box(500 - steps, 620)])


def story(after: tuple[int, int]) -> list[FrameTracks]:
    """Id 1 is on Ann and 2 on Bea until they meet, and then on those two of the boxes (0: Ann's, 1: Bea's)."""
    tracks = []
    for frame in range(60):
        order = [0, 1] if frame <= MEETING else list(after)
        xyxy, time = places(frame)[order], frame / FPS
        tracks.append(FrameTracks(frame, time, np.array([1, 2]), xyxy, np.ones(2), np.zeros(2, bool)))
    second = tuple(rows[1:] for rows in tracks[:BACKFILLED])
    tracks[:BACKFILLED] = [rows[:1] for rows in tracks[:BACKFILLED]]
    tracks[BACKFILLED] = replace(tracks[BACKFILLED], backfill=second)
    return tracks


def truth(frames: int = 60, after: tuple[int, int] = (ANN, BEA)) -> list[LabelledBoxes]:
    """Who is in the two boxes: Ann and Bea until they meet, and then those two."""
    return [LabelledBoxes(np.array((ANN, BEA) if t <= MEETING else after), places(t)) for t in range(frames)]


def test_two_who_are_exchanged_in_the_tracks_where_they_cross_gain_two_links_by_an_exchange():
    (crossing,) = judge("duet", story(after=(1, 0)), truth(), CrossingOptions())
    assert (crossing.sequence, crossing.gain) == ("duet", 2)
    assert crossing.evidence[0] == pytest.approx(log(101))  # see tests/tracker/test_crossing.py
    assert crossing.evidence[6:8] == pytest.approx([0.9, 0.0])  # 180 of 200 pixels covered; both always seen


def test_two_who_go_on_as_they_are_lose_two_links_by_an_exchange():
    (crossing,) = judge("duet", story(after=(0, 1)), truth(), CrossingOptions())
    assert crossing.gain == -2
    assert crossing.evidence[0] == pytest.approx(-2 * log(26))


def test_nobody_crosses_where_the_camera_cuts_away_before_it_is_known():
    tracks = story(after=(1, 0))
    tracks[MEETING + 5] = replace(tracks[MEETING + 5], cut=True)
    assert judge("duet", tracks, truth(), CrossingOptions()) == []


@pytest.mark.parametrize(("after", "gain"), [((CAT, ANN), 1), ((BEA, CAT), 1), ((ANN, CAT), -1), ((CAT, 14), 0)])
def test_a_link_to_somebody_else_is_wrong_either_way(after, gain):
    (crossing,) = judge("trio", story(after=(0, 1)), truth(after=after), CrossingOptions())
    assert crossing.gain == gain


def test_nobody_knows_who_was_exchanged_where_the_truth_ends_at_the_crossing():
    (crossing,) = judge("duet", story(after=(1, 0)), truth(frames=MEETING + 1), CrossingOptions())
    assert crossing.gain is None


def test_a_window_in_which_two_people_share_the_boxes_shows_nobody():
    """After the meeting Ann's box is called Cat's, a fourth one's and Ann's in turns: of five each has two at most,
    fewer than three."""
    people = truth()
    for frame, name in zip(range(MEETING + 1, 60), cycle((CAT, 14, ANN))):
        people[frame] = people[frame]._replace(ids=np.array([name, BEA]))
    (crossing,) = judge("duet", story(after=(0, 1)), people, CrossingOptions())
    assert crossing.gain is None


def test_the_fit_finds_the_direction_that_separates_and_no_more():
    """Of one event at -1 that was none and one at 1 that was, the loss 2 log(1 + exp(-w)) + w²/2 is least where
    w = 2 / (1 + exp(w)); in tenths of the unit the weight is a tenth. The second column tells nothing."""
    intercept, weight, nothing = fit(np.array([[-10.0, 3.0], [10.0, 3.0]]), np.array([False, True]), np.ones(2))
    assert 10 * weight * (1 + exp(10 * weight)) == pytest.approx(2, abs=1e-3)
    assert [intercept, nothing] == pytest.approx([0, 0], abs=1e-4)


def test_the_intercept_is_the_log_odds_of_the_base_rate_where_the_evidence_is_constant():
    """Of twelve the first three were exchanged; where these count half, that is 1.5 against 9."""
    evidence, exchanged = np.full((12, 2), 0.7), np.arange(12) < 3
    assert fit(evidence, exchanged, np.ones(12)) == pytest.approx([log(3 / 9), 0, 0], abs=1e-3)
    assert fit(evidence, exchanged, np.where(exchanged, 0.5, 1.0)) == pytest.approx([log(1.5 / 9), 0, 0], abs=1e-3)


def test_a_crossing_counts_as_much_as_an_exchange_gains_or_loses():
    """Three with two links to gain against four with one link to lose: 3 to 2."""
    events = [event("a", 0.1, 2)] * 3 + [event("a", 0.1, -1)] * 4
    assert fit_crossings(events)[0] == pytest.approx(log(3 / 2), abs=1e-3)


def event(sequence: str, feet: float, gain: int | None) -> JudgedCrossing:
    return JudgedCrossing(sequence, np.array([feet, 0, 0, 0, 0, 0, 0.7, 0]), gain)


def test_a_sequence_is_judged_by_all_others_also_where_other_detections_of_it_are_there():
    """In `odd`, of which there are many, all is the other way round: what it says would win."""
    others = [event(name, feet, gain) for name in ("a", "b") for feet, gain in ((0.5, 2), (-0.5, -2))]
    odd = [event("odd", feet, gain) for feet, gain in ((0.5, -2), (-0.5, 2))] * 20
    log_odds = held_out_log_odds([*odd, *others, *odd])
    assert (np.delete(log_odds, range(40, 44)).reshape(-1, 2) * [1, -1] > 0).all()
    assert (log_odds[40:44].reshape(-1, 2) * [1, -1] < 0).all()


def test_links_are_counted_for_what_exchanges_do_to_them():
    events = [event("a", 0, gain) for gain in (2, 1, -1, -2, 0, None, 2, -2)]
    log_odds = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1.0, -1.0])
    assert tally(events, log_odds, 0.0) == Tally(8, judged=7, exchanged=3, put_right=3, put_wrong=3)
    assert tally(events, log_odds, 1.0) == Tally(8, judged=7, exchanged=3, put_right=0, put_wrong=0)


def test_nothing_is_learned_from_crossings_that_all_ended_alike():
    events = [event("a", 0.1, -2), event("b", 0.2, -1), event("b", 0.3, 0), event("b", 0.3, None)]
    with pytest.raises(InputError, match="from the crossings: 0 of 2 ended in an exchange"):
        fit_crossings(events)
    with pytest.raises(InputError, match="from the crossings without b: 0 of 1 ended"):
        held_out_log_odds([*events, event("b", 0.4, 2)][::-1])


def write_sequence(folder: Path, steps: Callable[[int], float] = lambda frame: 10 * (frame - MEETING)) -> None:
    """Two who walk past each other, and below two who turn back where their boxes are one: motion exchanges these.

    Before and after, the feet of the second one are lower. `steps`: where the first one is in each frame, in pixels
    from the middle.
    """
    rows = []
    for frame in range(60):
        to, back = steps(frame), -abs(steps(frame))
        boxes = [box(500 + to, 300), box(500 - to, 320), box(500 + back, 700), box(500 - back, 700 - back / 8)]
        for id, (left, top, right, bottom) in enumerate(boxes, start=1):
            rows.append(f"{frame + 1},{id},{left},{top},{right - left},{bottom - top},1,1,1\n")
    (folder / "gt").mkdir(parents=True)
    (folder / "gt/gt.txt").write_text("".join(rows))
    info = f"name={folder.name}\nframeRate={FPS}\nseqLength=60\nimWidth=1000\nimHeight=800\n"
    (folder / "seqinfo.ini").write_text(f"[Sequence]\n{info}")


def test_no_crossing_is_put_right_in_the_tracks_that_are_judged(tmp_path):
    """They meet every 1.4 s: were two given each other's tracks a second later, that would lie before the next time."""
    write_sequence(tmp_path / "round", lambda frame: 150 * cos(pi * frame / 14))
    (sequence,) = find_sequences(tmp_path / "round")
    always, never = (varied(TrackerOptions(), {"crossing.min_log_odds": odds}) for odds in (-100.0, NEVER))
    found, expected = (crossings_of(sequence, sequence.truth, options) for options in (always, never))
    assert len(found) > 4
    assert [each.gain for each in found] == [each.gain for each in expected]
    assert np.array_equal([each.evidence for each in found], [each.evidence for each in expected])


def test_the_command_fits_weights_that_put_right_what_the_tracker_exchanged(tmp_path, capsys):
    for name in ("first", "second"):
        write_sequence(tmp_path / "duets" / name)
    bench = f"{tmp_path / 'duets'}=exact"
    even = varied(TrackerOptions(), {"crossing.min_log_odds": 0.0})  # of four crossings nobody can be surer
    BenchmarkCrossingsCommand(on=(bench,), out=tmp_path / "out", tracker=even).run()
    saved = json.loads((tmp_path / "out/crossings.json").read_text())
    assert list(saved["weights"]) == list(NOW)
    feet = saved["weights"]["feet"]
    assert feet["now"] == NOW["feet"]
    assert feet["fitted"] > 0  # all have them on their own line, before and after
    assert saved["weights"]["score"]["fitted"] == pytest.approx(0, abs=1e-6)  # all scores are 1
    tallies = {"crossings": 4, "judged": 4, "exchanged": 2, "put_right": 4, "put_wrong": 0}
    assert saved["benches"] == {bench: tallies}
    said = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["feet", f"{feet['now']:g}", f"{feet['fitted']:.2f}"] in said
    assert ["duets", "exact", "4", "4", "2", "4", "0"] in said


def test_the_least_log_odds_are_the_trackers(tmp_path):
    for name in ("first", "second"):
        write_sequence(tmp_path / "duets" / name)
    never = varied(TrackerOptions(), {"crossing.min_log_odds": NEVER})
    BenchmarkCrossingsCommand(on=(f"{tmp_path / 'duets'}=exact",), out=tmp_path / "out", tracker=never).run()
    (counts,) = json.loads((tmp_path / "out/crossings.json").read_text())["benches"].values()
    assert (counts["exchanged"], counts["put_right"]) == (2, 0)
