"""The edits of a review, and their replay on the data. An edit is a JSON object; `do` names its kind.

Frames count from 0, boxes are [left, top, right, bottom] in pixels of the source, a pixel wide and tall at least, a
range of frames holds both its ends and goes on to the end of the video where `to_frame` is null or left out.

    {"do": "merge", "people": [3, 7]}                          all become the first; in a run its boxes count where
                                                               another has one, too
    {"do": "split", "person": 3, "from": "IMAGE"}              from that crop on, in time, a new person
    {"do": "move", "images": ["IMAGE"], "person": 3}           3 or "new"
    {"do": "drop", "images": ["IMAGE"]}                        thrown out
    {"do": "delete", "people": [3, 7]}                         all of them is thrown out
    {"do": "keep", "people": [1, 2]}                           the others are thrown out
    {"do": "rename", "person": 3, "name": "Ada"}               an empty name takes it away
    {"do": "box", "video": V, "frame": F, "person": 3, "xyxy": [...]}
                                                               puts the box right, or adds one; 3 or "new"
    {"do": "boxes", "video": V, "person": 3, "frames": [F, ...], "xyxy": [[...], ...]}
                                                               the same in several frames
    {"do": "unbox", "video": V, "frame": F, "person": 3}       the box goes; where it was only reckoned between two
                                                               others, 3 counts as absent and no gap is filled there
    {"do": "unbox", ..., "to_frame": G}                        3 is absent from F to G, whatever was there
    {"do": "between", "video": V, "person": 3, "from_frame": F, "to_frame": G}
                                                               3's boxes after F and before G lie on straight lines
                                                               between those of F and G and the ones made by hand;
                                                               other ones there are thrown out
    {"do": "give", "video": V, "person": 3, "to": 5, "from_frame": F, "to_frame": G}
                                                               3's labels there become 5's, and count in a run where
                                                               5 has one; 5 or "new"
    {"do": "swap", "video": V, "people": [3, 5], "from_frame": F, "to_frame": G}
                                                               3's labels there become 5's, and 5's become 3's
    {"do": "reassign", "video": V, "stretches": [{"person": 3, "to": 5, "from_frame": F, "to_frame": G}, ...]}
                                                               several stretches change hands at once, and count in a
                                                               run where `to` keeps a box, too
    {"do": "look", "moments": ["KEY", ...]}                    they were looked at; any edit may have `moments`
    {"do": "unlook", "moments": ["KEY", ...]}                  they were not

New people get the next free number, in the order of the edits, so that a replay always numbers them alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np

from tracker.cast_memory import MAX_NAME_LENGTH, checked_name
from tracker.results.moment_words import GONE
from tracker.types import InputError

from .gaps import places_of
from .labelled_people import BY_HAND, RANK, Box, Kind, LabelledPeople, Reviewed

Edit = Mapping[str, Any]

NEW = "new"
FARTHEST = 1e6
"""A box's corner lies no more pixels than this from the picture's, where the picture's size is not known."""
LEAST_SIDE = 1.0
"""Pixels that a box has across and down: the files of results have two decimals, and no boxes without an area."""
TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unicode's controls of the direction of writing, which would turn the words around a name, too (UAX 9)."""
ITSELF = {"merge": "merged", "swap": "swapped"}
"""What one person cannot be with itself, by kind of edit."""


def replay(data: Reviewed, edits: Sequence[Edit]) -> LabelledPeople:
    """The data after the edits, in order. Raises InputError naming the first edit that does not fit."""
    labelled = LabelledPeople(data)
    for number, edit in enumerate(edits, start=1):
        try:
            labelled = applied(labelled, edit)
        except InputError as error:
            raise InputError(f"edit {number} does not fit the data in {data.folder}: {error}") from error
    return labelled


def applied(labelled: LabelledPeople, edit: Edit) -> LabelledPeople:
    """The people after one edit; those before it stay as they are. Raises InputError where the edit does not fit."""
    do = edit.get("do") if isinstance(edit, Mapping) else None
    if not isinstance(do, str) or do not in KINDS:
        raise InputError(f"{do!r} is no kind of edit; there are {', '.join(KINDS)}")
    labelled = labelled.copied()
    KINDS[do](labelled, edit)
    if "moments" in edit and do != "unlook":
        labelled.looked |= _moments(labelled, edit)
    return labelled


def merge(labelled: LabelledPeople, edit: Edit) -> None:
    first, *others = _several(labelled, edit)
    for other in others:
        _give_way(labelled, labelled.rows_of(other), labelled.rows_of(first))
        labelled.give(labelled.rows_of(other), first)
        _hand_on_name(labelled, other, first)


def split(labelled: LabelledPeople, edit: Edit) -> None:
    person = _person(labelled, edit.get("person"))
    image = edit.get("from")
    (start,) = _labels_of(labelled, [image])
    if labelled.person[start] != person:
        raise InputError(f"{image} is a crop of person {labelled.person[start]}, not {person}")
    own = labelled.rows_of(person)
    later = own[labelled.moments(own) >= labelled.moments(np.array([start]))]
    if len(later) == len(own):
        raise InputError(f"{image} is the first crop of person {person}, so there is nothing to split off")
    _hand_over(labelled, later, labelled.new_person())


def move(labelled: LabelledPeople, edit: Edit) -> None:
    labels = _labels_of(labelled, edit.get("images"))
    labelled.give(labels, _target(labelled, edit.get("person")))


def drop(labelled: LabelledPeople, edit: Edit) -> None:
    labelled.remove(_labels_of(labelled, edit.get("images")))


def delete(labelled: LabelledPeople, edit: Edit) -> None:
    labelled.remove(np.flatnonzero(np.isin(labelled.person, _people(labelled, edit, least=1))))


def keep(labelled: LabelledPeople, edit: Edit) -> None:
    labelled.remove(np.flatnonzero(~np.isin(labelled.person, _people(labelled, edit, least=1))))


def rename(labelled: LabelledPeople, edit: Edit) -> None:
    person, name = _person(labelled, edit.get("person")), edit.get("name")
    if not isinstance(name, str):
        raise InputError(f"a name must be text, not {name!r}")
    others = {number: given for number, given in labelled.names.items() if number != person}
    if name.strip() == "":
        labelled.names = others
        return
    name = _name(name)
    taken = {given: number for number, given in others.items() if (labelled.person == number).any()}
    if name in taken:
        raise InputError(f"'{name}' is person {taken[name]} already; merge the two, or give another name")
    labelled.names = {**others, person: name}


def box(labelled: LabelledPeople, edit: Edit) -> None:
    video, frame = _video(labelled, edit), _frame(labelled, edit, "frame")
    xyxy = _placed(labelled, video, edit.get("xyxy"))
    _put(labelled, video, _target(labelled, edit.get("person")), [frame], [xyxy])


def boxes(labelled: LabelledPeople, edit: Edit) -> None:
    video, frames, places = _video(labelled, edit), edit.get("frames"), edit.get("xyxy")
    if not isinstance(frames, list) or not isinstance(places, list) or len(frames) != len(places) or not frames:
        raise InputError("boxes need a list of frames, and a box for each of them under xyxy")
    numbers = [_frame(labelled, {"video": video, "frame": frame}, "frame") for frame in frames]
    if len(set(numbers)) < len(numbers):
        raise InputError("boxes has a frame twice; a person has one box in a frame")
    placed = [_placed(labelled, video, place) for place in places]
    _put(labelled, video, _target(labelled, edit.get("person")), numbers, placed)


def _put(labelled: LabelledPeople, video: str, person: int, frames: list[int], boxes: list[Box]) -> None:
    """Keyframes: what the detector had there is corrected, all else that the person had there goes."""
    new: dict[int, Box] = {}
    kept, places, gone = [], [], []
    for frame, xyxy in zip(frames, boxes, strict=True):
        here = labelled.at(person, video, frame)
        if _are_all(labelled, here, Kind.DRAWN, 1) and labelled.xyxy[here].tolist() == [list(xyxy)]:
            continue
        detected = len(here) > 0 and int(here[0]) < len(labelled.data.columns.person)
        gone += here[detected:].tolist()
        if detected:
            kept.append(int(here[0]))
            places.append(xyxy)
        else:
            new[frame] = xyxy
    if gone:
        labelled.remove(np.array(gone))
    if kept:
        labelled.mark(np.array(kept), Kind.CORRECTED, np.array(places))
    if new:
        labelled.add(person, video, new, Kind.DRAWN, np.array(list(new.values())))


def unbox(labelled: LabelledPeople, edit: Edit) -> None:
    video, first = _video(labelled, edit), _frame(labelled, edit, "frame")
    person = _person(labelled, edit.get("person"))
    last = _last_frame(labelled, edit, first)
    if "to_frame" in edit and last is None:
        raise InputError("an unbox needs the last frame of its range as to_frame")
    end = first if last is None else last
    gone = labelled.within(person, video, first, end)
    absent = last is not None or not (labelled.rank[gone] <= RANK[Kind.CROP]).any()
    if absent and _are_all(labelled, gone, Kind.ABSENT, end + 1 - first):
        return
    if not len(gone) and not _is_amid(labelled, person, video, first, end):
        return
    labelled.remove(gone)
    if absent:
        labelled.add(person, video, range(first, end + 1), Kind.ABSENT)


def between(labelled: LabelledPeople, edit: Edit) -> None:
    video, first = _video(labelled, edit), _frame(labelled, edit, "from_frame")
    person = _person(labelled, edit.get("person"))
    last = _frame(labelled, edit, "to_frame")
    for end in (first, last):
        if np.isnan(labelled.xyxy[labelled.at(person, video, end), 0]).all():
            raise InputError(f"person {person} has no box in frame {end} of {video} to draw the line from")
    inside = labelled.within(person, video, first + 1, last - 1)
    by_hand = np.isin(labelled.rank[inside], BY_HAND)
    keyframes = set(labelled.frame[inside[by_hand]].tolist())
    if _are_all(labelled, inside[~by_hand], Kind.BETWEEN, last - first - 1 - len(keyframes)):
        return
    labelled.remove(inside[~by_hand])
    labelled.add(person, video, [frame for frame in range(first + 1, last) if frame not in keyframes], Kind.BETWEEN)


def _is_amid(labelled: LabelledPeople, person: int, video: str, first: int, last: int) -> bool:
    """Whether any of the frames lies between two known boxes of the person, so that one may be filled in."""
    rows = labelled.within(person, video, 0, None)
    known = labelled.frame[rows[~np.isnan(labelled.xyxy[rows, 0])]]
    return len(known) > 0 and bool(known.min() < last and first < known.max())


def _are_all(labelled: LabelledPeople, rows: np.ndarray, kind: Kind, frames: int) -> bool:
    """Whether the rows, of one person and video, are of this kind in so many frames."""
    return bool((labelled.rank[rows] == RANK[kind]).all()) and len(np.unique(labelled.frame[rows])) == frames


def give(labelled: LabelledPeople, edit: Edit) -> None:
    video, first = _video(labelled, edit), _frame(labelled, edit, "from_frame")
    given = labelled.within(_person(labelled, edit.get("person")), video, first, _last_frame(labelled, edit, first))
    if not len(given):
        raise InputError(f"person {edit['person']} is not in {video} from frame {first} on")
    if edit.get("to") != edit["person"]:
        target = _target(labelled, edit.get("to"))
        _give_way(labelled, labelled.rows_of(target), given)
        _hand_over(labelled, given, target)


def swap(labelled: LabelledPeople, edit: Edit) -> None:
    video, first = _video(labelled, edit), _frame(labelled, edit, "from_frame")
    last = _last_frame(labelled, edit, first)
    one, other, *more = _several(labelled, edit)
    if more:
        raise InputError(f"two people are swapped with each other, not {len(more) + 2}")
    ones, others = labelled.within(one, video, first, last), labelled.within(other, video, first, last)
    _fix_boxes_between(labelled, ones)
    _fix_boxes_between(labelled, others)
    labelled.give(ones, other)
    labelled.give(others, one)


def reassign(labelled: LabelledPeople, edit: Edit) -> None:
    video, stretches = _video(labelled, edit), edit.get("stretches")
    if not isinstance(stretches, list) or not stretches or not all(isinstance(one, Mapping) for one in stretches):
        raise InputError("reassign needs a list of stretches, each with person, to, from_frame and to_frame")
    given = []
    for stretch in stretches:
        named = {**stretch, "video": video}
        first = _frame(labelled, named, "from_frame")
        last = _last_frame(labelled, named, first)
        rows = labelled.within(_person(labelled, named.get("person")), video, first, last)
        given.append((rows, _target(labelled, named.get("to"))))
    for rows, _ in given:
        _fix_boxes_between(labelled, rows)
    for number, (rows, person) in enumerate(given):
        to_be_given = np.concatenate([later for later, _ in given[number:]])
        _give_way(labelled, np.setdiff1d(labelled.rows_of(person), to_be_given), rows)
        labelled.give(rows, person)


def look(labelled: LabelledPeople, edit: Edit) -> None:
    labelled.looked |= _moments(labelled, edit)


def unlook(labelled: LabelledPeople, edit: Edit) -> None:
    labelled.looked -= _moments(labelled, edit)


KINDS: dict[str, Callable[[LabelledPeople, Edit], None]] = {
    "merge": merge,
    "split": split,
    "move": move,
    "drop": drop,
    "delete": delete,
    "keep": keep,
    "rename": rename,
    "box": box,
    "boxes": boxes,
    "unbox": unbox,
    "between": between,
    "give": give,
    "swap": swap,
    "reassign": reassign,
    "look": look,
    "unlook": unlook,
}


def _give_way(labelled: LabelledPeople, rows: np.ndarray, others: np.ndarray) -> None:
    """In a run, tracked boxes go where another track has one in the same frame: by their scores, frame by frame, the
    person would hop between the two. Crops stay, as the page shows which of them clash."""
    if labelled.data.crops:
        return
    taken = np.unique(labelled.moments(others))
    tracked = labelled.rank[rows] == RANK[Kind.CROP]
    labelled.remove(rows[tracked & np.isin(labelled.moments(rows), taken)])


def _hand_over(labelled: LabelledPeople, rows: np.ndarray, person: int) -> None:
    _fix_boxes_between(labelled, rows)
    labelled.give(rows, person)


def _hand_on_name(labelled: LabelledPeople, person: int, to: int) -> None:
    """A person who is now part of another leaves them the name, if they have none."""
    if person in labelled.names:
        names = {**labelled.names}
        names.setdefault(to, names.pop(person))
        labelled.names = names


def _fix_boxes_between(labelled: LabelledPeople, rows: np.ndarray) -> None:
    """Fix the boxes that lie between others: among another person's boxes they would lie elsewhere."""
    rows = rows[labelled.rank[rows] == RANK[Kind.BETWEEN]]
    for person, video in set(zip(labelled.person[rows].tolist(), labelled.video[rows].tolist(), strict=True)):
        placed = places_of(labelled, person, labelled.data.videos[video], longest=0)
        fixed = rows[(labelled.person[rows] == person) & (labelled.video[rows] == video)]
        fixed = fixed[np.isin(labelled.frame[fixed], placed.frame)]
        labelled.mark(fixed, Kind.DRAWN, placed.xyxy[np.searchsorted(placed.frame, labelled.frame[fixed])])


def _moments(labelled: LabelledPeople, edit: Edit) -> frozenset[str]:
    keys = edit.get("moments")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise InputError(f"moments must be a list of their keys, not {str(keys)[:80]}")
    # Moments that there are not are passed over: another version may have found other ones, and its edits stay good.
    return labelled.data.moment_keys.intersection(keys)


def _name(name: str) -> str:
    """As `checked_name`, without what would turn the writing around it. Raises InputError."""
    length = len(name.strip())
    if length > MAX_NAME_LENGTH:
        raise InputError(f"a name may have {MAX_NAME_LENGTH} characters at most, and this one has {length}")
    if TURNS & set(name):
        raise InputError("this name holds invisible characters that turn the direction of writing: leave them out")
    return checked_name(name)


def _person(labelled: LabelledPeople, number: Any) -> int:
    if not _is_count(number) or number not in labelled.known:
        raise InputError(f"there is no person {number!r}")
    return int(number)


def _target(labelled: LabelledPeople, number: Any) -> int:
    return labelled.new_person() if number == NEW else _person(labelled, number)


def _people(labelled: LabelledPeople, edit: Edit, least: int) -> list[int]:
    numbers = edit.get("people")
    if not isinstance(numbers, list) or len(set(map(str, numbers))) < least:
        raise InputError(f"people must be a list of at least {least} different numbers, not {numbers!r}")
    return [_person(labelled, number) for number in numbers]


def _several(labelled: LabelledPeople, edit: Edit) -> list[int]:
    """Two people or more, who are not all the same one."""
    numbers = edit.get("people")
    if isinstance(numbers, list) and len(numbers) > 1 and len({*map(str, numbers)}) == 1:
        raise InputError(f"person {_person(labelled, numbers[0])} cannot be {ITSELF[edit['do']]} with itself")
    return list(dict.fromkeys(_people(labelled, edit, least=2)))


def _labels_of(labelled: LabelledPeople, images: Any) -> np.ndarray:
    """Indices of the labels of these crops, (n,)."""
    if not isinstance(images, list) or not images:
        raise InputError(f"images must be a list of file names, not {images!r}")
    row_of = labelled.row_of_image
    for image in images:
        if not isinstance(image, str) or image not in row_of or labelled.person[row_of[image]] == GONE:
            raise InputError(f"there is no crop {image!r}, or it was thrown out")
    return np.array([row_of[image] for image in dict.fromkeys(images)])


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


def _placed(labelled: LabelledPeople, video: str, xyxy: Any) -> Box:
    """As `corners`, and on the picture, where its size is known: beyond it lies no more than another one's size."""
    left, top, right, bottom = placed = corners(xyxy)
    source = labelled.data.sources.get(video)
    if source is None:
        return placed
    width, height = source.width, source.height
    if right <= 0 or bottom <= 0 or left >= width or top >= height:
        raise InputError(f"a box lies within the picture of {width}x{height} pixels, not at {xyxy!r}")
    if min(left + width, top + height, 2 * width - right, 2 * height - bottom) < 0:
        raise InputError(f"the box {xyxy!r} reaches too far beyond the picture of {width}x{height} pixels")
    return placed


def corners(xyxy: Any) -> Box:
    """A box of an edit, checked. Raises InputError."""
    if (
        isinstance(xyxy, list)
        and len(xyxy) == 4
        and all(isinstance(value, int | float) and not isinstance(value, bool) for value in xyxy)
        and all(abs(value) <= FARTHEST for value in xyxy)
    ):
        left, top, right, bottom = map(float, xyxy)
        if right - left >= LEAST_SIDE and bottom - top >= LEAST_SIDE:
            return left, top, right, bottom
        if left < right and top < bottom:
            raise InputError(f"a box is {LEAST_SIDE:.0f} pixel wide and tall at least, not {xyxy!r}")
    raise InputError(f"xyxy must be left, top, right, bottom of a box in pixels, not {xyxy!r}")


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
