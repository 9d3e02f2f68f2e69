"""The edits of a review, and their replay on the data. An edit is a JSON object; `do` names its kind.

Frames count from 0, boxes are [left, top, right, bottom] in pixels of the source, a range of frames holds both its ends
and goes on to the end of the video where `to_frame` is null or left out.

    {"do": "merge", "people": [3, 7]}                          all become the first
    {"do": "split", "person": 3, "from": "IMAGE"}              from that crop on, in time, she is a new person
    {"do": "move", "images": ["IMAGE"], "person": 3}           3 or "new"
    {"do": "drop", "images": ["IMAGE"]}                        thrown out
    {"do": "box", "video": V, "frame": F, "person": 3, "xyxy": [...]}
                                                               puts her crop's box right, or adds a box; 3 or "new"
    {"do": "unbox", "video": V, "frame": F, "person": 3}       her box goes; where it was only reckoned between two
                                                               others, she counts as absent and no gap is filled there
    {"do": "unbox", ..., "to_frame": G}                        she is absent from F to G, whatever was there
    {"do": "between", "video": V, "person": 3, "from_frame": F, "to_frame": G}
                                                               her boxes after F and before G lie on the line between
                                                               those of F and G; crops there are thrown out
    {"do": "give", "video": V, "person": 3, "to": 5, "from_frame": F, "to_frame": G}
                                                               her sightings there become 5's; 5 or "new"
    {"do": "swap", "video": V, "people": [3, 5], "from_frame": F, "to_frame": G}
                                                               3's sightings there become 5's, and 5's become 3's

New people get the next free number, in the order of the edits, so that a replay always numbers them alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

from tracker.types import InputError

from .cast import Box, Cast, Kind, Sighting
from .gaps import placed_boxes
from .records import DataSet

Edit = Mapping[str, Any]

NEW = "new"
FARTHEST = 1e6
"""A box's corner lies no more pixels than this from the picture's."""


def replay(data: DataSet, edits: Sequence[Edit]) -> Cast:
    """The data after the edits, in order. Raises InputError naming the first edit that does not fit."""
    cast = Cast.of(data)
    for number, edit in enumerate(edits, start=1):
        try:
            apply(cast, edit)
        except InputError as error:
            raise InputError(f"edit {number} does not fit the data in {data.folder}: {error}") from error
    return cast


def apply(cast: Cast, edit: Edit) -> None:
    """Change `cast` by one edit. Raises InputError, with nothing changed, where the edit does not fit."""
    do = edit.get("do") if isinstance(edit, Mapping) else None
    if not isinstance(do, str) or do not in KINDS:
        raise InputError(f"{do!r} is no kind of edit; there are {', '.join(KINDS)}")
    KINDS[do](cast, edit)


def merge(cast: Cast, edit: Edit) -> None:
    first, *others = _people(cast, edit, at_least=2)
    for other in others:
        cast.give(cast.people.get(other, ()), first)


def split(cast: Cast, edit: Edit) -> None:
    person = _person(cast, edit.get("person"))
    (start,) = _sightings(cast, [edit.get("from")])
    if start.person != person:
        raise InputError(f"{edit['from']} is a crop of person {start.person}, not {person}")
    hers = cast.people[person]
    later = [sighting for sighting in hers if cast.moment(sighting) >= cast.moment(start)]
    if len(later) == len(hers):
        raise InputError(f"{edit['from']} is the first crop of person {person}, so there is nothing to split off")
    _hand_over(cast, later, cast.new_person())


def move(cast: Cast, edit: Edit) -> None:
    sightings = _sightings(cast, edit.get("images"))
    cast.give(sightings, _target(cast, edit.get("person")))


def drop(cast: Cast, edit: Edit) -> None:
    cast.remove(_sightings(cast, edit.get("images")))


def box(cast: Cast, edit: Edit) -> None:
    video, frame, xyxy = _video(cast, edit), _frame(cast, edit, "frame"), _xyxy(edit)
    person = _target(cast, edit.get("person"))
    here = cast.at(person, video, frame)
    kept = here[0] if here and here[0].crop is not None else None
    cast.remove(sighting for sighting in here if sighting is not kept)
    if kept is None:
        cast.add(Sighting(person, video, frame, Kind.DRAWN, xyxy))
    else:
        kept.kind, kept.xyxy = Kind.CORRECTED, xyxy


def unbox(cast: Cast, edit: Edit) -> None:
    video, first = _video(cast, edit), _frame(cast, edit, "frame")
    person = _person(cast, edit.get("person"))
    last = _last_frame(cast, edit, first)
    if "to_frame" in edit and last is None:
        raise InputError("an unbox needs the last frame of its range as to_frame")
    gone = cast.within(person, video, first, first if last is None else last)
    absent = last is not None or not any(sighting.xyxy is not None or sighting.crop is not None for sighting in gone)
    cast.remove(gone)
    if absent:
        for frame in range(first, (first if last is None else last) + 1):
            cast.add(Sighting(person, video, frame, Kind.ABSENT))


def between(cast: Cast, edit: Edit) -> None:
    video, first = _video(cast, edit), _frame(cast, edit, "from_frame")
    person = _person(cast, edit.get("person"))
    last = _frame(cast, edit, "to_frame")
    for end in (first, last):
        if not any(sighting.xyxy for sighting in cast.at(person, video, end)):
            raise InputError(f"person {person} has no box in frame {end} of {video} to draw the line from")
    cast.remove(cast.within(person, video, first + 1, last - 1))
    for frame in range(first + 1, last):
        cast.add(Sighting(person, video, frame, Kind.BETWEEN))


def give(cast: Cast, edit: Edit) -> None:
    video, first = _video(cast, edit), _frame(cast, edit, "from_frame")
    given = cast.within(_person(cast, edit.get("person")), video, first, _last_frame(cast, edit, first))
    if not given:
        raise InputError(f"person {edit['person']} is not in {video} from frame {first} on")
    _hand_over(cast, given, _target(cast, edit.get("to")))


def swap(cast: Cast, edit: Edit) -> None:
    video, first = _video(cast, edit), _frame(cast, edit, "from_frame")
    last = _last_frame(cast, edit, first)
    one, other = _people(cast, edit, at_least=2)[:2]
    ones, others = cast.within(one, video, first, last), cast.within(other, video, first, last)
    _settle(cast, ones)
    _settle(cast, others)
    cast.give(ones, other)
    cast.give(others, one)


KINDS: dict[str, Callable[[Cast, Edit], None]] = {
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


def _hand_over(cast: Cast, sightings: list[Sighting], person: int) -> None:
    _settle(cast, sightings)
    cast.give(sightings, person)


def _settle(cast: Cast, sightings: list[Sighting]) -> None:
    """Fix the boxes that lie between others: among somebody else's boxes they would lie elsewhere."""
    for person, video in {(one.person, one.video) for one in sightings if one.kind is Kind.BETWEEN}:
        placed = placed_boxes((one for one in cast.people[person] if one.video == video), longest=0)
        for one in sightings:
            if (one.kind, one.person, one.video) == (Kind.BETWEEN, person, video) and one.frame in placed:
                one.kind, one.xyxy = Kind.DRAWN, placed[one.frame].xyxy


def _person(cast: Cast, number: Any) -> int:
    if not _is_count(number) or number not in cast.known:
        raise InputError(f"there is no person {number!r}")
    return int(number)


def _target(cast: Cast, number: Any) -> int:
    return cast.new_person() if number == NEW else _person(cast, number)


def _people(cast: Cast, edit: Edit, at_least: int) -> list[int]:
    numbers = edit.get("people")
    if not isinstance(numbers, list) or len(set(map(str, numbers))) < at_least:
        raise InputError(f"people must be a list of at least {at_least} different numbers, not {numbers!r}")
    return [_person(cast, number) for number in numbers]


def _sightings(cast: Cast, images: Any) -> list[Sighting]:
    if not isinstance(images, list) or not images:
        raise InputError(f"images must be a list of file names, not {images!r}")
    for image in images:
        if not isinstance(image, str) or image not in cast.by_image:
            raise InputError(f"there is no crop {image!r}, or it was thrown out")
    return [cast.by_image[image] for image in dict.fromkeys(images)]


def _video(cast: Cast, edit: Edit) -> str:
    video = edit.get("video")
    if not isinstance(video, str) or video not in cast.videos:
        raise InputError(f"there is no video {video!r}; there are {', '.join(cast.videos)}")
    return video


def _frame(cast: Cast, edit: Edit, name: str) -> int:
    frame, length = edit.get(name), cast.lengths[_video(cast, edit)]
    if not _is_count(frame) or frame >= length:
        raise InputError(f"{name} must be a frame number from 0 to {length - 1}, not {frame!r}")
    return int(frame)


def _last_frame(cast: Cast, edit: Edit, first: int) -> int | None:
    if edit.get("to_frame") is None:
        return None
    last = _frame(cast, edit, "to_frame")
    if last < first:
        raise InputError(f"to_frame {last} lies before frame {first}")
    return last


def _xyxy(edit: Edit) -> Box:
    xyxy = edit.get("xyxy")
    if isinstance(xyxy, list) and len(xyxy) == 4 and all(map(_is_coordinate, xyxy)):
        left, top, right, bottom = map(float, xyxy)
        if left < right and top < bottom:
            return left, top, right, bottom
    raise InputError(f"xyxy must be left, top, right, bottom of a box in pixels, not {xyxy!r}")


def _is_coordinate(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= FARTHEST


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
