"""COCO JSON for video: CocoVID, as mmtracking and mmdetection read it, with TAO's `track_id` and `tracks` beside.

https://github.com/open-mmlab/mmtracking/blob/master/docs/en/tutorials/customize_dataset.md
Ids of images, annotations and videos count from 1. `frame_id` is an image's place among those of its video, from 0;
`frame_index` (TAO) is its frame in the source, which differs where not every frame was tracked. There are no image
files of a video: `file_name` is as `ffmpeg -i dance.mp4 dance/%06d.jpg` calls them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..boxes import xyxy_to_xywh
from ..types import Frame, FrameTracks, InputError
from .box_rows import BoxRows, Row, box_rows
from .source_facts import SourceFacts
from .whole_files import replace_text

PERSON = 1
"""COCO's category."""
JOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
VISIBLE = 0.5
"""Confidence from which a joint is visible (2), not only labelled (1)."""


class CocoVideoWriter:
    """Collects the frames of one video; the file is written when all are there, and not after an error."""

    def __init__(self, path: Path, facts: SourceFacts) -> None:
        self._path, self._facts = Path(path), facts
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []
        self._posed = False

    def __enter__(self) -> CocoVideoWriter:
        return self

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Take in one frame."""
        facts, image = self._facts, len(self._images) + 1
        self._images.append(
            {
                "id": image,
                "video_id": 1,
                "frame_id": image - 1,
                "frame_index": frame.index,
                "file_name": f"{facts.name}/{frame.index + 1:06d}.jpg",
                "width": facts.width,
                "height": facts.height,
            }
        )
        xywh = xyxy_to_xywh(tracks.xyxy.astype(float)).round(2).tolist()
        joints = [{}] * len(tracks) if tracks.keypoints is None else [_joints(each) for each in tracks.keypoints]
        self._posed = self._posed or tracks.keypoints is not None
        for identity, box, score, found in zip(tracks.ids.tolist(), xywh, tracks.score.tolist(), joints, strict=True):
            self._annotations.append(
                {
                    "id": len(self._annotations) + 1,
                    "image_id": image,
                    "video_id": 1,
                    "category_id": PERSON,
                    "instance_id": identity,
                    "track_id": identity,
                    "bbox": box,
                    "area": round(box[2] * box[3], 2),
                    "iscrowd": 0,
                    "score": round(score, 4),
                    **found,
                }
            )

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if failed is None:
            replace_text(self._path, json.dumps(self._content(), ensure_ascii=False, separators=(",", ":")) + "\n")

    def _content(self) -> dict[str, Any]:
        facts = self._facts
        ids = sorted({row["instance_id"] for row in self._annotations})
        return {
            "info": {"description": f"tracks of {facts.name}"},
            "videos": [
                {"id": 1, "name": facts.name, "fps": facts.fps, "width": facts.width, "height": facts.height},
            ],
            "categories": [{"id": PERSON, "name": "person", **({"keypoints": list(JOINTS)} if self._posed else {})}],
            "tracks": [
                {"id": id, "category_id": PERSON, "video_id": 1, "name": facts.names.get(id, str(id))} for id in ids
            ],
            "images": self._images,
            "annotations": self._annotations,
        }


def _joints(keypoints: np.ndarray) -> dict[str, Any]:
    """COCO's fields of a person's joints (17, 3): x, y and how each is known; 0, 0, 0 where it is not."""
    known = np.where(keypoints[:, 2] >= VISIBLE, 2, (keypoints[:, 2] > 0).astype(int))
    triples = np.column_stack([keypoints[:, :2].astype(float).round(1) * (known > 0)[:, None], known])
    numbers = [value if at % 3 < 2 else int(value) for at, value in enumerate(triples.ravel().tolist())]
    return {"keypoints": numbers, "num_keypoints": int((known > 0).sum())}


def read_coco_video(path: Path) -> BoxRows:
    """The boxes of a file with one video; those marked as crowds are left out, a missing score is 1.

    A track is known by `instance_id`, or else `track_id`; a frame by `frame_index`, or else `frame_id`. Raises
    InputError where it is no such file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        videos = {image.get("video_id") for image in content["images"]}
        frames = {image["id"]: int(image.get("frame_index", image.get("frame_id"))) for image in content["images"]}
        rows = [_row(one, frames) for one in content["annotations"] if not one.get("iscrowd")]
        columns = box_rows(rows, path)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
        raise InputError(
            f"{path} is no COCO JSON of a video ({_said(error)}): it needs images with frame_id, and annotations with "
            "instance_id or track_id"
        ) from error
    if len(videos) > 1:
        raise InputError(f"{path} holds {len(videos)} videos: give a file with one")
    return columns


def _row(annotation: dict[str, Any], frames: dict[int, int]) -> Row:
    left, top, width, height = map(float, annotation["bbox"])
    track = annotation["instance_id"] if "instance_id" in annotation else annotation["track_id"]
    corners = (left, top, left + width, top + height)
    return frames[annotation["image_id"]], int(track), corners, float(annotation.get("score", 1.0))


def _said(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)[:80]
