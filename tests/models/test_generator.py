from dataclasses import replace
from urllib.error import URLError

import pytest
import torch
import torchvision
from torch import nn

from models.discriminators import (
    DiscriminatorOptions,
    IdentityDiscriminator,
    ImageDiscriminator,
    PoseDiscriminator,
    VerificationHead,
)
from models.encoder import IMAGENET_MEAN, IMAGENET_STD, ContextEncoder, EncoderOptions
from models.errors import WeightsError
from models.generator import Generator, GeneratorOptions, PoseEncoder
from models.posed_generator import make_generator

SMALL = GeneratorOptions(channels=4, pose_dimension=128)
TRUNK = EncoderOptions("resnet18", 64, 32, pooling="gem")


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
    torch.manual_seed(0)  # of four channels a single one is left at the end, which some weights silence
    generator = make_generator(10, height, width, replace(SMALL, channels=8, map_conditioned=True), joints=17).eval()
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


@pytest.mark.parametrize(
    ("made", "complaint"),
    [
        (lambda: GeneratorOptions(channels=0), "channels of a generator must be at least 1, not 0"),
        (lambda: GeneratorOptions(noise_dimension=-1), "noise_dimension of a generator must be at least 0, not -1"),
        (lambda: GeneratorOptions(dropout=1.0), r"dropout of a generator must be at least 0 and below 1, not 1\.0"),
        (lambda: DiscriminatorOptions(channels=0), "channels of a discriminator must be at least 1, not 0"),
        (lambda: EncoderOptions(instance_norm=-1), "'resnet50' with -1 stages of instance norm is no trunk"),
    ],
)
def test_numbers_no_network_can_be_made_with_are_one_sentence(made, complaint):
    with pytest.raises(WeightsError, match=complaint):
        made()


def test_judges_answer_with_scores_of_their_shapes():
    pictures, maps = torch.rand(4, 3, 64, 32), torch.rand(4, 17, 64, 32)
    assert ImageDiscriminator()(pictures).shape == (4, 1)
    light = ImageDiscriminator(DiscriminatorOptions("patchgan", channels=4))
    assert light(pictures).shape == PoseDiscriminator(17, DiscriminatorOptions(channels=4))(maps, pictures).shape
    patches = PoseDiscriminator(17)(maps, pictures)
    assert patches.shape[:2] == (4, 1)
    assert min(patches.shape[2:]) > 1  # 64 x 32, halved thrice, 8 x 4; two convolutions of 4 x 4 take one each, 6 x 2
    assert IdentityDiscriminator(TRUNK)(pictures, pictures.flip(0)).shape == (4,)
    assert VerificationHead(8)(torch.rand(4, 8), torch.rand(4, 8)).shape == (4,)


@pytest.mark.parametrize(
    ("layers", "view"),
    # Backwards from a logit, a convolution of 4 cells and stride s makes r cells 4 + s (r - 1). Strides 2 2 2 1 1:
    # 4, 7, 16, 34, 70. Strides 2 2 1 1: 4, 7, 16, 34. Strides 2 1 1: 4, 7, 16.
    [(3, 70), (2, 34), (1, 16)],
)
def test_a_pose_discriminators_logit_sees_a_patch_of_so_many_pixels(layers, view):
    judge = PoseDiscriminator(17, DiscriminatorOptions(channels=4, layers=layers)).eval()
    for module in judge.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.forward = lambda maps: maps  # statistics see the whole picture
    maps = torch.rand(1, 17, 128, 128, requires_grad=True)
    logits = judge(maps, torch.rand(1, 3, 128, 128))
    row, column = (side // 2 for side in logits.shape[2:])
    logits[0, 0, row, column].backward()
    seen = maps.grad.abs().sum(1)[0]
    assert (seen.sum(0) > 0).sum() == (seen.sum(1) > 0).sum() == view


def test_a_discriminator_starts_from_imagenet_weights_and_keeps_their_statistics(tmp_path):
    torch.manual_seed(0)
    imagenet = torchvision.models.resnet18()
    imagenet(torch.rand(4, 3, 64, 32))  # statistics of its own
    torch.save(imagenet.state_dict(), tmp_path / "resnet18.pt")
    judge = ImageDiscriminator(DiscriminatorOptions(start=str(tmp_path / "resnet18.pt"))).train()
    pictures = torch.rand(4, 3, 64, 32)
    logits = judge(pictures)
    assert logits.shape == (4, 1)
    assert torch.allclose(judge(pictures[:1]), logits[:1], atol=1e-5)  # no picture depends on its batch

    imagenet.eval().fc = judge.network[1].network.fc
    mean, std = torch.tensor(IMAGENET_MEAN).view(3, 1, 1), torch.tensor(IMAGENET_STD).view(3, 1, 1)
    assert torch.allclose(logits, imagenet((pictures - mean) / std), atol=1e-4)

    logits.sum().backward()
    assert all(parameter.grad is not None for parameter in judge.parameters())


def test_a_discriminator_without_its_imagenet_weights_is_one_sentence_that_says_what_to_choose(tmp_path, monkeypatch):
    def offline(self, **kwargs):
        raise URLError("no route to host")

    monkeypatch.setattr(torchvision.models.ResNet18_Weights, "get_state_dict", offline)
    with pytest.raises(
        WeightsError, match=r"resnet18 could not be.*discriminator\.start FILE.*discriminator\.start none"
    ):
        ImageDiscriminator(DiscriminatorOptions(start="download"))
    torch.save(torchvision.models.mobilenet_v2().state_dict(), tmp_path / "other.pt")
    with pytest.raises(
        WeightsError, match=r"other\.pt does not hold torchvision's weights of resnet18; give --objective"
    ):
        ImageDiscriminator(DiscriminatorOptions(start=str(tmp_path / "other.pt")))


def test_an_identity_discriminator_starts_as_the_encoder_and_head_it_is_given():
    torch.manual_seed(0)
    encoder, head = ContextEncoder(TRUNK), VerificationHead(512)
    first, second = torch.rand(4, 3, 64, 32), torch.rand(4, 3, 64, 32)
    encoder(first)
    judge = IdentityDiscriminator(TRUNK).train()
    assert not judge.started
    judge.start_from(encoder, head)
    assert judge.started
    encoder.eval()
    assert torch.allclose(judge(first, second), head(encoder(first), encoder(second)), atol=1e-5)


def test_the_papers_generator_starts_from_small_normal_numbers_and_drops_some_in_training():
    torch.manual_seed(0)
    generator = Generator(10, 64, 32, replace(SMALL, channels=16, dropout=0.2))
    weights = torch.cat([layer.weight.flatten() for layer in generator.modules() if isinstance(layer, nn.Conv2d)])
    assert weights.std().item() == pytest.approx(0.02, rel=0.02)
    assert generator.paint.bias.count_nonzero() == 0
    dropped = [layer.p for layer in generator.modules() if isinstance(layer, nn.Dropout)]
    assert dropped == [0.2] * 5


def test_judging_leaves_no_trace_in_a_judge():
    for judge, inputs in (
        (ImageDiscriminator(), (torch.rand(4, 3, 64, 32),)),
        (PoseDiscriminator(17), (torch.rand(4, 17, 64, 32), torch.rand(4, 3, 64, 32))),
        (IdentityDiscriminator(TRUNK), (torch.rand(4, 3, 64, 32), torch.rand(4, 3, 64, 32))),
    ):
        before = {name: tensor.clone() for name, tensor in judge.state_dict().items()}
        judge.train()(*inputs)
        assert all(torch.equal(before[name], tensor) for name, tensor in judge.state_dict().items())


def test_a_pair_of_one_picture_is_the_same_for_any_person():
    """The head sees differences only."""
    head = VerificationHead(8)
    assert torch.equal(head(torch.ones(3, 8), torch.ones(3, 8)), head(torch.zeros(3, 8), torch.zeros(3, 8)))
