"""The cast file: a zip of `cast.json`, `embeddings.npy` (N, D) float16 and `crops/ID-NUMBER.jpg`; nothing is pickled.

`cast.json` holds the people and, for each, the number of rows in `embeddings.npy` (which are in the same order) and of
crops.
"""

from __future__ import annotations

import io
import json
import math
import os
import tempfile
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ..cast_memory import CastMemory, Member, Showing, checked_name
from ..types import InputError
from .box_rows import FARTHEST

FORMAT = "followspot cast"
VERSION = 1
FACTS, EMBEDDINGS = "cast.json", "embeddings.npy"
DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, EOFError, RuntimeError),
    *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError),
)
"""What a damaged file makes the readers raise."""
MAX_BYTES = 1 << 28
"""Bytes that a cast file may unpack to: a file from elsewhere could be made to fill the memory."""


def read_cast(path: Path) -> CastMemory:
    """Raises InputError where there is no such file, or it is no cast file."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
                raise ValueError("it is too large")
            if any(entry.compress_size > path.stat().st_size for entry in archive.infolist()):
                raise ValueError("a part of it is larger than the file")  # and would be read in one piece
            if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in archive.filelist):
                raise ValueError("it is packed in another way")  # which may ask for any amount of memory
            return _read(archive)
    except FileNotFoundError:
        raise InputError(f"there is no cast file {path}: `followspot track --save-cast {path}` makes one") from None
    except OSError as error:
        raise InputError(f"the cast file {path} cannot be read: {error.strerror}") from error
    except DAMAGES as error:
        raise InputError(f"{path} is not a whole cast file ({error}): give one that --save-cast wrote") from error


def write_cast(path: Path, memory: CastMemory) -> None:
    """Write the file atomically; raises InputError where that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w") as archive:
                _write(archive, memory)
            Path(name).chmod(0o600)
            os.replace(name, path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise InputError(f"the cast file {path} cannot be written: {error.strerror}") from error


def _write(archive: zipfile.ZipFile, memory: CastMemory) -> None:
    facts = {
        "format": FORMAT,
        "version": VERSION,
        "encoder": {"sha256": memory.encoder, "file": memory.encoder_name},
        "next_id": memory.next_id,
        "people": [
            {
                "id": member.id,
                "name": member.name,
                "views": len(member.embeddings),
                "crops": len(member.crops),
                "videos": [{"video": showing.video, "date": showing.date} for showing in member.showings],
            }
            for member in memory.members
        ],
    }
    archive.writestr(FACTS, json.dumps(facts, indent=1, ensure_ascii=False) + "\n", zipfile.ZIP_DEFLATED)
    rows = [member.embeddings for member in memory.members] or [np.zeros((0, 0))]
    table = io.BytesIO()
    np.save(table, np.concatenate(rows).astype(np.float16), allow_pickle=False)
    archive.writestr(EMBEDDINGS, table.getvalue(), zipfile.ZIP_DEFLATED)
    for member in memory.members:
        for number, crop in enumerate(member.crops):
            archive.writestr(_crop_name(member.id, number), crop)


def _read(archive: zipfile.ZipFile) -> CastMemory:
    """Raises ValueError, KeyError, TypeError and their like where anything is not as `_write` makes it."""
    facts = json.loads(archive.read(FACTS))
    if facts["format"] != FORMAT:
        raise ValueError("it is something else")
    if facts["version"] > VERSION:
        raise ValueError("a newer Followspot wrote it")
    table = _table(archive.read(EMBEDDINGS))
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths == 0).any():
        raise ValueError("an embedding is not finite")
    counts = [_count(person["views"], 1) for person in facts["people"]]
    if sum(counts) != len(table):
        raise ValueError("people and embeddings do not belong together")
    rows = np.split(table / lengths, np.cumsum(counts)[:-1])
    members = [_member(archive, person, mine) for person, mine in zip(facts["people"], rows, strict=False)]
    ids = [member.id for member in members]
    if len(set(ids)) < len(ids):
        raise ValueError("an id stands twice")
    next_id = _count(facts["next_id"], 1 + max(ids, default=0))
    encoder = facts["encoder"]
    in_order = tuple(sorted(members, key=lambda member: member.id))
    return CastMemory(str(encoder["sha256"]), str(encoder["file"]), in_order, next_id)


def _table(content: bytes) -> np.ndarray:
    """(N, D) float32 of a .npy file. Raises ValueError where it is none, before memory for a false size is taken."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, kind = read_header(stream)
    if kind.kind != "f" or len(shape) != 2 or math.prod(shape) * kind.itemsize > len(content):
        raise ValueError("its embeddings are no table of numbers")
    stream.seek(0)
    with np.errstate(over="ignore"):  # what becomes infinite is refused
        return np.load(stream, allow_pickle=False).astype(np.float32)


def _member(archive: zipfile.ZipFile, person: dict[str, Any], embeddings: np.ndarray) -> Member:
    id = _count(person["id"], 1)
    return Member(
        id,
        checked_name(person["name"]),
        embeddings,
        tuple(archive.read(_crop_name(id, number)) for number in range(_count(person["crops"], 0))),
        tuple(Showing(str(showing["video"]), str(showing["date"])) for showing in person["videos"]),
    )


def _count(value: Any, least: int) -> int:
    if not isinstance(value, int) or not least <= value <= FARTHEST:
        raise ValueError(f"{value!r} stands where a number from {least} to {FARTHEST:.0f} should")
    return value


def _crop_name(id: int, number: int) -> str:
    return f"crops/{id}-{number}.jpg"
