"""A doubtful moment by the ids people have now, and the sentence that tells it on the report and the review page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..cast_memory import told_from_numbers
from .moments import Moment, Reassignment

GONE = -1
"""In place of an id: the row was thrown out."""
APART, AGAIN = "\u2068", "\u2069"
"""Around a name: its letters may run from right to left, those of the sentence do not (Unicode's isolates)."""


@dataclass(frozen=True)
class Move:
    """The boxes of `stretch` have the id `person` and may be `to`."""

    person: int
    to: int
    stretch: Reassignment


@dataclass(frozen=True)
class CurrentMoment:
    """A moment by the ids that its rows have: the tracker's, or those that edits gave them."""

    moment: Moment
    people: tuple[int, ...]
    moves: tuple[Move, ...]
    """What would put it right and is not done yet."""

    @property
    def mended(self) -> bool:
        """Whether edits did what was proposed."""
        return bool(self.moment.fix) and not self.moves

    def words(self, names: Mapping[int, str], clock: Callable[[int], str]) -> str:
        """A sentence for people who know the dancers and no tracker; `clock` tells a frame's time."""
        said = _SENTENCES[self.moment.kind](self, lambda id: called(id, names), clock(self.moment.to))
        return said[0].upper() + said[1:]


def called(id: int, names: Mapping[int, str]) -> str:
    """A person's name within a sentence."""
    return f"{APART}{told_from_numbers(names[id])}{AGAIN}" if names.get(id) else f"person {id}"


def current(moment: Moment, person: np.ndarray) -> CurrentMoment | None:
    """The moment by these ids of all rows, (N,); None where nobody of it is there any more."""
    people = dict.fromkeys(int(person[row]) for row in moment.rows)
    people.pop(GONE, None)
    if not people:
        return None
    moves = [Move(int(person[each.rows[0]]), int(person[each.belongs]), each) for each in moment.fix]
    open_moves = (move for move in moves if move.person != move.to and GONE not in (move.person, move.to))
    return CurrentMoment(moment, tuple(people), tuple(open_moves))


_Called = Callable[[int], str]


def _mixed_up(moment: CurrentMoment, called: _Called, until: str) -> str:
    ways = {(move.person, move.to) for move in moment.moves}
    if not ways:
        return f"{_listed([called(id) for id in moment.people])} may have been mixed up until {until}."
    if len(ways) == 2 and {(to, person) for person, to in ways} == ways:
        return f"{_listed([called(id) for id in sorted(next(iter(ways)))])} may be mixed up until {until}."
    parts = [f"the box of {called(one)} may be around {called(to)}" for one, to in sorted(ways)]
    return f"until {until}, {_listed(parts)}."


def _seen_again(moment: CurrentMoment, called: _Called, _: str) -> str:
    return f"is this really {called(moment.people[0])}? Another person looked almost the same."


def _unconfirmed(moment: CurrentMoment, called: _Called, until: str) -> str:
    return f"is this still {called(moment.people[0])}? Out of sight just before, and not seen clearly until {until}."


def _new(moment: CurrentMoment, called: _Called, _: str) -> str:
    if not moment.moves:
        return f"{called(moment.people[0])} may have been taken for a new person."
    new, known = called(moment.moves[0].person), called(moment.moves[0].to)
    return f"is {new} really {known}? {known[0].upper() + known[1:]} was out of sight when {new} first appeared."


_SENTENCES: dict[str, Callable[[CurrentMoment, _Called, str], str]] = {
    "exchange": _mixed_up,
    "taken": _mixed_up,
    "return": _seen_again,
    "unsure": _unconfirmed,
    "birth": _new,
}


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
