from pathlib import Path

import numpy as np
import pytest

from reid.data.crops import Crop, DataError
from reid.data.sampling import SamplingOptions, make_sampler


def dance(videos=2, people=3, frames=40, step=5):
    """Each video has its own people; every 5th frame is kept."""
    return [
        Crop(Path(f"{video}_{person}_{frame}.jpg"), 10 * video + person, -1, str(video), frame, frame / 30)
        for video in range(videos)
        for person in range(people)
        for frame in range(0, frames * step, step)
    ]


def tuples(crops, options, epochs=1, seed=0):
    """(anchor, positive, negative) crops of all batches."""
    sampler = make_sampler(crops, options, seed)
    for epoch in range(epochs):
        for draw in sampler(epoch):
            for place in np.flatnonzero(draw.negative >= 0):
                rows = draw.index[[place, draw.partner[place], draw.negative[place]]]
                yield tuple(crops[row] for row in rows)


@pytest.mark.parametrize(("gap", "unit"), [(50, "frames"), (2.0, "seconds")])
def test_the_temporal_gap_is_never_violated_in_ten_thousand_draws(gap, unit):
    options = SamplingOptions("sparse-temporal", tuples=24, gap=gap, gap_unit=unit)
    drawn = 0
    for anchor, positive, negative in tuples(dance(), options, epochs=45):
        assert positive.person == anchor.person != negative.person
        assert positive.video == anchor.video
        apart = {"frames": abs(positive.frame - anchor.frame), "seconds": abs(positive.time - anchor.time)}
        assert apart[unit] > gap
        drawn += 1
    assert drawn >= 10_000


def test_negatives_are_near_in_time_but_for_the_global_share():
    drawn = list(tuples(dance(videos=4), SamplingOptions("sparse-temporal", gap=50, global_share=0.3), epochs=12))
    local = [(anchor, negative) for anchor, _, negative in drawn if anchor.video == negative.video]
    assert len(local) / len(drawn) == pytest.approx(0.7, abs=0.03)
    assert max(abs(anchor.frame - negative.frame) for anchor, negative in local) <= 25


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_global_share_reaches_its_ends(share):
    options = SamplingOptions("sparse-temporal", gap=50, global_share=share)
    assert {a.video != n.video for a, _, n in tuples(dance(), options)} == {bool(share)}


def test_random_sampling_ignores_time():
    drawn = list(tuples(dance(), SamplingOptions("random"), epochs=10))
    assert all(a.person == p.person != n.person and a is not p for a, p, n in drawn)
    gaps = [abs(a.frame - p.frame) for a, p, _ in drawn]
    assert min(gaps) == 5
    assert np.mean([gap <= 50 for gap in gaps]) > 0.3


def test_where_a_video_is_too_short_another_one_of_the_person_serves():
    crops = [Crop(Path(f"{v}{p}{f}"), p, -1, v, f, f) for v in "ab" for p in range(3) for f in range(10)]
    options = SamplingOptions("sparse-temporal", tuples=4, gap=50)
    assert all(a.video != p.video for a, p, _ in tuples(crops, options))


def test_positives_are_of_every_camera_equally_often_however_long_the_anchors_own_is():
    """Each person has 60 crops of the anchor's camera and 5 of each of two others: a third comes from each."""
    crops = [
        Crop(Path(f"{person}_{camera}_{frame}"), person, camera, f"c{camera}", frame, frame / 25)
        for person in range(4)
        for camera, count in ((0, 60), (1, 5), (2, 5))
        for frame in range(0, 10 * count, 10)
    ]
    drawn = tuples(crops, SamplingOptions("sparse-temporal", tuples=8, gap=50), epochs=30)
    seen = [(anchor, positive) for anchor, positive, _ in drawn if anchor.camera == 0]
    cameras = np.bincount([positive.camera for _, positive in seen]) / len(seen)
    assert cameras.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3], abs=0.03)
    assert all(abs(a.frame - p.frame) > 50 for a, p in seen if p.camera == 0)


def test_one_video_that_two_cameras_recorded_counts_as_two():
    """A person's two crops at the same time are a pair where they are of different cameras (CUHK03)."""
    crops = [Crop(Path(f"{p}{c}{f}"), p, c, "pair1", f, f) for p in range(3) for c in (1, 2) for f in range(3)]
    drawn = list(tuples(crops, SamplingOptions("sparse-temporal", tuples=6, gap=50), epochs=5))
    assert drawn
    assert all(a.camera != p.camera for a, p, _ in drawn)


def test_where_no_crop_is_far_enough_the_gap_is_halved_until_one_is():
    """Frames 0, 10, ... 60 of one video, gap 200: 200, 100, 50, 25.

    From frame 0, 60 is the only one more than 50 away; from frame 30 the farthest is 30 away, so 0 and 60 are left.
    """
    crops = [Crop(Path(f"{p}{f}"), p, -1, "v", f, f) for p in range(2) for f in range(0, 70, 10)]
    drawn = list(tuples(crops, SamplingOptions("sparse-temporal", tuples=7, gap=200), epochs=40))
    assert {positive.frame for anchor, positive, _ in drawn if anchor.frame == 0} == {60}
    assert {positive.frame for anchor, positive, _ in drawn if anchor.frame == 30} == {0, 60}
    assert len(drawn) == 40 * 14


def test_crops_of_one_moment_are_still_pairs_where_a_person_has_no_others():
    crops = [Crop(Path(f"{p}{copy}"), p, -1, "v", 0, 0.0) for p in range(2) for copy in range(2)]
    drawn = list(tuples(crops, SamplingOptions("sparse-temporal", tuples=4)))
    assert len(drawn) == 4
    assert all(a.person == p.person and a is not p for a, p, _ in drawn)


def test_people_with_a_single_crop_are_never_anchors():
    crops = [*dance(1, 2, 6), Crop(Path("x"), 99, -1, "0", 0, 0.0)]
    drawn = list(tuples(crops, SamplingOptions("sparse-temporal", tuples=4, gap=5), epochs=5))
    assert {anchor.person for anchor, _, _ in drawn} == {0, 1}
    assert 99 in {negative.person for _, _, negative in drawn}


@pytest.mark.parametrize("near", [1, 4])
def test_near_negatives_are_the_nearest_though_one_person_fills_the_time_around_the_anchor(near):
    """Person 0 has every frame; the others' crops are at frames 0, 50 and 97 of 100."""
    frames = {0: range(100), 1: (0, 50), 2: (0, 97)}
    crops = [Crop(Path(f"{p}{f}"), p, -1, "v", f, f) for p, own in frames.items() for f in own]
    options = SamplingOptions("sparse-temporal", tuples=4, gap=3, global_share=0.0, near=near)
    drawn = [(a.frame, n.frame) for a, _, n in tuples(crops, options, epochs=20) if a.person == 0]
    others = [0, 0, 50, 97]
    for anchor, negative in drawn:
        nearest = sorted(abs(frame - anchor) for frame in others)[:near]
        assert abs(negative - anchor) in nearest


def test_crops_that_make_no_batch_are_one_clear_sentence():
    single = [Crop(Path(f"{person}"), person, -1, "v", 0, 0.0) for person in range(10, 40)]
    with pytest.raises(DataError, match=r"Too few crops \(6\) are of people with a second one for the 24 tuples"):
        make_sampler([*single, *dance(1, 2, 3)[3:], *dance(1, 1, 3)], SamplingOptions("sparse-temporal"), 0)
    with pytest.raises(DataError, match="one person"):
        make_sampler(dance(1, 1), SamplingOptions("random"), 0)
    with pytest.raises(DataError, match="6 people"):
        make_sampler(dance(), SamplingOptions("people", people=7), 0)
    with pytest.raises(DataError, match="people-per-video 5 does not fit a batch of 4 people"):
        make_sampler(dance(), SamplingOptions("sparse-people", people=4, people_per_video=5), 0)


def test_people_batches_hold_p_people_with_k_crops_each_and_use_every_crop_once():
    crops = dance(frames=12)
    sampler = make_sampler(crops, SamplingOptions("people", people=3, crops=4), 0)
    draws = sampler(0)
    for draw in draws:
        person = np.array([crops[row].person for row in draw.index])
        assert np.unique(person, return_counts=True)[1].tolist() == [4, 4, 4]
        assert (person[draw.partner] == person).all()
        assert (draw.partner != np.arange(12)).all()
    used = np.concatenate([draw.index for draw in draws])
    assert len(np.unique(used)) == len(used)
    assert len(used) >= 0.8 * len(crops)


def test_a_person_with_few_crops_fills_a_group_with_repeats():
    crops = [*dance(1, 2, 6), Crop(Path("x"), 99, -1, "x", 0, 0.0)]
    draws = make_sampler(crops, SamplingOptions("people", people=3, crops=4), 0)(0)
    assert len(draws) == 1
    assert (draws[0].index == len(crops) - 1).sum() == 4


@pytest.mark.parametrize("kind", ["people", "random", "sparse-temporal", "sparse-people"])
def test_epochs_differ_and_can_be_drawn_again(kind):
    options = SamplingOptions(kind, tuples=8, people=3, crops=4, gap=20)
    first, again = make_sampler(dance(), options, 3), make_sampler(dance(), options, 3)

    def rows(sampler, epoch):
        return np.concatenate([draw.index for draw in sampler(epoch)]).tolist()

    assert rows(first, 0) != rows(first, 1)
    assert rows(again, 1) == rows(first, 1)
    assert rows(make_sampler(dance(), options, 4), 1) != rows(first, 1)


def test_people_with_many_crops_are_spread_over_the_epoch():
    """Two of ten people have most of the crops; a late batch still shows as many others as an early one."""
    crops = [
        Crop(Path(f"{person}_{frame}"), person, -1, "v", frame, 0.0)
        for person in range(10)
        for frame in range(160 if person < 2 else 40)
    ]
    draws = make_sampler(crops, SamplingOptions("people", people=3, crops=4), 0)(0)
    rare = [np.mean([crops[row].person >= 2 for row in draw.index]) for draw in draws]
    half = len(rare) // 2
    assert np.mean(rare[half:]) > 0.7 * np.mean(rare[:half])


def test_people_of_one_video_stand_together_when_they_are_to_be_separated_in_one_light():
    """Eight videos with three people each: by chance six people come from many, in threes from two."""
    crops = dance(videos=8, people=3, frames=12)
    draws = make_sampler(crops, SamplingOptions("people", people=6, crops=4, people_per_video=3), 0)(0)
    videos = [[crops[row].video for row in draw.index[::4]] for draw in draws]
    assert all(len(draw.index) == 24 and len({crops[row].person for row in draw.index}) == 6 for draw in draws)
    assert all(len(set(shown)) == 2 for shown in videos[: len(videos) // 2])
    apart = make_sampler(crops, SamplingOptions("people", people=6, crops=4), 0)(0)
    assert np.mean([len({crops[row].video for row in draw.index}) for draw in apart]) > 3


def test_a_crop_comes_twice_in_a_group_only_where_its_person_has_too_few():
    """Of ten crops the third group of four has two that were in no other, and two more; of three one comes twice."""
    many = [Crop(Path(f"{p}_{f}"), p, -1, "v", f, f / 30) for p in range(4) for f in range(10)]
    few = [crop for crop in many if crop.frame < 3]
    for crops, least in ((many, 4), (few, 3)):
        sampler = make_sampler(crops, SamplingOptions("people", people=2, crops=4), 0)
        draws = [draw for epoch in range(20) for draw in sampler(epoch)]
        assert {len(set(group)) for draw in draws for group in draw.index.reshape(2, 4).tolist()} == {least}
