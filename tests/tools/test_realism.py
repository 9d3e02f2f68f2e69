"""What makes a rendered scene harder: each option does what it says, and the same each time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tools.renderer import Scene, StageOptions
from tools.renderer.choreography import Hold, Route, Station
from tools.renderer.costume import Costume, costumes
from tools.renderer.footage import Footage
from tools.renderer.light_show import LightShow
from tools.renderer.motion_blur import blurred
from tools.renderer.options import Realism
from tools.renderer.raster import Sprite
from tools.renderer.restaging import restaged
from tools.renderer.wardrobe import dress, uniformed, various
from tracker.types import InputError

EVERYTHING = Realism(
    alike=0.5, variety=True, turns=0.5, floor_work=0.3, changing_light=1.0, shutter=0.03, camera_faults=1.0
)
SMALL = StageOptions(dancers=3, seconds=1.0, fps=2.0, width=320, height=180, seed=4)
PLAIN = Realism()


def bytes_of(options: StageOptions) -> list[bytes]:
    return [frame.frame.image.tobytes() + frame.truth.xyxy.tobytes() for frame in Scene(options).frames()]


def test_a_scene_with_everything_on_is_the_same_each_time_and_another_for_another_seed():
    options = replace(SMALL, realism=EVERYTHING, cuts=1)
    assert bytes_of(options) == bytes_of(options)
    assert bytes_of(options) != bytes_of(replace(options, seed=5))


@pytest.mark.parametrize("name", ["changing_light", "shutter", "camera_faults"])
def test_what_changes_the_picture_alone_leaves_the_truth_as_it_was(name):
    usual = list(Scene(SMALL).frames())
    changed = list(Scene(replace(SMALL, realism=replace(PLAIN, **{name: 0.05}))).frames())
    for before, after in zip(usual, changed, strict=True):
        assert np.array_equal(before.truth.xyxy, after.truth.xyxy)
        assert not np.array_equal(before.frame.image, after.frame.image)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"alike": 1.5}, "alike must be 0 to 1, not 1.5"),
        ({"floor_work": -0.1}, "floor work must be 0 to 1"),
        ({"shutter": 1.0}, "shutter must be 0 to 0.1 seconds"),
    ],
)
def test_a_degree_out_of_its_range_is_refused_in_a_sentence(change, sentence):
    with pytest.raises(InputError, match=sentence):
        replace(PLAIN, **change)


def distance(first: Costume, second: Costume) -> float:
    """Mean difference of the colours of tops and bottoms, 0 to 255; other garments or patterns count 100 each."""
    pairs = [(first.top_cloth, second.top_cloth), (first.bottom_cloth, second.bottom_cloth)]
    colours = np.mean([np.abs(np.subtract(one.colour, other.colour)).mean() for one, other in pairs])
    kinds = (first.top != second.top) + (first.bottom != second.bottom)
    kinds += sum(one.pattern != other.pattern for one, other in pairs)
    return float(colours + 100 * kinds)


def test_the_more_alike_the_less_clothes_tell_people_apart():
    own = costumes(8, 0, np.random.default_rng(6))
    means = []
    for likeness in (0.01, 0.5, 1.0):
        dressed = uniformed(own, likeness, np.random.default_rng(1))
        means.append(np.mean([distance(dressed[0], other) for other in dressed[1:]]))
    assert means[0] > means[1] > means[2]
    # a dye differs by 4% and 2% for each of two people: 245 * sqrt(2 * (0.04^2 + 0.02^2)) = 15 is one deviation
    assert means[0] > 100 > 15 > means[2] > 0


def test_people_in_a_uniform_keep_their_own_skin_hair_and_build():
    own = costumes(8, 0, np.random.default_rng(6))
    dressed = uniformed(own, 1.0, np.random.default_rng(1))
    for before, after in zip(own, dressed, strict=True):
        assert (after.skin, after.hair, after.hair_style, after.build) == (
            before.skin,
            before.hair,
            before.hair_style,
            before.build,
        )
    assert len({costume.shoes for costume in dressed}) > 1


def test_a_wider_wardrobe_has_no_two_alike_and_things_to_carry():
    people = [various(np.random.default_rng([2, row])) for row in range(100)]
    assert len({person.skin for person in people}) == 100
    assert len({person.top_cloth for person in people}) == 100
    # chances of 0.3, 0.35, 0.12, 0.08 and 0.12 make (1 - 0.7 * 0.65 * 0.88 * 0.92 * 0.88) = 0.68 with something
    assert 50 <= sum(bool(person.worn) for person in people) <= 85
    assert {"backpack", "coat", "handbag"} <= {name for person in people for name in person.worn}


def test_twins_stay_twins_in_a_wider_wardrobe():
    options = replace(SMALL, dancers=3, twins=2, realism=Realism(variety=True))
    first, second, other = dress(costumes(3, 2, np.random.default_rng(0)), options)
    assert first.top_cloth == second.top_cloth != other.top_cloth
    assert first.hair != second.hair


def test_with_turns_dancers_face_any_way_and_with_floor_work_they_go_down():
    stations = tuple(Station(time, time + 1.0, 0.0, 0.0, 0.0) for time in range(100))
    holds = tuple(Hold(time, time + 3.0, "hide" if time == 0 else "dance") for time in range(100))
    routes = [Route(stations, holds)]
    assert restaged(routes, PLAIN, np.random.default_rng(0)) is routes
    turned = restaged(routes, Realism(turns=1.0), np.random.default_rng(0))[0]
    backs = np.mean([abs(station.yaw) > 90 for station in turned.stations])
    assert backs == pytest.approx(0.5, abs=0.15)  # of 100, three standard deviations
    spins = np.mean([hold.kind == "spin" for hold in turned.holds])
    assert spins == pytest.approx(0.4, abs=0.15)
    low = restaged(routes, Realism(floor_work=1.0), np.random.default_rng(0))[0]
    assert [hold.kind for hold in low.holds] == ["hide", *["ground"] * 99]


def test_light_changes_over_time_and_less_by_day():
    options = replace(SMALL, seconds=60.0, realism=Realism(changing_light=1.0))
    steady = LightShow(replace(options, realism=PLAIN), street=False)
    assert steady.at(3.0, 0.0, 0.0).tolist() == [1.0, 1.0, 1.0]
    spans = []
    for street in (False, True):
        show = LightShow(options, street)
        light = np.array([show.everywhere(time) for time in np.arange(0, 60, 0.5)])
        assert light.min() > 0.05
        assert light.max() < 1.8
        spans.append(np.ptp(light.mean(axis=1)))
    assert spans[0] > 0.3 > spans[1] > 0


def bar() -> Sprite:
    """A white bar of 4 by 20 pixels in a sprite of 12 by 20."""
    alpha = np.zeros((20, 12), np.uint8)
    alpha[:, 4:8] = 255
    depth = np.where(alpha > 0, 5.0, np.inf).astype(np.float32)
    return Sprite(100, 50, np.repeat(alpha[..., None], 3, axis=2), alpha, depth, np.array([104, 50, 108, 70.0]))


def test_what_moves_is_smeared_along_its_way_and_what_stands_stays_sharp():
    still = bar()
    assert blurred(still, np.full((20, 12, 2), 0.3, np.float32)) is still
    moving = blurred(still, np.tile(np.array([12.0, 0.0], np.float32), (20, 12, 1)))
    row = moving.alpha[len(moving.alpha) // 2].astype(float)
    # 4 pixels over a way of 12 are seen over 16 pixels, a third as dense in the middle, and no less in all
    assert 13 <= (row > 8).sum() <= 18
    assert row.max() == pytest.approx(255 / 3, rel=0.25)
    assert row.sum() == pytest.approx(4 * 255, rel=0.1)
    middle = (row * np.arange(len(row))).sum() / row.sum() + moving.left + 0.5
    assert middle == pytest.approx(106, abs=0.5)
    assert moving.xyxy.tolist() == still.xyxy.tolist()


def test_each_camera_has_its_own_faults_and_noise_differs_from_frame_to_frame():
    options = replace(SMALL, seconds=2.0, cuts=1, realism=Realism(camera_faults=1.0))  # 4 frames, 2 a shot
    grey = np.full((180, 320, 3), 120, np.uint8)
    footage = Footage(options)
    pictures = [footage.filmed(grey, index).astype(float) for index in range(4)]
    means = [picture.mean(axis=(0, 1)) for picture in pictures]
    assert np.allclose(means[0], means[1], atol=1)
    assert np.allclose(means[2], means[3], atol=1)
    assert np.abs(means[0] - means[2]).max() > 3
    assert not np.array_equal(pictures[0], pictures[1])
    assert 0.2 < pictures[0].std(axis=(0, 1)).mean() < 8
    assert Footage(replace(options, realism=PLAIN)).filmed(grey, 0) is grey
