from pathlib import Path

import cv2
import numpy as np

from reid.data.crops import Crop
from reid.data.views import by_turns, views_of


def crop(root: Path, video: str, person: int, time: float) -> Crop:
    path = root / f"{video}-{person}-{time}.png"
    cv2.imwrite(str(path), np.full((8, 4, 3), person, np.uint8))
    return Crop(path, person, -1, video, round(time * 25), time)


def test_every_video_gives_its_first_person_before_any_gives_its_second(tmp_path: Path):
    crops = [crop(tmp_path, video, person, 0.0) for video, person in (("a", 1), ("a", 2), ("a", 3), ("b", 4), ("b", 5))]
    assert [own[0].person for own in by_turns(crops)] == [1, 4, 2, 5, 3]


def test_views_hold_whole_people_up_to_the_limit_and_no_picture_that_cannot_be_read(tmp_path: Path):
    """Three people of two crops each, a limit of five: the third would be a sixth crop."""
    crops = [crop(tmp_path, "a", person, time) for person in (7, 8, 9) for time in (0.0, 2.0)]
    views = views_of(crops, limit=5)
    assert views.person.tolist() == [0, 0, 1, 1]
    assert [int(image[0, 0, 0]) for image in views.crops] == [7, 7, 8, 8]
    assert views.time.tolist() == [0.0, 2.0, 0.0, 2.0]
    crops[0].path.unlink()
    assert views_of(crops, limit=5).time.tolist() == [2.0, 0.0, 2.0]
    assert len(views_of([]).crops) == 0
