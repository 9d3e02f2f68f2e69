"""Stories of people who are known from one video to the next, and of those who must not be mistaken for them."""

from __future__ import annotations

import numpy as np
import pytest
from stage_play import ColourEmbedder, absent, ids_of, paint, play, stand, walk

from tracker.cast_memory import CastMemory, Member, MemoryOptions, Showing, learn, most_different
from tracker.gallery import GalleryOptions, embed_all
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import FrameTracks, InputError, Recovery

RED, BLUE, GREEN, ALMOST_RED = (40, 40, 230), (230, 60, 40), (50, 220, 60), (40, 46, 230)
LASTING = GalleryOptions(lasting=True)
MONDAY, TUESDAY = Showing("monday", "2024-05-06"), Showing("tuesday", "2024-05-07")


def enter(x: float, time: float):
    return absent(stand(x), 0.0, time)


def film(people, colours, memory: CastMemory | None, seconds: float = 4.0, **options):
    """Track a video of these people; returns the tracker, its rows, and the ids of each person."""
    tracker = Tracker(TrackerOptions(gallery=LASTING, **options), ColourEmbedder(), memory=memory)
    return tracker, *play(people, seconds, tracker, fps=10, picture=paint(people, colours))


def remembered(tracker: Tracker, memory: CastMemory | None = None, showing: Showing = MONDAY, **more) -> CastMemory:
    embed_all([identity.gallery for identity in tracker.identities], ColourEmbedder())
    return learn(memory or CastMemory("colours"), tracker.identities, showing, **more)


def events(tracks: list[FrameTracks]) -> list[Recovery]:
    return [recovery for rows in tracks for recovery in rows.recoveries]


@pytest.fixture(scope="module")
def monday() -> CastMemory:
    """Ada in red is 1, a person in blue is 2."""
    tracker, _, stories = film([stand(300), stand(900)], [RED, BLUE], None)
    assert [ids_of(story) for story in stories] == [{1}, {2}]
    return remembered(tracker, names={1: "Ada"})


def test_ada_is_ada_in_the_next_video_wherever_and_whenever_they_come(monday: CastMemory):
    people = [walk((100, 600), (500, 600), 4.0), enter(1000, 2.0)]
    _, tracks, stories = film(people, [BLUE, RED], monday)
    assert [ids_of(story) for story in stories] == [{2}, {1}]
    assert None not in stories[0]  # rows seen before the person was recognised have the id, too
    assert monday.names == {1: "Ada"}
    first, second = events(tracks)
    assert (first.id, first.time, second.id, second.time) == (2, 0.0, 1, 2.0)
    assert all(event.remembered and event.away == 0 and not event.exchanged for event in (first, second))
    assert second.similarity == pytest.approx(1.0, abs=0.01)
    assert not any(rows.recovered.any() for rows in tracks)  # none had been lost


def test_a_stranger_does_not_take_adas_name(monday: CastMemory):
    tracker, tracks, stories = film([stand(300)], [GREEN], monday)
    assert [ids_of(story) for story in stories] == [{3}]  # nor in the picture's first frame
    assert None not in stories[0]
    assert events(tracks) == []
    assert tracker.people == 1  # a person who does not appear is not in this video


def test_a_known_person_is_lost_and_found_like_all_others(monday: CastMemory):
    _, tracks, stories = film([absent(stand(300), 2.0, 5.0), stand(700)], [RED, GREEN], monday, 8.0)
    assert [ids_of(story) for story in stories] == [{1}, {3}]
    assert [(event.remembered, event.away) for event in events(tracks)] == [(True, 0.0), (False, pytest.approx(3.1))]


def test_a_tentative_track_is_no_remembered_person_who_is_in_the_picture_already(monday: CastMemory):
    _, _, stories = film([stand(300), enter(900, 2.0)], [RED, RED], monday)
    assert [ids_of(story) for story in stories] == [{1}, {3}]


def test_twins_are_distinguished_as_well_as_may_be_and_the_doubt_is_reported():
    tracker, *_ = film([stand(300), stand(900)], [RED, ALMOST_RED], None)
    twins = remembered(tracker)
    _, tracks, stories = film([stand(300), stand(900)], [ALMOST_RED, RED], twins)
    assert [ids_of(story) for story in stories] == [{2}, {1}]
    assert all(0 < event.margin < 0.01 for event in events(tracks))


def test_of_a_doubtful_person_nothing_is_learnt(monday: CastMemory):
    tracker, *_ = film([stand(300), stand(900)], [RED, BLUE], monday)
    tuesday = remembered(tracker, monday, TUESDAY, doubtful={2})
    assert tuesday.member(1).showings == (MONDAY, TUESDAY)
    assert tuesday.member(1).name == "Ada"
    assert tuesday.member(2) is monday.member(2)


def test_two_trackers_with_one_memory_share_nothing(monday: CastMemory):
    before = [member.embeddings.copy() for member in monday.members]
    for _ in range(2):
        _, _, stories = film([stand(300), stand(600)], [RED, GREEN], monday)
        assert [ids_of(story) for story in stories] == [{1}, {3}]
    for member, embeddings in zip(monday.members, before, strict=True):
        assert np.array_equal(member.embeddings, embeddings)


def test_new_people_join_the_cast_with_ids_that_were_never_given(monday: CastMemory):
    tracker, _, stories = film([stand(300), stand(900)], [GREEN, RED], monday.without([2]))
    assert [ids_of(story) for story in stories] == [{3}, {1}]
    tuesday = remembered(tracker, monday.without([2]), TUESDAY, names={3: "Cleo"})
    assert [(member.id, member.name) for member in tuesday.members] == [(1, "Ada"), (3, "Cleo")]
    assert tuesday.without([3]).next_id == 4


def test_in_a_closed_cast_a_person_in_other_clothes_is_the_one_who_is_left(monday: CastMemory):
    people, colours = [stand(300), stand(900)], [RED, GREEN]
    _, _, stories = film(people, colours, monday)
    assert [ids_of(story) for story in stories] == [{1}, {3}]
    _, tracks, stories = film(people, colours, monday, cast=2)
    assert [ids_of(story) for story in stories] == [{1}, {2}]
    assert [event.id for event in events(tracks) if event.similarity < 0.6] == [2]  # and the low similarity is reported


def test_a_cast_larger_than_the_memory_leaves_room_for_new_people(monday: CastMemory):
    people = [stand(200), stand(500), stand(800), stand(1100)]
    tracker, _, stories = film(people, [GREEN, RED, BLUE, (120, 120, 120)], monday, cast=3)
    assert tracker.people == 3
    assert [ids_of(story) for story in stories[1:3]] == [{1}, {2}]
    assert ids_of(stories[0]) | ids_of(stories[3]) == {3}


def test_once_all_the_cast_is_here_no_one_else_is_remembered(monday: CastMemory):
    ghost = enter(1150, 1.5)
    tracker, _, stories = film([stand(300), ghost], [RED, BLUE], monday, cast=1)
    assert tracker.people == 1
    assert [ids_of(story) for story in stories] == [{1}, set()]


def test_of_two_known_people_who_come_at_once_a_cast_of_one_takes_the_likelier(monday: CastMemory):
    """Someone in almost Ada's red and the person in blue are due in the same frame; blue resembles 2 in full."""
    tracker, _, stories = film([stand(300), stand(900)], [ALMOST_RED, BLUE], monday, cast=1)
    assert tracker.people == 1
    assert [ids_of(story) for story in stories] == [set(), {2}]


def test_a_memory_without_an_encoder_is_refused(monday: CastMemory):
    with pytest.raises(InputError, match="needs a re-ID encoder"):
        Tracker(memory=monday)


def test_without_a_cast_file_nothing_is_kept():
    people = [stand(300), stand(900)]
    tracker = Tracker(embedder=ColourEmbedder())
    play(people, 3.0, tracker, fps=10, picture=paint(people, [RED, BLUE]))
    assert tracker.identities == []


def test_a_person_hardly_seen_is_not_saved():
    tracker, *_ = film([stand(300), absent(stand(900), 0.6, 99.0)], [RED, BLUE], None)
    assert tracker.people == 2
    assert [member.id for member in remembered(tracker).members] == [1]


def test_people_forgotten_in_a_long_video_are_saved_all_the_same():
    people = [stand(300), absent(stand(900), 2.0, 99.0)]
    tracker, *_ = film(people, [RED, BLUE], None, 6.0, max_lost_time=1.0)
    assert [member.id for member in remembered(tracker).members] == [1, 2]


def test_pictures_are_few_small_and_may_be_left_out(monday: CastMemory):
    tracker, *_ = film([stand(300)], [RED], None, 6.0)
    options = MemoryOptions(crops=2, crop_height=50)
    (ada,) = remembered(tracker, options=options).members
    assert len(ada.crops) == 2
    assert all(crop.startswith(b"\xff\xd8") and len(crop) < 2000 for crop in ada.crops)
    assert all(member.crops for member in monday.members)
    assert not any(member.crops for member in monday.without_crops().members)


def test_the_most_different_views_stay():
    """Directions of 0, 2, 90 and 91 degrees: of the closest pair (90, 91) the earlier goes, then 0 of (0, 2)."""
    angles = np.deg2rad([0, 2, 90, 91])
    views = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert most_different(views, 3) == pytest.approx(views[[0, 1, 3]])
    assert most_different(views, 2) == pytest.approx(views[[1, 3]])


def test_memory_stays_bounded_over_many_videos():
    memory, options = CastMemory("colours"), MemoryOptions(views=10, crops=3)
    for day in range(4):
        tracker, *_ = film([stand(300)], [RED], memory if day else None)
        memory = remembered(tracker, memory, Showing(f"day {day}", "2024-05-06"), options=options)
    (ada,) = memory.members
    assert (len(ada.embeddings), len(ada.crops), len(ada.showings)) == (10, 3, 4)


def test_of_the_first_video_no_more_views_are_kept_than_of_later_ones():
    tracker, *_ = film([stand(300)], [RED], None, 6.0)
    assert len(tracker.identities[0].gallery.views) > 3
    (ada,) = remembered(tracker, options=MemoryOptions(views=3)).members
    assert len(ada.embeddings) == 3
    with pytest.raises(InputError, match=r"--memory\.views must be above 0, not 0"):
        MemoryOptions(views=0)


def cast(*people: tuple[int, str]) -> CastMemory:
    rows = np.eye(4, dtype=np.float32)
    members = tuple(
        Member(id, name, rows[[id % 4]], (b"jpeg %d" % id,), (Showing(f"video {id}", "2024-05-06"),))
        for id, name in people
    )
    return CastMemory("colours", "colours.pt", members, 1 + max(id for id, _ in people))


def test_merged_people_are_one_with_the_views_of_both():
    both = cast((1, ""), (2, "Bea"), (5, "Eve")).merged([1, 2])
    assert [(member.id, member.name) for member in both.members] == [(1, "Bea"), (5, "Eve")]
    one = both.member(1)
    assert one.embeddings.argmax(axis=1).tolist() == [1, 2]
    assert one.crops == (b"jpeg 1", b"jpeg 2")
    assert [showing.video for showing in one.showings] == ["video 1", "video 2"]
    assert both.next_id == 6


def test_names_can_be_exchanged_but_not_shared():
    two = cast((1, "Ada"), (2, "Bea"))
    assert two.renamed({1: " Bea ", 2: "Ada"}).names == {1: "Bea", 2: "Ada"}
    assert two.renamed({1: ""}).names == {2: "Bea"}
    family = "👩\u200d👩\u200d👧"
    assert two.renamed({1: family, 2: "नि"}).names == {1: family, 2: "नि"}
    for names, sentence in [
        ({1: "Bea"}, "'Bea' would be the name of both 1 and 2"),
        ({7: "Gil"}, "no person with the id 7"),
        ({1: "A\nB"}, "cannot be written"),
        ({1: "A\u2028B"}, "cannot be written"),
        ({1: "A\u2029B"}, "cannot be written"),
        ({1: "\u200b"}, "nothing but invisible characters"),
        ({1: "\u3164 \u2800\u0301\ufe0f"}, "nothing but invisible characters"),
        ({1: "x" * 61}, "60 letters"),
    ]:
        with pytest.raises(InputError, match=sentence):
            two.renamed(names)


@pytest.mark.parametrize("ids", [[1], [1, 1], [1, 9]])
def test_merging_takes_two_people_who_are_there(ids: list[int]):
    with pytest.raises(InputError, match=r"two different people|no person with the id 9"):
        cast((1, "Ada"), (2, "Bea")).merged(ids)
