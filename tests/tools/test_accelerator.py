"""Whether torch could find an accelerator: told from its build and the driver, without importing it."""

import subprocess
import sys

import pytest
from places import ROOT

from tools.run import accelerator
from tools.run.accelerator import device_or_cpu

NOTHING = {"cuda": None, "hip": None, "xpu": None}


@pytest.mark.parametrize(
    ("built_for", "driver", "device"),
    [
        (NOTHING, True, "cpu"),
        ({**NOTHING, "cuda": "13.0"}, False, "cpu"),
        ({**NOTHING, "cuda": "13.0"}, True, ""),
        ({**NOTHING, "hip": "6.4"}, False, ""),
        ({**NOTHING, "xpu": "2025"}, False, ""),
    ],
)
def test_the_processor_is_chosen_only_where_nothing_else_can_be(
    built_for: dict[str, str | None], driver: bool, device: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(accelerator.sys, "platform", "linux")
    monkeypatch.setattr(accelerator.runpy, "run_path", lambda path: built_for)
    monkeypatch.setattr(accelerator, "loads", lambda library: driver)
    assert device_or_cpu("") == device
    assert device_or_cpu("cuda:1") == "cuda:1"


def test_a_mac_is_left_to_torch(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(accelerator.sys, "platform", "darwin")
    assert device_or_cpu("") == ""


def test_a_library_is_there_or_not():
    assert not accelerator.loads("libthereisnosuch.so.1")


def test_torch_says_what_it_was_built_for_and_is_not_imported():
    """Were `torch/version.py` no longer there, or its names others, every start would take seconds again."""
    import torch.version

    assert {"cuda", "hip", "xpu"} <= set(vars(torch.version))
    code = (
        "import sys; from tools.run.accelerator import may_be_there; may_be_there(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
