"""When a camera cut is one, on drawn scenes: what lights, pans and dancers do is none."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import pytest

from tracker.camera_cuts import CameraCuts, with_cuts
from tracker.types import Frame, Recovery

FPS = 25


def place(seed: int, height: int = 360, width: int = 960) -> np.ndarray:
    """A wide view of a place of its own, (height, width, 3): blurred blots, and a floor."""
    blots = np.random.default_rng(seed).uniform(0, 255, (height // 30, width // 30, 3)).astype(np.float32)
    image = cv2.resize(blots, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 255)
    image[2 * height // 3 :] *= 0.5
    return image.astype(np.uint8)


def view(seed: int, left: int = 0) -> np.ndarray:
    """What a camera sees of the place, (360, 640, 3)."""
    return np.ascontiguousarray(place(seed)[:, left : left + 640])


def lit(image: np.ndarray, gain: float, offset: float = 0.0) -> np.ndarray:
    return (image * gain + offset).clip(0, 255).astype(np.uint8)


def cuts(pictures: Iterable[np.ndarray], fps: float = FPS) -> list[int]:
    """The numbers of the frames in which a cut is found."""
    finder = CameraCuts()
    return [index for index, image in enumerate(pictures) if finder.is_cut(Frame(index, index / fps, image))]


def test_a_cut_and_the_cut_back_are_found_in_the_frame_in_which_they_happen():
    assert cuts([view(1)] * 30 + [view(2)] * 30 + [view(1)] * 30) == [30, 60]


def test_the_first_picture_is_no_cut_and_a_sequence_without_pictures_has_none():
    assert cuts([view(1)]) == []
    assert not CameraCuts().is_cut(Frame(0, 0.0, None))


def test_lights_that_dim_flash_change_colour_or_strobe_are_no_cut():
    stage = view(1)
    dimmed = [lit(stage, 1 - 0.9 * step / 20) for step in range(20)]
    red = lit(stage, 0.3) + np.array([0, 0, 120], np.uint8)
    spot = lit(stage, 0.6)
    cv2.circle(spot, (200, 250), 90, (250, 250, 250), -1)
    white, black = np.full_like(stage, 255), np.zeros_like(stage)
    strobe = [white if step % 2 else lit(stage, 0.2) for step in range(30)]
    for lights in (dimmed, [red] * 10, [spot] * 10, [white] * 2, [black] * 20, strobe):
        assert cuts([stage] * 30 + lights + [stage] * 30) == []


def test_a_cut_through_black_is_found_when_the_new_picture_comes():
    assert cuts([view(1)] * 30 + [np.zeros_like(view(1))] * 15 + [view(2)] * 30) == [45]


def test_a_fast_pan_is_no_cut():
    """40 of 640 pixels a frame: half the place goes by in a third of a second."""
    assert cuts([view(1)] * 30 + [view(1, left) for left in range(0, 320, 40)] + [view(1, 320)] * 30) == []


def test_another_picture_for_a_moment_is_two_cuts():
    """Nothing is known of the future; and a person mistaken in between must not live on."""
    assert cuts([view(1)] * 30 + [view(2)] * 3 + [view(1)] * 30) == [30, 33]


def test_dancers_who_fill_half_the_picture_are_no_cut():
    def dance(step: int) -> np.ndarray:
        image, x = view(1), round(320 + 200 * np.sin(step / 3))
        cv2.rectangle(image, (x - 90, 40), (x + 90, 350), (30, 30, 200), -1)
        return image

    assert cuts(dance(step) for step in range(100)) == []


def test_a_person_who_appears_on_a_black_stage_is_no_cut():
    black = np.zeros((360, 640, 3), np.uint8)
    one, other = (cv2.rectangle(black.copy(), (x, 150), (x + 60, 330), (200, 200, 200), -1) for x in (100, 450))
    assert cuts([one] * 20 + [one + other] * 20 + [other] * 20 + [black] * 5 + [one] * 10) == []


def test_cuts_are_found_at_any_size_and_at_ten_frames_a_second():
    small = [cv2.resize(view(seed), (96, 64)) for seed in (1, 2)]
    assert cuts([small[0]] * 10 + [small[1]] * 10, fps=10) == [10]
    large = [cv2.resize(view(seed), (1080, 1920)) for seed in (1, 2)]
    assert cuts([large[0]] * 10 + [large[1]] * 10, fps=10) == [10]


@pytest.mark.parametrize(
    ("away", "explained"),
    [
        (0.04, True),  # in sight until the cut at 5 s, and from it on
        (4.0, True),  # gone since 1 s, shown again by the new camera
        (0.0, False),  # put right at 5.1 s, after the cut: the person had been in sight
    ],
)
def test_a_person_whom_the_new_camera_shows_was_not_away(away: float, explained: bool):
    (marked,) = with_cuts([Recovery(50, 5.1 if away == 0 else 5.0, 1, away)], [5.0])
    assert marked.across_cut == explained


def test_the_shot_without_a_person_is_no_absence_but_a_way_off_the_stage_is():
    hidden = Recovery(90, 9.0, 1, away=4.04)  # in sight up to the cut at 5 s, back with the cut at 9 s
    left = Recovery(90, 8.0, 1, away=6.0)  # gone from 2 s to 8 s, whatever the cameras did in between
    assert [event.across_cut for event in with_cuts([hidden, left], [5.0, 9.0])] == [True, False]
