"""The people of a cast, kept from video to video: ids, names, and embeddings of the re-ID encoder."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from .gallery import shrunk
from .option_ranges import require_above, require_numbers
from .track import Identity
from .types import InputError

MAX_NAME_LENGTH = 60
UNSEEN = frozenset({"Cf", "Mn", "Me", "Zs"})
"""Unicode's categories of characters that are not seen on their own."""
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that are empty all the same: Hangul's fillers, Braille without a dot."""


@dataclass(frozen=True, slots=True)
class MemoryOptions:
    """How much of a person a cast file keeps."""

    views: int = 24
    """Maximum number of views of a person, as the encoder's vectors; the most different ones stay."""
    min_seconds: float = 1.0
    """A person seen for less than this, from the first clear view to the last, is not saved."""
    crops: int = 6
    """Maximum number of small pictures of a person, shown by `followspot cast FILE --sheet`; 0 keeps none."""
    crop_height: int = 160
    """Maximum height of these pictures, pixels."""

    def __post_init__(self) -> None:
        require_above(0, "memory", self, "views", "crop_height")  # nobody is recognised without a view
        require_numbers(self, "memory.")


@dataclass(frozen=True, slots=True)
class Showing:
    """A video the person was seen in: its name, and the day it was tracked (ISO 8601)."""

    video: str
    date: str


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A person of the cast.

    `name` is empty where none was given. `embeddings` (V, D) float32 are rows of length 1, `crops` JPEG files.
    """

    id: int
    name: str
    embeddings: np.ndarray
    crops: tuple[bytes, ...] = ()
    showings: tuple[Showing, ...] = ()

    @property
    def label(self) -> str:
        """The name, or else the id."""
        return self.name or str(self.id)


@dataclass(frozen=True, slots=True, eq=False)
class CastMemory:
    """A cast as one encoder sees it; every change gives a new one.

    `encoder` is the SHA-256 of the encoder's file, and `encoder_name` what that was called. `members` are in the order
    of their ids, and `next_id` is one that was never given.
    """

    encoder: str
    encoder_name: str = ""
    members: tuple[Member, ...] = ()
    next_id: int = 1

    @property
    def names(self) -> dict[int, str]:
        """The names of the people who have one, by id."""
        return {member.id: member.name for member in self.members if member.name}

    def member(self, id: int) -> Member:
        """Raises InputError where no person has that id."""
        for member in self.members:
            if member.id == id:
                return member
        there = ", ".join(str(member.id) for member in self.members) or "none"
        raise InputError(f"there is no person with the id {id} in this cast; its ids: {there}")

    def renamed(self, names: Mapping[int, str]) -> CastMemory:
        """The same people, some with other names, by id. Raises InputError where no person has such an id, two
        would have one name, or a name cannot be written on a label."""
        memory = self
        for id, name in names.items():
            memory = memory._with(replace(memory.member(id), name=checked_name(name)))
        refuse_namesakes(memory.names)
        return memory

    def merged(self, ids: Sequence[int], options: MemoryOptions = MemoryOptions()) -> CastMemory:
        """All of them become the first, whose name stays if there is one. Raises InputError."""
        if len(set(ids)) < 2:
            raise InputError("merging takes two different people or more: the one who stays, then the others")
        one, *others = (self.member(id) for id in dict.fromkeys(ids))
        for other in others:
            one = joined(one, other, options)
        return self.without([other.id for other in others])._with(one)

    def without(self, ids: Collection[int]) -> CastMemory:
        """Remove these people; their ids are not given again. Raises InputError where no person has that id."""
        gone = {self.member(id).id for id in ids}
        return replace(self, members=tuple(member for member in self.members if member.id not in gone))

    def without_crops(self) -> CastMemory:
        """The same people without any picture of them."""
        return replace(self, members=tuple(replace(member, crops=()) for member in self.members))

    def _with(self, member: Member) -> CastMemory:
        others = [other for other in self.members if other.id != member.id]
        members = tuple(sorted([*others, member], key=lambda each: each.id))
        return replace(self, members=members, next_id=max(self.next_id, member.id + 1))


def learn(
    memory: CastMemory,
    identities: Sequence[Identity],
    showing: Showing,
    *,
    doubtful: Collection[int] = (),
    names: Mapping[int, str] | None = None,
    options: MemoryOptions = MemoryOptions(),
) -> CastMemory:
    """The memory with the people of a video added to it.

    `identities` have lasting galleries whose views are embedded. Views of `doubtful` ids are not added:
    they were taken for a remembered person and may be another. `names` go by id.
    """
    for identity in identities:
        views = [view for view in identity.gallery.views if view.embedding is not None]
        if identity.id in doubtful or not views or views[-1].time - views[0].time < options.min_seconds:
            continue
        crops = [view.crop for view in views if view.crop is not None]
        embeddings = np.stack([view.embedding for view in views if view.embedding is not None])
        new = Member(
            identity.id,
            "",
            most_different(embeddings, options.views),
            tuple(small_jpeg(crop, options.crop_height) for crop in evenly(crops, options.crops)),
            (showing,),
        )
        known = next((member for member in memory.members if member.id == identity.id), None)
        memory = memory._with(new if known is None else joined(known, new, options))
    there = {member.id for member in memory.members}
    return memory.renamed({id: name for id, name in (names or {}).items() if id in there})


def joined(one: Member, other: Member, options: MemoryOptions) -> Member:
    """One member with the views of both, and the id of the first."""
    crops = (*one.crops, *other.crops)
    return Member(
        one.id,
        one.name or other.name,
        most_different(np.concatenate([one.embeddings, other.embeddings]), options.views),
        tuple(evenly(crops, options.crops)),
        tuple(dict.fromkeys((*one.showings, *other.showings))),
    )


def most_different(embeddings: np.ndarray, count: int) -> np.ndarray:
    """At most `count` of the rows (V, D): the earlier one of the two most similar is removed, again and again."""
    similarity = embeddings @ embeddings.T
    np.fill_diagonal(similarity, -np.inf)
    kept = np.arange(len(embeddings))
    while len(kept) > count:
        among = similarity[np.ix_(kept, kept)]
        kept = np.delete(kept, min(np.unravel_index(among.argmax(), among.shape)))
    return embeddings[kept]


def evenly(items: Sequence, count: int) -> list:
    """At most `count` of the items, spread over all of them, the first and the last among them."""
    if len(items) <= count:
        return list(items)
    return [items[int(index)] for index in np.linspace(0, len(items) - 1, count).round()] if count else []


def small_jpeg(crop: np.ndarray, height: int) -> bytes:
    """A crop (h, w, 3) BGR as a JPEG file, shrunk to at most this height."""
    return cv2.imencode(".jpg", shrunk(crop, height), [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def refuse_namesakes(names: Mapping[int, str]) -> None:
    """Raise InputError where two people have one name."""
    holder: dict[str, int] = {}
    for id, name in names.items():
        if holder.setdefault(name, id) != id:
            raise InputError(f"{name!r} would be the name of both {holder[name]} and {id}: choose another for one")


def told_from_numbers(name: str) -> str:
    """The name; in quotes where it is a number, lest it be read as an id."""
    is_number = any(map(str.isnumeric, name)) and not any(map(str.isalpha, name))
    return f"“{name}”" if is_number else name


def checked_name(name: str) -> str:
    """The name without spaces around it. Raises InputError where it is too long, holds what cannot be written on a
    label (control characters, ends of lines), or nothing that can be seen. An empty name is none, and is returned."""
    name = name.strip()
    if len(name) > MAX_NAME_LENGTH:
        raise InputError(f"a name may have {MAX_NAME_LENGTH} letters at most, and {name[:20]!r}... has {len(name)}")
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in name):
        raise InputError(f"{name!r} holds characters that cannot be written on a label: leave them out")
    if name and all(unicodedata.category(letter) in UNSEEN or letter in BLANK for letter in name):
        raise InputError("this name holds nothing but invisible characters: give one that can be read")
    return name
