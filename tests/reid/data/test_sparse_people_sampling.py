from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from reid.data.crops import Crop
from reid.data.sampling import SamplingOptions, make_sampler


def dance(videos=2, people=3, frames=80, step=5):
    """Each video has its own people; every 5th frame is kept, 13 seconds of 30 frames."""
    return [
        Crop(Path(f"{video}_{person}_{frame}"), 10 * video + person, -1, str(video), frame, frame / 30)
        for video in range(videos)
        for person in range(people)
        for frame in range(0, frames * step, step)
    ]


def elsewhere_too(crops, video, frames):
    """The crops, and some more of the same people in another video of theirs."""
    known = {(crop.person, crop.video) for crop in crops}
    return crops + [
        Crop(Path(f"{person}{video}{frame}"), person, -1, f"{first}{video}", frame, frame / 30)
        for person, first in sorted(known)
        for frame in frames
    ]


def batches(crops, epochs=1, **options):
    """Each batch as a list of P lists of K crops, and its partners (P K,)."""
    sampler = make_sampler(crops, SamplingOptions("sparse-people", **{"people": 3, **options}), 0)
    for epoch in range(epochs):
        for draw in sampler(epoch):
            chosen = [crops[row] for row in draw.index]
            size = options.get("crops", 4)
            yield [chosen[start : start + size] for start in range(0, len(chosen), size)], draw.partner


def distances(group):
    """Frames between the crops of a person that are of one video, pair by pair."""
    return [abs(a.frame - b.frame) for a, b in combinations(group, 2) if a.video == b.video]


@pytest.mark.parametrize(("gap", "unit"), [(50, "frames"), (1.52, "seconds")])
def test_crops_of_a_person_are_never_nearer_than_the_gap_in_four_thousand_pairs(gap, unit):
    """395 frames hold four crops 50 or 45.6 frames apart."""
    pairs = 0
    for groups, partner in batches(dance(), epochs=20, gap=gap, gap_unit=unit, people_per_video=2):
        people = [group[0].person for group in groups]
        assert len(set(people)) == 3
        for group, person in zip(groups, people, strict=True):
            assert {crop.person for crop in group} == {person}
            assert min(distances(group)) > {"frames": 50, "seconds": 45.6}[unit]
            pairs += len(distances(group))
        assert (partner // 4).tolist() == [0] * 4 + [1] * 4 + [2] * 4
        assert all(partner != np.arange(12))
    assert pairs >= 4_000


def to_the_nearest(groups):
    """Frames from each crop of a person to the nearest one of every other person of the batch."""
    return [
        min(abs(crop.frame - beside.frame) for beside in other)
        for one, other in combinations(groups, 2)
        for crop in one
    ]


def test_the_people_of_a_video_are_shown_at_the_same_times():
    """With near=3 each crop is at most 5 frames from its time, or 15 where the gap pushed it on."""
    together = {"people_per_video": 3, "global_share": 0.0, "near": 3}
    scenes = [groups for groups, _ in batches(dance(), epochs=5, **together)]
    assert all(len({group[0].video for group in groups}) == 1 for groups in scenes)
    frames = np.concatenate([to_the_nearest(groups) for groups in scenes])
    assert frames.max() <= 30
    assert frames.mean() < 8
    singly = [groups for groups, _ in batches(dance(1), epochs=5, near=3)]
    assert np.mean([to_the_nearest(groups) for groups in singly]) > 20


def test_people_who_are_not_there_at_the_time_are_not_drawn_beside_those_who_are():
    """Three people dance from frame 0 to 195, three others of the same video from frame 1000 to 1195."""
    crops = [
        Crop(Path(f"{person}_{frame}"), person, -1, "v", start + frame, 0.0)
        for person, start in enumerate([0, 1000] * 3)
        for frame in range(0, 200, 5)
    ]
    for groups, _ in batches(crops, epochs=5, people_per_video=3, global_share=0.0, gap=30):
        assert len({group[0].frame >= 1000 for group in groups}) == 1


def test_where_a_person_is_seen_too_shortly_the_gap_shrinks_for_that_person_alone():
    """Person 99 has frames 0, 5, ... 75 only: four that are 50 apart do not fit; all of them are drawn, spread."""
    short = [Crop(Path(f"x{frame}"), 99, -1, "0", frame, frame / 30) for frame in range(0, 80, 5)]
    found = [group for groups, _ in batches(dance() + short, epochs=30, gap=50) for group in groups]
    briefly = [group for group in found if group[0].person == 99]
    assert min(min(distances(group)) for group in briefly) >= 10
    assert {crop.frame for group in briefly for crop in group} == set(range(0, 80, 5))
    assert min(min(distances(group)) for group in found if group[0].person != 99) > 50


def test_half_of_the_crops_are_of_other_videos_where_a_person_has_these():
    """Two videos of 395 frames each: two crops of each, more than the gap apart."""
    crops = elsewhere_too(dance(), "later", range(0, 400, 5))
    for groups, _ in batches(crops, epochs=5, people_per_video=2):
        for group in groups:
            assert sorted(np.unique([crop.video for crop in group], return_counts=True)[1]) == [2, 2]
            assert min(distances(group)) > 50


def test_a_short_second_video_is_shown_by_its_share_of_the_crops():
    """80 crops in one video, 20 in the other: about a fifth comes from there, or its crops would be shown more often.

    The short one is the batch's own in a fifth of the draws, and then half of K are of the long one; else a fifth of K
    are of it: 0.2 * 0.5 + 0.8 * 0.2 = 0.26.
    """
    crops = elsewhere_too(dance(), "later", range(0, 100, 5))
    drawn = [crop for groups, _ in batches(crops, epochs=20) for group in groups for crop in group]
    assert np.mean(["later" in crop.video for crop in drawn]) == pytest.approx(0.26, abs=0.03)


def test_a_share_of_the_people_is_drawn_singly():
    """Of ten people three are single: seven are left, three and three of a video and one. Of 40 videos: chance
    meetings are rare."""
    for groups, _ in batches(dance(40, 3, 40), people=10, people_per_video=3, global_share=0.3):
        videos = [group[0].video for group in groups]
        assert [len(set(videos[start:end])) for start, end in ((0, 3), (3, 6))] == [1, 1]
        break
    apart = [
        len({group[0].video for group in groups[7:]})
        for groups, _ in batches(dance(40, 3, 40), people=10, people_per_video=3, global_share=0.3)
    ]
    assert np.mean(apart[: len(apart) // 2]) > 2.5


def test_where_a_video_has_fewer_people_than_wanted_the_next_one_fills_the_batch():
    for groups, _ in batches(dance(4, 3), people=8, people_per_video=6, global_share=0.0):
        videos = [group[0].video for group in groups]
        assert len({group[0].person for group in groups}) == 8
        assert [len(set(videos[start : start + 3])) for start in (0, 3)] == [1, 1]
        break


@pytest.mark.parametrize("later", [[], range(0, 400, 5), [100, 105, 300]])
def test_every_crop_is_used_about_equally_often(later):
    """Over 16 epochs; of three crops the lone one is in every pair that is the gap apart, the others in every other."""
    crops = elsewhere_too(dance(), "later", later)
    used = dict.fromkeys((crop.path for crop in crops), 0)
    for groups, _ in batches(crops, epochs=16, people_per_video=2):
        for group in groups:
            for crop in group:
                used[crop.path] += 1
    counts = np.array(list(used.values())) / np.mean(list(used.values()))
    assert counts.min() > 0.4
    assert counts.max() < 2.2
    assert counts.std() < 0.25


def test_an_epoch_is_as_long_as_one_of_plain_people():
    crops = dance(4, 3)
    plain = make_sampler(crops, SamplingOptions("people", people=4), 0)(0)
    assert abs(len(list(batches(crops, people=4, people_per_video=3))) - len(plain)) <= 0.1 * len(plain)


def test_people_with_few_crops_fill_their_places_with_repeats():
    """One crop four times; two crops at one time both, and repeats of them."""
    few = [Crop(Path("a"), 98, -1, "x", 0, 0.0), *(Crop(Path(f"b{n}"), 99, -1, "x", 7, 0.2) for n in range(2))]
    groups = next(batches(dance(1, 1) + few, global_share=1.0))[0]
    paths = {group[0].person: [crop.path.name for crop in group] for group in groups}
    assert paths[98] == ["a"] * 4
    assert set(paths[99]) == {"b0", "b1"}
