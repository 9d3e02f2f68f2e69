"""Writes a scene as a MOTChallenge sequence folder: video.mp4, gt/gt.txt, seqinfo.ini, keypoints.json and scene.json.

scene.json holds the scene's options, of which it can be made again.
"""

from __future__ import annotations

import json
import tempfile
import wave
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import numpy as np

from tracker.boxes import xyxy_to_xywh
from tracker.results.mot_files import format_lines
from tracker.types import InputError
from tracker.video.mot_folder import SEQINFO, SequenceInfo, seqinfo_text
from tracker.video.video_writer import VideoWriter

from ..run.output import read_json_object, write_json
from .options import Realism, StageOptions
from .scene import StageFrame

VIDEO, SCENE = "video.mp4", "scene.json"


def read_scene(path: Path) -> StageOptions:
    """The options in a scene.json. Raises InputError where it is missing, or holds something else."""
    if not path.is_file():
        raise InputError(f"there is no file {path}: name the scene.json that `followspot stage` wrote with --scene")
    content = read_json_object(path)
    try:
        return StageOptions(**{**content, "realism": Realism(**content["realism"])})
    except (KeyError, TypeError) as error:
        raise InputError(f"{path} is no scene.json of `followspot stage`: name one with --scene") from error


class SequenceFolder:
    """Takes a scene's frames in order; leaving the `with` block, also early, finishes files that agree.

    sound: samples (S,) float32 in -1..1 and their rate, or None.
    Raises InputError where the video cannot be written, OSError where another file cannot.
    """

    def __init__(
        self, folder: Path, options: StageOptions, sound: tuple[np.ndarray, int] | None, crf: int, preset: str
    ) -> None:
        self._folder, self._options = folder, options
        self._frames = 0
        with ExitStack() as stack:
            audio = None
            if sound is not None:
                audio = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "beat.wav"
                _write_wave(audio, *sound)
            self._video = stack.enter_context(
                VideoWriter(
                    folder / VIDEO,
                    width=options.width,
                    height=options.height,
                    fps=options.fps,
                    audio_from=audio,
                    crf=crf,
                    preset=preset,
                )
            )
            (folder / "gt").mkdir(parents=True, exist_ok=True)
            self._truth = stack.enter_context((folder / "gt" / "gt.txt").open("w", encoding="utf-8"))
            self._keypoints = stack.enter_context((folder / "keypoints.json").open("w", encoding="utf-8"))
            self._stack = stack.pop_all()

    def write(self, frame: StageFrame) -> None:
        """Add a frame and its truth."""
        assert frame.frame.image is not None
        self._video.write(frame.frame.image, frame.frame.time)
        self._truth.writelines(truth_lines(frame))
        for record in _keypoint_records(frame):
            self._keypoints.write(("[\n" if self._keypoints.tell() == 0 else ",\n") + json.dumps(record))
        self._frames += 1

    def __enter__(self) -> SequenceFolder:
        return self

    def __exit__(self, *_: object) -> None:
        with self._stack:
            self._keypoints.write("[]\n" if self._keypoints.tell() == 0 else "\n]\n")
            options, name = self._options, self._folder.resolve().name
            info = SequenceInfo(name, VIDEO, options.fps, self._frames, options.width, options.height)
            (self._folder / SEQINFO).write_text(seqinfo_text(info, ".mp4"), encoding="utf-8")
            write_json(asdict(options), self._folder / SCENE)


def truth_lines(frame: StageFrame) -> Iterable[str]:
    """The frame's lines of MOT truth: `frame from 1,id,left,top,width,height,1,1,visibility`."""
    tracks = frame.truth
    ends = (f"1,1,{visibility:.3f}" for visibility in frame.visibility.tolist())
    return format_lines(tracks.frame, tracks.ids.tolist(), xyxy_to_xywh(tracks.xyxy), ends)


def _keypoint_records(frame: StageFrame) -> Iterable[dict[str, object]]:
    tracks = frame.truth
    if tracks.keypoints is None:
        return
    for identity, keypoints in zip(tracks.ids.tolist(), tracks.keypoints, strict=True):
        yield {"frame": tracks.frame + 1, "id": identity, "keypoints": np.round(keypoints.astype(float), 1).tolist()}


def _write_wave(path: Path, samples: np.ndarray, rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
