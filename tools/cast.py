"""`followspot cast`: the people of a cast file, listed, renamed, merged, removed, and shown as a sheet."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Column, Table
from rich.text import Text
from tyro.conf import Positional

from tracker.cast_memory import CastMemory
from tracker.drawing.cast_sheet import draw_sheet
from tracker.drawing.colours import colour_of, css
from tracker.drawing.lettering import unwritable
from tracker.results.cast_file import read_cast, write_cast
from tracker.types import InputError

from .run.output import note, say, show
from .run.png_file import require_png, write_png


@dataclass(frozen=True)
class CastCommand:
    """List the people of a cast file, or change them: merged first, then removed, then renamed.

    The file holds what a re-ID encoder makes of each person's appearance and, unless --no-crops, a few small pictures.
    """

    file: Positional[Path]
    """The cast file, as `followspot track --save-cast` wrote it."""
    rename: dict[int, str] = field(default_factory=dict)
    """Ids and names: `--rename 1 Ada 4 Bea`; an empty name removes the name."""
    merge: tuple[int, ...] = ()
    """Ids of one person, who gets the first of them: `--merge 2 5`."""
    remove: tuple[int, ...] = ()
    """Ids of people to remove."""
    crops: bool = True
    """Keep the pictures in the file; --no-crops removes them for good."""
    sheet: Path | None = None
    """Draw the people and their pictures on a sheet, and write it to this PNG file."""
    out: Path | None = None
    """Write the changed cast to this new file, and leave the old one unchanged."""

    def run(self) -> None:
        """Raises InputError for a file or an id that is not there, and leaves everything as it was then."""
        require_png("sheet", self.sheet)
        before = read_cast(self.file)
        memory = self._changed(before)
        if self.out is not None and self.out.exists():
            raise InputError(f"--out {self.out} exists: name a new file")
        if memory is not before or self.out is not None:
            write_cast(self.out or self.file, memory)
        if self.sheet is not None:
            write_png("sheet", self.sheet, draw_sheet(memory))
        say_people(memory)
        if self.sheet is not None:
            say(f"sheet in {self.sheet}")
            if letters := unwritable("".join(memory.names.values())):
                note(f"no font here has {letters}, which are boxes on the sheet: install one, such as Noto Sans CJK")

    def _changed(self, memory: CastMemory) -> CastMemory:
        """The same object where nothing was asked for."""
        if self.merge:
            memory = memory.merged(self.merge)
        if self.remove:
            memory = memory.without(self.remove)
        if self.rename:
            memory = memory.renamed(self.rename)
        return memory if self.crops else memory.without_crops()


def say_people(memory: CastMemory) -> None:
    """A table of all people."""
    if not memory.members:
        say("no people are left in this cast")
        return
    id, views, pictures = (Column(heading, justify="right") for heading in ("id", "views", "pictures"))
    table = Table(id, "name", views, pictures, "seen in", box=None, pad_edge=False)
    for member in memory.members:
        number = Text(str(member.id), style=css(colour_of(member.id)))
        counts = (str(len(member.embeddings)), str(len(member.crops)))
        seen = ", ".join(f"{showing.video} ({showing.date})" for showing in member.showings)
        table.add_row(number, Text(member.name), *counts, Text(seen))
    show(table)
