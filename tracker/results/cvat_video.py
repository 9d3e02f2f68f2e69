"""CVAT's XML for video, version 1.1 (https://docs.cvat.ai/docs/manual/advanced/xml_format/), frames from 0.

Between two boxes of a track CVAT draws boxes on a straight line, and the last one stays for ever: so where a person is
not seen in the next tracked frame, a box with outside="1" is written there, unless the video has ended.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from ..types import Frame, FrameTracks, InputError
from .box_rows import BoxRows, Row, box_rows
from .source_facts import SourceFacts
from .whole_files import replace_text

LABEL = "person"
ATTRIBUTES = {"id": "False", "name": "False", "score": "True"}
"""Attributes of a box, and whether they change along the track."""
CORNERS = ("xtl", "ytl", "xbr", "ybr")
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class CvatVideoWriter:
    """Collects the frames of one video; the file is written when all are there, and not after an error."""

    def __init__(self, path: Path, facts: SourceFacts) -> None:
        self._path, self._facts = Path(path), facts
        self._tracks: dict[int, Element] = {}
        self._seen: dict[int, Element] = {}  # the boxes of the frame before
        self._frames = 0

    def __enter__(self) -> CvatVideoWriter:
        return self

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Take in one frame."""
        before, self._seen = self._seen, {}
        for identity, corners, score in zip(
            tracks.ids.tolist(), tracks.xyxy.tolist(), tracks.score.tolist(), strict=True
        ):
            self._seen[identity] = self._box(frame.index, identity, corners, score)
        for identity in before.keys() - self._seen.keys():
            gone = SubElement(self._tracks[identity], "box", before[identity].attrib)
            gone.attrib.update(frame=str(frame.index), outside="1")
            gone.extend(before[identity])
        self._frames = frame.index + 1

    def _box(self, frame: int, identity: int, corners: list[float], score: float) -> Element:
        if identity not in self._tracks:
            self._tracks[identity] = Element("track", id=str(identity), label=LABEL, source="auto")
        place = {name: f"{value:.2f}" for name, value in zip(CORNERS, corners, strict=True)}
        marks = {"outside": "0", "occluded": "0", "keyframe": "1"}
        box = SubElement(self._tracks[identity], "box", {"frame": str(frame), **marks, **place, "z_order": "0"})
        name = self._facts.names.get(identity, "")
        for attribute, value in {"id": str(identity), "name": name, "score": f"{score:.4f}"}.items():
            if value:
                SubElement(box, "attribute", name=attribute).text = _NO_XML.sub("\ufffd", value)
        return box

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if failed is not None:
            return
        root = Element("annotations")
        SubElement(root, "version").text = "1.1"
        root.append(self._meta())
        root.extend(self._tracks[identity] for identity in sorted(self._tracks))
        ElementTree.indent(root)
        text = ElementTree.tostring(root, encoding="unicode")
        replace_text(self._path, f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n')

    def _meta(self) -> Element:
        meta = Element("meta")
        task = SubElement(meta, "task")
        facts = {"name": self._facts.name, "size": self._frames, "mode": "interpolation", "overlap": 0}
        for name, value in {**facts, "start_frame": 0, "stop_frame": max(self._frames - 1, 0)}.items():
            SubElement(task, name).text = _NO_XML.sub("\ufffd", str(value))
        label = SubElement(SubElement(task, "labels"), "label")
        SubElement(label, "name").text = LABEL
        attributes = SubElement(label, "attributes")
        for name, mutable in ATTRIBUTES.items():
            attribute = SubElement(attributes, "attribute")
            kind = {"name": name, "mutable": mutable, "input_type": "text", "default_value": "", "values": ""}
            for key, text in kind.items():
                SubElement(attribute, key).text = text
        size = SubElement(task, "original_size")
        SubElement(size, "width").text, SubElement(size, "height").text = (
            str(self._facts.width),
            str(self._facts.height),
        )
        return meta


def read_cvat_video(path: Path) -> BoxRows:
    """The boxes that are not outside, as CVAT exports them (every frame of a track); a missing score is 1.

    Raises InputError where it is no such file.
    """
    try:
        return box_rows([row for track in _tracks(path) for row in _rows(track)], path)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (ElementTree.ParseError, LookupError, ValueError, OverflowError) as error:
        said = f"a track or a box has no {error}" if isinstance(error, KeyError) else str(error)[:80]
        raise InputError(
            f"{path} is no XML of `CVAT for video 1.1` ({said}); export the task in that format"
        ) from error


def _tracks(path: Path) -> list[Element]:
    root = ElementTree.parse(path).getroot()
    if root.tag != "annotations" or root.find("image") is not None:
        raise ValueError("it has no tracks")
    return root.findall("track")


def _rows(track: Element) -> list[Row]:
    identity, rows = int(track.attrib["id"]), []
    for box in track.iter("box"):
        if box.get("outside") != "1":
            left, top, right, bottom = (float(box.attrib[name]) for name in CORNERS)
            rows.append((int(box.attrib["frame"]), identity, (left, top, right, bottom), _score(box)))
    return rows


def _score(box: Element) -> float:
    stated = (attribute.text for attribute in box.iter("attribute") if attribute.get("name") == "score")
    return float(next(stated, None) or 1.0)
