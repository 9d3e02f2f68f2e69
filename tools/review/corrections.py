"""A run with its edits: corrected tracks, and the files of them."""

from __future__ import annotations

import shutil
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tracker.camera_cuts import with_cuts
from tracker.pipeline import SHORT_GAPS
from tracker.results.presence import Summary
from tracker.results.writers import CsvWriter, JsonWriter, MotWriter, Sink
from tracker.types import Frame, FrameTracks, InputError, Recovery, is_absence
from tracker.video.mot_folder import SEQINFO, SequenceInfo, seqinfo_text

from ..run.file_names import CORRECTED, OVERVIEW, TRACKS
from ..run.output import os_errors_as
from ..run.tracked_run import TrackedRun
from .edit_file import EDIT_FILE, Review
from .gaps import FILLED, Places
from .mot_export import TRUTH, truth_rows
from .place_table import PlaceTable
from .run_tracks import RunTracks, read_run_tracks

BY_HAND = "corrected by hand"
FILES = (TRUTH, Path(SEQINFO), Path("tracks.csv"), Path(OVERVIEW), Path(TRACKS))
"""In corrected/; the last one says that all are there (`bring_up_to_date`)."""
FILL_GAPS = SHORT_GAPS.seconds
"""Seconds without a box that a straight line bridges: as many as while tracking."""


@dataclass(frozen=True)
class Corrected:
    """The rows of every tracked frame, ids being the numbers on the page, and the names by id.

    Boxes that were filled in have score 0, those drawn by hand 1.
    """

    tracks: list[FrameTracks]
    names: dict[int, str]


def corrected(run: TrackedRun, fill_gaps: float = FILL_GAPS) -> Corrected:
    """The run's tracks after the edits in its edits.json, or as they are where there is none.

    fill_gaps: seconds without a box that are filled by a straight line. Raises InputError where a file is damaged.
    """
    data = read_run_tracks(run)
    return corrected_tracks(data, Review(data), fill_gaps)


def corrected_tracks(data: RunTracks, review: Review, fill_gaps: float) -> Corrected:
    """The same of a review that is open."""
    labelled = review.labelled
    table = PlaceTable(data.video, fill_gaps * data.fps(data.video), data.run.stride)
    rows: dict[int, list[tuple[int, np.ndarray, float, Recovery | None]]] = defaultdict(list)
    people = table.take(labelled)
    for person, places in people.items():
        score = np.where(places.row == FILLED, 0.0, labelled.score[places.row]).tolist()
        for place in zip(places.frame.tolist(), places.xyxy, score, _recoveries(data, person, places), strict=True):
            rows[place[0]].append((person, *place[1:]))
    frames = range(0, data.length(data.video), data.run.stride)
    cuts = [data.seconds(cut) for cut in data.cuts]
    names = {person: name for person, name in labelled.names.items() if person in people}
    tracks = [_frame_tracks(frame, data.seconds(frame), rows[frame], cuts) for frame in frames]
    return Corrected([replace(each, cut=each.frame in data.cuts) for each in tracks], names)


def _recoveries(data: RunTracks, person: int, places: Places) -> list[Recovery | None]:
    """For each of a person's boxes, whether the person comes back with it: with the similarity that the tracker told of
    that return, where both boxes were one id's to it, too. With the first box, whether the person is known from a cast
    file: who still has the id, and the box by which the tracker knew them."""
    told = {(event.frame, event.id): (event.similarity, event.margin) for event in data.recoveries}
    ids = data.columns.person
    own = np.append(ids, -1)[np.minimum(places.row, len(ids))]  # -1 of boxes that are filled in or made by hand
    before = np.append(-1, own[:-1])
    away = _seconds_away(data.times, places.frame // data.run.stride)
    returns: list[Recovery | None] = []
    for frame, gone, id, last in zip(places.frame.tolist(), away, own.tolist(), before.tolist(), strict=True):
        seen = told.get((frame, id), (None, None)) if id == last else (None, None)
        returns.append(Recovery(frame, data.seconds(frame), person, gone, *seen) if gone else None)
    boxes, first = set(zip(places.frame.tolist(), own.tolist(), strict=True)), int(places.frame[0])
    for event in data.recoveries:
        if event.remembered and event.id == person and (event.frame, person) in boxes:
            returns[0] = replace(event, frame=first, time=data.seconds(first))
    return returns


def _seconds_away(times: np.ndarray, frames: np.ndarray) -> list[float]:
    """Since the previous one of a person's boxes, which are in these of the tracked frames (N,); 0 where that is no
    absence. times: those of all tracked frames, in seconds."""
    away = np.diff(times[frames], prepend=times[frames[:1]])
    return np.where(is_absence(np.diff(frames, prepend=frames[:1]), away), away, 0.0).tolist()


def _frame_tracks(
    frame: int, time: float, rows: list[tuple[int, np.ndarray, float, Recovery | None]], cuts: list[float]
) -> FrameTracks:
    """`cuts`: seconds of the camera cuts, which explain absences."""
    if not rows:
        return FrameTracks.empty(frame, time)
    ids, xyxy, score, back = zip(*rows, strict=True)
    recoveries = tuple(with_cuts([event for event in back if event is not None], cuts))
    recovered = np.array([event is not None and not event.remembered for event in back])
    return FrameTracks(frame, time, np.array(ids), np.stack(xyxy), np.array(score), recovered, recoveries=recoveries)


def bring_up_to_date(run: TrackedRun) -> None:
    """Write corrected/ anew where the run's edits are newer. Raises InputError where that is not possible."""
    edits, tracks = run.folder / EDIT_FILE, run.folder / CORRECTED / TRACKS
    if edits.is_file() and not (tracks.is_file() and tracks.stat().st_mtime_ns > edits.stat().st_mtime_ns):
        data = read_run_tracks(run)
        write_corrected(data, Review(data), FILL_GAPS)


def write_corrected(data: RunTracks, review: Review, fill_gaps: float) -> Path:
    """In the run's corrected/ tracks.txt, tracks.csv, tracks.json, and as MOT truth seqinfo.ini and gt/gt.txt, anew.

    Other files there, such as rendered videos, stay. Raises InputError where it cannot be written; then what was there
    before stays.
    """
    folder = data.folder / CORRECTED
    part = folder.with_name(f".{CORRECTED}.part")
    for place in (folder, folder / "gt"):
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise InputError(f"{place} is no folder of a run; move it away")
    with os_errors_as(f"the corrected tracks cannot be written to {folder}"):
        shutil.rmtree(part, ignore_errors=True)
        try:
            (part / "gt").mkdir(parents=True)
            _write(part, data, corrected_tracks(data, review, fill_gaps))
            (folder / "gt").mkdir(parents=True, exist_ok=True)
            for name in FILES:
                (part / name).replace(folder / name)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


def _write(folder: Path, data: RunTracks, result: Corrected) -> None:
    run = data.run
    facts = {
        "source": run.name, "fps": run.fps, "width": run.width, "height": run.height, "tracking": BY_HAND,
    }  # fmt: skip
    sinks: tuple[Sink, ...] = (
        MotWriter(folder / TRACKS),
        CsvWriter(folder / "tracks.csv", result.names),
        JsonWriter(folder / OVERVIEW, Summary(), facts, result.names, run.notes),
    )
    for sink in sinks:
        with sink:
            for rows in result.tracks:
                sink.write(Frame(rows.frame, rows.time, None), rows)
    (folder / TRUTH).write_text("".join(map(truth_rows, result.tracks)))
    info = SequenceInfo(run.name, "img1", data.fps(run.name), data.length(run.name), run.width, run.height)
    (folder / SEQINFO).write_text(seqinfo_text(info), encoding="utf-8")
