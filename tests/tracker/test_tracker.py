"""Stories: what must happen to identities on a stage."""

from __future__ import annotations

import numpy as np
import pytest
from stage_play import ColourEmbedder, absent, box, ids_of, paint, play, stand, walk

from tracker.contest import ContestOptions
from tracker.doubt import DoubtOptions
from tracker.pipeline import merge_backfill
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import Detections, Frame, InputError

RED, BLUE, GREEN = (40, 40, 230), (230, 60, 40), (50, 220, 60)


def test_two_people_get_ids_from_one_and_every_observation_is_reported():
    tracks, stories = play([stand(300), stand(800)], 2.0, Tracker())
    assert [ids_of(story) for story in stories] == [{1}, {2}]
    assert all(None not in story for story in stories)  # the frames before confirmation too
    assert all(rows.ids.tolist() == [1, 2] for rows in tracks)


def test_the_reported_box_is_the_detection_itself():
    tracks, _ = play([walk((100, 600), (900, 600), 2.0)], 2.0, Tracker())
    for rows in tracks:
        share = min(rows.time / 2.0, 1.0)
        assert rows.xyxy[0] == pytest.approx(box((100 + share * 800, 600)), abs=1e-2)


def test_two_dancers_cross_and_keep_their_ids():
    _, stories = play([walk((200, 600), (900, 600), 3.0), walk((900, 640), (200, 640), 3.0)], 3.0, Tracker())
    assert [ids_of(story) for story in stories] == [{1}, {2}]


def test_hides_behind_another_for_four_seconds():
    hidden = absent(stand(500), 2.0, 6.0)
    tracks, stories = play([stand(520, 640), hidden], 8.0, Tracker())
    assert [ids_of(story) for story in stories] == [{1}, {2}]
    comeback = [recovery for rows in tracks for recovery in rows.recoveries]
    assert len(comeback) == 1
    assert comeback[0].id == 2
    assert comeback[0].away == pytest.approx(4.04, abs=0.001)  # from the last observation to the first one after
    assert comeback[0].similarity is None


def test_leaves_left_and_returns_right_after_twenty_seconds():
    def dancer(time: float):
        if time < 3:
            return 400 - time * 150, 600
        return None if time < 23 else (1200 - (time - 23) * 100, 600)

    people = [dancer, stand(640)]
    embedder = ColourEmbedder()
    tracker = Tracker(embedder=embedder)
    tracks, stories = play(people, 26.0, tracker, fps=10, picture=paint(people, [RED, BLUE]))
    assert [ids_of(story) for story in stories] == [{1}, {2}]
    (comeback,) = [recovery for rows in tracks for recovery in rows.recoveries]
    assert comeback.similarity == pytest.approx(1.0, abs=0.01)
    assert embedder.crops < 30  # of some 500 observations


def test_another_person_in_other_clothes_is_another_person():
    first = absent(stand(300), 3.0, 99.0)
    other = absent(stand(1100), 0.0, 8.0)
    people = [first, other]
    tracker = Tracker(embedder=ColourEmbedder())
    _, stories = play(people, 10.0, tracker, fps=10, picture=paint(people, [RED, GREEN]))
    assert [ids_of(story) for story in stories] == [{1}, {2}]


def test_a_person_who_comes_in_just_before_the_end_is_reported_too():
    people = [absent(stand(300), 3.0, 99.0), absent(stand(1100), 0.0, 4.6)]
    tracker = Tracker(embedder=ColourEmbedder())
    tracks, stories = play(people, 5.0, tracker, picture=paint(people, [RED, GREEN]))
    assert [ids_of(story) for story in stories] == [{1}, {2}]
    assert all(rows.ids.tolist() == [2] for rows in tracks[-10:])
    assert tracker.people == 2


def test_a_person_who_comes_back_just_before_the_end_is_reported_too():
    def dancer(time: float):
        return (300, 600) if time < 3 else (700, 600) if time >= 4.7 else None

    people = [dancer, stand(700, 660)]  # back behind another, and never seen clearly again
    tracks, stories = play(people, 5.0, Tracker(embedder=ColourEmbedder()), picture=paint(people, [RED, BLUE]))
    assert [ids_of(story) for story in stories] == [{1}, {2}]
    (comeback,) = [recovery for rows in tracks for recovery in rows.recoveries]
    assert (comeback.frame, comeback.id, comeback.similarity) == (118, 1, None)
    assert tracks[118].recoveries == (comeback,)
    assert tracks[118].recovered[tracks[118].ids == 1].all()


def test_a_tracker_that_saw_no_frame_has_nothing_to_finish():
    with pytest.raises(ValueError, match="no frame"):
        Tracker().finish()


def test_two_tentative_tracks_never_become_the_same_person():
    """Two leave, two come back with places exchanged: recognised by their clothes, jointly."""

    def exchange(here: float, there: float):
        return lambda time: (here, 600) if time < 2 else None if time < 9 else (there, 600)

    people = [exchange(300, 900), exchange(900, 300)]
    tracker = Tracker(embedder=ColourEmbedder())
    _, stories = play(people, 11.0, tracker, fps=10, picture=paint(people, [RED, GREEN]))
    assert [ids_of(story) for story in stories] == [{1}, {2}]


def test_a_cast_of_three_when_four_boxes_flicker():
    ghost = lambda time: (1150, 300) if int(time * 5) % 2 else None  # noqa: E731
    people = [stand(200), stand(500), stand(800), ghost]
    tracker = Tracker(TrackerOptions(cast=3))
    tracks, stories = play(people, 6.0, tracker)
    assert tracker.people == 3
    assert set(np.concatenate([rows.ids for rows in tracks])) == {1, 2, 3}
    assert [len(ids_of(story)) for story in stories[:3]] == [1, 1, 1]


def test_a_twin_appears():
    """Another person in the same clothes as one in sight; neither takes the other's id when one goes."""
    first, twin = stand(300), absent(stand(900), 0.0, 3.0)
    leaving = absent(twin, 6.0, 99.0)
    people = [first, leaving]
    tracks, stories = play(people, 9.0, Tracker(embedder=ColourEmbedder()), fps=10, picture=paint(people, [RED, RED]))
    assert [ids_of(story) for story in stories] == [{1}, {2}]
    assert not any(rows.recoveries for rows in tracks)


def test_two_trackers_side_by_side_share_nothing():
    one, two = Tracker(), Tracker()
    _, first = play([stand(300)], 1.0, one)
    _, second = play([stand(700)], 1.0, two)
    assert ids_of(first[0]) == ids_of(second[0]) == {1}


def test_empty_frames_age_the_lost():
    """A person unseen for longer than a track stays lost comes back as a new one."""
    options = TrackerOptions(max_lost_time=5.0)
    _, stories = play([absent(stand(300), 1.0, 4.0)], 6.0, Tracker(options))
    assert ids_of(stories[0]) == {1}
    _, stories = play([absent(stand(300), 1.0, 8.0)], 10.0, Tracker(options))
    assert ids_of(stories[0]) == {1, 2}


def test_two_who_turn_back_behind_a_third_are_distinguished_by_their_clothes():
    """They meet behind a third and go back the way they came; motion alone takes them for having passed each other."""

    def turn_back(start: float, step: float):
        return lambda time: (start + step * min(time, 4.0 - time), 600) if time < 4 else (start, 600)

    people = [absent(turn_back(200, 150), 1.6, 2.4), absent(turn_back(840, -150), 1.6, 2.4), stand(520, 640)]
    colours = [RED, GREEN, BLUE]
    _, stories = play(people, 5.0, Tracker(embedder=ColourEmbedder()), picture=paint(people, colours))
    assert [story[-1] for story in stories] == [1, 2, 3]
    assert [story[10] for story in stories] == [1, 2, 3]


@pytest.mark.parametrize(
    ("other", "unseen", "least", "most"),
    [
        (900, 9.0, 0.0, 0.0),  # nobody else was out of sight or near
        (900, 2.2, 0.2, 1.0),  # it might be the other one, until the clothes are seen three times
        (520, 9.0, 2.3, 2.4),  # beside somebody in contact no view counts
    ],
)
def test_who_comes_back_by_motion_is_unsure_until_the_clothes_are_seen(
    other: int, unseen: float, least: float, most: float
):
    """1 is out of sight from 2.0 to 2.6 s, 2 from `unseen` on for as long; the video ends after 5 s."""
    people = [absent(stand(480), 2.0, 2.6), absent(stand(other, 640), unseen, unseen + 0.6)]
    tracks, stories = play(people, 5.0, Tracker(embedder=ColourEmbedder()), picture=paint(people, [RED, GREEN]))
    assert [ids_of(story) for story in stories] == [{1}, {2}]
    unsure = [rows.time for rows in tracks if 1 in rows.unsure]
    assert least <= len(unsure) / 25 <= most + 0.05
    assert not unsure or unsure[0] == 2.6
    alone, _ = play(people, 5.0, Tracker())
    assert not any(rows.unsure for rows in alone), "without an encoder nothing can be confirmed"


def test_two_swap_places_behind_a_third():
    """Motion takes the one for the other; found out within half a second, it is put right from their return on."""

    def change(start: float, end: float):
        return lambda time: (start, 600) if time < 2 else None if time < 2.8 else (end, 600)

    people = [change(430, 610), change(610, 430), stand(520, 640)]
    _, fooled = play(people, 5.0, Tracker())
    assert [story[-1] for story in fooled] == [2, 1, 3]
    embedder = ColourEmbedder()
    tracks, stories = play(people, 5.0, Tracker(embedder=embedder), picture=paint(people, [RED, GREEN, BLUE]))
    assert [story[-1] for story in stories] == [1, 2, 3]
    assert [ids_of(story) for story in stories] == [{1}, {2}, {3}], "also in the frames before it was found out"
    found = [recovery for rows in tracks for recovery in rows.recoveries]
    assert {(recovery.id, recovery.exchanged) for recovery in found} == {(1, True), (2, True)}
    assert embedder.crops < 40


def test_who_stands_in_front_is_identified_while_they_are_still_in_contact():
    """They meet, 45 pixels apart at a width of 80, swap places out of sight and stay together, the second in front.

    That is put right from 2.7 s on, a fifth of a second after they are back.
    """

    def meet_and_change(start: float, here: float, there: float, feet: float):
        walking = absent(walk((start, feet), (here, feet), 1.5), 2.0, 2.5)
        return lambda time: (there, feet) if time >= 2.5 else walking(time)

    people = [meet_and_change(300, 500, 545, 600), meet_and_change(800, 545, 500, 620)]
    _, fooled = play(people, 5.0, Tracker())
    assert [story[-1] for story in fooled] == [2, 1]
    clothes = paint(people, [RED, GREEN])
    _, looked_at = play(people, 5.0, Tracker(embedder=ColourEmbedder()), picture=clothes)
    assert [ids_of(story) for story in looked_at] == [{1}, {2}], (
        "no exchange where appearance decides who takes which box"
    )
    afterwards = Tracker(TrackerOptions(contest=ContestOptions(weight=0.0)), ColourEmbedder())
    tracks, stories = play(people, 5.0, afterwards, picture=clothes)
    assert [ids_of(story[68:]) for story in stories] == [{1}, {2}]
    assert [ids_of(story[:50]) for story in stories] == [{1}, {2}]
    found = [recovery for rows in tracks for recovery in rows.recoveries]
    assert {(recovery.id, recovery.exchanged) for recovery in found} == {(1, True), (2, True)}


def test_who_gets_behind_another_loses_the_views_of_before():
    """The first steps behind the second after 1.8 s; the box may go on with the second from then on."""

    def views(seconds: float) -> int:
        tracker = Tracker(embedder=ColourEmbedder())
        first = walk((300, 620), (500, 620), 1.5)
        people = [lambda time: first(time) if time < 1.8 else (500, 580), stand(545, 600)]
        play(people, seconds, tracker, picture=paint(people, [RED, GREEN]))
        return min((len(track.fresh.views) for track in tracker._tracks if track.last_xyxy[0] == 460), default=-1)

    assert [views(seconds) for seconds in (1.8, 1.84, 2.4)] == [1, 0, 0]


def test_in_a_crowd_in_contact_no_more_than_a_few_crops_a_frame_are_embedded():
    """Twenty pairs, of whom the one in front gives three views in 0.3 s; among forty in contact then not for 0.6 s."""
    people = [stand(100 + 100 * pair + 30 * front, 600 + 20 * front) for pair in range(20) for front in (0, 1)]
    pictures = paint(people, [RED, GREEN] * 20, (2200, 720))

    def crops(pause: float) -> int:
        embedder = ColourEmbedder()
        options = TrackerOptions(doubt=DoubtOptions(pause=pause), contest=ContestOptions(weight=0.0))
        play(people, 4.0, Tracker(options, embedder), picture=pictures)
        return embedder.crops

    assert crops(DoubtOptions().pause) < 350
    assert crops(0.0) > 600


@pytest.mark.parametrize("fps", [12.5, 25.0, 50.0])
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_neither_frame_rate_nor_resolution_changes_who_is_who(fps: float, scale: float):
    people = [
        walk((200, 600), (900, 600), 3.0),
        walk((900, 640), (200, 640), 3.0),
        absent(stand(1100), 1.0, 2.5),
    ]
    _, stories = play(people, 4.0, Tracker(), fps=fps, scale=scale)
    assert [len(ids_of(story)) for story in stories] == [1, 1, 1]


def test_a_second_box_on_the_same_person_is_no_person():
    tracker = Tracker()
    double = np.array([box((500, 600)), box((503, 602))])
    for index in range(20):
        tracker.update(Frame(index, index / 25, None), Detections(double, np.array([0.9, 0.8])))
    assert tracker.people == 1


def test_doubtful_boxes_carry_a_track_on_but_start_none():
    tracker = Tracker()
    for index in range(20):
        score = 0.9 if index < 10 else 0.3
        detections = Detections(np.array([box((500, 600)), box((900, 600))]), np.array([score, 0.3]))
        rows = tracker.update(Frame(index, index / 25, None), detections)
    assert rows.ids.tolist() == [1]
    assert rows.score[0] == pytest.approx(0.3)


def test_who_comes_back_half_hidden_is_recognised_before_being_seen_well():
    """1 is away from 2 to 6 s and comes back two body heights away; until 8 s all boxes are weak."""
    away = absent(lambda time: (300, 600) if time < 4 else (650, 600), 2.0, 6.0)
    people, scores = [away, stand(1100)], lambda time: 0.5 if 6 <= time < 8 else 0.9
    clothes = paint(people, [RED, GREEN])
    _, stories = play(people, 9.0, Tracker(embedder=ColourEmbedder()), picture=clothes, score=scores)
    assert [ids_of(story) for story in stories] == [{1}, {2}]
    assert None not in stories[0][150:], "from the first weak box on"
    _, alone = play(people, 9.0, Tracker(), score=scores)
    assert [ids_of(story) for story in alone] == [{1}, {2}], "the place is near enough"

    other_clothes = paint(people, [RED[::-1], GREEN[::-1]])  # red is blue now

    def changed(time: float) -> np.ndarray:
        return (clothes if time < 4 else other_clothes)(time)

    _, others = play(people, 9.0, Tracker(embedder=ColourEmbedder()), picture=changed, score=scores)
    assert set(others[0][150:195]) == {None}, "no id is started on weak boxes"
    assert others[0][-1] == 3

    far = [absent(lambda time: (300, 600) if time < 4 else (800, 600), 2.0, 6.0), stand(1100)]
    _, elsewhere = play(far, 9.0, Tracker(embedder=ColourEmbedder()), picture=paint(far, [RED, GREEN]), score=scores)
    assert set(elsewhere[0][150:195]) == {None}, "too far away for four seconds"


def test_by_motion_alone_a_weak_box_is_nobody_whom_motion_still_continues():
    """1 is last seen at 1.96 s; weak boxes 1.25 body heights away from 4 to 6 s. Motion continues 1 for three seconds,
    to 4.96 s; a track that starts then is confirmed, and 1 recovered, a fifth of a second later."""
    people = [absent(lambda time: (300, 600) if time < 3 else (550, 600), 2.0, 4.0), stand(1100)]
    scores = lambda time: 0.5 if 4 <= time < 6 else 0.9  # noqa: E731
    looks = Tracker(embedder=ColourEmbedder())
    _, stories = play(people, 6.0, looks, picture=paint(people, [RED, GREEN]), score=scores)
    assert set(stories[0][100:]) == {1}, "looks tell at once"
    _, alone = play(people, 6.0, Tracker(), score=scores)
    assert set(alone[0][100:124]) == {None}
    assert set(alone[0][126:]) == {1}


@pytest.mark.parametrize(("score", "follows"), [(0.3, False), (0.55, True)])
def test_the_weaker_a_box_is_the_better_it_must_fit(score: float, follows: bool):
    """A box of 100 x 200 moved by 50 pixels: both grown by 4 % on each side share 58 of 158 columns, 0.37. A score of
    0.3 costs 0.8 x (0.6 - 0.3) = 0.24 and leaves 0.13, below the gate of 0.15; 0.55 costs 0.04 and leaves 0.33."""
    tracker = Tracker()
    for index in range(30):
        tracker.update(Frame(index, index / 25, None), Detections(np.array([[450, 400, 550, 600]]), np.array([0.85])))
    moved = Detections(np.array([[500, 400, 600, 600]]), np.array([score]))
    assert tracker.update(Frame(30, 30 / 25, None), moved).ids.tolist() == ([1] if follows else [])


def test_time_must_advance():
    tracker = Tracker()
    tracker.update(Frame(0, 0.0, None), Detections.empty())
    with pytest.raises(ValueError, match="does not come after"):
        tracker.update(Frame(1, 0.0, None), Detections.empty())


def test_the_index_must_advance():
    """By it late rows find their frame: two frames of one index would have them both."""
    tracker = Tracker()
    tracker.update(Frame(3, 0.0, None), Detections.empty())
    with pytest.raises(InputError, match="frame 3 does not come after frame 3: its index must grow"):
        tracker.update(Frame(3, 0.04, None), Detections.empty())


def test_a_cast_of_no_people_is_refused():
    with pytest.raises(InputError, match="--cast must be at least 1"):
        TrackerOptions(cast=0)


class Confused:
    """An embedder that answers at random: whatever it says, the tracker must keep its promises."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.calibration = ColourEmbedder.calibration

    def __call__(self, crops):
        embeddings = self.rng.normal(size=(len(crops), 3)).astype(np.float32)
        return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)


@pytest.mark.parametrize("seed", range(4))
def test_in_any_confusion_ids_have_no_gaps_and_none_is_twice_in_a_frame(seed: int):
    rng = np.random.default_rng(seed)
    places, steps = rng.uniform(50, 600, (6, 2)), rng.normal(0, 4, (6, 2))
    tracker = Tracker(TrackerOptions(cast=5 if seed % 2 else None), Confused(seed))
    tracked, dark = [], np.zeros((900, 700, 3), np.uint8)
    for index in range(400):
        steps = np.where((places < 50) | (places > 600), -steps, steps + rng.normal(0, 0.3, (6, 2)))
        places = places + steps
        seen = rng.random(6) > 0.3
        boxes = np.array([box((x, y + 200), 150) for x, y in places[seen]]).reshape(-1, 4)
        detections = Detections(boxes, rng.uniform(0.3, 1.0, seen.sum()))
        frame = Frame(index, index / 25, dark)
        tracked.append((frame, tracker.update(frame, detections)))
    merged = merge_backfill(tracked, 5.0, tracker.finish)
    rows = [tracks for _, tracks in merged]  # FrameTracks refuses an id that stands twice
    ids = np.unique(np.concatenate([tracks.ids for tracks in rows]))
    assert ids.tolist() == list(range(1, tracker.people + 1))
    assert tracker.people <= (5 if seed % 2 else 400)


def test_who_is_confirmed_in_the_frame_in_which_a_track_ends_may_be_its_person():
    """From 1 s on there is a second box on half of the person; in the frame in which it is due the first is gone."""

    def seen(first_until: float, colour: tuple[int, int, int]) -> int:
        people = [absent(stand(500), first_until, 9.0), absent(stand(540), 0.0, 1.0)]
        tracker = Tracker(embedder=ColourEmbedder())
        play(people, 3.0, tracker, picture=paint(people, [RED, colour]))
        return tracker.people

    assert seen(1.12, RED) == 1
    assert seen(1.12, BLUE) == 2, "another person"
    assert seen(1.16, RED) == 2, "a frame later it is confirmed beside the first"
