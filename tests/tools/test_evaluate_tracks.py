"""`followspot evaluate tracks`: hand-worked scores, trackeval's own run as the oracle, and the layouts of folders."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from places import SHARED

from tools.cli import main
from tools.evaluate_tracks import EvaluateTracksCommand
from tools.scoring.score_files import POOLED, evaluate
from tools.scoring.track_scores import pool, score_sequence
from tracker.types import FrameTracks, InputError

ORACLE_FIELDS = {
    "HOTA": ("HOTA", "HOTA", 100),
    "DetA": ("HOTA", "DetA", 100),
    "AssA": ("HOTA", "AssA", 100),
    "MOTA": ("CLEAR", "MOTA", 100),
    "IDSW": ("CLEAR", "IDSW", 1),
    "FP": ("CLEAR", "CLR_FP", 1),
    "FN": ("CLEAR", "CLR_FN", 1),
    "IDF1": ("Identity", "IDF1", 100),
    "ids": ("Count", "IDs", 1),
    "true_ids": ("Count", "GT_IDs", 1),
}


def frame(index: int, **people: int) -> FrameTracks:
    """A frame in which the boxes named a, b, c, ... carry the given ids; different boxes never touch."""
    boxes = [[100 * (ord(place) - ord("a")), 0, 100 * (ord(place) - ord("a")) + 50, 100] for place in people]
    ids = list(people.values())
    return FrameTracks(index, index / 25, np.array(ids), np.array(boxes), np.ones(len(ids)), np.zeros(len(ids), bool))


def write_mot(path: Path, rows: list[tuple[float, ...]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(",".join(str(value) for value in row) + "\n" for row in rows))
    return path


def write_sequence(root: Path, name: str, rows: list[tuple[float, ...]], length: int) -> Path:
    write_mot(root / name / "gt/gt.txt", rows)
    info = f"name={name}\nimDir=img1\nframeRate=25\nseqLength={length}\nimWidth=640\nimHeight=480\nimExt=.jpg\n"
    (root / name / "seqinfo.ini").write_text(f"[Sequence]\n{info}")
    return root / name


def dance(seed: int, length: int, people: int) -> list[tuple[float, ...]]:
    """Truth: people on a random walk, boxes with two decimals, some rows not to be counted."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 400, (people, 2)) + np.cumsum(rng.normal(0, 6, (length, people, 2)), axis=0)
    rows = [
        (t + 1, person, *np.round([*places[t, person], 60, 160], 2).tolist(), int(rng.random() < 0.95), 1, 1)
        for t in range(length)
        for person in range(people)
        if rng.random() < 0.9
    ]
    return [tuple(row) for row in rows]


def bad_tracker(truth: list[tuple[float, ...]], seed: int) -> list[tuple[float, ...]]:
    """The truth through a tracker that misses, jitters, sees ghosts and mixes up ids, its rows in no order."""
    rng = np.random.default_rng(seed)
    rows: dict[tuple[float, float], tuple[float, ...]] = {}
    for t, person, *box, _mark, _class, _seen in truth:
        if rng.random() < 0.85:
            identity = 10 * person + (t > 20) * (person % 2) + 1 if rng.random() < 0.9 else int(rng.integers(100, 110))
            rows[t, identity] = (t, identity, *np.round(box + rng.normal(0, 5, 4), 2).tolist(), 0.9, -1, -1, -1)
    shuffled = list(rows.values())
    rng.shuffle(shuffled)
    return [tuple(row) for row in shuffled]


def trackeval_run(truth: Path, results: Path, root: Path) -> dict[str, dict[str, float]]:
    """The scores of trackeval's own Evaluator over `truth` (sequence folders) and `results` (SEQ.txt)."""
    trackeval = pytest.importorskip("trackeval")
    lengths = {path.parent.name: None for path in sorted(truth.glob("*/seqinfo.ini"))}
    (root / "ours").mkdir(parents=True)
    (root / "ours/data").symlink_to(results.resolve(), target_is_directory=True)
    seqmap = root / "seqmap.txt"
    seqmap.write_text("\n".join(["name", *lengths]) + "\n")
    dataset = trackeval.datasets.MotChallenge2DBox(
        {
            "GT_FOLDER": str(truth),
            "TRACKERS_FOLDER": str(root),
            "TRACKERS_TO_EVAL": ["ours"],
            "SEQMAP_FILE": str(seqmap),
            "SKIP_SPLIT_FOL": True,
            "DO_PREPROC": False,
            "PRINT_CONFIG": False,
        }
    )
    quiet = {"PRINT_CONFIG": False, "PRINT_RESULTS": False, "TIME_PROGRESS": False, "LOG_ON_ERROR": None}
    silent = {"OUTPUT_SUMMARY": False, "OUTPUT_DETAILED": False, "PLOT_CURVES": False, "OUTPUT_EMPTY_CLASSES": False}
    evaluator = trackeval.Evaluator({**quiet, **silent, "BREAK_ON_ERROR": True})
    threshold = {"THRESHOLD": 0.5, "PRINT_CONFIG": False}
    metrics = trackeval.metrics
    chosen = [metrics.HOTA(), metrics.CLEAR(dict(threshold)), metrics.Identity(dict(threshold))]
    output, _ = evaluator.evaluate([dataset], chosen)
    by_sequence = output["MotChallenge2DBox"]["ours"]
    return {
        POOLED if name == "COMBINED_SEQ" else name: {
            field: scale * float(np.mean(result["pedestrian"][metric][key]))
            for field, (metric, key, scale) in ORACLE_FIELDS.items()
        }
        for name, result in by_sequence.items()
    }


def assert_equals_trackeval(truth: Path, results: Path, root: Path, processes: int = 1) -> None:
    oracle = trackeval_run(truth, results, root)
    ours = {name: score.numbers() for name, score in evaluate(truth, results, processes).items()}
    assert ours.keys() == oracle.keys()
    for name, expected in oracle.items():
        assert ours[name] == pytest.approx(expected, abs=1e-6), name


def test_perfect_tracks_score_a_hundred_whatever_the_ids_are_called():
    truth = [frame(t, a=7, b=3) for t in range(4)]
    tracks = [frame(t, a=1, b=2) for t in range(4)]
    scores = score_sequence(truth, tracks)
    assert (scores.hota, scores.det_a, scores.ass_a, scores.mota, scores.idf1) == (100, 100, 100, 100, 100)
    assert (scores.id_switches, scores.false_positives, scores.false_negatives, scores.ids, scores.truth_ids) == (
        0,
        0,
        0,
        2,
        2,
    )


def test_one_swap_half_way_by_hand():
    truth = [frame(t, a=1, b=2) for t in range(4)]
    tracks = [frame(0, a=1, b=2), frame(1, a=1, b=2), frame(2, a=2, b=1), frame(3, a=2, b=1)]
    scores = score_sequence(truth, tracks)
    # Every truth id shares 2 frames with each track id: TPA 2, FPA 2, FNA 2 for every match, so AssA = 2 / 6.
    assert scores.ass_a == pytest.approx(100 / 3)
    assert scores.det_a == 100
    assert scores.hota == pytest.approx(100 * np.sqrt(1 / 3))
    # Both people change id once in 8 boxes; the best one-to-one naming explains 4 of the 8.
    assert scores.id_switches == 2
    assert scores.mota == pytest.approx(100 * (1 - 2 / 8))
    assert scores.idf1 == pytest.approx(50)


def test_a_ghost_and_a_miss_by_hand():
    truth = [frame(t, a=1, b=2) for t in range(4)]
    tracks = [frame(0, a=1, b=2), frame(1, a=1, b=2, c=3), frame(2, a=1), frame(3, a=1, b=2)]
    scores = score_sequence(truth, tracks)
    assert (scores.false_positives, scores.false_negatives, scores.id_switches, scores.ids) == (1, 1, 0, 3)
    assert scores.mota == pytest.approx(100 * (1 - 2 / 8))
    assert scores.det_a == pytest.approx(100 * 7 / 9)
    assert scores.ass_a == pytest.approx(100 * (4 * 1 + 3 * 3 / 4) / 7)


def test_pooling_counts_boxes_and_is_no_mean():
    long = score_sequence([frame(t, a=1, b=2) for t in range(9)], [frame(t, a=1, b=2) for t in range(9)])
    short = score_sequence([frame(0, a=1, b=2)], [frame(0)])
    pooled = pool([long, short])
    assert pooled.det_a == pytest.approx(100 * 18 / 20)
    assert pooled.ass_a == pytest.approx(100)
    assert pooled.hota == pytest.approx(100 * np.sqrt(0.9))
    assert (pooled.false_negatives, pooled.ids, pooled.truth_ids) == (2, 2, 4)


def test_lists_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="1 frames of truth but 0 of tracks"):
        score_sequence([frame(0, a=1)], [])


def test_equals_trackeval_on_messy_files(tmp_path: Path):
    for seed, (length, people) in enumerate([(60, 5), (35, 3), (50, 8)]):
        truth = dance(seed, length, people)
        write_sequence(tmp_path / "truth", f"dance{seed}", truth, length)
        write_mot(tmp_path / "results" / f"dance{seed}.txt", bad_tracker(truth, seed))
    write_sequence(tmp_path / "truth", "none-found", dance(9, 20, 2), 25)
    write_mot(tmp_path / "results/none-found.txt", [])
    assert_equals_trackeval(tmp_path / "truth", tmp_path / "results", tmp_path / "oracle")


def test_two_processes_give_the_same_numbers(tmp_path: Path):
    for seed in range(2):
        truth = dance(seed, 20, 3)
        write_sequence(tmp_path / "truth", f"dance{seed}", truth, 20)
        write_mot(tmp_path / "results" / f"dance{seed}.txt", bad_tracker(truth, seed))
    alone = evaluate(tmp_path / "truth", tmp_path / "results", processes=1)
    together = evaluate(tmp_path / "truth", tmp_path / "results", processes=2)
    assert {k: v.numbers() for k, v in alone.items()} == {k: v.numbers() for k, v in together.items()}


def test_rows_marked_zero_are_no_truth(tmp_path: Path):
    truth = write_mot(tmp_path / "truth.txt", [(1, 1, 0, 0, 10, 20, 1, 1, 1), (1, 2, 50, 0, 10, 20, 0, 1, 1)])
    results = write_mot(tmp_path / "tracks.txt", [(1, 1, 0, 0, 10, 20, 0.0, -1, -1, -1)])
    scores = evaluate(truth, results)["truth"]
    assert (scores.false_negatives, scores.false_positives, scores.truth_ids, scores.ids) == (0, 0, 1, 1)


def layouts(root: Path) -> dict[str, tuple[Path, Path]]:
    """Every way in which the same truth and tracks may lie."""
    rows = [(1.0, 1, 0, 0, 10, 20, 1, 1, 1), (2.0, 1, 2, 0, 10, 20, 1, 1, 1)]
    sequence = write_sequence(root / "truth", "solo", rows, 2)
    flat, run = write_mot(root / "flat/solo.txt", rows), write_mot(root / "runs/solo/tracks.txt", rows)
    return {
        "folders": (root / "truth", flat.parent),
        "folder of runs": (root / "truth", run.parent.parent),
        "one sequence, one run": (sequence, run.parent),
        "one sequence, one file": (sequence, flat),
        "truth file": (sequence / "gt/gt.txt", flat),
    }


def test_every_layout_finds_the_same_sequence(tmp_path: Path):
    for name, (truth, results) in layouts(tmp_path).items():
        scores = evaluate(truth, results)
        assert list(scores) == ["solo", POOLED], name
        assert scores["solo"].hota == 100, name


def test_the_table_shows_and_the_file_holds_the_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    truth, results = layouts(tmp_path)["folders"]
    EvaluateTracksCommand(truth, results, tmp_path / "new/scores.json").run()
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("solo", "100.0", POOLED))
    written = json.loads((tmp_path / "new/scores.json").read_text())
    assert written["sequences"]["solo"]["IDF1"] == 100
    assert written[POOLED]["IDSW"] == 0


def test_missing_results_are_all_named(tmp_path: Path):
    for name in ("one", "two", "three"):
        write_sequence(tmp_path / "truth", name, [(1, 1, 0, 0, 10, 20, 1, 1, 1)], 1)
    write_mot(tmp_path / "results/two.txt", [])
    with pytest.raises(InputError, match=r"for one, three$"):
        evaluate(tmp_path / "truth", tmp_path / "results")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("1,1,0,0,10", "not 6 columns but 5"),
        ("one,1,0,0,10,20", "line 1 is not numbers separated by commas"),
        ("0,1,0,0,10,20,1", "line 1 has no frame number"),
        ("1,1,nan,0,10,20,1", "not finite"),
        ("1,4,0,0,10,20,1\n1,4,5,0,10,20,1", "id 4 more than once in frame 1"),
        ("9,1,0,0,10,20,1", "solo has only 2 frames"),
    ],
)
def test_a_bad_result_file_ends_in_one_sentence(tmp_path: Path, row: str, sentence: str):
    truth, results = layouts(tmp_path)["folders"]
    (results / "solo.txt").write_text(row + "\n")
    with pytest.raises(InputError, match=sentence) as error:
        evaluate(truth, results)
    assert "solo.txt" in str(error.value)


def test_a_folder_without_truth_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no truth"):
        evaluate(tmp_path, tmp_path)


@pytest.mark.parametrize("folder", ["dancetrack", "mot"])
def test_equals_trackeval_on_real_truth(tmp_path: Path, folder: str):
    """The first 150 frames of up to four sequences."""
    if not (SHARED / folder).is_dir():
        pytest.skip(f"{SHARED / folder} is not there")
    sequences, length = tmp_path / "truth", 150
    for number, path in enumerate(sorted((SHARED / folder).glob("*/gt/gt.txt"))[:4]):
        name = path.parents[1].name
        truth = [tuple(row) for row in np.loadtxt(path, delimiter=",").tolist() if row[0] <= length]
        write_sequence(sequences, name, truth, length)
        write_mot(tmp_path / "results" / f"{name}.txt", bad_tracker(truth, number))
    assert_equals_trackeval(sequences, tmp_path / "results", tmp_path / "oracle", processes=1)


def test_results_of_another_video_are_refused_or_asked_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    truth = write_mot(tmp_path / "truth.txt", [(t, 1, 100, 100, 50, 100, 1) for t in range(1, 101)])
    later = write_mot(tmp_path / "later.txt", [(t, 1, 100, 100, 50, 100, 1) for t in range(101, 121)])
    with pytest.raises(InputError, match=r"later\.txt has no frame in common .* frames 101 to 120, .* in 1 to 100;"):
        EvaluateTracksCommand(truth, later).run()
    # 4 of 100 boxes lie on the truth by chance, then 5.
    for by_chance, asked in ((4, True), (5, False)):
        rows = [(t, 7, 100 if t <= by_chance else 300, 100, 50, 100, 1) for t in range(1, 101)]
        EvaluateTracksCommand(truth, write_mot(tmp_path / "other.txt", rows)).run()
        said = capsys.readouterr().out
        assert ("truth: 4 of 100 boxes lie on the truth's; are these the results of this video?" in said) == asked


def test_tracks_are_named_where_a_newcomer_types_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """As `followspot evaluate tracks RUN --gt FILE`; `--results RUN` stays."""
    truth = str(write_mot(tmp_path / "truth.txt", [(t, 1, 100, 100, 50, 100, 1) for t in range(1, 11)]))
    said = []
    for words in ([truth], ["--results", truth]):
        monkeypatch.setattr("sys.argv", ["followspot", "evaluate", "tracks", *words, "--gt", truth])
        main()
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert "100.0" in said[0]
    for words in ([], [truth, "--results", truth]):
        monkeypatch.setattr("sys.argv", ["followspot", "evaluate", "tracks", *words, "--gt", truth])
        with pytest.raises(SystemExit, match="2"):
            main()
        assert "name the tracks to score, once: `followspot evaluate tracks RUN --gt" in capsys.readouterr().err


def test_results_without_a_box_are_no_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    truth = write_mot(tmp_path / "truth.txt", [(t, 1, 100, 100, 50, 100, 1) for t in range(1, 11)])
    (tmp_path / "none.txt").write_text("")
    EvaluateTracksCommand(truth, tmp_path / "none.txt").run()
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note:")]
    assert notes == ["note: truth: there is no box in its results"]


@pytest.mark.parametrize("rows", ["", "1,1,0,0,10,20,0,1,1\n"])
def test_without_truth_there_is_nothing_to_score_against(tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str):
    """An empty file, and one whose only row is marked 0. Beside a sequence with people one without is told."""
    tracks = [(1, 1, 0, 0, 10, 20, 1)]
    results = write_mot(tmp_path / "results/solo.txt", tracks)
    (tmp_path / "gt.txt").write_text(rows)
    with pytest.raises(InputError, match=r"gt\.txt holds no box that counts as truth, so there is nothing to score"):
        EvaluateTracksCommand(tmp_path / "gt.txt", results).run()
    write_sequence(tmp_path / "truth", "solo", tracks, 1)
    nobody = write_sequence(tmp_path / "truth", "nobody", tracks, 1)
    (nobody / "gt/gt.txt").write_text(rows)
    write_mot(tmp_path / "results/nobody.txt", tracks)
    EvaluateTracksCommand(tmp_path / "truth", results.parent).run()
    assert "note: nobody: there is no box in its truth\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("cut.txt", "1,1,10,10,5,5,1\n2,1,10,1", r"cut\.txt line 2 has not 7 columns but 4: '2,1,10,1'$"),
        ("cut.txt", "1,1,10,10,5,5,1\n2,1,10,", r"cut\.txt line 2 is not numbers separated by commas: '2,1,10,'$"),
        ("cut.json", '{"images": [', r"cut\.json is no COCO JSON of a video"),
        ("cut.xml", "<annotations><track", r"cut\.xml is no XML of `CVAT for video 1.1`"),
    ],
)
def test_a_file_that_is_cut_off_is_named_by_its_reader(tmp_path: Path, name: str, text: str, sentence: str):
    truth = write_mot(tmp_path / "truth.txt", [(t, 1, 100, 100, 50, 100, 1) for t in range(1, 11)])
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=sentence):
        EvaluateTracksCommand(truth, tmp_path / name).run()
