import copy

import pytest
import torch
import torchvision
from torch import nn

from models.encoder import ContextEncoder, EncoderOptions
from models.errors import WeightsError
from models.instance_norm import HalfInstanceNorm
from models.pretrained import start_encoder


def seen(channels: int) -> nn.BatchNorm2d:
    """A batch normalisation that has weights and has seen pictures."""
    norm = nn.BatchNorm2d(channels)
    with torch.no_grad():
        for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
            tensor.copy_(torch.rand(channels) + 0.5)
    return norm


@pytest.mark.parametrize("training", [True, False])
def test_half_of_the_channels_are_normalised_per_picture_and_half_over_the_batch(training):
    torch.manual_seed(0)
    batch = seen(5).train(training)
    maps = torch.randn(3, 5, 4, 2) * 3 + 1
    norm = HalfInstanceNorm(copy.deepcopy(batch)).train(training)
    out, whole = norm(maps), batch(maps)
    own = nn.functional.instance_norm(maps, weight=batch.weight, bias=batch.bias)
    assert torch.allclose(out[:, :2], own[:, :2], atol=1e-5)
    assert torch.allclose(out[:, 2:], whole[:, 2:], atol=1e-5)
    assert torch.allclose(norm.running_mean[2:], batch.running_mean[2:], atol=1e-6)
    assert torch.allclose(norm.running_var[2:], batch.running_var[2:], atol=1e-5)


def test_gradients_are_those_of_the_two_normalisations():
    torch.manual_seed(0)
    batch, maps, weight = seen(4), torch.randn(3, 4, 4, 2), torch.randn(3, 4, 4, 2)
    first, second = maps.clone().requires_grad_(), maps.clone().requires_grad_()
    (HalfInstanceNorm(copy.deepcopy(batch))(first) * weight).sum().backward()
    own = nn.functional.instance_norm(second, weight=batch.weight, bias=batch.bias)
    (torch.cat([own[:, :2], batch(second)[:, 2:]], dim=1) * weight).sum().backward()
    assert torch.allclose(first.grad, second.grad, atol=1e-5)


def test_the_normalised_half_forgets_brightness_and_contrast():
    norm = HalfInstanceNorm(nn.BatchNorm2d(4)).eval()
    maps = torch.rand(1, 4, 8, 4)
    dull = 0.4 * maps + 7
    assert torch.allclose(norm(maps)[:, :2], norm(dull)[:, :2], atol=1e-2)
    assert not torch.allclose(norm(maps)[:, 2:], norm(dull)[:, 2:], atol=1)


@pytest.mark.parametrize(
    ("trunk", "stages", "where"),
    [
        ("resnet50", 1, [f"layer1.{block}.bn1" for block in range(3)]),
        ("resnet18", 2, ["layer1.0.bn1", "layer1.1.bn1", "layer2.0.bn1", "layer2.1.bn1"]),
        # the blocks of 1/2 of the picture's size, of 1/4 and of 1/8
        ("mobilenet_v2", 3, ["features.1.conv.2", *(f"features.{block}.conv.3" for block in range(2, 7))]),
    ],
)
def test_one_normalisation_of_each_early_block_is_changed(trunk, stages, where):
    encoder = ContextEncoder(EncoderOptions(trunk, 64, 32, instance_norm=stages))
    found = [name for name, module in encoder.trunk.named_modules() if isinstance(module, HalfInstanceNorm)]
    assert found == where


@pytest.mark.parametrize("trunk", ["resnet18", "mobilenet_v2"])
def test_it_starts_from_the_plain_trunks_weights_and_statistics(trunk, tmp_path):
    torch.manual_seed(0)
    plain = torchvision.models.get_model(trunk)
    plain(torch.rand(4, 3, 64, 32))  # statistics of its own
    torch.save(plain.state_dict(), tmp_path / "imagenet.pt")
    encoder = start_encoder(EncoderOptions(trunk, 64, 32, instance_norm=2), str(tmp_path / "imagenet.pt"))
    started = encoder.trunk.state_dict()
    expected = {name: tensor for name, tensor in plain.state_dict().items() if name in started}
    assert set(expected) == set(started)
    assert all(torch.equal(tensor, started[name]) for name, tensor in expected.items())


@pytest.mark.parametrize(
    ("trunk", "stages", "advice"),
    [
        ("shufflenet_v2_x0_5", 1, "not for shufflenet_v2_x0_5; choose one of them, or --encoder.instance-norm 0"),
        ("mobilenet_v2", 6, "has 5 stages, fewer than --encoder.instance-norm 6"),
        ("resnet18", 5, "has 4 stages"),
    ],
)
def test_a_trunk_without_such_stages_is_one_clear_sentence(trunk, stages, advice):
    with pytest.raises(WeightsError, match=advice):
        ContextEncoder(EncoderOptions(trunk, 64, 32, instance_norm=stages))
