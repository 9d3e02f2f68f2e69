"""Every file that Followspot reads and others may have made: a whole example of each, and all that reads it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from film import shoot

from reid.data.crop_table import CropRow, write_crop_table
from tracker.cast_memory import CastMemory, Member, Showing
from tracker.results.cast_file import read_cast, write_cast
from tracker.results.coco_video import CocoVideoWriter
from tracker.results.cvat_video import CvatVideoWriter
from tracker.results.keypoint_file import KeypointWriter, with_keypoints
from tracker.results.mot_files import format_rows, read_detections, read_tracks
from tracker.results.presence import Summary
from tracker.results.source_facts import SourceFacts
from tracker.results.writers import JsonWriter
from tracker.types import Frame, FrameTracks, Recovery
from tracker.video.mot_folder import SequenceInfo, seqinfo_text
from tracker.video.sources import open_source

from .guard import OWN_ERRORS


@dataclass(frozen=True)
class Format:
    """`make` writes a whole example into a folder, `read` does with it all that Followspot does, `files` are damaged.

    `cost` is roughly how many times as long as a short text file it takes to read.
    """

    make: Callable[[Path], None]
    read: Callable[[Path], Any]
    files: tuple[str, ...]
    cost: int = 1


def rows(frame: int) -> FrameTracks:
    ids, left = np.array([1, 2]), 10.0 * frame
    xyxy = np.array([[left, 20, left + 40, 120], [200, 20, 250.5, 130]])
    joints = np.full((2, 17, 3), 0.5) + left
    recoveries = (Recovery(frame, frame / 30, 2, 0.9, 0.8, 0.2),) if frame == 3 else ()
    found = np.array([False, frame == 3])
    return FrameTracks(frame, frame / 30, ids, xyxy, np.array([0.9, 0.8]), found, joints, recoveries)


TRACKS = [rows(frame) for frame in range(5)]
FACTS = SourceFacts("dance", 30.0, 320, 240, {2: "Bea"})


def make_mot(folder: Path) -> None:
    (folder / "tracks.txt").write_text("".join(map(format_rows, TRACKS)))


def read_mot(folder: Path) -> None:
    from tools.scoring.labelled_boxes import read_results, read_truth

    path = folder / "tracks.txt"
    _each(
        lambda: read_tracks(path, away=0.5),
        lambda: read_detections(path),
        lambda: read_truth(path),
        lambda: read_results(path),
    )


def _each(*reads: Callable[[], Any]) -> None:
    """All of them, though the first may refuse the file. Raises an error that is not ours, or else the first one."""
    errors = []
    for read in reads:
        try:
            read()
        except Exception as error:
            errors.append(error)
    if errors:
        raise next((error for error in errors if not isinstance(error, OWN_ERRORS)), errors[0])


def make_keypoints(folder: Path) -> None:
    with KeypointWriter(folder / "keypoints.txt") as sink:
        for tracks in TRACKS:
            sink.write(Frame(tracks.frame, tracks.time, None), tracks)


def make_run(folder: Path) -> None:
    make_mot(folder)
    make_keypoints(folder)
    (folder / "unused.txt").write_text("1,-1,100,20,30.5,90,0.300\n")
    video = {"source": "dance", "fps": 30.0, "width": 320, "height": 240, "tracking": "online"}
    with JsonWriter(folder / "tracks.json", Summary(), video, {2: "Bea"}) as sink:
        for tracks in TRACKS:
            sink.write(Frame(tracks.frame, tracks.time, None), tracks)
    config = {"options": {"vid_stride": 1, "image_fps": 30.0}, "opened": "dance.mp4", "tracking": "online", "frames": 5}
    (folder / "config.json").write_text(json.dumps(config))
    edits = [
        {"do": "rename", "person": 1, "name": "Ada"},
        {"do": "give", "video": "dance", "person": 2, "to": "new", "from_frame": 3},
        {"do": "box", "video": "dance", "person": 1, "frame": 2, "xyxy": [12.0, 20.0, 60.0, 118.0]},
        {"do": "look", "moments": ["recovery-3-2"]},
    ]
    (folder / "edits.json").write_text(json.dumps({"version": 1, "edits": edits}))


def read_run_folder(folder: Path) -> None:
    from tools.review.corrections import corrected
    from tools.review.run_tracks import read_run_tracks
    from tools.run.run_events import tracks_with_events
    from tools.run.tracked_run import read_run

    run = read_run(folder)
    _each(
        lambda: with_keypoints(tracks_with_events(run.corrected(), 0.5), folder / "keypoints.txt"),
        lambda: read_run_tracks(run),
        lambda: corrected(run),
    )


def make_sequence(folder: Path) -> None:
    (folder / "seqinfo.ini").write_text(seqinfo_text(SequenceInfo("dance", "img1", 30.0, 5, 320, 240)))
    (folder / "gt").mkdir()
    (folder / "gt/gt.txt").write_text("".join(map(format_rows, TRACKS)))


def read_sequence(folder: Path) -> None:
    from tools.run.folder import choose_folder
    from tools.scoring.sequences import find_sequences

    for sequence in find_sequences(folder):
        sequence.open().close()
    with open_source(folder) as source:
        next(iter(source))
        folder_of_run = choose_folder(None, source.name)  # what `track` does
        folder_of_run.mkdir(parents=True)
        folder_of_run.rmdir()


def make_boxes_of_others(folder: Path) -> None:
    for sink in (CocoVideoWriter(folder / "coco.json", FACTS), CvatVideoWriter(folder / "cvat.xml", FACTS)):
        with sink:
            for tracks in TRACKS[:2]:
                sink.write(Frame(tracks.frame, tracks.time, None), tracks)


def read_boxes_of_others(folder: Path) -> None:
    from tools.scoring.labelled_boxes import read_results

    _each(lambda: read_results(folder / "coco.json"), lambda: read_results(folder / "cvat.xml"))


def picture(number: int) -> np.ndarray:
    return np.full((32, 16, 3), 40 * number, np.uint8)


def make_data_set(folder: Path) -> None:
    (folder / "images").mkdir()
    (folder / "poses").mkdir()
    crops = []
    for person in range(4):
        for frame in (0, 30):
            name = f"{person:04d}_{frame:06d}.jpg"
            cv2.imwrite(str(folder / "images" / name), picture(person))
            (folder / "poses" / name).with_suffix(".txt").write_text("1.0 2.0\n" * 17)
            crops.append(CropRow(name, person, "a" if person < 2 else "b", frame, frame / 30, (1.0, 2.0, 40.0, 90.0)))
    write_crop_table(folder / "crops.csv", crops)
    identities = [[crop.image for crop in crops if crop.person == person] for person in range(4)]
    split = {"name": "clean", "trainval": [0, 1], "query": [2, "0003_000000.jpg"], "gallery": [2, 3]}
    source = {"path": "/videos/a.mp4", "fps": 30.0, "width": 320, "height": 240, "frames": 100}
    edits = [
        {"do": "merge", "people": [2, 3]},
        {"do": "split", "person": 0, "from": "0000_000030.jpg"},
        {"do": "unbox", "video": "a", "person": 1, "frame": 5, "to_frame": 9},
        {"do": "between", "video": "a", "person": 1, "from_frame": 0, "to_frame": 30},
    ]
    contents = {
        "meta.json": {"identities": identities},
        "splits.json": [split],
        "video.json": {"a": [0, 1], "b": [2, 3]},
        "sources.json": {"a": source},
        "edits.json": {"version": 1, "edits": edits},
    }
    for name, content in contents.items():
        (folder / name).write_text(json.dumps(content))


def read_data_set_folder(folder: Path) -> None:
    from reid.data.datasets import read_split
    from reid.data.reading import DataOptions
    from tools.review.edit_file import Review
    from tools.review.folder_export import export_folder
    from tools.review.mot_export import write_mot
    from tools.review.records import read_data_set

    def reviewed() -> None:
        review = Review(read_data_set(folder))
        new = folder.parent / f"{folder.name}-new"
        _each(
            lambda: export_folder(review.data, review.labelled, new / "data"),
            lambda: write_mot(review.data, review.labelled, new / "mot", 0.2),
        )

    _each(
        lambda: read_split(folder, DataOptions()),
        lambda: read_split(folder, DataOptions(tight=True)),
        reviewed,
    )


def make_landmarks(folder: Path) -> None:
    cv2.imwrite(str(folder / "a.jpg"), picture(1))
    (folder / "keypoints2.txt").write_text("a.jpg 1.0 2.0 nan nan\nb/c.png 1.5 2.5 3.0 4.0\n")


def read_landmark_file(folder: Path) -> None:
    from reid.data.landmarks import KeypointsFile, read_landmarks

    read_landmarks(folder).of(folder / "a.jpg")
    with KeypointsFile(folder, 2) as file:  # what `dataset poses` does
        file.write(folder / "a.jpg", np.zeros((2, 2)))


def make_pictures(folder: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (24, 12, 3), np.uint8)
    (folder / "images").mkdir()
    for name in ("a.jpg", "b.png", "c.bmp", "d.webp", "e.tiff"):
        cv2.imwrite(str(folder / "images" / name), noise)


def read_pictures(folder: Path) -> None:
    from reid.data.check import read_facts
    from reid.data.images import read_image
    from tools.review.pictures import thumbnail
    from tracker.video.image_sequence import read_image as read_frame

    for path in sorted((folder / "images").iterdir()):
        read_image(path)
        read_facts(path)
        read_frame(path)
        _each(lambda path=path: thumbnail(folder, path.name))


def make_published(folder: Path) -> None:
    (folder / "annotation.json").write_text(json.dumps({"a": {"0": [0, [2, 4]], "1": [1]}, "b": [[0], [[1, 2]]]}))
    box = {"id": 1, "box_pos": [1.0, 21.0, 30.0, 70.0], "pose_pos": np.ones((17, 2))}
    np.save(folder / "a.npy", np.array({frame: {0: box} for frame in range(3)}, object))
    (folder / "videos.csv").write_text("File_name,Youtube_id,Original_title\n000_a.mp4,a,Dance\n")


def read_published(folder: Path) -> None:
    from reid.dancereid.source import PublishedDetections, notes_on, read_annotation, read_video_table

    _each(
        lambda: read_annotation(folder / "annotation.json"),
        lambda: PublishedDetections(folder / "a.npy").wanted({0: frozenset([0, 1])}, 1),
        lambda: notes_on(["a"], read_video_table(folder / "videos.csv")),
    )


def make_records(folder: Path) -> None:
    lines = [{"every": 5}, {"video": "a", "source": None, "files": [[0, 0, "a.jpg"]], "rows": []}]
    (folder / ".progress.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    steps = [{"step": step, "epoch": 1, "loss/triplet": 0.5 / step, "eval/mAP": 0.3} for step in (1, 2)]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in steps))


def read_records(folder: Path) -> None:
    from reid.dancereid.progress import FolderProgress
    from reid.training.pictures import loss_curves
    from reid.training.run_log import RunLog, read_log

    _each(
        lambda: FolderProgress(folder, {"every": 5}).begin(),
        lambda: RunLog(folder, resumed_at=1),
        lambda: loss_curves(read_log(folder / "log.jsonl")),
    )


def make_labels(folder: Path) -> None:
    (folder / "a.txt").write_text("0 0.5 0.5 0.2 0.4\n0 0.25 0.5 0.1 0.4\n")


def read_label_file(folder: Path) -> None:
    from tools.detector_training.pictures import read_labels

    read_labels(folder / "a.txt", picture(0))


def make_cast(folder: Path) -> None:
    crop = cv2.imencode(".jpg", picture(3))[1].tobytes()
    showing = (Showing("dance", "2026-01-31"),)
    members = (
        Member(1, "Ada", np.eye(2, 4, dtype=np.float32), (crop,), showing),
        Member(2, "", np.eye(1, 4, dtype=np.float32), (), showing),
    )
    write_cast(folder / "today.cast", CastMemory("0" * 64, "person.pt", members, 3))
    with zipfile.ZipFile(folder / "today.cast") as today, zipfile.ZipFile(folder / "a.cast", "w") as cast:
        for entry in today.infolist():
            undated = zipfile.ZipInfo(entry.filename)  # so that a seed means the same damage tomorrow
            cast.writestr(undated, today.read(entry), entry.compress_type)
    (folder / "today.cast").unlink()


def read_cast_file(folder: Path) -> None:
    from tracker.drawing.cast_sheet import draw_sheet

    draw_sheet(read_cast(folder / "a.cast"))


CONFIG = {
    "options": {
        "sources": ["dance.mp4"],
        "reid": "none",
        "vid_stride": 2,
        "conf": 0.2,
        "tracker": {"cast": 5, "association": {"predicted_weight": 0.8}},
        "draw": {"names": {"1": "Ada"}, "trail": 0.5},
    }
}


def make_config(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "config.yaml").write_text(
        "sources: [dance.mp4]\nreid: none\ntracker: {cast: 5}\nassociation.predicted-weight: 0.8\n"
        "draw:\n  names: {1: Ada, 2: Bea}\n  trail: 0.5\n"
    )


def read_config_files(folder: Path) -> None:
    from tools.run.config_file import read_config
    from tools.track import TrackCommand

    _each(
        lambda: read_config(folder / "config.json", TrackCommand),
        lambda: read_config(folder / "config.yaml", TrackCommand),
    )


HISTOGRAM = "histogram.json"


def make_histogram(folder: Path) -> None:
    from models.bundled import COLOUR_HISTOGRAM

    (folder / HISTOGRAM).write_bytes(COLOUR_HISTOGRAM.read_bytes())


def read_encoder(path: Path) -> None:
    from reid.encoder.embedder import Embedder

    embedder = Embedder(path)
    rows = embedder([picture(3), picture(4)])
    assert rows.shape == (2, embedder.dimension)
    assert np.isfinite(embedder.calibration.log_odds(np.array([0.5]), np.array([1.0]))).all()


TRUNK = "shufflenet_v2_x0_5"


def make_encoder(folder: Path) -> None:
    import torch

    from models.encoder import ContextEncoder, EncoderOptions
    from models.pretrained import save_encoder

    metadata = {
        "calibration": {"gap": (0.0, 1.0), "same": ((0.8, 0.1), (0.7, 0.1)), "different": ((0.5, 0.1), (0.5, 0.1))},
        "colour_share": 0.25,
        "recipe": {"seed": 0},
    }
    torch.manual_seed(0)
    options = EncoderOptions(TRUNK, 64, 32, last_stride=2, bnneck=True)
    save_encoder(folder / "encoder.pt", ContextEncoder(options), metadata, half=True)


def make_state(folder: Path) -> None:
    state, file = state_of(folder)
    file.save(state, [])


def state_of(folder: Path) -> tuple[Any, Any]:
    import torch

    from models.encoder import ContextEncoder, EncoderOptions
    from models.generator import GeneratorOptions
    from models.posed_generator import generating_networks
    from reid.data.crops import Split
    from reid.training.objective_options import ObjectiveOptions
    from reid.training.recipe import Recipe
    from reid.training.run_state import RunState, StateFile

    torch.manual_seed(0)
    sizes = GeneratorOptions(channels=2, pose_dimension=2)
    recipe = Recipe(EncoderOptions(TRUNK, 64, 32, last_stride=2), ObjectiveOptions(generator=sizes))
    encoder = ContextEncoder(recipe.encoder)
    generating = generating_networks(encoder.dimension, 64, 32, sizes, 2)
    networks = torch.nn.ModuleDict({"encoder": encoder, **generating})
    poses = list(generating["pose_encoder"].parameters())
    optimiser = torch.optim.Adam(poses)
    sum(parameter.sum() for parameter in poses).backward()
    optimiser.step()
    return RunState(networks, {"poses": optimiser}, None), StateFile(folder, recipe, Split([], [], []))


def read_state(folder: Path) -> None:
    from reid.training.picture_scores import TrainedPictures
    from reid.training.recipe import start_guidance

    state, file = state_of(folder)
    _each(
        lambda: start_guidance(state.networks, file.path),
        lambda: TrainedPictures(folder),
        lambda: state.load_state_dict(file.read()),
    )


def make_video(folder: Path) -> None:
    shoot(folder / "film.mp4", 20, sound="aac")


def read_video(folder: Path) -> None:
    with open_source(folder / "film.mp4") as video:
        frames = [(frame.time, frame.image.shape) for frame in video if frame.image is not None]
    assert all(before < after for (before, _), (after, _) in pairwise(frames))
    assert {shape for _, shape in frames} <= {(video.height, video.width, 3)}


FORMATS = {
    "video": Format(make_video, read_video, ("film.mp4",), 3),
    "mot": Format(make_mot, read_mot, ("tracks.txt",)),
    "run": Format(
        make_run, read_run_folder, ("tracks.txt", "tracks.json", "config.json", "keypoints.txt", "unused.txt"), 3
    ),
    "run edits": Format(make_run, read_run_folder, ("edits.json",), 3),
    "sequence": Format(make_sequence, read_sequence, ("seqinfo.ini", "gt/gt.txt")),
    "coco, cvat": Format(make_boxes_of_others, read_boxes_of_others, ("coco.json", "cvat.xml")),
    "data set": Format(
        make_data_set,
        read_data_set_folder,
        ("meta.json", "splits.json", "video.json", "sources.json", "crops.csv", "poses/0000_000000.txt"),
        8,
    ),
    "data set edits": Format(make_data_set, read_data_set_folder, ("edits.json",), 8),
    "landmarks": Format(make_landmarks, read_landmark_file, ("keypoints2.txt",)),
    "pictures": Format(
        make_pictures,
        read_pictures,
        tuple(f"images/{name}" for name in ("a.jpg", "b.png", "c.bmp", "d.webp", "e.tiff")),
    ),
    "dancereid": Format(make_published, read_published, ("annotation.json", "a.npy", "videos.csv"), 2),
    "records": Format(make_records, read_records, (".progress.jsonl", "log.jsonl"), 10),
    "yolo labels": Format(make_labels, read_label_file, ("a.txt",)),
    "cast": Format(make_cast, read_cast_file, ("a.cast",), 3),
    "config": Format(make_config, read_config_files, ("config.json", "config.yaml"), 20),
    "histogram": Format(make_histogram, lambda folder: read_encoder(folder / HISTOGRAM), (HISTOGRAM,), 2),
    "encoder": Format(make_encoder, lambda folder: read_encoder(folder / "encoder.pt"), ("encoder.pt",), 60),
    "state": Format(make_state, read_state, ("state.pt",), 60),
}
