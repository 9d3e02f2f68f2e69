"""Two people who meet: whether they were exchanged is told half a second later, by how they stand and how they move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log

import numpy as np
import pytest

from tracker.crossing import EVIDENCE, PRIOR, Crossing, CrossingOptions, Crossings, log_odds
from tracker.gallery import Gallery, GalleryOptions
from tracker.pipeline import merge_backfill
from tracker.steadiness import SteadinessOptions
from tracker.track import Identity
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import Detections, Frame, FrameTracks

FPS = 20
MEETING = 2.0
"""When the two meet, in seconds."""
NEVER = CrossingOptions(overlap=2.0)
DANCERS = SteadinessOptions(unsteady=1.0, steady=2.0)
"""Two who walk for two seconds are not taken for pedestrians."""


def box(x: float, feet: float, height: float, width: float = 80) -> list[float]:
    return [x - width / 2, feet - height, x + width / 2, feet]


def dancers(time: float) -> list[list[float]]:
    """A short, thin one from the left and a tall, wide one from the right, who meet, bow until they look alike, and
    turn back; for 0.3 s the tall one hides the other."""
    apart = abs(time - MEETING)
    bowed = 1 - min(max(apart - 0.15, 0) / 0.2, 1)  # 1 about the meeting, 0 from 0.35 s on
    differ = 1 - bowed
    short = box(500 - 100 * apart, 408 - 20 * differ, 200 - 15 * differ, 80 - 15 * differ)
    tall = box(500 + 100 * apart, 408 + 20 * differ, 200 + 15 * differ, 80 + 15 * differ)
    return [tall] if apart < 0.15 else [short, tall]


def tracked(crossing: CrossingOptions, pan: float = 0.0, seconds: float = 4.0) -> Iterator[tuple[Frame, FrameTracks]]:
    """The dancers, filmed by a camera that turns by `pan` pixels a second."""
    options = TrackerOptions(crossing=crossing, steadiness=DANCERS)
    tracker = Tracker(options, picture_size=(1000, 600), fps=FPS)
    for index in range(round(seconds * FPS)):
        time = index / FPS
        boxes = np.array(dancers(time), np.float32) + np.array([pan * time, 0, pan * time, 0], np.float32)
        frame = Frame(index, time, None)
        yield frame, tracker.update(frame, Detections(boxes, np.full(len(boxes), 0.9, np.float32)))


def id_of_the_tall(tracks: FrameTracks) -> int:
    heights = tracks.xyxy[:, 3] - tracks.xyxy[:, 1]
    return int(tracks.ids[heights.argmax()])


@pytest.mark.parametrize("pan", [0.0, 60.0])
def test_two_who_were_exchanged_where_they_met_are_themselves_again_soon_after(pan: float):
    """Motion takes them for people who pass: both came fast, and bowing they look alike."""
    never, told = (list(tracked(options, pan)) for options in (NEVER, CrossingOptions()))
    before, just_after, later = (round(seconds * FPS) for seconds in (1.0, 2.5, 3.5))
    assert id_of_the_tall(never[before][1]) != id_of_the_tall(never[later][1])
    assert id_of_the_tall(told[before][1]) != id_of_the_tall(told[just_after][1])
    assert id_of_the_tall(told[before][1]) == id_of_the_tall(told[later][1])


def test_the_second_that_is_held_back_is_put_right_too():
    """All rows but those of the meeting itself, in which no height tells who is who."""
    rows = [tracks for frame, tracks in merge_backfill(tracked(CrossingOptions())) if abs(frame.time - MEETING) > 0.3]
    assert {id_of_the_tall(tracks) for tracks in rows} == {2}
    assert not any(event.is_return for tracks in rows for event in tracks.recoveries)


def person(id: int) -> Identity:
    return Identity(id, Gallery(GalleryOptions()))


def told(
    one: Sequence[Sequence[float]], other: Sequence[Sequence[float]], options: CrossingOptions | None = None
) -> list[tuple[float, Crossing, np.ndarray]]:
    """The crossings of two people whose boxes are given for each frame, none where there is an empty one."""
    crossings, people, found = Crossings(options or CrossingOptions()), (person(1), person(2)), []
    for index, boxes in enumerate(zip(one, other, strict=True)):
        time = index / FPS
        found += [(time, crossing, evidence) for crossing, evidence in crossings.known(time)]
        for who, xyxy in zip(people, boxes, strict=True):
            if xyxy:
                crossings.see(who, time, np.array(xyxy), 0.9)
    return found


def passing(feet: float, height: float, speed: float, later: tuple[float, float] | None = None) -> list[list[float]]:
    """Somebody who walks past x = 500 at 2 s; `later`: feet and height from then on."""
    times = np.arange(4 * FPS) / FPS
    shapes = [(feet, height) if later is None or time < MEETING else later for time in times]
    return [box(500 + speed * (time - MEETING), *shape) for time, shape in zip(times, shapes, strict=True)]


def exchanged(one: list[list[float]], other: list[list[float]]) -> tuple[list[list[float]], list[list[float]]]:
    """The boxes of two tracks that exchange the two people where these meet."""
    half = round(MEETING * FPS)
    return one[:half] + other[half:], other[:half] + one[half:]


def test_the_evidence_of_two_who_pass_and_stay_themselves_is_against_an_exchange():
    """Feet 20 pixels apart at a mean height of 200: 0.1 body heights, 10 of the least standard deviations, as nothing
    varies. Each of the two is 0 from the own line, 10 from the other's: an exchange would lose 2 log(1 + 10² / 4).
    Heights of 210 and 190 are ln(210/190) = 0.1 apart. Speeds of 100 and -100 pixels a second are 1 body height a
    second apart, of which half a second shows 0.8; people who move evenly may turn: that is 3.6 deviations."""
    ((time, crossing, evidence),) = told(passing(420, 210, 100), passing(400, 190, -100))
    assert time == pytest.approx(MEETING + 0.6)  # 0.3 s after which it was not closer, known 0.3 s late
    assert (crossing.time, crossing.overlap) == (MEETING, 1.0)
    apart = -2 * log(26)
    assert evidence[:5] == pytest.approx([apart, apart, apart, 0, 0], abs=0.01)
    assert evidence[5] == pytest.approx(-2 * log(1 + 3.6**2 / 4), abs=0.05)
    assert evidence[6:8].tolist() == [1.0, 0.0]
    assert 0 < evidence[8] < 0.5  # 10 of 200 pixels between two frames: each box overlaps with its own a little more
    feet, feet_then, height, _, _, velocity = EVIDENCE.values()
    told_by_looks = apart * (feet + feet_then + height) + evidence[5] * velocity
    prior = PRIOR["always"] + PRIOR["overlap"] + PRIOR["clarity"] * evidence[8]
    assert log_odds(evidence) == pytest.approx(told_by_looks + prior, abs=0.1)
    assert log_odds(evidence) < -10


def test_the_evidence_of_two_who_take_each_others_place_is_for_an_exchange():
    """The same, with feet and heights exchanged and the walk turned back. Relative to each other they went from 10 to
    -10, so it gains log(1 + 20² / 4) there, less than in the picture; the smaller counts."""
    one, other = exchanged(passing(420, 210, 100), passing(400, 190, -100))
    ((_, _, evidence),) = told(one, other)
    turned = log(101)
    assert evidence[:5] == pytest.approx([turned, turned, turned, 0, 0], abs=0.01)
    assert evidence[8] < 0  # each box went on where it overlaps with the other person's last one more
    assert log_odds(evidence) > 5


def test_what_varies_from_box_to_box_tells_less():
    """A detector that sees their feet now 10 pixels higher, now 10 lower: these vary by 0.05 body heights, and the 0.1
    between the two are 2 standard deviations in place of 10, so that each of the two gains log(1 + 2² / 4)."""
    bodies = exchanged(passing(420, 210, 100), passing(400, 190, -100))
    one, other = (
        [box(x + 40, feet + 10 * (-1) ** t, feet - top) for t, (x, top, _, feet) in enumerate(boxes)]
        for boxes in bodies
    )
    ((_, _, evidence),) = told(one, other)
    assert evidence[0] == pytest.approx(2 * log(2), abs=0.05)


def test_somebody_hidden_at_the_crossing_is_waited_for():
    """The other one is not seen from 1.8 to 3 s: what follows is known at 3.5 s; nothing if that one stays away."""
    one, other = passing(420, 210, 100), passing(400, 190, -100)
    hidden = [xyxy if not 1.8 <= index / FPS < 3.0 else [] for index, xyxy in enumerate(other)]
    ((time, crossing, evidence),) = told(one, hidden)
    assert time == pytest.approx(3.5)
    assert evidence[7] == pytest.approx(1.0)  # unseen in every frame about the crossing
    assert abs(crossing.time - MEETING) < 0.3
    assert told(one, [xyxy if index / FPS < 1.8 else [] for index, xyxy in enumerate(other)]) == []


def test_a_camera_that_tilts_at_the_crossing_exchanges_nobody():
    """All feet are 30 pixels lower from then on: in the picture one stands near the other's line, but the two are still
    20 pixels apart, 10 standard deviations; exchanged, they would have moved by 20."""
    one, other = passing(420, 210, 100, (450, 210)), passing(400, 190, -100, (430, 190))
    ((_, _, evidence),) = told(one, other)
    assert evidence[0] == pytest.approx(-log(101), abs=0.01)


@pytest.mark.parametrize(("steadiness", "expected"), [(0.0, 1), (1.0, 0)])
def test_where_people_walk_on_more_is_needed(steadiness: float, expected: int):
    """The two who take each other's place are exchanged among dancers by log odds 1 above the least, not in a street,
    where 2 more are needed."""
    one, other = exchanged(passing(420, 210, 100), passing(400, 190, -100))
    ((_, _, evidence),) = told(one, other)
    crossings = Crossings(CrossingOptions(min_log_odds=log_odds(evidence) - 1, steady_log_odds=2.0))
    people, found = (person(1), person(2)), []
    for index, boxes in enumerate(zip(one, other, strict=True)):
        found.append(crossings.exchanged(index / FPS, steadiness))
        for who, xyxy in zip(people, boxes, strict=True):
            crossings.see(who, index / FPS, np.array(xyxy), 0.9)
    assert len([crossing for crossing in found if crossing is not None]) == expected


def test_after_an_exchange_boxes_and_later_crossings_are_the_other_persons():
    """Of three people the first two were exchanged at 2 s; the first one's crossing with the third, at 2.5 s, was the
    second one's, that at 1.5 s stays."""
    one, other, third = person(1), person(2), person(3)
    crossings = Crossings(CrossingOptions())
    for time in (1.0, 2.0, 3.0):
        crossings.see(one, time, np.array(box(100, 400, 200)), 0.9)
        crossings.see(other, time, np.array(box(700, 400, 200)), 0.9)
    crossings._open = [Crossing(one, third, time, 0.8) for time in (1.5, 2.5)]
    crossings._exchange(Crossing(one, other, 2.0, 1.0))
    assert [crossing.people for crossing in crossings._open] == [(one, third), (other, third)]
    assert [x for _, x, *_ in crossings._boxes[one]] == [100, 700, 700]
    assert [x for _, x, *_ in crossings._boxes[other]] == [700, 100, 100]


def test_two_are_exchanged_once():
    assert sum(len(tracks.renamed) for _, tracks in tracked(CrossingOptions(), seconds=6.0)) == 2


def test_a_camera_cut_ends_all_crossings():
    tracker = Tracker(TrackerOptions(), picture_size=(1000, 600), fps=FPS)
    for index in range(FPS):
        boxes = np.array(dancers(index / FPS), np.float32)
        tracker.update(Frame(index, index / FPS, None), Detections(boxes, np.full(len(boxes), 0.9, np.float32)))
    assert len(tracker._crossings._boxes) == 2
    tracker._cut_to(Frame(FPS, 1.0, None))
    assert not tracker._crossings._boxes


def test_people_who_left_are_forgotten():
    crossings, gone, here = Crossings(CrossingOptions()), person(1), person(2)
    for index in range(30 * FPS):
        list(crossings.known(index / FPS))
        for who in (gone, here) if index < FPS else (here,):
            crossings.see(who, index / FPS, np.array(box(500, 400, 200)), 0.9)
    assert list(crossings._boxes) == [here]
    assert len(crossings._boxes[here]) <= 13 * FPS
