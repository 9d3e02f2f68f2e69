"""`train`, `dataset stage`, `dataset video` and `export` ended at random moments, KILLS / 5 times in all.

What is left is whole, or nothing; the same command, of `train` with --resume, then ends as one that was never ended.
"""

from __future__ import annotations

import math
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from faults.ending import CODES, KILLS, Ended, ended, run
from film import shoot

from models.checkpoint import load_plain
from models.encoder import ContextEncoder, EncoderOptions
from models.pretrained import load_encoder, save_encoder
from reid.data.datasets import read_split
from reid.data.reading import DataOptions
from reid.encoder.embedder import Embedder
from reid.training.run_log import read_log

TRUNK, FRAMES, ROUND = "shufflenet_v2_x0_5", 30, 4
TRIES = math.ceil(KILLS / 5)
COMMANDS = {
    "train": (
        *("train", "strong", "--data", "people", "--out", "out", "--start", "none", "--device", "cpu"),
        *("--workers", "0", "--validation-people", "2", "--encoder.trunk", TRUNK, "--encoder.height", "64"),
        *("--encoder.width", "32", "--sampling.people", "3", "--sampling.crops", "2", "--optimisation.epochs", "4"),
    ),
    "dataset stage": (
        *("dataset", "stage", "--out", "out", "--scenes", "2", "--test-scenes", "1", "--dancers", "2"),
        *("--seconds", "1", "--height", "64", "--width", "320", "--processes", "1"),
    ),
    "dataset video": (
        *("dataset", "video", "film.mp4", "--out", "out", "--detections", "boxes.txt", "--cast", "2"),
        *("--height", "64", "--every", "2"),
    ),
    "export": ("export", "encoder.pt", "--to", "openvino", "--out", "out"),
}
LISTS = ("meta.json", "splits.json", "video.json", "crops.csv")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands read: six people in shirts of their own, two boxes that stand still in a film, an encoder."""
    home = tmp_path_factory.mktemp("home")
    draw = np.random.default_rng(0)
    for person in range(6):
        shirt = draw.integers(0, 255, 3)
        (home / f"people/p{person}").mkdir(parents=True)
        for frame in range(5):
            picture = np.clip(shirt + draw.normal(0, 15, (64, 32, 3)), 0, 255).astype(np.uint8)
            cv2.imwrite(str(home / f"people/p{person}/{frame}.png"), picture)
    shoot(home / "film.mp4", FRAMES, width=320, height=240)
    boxes = [f"{frame + 1},-1,{left},40,80,180,0.9\n" for frame in range(FRAMES) for left in (20, 200)]
    (home / "boxes.txt").write_text("".join(boxes))
    torch.manual_seed(0)
    save_encoder(home / "encoder.pt", ContextEncoder(EncoderOptions(TRUNK, 64, 32)).eval(), {})
    return home


def check_trained(out: Path) -> None:
    """What the run holds can be read, and the log has whole lines but for the last one of a kill."""
    for state in out.glob("state.pt"):
        assert load_plain(state)["progress"]["step"] > 0
    for encoder in out.glob("encoder_*.pt"):
        load_encoder(encoder)
    for log in out.glob("log.jsonl"):
        assert len(read_log(log)) >= len(log.read_bytes().split(b"\n")) - 1


def trained(out: Path) -> Any:
    """The losses of every step, and the last encoder's tensors."""
    rows = [{name: value for name, value in row.items() if "time/" not in name} for row in read_log(out / "log.jsonl")]
    return rows, {
        name: value.tolist() for name, value in load_encoder(out / "encoder_last.pt").encoder.state_dict().items()
    }


def check_cut(out: Path) -> None:
    """A data set that lists its crops lists those that are there; one that does not yet is no data set."""
    if (out / "meta.json").exists():
        parts = read_split(out, DataOptions()).parts
        assert all(crop.path.is_file() for crops in parts.values() for crop in crops)


def cut(out: Path) -> Any:
    """All files but the record, which names the film by its place."""
    files = [*(out / "images").iterdir(), *(out / "poses").iterdir(), *(out / name for name in LISTS)]
    return {path.name: path.read_bytes() for path in files if path.exists()}


def check_exported(out: Path) -> None:
    assert not out.exists() or (out / "encoder.bin").is_file()


def exported(out: Path) -> Any:
    crops = [np.full((64, 32, 3), value, np.uint8) for value in (0, 100, 200)]
    return Embedder(out)(crops).tolist()


CHECKS: dict[str, tuple[Callable[[Path], None], Callable[[Path], Any]]] = {
    "train": (check_trained, trained),
    "dataset stage": (check_cut, cut),
    "dataset video": (check_cut, cut),
    "export": (check_exported, exported),
}
"""By command: what must hold for its output after any end, and what it comes to in the end."""


@pytest.fixture(scope="module")
def whole(home: Path) -> Callable[[str], tuple[float, Any]]:
    """By command: how many seconds it takes, and what it comes to where it is never ended."""
    known: dict[str, tuple[float, Any]] = {}

    def whole(name: str) -> tuple[float, Any]:
        if name not in known:
            folder = home.with_name(f"whole {name}")
            shutil.copytree(home, folder)
            begun = time.monotonic()
            done = run(folder, *COMMANDS[name])
            assert done.returncode == 0, done.stderr[-2000:]
            known[name] = time.monotonic() - begun, CHECKS[name][1](folder / "out")
        return known[name]

    return whole


def again(name: str, folder: Path) -> tuple[str, ...]:
    """The command that goes on with what is left."""
    begun = name == "train" and any((folder / "out").glob("*"))  # claimed and still empty, it gives way
    return (*COMMANDS[name], *(["--resume"] if begun else []))


@pytest.mark.parametrize("turn", range(-(-TRIES // ROUND)))
def test_a_maker_ended_at_any_moment_goes_on_to_the_same_end(
    turn: int, home: Path, whole: Callable[[str], tuple[float, Any]], tmp_path: Path
):
    draw = random.Random(turn + 3)  # the first is cheap, and has begun: that is all that `make test` ends
    for count in range(min(ROUND, TRIES - turn * ROUND)):
        folder = tmp_path / str(count)
        shutil.copytree(home, folder)
        name, by = draw.choice(list(COMMANDS)), draw.choice(list(CODES))
        seconds, made = whole(name)
        check, result = CHECKS[name]
        end: Ended = ended(name, COMMANDS[name], by, draw.uniform(0.05, 1.0) * seconds, folder)
        end.check_code()
        check(folder / "out")
        if not end.killed:
            assert not [path for path in folder.rglob("*") if path.name.startswith("tmp") or path.suffix == ".new"], end
        if name == "export" and (folder / "out").exists():
            assert result(folder / "out") == made, end  # it was ready before the end came
        else:
            done = run(folder, *again(name, folder))
            assert done.returncode == 0, (end, done.stdout[-500:], done.stderr[-2000:])
            assert result(folder / "out") == made, end
        shutil.rmtree(folder)
