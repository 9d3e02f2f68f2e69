"""Carries out identity matches: tracks take their identities, and no identity is doubled or left without a track."""

from __future__ import annotations

from collections.abc import Sequence

from .recovery import IdentityMatch
from .track import Track, TrackState
from .types import Frame, Recovery, Renaming


def exchange(matches: Sequence[IdentityMatch], holders: Sequence[Track], frame: Frame) -> list[Recovery]:
    """Give every track the identity it was matched to; returns what happened, for tracks whose identity changed.

    `holders` are the tracks that had the identities. A lost track whose identity was found elsewhere takes one that was
    left without a track (the two had been mistaken for each other), or is deleted. An identity no track had is that of
    a person remembered from an earlier video.
    """
    changed = [match for match in matches if match.track.identity is not match.identity]
    if not changed:
        return []
    holder_of = {id(holder.identity): holder for holder in holders}
    given = {id(match.identity) for match in matches}
    events = [_recovery(match, holder_of.get(id(match.identity)), frame) for match in changed]
    moved = {match.track for match in changed}
    left = [holder.identity for holder in holders if holder in moved and id(holder.identity) not in given]
    emptied = [holder for holder in holders if holder.state is TrackState.LOST and id(holder.identity) in given]
    reported = {match.track: match.track.identity.reported for match in changed if match.track.identity is not None}
    for match in changed:
        match.track.take_identity(match.identity)
    for track, time in reported.items():  # its last rows may become the new identity's (`renamings`)
        if track.identity is not None:
            track.identity.reported = max(track.identity.reported, time)
    for track in emptied:
        if left and (identity := left.pop()) is not None:
            track.take_identity(identity)
        else:
            track.delete()
    return events


def exchange_two(one: Track, other: Track, frame: Frame) -> list[Recovery]:
    """Two tracks, in sight or lost, take each other's identity."""
    mine, theirs = one.identity, other.identity
    assert mine is not None
    assert theirs is not None
    mine.reported = theirs.reported = max(mine.reported, theirs.reported)
    one.take_identity(theirs)
    other.take_identity(mine)
    return [Recovery(frame.index, frame.time, person.id, 0.0, exchanged=True) for person in (mine, theirs)]


def renamings(matches: Sequence[IdentityMatch]) -> list[Renaming]:
    """What becomes of the rows reported since the exchange, to be asked before `exchange`.

    Tracks of a group are taken to have exchanged their identities at once: in the middle of the last contact, or at the
    return into sight, of the one that was clear again first.
    """
    changed = [each for each in matches if each.track.identity is not None and each.track.identity is not each.identity]
    found = []
    for match in changed:
        own = match.track.identity
        group = [each.track for each in changed if each.track.group is match.track.group]
        clear = [track for track in group if track.fresh.views and track.mixed is not None]
        if own is not None and clear:
            first = min(clear, key=lambda track: track.fresh.views[0].time)
            assert first.mixed is not None
            found.append(Renaming(sum(first.mixed) / 2, own.id, match.identity.id))
    return found


def _recovery(match: IdentityMatch, holder: Track | None, frame: Frame) -> Recovery:
    """A tentative track that is a known person was back in its first row that counts (`Track.take_identity`); an
    exchange is found in this frame."""
    track = match.track
    back = holder is None or (track.identity is None and holder.state is TrackState.LOST)
    rows = [(seen.frame, seen.time) for seen in track.unreported if back and seen.time > match.identity.reported]
    index, time = rows[0] if rows else (frame.index, frame.time)
    away = 0.0 if holder is None else max(time - holder.last_time, 0.0)
    return Recovery(
        index,
        time,
        match.identity.id,
        away,
        match.similarity,
        match.margin,
        exchanged=not back,
        remembered=holder is None,
    )
