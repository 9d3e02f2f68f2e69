"""A value out of range ends every command in one sentence that names its option, with nothing made."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reid.data.crops import DataError
from tools.cli import choose, run
from tracker.types import InputError

REFUSED = {
    "benchmark encoders --data . --runs 0": "--runs must be at least 1, not 0",
    "benchmark speed a.mp4 --imgsz 0": "--imgsz must lie between 32 and 8192, not 0",
    "benchmark speed a.mp4 --imgsz 100000": "--imgsz must lie between 32 and 8192, not 100000",
    "benchmark stage --confusion a.svg": "--confusion a.svg is written as a PNG picture: let its name end in .png",
    "benchmark stage --processes -1": "--processes must be at least 0, not -1",
    "calibrate a.pt scene --every -1": "--every must be at least 0, not -1.0: it is seconds",
    "dataset check data --people 0": "--people must be at least 1, not 0: it is the rows of the contact sheet",
    "dataset check data --crops -1": "--crops must be at least 1, not -1: it is the columns of the contact sheet",
    "dataset check data --sheet a.mp4": "--sheet a.mp4 is written as a PNG picture: let its name end in .png",
    "dataset dancereid --videos . --annotation a --out o --every 0": "--every must be at least 1, not 0",
    "dataset dancereid --videos . --annotation a --out o --height 1": "--height must lie between 2 and 1024, not 1",
    "dataset stage --out o --height 10000000000": "--height must lie between 2 and 1024, not 10000000000",
    "dataset stage --out o --width 10000000000": "width and height must be even, 64 to 8192, not 10000000000x",
    "dataset video a.mp4 --out o --height 10000000000": "--height must lie between 2 and 1024, not 10000000000",
    "evaluate reid --data . --reranking.k1 -1": "--reranking.k1 must be at least 1, not -1",
    "evaluate reid --data . --reranking.original 2": "--reranking.original must be at least 0 and at most 1, not 2",
    "export-detector bundled --pictures . --imgsz 0": "--imgsz must lie between 32 and 8192, not 0",
    "export-detector bundled --pictures . --imgsz 100000": "--imgsz must lie between 32 and 8192, not 100000",
    "render run --away nan": "--away must be a number, not nan",
    "render run --crf 52": "--crf must lie between 0 and 51, not 52: 0 is lossless",
    "review run --fill-gaps -1": "--fill-gaps must be at least 0, not -1.0: it is seconds",
    "stage --out o --crf 52": "--crf must lie between 0 and 51, not 52",
    "stage --out o --preset quick": "no preset is called quick; there are ultrafast",
    "stage --out o --cuts 10000000000": "cuts must be 0 to 1000, not 10000000000",
    "dataset poses data --pose-model a.pt --imgsz 100000": "--imgsz must lie between 32 and 8192, not 100000",
    "dataset video a.mp4 --out o --imgsz 100000": "--imgsz must lie between 32 and 8192, not 100000",
    "track a.mp4 --imgsz 100000": "--imgsz must lie between 32 and 8192, not 100000",
    "track a.mp4 --memory.min-seconds nan": "--memory.min-seconds must be a number, not nan",
    "train-detector --parent a.pt --clip-frames 0": "--clip-frames must be at least 1, not 0",
    "train-detector --parent a.pt --stage-scenes -1": "--stage-scenes must be at least 0, not -1",
    "train-detector --parent a.pt --training.freeze -1": "--training.freeze must be at least 0, not -1",
    "train-detector --parent a.pt --training.lr -1": "--training.lr must lie between 0 and 1, not -1.0",
    "train-detector --parent a.pt --training.seed -1": "--training.seed must lie between 0 and 4294967295, not -1",
}


@pytest.mark.parametrize("words", REFUSED)
def test_it_is_refused_in_one_sentence(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    _, command, options = choose(words.split())
    with pytest.raises((InputError, DataError), match=re.escape(REFUSED[words])):
        run("followspot", command, options)
    assert not any(tmp_path.iterdir())
