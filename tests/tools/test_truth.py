"""The truth of real dance that is kept as text: the scorer reads it as it lies there, and it is sound."""

from __future__ import annotations

import numpy as np
import pytest
from places import ROOT

from tools.scoring.labelled_boxes import LabelledBoxes, read_truth
from tools.scoring.score_files import POOLED, evaluate
from tools.scoring.sequences import TruthSequence, find_sequences

TRUTH = ROOT / "tests" / "data/miryala_dance_video"
SMALLEST = 60.0
"""Height in pixels from which a person is labelled."""


@pytest.fixture(scope="module")
def sequence() -> TruthSequence:
    (sequence,) = find_sequences(TRUTH)
    return sequence


@pytest.fixture(scope="module")
def people(sequence: TruthSequence) -> list[LabelledBoxes]:
    return read_truth(sequence.truth)  # refuses an id that is in a frame twice


def test_the_folder_says_what_the_clip_is(sequence: TruthSequence):
    assert (sequence.name, sequence.length, sequence.fps, sequence.size) == (
        "miryala_dance_video",
        1051,
        30.0,
        (640, 360),
    )


def test_every_frame_is_labelled(sequence: TruthSequence, people: list[LabelledBoxes]):
    assert len(people) == sequence.length
    assert min(len(here.ids) for here in people) >= 4


def test_there_are_eight_dancers_and_two_who_watch(people: list[LabelledBoxes]):
    labels, frames = np.unique(np.concatenate([here.ids for here in people]), return_counts=True)
    assert labels.tolist() == list(range(1, 11))
    assert (frames[:8] > 10 * frames[8:].max()).all()


def test_boxes_lie_inside_the_picture_and_are_tall_enough(sequence: TruthSequence, people: list[LabelledBoxes]):
    assert sequence.size is not None
    xyxy = np.concatenate([here.xyxy for here in people])
    assert (xyxy >= 0).all()
    assert (xyxy[:, 2:] <= np.array(sequence.size) + 0.01).all()  # left and width are each rounded to hundredths
    assert (xyxy[:, 2] > xyxy[:, 0]).all()
    assert (xyxy[:, 3] - xyxy[:, 1] >= SMALLEST).all()


def test_the_truth_scores_full_marks_against_itself(sequence: TruthSequence):
    scores = evaluate(TRUTH, sequence.truth)
    assert scores[POOLED].hota == pytest.approx(100.0)
    assert scores[POOLED].id_switches == 0


def test_only_text_is_kept():
    kept = [path for path in TRUTH.rglob("*") if path.is_file()]
    assert {path.suffix for path in kept} == {".txt", ".ini", ".md"}
