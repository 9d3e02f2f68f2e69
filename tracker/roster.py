"""The identities of one video: those given so far, those of a cast file, and their maximum number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .cast_memory import CastMemory
from .gallery import Appearance, Gallery, GalleryOptions
from .recollection import NO_CANDIDATES, Candidates, RecollectionOptions, Remembered
from .recovery import IdentityMatch
from .track import Identity


class Roster:
    """Gives ids: without gaps, from 1 or from the first that no remembered person has.

    `people` lists the identities of this video where galleries are lasting (`GalleryOptions`); else it stays empty, to
    save memory.
    """

    def __init__(
        self, cast: int | None, memory: CastMemory | None, options: RecollectionOptions, views: GalleryOptions
    ) -> None:
        """`cast` is the most people there may be; `views` are the options of the galleries, which start empty."""
        members = () if memory is None else memory.members
        self.people: list[Identity] = []
        self._cast = cast
        self._options = options
        self._views = views
        self._remembered = len(members)
        self._first_new_id = 1 if memory is None else memory.next_id
        self._absent = [
            Remembered(Identity(person.id, Gallery(views)), Appearance(person.embeddings)) for person in members
        ]
        self._new = 0

    @property
    def count(self) -> int:
        """Number of people seen in this video so far."""
        return self._remembered - len(self._absent) + self._new

    @property
    def is_full(self) -> bool:
        """Whether as many people are known, from this video or before it, as the cast has."""
        return self._cast is not None and self._remembered + self._new >= self._cast

    def candidates(self) -> Candidates:
        """The remembered people who may still appear: none of them once all the cast is here."""
        if self._cast is not None and self.count >= self._cast:
            return NO_CANDIDATES
        options = self._options
        min_log_odds = -np.inf if self.is_full else options.min_log_odds
        return Candidates(self._absent, options.prior_log_odds, min_log_odds, options.min_views)

    def new_person(self) -> Identity:
        """An identity with the next id. Ask `is_full` before."""
        identity = Identity(self._first_new_id + self._new, Gallery(self._views))
        self._new += 1
        self._keep(identity)
        return identity

    def admit(self, matches: Sequence[IdentityMatch]) -> list[IdentityMatch]:
        """Note that the matched people appeared, the most similar first, as long as the cast has room for remembered
        ones; returns the matches without those who find none."""
        absent = {id(person.identity) for person in self._absent}
        new = [match for match in matches if id(match.identity) in absent]
        new.sort(key=lambda match: match.similarity or 0.0, reverse=True)
        room = len(new) if self._cast is None else max(self._cast - self.count, 0)
        refused = {id(match.identity) for match in new[room:]}
        taken = [match for match in matches if id(match.identity) not in refused]
        for match in taken:
            self.appeared(match.identity)
        return taken

    def appeared(self, identity: Identity) -> None:
        """Note that a person was identified; a remembered one is a candidate no longer."""
        absent = [person for person in self._absent if person.identity is not identity]
        if len(absent) < len(self._absent):
            self._absent = absent
            self._keep(identity)

    def _keep(self, identity: Identity) -> None:
        if self._views.lasting:
            self.people.append(identity)
