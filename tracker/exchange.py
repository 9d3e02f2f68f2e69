"""Carrying out verdicts: identities change bodies, and nobody is left out or doubled."""

from __future__ import annotations

from collections.abc import Sequence

from .recovery import Verdict
from .track import Life, Track
from .types import Frame, Recovery


def exchange(verdicts: Sequence[Verdict], owners: Sequence[Track], frame: Frame) -> list[Recovery]:
    """Give every body the identity of its verdict; returns what happened, for those whose identity came anew.

    `owners` are the tracks that had the identities. A lost body whose identity was found elsewhere takes one that was
    left without a body (the two had been mistaken for each other), or is gone. An identity nobody here had is somebody
    remembered from an earlier video.
    """
    had = {id(owner.identity): owner for owner in owners}
    given = {id(verdict.identity) for verdict in verdicts}
    changed = [verdict for verdict in verdicts if verdict.body.identity is not verdict.identity]
    told = [_recovery(verdict, had.get(id(verdict.identity)), frame) for verdict in changed]
    moved = {verdict.body for verdict in changed}
    orphans = [owner.identity for owner in owners if owner in moved and id(owner.identity) not in given]
    emptied = [owner for owner in owners if owner.life is Life.LOST and id(owner.identity) in given]
    for verdict in changed:  # the same identity was reported on another body until a moment ago
        body, reported = verdict.body, verdict.identity.reported
        body.unreported = [sighting for sighting in body.unreported if sighting.time > reported]
    for verdict in changed:
        verdict.body.identity = verdict.identity
    for body in emptied:
        if orphans:
            body.identity = orphans.pop()
        else:
            body.life = Life.GONE
    return told


def _recovery(verdict: Verdict, owner: Track | None, frame: Frame) -> Recovery:
    """A newborn found to be somebody lost was back at her first sighting; an exchange is found in this frame."""
    body, found = verdict.body, verdict
    if owner is None:
        first = body.unreported[0]
        facts = (first.frame, first.time, found.identity.id, 0.0, found.similarity, found.margin)
        return Recovery(*facts, remembered=True)
    if body.identity is None and owner.life is Life.LOST and body.unreported:
        first = body.unreported[0]
        away = max(first.time - owner.last_time, 0.0)
        return Recovery(first.frame, first.time, found.identity.id, away, found.similarity, found.margin)
    away = max(frame.time - owner.last_time, 0.0)
    return Recovery(frame.index, frame.time, found.identity.id, away, found.similarity, found.margin, exchanged=True)
