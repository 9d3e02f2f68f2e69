"""The cast file on the disk: whole, plain, private, and distrusted when it comes back."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracker.cast_memory import CastMemory, Member, Showing
from tracker.results import cast_file
from tracker.results.cast_file import read_cast, write_cast
from tracker.types import InputError


def two() -> CastMemory:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(5, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    ada = Member(2, "Adèle", rows[:2], (b"\xff\xd8one", b"\xff\xd8two"), (Showing("monday", "2024-05-06"),))
    return CastMemory("0" * 64, "encoder.pt", (ada, Member(7, "", rows[2:])), 12)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_cast(tmp_path / "company.cast", two())
    return tmp_path / "company.cast"


def test_what_is_written_is_read_again(path: Path):
    before, after = two(), read_cast(path)
    assert (after.encoder, after.encoder_name, after.next_id) == ("0" * 64, "encoder.pt", 12)
    for one, other in zip(before.members, after.members, strict=True):
        assert (one.id, one.name, one.crops, one.showings) == (other.id, other.name, other.crops, other.showings)
        assert other.embeddings == pytest.approx(one.embeddings, abs=1e-3)  # half precision
        assert np.linalg.norm(other.embeddings, axis=1) == pytest.approx(np.ones(len(one.embeddings)))


def test_a_cast_without_people_is_a_cast(tmp_path: Path):
    write_cast(tmp_path / "empty.cast", CastMemory("0" * 64, next_id=4))
    assert read_cast(tmp_path / "empty.cast").members == ()
    assert read_cast(tmp_path / "empty.cast").next_id == 4


def test_it_is_a_plain_zip_for_its_owner_alone(path: Path):
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["cast.json", "embeddings.npy", "crops/2-0.jpg", "crops/2-1.jpg"]
        table = np.load(io.BytesIO(archive.read("embeddings.npy")), allow_pickle=False)
        assert archive.read("crops/2-1.jpg") == b"\xff\xd8two"
        assert json.loads(archive.read("cast.json"))["people"][0]["name"] == "Adèle"
    assert (table.shape, table.dtype) == ((5, 8), np.float16)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(path: Path, monkeypatch: pytest.MonkeyPatch):
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cast_file, "_write", full)
    with pytest.raises(InputError, match="No space left"):
        write_cast(path, two())
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def forged(path: Path, change: Callable[[dict[str, Any]], None], table: np.ndarray | None = None) -> None:
    """Write the file again with other facts, and other embeddings if given."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    facts = json.loads(contents["cast.json"])
    change(facts)
    contents["cast.json"] = json.dumps(facts).encode()
    if table is not None:
        stream = io.BytesIO()
        np.save(stream, table)
        contents["embeddings.npy"] = stream.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


FORGERIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "something else": lambda facts: facts.update(format="photo album"),
    "a newer Followspot": lambda facts: facts.update(version=2),
    "do not belong together": lambda facts: facts["people"][0].update(views=3),
    "an id stands twice": lambda facts: facts["people"][0].update(id=7, crops=0),
    "-2 stands where a number": lambda facts: facts["people"][0].update(id=-2),
    "2000000000 stands where a number": lambda facts: facts["people"][0].update(id=2 * 10**9, crops=0),  # no row has it
    "9223372036854775808 stands where": lambda facts: facts.update(next_id=2**63),
    "7 stands where a number": lambda facts: facts.update(next_id=7),
    "cannot be written on a label": lambda facts: facts["people"][0].update(name="A\x1b[2Jda"),
    "crops/2-2.jpg": lambda facts: facts["people"][0].update(crops=3),
    "'people'": lambda facts: facts.pop("people"),
}


@pytest.mark.parametrize("complaint", FORGERIES)
def test_a_file_that_is_not_as_we_write_it_is_refused(complaint: str, path: Path):
    forged(path, FORGERIES[complaint])
    with pytest.raises(InputError, match=complaint) as mistake:
        read_cast(path)
    assert str(path) in str(mistake.value)


@pytest.mark.parametrize(
    "table",
    [
        np.full((5, 8), np.nan, np.float16),
        np.zeros((5, 8), np.float16),
        np.zeros(5, np.float16),
        np.array([{}] * 5, object),
        np.array([["word"] * 8] * 5),
    ],
    ids=["not finite", "no direction", "flat", "pickled", "words"],
)
def test_embeddings_that_are_none_are_refused(table: np.ndarray, path: Path):
    forged(path, lambda facts: None, table)
    with pytest.raises(InputError, match="not a whole cast file"):
        read_cast(path)


def test_other_files_are_refused(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "words").write_text("just words")
    with pytest.raises(InputError, match="words is not a whole cast file"):
        read_cast(tmp_path / "words")
    (tmp_path / "half").write_bytes(path.read_bytes()[:300])
    with pytest.raises(InputError, match="half is not a whole cast file"):
        read_cast(tmp_path / "half")
    with pytest.raises(InputError, match="there is no cast file"):
        read_cast(tmp_path / "nothing")
    with pytest.raises(InputError, match="cannot be read"):
        read_cast(tmp_path)
    monkeypatch.setattr(cast_file, "MAX_BYTES", 100)
    with pytest.raises(InputError, match="too large"):
        read_cast(path)
