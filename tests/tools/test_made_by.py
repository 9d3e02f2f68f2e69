"""What the page says of how a run was made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tools.run.made_by import changed_options, made_by
from tools.track import TrackCommand


def test_only_options_that_are_not_their_defaults_are_named():
    command = TrackCommand(("dance.mp4",), out=Path("somewhere"))
    assert list(changed_options(command)) == []
    tuned = replace(command, reid="none", tracker=replace(command.tracker, cast=5))
    tuned = replace(tuned, draw=replace(tuned.draw, names={1: "Ada"}))
    assert dict(changed_options(tuned)) == {
        ("reid",): "none",
        ("tracker", "cast"): 5,
        ("draw", "names"): {1: "Ada"},
    }


def test_they_are_written_as_they_are_typed():
    command = TrackCommand(("dance.mp4",), video=False, refine=True, detections=Path("found boxes.txt"))
    tuned = replace(
        command,
        tracker=replace(command.tracker, cuts=False, association=replace(command.tracker.association, low_score=0.2)),
        draw=replace(command.draw, names={1: "Ada", 2: "Bea B."}),
    )
    facts = made_by(tuned, {"detector": None, "reid": None})
    assert facts["Detector"] == "none: boxes from found boxes.txt"
    assert facts["Options"] == (
        "--detections 'found boxes.txt' --no-video --refine --no-cuts --association.low-score 0.2 "
        "--draw.names 1 Ada 2 'Bea B.'"
    )


def test_the_networks_files_are_named():
    facts = made_by(TrackCommand(("dance.mp4",)), {"detector": Path("/a/person.pt"), "reid": None})
    assert (facts["Detector"], facts["Re-ID"], facts["Options"]) == ("person.pt", "none", "the defaults")
