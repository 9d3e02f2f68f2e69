"""The cast file in `followspot track`: which one is read, which one written, and what is printed of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from models.digest import sha256
from tracker.cast_memory import CastMemory, MemoryOptions, Showing, checked_name, learn, refuse_namesakes
from tracker.drawing.render import RenderOptions
from tracker.gallery import embed_all
from tracker.results.cast_file import read_cast, write_cast
from tracker.results.presence import Summary
from tracker.track import Identity
from tracker.tracker import TrackerOptions
from tracker.types import Embedder, InputError

from .output import note, refuse_unwritable, say


@dataclass(frozen=True)
class CastFiles:
    """People known from video to video."""

    cast_file: Path | None = None
    """People of earlier videos, as --save-cast wrote them: those who resemble one of them get their id and name."""
    save_cast: Path | None = None
    """Save the people of this video for the next, added to those of --cast-file. The file holds what an encoder makes
    of a person's appearance, and a few small pictures of them: keep it as private as the video."""
    crops: bool = True
    """Put those pictures into the file; without them `followspot cast` can show no sheet."""
    memory: MemoryOptions = field(default_factory=MemoryOptions)

    @property
    def asked(self) -> bool:
        """Whether a cast file is read or written."""
        return self.cast_file is not None or self.save_cast is not None

    def load(self, encoder: Path | None, names: Mapping[int, str]) -> CastMemory | None:
        """The people known so far, or None where nothing was asked for. `names` are those that the user gives, by id.

        Raises InputError, before anything is tracked, also for a file that would be overwritten.
        """
        refuse_namesakes({id: name for id, name in names.items() if name.strip()})
        if not self.asked:
            return None
        if encoder is None:
            raise InputError(
                "--cast-file and --save-cast know people by their appearance: they cannot go with --reid none"
            )
        if not encoder.is_file():
            raise InputError(f"there is no file {encoder} for --reid")
        made_with = sha256(encoder)
        memory = CastMemory(made_with, encoder.name)
        if self.cast_file is not None:
            memory = read_cast(self.cast_file)
            if memory.encoder != made_with:
                theirs, ours = (f"{memory.encoder_name}, {memory.encoder[:8]}", f"{encoder.name}, {made_with[:8]}")
                raise InputError(
                    f"{self.cast_file} was made with another re-ID encoder ({theirs}) than this one ({ours}): "
                    "name that one with --reid, or save a new cast"
                )
        if self.save_cast is not None:
            self._refuse_to_overwrite(self.save_cast)
            refuse_unwritable(self.save_cast, "--save-cast")
            refuse_namesakes({**memory.names, **{id: checked_name(name) for id, name in names.items()}})
        return memory

    def _refuse_to_overwrite(self, path: Path) -> None:
        if path.is_dir():
            raise InputError(f"--save-cast {path} is a folder: name a file in it")
        if path.exists() and (self.cast_file is None or path.resolve() != self.cast_file.resolve()):
            raise InputError(f"--save-cast {path} exists: add to it with --cast-file {path}, or name a new file")

    def watched(self, options: TrackerOptions) -> TrackerOptions:
        """The tracker's options, with galleries that last where they are to be saved."""
        lasting = replace(options, gallery=replace(options.gallery, lasting=True))
        return options if self.save_cast is None else lasting

    def save(
        self,
        memory: CastMemory | None,
        identities: Sequence[Identity],
        embedder: Embedder | None,
        summary: Summary,
        video: str,
        draw: RenderOptions,
    ) -> CastMemory | None:
        """The memory with this video's people in it, written where that was asked for. Raises InputError."""
        if self.save_cast is None or memory is None or embedder is None:
            return memory
        margins = {recovery.id: recovery.margin for recovery in summary.remembered}
        doubtful = {id for id, margin in margins.items() if margin is not None and margin < draw.doubt}
        return self.write(memory, identities, embedder, video, draw.names, doubtful)

    def write(
        self,
        memory: CastMemory,
        identities: Sequence[Identity],
        embedder: Embedder,
        video: str,
        names: Mapping[int, str],
        doubtful: Collection[int] = (),
    ) -> CastMemory:
        """The memory with these people in it, in the file of --save-cast. Raises InputError."""
        embed_all([identity.gallery for identity in identities], embedder)
        showing, options = Showing(video, date.today().isoformat()), self.memory
        learnt = learn(memory, identities, showing, doubtful=doubtful, names=names, options=options)
        if learnt.members and self.save_cast is not None:
            write_cast(self.save_cast, learnt if self.crops else learnt.without_crops())
        return learnt

    def say_saved(self, learnt: CastMemory | None) -> None:
        """A line on the file that was written, if any."""
        if learnt is not None and learnt.members and self.save_cast is not None:
            say(f"cast of {len(learnt.members)} saved in {self.save_cast}")
        elif learnt is not None and self.save_cast is not None:
            note("no person was seen clearly enough to be saved: no cast file was written")


def say_cast(memory: CastMemory, summary: Summary, names: Mapping[int, str]) -> None:
    """Print the ids of known, new and unseen people; nothing where there was no cast before."""
    if not memory.members:
        return
    known, seen = {member.id for member in memory.members}, {person.id for person in summary.people}
    for kind, ids in (("known", seen & known), ("new", seen - known), ("not seen", known - seen)):
        if ids:
            people = ", ".join(f"{id} {names[id]}" if id in names else str(id) for id in sorted(ids))
            say(f"{kind:9} {people}")
