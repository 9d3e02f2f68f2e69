"""The truth of real dance that is kept as text: the scorer reads it as it lies there, and it is sound."""

from __future__ import annotations

import numpy as np
import pytest
from places import ROOT

from tools.scoring.labelled_boxes import LabelledBoxes, read_truth
from tools.scoring.score_files import POOLED, evaluate
from tools.scoring.sequences import TruthSequence, find_sequences

CLIPS = ROOT / "tests" / "data/clips"
SMALLEST = 60.0
"""Height in pixels from which a person is labelled."""
SIZES = {
    "fiyud_dance": (267, (720, 1280)),
    "gillhung_dance2": (714, (1080, 1920)),
    "miryala_dance_video": (1051, (640, 360)),
    "phong_dance": (456, (360, 640)),
    "phong_straykids_cover": (349, (720, 1280)),
}
"""By clip: its frames, and (width, height) of its pictures."""
SEQUENCES = {sequence.name: sequence for sequence in find_sequences(CLIPS)}


@pytest.fixture(params=sorted(SIZES))
def sequence(request: pytest.FixtureRequest) -> TruthSequence:
    return SEQUENCES[request.param]


def people_of(sequence: TruthSequence) -> list[LabelledBoxes]:
    return read_truth(sequence.truth)  # refuses an id that is in a frame twice


def frames_by_person(name: str) -> dict[int, int]:
    """In how many frames each person of the clip is."""
    people, frames = np.unique(np.concatenate([here.ids for here in people_of(SEQUENCES[name])]), return_counts=True)
    return dict(zip(people.tolist(), frames.tolist(), strict=True))


def test_the_folder_says_what_the_clip_is(sequence: TruthSequence):
    assert (sequence.length, sequence.size) == SIZES[sequence.name]
    assert sequence.fps == 30.0
    assert sorted(SEQUENCES) == sorted(SIZES)


def test_someone_is_labelled_from_the_first_frame_to_the_last(sequence: TruthSequence):
    counts = [len(here.ids) for here in people_of(sequence)]
    assert sequence.length is not None
    assert sequence.length - len(counts) <= 1  # the last frame of phong_dance is black
    assert min(counts) >= 2


def test_of_each_clip_the_cast_is_there_and_whoever_passes_by():
    stage = frames_by_person("miryala_dance_video")
    assert sorted(stage) == list(range(1, 11))
    assert min(stage[dancer] for dancer in range(1, 9)) > 10 * max(stage[9], stage[10])  # these two watch
    assert frames_by_person("fiyud_dance") == {1: 267, 2: 267, 3: 267}
    assert frames_by_person("phong_straykids_cover") == {1: 349, 2: 349, 3: 349}
    assert frames_by_person("phong_dance") == {1: 455, 2: 455, 3: 51}
    group = frames_by_person("gillhung_dance2")
    assert sorted(group) == [1, 2, 3, 4, 5]
    assert group[2] == 714  # the man in front is never away


def test_boxes_lie_inside_the_picture_and_are_tall_enough(sequence: TruthSequence):
    assert sequence.size is not None
    xyxy = np.concatenate([here.xyxy for here in people_of(sequence)])
    assert (xyxy >= 0).all()
    assert (xyxy[:, 2:] <= np.array(sequence.size) + 0.01).all()  # left and width are each rounded to hundredths
    assert (xyxy[:, 2] > xyxy[:, 0]).all()
    assert (xyxy[:, 3] - xyxy[:, 1] >= SMALLEST).all()


def test_the_truth_scores_full_marks_against_itself(sequence: TruthSequence):
    scores = evaluate(sequence.folder, sequence.truth)
    assert scores[POOLED].hota == pytest.approx(100.0)
    assert scores[POOLED].id_switches == 0


def test_only_text_is_kept():
    kept = [path for path in CLIPS.rglob("*") if path.is_file()]
    assert {path.suffix for path in kept} == {".txt", ".ini", ".md"}
