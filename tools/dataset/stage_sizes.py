"""Named data sets of rendered people, so that all make the same one."""

from __future__ import annotations

from typing import Any, Literal

from ..renderer.options import Realism

Size = Literal["custom", "dancereid", "thousands"]

SIZES: dict[Size, dict[str, Any]] = {
    "custom": {},
    "dancereid": {
        "scenes": 15,
        "test_scenes": 6,
        "people": 71,
        "test_people": 29,
        "twins": 0,
        "seconds": 120.0,
        "width": 768,
        "min_visible": 0.25,
        "box_noise": 2.0,
        "seed": 710029,
        "realism": Realism(alike=0.85, turns=0.5, floor_work=0.2, changing_light=0.7, shutter=0.02, camera_faults=0.6),
    },
    "thousands": {
        "scenes": 250,
        "test_scenes": 8,
        "dancers": 12,
        "twins": 0,
        "seconds": 16.0,
        "every": 25,
        "cuts": 3,
        "width": 960,
        "min_visible": 0.35,
        "box_noise": 2.0,
        "seed": 3000000,
        "realism": Realism(
            alike=0.0,
            variety=True,
            turns=0.8,
            floor_work=0.05,
            changing_light=0.4,
            shutter=0.02,
            camera_faults=0.8,
        ),
    },
}
"""What each size sets of the command's options. `dancereid` has the people, videos and minutes of the published set, in
costumes alike; `thousands` has many people for little time each, from several cameras, to start a training from."""
