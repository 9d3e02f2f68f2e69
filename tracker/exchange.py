"""Carrying out verdicts: identities change bodies, and nobody is left out or doubled."""

from __future__ import annotations

from collections.abc import Sequence

from .recovery import Verdict
from .track import Life, Track
from .types import Frame, Recovery


def exchange(verdicts: Sequence[Verdict], owners: Sequence[Track], frame: Frame) -> list[Recovery]:
    """Give every body the identity of its verdict; returns what happened, for those whose identity came anew.

    `owners` are the tracks that had the identities. A lost body whose identity was found elsewhere takes one that was
    left without a body (the two had been mistaken for each other), or is gone.
    """
    had = {id(owner.identity): owner for owner in owners}
    given = {id(verdict.identity) for verdict in verdicts}
    changed = [verdict for verdict in verdicts if verdict.body.identity is not verdict.identity]
    told = [_recovery(verdict, had[id(verdict.identity)], frame) for verdict in changed]
    moved = {verdict.body for verdict in changed}
    orphans = [owner.identity for owner in owners if owner in moved and id(owner.identity) not in given]
    emptied = [owner for owner in owners if owner.life is Life.LOST and id(owner.identity) in given]
    for verdict in changed:
        if verdict.body.identity is None:  # up to its owner's last sighting the identity was reported there
            last = had[id(verdict.identity)].last_time
            body = verdict.body
            body.unreported = [s for s in body.unreported if s.time > last] or body.unreported[-1:]
    for verdict in changed:
        verdict.body.identity = verdict.identity
    for body in emptied:
        if orphans:
            body.identity = orphans.pop()
        else:
            body.life = Life.GONE
    return told


def _recovery(verdict: Verdict, owner: Track, frame: Frame) -> Recovery:
    """A newborn found to be somebody lost was back at her first sighting; an exchange is found in this frame."""
    first = verdict.body.unreported[0]
    newborn = verdict.body.identity is None and owner.life is Life.LOST
    where, when = (first.frame, first.time) if newborn else (frame.index, frame.time)
    away = max(when - owner.last_time, 0.0)
    return Recovery(where, when, verdict.identity.id, away, verdict.similarity, verdict.margin, exchanged=not newborn)
