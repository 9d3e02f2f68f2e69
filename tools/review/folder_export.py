"""The reviewed data as a new folder of the same layout; the original stays as it is."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from reid.data.crop_table import CROP_TABLE, CropRow, write_crop_table
from reid.data.dancereid import is_part
from tracker.types import InputError

from ..run.output import count, first_names
from .enclosure import enclosed
from .gaps import believed
from .json_files import read_json_file
from .labelled_people import FrameLabel, LabelledPeople, Reviewed
from .records import boxed

PARTS = ("trainval", "query", "gallery")


def export_folder(data: Reviewed, labelled: LabelledPeople, out: Path) -> Path:
    """Write the reviewed crops to the new folder `out`; people keep their numbers, those who are gone leave holes.

    Of two crops of a person in one frame the one with the better score is kept. Pictures are copied, also where a box
    was corrected; boxes drawn without a crop are part of the MOT text only. Crops whose picture is missing
    are left out (see `told_left_out`). Raises InputError where `out` holds files, lies in the data folder or cannot
    be written; then nothing of it is left.
    """
    if out.resolve().is_relative_to(data.folder.resolve()):
        raise InputError(f"{out} lies in the data folder {data.folder}, which stays as it is; name a folder elsewhere")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} already exists; name a new folder for the reviewed data")
    home = out.resolve()  # which has a name, also where `out` is the folder one is in
    part = home.with_name(f".{home.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        (part / "images").mkdir(parents=True)
        (part / "poses").mkdir()
        _fill(data, _pictured(data, labelled), part)
        if home.exists():
            home.rmdir()
        part.replace(home)
    except OSError as error:
        raise InputError(f"the reviewed data cannot be written to {out}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return out


def kept_crops(labelled: LabelledPeople) -> list[tuple[str, CropRow]]:
    """Each crop that is left, by person and time: the file it had, and its row with the file it shall have."""
    taken: set[str] = set()
    kept = []
    for person in sorted(labelled.people):
        for label in _one_a_frame(labelled, labelled.people[person]):
            row = label.crop
            assert row is not None
            xyxy = label.xyxy if label.xyxy is not None else row.xyxy
            image = _file_name(row.image, row.person, person, row.frame, taken)
            taken.add(image)
            kept.append((row.image, replace(row, image=image, person=person, xyxy=xyxy)))
    return kept


def missing_pictures(data: Reviewed, labelled: LabelledPeople) -> list[str]:
    """Names of the crops that are left but whose picture is not in images/. Raises InputError as `enclosed`."""
    return [image for image, _ in kept_crops(labelled) if not enclosed(data.folder, f"images/{image}").is_file()]


def clashing_crops(labelled: LabelledPeople) -> list[str]:
    """Names of the crops that give way to another one of the same person in the same frame."""
    kept = {image for image, _ in kept_crops(labelled)}
    crops = (label.crop for labels in labelled.people.values() for label in labels)
    return sorted(crop.image for crop in crops if crop is not None and crop.image not in kept)


def told_left_out(data: Reviewed, labelled: LabelledPeople) -> list[str]:
    """A sentence each about crops that an export leaves out though nobody threw them out, the first of them by name."""
    missing, clashing = missing_pictures(data, labelled), clashing_crops(labelled)
    told = []
    if missing:
        pictures = count(len(missing), "picture is", "pictures are")
        told.append(f"{pictures} missing in images/ and left out: {first_names(missing)}")
    if clashing:
        crops = count(len(clashing), "crop is", "crops are")
        told.append(f"{crops} left out, as the person has a better one in the same frame: {first_names(clashing)}")
    return told


def _pictured(data: Reviewed, labelled: LabelledPeople) -> list[tuple[str, CropRow]]:
    missing = set(missing_pictures(data, labelled))
    crops = [(image, row) for image, row in kept_crops(labelled) if image not in missing]
    if missing and not crops:
        raise InputError(f"none of the pictures is in {data.folder / 'images'}, so there is nothing to write")
    return crops


def _one_a_frame(labelled: LabelledPeople, labels: list[FrameLabel]) -> list[FrameLabel]:
    by_video: dict[str, list[FrameLabel]] = defaultdict(list)
    for label in labels:
        if label.crop is not None:
            by_video[label.video].append(label)
    in_order = sorted(by_video, key=labelled.videos.__getitem__)
    return [label for video in in_order for label in believed(by_video[video]).values()]


def _file_name(image: str, was: int, person: int, frame: int, taken: set[str]) -> str:
    """The name it had, if the person kept their number; else PPPP_FFFFFF, with a number between where that is taken."""
    if was == person and image not in taken:
        return image
    suffix = Path(image).suffix
    name, number = f"{person:04d}_{frame:06d}{suffix}", 0
    while name in taken:
        number += 1
        name = f"{person:04d}_{number}_{frame:06d}{suffix}"
    return name


def _fill(data: Reviewed, crops: list[tuple[str, CropRow]], out: Path) -> None:
    for image, row in crops:
        _copy(data.folder, "images", image, out / "images" / row.image)
        _copy(data.folder, "poses", Path(image).with_suffix(".txt").name, out / "poses" / f"{Path(row.image).stem}.txt")
    rows = [row for _, row in crops]
    if all(map(boxed, rows)):
        write_crop_table(out / CROP_TABLE, rows)
    identities: list[list[str]] = [[] for _ in range(max((row.person for row in rows), default=-1) + 1)]
    videos: dict[str, dict[int, None]] = {video: {} for video in data.videos}
    for row in rows:
        identities[row.person].append(row.image)
        videos[row.video][row.person] = None
    _write(out / "meta.json", {"identities": identities})
    _write(out / "video.json", {video: list(people) for video, people in videos.items()})
    for path in sorted(data.folder.glob("split*.json")):
        _write(out / path.name, renamed_splits(_read_splits(path), data, crops))
    _copy(data.folder, ".", "sources.json", out / "sources.json")


def _read_splits(path: Path) -> Any:
    splits = read_json_file(path)
    for split in splits if isinstance(splits, list) else [splits]:
        if not isinstance(split, dict) or not all(is_part(split.get(part, [])) for part in PARTS):
            raise InputError(
                f"{path} is no split: it needs lists of people's numbers or pictures' names under {', '.join(PARTS)}"
            )
    return splits


def renamed_splits(splits: Any, data: Reviewed, crops: list[tuple[str, CropRow]]) -> Any:
    """The data's splits for the reviewed crops: one split, or a list of them.

    A person most of whose crops were trained on is trained on; of the others each crop stays query or gallery as it
    was, and those that were trained on join the gallery. So no person is on both sides.
    """
    if isinstance(splits, list):
        return [renamed_splits(split, data, crops) for split in splits]
    members = {part: set(splits.get(part, ())) for part in PARTS}  # people or file names
    roles = {
        crop.image: {part for part, listed in members.items() if crop.person in listed or crop.image in listed}
        for crop in data.crops
    }
    people: dict[int, list[tuple[str, set[str]]]] = defaultdict(list)
    for image, row in crops:
        people[row.person].append((row.image, roles[image]))
    renamed: dict[str, list[int | str]] = {part: [] for part in PARTS}
    for person, own in people.items():
        trained = sum("trainval" in role for _, role in own)
        if 2 * trained > len(own):
            renamed["trainval"].append(person)
            continue
        for image, role in own:
            if role:
                renamed["query" if "query" in role else "gallery"].append(image)
    return renamed


def _copy(folder: Path, room: str, name: str, target: Path) -> None:
    path = enclosed(folder, f"{room}/{name}")
    if path.is_file():
        shutil.copyfile(path, target)


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content) + "\n")
