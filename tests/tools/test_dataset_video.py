"""`followspot dataset video`: a rendered scene goes in, a data set of its dancers comes out."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from places import ROOT

import tools.run.parts
from reid.dancereid.folder import DanceReidFolder
from reid.data.crop_table import CropRow, read_crop_table
from reid.data.datasets import read_split
from reid.data.reading import DataOptions
from reid.labelling.pseudo_labels import PseudoLabels, Tracklet, label_people
from tools.benchmark.simulated_detector import STRENGTHS, simulate
from tools.dataset import video_cutter
from tools.dataset.video_people import (
    LabelledSighting,
    LeftOut,
    PasserByOptions,
    Presence,
    Reason,
    VideoPeople,
    left_out_for,
)
from tools.dataset.video_poses import PoseFinder
from tools.dataset_video import DatasetVideoCommand, said_left_out
from tools.offline.sightings import CropOptions, KeptDetections, Sighting, Watched, Watcher, encoder_facts
from tools.offline.tracklets import TrackletCutter, TrackletOptions, in_contact
from tools.renderer import Scene, StageOptions
from tools.renderer.options import Realism
from tools.run.parts import make_parts
from tracker.boxes import iou
from tracker.detection.detector import DetectorOptions
from tracker.pipeline import track
from tracker.tracker import Tracker
from tracker.types import Detections, Embedder, Frame, FrameTracks, InputError, Recovery
from tracker.video.video_reader import VideoReader
from tracker.video.video_writer import VideoWriter

SCENE = StageOptions(dancers=3, seconds=6.0, fps=10.0, width=480, height=270, seed=4, audio=False)
CROPS = CropOptions(every=2)


@dataclass
class Film:
    """A rendered video, and who is where in it."""

    path: Path
    truth: list[FrameTracks]

    def seen(self, frame: int) -> Detections:
        tracks = self.truth[frame]
        return Detections(tracks.xyxy, np.full(len(tracks), 0.9), tracks.keypoints)


class TruthfulDetector:
    """Detects what the scene's truth holds; `before` is called with each batch's frames."""

    def __init__(self, film: Film, before: Callable[[Sequence[Frame]], None] = lambda frames: None) -> None:
        self.film, self.before = film, before

    def __call__(self, frame: Frame) -> Detections:
        return self.film.seen(frame.index)

    def batch(self, frames: Sequence[Frame]) -> list[Detections]:
        self.before(frames)
        return [self(frame) for frame in frames]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    path = tmp_path_factory.mktemp("film") / "dance.mp4"
    truth = []
    with VideoWriter(path, width=SCENE.width, height=SCENE.height, fps=SCENE.fps) as writer:
        for frame in Scene(SCENE).frames():
            assert frame.frame.image is not None
            writer.write(frame.frame.image, frame.frame.time)
            truth.append(frame.truth)
    return Film(path, truth)


@pytest.fixture(scope="module")
def short(film: Film, tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Its first seconds, where it does not matter who is who."""
    path, frames = tmp_path_factory.mktemp("short") / "dance.mp4", 24
    with (
        VideoReader(film.path) as whole,
        VideoWriter(path, width=SCENE.width, height=SCENE.height, fps=SCENE.fps) as cut,
    ):
        for frame in islice(whole, frames):
            assert frame.image is not None
            cut.write(frame.image, frame.time)
    return Film(path, film.truth[:frames])


@pytest.fixture
def detector(film: Film, monkeypatch: pytest.MonkeyPatch) -> TruthfulDetector:
    detector = TruthfulDetector(film)
    monkeypatch.setattr(tools.run.parts, "make_detector", lambda *chosen: detector)
    return detector


def take_in(out: Path, *videos: Path, **options) -> list[CropRow]:
    """People are distinguished by the colours of their clothes, without a network, unless `reid` says otherwise."""
    DatasetVideoCommand(tuple(map(str, videos)), out, **{"crops": CROPS, "reid": "histogram", **options}).run()
    return read_crop_table(out / "crops.csv")


@pytest.fixture
def labelled_by_track(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes each track for a person of its own, where what is tested is not who is who: a classifier takes seconds."""

    def by_track(watched: Watched, embedder: Embedder, fps: float, options: CropOptions, *rest) -> VideoPeople:
        tracks = [watched.tracklets[seen.tracklet].track for seen in watched.sightings]
        number = {track: person for person, track in enumerate(dict.fromkeys(tracks))}
        crops = [
            LabelledSighting(seen, number[track], seen.tracklet, 0.0)
            for seen, track in zip(watched.sightings, tracks, strict=True)
            if seen.frame % options.every == 0
        ]
        return VideoPeople(crops, len(number), [])

    monkeypatch.setattr(video_cutter, "find_people", by_track)


def dancer_of(row: CropRow, film: Film) -> int:
    tracks = film.truth[row.frame]
    return int(tracks.ids[iou(np.array([row.xyxy]), tracks.xyxy)[0].argmax()])


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.name != "sources.json"}


def test_each_dancer_is_one_person_with_crops_and_landmarks_of_their_own(film, detector, tmp_path, capsys):
    rows = take_in(tmp_path / "data", film.path, reid="bundled")
    pairs = {(row.person, dancer_of(row, film)) for row in rows}
    assert len(pairs) == 3
    assert len({person for person, _ in pairs}) == len({dancer for _, dancer in pairs}) == 3
    assert all(
        row.frame % 2 == 0 and row.video == "dance" and row.image.endswith(f"{row.frame:06d}.jpg") for row in rows
    )
    assert len({(row.person, row.frame) for row in rows}) == len(rows)

    split = read_split(tmp_path / "data", DataOptions())
    assert len(split.train) == len(rows)
    said = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert f"dance: 3 people, {len(rows)} crops out of" in said
    assert f"{len(rows)} with landmarks" in said
    assert "dataset review" in said
    row = rows[0]
    joints = np.loadtxt(tmp_path / "data" / "poses" / row.image.replace(".jpg", ".txt"))
    truth = film.truth[row.frame]
    nose = truth.keypoints[truth.ids.tolist().index(dancer_of(row, film)), 0, :2]
    left, top, right, bottom = row.xyxy
    tall = max(bottom - top, 2 * (right - left))
    corner = np.array([(left + right) / 2 - tall / 4, (top + bottom) / 2 - tall / 2])
    assert joints[0] == pytest.approx((nose - corner) * 256 / tall, abs=0.1)


@pytest.mark.usefixtures("labelled_by_track")
def test_a_killed_run_goes_on_after_the_videos_it_had_finished(short, detector, tmp_path, monkeypatch, capsys):
    other = tmp_path / "again.mp4"
    other.write_bytes(short.path.read_bytes())
    take_in(tmp_path / "whole", short.path, other)

    with monkeypatch.context() as killed:
        write, written = DanceReidFolder.write, []

        def dies(self, crop, keypoints, video, *rest):
            written.append(video)
            if written.count("again") == 5:
                raise RuntimeError("killed")
            return write(self, crop, keypoints, video, *rest)

        killed.setattr(DanceReidFolder, "write", dies)
        killed.setattr(DanceReidFolder, "__exit__", lambda *arguments: None)  # a killed process tidies nothing up
        with pytest.raises(RuntimeError, match="killed"):
            take_in(tmp_path / "data", short.path, other)
    assert len(list((tmp_path / "data" / "images").iterdir())) == written.count("dance") + 4
    seen = []
    detector.before = lambda frames: seen.extend(frames)
    rows = take_in(tmp_path / "data", short.path, other)
    assert len(seen) == len(short.truth)  # one video was looked at, not two
    assert "dance: finished before" in capsys.readouterr().out
    people = [{row.person for row in rows if row.video == video} for video in ("dance", "again")]
    assert people == [set(range(len(people[0]))), set(range(len(people[0]), 2 * len(people[0])))]
    assert content(tmp_path / "data") == content(tmp_path / "whole")


@pytest.mark.usefixtures("labelled_by_track")
def test_ctrl_c_keeps_the_finished_videos_and_leaves_nothing_of_the_other(short, detector, tmp_path, capsys):
    other = tmp_path / "again.mp4"
    other.write_bytes(short.path.read_bytes())
    seen = []

    def interrupts(frames: Sequence[Frame]) -> None:
        seen.extend(frames)
        if len(seen) == len(short.truth) + 8:
            os.kill(os.getpid(), signal.SIGINT)

    detector.before = interrupts
    with pytest.raises(KeyboardInterrupt):
        take_in(tmp_path / "data", short.path, other)
    rows = read_crop_table(tmp_path / "data" / "crops.csv")
    assert {row.video for row in rows} == {"dance"}
    assert len(list((tmp_path / "data" / "images").iterdir())) == len(rows)
    assert "stopped after 1 of 2 videos" in capsys.readouterr().out


def test_everything_is_kept_where_that_is_asked_for(film, detector, tmp_path):
    rows = take_in(tmp_path / "data", film.path, crops=CropOptions(every=1, all=True))
    assert len(rows) >= 0.95 * sum(map(len, film.truth))  # a dancer is back in the last 0.7 s: not yet recognised
    assert len({(row.person, row.frame) for row in rows}) == len(rows)


def test_who_is_hardly_seen_is_left_out_and_counted(film, detector, tmp_path, capsys):
    detector.film = without_the_second(film, after=8)
    options = {"crops": CropOptions(every=1), "passing": PasserByOptions(min_seconds=0.0)}
    all_three = take_in(tmp_path / "all", film.path, **options)
    assert len({row.person for row in all_three}) == 3
    capsys.readouterr()
    detector.film = Film(
        film.path, [tracks if tracks.frame < 5 else of(tracks, tracks.ids != 2) for tracks in film.truth]
    )
    cast = take_in(tmp_path / "cast", film.path, crops=CropOptions(every=1))
    assert {dancer_of(row, film) for row in cast} == {1, 3}
    said = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert "left out, `--all` keeps them: 1 person hardly seen, id 2 (0.5 s)" in said
    assert "finding out who is who" in said


def without_the_second(film: Film, after: int) -> Film:
    """The second dancer is gone from that frame on."""
    return Film(film.path, [tracks if tracks.frame < after else of(tracks, tracks.ids != 2) for tracks in film.truth])


def of(tracks: FrameTracks, chosen: np.ndarray) -> FrameTracks:
    assert tracks.keypoints is not None
    columns = (column[chosen] for column in (tracks.ids, tracks.xyxy, tracks.score, tracks.recovered, tracks.keypoints))
    return FrameTracks(tracks.frame, tracks.time, *columns)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"videos": ()}, "no video named"),
        ({"videos": ("missing.mp4",)}, "there is no file missing.mp4"),
        ({"cast": 0}, "--cast must be at least 1"),
        ({"reid": "none"}, "cannot be recognised without an encoder"),
        ({"test_videos": 2}, "--test-videos must lie between 0 and 1"),
        ({"twice": True}, "have one name, dance"),
    ],
)
def test_mistakes_are_reported_before_anything_is_made(film, tmp_path, options, sentence):
    videos = options.pop("videos", (str(film.path),) * (1 + options.pop("twice", False)))
    with pytest.raises(InputError, match=sentence):
        DatasetVideoCommand(**{"videos": videos, "out": tmp_path / "data", **options}).run()
    assert not (tmp_path / "data").exists()


def tracks_of(frame: int, *boxes: tuple[int, float, float], recoveries: tuple[Recovery, ...] = ()) -> FrameTracks:
    """People 40 wide and 100 tall: id, left, top."""
    ids = [id for id, _, _ in boxes]
    xyxy = [[left, top, left + 40, top + 100] for _, left, top in boxes]
    recovered = np.zeros(len(ids), bool)
    return FrameTracks(frame, frame / 10, ids, xyxy, np.ones(len(ids)), recovered, None, recoveries)


def test_a_track_is_cut_at_contact_absence_jump_and_exchange():
    cutter, options = TrackletCutter(TrackletOptions(gap=0.25)), TrackletOptions()

    def cut(tracks: FrameTracks) -> list[int]:
        return cutter.cut(tracks, in_contact(tracks, Detections.empty(), options)).tolist()

    assert cut(tracks_of(0, (1, 0, 0), (2, 100, 0))) == [0, 1]
    assert cut(tracks_of(1, (1, 10, 0), (2, 90, 0))) == [0, 1]
    assert cut(tracks_of(2, (1, 20, 0), (2, 40, 0))) == [2, 3]  # half of each box lies in the other
    assert cut(tracks_of(3, (1, 25, 0), (2, 35, 0))) == [2, 3]
    assert cut(tracks_of(4, (1, 0, 0), (2, 60, 0))) == [4, 5]
    assert cut(tracks_of(6, (1, 0, 0), (2, 60, 0))) == [4, 5]  # 0.2 s unseen
    assert cut(tracks_of(9, (1, 0, 0), (2, 60, 0))) == [6, 7]  # 0.3 s unseen
    assert cut(tracks_of(10, (1, 0, 0), (2, 160, 0))) == [6, 8]
    swapped = Recovery(11, 1.1, 1, 0.0, exchanged=True)
    assert cut(tracks_of(11, (1, 0, 0), (2, 160, 0), recoveries=(swapped,))) == [9, 8]


def test_a_detection_that_no_track_took_is_a_person_who_can_be_touched():
    tracks = tracks_of(0, (1, 0, 0))
    beside, own = [20, 0, 60, 100], tracks.xyxy[0].tolist()
    seen = Detections(np.array([own, beside]), np.array([0.9, 0.5]))
    assert in_contact(tracks, seen, TrackletOptions()).tolist() == [True]
    assert in_contact(tracks, seen[[0]], TrackletOptions()).tolist() == [False]


def test_poses_are_matched_to_the_boxes_of_the_crops_and_given_only_once(film):
    detector = TruthfulDetector(film)
    frame, tracks = Frame(0, 0.0, None), film.truth[0]
    far = np.array([[0.0, 0.0, 10.0, 10.0]])
    boxes = np.concatenate([tracks.xyxy[::-1], far, tracks.xyxy[:1] + 2])
    poses = PoseFinder(detector, "truth")(frame, boxes)
    assert np.array_equal(np.stack(poses[: len(tracks)]), tracks.keypoints[::-1])
    assert poses[len(tracks) :] == [None, None]
    detector.film = Film(film.path, [replace(tracks, keypoints=None) for tracks in film.truth])
    with pytest.raises(InputError, match="give a pose model"):
        PoseFinder(detector, "boxes.pt")(frame, boxes)


HEIGHTS = {1: 200.0, 2: 60.0, 3: 60.0, 4: 200.0, 5: 200.0}


def stage_of_five() -> tuple[Watched, PseudoLabels, np.ndarray]:
    """10 s at 10 frames/s: 1 is large and always there; 2 small, for 6 s; 3 small, for 3 s; 4 large, for 0.5 s.

    5 is always in contact. A crop every frame, of 5 one in all.
    """
    until = {1: 100, 2: 60, 3: 30, 4: 5, 5: 100}
    tracklets = [Tracklet(id, np.arange(frames)) for id, frames in until.items()]
    seen = [(frame, id) for id, frames in until.items() for frame in range(1 if id == 5 else frames)]
    sightings = [
        Sighting(frame, frame / 10, np.array([0, 0, 50, HEIGHTS[id]]), 0.9, id - 1, None) for frame, id in seen
    ]
    person = np.array([id - 1 for _, id in seen])
    labels = PseudoLabels(person, person, np.zeros(len(person)), tracklets)
    return Watched(tracklets, sightings, frames=100), labels, np.ones(len(person), bool)


def test_only_who_is_small_and_short_lived_or_hardly_seen_is_left_out_and_each_has_a_reason():
    watched, labels, kept = stage_of_five()
    reasons = left_out_for(watched, labels, Presence(labels, 10.0), kept, PasserByOptions(), None)
    assert reasons == [None, None, Reason.SMALL, Reason.SHORT, Reason.UNCLEAR]
    four = left_out_for(watched, labels, Presence(labels, 10.0), kept, PasserByOptions(), 4)
    assert four == [None, None, None, None, Reason.CAST]


def test_tracks_count_with_the_frames_in_which_no_crop_may_be_cut():
    tracklets = [Tracklet(1, np.arange(10)), Tracklet(1, np.arange(10, 90), clear=False), Tracklet(2, np.arange(50))]
    first = np.zeros(3, int)
    present = Presence(PseudoLabels(first, first, np.zeros(3), tracklets), 10.0)
    assert present.seconds.tolist() == [9.0]
    assert present.tracks == [(1,)]
    assert present.without_crops == {2: 5.0}


def test_those_left_out_are_named_by_the_ids_that_track_gives_them():
    people = [LeftOut((id,), float(id), Reason.SHORT) for id in range(1, 13)] + [
        LeftOut((20, 31), 40.0, Reason.UNCLEAR)
    ]
    unclear, short = said_left_out(people)
    assert unclear == "1 person never seen clearly enough, id 20+31 (40.0 s)"
    assert short.startswith("12 people hardly seen, id 12 (12.0 s), 11 (11.0 s), ")
    assert short.endswith("3 (3.0 s) and 2 more")


def test_a_sequence_without_pictures_is_refused_in_a_sentence(tmp_path):
    sequence = tmp_path / "duo"
    sequence.mkdir()
    (sequence / "seqinfo.ini").write_text("[Sequence]\nseqLength=9\nimWidth=64\nimHeight=48\n")
    (tmp_path / "boxes.txt").write_text("".join(f"{frame},-1,10,10,20,30,0.9\n" for frame in range(1, 10)))
    with pytest.raises(InputError, match="there are no pictures to cut people out of"):
        take_in(tmp_path / "data", sequence, detections=tmp_path / "boxes.txt")


def wrong_and_pieces(label: Sequence[int], truth: Sequence[int]) -> tuple[int, int]:
    """How many sightings are not of the person their label has most of, and how many labels there are."""
    table = np.zeros((max(label) + 1, max(truth) + 1), int)
    np.add.at(table, (list(label), list(truth)), 1)
    return int(table.sum() - table.max(axis=1).sum()), int((table.sum(axis=1) > 0).sum())


def test_no_more_is_wrong_and_no_person_is_in_more_pieces_than_in_the_tracks():
    """A rendered scene in uniforms, by a detector that errs, with the bundled encoder."""
    frames, truth = uniforms()
    size = frames[0].image.shape[1], frames[0].image.shape[0]
    seen = simulate(truth, size, "stage", STRENGTHS["simulated"])
    embedder = make_parts("bundled", "bundled", DetectorOptions(), ROOT / "assets" / "demo_gt.txt").embedder
    assert embedder is not None
    watcher, ids, real, detected = Watcher(embedder, CropOptions(every=2, all=True)), [], [], KeptDetections()
    for frame, tracks in track(frames, lambda frame: seen[frame.index], Tracker(None, embedder), keep=detected.keep):
        watcher.take(frame, tracks, detected.take(frame.index))
        if frame.index % 2 == 0:
            overlap = iou(tracks.xyxy, truth[frame.index].xyxy)
            ids += tracks.ids.tolist()
            real += np.where(overlap.max(axis=1) >= 0.5, truth[frame.index].ids[overlap.argmax(axis=1)], 0).tolist()
    watched = watcher.finish()
    crops = watched.embedded_crops(12.5, 2)
    labels = label_people(watched.tracklets, crops, encoder_facts(embedder))
    sure = [row for row, person in enumerate(real) if person]
    by_track = wrong_and_pieces([ids[row] for row in sure], [real[row] for row in sure])
    by_label = wrong_and_pieces([int(labels.person[row]) for row in sure], [real[row] for row in sure])
    assert by_label[0] <= by_track[0]
    assert by_label[1] <= by_track[1]


def uniforms() -> tuple[list[Frame], list[FrameTracks]]:
    realism = Realism(alike=1.0, turns=0.3, changing_light=0.5)
    stage = StageOptions(dancers=6, seconds=2.5, fps=12.5, width=480, height=270, seed=11, audio=False, realism=realism)
    shot = list(Scene(stage).frames())
    return [one.frame for one in shot], [one.truth for one in shot]
