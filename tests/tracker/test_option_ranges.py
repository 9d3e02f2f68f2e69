"""Options with which nothing can be reckoned are refused, by the name they have on the command line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tracker.association import AssociationOptions
from tracker.camera_cuts import CameraCutOptions
from tracker.cast_memory import MemoryOptions
from tracker.contest import ContestOptions
from tracker.gallery import GalleryOptions
from tracker.motion import MotionOptions
from tracker.recovery import RecoveryOptions
from tracker.steadiness import SteadinessOptions
from tracker.tracker import TrackerOptions
from tracker.types import InputError

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: GalleryOptions(size=1), "--gallery.size must be above 1, not 1"),
        (lambda: CameraCutOptions(level=-1.0, flash=-1.0), "--camera-cuts.level must be above 0, not -1.0"),
        (lambda: MemoryOptions(crops=-1), "--memory.crops must be at least 0, not -1"),
        (lambda: MemoryOptions(crop_height=0), "--memory.crop-height must be above 0, not 0"),
        (lambda: MotionOptions(velocity_decay=0.0), "--motion.velocity-decay must be above 0, not 0.0"),
        (lambda: AssociationOptions(last_box_decay=0.0), "--association.last-box-decay must be above 0, not 0.0"),
        (lambda: ContestOptions(few=0), "--contest.few must be above 0, not 0"),
        (lambda: RecoveryOptions(size_noise=NAN), "--recovery.size-noise must be above 0, not nan"),
        (lambda: SteadinessOptions(steady=0.5, unsteady=0.5), "--steadiness.steady must be above 0.5, not 0.5"),
        (lambda: RecoveryOptions(prior_log_odds=800.0), "--recovery.prior-log-odds must be at most 100, not 800.0"),
        (lambda: MemoryOptions(min_seconds=NAN), "--memory.min-seconds must be a number, not nan"),
        (lambda: TrackerOptions(max_lost_time=-1.0), "--max-lost-time must be at least 0, not -1.0"),
        (lambda: TrackerOptions(max_coast_time=NAN), "--max-coast-time must be a number, not nan"),
        (
            lambda: TrackerOptions(association=AssociationOptions(min_similarity=NAN)),
            "--association.min-similarity must be a number, not nan",
        ),
        (
            lambda: TrackerOptions(recovery=RecoveryOptions(size_spread_rate=-1.0)),
            "--recovery.size-spread-rate must be at least 0, not -1.0",
        ),
        (
            lambda: TrackerOptions(recovery=RecoveryOptions(position_horizon=-1.0)),
            "--recovery.position-horizon must be at least 0, not -1.0",
        ),
        (
            lambda: TrackerOptions(recovery=RecoveryOptions(min_log_odds=-INF)),
            "--recovery.min-log-odds must be at least -100, not -inf",
        ),
        (
            lambda: TrackerOptions(motion=MotionOptions(acceleration_noise=INF)),
            "--motion.acceleration-noise must be at most 1e+09, not inf",
        ),
    ],
)
def test_an_option_that_divides_by_nothing_or_compares_with_nothing_is_refused(make: Callable[[], object], said: str):
    with pytest.raises(InputError) as refused:
        make()
    assert str(refused.value) == said


def test_what_switches_a_part_off_is_taken():
    never, log_odds = RecoveryOptions(position_noise=1e9, min_log_odds=1e9), RecoveryOptions(min_log_odds_cast_full=-12)
    for recovery in (never, log_odds):
        assert TrackerOptions(recovery=recovery, max_lost_time=INF).recovery is recovery
