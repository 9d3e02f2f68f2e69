"""The components of the tracker, each with the options that switch it off or vary it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

NEVER = 1e9

ABLATIONS: dict[str, Mapping[str, Any]] = {
    "no last seen box": {"association.predicted_weight": 1.0},
    "no height modulation": {"association.height_power": 0.0},
    "half the height modulation": {"association.height_power": 2.0},
    "no occlusion cost": {"association.occlusion_weight": 0.0},
    "no expansion of boxes": {"association.expansion": 0.0},
    "no direction": {"association.direction_weight": 0.0},
    "weak boxes may fit as badly as sure ones": {"association.weak_penalty": 0.0},
    "no low-score stage": {"association.low_score": 1.0},
    "no confidence-weighted noise": {"motion.low_score_noise": 0.0},
    "no damping while unseen": {"motion.velocity_decay": NEVER},
    "pedestrians are tracked as dancers": {"steadiness.steady": NEVER},
    "motion waits 0.5 s, not 3 s": {"max_coast_time": 0.5},
    "tentative tracks from any high score": {"birth.min_score": 0.0},
    "second boxes start tracks": {"birth.max_overlap": 1.0},
    "passers-by get ids": {"birth.passer_by_height": 0.0},
    "exchanges where people crossed stay": {"crossing.min_log_odds": NEVER},
    "no recovery": {"recovery.min_log_odds": NEVER},
    "recovery: edges are no different": {"recovery.edge_log_odds": 3.0},
    "recovery: an even prior": {"recovery.prior_log_odds": 0.0, "recovery.edge_log_odds": 0.0},
    "recovery: no position": {"recovery.position_noise": NEVER},
    "no cut detection": {"cuts": False},
    "re-ID: last boxes keep their weight": {"association.last_box_decay_with_appearance": NEVER},
    "re-ID: high scores as without": {"association.high_score_with_appearance": 0.6},
    "re-ID: no doubt, no exchange": {"doubt.contact": NEVER, "doubt.unseen": NEVER},
}
"""A change of options, by dotted names within `TrackerOptions`, for each ablation."""


def varied(options: Any, changes: Mapping[str, Any]) -> Any:
    """A copy of a nest of frozen dataclasses with some fields changed, named by their path ("motion.low_score_noise").

    Raises KeyError for a path that leads nowhere.
    """
    for path, value in changes.items():
        name, _, rest = path.partition(".")
        if name not in {field.name for field in fields(options)}:
            raise KeyError(path)
        options = replace(options, **{name: varied(getattr(options, name), {rest: value}) if rest else value})
    return options
