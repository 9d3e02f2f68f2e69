"""`followspot dataset check`: counts and faults of a data set, and a contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

from rich.table import Table
from tyro.conf import FlagCreatePairsOff, Positional, arg

from reid.data.check import DataCheck, Spread, check_data, read_all_facts
from reid.data.contact_sheet import contact_sheet
from reid.data.crop_table import CROP_TABLE
from reid.data.crops import DataError
from reid.data.dancereid import table_faults
from reid.data.datasets import DANCEREID, layout_of, read_split
from reid.data.reading import IMAGE_SUFFIXES, DataOptions

from .run.checks import require_at_least
from .run.output import first_names, note, number_table, say, show, write_json
from .run.png_file import require_png, write_png
from .run.progress import progress

SIZES_SHOWN = 4


@dataclass(frozen=True)
class DatasetCheckCommand:
    """Count a data set and find its faults: duplicates, missing and unreadable pictures, leaks, a broken crops.csv.

    Ends with exit code 1 and the reason where there can be no training. A contact sheet shows some people's crops along
    time, with their landmarks. Nothing is written into the data folder.
    """

    data: Positional[Path]
    """Folder of the data set, in any layout that training knows."""
    reading: Annotated[DataOptions, arg(name="")] = field(default_factory=DataOptions)
    sheet: Path | None = None
    """The contact sheet, a PNG; by default NAME-check.png in the current folder."""
    no_sheet: FlagCreatePairsOff[bool] = False
    """Write no contact sheet."""
    people: int = 12
    """Rows of the contact sheet."""
    crops: int = 12
    """Crops in each of its rows."""
    json: Path | None = None
    """Write the numbers, and all names, to this file as well."""

    def run(self) -> None:
        """Raises DataError where the data cannot be read, or nothing can be trained on it."""
        require_at_least(1, "people", self.people, "it is the rows of the contact sheet")
        require_at_least(1, "crops", self.crops, "it is the columns of the contact sheet")
        require_png("sheet", self.sheet)
        layout = layout_of(self.data, self.reading)
        faults = table_faults(self.data) if layout == DANCEREID else []
        for fault in faults:
            say(f"{self.data / CROP_TABLE}, {fault}")
        split = read_split(self.data, self.reading)
        crops = split.crops()
        pictures = pictures_under(self.data)
        facts = dict(progress(read_all_facts([crop.path for crop in crops]), len(crops), "pictures", "pictures"))
        check = check_data(self.data, layout, split, facts, pictures, faults)
        say(f"{self.data}: {layout}")
        show(part_table(check))
        show(spread_table(check))
        say("\n".join(findings(check)))
        for text in check.notes:
            note(text)
        if self.json:
            write_json(asdict(check), self.json)
        if not self.no_sheet:
            sheet = self.sheet or Path(f"{self.data.resolve().name}-check.png")
            write_png("sheet", sheet, contact_sheet(crops, self.people, self.crops))
            say(f"contact sheet: {sheet}")
        if check.impossible:
            raise DataError(f"{self.data} cannot be trained on: {' '.join(check.impossible)}")


def pictures_under(root: Path) -> list[Path]:
    """All pictures in the folder and below, but not in hidden folders."""
    found = (path for path in root.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    return [path for path in found if not any(name.startswith(".") for name in path.relative_to(root).parts)]


def part_table(check: DataCheck) -> Table:
    """One row a part of the split."""
    table = number_table("part", ("crops", "people", "videos", "cameras", "with landmarks"))
    for name, part in check.parts.items():
        share = f"{part.landmarks} ({percent(part.landmarks, part.crops)})"
        table.add_row(name, str(part.crops), str(part.people), str(part.videos), str(part.cameras or "-"), share)
    return table


def spread_table(check: DataCheck) -> Table:
    """Least, median and most of what is counted for each person and video."""
    table = number_table("", ("least", "median", "most"))
    spreads: dict[str, Spread] = {
        "crops a person": check.crops_per_person,
        "people a video": check.people_per_video,
        "seconds from a person's first to last crop": check.seconds_per_person,
    }
    for name, values in spreads.items():
        table.add_row(name, *(f"{round(value, 1):.10g}" for value in (values.least, values.median, values.most)))
    return table


def findings(check: DataCheck) -> list[str]:
    """One line for each thing that was looked for, found or not."""
    twins = check.duplicates
    sizes = [f"{size} ({count})" for size, count in list(check.sizes.items())[:SIZES_SHOWN]]
    more = f", and {len(check.sizes) - SIZES_SHOWN} other sizes" if len(check.sizes) > SIZES_SHOWN else ""
    joints = " and ".join(map(str, sorted(check.joints)))
    return [
        f"sizes: {', '.join(sizes) or 'none'}{more}",
        f"landmarks: {f'{joints} joints, {100 * check.joints_known:.1f}% of them known' if joints else 'none'}",
        f"identical files: {named([' = '.join(group) for group in twins.identical])}",
        f"pairs that look the same: {twins.alike_same_person} of one person; of different people "
        f"{named([' ~ '.join(pair) for pair in twins.alike_different_people])}; of training and evaluation "
        f"{named([' ~ '.join(pair) for pair in twins.alike_train_and_test])}",
        f"people in training and evaluation: {named([str(person) for person in check.people_in_train_and_test])}",
        f"unreadable pictures: {named(check.unreadable)}",
        f"listed but missing: {named(check.missing)}",
        f"there but in no part: {named(check.in_no_part)}",
        f"faults of {CROP_TABLE}: {len(check.table_faults)}",
    ]


def named(names: Sequence[str]) -> str:
    """How many, and the first of them."""
    return f"{len(names)} ({first_names(names)})" if names else "0"


def percent(part: int, whole: int) -> str:
    """A share in whole percent, a dash of nothing; 100% only where it is all."""
    return f"{100 * part // whole}%" if whole else "-"
