import json
import re

import pytest
import torch

from reid.data.crops import DataError
from reid.training.depthwise import DepthwiseConvolution, speed_up_depthwise
from reid.training.training import RunOptions
from tools.benchmark.convolutions import ConvolutionsAlone
from tools.benchmark_train import BenchmarkTrainCommand
from tracker.types import InputError

RUNNING = RunOptions(device="cpu", workers=0)


def test_a_preset_is_timed_and_its_convolutions_alone(tmp_path, capsys):
    numbers = tmp_path / "numbers.json"
    small = {"encoder": "shufflenet_v2_x0_5", "height": 64, "tuples": 2, "precision": "float32"}
    BenchmarkTrainCommand(
        "triplet-softmax", **small, running=RUNNING, warmup_steps=1, steps=2, profile=True, json=numbers
    ).run()
    printed, bars = capsys.readouterr()
    assert re.search(r"warm-up .* 1/1 .*\ntimed .* 2/2 ", bars)
    assert "pictures a second" in printed
    assert "aten::convolution_backward" in printed
    found = json.loads(numbers.read_text())
    assert found["crops_a_step"] == 6
    assert found["images_a_second"] == pytest.approx(6 / found["seconds_a_step"])
    assert found["convolutions_share"] > 0  # on a busy machine the timing of so small a net can tell more than the step
    assert found["loader_share"] > 0
    assert found["dtype"] == "float32"


def test_every_use_of_a_convolution_is_noted_with_the_gradients_it_had():
    """The first layer's picture wants none, a frozen layer's weights want none; a layer used twice counts twice."""
    first, second = torch.nn.Conv2d(3, 4, 3), torch.nn.Conv2d(4, 4, 3, stride=2)
    second.requires_grad_(False)
    networks = torch.nn.ModuleList([first, second])
    with ConvolutionsAlone(networks, torch.float32) as alone:
        second(first(torch.rand(2, 3, 16, 8)))
        with torch.no_grad():
            second(torch.rand(1, 4, 8, 8))
    first(torch.rand(2, 3, 16, 8))
    assert [(call.layer, tuple(call.shape), call.input_learns, call.weight_learns) for call in alone.calls] == [
        (first, (2, 3, 16, 8), False, True),
        (second, (2, 4, 14, 6), True, False),
        (second, (1, 4, 8, 8), False, False),
    ]
    assert alone.seconds(torch.device("cpu"), 2) > 0


def test_depthwise_convolutions_are_timed_as_a_step_in_mixed_precision_runs_them(monkeypatch):
    """Plain ones take several times as long there, so that the convolutions alone took longer than the whole step."""
    networks = torch.nn.ModuleList([torch.nn.Conv2d(4, 4, 3, groups=4, bias=False)])
    speed_up_depthwise(networks)
    with ConvolutionsAlone(networks, torch.bfloat16) as alone, torch.autocast("cpu", torch.bfloat16):
        networks[0](torch.rand(2, 4, 8, 8))
    sped_up, apply = [], DepthwiseConvolution.apply
    monkeypatch.setattr(DepthwiseConvolution, "apply", lambda *inputs: sped_up.append(inputs) or apply(*inputs))
    alone.seconds(torch.device("cpu"), 2)
    assert len(sped_up) == 3  # once more than is timed


def test_no_step_at_all_is_one_clear_sentence():
    with pytest.raises(InputError, match="--steps must be at least 1"):
        BenchmarkTrainCommand("softmax", running=RUNNING, steps=0).run()


def test_an_unknown_preset_is_one_clear_sentence():
    with pytest.raises(DataError, match="no recipe 'resnet'; choose from softmax"):
        BenchmarkTrainCommand("resnet", running=RUNNING).run()
