"""The server's responses to the page of a run, as plain values for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracker.drawing.colours import colour_of, css, text_colour
from tracker.results.clock import clock
from tracker.results.moment_words import CurrentMoment, current
from tracker.results.moments import Moment
from tracker.results.presence import seconds_on_stage
from tracker.types import InputError

from .corrections import FILL_GAPS
from .edit_file import Review
from .frames import absence
from .gaps import Places
from .labelled_people import LabelledPeople
from .offers import Offer, SpareBoxes, offer_around, offers
from .place_table import PlaceTable, kinds
from .run_tracks import RunTracks

LIKENESSES = 12
"""Columns of pictures along a row."""


class RunAnswers:
    """What the page of a run asks for. Gaps up to `fill_gaps` seconds are shown filled."""

    def __init__(self, data: RunTracks, review: Review, fill_gaps: float = FILL_GAPS) -> None:
        self.data, self.review, self.fill_gaps = data, review, fill_gaps
        self.table = PlaceTable(data.video, fill_gaps * data.fps(data.video), data.run.stride)
        self._shown: dict[int, tuple[Places, dict[str, Any]]] = {}
        self._spare = SpareBoxes(data.unused)
        self._offers: dict[int, tuple[Places, np.ndarray, list[Offer]]] = {}

    def described_data(self) -> dict[str, Any]:
        """The run and its video; `unseen` says why there are no pictures of it."""
        data, run = self.data, self.data.run
        return {
            "folder": str(data.folder.resolve()),
            "video": data.video,
            "fps": data.fps(data.video),
            "times": self._times(),
            "frames": data.length(data.video),
            "step": run.stride,
            "width": run.width,
            "height": run.height,
            "cuts": list(data.cuts),
            "unused": bool(data.unused),
            "doubted": len(data.moments),
            "unseen": absence(run.opened),
        }

    def _times(self) -> list[float] | None:
        """Seconds of each tracked frame, where the frame rate is not constant."""
        times, fps = self.data.times, self.data.run.fps
        steady = np.arange(len(times)) / fps
        return None if (np.abs(times - steady) * fps < 0.5).all() else times.round(3).tolist()

    def described_people(self) -> dict[str, Any]:
        """People with their presence, and the doubtful moments."""
        with self.review.lock:
            review, labelled = self.review, self.review.labelled
            people = self.table.take(labelled)
            offered = self.offered()
            return {
                **review.described(),
                "people": [
                    self._person(person, places, labelled)
                    | {
                        "name": labelled.names.get(person, ""),
                        "offers": [
                            [int(offer.frame[0]), int(offer.frame[-1]), len(offer.frame)]
                            for offer in offered.get(person, ())
                        ],
                    }
                    for person, places in people.items()
                ],
                "moments": [self._moment(each, labelled) for each in current_moments(self.data.moments, labelled)],
            }

    def _moment(self, each: CurrentMoment, labelled: LabelledPeople) -> dict[str, Any]:
        moment, frame = each.moment, self.data.columns.frame
        return {
            "key": moment.key,
            "frame": moment.frame,
            "to": moment.to,
            "people": list(each.people),
            "told": each.words(labelled.names, lambda frame: clock(self.data.seconds(frame))),
            "fix": [
                {
                    "person": move.person,
                    "to": move.to,
                    "from_frame": int(frame[move.stretch.rows[0]]),
                    "to_frame": int(frame[move.stretch.rows[-1]]),
                }
                for move in each.moves
            ],
            "looked": moment.key in labelled.looked,
            "mended": each.mended,
        }

    def _person(self, person: int, places: Places, labelled: LabelledPeople) -> dict[str, Any]:
        known = self._shown.get(person)
        if known is None or known[0] is not places:
            back, tracked = colour_of(person), places.frame // self.data.run.stride
            facts = {
                "number": person,
                "back": css(back),
                "text": css(text_colour(back)),
                "boxes": len(places.frame),
                "seconds": seconds_on_stage(tracked, self.data.times[tracked]),
                "spans": _spans(places.frame, kinds(places, labelled), self.data.run.stride),
                "likenesses": self._likenesses(places),
                "returns": self._returns(places),
            }
            known = (places, facts)
            self._shown[person] = known
        return known[1]

    def _likenesses(self, places: Places) -> list[list[float]]:
        """Frame and box for each column of the row in which the person is there, near its middle."""
        length = self.data.length(self.data.video)
        chosen = []
        for column in range(LIKENESSES):
            start, end = column * length // LIKENESSES, (column + 1) * length // LIKENESSES
            low, high = np.searchsorted(places.frame, [start, end])
            if low < high:
                row = low + int(np.abs(places.frame[low:high] - (start + end) // 2).argmin())
                chosen.append([column, int(places.frame[row]), *places.xyxy[row].round(1).tolist()])
        return chosen

    def _returns(self, places: Places) -> list[list[Any]]:
        """Where somebody who is this person now came back (`Recovery.is_return`): frame, seconds away, margin."""
        back = []
        for recovery in filter(lambda each: each.is_return, self.data.recoveries):
            at = int(np.searchsorted(places.frame, recovery.frame))
            if at < len(places.frame) and places.frame[at] == recovery.frame and places.row[at] >= 0:
                row = int(places.row[at])
                columns = self.data.columns
                if row < len(columns.person) and columns.person[row] == recovery.id:
                    back.append([recovery.frame, round(recovery.away, 2), recovery.margin])
        return back

    def boxes(self, first: int, last: int) -> dict[str, Any]:
        """Everybody's boxes from frame to frame, and those that the detector has besides."""
        with self.review.lock:
            labelled = self.review.labelled
            shown: dict[int, list[list[float]]] = {}
            for person, places in self.table.take(labelled).items():
                low, high = np.searchsorted(places.frame, [first, last + 1])
                part = Places(*(column[low:high] for column in places))
                columns = part.frame.tolist(), part.xyxy.round(1).tolist(), kinds(part, labelled).tolist()
                for frame, xyxy, kind in zip(*columns, strict=True):
                    shown.setdefault(frame, []).append([person, *xyxy, kind])
            spare = self.spare()
            unused = {
                frame: boxes.round(1).tolist() for frame in range(first, last + 1) if len(boxes := spare.at(frame))
            }
            return {"boxes": shown, "unused": unused}

    def spare(self) -> SpareBoxes:
        """The detector's boxes that nobody has."""
        self._spare.leave_out(self.table.take(self.review.labelled))
        return self._spare

    def offered(self) -> dict[int, list[Offer]]:
        """What the detector has for each person's gaps, found again where they or the spare boxes are others."""
        with self.review.lock:
            people, spare = self.table.take(self.review.labelled), self.spare()
            last, step = self.data.length(self.data.video) - 1, self.data.run.stride
            for person, places in people.items():
                known = self._offers.get(person)
                if known is None or known[0] is not places or known[1] is not spare.free:
                    self._offers[person] = places, spare.free, list(offers(places, spare, step, last))
            return {person: self._offers[person][2] for person in people}

    def around(self, person: int | str, frame: int, box: list[float]) -> Offer:
        """The detector's box nearest to this one in the frame, with those that continue it."""
        with self.review.lock:
            people, spare = self.table.take(self.review.labelled), self.spare()
            boxes = spare.at(frame)
            if not len(boxes):
                raise InputError(f"the detector has no spare box in frame {frame}")
            nearest = boxes[int(np.abs(boxes - np.array(box)).sum(axis=1).argmin())]
            own = people[person].frame if isinstance(person, int) and person in people else np.zeros(0, int)
            last, step = self.data.length(self.data.video) - 1, self.data.run.stride
            return offer_around(nearest, frame, own, spare, step, last)


def _spans(frame: np.ndarray, kind: np.ndarray, step: int) -> list[list[int]]:
    """[first frame, last frame, kind] of each piece without a gap in which all boxes are known alike."""
    breaks = np.flatnonzero((np.diff(frame) > step) | (np.diff(kind) != 0)) + 1
    starts, ends = np.concatenate([[0], breaks]), np.concatenate([breaks, [len(frame)]]) - 1
    return np.stack([frame[starts], frame[ends], kind[starts]], axis=1).tolist()


def current_moments(moments: Sequence[Moment], labelled: LabelledPeople) -> list[CurrentMoment]:
    """The moments as the edits leave them, without those of which nobody is there any more."""
    return [found for moment in moments if (found := current(moment, labelled.person))]
