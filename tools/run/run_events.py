"""What a run's tracks.json tells beside the boxes: recoveries with their similarity, camera cuts, and unsure ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from tracker.camera_cuts import with_cuts
from tracker.types import FrameTracks, InputError, Recovery

from .file_names import CORRECTED, OVERVIEW
from .output import read_json_object
from .tracked_run import TrackedRun

_FACTS = {field.name for field in fields(Recovery)} - {"id"}


@dataclass(frozen=True)
class RunEvents:
    """The recoveries in the order of the file, and frames from 0 along the source: those that begin a shot, and (id,
    first, last) for each stretch in which an id is not sure (`FrameTracks.unsure`)."""

    recoveries: tuple[Recovery, ...]
    cut_frames: tuple[int, ...]
    unsure: tuple[tuple[int, int, int], ...] = ()


def read_events(run: TrackedRun) -> RunEvents:
    """Raises InputError where tracks.json is damaged."""
    overview = read_json_object(run.folder / OVERVIEW)
    try:
        cuts = [float(time) for time in overview.get("camera_cuts", ())]
        frames = overview.get("camera_cut_frames")  # runs before 0.2.0 have their times only
        if frames is None:
            frames = [round(cut * run.fps) * run.stride for cut in cuts]
        recoveries = [_recovery(person["id"], facts) for person in overview["people"] for facts in person["recoveries"]]
        unsure = [
            (int(person["id"]), int(first), int(last))
            for person in overview["people"]
            for first, last in person.get("unsure_frames", ())  # runs before 0.2.0 have none
        ]
        return RunEvents(tuple(with_cuts(recoveries, cuts)), tuple(int(frame) for frame in frames), tuple(unsure))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"{run.folder / OVERVIEW} is damaged or of another version; track the video again") from error


def tracks_with_events(run: TrackedRun, away: float) -> list[FrameTracks]:
    """The run's tracks with its recoveries and camera cuts.

    Corrected tracks have other ids than the run's recoveries: there those count that follow from the rows, after `away`
    seconds of absence, and camera cuts, with the similarity that corrected/tracks.json tells, and who is known from a
    cast file by it. Raises InputError where a file of the run is damaged.
    """
    events, rows = read_events(run), run.tracks(away)
    cuts = set(events.cut_frames)
    if run.corrections:
        times = [each.time for each in rows if each.frame in cuts]
        corrected = read_events(replace(run, folder=run.folder / CORRECTED)).recoveries
        told = {(event.frame, event.id): event for event in corrected}
        return [
            replace(each, cut=each.frame in cuts, recoveries=tuple(with_cuts(_as_told(each, told), times)))
            for each in rows
        ]
    return _with_recoveries([replace(each, cut=each.frame in cuts) for each in rows], events.recoveries)


def _as_told(rows: FrameTracks, told: Mapping[tuple[int, int], Recovery]) -> list[Recovery]:
    """The recoveries of the rows, each as sure as the one `told` of its frame and id, if there is one; and those told
    of people known from a cast file."""
    known = [(event, told.get((event.frame, event.id), event)) for event in rows.recoveries]
    returns = [replace(event, similarity=one.similarity, margin=one.margin) for event, one in known]
    here = [event for id in rows.ids.tolist() if (event := told.get((rows.frame, id)))]
    return returns + [replace(event, time=rows.time) for event in here if event.remembered]


def _with_recoveries(rows: Sequence[FrameTracks], recoveries: Sequence[Recovery]) -> list[FrameTracks]:
    """Each recovery in its frame, with the time that frame has in `rows`."""
    at: dict[int, list[Recovery]] = {}
    for recovery in recoveries:
        at.setdefault(recovery.frame, []).append(recovery)
    return [
        replace(each, recoveries=tuple(replace(event, time=each.time) for event in at.get(each.frame, ())))
        for each in rows
    ]


def _recovery(id: Any, facts: Mapping[str, Any]) -> Recovery:
    known = {name: value for name, value in facts.items() if name in _FACTS}
    for name in ("away", "similarity", "margin"):
        known[name] = None if known.get(name) is None else float(known[name])
    flags = {name: bool(known.get(name)) for name in ("exchanged", "remembered", "across_cut")}
    return Recovery(**{**known, **flags, "id": int(id), "frame": int(known["frame"]), "time": float(known["time"])})
