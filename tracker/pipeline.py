"""Frames through detector and tracker, in order and complete: the pipeline of all commands."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import numpy as np

from .gap_filling import GapOptions, fill_gaps
from .keyframes import Keyframes
from .prefetch import in_groups, prefetch
from .tracker import Tracker
from .types import Detections, Detector, Frame, FrameTracks, InputError, Recovery, Renaming, told

AHEAD = 2
"""Batches in which people are being detected, or were, while the tracker works on the one before."""

LAG = 1.0
"""Seconds of video that frames are held back, so that what becomes known later is put right in them."""
SHORT_GAPS = GapOptions(seconds=0.2, sure=0.85)
"""What `followspot track` fills: a person who is half hidden is missed by a detector now and then."""

Watch: TypeAlias = Callable[[Frame, FrameTracks], None]
Keep: TypeAlias = Callable[[Frame, Detections], None]
Found: TypeAlias = tuple[Sequence[Frame], Sequence[Detections]]
AnyDetector: TypeAlias = Detector | Callable[[Frame], Detections]


def track(
    frames: Iterable[Frame],
    detector: AnyDetector,
    tracker: Tracker,
    *,
    batch: int = 1,
    ahead: int = AHEAD,
    delay: float = LAG,
    gaps: GapOptions | None = None,
    keyframes: Keyframes | None = None,
    keep: Keep | None = None,
    watch: Watch | None = None,
) -> Iterator[tuple[Frame, FrameTracks]]:
    """Detect and track; yields each frame with its tracks, `delay` seconds of video late, backfilled rows merged in.

    `detector` is a `Detector` or a function that sees one frame. A thread takes the frames and detects, up to `ahead`
    batches in advance; the results do not depend on it. With `keyframes`, not all frames are given to the detector, and
    `batch` and `ahead` do not count. With `gaps`, short ones are filled, which takes as long as they may be in
    addition. `keep` is called with each frame and what was detected in it, `watch` with each frame and what is known of
    it at once, before it is held back.
    Raises InputError where the frames end in one or the embedder fails, after all frames before that one; where the
    detector fails, after all frames before those that it was given together; for a `batch` or `ahead` below 1, and for
    a negative `delay`.
    """
    if keyframes is None:
        found = prefetch(_detect(frames, detector, batch), ahead)
    else:
        found = prefetch(keyframes.detect(frames, partial(detected, detector)), 1)
    tracked = _update(found, tracker, keep)
    merged = merge_backfill(_watched(tracked, watch) if watch else tracked, delay, tracker.finish)
    yield from _filled(merged, gaps) if gaps and gaps.seconds else merged


def _filled(tracked: Iterable[tuple[Frame, FrameTracks]], gaps: GapOptions) -> Iterator[tuple[Frame, FrameTracks]]:
    waiting: deque[Frame] = deque()

    def tracks() -> Iterator[FrameTracks]:
        for frame, rows in tracked:
            waiting.append(frame)
            yield rows

    for rows in fill_gaps(tracks(), gaps):
        yield waiting.popleft(), rows


def _update(found: Iterable[Found], tracker: Tracker, keep: Keep | None) -> Iterator[tuple[Frame, FrameTracks]]:
    for group, boxes in found:
        for frame, detections in zip(group, boxes, strict=True):
            if keep is not None:
                keep(frame, detections)
            yield frame, tracker.update(frame, detections)


def _watched(tracked: Iterable[tuple[Frame, FrameTracks]], watch: Watch) -> Iterator[tuple[Frame, FrameTracks]]:
    for frame, tracks in tracked:
        watch(frame, tracks)
        yield frame, tracks


def _detect(frames: Iterable[Frame], detector: AnyDetector, batch: int) -> Iterator[Found]:
    if batch < 1:
        raise InputError(f"the number of frames in a batch must be at least 1, not {batch}")
    for group in in_groups(frames, batch):
        yield group, detected(detector, group)


def detected(detector: AnyDetector, frames: Sequence[Frame]) -> Sequence[Detections]:
    """What the detector sees in the frames. Raises InputError where it fails in any way, or gives something else."""
    where = _named([frame.index for frame in frames])
    try:
        batch = getattr(detector, "batch", None)
        found = batch(frames) if batch is not None else [detector(frame) for frame in frames]
    except InputError as error:
        raise InputError(f"{error} (in {where})") from error
    except Exception as error:  # a detector is any class that others write
        raise InputError(f"the detector failed in {where}: {told(error)}") from error
    whole = isinstance(found, Sequence) and len(found) == len(frames)
    if not whole or not all(isinstance(each, Detections) for each in found):
        raise InputError(f"the detector gave no Detections for each of {where}")
    return found


def _named(frames: Sequence[int]) -> str:
    """Frame 8, frames 8 to 11, or frames 8, 10 and 12."""
    if len(frames) == 1:
        return f"frame {frames[0]}"
    if frames[-1] - frames[0] == len(frames) - 1:
        return f"frames {frames[0]} to {frames[-1]}"
    return f"frames {', '.join(map(str, frames[:-1]))} and {frames[-1]}"


def merge_backfill(
    tracked: Iterable[tuple[Frame, FrameTracks]], delay: float = LAG, finish: Callable[[], FrameTracks] | None = None
) -> Iterator[tuple[Frame, FrameTracks]]:
    """Hold frames back for `delay` seconds so that rows known later (`FrameTracks.backfill`) join their frame.

    `finish` (`Tracker.finish`) returns what became known after the last frame. Recoveries move to the frame in which
    the person was back; ids that were found to be exchanged (`FrameTracks.renamed`) are put right in the frames held,
    and the exchange is one of the first of these. Rows for a frame that has already left are dropped. Where `tracked`
    ends in an InputError, that is raised after the frames that are held.
    """
    if not delay >= 0:
        raise InputError(f"the delay must be 0 or more seconds, not {delay}")
    held: deque[tuple[Frame, FrameTracks]] = deque()
    try:
        for frame, tracks in tracked:
            _put_right(held, tracks.renamed)
            held.append((frame, replace(tracks, recoveries=(), backfill=(), renamed=())))
            _put_back(held, tracks)
            while held and (not delay or frame.time - held[0][0].time > delay):
                yield held.popleft()
    except InputError:
        yield from held
        raise
    if finish is not None and held:
        late = finish()
        _put_right(held, late.renamed)
        _put_back(held, late)
    yield from held


def _put_right(held: deque[tuple[Frame, FrameTracks]], renamed: Sequence[Renaming]) -> None:
    """Give the rows of the held frames the ids that they should have had."""
    for index, (frame, rows) in enumerate(held):
        new = {each.old: each.new for each in renamed if frame.time >= each.time}
        ids = [new.get(id, id) for id in rows.ids.tolist()]
        if new and len(set(ids)) == len(ids):
            events = tuple(replace(event, id=new.get(event.id, event.id)) for event in rows.recoveries)
            unsure = tuple(new.get(id, id) for id in rows.unsure)
            held[index] = (frame, replace(rows, ids=np.array(ids), recoveries=events, unsure=unsure))


def _put_back(held: deque[tuple[Frame, FrameTracks]], tracks: FrameTracks) -> None:
    """Give the held frames the rows and recoveries that became known with `tracks`."""
    late = {rows.frame: rows for rows in tracks.backfill}
    first = held[0][0].index
    happened = {each.new: each.time for each in tracks.renamed}
    recoveries = [_since(held, event, happened.get(event.id)) for event in tracks.recoveries]
    for index, (frame, rows) in enumerate(held):
        if frame.index in late:
            rows = FrameTracks.concat([rows, late[frame.index]])
        back = tuple(r for r in recoveries if max(r.frame, first) == frame.index)
        if back or frame.index in late:
            held[index] = (frame, replace(rows, recoveries=rows.recoveries + back))


def _since(held: deque[tuple[Frame, FrameTracks]], event: Recovery, happened: float | None) -> Recovery:
    """An exchange is put right from the first held frame on that is not before the time it `happened`, in seconds, and
    in which the person is: until then a lost one was away."""
    if not event.exchanged or happened is None:
        return event
    later = (frame for frame, rows in held if frame.time >= happened and event.id in rows.ids)
    frame = next(later, held[-1][0])
    return replace(event, frame=frame.index, time=frame.time, away=max(event.away - (event.time - frame.time), 0.0))
