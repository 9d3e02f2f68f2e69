"""The edits of a review, and their replay on the data. An edit is a JSON object; `do` names its kind.

Frames count from 0, boxes are [left, top, right, bottom] in pixels of the source, a range of frames holds both its ends
and goes on to the end of the video where `to_frame` is null or left out.

    {"do": "merge", "people": [3, 7]}                          all become the first
    {"do": "split", "person": 3, "from": "IMAGE"}              from that crop on, in time, a new person
    {"do": "move", "images": ["IMAGE"], "person": 3}           3 or "new"
    {"do": "drop", "images": ["IMAGE"]}                        thrown out
    {"do": "box", "video": V, "frame": F, "person": 3, "xyxy": [...]}
                                                               puts the crop's box right, or adds a box; 3 or "new"
    {"do": "unbox", "video": V, "frame": F, "person": 3}       the box goes; where it was only reckoned between two
                                                               others, 3 counts as absent and no gap is filled there
    {"do": "unbox", ..., "to_frame": G}                        3 is absent from F to G, whatever was there
    {"do": "between", "video": V, "person": 3, "from_frame": F, "to_frame": G}
                                                               3's boxes after F and before G lie on the line between
                                                               those of F and G; crops there are thrown out
    {"do": "give", "video": V, "person": 3, "to": 5, "from_frame": F, "to_frame": G}
                                                               3's labels there become 5's; 5 or "new"
    {"do": "swap", "video": V, "people": [3, 5], "from_frame": F, "to_frame": G}
                                                               3's labels there become 5's, and 5's become 3's

New people get the next free number, in the order of the edits, so that a replay always numbers them alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

from tracker.types import InputError

from .gaps import placed_boxes
from .labelled_people import Box, FrameLabel, Kind, LabelledPeople
from .records import DataSet

Edit = Mapping[str, Any]

NEW = "new"
FARTHEST = 1e6
"""A box's corner lies no more pixels than this from the picture's."""


def replay(data: DataSet, edits: Sequence[Edit]) -> LabelledPeople:
    """The data after the edits, in order. Raises InputError naming the first edit that does not fit."""
    labelled = LabelledPeople.of(data)
    for number, edit in enumerate(edits, start=1):
        try:
            apply(labelled, edit)
        except InputError as error:
            raise InputError(f"edit {number} does not fit the data in {data.folder}: {error}") from error
    return labelled


def apply(labelled: LabelledPeople, edit: Edit) -> None:
    """Change `labelled` by one edit. Raises InputError, with nothing changed, where the edit does not fit."""
    do = edit.get("do") if isinstance(edit, Mapping) else None
    if not isinstance(do, str) or do not in KINDS:
        raise InputError(f"{do!r} is no kind of edit; there are {', '.join(KINDS)}")
    KINDS[do](labelled, edit)


def merge(labelled: LabelledPeople, edit: Edit) -> None:
    first, *others = _people(labelled, edit)
    for other in others:
        labelled.give(labelled.people.get(other, ()), first)


def split(labelled: LabelledPeople, edit: Edit) -> None:
    person = _person(labelled, edit.get("person"))
    (start,) = _labels_of(labelled, [edit.get("from")])
    if start.person != person:
        raise InputError(f"{edit['from']} is a crop of person {start.person}, not {person}")
    own = labelled.people[person]
    later = [label for label in own if labelled.moment(label) >= labelled.moment(start)]
    if len(later) == len(own):
        raise InputError(f"{edit['from']} is the first crop of person {person}, so there is nothing to split off")
    _hand_over(labelled, later, labelled.new_person())


def move(labelled: LabelledPeople, edit: Edit) -> None:
    labels = _labels_of(labelled, edit.get("images"))
    labelled.give(labels, _target(labelled, edit.get("person")))


def drop(labelled: LabelledPeople, edit: Edit) -> None:
    labelled.remove(_labels_of(labelled, edit.get("images")))


def box(labelled: LabelledPeople, edit: Edit) -> None:
    video, frame, xyxy = _video(labelled, edit), _frame(labelled, edit, "frame"), _xyxy(edit)
    person = _target(labelled, edit.get("person"))
    here = labelled.at(person, video, frame)
    kept = here[0] if here and here[0].crop is not None else None
    labelled.remove(label for label in here if label is not kept)
    if kept is None:
        labelled.add(FrameLabel(person, video, frame, Kind.DRAWN, xyxy))
    else:
        kept.kind, kept.xyxy = Kind.CORRECTED, xyxy


def unbox(labelled: LabelledPeople, edit: Edit) -> None:
    video, first = _video(labelled, edit), _frame(labelled, edit, "frame")
    person = _person(labelled, edit.get("person"))
    last = _last_frame(labelled, edit, first)
    if "to_frame" in edit and last is None:
        raise InputError("an unbox needs the last frame of its range as to_frame")
    gone = labelled.within(person, video, first, first if last is None else last)
    absent = last is not None or not any(label.xyxy is not None or label.crop is not None for label in gone)
    labelled.remove(gone)
    if absent:
        for frame in range(first, (first if last is None else last) + 1):
            labelled.add(FrameLabel(person, video, frame, Kind.ABSENT))


def between(labelled: LabelledPeople, edit: Edit) -> None:
    video, first = _video(labelled, edit), _frame(labelled, edit, "from_frame")
    person = _person(labelled, edit.get("person"))
    last = _frame(labelled, edit, "to_frame")
    for end in (first, last):
        if not any(label.xyxy for label in labelled.at(person, video, end)):
            raise InputError(f"person {person} has no box in frame {end} of {video} to draw the line from")
    labelled.remove(labelled.within(person, video, first + 1, last - 1))
    for frame in range(first + 1, last):
        labelled.add(FrameLabel(person, video, frame, Kind.BETWEEN))


def give(labelled: LabelledPeople, edit: Edit) -> None:
    video, first = _video(labelled, edit), _frame(labelled, edit, "from_frame")
    given = labelled.within(_person(labelled, edit.get("person")), video, first, _last_frame(labelled, edit, first))
    if not given:
        raise InputError(f"person {edit['person']} is not in {video} from frame {first} on")
    _hand_over(labelled, given, _target(labelled, edit.get("to")))


def swap(labelled: LabelledPeople, edit: Edit) -> None:
    video, first = _video(labelled, edit), _frame(labelled, edit, "from_frame")
    last = _last_frame(labelled, edit, first)
    one, other = _people(labelled, edit)[:2]
    ones, others = labelled.within(one, video, first, last), labelled.within(other, video, first, last)
    _fix_boxes_between(labelled, ones)
    _fix_boxes_between(labelled, others)
    labelled.give(ones, other)
    labelled.give(others, one)


KINDS: dict[str, Callable[[LabelledPeople, Edit], None]] = {
    "merge": merge,
    "split": split,
    "move": move,
    "drop": drop,
    "box": box,
    "unbox": unbox,
    "between": between,
    "give": give,
    "swap": swap,
}


def _hand_over(labelled: LabelledPeople, labels: list[FrameLabel], person: int) -> None:
    _fix_boxes_between(labelled, labels)
    labelled.give(labels, person)


def _fix_boxes_between(labelled: LabelledPeople, labels: list[FrameLabel]) -> None:
    """Fix the boxes that lie between others: among another person's boxes they would lie elsewhere."""
    for person, video in {(one.person, one.video) for one in labels if one.kind is Kind.BETWEEN}:
        placed = placed_boxes((one for one in labelled.people[person] if one.video == video), longest=0)
        for one in labels:
            if (one.kind, one.person, one.video) == (Kind.BETWEEN, person, video) and one.frame in placed:
                one.kind, one.xyxy = Kind.DRAWN, placed[one.frame].xyxy


def _person(labelled: LabelledPeople, number: Any) -> int:
    if not _is_count(number) or number not in labelled.known:
        raise InputError(f"there is no person {number!r}")
    return int(number)


def _target(labelled: LabelledPeople, number: Any) -> int:
    return labelled.new_person() if number == NEW else _person(labelled, number)


def _people(labelled: LabelledPeople, edit: Edit) -> list[int]:
    numbers = edit.get("people")
    if not isinstance(numbers, list) or len(set(map(str, numbers))) < 2:
        raise InputError(f"people must be a list of at least 2 different numbers, not {numbers!r}")
    return [_person(labelled, number) for number in numbers]


def _labels_of(labelled: LabelledPeople, images: Any) -> list[FrameLabel]:
    if not isinstance(images, list) or not images:
        raise InputError(f"images must be a list of file names, not {images!r}")
    for image in images:
        if not isinstance(image, str) or image not in labelled.by_image:
            raise InputError(f"there is no crop {image!r}, or it was thrown out")
    return [labelled.by_image[image] for image in dict.fromkeys(images)]


def _video(labelled: LabelledPeople, edit: Edit) -> str:
    video = edit.get("video")
    if not isinstance(video, str) or video not in labelled.videos:
        raise InputError(f"there is no video {video!r}; there are {', '.join(labelled.videos)}")
    return video


def _frame(labelled: LabelledPeople, edit: Edit, name: str) -> int:
    frame, length = edit.get(name), labelled.lengths[_video(labelled, edit)]
    if not _is_count(frame) or frame >= length:
        raise InputError(f"{name} must be a frame number from 0 to {length - 1}, not {frame!r}")
    return int(frame)


def _last_frame(labelled: LabelledPeople, edit: Edit, first: int) -> int | None:
    if edit.get("to_frame") is None:
        return None
    last = _frame(labelled, edit, "to_frame")
    if last < first:
        raise InputError(f"to_frame {last} lies before frame {first}")
    return last


def _xyxy(edit: Edit) -> Box:
    xyxy = edit.get("xyxy")
    if (
        isinstance(xyxy, list)
        and len(xyxy) == 4
        and all(isinstance(value, int | float) and not isinstance(value, bool) for value in xyxy)
        and all(abs(value) <= FARTHEST for value in xyxy)
    ):
        left, top, right, bottom = map(float, xyxy)
        if left < right and top < bottom:
            return left, top, right, bottom
    raise InputError(f"xyxy must be left, top, right, bottom of a box in pixels, not {xyxy!r}")


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
