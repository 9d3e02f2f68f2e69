"""`followspot benchmark ablation`: ablations name options that exist, and an idea left out is missed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.benchmark.ablations import ABLATIONS, NEVER, varied
from tools.benchmark_ablation import DEFAULT, BenchmarkAblationCommand
from tracker.tracker import TrackerOptions
from tracker.types import InputError

NO_RECOVERY = "no recovery"


def write_absence(folder: Path) -> None:
    """One person who stands for 2 s, is gone for 3 s, and comes back two body widths away for another 2 s."""
    rows = [f"{t + 1},1,{200 if t < 40 else 320},100,60,160,1,1,1\n" for t in range(140) if not 40 <= t < 100]
    (folder / "gt").mkdir(parents=True)
    (folder / "gt/gt.txt").write_text("".join(rows))
    info = "name=absence\nframeRate=20\nseqLength=140\nimWidth=640\nimHeight=480\n"
    (folder / "seqinfo.ini").write_text(f"[Sequence]\n{info}")


@pytest.mark.parametrize("ablation", ABLATIONS)
def test_every_ablation_changes_an_option_that_exists(ablation):
    assert varied(TrackerOptions(), ABLATIONS[ablation]) != TrackerOptions()


def test_only_what_is_named_is_varied():
    options = varied(TrackerOptions(), {"motion.low_score_noise": NEVER, "max_coast_time": 0.5})
    assert (options.motion.low_score_noise, options.max_coast_time) == (NEVER, 0.5)
    assert options.association == TrackerOptions().association
    with pytest.raises(KeyError):
        varied(TrackerOptions(), {"motion.wings": 2})


def test_a_person_who_returns_gets_a_new_id_without_recovery(tmp_path):
    write_absence(tmp_path / "absence")
    bench = f"{tmp_path / 'absence'}=exact"
    BenchmarkAblationCommand(on=(bench,), ablations=(NO_RECOVERY, "no low-score stage"), out=tmp_path / "out").run()
    saved = json.loads((tmp_path / "out/ablation.json").read_text())
    scores = saved["benches"][bench]
    assert scores[DEFAULT]["AssA"] == pytest.approx(100)
    assert scores[NO_RECOVERY]["AssA"] == pytest.approx(50)  # two ids, each with half of the person's 80 boxes
    assert scores["no low-score stage"] == scores[DEFAULT]
    assert saved["ablations"][NO_RECOVERY] == {"recovery.min_log_odds": NEVER}
    table = (tmp_path / "out/ablation.md").read_text().splitlines()
    assert table[0] == "| variant | absence exact: HOTA | absence exact: AssA |"
    assert table[2] == "| default | 100.0 | 100.0 |"
    assert table[3] == "| no recovery | -29.3 | -50.0 |"  # HOTA is the root of 1 x 1/2


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"on": ("dancetrack",)}, "FOLDER=DETECTIONS"),
        ({"on": (), "ablations": ("magic",)}, "no ablation is called magic"),
    ],
)
def test_mistakes_end_in_one_sentence(tmp_path, wrong, sentence):
    with pytest.raises(InputError, match=sentence):
        BenchmarkAblationCommand(out=tmp_path, **wrong).run()


def test_a_file_in_place_of_the_results_folder_is_told(tmp_path):
    write_absence(tmp_path / "absence")
    (tmp_path / "out").write_text("notes")
    with pytest.raises(InputError, match=r"cannot make the folder .*out: File exists"):
        BenchmarkAblationCommand(on=(f"{tmp_path / 'absence'}=exact",), ablations=(), out=tmp_path / "out").run()
