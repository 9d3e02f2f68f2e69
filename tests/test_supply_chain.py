"""What the project stands on: the licence of every locked package is known, and may be combined with AGPL-3.0."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution

from places import ROOT

COMPATIBLE = {
    *("0BSD", "AGPL-3.0", "AGPL-3.0-only", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause"),
    *("BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC", "MIT", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib"),
}
"""SPDX names; the FSF lists them all as compatible with version 3 of the GPL and AGPL."""
PROPRIETARY = "LicenseRef-NVIDIA-Proprietary"


def listed() -> dict[str, str]:
    """The licence of each package in SECURITY.md."""
    table = (ROOT / ".github" / "SECURITY.md").read_text().split("|---|---|\n")[1]
    rows = [row.strip("|").split("|") for row in table.splitlines()]
    return {name.strip(): licence.strip() for licence, names in rows for name in names.split(",")}


def test_every_locked_package_is_listed_with_a_licence_that_goes_with_ours():
    locked = re.findall(r"^([a-z0-9][\w.-]*)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    licences = listed()
    assert set(locked) == set(licences)
    for name, licence in licences.items():
        if licence == PROPRIETARY:
            assert re.match("cuda-|nvidia-", name)
        else:
            assert set(re.split(" AND | OR ", licence)) <= COMPATIBLE, name


def test_the_listed_licences_are_those_that_the_packages_state():
    stated = 0
    for name, licence in listed().items():
        try:
            expression = distribution(name).metadata.get("License-Expression")
        except PackageNotFoundError:
            continue  # of another platform
        if expression:
            assert expression == licence, name
            stated += 1
    assert stated > 20
