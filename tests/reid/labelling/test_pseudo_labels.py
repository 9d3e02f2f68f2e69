"""Labels for a video without any: stories with hand-made embeddings."""

import numpy as np
import pytest
from label_stories import FACTS, Story, no_person_is_in_two_places

from reid.labelling.pseudo_labels import (
    MAX_LOG_ODDS,
    EmbeddedCrops,
    PseudoLabels,
    adapted,
    label_people,
)
from tracker.recovery import RecoveryOptions


def agrees(labels: PseudoLabels, truth: np.ndarray) -> bool:
    """Whether labels and truth name the same groups."""
    pairs = set(zip(labels.person.tolist(), truth.tolist(), strict=True))
    return len(pairs) == len({person for person, _ in pairs}) == len({who for _, who in pairs})


def crossing(seed: int = 0) -> Story:
    """Three people; the tracker lost one for ten seconds and gave that person a new id, and took two for each other."""
    story = Story(3, seed=seed)
    story.shows(0, 1, 0, 250)
    story.shows(1, 2, 0, 150)
    story.shows(2, 3, 0, 150)
    story.shows(2, 2, 160, 400)  # from here on, tracks 2 and 3 are exchanged
    story.shows(1, 3, 160, 400)
    story.shows(0, 4, 420, 600)
    return story


def test_people_are_joined_over_new_ids_and_exchanges():
    labels, truth = crossing().label()
    assert agrees(labels, truth)
    assert no_person_is_in_two_places(labels)
    assert labels.person[0] == 0
    assert labels.doubt.max() < 0.5


def test_the_same_story_gives_the_same_labels_in_whatever_order_tracks_are_numbered():
    labels, _ = crossing().label()
    again, _ = crossing().label()
    assert np.array_equal(labels.person, again.person)
    assert np.array_equal(labels.doubt, again.doubt)
    story = crossing()
    order = [4, 2, 0, 5, 1, 3]
    story.tracklets = [story.tracklets[number] for number in order]
    story.rows = [(frame, order.index(number), who, look) for frame, number, who, look in story.rows]
    shuffled, truth = story.label()
    assert agrees(shuffled, truth)


def test_a_tracklet_that_passes_from_one_person_to_another_is_cut():
    story = Story(2)
    story.shows(0, 1, 0, 300)
    story.shows(1, 2, 0, 290)
    story.shows([0, 1], 1, 310, 400)  # the other is out of sight meanwhile
    story.shows(0, 1, 420, 500)
    story.shows(1, 2, 420, 500)
    labels, truth = story.label()
    assert agrees(labels, truth)
    assert len(labels.tracklets) == 6
    assert labels.tracklets[2].frames.tolist() == list(range(310, 355))
    assert labels.tracklets[5].frames.tolist() == list(range(355, 400))


def test_twins_seen_together_are_two_people_and_their_labels_are_doubtful():
    story = Story(2)
    story.people[1] = story.people[0]
    story.shows(0, 1, 0, 300)
    story.shows(1, 2, 0, 300)
    labels, _ = story.label()
    assert len(set(labels.person.tolist())) == 2
    assert no_person_is_in_two_places(labels)
    assert labels.doubt.mean() > 0.5


def test_a_person_alone_is_one_person_without_doubt():
    story = Story(1)
    story.shows(0, 1, 0, 200)
    story.shows(0, 2, 300, 500)
    labels, _ = story.label()
    assert set(labels.person.tolist()) == {0}
    assert labels.doubt.max() == 0.0


def test_a_known_cast_joins_views_that_look_like_two_people():
    story = Story(4)
    front, back = story.people[2].copy(), story.people[3].copy()
    story.people[3] = 0.35 * front + 0.94 * back  # a third dancer turned round: hardly like their own earlier crops
    story.shows(0, 1, 0, 600)
    story.shows(1, 2, 0, 600)
    story.shows(2, 3, 0, 300)
    story.shows(3, 4, 350, 600)
    open_world, _ = story.label()
    assert open_world.person.max() + 1 == 4
    known, truth = story.label(cast=3)
    assert agrees(known, np.minimum(truth, 2))
    assert no_person_is_in_two_places(known)


def test_unclear_tracklets_are_put_last_and_only_where_their_person_is_not_elsewhere():
    story = Story(2)
    story.shows(0, 1, 0, 200)
    story.shows(1, 2, 0, 200)
    story.shows([0, 1, 0], 1, 201, 260, clear=False)  # in contact: the box shows now one, now the other
    story.shows(1, 2, 201, 260, clear=False)
    story.shows(0, 1, 261, 400)
    story.shows(1, 2, 261, 400)
    labels, _ = story.label()
    of = dict(zip(labels.tracklet.tolist(), labels.person.tolist(), strict=True))
    assert [of[number] for number in range(6)] == [0, 1, 0, 1, 0, 1]
    assert no_person_is_in_two_places(labels)


def test_where_nobody_is_ever_seen_clearly_each_track_is_a_person_of_its_own():
    story = Story(2)
    story.shows(0, 1, 0, 100, clear=False)
    story.shows(1, 2, 0, 100, clear=False)
    story.shows(0, 1, 120, 200, clear=False)
    labels, truth = story.label()
    assert agrees(labels, truth)
    assert no_person_is_in_two_places(labels)


def test_a_video_without_people_has_no_labels():
    labels = label_people([], EmbeddedCrops(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0, int), 0.2, 25.0), FACTS)
    assert len(labels.person) == len(labels.doubt) == 0


def test_likenesses_of_the_video_count_more_the_more_of_them_there_are():
    assert adapted(np.zeros(0), (0.5, 0.1)) == (0.5, pytest.approx(0.1))
    assert adapted(np.full(10, 0.7), (0.5, 0.1))[0] == pytest.approx(0.6)
    assert adapted(np.full(1000, 0.7), (0.5, 0.1)) == (pytest.approx(0.698, abs=1e-3), 0.05)


def test_appearance_weighs_no_more_in_labelling_than_in_the_tracker():
    assert RecoveryOptions().appearance_limit == MAX_LOG_ODDS
