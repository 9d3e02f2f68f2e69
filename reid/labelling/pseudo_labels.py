"""Pseudo-labels of the people in one video, from its tracklets, with the doubt of each.

Tracklets are joined into people by appearance and the tracker's continuity. Classifiers trained on these people then
join those they cannot distinguish, cut tracklets that pass from one person to another, and move tracklets to the person
they show, again and again until nothing changes. Two tracklets that share a frame are never one person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .joining import exclusions, join_tracklets
from .relabelling import Evidence, change_point, consecutive, groups_apart, relabel
from .video_classifier import features, held_out_probabilities, train_classifier

Likeness = tuple[float, float]
"""Mean and standard deviation of the cosine similarity of two tracklets' crops."""
LogOdds = Callable[[np.ndarray, Likeness, Likeness], np.ndarray]
"""(similarity, likeness of the same person, of different people) to the log odds of being the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Tracklet:
    """A part of a track that should show one person: the tracker's id, and the frames it is in, ascending (F,) int.

    `clear`: the person touched no other there; unclear ones are labelled last and never trained on.
    """

    track: int
    frames: np.ndarray
    clear: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedCrops:
    """The crops to be labelled, C of them in order of time: embedding (C, D), frame (C,) int, tracklet (C,) int.

    `seconds` lie between two crops of a person, `fps` is the video's.
    """

    embedding: np.ndarray
    frame: np.ndarray
    tracklet: np.ndarray
    seconds: float
    fps: float


@dataclass(frozen=True, slots=True, eq=False)
class PseudoLabels:
    """Of each crop its person (C,) int, from 0 in order of appearance, tracklet (C,) int, and doubt (C,) 0..1.

    `tracklets` are the given ones; of those cut in two, the later part follows behind the others.
    """

    person: np.ndarray
    tracklet: np.ndarray
    doubt: np.ndarray
    tracklets: list[Tracklet]


@dataclass(frozen=True, slots=True)
class EncoderFacts:
    """The encoder's similarities of the same person and of different people, measured before the video is seen."""

    same: Likeness
    different: Likeness
    log_odds: LogOdds


NEXT_TRACKLET = 3.0
"""Log odds that a track's next tracklet, within `SOON` seconds, shows the same person."""
LATER_TRACKLET = 1.0
"""The same after a longer absence, where the tracker recognised the person."""
SAME_TRACK = 3.0
"""Log odds that any two tracklets of a track show the same person, far apart or not."""
HALF_SECONDS = 1.0
"""Seconds of clear crops whose appearance counts half against that."""
SOON = 1.0
MAX_LOG_ODDS = 12.0
"""Largest log odds by appearance, either way: a lighting change fools any encoder."""
PRIOR_PAIRS = 10
"""Pairs of tracklets that weigh as much as the encoder's calibration."""
MIN_SPREAD = 0.05
MIN_PROBABILITY = 0.02
STRANGER = 0.5
"""Probability of one of the known people from which an unknown group's tracklet is theirs."""
FOLLOWS = 0.3
"""What it adds to that probability, where people are in contact, that the track goes on from that person or to them."""
CONFUSED = 0.5
"""Two groups are one person if each, left out, is taken for the other with this probability on average."""
CONFUSED_LOG_ODDS = -6.0
"""Two groups whose log odds by appearance are below this are not joined."""
CHANGE_GAIN = 5.0
"""Log probability by which two people must explain a tracklet better than one does."""
CROPS_A_SECOND = 6.0
"""Crops of a second that count as independent; further ones say nothing new."""
STRETCH_SECONDS = 1.7
"""Crops of a tracklet nearer than this are held out together when a classifier is tried on unseen crops."""
MIN_SECONDS = 0.7
"""Seconds of clear crops that it takes to train on a person."""
ROUNDS = 8


def label_people(
    tracklets: Sequence[Tracklet],
    embedded: EmbeddedCrops,
    facts: EncoderFacts,
    cast: int | None = None,
    *,
    shown: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> PseudoLabels:
    """Label every crop; with `cast`, groups are joined until there are that many, where exclusion lets them be.

    A track is one person unless there is evidence that it is not. `shown` may count the rounds as they pass, and end
    them: the labels are those of the last one.
    """
    if len(embedded.frame) == 0:
        nothing = np.zeros(0)
        return PseudoLabels(nothing.astype(int), nothing.astype(int), nothing, list(tracklets))
    return _Labelling(tracklets, embedded, facts, cast).run(shown)


class _Labelling:
    """The state of one video: tracklets, each crop's tracklet, and each tracklet's group (-1 where it has none yet)."""

    def __init__(
        self,
        tracklets: Sequence[Tracklet],
        embedded: EmbeddedCrops,
        facts: EncoderFacts,
        cast: int | None,
    ) -> None:
        self.tracklets, self.of = list(tracklets), embedded.tracklet.copy()
        self.embedded, self.facts, self.cast = embedded, facts, cast
        self.features = features(embedded.embedding)
        self.weight = min(1.0, CROPS_A_SECOND * embedded.seconds)
        self.exclusive = exclusions([tracklet.frames for tracklet in self.tracklets])
        self.group = np.full(len(self.tracklets), -1)

    def run(self, shown: Callable[[Iterable[int]], Iterable[int]]) -> PseudoLabels:
        self._join()
        for _ in shown(range(ROUNDS)):
            before = self.group.copy()
            self._join_confused()
            probability = self._probability()
            self._cut(probability)
            self._relabel(probability)
            if len(before) == len(self.group) and np.array_equal(before, self.group):
                break
        self._place_unclear(self._probability())
        return self._result()

    def _join(self) -> None:
        """Groups of the clear tracklets with crops, where there are any."""
        chosen = np.flatnonzero(self._clear() & (self._crops() > 0))
        if not len(chosen):
            return
        crops = self._crops()[chosen]
        exclusive = self.exclusive[np.ix_(chosen, chosen)]
        log_odds = self._log_odds(chosen, crops, exclusive)
        track = self._tracks()[chosen]
        bonus = SAME_TRACK * (track[:, None] == track[None, :])
        self.group[chosen] = join_tracklets(log_odds, bonus, exclusive, crops, self.cast or 1, self._half())

    def _log_odds(self, chosen: np.ndarray, crops: np.ndarray, exclusive: np.ndarray) -> np.ndarray:
        """Of being one person, for all pairs of the chosen tracklets, by similarities measured in this very video."""
        mean = np.stack([self.embedded.embedding[self.of == number].mean(axis=0) for number in chosen])
        similarity = mean @ mean.T  # the mean over all pairs of crops
        pairs = np.triu(np.ones(exclusive.shape, bool), 1) & (np.minimum(crops[:, None], crops[None, :]) >= 2)
        together = (self._links()[np.ix_(chosen, chosen)] >= NEXT_TRACKLET) & ~exclusive
        different = adapted(similarity[pairs & exclusive], self.facts.different)
        same = adapted(similarity[pairs & together], self.facts.same)
        return self.facts.log_odds(similarity, same, different).clip(-MAX_LOG_ODDS, MAX_LOG_ODDS)

    def _join_confused(self) -> None:
        """Join groups that the classifiers take for each other, the most confused first."""
        while True:
            known = self._known_groups()
            if len(known) < 2 or len(known) <= (self.cast or 1):
                return
            confusion = self._confusion(known)
            one, other = np.unravel_index(confusion.argmax(), confusion.shape)
            threshold = CONFUSED if self.cast is None else 0.0
            if confusion[one, other] <= threshold:
                return
            first, second = sorted((known[int(one)], known[int(other)]))
            self.group[self.group == second] = first

    def _confusion(self, known: list[int]) -> np.ndarray:
        """How far groups are taken for each other by a classifier not trained on them, (G, G); 0 where excluded."""
        person = self._person_of_crops(known)
        taken = np.zeros((len(known), len(known)))
        for number in range(len(known)):
            trained = (person >= 0) & (person != number)
            classify = train_classifier(self.features[trained], person[trained], len(known))
            taken[number] = classify(self.features[person == number]).mean(axis=0)
        group = np.searchsorted(known, self.group)
        group[~np.isin(self.group, known)] = -1
        confusion = np.triu((taken + taken.T) / 2, 1)
        confusion[groups_apart(self.exclusive, group, len(known))] = 0.0
        if self.cast is None:
            confusion[self._unlike(group, len(known))] = 0.0
        return confusion

    def _unlike(self, group: np.ndarray, groups: int) -> np.ndarray:
        """Which groups look too different to be one person whatever a classifier says, (G, G) bool."""
        chosen = np.flatnonzero(group >= 0)
        crops = self._crops()[chosen]
        log_odds = self._log_odds(chosen, crops, self.exclusive[np.ix_(chosen, chosen)])
        member = np.zeros((len(chosen), groups))
        member[np.arange(len(chosen)), group[chosen]] = crops
        share = member / np.maximum(member.sum(axis=0), 1)
        return share.T @ log_odds @ share < CONFUSED_LOG_ODDS

    def _probability(self) -> np.ndarray:
        """Of each crop for each known group by a classifier not trained on it, (C, G)."""
        known = self._known_groups()
        if len(known) < 2:
            return np.ones((len(self.of), len(known)))
        longest = max(1, round(STRETCH_SECONDS / self.embedded.seconds))
        return held_out_probabilities(self.features, self._person_of_crops(known), self.of, len(known), longest)

    def _cut(self, probability: np.ndarray) -> None:
        """Cut every tracklet in which one person is followed by another."""
        if probability.shape[1] < 2:
            return
        log_probability = self.weight * np.log(probability.clip(MIN_PROBABILITY))
        for number in np.flatnonzero(self.group >= 0):
            rows = np.flatnonzero(self.of == number)
            place = change_point(log_probability[rows], CHANGE_GAIN)
            if place is not None:
                self._cut_at(int(number), rows[place:], int(self.embedded.frame[rows[place]]))

    def _cut_at(self, number: int, later: np.ndarray, frame: int) -> None:
        whole = self.tracklets[number]
        self.of[later] = len(self.tracklets)
        self.tracklets[number] = replace(whole, frames=whole.frames[whole.frames < frame])
        self.tracklets.append(replace(whole, frames=whole.frames[whole.frames >= frame]))
        self.group = np.append(self.group, self.group[number])
        self.exclusive = exclusions([tracklet.frames for tracklet in self.tracklets])

    def _relabel(self, probability: np.ndarray) -> None:
        """Put every clear tracklet to the known group it shows; one of an unknown group may also stay there."""
        known = self._known_groups()
        if len(known) < 2:
            return
        chosen = np.flatnonzero(self.group >= 0)
        groups = [*known, *sorted(set(self.group[chosen].tolist()) - set(known))]
        place = {group: index for index, group in enumerate(groups)}
        now = np.array([place[group] for group in self.group[chosen].tolist()])
        score = np.full((len(chosen), len(groups)), -np.inf)
        score[:, : len(known)] = self._scores(probability)[chosen]
        own = now >= len(known)
        score[own, now[own]] = self.weight * self._crops()[chosen][own] * np.log(STRANGER)
        evidence = Evidence(score, *(table[np.ix_(chosen, chosen)] for table in (self._links(), self.exclusive)))
        self.group[chosen] = np.array(groups)[relabel(evidence, now)]

    def _scores(self, probability: np.ndarray) -> np.ndarray:
        """Log probability of each known group for each tracklet, (K, G): the sum over its crops."""
        score = np.zeros((len(self.tracklets), probability.shape[1]))
        np.add.at(score, self.of, self.weight * np.log(probability.clip(MIN_PROBABILITY)))
        return score

    def _place_unclear(self, probability: np.ndarray) -> None:
        """Unclear tracklets with crops go, the most probable first, to a group that is not elsewhere then, or to none.

        A box in contact shows now one person, now the other: what counts is how often it shows each, and for how long.
        """
        known = np.array(self._known_groups(), int)
        waiting = np.flatnonzero((self.group < 0) & (self._crops() > 0))
        share = np.zeros((len(self.tracklets), len(known)))
        np.add.at(share, self.of, probability)
        share[waiting] /= self._crops()[waiting, None] + self._half()
        links = self._links()
        for number in waiting[np.argsort(-share[waiting].max(axis=1, initial=0.0), kind="stable")].tolist():
            follows = np.array([(links[number] * (self.group == group)).sum() for group in known])
            worth = share[number] + FOLLOWS * follows / NEXT_TRACKLET
            worth[np.isin(known, self.group[self.exclusive[number]])] = 0.0
            sure = worth.max(initial=0.0) >= STRANGER
            self.group[number] = known[worth.argmax()] if sure else self._group_of_track(number, known, worth)

    def _group_of_track(self, number: int, known: np.ndarray, worth: np.ndarray) -> int:
        """The group of the nearest tracklet in the same track whose person is not elsewhere then.

        A track without any is a new person's; one whose people are all elsewhere shows the likeliest person who is not.
        """
        own, elsewhere = self.tracklets[number].frames, self.group[self.exclusive[number]]
        groups = [
            (max(int(other.frames[0]) - int(own[-1]), int(own[0]) - int(other.frames[-1])), int(group))
            for other, group in zip(self.tracklets, self.group, strict=True)
            if other.track == self.tracklets[number].track and group >= 0
        ]
        near = [group for _, group in sorted(groups) if group not in elsewhere]
        if near:
            return near[0]
        return int(known[worth.argmax()]) if groups and worth.max(initial=0.0) > 0 else int(self.group.max()) + 1

    def _result(self) -> PseudoLabels:
        group = self.group[self.of]
        order = list(dict.fromkeys(group.tolist()))
        person = np.array([order.index(one) for one in group.tolist()])
        return PseudoLabels(person, self.of, self._doubt(), self.tracklets)

    def _doubt(self) -> np.ndarray:
        """One less the lead of each crop's label over the next best, by a classifier not trained on the crop.

        A track that was joined to a longer one is judged by a classifier not trained on that track, and by how alike
        the two look. Of a person with too few crops to train on, the doubt is how likely they are another one.
        """
        known = self._known_groups()
        if len(known) < 2:
            return np.zeros(len(self.of))
        probability = self._probability()
        for rows in self._joined_tracks():
            person = np.where(rows, -1, self._person_of_crops(known))
            classify = train_classifier(self.features[person >= 0], person[person >= 0], len(known))
            probability[rows] = classify(self.features[rows])
        rows = np.arange(len(self.of))
        column = np.searchsorted(known, self.group[self.of]).clip(max=len(known) - 1)
        labelled = np.array(known)[column] == self.group[self.of]
        own = np.where(labelled, probability[rows, column], 1.0 - probability.max(axis=1))
        probability[rows[labelled], column[labelled]] = 0.0
        doubt = (1.0 - (own - probability.max(axis=1))).clip(0.0, 1.0)
        return np.maximum(doubt, self._unlikeness())

    def _unlikeness(self) -> np.ndarray:
        """Of crops of joined tracks, one less the lead of being the group's person over being another, (C,); else 0."""
        chosen = np.flatnonzero(self._clear() & (self._crops() > 0))
        crops, track, group = self._crops()[chosen], self._tracks()[chosen], self.group[chosen]
        log_odds = self._log_odds(chosen, crops, self.exclusive[np.ix_(chosen, chosen)])
        doubt = np.zeros(len(self.of))
        for rows in self._joined_tracks():
            number = self.of[rows.argmax()]
            same = group == self.group[number]
            joined, rest = (
                same & (track == self.tracklets[number].track),
                same & (track != self.tracklets[number].track),
            )
            if joined.any() and rest.any():
                weight = np.outer(crops[joined], crops[rest])
                odds = float((log_odds[np.ix_(joined, rest)] * weight).sum() / weight.sum())
                doubt[rows] = min(1.0, 2.0 / (1.0 + np.exp(odds)))
        return doubt

    def _joined_tracks(self) -> list[np.ndarray]:
        """Of every group all tracks but the one with the most crops, each as its crops (C,) bool."""
        group, track, joined = self.group[self.of], self._tracks()[self.of], []
        for one in np.unique(group):
            tracks, counts = np.unique(track[group == one], return_counts=True)
            joined += [(group == one) & (track == other) for other in np.delete(tracks, counts.argmax())]
        return joined

    def _half(self) -> float:
        """Number of crops that count half against the tracker."""
        return HALF_SECONDS / self.embedded.seconds

    def _tracks(self) -> np.ndarray:
        return np.array([tracklet.track for tracklet in self.tracklets])

    def _known_groups(self) -> list[int]:
        """Groups with enough clear crops to train on, ascending."""
        clear = self._clear()[self.of]
        groups, counts = np.unique(self.group[self.of[clear]], return_counts=True)
        return groups[(groups >= 0) & (counts * self.embedded.seconds >= MIN_SECONDS)].tolist()

    def _person_of_crops(self, known: list[int]) -> np.ndarray:
        """The place of each clear crop's group among the known ones, (C,) int, -1 for all others."""
        place = {group: index for index, group in enumerate(known)}
        person = np.array([place.get(group, -1) for group in self.group[self.of].tolist()])
        return np.where(self._clear()[self.of], person, -1)

    def _links(self) -> np.ndarray:
        """Log odds that two tracklets are one person because they follow each other in a track, (K, K)."""
        first, last, track = (
            np.array(column)
            for column in zip(*((t.frames[0], t.frames[-1], t.track) for t in self.tracklets), strict=True)
        )
        links = np.zeros((len(self.tracklets), len(self.tracklets)))
        for one, other, frames in consecutive(track, first, last):
            soon = frames <= SOON * self.embedded.fps
            links[one, other] = links[other, one] = NEXT_TRACKLET if soon else LATER_TRACKLET
        return links

    def _clear(self) -> np.ndarray:
        return np.array([tracklet.clear for tracklet in self.tracklets])

    def _crops(self) -> np.ndarray:
        return np.bincount(self.of, minlength=len(self.tracklets))


def adapted(similarity: np.ndarray, before: Likeness) -> Likeness:
    """Mean and standard deviation of the similarities (N,), drawn towards the prior `before` where N is small."""
    count = len(similarity) + PRIOR_PAIRS
    mean = (similarity.sum() + PRIOR_PAIRS * before[0]) / count
    spread = np.sqrt((((similarity - mean) ** 2).sum() + PRIOR_PAIRS * before[1] ** 2) / count)
    return float(mean), max(float(spread), MIN_SPREAD)
