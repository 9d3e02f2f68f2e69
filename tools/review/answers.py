"""The server's responses to the page, as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracker.drawing.colours import css, palette, text_colour

from .edit_file import Review
from .gaps import clashes, placed_boxes
from .labelled_people import FrameLabel, LabelledPeople, Reviewed

WORST_SHARE = 0.1
"""A person is as doubtful as this share of their crops, the most doubtful ones, on average."""


def described_data(data: Reviewed) -> dict[str, Any]:
    """What no edit changes: the crops as columns, in the order of video and frame, the videos, and people's colours."""
    place = {video: number for number, video in enumerate(data.videos)}
    crops = sorted(data.crops, key=lambda crop: (place[crop.video], crop.frame, crop.image))
    colours = [(blue, green, red) for blue, green, red in palette().tolist()]
    return {
        "folder": str(data.folder.resolve()),
        "videos": [_video(data, video) for video in data.videos],
        "images": [crop.image for crop in crops],
        "video": [place[crop.video] for crop in crops],
        "frame": [crop.frame for crop in crops],
        "time": [round(crop.time, 3) for crop in crops],
        "doubt": [crop.doubt for crop in crops],
        "tracklet": [crop.tracklet for crop in crops],
        "colours": [{"back": css(colour), "text": css(text_colour(colour))} for colour in colours],
    }


def _video(data: Reviewed, video: str) -> dict[str, Any]:
    source = data.sources.get(video)
    size = {"width": source.width, "height": source.height} if source else {}
    return {"name": video, "fps": data.fps(video), "frames": data.length(video), "source": source is not None, **size}


def described_people(review: Review) -> dict[str, Any]:
    """What edits change: all people's crops by name, in time, and how doubtful they are."""
    with review.lock:
        labelled = review.labelled
        people = [_person(labelled, number, own) for number, own in sorted(labelled.people.items())]
        return {
            **review.described(),
            "people": people,
        }


def _person(labelled: LabelledPeople, number: int, labels: list[FrameLabel]) -> dict[str, Any]:
    own = sorted(
        (label for label in labels if label.crop is not None),
        key=lambda label: (labelled.videos[label.video], label.frame),
    )
    crops = [label.crop for label in own if label.crop is not None]
    return {
        "number": number,
        "crops": [crop.image for crop in crops],
        "doubt": round(_worst(crop.doubt for crop in crops), 3),
        "most": max((crop.doubt for crop in crops), default=0.0),
        "clashes": [label.crop.image for label in clashes(own) if label.crop is not None],
        "drawn": sum(label.crop is None and label.xyxy is not None for label in labels),
    }


def _worst(doubts: Iterable[float]) -> float:
    ordered = sorted(doubts, reverse=True)
    worst = ordered[: max(1, round(len(ordered) * WORST_SHARE))]
    return sum(worst) / len(worst) if worst else 0.0


class BoxTable:
    """All people's boxes frame by frame, also the filled-in ones, made again after each edit."""

    def __init__(self, review: Review, fill_gaps: float) -> None:
        self.review, self.fill_gaps = review, fill_gaps
        self.made: dict[str, tuple[int, dict[int, list[dict[str, Any]]]]] = {}

    def boxes(self, video: str, frame: int) -> list[dict[str, Any]]:
        """The boxes of one frame by person, the one to believe first where a person has several."""
        with self.review.lock:
            revision, by_frame = self.made.get(video, (None, {}))
            if revision != self.review.revision:
                by_frame = self._by_frame(video)
                self.made[video] = self.review.revision, by_frame
            return by_frame.get(frame, [])

    def _by_frame(self, video: str) -> dict[int, list[dict[str, Any]]]:
        longest = self.fill_gaps * self.review.data.fps(video)
        by_frame: dict[int, list[dict[str, Any]]] = {}
        for number, labels in sorted(self.review.labelled.people.items()):
            own = [label for label in labels if label.video == video]
            placed = placed_boxes(own, longest)
            for frame, (xyxy, label) in placed.items():
                by_frame.setdefault(frame, []).append(_box(number, xyxy, label))
            for other in sorted(own, key=lambda label: label.rank):
                if other.xyxy is not None and placed[other.frame].label is not other:
                    by_frame[other.frame].append(_box(number, other.xyxy, other))
        return by_frame


def _box(number: int, xyxy: tuple[float, ...], label: FrameLabel | None) -> dict[str, Any]:
    crop = label.crop if label is not None else None
    return {
        "person": number,
        "xyxy": [round(value, 2) for value in xyxy],
        "kind": label.kind.value if label is not None else "filled",
        "image": crop.image if crop else None,
    }
