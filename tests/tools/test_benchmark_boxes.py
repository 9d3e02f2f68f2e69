"""Errors of boxes against truth, by hand, and by the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.benchmark.box_errors import BoxErrors, errors_of
from tools.benchmark_boxes import BenchmarkBoxesCommand
from tools.scoring.labelled_boxes import LabelledBoxes
from tracker.types import Detections, InputError

FRONT, BEHIND, ALONE = [0.0, 0, 100, 200], [50.0, 0, 150, 190], [400.0, 0, 500, 200]
"""The second is covered by half by the first, whose feet are lower; the third is alone."""


def errors(boxes: list[list[float]], scores: list[float]) -> BoxErrors:
    truth = [LabelledBoxes(np.arange(3), np.array([FRONT, BEHIND, ALONE]))]
    return errors_of(truth, [Detections(np.array(boxes).reshape(-1, 4), np.array(scores))])


def test_who_is_covered_is_missed_and_a_second_box_is_false():
    """The first's second box is cut off at 90 of 200 rows: an IoU of 0.45. A ghost is apart from all."""
    seen = errors([FRONT, [0, 0, 100, 90], [400, 0, 500, 180], [700, 0, 750, 90]], [0.95, 0.5, 0.7, 0.3])
    assert seen.recall() == pytest.approx([1.0, np.nan, np.nan, 0.0, np.nan, np.nan], nan_ok=True)
    assert seen.median_overlap()[0] == pytest.approx((1.0 + 0.9) / 2)
    assert seen.precision() == pytest.approx([np.nan, 0.0, 0.0, 1.0, np.nan, 1.0], nan_ok=True)
    assert seen.false_overlap == pytest.approx([0.45, 0.0])
    assert seen.summary == "recall 66.7%, precision 50.0%, 2.00 false boxes a frame, 50% of them on somebody"


def test_of_two_boxes_the_better_one_is_the_persons():
    seen = errors([[400, 0, 500, 150], [400, 0, 500, 190]], [0.9, 0.4])
    assert seen.overlap[2] == pytest.approx(0.95)
    assert seen.false_score == pytest.approx([0.9])


def test_where_no_box_is_found_all_are_missed():
    seen = errors([], [])
    assert not seen.found.any()
    assert seen.summary == "recall 0.0%, precision 0.0%, 0.00 false boxes a frame, none"


def test_the_command_reads_boxes_that_lie_in_the_sequence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Of two people in two frames one is found in the first."""
    folder = tmp_path / "dance"
    (folder / "gt").mkdir(parents=True)
    info = "[Sequence]\nname=dance\nframeRate=25\nseqLength=2\nimWidth=640\nimHeight=480\n"
    (folder / "seqinfo.ini").write_text(info)
    rows = [f"{frame},{person},{300 * person},10,50,100,1,1,1\n" for frame in (1, 2) for person in (0, 1)]
    (folder / "gt" / "gt.txt").write_text("".join(rows))
    (folder / "boxes.txt").write_text("1,-1,300,10,50,100,0.85\n")
    BenchmarkBoxesCommand(tmp_path, ("boxes.txt", "exact")).run()
    said = capsys.readouterr().out
    assert "boxes.txt: recall 25.0%, precision 100.0%, 0.00 false boxes a frame, none\n" in said
    assert "exact: recall 100.0%, precision 100.0%" in said
    assert "boxes.txt: precision %" in said
    with pytest.raises(InputError, match=r"nothing\.txt is not there"):
        BenchmarkBoxesCommand(tmp_path, ("nothing.txt",)).run()
