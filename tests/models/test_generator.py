from dataclasses import replace

import pytest
import torch

from models.discriminators import (
    DiscriminatorOptions,
    IdentityDiscriminator,
    ImageDiscriminator,
    PoseDiscriminator,
    VerificationHead,
)
from models.errors import WeightsError
from models.generator import Generator, GeneratorOptions, PoseEncoder
from models.posed_generator import make_generator

SMALL = GeneratorOptions(channels=4, pose_dimension=128)


@pytest.mark.parametrize("joints", [15, 17])
@pytest.mark.parametrize(("height", "width"), [(64, 32), (96, 64)])
def test_a_feature_and_a_pose_become_a_picture(joints, height, width):
    pose = PoseEncoder(joints, height, width, SMALL)(torch.rand(2, joints, height, width))
    assert pose.shape == (2, 128)
    picture = Generator(10, height, width, SMALL)(torch.rand(2, 10), pose)
    assert picture.shape == (2, 3, height, width)
    assert picture.min() >= 0
    assert picture.max() <= 1


def test_noise_is_a_third_input():
    options = GeneratorOptions(channels=4, noise_dimension=6)
    generator = Generator(10, 64, 32, options).eval()
    context, pose = torch.rand(2, 10), torch.rand(2, 128)
    first, second = generator(context, pose, torch.randn(2, 6)), generator(context, pose, torch.randn(2, 6))
    assert not torch.equal(first, second)


@pytest.mark.parametrize(("height", "width"), [(64, 32), (96, 64)])
def test_a_generator_that_is_shown_the_pose_maps_heeds_them_and_the_person(height, width):
    generator = make_generator(10, height, width, replace(SMALL, map_conditioned=True), joints=17).eval()
    context, pose, maps = torch.rand(2, 10), torch.rand(2, 128), torch.rand(2, 17, height, width)
    no_noise = context[:, :0]
    made = generator(context, pose, no_noise, maps)
    assert made.shape == (2, 3, height, width)
    assert made.min() >= 0
    assert made.max() <= 1
    assert not torch.equal(made, generator(context, pose, no_noise, maps.flip(3)))
    assert not torch.equal(made, generator(context.flip(1), pose, no_noise, maps))


def test_the_papers_generator_is_shown_features_only():
    assert isinstance(make_generator(10, 64, 32, SMALL, joints=17), Generator)


@pytest.mark.parametrize("size", [(96, 48), (100, 64)])
def test_sizes_the_generator_cannot_make_are_one_clear_sentence(size):
    for build in (lambda: PoseEncoder(17, *size, SMALL), lambda: Generator(10, *size, SMALL)):
        with pytest.raises(WeightsError, match=f"multiples of 32, not {size[0]}x{size[1]}"):
            build()


def test_judges_answer_with_scores_of_their_shapes():
    pictures, maps = torch.rand(4, 3, 64, 32), torch.rand(4, 17, 64, 32)
    assert ImageDiscriminator()(pictures).shape == (4, 1)
    light = ImageDiscriminator(DiscriminatorOptions("patchgan", channels=4))
    assert light(pictures).shape == PoseDiscriminator(17, DiscriminatorOptions(channels=4))(maps, pictures).shape
    patches = PoseDiscriminator(17)(maps, pictures)
    assert patches.shape[:2] == (4, 1)
    assert min(patches.shape[2:]) > 1
    assert IdentityDiscriminator()(pictures, pictures.flip(0)).shape == (4,)
    assert VerificationHead(8)(torch.rand(4, 8), torch.rand(4, 8)).shape == (4,)


def test_judging_leaves_no_trace_in_a_judge():
    for judge, inputs in (
        (ImageDiscriminator(), (torch.rand(4, 3, 64, 32),)),
        (PoseDiscriminator(17), (torch.rand(4, 17, 64, 32), torch.rand(4, 3, 64, 32))),
        (IdentityDiscriminator(), (torch.rand(4, 3, 64, 32), torch.rand(4, 3, 64, 32))),
    ):
        before = {name: tensor.clone() for name, tensor in judge.state_dict().items()}
        judge.train()(*inputs)
        assert all(torch.equal(before[name], tensor) for name, tensor in judge.state_dict().items())


def test_a_pair_of_one_picture_is_the_same_for_any_person():
    """The head sees differences only."""
    head = VerificationHead(8)
    assert torch.equal(head(torch.ones(3, 8), torch.ones(3, 8)), head(torch.zeros(3, 8), torch.zeros(3, 8)))
