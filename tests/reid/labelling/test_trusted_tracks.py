"""Labels that start from the tracker's identities: they part on evidence only, and mend what the tracker mixed up."""

from __future__ import annotations

import numpy as np
from label_stories import Story, no_person_is_in_two_places

from reid.labelling.pseudo_labels import PseudoLabels


def pieces(labels: PseudoLabels, truth: np.ndarray, person: int) -> int:
    return len(set(labels.person[truth == person].tolist()))


def test_tracks_exchanged_for_long_are_exchanged_back():
    story = Story(3)
    story.shows(0, 1, 0, 250)
    story.shows(1, 2, 0, 150)
    story.shows(2, 3, 0, 150)
    story.shows(2, 2, 160, 400)  # from here on, tracks 2 and 3 are exchanged
    story.shows(1, 3, 160, 400)
    story.shows(0, 4, 420, 600)  # lost for seconds, and taken for somebody new
    labels, truth = story.label()
    assert [pieces(labels, truth, person) for person in range(3)] == [1, 1, 1]
    assert len(set(labels.person.tolist())) == 3
    assert labels.doubt.max() < 0.5


def always_in_contact() -> Story:
    """Two people seen well, and one without a clear sighting, in eight tracklets."""
    story = Story(3)
    story.shows(0, 1, 0, 400)
    story.shows(1, 2, 0, 400)
    for start in range(0, 400, 50):
        story.shows(2, 3, start, start + 50, clear=False)
    return story


def test_who_is_always_in_contact_is_still_the_person_of_the_track():
    labels, truth = always_in_contact().label()
    assert [pieces(labels, truth, person) for person in range(3)] == [1, 1, 1]
    assert len(set(labels.person.tolist())) == 3


def test_unclear_tracklets_stay_with_their_track_whatever_the_box_shows():
    story = Story(3)
    for start in (0, 200):
        story.shows(0, 1, start, start + 150)
        story.shows(1, 2, start, start + 150)
        story.shows(2, 1, start + 150, start + 200, clear=False)  # a passer-by of no track covers them
        story.shows(1, 2, start + 150, start + 200, clear=False)
    labels, _ = story.label()
    assert len(set(labels.person.tolist())) == 2
    assert no_person_is_in_two_places(labels)


def test_a_track_that_was_joined_to_anothers_is_doubtful():
    """Track 3 shows a third person, who looks much like the first, when that one is away: joined, and not believed."""
    story = Story(3, noise=0.2)
    story.people[2] = 0.57 * story.people[0] + np.sqrt(1 - 0.57**2) * story.people[2]
    story.shows(0, 1, 0, 600)
    story.shows(1, 2, 0, 800)
    story.shows(2, 3, 650, 800)
    labels, truth = story.label()
    assert pieces(labels, np.where(truth == 2, 0, truth), 0) == 1
    assert labels.doubt[truth == 2].mean() > 0.3
    assert labels.doubt[truth != 2].max() < 0.1


def test_every_round_is_shown_and_the_last_labels_count():
    story = always_in_contact()
    rounds: list[int] = []

    def shown(numbers):
        for number in numbers:
            rounds.append(number)
            yield number
            if number == 0:
                return

    labels, truth = story.label(shown=shown)
    assert rounds == [0]
    assert len(labels.person) == len(truth)
