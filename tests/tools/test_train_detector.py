"""How the person detector is made: labels, a start that equals the parent, scores that can be checked by hand."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from film import shoot
from places import SHARED

from models.bundled import PERSON_DETECTOR
from tools.detector_training.average_precision import average_precision
from tools.detector_training.options import FinetuneOptions
from tools.detector_training.pictures import LabelledPicture, late, mot_sequence, write_pictures, yolo_folder
from tools.detector_training.teacher import Augmentation, fuse, fused_box, undo_augmentation
from tools.train_detector import TrainDetectorCommand
from tracker.types import Detections, InputError

OF_80_CLASSES = SHARED / "weights" / "yolo11n.pt"


def found(*rows: tuple[float, float, float, float, float]) -> Detections:
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(table[:, :4], table[:, 4])


@pytest.mark.parametrize("weights", [PERSON_DETECTOR, OF_80_CLASSES], ids=["bundled", "80 classes"])
def test_the_start_finds_people_exactly_as_the_parent_does(weights: Path) -> None:
    if not weights.exists():
        pytest.skip("needs the parent's weights in ../shared")
    torch = pytest.importorskip("torch")
    from tools.detector_training.finetune import keep_only_person, load_parent

    picture = torch.rand(1, 3, 96, 160, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        parent = load_parent(weights).eval()(picture)[0]  # (1, 4 + classes, anchors)
        child = keep_only_person(load_parent(weights)).eval()(picture)[0]
    assert child.shape[1] == 4 + 1
    torch.testing.assert_close(child, parent[:, :5], atol=1e-5, rtol=1e-5)


def test_training_moves_the_late_layers_only_and_no_batch_statistics(tmp_path: Path) -> None:
    import torch

    from tools.detector_training.finetune import finetune, keep_only_person, load_parent

    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 255, (96, 96, 3), dtype=np.uint8) for _ in range(4)]
    box = np.array([[20.0, 10, 60, 90]])
    write_pictures((LabelledPicture("noise", str(i), image, box, False) for i, image in enumerate(noise)), tmp_path)
    options = FinetuneOptions(epochs=1, batch=2, imgsz=96, lr=1e-3, freeze=5, share=1.0, bfloat16=False)
    trusted = tmp_path / "trusted.pt"  # holds more than a network
    torch.save({**torch.load(PERSON_DETECTOR, weights_only=False), "note": Fraction(1, 2)}, trusted)
    (epoch,) = finetune(trusted, tmp_path / "train" / "images", options, trust=True)
    before, after = keep_only_person(load_parent(PERSON_DETECTOR)).state_dict(), epoch.model.state_dict()
    moved = {name for name in before if not before[name].equal(after[name])}
    assert {int(name.split(".")[1]) for name in moved} <= set(range(5, 24))
    assert any(name.startswith("model.23.cv3") for name in moved)
    assert not any("running" in name or "dfl" in name for name in moved)
    assert np.isfinite(list(epoch.losses.values())).all()
    with pytest.raises(InputError, match=r"--training\.freeze 24 leaves nothing to train: there are 24 layers"):
        next(finetune(trusted, tmp_path / "train" / "images", replace(options, freeze=24), trust=True))


def test_weights_are_mixed_part_of_the_way_to_the_child() -> None:
    from torch import nn

    from tools.detector_training.finetune import between

    parent, child = nn.Linear(1, 1), nn.Linear(1, 1)
    nn.init.constant_(parent.weight, 2.0)
    nn.init.constant_(child.weight, 6.0)
    assert between(parent, child, 0.25).weight.item() == 3.0


def test_only_unlabelled_places_are_distilled() -> None:
    torch = pytest.importorskip("torch")
    from tools.detector_training.distillation import anchor_points, in_boxes

    points = anchor_points([torch.zeros(1, 8, 2, 2), torch.zeros(1, 8, 1, 1)])
    assert points.tolist() == [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75], [0.5, 0.5]]
    left_half = torch.tensor([[0.2, 0.5, 0.4, 1.0]])
    batch = {"img": torch.zeros(2, 3, 8, 8), "bboxes": left_half, "batch_idx": torch.tensor([1.0])}
    assert in_boxes(points, batch).tolist() == [[False] * 5, [True, False, True, False, False]]


def test_the_checkpoint_opens_in_plain_ultralytics_and_knows_no_path(tmp_path: Path) -> None:
    from tools.detector_training.checkpoint import save_checkpoint
    from tools.detector_training.finetune import keep_only_person, load_parent

    weights = tmp_path / "person.pt"
    save_checkpoint(keep_only_person(load_parent(PERSON_DETECTOR)), weights, "2026-01-01")
    network = pytest.importorskip("ultralytics").YOLO(weights)
    assert network.names == {0: "person"}
    assert weights.stat().st_size < 6e6
    assert str(PERSON_DETECTOR.parent).encode() not in weights.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["person.pt"]


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_box_found_in_a_turned_picture_comes_back_to_its_place(turns: int, mirrored: bool) -> None:
    image = np.zeros((40, 60), bool)
    image[5:15, 10:30] = True
    rows, columns = np.nonzero(np.rot90(image[:, ::-1] if mirrored else image, turns))
    box = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], float)
    np.testing.assert_array_equal(undo_augmentation(box, Augmentation(640, mirrored, turns), 60, 40), [[10, 5, 30, 15]])


def test_predictions_of_one_person_fuse_into_their_weighted_mean() -> None:
    same = Augmentation(640, False, 0)
    near, wide, far = np.array([[0.0, 0, 10, 10], [0, 0, 12, 10], [50, 0, 60, 10]])
    clusters = fuse(iter([(near, 0.9, (0, same)), (far, 0.5, (0, same)), (wide, 0.3, (1, same))]))
    assert [len(cluster) for cluster in clusters] == [2, 1]
    np.testing.assert_allclose(fused_box(clusters[0]), [0, 0, 10.5, 10])  # (10 * 0.9 + 12 * 0.3) / 1.2


def test_precision_of_one_hit_one_miss_and_one_false_alarm() -> None:
    truth = np.array([[0.0, 0, 10, 10], [20, 0, 30, 10]])
    boxes = found((0, 0, 10, 10, 0.9), (50, 50, 60, 60, 0.8))
    # One of two people is found, without a false alarm before: precision 1 for recalls 0 to 0.50 (51 of 101), then 0.
    score = average_precision([(boxes, truth)])
    assert score.ap50 == pytest.approx(51 / 101)
    assert score.ap == pytest.approx(51 / 101)


def test_a_second_box_on_one_person_is_a_false_alarm_and_a_loose_box_counts_at_low_overlap_only() -> None:
    # The surer box overlaps by 0.72: at thresholds 0.5 to 0.7 it is the hit and the exact one comes too late, AP 1; at
    # 0.75 to 0.95 it is a false alarm before the hit, so precision is 1/2 at all recalls. The mean is (5 + 5/2) / 10.
    score = average_precision([(found((0, 0, 10, 10, 0.5), (0, 0, 10, 7.2, 0.9)), np.array([[0.0, 0, 10, 10]]))])
    assert score.ap50 == pytest.approx(1)
    assert score.ap == pytest.approx(0.75)


def test_pictures_are_pooled_and_those_without_people_count_their_false_alarms() -> None:
    truth, empty = np.array([[0.0, 0, 10, 10]]), np.zeros((0, 4))
    # By score: a false alarm in the empty picture, then the hit: precision 1/2 at all recalls.
    score = average_precision([(found((0, 0, 10, 10, 0.5)), truth), (found((5, 5, 20, 20, 0.8)), empty)])
    assert (score.pictures, score.people, score.ap50) == (2, 1, pytest.approx(0.5))


def test_the_last_fifth_of_a_video_and_every_fifth_picture_are_for_validation(tmp_path: Path) -> None:
    assert [late(index, 10) for index in range(10)] == [False] * 8 + [True] * 2
    image = np.zeros((20, 40, 3), np.uint8)
    box = np.array([[10.0, 5, 30, 15], [38, 0, 60, 20]])
    write_pictures([LabelledPicture("duo", "a", image, box, False)], tmp_path)
    labels = (tmp_path / "train" / "labels" / "duo-a.txt").read_text().splitlines()
    assert labels == ["0 0.500000 0.500000 0.500000 0.500000", "0 0.975000 0.500000 0.050000 1.000000"]
    again = list(yolo_folder(tmp_path / "train"))
    np.testing.assert_allclose(again[0].xyxy, [[10, 5, 30, 15], [38, 0, 40, 20]], atol=1e-4)
    assert again[0].validation


def sequence(folder: Path) -> Path:
    """A sequence of four frames in which one person walks to the right, 10 pixels a frame, without its pictures."""
    (folder / "gt").mkdir(parents=True)
    (folder / "gt/gt.txt").write_text("".join(f"{n},1,{10 * n},10,20,40,1,1,1\n" for n in range(1, 5)))
    info = "name=duo\nframeRate=20\nseqLength=4\nimWidth=96\nimHeight=64\n"
    (folder / "seqinfo.ini").write_text(f"[Sequence]\n{info}")
    return folder


def test_pictures_of_a_sequence_have_the_boxes_of_their_own_frame_where_one_is_missing(tmp_path: Path) -> None:
    folder = sequence(tmp_path / "duo")
    with pytest.raises(InputError, match="duo has truth but no pictures"):
        next(mot_sequence(folder, every=1))
    (folder / "img1").mkdir()
    for number in (1, 3, 4):
        cv2.imwrite(str(folder / f"img1/00000{number}.jpg"), np.zeros((64, 96, 3), np.uint8))
    found = {labelled.name: labelled.xyxy[0, 0] for labelled in mot_sequence(folder, every=1)}
    assert found == {"duo-00000": 10, "duo-00002": 30, "duo-00003": 40}


def test_a_sequence_may_be_a_video_and_a_picture_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    shoot(sequence(tmp_path / "duo") / "duo.mp4", 4)
    assert [labelled.name for labelled in mot_sequence(tmp_path / "duo", every=2)] == ["duo-00000", "duo-00002"]
    picture = np.zeros((20, 40, 3), np.uint8)
    (tmp_path / "train" / "images" / "duo-a.jpg").mkdir(parents=True)
    with pytest.raises(InputError, match=r"duo-a\.jpg cannot be written"):
        write_pictures([LabelledPicture("duo", "a", picture, np.zeros((0, 4)), False)], tmp_path)


def test_mistakes_are_reported_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no weights"):
        TrainDetectorCommand(parent=tmp_path / "none.pt", work=tmp_path / "work").run()
    (tmp_path / "some.pt").write_bytes(b"")
    with pytest.raises(InputError, match="--teacher"):
        TrainDetectorCommand(parent=tmp_path / "some.pt", clips=(tmp_path,), work=tmp_path / "work").run()
    assert not (tmp_path / "work").exists()
    with pytest.raises(InputError, match="epochs must be at least 1"):
        FinetuneOptions(epochs=0)
    with pytest.raises(InputError, match="share must lie between"):
        FinetuneOptions(share=1.5)
    for side in (170, 0):
        with pytest.raises(InputError, match=rf"--training\.imgsz must be a multiple of 32, not {side}"):
            FinetuneOptions(imgsz=side)


def photographs(folder: Path, count: int = 6) -> Path:
    """A folder in YOLO format of grey pictures, one person in each."""
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
    for name in map(str, range(count)):
        cv2.imwrite(str(folder / "images" / f"{name}.jpg"), np.full((64, 64, 3), 90, np.uint8))
        (folder / "labels" / f"{name}.txt").write_text("0 0.5 0.5 0.4 0.8\n")
    return folder


def test_pictures_are_used_again_by_the_sources_they_were_gathered_from_and_by_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrainDetectorCommand, "_train", lambda *_: tmp_path / "person.pt")
    monkeypatch.setattr(TrainDetectorCommand, "_score", lambda *_: None)
    street, park = photographs(tmp_path / "street"), photographs(tmp_path / "park")
    command = TrainDetectorCommand(PERSON_DETECTOR, images=(street,), stage_scenes=0, work=tmp_path / "work")
    command.run()
    monkeypatch.setattr(TrainDetectorCommand, "_gather", lambda *_: pytest.fail("gathered again"))
    command.run()
    with pytest.raises(InputError, match=r"work/pictures holds pictures made with another --images: name a new --work"):
        replace(command, images=(park,)).run()
    with pytest.raises(InputError, match="made with another --stage-scenes"):
        replace(command, stage_scenes=1).run()
    (tmp_path / "work/pictures/sources.json").unlink()
    with pytest.raises(InputError, match="does not say what its pictures were made from, as those of earlier versions"):
        command.run()


def test_weights_that_an_earlier_training_left_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two passes after one of three in the same --work: the third pass's weights are no part of this training."""
    from tools.detector_training import checkpoint, finetune

    def passes(_: Path, __: Path, options: FinetuneOptions, *, trust: bool) -> list[finetune.Epoch]:
        return [finetune.Epoch(number + 1, {}, None) for number in range(options.epochs)]  # type: ignore[arg-type]

    monkeypatch.setattr(finetune, "finetune", passes)
    monkeypatch.setattr(checkpoint, "save_checkpoint", lambda _, path, __: path.touch())
    for epochs, notes in ((3, []), (2, [f"note: person_epoch3.pt in {tmp_path}: of an earlier training"])):
        command = TrainDetectorCommand(tmp_path / "a.pt", work=tmp_path, training=FinetuneOptions(epochs=epochs))
        assert command._train(tmp_path).name == f"person_epoch{epochs}.pt"
        assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("note")] == notes


def test_what_is_no_video_no_network_or_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("just words\n" * 50)
    clips = TrainDetectorCommand(PERSON_DETECTOR, PERSON_DETECTOR, clips=(tmp_path / "words",), stage_scenes=0)
    for wrong, sentence in (
        (replace(clips, work=tmp_path / "work"), "words cannot be read as a video"),
        (replace(clips, teacher=tmp_path / "none.pt"), r"no weights .*none\.pt for --teacher"),
        (replace(clips, work=tmp_path / "words"), "cannot make the folder .*words"),
    ):
        with pytest.raises(InputError, match=sentence):
            wrong.run()


def test_without_a_picture_to_train_on_nothing_begins(tmp_path: Path) -> None:
    nothing = TrainDetectorCommand(PERSON_DETECTOR, stage_scenes=0, work=tmp_path / "work")
    only_for_validation = replace(nothing, images=(photographs(tmp_path / "street", count=1),))
    for command in (nothing, only_for_validation):
        with pytest.raises(InputError, match="no pictures to train on: give more --images"):
            command.run()
    assert not (tmp_path / "work" / "pictures").exists()


def test_a_parent_that_finds_joints_is_refused_before_pictures_are_gathered(tmp_path: Path) -> None:
    import torch
    from ultralytics.nn.tasks import PoseModel

    network = PoseModel("yolov8n-pose.yaml", verbose=False)
    network.args, network.task, network.names = {}, "pose", {0: "person"}
    torch.save({"model": network}, tmp_path / "pose.pt")
    with pytest.raises(InputError, match=r"pose\.pt is a model to pose: give a --parent that only detects"):
        TrainDetectorCommand(tmp_path / "pose.pt", stage_scenes=1, work=tmp_path / "work").run()
    assert not (tmp_path / "work").exists()


class Trap:
    """What runs code as it is read from a pickle: it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_a_parent_with_code_in_it_runs_only_where_it_is_trusted(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    weights, sprung = tmp_path / "trap.pt", tmp_path / "sprung"
    torch.save({"model": Trap(sprung)}, weights)
    command = TrainDetectorCommand(parent=weights, work=tmp_path / "work")
    with pytest.raises(InputError, match=r"trap\.pt holds more than a network .* was not loaded: .* give --trust$"):
        command.run()
    assert not sprung.exists()
    with pytest.raises(InputError, match="cannot be read as a detector"):
        replace(command, trust=True).run()
    assert sprung.exists()
    assert not (tmp_path / "work").exists()
