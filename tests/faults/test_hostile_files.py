"""Files from strangers: each reader reads, or says in a sentence why not; in a process with little memory, watched."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import pytest
import torch
from faults.formats import FORMATS
from places import ROOT

PATHS = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
LONG = "FUZZ_SECONDS"
"""Environment variable: seconds for each format in the long test, which `make test-faults` runs."""


def fuzzed(folder: Path, *arguments: str, limit: float = 300) -> dict[str, dict[str, Any]]:
    """Format -> what fuzz.py found."""
    command = [sys.executable, "-m", "faults.fuzz", str(folder), *arguments]
    done = subprocess.run(command, cwd=ROOT, env=PATHS, capture_output=True, text=True, timeout=limit)
    now = (folder / "now").read_text() if (folder / "now").exists() else "the whole examples"
    assert done.returncode == 0, f"it ended with {done.returncode} at {now}: {done.stderr[-2000:]}"
    return {line["format"]: line for line in map(json.loads, done.stdout.splitlines())}


@pytest.mark.skipif(LONG not in os.environ, reason=f"takes {LONG} for each format: `make test-faults`")
@pytest.mark.parametrize("name", FORMATS)
def test_more_damaged_files_for_as_long_as_there_is_time(tmp_path: Path, name: str):
    seconds = float(os.environ[LONG])
    arguments = ["--formats", name, "--seeds", "1000000", "0", "--seconds", str(seconds), "--examples", "1000"]
    found = fuzzed(tmp_path / "fuzz", *arguments, limit=20 * seconds + 600)
    print(f"{name}: {found[name]['tried']} files tried")
    assert found[name]["faults"] == []


FOUND: dict[str, tuple[str, str, str]] = {
    "one row in the frame 10^15": ("mot", "tracks.txt", "1000000000000000,1,2,3,4,5,1,-1,-1,-1"),
    "coordinates beyond float32": ("mot", "tracks.txt", "1,1,2,3,1e308,5,1,-1,-1,-1"),
    "an id beyond int64": ("mot", "tracks.txt", "1,1e30,2,3,4,5,1,-1,-1,-1"),
    "joints of five numbers": ("run", "keypoints.txt", "1,1,2,3,4,5,6,0.5,7,8\n"),
    "joints without a box": ("run", "keypoints.txt", "1,2,3\n"),
    "a recovery in a frame that is a list": (
        "run",
        "tracks.json",
        '{"video": {"source": "a", "fps": 30, "width": 9, "height": 9, "tracking": "online"}, '
        '"summary": {"frames": 5}, "people": [{"id": 1, "recoveries": [{"frame": [3], "time": 0.1, "away": 1}]}]}',
    ),
    "joints beyond float32": ("run", "keypoints.txt", "1,1e308,2,3,4,5,6,0.5"),
    "a stride beyond float64": ("run", "config.json", f'{{"opened": "a.mp4", "options": {{"vid_stride": {10**400}}}}}'),
    "an endless frame rate": (
        "run",
        "tracks.json",
        '{"video": {"source": "a", "fps": Infinity, "width": 1, "height": Infinity, "tracking": "online"}, '
        '"summary": {"frames": 5}, "people": []}',
    ),
    "far too many frames": (
        "run",
        "tracks.json",
        '{"video": {"source": "a", "fps": 30, "width": 9, "height": 9, "tracking": "online"}, '
        '"summary": {"frames": 9000000}, "people": []}',
    ),
    "lists in lists": ("run", "tracks.json", "[" * 100_000),
    "a name that leads out of runs/": (
        "sequence",
        "seqinfo.ini",
        "[Sequence]\nname=../../x\nseqLength=5\nimWidth=9\nimHeight=9",
    ),
    "a name longer than any file's": (
        "sequence",
        "seqinfo.ini",
        f"[Sequence]\nname={'x' * 300}\nseqLength=5\nimWidth=9\nimHeight=9",
    ),
    "10^12 frames": (
        "sequence",
        "seqinfo.ini",
        f"[Sequence]\nname=x\nseqLength={10**12}\nimWidth=9\nimHeight=9",
    ),
    "a frame of COCO beyond int64": (
        "coco, cvat",
        "coco.json",
        f'{{"images": [{{"id": 1, "frame_id": {10**30}}}], '
        '"annotations": [{"image_id": 1, "track_id": 1, "bbox": [1, 2, 3, 4]}]}',
    ),
    "a frame of CVAT that takes the memory": (
        "coco, cvat",
        "cvat.xml",
        '<annotations><track id="1"><box frame="2147483648" xtl="1" ytl="2" xbr="3" ybr="4"/></track></annotations>',
    ),
    "an encoding that there is not": ("coco, cvat", "cvat.xml", '<?xml version="1.0" encoding="utf-9"?><annotations/>'),
    "entities that grow": (
        "coco, cvat",
        "cvat.xml",
        "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaaaaaaaa'>"
        + "".join(f"<!ENTITY {b} '{f'&{a};' * 16}'>" for a, b in zip("abcdefg", "bcdefgh", strict=True))
        + "]><annotations>&h;</annotations>",
    ),
    "a table that is no text": ("data set", "crops.csv", "\udcff\udcfe"),
    "a person beyond int32": (
        "data set",
        "crops.csv",
        "image,person,video,frame,time,left,top,right,bottom,score,tracklet,doubt\n"
        f"0000_000000.jpg,{2**40},a,0,0,1,2,40,90,1,0,0\n",
    ),
    "a score beyond float32": (
        "data set",
        "crops.csv",
        "image,person,video,frame,time,left,top,right,bottom,score,tracklet,doubt\n"
        "0000_000000.jpg,0,a,0,0,1,2,40,90,1e39,0,0\n",
    ),
    "pictures outside of the folder": ("data set", "meta.json", '{"identities": [["../../x_1.jpg"], ["a_2.jpg"]]}'),
    "a picture's number of 5,000 digits": ("data set", "meta.json", f'{{"identities": [["a_{"1" * 5000}.jpg"]]}}'),
    "a picture's name longer than any file's": ("data set", "meta.json", f'{{"identities": [["{"a" * 300}_1.jpg"]]}}'),
    "pictures in lists in lists": ("data set", "meta.json", f'{{"identities": [{"[" * 980}{"]" * 980}]}}'),
    "a split of nobody": ("data set", "splits.json", '{"trainval": [], "query": [], "gallery": []}'),
    "a split's name that is a list": ("data set", "splits.json", '[{"name": [1]}]'),
    "a range of 10^12 frames": ("dancereid", "annotation.json", f'{{"a": {{"0": [[0, {10**12}]]}}}}'),
    "videos in lists in lists": ("dancereid", "annotation.json", "[" * 100_000),
    "landmarks that are no text": ("landmarks", "keypoints2.txt", "a.jpg 1 2 3 4\n\udcff"),
    "landmarks beyond float32": ("landmarks", "keypoints2.txt", "a.jpg 1e308 2 3 4\n"),
    "a log that is no text": ("records", "log.jsonl", '{"step": 1}\n\udcff'),
    "a log of lists": ("records", "log.jsonl", "[1]\n"),
    "a record of lists": ("records", ".progress.jsonl", "[1]\n[2]\n"),
    "a record that is no text": ("records", ".progress.jsonl", "\udcff\n"),
    "labels of four columns": ("yolo labels", "a.txt", "0 0.5 0.5 0.2\n" * 5),
    "labels that are no numbers": ("yolo labels", "a.txt", "0 0.5 0.5 x 1\n"),
    "options that hold themselves": ("config", "config.yaml", "tracker: &a {cast: *a}"),
    "options by number": ("config", "config.yaml", "1: 2\n"),
    "options that grow": (
        "config",
        "config.yaml",
        "classes:\n- &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"- &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    ),
    "options in lists in lists": ("config", "config.json", "[" * 100_000),
    "a histogram that takes the memory": (
        "histogram",
        "histogram.json",
        '{"height": 96, "width": 48, "stripes": 6, "hues": 180, "saturations": 100000, "values": 100000, '
        '"margin": 0.2, "metadata": {}}',
    ),
    "a calibration of other lengths": (
        "histogram",
        "histogram.json",
        '{"height": 96, "width": 48, "stripes": 6, "hues": 8, "saturations": 4, "values": 4, "margin": 0.2, '
        '"metadata": {"calibration": {"gap": [0, 1], "same": [[0.8, 0.1]], "different": [[0.5, 0.1]]}}}',
    ),
    "similarities that do not scatter": (
        "histogram",
        "histogram.json",
        '{"height": 96, "width": 48, "stripes": 6, "hues": 8, "saturations": 4, "values": 4, "margin": 0.2, '
        '"metadata": {"calibration": {"gap": [0], "same": [[0.8, 0]], "different": [[0.5, 0.1]]}}}',
    ),
}
"""What the readers once stumbled over: format, file, and its content (\\udcff stands for the byte 255)."""


def cast_of(folder: Path, change: Callable[[zipfile.ZipFile, dict[str, bytes]], None]) -> bytes:
    """A cast file that `change` writes from the members of a whole one."""
    folder.mkdir()
    FORMATS["cast"].make(folder)
    with zipfile.ZipFile(folder / "a.cast") as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(folder / "a.cast", "w") as changed:
        change(changed, members)
    return (folder / "a.cast").read_bytes()


def cast_with(folder: Path, packing: int = zipfile.ZIP_STORED, **members: bytes) -> bytes:
    """A cast file some of whose members, named by their stems, are others."""

    def write(archive: zipfile.ZipFile, whole: dict[str, bytes]) -> None:
        for name, content in whole.items():
            archive.writestr(name, members.get(Path(name).stem, content), packing)

    return cast_of(folder, write)


def broken_stream(folder: Path) -> bytes:
    """A cast whose packed bytes are no such."""
    content = bytearray(cast_with(folder, zipfile.ZIP_DEFLATED))
    start = content.index(b"cast.json") + len("cast.json")
    content[start : start + 8] = b"\xff" * 8
    return bytes(content)


def npy(shape: tuple[int, ...]) -> bytes:
    """A .npy file that claims to hold an array of this shape."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f2", "fortran_order": False, "shape": shape})
    return stream.getvalue() + b"\0" * 64


def sized(folder: Path, ending: str, place: int, number: int, order: Literal["little", "big"]) -> bytes:
    """A picture that says in the four bytes at `place` that it is so wide."""
    folder.mkdir()
    cv2.imwrite(str(folder / f"a{ending}"), np.zeros((8, 8, 3), np.uint8))
    content = bytearray((folder / f"a{ending}").read_bytes())
    content[place : place + 4] = number.to_bytes(4, order)
    return bytes(content)


def checkpoint(folder: Path, change: Callable[[Any], None], form: str = "encoder") -> bytes:
    """A checkpoint whose content was changed."""
    folder.mkdir()
    FORMATS[form].make(folder)
    path = folder / FORMATS[form].files[0]
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)
    return path.read_bytes()


def larger_than_the_file(folder: Path) -> bytes:
    """A cast whose table says that a packed part has 2 GB."""
    content = bytearray(cast_with(folder))
    entry = content.index(b"PK\x01\x02")  # of the first part in the table at the end
    content[entry + 20 : entry + 24] = (2**31 - 1).to_bytes(4, "little")
    return bytes(content)


def packed(folder: Path) -> bytes:
    """A checkpoint that unpacks to a hundred times its size."""
    folder.mkdir()
    torch.save({"a": torch.zeros(10_000_000)}, folder / "whole.pt")
    with zipfile.ZipFile(folder / "whole.pt") as whole, zipfile.ZipFile(folder / "a.pt", "w") as small:
        for name in whole.namelist():
            small.writestr(name, whole.read(name), zipfile.ZIP_DEFLATED)
    return (folder / "a.pt").read_bytes()


def stretched(content: Any) -> None:
    """One number in the place of a great many."""
    tensors = content["tensors"]
    tensors |= {name: torch.zeros(()).expand(tensor.shape) for name, tensor in tensors.items()}


BUILT: dict[str, tuple[str, str, Callable[[Path], bytes]]] = {
    "a cast whose packed bytes are none": ("cast", "a.cast", broken_stream),
    "a part of a cast that is larger than the file": ("cast", "a.cast", larger_than_the_file),
    "a cast packed as LZMA": ("cast", "a.cast", lambda folder: cast_with(folder, zipfile.ZIP_LZMA)),
    "embeddings of 10^15 numbers": ("cast", "a.cast", lambda folder: cast_with(folder, embeddings=npy((10**9, 10**6)))),
    "a pickled array": (
        "cast",
        "a.cast",
        lambda folder: cast_with(folder, embeddings=npy((2, 2)).replace(b"'<f2'", b"'|O' ")),
    ),
    "a header of 4 GB": ("dancereid", "a.npy", lambda _: b"\x93NUMPY\x02\x00\xf0\xff\xff\xff{"),
    "a checkpoint that is packed": ("encoder", "encoder.pt", packed),
    "one number for all tensors": ("encoder", "encoder.pt", lambda folder: checkpoint(folder, stretched)),
    "a trunk of gigabytes": (
        "encoder",
        "encoder.pt",
        lambda folder: checkpoint(folder, lambda content: content["options"].update(trunk="regnet_y_128gf")),
    ),
    "crops of 10^9 pixels": (
        "encoder",
        "encoder.pt",
        lambda folder: checkpoint(folder, lambda content: content["options"].update(height=10**9)),
    ),
    "a share of colour of two": (
        "encoder",
        "encoder.pt",
        lambda folder: checkpoint(folder, lambda content: content["metadata"].update(colour_share=2.0)),
    ),
    "a checkpoint without tensors": (
        "encoder",
        "encoder.pt",
        lambda folder: checkpoint(folder, lambda content: content.pop("tensors")),
    ),
    "progress that is a method": (
        "state",
        "state.pt",
        lambda folder: checkpoint(folder, lambda content: content.update(progress={"networks": 1}), "state"),
    ),
    "networks that are none": (
        "state",
        "state.pt",
        lambda folder: checkpoint(folder, lambda content: content.update(networks=[1]), "state"),
    ),
}
"""The same for files that are no text: `build` makes them in a folder of its own."""
TOO_LARGE = {
    "a BMP as wide as a word can say": ("c.bmp", ".bmp", 18, 0x7FFFFFFF, "little"),
    "a PNG of 2^31 pixels": ("b.png", ".png", 16, 1 << 28, "big"),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Format -> what became of some damaged files, and under `cases` of those in `FOUND` and the like: one watched
    process for all."""
    folder = tmp_path_factory.mktemp("found")
    texts = {name: (form, file, text.encode("utf-8", "surrogateescape")) for name, (form, file, text) in FOUND.items()}
    sizes = {
        name: ("pictures", f"images/{file}", sized(folder / name, *facts)) for name, (file, *facts) in TOO_LARGE.items()
    }
    built = {name: (form, file, build(folder / name)) for name, (form, file, build) in BUILT.items()}
    cases = {name: (form, file, content.hex()) for name, (form, file, content) in {**texts, **sizes, **built}.items()}
    (folder / "cases.json").write_text(json.dumps(cases))
    few = ("--seeds", "0", "8", "--examples", "6")
    return fuzzed(folder / "fuzz", *few, "--cases", str(folder / "cases.json"))


def test_damaged_files_of_every_format_are_read_or_refused_in_a_sentence(found: dict[str, dict[str, Any]]):
    formats = {name: line for name, line in found.items() if name != "cases"}
    assert formats.keys() == FORMATS.keys()
    assert {name: line["faults"] for name, line in formats.items() if line["faults"]} == {}
    assert min(line["tried"] for line in formats.values()) >= 6  # three by seed, three by hypothesis


@pytest.mark.parametrize("name", [*FOUND, *BUILT])
def test_what_was_a_fault_is_refused_in_a_sentence(found: dict[str, dict[str, Any]], name: str):
    """Of a log the lines before the fault are read; no other of these files can be read as anything."""
    assert found["cases"]["became"][name] == ("read" if name.startswith("a log") else "refused")


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_picture_that_claims_to_be_huge_is_no_picture(found: dict[str, dict[str, Any]], name: str):
    """`thumbnail` refuses it; the other readers say None, which their callers count and leave out."""
    assert found["cases"]["became"][name] == "refused"
