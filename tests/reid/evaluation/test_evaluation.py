"""A whole split scored with an encoder of one's own: a crop's grey says which way its vector points."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.data.crops import Crop, DataError, Split
from reid.evaluation.evaluation import evaluate_split
from reid.evaluation.reranking import RerankingOptions


def drawn(folder: Path, person: int, frame: int, grey: int) -> Crop:
    path = folder / f"{person}_{frame}.png"
    cv2.imwrite(str(path), np.full((8, 4, 3), grey, np.uint8))
    return Crop(path, person, -1, "v", frame, frame / 25)


class Greys:
    """Encodes a crop by its grey, in degrees; counts the crops."""

    def __init__(self) -> None:
        self.encoded = 0

    def __call__(self, images: list[np.ndarray]) -> np.ndarray:
        self.encoded += len(images)
        angles = np.radians([image[0, 0, :1] for image in images])
        return np.hstack([np.cos(angles), np.sin(angles)]).astype(np.float32)


@pytest.fixture
def dance(tmp_path: Path) -> Split:
    """Two people in frames 0 and 1, of whom one is alone in frame 31; query and gallery are the same crops."""
    crops = [drawn(tmp_path, *crop) for crop in [(1, 0, 10), (2, 0, 80), (1, 1, 12), (2, 1, 78), (1, 31, 90)]]
    return Split([], crops, crops)


def test_a_crop_that_is_query_and_gallery_is_encoded_once_and_asked_once(dance):
    greys = Greys()
    found = evaluate_split(dance, greys, ("market1501",))
    assert greys.encoded == 5
    assert found.scores["market1501"].queries == 5
    assert found.reassociation[1].questions == 2


def test_a_later_frame_with_one_person_in_it_asks_nothing(dance):
    assert evaluate_split(dance, Greys(), ("market1501",)).reassociation[30].questions == 0


def test_a_picture_that_cannot_be_read_counts_once(dance):
    dance.query[0].path.write_bytes(b"no picture")
    found = evaluate_split(dance, Greys(), ("market1501",))
    assert found.skipped == 1
    assert found.scores["market1501"].queries == 4


def test_a_clean_protocol_without_anybody_new_is_one_sentence(dance):
    """As where the people of the test are trained on, too; or where all who are searched are."""
    everybody = Split(dance.query, dance.query, dance.gallery)
    with pytest.raises(
        DataError,
        match=r"dancereid-clean, which leaves out people to train on \(2\), queries \(0\) or crops to search \(0\)",
    ):
        evaluate_split(everybody, Greys(), ("dancereid-clean",), RerankingOptions())
    one_is_new = Split(dance.query[:1], dance.query, dance.gallery[:1])
    with pytest.raises(DataError, match=r"queries \(2\) or crops to search \(0\) are none"):
        evaluate_split(one_is_new, Greys(), ("dancereid-clean",))


def test_data_without_query_and_gallery_is_a_sentence_that_says_what_to_do(dance):
    """As `dataset review --export` writes it, where nobody is kept aside."""
    with pytest.raises(
        DataError, match=r"queries \(0\) nor crops to search \(0\) .* --whole, or .* --validation training"
    ):
        evaluate_split(Split(dance.query, [], []), Greys(), ("market1501",))


def test_where_no_query_has_a_match_there_is_no_score_of_0_but_a_sentence(dance):
    """Each is seen by one camera, and pictures of another are asked for."""
    crops = [replace(each, camera=1) for each in dance.query]
    with pytest.raises(DataError, match="Under market1501 no query of 5 has a match that counts"):
        evaluate_split(Split([], crops, crops), Greys(), ("market1501",))
